#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Turns a root file system into the disk a machine boots from:
#   pack.sh ROOT DISK
set -Eeuo pipefail
size=8G # sparse; what c6in.32xlarge's AMI has as its root volume

rm -f "$2"
# 64bit and metadata_csum_seed are left to mke2fs.conf; GRUB 2.12 reads them all.
mke2fs -q -F -t ext4 -L kb-root -d "$1" "$2" "$size"
