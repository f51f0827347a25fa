// SPDX-License-Identifier: Apache-2.0
#include "devargs.h"

#include <stdio.h>
#include <string.h>

#include "kb/error.h"

/*
 * LLQ (descriptors and headers pushed into the device) is what the device wants on every Nitro
 * generation we support; it is asked for by name because 24.11.0 and 24.11.1 had it off by default.
 * Normal-size headers hold 96 bytes, and ours are 42: where the choice is the driver's alone (until
 * 24.11), large ones would only halve the TX ring. From 24.11 "1" is the device's recommendation.
 */
static const struct {
	unsigned int since; /* first DPDK release, year * 100 + month */
	const char *llq;
} releases[] = {
	{2411, "llq_policy=1"},
	{2211, "enable_llq=1,large_llq_hdr=0"},
};

/* The first release whose driver works without interrupts, which is what uio_pci_generic gives. */
#define POLLED_SINCE 2403
/* Milliseconds between looks at the admin queue; 500 to 1000 are allowed, nothing is urgent. */
#define POLL_MS 1000

unsigned int kb_dpdk_version(const char *text)
{
	unsigned int year;
	unsigned int month;
	return sscanf(text, "DPDK %2u.%2u", &year, &month) == 2 ? year * 100 + month : 0;
}

int kb_ena_devargs(char *out, size_t size, unsigned int version, const char *driver)
{
	const char *llq = NULL;
	for (size_t i = 0; !llq && i < sizeof(releases) / sizeof(releases[0]); i++)
		if (version >= releases[i].since)
			llq = releases[i].llq;
	if (!llq)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "DPDK %u.%02u is too old: 22.11 or newer needed", version / 100,
				  version % 100);

	int n;
	if (strcmp(driver, "uio_pci_generic") != 0) {
		n = snprintf(out, size, "%s", llq);
	} else if (version >= POLLED_SINCE) {
		n = snprintf(out, size, "%s,control_path_poll_interval=%d", llq, POLL_MS);
	} else {
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "uio_pci_generic has no interrupts and net_ena of DPDK %u.%02u "
				  "needs them: use DPDK 24.03 or newer, igb_uio or vfio-pci",
				  version / 100, version % 100);
	}
	if (n < 0 || (size_t)n >= size)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "net_ena device arguments do not fit %zu bytes", size);
	return 0;
}
