# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: Apache-2.0
checks+=(hugepages)

check_hugepages() {
  local node folder have evidence=() short=
  if ((KB_HUGEPAGES_PER_NODE == 0)); then
    skip 'none planned'
    return
  fi
  for node in "$root"/sys/devices/system/node/node[0-9]*; do
    grep -q 'MemTotal: *0 kB' "$node/meminfo" && continue
    folder=${node#"$root"}/hugepages/hugepages-${KB_HUGEPAGE_KB}kB
    have=$(read_file "$folder/nr_hugepages")
    evidence+=("${node##*/} ${have:-0} ($(read_file "$folder/free_hugepages") free)")
    ((${have:-0} >= KB_HUGEPAGES_PER_NODE)) || short=yes
  done
  if [[ $short ]]; then
    fail "${evidence[*]} of ${KB_HUGEPAGE_KB} kB, planned ${KB_HUGEPAGES_PER_NODE} on each" 'systemctl restart kb-step-hugepages; if memory is fragmented, reboot'
  else
    pass "${evidence[*]} of ${KB_HUGEPAGE_KB} kB, planned ${KB_HUGEPAGES_PER_NODE} on each"
  fi
}
