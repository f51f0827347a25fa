# shellcheck shell=bash disable=SC2154 # sourced after common.sh
# SPDX-License-Identifier: Apache-2.0
# Pinned source code: packages/sources says which file, with which sum, from where.
readonly source_table=${BASH_SOURCE[0]%/*}/../packages/sources

# source_unpack NAME VERSION: unpacks it into /opt/kb/src/NAME, unless it is there already.
source_unpack() {
  local name=$1 version=$2 into=$root/opt/kb/src/$1 sum file urls
  if [[ $(cat "$into/.version" 2>/dev/null || :) == "$version" ]]; then return; fi
  read -r sum file urls < <(awk -v name="$name" -v version="$version" \
    '$1 == name && $2 == version { $1 = $2 = ""; print }' "$source_table") ||
    refuse "${name} ${version} is not known here; known: $(awk -v name="$name" '$1 == name { print $2 }' "$source_table" | paste -sd ' ')"
  mkdir -p "$root/opt/kb/src"
  source_fetch "$root/opt/kb/src/$file" "$sum" "$urls" ||
    die "could not fetch ${file} with SHA-256 ${sum} from ${KB_PACKAGE_BASE_URL:-$urls}: in a subnet without internet, give a package source"
  rm -rf "$into" "$into.new"
  mkdir "$into.new"
  tar -xf "$root/opt/kb/src/$file" -C "$into.new" --strip-components=1 --no-same-owner
  printf '%s\n' "$version" >"$into.new/.version"
  sync # a power cut must not leave the name without the files
  mv "$into.new" "$into"
  rm -f "$root/opt/kb/src/$file"
}

# source_fetch FILE SHA256 URLS: the first address whose file has the sum.
source_fetch() {
  local url
  [[ -z $KB_PACKAGE_BASE_URL ]] || set -- "$1" "$2" "${KB_PACKAGE_BASE_URL%/}/${1##*/}"
  for url in $3; do
    log "fetching ${url}"
    fetch "$url" "$1" || continue
    sha256sum -c --strict --quiet <<<"$2  $1" >&2 && return
    warn "${url} is another file than the one pinned"
    rm -f "$1"
  done
  return 1
}
