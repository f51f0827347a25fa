#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kb-afxdp sends what it received to others: as copies, and to the last one the frame itself. Many
# more datagrams than there are frames go through it, so that one that gets lost would be missed.
# Arguments: the build directory.
set -Eeuo pipefail

build=$1
# shellcheck source=veth.sh
source "$(dirname "${BASH_SOURCE[0]}")/veth.sh"
# shellcheck source=receiver.sh
source "$(dirname "${BASH_SOURCE[0]}")/receiver.sh"

COUNT=12000
tx_mac=$(ip -o link show kbtx | sed 's/.*ether \([^ ]*\).*/\1/')
ip addr add 10.0.1.1/24 dev kbtx

# fan_out N SOURCE MODE: to N ports of ours, from a sender who is the subscriber too, or is another and
# the way leads over the gateway
fan_out() {
  local to=() sink_log=$work/sink.log
  for ((i = 0; i < $1; i++)); do
    to+=("10.0.1.1:$((9100 + i))")
  done
  local list
  list=$(IFS=, && echo "${to[*]}")

  export KB_STATS_PAGE=$work/sink.stats
  start kb-kernel KB_PLANE=kernel KB_DATA_IFACE=kbtx KB_FLOWS='udp:*:9100,udp:*:9101,udp:*:9102'
  local sink=$receiver
  mv "$work/rx.log" "$sink_log"
  export KB_STATS_PAGE=$work/stats
  start tests/kb-afxdp-fanout KB_PLANE=afxdp KB_FLOWS='udp:*:9000' "KB_XDP_MODE=$3" KB_HANDLER=fanout \
    "KB_HANDLER_ARGS=to=$list" KB_DATA_IP=10.0.0.2 KB_DATA_PREFIX=24 KB_GATEWAY_IP=10.0.0.1 \
    "KB_GATEWAY_MAC=$tx_mac" KB_RX_RING=4096 KB_TX_RING=1024 KB_FRAMES=6144

  # Slowly: three programs share what the machine has, and the ring must bear that one of them waits.
  "$build/tools/kb-gen-afxdp" --iface kbtx --src-addr "$2" --dst-mac "$rx_mac" --to 10.0.0.2:9000 \
    --rate 2500 --count "$COUNT" >"$work/gen.log" 2>&1 || fail "$(cat "$work/gen.log")"
  stop
  same received "$(reported received)" "$COUNT"
  same sent "$(reported sent)" $(($1 * COUNT))
  receiver=$sink
  mv "$sink_log" "$work/rx.log"
  stop
  # Each payload whole, and its checksum right: else the kernel or the handler would not count it.
  same messages "$(reported messages)" $(($1 * COUNT))
  same duplicates "$(reported duplicates)" $((($1 - 1) * COUNT))
  same gaps "$(reported gaps)" 0
}

for mode in native generic; do
  echo "# $mode: one subscriber, who gets the frames that came"
  fan_out 1 10.0.0.3 "$mode"
  echo "# $mode: three subscribers, the last of whom gets the frames that came"
  fan_out 3 10.0.1.1 "$mode"
done
echo 'all good'
