// SPDX-License-Identifier: Apache-2.0
/*
 * Writes what a receiver takes from its port to pcapng. The receiver copies frames into shared
 * memory; here they are filtered, held back until a trigger, and written.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "dump/capture.h"
#include "dump/held.h"
#include "dump/options.h"
#include "dump/tap_client.h"
#include "kb/clock.h"
#include "kb/error.h"
#include "kb/parse.h"

#define PROGRAM "kb-dump"
/* An empty ring is looked at again after this: at 10 Mpps of small frames 1 MiB fills in that time.
 */
#define IDLE_MS 1
/* Then the room is given back: often enough for the receiver, rarely enough for its cache. */
#define BATCH 256

struct dump {
	struct kb_dump_options o;
	struct kb_tap_client tap;
	struct kb_capture capture;
	struct kb_held held;
	uint64_t until_ns; /* CLOCK_MONOTONIC, 0 = no end */
	/* Since when, for each queue: what later readings grow from. */
	uint64_t gaps[KB_MAX_QUEUES];
	bool has_gaps[KB_MAX_QUEUES];
	uint64_t dropped[KB_MAX_QUEUES];
	uint64_t untold[KB_MAX_QUEUES]; /* dropped, and no frame has said so yet */
	uint64_t after_left;		/* packets still to write after a trigger */
	uint64_t fired;
	struct {
		uint64_t ns;
		uint32_t queue;
		char text[120];
	} last;
	bool done;
};

static volatile sig_atomic_t stopping;

static void on_stop(int signal_number)
{
	(void)signal_number;
	stopping = 1;
}

static bool has_trigger(const struct kb_dump_options *o)
{
	return o->on_gap || o->on_latency;
}

/* --- frames --- */

static bool is_wanted(const struct dump *d, const struct kb_tap_item *item)
{
	const struct kb_flows *const flows = &d->o.flows;
	struct kb_pkt pkt;

	if (flows->n == 0)
		return true;
	if (d->tap.area->has_ethernet) {
		/* As long as it was on the wire: the cut is no reason to call it truncated. */
		uint8_t head[KB_TAP_MIN_SNAP + 64] = {0};
		const uint32_t have =
			item->about.captured < sizeof(head) ? item->about.captured : sizeof(head);

		memcpy(head, item->data, have);
		return kb_parse_udp(head, item->about.wire, &pkt) == KB_PARSE_OK &&
		       kb_flows_match(flows, pkt.dst_addr, pkt.dst_port);
	}
	return item->about.captured >= KB_IPV4_MIN_HLEN + KB_UDP_HLEN &&
	       kb_flows_match(flows, kb_load_raw32(item->data + 16),
			      kb_load_be16(item->data + KB_IPV4_MIN_HLEN + 2));
}

static int write_frame(struct dump *d, const struct kb_dump_frame *frame, const char *trigger)
{
	if (kb_capture_write(&d->capture, frame, trigger))
		return -1;
	if (d->o.count && d->capture.packets >= d->o.count)
		d->done = true;
	return 0;
}

static int on_frame(struct dump *d, const struct kb_tap_item *item)
{
	const uint32_t q = item->queue;
	const uint64_t dropped = item->about.dropped;

	d->untold[q] += dropped - d->dropped[q];
	d->dropped[q] = dropped;
	if (!is_wanted(d, item))
		return 0;
	d->capture.count[q].accepted++;
	const struct kb_dump_frame frame = {
		.queue = q,
		.captured = item->about.captured,
		.wire = item->about.wire,
		.cause = item->about.cause,
		.ns = item->about.ns,
		.dropped = d->untold[q],
		.data = item->data,
	};
	d->untold[q] = 0;
	if (has_trigger(&d->o) && d->after_left == 0)
		return kb_held_put(&d->held, &frame);
	if (write_frame(d, &frame, NULL))
		return -1;
	if (d->after_left && --d->after_left == 0 && d->fired >= d->o.triggers)
		d->done = true;
	return 0;
}

