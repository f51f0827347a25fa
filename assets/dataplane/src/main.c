// SPDX-License-Identifier: Apache-2.0
/*
 * A receiver: configuration, stats page, back-end, one thread per queue, and on the main thread
 * the housekeeping. Everything that may allocate, log or fail happens here, not in rx_loop.c.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kb/backend.h"
#include "kb/clock.h"
#include "kb/config.h"
#include "kb/error.h"
#include "kb/fast_clock.h"
#include "kb/handler.h"
#include "kb/stats.h"
#include "kb/tap.h"
#include "explain.h"
#include "report.h"
#include "sandbox.h"
#include "sd_notify.h"
#include "worker.h"

#define HOUSEKEEPING_NS 100000000L /* what stats.h promises for heartbeat_ns */
#define STARTING_NS	10000000L  /* until ready: a deployment waits for this */
#define WATCHDOG_EVERY	10	   /* heartbeats to one WATCHDOG=1: about a second */

static int check_handler(const struct kb_config *cfg)
{
	if (kb_handler_info.abi != KB_HANDLER_ABI)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "handler %s was written for ABI %u, this receiver has ABI %u",
				  kb_handler_info.name, kb_handler_info.abi, KB_HANDLER_ABI);
	if (strcmp(cfg->handler, "custom") != 0 && strcmp(cfg->handler, kb_handler_info.name) != 0)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "KB_HANDLER is \"%s\" but handler \"%s\" is compiled in: build "
				  "with -Dhandler_dir=%s",
				  cfg->handler, kb_handler_info.name, cfg->handler);
	return 0;
}

static int check_plane(const struct kb_config *cfg)
{
	if (!(kb_backend_info.planes & 1u << cfg->plane))
		return kb_err_set(KB_EXIT_CONFIG, 0, "KB_PLANE is \"%s\", which %s does not serve",
				  kb_plane_name(cfg->plane), kb_backend_info.program);
	return 0;
}

