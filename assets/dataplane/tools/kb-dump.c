// SPDX-License-Identifier: Apache-2.0
/*
 * Writes what a receiver takes from its port to pcapng. The receiver copies frames into shared
 * memory; here they are filtered, held back until a trigger, and written.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "dump/options.h"
#include "dump/recorder.h"
#include "dump/tap_client.h"
#include "kb/clock.h"
#include "kb/error.h"

#define PROGRAM "kb-dump"
/* An empty ring is looked at again after this: at 10 Mpps of small frames 1 MiB fills in that time.
 */
#define IDLE_MS 1

struct dump {
	struct kb_dump_options o;
	struct kb_tap_client tap;
	struct kb_recorder recorder;
	uint64_t until_ns; /* CLOCK_MONOTONIC, 0 = no end */
};

/* How often it was told to stop: once, and what has arrived is still written; twice, and not. */
static volatile sig_atomic_t stopping;

static void on_stop(int signal_number)
{
	/* The third ends a write that nobody reads. */
	if (++stopping > 1)
		signal(signal_number, SIG_DFL);
}

static bool is_over(const struct dump *d)
{
	return stopping || d->recorder.done ||
	       (d->until_ns && kb_clock_ns(CLOCK_MONOTONIC) >= d->until_ns);
}

static void read_counts(struct dump *d)
{
	for (uint32_t i = 0; i < d->tap.area.queues; i++) {
		struct kb_dump_counts *const c = &d->recorder.capture.count[i];

		c->seen = __atomic_load_n(&d->tap.ring[i].seen, __ATOMIC_RELAXED);
		c->dropped = __atomic_load_n(&d->tap.ring[i].dropped, __ATOMIC_RELAXED);
	}
}

static int drain(struct dump *d)
{
	int n;

	while (stopping < 2 && !d->recorder.done && (n = kb_recorder_take(&d->recorder)) != 0)
		if (n < 0)
			return -1;
	read_counts(d);
	return 0;
}

static int collect(struct dump *d)
{
	bool alive = true;

	while (alive && !is_over(d)) {
		const int n = kb_recorder_take(&d->recorder);

		if (n < 0)
			return -1;
		read_counts(d);
		if (n == 0) {
			if (kb_capture_flush(&d->recorder.capture))
				return -1;
			alive = kb_tap_client_wait(&d->tap, IDLE_MS);
		}
	}
	if (!alive)
		fprintf(stderr, PROGRAM ": the receiver has ended\n");
	/* What has arrived until now is still worth having; what comes later is not ours. */
	kb_tap_client_detach(&d->tap);
	return drain(d);
}

/* --- the summary --- */

static uint64_t total(const struct dump *d, size_t offset)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < d->tap.area.queues; i++)
		sum += *(const uint64_t *)(const void *)((const char *)&d->recorder.capture
								 .count[i] +
							 offset);
	return sum;
}

/* Found room, and was never looked at. The receiver goes on until it sees that we have left. */
static uint64_t left_behind(const struct dump *d)
{
	return total(d, offsetof(struct kb_dump_counts, seen)) -
	       total(d, offsetof(struct kb_dump_counts, dropped)) -
	       total(d, offsetof(struct kb_dump_counts, taken));
}

static void summarise(const struct dump *d)
{
	fprintf(stderr,
		"%s: %" PRIu64 " packets written, %" PRIu64 " accepted of %" PRIu64
		" seen, %" PRIu64 " not copied for want of room, %" PRIu64 " left behind\n",
		PROGRAM, d->recorder.capture.packets,
		total(d, offsetof(struct kb_dump_counts, accepted)),
		total(d, offsetof(struct kb_dump_counts, seen)),
		total(d, offsetof(struct kb_dump_counts, dropped)), left_behind(d));
	if (d->o.on_gap || d->o.on_latency)
		fprintf(stderr, "%s: %" PRIu64 " trigger%s%s%s\n", PROGRAM, d->recorder.fired,
			d->recorder.fired == 1 ? "" : "s", d->recorder.fired ? ", the last " : "",
			d->recorder.last.text);
}

