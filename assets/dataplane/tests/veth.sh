# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by tests that need a wire: runs the caller in network and mount namespaces of its own, with
# a veth pair kbtx -> kbrx. All of it is gone when the test ends, however it ends.

skip() {
  echo "skipped: $*"
  exit 77
}

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

if [[ -z ${KB_TEST_INSIDE:-} ]]; then
  [[ $EUID -eq 0 ]] || skip 'needs root'
  unshare --net --mount true 2>/dev/null || skip 'namespaces are not permitted'
  KB_TEST_INSIDE=1 exec unshare --net --mount "$BASH" "$0" "$@"
fi

work=$(mktemp -d)
cleanup() {
  jobs -p | xargs -r kill -KILL 2>/dev/null || true
  umount "$work/bpf" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
ip link add name kbtx type veth peer name kbrx 2>/dev/null || skip 'no veth'
# Nothing but the test's own frames on the wire.
sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.{kbtx,kbrx}.disable_ipv6=1 2>/dev/null || true
ip link set dev kbtx arp off up
ip link set dev kbrx arp off up
rx_mac=$(ip -o link show kbrx | sed 's/.*ether \([^ ]*\).*/\1/')
export rx_mac

export KB_DATA_IFACE=kbrx KB_BPF_DIR=$work/bpf KB_STATS_PAGE=$work/stats

# expect STATUS COMMAND...: runs it, its output in $output; fails when it ends otherwise.
expect() {
  local want=$1 got=0
  shift
  output=$("$@" 2>&1) || got=$?
  [[ $got -eq $want ]] || fail "$* ended with $got instead of $want: $output"
}

# contains TEXT: $output of the last expect contains it.
contains() {
  [[ $output == *"$1"* ]] || fail "no \"$1\" in: $output"
}
