// SPDX-License-Identifier: Apache-2.0
/*
 * How long is a core taken away from a thread that spins on it? One thread on each core reads the
 * clock as fast as it can; a gap between two readings is time that something else had: an
 * interrupt, the hypervisor, firmware, another thread. Any gap would have been a late packet.
 *
 *	cpu 3 max 18250 p9999 120 gaps 412 ns
 *
 * `gaps` counts those of a microsecond and more. Exit status 0 whatever the numbers are.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kb/clock.h"
#include "kb/config.h"
#include "kb/error.h"
#include "kb/hist.h"
#include "option.h"

#define PROGRAM "kb-jitter"
#define USAGE	"usage: kb-jitter --cores LIST --seconds N\n"

#define MAX_SECONDS 3600u
#define GAP_NS	    1000u /* no sequence of a few instructions takes a microsecond by itself */
#define WARM_UP_NS  10000000ull /* page faults and cold caches are not the host's */

struct spinner {
	pthread_t thread;
	pthread_barrier_t *start;
	uint16_t cpu;
	uint64_t duration_ns;
	uint64_t gaps;
	struct kb_hist hist;
};

static void spin(struct spinner *s, uint64_t duration_ns, struct kb_hist *hist)
{
	const uint64_t begin = kb_clock_ns(CLOCK_MONOTONIC_RAW);
	uint64_t last = begin;

	while (last - begin < duration_ns) {
		const uint64_t now = kb_clock_ns(CLOCK_MONOTONIC_RAW);
		const uint64_t gap = now - last;

		if (hist)
			kb_hist_record(hist, (int64_t)gap);
		s->gaps += hist && gap >= GAP_NS;
		last = now;
	}
}

static void *thread_main(void *arg)
{
	struct spinner *const s = arg;

	/* All cores at once: neighbours disturb each other through caches and power limits. */
	pthread_barrier_wait(s->start);
	spin(s, WARM_UP_NS, NULL);
	spin(s, s->duration_ns, &s->hist);
	return NULL;
}

static int start(struct spinner *s)
{
	pthread_attr_t attr;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(s->cpu, &set);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	const int err = pthread_create(&s->thread, &attr, thread_main, s);
	pthread_attr_destroy(&attr);
	if (err)
		return kb_err_set(KB_EXIT_CONFIG, err, "core %u is not available to this process",
				  s->cpu);
	return 0;
}

static int measure(const struct kb_cores *cores, uint64_t duration_ns)
{
	struct spinner *const spinners = calloc(cores->n, sizeof(*spinners));
	pthread_barrier_t barrier;

	if (!spinners)
		return kb_err_set(KB_EXIT_RETRY, ENOMEM, "measure %u cores", cores->n);
	pthread_barrier_init(&barrier, NULL, cores->n);
	for (uint32_t i = 0; i < cores->n; i++) {
		spinners[i].start = &barrier;
		spinners[i].cpu = cores->cpu[i];
		spinners[i].duration_ns = duration_ns;
		/* The threads before wait at the barrier; they end with the process. */
		if (start(&spinners[i]))
			return -1;
	}
	for (uint32_t i = 0; i < cores->n; i++) {
		const struct spinner *const s = &spinners[i];

		pthread_join(s->thread, NULL);
		printf("cpu %u max %" PRIu64 " p9999 %" PRIu64 " gaps %" PRIu64 " ns\n", s->cpu,
		       s->hist.over ? (uint64_t)KB_HIST_MAX_VALUE : s->hist.max,
		       kb_hist_quantile(&s->hist, 0.9999), s->gaps);
	}
	pthread_barrier_destroy(&barrier);
	free(spinners);
	return 0;
}

static int parse(int argc, char **argv, struct kb_cores *cores, uint64_t *seconds)
{
	for (int i = 1; i < argc; i += 2) {
		const char *const value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--cores") == 0) {
			if (kb_cores_parse(cores, value))
				return kb_err_wrap("--cores");
		} else if (strcmp(argv[i], "--seconds") == 0) {
			if (kb_option_number(seconds, "seconds", 1, MAX_SECONDS, value))
				return -1;
		} else {
			return kb_err_set(KB_EXIT_CONFIG, 0, "unknown argument \"%s\"", argv[i]);
		}
	}
	if (cores->n == 0 || *seconds == 0)
		return kb_err_set(KB_EXIT_CONFIG, 0, "--cores and --seconds are needed");
	return 0;
}

int main(int argc, char **argv)
{
	struct kb_cores cores = {0};
	uint64_t seconds = 0;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(USAGE, stdout);
		return KB_EXIT_OK;
	}
	if (parse(argc, argv, &cores, &seconds) || measure(&cores, seconds * 1000000000ull)) {
		fprintf(stderr, "%s: %s\n", PROGRAM, kb_err_text());
		return (int)kb_err_exit();
	}
	return KB_EXIT_OK;
}
