#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The data interface in a network namespace: real addresses, routes and ARP. What stands in are the
# metadata service, the PCI bus and the drivers.
load helpers

readonly PRIMARY_MAC=0a:00:00:00:00:05 DATA_MAC=0a:00:00:00:00:06 ROUTER_MAC=0a:00:00:00:00:01
readonly PCI=0000:28:00.0

prepare() {
  ((EUID == 0)) || skip 'needs root for a network namespace'
  NS=kbud-$$-$BATS_TEST_NUMBER
  ROUTER_NS=$NS-r
  ip netns add "$NS"
  ip netns add "$ROUTER_NS"
  link ens5 "$PRIMARY_MAC" 10.0.0.1/24
  link ens6 "$DATA_MAC" 10.0.1.1/24
  ip -n "$NS" addr add 10.0.0.5/24 dev ens5
  ip -n "$NS" route add default via 10.0.0.1
  nic ens5 0000:00:05.0
  nic ens6 "$PCI"
  mkdir -p "$KB_ROOT/proc/sys"
  ln -s /proc/sys/net "$KB_ROOT/proc/sys/net"
  stubs
}

teardown() {
  ip netns del "$NS" 2>/dev/null || :
  ip netns del "$ROUTER_NS" 2>/dev/null || :
}

link() { # NAME MAC ROUTER: a cable to the router
  ip -n "$NS" link add "$1" address "$2" type veth peer name "$1" netns "$ROUTER_NS"
  ip -n "$ROUTER_NS" link set "$1" address "$ROUTER_MAC" up
  ip -n "$ROUTER_NS" addr add "$3" dev "$1"
  ip -n "$NS" link set "$1" up
}

nic() { # NAME PCI: its entries in sysfs, of which the namespace's own are real
  local net=$KB_ROOT/sys/class/net/$1 device=$KB_ROOT/sys/bus/pci/devices/$2 each
  mkdir -p "$net" "$device" "$KB_ROOT/sys/bus/pci/drivers/ena"
  for each in address mtu flags carrier; do ln -s "/sys/class/net/$1/$each" "$net/$each"; done
  ln -s "$device" "$net/device"
  ln -s "$KB_ROOT/sys/bus/pci/drivers/ena" "$device/driver"
  echo 1 >"$device/numa_node"
  echo 0x020000 >"$device/class"
  echo '(null)' >"$device/driver_override"
  : >"$KB_ROOT/sys/bus/pci/drivers/ena/unbind"
  : >"$KB_ROOT/sys/bus/pci/drivers_probe"
}

