#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

prepare() {
  mkdir -p "$KB_ROOT/sys/fs/bpf/kb/ens6"
  touch "$KB_ROOT/sys/fs/bpf/kb/ens6/counts"
  chmod 0700 "$KB_ROOT/sys/fs/bpf"
  printf '#!/bin/bash\nprintf "kb-xdp %%s\\n" "$*" >>"$CALLS"\n' >"$KB_ROOT/opt/kb/bin/kb-xdp"
  chmod +x "$KB_ROOT/opt/kb/bin/kb-xdp"
  stub chgrp
  export KB_DATA_IFACE=ens6
}

@test "attaches the filter and lets the receiver read its counters" {
  plan KB_PLANE=xdp
  step xdp-filter
  assert_status 0
  assert_calls <<CALLS
kb-xdp attach
chgrp -R kb $KB_ROOT/sys/fs/bpf/kb
CALLS
  [[ $(stat -c %A "$KB_ROOT/sys/fs/bpf") == drwx-----x ]]
}

@test "another plane: nothing happens" {
  plan KB_PLANE=afxdp
  step xdp-filter
  assert_status 0
  assert_no_calls
}

@test "a filter that does not attach: its reason is the step's" {
  plan KB_PLANE=xdp
  printf '#!/bin/bash\necho "kb-xdp: attach to ens6: MTU 9001 is larger than 3498" >&2; exit 2\n' >"$KB_ROOT/opt/kb/bin/kb-xdp"
  step xdp-filter
  assert_status 2
  assert_output_has 'MTU 9001 is larger than 3498'
}

@test "no data interface yet: the key is named" {
  plan KB_PLANE=xdp
  unset KB_DATA_IFACE
  step xdp-filter
  assert_status 2
  assert_output_has KB_DATA_IFACE
}
