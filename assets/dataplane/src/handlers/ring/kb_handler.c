// SPDX-License-Identifier: Apache-2.0
/*
 * ring: hands every datagram to another process through a shared-memory ring in the layout of
 * Agrona's OneToOneRingBuffer (one file a queue: PATH-0, PATH-1, ...).
 *
 * Arguments (KB_HANDLER_ARGS):
 *   path=FILE   default /dev/shm/kb-ring; the queue number is appended
 *   size=BYTES  ring capacity, a power of two from 65536 to 1073741824, default 16777216
 *
 * Message type 1: u64 receive time (ns, CLOCK_REALTIME), u32 source address (network order),
 * u16 source port, u16 destination port (host order), then the payload.
 * A full ring drops the datagram under the cause `handler`: a consumer that died costs messages,
 * never the receiver.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agrona_ring.h"
#include "kb/error.h"
#include "kb/handler.h"
#include "kb/msg.h"
#include "kb/stats.h"

#define MESSAGE_TYPE 1

const struct kb_handler_info kb_handler_info = {
	.abi = KB_HANDLER_ABI,
	.name = "ring",
	.counters = {"written", "overflow", NULL},
};

struct ring_message {
	uint64_t rx_ns;
	uint32_t src_addr;
	uint16_t src_port;
	uint16_t dst_port;
};
_Static_assert(sizeof(struct ring_message) == 16, "part of the ring's format");

struct kb_handler {
	struct kb_handler_env env;
	struct kb_ring ring;
};

static int parse_size(const char *args, uint32_t *size)
{
	char text[32], tail;
	*size = 16u << 20; /* 16 MiB: half a second of 100,000 messages/s of 288 bytes */
	const int given = kb_handler_arg(args, "size", text, sizeof(text));
	if (given <= 0)
		return given;
	if (sscanf(text, "%u%c", size, &tail) != 1 || *size < KB_RING_MIN_CAPACITY ||
	    *size > KB_RING_MAX_CAPACITY || (*size & (*size - 1)) != 0)
		return kb_err_set(
			KB_EXIT_CONFIG, 0,
			"KB_HANDLER_ARGS: 'size' must be a power of two from %u to %u, got '%s'",
			KB_RING_MIN_CAPACITY, KB_RING_MAX_CAPACITY, text);
	return 0;
}

int kb_handler_init(struct kb_handler **out, const struct kb_handler_env *env)
{
	char path[192] = "/dev/shm/kb-ring", file[256];
	uint32_t size;
	if (kb_handler_arg(env->args, "path", path, sizeof(path)) < 0 ||
	    parse_size(env->args, &size) != 0)
		return -1;
	snprintf(file, sizeof(file), "%s-%u", path, env->queue);

	struct kb_handler *h = calloc(1, sizeof(*h));
	if (h == NULL)
		return kb_err_set(KB_EXIT_RETRY, errno, "ring handler");
	h->env = *env;
	if (kb_ring_open(&h->ring, file, size) != 0) {
		free(h);
		return -1;
	}
	*out = h;
	return 0;
}

void kb_handler_on_burst(struct kb_handler *h, const struct kb_pkt *v, uint32_t n, uint64_t now_ns)
{
	uint32_t written = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct kb_pkt *const p = &v[i];
		const struct ring_message head = {
			.rx_ns = p->rx_ns,
			.src_addr = p->src_addr,
			.src_port = p->src_port,
			.dst_port = p->dst_port,
		};
		struct kb_msg msg;
		const uint32_t length = (uint32_t)sizeof(head) + p->len;
		uint8_t *const at = kb_ring_claim(&h->ring, length);
		if (at == NULL)
			continue;
		memcpy(at, &head, sizeof(head));
		memcpy(at + sizeof(head), p->payload, p->len);
		kb_ring_commit(&h->ring, at, MESSAGE_TYPE, length);
		written++;
		if (p->len >= KB_MSG_MIN) {
			memcpy(&msg, p->payload, sizeof(msg));
			if (msg.magic == KB_MSG_MAGIC)
				kb_hist_record(h->env.oneway, (int64_t)(now_ns - msg.scheduled_ns));
		}
	}
	kb_stat_add(&h->env.counters[0], written);
	kb_stat_add(&h->env.counters[1], n - written);
	kb_stat_add(h->env.dropped, n - written);
}

void kb_handler_tick(struct kb_handler *h, uint64_t now_ns)
{
	(void)h;
	(void)now_ns;
}

void kb_handler_fini(struct kb_handler *h)
{
	if (h == NULL)
		return;
	kb_ring_close(&h->ring);
	free(h);
}
