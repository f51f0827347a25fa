// SPDX-License-Identifier: Apache-2.0
#include "prometheus.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "kb/clock.h"
#include "kb/error.h"
#include "publisher.h"
#include "snapshot.h"

/* A reader that stalls must not delay the next statsd interval by more than this. */
#define STALL_US 200000
#define BACKLOG	 4
#define REQUEST	 8192 /* what servers usually allow for all its headers */

static void head(FILE *to, const char *metric, const char *type, const char *help)
{
	fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", metric, help, metric, type);
}

static void counter(FILE *to, const char *metric, const char *help, const char *name, uint64_t n)
{
	head(to, metric, "counter", help);
	fprintf(to, "%s{name=\"%s\"} %" PRIu64 "\n", metric, name, n);
}

static void gauge(FILE *to, const char *metric, const char *help, const char *name, int value)
{
	head(to, metric, "gauge", help);
	fprintf(to, "%s{name=\"%s\"} %d\n", metric, name, value);
}

static void causes(FILE *to, const char *metric, const char *help, const char *name,
		   const struct kb_snapshot *s, enum kb_cause_class class)
{
	head(to, metric, "counter", help);
	for (uint32_t i = 0; i < KB_CAUSES; i++)
		if (kb_causes[i].class == class)
			fprintf(to, "%s{name=\"%s\",cause=\"%s\"} %" PRIu64 "\n", metric, name,
				kb_causes[i].name, s->cause[i]);
}

/* One bucket an octave from 256 ns: 29 series. The statsd side has the full resolution. */
static void histogram(FILE *to, const char *metric, const char *help, const char *name,
		      const struct kb_hist *h)
{
	uint64_t below = 0;
	double sum = 0;
	uint32_t i = 0;

	head(to, metric, "histogram", help);
	for (uint32_t bits = KB_HIST_SUB_BITS; bits <= KB_HIST_MAX_BITS; bits++) {
		const uint64_t bound = (1ull << bits) - 1;

		for (; i < KB_HIST_COUNTS && kb_hist_highest(i) <= bound; i++) {
			below += h->counts[i];
			sum += (double)h->counts[i] * 0.5 *
			       (double)(kb_hist_lowest(i) + kb_hist_highest(i));
		}
		fprintf(to, "%s_bucket{name=\"%s\",le=\"%.9g\"} %" PRIu64 "\n", metric, name,
			(double)bound * 1e-9, below - (bits == KB_HIST_MAX_BITS ? h->over : 0));
	}
	fprintf(to, "%s_bucket{name=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", metric, name, below);
	fprintf(to, "%s_sum{name=\"%s\"} %.9g\n", metric, name, sum * 1e-9);
	fprintf(to, "%s_count{name=\"%s\"} %" PRIu64 "\n", metric, name, below);
}

static void allowances(FILE *to, const char *name, const struct kb_snapshot *s)
{
	const char *const metric = "kb_allowance_exceeded_total";

	head(to, metric, "counter", "packets shaped by an ENA allowance");
	for (uint32_t i = 0; i < KB_ALLOWANCES; i++)
		fprintf(to, "%s{name=\"%s\",cause=\"%s\"} %" PRIu64 "\n", metric, name,
			kb_allowances[i], s->allowance[i]);
}

static void handler(FILE *to, const char *name, const struct kb_stats *page,
		    const struct kb_snapshot *s)
{
	const char *const metric = "kb_handler_total";

	head(to, metric, "counter", "the handler's own counters");
	for (uint32_t i = 0; i < KB_HANDLER_COUNTERS && page->handler_counters[i][0]; i++)
		fprintf(to, "%s{name=\"%s\",counter=\"%s\"} %" PRIu64 "\n", metric, name,
			page->handler_counters[i], s->handler[i]);
}