/* --- triggers --- */

/* Whether a burst is a reason to write; puts it into words. */
static bool is_trigger(struct dump *d, const struct kb_tap_item *item, char *text, size_t size)
{
	const uint32_t q = item->queue;
	struct kb_tap_outcome outcome;
	uint64_t missing = 0;

	memcpy(&outcome, item->data, sizeof(outcome));
	if (d->has_gaps[q] && outcome.gaps > d->gaps[q])
		missing = outcome.gaps - d->gaps[q];
	d->gaps[q] = outcome.gaps;
	d->has_gaps[q] = true;
	if (d->o.on_gap && missing)
		snprintf(text, size, "trigger: %" PRIu64 " missing by sequence number", missing);
	else if (d->o.on_latency && outcome.latency_ns >= d->o.on_latency)
		snprintf(text, size, "trigger: %.1f us from arrival to the end of the handler",
			 (double)outcome.latency_ns / 1e3);
	else
		return false;
	return true;
}

static int on_burst(struct dump *d, const struct kb_tap_item *item)
{
	const struct kb_dump_frame *frame;
	char text[sizeof(d->last.text)];

	if (item->about.captured < sizeof(struct kb_tap_outcome) ||
	    !is_trigger(d, item, text, sizeof(text)) || d->after_left)
		return 0;
	d->fired++;
	d->last.ns = item->about.ns;
	d->last.queue = item->queue;
	memcpy(d->last.text, text, sizeof(text));
	/* The last of those held belongs to the burst, or came just before its end. */
	while (!d->done && (frame = kb_held_take(&d->held)))
		if (write_frame(d, frame, d->held.n == 0 ? text : NULL))
			return -1;
	d->after_left = d->o.after;
	if (d->after_left == 0 && d->fired >= d->o.triggers)
		d->done = true;
	return 0;
}

/* --- the run --- */

/* Everything there is, up to a batch. Returns the number of records, or -1 with kb_err. */
static int take_batch(struct dump *d)
{
	struct kb_tap_item item;
	int n = 0;
	int result = 0;

	while (!d->done && n < BATCH && (result = kb_tap_client_next(&d->tap, &item)) > 0) {
		n++;
		if (item.about.kind == KB_TAP_FRAME)
			result = on_frame(d, &item);
		else if (item.about.kind == KB_TAP_BURST && has_trigger(&d->o))
			result = on_burst(d, &item);
		if (result < 0)
			break;
	}
	kb_tap_client_release(&d->tap);
	return result < 0 ? -1 : n;
}

static bool is_over(struct dump *d)
{
	return stopping || d->done || (d->until_ns && kb_clock_ns(CLOCK_MONOTONIC) >= d->until_ns);
}

static void read_counts(struct dump *d)
{
	for (uint32_t i = 0; i < d->tap.queues; i++) {
		struct kb_dump_counts *const c = &d->capture.count[i];

		c->seen = __atomic_load_n(&d->tap.ring[i].seen, __ATOMIC_RELAXED);
		c->dropped = __atomic_load_n(&d->tap.ring[i].dropped, __ATOMIC_RELAXED);
	}
}

static int drain(struct dump *d)
{
	int n;

	while (!d->done && (n = take_batch(d)) != 0)
		if (n < 0)
			return -1;
	read_counts(d);
	return 0;
}

