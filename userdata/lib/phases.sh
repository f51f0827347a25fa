# shellcheck shell=bash disable=SC2154 # sourced after common.sh
# SPDX-License-Identifier: Apache-2.0
# How long each part of this boot took, by systemd's own clock: lines of "phase seconds".
readonly phases_file=$root/var/lib/kb/boot-phases

# A first boot that ends in the one reboot counts as well: its parts are told by the next boot.
record_phases_before_reboot() {
  {
    printf 'install %s\n' "$(seconds_between kb-step-install)"
    printf 'before-reboot %s\n' "$(cut -d' ' -f1 "$root/proc/uptime")"
  } | put "$phases_file.before-reboot"
}

record_phases() {
  local unit phase
  {
    cat "$phases_file.before-reboot" 2>/dev/null || :
    printf 'boot %s\n' "$(seconds_at kb-step-install InactiveExitTimestampMonotonic)"
    for unit in kb-step-{install,kernel-args,hugepages,data-nic,irq,xdp-filter,jitter} kb-receiver; do
      phase=${unit#kb-}
      printf '%s %s\n' "${phase#step-}" "$(seconds_between "$unit")"
    done
    printf 'ready %s\n' "$(cut -d' ' -f1 "$root/proc/uptime")"
  } | awk '!seen[$1]++' | put "$phases_file" # after a reboot, finding all installed is no phase
  rm -f "$phases_file.before-reboot"
}

# The time a unit took to become active.
seconds_between() {
  awk -v from="$(seconds_at "$1" InactiveExitTimestampMonotonic)" \
    -v to="$(seconds_at "$1" ActiveEnterTimestampMonotonic)" 'BEGIN { printf "%.3f", (to > from ? to - from : 0) }'
}

seconds_at() {
  systemctl show --property "$2" --value "$1.service" | awk '{ printf "%.3f", $1 / 1000000 }'
}

# Statsd gauges to the CloudWatch agent. Nobody may be listening.
publish_phases() {
  local phase seconds
  while read -r phase seconds; do
    printf 'BootPhaseSeconds:%s|g|#Name:%s,Phase:%s' "$seconds" "$KB_NAME" "$phase" \
      >"/dev/udp/${KB_STATSD%:*}/${KB_STATSD#*:}" || :
  done <"$phases_file"
}
