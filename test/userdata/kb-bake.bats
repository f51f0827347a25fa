#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What an image build runs, against a folder.
load helpers

prepare() {
  ASSET=$KB_ROOT/opt/kb/asset
  mkdir -p "$ASSET"
  cp -R "$REPOSITORY/userdata" "$ASSET/"
  # the install step has its own tests
  printf '#!/bin/bash\necho "install $KB_PLANE $KB_DPDK_VERSION" >>"$CALLS"\n' >"$ASSET/userdata/steps/install"
  echo "$(printf 'a%.0s' {1..64})  /opt/kb/asset.tar" >"$KB_ROOT/opt/kb/asset.sha256"
  touch "$KB_ROOT/opt/kb/asset.tar"
  reader dpkg-query 'printf "%s\n" "linux-image-cloud-amd64 installed" "linux-image-amd64 not-installed" "linux-image-6.12.107-cloud-amd64 installed"'
  stub apt-mark
  stub modprobe
  stub update-grub
  stub grubby
  file /proc/cmdline 'root=/dev/vda1 quiet'
}

# bake_plan KEY=VALUE...: the fixture with these differences is the image's plan.
bake_plan() {
  cp "$BATS_TEST_DIRNAME/fixtures/plan.env" "$KB_ROOT/etc/kb/plan.env"
  local pair
  for pair; do sed -i "s|^${pair%%=*}=.*|${pair%%=*}=\"${pair#*=}\"|" "$KB_ROOT/etc/kb/plan.env"; done
}

bake() { run bash "$ASSET/userdata/bin/kb-bake" "$@"; }

@test "install: the steps are in place, run with the plan, and the kernel stays" {
  bake_plan KB_KERNEL_ARGS=
  bake install
  assert_status 0
  assert_calls <<'CALLS'
install kernel distro
apt-mark hold linux-image-cloud-amd64 linux-image-6.12.107-cloud-amd64
CALLS
  [[ ! -e $KB_ROOT/etc/default/grub.d/90-kb.cfg ]]
  [[ -x $KB_ROOT/opt/kb/steps/ready && -x $KB_ROOT/opt/kb/bin/kb-check && -e $KB_ROOT/opt/kb/lib/common.sh ]]
}

@test "install: the boot loader is given the planned arguments, twice the same" {
  bake_plan KB_KERNEL_ARGS='isolcpus=2-3 nosmt'
  bake install
  assert_status 0
  assert_file /etc/default/grub.d/90-kb.cfg 'GRUB_CMDLINE_LINUX_DEFAULT="${GRUB_CMDLINE_LINUX_DEFAULT} isolcpus=2-3 nosmt"'
  tail -n1 "$CALLS" | grep -qx update-grub
  assert_file /var/lib/kb/kernel-args $'isolcpus=2-3\nnosmt'
  [[ ! -e $KB_ROOT/var/lib/kb/rebooted-for ]] # a host may still reboot, for another plan
  echo 'x  y' >"$KB_ROOT/opt/kb/asset.sha256"
  bake install
  assert_status 0
  refute_output_has 'wrote /etc/default'
  assert_file /var/lib/kb/kernel-args $'isolcpus=2-3\nnosmt'
}

@test "install: baked again for another plan, and for none: nothing of the earlier one stays" {
  bake_plan KB_OS=al2023 KB_KERNEL_ARGS='isolcpus=2-3 nosmt'
  file /etc/dnf/dnf.conf 'exclude=kernel*'
  bake install
  bake_plan KB_OS=al2023 KB_KERNEL_ARGS='isolcpus=4-5 nosmt'
  echo 'x  y' >"$KB_ROOT/opt/kb/asset.sha256"
  bake install
  bake_plan KB_OS=al2023 KB_KERNEL_ARGS=
  echo 'x  y' >"$KB_ROOT/opt/kb/asset.sha256"
  bake install
  grep grubby "$CALLS" >"$BATS_TEST_TMPDIR/grubby"
  diff - "$BATS_TEST_TMPDIR/grubby" <<'CALLS'
grubby --update-kernel=ALL --args=isolcpus=2-3 nosmt
grubby --update-kernel=ALL --remove-args=isolcpus=2-3 --args=isolcpus=4-5 nosmt
grubby --update-kernel=ALL --remove-args=isolcpus=2-3 nosmt isolcpus=4-5
CALLS
}

@test "install: a host that is given the same asset finds it there" {
  bake_plan
  bake install
  assert_file /opt/kb/asset/.sha256 "$(printf 'a%.0s' {1..64})"
  [[ ! -e $KB_ROOT/opt/kb/asset.tar ]]
}

