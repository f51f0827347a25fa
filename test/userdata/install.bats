#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

prepare() {
  ASSET=$KB_ROOT/opt/kb/asset
  mkdir -p "$ASSET"/{dataplane,handler} "$KB_ROOT/etc/systemd/system"
  cp -R "$REPOSITORY/assets/systemd" "$ASSET/"
  echo 'project()' >"$ASSET/dataplane/meson.build"
  touch "$KB_ROOT/installed"
  # package managers that know what is installed, and install
  reader dpkg-query 'shift 3; for each; do ! grep -qx "$each" "$KB_ROOT/installed" || echo "installed $each"; done; exit 1'
  reader rpm 'grep -qx "${@: -1}" "$KB_ROOT/installed"'
  stub dpkg
  stub apt-get 'while [[ $1 != --no-install-recommends ]]; do shift || exit 0; done; shift; printf "%s\n" "$@" >>"$KB_ROOT/installed"'
  stub dnf 'shift 3; printf "%s\n" "$@" >>"$KB_ROOT/installed"; for each; do [[ $each != /* ]] || install -D /dev/null "$KB_ROOT$each"; done'
  stub meson 'case $1 in setup) mkdir -p "$2" ;; install) install -m 0755 /dev/null "$KB_ROOT/opt/kb/bin/$(cat $KB_ROOT/builds)" ;; esac'
  stub ninja
  stub systemctl
  stub systemd-sysusers
  stub systemd-tmpfiles
  reader sync ''
  reader modinfo 'exit 1'
  reader uname '[[ $1 == -r ]] && echo 6.12.107-cloud-amd64 || echo host'
  echo kb-kernel >"$KB_ROOT/builds"
}

calls_of() { grep "^$1" "$CALLS" || :; }

