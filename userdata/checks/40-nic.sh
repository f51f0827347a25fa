# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: Apache-2.0
checks+=(data-nic driver iommu write-combining llq ena-version mtu channels rings xdp zero-copy)

by_kernel() { [[ $KB_PLANE != dpdk || $KB_NIC_DRIVER == kernel ]]; }

check_data_nic() {
  if [[ -z ${KB_DATA_MAC:-} ]]; then
    fail "no data interface found yet" 'see journalctl -u kb-step-data-nic'
  elif by_kernel && ! nic_by_mac "$KB_DATA_MAC" >/dev/null; then
    fail "${KB_DATA_MAC} is not there" 'is the interface still attached? systemctl restart kb-step-data-nic'
  elif [[ $(ip -4 route get 169.254.169.254 2>/dev/null) == *" dev ${KB_DATA_IFACE} "* ]]; then
    fail "${KB_DATA_IFACE} carries the way to the metadata service: it is the primary interface, or has taken its place" "give the plan another 'KB_DATA_DEVICE'"
  else
    pass "${KB_DATA_IFACE} ${KB_DATA_MAC} at ${KB_DATA_PCI}, ${KB_DATA_IP}/${KB_DATA_PREFIX}, router ${KB_GATEWAY_MAC:-unknown}; not the primary"
  fi
}

check_driver() {
  local have
  have=$(pci_driver "${KB_DATA_PCI:-none}")
  if by_kernel; then
    if in_user_space "${KB_DATA_PCI:-none}"; then
      fail "${have}, planned the kernel's own" 'kb-undo, then systemctl start kb.target'
    else
      pass "${KB_DATA_DRIVER:-none}, the kernel's"
    fi
  elif [[ $have != "${KB_DATA_DRIVER/noiommu/pci}" ]]; then
    fail "${have:-none}, bound was ${KB_DATA_DRIVER:-none}" 'systemctl restart kb-step-data-nic'
  elif [[ $KB_NIC_DRIVER != auto && $KB_NIC_DRIVER != "$KB_DATA_DRIVER" ]]; then
    fail "${KB_DATA_DRIVER}, planned ${KB_NIC_DRIVER}" 'systemctl restart kb-step-data-nic'
  else
    pass "${KB_DATA_DRIVER}, planned ${KB_NIC_DRIVER}"
  fi
}

check_iommu() {
  local group=/sys/bus/pci/devices/${KB_DATA_PCI:-none}/iommu_group
  if has_iommu "${KB_DATA_PCI:-none}"; then
    pass "yes, group $(basename "$(readlink -f "$root$group")")"
  elif [[ $KB_NIC_DRIVER == vfio-pci ]]; then
    fail 'none, and vfio-pci is planned' "plan 'auto', or add intel_iommu=on on a metal instance"
  else
    pass 'none: devices use physical addresses'
  fi
}

# ENA transmits by writing descriptors into the card's memory: one by one unless the mapping combines
# them. Only a running user-space driver has the mapping.
check_write_combining() {
  local list=/sys/kernel/debug/x86/pat_memtype_list start size hit vendor
  if by_kernel; then
    skip 'the kernel driver maps the card'
    return
  fi
  vendor=$(read_file "/sys/bus/pci/devices/${KB_DATA_PCI}/vendor")
  if [[ -n $vendor && $vendor != 0x1d0f ]]; then # Amazon's
    skip "${KB_DATA_PCI} is of vendor ${vendor}: only ENA transmits through such a mapping"
    return
  fi
  # the prefetchable 64-bit memory region: flag bits 0x2000 and 0x200
  while read -r start size flags; do
    ((flags & 0x2000 && flags & 0x200)) || continue
    hit=$(read_file "$list" | grep -i "0x0*${start#0x}-")
    [[ -n $hit ]] || hit=$(read_file "$list" | grep -i "${start#0x}")
    break
  done < <(read_file "/sys/bus/pci/devices/${KB_DATA_PCI}/resource")
  if [[ ! -r $root$list ]]; then
    skip 'this kernel does not list memory types (/sys/kernel/debug/x86/pat_memtype_list)'
  elif [[ -z ${hit:-} ]]; then
    skip "no mapped prefetchable region of ${KB_DATA_PCI} (only ENA transmits through one)"
  elif [[ $hit == *write-combining* ]]; then
    pass "in force: ${hit//  / }"
  elif [[ $KB_DATA_DRIVER == igb_uio ]]; then
    fail "not in force: ${hit}" 'reload igb_uio with wc_activate=1: kb-undo, modprobe -r igb_uio, systemctl start kb.target'
  else
    caution "not in force: ${hit}; transmission is slow, reception hardly affected" "plan 'igb_uio' if this host sends"
  fi
}

