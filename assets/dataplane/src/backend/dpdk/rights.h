/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_DPDK_RIGHTS_H
#define KB_DPDK_RIGHTS_H

#include <stdbool.h>
#include "kb/backend.h"

/*
 * What a driver of DPDK may need of the system while it runs, which is mostly what a reset of the
 * device takes: memory, its descriptors, its interrupts. `physical`: the device is given physical
 * addresses. `given_args`: KB_EAL_ARGS chose the device, which may be one of the kernel's.
 */
struct kb_rights kb_dpdk_rights(bool physical, bool given_args);

#endif
