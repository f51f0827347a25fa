#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Frames that are wrong in every way kb-gen-packet knows, between messages that are right: on every
# plane each of them has exactly the cause it should have, and the messages are all there. Where the
# kernel takes part, what it drops is what its own counters say.
# Arguments: the build directory.
set -Eeuo pipefail

build=$1
# shellcheck source=veth.sh
source "$(dirname "${BASH_SOURCE[0]}")/veth.sh"
# shellcheck source=receiver.sh
source "$(dirname "${BASH_SOURCE[0]}")/receiver.sh"

gen=$build/tools/kb-gen-packet
ip addr add 10.0.0.2/24 dev kbrx
# The host's answers to what is wrong would be frames on the wire, too.
ip route add blackhole 10.0.0.1
export KB_FLOWS='udp:*:9000' KB_UNMATCHED=drop KB_XDP_MODE=native

# Slowly: the 256 frames that a veth keeps are a quarter of a second of this, for a machine that
# does something else meanwhile.
send() {
  "$gen" --iface kbtx --src-addr 10.0.0.1 --dst-mac "$rx_mac" --to 10.0.0.2:9000 --rate 500 \
    --count 1000 --malformed all:10%,runt:4% --seed 11 --json "$work/gen.json" >"$work/gen.log" ||
    fail "kb-gen-packet: $(cat "$work/gen.log")"
}

# generated NAME...: the sum of these numbers of the sender's report
generated() {
  local sum=0 name
  for name in "$@"; do
    sum=$((sum + $(sed -n "s/^ *\"$name\": \([0-9]*\),\{0,1\}\$/\1/p" "$work/gen.json")))
  done
  echo "$sum"
}

# kernel GROUP NAME: a counter of this network's /proc/net/snmp or netstat
kernel() {
  awk -v group="$1:" -v name="$2" '
    $1 == group && !names { for (i = 2; i <= NF; i++) if ($i == name) at = i; names = 1; next }
    $1 == group { print at ? $at : 0; exit }' /proc/net/snmp /proc/net/netstat
}

# counters: those of the kernel that can explain a drop, in one line each
counters() {
  echo "header $(kernel Ip InHdrErrors)"
  echo "truncated $(kernel IpExt InTruncatedPkts)"
  echo "reassembly $(kernel Ip ReasmReqds)"
  echo "udp $(kernel Udp InErrors)"
  echo "no_port $(kernel Udp NoPorts)"
  awk '$1 == "kbrx:" { print "packets", $3; print "device", $5 }' /proc/net/dev
}

# grown NAME: how much since before the run
grown() {
  local before after
  before=$(awk -v n="$1" '$1 == n { print $2 + 0 }' "$work/before")
  after=$(counters | awk -v n="$1" '$1 == n { print $2 + 0 }')
  echo $((after - before))
}

check_feed() {
  same "messages" "$(reported messages)" 1000
  same gaps "$(reported gaps)" 0
  explained
  [[ $(generated fragment) -gt 50 && $(generated runt) -gt 10 && $(generated runt) -lt 80 ]] ||
    fail "the mix: $(cat "$work/gen.json")"
}

# What the planes that parse frames themselves, in user space or in XDP, make of them.
check_parsed() {
  same parse_truncated "$(reported parse_truncated)" "$(generated truncated short-header runt)"
  same parse_bad_ip_header "$(reported parse_bad_ip_header)" "$(generated bad-ip-version bad-ip-length)"
  if [[ $plane != dpdk || $dpdk_driver == net_af_xdp0 ]]; then
    same parse_fragment "$(reported parse_fragment)" "$(generated fragment)"
  fi
  same parse_bad_udp_length "$(reported parse_bad_udp_length)" "$(generated bad-udp-length)"
  same other_not_ipv4 "$(reported other_not_ipv4)" "$(generated wrong-ethertype double-vlan)"
}

