/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_DPDK_EAL_ARGS_H
#define KB_DPDK_EAL_ARGS_H

#include <sched.h>
#include "kb/config.h"
#include "pci.h"

#define KB_EAL_MAX_ARGS 64

/* An argument vector that owns its text. */
struct kb_eal_args {
	int argc;
	char *argv[KB_EAL_MAX_ARGS + 1];
	size_t used;
	char text[2048];
};

/*
 * The command line that makes DPDK's environment fit the plan: KB_EAL_ARGS if it is set, split at
 * blanks; else derived from the configuration and from what sysfs says of the port.
 *
 * version: year * 100 + month of the DPDK that is running. allowed: the CPUs this process may use,
 * for a plan that names no housekeeping cores. pci is not read when KB_EAL_ARGS is set.
 */
int kb_eal_args(struct kb_eal_args *out, const struct kb_config *cfg, const struct kb_pci *pci,
		unsigned int version, const cpu_set_t *allowed);

#endif
