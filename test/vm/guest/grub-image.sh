#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packs the guest's own GRUB so that a virtual machine starts it as if it were a kernel: no
# partition table and no loop device is needed, and the guest's grub.cfg decides what boots.
#   grub-image.sh ROOT FILE
set -Eeuo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$1
modules=(biosdisk ext2 serial terminal search search_label search_fs_uuid normal)

work=$(mktemp --directory --tmpdir="$root/tmp")
trap 'rm -rf "$work"' EXIT
cp "$here/grub-early.cfg" "$work/early.cfg"
chroot "$root" grub-mkimage --format=i386-pc --prefix='(hd0)/boot/grub' \
  --config="/tmp/${work##*/}/early.cfg" --output="/tmp/${work##*/}/core.img" "${modules[@]}"
# The rest it loads as the menu asks for it; a module that is not there makes it wait for a key.
install -D -m 0644 -t "$root/boot/grub/i386-pc" "$root"/usr/lib/grub/i386-pc/*.{mod,lst}
cat "$root/usr/lib/grub/i386-pc/lnxboot.img" "$work/core.img" > "$2"