# net_af_packet has the kernel put fragments together in front of it; net_af_xdp shows them.
dpdk_driver=net_af_packet0
compgen -G '/usr/lib*/*/librte_net_af_xdp.so*' >/dev/null && dpdk_driver=net_af_xdp0
for plane in afxdp dpdk; do
  [[ -x $build/kb-$plane ]] || continue
  echo "# $plane: sent = delivered + causes"
  # Room in the receiver's ring for all that is sent, however late it looks.
  settings=("KB_PLANE=$plane" KB_RX_RING=4096 KB_FRAMES=8192)
  [[ $plane == afxdp ]] || settings+=(KB_DATA_IFACE= KB_DATA_IP=10.0.0.2 KB_DATA_PREFIX=24
    "KB_EAL_ARGS=--no-huge -m 256 --no-pci --no-shconf --no-telemetry --vdev=$dpdk_driver,iface=kbrx")
  # DPDK's driver forgets its memory when it closes, which a build with sanitizers would report.
  echo 'leak:xsk_umem__create' >"$work/leaks"
  [[ $plane == afxdp ]] || settings+=("LSAN_OPTIONS=suppressions=$work/leaks:print_suppressions=0")
  start "kb-$plane" "${settings[@]}"
  send
  stop
  check_feed
  check_parsed
  same 'denied or of no flow' $(($(reported filter_denied) + $(reported other_no_flow))) "$(generated zero-ports)"
  # Checksums are the NIC's business, and a VLAN tag is allowed: these are delivered, not as messages.
  same 'delivered beside the feed' "$(reported other)" "$(generated bad-ip-checksum bad-udp-checksum vlan)"
  [[ $plane == dpdk && $dpdk_driver != net_af_xdp0 ]] || same 'all that was sent' "$(($(reported received) + $(reported lost) + $(reported ignored)))" \
    "$((1000 + $(generated malformedInAll)))"
done

if [[ -x $build/tools/kb-xdp ]]; then
  plane=xdp
  echo '# xdp: the filter has the causes, the kernel the checksums'
  KB_PLANE=xdp "$build/tools/kb-xdp" attach >/dev/null || fail 'no filter'
  start kb-kernel KB_PLANE=xdp
  counters >"$work/before"
  send
  stop
  check_feed
  check_parsed
  same filter_denied "$(reported filter_denied)" "$(generated zero-ports)"
  same 'IPv4 header errors' "$(grown header)" "$(generated bad-ip-checksum)"
  same 'UDP errors' "$(grown udp)" "$(generated bad-udp-checksum)"
  same 'received, and nothing else' "$(reported received)" 1000
  KB_PLANE=xdp "$build/tools/kb-xdp" detach >/dev/null
fi

plane=kernel
echo '# kernel: every frame that is not delivered stands in a counter of the kernel'
start kb-kernel KB_PLANE=kernel
counters >"$work/before"
send
stop
counters >"$work/after"
check_feed
same 'IPv4 header errors' "$(grown header)" "$(generated bad-ip-checksum bad-ip-version bad-ip-length short-header runt)"
same 'IPv4 truncated' "$(grown truncated)" "$(generated truncated)"
same 'fragments to reassemble' "$(grown reassembly)" "$(generated fragment)"
same 'UDP errors' "$(grown udp)" "$(generated bad-udp-checksum bad-udp-length)"
same 'no port' "$(grown no_port)" "$(generated zero-ports)"
# The tag of a VLAN that this host does not have makes a frame somebody else's, which only kernels
# from 5.19 on count (otherhost_dropped): of two tags one is left, which no protocol wants.
dropped=$(generated wrong-ethertype double-vlan)
same 'dropped by the device' "$(grown device)" "$dropped"
same nic_dropped "$(reported nic_dropped)" "$dropped"
same 'arrived at the device' "$(grown packets)" $((1000 + $(generated malformedInAll)))
same received "$(reported received)" 1000

echo '# wrong usage'
expect 2 "$gen" --iface kbtx --src-addr 10.0.0.1 --dst-mac "$rx_mac" --to 10.0.0.2:9000 --malformed nonsense:5%
contains "knows no 'nonsense'; kinds are all, bad-ip-checksum"
expect 2 "$gen" --iface kbtx --src-addr 10.0.0.1 --dst-mac "$rx_mac" --to 10.0.0.2:9000 --malformed runt:101
contains '--malformed must be KIND:PERCENT'
expect 2 "$build/tools/kb-gen" --to 10.0.0.2:9000 --malformed runt:1
contains 'unknown option'
echo 'all good'