@test "install: Amazon Linux keeps its kernel by dnf's configuration, said once" {
  bake_plan KB_OS=al2023
  file /etc/dnf/dnf.conf '[main]
gpgcheck=1'
  bake install
  assert_status 0
  assert_file /etc/dnf/dnf.conf '[main]
gpgcheck=1
exclude=kernel*'
  cp "$KB_ROOT/etc/dnf/dnf.conf" "$BATS_TEST_TMPDIR/before"
  echo 'x  y' >"$KB_ROOT/opt/kb/asset.sha256"
  bake install
  cmp "$KB_ROOT/etc/dnf/dnf.conf" "$BATS_TEST_TMPDIR/before"
}

@test "install: igb_uio for DPDK, which is loaded to see that this kernel takes it" {
  bake_plan KB_PLANE=dpdk KB_NIC_DRIVER=auto
  bake install
  assert_status 0
  grep -qx 'modprobe igb_uio wc_activate=1' "$CALLS"
}

@test "install: no igb_uio is no failure where other drivers will do" {
  bake_plan KB_PLANE=dpdk KB_NIC_DRIVER=auto
  stub modprobe '[[ $1 != igb_uio ]]'
  bake install
  assert_status 0
  assert_output_has 'hosts will do without igb_uio: no igb_uio module'
}

@test "install: no igb_uio fails the build where it is planned" {
  bake_plan KB_PLANE=dpdk KB_NIC_DRIVER=igb_uio
  stub modprobe '[[ $1 != igb_uio ]]'
  bake install
  assert_status 2
  assert_output_has "'KB_NIC_DRIVER' is igb_uio: no igb_uio module"
}

@test "install: a step that fails fails the build" {
  bake_plan
  printf '#!/bin/bash\nexit 1\n' >"$ASSET/userdata/steps/install"
  bake install
  assert_status 1
  assert_no_calls
}

@test "check: plan, software, kernel and driver, and nothing that only a host can pass" {
  bake_plan KB_KERNEL=6.12 KB_ENA_MIN_VERSION=2.13.2 KB_KERNEL_ARGS=nosmt
  bake install
  file /proc/cmdline 'root=/dev/vda1 quiet nosmt'
  reader ip 'echo "default via 10.0.0.1 dev ens5 proto dhcp src 10.0.0.5 metric 512"'
  reader uname 'echo 6.12.58-82.121.amzn2023.x86_64'
  reader ethtool 'echo "version: 2.17.1g"'
  mkdir -p "$KB_ROOT/sys/bus/pci/drivers/ena" "$KB_ROOT/sys/class/net/ens5/device"
  ln -s "$KB_ROOT/sys/bus/pci/drivers/ena" "$KB_ROOT/sys/class/net/ens5/device/driver"
  cp "$(type -P true)" "$KB_ROOT/opt/kb/bin/kb-kernel"
  ln -s kb-kernel "$KB_ROOT/opt/kb/bin/kb-receiver"
  file /var/lib/kb/built '0123 count disabled/distro disabled/distro'
  bake check
  assert_status 0
  [[ ${#lines[@]} == 5 ]]
  assert_output_has 'PASS plan'
  assert_output_has 'PASS kernel-args    all of nosmt'
  assert_output_has 'PASS software       kb-kernel with libxdp distro and DPDK distro'
  assert_output_has 'PASS kernel         6.12.58-82.121.amzn2023.x86_64, planned 6.12'
  assert_output_has 'PASS ena-version    2.17.1, planned at least 2.13.2'

  reader uname 'echo 6.18.1-1.amzn2023'
  bake check
  assert_status 1
  assert_output_has 'FAIL kernel         6.18.1-1.amzn2023, planned 6.12; bake the image from a base with that kernel'

  reader uname 'echo 6.120.1'
  bake check
  assert_status 1

  reader uname 'echo 6.12.1'
  file /var/lib/kb/built '0123 count disabled/distro enabled/25.11.4'
  bake check
  assert_output_has "FAIL software       kb-kernel was built with 'count disabled/distro enabled/25.11.4', planned libxdp distro and DPDK distro"

  file /proc/cmdline 'root=/dev/vda1 quiet'
  bake check
  assert_output_has 'FAIL kernel-args    missing nosmt'

  rm "$KB_ROOT/opt/kb/bin/kb-receiver"
  bake check
  assert_status 1
  assert_output_has 'FAIL software       no receiver in /opt/kb/bin'
}

@test "a plan that is not there, or lacks a key, and other words are refused" {
  bake install
  assert_status 2
  assert_output_has 'there is no plan in /etc/kb/plan.env'
  bake_plan
  sed -i '/^KB_KERNEL=/d' "$KB_ROOT/etc/kb/plan.env"
  bake install
  assert_status 2
  assert_output_has 'the plan lacks KB_KERNEL'
  bake everything
  assert_status 2
  assert_output_has 'usage: kb-bake install|check'
}