static int pin_housekeeping(const struct kb_config *cfg)
{
	const struct kb_cores *const cores = &cfg->housekeeping_cores;
	cpu_set_t set;

	if (cores->n == 0)
		return 0;
	CPU_ZERO(&set);
	for (uint32_t i = 0; i < cores->n; i++)
		CPU_SET(cores->cpu[i], &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return kb_err_set(KB_EXIT_CONFIG, errno,
				  "KB_HOUSEKEEPING_CORES: no such core is available");
	return 0;
}

static void describe(struct kb_stats *stats, const struct kb_config *cfg)
{
	snprintf(stats->plane, sizeof(stats->plane), "%s", kb_plane_name(cfg->plane));
	snprintf(stats->handler, sizeof(stats->handler), "%s", kb_handler_info.name);
	snprintf(stats->iface, sizeof(stats->iface), "%s", cfg->iface[0] ? cfg->iface : cfg->pci);
	for (uint32_t i = 0; i < KB_HANDLER_COUNTERS && kb_handler_info.counters[i]; i++)
		snprintf(stats->handler_counters[i], sizeof(stats->handler_counters[i]), "%s",
			 kb_handler_info.counters[i]);
}

static void warn(void)
{
	fprintf(stderr, "<4>%s: %s\n", kb_backend_info.program, kb_err_text());
	kb_err_clear();
}

/* A host that cannot do it receives all the same, says so once, and shows it in the mode. */
static void confine(struct kb_stats *stats, const struct kb_config *cfg,
		    const struct kb_backend *be)
{
	static const char *const modes[] = {"enforce", "log", "off"};
	const struct kb_rights rights = kb_backend_rights(be);
	const int *const calls[] = {rights.syscalls, kb_handler_info.syscalls};
	const char *mode = modes[cfg->seccomp];

	if (kb_sandbox_capabilities(rights.capabilities))
		warn();
	if (cfg->seccomp != KB_SECCOMP_OFF && kb_sandbox_filter(cfg->seccomp, calls, 2)) {
		kb_err_wrap("system calls are not filtered");
		warn();
		mode = "none";
	}
	snprintf(stats->seccomp, sizeof(stats->seccomp), "%s", mode);
}

static void report_ready(struct kb_stats *stats, const struct kb_config *cfg,
			 const struct kb_backend *be)
{
	char state[256];

	/* By now all memory exists. A page fault later would be a latency outlier, no error. */
	if (mlockall(MCL_CURRENT))
		fprintf(stderr, "%s: memory is not locked: %s\n", kb_backend_info.program,
			strerror(errno));
	confine(stats, cfg, be);
	snprintf(state, sizeof(state), "STATUS=%s on %s, %u queue%s, %s %s %s seccomp=%s\nREADY=1",
		 stats->plane, stats->iface, cfg->queues, cfg->queues == 1 ? "" : "s",
		 stats->driver, stats->xdp, stats->copy, stats->seccomp);
	__atomic_store_n(&stats->ready, 1, __ATOMIC_RELEASE);
	kb_sd_notify(state);
}

static int housekeep(const struct kb_config *cfg, struct kb_backend *be, struct kb_workers *workers,
		     struct kb_stats *stats, struct kb_explain *explain)
{
	const bool watchdog = getenv("WATCHDOG_USEC") != NULL;
	uint64_t heartbeats = 0;
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	for (;;) {
		const struct timespec interval = {.tv_nsec = stats->ready ? HOUSEKEEPING_NS
									  : STARTING_NS};

		if (sigtimedwait(&stop, NULL, &interval) > 0)
			return 0;
		if (kb_workers_check(workers) || kb_backend_housekeep(be))
			return -1;
		kb_explain_page(explain, stats, kb_clock_ns(CLOCK_MONOTONIC));
		kb_tap_housekeep();
		/* A queue that is stuck in its handler stops the heartbeat, and so the watchdog. */
		if (!kb_workers_alive(workers))
			continue;
		kb_stat_set(&stats->heartbeat_ns, kb_now_ns());
		if (!stats->ready)
			report_ready(stats, cfg, be);
		if (watchdog && ++heartbeats % WATCHDOG_EVERY == 0)
			kb_sd_notify("WATCHDOG=1");
	}
}

static int fail(void)
{
	fprintf(stderr, "%s: %s\n", kb_backend_info.program, kb_err_text());
	return (int)kb_err_exit();
}

/* A thread still runs in the handler: nothing may be closed or unmapped under it. */
static __attribute__((noreturn)) void leave(void)
{
	const int status = fail();

	fflush(NULL);
	_exit(status);
}

static int receive(const struct kb_config *cfg, struct kb_stats *stats)
{
	struct kb_workers *workers = NULL;
	struct kb_backend *be = NULL;
	struct kb_explain explain = {0};

	kb_fast_clock_init("/sys");
	if (kb_backend_open(&be, cfg, stats))
		return kb_err_wrap("open %s", stats->iface);
	int result = kb_workers_start(&workers, cfg, be, stats);
	if (result == 0) {
		result = housekeep(cfg, be, workers, stats, &explain);
		kb_sd_notify("STOPPING=1");
		const int stuck = kb_workers_stop(workers);
		if (stuck == 0 && result == 0) /* the last losses belong in the report */
			result = kb_backend_housekeep(be);
		kb_explain_page(&explain, stats, kb_clock_ns(CLOCK_MONOTONIC));
		kb_stat_set(&stats->heartbeat_ns, kb_now_ns());
		stats->ready = 0;
		kb_report(stdout, stats);
		if (stuck)
			leave();
	}
	kb_backend_close(be);
	return result;
}

static int run(const struct kb_config *cfg)
{
	struct kb_stats *stats;
	sigset_t stop;

	/* Blocked before any thread exists: only housekeep() takes them. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	pthread_sigmask(SIG_BLOCK, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);

	if (check_plane(cfg) || check_handler(cfg) || pin_housekeeping(cfg) ||
	    kb_stats_create(&stats, cfg->stats_page, cfg->queues))
		return -1;
	describe(stats, cfg);
	kb_tap_listen(cfg, stats);
	const int result = receive(cfg, stats);
	kb_tap_close();
	kb_stats_unmap(stats);
	return result;
}

int main(int argc, char **argv)
{
	static struct kb_config cfg;
	const char *const option = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0); /* whole lines in the journal */
	if (strcmp(option, "--help") == 0) {
		kb_config_help(stdout, kb_backend_info.program, kb_backend_info.use);
		return KB_EXIT_OK;
	}
	if (strcmp(option, "--version") == 0) {
		printf("%s %s, handler %s\n", kb_backend_info.program, KB_VERSION,
		       kb_handler_info.name);
		return KB_EXIT_OK;
	}
	if (argc > 2 || (argc == 2 && strcmp(option, "--config") != 0)) {
		fprintf(stderr, "%s: unknown argument \"%s\"; see --help\n",
			kb_backend_info.program, argv[argc - 1]);
		return KB_EXIT_CONFIG;
	}
	if (kb_config_from_env(&cfg, kb_backend_info.use))
		return fail();
	kb_config_print(stdout, &cfg, kb_backend_info.use);
	if (argc == 2)
		return KB_EXIT_OK;
	return run(&cfg) ? fail() : KB_EXIT_OK;
}
