// SPDX-License-Identifier: Apache-2.0
#include "eal_args.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "devargs.h"
#include "kb/error.h"

static int add(struct kb_eal_args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int add(struct kb_eal_args *a, const char *fmt, ...)
{
	const size_t left = sizeof(a->text) - a->used;
	char *const at = a->text + a->used;
	va_list ap;
	va_start(ap, fmt);
	const int n = vsnprintf(at, left, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= left || a->argc == KB_EAL_MAX_ARGS)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "too many EAL arguments: at most %d, and %zu bytes in all",
				  KB_EAL_MAX_ARGS, sizeof(a->text));
	a->used += (size_t)n + 1;
	a->argv[a->argc++] = at;
	return 0;
}

static int add_given(struct kb_eal_args *a, const char *text)
{
	while (*text) {
		const size_t skip = strspn(text, " \t");
		const size_t len = strcspn(text + skip, " \t");
		if (len && add(a, "%.*s", (int)len, text + skip) < 0)
			return -1;
		text += skip + len;
	}
	return 0;
}

/*
 * Lcore 0 on the CPUs of the main thread. DPDK's own workers are not used: a queue's thread is the
 * receive loop's, pinned by it and registered as a further lcore. Naming the CPUs behind an @ also
 * allows numbers beyond DPDK's own limit of 128 lcores.
 */
static int add_lcores(struct kb_eal_args *a, const struct kb_cores *cores, const cpu_set_t *allowed)
{
	char list[1024];
	size_t used = 0;
	list[0] = '\0';
	for (uint32_t cpu = 0; cpu < CPU_SETSIZE && used < sizeof(list); cpu++) {
		bool wanted = cores->n == 0 && CPU_ISSET(cpu, allowed);
		for (uint32_t i = 0; i < cores->n; i++)
			wanted = wanted || cores->cpu[i] == cpu;
		if (wanted)
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%u",
						 used ? "," : "", cpu);
	}
	if (used >= sizeof(list))
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "too many CPUs for the main thread: set KB_HOUSEKEEPING_CORES");
	return add(a, "--lcores=0@(%s)", list);
}

static int add_port(struct kb_eal_args *a, const struct kb_config *cfg, const struct kb_pci *pci,
		    unsigned int version)
{
	static const char *const drivers[] = {"vfio-pci", "igb_uio", "uio_pci_generic"};
	bool known = false;
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		known = known || strcmp(pci->driver, drivers[i]) == 0;
	if (!known)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "%s is held by %s%s%s: bind it to vfio-pci, igb_uio or "
				  "uio_pci_generic first (kb-step-data-nic does)",
				  cfg->pci, pci->driver[0] ? "the driver '" : "no driver",
				  pci->driver, pci->driver[0] ? "'" : "");

	char devargs[128] = "";
	if (pci->vendor == KB_PCI_VENDOR_AMAZON &&
	    kb_ena_devargs(devargs, sizeof(devargs), version, pci->driver) < 0)
		return -1;
	if (add(a, "-a") < 0 || add(a, "%s%s%s", cfg->pci, devargs[0] ? "," : "", devargs) < 0)
		return -1;
	/* Without an IOMMU the device sees physical addresses, and UIO has no use for one. */
	const bool virtual = strcmp(pci->driver, "vfio-pci") == 0 && pci->iommu;
	return add(a, "--iova-mode=%s", virtual ? "va" : "pa");
}

int kb_eal_args(struct kb_eal_args *out, const struct kb_config *cfg, const struct kb_pci *pci,
		unsigned int version, const cpu_set_t *allowed)
{
	memset(out, 0, sizeof(*out));
	if (add(out, "kb-dpdk") < 0)
		return -1;
	if (cfg->eal_args[0])
		return add_given(out, cfg->eal_args);

	if (add_lcores(out, &cfg->housekeeping_cores, allowed) < 0 ||
	    add_port(out, cfg, pci, version) < 0)
		return -1;
	/*
	 * In memory: huge pages without files, so that none stay behind after a crash and any
	 * number of receivers run side by side. Telemetry would open a socket that nothing reads.
	 */
	if (add(out, "--in-memory") < 0 || add(out, "--no-telemetry") < 0)
		return -1;
	/* The driver says only in its log whether it got LLQ. */
	return add(out, "--log-level=pmd.net.ena.driver:info");
}
