#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a compiler does not look for: cppcheck over everything but the tests, the XDP programs (the
# kernel's verifier checks those) and generated code. It passes when nothing at all is found.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck disable=SC2054 # commas are cppcheck's
settings=(
  --enable=warning,performance,portability
  --std=c11 # the newest it knows; what is beyond is GNU's and in its library files
  --library=posix --library=gnu
  --suppressions-list=tests/lint-suppressions.txt --error-exitcode=1 --quiet
  -Iinclude -Isrc -Itools -Ibpf
  # It does not know what the compiler defines by itself, nor libbpf's macro.
  -D__x86_64__ '-DLIBBPF_OPTS(type, name, ...)=struct type name = {__VA_ARGS__}'
  # One receiver, the way it is built: else each combination of macros is looked at by itself.
  --max-configs=1
)
cppcheck "${settings[@]}" -j"$(nproc)" src tools fuzz
