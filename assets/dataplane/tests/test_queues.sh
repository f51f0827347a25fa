#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two queues of kb-afxdp and of kb-dpdk: a pinned thread for each, both of them fed, books for each of
# them, and the sum of these is what was sent.
# Arguments: the build directory.
set -Eeuo pipefail

build=$1
# shellcheck source=veth.sh
source "$(dirname "${BASH_SOURCE[0]}")/veth.sh"
# shellcheck source=receiver.sh
source "$(dirname "${BASH_SOURCE[0]}")/receiver.sh"

FLOWS=16 # streams that the queues share: none of two goes without but once in 32768
COUNT=4000
[[ $(nproc) -ge 2 ]] || skip 'needs 2 CPUs'
read -r first second < <(taskset -cp $$ | sed 's/.*: //' | awk -F '[,-]' '{ print $1, $NF }')
ip link del dev kbtx
ip link add name kbtx numtxqueues 2 numrxqueues 2 type veth peer name kbrx numtxqueues 2 numrxqueues 2
sysctl -q -w net.ipv6.conf.{kbtx,kbrx}.disable_ipv6=1 2>/dev/null || true
ip link set dev kbtx up
ip link set dev kbrx up
ip addr add 10.0.0.1/24 dev kbtx
ip neigh replace 10.0.0.2 lladdr "$(ip -o link show kbrx | sed 's/.*ether \([^ ]*\).*/\1/')" dev kbtx nud permanent

# pinned QUEUE CPU: the queue's thread may run there and nowhere else
pinned() {
  local task
  for task in /proc/"$receiver"/task/*; do
    [[ $(<"$task/comm") == "kb-rx-$1" ]] || continue
    grep -q "^Cpus_allowed_list:[[:space:]]*$2\$" "$task/status" || fail "queue $1: $(grep Cpus_allowed_list "$task/status")"
    return
  done
  fail "there is no thread kb-rx-$1"
}

# of_queue QUEUE NAME: a number of the stats page
of_queue() {
  "$build/tools/kb-stats" --json | sed 's/.*"perQueue":\[//; s/},{"received"/}\n{"received"/g' |
    sed -n "$(($1 + 1))s/.*\"$2\":\([0-9]*\).*/\1/p"
}

# balanced PROGRAM KEY=VALUE...: both queues of this receiver
balanced() {
  echo "# $*"
  start "$@" KB_FLOWS='udp:*:9000' KB_QUEUES=2 "KB_RX_CORES=$first,$second" KB_FRAMES=4096
  pinned 0 "$first"
  pinned 1 "$second"
  "$build/tools/kb-gen" --iface kbtx --to 10.0.0.2:9000 --flows "$FLOWS" --rate 4000 --count "$COUNT" \
    >"$work/gen.log" 2>&1 || fail "$(cat "$work/gen.log")"
  sleep 0.5
  local each
  each=("$(of_queue 0 received)" "$(of_queue 1 received)")
  stop
  [[ ${each[0]} -gt 0 && ${each[1]} -gt 0 ]] || fail "the queues received ${each[*]}"
  same 'the sum over the queues' $((each[0] + each[1])) "$COUNT"
  same received "$(reported received)" "$COUNT"
  same gaps "$(reported gaps)" 0
}

# Native, because generic XDP on veth knows one queue only.
balanced kb-afxdp KB_PLANE=afxdp
[[ -x $build/kb-dpdk ]] || { echo 'all good'; exit; }

lab='--no-pci --no-huge --no-shconf --no-telemetry -m 128 --lcores=0@(0)'
# capture FILE COUNT TO...: frames for a queue, each message once to every destination. The sender's
# ARP announcement is one frame more.
capture() {
  local file=$1 count=$2 to
  shift 2
  to=$(IFS=, && echo "$*")
  "$build/tools/kb-gen-dpdk" --eal "$lab --vdev=net_pcap0,tx_pcap=$file" --src-addr 10.0.0.1 --dst-mac "$rx_mac" \
    --to "$to" --lines $# --rate 20000 --count "$count" >"$work/gen.log" 2>&1 || fail "$(cat "$work/gen.log")"
}

has_taken() {
  [[ $(of_queue 0 received) -eq $1 && $(of_queue 1 received) -eq $2 ]]
}

echo '# kb-dpdk: each queue has its own capture and its own books'
capture "$work/0.pcap" 1500 10.0.0.2:9000
capture "$work/1.pcap" 700 10.0.0.2:9000 10.0.0.2:9001
unset KB_DATA_IFACE
start kb-dpdk KB_PLANE=dpdk KB_FLOWS='udp:*:9000' KB_QUEUES=2 "KB_RX_CORES=$first,$second" KB_FRAMES=4096 \
  KB_DATA_IP=10.0.0.2 KB_DATA_PREFIX=24 \
  "KB_EAL_ARGS=$lab --vdev=net_pcap0,rx_pcap=$work/0.pcap,rx_pcap=$work/1.pcap"
pinned 0 "$first"
pinned 1 "$second"
for _ in {1..100}; do
  ! has_taken 1500 700 || break
  sleep 0.1
done
has_taken 1500 700 || fail "the queues received $(of_queue 0 received) and $(of_queue 1 received)"
same 'ARP of queue 0' "$(of_queue 0 other_not_ipv4)" 1
same 'ARP of queue 1' "$(of_queue 1 other_not_ipv4)" 1
same 'other flows of queue 0' "$(of_queue 0 other_no_flow)" 0
same 'other flows of queue 1' "$(of_queue 1 other_no_flow)" 700
stop
same received "$(reported received)" $((1500 + 700))
same other_no_flow "$(reported other_no_flow)" 700
same other_not_ipv4 "$(reported other_not_ipv4)" 2
same lost "$(reported lost)" 0
same gaps "$(reported gaps)" 0
same 'all that was sent' $(($(reported received) + $(reported ignored))) $((1500 + 1 + 2 * 700 + 1))
echo 'all good'
