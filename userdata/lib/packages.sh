# shellcheck shell=bash disable=SC2154 # sourced after common.sh
# SPDX-License-Identifier: Apache-2.0
# The system's packages, by the groups of packages/KB_OS.
readonly package_table=${BASH_SOURCE[0]%/*}/../packages/$KB_OS
[[ -e $package_table ]] || refuse "'KB_OS' must be al2023, debian13 or ubuntu2404, got '${KB_OS}'"

# packages_of GROUP...: prints their packages.
packages_of() {
  local group
  for group; do
    awk -v group="$group" -v kernel="$(uname -r)" '
      $1 == group { for (i = 2; i <= NF; i++) { sub(/\{kernel\}/, kernel, $i); print $i } }' "$package_table"
  done | sort -u
}

# packages_missing PACKAGE...: prints those that are not installed.
packages_missing() {
  local package
  if [[ $KB_OS == al2023 ]]; then
    for package; do
      if [[ $package == /* ]]; then
        [[ -e $root$package ]] || printf '%s\n' "$package"
      else
        rpm -q --quiet --whatprovides "$package" || printf '%s\n' "$package"
      fi
    done
  else
    # it also fails when it knows only some of the names
    comm -23 <(printf '%s\n' "$@" | sort) \
      <({ dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || :; } | sed -n 's/^installed //p' | sort)
  fi
}

# apt waits for dpkg's lock and for no other: the jobs that update a Debian soon after it has booted
# hold the others for minutes.
apt_is_free() {
  local lock
  for lock in lib/apt/lists/lock cache/apt/archives/lock lib/dpkg/lock-frontend; do
    [[ ! -e $root/var/$lock ]] || ! grep -q ":$(stat -c %i "$root/var/$lock") " "$root/proc/locks" || return 1
  done
}

# packages_install PACKAGE...
packages_install() {
  local unfinished=$root/var/lib/kb/installing after_cut=
  [[ ! -e $unfinished ]] || after_cut=yes
  mkdir -p "${unfinished%/*}"
  : >"$unfinished"
  if [[ $KB_OS == al2023 ]]; then
    [[ ! $after_cut ]] || dnf clean all
    dnf install -y --setopt=retries=10 "$@" || return
  else
    local apt=(apt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=5)
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
    wait_for 600 apt_is_free || warn "another apt or dpkg has been at work for 10 minutes: see 'ps -C apt,apt-get,dpkg'"
    dpkg --configure -a # what a power cut left half done
    if [[ $after_cut ]]; then
      # Files that end too early, and that apt takes for whole because their dates or sizes are right.
      rm -rf "$root"/var/lib/apt/lists/*
      "${apt[@]}" clean
    fi
    "${apt[@]}" update
    "${apt[@]}" install -y --no-install-recommends "$@" || return
  fi
  sync # or a power cut could still take a part of it
  rm "$unfinished"
}

# require_packages GROUP...: installs what is missing of them.
require_packages() {
  local wanted missing
  mapfile -t wanted < <(packages_of "$@")
  mapfile -t missing < <(packages_missing "${wanted[@]}")
  ((${#missing[@]})) || return 0
  log "installing ${missing[*]}"
  packages_install "${missing[@]}" >&2 ||
    die "could not install ${missing[*]}: are the package repositories reachable from this subnet?"
}

# library_group GROUP KEY: prints the group of packages that makes a library available: its own, or
# what building the version asked for takes.
library_group() {
  if [[ ${!2} != distro ]]; then
    printf '%s-source' "$1"
  elif [[ -n $(packages_of "$1") ]]; then
    printf '%s' "$1"
  else
    refuse "'$2' is distro, but ${KB_OS} has no package of $1: give a version that packages/sources lists"
  fi
}
