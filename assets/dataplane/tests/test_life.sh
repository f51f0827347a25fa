#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A receiver on a wire from its start to its end: what it gives up when it is ready, and what it
# survives or ends with when its port, memory or link go. Arguments: the build directory, the plane.
set -Eeuo pipefail

build=$1
plane=$2
# shellcheck source=veth.sh
source "$(dirname "${BASH_SOURCE[0]}")/veth.sh"
# shellcheck source=receiver.sh
source "$(dirname "${BASH_SOURCE[0]}")/receiver.sh"

export KB_PLANE=$plane KB_FLOWS='udp:*:9000' KB_XDP_MODE=native KB_POLL_MODE=wakeup
ip addr add 10.0.0.2/24 dev kbrx
ip link set dev lo up
touch "$work/gen.log"

# Bits of linux/capability.h.
NET_ADMIN=12 NET_RAW=13 IPC_LOCK=14 BPF=39
case $plane in
  kernel) program=kb-kernel kept=() granted=(net_admin ipc_lock) ;;
  xdp) program=kb-kernel kept=("$BPF") granted=(net_admin ipc_lock bpf) ;;
  afxdp) program=kb-afxdp kept=("$BPF" "$NET_ADMIN") granted=(net_raw net_admin bpf perfmon ipc_lock) ;;
  dpdk)
    program=kb-dpdk kept=("$IPC_LOCK" "$NET_ADMIN" "$NET_RAW" "$BPF") granted=(ipc_lock)
    unset KB_DATA_IFACE # it is what KB_EAL_ARGS names
    export KB_POLL_MODE=spin KB_DATA_IP=10.0.0.2 KB_DATA_PREFIX=24 \
      KB_EAL_ARGS="--no-pci --no-huge --no-shconf --no-telemetry -m 128 --lcores=0@(0) --vdev=net_af_xdp0,iface=kbrx"
    ;;
esac

# send COUNT: datagrams with sequence numbers, at a pace that nothing overflows at
send() {
  "$build/tools/kb-gen-afxdp" --iface kbtx --src-addr 10.0.0.1 --dst-mac "$rx_mac" --to 10.0.0.2:9000 \
    --rate 10000 --count "$1" >"$work/gen.log" 2>&1 || fail "kb-gen-afxdp: $(cat "$work/gen.log")"
}

# arrives COUNT: so many have been received since the start
arrives() {
  for _ in {1..100}; do
    [[ $(showing received) -lt $1 ]] || return 0
    sleep 0.1
  done
  fail "$(showing received) of $1 received: $(cat "$work/rx.log")"
}

