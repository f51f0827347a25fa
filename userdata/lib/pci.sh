# shellcheck shell=bash disable=SC2034,SC2154 # sourced after common.sh
# SPDX-License-Identifier: Apache-2.0
# Which driver owns a PCI function.
readonly user_space_drivers=' vfio-pci igb_uio uio_pci_generic '

# pci_driver PCI: prints nothing when no driver has it.
pci_driver() {
  local link=$root/sys/bus/pci/devices/$1/driver
  [[ ! -e $link ]] || basename "$(readlink -f "$link")"
}

in_user_space() { [[ $user_space_drivers == *" $(pci_driver "$1") "* ]]; }

# has_iommu PCI. The group that vfio invents in its no-IOMMU mode is no IOMMU.
has_iommu() {
  local group=$root/sys/bus/pci/devices/$1/iommu_group
  [[ -e $group && $(cat "$group/name" 2>/dev/null || :) != vfio-noiommu ]]
}

# pci_rebind PCI DRIVER: DRIVER alone may have it; "" = whichever the kernel would choose.
pci_rebind() {
  local device=$root/sys/bus/pci/devices/$1
  printf '%s\n' "$2" >"$device/driver_override"
  [[ ! -e $device/driver ]] || printf '%s\n' "$1" >"$device/driver/unbind"
  printf '%s\n' "$1" >"$root/sys/bus/pci/drivers_probe"
  udevadm settle --timeout=30
  if [[ -n $2 ]]; then
    [[ $(pci_driver "$1") == "$2" ]]
  else
    ! in_user_space "$1"
  fi
}
