#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

interrupt() { file "/proc/irq/$1/smp_affinity_list" "$2"; }
affinity() { cat "$KB_ROOT/proc/irq/$1/smp_affinity_list"; }

prepare() {
  interrupt 24 0-3 # may fire anywhere
  interrupt 25 3   # on a receive core
  interrupt 26 1   # where it should be
  file /proc/irq/default_smp_affinity f
  file /proc/sys/net/core/rmem_max 212992
  file /sys/devices/virtual/workqueue/cpumask 0000000f
  file /sys/kernel/mm/transparent_hugepage/enabled 'always [madvise] never'
  file /sys/class/net/ens6/queues/rx-0/rps_cpus 00000000,0000000f
  file /sys/class/net/ens6/address 0a:00:00:00:00:06
  echo 'off 20 64' >"$KB_ROOT/coalescing"
  reader ethtool 'read -r adaptive rx tx <"$KB_ROOT/coalescing"
    case $1 in
      -c) printf "%s\n" "Coalesce parameters for $2:" "Adaptive RX: $adaptive  TX: n/a" "rx-usecs:	$rx" "rx-frames:	n/a" "tx-usecs:	$tx" ;;
      -C) printf "ethtool %s\n" "$*" >>"$CALLS"
          [[ "$*" != *adaptive* || ! -e $KB_ROOT/no-adaptive ]] || exit 92 # as ENA does on some kernels
          echo "off $(sed "s/.*rx-usecs \([0-9]*\).*/\1/" <<<"$*") $(sed "s/.*tx-usecs \([0-9]*\).*/\1/" <<<"$*")" >"$KB_ROOT/coalescing" ;;
    esac'
  stub systemctl
  export KB_DATA_IFACE=ens6
}

@test "interrupts, kernel threads, huge page compaction and steering leave the receive cores" {
  plan
  step irq
  assert_status 0
  [[ $(affinity 24) == 0-1 && $(affinity 25) == 0-1 && $(affinity 26) == 1 ]]
  assert_file /proc/irq/default_smp_affinity 00000003
  assert_file /sys/devices/virtual/workqueue/cpumask 00000003
  assert_file /sys/kernel/mm/transparent_hugepage/enabled never
  assert_file /sys/class/net/ens6/queues/rx-0/rps_cpus 0
  assert_file /proc/sys/net/core/rmem_max 1048576
  assert_output_has 'moved 2 interrupts to cores 0-1'
  assert_calls <<<'ethtool -C ens6 adaptive-rx off rx-usecs 0 tx-usecs 0'
}

@test "twice: the second run is silent" {
  plan
  step irq
  forget_calls
  step irq
  assert_status 0
  [[ -z $output ]]
  assert_no_calls
}

@test "what there was is remembered for kb-undo, once" {
  plan
  step irq
  step irq
  run cat "$KB_ROOT/run/kb/undo/values"
  assert_output_has $'/proc/irq/24/smp_affinity_list\t0-3'
  assert_output_has $'/proc/sys/net/core/rmem_max\t212992'
  assert_output_has $'/sys/kernel/mm/transparent_hugepage/enabled\tmadvise'
  [[ $(cut -f1 "$KB_ROOT/run/kb/undo/values" | sort | uniq -d) == '' ]]
  run cat "$KB_ROOT/run/kb/undo/ethtool"
  [[ $output == '-C ens6 rx-usecs 20 tx-usecs 64' ]]
}

@test "no isolated cores planned: interrupts stay, settings of the plan hold" {
  plan KB_ISOLATED_CORES=
  step irq
  assert_status 0
  [[ $(affinity 25) == 3 ]]
  assert_file /sys/kernel/mm/transparent_hugepage/enabled 'always [madvise] never'
  assert_file /proc/sys/net/core/rmem_max 1048576
}

@test "a driver that refuses adaptive-rx is asked again without it" {
  plan
  touch "$KB_ROOT/no-adaptive"
  step irq
  assert_status 0
  assert_calls <<'CALLS'
ethtool -C ens6 adaptive-rx off rx-usecs 0 tx-usecs 0
ethtool -C ens6 rx-usecs 0 tx-usecs 0
CALLS
  assert_output_has 'interrupt moderation off 0 0'
}

@test "a driver without moderation, and one whose moderation will not change" {
  plan
  echo 'n/a n/a n/a' >"$KB_ROOT/coalescing"
  step irq
  assert_status 0
  assert_output_has 'ens6 has no interrupt moderation'
  echo 'on 20 64' >"$KB_ROOT/coalescing"
  reader ethtool '[[ $1 == -c ]] || exit 95; printf "%s\n" "Adaptive RX: on  TX: n/a" "rx-usecs:	20" "tx-usecs:	64"'
  step irq
  assert_status 0
  assert_output_has 'ens6 moderates interrupts by on 20 64 (adaptive-rx rx-usecs tx-usecs), planned 0 us'
}

@test "-1 leaves moderation as the driver set it" {
  plan KB_IRQ_COALESCE_US=-1
  step irq
  assert_no_calls
}

@test "interrupts that the kernel places itself are counted, not fought" {
  plan
  rm "$KB_ROOT/proc/irq/25/smp_affinity_list"
  mkdir -p "$KB_ROOT/proc/irq/25"
  ln -s /proc/sys/kernel/cap_last_cap "$KB_ROOT/proc/irq/25/smp_affinity_list" # reads a number, refuses writes
  plan KB_RX_CORES=2,"$(</proc/sys/kernel/cap_last_cap)"
  step irq
  assert_status 0
  assert_output_has 'left 1 interrupts that the kernel places itself'
}

@test "irqbalance is told to keep off, and restarted only when that is news" {
  plan
  mkdir -p "$KB_ROOT/usr/lib/systemd/system"
  touch "$KB_ROOT/usr/lib/systemd/system/irqbalance.service"
  step irq
  grep -qx 'Environment=IRQBALANCE_BANNED_CPULIST=2-3' "$KB_ROOT/etc/systemd/system/irqbalance.service.d/kb.conf"
  grep -qx 'systemctl try-restart irqbalance.service' "$CALLS"
  forget_calls
  step irq
  assert_no_calls
}

@test "a port that DPDK has is not the kernel's to moderate" {
  plan
  KB_DATA_IFACE=gone step irq
  assert_status 0
  assert_no_calls
}

@test "a setting this kernel lacks is named" {
  plan KB_SYSCTLS='net.core.rmem_max=1048576 net.core.warp=9'
  step irq
  assert_status 2
  assert_output_has "'KB_SYSCTLS' sets net.core.warp, which this kernel does not have"
}

@test "a setting the kernel will not take is named with both values" {
  plan KB_SYSCTLS=kernel.random.poolsize=1
  unwritable /proc/sys/kernel/random/poolsize
  step irq
  assert_status 2
  assert_output_has "'KB_SYSCTLS' sets kernel.random.poolsize to 1, and the kernel keeps 256"
}

@test "a missing key is named" {
  plan
  unset KB_HOUSEKEEPING_CORES
  step irq
  assert_status 2
  assert_output_has KB_HOUSEKEEPING_CORES
}