stubs() {
  reader curl 'case "${@: -1}" in
    */api/token) echo token ;;
    */macs/) printf "%s/\n" 0a:00:00:00:00:05 0a:00:00:00:00:06 ;;
    */meta-data/mac) echo 0a:00:00:00:00:05 ;;
    *05/device-number) echo 0 ;;
    *05/network-card) exit 22 ;; # absent on an instance with one card
    *06/device-number) echo 1 ;;
    *06/network-card) echo 1 ;;
    *06/local-ipv4s) printf "%s\n" 10.0.1.5 10.0.1.77 ;;
    *06/subnet-ipv4-cidr-block) echo 10.0.1.0/24 ;;
    *) exit 22 ;;
  esac'
  # the real ip; questions are not recorded
  reader ip "[[ \" \$* \" == *' show '* || \" \$* \" == *' get '* ]] || printf 'ip %s\\n' \"\$*\" >>\"\$CALLS\"
    exec $(PATH=${PATH#*:} command -v ip) \"\$@\""
  reader ethtool 'case $1 in
    -l) printf "%s\n" "Channel parameters for $2:" "Pre-set maximums:" "Combined: 32" "Current hardware settings:" "Combined: $(cat $KB_ROOT/channels)" ;;
    -g) printf "%s\n" "Ring parameters for $2:" "Pre-set maximums:" "RX: 16384" "TX: 512" "Current hardware settings:" "RX: $(cat $KB_ROOT/rx)" "TX: 512" ;;
    -i) printf "%s\n" "driver: ena" "version: $(cat $KB_ROOT/version)" ;;
    *) printf "ethtool %s\n" "$*" >>"$CALLS"
       [[ $1 != -L ]] || echo "$4" >$KB_ROOT/channels
       [[ $1 != -G ]] || echo "$4" >$KB_ROOT/rx ;;
  esac'
  echo 32 >"$KB_ROOT/channels"
  echo 1024 >"$KB_ROOT/rx"
  echo 2.17.2g >"$KB_ROOT/version"
  # is-active and is-enabled answer from what a test put there
  stub systemctl '[[ $1 != is-active ]] || exit 1; [[ $1 != is-enabled ]] || cat "$KB_ROOT/masked" 2>/dev/null'
  stub modprobe '[[ -e $KB_ROOT/modules/$1 ]]'
  stub chown
  stub make 'exit 1'
  mkdir "$KB_ROOT/modules"
  touch "$KB_ROOT"/modules/{vfio,vfio-pci,uio}
  # after a probe the bus does what driver_override says, and the interface comes or goes with it
  reader udevadm 'pci=$(cat $KB_ROOT/sys/bus/pci/drivers_probe) device=$KB_ROOT/sys/bus/pci/devices/$(cat $KB_ROOT/sys/bus/pci/drivers_probe)
    driver=$(cat $device/driver_override); [[ -n $driver ]] || driver=ena
    [[ ! -e $KB_ROOT/stubborn ]] || exit 0
    mkdir -p $KB_ROOT/sys/bus/pci/drivers/$driver; touch $KB_ROOT/sys/bus/pci/drivers/$driver/unbind
    ln -sfn $KB_ROOT/sys/bus/pci/drivers/$driver $device/driver
    if [[ $driver == ena ]]; then mv $KB_ROOT/sys/class/gone $KB_ROOT/sys/class/net/ens6 2>/dev/null
    elif [[ -e $KB_ROOT/sys/class/net/ens6 ]]; then mv $KB_ROOT/sys/class/net/ens6 $KB_ROOT/sys/class/gone; fi; exit 0'
}

iommu() { # GROUP
  mkdir -p "$KB_ROOT/sys/kernel/iommu_groups/$1" "$KB_ROOT/dev/vfio"
  ln -s "$KB_ROOT/sys/kernel/iommu_groups/$1" "$KB_ROOT/sys/bus/pci/devices/$PCI/iommu_group"
  touch "$KB_ROOT/dev/vfio/$1"
}

data_nic() { # in the namespace, with what a unit would have from host.env
  if [[ -e $KB_ROOT/run/kb/host.env ]]; then
    set -a
    # shellcheck source=/dev/null
    source "$KB_ROOT/run/kb/host.env"
    set +a
  fi
  run "$(PATH=${PATH#*:} command -v ip)" netns exec "$NS" "$KB_ROOT/opt/kb/steps/data-nic"
}

changes() { grep -vE '^systemctl is-' "$CALLS" || :; }

@test "kernel: address, routes, MTU and channels as planned, and host.env tells" {
  plan
  data_nic
  assert_status 0
  diff <(changes) - <<'CALLS'
ip addr add 10.0.1.5/24 dev ens6 noprefixroute
ip -4 route replace 10.0.1.0/24 dev ens6 src 10.0.1.5 table 4242
ip -4 route replace default via 10.0.1.1 dev ens6 onlink table 4242
ip -4 route replace 10.0.1.0/24 dev ens6 src 10.0.1.5 metric 4242
ip -4 rule add from 10.0.1.5 lookup 4242 priority 4242
ip -4 route replace 10.0.1.1 dev ens6
ip -4 route del 10.0.1.1 dev ens6
ethtool -L ens6 combined 2
CALLS
  assert_file /run/kb/host.env "KB_DATA_IFACE=\"ens6\"
KB_DATA_MAC=\"$DATA_MAC\"
KB_DATA_PCI=\"$PCI\"
KB_DATA_NUMA=\"1\"
KB_DATA_IP=\"10.0.1.5\"
KB_DATA_PREFIX=\"24\"
KB_GATEWAY_IP=\"10.0.1.1\"
KB_GATEWAY_MAC=\"$ROUTER_MAC\"
KB_DATA_DRIVER=\"ena\""
  [[ $(ip -n "$NS" -o link show ens6) == *'mtu 3498'* ]]
}