# The descriptors that write-combining is for: without them the card fetches each from host memory.
check_llq() {
  if by_kernel; then
    skip 'the kernel driver decides'
    return
  fi
  case $(in_force llq) in
    on) pass 'on' ;;
    off) fail 'off: transmission is far below what the card can do' 'use DPDK 24.11.2 or newer, which the receiver tells llq_policy=1' ;;
    *) skip "driver $(page_value driver) has none, or does not say" ;;
  esac
}

check_ena_version() {
  local version
  if [[ -z $KB_ENA_MIN_VERSION ]]; then
    skip 'none planned'
  elif [[ ${KB_DATA_DRIVER:-} != ena ]]; then
    skip "driver is ${KB_DATA_DRIVER:-unknown}"
  else
    version=$(ena_version "$KB_DATA_IFACE")
    if at_least "$version" "$KB_ENA_MIN_VERSION"; then
      pass "${version}, planned at least ${KB_ENA_MIN_VERSION}"
    else
      fail "${version/mainline/the kernel\'s own, without AF_XDP zero-copy}, planned at least ${KB_ENA_MIN_VERSION}" 'use a newer Amazon Linux 2023 image, or install the driver from github.com/amzn/amzn-drivers'
    fi
  fi
}

check_mtu() {
  local have
  if by_kernel; then have=$(read_file "/sys/class/net/${KB_DATA_IFACE:-none}/mtu"); else have=$(in_force mtu); fi
  if [[ $have == "$KB_MTU" ]]; then
    pass "$have"
  else
    fail "${have:-unknown}, planned ${KB_MTU}" 'does something else manage the interface? systemctl restart kb-step-data-nic'
  fi
}

check_channels() {
  local have
  if by_kernel; then
    have=$(ethtool -l "${KB_DATA_IFACE:-none}" 2>/dev/null | ethtool_value current Combined)
    have=${have:-1} # a driver without channels has one
  else
    have=$(in_force queues)
  fi
  if [[ $have == "$KB_QUEUES" ]]; then
    pass "$have"
  else
    fail "${have:-unknown}, planned ${KB_QUEUES}" 'systemctl stop kb-receiver, systemctl restart kb-step-data-nic, systemctl start kb-receiver'
  fi
}

check_rings() {
  local text rx most=
  if by_kernel; then
    text=$(ethtool -g "${KB_DATA_IFACE:-none}" 2>/dev/null)
    rx=$(ethtool_value current RX <<<"$text")
    most=$(ethtool_value maximum RX <<<"$text")
  else
    rx=$(in_force rx)
  fi
  if [[ -z $rx ]]; then
    skip 'the driver has no adjustable rings'
  elif ((rx >= KB_RX_RING)); then
    pass "${rx} RX descriptors"
  elif [[ $rx == "$most" ]]; then
    caution "${rx} RX descriptors, the most this device has; planned ${KB_RX_RING}" "plan at most ${most}"
  else
    fail "${rx} RX descriptors, planned ${KB_RX_RING}" 'systemctl restart kb-step-data-nic'
  fi
}

check_xdp() {
  local mode
  case $KB_PLANE in
    xdp) mode=$("$bin/kb-xdp" status --json 2>/dev/null | sed -n 's/.*"attached":true,"mode":"\([a-z]*\)".*/\1/p') ;;
    afxdp) mode=$(page_value xdp) ;;
    *)
      skip "data plane ${KB_PLANE} has no XDP program"
      return
      ;;
  esac
  if [[ $mode == "$KB_XDP_MODE" ]]; then
    pass "${mode} mode"
  else
    fail "${mode:-not attached}, planned ${KB_XDP_MODE}" 'see journalctl -u kb-step-xdp-filter -u kb-receiver'
  fi
}

check_zero_copy() {
  local have
  if [[ $KB_PLANE != afxdp ]]; then
    skip "data plane ${KB_PLANE} has no AF_XDP socket"
    return
  fi
  have=$(page_value copy)
  case $KB_ZERO_COPY/$have in
    require/zero-copy | never/copy | auto/zero-copy) pass "${have}, planned ${KB_ZERO_COPY}" ;;
    auto/copy) caution 'copy: the driver refused zero-copy' 'see journalctl -u kb-receiver for its reason' ;;
    *) fail "${have:-unknown}, planned ${KB_ZERO_COPY}" 'see journalctl -u kb-receiver' ;;
  esac
}
