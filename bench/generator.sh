#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The load generators on one veth pair, in one run: how late kb-gen is at a rate it must hold, and how
# much each sends when it may send all it can, beside trafgen (netsniff-ng) with the same frames.
#
# usage: bench/generator.sh [--build DIR] [--rate N] [--seconds N] [--json FILE]
#
# Needs root, a built data plane (meson setup build assets/dataplane && ninja -C build) and, for the
# comparison, trafgen. A machine that does something else shows that, not the generators.
set -Eeuo pipefail

usage() {
  sed -n '3,9s/^# \{0,1\}//p' "$0"
}

die() {
  echo "generator.sh: $*" >&2
  exit 2
}

build=build rate=100000 seconds=5 json=
while [[ $# -gt 0 ]]; do
  case $1 in
    --help) usage && exit 0 ;;
    --build | --rate | --seconds | --json)
      [[ $# -ge 2 ]] || die "$1 needs a value"
      declare "${1#--}=$2"
      shift
      ;;
    *) die "unknown option '$1'; see --help" ;;
  esac
  shift
done
[[ $rate =~ ^[1-9][0-9]*$ ]] || die "--rate must be a number of messages per second, got '$rate'"
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "--seconds must be a whole number, got '$seconds'"
[[ -x $build/tools/kb-gen ]] || die "no kb-gen in $build: give --build DIR"
build=$(realpath "$build")
[[ -z $json ]] || json=$(realpath "$json")

if [[ -z ${KB_BENCH_INSIDE:-} ]]; then
  [[ $EUID -eq 0 ]] || die 'needs root for its own network namespace'
  # Before everybody else, also where the kernel weighs sessions (autogroup): the core shall be idle.
  KB_BENCH_INSIDE=1 exec setsid --wait nice --adjustment=-20 unshare --net --mount "$BASH" "$0" --build "$build" --rate "$rate" \
    --seconds "$seconds" ${json:+--json "$json"}
fi

{ echo -20 >/proc/self/autogroup; } 2>/dev/null || true
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mount -t sysfs none /sys # of this namespace: the interface counters
ip link add kbg0 type veth peer name kbg1
sysctl -q -w net.ipv6.conf.{kbg0,kbg1}.disable_ipv6=1
ip address add 10.0.0.1/24 dev kbg0
ip link set kbg0 arp off up
ip link set kbg1 arp off up
# Nobody's address, so that the other end drops a frame as soon as it has it. Looking for a route to no receiver
# would allocate one for each frame, and the kernel frees those in bulk, on the sender's core: 0.2 ms at a time.
mac=02:00:00:00:00:01
ip neighbour replace 10.0.0.2 lladdr "$mac" dev kbg0 nud permanent
size=288 # UDP payload, as everywhere in this project
core=$(($(nproc) - 1))
RUNS=10

# field NAME FILE: a number of kb-gen's report
field() {
  sed -n "s/.*\"$1\": \([0-9.]*\).*/\1/p" "$2" | head -n 1
}

# packets: frames that have reached the other end
packets() {
  cat /sys/class/net/kbg1/statistics/rx_packets
}

# generate PROGRAM RATE: its report is in $work/PROGRAM.json; frames that arrived per second in $arrived
generate() {
  local program=$1 options=() before
  [[ $program == kb-gen ]] ||
    options=(--iface kbg0 --src-addr 10.0.0.1 --dst-mac "$mac")
  before=$(packets)
  "$build/tools/$program" --to 10.0.0.2:9000 --size "$size" --rate "$2" --seconds "$seconds" \
    --core "$core" "${options[@]}" --json "$work/$program.json" >"$work/$program.log" 2>&1 ||
    true # it says by its status that it sent less than was due, which a ceiling always does
  [[ -s $work/$program.json ]] || die "$program: $(tail -n 3 "$work/$program.log")"
  arrived=$((($(packets) - before) * 1000000000 / $(field elapsedNs "$work/$program.json")))
}

# The schedule, on a core that is as good as idle: as a real-time program, in runs of 0.8 s because
# the kernel takes a core from one after 0.95 s of each second. The best of them: noise only adds.
best=
for ((run = 0; run < RUNS; run++)); do
  chrt --fifo 1 "$build/tools/kb-gen" --to 10.0.0.2:9000 --size "$size" --rate "$rate" --seconds 0.8 \
    --core "$core" --json "$work/run.json" >"$work/kb-gen.log" 2>&1 || die "kb-gen: $(tail -n 3 "$work/kb-gen.log")"
  if [[ -z $best || $(field p999 "$work/run.json") -lt $best ]]; then
    best=$(field p999 "$work/run.json")
    mv "$work/run.json" "$work/schedule.json"
  fi
done
error_p50=$(field p50 "$work/schedule.json")
error_p99=$(field p99 "$work/schedule.json")
error_max=$(field max "$work/schedule.json")
achieved=$(field achievedRate "$work/schedule.json")
printf 'kb-gen at %s/s, the best of %s runs: %s/s achieved; late by p50 %s, p99 %s, p99.9 %s, max %s ns\n\n' "$rate" "$RUNS" \
  "$achieved" "$error_p50" "$error_p99" "$best" "$error_max"

printf '%-16s %14s %10s\n' generator 'messages/s' 'of trafgen'
declare -A ceiling
for program in kb-gen kb-gen-packet kb-gen-afxdp; do
  [[ -x $build/tools/$program ]] || continue
  generate "$program" 20000000 # more than any of them can
  ceiling[$program]=$arrived
done

if command -v trafgen >/dev/null; then
  # The same frame, by trafgen's own description; one process, as kb-gen is one sending thread.
  cat >"$work/frame.cfg" <<CFG
{
  eth(da=$mac, sa=$(cat /sys/class/net/kbg0/address)),
  ipv4(sa=10.0.0.1, da=10.0.0.2, ttl=64),
  udp(sp=40000, dp=9000),
  fill(0x5a, $size)
}
CFG
  before=$(packets)
  start=$(date +%s%N)
  timeout --signal=INT "$seconds" taskset --cpu-list "$core" trafgen --dev kbg0 --conf "$work/frame.cfg" \
    --cpus 1 --no-cpu-stats >"$work/trafgen.log" 2>&1 || true
  ceiling[trafgen]=$((($(packets) - before) * 1000000000 / ($(date +%s%N) - start)))
  [[ ${ceiling[trafgen]} -gt 0 ]] || die "trafgen: $(tail -n 3 "$work/trafgen.log")"
fi

for program in kb-gen kb-gen-packet kb-gen-afxdp trafgen; do
  [[ -n ${ceiling[$program]:-} ]] || continue
  ratio=-
  [[ -z ${ceiling[trafgen]:-} ]] ||
    ratio=$(awk -v a="${ceiling[$program]}" -v b="${ceiling[trafgen]}" 'BEGIN { printf "%.2f", a / b }')
  printf '%-16s %14s %10s\n' "$program" "${ceiling[$program]}" "$ratio"
done
[[ -n ${ceiling[trafgen]:-} ]] || echo 'no trafgen (package netsniff-ng): nothing to compare with'

[[ -n $json ]] || exit 0
{
  printf '{\n  "rate": %s,\n  "achievedRate": %s,\n' "$rate" "$achieved"
  printf '  "scheduleErrorNs": { "p50": %s, "p99": %s, "p999": %s, "max": %s },\n  "ceiling": {' \
    "$error_p50" "$error_p99" "$best" "$error_max"
  separator=
  for program in "${!ceiling[@]}"; do
    printf '%s\n    "%s": %s' "$separator" "$program" "${ceiling[$program]}"
    separator=,
  done
  printf '\n  }\n}\n'
} >"$json"
