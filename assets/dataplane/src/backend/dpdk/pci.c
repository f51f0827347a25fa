// SPDX-License-Identifier: Apache-2.0
#include "pci.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kb/error.h"

#define IORESOURCE_PREFETCH 0x2000 /* linux/ioport.h */

static int path_of(char *out, size_t size, const char *root, const char *address, const char *leaf)
{
	const int n = snprintf(out, size, "%s/bus/pci/devices/%s/%s", root, address, leaf);
	return n > 0 && (size_t)n < size ? 0 : -1;
}

static int read_hex(uint16_t *out, const char *root, const char *address, const char *leaf)
{
	char path[PATH_MAX];
	unsigned int value = 0;
	if (path_of(path, sizeof(path), root, address, leaf) < 0)
		return -1;
	FILE *const f = fopen(path, "re");
	if (!f)
		return -1;
	const int n = fscanf(f, "%x", &value);
	fclose(f);
	*out = (uint16_t)value;
	return n == 1 ? 0 : -1;
}

/* The name a link points to, "" when there is no such link. */
static void link_name(char *out, size_t size, const char *root, const char *address,
		      const char *leaf)
{
	char path[PATH_MAX];
	char target[PATH_MAX];
	out[0] = '\0';
	if (path_of(path, sizeof(path), root, address, leaf) < 0)
		return;
	const ssize_t n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return;
	target[n] = '\0';
	snprintf(out, size, "%s", basename(target));
}

/* vfio without an IOMMU makes up a group of its own and says so in the group's name. */
static bool has_iommu(const char *root, const char *address)
{
	char path[PATH_MAX];
	char name[64] = "";
	if (path_of(path, sizeof(path), root, address, "iommu_group") < 0 ||
	    access(path, F_OK) != 0)
		return false;
	if (path_of(path, sizeof(path), root, address, "iommu_group/name") < 0)
		return true;
	FILE *const f = fopen(path, "re");
	if (!f)
		return true;
	const bool noiommu = fgets(name, sizeof(name), f) && strstr(name, "noiommu");
	fclose(f);
	return !noiommu;
}

/* `resource` has a line "start end flags" per BAR. */
static void find_bar(struct kb_pci *out, const char *root, const char *address)
{
	char path[PATH_MAX];
	uint64_t start;
	uint64_t end;
	uint64_t flags;
	if (path_of(path, sizeof(path), root, address, "resource") < 0)
		return;
	FILE *const f = fopen(path, "re");
	if (!f)
		return;
	while (fscanf(f, "%" SCNx64 " %" SCNx64 " %" SCNx64, &start, &end, &flags) == 3) {
		if (!(flags & IORESOURCE_PREFETCH) || start == 0)
			continue;
		out->bar_start = start;
		out->bar_end = end;
		break;
	}
	fclose(f);
}

int kb_pci_read(struct kb_pci *out, const char *root, const char *address)
{
	unsigned int domain;
	unsigned int bus;
	unsigned int slot;
	unsigned int function;
	int used = 0;
	if (sscanf(address, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &used) != 4 ||
	    address[used] || used != 12)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "'KB_DATA_PCI' must look like 0000:00:06.0, got '%s'", address);
	memset(out, 0, sizeof(*out));
	if (read_hex(&out->vendor, root, address, "vendor") < 0 ||
	    read_hex(&out->device, root, address, "device") < 0)
		return kb_err_set(KB_EXIT_RETRY, ENODEV, "PCI device %s", address);
	link_name(out->driver, sizeof(out->driver), root, address, "driver");
	out->iommu = has_iommu(root, address);
	find_bar(out, root, address);
	return 0;
}

enum kb_wc kb_wc_read(const char *path, uint64_t start, uint64_t end)
{
	char line[256];
	bool listed = false;
	bool combining = false;
	FILE *const f = fopen(path, "re");
	if (!f || start == 0) {
		if (f)
			fclose(f);
		return KB_WC_UNKNOWN;
	}
	/* "PAT: [mem 0xfe400000-0xfe800000] write-combining"; the end is exclusive. */
	while (fgets(line, sizeof(line), f)) {
		uint64_t from;
		uint64_t to;
		char type[32];
		if (sscanf(line, "PAT: [mem 0x%" SCNx64 "-0x%" SCNx64 "] %31s", &from, &to, type) !=
		    3)
			continue;
		if (from > end || to <= start)
			continue;
		listed = true;
		combining = combining || strcmp(type, "write-combining") == 0;
	}
	fclose(f);
	if (!listed)
		return KB_WC_UNKNOWN;
	return combining ? KB_WC_ON : KB_WC_OFF;
}
