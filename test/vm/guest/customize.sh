#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# mmdebstrap hook, after the packages are configured: trust, boot loader, first-boot state.
#   KB_OUT=FOLDER customize.sh ROOT
set -Eeuo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$1

install -m 0644 "$KB_OUT/ca.crt" "$root/usr/local/share/ca-certificates/kb-lab.crt"
chroot "$root" update-ca-certificates --fresh >/dev/null
chroot "$root" systemctl --quiet enable systemd-networkd systemd-resolved ssh
# Housekeeping that a host of an hour's life does without, and an emulated CPU does slowly.
chroot "$root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
  e2scrub_all.timer e2scrub_reap.service grub-common.service systemd-binfmt.service systemd-timesyncd.service

# grub-mkconfig asks the mounted root for its device, which here is a folder; the first menu is
# written by hand in the same form, and the guest's own update-grub replaces it.
install -d "$root/boot/grub"
kernel=$(basename "$(ls "$root"/boot/vmlinuz-*)")
sed "s/@VERSION@/${kernel#vmlinuz-}/" "$here/grub.cfg.in" > "$root/boot/grub/grub.cfg"
"$here/grub-image.sh" "$root" "$KB_OUT/grub.lkrn"
# For boots in which the menu shall have no say.
cp "$root/boot/$kernel" "$KB_OUT/vmlinuz"
cp "$root/boot/initrd.img-${kernel#vmlinuz-}" "$KB_OUT/initrd.img"

# What systemd would rebuild at the first boot is as the packages left it.
touch "$root/etc/.updated" "$root/var/.updated"

# An image that was never booted: cloud-init and systemd make these anew.
: > "$root/etc/machine-id"
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/etc/resolv.conf"
ln -s ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
