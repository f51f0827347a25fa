#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# mmdebstrap hook, before the packages are configured: the files that decide how they are.
#   preseed.sh ROOT
set -Eeuo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

tar --create --directory "$here/overlay" --owner=0 --group=0 --mode='u=rwX,go=rX' . |
  tar --extract --directory "$1" --no-same-permissions
