// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "kb/bpf.h"
#include "kb/error.h"
#include "kb/parse.h"

const struct kb_verdict_info kb_verdicts[KB_VERDICTS] = {
#define KB_VERDICT(symbol, name, cause, meaning) {name, cause, meaning},
#include "verdicts.def"
#undef KB_VERDICT
};

int kb_counts_read(struct kb_filter_counts *out, int map_fd)
{
	const uint32_t zero = 0;
	const int cpus = libbpf_num_possible_cpus();

	if (cpus < 0)
		return kb_err_set(KB_EXIT_RETRY, -cpus, "count the possible CPUs");
	struct kb_filter_counts *const each = calloc((size_t)cpus, sizeof(*each));
	if (!each)
		return kb_err_set(KB_EXIT_RETRY, ENOMEM, "read XDP verdict counters");
	const int err = bpf_map_lookup_elem(map_fd, &zero, each);
	*out = (struct kb_filter_counts){0};
	for (int cpu = 0; !err && cpu < cpus; cpu++)
		for (uint32_t i = 0; i < KB_VERDICTS; i++)
			out->verdict[i] += each[cpu].verdict[i];
	free(each);
	return err ? kb_err_set(KB_EXIT_RETRY, -err, "read XDP verdict counters") : 0;
}

void kb_counts_book(uint64_t cause[KB_CAUSES], const struct kb_filter_counts *now,
		    const struct kb_filter_counts *since)
{
	for (uint32_t i = 0; i < KB_VERDICTS; i++)
		if (kb_verdicts[i].cause != KB_PARSE_OK)
			cause[kb_verdicts[i].cause] += now->verdict[i] - since->verdict[i];
}
