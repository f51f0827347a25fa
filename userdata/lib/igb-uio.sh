# shellcheck shell=bash disable=SC2034,SC2154 # sourced after common.sh
# SPDX-License-Identifier: Apache-2.0
# igb_uio with write-combining: from the distribution's modules, from DKMS, or built here.

# load_igb_uio: 1 = there is none and none could be built, with the reason in `igb_uio_why`.
load_igb_uio() {
  igb_uio_why=
  modprobe uio
  # wc_activate: without it ENA's pushed TX descriptors are single uncached PCI writes
  modprobe igb_uio wc_activate=1 2>/dev/null && return
  local source=$root/opt/kb/src/dpdk-kmods/linux/igb_uio log=$root/var/lib/kb/igb_uio.log
  if [[ ! -d $source ]]; then
    igb_uio_why='no igb_uio module, and no source of it in /opt/kb/src/dpdk-kmods'
    return 1
  fi
  log "building igb_uio for kernel $(uname -r)"
  if ! make -C "$root/lib/modules/$(uname -r)/build" "M=$source" modules >"$log" 2>&1; then
    igb_uio_why="igb_uio does not build for $(uname -r): $(grep -m1 -i 'error' "$log" || tail -n1 "$log")"
    return 1
  fi
  install -D -m 0644 "$source/igb_uio.ko" "$root/lib/modules/$(uname -r)/updates/igb_uio.ko"
  depmod -a
  modprobe igb_uio wc_activate=1 && return
  igb_uio_why="the kernel refused igb_uio (Secure Boot or lockdown?): $(dmesg | tail -n1)"
  return 1
}
