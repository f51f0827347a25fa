#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

agent() {
  local bin=$KB_ROOT/opt/aws/amazon-cloudwatch-agent/bin
  mkdir -p "$bin"
  printf '#!/bin/bash\nprintf "agent-ctl %%s\\n" "$*" >>"$CALLS"\n' >"$bin/amazon-cloudwatch-agent-ctl"
  chmod +x "$bin/amazon-cloudwatch-agent-ctl"
}

prepare() {
  file /opt/kb/asset/cloudwatch/agent.json '{"metrics":{}}'
  reader systemctl 'exit 0'
}

@test "no agent on this system: a warning that says what is lost" {
  plan
  step cloudwatch
  assert_status 0
  assert_output_has '<4>no CloudWatch agent: debian13 does not package it'
}

@test "the agent gets our configuration and starts; the second run does nothing" {
  plan KB_OS=al2023
  agent
  step cloudwatch
  assert_status 0
  assert_calls <<<"agent-ctl -a fetch-config -m ec2 -s -c file:$KB_ROOT/opt/kb/asset/cloudwatch/agent.json"
  forget_calls
  step cloudwatch
  assert_status 0
  assert_no_calls
}

@test "a changed configuration is given again" {
  plan KB_OS=al2023
  agent
  step cloudwatch
  forget_calls
  file /opt/kb/asset/cloudwatch/agent.json '{"metrics":{"namespace":"KernelBypass"}}'
  step cloudwatch
  [[ -s $CALLS ]]
}

@test "an agent that does not run with it is a failure" {
  plan KB_OS=al2023
  agent
  reader systemctl 'exit 3'
  step cloudwatch
  assert_status 1
  assert_output_has 'the CloudWatch agent does not run with our configuration'
}

@test "a missing key is named" {
  plan
  unset KB_OS
  step cloudwatch
  assert_status 2
  assert_output_has KB_OS
}
