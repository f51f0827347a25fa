#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The handler `ring` read by Agrona itself, in Java: many times around the ring, in order, across the
# death of a reader and a restart of the receiver. Skipped without a JDK, or without Agrona, which
# Maven fetches (AGRONA_JAR names one that is there already).
# Arguments: the build directory.
set -Eeuo pipefail

build=$1
# Found before this test enters a network of its own, which has no way out.
agrona=${AGRONA_JAR:-$(compgen -G "$build/agrona/agrona-*.jar" | head -n 1 || true)}
if [[ -z ${KB_TEST_INSIDE:-} && -z $agrona ]] && command -v mvn >/dev/null; then
  mvn --batch-mode --quiet dependency:copy -Dartifact=org.agrona:agrona:1.23.1 \
    "-DoutputDirectory=$build/agrona" >/dev/null 2>&1 || true
fi
# shellcheck source=veth.sh
source "$(dirname "${BASH_SOURCE[0]}")/veth.sh"
# shellcheck source=receiver.sh
source "$(dirname "${BASH_SOURCE[0]}")/receiver.sh"
command -v javac >/dev/null || skip 'no JDK'
[[ -f $agrona ]] || skip 'no Agrona: Maven could not fetch it'

ip link set lo up
export KB_PLANE=kernel KB_FLOWS='udp:*:9000' KB_DATA_IFACE=lo KB_HANDLER=ring
# 512 KiB: 1680 messages.
export KB_HANDLER_ARGS="path=$work/ring size=524288" KB_POLL_MODE=wakeup
source_file=$(dirname "${BASH_SOURCE[0]}")/java/RingReader.java

# read_ring MESSAGES RUN: an Agrona reader that has the ring mapped; they come in runs of so many
read_ring() {
  java --add-opens java.base/sun.nio.ch=ALL-UNNAMED -cp "$agrona" "$source_file" \
    "$work/ring-0" "$1" 9000 "$2" >"$work/reader.log" 2>&1 &
  reader=$!
  for _ in {1..600}; do
    grep -qs '^reading 524288' "$work/reader.log" && return
    kill -0 "$reader" 2>/dev/null || break
    sleep 0.1
  done
  fail "the reader did not start: $(cat "$work/reader.log")"
}

send() {
  "$build/tools/kb-gen" --to 127.0.0.1:9000 --rate 2000 --count "$1" >"$work/gen.log" || fail "$(cat "$work/gen.log")"
}

echo '# every message, in order, many times around the ring'
start tests/kb-kernel-ring
read_ring 6000 1000
for ((read = 1000; read <= 6000; read += 1000)); do
  send 1000 # the ring holds more, so that a reader that waits for the CPU loses none
  for _ in {1..300}; do
    ! grep -qx "read $read" "$work/reader.log" || break
    kill -0 "$reader" 2>/dev/null || break
    sleep 0.1
  done
done
wait "$reader" || fail "the reader: $(cat "$work/reader.log")"
grep -q '^6000 messages, 0 bytes left' "$work/reader.log" || fail "$(cat "$work/reader.log")"

echo '# no reader: the ring fills, the rest is counted, the receiver goes on'
send 3000
stop
[[ $(reported overflow) -gt 0 && $(reported overflow) -eq $(reported handler) ]] || fail "$(cat "$work/rx.log")"
held=$(($(reported written) - 6000))
[[ $((held + $(reported overflow))) -eq 3000 ]] || fail "$(cat "$work/rx.log")"

echo '# another receiver takes the ring over, another reader what was left in it'
start tests/kb-kernel-ring
read_ring "$held" 3000
wait "$reader" || fail "the reader: $(cat "$work/reader.log")"
stop
echo 'all good'
