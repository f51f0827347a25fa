#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kb-kernel loses at each of its stages on purpose: what was sent is what was received and what has
# the cause that was injected, and nothing is unexplained.
# Arguments: the build directory.
set -Eeuo pipefail

build=$1
# shellcheck source=veth.sh
source "$(dirname "${BASH_SOURCE[0]}")/veth.sh"
# shellcheck source=receiver.sh
source "$(dirname "${BASH_SOURCE[0]}")/receiver.sh"

ip link set dev lo up
export KB_PLANE=kernel KB_FLOWS='udp:*:9000' KB_DATA_IFACE=lo

# sender PROGRAM ARGUMENT...: runs it to its end, all that was due sent
sender() {
  local program=$1
  shift
  "$build/tools/$program" "$@" --json "$work/gen.json" >"$work/gen.log" 2>&1 ||
    fail "$program: $(cat "$work/gen.log")"
  sent=$(generated sent)
}

# generated NAME: a number of the sender's report
generated() {
  sed -n "s/^ *\"$1\": \([0-9]*\),\$/\1/p" "$work/gen.json"
}

echo '# nothing injected, nothing lost'
start kb-kernel
sender kb-gen --to 127.0.0.1:9000 --rate 5000 --count 2000
stop
same received "$(reported received)" "$sent"
same lost "$(reported lost)" 0
explained

echo '# a receiver that stands still overflows a small socket buffer'
start kb-kernel KB_SOCKET_BUFFER_KB=64
# In the middle of the feed: what follows the hole tells the handler of it.
"$build/tools/kb-gen" --to 127.0.0.1:9000 --rate 5000 --count 5000 --json "$work/gen.json" \
  >"$work/gen.log" 2>&1 &
generator=$!
sleep 0.2
kill -STOP "$receiver"
sleep 0.4
kill -CONT "$receiver"
wait "$generator" || fail "kb-gen: $(cat "$work/gen.log")"
sent=$(generated sent)
stop
overflow=$(reported socket_overflow)
[[ $overflow -gt 0 ]] || fail "no overflow: $(cat "$work/rx.log")"
same lost "$(reported lost)" "$overflow"
same 'received and lost' $(($(reported received) + overflow)) "$sent"
[[ $(reported gaps) -gt 0 ]] || fail "no gap: $(cat "$work/rx.log")"
explained

echo '# a handler that refuses'
start tests/kb-kernel-refuse KB_HANDLER=custom
sender kb-gen --to 127.0.0.1:9000 --rate 5000 --count 2000
stop
same handler "$(reported handler)" $((sent / 3))
same lost "$(reported lost)" $((sent / 3))
same gaps "$(reported gaps)" $((sent / 3))
same 'received and lost' $(($(reported received) + $(reported lost))) "$sent"
same accepted "$(reported accepted)" "$(reported received)"
explained

echo '# A/B lines that lose: what the sender withheld is what feed misses'
start tests/kb-kernel-feed KB_HANDLER=feed KB_HANDLER_ARGS=reorder-us=10000000 KB_SOCKET_BUFFER_KB=16384
sender kb-gen --to 127.0.0.1:9000 --lines 2 --line-loss 10%:5% --rate 5000 --count 4000 --seed 7
stop
same received "$(reported received)" "$sent"
same lost "$(reported lost)" 0
everywhere=$(generated withheldOnEveryLine)
[[ $everywhere -gt 0 ]] || fail "nothing withheld: $(cat "$work/gen.log")"
same gaps "$(reported gaps)" "$everywhere"
same unique "$(reported unique)" $((4000 - everywhere))
read -r a b <<<"$(sed -n 's/.*"withheldByLine": \[\([0-9]*\), \([0-9]*\)\].*/\1 \2/p' "$work/gen.json")"
same 'line A' "$(reported line_a_lost)" "$a"
same 'line B' "$(reported line_b_lost)" "$b"
same saved "$(reported saved)" $((a + b - 2 * everywhere))
same redundant "$(reported redundant)" $((sent - 4000 + everywhere))
same duplicate "$(reported duplicate)" 0
# Withheld on purpose is what no counter of this host can know: it has no cause, and is said so.
grep -q "unexplained $everywhere\$" "$work/rx.log" || fail "unexplained: $(cat "$work/rx.log")"

echo '# a receiver that lives on says so once its gaps have had time to find a cause'
start tests/kb-kernel-feed KB_HANDLER=feed KB_HANDLER_ARGS=reorder-us=1000 KB_SOCKET_BUFFER_KB=16384
sender kb-gen --to 127.0.0.1:9000 --lines 2 --line-loss 10%:10% --rate 5000 --count 4000 --seed 7
everywhere=$(generated withheldOnEveryLine)
[[ $everywhere -gt 0 ]] || fail "nothing withheld: $(cat "$work/gen.log")"
for _ in {1..100}; do
  [[ $(showing unexplained) -ne $everywhere ]] || break
  sleep 0.1
done
same unexplained "$(showing unexplained)" "$everywhere"
same undecided "$(showing undecided)" 0
stop
same gaps "$(reported gaps)" "$everywhere"
same undecided "$(reported undecided)" 0

if [[ -x $build/tools/kb-xdp && -x $build/tools/kb-gen-afxdp ]]; then
  echo '# the filter denies, in front of the sockets'
  ip addr add 10.0.0.2/24 dev kbrx
  export KB_DATA_IFACE=kbrx KB_PLANE=xdp KB_UNMATCHED=drop KB_XDP_MODE=native
  "$build/tools/kb-xdp" attach >/dev/null || fail 'no filter'
  start kb-kernel
  frames=(--iface kbtx --src-addr 10.0.0.1 --dst-mac "$rx_mac" --rate 5000)
  sender kb-gen-afxdp "${frames[@]}" --to 10.0.0.2:9001 --count 300
  denied=$sent
  sender kb-gen-afxdp "${frames[@]}" --to 10.0.0.2:9000 --count 1000
  stop
  same filter_denied "$(reported filter_denied)" "$denied"
  same received "$(reported received)" "$sent"
  same lost "$(reported lost)" 0
  explained
fi
echo 'all good'
