#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kb-dump on every plane: what the receiver took from a real wire stands in the file, as tshark reads
# it; a trigger keeps what came before it; a kb-dump that dies or sleeps costs the receiver nothing.
# Arguments: the build directory.
set -Eeuo pipefail

build=$1
# shellcheck source=veth.sh
source "$(dirname "${BASH_SOURCE[0]}")/veth.sh"
# shellcheck source=receiver.sh
source "$(dirname "${BASH_SOURCE[0]}")/receiver.sh"
command -v tshark >/dev/null || skip 'no tshark'

dump=$build/tools/kb-dump
gen=$build/tools/kb-gen-afxdp
file=$work/cap.pcapng
ip addr add 10.0.0.2/24 dev kbrx
export KB_FLOWS='udp:*:9000' KB_UNMATCHED=drop KB_XDP_MODE=native KB_POLL_MODE=spin

# capture [OPTION...]: an attached kb-dump
capture() {
  rm -f "$work/dump.log"
  "$dump" --write "$file" --json "$@" >"$work/dump.json" 2>"$work/dump.log" &
  dumper=$!
  for _ in {1..100}; do
    grep -qs ' to ' "$work/dump.log" && return
    kill -0 "$dumper" 2>/dev/null || break
    sleep 0.1
  done
  fail "kb-dump did not attach: $(cat "$work/dump.log")"
}

# finish [SIGNAL]: its summary is in dump.json
finish() {
  [[ -z ${1:-} ]] || kill "-$1" "$dumper"
  wait "$dumper" || fail "kb-dump ended with $?: $(cat "$work/dump.log")"
}

# summary NAME: a number of it
summary() {
  sed -n "s/^  \"$1\": \([0-9]*\),\{0,1\}\$/\1/p" "$work/dump.json"
}

# packets FILE [FILTER]: how many tshark reads
packets() {
  tshark -r "$1" -Y "${2:-frame}" -T fields -e frame.number 2>"$work/tshark.log" | wc -l
}

# send COUNT RATE [PORT]
send() {
  "$gen" --iface kbtx --src-addr 10.0.0.1 --dst-mac "$rx_mac" --to "10.0.0.2:${3:-9000}" \
    --rate "$2" --count "$1" >"$work/gen.log" 2>&1 || fail "kb-gen-afxdp: $(cat "$work/gen.log")"
}

planes=(kernel)
[[ -x $build/tools/kb-xdp ]] && planes+=(xdp afxdp)
[[ -x $build/kb-dpdk ]] && planes+=(dpdk)
for plane in "${planes[@]}"; do
  echo "# $plane: every frame, readable, in order, with its stamp"
  settings=("KB_PLANE=$plane")
  program=kb-$plane
  case $plane in
    xdp)
      KB_PLANE=xdp "$build/tools/kb-xdp" attach >/dev/null || fail 'no filter'
      program=kb-kernel
      ;;
    dpdk)
      settings+=(KB_FRAMES=4096 KB_DATA_IFACE= KB_DATA_IP=10.0.0.2 KB_DATA_PREFIX=24
        "KB_EAL_ARGS=--no-huge -m 256 --no-pci --no-shconf --no-telemetry --vdev=net_af_packet0,iface=kbrx")
      ;;
  esac
  start "$program" "${settings[@]}"
  capture
  send 500 5000
  [[ $plane == kernel || $plane == xdp ]] || send 20 5000 9001
  sleep 0.3
  finish INT
  stop
  [[ $plane != xdp ]] || KB_PLANE=xdp "$build/tools/kb-xdp" detach >/dev/null
  same "$plane: datagrams in the file" "$(packets "$file" 'udp.dstport == 9000 && !icmp')" 500
  same "$plane: datagrams received" "$(reported received)" 500
  same "$plane: dropped" "$(summary dropped)" 0
  same "$plane: whole datagrams" \
    "$(packets "$file" 'udp.dstport == 9000 && !icmp && udp.length == 296 && data.data[0:4] == 4b:42:47:31 && ip.dst == 10.0.0.2')" 500
  tshark -r "$file" -T fields -e frame.time_epoch -Y udp 2>/dev/null | sort -nc || fail "$plane: out of order"
  newest=$(tshark -r "$file" -T fields -e frame.time_epoch 2>/dev/null | tail -n 1)
  awk -v t="$newest" -v now="$(date +%s)" 'BEGIN { exit !(now - t < 120 && now - t > -2) }' ||
    fail "$plane: the newest stamp is $newest"
  if [[ $plane == afxdp || $plane == dpdk ]]; then
    refused=$(packets "$file" 'udp.dstport == 9001 && frame.comment == "other_no_flow" && !icmp')
    # AF_XDP: the program drops them before they reach this process.
    [[ $plane == afxdp ]] && same 'refused frames' "$refused" 0
    [[ $plane == dpdk ]] && same 'refused frames' "$refused" 20
  fi
