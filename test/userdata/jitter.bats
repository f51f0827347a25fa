#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

prepare() {
  cat >"$KB_ROOT/opt/kb/bin/kb-jitter" <<'TOOL'
#!/bin/bash
printf 'kb-jitter %s\n' "$*" >>"$CALLS"
printf '%s\n' 'cpu 2 max 18250 p9999 120 gaps 4 ns' 'cpu 3 max 57001 p9999 130 gaps 9 ns'
TOOL
  chmod +x "$KB_ROOT/opt/kb/bin/kb-jitter"
  without oslat
}

@test "under the limit: passes, and the number is kept" {
  plan
  step jitter
  assert_status 0
  assert_output_has 'the longest interruption was 58 us, on CPU 3'
  assert_file /run/kb/jitter '3 58 1 kb-jitter'
  assert_calls <<<'kb-jitter --cores 2,3 --seconds 1'
}

@test "over the limit: fails with the core, the gap and the limit" {
  plan KB_JITTER_MAX_US=50
  step jitter
  assert_status 1
  assert_output_has "CPU 3 was taken away for 58 us, and 'KB_JITTER_MAX_US' is 50"
}

@test "twice: not measured again while the receiver has the cores" {
  plan
  step jitter
  forget_calls
  step jitter
  assert_status 0
  assert_no_calls
}

@test "failed: measured again" {
  plan KB_JITTER_MAX_US=50
  step jitter
  forget_calls
  step jitter
  assert_status 1
  assert_calls <<<'kb-jitter --cores 2,3 --seconds 1'
}

@test "no gate planned: nothing happens" {
  plan KB_JITTER_MAX_US=0
  step jitter
  assert_status 0
  assert_no_calls
}

@test "oslat is used where there is one" {
  plan
  stub oslat 'printf "%s\n" "oslat V 2.40" "        Core:	 2 3" "     Minimum:	 1 1 (us)" "     Maximum:	 12 34 (us)" "     Max-Min:	 11 33 (us)"'
  step jitter
  assert_status 0
  assert_file /run/kb/jitter '3 34 1 oslat'
  assert_calls <<<'oslat --quiet --cpu-list 2,3 --cpu-main-thread 0 --duration 1s'
}

@test "a tool that measures nothing is no pass" {
  plan
  printf '#!/bin/bash\nexit 0\n' >"$KB_ROOT/opt/kb/bin/kb-jitter"
  step jitter
  assert_status 1
  assert_output_has 'kb-jitter measured nothing on cores 2,3'
}

@test "a missing key is named" {
  plan
  unset KB_JITTER_SECONDS
  step jitter
  assert_status 2
  assert_output_has KB_JITTER_SECONDS
}
