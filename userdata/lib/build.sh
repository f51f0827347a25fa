# shellcheck shell=bash disable=SC2154 # sourced after common.sh
# SPDX-License-Identifier: Apache-2.0
# Builds what the system does not package, and the receivers. Each result carries a stamp that
# names what it was made from, written last: a build that was cut short is made again.

# content_of FOLDER...: one sum over names and bytes; times do not count.
content_of() {
  find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

# A compiler's message about a full disk names everything but the cause.
require_space() {
  local free need=1500000 # kB: packages, objects and sources of the largest build, with room to spare
  free=$(df --output=avail -k "$root/opt" | tail -n1)
  ((free >= need)) ||
    die "/opt has $((free / 1024)) MB free and installing takes $((need / 1024)) MB: give the instance a larger root volume"
}

has_stamp() { [[ $(cat "$1" 2>/dev/null || :) == "$2" ]]; }

# stamp FILE TEXT: after what it vouches for is on the disk, or a power cut could leave the stamp alone.
stamp() {
  sync
  put "$1" <<<"$2"
}

# logged LOG COMMAND...: on failure prints the first errors of the log, for the journal's last lines
# become the reason in the stack event.
logged() {
  local file=$1
  shift
  "$@" >"$file" 2>&1 && return
  warn "log of the failed build: ${file#"$root"}"
  { grep -E -m3 '(error|ERROR|fatal)\b' "$file" || tail -n3 "$file"; } >&2
  return 1
}

build_libxdp() {
  local version=$1 prefix=$root/opt/kb/libxdp log=$root/var/lib/kb/libxdp.log
  use_library "$prefix"
  ! has_stamp "$prefix/.built" "$version" || return 0
  source_unpack xdp-tools "$version"
  log "building libxdp ${version}"
  rm -rf "$prefix"
  logged "$log" make_libxdp "$root/opt/kb/src/xdp-tools" "$prefix" ||
    die "libxdp ${version} does not build on this system"
  rm -rf "$root/opt/kb/src/xdp-tools"
  stamp "$prefix/.built" "$version"
}

# The library alone: the tools beside it would want libpcap and a manual.
make_libxdp() (
  cd "$1" &&
    FORCE_SYSTEM_LIBBPF=1 ./configure &&
    make -j"$(nproc)" libxdp PREFIX="$2" LIBDIR="$2/lib" &&
    make -C lib/libxdp install PREFIX="$2" LIBDIR="$2/lib"
)

build_dpdk() {
  local version=$1 source=$root/opt/kb/src/dpdk prefix=$root/opt/kb/dpdk log=$root/var/lib/kb/dpdk.log
  use_library "$prefix"
  ! has_stamp "$prefix/.built" "$version" || return 0
  source_unpack dpdk "$version"
  if ! python3 -c 'import elftools' 2>/dev/null; then
    source_unpack pyelftools 0.33
    export PYTHONPATH=$root/opt/kb/src/pyelftools
  fi
  log "building DPDK ${version} with the drivers a receiver needs"
  rm -rf "$prefix" "$source/build"
  logged "$log" make_dpdk "$source" "$prefix" || die "DPDK ${version} does not build on this system"
  rm -rf "$source" # 100 MB that a baked image need not carry
  stamp "$prefix/.built" "$version"
}

make_dpdk() {
  # generic: an image baked on one CPU must run on another
  meson setup "$1/build" "$1" --prefix "$2" --libdir lib --buildtype release -Ddefault_library=shared \
    -Dplatform=generic -Dtests=false '-Ddisable_apps=*' \
    -Denable_drivers=bus/pci,bus/vdev,mempool/ring,net/ena,net/af_packet,net/memif &&
    ninja -C "$1/build" install
}

# The receivers find the library they are built with, and no other program sees it. RPATH rather than
# RUNPATH, because it also holds for what the library itself needs; lib/. because `meson install`
# takes out the path that meson itself put in for running before installing.
use_library() {
  export PKG_CONFIG_PATH=$1/lib/pkgconfig LDFLAGS="-Wl,--disable-new-dtags,-rpath,$1/lib/."
}

# build_receivers HANDLER_DIR AFXDP DPDK: the last two are meson's enabled or disabled.
build_receivers() {
  local source=$root/opt/kb/asset/dataplane build=$root/opt/kb/build log=$root/var/lib/kb/receivers.log
  rm -rf "$build"
  log "building the receivers with handler ${1##*/}"
  # a newer compiler's new warning is no reason for a host not to come up
  logged "$log" meson setup "$build" "$source" --prefix "$root/opt/kb" --buildtype release -Dwerror=false \
    -Dhandler_dir="$1" -Dafxdp="$2" -Ddpdk="$3" || die "the receivers cannot be configured"
  logged "$log" ninja -C "$build" || die "the receivers do not build: mend the handler, or choose a built-in one"
  logged "$log" meson install -C "$build" --no-rebuild
  rm -rf "$build"
}
