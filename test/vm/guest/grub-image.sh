#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packs the guest's own GRUB so that a virtual machine starts it as if it were a kernel: no
# partition table and no loop device is needed, and the guest's grub.cfg decides what boots.
#   grub-image.sh ROOT FILE
set -Eeuo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$1
modules=(biosdisk ext2 search search_label configfile normal linux echo test serial terminal
  gzio part_gpt part_msdos loadenv all_video gfxterm true)

work=$(mktemp --directory --tmpdir="$root/tmp")
trap 'rm -rf "$work"' EXIT
cp "$here/grub-early.cfg" "$work/early.cfg"
chroot "$root" grub-mkimage --format=i386-pc --prefix='(hd0)/boot/grub' \
  --config="/tmp/${work##*/}/early.cfg" --output="/tmp/${work##*/}/core.img" "${modules[@]}"
cat "$root/usr/lib/grub/i386-pc/lnxboot.img" "$work/core.img" > "$2"