@test "kernel: packages, receiver, user and rights of the plane" {
  plan
  step install
  assert_status 0
  [[ $(calls_of 'apt-get.*install' | sed 's/.*recommends //') == 'ethtool gcc iproute2 kmod libc6-dev meson ninja-build pkgconf python3 rt-tests' ]]
  [[ $(calls_of 'meson setup') == "meson setup $KB_ROOT/opt/kb/build $ASSET/dataplane --prefix $KB_ROOT/opt/kb --buildtype release -Dwerror=false -Dhandler_dir=count -Dafxdp=disabled -Ddpdk=disabled" ]]
  [[ $(readlink "$KB_ROOT/opt/kb/bin/kb-receiver") == kb-kernel ]]
  cmp "$KB_ROOT/etc/systemd/system/kb-receiver.service.d/20-plane.conf" "$REPOSITORY/assets/systemd/receiver/kernel.conf"
  [[ $(calls_of systemd-) == "systemd-sysusers $KB_ROOT/etc/sysusers.d/kb.conf
systemd-tmpfiles --create $KB_ROOT/etc/tmpfiles.d/kb.conf" ]]
}

@test "twice, as on a later boot or a baked image: nothing is called" {
  plan
  step install
  forget_calls
  step install
  assert_status 0
  assert_no_calls
}

@test "a baked image without compilers: nothing is called either" {
  plan
  step install
  sed -i '/gcc\|meson\|ninja/d' "$KB_ROOT/installed"
  forget_calls
  step install
  assert_no_calls
}

@test "other sources are built again, other times are not" {
  plan
  step install
  find "$ASSET/dataplane" -exec touch -d @0 {} +
  forget_calls
  step install
  assert_no_calls
  echo '# changed' >>"$ASSET/dataplane/meson.build"
  step install
  [[ -n $(calls_of 'meson setup') ]]
}

@test "a build that was cut short is made again" {
  plan
  stub ninja 'kill -9 $PPID'
  step install
  [[ $status != 0 ]]
  stub ninja
  step install
  assert_status 0
  [[ $(calls_of 'meson setup' | wc -l) == 2 ]]
}

@test "packages a power cut left half configured are finished first" {
  plan
  step install
  [[ $(head -n2 <(grep -v ^systemd "$CALLS" | grep -v ^systemctl)) == $'dpkg --configure -a\napt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=5 update' ]]
}

@test "lists and archives that a power cut left too short are fetched anew; whole ones are not" {
  plan
  local list=$KB_ROOT/var/lib/apt/lists/debian_Packages
  file /var/lib/apt/lists/debian_Packages 'Package: ethtool'
  stub apt-get '[[ $* != *update* ]] || kill -9 $PPID'
  step install
  [[ $status != 0 && -e $list ]]
  stub apt-get '[[ $* != *update* || ! -e $KB_ROOT/var/lib/apt/lists/debian_Packages ]]'
  forget_calls
  step install
  [[ ! -e $list && -n $(calls_of 'apt-get.* clean') ]]
  assert_status 0
  file /var/lib/apt/lists/debian_Packages 'Package: ethtool'
  rm "$KB_ROOT/var/lib/kb/built"
  forget_calls
  step install
  [[ -e $list && -z $(calls_of 'apt-get.* clean') ]]
}

@test "what is installed and built is on the disk before its stamp is" {
  plan
  stub sync '[[ ! -e $KB_ROOT/var/lib/kb/built ]] || echo late >>"$CALLS"'
  step install
  assert_status 0
  [[ $(tail -n1 <(grep -v ^systemctl "$CALLS")) == sync ]]
}

@test "another apt at work is waited for" {
  plan
  file /var/lib/apt/lists/lock ''
  printf '1: POSIX  ADVISORY  WRITE 612 fe:00:%s 0 EOF\n' "$(stat -c %i "$KB_ROOT/var/lib/apt/lists/lock")" >"$BATS_TEST_TMPDIR/locks"
  file /proc/locks "$(<"$BATS_TEST_TMPDIR/locks")"
  reader sleep ': >"$KB_ROOT/proc/locks"' # it has ended
  stub apt-get '[[ ! -s $KB_ROOT/proc/locks ]] || echo "too early" >>"$CALLS"'
  step install
  assert_status 0
  [[ -z $(calls_of 'too early') && ! -s $KB_ROOT/proc/locks ]]
}

@test "each plane builds its own receiver, and no more" {
  local each binary afxdp dpdk
  for each in xdp:kb-kernel:enabled:disabled afxdp:kb-afxdp:enabled:disabled dpdk:kb-dpdk:disabled:enabled; do
    IFS=: read -r KB_PLANE binary afxdp dpdk <<<"$each"
    plan KB_PLANE="$KB_PLANE"
    echo "$binary" >"$KB_ROOT/builds"
    step install
    assert_status 0
    [[ $(readlink "$KB_ROOT/opt/kb/bin/kb-receiver") == "$binary" ]]
    [[ $(calls_of 'meson setup' | tail -n1) == *"-Dafxdp=$afxdp -Ddpdk=$dpdk" ]]
  done
}

@test "a handler of one's own is compiled in; a change of it builds again" {
  plan KB_HANDLER=custom
  echo 'int x;' >"$ASSET/handler/kb_handler.c"
  step install
  [[ $(calls_of 'meson setup') == *"-Dhandler_dir=$ASSET/handler "* ]]
  forget_calls
  echo 'int y;' >"$ASSET/handler/kb_handler.c"
  step install
  [[ -n $(calls_of 'meson setup') ]]
}

@test "a handler that does not compile: the compiler's words are the last ones" {
  plan KB_HANDLER=custom
  stub ninja 'echo "[1/9] Compiling"; echo "kb_handler.c:7:2: error: expected expression"; echo "ninja: build stopped"; exit 1'
  step install
  assert_status 1
  assert_output_has 'kb_handler.c:7:2: error: expected expression'
  [[ ${lines[-1]} == '<3>the receivers do not build: mend the handler, or choose a built-in one' ]]
  [[ ! -e $KB_ROOT/var/lib/kb/built ]]
}

@test "a package that cannot be installed is named" {
  plan
  stub apt-get '[[ "$*" != *" install "* ]] || { echo "E: Unable to locate package rt-tests" >&2; exit 100; }'
  step install
  assert_status 1
  assert_output_has 'Unable to locate package rt-tests'
  assert_output_has 'could not install ethtool gcc iproute2 kmod libc6-dev meson ninja-build pkgconf python3 rt-tests: are the package repositories reachable from this subnet?'
}

@test "a full disk is told before anything is tried" {
  plan
  reader df 'printf "Avail\n40000\n"'
  step install
  assert_status 1
  assert_output_has '/opt has 39 MB free and installing takes 1464 MB: give the instance a larger root volume'
  [[ -z $(calls_of apt-get) ]]
}

@test "amazon linux: its own names, headers by path, a library it lacks is a mistake of the plan" {
  plan KB_OS=al2023
  step install
  assert_status 0
  [[ $(calls_of 'dnf install' | sed 's/.*retries=10 //') == 'amazon-cloudwatch-agent ethtool gcc glibc-devel iproute kmod meson ninja-build pkgconf-pkg-config python3' ]]
  plan KB_OS=al2023 KB_PLANE=dpdk
  step install
  assert_status 2
  assert_output_has "'KB_DPDK_VERSION' is distro, but al2023 has no package of dpdk: give a version"
  plan KB_OS=al2023 KB_PLANE=afxdp
  step install
  assert_status 2
  assert_output_has "'KB_LIBXDP_VERSION' is distro, but al2023 has no package of libxdp"
}

# A mirror with a small DPDK of our own: what is tested is which file is taken and what becomes of it.
mirror() {
  aws_stand_in
  local tree=$BATS_TEST_TMPDIR/tree
  mkdir -p "$tree/dpdk-9.9" "$AWS/bucket"
  echo 'project()' >"$tree/dpdk-9.9/meson.build"
  tar -C "$tree" -cJf "$BATS_TEST_TMPDIR/dpdk-9.9.tar.xz" dpdk-9.9
  SUM=$(sha256sum "$BATS_TEST_TMPDIR/dpdk-9.9.tar.xz" | cut -d' ' -f1)
  echo "dpdk 9.9 $SUM dpdk-9.9.tar.xz file:///nowhere/a.tar.xz file://$BATS_TEST_TMPDIR/dpdk-9.9.tar.xz" \
    >"$KB_ROOT/opt/kb/packages/sources"
  stub meson 'case $1 in
    setup) echo "$PKG_CONFIG_PATH $LDFLAGS" >"$KB_ROOT/meson-environment"; mkdir -p "$2"; for ((i = 1; i < $#; i++)); do [[ ${!i} != --prefix ]] || { i=$((i + 1)); mkdir -p "${!i}"; }; done ;;
    install) install -m 0755 /dev/null "$KB_ROOT/opt/kb/bin/kb-dpdk" ;; esac'
  stub python3 # which then has pyelftools
}

@test "dpdk from source: the first address with the pinned file is built, and only once" {
  mirror
  plan KB_PLANE=dpdk KB_DPDK_VERSION=9.9 KB_NIC_DRIVER=vfio-pci
  step install
  assert_status 0
  [[ $(calls_of 'apt-get.*install' | tail -n1) == *' libbsd-dev libc6-dev libelf-dev libnuma-dev '* ]]
  [[ $(calls_of 'meson setup' | head -n1) == *"-Dplatform=generic"*"-Denable_drivers=bus/pci,bus/vdev,mempool/ring,net/ena,net/af_packet,net/memif" ]]
  grep -qx "$KB_ROOT/opt/kb/dpdk/lib/pkgconfig -Wl,--disable-new-dtags,-rpath,$KB_ROOT/opt/kb/dpdk/lib/." "$KB_ROOT/meson-environment"
  assert_file /opt/kb/dpdk/.built 9.9
  forget_calls
  step install
  assert_no_calls
  rm "$KB_ROOT/var/lib/kb/built" # other receivers, the same DPDK
  step install
  [[ $(calls_of 'meson setup' | wc -l) == 1 ]]
}

@test "a tarball with another sum is not unpacked" {
  mirror
  plan KB_PLANE=dpdk KB_DPDK_VERSION=9.9
  sed -i "s/$SUM/${SUM//[0-9]/0}/" "$KB_ROOT/opt/kb/packages/sources"
  step install
  assert_status 1
  assert_output_has 'is another file than the one pinned'
  [[ ! -e $KB_ROOT/opt/kb/src/dpdk ]]
}

@test "a package source of one's own replaces every address" {
  mirror
  cp "$BATS_TEST_TMPDIR/dpdk-9.9.tar.xz" "$AWS/bucket/"
  rm "$BATS_TEST_TMPDIR/dpdk-9.9.tar.xz"
  plan KB_PLANE=dpdk KB_DPDK_VERSION=9.9 KB_PACKAGE_BASE_URL="https://s3.eu-west-1.amazonaws.com/bucket/"
  # S3 by its name; the stand-in only answers signed requests
  reader curl "args=(); for a; do args+=(\"\${a/https:\/\/s3.eu-west-1.amazonaws.com/$ORIGIN}\"); done; set -- \"\${args[@]}\"; exec $REAL_CURL"
  step install
  assert_status 0
  grep -q 'GET /bucket/dpdk-9.9.tar.xz 200' "$AWS/requests"
}

@test "a version nobody pinned is refused with those that are" {
  plan KB_PLANE=dpdk KB_DPDK_VERSION=1.2.3
  step install
  assert_status 2
  assert_output_has 'dpdk 1.2.3 is not known here; known: 25.11.4'
}

@test "igb_uio is prepared where the data interface will have no IOMMU, and only there" {
  plan KB_PLANE=dpdk KB_NIC_DRIVER=auto
  echo kb-dpdk >"$KB_ROOT/builds"
  reader curl 'exit 22'
  step install
  [[ $(calls_of 'apt-get.*install' | tail -n1) == *'dkms dpdk-kmods-dkms linux-headers-6.12.107-cloud-amd64' ]]
  rm "$KB_ROOT/installed" && touch "$KB_ROOT/installed"
  forget_calls
  mkdir -p "$KB_ROOT/sys/kernel/iommu_groups/0"
  step install
  assert_status 0
  run ! grep -q dpdk-kmods "$CALLS"
}

@test "an unknown plane and a missing key are named" {
  plan KB_PLANE=rdma
  step install
  assert_status 2
  assert_output_has "'KB_PLANE' must be kernel, xdp, afxdp or dpdk, got 'rdma'"
  plan
  unset KB_HANDLER
  step install
  assert_status 2
  assert_output_has KB_HANDLER
}

@test "for real: this machine's compiler builds the kernel receiver" {
  rm "$STUBS"/{meson,ninja,uname}
  needs meson ninja gcc
  reader dpkg-query 'shift 3; printf "installed %s\n" "$@"'
  rm -rf "$ASSET/dataplane"
  cp -R "$REPOSITORY/assets/dataplane" "$ASSET/"
  rm -rf "$ASSET/dataplane/"{tests,fuzz,build*} # as the asset has it
  plan
  step install
  assert_status 0
  run "$KB_ROOT/opt/kb/bin/kb-receiver" --version
  assert_status 0
  assert_output_has kb-kernel
  [[ -x $KB_ROOT/opt/kb/bin/kb-stats && -x $KB_ROOT/opt/kb/bin/kb-jitter ]]
}

@test "for real: libxdp from its pinned source, and a receiver that finds it" {
  rm "$STUBS"/{meson,ninja,uname}
  needs meson ninja gcc m4 clang bpftool
  local archive # the one that this machine's packages come from
  archive=$(/usr/bin/apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n1)
  archive=${archive%/}/pool/main/x/xdp-tools/xdp-tools_1.6.3.orig.tar.gz
  mkdir "$BATS_TEST_TMPDIR/mirror"
  curl -fsS --connect-timeout 5 --max-time 60 -o "$BATS_TEST_TMPDIR/mirror/xdp-tools-1.6.3.tar.gz" "$archive" ||
    skip "the package archive does not hold ${archive##*/} any more"
  reader dpkg-query 'shift 3; printf "installed %s\n" "$@"'
  rm -rf "$ASSET/dataplane"
  cp -R "$REPOSITORY/assets/dataplane" "$ASSET/"
  rm -rf "$ASSET/dataplane/"{tests,fuzz,build*}
  plan KB_PLANE=afxdp KB_LIBXDP_VERSION=1.6.3 KB_PACKAGE_BASE_URL="file://$BATS_TEST_TMPDIR/mirror"
  step install
  assert_status 0
  run ldd "$KB_ROOT/opt/kb/bin/kb-afxdp"
  assert_output_has "libxdp.so.1 => $KB_ROOT/opt/kb/libxdp/lib/"
}