@test "twice: the second run changes nothing" {
  plan
  data_nic
  forget_calls
  data_nic
  assert_status 0
  [[ -z $(changes) ]]
  refute_output_has '->'
  refute_output_has wrote
}

@test "the management interface keeps the host's own way out" {
  plan
  ip -n "$NS" addr add 10.0.1.5/24 dev ens6
  ip -n "$NS" route add default via 10.0.1.1 dev ens6 metric 50 # as a DHCP client would
  data_nic
  assert_status 0
  [[ $(ip -n "$NS" -4 route get 192.0.2.1) == *' dev ens5 '* ]]
  [[ $(ip -n "$NS" -4 route get 192.0.2.1 from 10.0.1.5) == *' dev ens6 '* ]]
}

@test "an address from DHCP, which would expire, becomes a permanent one" {
  plan
  ip -n "$NS" addr add 10.0.1.5/24 dev ens6 valid_lft 3600 preferred_lft 3600
  data_nic
  assert_status 0
  [[ $(ip -n "$NS" -o -4 addr show dev ens6) == *' 10.0.1.5/24 '*'valid_lft forever'* ]]
}

@test "the primary interface is never touched, whatever the plan says" {
  plan KB_DATA_DEVICE=0 KB_DATA_CARD=0
  data_nic
  assert_status 2
  assert_output_has "device 0 on network card 0 is the primary interface ($PRIMARY_MAC)"
  [[ -z $(changes) ]]
}

@test "an interface that holds the only default route is not taken" {
  plan
  ip -n "$NS" route del default
  ip -n "$NS" addr add 10.0.1.5/24 dev ens6
  ip -n "$NS" route add default via 10.0.1.1 dev ens6
  data_nic
  assert_status 2
  assert_output_has 'ens6 holds the only default route of this host'
  [[ -z $(changes) ]]
}

@test "no such interface: says which there are" {
  plan KB_DATA_DEVICE=2
  sed -i 's/wait_for 60 locate/wait_for 0 locate/' "$KB_ROOT/opt/kb/steps/data-nic"
  data_nic
  assert_status 2
  assert_output_has "no interface has device index 2 on network card 1 ('KB_DATA_DEVICE', 'KB_DATA_CARD'); device/card of those attached: 0/0 ($PRIMARY_MAC) 1/1 ($DATA_MAC)"
}

@test "no metadata service: says so" {
  plan
  reader curl 'exit 28'
  data_nic
  assert_status 1
  assert_output_has 'the metadata service at 169.254.169.254 gives no token'
}

@test "an MTU the device refuses is a mistake of the plan" {
  plan KB_MTU=70000
  data_nic
  assert_status 2
  assert_output_has "ens6 (ena) does not take an MTU of 70000 ('KB_MTU') and keeps 1500"
}

@test "more queues than the device has are refused" {
  plan KB_QUEUES=64
  data_nic
  assert_status 2
  assert_output_has "'KB_QUEUES' must be at most 32 on ens6 (ena), got 64"
}

@test "XDP before ENA 2.17 gets half of the channels, and the sentence says why" {
  plan KB_PLANE=afxdp KB_QUEUES=17
  echo 2.16.1g >"$KB_ROOT/version"
  data_nic
  assert_status 2
  assert_output_has "'KB_QUEUES' must be at most 16 for XDP with the 2.16.1 ENA driver"
  echo 2.17.0g >"$KB_ROOT/version"
  data_nic
  assert_status 0
}

@test "the kernel's own ena driver is one that keeps half" {
  plan KB_PLANE=xdp KB_QUEUES=32
  uname -r >"$KB_ROOT/version"
  data_nic
  assert_status 2
  assert_output_has 'for XDP with the mainline ENA driver'
}

@test "a ring larger than the device's becomes the largest, with a warning" {
  plan KB_TX_RING=1024 KB_RX_RING=4096
  data_nic
  assert_status 0
  assert_output_has 'ens6 (ena): at most 512 TX descriptors, planned 1024'
  grep -qx 'ethtool -G ens6 rx 4096' "$CALLS"
}

