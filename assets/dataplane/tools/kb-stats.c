// SPDX-License-Identifier: Apache-2.0
/*
 * Publishes the stats page: as statsd lines every interval (the default), as one JSON object, as a
 * line a second. The receiver itself never does I/O.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kb/clock.h"
#include "kb/config.h"
#include "kb/error.h"
#include "kb/stats.h"
#include "sd_notify.h"
#include "stats/json.h"
#include "stats/prometheus.h"
#include "stats/publisher.h"
#include "stats/watch.h"

#define PROGRAM "kb-stats"

static volatile sig_atomic_t stopping;

static void on_stop(int signal_number)
{
	(void)signal_number;
	stopping = 1;
}

/* --- the daemon --- */

static void send_datagram(void *to, const char *datagram, size_t len)
{
	/* No listener, or its buffer is full: statsd has no retry, and neither have we. */
	(void)send(*(const int *)to, datagram, len, MSG_DONTWAIT);
}

static int connect_statsd(const struct kb_endpoint *endpoint)
{
	const struct sockaddr_in in = {.sin_family = AF_INET,
				       .sin_port = htons(endpoint->port),
				       .sin_addr.s_addr = endpoint->addr};
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return kb_err_set(KB_EXIT_RETRY, errno, "open statsd socket");
	if (connect(fd, (const struct sockaddr *)&in, sizeof(in))) {
		kb_err_set(KB_EXIT_CONFIG, errno, "connect to KB_STATSD");
		close(fd);
		return -1;
	}
	return fd;
}

/* NULL while there is no page: no receiver has started yet. */
static const struct kb_stats *attach(const struct kb_config *cfg)
{
	const struct kb_stats *page;

	return kb_stats_attach(&page, cfg->stats_page) ? NULL : page;
}

/* Why there is nothing to publish, once for each reason. That no receiver has begun is none. */
static void say_why(const char *path, bool attached)
{
	static char said[256];

	if (attached || access(path, F_OK) != 0) {
		said[0] = '\0';
	} else if (strncmp(said, kb_err_text(), sizeof(said) - 1) != 0) {
		snprintf(said, sizeof(said), "%s", kb_err_text());
		fprintf(stderr, "%s: %s\n", PROGRAM, said);
	}
}

static void publish(struct kb_publisher *p)
{
	const bool was_up = p->up;
	const struct kb_stats *const page = attach(p->cfg);
	/* Kept, to see what a receiver counted before its end. */
	static const struct kb_stats *last;

	say_why(p->cfg->stats_page, page != NULL);
	if (page && last && page->start_ns != last->start_ns)
		kb_publisher_finish(p, last);
	kb_publisher_run(p, page, kb_now_ns());
	if (p->up != was_up)
		printf("%s: receiver is %s\n", PROGRAM, p->up ? "up" : "silent");
	if (page) {
		kb_stats_unmap(last);
		last = page;
	}
}

/* Answers Prometheus until the next interval begins. */
static void wait_until(uint64_t due_ns, int listener, const struct kb_config *cfg)
{
	struct pollfd poller = {.fd = listener, .events = POLLIN};

	for (;;) {
		const uint64_t now = kb_clock_ns(CLOCK_MONOTONIC);

		if (stopping || now >= due_ns)
			return;
		/* Rounded up: rounding down would spin through the last millisecond. */
		if (poll(&poller, 1, (int)((due_ns - now + 999999) / 1000000)) == 1) {
			const struct kb_stats *const page = attach(cfg);

			kb_prometheus_answer(listener, page, cfg);
			kb_stats_unmap(page);
		}
	}
}

static void pin(const struct kb_config *cfg)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (uint32_t i = 0; i < cfg->housekeeping_cores.n; i++)
		CPU_SET(cfg->housekeeping_cores.cpu[i], &set);
	if (cfg->housekeeping_cores.n && sched_setaffinity(0, sizeof(set), &set))
		fprintf(stderr, "%s: KB_HOUSEKEEPING_CORES: %s\n", PROGRAM, strerror(errno));
}

