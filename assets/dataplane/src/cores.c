// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sched.h>

#include "kb/config.h"
#include "kb/error.h"

/* One decimal number below CPU_SETSIZE; advances *text past it. -1 when there is none. */
static int parse_cpu(const char **text)
{
	int cpu = 0;
	const char *p = *text;

	if (*p < '0' || *p > '9')
		return -1;
	for (; *p >= '0' && *p <= '9'; p++) {
		cpu = cpu * 10 + (*p - '0');
		if (cpu >= CPU_SETSIZE)
			return -1;
	}
	*text = p;
	return cpu;
}

static int add_cpu(struct kb_cores *cores, int cpu, const char *text)
{
	for (uint32_t i = 0; i < cores->n; i++)
		if (cores->cpu[i] == cpu)
			return kb_err_set(KB_EXIT_CONFIG, 0, "core %d is listed twice in \"%s\"",
					  cpu, text);
	if (cores->n == KB_MAX_CORES)
		return kb_err_set(KB_EXIT_CONFIG, 0, "more than %d cores in \"%s\"", KB_MAX_CORES,
				  text);
	cores->cpu[cores->n++] = (uint16_t)cpu;
	return 0;
}

int kb_cores_parse(struct kb_cores *out, const char *text)
{
	struct kb_cores cores = {0};
	const char *p = text;

	while (*p) {
		const int first = parse_cpu(&p);
		int last = first;

		if (first >= 0 && *p == '-') {
			p++;
			last = parse_cpu(&p);
		}
		if (first < 0 || last < first || (*p && *p != ',') || (*p == ',' && !p[1]))
			return kb_err_set(KB_EXIT_CONFIG, 0,
					  "\"%s\" is not a list of cores such as 0-2,5", text);
		for (int cpu = first; cpu <= last; cpu++)
			if (add_cpu(&cores, cpu, text))
				return -1;
		if (*p == ',')
			p++;
	}
	*out = cores;
	return 0;
}
