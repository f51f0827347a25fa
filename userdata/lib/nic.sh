# shellcheck shell=bash disable=SC2034,SC2154 # sourced after common.sh
# SPDX-License-Identifier: Apache-2.0
# What is true of network interfaces. Nothing here changes one.

# nic_by_mac MAC: prints the interface with that address that is a real device, no VLAN or bridge.
nic_by_mac() {
  local nic
  for nic in "$root"/sys/class/net/*; do
    [[ -e $nic/device && $(cat "$nic/address") == "$1" ]] || continue
    printf '%s' "${nic##*/}"
    return
  done
  return 1
}

# nic_pci IFACE: its PCI address; a virtio port's parent is the PCI function.
nic_pci() {
  local path
  path=$(readlink -f "$root/sys/class/net/$1/device")
  [[ ${path##*/} != virtio* ]] || path=${path%/*}
  printf '%s' "${path##*/}"
}

# nic_driver IFACE
nic_driver() {
  basename "$(readlink -f "$root/sys/class/net/$1/device/driver")"
}

# ena_version IFACE: "2.17.2" of Amazon's driver; "mainline" of the kernel's own ena, whose version
# is the kernel's release.
ena_version() {
  local version
  version=$(ethtool -i "$1" | sed -n 's/^version: *//p')
  if [[ $version =~ ^([0-9]+\.[0-9]+\.[0-9]+)g?$ && $version != "$(uname -r)" ]]; then
    printf '%s' "${BASH_REMATCH[1]}"
  else
    printf 'mainline'
  fi
}

# at_least HAVE WANT: compares dotted versions. "mainline" is below any.
at_least() { [[ $1 != mainline ]] && printf '%s\n' "$2" "$1" | sort -C -V; }

# ethtool_value maximum|current NAME: one number from `ethtool -l` or `-g` on stdin. Nothing when
# the driver has no such number.
ethtool_value() {
  local section='Pre-set maximums'
  [[ $1 == maximum ]] || section='Current hardware settings'
  awk -v section="$section" -v name="$2:" '
    index($0, section) { in_section = 1; next }
    /:$/ { in_section = 0 }
    in_section && $1 == name && $2 ~ /^[0-9]+$/ { print $2; exit }'
}

# network_of ADDRESS PREFIX: "10.0.1.5" 24 -> "10.0.1.0"
network_of() {
  local a b c d bits
  IFS=. read -r a b c d <<<"$1"
  bits=$(((a << 24 | b << 16 | c << 8 | d) & (0xffffffff << (32 - $2)) & 0xffffffff))
  printf '%d.%d.%d.%d' $((bits >> 24)) $((bits >> 16 & 255)) $((bits >> 8 & 255)) $((bits & 255))
}

# router_of NETWORK: a VPC's router has the first address of each subnet.
router_of() { printf '%s.%d' "${1%.*}" $((${1##*.} + 1)); }