static void put_json_text(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			printf("\\u%04x", (unsigned int)(unsigned char)*text);
		else
			putchar(*text);
	}
	putchar('"');
}

static int print_json(const struct dump *d)
{
	const struct kb_tap_area *const a = &d->tap.area;
	const struct kb_recorder *const r = &d->recorder;
	const struct kb_capture *const to = &r->capture;

	printf("{\n  \"plane\": ");
	put_json_text(a->plane);
	printf(",\n  \"interface\": ");
	put_json_text(a->iface);
	printf(",\n  \"file\": ");
	put_json_text(to->path);
	printf(",\n  \"files\": %u,\n  \"filesRemoved\": %" PRIu64 ",\n  \"snaplen\": %u,\n"
	       "  \"seen\": %" PRIu64 ",\n  \"dropped\": %" PRIu64 ",\n  \"leftBehind\": %" PRIu64
	       ",\n  \"accepted\": %" PRIu64 ",\n  \"written\": %" PRIu64 ",\n  \"queues\": [",
	       to->number ? to->number : 1, to->removed, a->snaplen,
	       total(d, offsetof(struct kb_dump_counts, seen)),
	       total(d, offsetof(struct kb_dump_counts, dropped)), left_behind(d),
	       total(d, offsetof(struct kb_dump_counts, accepted)), to->packets);
	for (uint32_t i = 0; i < d->tap.area.queues; i++) {
		const struct kb_dump_counts *const c = &to->count[i];

		printf("%s\n    { \"seen\": %" PRIu64 ", \"dropped\": %" PRIu64
		       ", \"accepted\": %" PRIu64 ", \"written\": %" PRIu64 " }",
		       i ? "," : "", c->seen, c->dropped, c->accepted, c->written);
	}
	printf("\n  ],\n  \"triggers\": %" PRIu64, r->fired);
	if (r->fired)
		printf(",\n  \"lastTrigger\": { \"ns\": %" PRIu64
		       ", \"queue\": %u, \"reason\": \"%s\" }",
		       r->last.ns, r->last.queue, r->last.text);
	printf("\n}\n");
	return fflush(stdout) ? kb_err_set(KB_EXIT_RETRY, 0, "write the summary") : 0;
}

static int run(struct dump *d)
{
	/* A write that was begun is finished: half a packet would be the end of the file. */
	const struct sigaction action = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
	char path[4096];

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	snprintf(path, sizeof(path), "%s%s", d->o.page, KB_TAP_SUFFIX);
	if (kb_tap_client_open(&d->tap, path, d->o.snaplen, d->o.ring_bytes))
		return -1;
	if (kb_recorder_open(&d->recorder, &d->o, &d->tap))
		return -1;
	if (d->o.seconds > 0)
		d->until_ns = kb_clock_ns(CLOCK_MONOTONIC) + (uint64_t)(d->o.seconds * 1e9);
	fprintf(stderr, "%s: %s on %s, %u queue%s, to %s\n", PROGRAM, d->tap.area.plane,
		d->tap.area.iface, d->tap.area.queues, d->tap.area.queues == 1 ? "" : "s",
		d->recorder.capture.path);
	const int result = collect(d);
	/* Also after an error: the file is whole up to where it came. */
	if (kb_recorder_close(&d->recorder) || result)
		return -1;
	summarise(d);
	return d->o.json ? print_json(d) : 0;
}

int main(int argc, char **argv)
{
	static struct dump dump; /* too large for a stack */
	const int parsed = kb_dump_options_parse(&dump.o, argc, argv);

	if (parsed > 0)
		return KB_EXIT_OK;
	const int result = parsed < 0 ? -1 : run(&dump);
	kb_tap_client_close(&dump.tap);
	if (result == 0)
		return KB_EXIT_OK;
	fprintf(stderr, "%s: %s\n", PROGRAM, kb_err_text());
	return (int)kb_err_exit();
}
