#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh SECONDS CORPUS_DIR TARGET...: each target on its corpus for that long.
set -Eeuo pipefail

seconds=$1
corpora=$2
shift 2
for target in "$@"; do
  name=$(basename "$target")
  "$target" "$corpora/${name#fuzz_}" "$seconds"
done
