/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_DPDK_PCI_H
#define KB_DPDK_PCI_H

#include <stdbool.h>
#include <stdint.h>

/* What sysfs says of the data port's PCI device. */
struct kb_pci {
	uint16_t vendor;
	uint16_t device;
	char driver[32];    /* kernel driver that holds it, "" = none */
	bool iommu;	    /* the IOMMU translates for it */
	uint64_t bar_start; /* its prefetchable BAR, where LLQ lives; 0 = none */
	uint64_t bar_end;   /* last byte */
};

#define KB_PCI_VENDOR_AMAZON 0x1d0f

/*
 * `root` is "/sys" outside of tests. Returns 0, or -1 with kb_err when the address is malformed or
 * no such device exists.
 */
int kb_pci_read(struct kb_pci *out, const char *root, const char *address);

enum kb_wc { KB_WC_UNKNOWN, KB_WC_OFF, KB_WC_ON };

/*
 * Whether [start, end] is mapped write-combining, by the kernel's list of memory types
 * (/sys/kernel/debug/x86/pat_memtype_list at `path`). A driver may map a part of a BAR.
 */
enum kb_wc kb_wc_read(const char *path, uint64_t start, uint64_t end);

#endif
