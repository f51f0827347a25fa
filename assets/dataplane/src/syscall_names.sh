#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# syscall_names.sh COMPILER...: the system calls it knows, as rows of a C table.
set -Eeuo pipefail

"$@" -E -dM - <<<'#include <sys/syscall.h>' |
  sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/{__NR_\1, "\1"},/p' | sort
