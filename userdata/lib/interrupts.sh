# shellcheck shell=bash disable=SC2154 # sourced by irq, which sets quiet
# SPDX-License-Identifier: Apache-2.0

set_sysctls() {
  local pair key
  for pair in $KB_SYSCTLS; do
    key=${pair%%=*}
    key=/proc/sys/${key//.//}
    [[ -e $root$key ]] || refuse "'KB_SYSCTLS' sets ${pair%%=*}, which this kernel does not have"
    set_value "$key" "${pair#*=}" ||
      refuse "'KB_SYSCTLS' sets ${pair%%=*} to ${pair#*=}, and the kernel keeps $(current "$root$key")"
  done
}

keep_new_interrupts_off() {
  local file=/proc/irq/default_smp_affinity mask
  mask=$(cpus_mask "$KB_HOUSEKEEPING_CORES")
  [[ $(mask_value "$(<"$root$file")") == "$(mask_value "$mask")" ]] ||
    set_mask "$file" "$mask" || warn "${file} stays $(<"$root$file")"
}

# set_mask FILE MASK: as set_value, but the kernel prints masks in its own width.
set_mask() {
  local have
  have=$(<"$root$1")
  [[ $(mask_value "$have") != "$(mask_value "$2")" ]] || return 0
  remember "$1" "$have"
  { printf '%s\n' "$2" >"$root$1"; } 2>/dev/null || :
  [[ $(mask_value "$(<"$root$1")") == "$(mask_value "$2")" ]] || return 1
  log "$1: ${have} -> $2"
}

# Interrupts that the kernel manages itself (NVMe queues, for one) refuse a new place. They fire only
# for work that a core started, and isolcpus=managed_irq keeps them off isolated cores.
move_interrupts() {
  local file have moved=0 refused=0
  for file in "$root"/proc/irq/[0-9]*/smp_affinity_list; do
    read -r have <"$file"
    cpus_both "$have" "$quiet" || continue
    remember "${file#"$root"}" "$have"
    if { printf '%s\n' "$KB_HOUSEKEEPING_CORES" >"$file"; } 2>/dev/null; then
      moved=$((moved + 1))
    else
      refused=$((refused + 1))
    fi
  done
  ((moved == 0)) || log "moved ${moved} interrupts to cores ${KB_HOUSEKEEPING_CORES}"
  ((refused == 0)) || log "left ${refused} interrupts that the kernel places itself"
}

ban_from_irqbalance() {
  [[ -e $root/usr/lib/systemd/system/irqbalance.service ]] || return 0
  put "$root/etc/systemd/system/irqbalance.service.d/kb.conf" <<UNIT
# Written by kb-step-irq: the receive cores take no interrupts.
[Service]
Environment=IRQBALANCE_BANNED_CPULIST=${quiet}
UNIT
  [[ $changed ]] || return 0
  systemctl daemon-reload
  systemctl try-restart irqbalance.service
}

keep_kernel_work_off() {
  local file=/sys/devices/virtual/workqueue/cpumask
  [[ ! -e $root$file ]] || set_mask "$file" "$(cpus_mask "$KB_HOUSEKEEPING_CORES")" ||
    warn "${file} stays $(<"$root$file")"
}

# Nothing here where the hypervisor hides frequency control, as on most EC2 sizes.
set_performance() {
  local file cpu
  cpus_of "$quiet"
  for cpu in "${cpus[@]}"; do
    file=/sys/devices/system/cpu/cpu${cpu}/cpufreq/scaling_governor
    [[ ! -e $root$file ]] || set_value "$file" performance || warn "${file} stays $(<"$root$file")"
  done
  file=/sys/kernel/mm/transparent_hugepage/enabled
  # compaction for them stops every thread of a process
  [[ ! -e $root$file ]] || set_value "$file" never || warn "${file} stays $(current "$root$file")"
}

# ENA refuses `adaptive-rx off` on some kernels, with an error for the whole request: so once with
# and once without, and what counts is what is read back.
set_coalescing() {
  ((KB_IRQ_COALESCE_US >= 0)) || return 0
  local want=$KB_IRQ_COALESCE_US nic=$KB_DATA_IFACE have
  have=$(coalescing)
  [[ $have != "off ${want} ${want}" && $have != "n/a ${want} ${want}" ]] || return 0
  if [[ -z $have ]]; then
    log "${nic} has no interrupt moderation"
    return
  fi
  remember_coalescing "$have"
  ethtool -C "$nic" adaptive-rx off rx-usecs "$want" tx-usecs "$want" 2>/dev/null ||
    ethtool -C "$nic" rx-usecs "$want" tx-usecs "$want" 2>/dev/null ||
    ethtool -C "$nic" rx-usecs "$want" 2>/dev/null || :
  have=$(coalescing)
  [[ $have == *" ${want} "* ]] ||
    warn "${nic} moderates interrupts by ${have} (adaptive-rx rx-usecs tx-usecs), planned ${want} us"
  log "${nic}: interrupt moderation ${have} (adaptive-rx rx-usecs tx-usecs)"
}

# "off 0 0": adaptive-rx, rx-usecs, tx-usecs. Nothing when the driver has no moderation.
coalescing() {
  { ethtool -c "$KB_DATA_IFACE" 2>/dev/null || :; } | awk '
    /^Adaptive RX:/ { adaptive = $3 }
    /^rx-usecs:/ { rx = $2 }
    /^tx-usecs:/ { tx = $2 }
    END { if (rx != "" && rx != "n/a") print adaptive, rx, tx }'
}

remember_coalescing() {
  local adaptive rx tx
  read -r adaptive rx tx <<<"$1"
  [[ $tx != n/a ]] || tx=
  remember_ethtool -C "$KB_DATA_IFACE" rx-usecs "$rx" ${tx:+tx-usecs "$tx"}
  [[ $adaptive != on ]] || remember_ethtool -C "$KB_DATA_IFACE" adaptive-rx on
}

# The core that polls a queue is to process it: no hand-over to others in software.
keep_receive_steering_off() {
  local file
  for file in "$root/sys/class/net/$KB_DATA_IFACE"/queues/rx-*/rps_cpus; do
    [[ -e $file ]] || continue
    set_mask "${file#"$root"}" 0 || warn "${file#"$root"} stays $(<"$file")"
  done
}
