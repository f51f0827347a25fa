/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_SANDBOX_H
#define KB_SANDBOX_H

#include <stdint.h>

#include "kb/config.h"

/*
 * What a receiver gives up once it is ready: capabilities, and system calls that its loop,
 * housekeeping and end do not make. Both for all threads at once, because they share their memory:
 * whoever takes over one has all.
 */

/*
 * Keeps of the process's capabilities those in `keep` (1 << CAP_x), and sets no_new_privs. Returns
 * 0, or -1 with kb_err.
 */
int kb_sandbox_capabilities(uint64_t keep);

/*
 * Filters the system calls of all threads, for good: allowed are those of every receiver and those
 * in n further lists (SYS_x, -1 ends a list, NULL is an empty one). A call that is not allowed ends
 * the process with its name on standard error (KB_SECCOMP_LOG: it is made, and the kernel logs it).
 * Returns 0, or -1 with kb_err when the kernel has no such filter or refuses it.
 */
int kb_sandbox_filter(enum kb_seccomp mode, const int *const *further, uint32_t n);

#endif
