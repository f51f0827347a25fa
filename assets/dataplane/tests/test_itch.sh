#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The example of HANDLERS.md on every plane: a capture with known losses, replayed on a real wire, is
# counted to the message.
# Arguments: the build directory.
set -Eeuo pipefail

build=$1
# shellcheck source=veth.sh
source "$(dirname "${BASH_SOURCE[0]}")/veth.sh"
# shellcheck source=receiver.sh
source "$(dirname "${BASH_SOURCE[0]}")/receiver.sh"

ip addr add 10.0.0.2/24 dev kbrx
"$build/tests/itch_capture" "$work/itch.pcap" || fail 'no capture'
midnight=$(($(date -u -d 'today 00:00' +%s) * 1000000000))
export KB_FLOWS='udp:*:9000' KB_UNMATCHED=drop KB_XDP_MODE=native KB_HANDLER=itch
export KB_HANDLER_ARGS="midnight-ns=$midnight"

for plane in kernel xdp afxdp dpdk; do
  program=tests/kb-$plane-itch
  [[ $plane != xdp ]] || program=tests/kb-kernel-itch
  [[ -x $build/$program ]] || continue
  echo "# $plane"
  settings=("KB_PLANE=$plane")
  [[ $plane != dpdk ]] || settings+=(KB_FRAMES=4096 KB_DATA_IFACE= KB_DATA_IP=10.0.0.2 KB_DATA_PREFIX=24
    "KB_EAL_ARGS=--no-huge -m 256 --no-pci --no-shconf --no-telemetry --vdev=net_af_packet0,iface=kbrx")
  [[ $plane != xdp ]] || KB_PLANE=xdp "$build/tools/kb-xdp" attach >/dev/null || fail 'no filter'
  start "$program" "${settings[@]}"
  "$build/tools/kb-gen-packet" --iface kbtx --src-addr 10.0.0.1 --dst-mac "$rx_mac" \
    --to 10.0.0.2:9000 --pcap "$work/itch.pcap" >"$work/gen.log" || fail "$(cat "$work/gen.log")"
  stop
  [[ $plane != xdp ]] || KB_PLANE=xdp "$build/tools/kb-xdp" detach >/dev/null
  # 400 packets of three messages, three of them missing, one twice; see itch_capture.c.
  for name in adds executions trades; do
    same "$name" "$(reported "$name")" 397
  done
  same others "$(reported others)" 0
  same twice "$(reported twice)" 3
  same heartbeats "$(reported heartbeats)" 1
  same ends "$(reported ends)" 1
  same not_mold "$(reported not_mold)" 6
  same handler "$(reported handler)" 6
  same received "$(reported received)" 400
  same gaps "$(reported gaps)" 9
  # A packet that never was on the wire has a cause nowhere: nine gaps, six of which the ledger takes
  # for the six datagrams that were refused.
  grep -q 'unexplained 3$' "$work/rx.log" || fail "$plane: $(cat "$work/rx.log")"
done

echo '# an argument that cannot be'
plane=kernel
expect 2 env KB_PLANE=kernel KB_HANDLER_ARGS=midnight-ns=noon "$build/tests/kb-kernel-itch"
contains "midnight-ns must be nanoseconds since 1970, got 'noon'"
echo 'all good'