@test "amazon's own network scripts are kept off for good" {
  plan
  mkdir -p "$KB_ROOT/usr/lib/systemd/system"
  touch "$KB_ROOT/usr/lib/systemd/system/"{policy-routes@.service,refresh-policy-routes@.timer}
  data_nic
  grep -qx 'systemctl mask --now policy-routes@ens6.service' "$CALLS"
  grep -qx 'systemctl mask --now refresh-policy-routes@ens6.timer' "$CALLS"
  grep -qx "MACAddress=$DATA_MAC" "$KB_ROOT/etc/systemd/network/05-kb-data.network"
  echo masked >"$KB_ROOT/masked"
  forget_calls
  data_nic
  [[ -z $(changes) ]]
}

@test "systemd-networkd is told, and waited for" {
  plan
  stub systemctl '[[ $1 != is-active || $3 == systemd-networkd ]]'
  stub networkctl '[[ $1 != reload ]] || exit 0; echo "  3 ens6 ether routable unmanaged"'
  data_nic
  assert_status 0
  grep -qx 'networkctl reload' "$CALLS"
  refute_output_has 'still manages'
}

@test "dpdk with an IOMMU: vfio-pci, opened for the receiver's user, without its being root" {
  plan KB_PLANE=dpdk KB_NIC_DRIVER=auto
  iommu 7
  data_nic
  assert_status 0
  [[ $(readlink "$KB_ROOT/sys/bus/pci/devices/$PCI/driver") == */vfio-pci ]]
  grep -qx 'KB_DATA_DRIVER="vfio-pci"' "$KB_ROOT/run/kb/host.env"
  grep -qx "KB_GATEWAY_MAC=\"$ROUTER_MAC\"" "$KB_ROOT/run/kb/host.env"
  grep -qx "chown kb:kb $KB_ROOT/dev/vfio/7" "$CALLS"
  [[ ! -e $KB_ROOT/run/systemd/system/kb-receiver.service.d ]]
  run ! grep -q 'ethtool -L' "$CALLS"
}

@test "dpdk, bound already: the second run only says so" {
  plan KB_PLANE=dpdk KB_NIC_DRIVER=auto
  iommu 7
  data_nic
  forget_calls
  data_nic
  assert_status 0
  assert_output_has "$PCI already belongs to vfio-pci"
  [[ -z $(changes) ]]
}

@test "dpdk without an IOMMU: igb_uio with write-combining, and a receiver that may use it" {
  plan KB_PLANE=dpdk KB_NIC_DRIVER=auto
  touch "$KB_ROOT/modules/igb_uio"
  mkdir -p "$KB_ROOT/opt/kb/asset/systemd"
  cp -R "$REPOSITORY/assets/systemd/receiver" "$KB_ROOT/opt/kb/asset/systemd/"
  data_nic
  assert_status 0
  grep -qx 'modprobe igb_uio wc_activate=1' "$CALLS"
  grep -qx 'KB_DATA_DRIVER="igb_uio"' "$KB_ROOT/run/kb/host.env"
  grep -qx 'User=root' "$KB_ROOT/run/systemd/system/kb-receiver.service.d/30-physical-addresses.conf"
}

@test "no IOMMU, no igb_uio: vfio without IOMMU, and a warning that says what that costs" {
  plan KB_PLANE=dpdk KB_NIC_DRIVER=auto
  file /sys/module/vfio/parameters/enable_unsafe_noiommu_mode N
  mkdir -p "$KB_ROOT/opt/kb/asset/systemd"
  cp -R "$REPOSITORY/assets/systemd/receiver" "$KB_ROOT/opt/kb/asset/systemd/"
  data_nic
  assert_status 0
  assert_output_has 'no write-combining'
  grep -qx 'KB_DATA_DRIVER="vfio-noiommu"' "$KB_ROOT/run/kb/host.env"
  [[ $(readlink "$KB_ROOT/sys/bus/pci/devices/$PCI/driver") == */vfio-pci ]]
}

