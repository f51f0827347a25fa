#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

prepare() {
  file /proc/cmdline 'BOOT_IMAGE=/boot/vmlinuz root=/dev/vda1 quiet'
  file /proc/uptime '42.10 80.00'
  stub grubby
  stub update-grub
  stub systemctl '[[ $1 != show ]] || echo 1000000'
  stub cloud-init
  stub sleep
  stub sync
}

@test "the running kernel has every argument: nothing happens" {
  plan
  file /proc/cmdline "root=/dev/vda1 ${KB_KERNEL_ARGS}"
  step kernel-args
  assert_status 0
  assert_no_calls
}

@test "no argument planned: nothing happens" {
  plan KB_KERNEL_ARGS=
  step kernel-args
  assert_status 0
  assert_no_calls
}

@test "an argument that is only part of another one counts as missing" {
  plan KB_KERNEL_ARGS=quie
  step kernel-args
  assert_output_has 'rebooting for quie'
}

@test "debian: writes them after the image's own, then reboots and does not report success" {
  plan
  step kernel-args
  assert_file /etc/default/grub.d/90-kb.cfg 'GRUB_CMDLINE_LINUX_DEFAULT="${GRUB_CMDLINE_LINUX_DEFAULT} isolcpus=managed_irq,domain,2-3 nohz_full=2-3"'
  grep -v '^systemctl show' "$CALLS" >"$CALLS.changes"
  mv "$CALLS.changes" "$CALLS"
  assert_calls <<'CALLS'
update-grub
cloud-init status --wait
sync
sync
systemctl reboot
sleep infinity
CALLS
}

@test "the boot loader's files are on the disk before the marker of the reboot exists" {
  plan
  stub sync '[[ -e $KB_ROOT/var/lib/kb/rebooted-for ]] || echo "before the marker" >>"$CALLS"'
  step kernel-args
  [[ $(grep -c 'before the marker' "$CALLS") == 1 && $(grep -c '^sync' "$CALLS") == 2 ]]
}

@test "amazon linux: gives grubby only what is missing" {
  plan KB_OS=al2023
  file /proc/cmdline 'root=/dev/vda1 nohz_full=2-3'
  step kernel-args
  run head -n1 "$CALLS"
  assert_output_has 'grubby --update-kernel=ALL --args=isolcpus=managed_irq,domain,2-3'
  refute_output_has nohz_full
}

@test "rebooted once, still missing: fails and names them instead of looping" {
  plan
  step kernel-args
  forget_calls
  step kernel-args
  assert_status 2
  assert_output_has 'rebooted once, and the kernel still runs without isolcpus=managed_irq,domain,2-3 nohz_full=2-3'
  assert_no_calls
}

@test "other arguments planned since the reboot: may reboot for them" {
  plan
  step kernel-args
  plan KB_KERNEL_ARGS=mitigations=off
  step kernel-args
  assert_output_has 'rebooting for mitigations=off'
}

# As kb-bake left it, for another plan.
baked_for() {
  file /var/lib/kb/kernel-args "${1// /$'\n'}"
  file /etc/default/grub.d/90-kb.cfg "GRUB_CMDLINE_LINUX_DEFAULT=\"\${GRUB_CMDLINE_LINUX_DEFAULT} $1\""
  file /proc/cmdline "root=/dev/vda1 quiet $1"
}

@test "debian: an image baked for another plan: its arguments go, and those of the plan come" {
  plan KB_KERNEL_ARGS='isolcpus=4-5 nosmt'
  baked_for 'isolcpus=2-3 nosmt'
  step kernel-args
  assert_file /etc/default/grub.d/90-kb.cfg 'GRUB_CMDLINE_LINUX_DEFAULT="${GRUB_CMDLINE_LINUX_DEFAULT} isolcpus=4-5 nosmt"'
  assert_output_has 'rebooting for isolcpus=4-5 to be rid of isolcpus=2-3, which another plan had'
}

@test "an image baked with arguments, and a plan without: reboots to be rid of them, once" {
  plan KB_KERNEL_ARGS= KB_OS=al2023
  baked_for 'isolcpus=2-3 nosmt'
  step kernel-args
  assert_output_has 'rebooting to be rid of isolcpus=2-3 nosmt, which another plan had'
  grep -qx 'grubby --update-kernel=ALL --remove-args=isolcpus=2-3 nosmt' "$CALLS"
  forget_calls
  step kernel-args
  assert_status 2
  assert_output_has 'the kernel still runs with isolcpus=2-3 nosmt, which is not planned'
  assert_no_calls
}

@test "amazon linux: one call takes the old arguments back and gives the new ones" {
  plan KB_KERNEL_ARGS='isolcpus=4-5 nosmt' KB_OS=al2023
  baked_for 'isolcpus=2-3 nosmt'
  step kernel-args
  grep -qx 'grubby --update-kernel=ALL --remove-args=isolcpus=2-3 --args=isolcpus=4-5' "$CALLS"
}

@test "an argument of the image's own is left alone, planned or not" {
  file /proc/cmdline 'root=/dev/vda1 quiet nosmt'
  plan KB_KERNEL_ARGS='nosmt isolcpus=2-3'
  step kernel-args
  assert_file /var/lib/kb/kernel-args isolcpus=2-3
  file /proc/cmdline 'root=/dev/vda1 quiet nosmt'
  plan KB_KERNEL_ARGS=
  forget_calls
  step kernel-args
  assert_status 0
  assert_no_calls
}

@test "the boot loader's tool fails: no reboot, no marker" {
  plan
  stub update-grub 'echo "grub: no such device" >&2; exit 1'
  step kernel-args
  assert_status 1
  [[ ! -e $KB_ROOT/var/lib/kb/rebooted-for ]]
  ! grep -q 'systemctl reboot' "$CALLS"
}

@test "an unknown system is refused" {
  plan KB_OS=plan9
  step kernel-args
  assert_status 2
  assert_output_has "'KB_OS' must be al2023, debian13 or ubuntu2404, got 'plan9'"
}

@test "a missing key is named" {
  plan
  unset KB_KERNEL_ARGS
  step kernel-args
  assert_status 2
  assert_output_has KB_KERNEL_ARGS
}
