#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

readonly PCI=0000:28:00.0

prepare() {
  stub systemctl '[[ $1 != is-active ]] || exit 1'
  stub ip '[[ "$*" != *" show "* ]] || [[ ! -e $KB_ROOT/rule ]] || { rm -f $KB_ROOT/rule; echo rule; }'
  stub ethtool
  stub grubby
  stub update-grub
  reader udevadm 'device=$KB_ROOT/sys/bus/pci/devices/$(cat $KB_ROOT/sys/bus/pci/drivers_probe)
    ln -sfn $KB_ROOT/sys/bus/pci/drivers/ena $device/driver; mkdir -p $KB_ROOT/sys/class/net/ens6'
  cp "$BATS_TEST_DIRNAME/fixtures/plan.env" "$KB_ROOT/etc/kb/plan.env"
  file /run/kb/host.env "KB_DATA_IFACE=\"ens6\"
KB_DATA_PCI=\"$PCI\"
KB_DATA_IP=\"10.0.1.5\""
  mkdir -p "$KB_ROOT/sys/bus/pci/devices/$PCI" "$KB_ROOT"/sys/bus/pci/drivers/{ena,vfio-pci} "$KB_ROOT/sys/class/net/ens6"
  ln -s "$KB_ROOT/sys/bus/pci/drivers/vfio-pci" "$KB_ROOT/sys/bus/pci/devices/$PCI/driver"
}

undo() { run "$KB_ROOT/opt/kb/bin/kb-undo" "$@"; }
changes() { grep -vE '^(systemctl is-|ip .* show )' "$CALLS" || :; }

@test "the interface returns to the kernel's driver, for good" {
  undo
  assert_status 0
  [[ $(readlink "$KB_ROOT/sys/bus/pci/devices/$PCI/driver") == */ena ]]
  assert_file "/sys/bus/pci/devices/$PCI/driver_override" ''
  assert_output_has "$PCI: vfio-pci -> ena"
  [[ $(changes | head -n1) == 'systemctl stop kb.target kb-*.service' ]]
}

@test "every value goes back to what it was, the newest change first" {
  file /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages 64
  file /sys/kernel/mm/transparent_hugepage/enabled 'always madvise [never]'
  file /run/kb/undo/values "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages	0
/sys/kernel/mm/transparent_hugepage/enabled	madvise
/proc/irq/99/smp_affinity_list	0-3"
  file /run/kb/undo/ethtool '-L ens6 combined 32
-C ens6 rx-usecs 20'
  undo
  assert_status 0
  assert_file /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages 0
  assert_file /sys/kernel/mm/transparent_hugepage/enabled madvise
  [[ $(changes | grep ethtool) == $'ethtool -C ens6 rx-usecs 20\nethtool -L ens6 combined 32' ]]
}

@test "files for other programs go, and those programs are told" {
  file /etc/systemd/network/05-kb-data.network ''
  file /etc/systemd/system/irqbalance.service.d/kb.conf ''
  ln -s /dev/null "$KB_ROOT/etc/systemd/system/policy-routes@ens6.service"
  touch "$KB_ROOT/rule"
  undo
  assert_status 0
  [[ ! -e $KB_ROOT/etc/systemd/network/05-kb-data.network && ! -e $KB_ROOT/etc/systemd/system/irqbalance.service.d/kb.conf ]]
  changes >"$BATS_TEST_TMPDIR/changes"
  grep -qx 'systemctl unmask policy-routes@ens6.service' "$BATS_TEST_TMPDIR/changes"
  grep -qx 'systemctl try-restart irqbalance.service' "$BATS_TEST_TMPDIR/changes"
  grep -qx 'ip -4 rule del from 10.0.1.5 lookup 4242' "$BATS_TEST_TMPDIR/changes"
}

@test "root for the receiver is taken back, on a host that has no irqbalance" {
  stub systemctl '[[ $1 != is-active && "$*" != *irqbalance* ]] || exit 5'
  file /run/systemd/system/kb-receiver.service.d/30-physical-addresses.conf ''
  file /run/kb/jitter ''
  undo
  assert_status 0
  [[ ! -e $KB_ROOT/run/systemd/system/kb-receiver.service.d/30-physical-addresses.conf ]]
  [[ ! -e $KB_ROOT/run/kb/jitter ]] # it came to its end
  grep -qx 'systemctl daemon-reload' "$CALLS"
}

@test "an attached filter is taken off" {
  printf '#!/bin/bash\nprintf "kb-xdp %%s\\n" "$*" >>"$CALLS"\n' >"$KB_ROOT/opt/kb/bin/kb-xdp"
  chmod +x "$KB_ROOT/opt/kb/bin/kb-xdp"
  undo
  grep -qx 'kb-xdp detach' "$CALLS"
}

@test "twice: the second run finds nothing to take back" {
  file /run/kb/undo/ethtool '-L ens6 combined 32'
  undo
  forget_calls
  undo
  assert_status 0
  [[ $(changes) == 'systemctl stop kb.target kb-*.service' ]]
  [[ $output == *'kernel arguments are still in place'* && ${#lines[@]} == 1 ]]
}

@test "kernel arguments stay unless asked for" {
  file /etc/default/grub.d/90-kb.cfg ''
  undo
  [[ -e $KB_ROOT/etc/default/grub.d/90-kb.cfg ]]
  assert_output_has 'kb-undo --kernel-args removes them'
  undo --kernel-args
  assert_status 0
  [[ ! -e $KB_ROOT/etc/default/grub.d/90-kb.cfg ]]
  grep -qx update-grub "$CALLS"
  sed -i 's/debian13/al2023/' "$KB_ROOT/etc/kb/plan.env"
  file /var/lib/kb/kernel-args $'isolcpus=managed_irq,domain,2-3\nnohz_full=2-3'
  undo --kernel-args
  [[ ! -e $KB_ROOT/var/lib/kb/kernel-args ]]
  grep -qx 'grubby --update-kernel=ALL --remove-args=isolcpus=managed_irq,domain,2-3 nohz_full=2-3' "$CALLS"
}

@test "a host that was never set up: nothing to do, no error" {
  rm -r "$KB_ROOT/run/kb" "$KB_ROOT/etc/kb"
  undo
  assert_status 0
}

@test "wrong use is refused before anything is stopped" {
  undo --everything
  assert_status 2
  assert_no_calls
}
