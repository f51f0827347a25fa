// SPDX-License-Identifier: Apache-2.0
#include "capture.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kb/clock.h"
#include "kb/error.h"
#include "pcapng.h"

static int failed(const struct kb_capture *c)
{
	return kb_err_set(KB_EXIT_RETRY, errno, "write %s", c->path);
}

static void name_file(struct kb_capture *c, char *path, size_t size, uint32_t number)
{
	if (number)
		snprintf(path, size, "%s.%05u", c->o->write, number);
	else
		snprintf(path, size, "%s", c->o->write);
}

static void describe_interfaces(struct kb_capture *c)
{
	const struct kb_tap_area *const a = c->area;
	char name[64];
	char description[256];

	for (uint32_t i = 0; i < a->queues; i++) {
		snprintf(name, sizeof(name), "%s-%u", a->iface, i);
		snprintf(description, sizeof(description),
			 "queue %u of %s on plane %s, handler %s%s", i, a->iface, a->plane,
			 a->handler,
			 a->has_ethernet ? ""
					 : "; headers built again from the socket's datagrams");
		kb_pcapng_interface(c->to, &(struct kb_pcapng_interface){
						   .name = name,
						   .description = description,
						   .filter = c->o->flow_text,
						   .link_type = a->has_ethernet ? KB_PCAPNG_ETHERNET
										: KB_PCAPNG_IPV4,
						   .snaplen = a->snaplen,
					   });
	}
}

static int open_file(struct kb_capture *c)
{
	name_file(c, c->path, sizeof(c->path), c->number);
	c->to = strcmp(c->path, "-") == 0 ? stdout : fopen(c->path, "we");
	if (!c->to)
		return kb_err_set(KB_EXIT_CONFIG, errno, "create %s", c->path);
	c->bytes = 0;
	kb_pcapng_section(c->to, "kb-dump " KB_VERSION);
	describe_interfaces(c);
	return fflush(c->to) ? failed(c) : 0;
}

int kb_capture_open(struct kb_capture *c, const struct kb_dump_options *o,
		    const struct kb_tap_area *area)
{
	memset(c, 0, sizeof(*c));
	c->o = o;
	c->area = area;
	c->start_ns = kb_now_ns();
	c->number = o->file_bytes ? 1 : 0;
	return open_file(c);
}

int kb_capture_close(struct kb_capture *c)
{
	FILE *const to = c->to;

	if (!to)
		return 0;
	for (uint32_t i = 0; i < c->area->queues; i++)
		kb_pcapng_statistics(to, &(struct kb_pcapng_statistics){
						 .interface = i,
						 .start_ns = c->start_ns,
						 .end_ns = kb_now_ns(),
						 .received = c->count[i].seen,
						 .dropped = c->count[i].dropped,
						 .accepted = c->count[i].accepted,
						 .delivered = c->count[i].written,
					 });
	c->to = NULL;
	const int broken = fflush(to) || ferror(to);
	if (to != stdout && fclose(to))
		return failed(c);
	return broken ? failed(c) : 0;
}

static int next_file(struct kb_capture *c)
{
	char oldest[sizeof(c->path)];

	if (kb_capture_close(c))
		return -1;
	if (c->o->files && c->number >= c->o->files) {
		name_file(c, oldest, sizeof(oldest), c->number - c->o->files + 1);
		if (unlink(oldest) == 0)
			c->removed++;
	}
	c->number++;
	return open_file(c);
}

int kb_capture_write(struct kb_capture *c, const struct kb_dump_frame *f, const char *trigger)
{
	const char *const cause = f->cause < KB_CAUSES ? kb_causes[f->cause].name : NULL;
	char both[256];
	const struct kb_pcapng_packet packet = {
		.interface = f->queue,
		.queue = f->queue,
		.ns = f->ns,
		.data = f->data,
		.captured = f->captured,
		.wire = f->wire,
		.dropped = f->dropped,
		.comment = trigger && cause ? both
			   : trigger	    ? trigger
					    : cause,
	};

	if (trigger && cause)
		snprintf(both, sizeof(both), "%s; %s", cause, trigger);
	const uint32_t size = kb_pcapng_packet_size(&packet);
	if (c->o->file_bytes && c->bytes && c->bytes + size > c->o->file_bytes && next_file(c))
		return -1;
	kb_pcapng_packet(c->to, &packet);
	c->bytes += size;
	c->packets++;
	c->count[f->queue].written++;
	return ferror(c->to) ? failed(c) : 0;
}

int kb_capture_flush(struct kb_capture *c)
{
	return c->to && fflush(c->to) ? failed(c) : 0;
}
