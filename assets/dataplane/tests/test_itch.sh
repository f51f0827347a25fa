#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The example of HANDLERS.md on every plane: a capture with known losses, replayed on a real wire, is
# counted to the message.
# Arguments: the build directory.
set -Eeuo pipefail

build=$1
# shellcheck source=veth.sh
source "$(dirname "${BASH_SOURCE[0]}")/veth.sh"

ip addr add 10.0.0.2/24 dev kbrx
"$build/tests/itch_capture" "$work/itch.pcap" || fail 'no capture'
midnight=$(($(date -u -d 'today 00:00' +%s) * 1000000000))
export KB_FLOWS='udp:*:9000' KB_UNMATCHED=drop KB_XDP_MODE=native KB_HANDLER=itch
export KB_HANDLER_ARGS="midnight-ns=$midnight"

# reported NAME: a number of the receiver's report, 0 when it is not there
reported() {
  awk -v name="$1" '$1 == name && $2 ~ /^[0-9]/ { n = $2 } END { print n + 0 }' "$work/rx.log"
}

# counts NAME NUMBER: the receiver's report says so
counts() {
  [[ $(reported "$1") -eq $2 ]] || fail "$plane: $1 is $(reported "$1"), not $2: $(cat "$work/rx.log")"
}

for plane in kernel xdp afxdp dpdk; do
  program=$build/tests/kb-$plane-itch
  [[ $plane != xdp ]] || program=$build/tests/kb-kernel-itch
  [[ -x $program ]] || continue
  echo "# $plane"
  settings=("KB_PLANE=$plane")
  [[ $plane != dpdk ]] || settings+=(KB_FRAMES=4096 KB_DATA_IFACE= KB_DATA_IP=10.0.0.2 KB_DATA_PREFIX=24
    "KB_EAL_ARGS=--no-huge -m 256 --no-pci --no-shconf --no-telemetry --vdev=net_af_packet0,iface=kbrx")
  [[ $plane != xdp ]] || KB_PLANE=xdp "$build/tools/kb-xdp" attach >/dev/null || fail 'no filter'
  rm -f "$KB_STATS_PAGE"
  env "${settings[@]}" "$program" >"$work/rx.log" 2>&1 &
  receiver=$!
  for _ in {1..300}; do
    "$build/tools/kb-stats" --json 2>/dev/null | grep -q '"ready":true' && break
    kill -0 "$receiver" 2>/dev/null || fail "it did not start: $(cat "$work/rx.log")"
    sleep 0.1
  done
  "$build/tools/kb-gen-packet" --iface kbtx --src-addr 10.0.0.1 --dst-mac "$rx_mac" \
    --to 10.0.0.2:9000 --pcap "$work/itch.pcap" >"$work/gen.log" || fail "$(cat "$work/gen.log")"
  sleep 0.5
  kill -TERM "$receiver"
  wait "$receiver" || fail "it ended with $?: $(cat "$work/rx.log")"
  [[ $plane != xdp ]] || KB_PLANE=xdp "$build/tools/kb-xdp" detach >/dev/null
  # 400 packets of three messages, one of them missing, one twice; see itch_capture.c.
  for name in adds executions trades; do
    counts "$name" 399
  done
  counts others 0
  counts twice 3
  counts heartbeats 1
  counts ends 1
  counts not_mold 2
  counts handler 2
  counts received 402
  counts gaps 3
  # A packet that never was on the wire has a cause nowhere: three gaps, two of which the ledger takes
  # for the two datagrams that were refused.
  grep -q 'unexplained 1$' "$work/rx.log" || fail "$plane: $(cat "$work/rx.log")"
done

echo '# an argument that cannot be'
plane=kernel
expect 2 env KB_PLANE=kernel KB_HANDLER_ARGS=midnight-ns=noon "$build/tests/kb-kernel-itch"
contains "midnight-ns must be nanoseconds since 1970, got 'noon'"
echo 'all good'
