#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

prepare() {
  plan KB_HEALTH_SECONDS=30
  rounds 6
  receiver dead
  reader imds 'exit 1'
  # the metadata service, and the group
  stub curl 'case $* in
    *api/token) echo token ;;
    *instance-id) echo i-0123 ;;
    *security-credentials/) echo host-role ;;
    *security-credentials/host-role) printf "%s\n" "{\"AccessKeyId\" : \"AKIA\"," "\"SecretAccessKey\" : \"secret\"," "\"Token\" : \"session\"}" ;;
    *services/domain) echo amazonaws.com ;;
    *SetInstanceHealth*) cat >>"$KB_ROOT/credentials"; exit "$(cat "$KB_ROOT/answer")" ;;
  esac'
  echo 0 >"$KB_ROOT/answer"
}

# rounds N: how often the step may sleep before its time is over
rounds() {
  echo "$1" >"$KB_ROOT/rounds"
  reader sleep 'n=$(<"$KB_ROOT/rounds"); ((n > 0)) || exit 1; echo $((n - 1)) >"$KB_ROOT/rounds"'
}

# receiver STATE...: what kb-check finds, one state a round; the last one stays
receiver() {
  printf '%s\n' "$@" >"$KB_ROOT/states"
  printf '%s\n' '#!/bin/bash' '[[ "$*" == "--quiet --only receiver" ]] || exit 9' \
    's=$(head -n1 "$KB_ROOT/states"); [[ $(wc -l <"$KB_ROOT/states") == 1 ]] || sed -i 1d "$KB_ROOT/states"; [[ $s == alive ]]' \
    >"$KB_ROOT/opt/kb/bin/kb-check"
}

told() { grep -c SetInstanceHealth "$CALLS" || :; }

@test "a host without a group ends at once" {
  plan KB_HEALTH_SECONDS=0
  step health
  assert_status 0
  [[ $(<"$KB_ROOT/rounds") == 6 ]]
  assert_no_calls
}

@test "a receiver that lives is nobody's business" {
  receiver alive
  step health
  assert_status 0
  assert_no_calls
}

@test "a receiver that is dead for long enough is told, signed, and told again" {
  step health
  assert_status 0
  [[ $(told) == 2 ]]
  grep -q -- '--aws-sigv4 aws:amz:eu-west-1:autoscaling .*InstanceId=i-0123&HealthStatus=Unhealthy&ShouldRespectGracePeriod=true https://autoscaling.eu-west-1.amazonaws.com/$' "$CALLS"
  assert_output_has 'the receiver has been dead for 30 s'
}

@test "credentials are not on a command line" {
  step health
  refute_output_has secret
  run grep -c 'secret\|session' "$CALLS"
  [[ $output == 0 ]]
  grep -q 'user = "AKIA:secret"' "$KB_ROOT/credentials"
  grep -q 'x-amz-security-token: session' "$KB_ROOT/credentials"
}

@test "a receiver that comes back in time is not told of" {
  receiver dead dead alive dead dead alive
  step health
  [[ $(told) == 0 ]]
}

@test "a group that cannot be told is told of in the journal, and tried again" {
  echo 22 >"$KB_ROOT/answer"
  reader aws 'exit 1'
  step health
  assert_status 0
  [[ $(told) == 2 ]]
  assert_output_has 'may the role call autoscaling:SetInstanceHealth?'
}

@test "a metadata service that does not answer ends nothing either" {
  stub curl 'exit 7'
  step health
  assert_status 0
  assert_output_has 'could not be told'
}

@test "a curl that cannot sign is helped by the aws command" {
  echo 2 >"$KB_ROOT/answer"
  stub aws
  step health
  grep -qx 'aws autoscaling set-instance-health --instance-id i-0123 --health-status Unhealthy --region eu-west-1' "$CALLS"
  assert_output_has 'told the Auto Scaling group'
}

@test "a plan without its key is refused" {
  unset KB_HEALTH_SECONDS
  step health
  assert_status 2
  assert_output_has 'the plan lacks KB_HEALTH_SECONDS'
}
