#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

prepare() {
  aws_stand_in
  # a unit that failed with exit status 2, and its last words, newest last
  reader systemctl 'case $3 in kb-receiver.service) exit 0 ;; esac
    case $1 in is-failed) exit 1 ;; esac
    case $3 in Wants) cat $KB_ROOT/wants 2>/dev/null ;; ActiveState) echo failed ;; Result) echo exit-code ;; ExecMainStatus) echo 2 ;; InvocationID) echo cafe ;; esac'
  reader journalctl '[[ "$*" == *_SYSTEMD_INVOCATION_ID=cafe* ]] || exit 0
    printf "%s\n" "reserving" "node1 gave 256 of 512 huge pages of 2048 kB: plan fewer"'
}

@test "the reason names the unit, its end and its last words first" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  step notify-failure kb-step-hugepages.service
  assert_status 0
  [[ $(signalled Status) == FAILURE && $(signalled UniqueId) == i-0123456789abcdef0 && $(signalled Data) == kb-step-hugepages.service ]]
  [[ $(signalled Reason) == 'kb-step-hugepages failed (exit-code 2): node1 gave 256 of 512 huge pages of 2048 kB: plan fewer | reserving' ]]
}

@test "a crash is called one, and where to look is named" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  reader systemctl 'case $3 in ActiveState) echo failed ;; Result) echo core-dump ;; ExecMainStatus) echo 6 ;; InvocationID) echo cafe ;; esac
    [[ $1 != is-failed ]]'
  step notify-failure kb-receiver.service
  assert_status 0
  [[ $(signalled Reason) == "kb-receiver failed (core-dump 6; it crashed, or its handler did: mend it with 'journalctl -u kb-receiver' of the host): "* ]]
}

@test "the plan that a receiver prints when it starts is no reason" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  reader journalctl '[[ "$*" != *--unit* ]] || { echo "Main process exited, code=dumped, status=6/ABRT"; exit; }
    [[ "$*" == *_SYSTEMD_INVOCATION_ID=cafe* ]] || exit 0
    printf "%s\n" "$(cat "$KB_ROOT/said" 2>/dev/null)" "KB_PLANE=\"kernel\"" "KB_MTU=\"9001\"" | sed "/^$/d"'
  step notify-failure kb-step-hugepages.service
  [[ $(signalled Reason) == 'kb-step-hugepages failed (exit-code 2): Main process exited, code=dumped, status=6/ABRT' ]]
  rm "$AWS/signals" "$KB_ROOT/var/lib/kb/signalled"
  echo 'book.c:7: Assertion failed' >"$KB_ROOT/said"
  step notify-failure kb-step-hugepages.service
  [[ $(signalled Reason) == 'kb-step-hugepages failed (exit-code 2): book.c:7: Assertion failed' ]]
}

@test "once: the second failure is only logged" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  step notify-failure kb-step-hugepages.service
  step notify-failure kb-receiver.service
  assert_status 0
  assert_output_has 'the stack has been told FAILURE; not again'
  [[ $(signals) == 1 ]]
}

@test "two at the same moment: one signal" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  "$KB_ROOT/opt/kb/steps/notify-failure" kb-stats.service 2>/dev/null 3>&- &
  "$KB_ROOT/opt/kb/steps/notify-failure" kb-receiver.service 2>/dev/null 3>&- &
  wait -n
  wait -n
  [[ $(signals) == 1 ]]
}

@test "a unit that never ran, because another failed, is silent" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  reader systemctl '[[ $1 != is-failed ]] || exit 1; echo inactive'
  step notify-failure kb-ready.service
  assert_status 0
  [[ $(signals) == 0 ]]
}

@test "a unit that systemd starts again has not failed yet" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  reader systemctl '[[ $1 != is-failed ]] || exit 1; echo activating'
  step notify-failure kb-receiver.service
  assert_status 0
  assert_output_has 'kb-receiver.service is started again'
  [[ $(signals) == 0 ]]
}

@test "the proof leaves the word to a receiver that has failed itself" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  echo 'kb-receiver.service kb-stats.service' >"$KB_ROOT/wants"
  step notify-failure kb-ready.service
  assert_status 0
  assert_output_has 'kb-ready.service failed because kb-receiver.service did'
  [[ $(signals) == 0 ]]
}

@test "quotes, newlines and broken UTF-8 of a log reach the stack as JSON" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  reader journalctl 'printf "a \"quoted\" \\\\ path\tand \xff\xfe bytes\n"'
  step notify-failure kb-receiver.service
  assert_status 0
  [[ $(signalled Reason) == *'a "quoted" \ path'* ]]
}

@test "a long log is cut at 1000 characters, its end kept" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  reader journalctl 'for i in {1..10}; do printf "line %s %0200d\n" $i 0; done; echo "the reason"'
  step notify-failure kb-receiver.service
  [[ $(signalled Reason) == 'kb-receiver failed (exit-code 2): the reason |'* ]]
  (($(signalled Reason | wc -m) == 1001)) # and a newline
}

@test "a unit that said nothing itself: what systemd said of it" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  reader journalctl '[[ "$*" != *--unit* ]] || echo "kb-stats.service: Failed at step EXEC: No such file"'
  step notify-failure kb-stats.service
  [[ $(signalled Reason) == *'Failed at step EXEC'* ]]
}

@test "a host without a wait condition logs it and is content" {
  plan KB_SIGNAL_URL=
  step notify-failure kb-stats.service
  assert_status 0
  assert_output_has 'no wait condition to tell: FAILURE kb-stats failed'
}

@test "a handle that does not answer: no marker, so that a later failure tries again" {
  plan KB_SIGNAL_URL=http://127.0.0.1:1/signal
  step notify-failure kb-stats.service
  assert_status 1
  [[ ! -e $KB_ROOT/var/lib/kb/signalled ]]
}

@test "a failure after the wait is over is only logged" {
  plan KB_SIGNAL_URL="$ORIGIN/expired"
  step notify-failure kb-stats.service
  assert_status 0
  assert_output_has 'its address has expired: FAILURE kb-stats failed'
}

@test "a handle that is gone: an error with its status" {
  plan KB_SIGNAL_URL="$ORIGIN/nowhere"
  step notify-failure kb-stats.service
  assert_status 1
  assert_output_has 'the wait condition refused (404 )'
}

@test "no metadata service: the host's name stands for the instance" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  reader curl "for a; do [[ \$a != http://169.254.169.254/* ]] || exit 28; done; exec $REAL_CURL"
  step notify-failure kb-stats.service
  [[ $(signalled UniqueId) == "$(uname -n)" ]]
}

@test "a missing key is named" {
  plan
  unset KB_SIGNAL_URL
  step notify-failure kb-stats.service
  assert_status 2
  assert_output_has KB_SIGNAL_URL
}
