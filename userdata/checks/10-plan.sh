# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: Apache-2.0
checks+=(plan kernel-args isolation)

check_plan() {
  case ${KB_PLAN_VERSION:-} in
    1) pass "version 1, ${KB_NAME}, data plane ${KB_PLANE}" ;;
    '') fail "no plan in /etc/kb/plan.env" "run the user data again: /var/lib/cloud/instance/user-data.txt" ;;
    *) fail "version ${KB_PLAN_VERSION}, these checks know 1" "deploy the plan and the asset from one version of the library" ;;
  esac
}

check_kernel_args() {
  local arg missing=() running
  running=" $(read_file /proc/cmdline) "
  for arg in $KB_KERNEL_ARGS; do
    [[ $running == *" $arg "* ]] || missing+=("$arg")
  done
  if [[ -z $KB_KERNEL_ARGS ]]; then
    skip 'none planned'
  elif ((${#missing[@]})); then
    fail "missing ${missing[*]}" 'see journalctl -u kb-step-kernel-args'
  else
    pass "all of ${KB_KERNEL_ARGS}"
  fi
}

check_isolation() {
  local have nohz
  have=$(read_file /sys/devices/system/cpu/isolated)
  nohz=$(read_file /sys/devices/system/cpu/nohz_full)
  if [[ -z $KB_ISOLATED_CORES ]]; then
    skip 'no isolated cores planned'
  elif [[ $(cpus_list "$have") == "$(cpus_list "$KB_ISOLATED_CORES")" ]]; then
    pass "CPUs ${have} isolated, nohz_full ${nohz:-none}"
  else
    fail "CPUs '${have}' isolated, planned ${KB_ISOLATED_CORES}" 'has the host rebooted with the planned kernel arguments? see kernel-args'
  fi
}
