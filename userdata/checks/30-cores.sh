# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: Apache-2.0
checks+=(irq clocksource c-states jitter numa)

# An interrupt moves when it fires next, and the kernel places some itself for cores that never use
# them: so what is told is where interrupts may go, and what counts is whether they do.
check_irq() {
  local file affinity all=0 there=0 before fired
  if [[ -z $KB_ISOLATED_CORES ]]; then
    skip 'no isolated cores planned'
    return
  fi
  for file in "$root"/proc/irq/[0-9]*/smp_affinity_list; do
    read -r affinity <"$file"
    all=$((all + 1))
    ! cpus_both "$affinity" "$KB_RX_CORES" || there=$((there + 1))
  done
  before=$(interrupts_on_receive_cores)
  sleep 1
  fired=$(comm -13 <(sort <<<"$before") <(interrupts_on_receive_cores | sort) | cut -d' ' -f2- | paste -sd ',')
  if [[ -n $fired ]]; then
    fail "within a second receive cores ${KB_RX_CORES} took interrupts of ${fired}" 'systemctl restart kb-step-irq'
  else
    pass "${there} of ${all} interrupts may go to receive cores ${KB_RX_CORES}, none did within a second"
  fi
}

# "count name" of each device interrupt; timers and other per-CPU interrupts have no number
interrupts_on_receive_cores() {
  cpus_of "$KB_RX_CORES"
  read_file /proc/interrupts | awk -v cores=" ${cpus[*]} " '
    NR == 1 { for (i = 1; i <= NF; i++) if (index(cores, " " substr($i, 4) " ")) column[i + 1]; next }
    $1 ~ /^[0-9]+:$/ { n = 0; for (i in column) n += $i; print n, $NF }'
}

# Reading any other clock leaves the CPU or the guest.
check_clocksource() {
  local now
  now=$(read_file /sys/devices/system/clocksource/clocksource0/current_clocksource)
  case $now in
    tsc | arch_sys_counter) pass "$now" ;;
    *)
      if [[ " $KB_KERNEL_ARGS " == *' clocksource=tsc '* ]]; then
        fail "${now}, although clocksource=tsc is planned" 'see dmesg for why the kernel gave up the TSC'
      else
        caution "${now}: each time stamp costs more than with tsc" 'add clocksource=tsc to the kernel arguments if this instance type has a stable TSC'
      fi
      ;;
  esac
}

check_c_states() {
  local driver state deepest='' name
  driver=$(read_file /sys/devices/system/cpu/cpuidle/current_driver)
  for state in "$root"/sys/devices/system/cpu/cpu"${KB_RX_CORES%%[,-]*}"/cpuidle/state*; do
    [[ -e $state/name && $(cat "$state/disable") == 0 ]] || continue
    deepest=$state
  done
  name=$(cat "$deepest/name" 2>/dev/null)
  if [[ -z $deepest ]]; then
    pass "no idle states offered (driver ${driver:-none})"
  elif [[ " $KB_KERNEL_ARGS " != *max_cstate=* ]]; then
    skip "no limit planned; deepest is ${name} (driver ${driver})"
  elif [[ $name == POLL || $name == C1* || $name == haltpoll || $name == 'ACPI HLT' ]]; then
    pass "deepest is ${name} (driver ${driver})"
  else
    fail "deepest is ${name} ($(cat "$deepest/latency") us to leave it), planned C1" 'has the host rebooted with the planned kernel arguments? see kernel-args'
  fi
}

check_jitter() {
  local cpu gap seconds tool
  if ((KB_JITTER_MAX_US == 0)); then
    skip 'no gate planned'
    return
  fi
  if ! read -r cpu gap seconds tool < <(read_file /run/kb/jitter); then
    fail 'not measured in this boot' 'systemctl stop kb-receiver && systemctl restart kb-step-jitter && systemctl start kb-receiver'
  elif ((gap <= KB_JITTER_MAX_US)); then
    pass "longest interruption ${gap} us (CPU ${cpu}, ${seconds} s, ${tool}), at most ${KB_JITTER_MAX_US} us planned"
  else
    fail "longest interruption ${gap} us (CPU ${cpu}, ${seconds} s, ${tool}), at most ${KB_JITTER_MAX_US} us planned" 'look for what runs there: /proc/interrupts, ps -eLo psr,comm'
  fi
}

check_numa() {
  local node=${KB_DATA_NUMA:--1} near
  near=$(read_file "/sys/devices/system/node/node${node}/cpulist")
  if [[ $node == -1 || -z $near ]]; then
    skip 'the system does not say which NUMA node the data interface is on'
  elif cpus_both "$near" "$KB_RX_CORES" && [[ $(cpus_list "${cpus[@]}") == "$(cpus_list "$KB_RX_CORES")" ]]; then
    pass "receive cores ${KB_RX_CORES} are on node ${node}, as the data interface"
  else
    caution "data interface on node ${node} (CPUs ${near}), receive cores ${KB_RX_CORES}: packets cross between sockets" "give CoreLayout CPUs of node ${node}, or the data interface the other network card"
  fi
}
