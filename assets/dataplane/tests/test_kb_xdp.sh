#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kb-xdp on a real interface: every action twice, and somebody else's program left alone.
# Arguments: the build directory.
set -Eeuo pipefail

build=$1
# shellcheck source=veth.sh
source "$(dirname "${BASH_SOURCE[0]}")/veth.sh"

kb_xdp=$build/tools/kb-xdp
gen=$build/tools/kb-gen-afxdp
export KB_FLOWS='udp:*:9000,udp:239.1.1.1:9001'

# send PORT COUNT
send() {
  "$gen" --iface kbtx --src-addr 10.0.0.1 --dst-mac "$rx_mac" --to "10.0.0.2:$1" --rate 10000 \
    --count "$2" >"$work/gen.log" 2>&1 || fail "kb-gen-afxdp: $(cat "$work/gen.log")"
}

program_id() {
  "$kb_xdp" status --json | sed 's/.*"id":\([0-9]*\).*/\1/'
}

echo '# nothing attached'
expect 1 "$kb_xdp" status
contains 'kbrx: no filter attached'
expect 0 "$kb_xdp" detach

echo '# attach is idempotent and reports the mode in force'
expect 0 "$kb_xdp" attach
contains 'native mode, 2 flows, the rest: pass'
ip link show kbrx | grep -q ' xdp ' || fail 'the kernel shows no native program'
[[ -e $KB_BPF_DIR/kbrx/counts && -e $KB_BPF_DIR/kbrx/flows ]] || fail 'maps are not pinned'
send 9000 100
send 9002 10
first=$(program_id)
expect 0 "$kb_xdp" attach
[[ $(program_id) -ne $first ]] || fail 'the program was not replaced'

echo '# counters go on over a replacement, the policy is the new one'
KB_UNMATCHED=drop expect 0 "$kb_xdp" attach
send 9002 5
expect 0 "$kb_xdp" status --json
contains '"mode":"native"'
contains '"unmatched":"drop"'
contains '"pass_flow":100,'
contains '"pass_no_flow":10,'
contains '"drop_no_flow":5,'
expect 0 "$kb_xdp" status
contains 'udp:*:9000'
contains 'udp:239.1.1.1:9001'

echo '# another mode'
KB_XDP_MODE=generic expect 0 "$kb_xdp" attach
contains 'generic mode'
ip link show kbrx | grep -q ' xdpgeneric ' || fail 'the kernel shows no generic program'

echo '# the filter does not give way to the AF_XDP receiver'
KB_PLANE=afxdp expect 2 "$build/kb-afxdp"
contains 'kbrx runs the socket filter (generic): run kb-xdp detach first'

echo '# detach is idempotent and leaves nothing'
expect 0 "$kb_xdp" detach
expect 0 "$kb_xdp" detach
[[ ! -e $KB_BPF_DIR/kbrx ]] || fail 'pins are left'
! ip link show kbrx | grep -q ' xdp' || fail 'a program is left'

echo "# somebody else's program is left alone"
ip link set dev kbrx xdpgeneric obj "$build/tests/other.bpf.o" sec xdp
expect 2 "$kb_xdp" attach
contains "somebody else's XDP program \"other\""
expect 2 "$kb_xdp" detach
KB_PLANE=afxdp expect 2 "$build/kb-afxdp"
contains "somebody else's XDP program \"other\""
ip link show kbrx | grep -q ' xdpgeneric ' || fail 'it was detached'
ip link set dev kbrx xdpgeneric off

echo '# what the driver refuses is said in its words, and nothing else is attached instead'
ip link set dev kbtx mtu 9000
ip link set dev kbrx mtu 9000
expect 2 "$kb_xdp" attach
contains 'the driver refuses native XDP: veth: Peer MTU is too large to set XDP'
contains 'KB_XDP_MODE="generic"'
expect 1 "$kb_xdp" status

echo '# usage'
KB_DATA_IFACE=none expect 2 "$kb_xdp" attach
contains 'there is no network interface "none"'
KB_DATA_IFACE='' expect 2 "$kb_xdp" status
expect 2 "$kb_xdp" enable
expect 0 "$kb_xdp" --help
echo 'all good'
