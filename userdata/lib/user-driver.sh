# shellcheck shell=bash disable=SC2154 # sourced by data-nic, which sets iface, pci, ...
# SPDX-License-Identifier: Apache-2.0
# The data interface leaves the kernel for a user-space driver.
source "${BASH_SOURCE[0]%/*}/igb-uio.sh"

# Sets driver to one of KB_NIC_DRIVER's words and loads its module.
choose_driver() {
  case $KB_NIC_DRIVER in
    auto)
      if has_iommu "$pci"; then
        driver=vfio-pci
      elif load_igb_uio; then
        driver=igb_uio
      elif load_vfio_noiommu; then
        driver=vfio-noiommu
        warn "no IOMMU, and ${igb_uio_why}: vfio without IOMMU has no write-combining, so transmission is slow"
      else
        refuse "no user-space driver for ${pci}: it has no IOMMU group for vfio-pci; ${igb_uio_why}; this kernel has no vfio no-IOMMU mode (CONFIG_VFIO_NOIOMMU)"
      fi
      ;;
    vfio-pci)
      has_iommu "$pci" ||
        refuse "'KB_NIC_DRIVER' is vfio-pci, but ${pci} has no IOMMU group (virtualised EC2 instances have none, metal ones need intel_iommu=on): use auto or igb_uio"
      driver=vfio-pci
      ;;
    igb_uio)
      load_igb_uio || refuse "'KB_NIC_DRIVER' is igb_uio: ${igb_uio_why}"
      driver=igb_uio
      ;;
    vfio-noiommu)
      load_vfio_noiommu || refuse "'KB_NIC_DRIVER' is vfio-noiommu, but this kernel is built without CONFIG_VFIO_NOIOMMU: use auto"
      driver=vfio-noiommu
      ;;
    uio_pci_generic) driver=uio_pci_generic ;;
    *) refuse "'KB_NIC_DRIVER' must be kernel, auto, vfio-pci, igb_uio, uio_pci_generic or vfio-noiommu, got '${KB_NIC_DRIVER}'" ;;
  esac
  [[ $driver == igb_uio ]] || modprobe "${driver/noiommu/pci}"
}

load_vfio_noiommu() {
  local mode=/sys/module/vfio/parameters/enable_unsafe_noiommu_mode
  modprobe vfio
  set_value "$mode" Y
}

give_to_user_space() {
  choose_driver
  ip link set dev "$iface" down
  pci_rebind "$pci" "${driver/noiommu/pci}" ||
    die "${pci} did not go to ${driver}: $(dmesg | grep -F "$pci" | tail -n1)"
  log "${pci}: ${iface} -> ${driver}"
  if [[ $driver == vfio-pci ]]; then
    let_receiver_open_vfio
  else
    allow_physical_addresses
  fi
}

# As host.env has it: the driver is the last thing that an earlier run wrote there, so a run that was
# cut short is none, and neither is one for a plan with another driver.
given_to_user_space() {
  local given=${KB_DATA_DRIVER:-}
  [[ $KB_PLANE == dpdk && -n ${KB_DATA_PCI:-} && ($KB_NIC_DRIVER == auto || $KB_NIC_DRIVER == "$given") ]] &&
    in_user_space "$KB_DATA_PCI" && [[ $(pci_driver "$KB_DATA_PCI") == "${given/noiommu/pci}" ]]
}

let_receiver_open_vfio() {
  local group
  group=$(basename "$(readlink -f "$root/sys/bus/pci/devices/${pci}/iommu_group")")
  wait_for 10 test -e "$root/dev/vfio/$group" || die "/dev/vfio/${group} did not appear"
  chown kb:kb "$root/dev/vfio/$group"
}

# Without an IOMMU the NIC is programmed with physical addresses, and whoever may do that may read
# and write all memory: no lesser user than root gains anything.
allow_physical_addresses() {
  put "$root/run/systemd/system/kb-receiver.service.d/30-physical-addresses.conf" \
    <"$root/opt/kb/asset/systemd/receiver/physical-addresses.conf"
  [[ ! $changed ]] || systemctl daemon-reload
}

# Network functions that an interrupted run left with a user-space driver go back to the kernel.
take_back_strays() {
  local device
  for device in "$root"/sys/bus/pci/devices/*; do
    device=${device##*/}
    [[ $(cat "$root/sys/bus/pci/devices/${device}/class") == 0x0200* ]] || continue # Ethernet
    in_user_space "$device" || continue
    log "taking ${device} back from $(pci_driver "$device")"
    pci_rebind "$device" '' || die "${device} does not come back from $(pci_driver "$device")"
  done
}
