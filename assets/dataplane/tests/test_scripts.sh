#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every test in shell finds what it sources however it is started, and one that does not find it
# fails: it must never go on without and end well. None of them gets as far as doing anything.
set -Eeuo pipefail

tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
SOURCED=42 # a status that no test ends with
mkdir "$work/bin" "$work/whole" "$work/alone"
ln -s "$(command -v dirname)" "$work/bin/dirname"
echo "exit $SOURCED" >"$work/whole/veth.sh"
cp "$tests"/test_*.sh "$work/whole/"
rm "$work/whole/$(basename "${BASH_SOURCE[0]}")"
cp "$work/whole"/test_*.sh "$work/alone/"

# ends STATUS FOLDER SCRIPT: where no command is found but those that say where a script is
ends() {
  local status=0
  output=$(cd "$2" && env -i KB_TEST_INSIDE=1 PATH="$work/bin" "$BASH" "$3" build plane 2>&1) || status=$?
  [[ $1 == "$status" || ($1 == failure && $status -ne 0 && $output != *'all good'*) ]] || {
    echo "FAILED: $3, started in $2, ended with $status instead of $1: $output" >&2
    exit 1
  }
}

found=0
for script in "$work"/whole/test_*.sh; do
  name=$(basename "$script")
  echo "# $name"
  ends "$SOURCED" "$work/whole" "$name"
  ends "$SOURCED" "$work/whole" "./$name"
  ends "$SOURCED" "$work" "whole/$name"
  ends "$SOURCED" / "$script"
  ends failure "$work/alone" "$name"
  ends failure / "$work/alone/$name"
  found=$((found + 1))
done
[[ $found -gt 5 ]] || exit 1
echo 'all good'
