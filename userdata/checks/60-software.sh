# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: Apache-2.0
# What is installed: the checks that an image can pass before it is a host.
checks+=(software kernel)

# The stamp of the install step ends in "HANDLER afxdp-feature/libxdp-version dpdk-feature/dpdk-version".
check_software() {
  local receiver missing built
  receiver=$(readlink -f "$bin/kb-receiver")
  built=$(read_file /var/lib/kb/built)
  if [[ ! -x $receiver ]]; then
    fail 'no receiver in /opt/kb/bin' 'systemctl restart kb-step-install'
    return
  fi
  missing=$(ldd "$receiver" 2>/dev/null | awk '/not found/ { print $1 }' | paste -sd ' ')
  if [[ -n $missing ]]; then
    fail "${receiver##*/} lacks ${missing}" 'systemctl restart kb-step-install'
  elif [[ ! $built =~ [a-z]+/"$KB_LIBXDP_VERSION"\ [a-z]+/"$KB_DPDK_VERSION"$ ]]; then
    fail "${receiver##*/} was built with '${built#* }', planned libxdp ${KB_LIBXDP_VERSION} and DPDK ${KB_DPDK_VERSION}" 'systemctl restart kb-step-install'
  else
    pass "${receiver##*/} with libxdp ${KB_LIBXDP_VERSION} and DPDK ${KB_DPDK_VERSION}, every library found"
  fi
}

check_kernel() {
  local running
  running=$(uname -r)
  if [[ -z $KB_KERNEL ]]; then
    skip "none planned; ${running} runs"
  elif [[ $running == "$KB_KERNEL" || $running == "$KB_KERNEL"[.-]* ]]; then
    pass "${running}, planned ${KB_KERNEL}"
  else
    fail "${running}, planned ${KB_KERNEL}" 'bake the image from a base with that kernel, or name another in its versions'
  fi
}
