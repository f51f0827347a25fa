# shellcheck shell=bash disable=SC2154 # status and output are bats's
# SPDX-License-Identifier: Apache-2.0
# Steps run for real, against a folder (KB_ROOT), with every command that would change the machine
# replaced by a stub that records how it was called.
bats_require_minimum_version 1.5.0
readonly REPOSITORY=${BATS_TEST_DIRNAME%/test/userdata}

setup() {
  export KB_ROOT=$BATS_TEST_TMPDIR/root
  export CALLS=$BATS_TEST_TMPDIR/calls
  STUBS=$BATS_TEST_TMPDIR/stubs
  PATH=$STUBS:$PATH
  mkdir -p "$STUBS" "$KB_ROOT"/{proc,sys,etc/kb,run/kb,var/lib/kb}
  mkdir -p "$KB_ROOT/opt/kb"
  cp -R "$REPOSITORY"/userdata/{bin,checks,lib,packages,steps} "$KB_ROOT/opt/kb/"
  : >"$CALLS"
  prepare
}

# A test file says here what its host looks like.
prepare() { :; }

# plan KEY=VALUE...: the fixture's plan with these differences, for the next step.
plan() {
  local pair
  set -a
  # shellcheck source=/dev/null
  source "$BATS_TEST_DIRNAME/fixtures/plan.env"
  for pair; do
    declare -g "$pair"
    export "${pair%%=*}"
  done
  set +a
}

# step NAME [ARGUMENT...]: runs it; $status and $output as with `run`.
step() {
  run "$KB_ROOT/opt/kb/steps/$1" "${@:2}"
}

# stub NAME [BODY]: records each call; BODY decides what it prints and returns.
stub() {
  printf '#!/bin/bash\nprintf "%%s\\n" "%s${*:+ $*}" >>"$CALLS"\n%s\n' "$1" "${2:-}" >"$STUBS/$1"
  chmod +x "$STUBS/$1"
}

# reader NAME BODY: a stub whose calls are not recorded, because they change nothing.
reader() {
  printf '#!/bin/bash\n%s\n' "$2" >"$STUBS/$1"
  chmod +x "$STUBS/$1"
}

# without COMMAND: as if this machine did not have it.
without() {
  local farm=$BATS_TEST_TMPDIR/farm folder
  mkdir "$farm"
  for folder in ${PATH//:/ }; do
    [[ $folder == "$STUBS" ]] || ln -s "$folder"/* "$farm/" 2>/dev/null || :
  done
  rm -f "$farm/$1"
  PATH=$STUBS:$farm
}

# needs COMMAND...: skips the test on a machine without one of them.
needs() {
  local each
  for each; do command -v "$each" >/dev/null || skip "needs $each"; done
}

# file PATH CONTENT: below KB_ROOT.
file() {
  mkdir -p "$(dirname "$KB_ROOT$1")"
  printf '%s\n' "$2" >"$KB_ROOT$1"
}

# unwritable PATH: a file that reads 256 and refuses to be written, even by root.
unwritable() {
  mkdir -p "$(dirname "$KB_ROOT$1")"
  ln -sfn /proc/sys/kernel/random/poolsize "$KB_ROOT$1"
}

# aws: the services a host talks to, as $ORIGIN; what curl asks the metadata address leads there.
aws_stand_in() {
  AWS=$BATS_TEST_TMPDIR/aws
  mkdir -p "$AWS/bucket"
  python3 "$BATS_TEST_DIRNAME/aws-stand-in.py" "$AWS" 3>&- &
  SERVER=$!
  until [[ -e $AWS/port ]]; do sleep 0.05; done
  ORIGIN=http://127.0.0.1:$(<"$AWS/port")
  REAL_CURL="$(command -v curl) \"\$@\" --retry 0 --connect-to 169.254.169.254:80:${ORIGIN#http://}"
  reader curl "exec $REAL_CURL"
}

teardown() { [[ -z ${SERVER:-} ]] || kill "$SERVER"; }

# signalled KEY: of the first signal
signalled() { python3 -c 'import json,sys; print(json.loads(sys.stdin.readline())[sys.argv[1]])' "$1" <"$AWS/signals"; }
signals() { cat "$AWS/signals" 2>/dev/null | wc -l; }

forget_calls() { : >"$CALLS"; }

# assert_calls: exactly the calls on stdin, in that order.
assert_calls() { diff -u --label expected --label called - "$CALLS"; }
assert_no_calls() { assert_calls </dev/null; }

assert_status() {
  [[ $status == "$1" ]] || {
    printf 'exit status %s, expected %s; output:\n%s\n' "$status" "$1" "$output"
    return 1
  }
}

assert_output_has() {
  [[ $output == *"$1"* ]] || {
    printf 'output lacks "%s":\n%s\n' "$1" "$output"
    return 1
  }
}

refute_output_has() {
  [[ $output != *"$1"* ]] || {
    printf 'output has "%s":\n%s\n' "$1" "$output"
    return 1
  }
}

# assert_file PATH CONTENT
assert_file() {
  diff -u --label expected --label "$1" <(printf '%s\n' "$2") "$KB_ROOT$1"
}
