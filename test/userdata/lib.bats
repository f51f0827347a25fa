#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the steps share, on its own.
load helpers

prepare() {
  # shellcheck source=/dev/null
  source "$REPOSITORY/userdata/lib/cpus.sh"
}

@test "CPU lists expand, unite and overlap as the kernel's do" {
  cpus_of 5,0-2,1 && [[ ${cpus[*]} == '0 1 2 5' ]]
  cpus_of '' && [[ ${cpus[*]} == '' ]]
  cpus_both 0-9 2,11,3 && [[ ${cpus[*]} == '2 3' ]]
  run ! cpus_both 10 1
  run ! cpus_both '' 1
  [[ $(cpus_list 2,3 8,4-5) == 2-5,8 ]]
  [[ $(cpus_list '' 7) == 7 ]]
  [[ $(cpus_list '') == '' ]]
}

@test "CPU masks have groups of 32 bits, and compare whatever their width" {
  [[ $(cpus_mask 0-1) == 00000003 ]]
  [[ $(cpus_mask 2,33,127) == 80000000,00000000,00000002,00000004 ]]
  [[ $(cpus_mask '') == 00000000 ]]
  [[ $(mask_value 00000000,00000003) == "$(mask_value 3)" ]]
  [[ $(mask_value 00000000) == 0 ]]
}

@test "driver versions compare by number, and the kernel's own is below all" {
  source "$REPOSITORY/userdata/lib/nic.sh"
  at_least 2.17.2 2.17.0
  at_least 2.17.0 2.17.0
  run ! at_least 2.9.1 2.17.0
  run ! at_least mainline 2.0.0
  reader ethtool 'echo "version: 2.17.2g"'
  [[ $(ena_version x) == 2.17.2 ]]
  reader ethtool 'echo "version: 6.12.107+deb13-cloud-amd64"'
  [[ $(ena_version x) == mainline ]]
  reader ethtool 'echo "version: 6.8.0"'
  reader uname 'echo 6.8.0'
  [[ $(ena_version x) == mainline ]]
}

@test "networks and their routers" {
  source "$REPOSITORY/userdata/lib/nic.sh"
  [[ $(network_of 10.0.1.77 24) == 10.0.1.0 && $(router_of 10.0.1.0) == 10.0.1.1 ]]
  [[ $(network_of 10.0.1.77 28) == 10.0.1.64 && $(router_of 10.0.1.64) == 10.0.1.65 ]]
  [[ $(network_of 172.31.200.9 16) == 172.31.0.0 ]]
}

@test "json survives any bytes" {
  local out
  out=$(python3 "$REPOSITORY/userdata/lib/to-json.py" object a $'quote " back \\ new\nline \xff' b '')
  python3 -c 'import json,sys; d = json.loads(sys.argv[1]); assert d == {"a": "quote \" back \\ new\nline \ufffd", "b": ""}, d' "$out"
  out=$(printf 'x\t\ty\n' | python3 "$REPOSITORY/userdata/lib/to-json.py" rows a b c)
  [[ $out == '[{"a": "x", "b": "", "c": "y"}]' ]]
  run python3 "$REPOSITORY/userdata/lib/to-json.py" table
  [[ $status != 0 ]]
}

@test "set_value reads back, remembers the first value, and tells when the kernel refuses" {
  source "$REPOSITORY/userdata/lib/common.sh"
  file /sys/x 1
  set_value /sys/x 2 2>/dev/null
  set_value /sys/x 3 2>/dev/null
  assert_file /sys/x 3
  assert_file /run/kb/undo/values $'/sys/x\t1'
  unwritable /sys/y
  run ! set_value /sys/y 1
  run ! set_value /sys/absent 1
}

@test "put replaces whole files, keeps their mode, and is silent when nothing differs" {
  source "$REPOSITORY/userdata/lib/common.sh"
  put "$KB_ROOT/a/b" 0600 <<<text 2>/dev/null
  [[ $changed == yes && $(stat -c %a "$KB_ROOT/a/b") == 600 ]]
  put "$KB_ROOT/a/b" <<<text
  [[ -z $changed && $(ls -A "$KB_ROOT/a") == b ]]
}
