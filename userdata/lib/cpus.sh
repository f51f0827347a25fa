# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# CPU lists as the kernel writes them: "0-2,5".

# cpus_expand LIST...: "0-2,5" to "0 1 2 5", sorted, each once.
cpus_expand() {
  local part first last list
  {
    for list; do
      for part in ${list//,/ }; do
        first=${part%-*} last=${part#*-}
        seq "$first" "$last"
      done
    done
  } | sort -nu | paste -sd ' '
}

# cpus_overlap LIST LIST: prints the CPUs in both.
cpus_overlap() {
  comm -12 <(cpus_expand "$1" | tr ' ' '\n' | sort) <(cpus_expand "$2" | tr ' ' '\n' | sort) |
    sort -n | paste -sd ',' | sed 's/^,*//'
}

# cpus_mask LIST: the kernel's hexadecimal mask, groups of 32 bits, most significant first.
cpus_mask() {
  local cpu group groups=() top=0 mask=
  for cpu in $(cpus_expand "$1"); do
    group=$((cpu / 32))
    groups[group]=$((${groups[group]:-0} | 1 << cpu % 32))
    ((group <= top)) || top=$group
  done
  for ((group = top; group >= 0; group--)); do
    printf -v mask '%s%08x%s' "$mask" "${groups[group]:-0}" "$([[ $group == 0 ]] || printf ,)"
  done
  printf '%s' "$mask"
}

# mask_value MASK: without commas and leading zeros, for comparing what two kernels print.
mask_value() {
  local bare=${1//,/}
  bare=${bare#"${bare%%[!0]*}"}
  printf '%s' "${bare:-0}"
}

# cpus_list LIST...: the union in the kernel's own form, "0-2,5".
cpus_list() {
  cpus_expand "$@" | tr ' ' '\n' | awk '
    NR > 1 && $1 == last + 1 { last = $1; next }
    NR > 1 { out = out range(first, last) "," }
    { first = last = $1 }
    function range(a, b) { return a == b ? a : a "-" b }
    END { if (NR && first != "") print out range(first, last) }'
}
