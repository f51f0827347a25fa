#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kb-afxdp on a real wire: sent = received + named causes, in every mode and when it is overrun.
# Arguments: the build directory.
set -Eeuo pipefail

build=$1
# shellcheck source=veth.sh
source "$(dirname "${BASH_SOURCE[0]}")/veth.sh"
# shellcheck source=receiver.sh
source "$(dirname "${BASH_SOURCE[0]}")/receiver.sh"

gen=$build/tools/kb-gen-afxdp
export KB_PLANE=afxdp KB_FLOWS='udp:*:9000'

# send COUNT RATE [PORT]
send() {
  "$gen" --iface kbtx --src-addr 10.0.0.1 --dst-mac "$rx_mac" --to "10.0.0.2:${3:-9000}" \
    --rate "$2" --count "$1" >"$work/gen.log" 2>&1 || true
  sent=$(awk '$1 == "sent" { print $2 }' "$work/gen.log")
  [[ -n $sent ]] || fail "kb-gen-afxdp: $(cat "$work/gen.log")"
}

# balanced: all that was sent is delivered or has a cause
balanced() {
  [[ $((sent)) -eq $(($(reported received) + $(reported lost))) ]] ||
    fail "sent $sent: $(cat "$work/rx.log")"
}

poll_modes=(spin wakeup)
# SO_PREFER_BUSY_POLL came with Linux 5.11.
[[ $(printf '5.11\n%s\n' "$(uname -r)" | sort -V | head -n 1) == 5.11 ]] && poll_modes+=(busy-poll)

for mode in native generic; do
  for poll in "${poll_modes[@]}"; do
    echo "# $mode, $poll: every datagram"
    start kb-afxdp "KB_XDP_MODE=$mode" "KB_POLL_MODE=$poll" KB_BUSY_POLL_US=20
    send 2000 5000
    stop
    balanced
    grep -q "afxdp on kbrx (veth, $mode, copy)" "$work/rx.log" || fail "mode: $(cat "$work/rx.log")"
    [[ $(reported received) -gt 0 ]] || fail "nothing received: $(cat "$work/rx.log")"
  done

  echo "# $mode: a receiver that stands still fills its RX ring"
  start kb-afxdp "KB_XDP_MODE=$mode" KB_RX_RING=256 KB_TX_RING=64 KB_FRAMES=1024
  kill -STOP "$receiver"
  send 1000 100000
  kill -CONT "$receiver"
  sleep 0.5
  stop
  balanced
  [[ $(reported xsk_rx_ring_full) -ge $((sent - 256 - 64)) ]] ||
    fail "RX ring: $(cat "$work/rx.log")"

  echo "# $mode: frames run out before the RX ring is full"
  start kb-afxdp "KB_XDP_MODE=$mode" KB_RX_RING=256 KB_TX_RING=64 KB_FRAMES=320
  kill -STOP "$receiver"
  send 1000 100000
  kill -CONT "$receiver"
  sleep 0.5
  stop
  balanced
  [[ $(reported xsk_fill_ring_empty) -ge $((sent - 256 - 64)) ]] ||
    fail "fill ring: $(cat "$work/rx.log")"

  echo "# $mode: datagrams of no flow"
  start kb-afxdp "KB_XDP_MODE=$mode" KB_UNMATCHED=drop
  send 100 10000 9001
  stop
  [[ $(reported filter_denied) -eq $sent ]] || fail "policy: $(cat "$work/rx.log")"
  start kb-afxdp "KB_XDP_MODE=$mode" KB_UNMATCHED=pass
  send 100 10000 9001
  stop
  [[ $(reported other_no_flow) -eq $sent && $(reported lost) -eq 0 ]] ||
    fail "policy: $(cat "$work/rx.log")"
done

echo '# multicast: the group is joined while the receiver runs'
start kb-afxdp KB_FLOWS='udp:239.1.1.1:9000,udp:239.1.1.2:9000,udp:239.1.1.1:9001'
ip maddr show dev kbrx | grep -q 'inet  239.1.1.2' || fail "groups: $(ip maddr show dev kbrx)"
"$gen" --iface kbtx --src-addr 10.0.0.1 --to 239.1.1.1:9001 --rate 1000 --count 100 >"$work/gen.log"
stop
[[ $(reported received) -eq 100 ]] || fail "multicast: $(cat "$work/rx.log")"
! ip maddr show dev kbrx | grep -q 'inet  239.1.1' || fail 'still a member'

echo '# zero-copy that the driver has not is refused, and accepted only as copy'
KB_ZERO_COPY=require expect 2 "$build/kb-afxdp"
contains 'veth refuses zero-copy'
expect 2 env KB_ZERO_COPY=require KB_XDP_MODE=generic "$build/kb-afxdp"
contains 'zero-copy needs KB_XDP_MODE="native"'
start kb-afxdp KB_ZERO_COPY=auto
"$build/tools/kb-stats" --json | grep -q 'zero-copy=EOPNOTSUPP' || fail 'the refusal is not reported'
stop

echo '# more queues than channels'
KB_QUEUES=2 expect 2 "$build/kb-afxdp"
contains 'KB_QUEUES must be at most 1, the channels of kbrx, got 2'

echo '# a receiver that is killed leaves no program behind'
start kb-afxdp KB_XDP_MODE=native
kill -KILL "$receiver"
wait "$receiver" 2>/dev/null || true
! ip link show kbrx | grep -q ' xdp' || fail 'the program is still attached'

echo '# an interface that disappears ends the receiver'
start kb-afxdp KB_XDP_MODE=native
ip link del kbtx
code=0
wait "$receiver" || code=$?
[[ $code -eq 1 ]] || fail "ended with $code: $(cat "$work/rx.log")"
grep -q 'kbrx is gone' "$work/rx.log" || fail "reason: $(cat "$work/rx.log")"
echo 'all good'
