// SPDX-License-Identifier: Apache-2.0
#include "worker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kb/error.h"
#include "kb/handler.h"
#include "rx_loop.h"

/*
 * About a millisecond of empty polls: often enough for kb_handler_tick, rarely enough that the
 * clock costs nothing. A queue that sleeps in its poll looks every time.
 */
#define IDLE_POLLS 1024

/* All of it is locked into memory: the usual 8 MiB for each of 32 queues would be a quarter GiB. */
#define STACK_SIZE (1u << 20)

struct worker {
	struct kb_workers *all;
	uint32_t queue;
	pthread_t thread;
	uint64_t seen_polls;
	/* Written before `failed`, read after it. */
	char reason[1024];
	enum kb_exit exit;
	atomic_bool failed;
};

struct kb_workers {
	const struct kb_config *cfg;
	struct kb_backend *be;
	struct kb_stats *stats;
	atomic_bool stop;
	uint32_t started;
	uint32_t joined; /* of those, by a stop */
	struct worker worker[];
};

static int run(struct worker *w)
{
	const struct kb_config *const cfg = w->all->cfg;
	struct kb_queue_stats *const stats = &w->all->stats->queue[w->queue];
	const struct kb_handler_env env = {
		.queue = w->queue,
		.queues = cfg->queues,
		.args = cfg->handler_args,
		.counters = stats->handler,
		.hist = &stats->own,
		.oneway = &stats->oneway,
		.gaps = &stats->gaps,
		.dropped = &stats->cause[KB_CAUSE_HANDLER],
		.unsent = &stats->unsent,
		.tx = kb_backend_queue(w->all->be, w->queue),
	};
	struct kb_rx_loop loop = {
		.queue = env.tx,
		.stats = stats,
		.burst_max = cfg->burst,
		.idle_polls = cfg->poll_mode == KB_POLL_WAKEUP ? 1 : IDLE_POLLS,
		.stop = &w->all->stop,
	};

	if (kb_queue_attach(loop.queue))
		return kb_err_wrap("queue %u", w->queue);
	/* Allocated on the queue's own core, so that its NUMA node holds the memory. */
	loop.burst = calloc(cfg->burst, sizeof(*loop.burst));
	if (!loop.burst)
		return kb_err_set(KB_EXIT_RETRY, errno, "queue %u: allocate burst", w->queue);
	const int result = kb_handler_init(&loop.handler, &env);
	if (result == 0) {
		kb_rx_loop(&loop);
		kb_handler_fini(loop.handler);
	} else {
		kb_err_wrap("queue %u: start handler %s", w->queue, kb_handler_info.name);
	}
	free(loop.burst);
	return result;
}

static void *thread_main(void *arg)
{
	struct worker *const w = arg;

	if (run(w)) {
		snprintf(w->reason, sizeof(w->reason), "%s", kb_err_text());
		w->exit = kb_err_exit();
		atomic_store_explicit(&w->failed, true, memory_order_release);
	}
	return NULL;
}

static int start_one(struct worker *w)
{
	const struct kb_cores *const cores = &w->all->cfg->rx_cores;
	pthread_attr_t attr;
	cpu_set_t set;
	char name[16];

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	if (cores->n) {
		CPU_ZERO(&set);
		CPU_SET(cores->cpu[w->queue], &set);
		pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	}
	const int err = pthread_create(&w->thread, &attr, thread_main, w);
	pthread_attr_destroy(&attr);
	if (err == EINVAL && cores->n)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "KB_RX_CORES: core %u is not available to this process",
				  cores->cpu[w->queue]);
	if (err)
		return kb_err_set(KB_EXIT_RETRY, err, "start thread of queue %u", w->queue);
	snprintf(name, sizeof(name), "kb-rx-%u", w->queue);
	pthread_setname_np(w->thread, name);
	return 0;
}

int kb_workers_start(struct kb_workers **out, const struct kb_config *cfg, struct kb_backend *be,
		     struct kb_stats *stats)
{
	struct kb_workers *const w = calloc(1, sizeof(*w) + cfg->queues * sizeof(w->worker[0]));

	if (!w)
		return kb_err_set(KB_EXIT_RETRY, errno, "allocate %u workers", cfg->queues);
	w->cfg = cfg;
	w->be = be;
	w->stats = stats;
	for (; w->started < cfg->queues; w->started++) {
		struct worker *const one = &w->worker[w->started];

		one->all = w;
		one->queue = w->started;
		if (start_one(one)) {
			(void)kb_workers_stop(w); /* a thread that hangs keeps its memory */
			return -1;
		}
	}
	*out = w;
	return 0;
}

int kb_workers_check(struct kb_workers *w)
{
	for (uint32_t i = 0; i < w->started; i++)
		if (atomic_load_explicit(&w->worker[i].failed, memory_order_acquire))
			return kb_err_set(w->worker[i].exit, 0, "%s", w->worker[i].reason);
	return 0;
}

bool kb_workers_alive(struct kb_workers *w)
{
	for (uint32_t i = 0; i < w->started; i++)
		if (kb_stat_get(&w->stats->queue[i].polls) == w->worker[i].seen_polls)
			return false;
	for (uint32_t i = 0; i < w->started; i++)
		w->worker[i].seen_polls = kb_stat_get(&w->stats->queue[i].polls);
	return true;
}

int kb_workers_stop(struct kb_workers *w)
{
	struct timespec until;

	if (!w)
		return 0;
	atomic_store(&w->stop, true);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += KB_STOP_SECONDS;
	for (; w->joined < w->started; w->joined++)
		if (pthread_timedjoin_np(w->worker[w->joined].thread, NULL, &until))
			return kb_err_set(KB_EXIT_RETRY, 0,
					  "queue %u does not stop: handler %s has not returned for "
					  "%d s",
					  w->joined, kb_handler_info.name, KB_STOP_SECONDS);
	free(w);
	return 0;
}
