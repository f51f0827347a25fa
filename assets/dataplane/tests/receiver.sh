# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced after veth.sh by tests that start a receiver: its life and its report. $build is the build
# directory; the receiver's process is $receiver, and what it printed is in $work/rx.log.
# shellcheck disable=SC2154 # build: the test, work: veth.sh

# start PROGRAM [KEY=VALUE...]: a receiver that has reported ready
start() {
  start_as '' "$@"
}

# start_as COMMAND PROGRAM [KEY=VALUE...]: the same under a command that ends in an exec of it
start_as() {
  local as program=$2
  read -ra as <<<"$1"
  shift 2
  rm -f "$KB_STATS_PAGE"
  env "$@" "${as[@]}" "$build/$program" >"$work/rx.log" 2>&1 &
  receiver=$!
  for _ in {1..300}; do
    "$build/tools/kb-stats" --json 2>/dev/null | grep -q '"ready":true' && return
    kill -0 "$receiver" 2>/dev/null || break
    sleep 0.1
  done
  fail "$program did not start: $(cat "$work/rx.log")"
}

# stop: ends it in order, once it has taken what is on its way and read what others counted; its
# report is in rx.log
stop() {
  sleep 0.5
  kill -TERM "$receiver"
  wait "$receiver" || fail "the receiver ended with $?: $(cat "$work/rx.log")"
}

# ends STATUS TEXT: it ends by itself, with this reason
ends() {
  local code=0
  for _ in {1..300}; do
    kill -0 "$receiver" 2>/dev/null || break
    sleep 0.1
  done
  ! kill -0 "$receiver" 2>/dev/null || fail "it goes on: $(cat "$work/rx.log")"
  wait "$receiver" || code=$?
  [[ $code -eq $1 ]] || fail "ended with $code instead of $1: $(cat "$work/rx.log")"
  grep -qF -- "$2" "$work/rx.log" || fail "no \"$2\" in: $(cat "$work/rx.log")"
}

# logged TEXT: it prints this, now or soon
logged() {
  for _ in {1..100}; do
    grep -qF -- "$1" "$work/rx.log" && return
    sleep 0.1
  done
  fail "no \"$1\" in: $(cat "$work/rx.log")"
}

# reported NAME: a number of the final report, 0 when it is not there
reported() {
  awk -v name="$1" '$1 == name && $2 ~ /^[0-9]/ { n = $2 } END { print n + 0 }' "$work/rx.log"
}

# showing NAME: a number of the stats page as it is now
showing() {
  "$build/tools/kb-stats" --json | sed -n "s/.*\"$1\":\([0-9]*\),.*/\1/p"
}

# logs: what everybody who took part had to say
logs() {
  find "$work" -maxdepth 1 '(' -name '*.log' -o -name '*.json' ')' -exec tail -n +1 -v {} +
}

# same WHAT GOT WANTED
same() {
  [[ $2 -eq $3 ]] || fail "$1 is $2, not $3. $(logs)"
}

# explained: no gap without a cause
explained() {
  grep -q '^gaps .* unexplained 0$' "$work/rx.log" || fail "unexplained: $(cat "$work/rx.log")"
}
