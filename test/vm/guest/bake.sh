#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Does at image time what the install step does at boot, with the same script, or all that an image
# build does:
#   bake.sh ROOT ASSET PLAN install|kb-bake
# ROOT is an unpacked file system, ASSET an unpacked host asset, PLAN a plan.env.
set -Eeuo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [[ -z ${KB_BAKING:-} ]]; then
  # Mounts of its own, and process ids of its own so that nothing it starts outlives it.
  KB_BAKING=yes exec unshare --mount --pid --fork --kill-child "${BASH_SOURCE[0]}" "$@"
fi
root=$1

mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root/run/systemd/resolve"
cp /etc/resolv.conf "$root/run/systemd/resolve/stub-resolv.conf"

# Services start when a machine boots, not when its image is made.
install -m 0755 "$here/bake/policy-rc.d" "$root/usr/sbin/policy-rc.d"
# Programs that ask for the running kernel are told the image's.
install -D -t "$root/run/bake" -m 0755 "$here"/bake/{uname,modinfo,modprobe,depmod,update-grub}
# What the image's kernel would show; this one's arguments are the build host's.
printf 'root=LABEL=kb-root ro\n' >"$root/run/bake/cmdline"
mount --bind "$root/run/bake/cmdline" "$root/proc/cmdline"

mkdir -p "$root/opt/kb/asset" "$root/var/lib/kb"
cp -R "$2/." "$root/opt/kb/asset/"

set -o allexport
# shellcheck source=/dev/null # the plan of the stack
source "$3"
PATH=/run/bake:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
set +o allexport
export DPKG_FORCE=unsafe-io # an image that a crash spoils is baked again
if [[ $4 == kb-bake ]]; then
  install -D -m 0644 "$3" "$root/etc/kb/plan.env"
  printf '%s  /opt/kb/asset.tar\n' "$KB_ASSET_SHA256" >"$root/opt/kb/asset.sha256"
  chroot "$root" bash /opt/kb/asset/userdata/bin/kb-bake install
else
  cp -R "$2/userdata/." "$root/opt/kb/"
  chroot "$root" bash /opt/kb/steps/install
  # A boot fetches the asset, and brings its own steps.
  rm -rf "$root/opt/kb/asset" "$root"/opt/kb/{steps,lib,packages,checks}
fi
rm "$root/usr/sbin/policy-rc.d"
chroot "$root" apt-get clean
