# shellcheck shell=bash disable=SC2154 # sourced after common.sh
# SPDX-License-Identifier: Apache-2.0
# The kernel's arguments: those that it runs with, and those that the boot loader will give it.

# every argument we ever gave the boot loader, here or when the image was baked
readonly args_record=$root/var/lib/kb/kernel-args

# compare_args: sets missing (planned, and the kernel runs without it) and stale (ours of another
# plan, and the kernel runs with it).
compare_args() {
  local arg running planned=" $KB_KERNEL_ARGS "
  running=" $(<"$root/proc/cmdline") "
  missing=() stale=()
  for arg in $KB_KERNEL_ARGS; do
    [[ $running == *" $arg "* ]] || missing+=("$arg")
  done
  for arg in $(recorded_args); do
    [[ $planned == *" $arg "* || $running != *" $arg "* ]] || stale+=("$arg")
  done
}

# write_boot_args: after compare_args. The next boot has the planned arguments, and of ours no others.
write_boot_args() {
  local arg planned=" $KB_KERNEL_ARGS " dropped=() change=()
  for arg in $(recorded_args); do
    [[ $planned == *" $arg "* ]] || dropped+=("$arg")
  done
  # before the boot loader has them: one that is not recorded would stay when the plan drops it
  if ((${#missing[@]})); then
    { recorded_args && printf '%s\n' "${missing[@]}"; } | awk '!seen[$0]++' | put "$args_record"
  fi
  case $KB_OS in
    al2023)
      ((${#dropped[@]} == 0)) || change+=("--remove-args=${dropped[*]}")
      ((${#missing[@]} == 0)) || change+=("--args=${missing[*]}")
      ((${#change[@]} == 0)) || grubby --update-kernel=ALL "${change[@]}"
      ;;
    debian13 | ubuntu2404)
      # 90: after the image's own files, which replace the variable instead of adding to it
      [[ -n $KB_KERNEL_ARGS || -e $root/etc/default/grub.d/90-kb.cfg ]] || return 0
      put "$root/etc/default/grub.d/90-kb.cfg" <<<"GRUB_CMDLINE_LINUX_DEFAULT=\"\${GRUB_CMDLINE_LINUX_DEFAULT} ${KB_KERNEL_ARGS}\""
      update-grub
      ;;
    *)
      refuse "'KB_OS' must be al2023, debian13 or ubuntu2404, got '${KB_OS}'"
      ;;
  esac
}

recorded_args() { [[ ! -e $args_record ]] || cat "$args_record"; }
