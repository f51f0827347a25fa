#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is published over the restarts of a receiver, in order and by SIGKILL: every packet of each of
# them, once, and never less than before.
# Arguments: the build directory.
set -Eeuo pipefail

build=$1
# shellcheck source=veth.sh
source "$(dirname "${BASH_SOURCE[0]}")/veth.sh"

ip link set lo up
export KB_PLANE=kernel KB_FLOWS='udp:*:9000' KB_DATA_IFACE=lo KB_POLL_MODE=wakeup
# So long that all a receiver gets falls between two looks.
export KB_STATSD=127.0.0.1:8125 KB_STATS_INTERVAL_MS=2000

number() {
  "$build/tools/kb-stats" --json 2>/dev/null | grep -o "\"$1\":[0-9]*" | head -n 1 | cut -d: -f2
}

# until_true WHAT COMMAND...
until_true() {
  local what=$1
  shift
  for _ in {1..300}; do
    "$@" && return
    sleep 0.1
  done
  fail "$what: $(cat "$work"/*.log)"
}

is_listening() { grep -q listening "$work/sum.log"; }
is_ready() { "$build/tools/kb-stats" --json 2>/dev/null | grep -q "\"ready\":true"; }
# The publisher has seen the receiver that runs now.
is_seen() { [[ -s $KB_STATS_PAGE.published && $(<"$KB_STATS_PAGE.published") == "$(number startNs)" ]]; }
has_received() { [[ $(number received) -eq $1 ]]; }

"$build/tests/statsd_sum" 8125 PacketsReceived >"$work/sum.log" &
agent=$!
until_true 'no agent' is_listening
"$build/tools/kb-stats" >"$work/stats.log" 2>&1 &
publisher=$!

sent=0
for signal in TERM KILL KILL TERM; do
  echo "# a receiver that ends by SIG$signal"
  rm -f "$KB_STATS_PAGE"
  "$build/kb-kernel" >"$work/rx.log" 2>&1 &
  receiver=$!
  until_true 'not ready' is_ready
  until_true 'not seen' is_seen
  "$build/tools/kb-gen" --to 127.0.0.1:9000 --rate 10000 --count 500 >"$work/gen.log" || fail "$(cat "$work/gen.log")"
  sent=$((sent + 500))
  until_true 'not received' has_received 500
  kill "-$signal" "$receiver"
  wait "$receiver" 2>/dev/null || true
done
sleep 2.5
kill -TERM "$publisher"
wait "$publisher" || fail "kb-stats ended with $?: $(cat "$work/stats.log")"
sleep 0.2
kill -TERM "$agent"
wait "$agent" || fail 'the agent ended badly'
grep -qx "sum $sent" "$work/sum.log" || fail "published $(cat "$work/sum.log"), sent $sent"
grep -qx 'negative 0' "$work/sum.log" || fail "something was taken back: $(cat "$work/sum.log")"
echo 'all good'
