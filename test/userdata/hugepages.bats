#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

node() { # NUMBER PAGES
  file "/sys/devices/system/node/node$1/meminfo" "Node $1 MemTotal:       4000000 kB
Node $1 MemFree:        3000000 kB"
  file "/sys/devices/system/node/node$1/hugepages/hugepages-2048kB/nr_hugepages" "$2"
}

prepare() {
  node 0 0
  node 1 0
  file /proc/mounts 'hugetlbfs /dev/hugepages hugetlbfs rw,relatime,pagesize=2M 0 0'
  file /proc/sys/vm/compact_memory ''
  stub mount
}

@test "none planned: nothing happens" {
  plan
  step hugepages
  assert_status 0
  assert_no_calls
  [[ ! -e $KB_ROOT/run/kb/undo ]]
}

@test "reserves them on each node and remembers what there was" {
  plan KB_HUGEPAGES_PER_NODE=64
  step hugepages
  assert_status 0
  assert_file /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages 64
  assert_file /sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages 64
  run cat "$KB_ROOT/run/kb/undo/values"
  assert_output_has $'node0/hugepages/hugepages-2048kB/nr_hugepages\t0'
}

@test "enough already, even more: left alone" {
  plan KB_HUGEPAGES_PER_NODE=64
  node 0 64
  node 1 100
  step hugepages
  assert_status 0
  [[ -z $output ]]
  assert_file /sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages 100
}

@test "twice: the second run is silent" {
  plan KB_HUGEPAGES_PER_NODE=64
  step hugepages
  step hugepages
  assert_status 0
  [[ -z $output ]]
}

@test "a node without memory is passed over" {
  plan KB_HUGEPAGES_PER_NODE=64
  file /sys/devices/system/node/node2/meminfo 'Node 2 MemTotal: 0 kB'
  step hugepages
  assert_status 0
}

@test "too little memory: says which node gave how many" {
  plan KB_HUGEPAGES_PER_NODE=512
  unwritable /sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages
  step hugepages
  assert_status 1
  assert_output_has 'node1 gave 256 of 512 huge pages of 2048 kB (3000000 kB free)'
  assert_file /proc/sys/vm/compact_memory 1
  # what node 0 gave is the host's again
  assert_file /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages 0
}

@test "more than a node has: the kernel is not asked, for it would stop the host to look for them" {
  plan KB_HUGEPAGES_PER_NODE=4000
  file /sys/devices/system/node/node0/meminfo 'Node 0 MemTotal:       4000000 kB
Node 0 MemFree:        1000000 kB
Node 0 FilePages:       600000 kB
Node 0 Mapped:          200000 kB
Node 0 SReclaimable:     24000 kB'
  step hugepages
  assert_status 1
  assert_output_has 'node0 has 1390 MB to give, and 4000 huge pages of 2048 kB need 8000 MB: plan fewer'
  assert_file /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages 0
  assert_file /proc/sys/vm/compact_memory ''
}

@test "a page size the CPU lacks is refused" {
  plan KB_HUGEPAGES_PER_NODE=1 KB_HUGEPAGE_KB=1048576
  step hugepages
  assert_status 2
  assert_output_has "no huge pages of 1048576 kB ('KB_HUGEPAGE_KB')"
}

@test "pages of 1 GiB get a mount of their own" {
  plan KB_HUGEPAGES_PER_NODE=1 KB_HUGEPAGE_KB=1048576
  file /sys/devices/system/node/node0/hugepages/hugepages-1048576kB/nr_hugepages 1
  file /sys/devices/system/node/node1/hugepages/hugepages-1048576kB/nr_hugepages 1
  step hugepages
  assert_status 0
  assert_calls <<CALLS
mount -t hugetlbfs -o pagesize=1G none $KB_ROOT/dev/hugepages-1G
CALLS
}

@test "a missing key is named" {
  plan
  unset KB_HUGEPAGES_PER_NODE
  step hugepages
  assert_status 2
  assert_output_has KB_HUGEPAGES_PER_NODE
}
