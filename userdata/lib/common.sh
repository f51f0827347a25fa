# shellcheck shell=bash disable=SC2034 # names are used by the steps that source this
# SPDX-License-Identifier: Apache-2.0
# What every step shares: messages for the journal, declared inputs, and writes that touch only a
# difference. Exit 1 = a retry may help, 2 = it cannot (the plan or the host must change).
set -Eeuo pipefail
shopt -s inherit_errexit

root=${KB_ROOT:-} # tests run the steps against a folder
bin=${root}/opt/kb/bin
changed=          # "yes" when the last `put` wrote its file

log() { printf '<6>%s\n' "$*" >&2; }
warn() { printf '<4>%s\n' "$*" >&2; }
die() {
  printf '<3>%s\n' "$*" >&2
  exit 1
}
refuse() {
  printf '<3>%s\n' "$*" >&2
  exit 2
}
on_error() {
  local status=$? command=$BASH_COMMAND
  # a subshell's reason has been printed there; only its status travels on
  ((BASH_SUBSHELL)) || printf '<3>%s, line %s: exit %s from: %s\n' "${0##*/}" "$1" "$status" "$command" >&2
  exit "$status"
}
trap 'on_error "$LINENO"' ERR

# require KB_X...: the inputs of a step. An empty value is a value; a missing key is a broken plan.
require() {
  local key missing=()
  for key; do
    [[ -v $key ]] || missing+=("$key")
  done
  ((${#missing[@]} == 0)) || refuse "the plan lacks ${missing[*]}: add it to /etc/kb/plan.env, or deploy again with the library that wrote this asset"
}

# put FILE [MODE]: stdin becomes the file, at once and only when it differs.
put() {
  local file=$1 mode=${2:-0644} new
  mkdir -p "${file%/*}"
  new=$(mktemp "${file%/*}/.kb.XXXXXX")
  cat >"$new"
  changed=
  if cmp -s "$new" "$file"; then
    rm -f "$new"
    return
  fi
  chmod "$mode" "$new"
  mv -f "$new" "$file"
  changed=yes
  log "wrote ${file#"$root"}"
}

# current FILE: its value; of a choice such as "always [madvise] never", the one in brackets.
current() {
  local value
  value=$(<"$1")
  [[ $value =~ \[([^]]+)\] ]] && value=${BASH_REMATCH[1]}
  printf '%s' "$value"
}

# remember FILE VALUE: what kb-undo writes back. Kept in /run because these values live in the
# kernel and end with the boot, like the interrupt numbers in their names.
remember() {
  local undo=${root}/run/kb/undo/values
  mkdir -p "${undo%/*}"
  grep -qsF "$1"$'\t' "$undo" || printf '%s\t%s\n' "$1" "$2" >>"$undo"
}

# remember_ethtool ARGUMENT...: the ethtool call that takes a change back.
remember_ethtool() {
  local undo=${root}/run/kb/undo/ethtool
  mkdir -p "${undo%/*}"
  grep -qsF -- "$1 $2 " "$undo" || printf '%s\n' "$*" >>"$undo"
}

# set_value FILE VALUE: one value in /proc or /sys, read back after writing. 1 = it would not take.
set_value() {
  local file=${root}$1 want=$2 have
  [[ -e $file ]] || return 1
  have=$(current "$file")
  [[ $have != "$want" ]] || return 0
  remember "$1" "$have"
  { printf '%s\n' "$want" >"$file"; } 2>/dev/null || :
  [[ $(current "$file") == "$want" ]] || return 1
  log "$1: ${have} -> ${want}"
}

# wait_for SECONDS COMMAND...: polls four times a second. 1 = it never came true.
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.25
  done
}
