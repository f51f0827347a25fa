#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the guest's root file system, as Debian's EC2 image would be unpacked on a new instance:
#   build.sh OUT [MIRROR]
# leaves OUT/rootfs.tar, OUT/grub.lkrn (the boot loader) and OUT/ca.{crt,key} (the lab's own CA).
set -Eeuo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$1
mirror=${2:-}

mkdir -p "$out"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
  -subj '/O=Kernel bypass lab/CN=Lab CA' -keyout "$out/ca.key" -out "$out/ca.crt" 2>/dev/null

mapfile -t packages < <(sed 's/#.*//; /^[[:space:]]*$/d' "$here/packages")
include=$(IFS=,; printf '%s' "${packages[*]}")

# An image that a crash spoils is built again: no need to wait for the disk after each file.
export DPKG_FORCE=unsafe-io
# Without a mirror mmdebstrap takes Debian's default one. Nobody reads manuals in this guest.
KB_OUT=$out mmdebstrap --quiet --variant=minbase --mode=root --include="$include" \
  --aptopt='Apt::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --essential-hook="$here/preseed.sh" \
  --customize-hook="$here/customize.sh" \
  trixie "$out/rootfs.tar" ${mirror:+"$mirror"}
