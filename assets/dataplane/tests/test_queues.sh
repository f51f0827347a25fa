#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two queues of kb-afxdp: a pinned thread for each, both of them fed, and books that balance over both.
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

# queue_counts: what each queue has received, a line for each; the first number is the port's
queue_counts() {
  "$build/tools/kb-stats" --json | grep -o '"received":[0-9]*' | cut -d: -f2 | tail -n +2
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
  mapfile -t each < <(queue_counts)
  stop
  [[ ${#each[@]} -eq 2 && ${each[0]} -gt 0 && ${each[1]} -gt 0 ]] || fail "the queues received ${each[*]}"
  same 'the sum over the queues' $((each[0] + each[1])) "$COUNT"
  same received "$(reported received)" "$COUNT"
  same gaps "$(reported gaps)" 0
}

# Native, because generic XDP on veth knows one queue only.
balanced kb-afxdp KB_PLANE=afxdp
echo 'all good'
