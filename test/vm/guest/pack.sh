#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Turns a root file system into the disk a machine boots from, a sparse file:
#   pack.sh ROOT DISK SIZE
set -Eeuo pipefail

rm -f "$2"
mke2fs -q -F -t ext4 -L kb-root -d "$1" "$2" "$3"
