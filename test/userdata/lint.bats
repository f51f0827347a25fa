#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

@test "shellcheck finds nothing, whatever the style" {
  command -v shellcheck >/dev/null || skip 'needs shellcheck'
  cd "$REPOSITORY/userdata"
  run shellcheck -x -S style bootstrap.sh bin/* checks/* lib/*.sh steps/*
  assert_status 0
}

@test "every script says its licence and runs by itself" {
  local each
  for each in "$REPOSITORY"/userdata/{steps,bin}/* "$REPOSITORY/userdata/bootstrap.sh"; do
    [[ $(head -n1 "$each") == '#!/bin/bash' ]]
    [[ -x $each || $each == *.sh ]]
  done
  run grep -RL 'SPDX-License-Identifier: Apache-2.0' "$REPOSITORY"/userdata/{bin,checks,lib,steps,bootstrap.sh}
  [[ -z $output ]]
}

@test "a step reads the plan only by keys it declared, and names of the plan" {
  local step key
  for step in "$REPOSITORY"/userdata/steps/*; do
    for key in $(sed -n 's/^require //p' "$step"); do
      # host.env's keys are what data-nic found
      [[ $key == KB_DATA_IFACE ]] || grep -q "^$key=" "$BATS_TEST_DIRNAME/fixtures/plan.env"
    done
  done
  # whatever is used without a default must be a key of the plan, of host.env, or of the tests
  for key in $(grep -rhoE '\$\{?KB_[A-Z0-9_]+' "$REPOSITORY"/userdata/{steps,lib} | tr -d '${' | sort -u); do
    grep -qE "^$key=" "$BATS_TEST_DIRNAME/fixtures/plan.env" || [[ $key =~ ^KB_(ROOT|DATA_(DRIVER|IFACE|MAC|PCI)|PLAN_VERSION)$ ]] || {
      echo "$key"
      return 1
    }
  done
}

@test "every group of packages that the steps ask for is in every table" {
  local table group
  for table in al2023 debian13 ubuntu2404; do
    for group in runtime build libbpf libxdp dpdk libxdp-source dpdk-source igb_uio; do
      grep -qE "^$group( |$)" "$REPOSITORY/userdata/packages/$table"
    done
  done
}

@test "every source is pinned by a whole SHA-256 and has an address" {
  local name version sum file url rest
  while read -r name version sum file url rest; do
    [[ $name == '#' || $name == '' ]] || [[ $sum =~ ^[0-9a-f]{64}$ && $file == "$name-$version"* && $url == https://* ]]
  done < <(grep -v '^#' "$REPOSITORY/userdata/packages/sources")
}
