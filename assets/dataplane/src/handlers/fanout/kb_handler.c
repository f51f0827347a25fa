// SPDX-License-Identifier: Apache-2.0
/*
 * fanout: sends every datagram to each subscriber, unicast (each with its own address and port) or
 * multicast. The last one gets the received frame itself where the plane can turn it around; of a
 * large payload kb-dpdk sends the others a reference, of a small one a copy, which costs less.
 *
 * Arguments (KB_HANDLER_ARGS), one of:
 *   to=ADDR:PORT,ADDR:PORT  a fixed list
 *   subscribers=FILE        a list that follows the file; changes take effect without losing a
 * packet and from-port=PORT          source port of the copies, default: the port the datagram came
 * to
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include "kb/backend.h"
#include "kb/error.h"
#include "kb/handler.h"
#include "kb/msg.h"
#include "kb/stats.h"
#include "subscriber_file.h"
#include "subscribers.h"

#define BATCH 64u

/* The watcher of the subscribers' file. */
static const int syscalls[] = {SYS_openat, SYS_read,
#ifdef SYS_stat /* what stat() is made of before glibc 2.33 */
			       SYS_stat,
#endif
			       SYS_newfstatat, -1};

const struct kb_handler_info kb_handler_info = {
	.abi = KB_HANDLER_ABI,
	.name = "fanout",
	.counters = {"reloads", "reloads_refused", NULL},
	.syscalls = syscalls,
};

struct kb_handler {
	struct kb_handler_env env;
	uint16_t from_port;
	struct kb_subscriber_file *file; /* or NULL: `fixed` */
	struct kb_subscribers fixed;
};

static int parse_from_port(struct kb_handler *h, const char *args)
{
	char text[16], tail;
	unsigned port;
	const int given = kb_handler_arg(args, "from-port", text, sizeof(text));
	if (given <= 0)
		return given;
	if (sscanf(text, "%u%c", &port, &tail) != 1 || port == 0 || port > 65535)
		return kb_err_set(
			KB_EXIT_CONFIG, 0,
			"KB_HANDLER_ARGS: 'from-port' must be between 1 and 65535, got '%s'", text);
	h->from_port = (uint16_t)port;
	return 0;
}

static int parse_subscribers(struct kb_handler *h, const char *args)
{
	char text[512];
	const int file = kb_handler_arg(args, "subscribers", text, sizeof(text));
	if (file < 0)
		return -1;
	if (file > 0)
		return kb_subscriber_file_open(&h->file, text);

	const int list = kb_handler_arg(args, "to", text, sizeof(text));
	if (list < 0)
		return -1;
	if (list == 0)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "KB_HANDLER_ARGS: fanout needs 'to=ADDR:PORT,...' or "
				  "'subscribers=FILE'");
	if (kb_subscribers_parse(&h->fixed, text, strlen(text)) != 0)
		return kb_err_wrap("KB_HANDLER_ARGS: 'to'");
	return 0;
}

int kb_handler_init(struct kb_handler **out, const struct kb_handler_env *env)
{
	struct kb_handler *h = calloc(1, sizeof(*h));
	if (h == NULL)
		return kb_err_set(KB_EXIT_RETRY, errno, "fanout handler");
	h->env = *env;
	if (parse_from_port(h, env->args) != 0 || parse_subscribers(h, env->args) != 0) {
		free(h);
		return -1;
	}
	*out = h;
	return 0;
}

/* One datagram to every subscriber; returns how many copies were accepted. */
static uint32_t replicate(struct kb_handler *h, const struct kb_pkt *p,
			  const struct kb_subscribers *list)
{
	uint32_t sent = 0;

	for (uint32_t done = 0; done < list->n; done += BATCH) {
		struct kb_tx tx[BATCH];
		const uint32_t batch = list->n - done < BATCH ? list->n - done : BATCH;
		for (uint32_t i = 0; i < batch; i++)
			tx[i] = (struct kb_tx){
				.payload = p->payload,
				.from = p,
				.dst_addr = list->to[done + i].addr,
				.dst_port = list->to[done + i].port,
				.src_port = h->from_port ? h->from_port : p->dst_port,
				.len = p->len,
				.last = done + i == list->n - 1,
			};
		sent += kb_tx_burst(h->env.tx, tx, batch);
	}
	return sent;
}

void kb_handler_on_burst(struct kb_handler *h, const struct kb_pkt *v, uint32_t n, uint64_t now_ns)
{
	const struct kb_subscribers *const list =
		h->file != NULL ? kb_subscriber_file_current(h->file) : &h->fixed;
	struct kb_hist_run oneway = {.hist = h->env.oneway};
	uint32_t sent = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (v[i].len >= KB_MSG_MIN) {
			const struct kb_msg msg = kb_msg_load(v[i].payload);
			if (msg.magic == KB_MSG_MAGIC)
				kb_hist_run_add(&oneway, (int64_t)(now_ns - msg.scheduled_ns));
		}
		sent += replicate(h, &v[i], list);
	}
	kb_hist_run_end(&oneway);
	kb_stat_add(h->env.unsent, (uint64_t)n * list->n - sent);
}

void kb_handler_tick(struct kb_handler *h, uint64_t now_ns)
{
	(void)now_ns;
	if (h->file == NULL)
		return;
	/* Also while the feed is silent, so that a new list is not held up by an idle queue. */
	kb_subscriber_file_current(h->file);
	uint64_t reloads, refused;
	kb_subscriber_file_counts(h->file, &reloads, &refused);
	kb_stat_set(&h->env.counters[0], reloads);
	kb_stat_set(&h->env.counters[1], refused);
}

void kb_handler_fini(struct kb_handler *h)
{
	if (h == NULL)
		return;
	kb_subscriber_file_close(h->file);
	free(h);
}