# confined BIT...: every thread's calls are filtered, and no thread has a capability beyond those kept
confined() {
  local task bit most=0
  # A build with a sanitizer has no filter, one with ThreadSanitizer also keeps its capabilities.
  ! grep -q 'capabilities are kept: built with a sanitizer' "$work/rx.log" || return 0
  for bit in "$@"; do
    most=$((most | 1 << bit))
  done
  for task in "/proc/$receiver/task/"*; do
    grep -q '^NoNewPrivs:	1$' "$task/status" || fail "$task: $(cat "$task/status")"
    [[ ${filtered:-} != none ]] && ! grep -q '^Seccomp:	2$' "$task/status" && fail "$task: $(cat "$task/status")"
    [[ $((16#$(awk '$1 == "CapPrm:" { print $2 }' "$task/status") & ~most)) -eq 0 ]] ||
      fail "$task: $(cat "$task/status")"
  done
}

filter() {
  [[ $plane != xdp ]] || "$build/tools/kb-xdp" attach >/dev/null || fail 'no filter'
}

filter
echo '# ready: confined, and it receives; ended under load, it drains and reports'
start "$program"
"$build/tools/kb-stats" --json | grep -q '"seccomp":"none"' && grep -q 'built with a sanitizer' "$work/rx.log" &&
  filtered=none
[[ ${filtered:-} == none ]] || "$build/tools/kb-stats" --json | grep -q '"seccomp":"enforce"' || fail 'no filter'
confined "${kept[@]}"
send 500
arrives 500
send 3000 &
arrives 600
kill -TERM "$receiver"
wait "$receiver" || fail "ended with $?: $(cat "$work/rx.log")"
wait
[[ $(reported received) -ge 600 ]] || fail "report: $(cat "$work/rx.log")"
explained

# privileges CAPABILITY...: what setpriv takes for a user with those alone
privileges() {
  local all
  printf -v all ',+%s' "$@"
  echo "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all$all --ambient-caps=-all$all --no-new-privs"
}

echo '# a user with the capabilities of the unit, and no more'
chmod 755 "$work"
mkdir -m 777 "$work/user"
page=$KB_STATS_PAGE
export KB_STATS_PAGE=$work/user/stats
case $plane in
  xdp) chmod -R go+rX "$KB_BPF_DIR" ;;& # as kb-step-xdp-filter does for the receiver's group
  dpdk) # the veth's driver would need more; a device that the user may open needs no more than this
    start_as "$(privileges "${granted[@]}")" "$program" KB_EAL_ARGS="${KB_EAL_ARGS%--vdev*}--vdev=net_null0,no-rx=1"
    confined "$IPC_LOCK"
    stop
    ;;
  kernel | xdp | afxdp)
    start_as "$(privileges "${granted[@]}")" "$program"
    confined "${kept[@]}"
    send 500
    arrives 500
    stop
    explained
    ;;
esac
export KB_STATS_PAGE=$page

echo '# a link that goes and comes back is waited out, and told'
start "$program"
send 300
arrives 300
ip link set dev kbrx down
logged 'kbrx is down: nothing can arrive until it is up'
"$build/tools/kb-stats" --json | grep -q 'link=down' || fail 'the stats page shows no link=down'
ip link set dev kbrx up
logged 'kbrx is up, after'
! "$build/tools/kb-stats" --json | grep -q 'link=down' || fail 'the stats page still shows link=down'
send 300
arrives 600
ip link set dev kbtx down # the carrier, and not the interface
for _ in {1..100}; do
  [[ $(grep -cF 'kbrx is down' "$work/rx.log") -lt 2 ]] || break
  sleep 0.1
done
ip link set dev kbtx up
send 300
arrives 900
stop
same received "$(reported received)" 900
same lost "$(reported lost)" 0
explained

echo '# another MTU'
start "$program"
ip link set dev kbrx mtu 1400
ends 1 'the MTU of kbrx was changed from 1500 to 1400'
ip link set dev kbrx mtu 1500

echo '# short of memory, descriptors, threads'
mkdir "$work/full"
mount -t tmpfs -o size=16k tmpfs "$work/full"
expect 1 env KB_STATS_PAGE="$work/full/stats" "$build/$program"
contains 'allocate stats page'
contains 'No space left on device'
umount "$work/full"
case $plane in
  kernel)
    expect 1 prlimit --nofile=4 "$build/$program"
    contains 'Too many open files'
    read -ra user <<<"$(privileges "${granted[@]}")"
    # setpriv last: a program that it starts may lie in a folder that only root may enter
    expect 1 env KB_STATS_PAGE="$work/user/stats" prlimit --nproc=1 "${user[@]}" "$build/$program"
    contains 'start thread of queue 0: Resource temporarily unavailable'
    ;;
  afxdp)
    read -ra user <<<"$(privileges net_raw net_admin bpf perfmon)"
    expect 2 env KB_STATS_PAGE="$work/user/stats" prlimit --memlock=65536 "${user[@]}" "$build/$program"
    contains 'needs CAP_IPC_LOCK or a higher LimitMEMLOCK'
    ;;
  dpdk)
    expect 2 env KB_FRAMES=1000000 "$build/$program"
    contains 'do not fit the huge pages: raise KB_HUGEPAGES_PER_NODE'
    # Huge pages that are gone: the machine's own are left alone, this process does not see them.
    mount -t tmpfs tmpfs /sys/kernel/mm/hugepages
    expect 1 env KB_EAL_ARGS="${KB_EAL_ARGS/--no-huge --no-shconf/--in-memory}" "$build/$program"
    contains 'start DPDK (EAL: Cannot get hugepage information): this host has no huge pages free'
    umount /sys/kernel/mm/hugepages
    ;;
esac

if [[ $plane == kernel ]]; then
  echo '# a confined receiver takes a new list of subscribers'
  echo '127.0.0.1:9100' >"$work/subscribers"
  start tests/kb-kernel-fanout KB_HANDLER=fanout "KB_HANDLER_ARGS=subscribers=$work/subscribers"
  printf '127.0.0.1:9100\n127.0.0.1:9101\n' >"$work/subscribers.new"
  mv "$work/subscribers.new" "$work/subscribers"
  logged "2 subscribers from $work/subscribers"
  stop
  same reloads "$(reported reloads)" 1
fi

echo '# the interface is removed'
start "$program"
ip link del kbtx
ends 1 'kbrx is gone'
echo 'all good'
