// SPDX-License-Identifier: Apache-2.0
#include "xdp_ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../bpf/filter_shared.h"
#include "kb/error.h"
#include "kb/parse.h"
#include "kb/stats.h"
#include "netdev.h"

struct kb_xdp_ledger {
	int map;
	uint32_t cpus;
	const char *mode;
	uint64_t base[KB_VERDICTS]; /* when opened */
	struct kb_filter_counts *percpu;
};

static const int cause_of[KB_VERDICTS] = {
#define KB_VERDICT(symbol, name, cause, meaning) cause,
#include "../bpf/verdicts.def"
#undef KB_VERDICT
};

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* The kernel writes one value for each CPU that could ever be plugged in: "0-127" gives 128. */
static int count_cpus(uint32_t *out)
{
	static const char path[] = "/sys/devices/system/cpu/possible";
	char text[256] = "";
	FILE *const f = fopen(path, "re");

	if (!f || !fgets(text, sizeof(text), f)) {
		if (f)
			fclose(f);
		return kb_err_set(KB_EXIT_RETRY, errno, "read %s", path);
	}
	fclose(f);
	/* Possible CPUs are numbered without holes up to the last. */
	const size_t digits = strcspn(text, "\n");
	size_t last = digits;
	while (last > 0 && text[last - 1] >= '0' && text[last - 1] <= '9')
		last--;
	*out = (uint32_t)strtoul(text + last, NULL, 10) + 1;
	return 0;
}

static int open_map(struct kb_xdp_ledger *l, const char *path)
{
	struct bpf_map_info info = {0};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uintptr_t)path;
	attr.file_flags = BPF_F_RDONLY;
	l->map = bpf(BPF_OBJ_GET, &attr);
	if (l->map < 0)
		return kb_err_set(KB_EXIT_CONFIG, errno,
				  "the XDP filter is not attached (no counters at %s); kb-xdp "
				  "attaches it",
				  path);
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)l->map;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr))
		return kb_err_set(KB_EXIT_RETRY, errno, "inspect %s", path);
	if (info.type != BPF_MAP_TYPE_PERCPU_ARRAY ||
	    info.value_size != sizeof(struct kb_filter_counts))
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "%s belongs to another build of the XDP filter; run kb-xdp again",
				  path);
	return 0;
}

static int read_verdicts(struct kb_xdp_ledger *l, uint64_t sum[KB_VERDICTS])
{
	const uint32_t zero = 0;
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)l->map;
	attr.key = (uintptr_t)&zero;
	attr.value = (uintptr_t)l->percpu;
	if (bpf(BPF_MAP_LOOKUP_ELEM, &attr))
		return kb_err_set(KB_EXIT_RETRY, errno, "read the XDP filter's counters");
	for (uint32_t v = 0; v < KB_VERDICTS; v++) {
		sum[v] = 0;
		for (uint32_t cpu = 0; cpu < l->cpus; cpu++)
			sum[v] += l->percpu[cpu].verdict[v];
	}
	return 0;
}

int kb_xdp_ledger_open(struct kb_xdp_ledger **out, const char *dir, const char *iface, int ifindex)
{
	struct kb_xdp_ledger *const l = calloc(1, sizeof(*l));
	char path[320];

	if (!l)
		return kb_err_set(KB_EXIT_RETRY, errno, "allocate XDP ledger");
	l->map = -1;
	snprintf(path, sizeof(path), "%s/%s/counts", dir, iface);
	if (open_map(l, path) || kb_netdev_xdp_mode(&l->mode, ifindex))
		goto undo_ledger;
	if (!l->mode[0]) {
		kb_err_set(KB_EXIT_CONFIG, 0,
			   "the XDP filter is not attached to %s; kb-xdp attaches it", iface);
		goto undo_ledger;
	}
	if (count_cpus(&l->cpus))
		goto undo_ledger;
	l->percpu = calloc(l->cpus, sizeof(*l->percpu));
	if (!l->percpu) {
		kb_err_set(KB_EXIT_RETRY, errno, "allocate counters of %u CPUs", l->cpus);
		goto undo_ledger;
	}
	if (read_verdicts(l, l->base))
		goto undo_ledger;
	*out = l;
	return 0;

undo_ledger:
	kb_xdp_ledger_close(l);
	return -1;
}

const char *kb_xdp_ledger_mode(const struct kb_xdp_ledger *l)
{
	return l->mode;
}

int kb_xdp_ledger_read(struct kb_xdp_ledger *l, uint64_t *cause)
{
	uint64_t by_cause[KB_CAUSES] = {0};
	bool counted[KB_CAUSES] = {false};
	uint64_t sum[KB_VERDICTS];

	if (read_verdicts(l, sum))
		return -1;
	for (uint32_t v = 0; v < KB_VERDICTS; v++) {
		if (cause_of[v] == KB_PARSE_OK)
			continue;
		by_cause[cause_of[v]] += sum[v] - l->base[v];
		counted[cause_of[v]] = true;
	}
	for (uint32_t c = 0; c < KB_CAUSES; c++)
		if (counted[c])
			kb_stat_set(&cause[c], by_cause[c]);
	return 0;
}

void kb_xdp_ledger_close(struct kb_xdp_ledger *l)
{
	if (!l)
		return;
	if (l->map >= 0)
		close(l->map);
	free(l->percpu);
	free(l);
}