done

echo '# what is kept of each frame, which flow, and how many files'
export KB_PLANE=kernel
start kb-kernel 'KB_FLOWS=udp:*:9000,udp:*:9001'
capture --snaplen 64 --flow 'udp:*:9001' --file-size 0.01 --files 2
send 300 10000 9000
send 400 10000 9001
sleep 0.3
finish TERM
same accepted "$(summary accepted)" 400
same written "$(summary written)" 400
mapfile -t files < <(ls "$work"/cap.pcapng.*)
same files "${#files[@]}" 2
same 'numbered files' "$(($(summary filesRemoved) + 2))" "$(summary files)"
for one in "${files[@]}"; do
  same "frames of $one that are cut" "$(packets "$one" 'frame.cap_len == 64 && frame.len == 316')" \
    "$(packets "$one")"
  [[ $(stat -c %s "$one") -lt 13000 ]] || fail "$one is larger than it should be"
done
rm -f "${files[@]}"
capture --count 10
send 50 10000
finish
same 'counted packets' "$(packets "$file")" 10
"$dump" --write - --count 5 2>/dev/null | tshark -r - 2>/dev/null >"$work/piped" &
piped=$!
sleep 1
send 20 1000
wait "$piped" || fail 'the pipe broke'
same 'piped packets' "$(wc -l <"$work/piped")" 5

echo '# a receiver that ends ends the capture, whole'
capture
send 30 1000
sleep 0.3
stop
finish
same 'packets until its end' "$(packets "$file")" 30
[[ ! -e $KB_STATS_PAGE.dump ]] || fail 'the socket is still there'

echo '# the trigger: what was missing, with what came before and after'
start tests/kb-kernel-feed KB_HANDLER=feed KB_HANDLER_ARGS=reorder-us=100
capture --trigger gap --before 20 --after 10
# One message in the middle is withheld: the seed decides which.
"$build/tools/kb-gen-afxdp" --iface kbtx --src-addr 10.0.0.1 --dst-mac "$rx_mac" --to 10.0.0.2:9000 \
  --rate 2000 --count 1000 --line-loss 0.2% --seed 2 >"$work/gen.log" || fail "$(cat "$work/gen.log")"
for _ in {1..20}; do # a busy machine may take all at once, and find the gap after the last of them
  sleep 0.2
  kill -0 "$dumper" 2>/dev/null || break
  send 40 2000
done
finish
stop
same 'packets around the trigger' "$(packets "$file")" 30
same 'the packet that fired it' "$(packets "$file" 'frame.comment contains "trigger: 1 missing by sequence number"')" 1
same 'its place' \
  "$(tshark -r "$file" -Y 'frame.comment contains "trigger"' -T fields -e frame.number 2>/dev/null)" 20

