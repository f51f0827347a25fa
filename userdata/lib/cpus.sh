# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# CPU lists as the kernel writes them: "0-2,5". No process is started: a step asks about hundreds of
# interrupts, and a large host has more.

# cpus_of LIST...: sets `cpus` to the numbers in any of them, ascending, each once.
cpus_of() {
  local list part cpu marks=()
  for list; do
    for part in ${list//,/ }; do
      for ((cpu = ${part%-*}; cpu <= ${part#*-}; cpu++)); do marks[cpu]=1; done
    done
  done
  cpus=("${!marks[@]}") # an array's indexes come in order
}

# cpus_both LIST LIST: sets `cpus` to those in both. 1 = there are none.
cpus_both() {
  local cpu marks=() both=()
  cpus_of "$1"
  for cpu in "${cpus[@]}"; do marks[cpu]=1; done
  cpus_of "$2"
  for cpu in "${cpus[@]}"; do [[ -z ${marks[cpu]:-} ]] || both+=("$cpu"); done
  cpus=("${both[@]}")
  ((${#cpus[@]}))
}

# cpus_list LIST...: prints the union in the kernel's own form.
cpus_list() {
  local cpu first='' last='' out=''
  cpus_of "$@"
  for cpu in "${cpus[@]}" end; do
    if [[ -n $last && $cpu == $((last + 1)) ]]; then
      last=$cpu
      continue
    fi
    [[ -z $last ]] || out+=,$first
    [[ $last == "$first" ]] || out+=-$last
    first=$cpu last=$cpu
  done
  printf '%s' "${out#,}"
}

# cpus_mask LIST: prints the kernel's hexadecimal mask, groups of 32 bits, most significant first.
cpus_mask() {
  local cpu group mask='' groups=(0)
  cpus_of "$1"
  for cpu in "${cpus[@]}"; do
    group=$((cpu / 32))
    groups[group]=$((${groups[group]:-0} | 1 << cpu % 32))
  done
  for ((; group >= 0; group--)); do printf -v mask '%s,%08x' "$mask" "${groups[group]:-0}"; done
  printf '%s' "${mask#,}"
}

# mask_value MASK: without commas and leading zeros, for comparing what two kernels print.
mask_value() {
  local bare=${1//,/}
  bare=${bare#"${bare%%[!0]*}"}
  printf '%s' "${bare:-0}"
}
