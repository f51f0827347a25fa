# shellcheck shell=bash disable=SC2154 # sourced by data-nic, which sets iface, mac, address, ...
# SPDX-License-Identifier: Apache-2.0
# The data interface while the kernel has it: who configures it, its address, its queues.

# The table of routes for packets sent from the data interface's address. Any number would do that
# amazon-ec2-net-utils (10000 and up) and the system (253 to 255) do not use.
readonly data_table=4242

# The system's own network managers would give the interface a default route, an MTU of 9001 (no
# XDP program attaches above 3498), and take it away again when it changes hands.
release_from_managers() {
  put "$root/etc/systemd/network/05-kb-data.network" <<UNIT
# Written by kb-step-data-nic: the data interface belongs to it. Sorts before every other file.
[Match]
MACAddress=${mac}
[Link]
Unmanaged=yes
UNIT
  if [[ $changed ]] && systemctl is-active --quiet systemd-networkd; then
    networkctl reload
    wait_for 20 networkd_has_let_go || warn "systemd-networkd still manages ${iface}"
  fi
  local unit
  for unit in "policy-routes@${iface}.service" "refresh-policy-routes@${iface}.timer"; do
    [[ -e $root/usr/lib/systemd/system/${unit%@*}@.${unit##*.} ]] || continue
    [[ $(systemctl is-enabled "$unit" 2>/dev/null || :) == masked ]] || systemctl mask --now "$unit"
  done
  if command -v ifquery >/dev/null && [[ -n $(ifquery --state "$iface" 2>/dev/null || :) ]]; then
    ifdown --force "$iface"
  fi
}

networkd_has_let_go() { [[ $(networkctl --no-legend list "$iface") == *unmanaged* ]]; }

set_address() {
  local have v6=/proc/sys/net/ipv6/conf/${iface}/disable_ipv6
  # router advertisements would add routes behind our back
  [[ ! -e $root$v6 ]] || set_value "$v6" 1
  # replies may be routed another way, and strict checking would drop what we came for
  set_value "/proc/sys/net/ipv4/conf/${iface}/rp_filter" 2
  # an address from DHCP would expire, now that nobody renews it
  have=$(ip -o -4 addr show dev "$iface" scope global | awk '{print $4 (/ dynamic /? " dynamic" : "")}')
  if [[ $have != "${address}/${prefix}" ]]; then
    [[ -z $have ]] || ip addr flush dev "$iface" scope global
    ip addr add "${address}/${prefix}" dev "$iface" noprefixroute
    log "${iface}: address ${address}/${prefix}"
  fi
  (($(<"$root/sys/class/net/${iface}/flags") & 1)) || ip link set dev "$iface" up
  wait_for 60 has_carrier || die "${iface} (${mac}) has no link after 60 s"
}

has_carrier() { [[ $(cat "$root/sys/class/net/${iface}/carrier" 2>/dev/null || :) == 1 ]]; }

# What is sent from the data interface's address leaves through it, even when the management
# interface is in the same subnet; everything else keeps to the management interface.
set_routes() {
  local subnet=${network}/${prefix}
  ! have_route exact default dev "$iface" || ip -4 route del default dev "$iface"
  have_route table "$data_table" exact "$subnet" dev "$iface" ||
    ip -4 route replace "$subnet" dev "$iface" src "$address" table "$data_table"
  have_route table "$data_table" exact default dev "$iface" ||
    ip -4 route replace default via "$gateway" dev "$iface" onlink table "$data_table"
  # a metric behind that of any route the system has itself to the same subnet
  have_route exact "$subnet" dev "$iface" ||
    ip -4 route replace "$subnet" dev "$iface" src "$address" metric "$data_table"
  [[ -n $(ip -4 rule show from "$address" lookup "$data_table") ]] ||
    ip -4 rule add from "$address" lookup "$data_table" priority "$data_table"
}

other_default_route() {
  ip -4 route show exact default | awk -v this=" dev $iface " '!index($0, this) { other = 1 } END { exit !other }'
}

have_route() { [[ -n $(ip -4 route show "$@" 2>/dev/null) ]]; }

set_mtu() {
  set_value "/sys/class/net/${iface}/mtu" "$KB_MTU" ||
    refuse "${iface} (${driver}) does not take an MTU of ${KB_MTU} ('KB_MTU') and keeps $(<"$root/sys/class/net/${iface}/mtu")"
}

set_channels() {
  local maximum now
  maximum=$(channels maximum)
  now=$(channels current)
  ((KB_QUEUES <= ${maximum:-1})) ||
    refuse "'KB_QUEUES' must be at most ${maximum:-1} on ${iface} (${driver}), got ${KB_QUEUES}"
  if [[ $driver == ena && $KB_PLANE == *xdp ]] && ((2 * KB_QUEUES > maximum)); then
    local version
    version=$(ena_version "$iface")
    at_least "$version" 2.17.0 ||
      refuse "'KB_QUEUES' must be at most $((maximum / 2)) for XDP with the ${version} ENA driver, which keeps half of its ${maximum} channels for transmission, got ${KB_QUEUES}; 2.17.0 lifts this"
  fi
  if [[ -n $now && $now != "$KB_QUEUES" ]]; then
    remember_ethtool -L "$iface" combined "$now"
    ethtool -L "$iface" combined "$KB_QUEUES"
    log "${iface}: ${now} -> ${KB_QUEUES} channels"
  fi
}

channels() { { ethtool -l "$iface" 2>/dev/null || :; } | ethtool_value "$1" Combined; }

# A device may have smaller rings than planned (ENA's own TX ring shrinks with large LLQ headers):
# then its largest is what there is to want.
set_ring() {
  local name=$1 want=$2 maximum now
  maximum=$(rings maximum "${name^^}")
  now=$(rings current "${name^^}")
  [[ -n $now ]] || return 0
  if ((want > maximum)); then
    warn "${iface} (${driver}): at most ${maximum} ${name^^} descriptors, planned ${want}"
    want=$maximum
  fi
  [[ $now != "$want" ]] || return 0
  remember_ethtool -G "$iface" "$name" "$now"
  ethtool -G "$iface" "$name" "$want"
  log "${iface}: ${now} -> ${want} ${name^^} descriptors"
}

rings() { { ethtool -g "$iface" 2>/dev/null || :; } | ethtool_value "$1" "$2"; }

# The MAC of the next hop, for frames that user space builds: a port without a kernel cannot ask.
learn_gateway() {
  gateway_mac=$(known_gateway_mac)
  [[ -z $gateway_mac ]] || return 0
  ip -4 route replace "$gateway" dev "$iface"
  # any datagram makes the kernel ask; port 9 discards
  printf x >"/dev/udp/${gateway}/9" || :
  wait_for 5 gateway_is_known || warn "the router ${gateway} does not answer ARP on ${iface}"
  gateway_mac=$(known_gateway_mac)
  ip -4 route del "$gateway" dev "$iface"
}

known_gateway_mac() {
  ip -4 neigh show "$gateway" dev "$iface" | sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p'
}
gateway_is_known() { [[ -n $(known_gateway_mac) ]]; }
