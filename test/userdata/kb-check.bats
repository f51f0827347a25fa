#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Each check against a host where it passes, and one difference at a time where it must not.
load helpers

readonly PCI=0000:28:00.0

# A tuned host with AF_XDP in zero-copy mode: every check passes, or has a reason to skip.
prepare() {
  file /proc/cmdline 'root=/dev/vda1 isolcpus=managed_irq,domain,2-3 nohz_full=2-3 intel_idle.max_cstate=1'
  file /sys/devices/system/cpu/isolated 2-3
  file /sys/devices/system/cpu/nohz_full 2-3
  file /sys/devices/system/node/node0/meminfo 'Node 0 MemTotal: 4000000 kB'
  file /sys/devices/system/node/node0/cpulist 0-3
  pages 64
  file /proc/irq/24/smp_affinity_list 0
  file /proc/irq/25/smp_affinity_list 1
  file /proc/interrupts '            CPU0       CPU1       CPU2       CPU3
 24:         10          0          0          0  PCI-MSI  ena-mgmnt
 25:          0        900          0         40  PCI-MSI  ens6-Tx-Rx-0'
  file /sys/devices/system/clocksource/clocksource0/current_clocksource tsc
  file /sys/devices/system/cpu/cpuidle/current_driver intel_idle
  idle 0 POLL 0
  idle 1 C1 2
  file /run/kb/jitter '3 58 5 kb-jitter'
  file /sys/class/net/ens6/address 0a:00:00:00:00:06
  file /sys/class/net/ens6/mtu 3498
  mkdir -p "$KB_ROOT/sys/bus/pci/devices/$PCI" "$KB_ROOT/opt/aws/amazon-cloudwatch-agent"
  ln -s "$KB_ROOT/sys/bus/pci/devices/$PCI" "$KB_ROOT/sys/class/net/ens6/device"
  driver ena
  file /run/kb/host.env "KB_DATA_IFACE=\"ens6\"
KB_DATA_MAC=\"0a:00:00:00:00:06\"
KB_DATA_PCI=\"$PCI\"
KB_DATA_NUMA=\"0\"
KB_DATA_IP=\"10.0.1.5\"
KB_DATA_PREFIX=\"24\"
KB_GATEWAY_MAC=\"0a:00:00:00:00:01\"
KB_DATA_DRIVER=\"ena\""
  reader ip 'echo "169.254.169.254 via 10.0.0.1 dev ens5 src 10.0.0.5"'
  echo 2 >"$KB_ROOT/channels"
  echo 1024 >"$KB_ROOT/rx"
  echo 2.17.2g >"$KB_ROOT/version"
  reader ethtool 'case $1 in
    -l) printf "%s\n" "Pre-set maximums:" "Combined: 32" "Current hardware settings:" "Combined: $(cat $KB_ROOT/channels)" ;;
    -g) printf "%s\n" "Pre-set maximums:" "RX: 1024" "Current hardware settings:" "RX: $(cat $KB_ROOT/rx)" ;;
    -i) echo "version: $(cat $KB_ROOT/version)" ;;
  esac'
  reader systemctl 'exit 0'
  echo kb >"$KB_ROOT/group"
  reader stat 'cat "$KB_ROOT/group"'
  install -m 0755 "$(type -P true)" "$KB_ROOT/opt/kb/bin/kb-afxdp"
  ln -s kb-afxdp "$KB_ROOT/opt/kb/bin/kb-receiver"
  file /var/lib/kb/built '0123 count enabled/distro disabled/distro'
  receiver
  planned
}

pages() { file /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages "$1"; }
idle() {
  local state=/sys/devices/system/cpu/cpu2/cpuidle/state$1
  file "$state/name" "$2"
  file "$state/latency" "$3"
  file "$state/disable" 0
}
driver() {
  mkdir -p "$KB_ROOT/sys/bus/pci/drivers/$1"
  ln -sfn "$KB_ROOT/sys/bus/pci/drivers/$1" "$KB_ROOT/sys/bus/pci/devices/$PCI/driver"
}

# receiver KEY=VALUE...: kb-stats as of a receiver that runs; `beat` says how it advances
receiver() {
  local plane=afxdp xdp=native copy=zero-copy detail='' ready=true beat='$(date +%s%N)'
  local "$@"
  cat >"$KB_ROOT/opt/kb/bin/kb-stats" <<TOOL
#!/bin/bash
echo '{"plane":"$plane","handlerName":"count","startNs":1,"heartbeatNs":'$beat',"ready":$ready,"queues":2,"mode":{"driver":"ena","xdp":"$xdp","copy":"$copy","detail":"$detail","iface":"ens6"},"received":12,"perQueue":[{"received":5},{"received":7}]}'
TOOL
  chmod +x "$KB_ROOT/opt/kb/bin/kb-stats"
}