static void print_page(FILE *to, const char *name, const struct kb_stats *page,
		       const struct kb_snapshot *s)
{
	counter(to, "kb_packets_received_total", "datagrams delivered to the handler", name,
		s->received);
	counter(to, "kb_bytes_received_total", "UDP payload bytes delivered", name, s->bytes);
	causes(to, "kb_packets_lost_total", "datagrams of the feed lost, by cause", name, s,
	       KB_CLASS_LOST);
	causes(to, "kb_packets_ignored_total", "other traffic, by cause", name, s,
	       KB_CLASS_IGNORED);
	counter(to, "kb_sequence_gaps_total", "messages missing by sequence number", name, s->gaps);
	counter(to, "kb_packets_unexplained_total", "gaps no cause accounted for in time", name,
		s->unexplained);
	allowances(to, name, s);
	handler(to, name, page, s);
	histogram(to, "kb_receive_latency_seconds", "arrival stamp to end of handler", name,
		  &s->receive);
	histogram(to, "kb_oneway_latency_seconds", "sender's stamp to handler", name, &s->oneway);
	histogram(to, "kb_handler_latency_seconds", "the handler's own", name, &s->own);
}

void kb_prometheus_print(FILE *to, const struct kb_stats *page, const struct kb_config *cfg,
			 uint64_t now_ns)
{
	const bool up = page && kb_page_alive(page, now_ns);
	struct kb_snapshot *const s = page ? malloc(sizeof(*s)) : NULL;

	gauge(to, "kb_receiver_up", "1 while the receiver's heart beats", cfg->name, up);
	gauge(to, "kb_fast_path", "1 while the mode in force is the mode planned", cfg->name,
	      up && kb_page_as_planned(page, cfg));
	if (!s)
		return;
	kb_snapshot_take(s, page);
	print_page(to, cfg->name, page, s);
	free(s);
}

int kb_prometheus_listen(uint16_t port)
{
	const struct sockaddr_in in = {.sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int one = 1;

	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return kb_err_set(KB_EXIT_RETRY, errno, "open Prometheus socket");
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (const struct sockaddr *)&in, sizeof(in)) || listen(fd, BACKLOG)) {
		kb_err_set(KB_EXIT_CONFIG, errno, "listen on 127.0.0.1:%u (KB_PROMETHEUS_PORT)",
			   port);
		close(fd);
		return -1;
	}
	return fd;
}

static void send_all(int fd, const char *text, size_t len)
{
	while (len) {
		const ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

static void respond(int fd, const char *status, const char *body, size_t len)
{
	char header[160];
	const int n = snprintf(header, sizeof(header),
			       "HTTP/1.1 %s\r\nContent-Type: text/plain; version=0.0.4\r\n"
			       "Content-Length: %zu\r\nConnection: close\r\n\r\n",
			       status, len);

	send_all(fd, header, (size_t)n);
	send_all(fd, body, len);
}

/*
 * The request up to the blank line that ends it, in however many pieces it comes; what comes within
 * the time, if it does not. Closing a socket that holds something unread would reset the connection
 * under the answer.
 */
static void read_request(int fd, char *request)
{
	const uint64_t until = kb_clock_ns(CLOCK_MONOTONIC) + STALL_US * 1000ull;
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	size_t len = 0;
	ssize_t n;

	request[0] = '\0';
	while (len < REQUEST - 1 && !strstr(request, "\r\n\r\n")) {
		const uint64_t now = kb_clock_ns(CLOCK_MONOTONIC);

		if (now >= until || poll(&poller, 1, (int)((until - now) / 1000000) + 1) != 1 ||
		    (n = recv(fd, request + len, REQUEST - 1 - len, 0)) <= 0)
			return;
		len += (size_t)n;
		request[len] = '\0';
	}
}

void kb_prometheus_answer(int listener, const struct kb_stats *page, const struct kb_config *cfg)
{
	static const char wanted[] = "GET /metrics ";
	const struct timeval stall = {.tv_usec = STALL_US};
	char request[REQUEST];
	char *body = NULL;
	size_t len = 0;

	const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &stall, sizeof(stall));
	read_request(fd, request);
	FILE *const to = open_memstream(&body, &len);
	if (strncmp(request, wanted, strlen(wanted)) != 0) {
		respond(fd, "404 Not Found", "see /metrics\n", strlen("see /metrics\n"));
	} else if (to) {
		kb_prometheus_print(to, page, cfg, kb_now_ns());
		fflush(to);
		respond(fd, "200 OK", body, len);
	}
	if (to)
		fclose(to);
	free(body);
	close(fd);
}
