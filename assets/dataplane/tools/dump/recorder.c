// SPDX-License-Identifier: Apache-2.0
#include "recorder.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kb/parse.h"

/* Then the room is given back: often enough for the receiver, rarely enough for its cache. */
#define BATCH 256

static bool has_trigger(const struct kb_dump_options *o)
{
	return o->on_gap || o->on_latency;
}

/* --- frames --- */

static bool is_wanted(const struct kb_recorder *r, const struct kb_tap_item *item)
{
	const struct kb_flows *const flows = &r->o->flows;
	struct kb_pkt pkt;

	if (flows->n == 0)
		return true;
	if (r->tap->area.has_ethernet) {
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

static int write_frame(struct kb_recorder *r, const struct kb_dump_frame *frame,
		       const char *trigger)
{
	if (kb_capture_write(&r->capture, frame, trigger))
		return -1;
	if (r->o->count && r->capture.packets >= r->o->count)
		r->done = true;
	return 0;
}

static int on_frame(struct kb_recorder *r, const struct kb_tap_item *item)
{
	const uint32_t q = item->queue;
	const uint64_t dropped = item->about.dropped;

	r->untold[q] += dropped - r->dropped[q];
	r->dropped[q] = dropped;
	r->capture.count[q].taken++;
	if (!is_wanted(r, item))
		return 0;
	r->capture.count[q].accepted++;
	const struct kb_dump_frame frame = {
		.queue = q,
		.captured = item->about.captured,
		.wire = item->about.wire,
		.cause = item->about.cause,
		.ns = item->about.ns,
		.dropped = r->untold[q],
		.data = item->data,
	};
	r->untold[q] = 0;
	if (has_trigger(r->o) && r->after_left == 0)
		return kb_held_put(&r->held, &frame);
	if (write_frame(r, &frame, NULL))
		return -1;
	if (r->after_left && --r->after_left == 0 && r->fired >= r->o->triggers)
		r->done = true;
	return 0;
}

/* --- triggers --- */

/* Whether a burst is a reason to write; puts it into words. */
static bool is_trigger(struct kb_recorder *r, const struct kb_tap_item *item, char *text,
		       size_t size)
{
	const uint32_t q = item->queue;
	struct kb_tap_outcome outcome;
	uint64_t missing = 0;

	memcpy(&outcome, item->data, sizeof(outcome));
	if (r->has_gaps[q] && outcome.gaps > r->gaps[q])
		missing = outcome.gaps - r->gaps[q];
	r->gaps[q] = outcome.gaps;
	r->has_gaps[q] = true;
	if (r->o->on_gap && missing)
		snprintf(text, size, "trigger: %" PRIu64 " missing by sequence number", missing);
	else if (r->o->on_latency && outcome.latency_ns >= r->o->on_latency)
		snprintf(text, size, "trigger: %.1f us from arrival to the end of the handler",
			 (double)outcome.latency_ns / 1e3);
	else
		return false;
	return true;
}

static int on_burst(struct kb_recorder *r, const struct kb_tap_item *item)
{
	const struct kb_dump_frame *frame;
	char text[sizeof(r->last.text)];

	if (item->about.captured < sizeof(struct kb_tap_outcome) ||
	    !is_trigger(r, item, text, sizeof(text)) || r->after_left)
		return 0;
	r->fired++;
	r->last.ns = item->about.ns;
	r->last.queue = item->queue;
	memcpy(r->last.text, text, sizeof(text));
	/* The last of those held belongs to the burst, or came just before its end. */
	while (!r->done && (frame = kb_held_take(&r->held)))
		if (write_frame(r, frame, r->held.n == 0 ? text : NULL))
			return -1;
	r->after_left = r->o->after;
	if (r->after_left == 0 && r->fired >= r->o->triggers)
		r->done = true;
	return 0;
}

/* --- the life of a recorder --- */

int kb_recorder_open(struct kb_recorder *r, const struct kb_dump_options *o,
		     struct kb_tap_client *tap)
{
	memset(r, 0, sizeof(*r));
	r->o = o;
	r->tap = tap;
	if (has_trigger(o) && kb_held_open(&r->held, o->before))
		return -1;
	if (kb_capture_open(&r->capture, o, &tap->area) == 0)
		return 0;
	kb_held_close(&r->held);
	return -1;
}

int kb_recorder_take(struct kb_recorder *r)
{
	struct kb_tap_item item;
	int n = 0;
	int result = 0;

	while (!r->done && n < BATCH && (result = kb_tap_client_next(r->tap, &item)) > 0) {
		n++;
		if (item.about.kind == KB_TAP_FRAME)
			result = on_frame(r, &item);
		else if (item.about.kind == KB_TAP_BURST && has_trigger(r->o))
			result = on_burst(r, &item);
		if (result < 0)
			break;
	}
	kb_tap_client_release(r->tap);
	return result < 0 ? -1 : n;
}

int kb_recorder_close(struct kb_recorder *r)
{
	kb_held_close(&r->held);
	return kb_capture_close(&r->capture);
}