static int serve(const struct kb_config *cfg)
{
	const uint64_t interval_ns = cfg->stats_interval_ms * 1000000ull;
	static struct kb_publisher publisher; /* 300 KB: not for the stack */
	int listener = -1;

	int statsd = connect_statsd(&cfg->statsd);
	if (statsd < 0)
		return -1;
	if (cfg->prometheus_port &&
	    (listener = kb_prometheus_listen((uint16_t)cfg->prometheus_port)) < 0) {
		close(statsd);
		return -1;
	}
	publisher.cfg = cfg;
	publisher.statsd.name = cfg->name;
	publisher.statsd.send = send_datagram;
	publisher.statsd.to = &statsd;
	pin(cfg);
	publish(&publisher);
	kb_sd_notify("READY=1");

	uint64_t due = kb_clock_ns(CLOCK_MONOTONIC);
	while (!stopping) {
		due += interval_ns;
		wait_until(due, listener, cfg);
		publish(&publisher);
	}
	kb_sd_notify("STOPPING=1");
	if (listener >= 0)
		close(listener);
	close(statsd);
	return 0;
}

static int daemon_mode(bool print_only)
{
	static struct kb_config cfg;
	const struct sigaction action = {.sa_handler = on_stop};

	if (kb_config_from_env(&cfg, KB_USE_STATS))
		return -1;
	kb_config_print(stdout, &cfg, KB_USE_STATS);
	if (print_only)
		return 0;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	return serve(&cfg);
}

/* --- one look --- */

static int print_json(const char *path, bool histograms)
{
	const struct kb_stats *page;

	if (kb_stats_attach(&page, path))
		return -1;
	kb_stats_json(stdout, page, histograms);
	kb_stats_unmap(page);
	return 0;
}

/* --- arguments --- */

struct arguments {
	bool json;
	bool histograms;
	bool watch;
	bool config;
	bool help;
	const char *page;
};

static void usage(FILE *to)
{
	fputs("usage: kb-stats                               publish every interval\n"
	      "       kb-stats --json [--histograms] [--page PATH]   one snapshot\n"
	      "       kb-stats --watch [--page PATH]                 a line a second\n"
	      "       kb-stats --config                      what is in force, and exit\n\n"
	      "Without --page the page is KB_STATS_PAGE, else /run/kb/stats.\n\n",
	      to);
}

static int parse(struct arguments *out, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			out->json = true;
		else if (strcmp(argv[i], "--histograms") == 0)
			out->histograms = true;
		else if (strcmp(argv[i], "--watch") == 0)
			out->watch = true;
		else if (strcmp(argv[i], "--config") == 0)
			out->config = true;
		else if (strcmp(argv[i], "--help") == 0)
			out->help = true;
		else if (strcmp(argv[i], "--page") == 0 && i + 1 < argc)
			out->page = argv[++i];
		else
			return kb_err_set(KB_EXIT_CONFIG, 0, "unknown argument \"%s\"; see --help",
					  argv[i]);
	}
	if (out->json && out->watch)
		return kb_err_set(KB_EXIT_CONFIG, 0, "--json and --watch exclude each other");
	if (out->histograms && !out->json)
		return kb_err_set(KB_EXIT_CONFIG, 0, "--histograms needs --json");
	return 0;
}

static int run(int argc, char **argv)
{
	const char *const from_env = getenv("KB_STATS_PAGE");
	struct arguments args = {.page = from_env && *from_env ? from_env : "/run/kb/stats"};

	if (parse(&args, argc, argv))
		return -1;
	if (args.help) {
		usage(stdout);
		kb_config_help(stdout, PROGRAM, KB_USE_STATS);
		return 0;
	}
	if (args.json)
		return print_json(args.page, args.histograms);
	if (args.watch)
		return kb_stats_watch(args.page);
	return daemon_mode(args.config);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (run(argc, argv)) {
		fprintf(stderr, "%s: %s\n", PROGRAM, kb_err_text());
		return (int)kb_err_exit();
	}
	return KB_EXIT_OK;
}
