/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_DPDK_DEVARGS_H
#define KB_DPDK_DEVARGS_H

#include <stddef.h>

/* "DPDK 25.11.4", as rte_version() has it, to year * 100 + month; 0 for anything else. */
unsigned int kb_dpdk_version(const char *text);

/*
 * Device arguments of net_ena. The driver refuses to start with an argument it does not know, and
 * the set has changed with DPDK's releases, so they follow the version that is running.
 *
 * version: kb_dpdk_version(rte_version()), the library's and not the headers'. driver: the kernel
 * driver that holds the port. Returns 0, or -1 with kb_err when the two cannot work together.
 */
int kb_ena_devargs(char *out, size_t size, unsigned int version, const char *driver);

#endif
