#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# check_says STATUS TEXT: kb-check's verdict
check_says() {
  printf '#!/bin/bash\nprintf "kb-check %%s\\n" "$*" >>"$CALLS"\n[[ "$*" == *--quiet* ]] || cat <<"TEXT"\n%s\nTEXT\nexit %s\n' "$2" "$1" >"$KB_ROOT/opt/kb/bin/kb-check"
}

prepare() {
  aws_stand_in
  file /proc/uptime '42.10 80.00'
  # every unit took 1.5 s to become active
  echo 0 >"$KB_ROOT/restarts"
  reader systemctl '[[ $1 != is-failed ]] || { [[ -e $KB_ROOT/failed ]]; exit; }
    [[ $1 != is-active ]] || { [[ ! -e $KB_ROOT/failed && ! -e $KB_ROOT/ended ]]; exit; }
    case $3 in NRestarts) cat $KB_ROOT/restarts ;; InactiveExit*) echo 2000000 ;; ActiveEnter*) echo 3500000 ;; esac'
  reader sleep ''
  check_says 0 'PASS driver         ena, the kernel'"'"'s
PASS mtu            3498
PASS receiver       kernel with handler count, 2 queues'
}

@test "everything is true: success, once, with what is in force" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  step ready
  assert_status 0
  [[ $(signalled Status) == SUCCESS && $(signalled Reason) == 'Demo-Feed is receiving' ]]
  [[ $(signalled Data) == "kernel: PASS driver ena, the kernel's;PASS receiver kernel with handler count, 2 queues" ]]
  step ready # the next boot
  assert_status 0
  [[ $(signals) == 1 ]]
}

@test "a check that fails keeps the signal back and is the last word" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  sed -i 's/wait_for 60/wait_for 0/' "$KB_ROOT/opt/kb/steps/ready"
  check_says 1 'PASS plan           version 1
FAIL mtu            9001, planned 3498; restart it'
  printf '#!/bin/bash\n[[ "$*" != *--quiet* ]] || exit 0\nprintf "%%s\\n" "PASS plan           version 1" "FAIL mtu            9001, planned 3498; restart it"\nexit 1\n' >"$KB_ROOT/opt/kb/bin/kb-check"
  step ready
  assert_status 1
  [[ ${lines[-1]} == '<3>not ready: FAIL mtu            9001, planned 3498; restart it' ]]
  [[ $(signals) == 0 ]]
}

@test "a receiver that does not advance is waited for, then told" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  sed -i 's/wait_for 60/wait_for 1/' "$KB_ROOT/opt/kb/steps/ready"
  check_says 1 'FAIL receiver       its heartbeat stands still'
  step ready
  assert_status 1
  assert_output_has 'the receiver does not advance: FAIL receiver       its heartbeat stands still'
}

@test "a receiver that crashes while it is watched is not ready" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  reader sleep 'echo 1 >"$KB_ROOT/restarts"'
  step ready
  assert_status 1
  assert_output_has 'the receiver ended or restarted while it was watched for 10 s'
  [[ $(signals) == 0 ]]
}

@test "a receiver that ends while it is watched, or waits for its restart, is not ready" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  reader sleep 'touch "$KB_ROOT/ended"'
  step ready
  assert_status 1
  assert_output_has 'the receiver ended or restarted while it was watched for 10 s'
  [[ $(signals) == 0 ]]
}

@test "a receiver that has failed for good is not waited for" {
  plan KB_SIGNAL_URL="$ORIGIN/signal"
  touch "$KB_ROOT/failed"
  check_says 1 'FAIL receiver       no stats page'
  reader sleep 'exit 99'
  step ready
  assert_status 1
  assert_output_has 'not ready: FAIL receiver       no stats page'
}

@test "the phases of the boot are kept and sent, those before a reboot as well" {
  local listener
  python3 -c 'import socket,sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); s.settimeout(60)
open(sys.argv[1] + ".port", "w").write(str(s.getsockname()[1]))
out = open(sys.argv[1], "w")
while True:
    line = s.recv(512).decode(); out.write(line + "\n"); out.flush()
    if "Phase:ready" in line: break' "$BATS_TEST_TMPDIR/statsd" 3>&- &
  listener=$!
  until [[ -s $BATS_TEST_TMPDIR/statsd.port ]]; do sleep 0.05; done
  plan KB_STATSD="127.0.0.1:$(<"$BATS_TEST_TMPDIR/statsd.port")"
  file /var/lib/kb/boot-phases.before-reboot 'install 95.000
before-reboot 121.5'
  step ready
  assert_status 0
  wait "$listener"
  grep -qx 'before-reboot 121.5' "$KB_ROOT/var/lib/kb/boot-phases"
  grep -qx 'data-nic 1.500' "$KB_ROOT/var/lib/kb/boot-phases"
  grep -qx 'ready 42.10' "$KB_ROOT/var/lib/kb/boot-phases"
  grep -qx 'BootPhaseSeconds:1.500|g|#Name:Demo-Feed,Phase:receiver' "$BATS_TEST_TMPDIR/statsd"
  [[ ! -e $KB_ROOT/var/lib/kb/boot-phases.before-reboot ]]
}

@test "a host launched when the wait is long over is ready all the same, at every boot" {
  plan KB_SIGNAL_URL="$ORIGIN/expired"
  step ready
  assert_status 0
  assert_output_has 'the wait is over and its address has expired: SUCCESS Demo-Feed is receiving'
  step ready
  assert_status 0
  [[ ! -e $KB_ROOT/var/lib/kb/signalled ]]
}

@test "a wait condition that refuses for another reason has not been told" {
  plan KB_SIGNAL_URL="$ORIGIN/denied"
  step ready
  assert_status 1
  assert_output_has 'the wait condition refused (403 Access Denied): does an endpoint policy'
  [[ ! -e $KB_ROOT/var/lib/kb/signalled ]]
}

@test "a missing key is named" {
  plan
  unset KB_NAME
  step ready
  assert_status 2
  assert_output_has KB_NAME
}