@test "no driver at all: every reason is given, and the interface stays in the kernel" {
  plan KB_PLANE=dpdk KB_NIC_DRIVER=auto
  data_nic
  assert_status 2
  assert_output_has 'no IOMMU group for vfio-pci'
  assert_output_has 'no igb_uio module, and no source of it'
  assert_output_has CONFIG_VFIO_NOIOMMU
  [[ $(readlink "$KB_ROOT/sys/bus/pci/devices/$PCI/driver") == */ena ]]
}

@test "igb_uio that does not build for this kernel: the compiler's words" {
  plan KB_PLANE=dpdk KB_NIC_DRIVER=igb_uio
  mkdir -p "$KB_ROOT/opt/kb/src/dpdk-kmods/linux/igb_uio"
  stub make 'echo "igb_uio.c:12:3: error: implicit declaration of function"; exit 2'
  data_nic
  assert_status 2
  assert_output_has 'igb_uio.c:12:3: error: implicit declaration of function'
}

@test "vfio-pci forced without an IOMMU is refused with the way out" {
  plan KB_PLANE=dpdk KB_NIC_DRIVER=vfio-pci
  data_nic
  assert_status 2
  assert_output_has "'KB_NIC_DRIVER' is vfio-pci, but $PCI has no IOMMU group"
}

@test "a driver that does not take the device is told" {
  plan KB_PLANE=dpdk KB_NIC_DRIVER=auto
  iommu 7
  touch "$KB_ROOT/stubborn"
  reader dmesg "echo 'vfio-pci: probe of $PCI failed with error -22'"
  data_nic
  assert_status 1
  assert_output_has "$PCI did not go to vfio-pci: vfio-pci: probe of $PCI failed with error -22"
}

@test "left in user space by a run that was cut short: taken back, then as planned" {
  plan KB_PLANE=dpdk KB_NIC_DRIVER=auto
  iommu 7
  data_nic
  rm "$KB_ROOT/run/kb/host.env"
  unset KB_DATA_MAC KB_DATA_PCI
  data_nic
  assert_status 0
  assert_output_has "taking $PCI back from vfio-pci"
  grep -qx 'KB_DATA_DRIVER="vfio-pci"' "$KB_ROOT/run/kb/host.env"
}

@test "bound by a run that failed before its end: taken back, then as planned" {
  plan KB_PLANE=dpdk KB_NIC_DRIVER=auto
  iommu 7
  stub chown 'exit 1'
  data_nic
  assert_status 1
  stub chown
  forget_calls
  data_nic
  assert_status 0
  assert_output_has "taking $PCI back from vfio-pci"
  grep -qx "chown kb:kb $KB_ROOT/dev/vfio/7" "$CALLS"
  grep -qx 'KB_DATA_DRIVER="vfio-pci"' "$KB_ROOT/run/kb/host.env"
}

@test "bound to another driver than is planned now: taken back, then as planned" {
  plan KB_PLANE=dpdk KB_NIC_DRIVER=auto
  iommu 7
  data_nic
  mkdir -p "$KB_ROOT/opt/kb/asset/systemd"
  cp -R "$REPOSITORY/assets/systemd/receiver" "$KB_ROOT/opt/kb/asset/systemd/"
  touch "$KB_ROOT/modules/igb_uio"
  plan KB_PLANE=dpdk KB_NIC_DRIVER=igb_uio
  data_nic
  assert_status 0
  grep -qx 'KB_DATA_DRIVER="igb_uio"' "$KB_ROOT/run/kb/host.env"
  [[ $(readlink "$KB_ROOT/sys/bus/pci/devices/$PCI/driver") == */igb_uio ]]
}

@test "a router that does not answer is a warning: a receiver that only listens needs none" {
  plan
  ip -n "$ROUTER_NS" addr flush dev ens6
  sed -i 's/wait_for 5 gateway/wait_for 0 gateway/' "$KB_ROOT/opt/kb/lib/data-link.sh"
  data_nic
  assert_status 0
  assert_output_has 'the router 10.0.1.1 does not answer ARP on ens6'
  grep -qx 'KB_GATEWAY_MAC=""' "$KB_ROOT/run/kb/host.env"
}

@test "a missing key is named" {
  plan
  unset KB_DATA_CARD
  data_nic
  assert_status 2
  assert_output_has KB_DATA_CARD
}