static int collect(struct dump *d)
{
	bool alive = true;

	while (alive && !is_over(d)) {
		const int n = take_batch(d);

		if (n < 0)
			return -1;
		read_counts(d);
		if (n == 0) {
			if (kb_capture_flush(&d->capture))
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

	for (uint32_t i = 0; i < d->tap.queues; i++)
		sum += *(const uint64_t *)(const void *)((const char *)&d->capture.count[i] +
							 offset);
	return sum;
}

static void summarise(const struct dump *d)
{
	fprintf(stderr,
		"%s: %" PRIu64 " packets written, %" PRIu64 " accepted of %" PRIu64
		" seen, %" PRIu64 " not copied for want of room\n",
		PROGRAM, d->capture.packets, total(d, offsetof(struct kb_dump_counts, accepted)),
		total(d, offsetof(struct kb_dump_counts, seen)),
		total(d, offsetof(struct kb_dump_counts, dropped)));
	if (has_trigger(&d->o))
		fprintf(stderr, "%s: %" PRIu64 " trigger%s%s%s\n", PROGRAM, d->fired,
			d->fired == 1 ? "" : "s", d->fired ? ", the last " : "", d->last.text);
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
	const struct kb_tap_area *const a = d->tap.area;

	printf("{\n  \"plane\": \"%s\",\n  \"interface\": ", a->plane);
	put_json_text(a->iface);
	printf(",\n  \"file\": ");
	put_json_text(d->capture.path);
	printf(",\n  \"files\": %u,\n  \"filesRemoved\": %" PRIu64 ",\n  \"snaplen\": %u,\n"
	       "  \"seen\": %" PRIu64 ",\n  \"dropped\": %" PRIu64 ",\n  \"accepted\": %" PRIu64
	       ",\n  \"written\": %" PRIu64 ",\n  \"queues\": [",
	       d->capture.number ? d->capture.number : 1, d->capture.removed, a->snaplen,
	       total(d, offsetof(struct kb_dump_counts, seen)),
	       total(d, offsetof(struct kb_dump_counts, dropped)),
	       total(d, offsetof(struct kb_dump_counts, accepted)), d->capture.packets);
	for (uint32_t i = 0; i < d->tap.queues; i++) {
		const struct kb_dump_counts *const c = &d->capture.count[i];

		printf("%s\n    { \"seen\": %" PRIu64 ", \"dropped\": %" PRIu64
		       ", \"accepted\": %" PRIu64 ", \"written\": %" PRIu64 " }",
		       i ? "," : "", c->seen, c->dropped, c->accepted, c->written);
	}
	printf("\n  ],\n  \"triggers\": %" PRIu64, d->fired);
	if (d->fired)
		printf(",\n  \"lastTrigger\": { \"ns\": %" PRIu64
		       ", \"queue\": %u, \"reason\": \"%s\" }",
		       d->last.ns, d->last.queue, d->last.text);
	printf("\n}\n");
	return fflush(stdout) ? kb_err_set(KB_EXIT_RETRY, 0, "write the summary") : 0;
}

static int run(struct dump *d)
{
	const struct sigaction action = {.sa_handler = on_stop};
	char path[4096];

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	snprintf(path, sizeof(path), "%s%s", d->o.page, KB_TAP_SUFFIX);
	if (has_trigger(&d->o) && kb_held_open(&d->held, d->o.before))
		return -1;
	if (kb_tap_client_open(&d->tap, path, d->o.snaplen, d->o.ring_bytes))
		return -1;
	if (kb_capture_open(&d->capture, &d->o, d->tap.area))
		return -1;
	if (d->o.seconds > 0)
		d->until_ns = kb_clock_ns(CLOCK_MONOTONIC) + (uint64_t)(d->o.seconds * 1e9);
	fprintf(stderr, "%s: %s on %s, %u queue%s, to %s\n", PROGRAM, d->tap.area->plane,
		d->tap.area->iface, d->tap.queues, d->tap.queues == 1 ? "" : "s", d->capture.path);
	const int result = collect(d);
	/* Also after an error: the file is whole up to where it came. */
	if (kb_capture_close(&d->capture) || result)
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
	kb_held_close(&dump.held);
	kb_tap_client_close(&dump.tap);
	if (result == 0)
		return KB_EXIT_OK;
	fprintf(stderr, "%s: %s\n", PROGRAM, kb_err_text());
	return (int)kb_err_exit();
}