echo '# the trigger: slower than it may be'
# From here on it is to lose nothing: room for all that is sent, however late it looks.
start kb-kernel KB_SOCKET_BUFFER_KB=65536
capture --trigger latency:150000 --before 5 --after 0
send 50 1000
kill -STOP "$receiver"
send 8 1000
sleep 0.2
kill -CONT "$receiver"
finish
grep -q '"reason": "trigger: [0-9.]* us from arrival' "$work/dump.json" || fail "$(cat "$work/dump.json")"
same 'packets up to the trigger' "$(packets "$file")" 5

echo '# one at a time; a second is told so'
capture
expect 1 timeout 20 "$dump" --write "$work/second"
contains 'another kb-dump is attached'
finish INT

echo '# a kb-dump that sleeps: the receiver goes on, and the file says what is missing'
capture --buffer 1
kill -STOP "$dumper"
send 20000 20000
kill -CONT "$dumper"
sleep 0.5
finish INT
dropped=$(summary dropped)
[[ $dropped -gt 0 ]] || fail "nothing was dropped: $(cat "$work/dump.json")"
same 'written and dropped' $(($(summary written) + dropped)) "$(summary seen)"
capinfos -M "$file" >"$work/capinfos" 2>&1 || fail "capinfos: $(cat "$work/capinfos")"

echo '# told to stop: what has arrived is written; told twice: it ends at once, with a whole file'
capture
kill -STOP "$dumper"
send 2000 20000
kill -INT "$dumper"
kill -CONT "$dumper"
finish
same 'written after one signal' "$(summary written)" 2000
same 'left behind' "$(summary leftBehind)" 0
capture
kill -STOP "$dumper"
send 2000 20000
kill -INT "$dumper"
kill -TERM "$dumper"
kill -CONT "$dumper"
finish
written=$(summary written)
[[ $written -lt 2000 ]] || fail "it wrote all the same: $(cat "$work/dump.json")"
same 'written and left behind' $((written + $(summary leftBehind))) 2000
same 'packets of the whole file' "$(packets "$file")" "$written"
capinfos -M "$file" >"$work/capinfos" 2>&1 || fail "capinfos: $(cat "$work/capinfos")"

echo '# told to stop while nobody reads the pipe it writes to: it finishes what it has begun'
mkfifo "$work/pipe"
"$dump" --write - >"$work/pipe" 2>"$work/dump.log" &
dumper=$!
exec 3<"$work/pipe"
for _ in {1..100}; do
  ! grep -qs ' to ' "$work/dump.log" || break
  sleep 0.1
done
send 1000 10000 # five times what a pipe holds
sleep 1
kill -INT "$dumper"
sleep 0.3
cat <&3 >"$file"
exec 3<&-
finish
same 'packets through the pipe' "$(packets "$file")" 1000

echo '# a kb-dump that is killed: the receiver goes on, and the next one attaches'
capture
kill -KILL "$dumper"
wait "$dumper" 2>/dev/null || true
send 1000 10000
sleep 0.3
capture
send 100 10000
sleep 0.3
finish INT
same 'packets of the next' "$(packets "$file")" 100
stop
same lost "$(reported lost)" 0
same received "$(reported received)" $((50 + 8 + 20000 + 2000 + 2000 + 1000 + 1000 + 100))

echo '# no receiver, and wrong usage'
expect 1 "$dump"
contains 'no receiver at'
expect 2 "$dump" --trigger gaps
contains '--trigger must be gap or latency:MICROSECONDS'
expect 2 "$dump" --before 10
contains 'need --trigger'
expect 2 "$dump" --files 3
contains '--files needs --file-size'
expect 2 "$dump" --snaplen 10
contains '--snaplen must be a whole number from 64 to 65535'
expect 2 "$dump" --flow tcp:1.2.3.4:5
contains '--flow'
expect 2 "$dump" --write - --json
contains 'both want standard output'
expect 0 "$dump" --help
contains '--trigger WHAT'
echo 'all good'