# planned KEY=VALUE...: the plan on the host
planned() {
  {
    cat "$BATS_TEST_DIRNAME/fixtures/plan.env"
    printf '%s\n' 'KB_PLANE="afxdp"' 'KB_ZERO_COPY="require"' 'KB_HUGEPAGES_PER_NODE="64"' 'KB_ENA_MIN_VERSION="2.17.0"' \
      'KB_KERNEL_ARGS="isolcpus=managed_irq,domain,2-3 nohz_full=2-3 intel_idle.max_cstate=1"' 'KB_JITTER_SECONDS="5"'
    [[ $# == 0 ]] || printf '%s\n' "$@"
  } >"$KB_ROOT/etc/kb/plan.env"
}

# expect STATUS NAME TEXT: what one check says
expect() {
  run "$KB_ROOT/opt/kb/bin/kb-check" --only "$2"
  [[ $output == "$1 "*"$3"* ]] || {
    printf 'expected %s ... %s\ngot      %s\n' "$1" "$3" "$output"
    return 1
  }
  if [[ $1 == FAIL ]]; then
    [[ $status == 1 && $output == *';'* ]] # a failure comes with what to do
  else
    [[ $status == 0 ]]
  fi
}

@test "a host as planned: nothing fails, nothing warns" {
  run "$KB_ROOT/opt/kb/bin/kb-check"
  assert_status 0
  refute_output_has FAIL
  refute_output_has WARN
  [[ ${#lines[@]} == $("$KB_ROOT/opt/kb/bin/kb-check" --list | wc -l) ]]
}

@test "it only reads" {
  find "$KB_ROOT" -type f -exec sha256sum {} + | sort >"$BATS_TEST_TMPDIR/before"
  run "$KB_ROOT/opt/kb/bin/kb-check"
  find "$KB_ROOT" -type f -exec sha256sum {} + | sort | diff "$BATS_TEST_TMPDIR/before" -
  assert_no_calls
}

@test "json holds what the lines hold" {
  file /sys/class/net/ens6/mtu 9001
  run "$KB_ROOT/opt/kb/bin/kb-check" --json
  assert_status 1
  python3 -c 'import json,sys
rows = {row["name"]: row for row in json.load(sys.stdin)}
assert rows["mtu"] == {"status": "FAIL", "name": "mtu", "evidence": "9001, planned 3498", "fix": rows["mtu"]["fix"]}, rows["mtu"]
assert rows["mtu"]["fix"] and rows["plan"]["status"] == "PASS" and rows["plan"]["fix"] == ""' <<<"$output"
}

@test "quiet is quiet, and tells by its status" {
  run "$KB_ROOT/opt/kb/bin/kb-check" --quiet --only mtu
  [[ $status == 0 && -z $output ]]
  file /sys/class/net/ens6/mtu 9001
  run "$KB_ROOT/opt/kb/bin/kb-check" --quiet --only mtu
  [[ $status == 1 && -z $output ]]
}

@test "wrong use is refused" {
  run "$KB_ROOT/opt/kb/bin/kb-check" --only warp
  assert_status 2
  assert_output_has "'--only' must be one of plan"
  run "$KB_ROOT/opt/kb/bin/kb-check" --warp
  assert_status 2
}

@test "plan" {
  expect PASS plan 'version 1, Demo-Feed, data plane afxdp'
  planned 'KB_PLAN_VERSION="2"'
  expect FAIL plan 'version 2, these checks know 1'
  rm "$KB_ROOT/etc/kb/plan.env"
  expect FAIL plan 'no plan in /etc/kb/plan.env'
  run "$KB_ROOT/opt/kb/bin/kb-check"
  assert_status 1
  [[ ${#lines[@]} == 1 ]] # nothing else can be judged
  run "$KB_ROOT/opt/kb/bin/kb-check" --only mtu
  assert_status 2
}

@test "kernel-args" {
  expect PASS kernel-args 'all of isolcpus'
  file /proc/cmdline 'isolcpus=managed_irq,domain,2-3 intel_idle.max_cstate=1'
  expect FAIL kernel-args 'missing nohz_full=2-3'
  planned 'KB_KERNEL_ARGS=""'
  expect SKIP kernel-args 'none planned'
}

@test "isolation" {
  expect PASS isolation 'CPUs 2-3 isolated, nohz_full 2-3'
  planned 'KB_ISOLATED_CORES="2,3"' # the same set, written otherwise
  expect PASS isolation 'CPUs 2-3'
  file /sys/devices/system/cpu/isolated 3
  expect FAIL isolation "CPUs '3' isolated, planned 2,3"
  planned 'KB_ISOLATED_CORES=""'
  expect SKIP isolation ''
}

@test "hugepages" {
  expect PASS hugepages 'node0 64'
  pages 63
  expect FAIL hugepages 'node0 63 ( free) of 2048 kB, planned 64 on each'
  planned 'KB_HUGEPAGES_PER_NODE="0"'
  expect SKIP hugepages ''
}

@test "irq" {
  file /proc/irq/24/smp_affinity_list 0-1
  file /proc/irq/25/smp_affinity_list 2 # an NVMe queue, say, that its core never uses
  reader sleep ''
  expect PASS irq '1 of 2 interrupts may go to receive cores 2,3, none did within a second'
  reader sleep 'sed -i "s/ 40  PCI/ 41  PCI/" "$KB_ROOT/proc/interrupts"'
  expect FAIL irq 'within a second receive cores 2,3 took interrupts of ens6-Tx-Rx-0'
  planned 'KB_ISOLATED_CORES=""'
  expect SKIP irq ''
}

@test "clocksource" {
  expect PASS clocksource tsc
  file /sys/devices/system/clocksource/clocksource0/current_clocksource kvm-clock
  expect WARN clocksource kvm-clock
  planned 'KB_KERNEL_ARGS="clocksource=tsc"'
  expect FAIL clocksource 'kvm-clock, although clocksource=tsc is planned'
}

@test "c-states" {
  expect PASS c-states 'deepest is C1'
  idle 2 C6 133
  expect FAIL c-states 'deepest is C6 (133 us to leave it), planned C1'
  planned 'KB_KERNEL_ARGS=""'
  expect SKIP c-states 'no limit planned; deepest is C6'
  rm -r "$KB_ROOT/sys/devices/system/cpu/cpu2/cpuidle"
  expect PASS c-states 'no idle states offered'
}

@test "jitter" {
  expect PASS jitter 'longest interruption 58 us (CPU 3, 5 s, kb-jitter), at most 100 us planned'
  planned 'KB_JITTER_MAX_US="50"'
  expect FAIL jitter 'longest interruption 58 us'
  rm "$KB_ROOT/run/kb/jitter"
  expect FAIL jitter 'not measured in this boot'
  planned 'KB_JITTER_MAX_US="0"'
  expect SKIP jitter ''
}

@test "numa" {
  expect PASS numa 'receive cores 2,3 are on node 0'
  file /sys/devices/system/node/node0/cpulist 0-2
  expect WARN numa 'packets cross between sockets'
  sed -i 's/NUMA="0"/NUMA="-1"/' "$KB_ROOT/run/kb/host.env"
  expect SKIP numa ''
}

@test "data-nic" {
  expect PASS data-nic 'ens6 0a:00:00:00:00:06 at 0000:28:00.0, 10.0.1.5/24, router 0a:00:00:00:00:01; not the primary'
  reader ip 'echo "169.254.169.254 dev ens6 src 10.0.1.5"'
  expect FAIL data-nic 'it is the primary interface'
  file /sys/class/net/ens6/address 0a:00:00:00:00:99
  expect FAIL data-nic '0a:00:00:00:00:06 is not there'
  rm "$KB_ROOT/run/kb/host.env"
  expect FAIL data-nic 'no data interface found yet'
}

@test "driver" {
  expect PASS driver "ena, the kernel's"
  driver vfio-pci
  expect FAIL driver "vfio-pci, planned the kernel's own"
  planned 'KB_PLANE="dpdk"' 'KB_NIC_DRIVER="auto"'
  sed -i 's/DRIVER="ena"/DRIVER="vfio-pci"/' "$KB_ROOT/run/kb/host.env"
  expect PASS driver 'vfio-pci, planned auto'
  planned 'KB_PLANE="dpdk"' 'KB_NIC_DRIVER="igb_uio"'
  expect FAIL driver 'vfio-pci, planned igb_uio'
  driver ena
  expect FAIL driver 'ena, bound was vfio-pci'
}

@test "iommu" {
  expect PASS iommu 'none: devices use physical addresses'
  planned 'KB_NIC_DRIVER="vfio-pci"'
  expect FAIL iommu 'none, and vfio-pci is planned'
  mkdir -p "$KB_ROOT/sys/kernel/iommu_groups/7"
  ln -s "$KB_ROOT/sys/kernel/iommu_groups/7" "$KB_ROOT/sys/bus/pci/devices/$PCI/iommu_group"
  expect PASS iommu 'yes, group 7'
  file /sys/kernel/iommu_groups/7/name vfio-noiommu # the one vfio makes up
  expect FAIL iommu 'none, and vfio-pci is planned'
}

@test "write-combining" {
  expect SKIP write-combining 'the kernel driver maps the card'
  planned 'KB_PLANE="dpdk"' 'KB_NIC_DRIVER="auto"'
  sed -i 's/DRIVER="ena"/DRIVER="igb_uio"/' "$KB_ROOT/run/kb/host.env"
  expect SKIP write-combining 'does not list memory types'
  file "/sys/bus/pci/devices/$PCI/resource" '0x00000000febf4000 0x00000000febf7fff 0x0000000000040200
0x000000c000000000 0x000000c0003fffff 0x000000000014220c'
  file /sys/kernel/debug/x86/pat_memtype_list 'PAT memtype list:
PAT: [mem 0x000000c000000000-0x000000c000400000] write-combining'
  expect PASS write-combining 'in force'
  file /sys/kernel/debug/x86/pat_memtype_list 'PAT: [mem 0x000000c000000000-0x000000c000400000] uncached-minus'
  expect FAIL write-combining 'not in force'
  sed -i 's/DRIVER="igb_uio"/DRIVER="vfio-noiommu"/' "$KB_ROOT/run/kb/host.env"
  expect WARN write-combining 'transmission is slow'
  file /sys/kernel/debug/x86/pat_memtype_list 'PAT memtype list:'
  expect SKIP write-combining 'no mapped prefetchable region'
  file "/sys/bus/pci/devices/$PCI/vendor" 0x1d0f
  expect SKIP write-combining 'no mapped prefetchable region'
  file "/sys/bus/pci/devices/$PCI/vendor" 0x1af4
  expect SKIP write-combining 'only ENA transmits'
}

@test "ena-version" {
  expect PASS ena-version '2.17.2, planned at least 2.17.0'
  echo 2.9.1g >"$KB_ROOT/version" # less than 2.17, although "9" sorts after "1"
  expect FAIL ena-version '2.9.1, planned at least 2.17.0'
  uname -r >"$KB_ROOT/version"
  expect FAIL ena-version "the kernel's own, without AF_XDP zero-copy, planned at least 2.17.0"
  sed -i 's/DRIVER="ena"/DRIVER="virtio_net"/' "$KB_ROOT/run/kb/host.env"
  expect SKIP ena-version 'driver is virtio_net'
  planned 'KB_ENA_MIN_VERSION=""'
  expect SKIP ena-version 'none planned'
}

@test "mtu, channels, rings" {
  expect PASS mtu 3498
  file /sys/class/net/ens6/mtu 9001
  expect FAIL mtu '9001, planned 3498'
  expect PASS channels 2
  echo 32 >"$KB_ROOT/channels"
  expect FAIL channels '32, planned 2'
  expect PASS rings '1024 RX descriptors'
  echo 512 >"$KB_ROOT/rx"
  expect FAIL rings '512 RX descriptors, planned 1024'
  echo 1024 >"$KB_ROOT/rx"
  planned 'KB_RX_RING="16384"'
  expect WARN rings 'the most this device has'
  # a port the kernel does not have is described by its receiver
  planned 'KB_PLANE="dpdk"' 'KB_NIC_DRIVER="auto"'
  expect FAIL mtu 'unknown, planned 3498'
  receiver plane=dpdk detail='link=up mtu=3498 queues=2 rx=1024 tx=512'
  for each in mtu:3498 channels:2 rings:1024; do expect PASS "${each%:*}" "${each#*:}"; done
  receiver plane=dpdk detail='link=up mtu=1500 queues=1 rx=512 tx=512'
  expect FAIL mtu '1500, planned 3498'
  expect FAIL channels '1, planned 2'
  expect FAIL rings '512 RX descriptors, planned 1024'
}

@test "llq" {
  expect SKIP llq 'the kernel driver decides'
  planned 'KB_PLANE="dpdk"' 'KB_NIC_DRIVER="auto"'
  receiver plane=dpdk detail='mtu=3498 llq=on wc=on'
  expect PASS llq on
  receiver plane=dpdk detail='mtu=3498 llq=off'
  expect FAIL llq off
  receiver plane=dpdk detail='mtu=3498'
  expect SKIP llq ''
}

@test "xdp and zero-copy, read back" {
  expect PASS xdp 'native mode'
  receiver xdp=generic
  expect FAIL xdp 'generic, planned native'
  expect PASS zero-copy 'zero-copy, planned require'
  receiver copy=copy
  expect FAIL zero-copy 'copy, planned require'
  planned 'KB_ZERO_COPY="auto"'
  expect WARN zero-copy 'copy: the driver refused zero-copy'
  planned 'KB_PLANE="xdp"'
  expect SKIP zero-copy ''
  expect FAIL xdp 'not attached, planned native'
  printf '#!/bin/bash\necho %s\n' "'{\"iface\":\"ens6\",\"attached\":true,\"mode\":\"native\",\"program\":\"kb_filter\"}'" >"$KB_ROOT/opt/kb/bin/kb-xdp"
  chmod +x "$KB_ROOT/opt/kb/bin/kb-xdp"
  expect PASS xdp 'native mode'
  planned 'KB_PLANE="kernel"'
  expect SKIP xdp ''
}

@test "receiver and stats page" {
  expect PASS receiver 'afxdp with handler count, 2 queues, driver ena, 12 datagrams received'
  expect PASS stats-page 'ms old'
  echo root >"$KB_ROOT/group"
  expect FAIL stats-page 'of group root, where kb-stats reads as kb: no metric of the receiver leaves the host'
  echo kb >"$KB_ROOT/group"
  receiver ready=false
  expect FAIL receiver 'not every queue polls yet'
  receiver beat=1700000000000000000
  expect FAIL receiver 'its heartbeat stands still'
  expect FAIL stats-page 'ms old'
  receiver # and a host on which reading takes its time
  printf 'sleep 1.1\n' >>"$KB_ROOT/opt/kb/bin/kb-stats"
  expect PASS stats-page '0 ms old'
  receiver beat=0
  expect FAIL stats-page 'no heartbeat yet; see systemctl status kb-receiver'
  rm "$KB_ROOT/opt/kb/bin/kb-stats"
  expect FAIL receiver 'no stats page'
  expect FAIL stats-page 'none at /run/kb/stats'
}

@test "cloudwatch" {
  expect PASS cloudwatch 'the agent runs'
  reader systemctl 'exit 3'
  expect FAIL cloudwatch 'the agent does not run'
  rm -r "$KB_ROOT/opt/aws"
  expect WARN cloudwatch 'no CloudWatch agent on this host'
}

@test "software" {
  expect PASS software 'kb-afxdp with libxdp distro and DPDK distro, every library found'
  planned 'KB_LIBXDP_VERSION="1.6.3"'
  expect FAIL software "kb-afxdp was built with 'count enabled/distro disabled/distro', planned libxdp 1.6.3 and DPDK distro"
  planned
  reader ldd 'echo "	librte_eal.so.26 => not found"; echo "	libc.so.6 => /lib/libc.so.6"'
  expect FAIL software 'kb-afxdp lacks librte_eal.so.26'
  rm "$KB_ROOT/opt/kb/bin/kb-receiver"
  expect FAIL software 'no receiver in /opt/kb/bin'
}

@test "kernel" {
  reader uname 'echo 6.12.58-82.121.amzn2023.x86_64'
  expect SKIP kernel 'none planned; 6.12.58'
  planned 'KB_KERNEL="6.12"'
  expect PASS kernel '6.12.58-82.121.amzn2023.x86_64, planned 6.12'
  planned 'KB_KERNEL="6.12.58-82.121.amzn2023.x86_64"'
  expect PASS kernel 'planned 6.12.58'
  planned 'KB_KERNEL="6.1"' # not a prefix of 6.12
  expect FAIL kernel '6.12.58-82.121.amzn2023.x86_64, planned 6.1'
}

@test "every check has a test here" {
  local each
  for each in $("$KB_ROOT/opt/kb/bin/kb-check" --list); do
    grep -qE "expect [A-Z]+ $each " "$BATS_TEST_DIRNAME/kb-check.bats"
  done
}
