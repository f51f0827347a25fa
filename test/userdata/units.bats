#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The units as a host would have them, judged by systemd's own tools.
load helpers

# The most that `systemd-analyze security` may say, ten times its number: 0 is safest, 100 unsafe.
# Steps change the system as root; the receiver and what it feeds do not.
readonly RECEIVER=25 RECEIVER_PHYSICAL=40 STATS=15 READY=45 MESSENGER=25 STEPS=85

prepare() {
  HOST=$BATS_TEST_TMPDIR/host
  UNITS=$HOST/etc/systemd/system
  mkdir -p "$UNITS" "$HOST/usr/lib" "$HOST/opt/kb/bin" "$HOST/etc/kb"
  cp -R /usr/lib/systemd "$HOST/usr/lib/"
  cp -R "$REPOSITORY/assets/systemd/." "$UNITS/"
  cp -R "$REPOSITORY"/userdata/{steps,lib} "$HOST/opt/kb/"
  install -m 0755 /dev/null "$HOST/opt/kb/bin/kb-receiver"
  install -m 0755 /dev/null "$HOST/opt/kb/bin/kb-stats"
}

plane() { # CONFIGURATION...: drop-ins of the receiver
  rm -rf "$UNITS/kb-receiver.service.d"
  mkdir "$UNITS/kb-receiver.service.d"
  local each
  for each; do cp "$UNITS/receiver/$each.conf" "$UNITS/kb-receiver.service.d/"; done
}

units() { (cd "$UNITS" && printf '%s\n' kb*.service kb.target notify-failure@kb-stats.service); }

exposure() { systemd-analyze security --offline=true --root="$HOST" --threshold="$2" "$1"; }

@test "systemd finds nothing wrong with any unit, on any plane" {
  local each
  for each in kernel xdp afxdp dpdk 'dpdk physical-addresses'; do
    # shellcheck disable=SC2086
    plane $each
    mapfile -t all < <(units)
    run systemd-analyze verify --root="$HOST" "${all[@]}"
    # what this machine's own units say about each other is not ours
    run grep -E '(^|/|[ :])(kb-|kb\.target|notify-failure)' <<<"$output"
    [[ -z $output ]] || {
      printf '%s\n' "$each:" "$output"
      return 1
    }
  done
}

@test "the judge is awake: a mistake in a unit is found" {
  plane kernel
  sed -i 's/^Type=notify/Type=notifi/' "$UNITS/kb-receiver.service"
  run systemd-analyze verify --root="$HOST" kb-receiver.service
  assert_output_has 'kb-receiver.service'
}

@test "the receiver keeps the type of its own unit" {
  plane kernel
  grep -q '^Type=notify' "$UNITS/kb-receiver.service"
  run grep -rl '^Type=' "$UNITS/kb-.service.d" "$UNITS/receiver"
  [[ -z $output ]]
}

@test "the receiver has no more rights than its plane needs" {
  local each
  for each in kernel xdp afxdp dpdk; do
    plane "$each"
    run exposure kb-receiver.service $RECEIVER
    [[ $status == 0 ]] || { printf '%s: %s\n' "$each" "${lines[-1]}"; return 1; }
  done
}

@test "even with physical addresses it is not all of root" {
  plane dpdk physical-addresses
  run exposure kb-receiver.service $RECEIVER_PHYSICAL
  [[ $status == 0 ]] || { printf '%s\n' "${lines[-1]}"; return 1; }
}

@test "kb-stats has no right but to read and to send to this host" {
  run exposure kb-stats.service $STATS
  [[ $status == 0 ]] || { printf '%s\n' "${lines[-1]}"; return 1; }
}

@test "the proof and the messenger stay under their levels, and steps under theirs" {
  local unit level
  while read -r unit; do
    case $unit in
      kb-ready.service) level=$READY ;;
      notify-failure@*) level=$MESSENGER ;;
      kb-step-*) level=$STEPS ;;
      *) continue ;;
    esac
    run exposure "$unit" "$level"
    [[ $status == 0 ]] || { printf '%s: %s\n' "$unit" "${lines[-1]}"; return 1; }
  done < <(units)
}

@test "every step has a unit, every unit a step, and each its own time limit" {
  local unit
  diff <(cd "$UNITS" && sed -n 's|^ExecStart=/opt/kb/steps/\([a-z-]*\).*|\1|p' ./*.service | sort) \
    <(cd "$REPOSITORY/userdata/steps" && printf '%s\n' * | sort)
  for unit in "$UNITS"/kb-step-*.service "$UNITS/kb-ready.service" "$UNITS/kb-receiver.service"; do
    grep -q '^TimeoutStartSec=' "$unit"
  done
}

@test "a failed unit calls the messenger, and the messenger never itself" {
  grep -q '^OnFailure=notify-failure@%N.service' "$UNITS/kb-.service.d/10-failure.conf"
  run ! grep -rq 'OnFailure' "$UNITS/notify-failure@.service"
}

# systemd calls it for every failure before the last one, too: the last one must not be one too many.
@test "the messenger is never refused for having been called before" {
  grep -q '^StartLimitIntervalSec=0$' "$UNITS/notify-failure@.service"
}

@test "a receiver that ends by itself is started again, however it ended, but for a configuration that stays wrong" {
  grep -q '^Restart=always$' "$UNITS/kb-receiver.service"
  grep -q '^RestartPreventExitStatus=2$' "$UNITS/kb-receiver.service"
}

@test "every receiver's plane has its rights, and every file of rights its plane" {
  diff <(cd "$UNITS/receiver" && printf '%s\n' * | sort) \
    <(printf '%s.conf\n' afxdp dpdk kernel physical-addresses xdp)
}

@test "kb-stats may read the receiver's page, whatever rights the receiver has" {
  local group plane
  group=$(sed -n 's/^Group=//p' "$UNITS/kb-stats.service")
  [[ -n $group ]]
  for plane in "$UNITS"/kb-receiver.service "$UNITS"/receiver/*.conf; do
    run sed -n 's/^Group=//p' "$plane"
    [[ -z $output || $output == "$group" ]] || {
      printf '%s: the page belongs to group %s, and kb-stats is of %s\n' "${plane##*/}" "$output" "$group"
      return 1
    }
  done
}
