#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A port of kb-dpdk has no kernel behind it. A kernel at the other end of the wire and a bridge that
# listens for IGMP between them must not notice. Arguments: the build directory.
set -Eeuo pipefail

build=$1
# shellcheck source=veth.sh
source "$(dirname "${BASH_SOURCE[0]}")/veth.sh"
# shellcheck source=receiver.sh
source "$(dirname "${BASH_SOURCE[0]}")/receiver.sh"

command -v ping >/dev/null || skip 'no ping'
# Queries every second, and forgets who has not answered for four.
ip link add name kbbr type bridge mcast_snooping 1 mcast_stats_enabled 1 mcast_querier 1 mcast_igmp_version 2 \
  mcast_startup_query_interval 100 mcast_query_interval 100 mcast_query_response_interval 50 \
  mcast_membership_interval 400 mcast_last_member_interval 50 2>/dev/null || skip 'no bridge with IGMP snooping'
ip link set dev kbtx master kbbr
ip addr add 10.0.0.1/24 dev kbbr
ip link set dev kbbr up

unset KB_DATA_IFACE
export KB_PLANE=dpdk KB_FLOWS='udp:*:9000,udp:239.1.1.1:9000' KB_DATA_IP=10.0.0.2 KB_DATA_PREFIX=24 \
  KB_EAL_ARGS="--no-pci --no-huge --no-shconf --no-telemetry -m 128 --lcores=0@(0) --vdev=net_af_xdp0,iface=kbrx"

# member: whether the bridge knows somebody behind the wire who wants the group
member() {
  bridge mdb show dev kbbr | grep -q 'port kbtx grp 239.1.1.1 '
}

# has_left: the bridge was told so
has_left() {
  ip -s link xstats type bridge_slave dev kbtx igmp | grep -q 'IGMP leaves: RX: 1 '
}

# known: whether the kernel behind the bridge knows the port by its own MAC
known() {
  ip neigh show dev kbbr | grep -q "^10.0.0.2 lladdr $rx_mac "
}

within_seconds() {
  local tries=$(($1 * 10))
  shift
  for ((; tries > 0; tries--)); do
    "$@" && return
    sleep 0.1
  done
  return 1
}

start kb-dpdk
echo '# ARP and ICMP echo'
ping -q -c 5 -i 0.2 -W 2 10.0.0.2 >"$work/ping" || fail "$(cat "$work/ping")"
known || fail "$(ip neigh show dev kbbr)"

echo '# a datagram finds its way by the address that was learnt'
"$build/tools/kb-gen" --to 10.0.0.2:9000 --rate 1000 --count 100 >"$work/gen.log" 2>&1 || fail "$(cat "$work/gen.log")"

echo '# IGMP: a member, who answers when asked, and says so when it leaves'
within_seconds 3 member || fail "no membership reported: $(bridge mdb show dev kbbr)"
sleep 6 # longer than the bridge remembers
member || fail "no query was answered: $(bridge mdb show dev kbbr)"
echo '# a link that was away: it announces itself and its memberships again, before anybody asks'
ip link set dev kbbr type bridge mcast_querier 0
ip link set dev kbtx down
logged 'kbrx is down'
ip neigh replace 10.0.0.2 lladdr 02:00:00:00:00:99 dev kbbr nud stale # another host, meanwhile
! member || fail "still a member behind a link that is down: $(bridge mdb show dev kbbr)"
ip link set dev kbtx up
logged 'kbrx is up'
within_seconds 3 member || fail "no membership reported: $(bridge mdb show dev kbbr)"
within_seconds 3 known || fail "not announced: $(ip neigh show dev kbbr)"
stop
same received "$(reported received)" 100
within_seconds 3 has_left || fail "no leave: $(ip -s link xstats type bridge_slave dev kbtx igmp)"
within_seconds 3 eval '! member' || fail "still a member: $(bridge mdb show dev kbbr)"
echo 'all good'
