/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_HANDLER_H
#define KB_HANDLER_H

#include <stdint.h>
#include "kb/clock.h"
#include "kb/hist.h"
#include "kb/pkt.h"

/*
 * What a user writes: one kb_handler.c that defines kb_handler_info and the functions below. It is
 * compiled into every receiver with link-time optimisation, unchanged for every data plane.
 *
 * There is one handler per queue, each on its own pinned thread; nothing in it is shared unless the
 * handler shares it. on_burst must not allocate, block or call the system.
 */
#define KB_HANDLER_ABI	    1
#define KB_HANDLER_COUNTERS 16 /* own counters per queue: two cache lines */

struct kb_handler; /* the handler's own state, one per queue */
struct kb_queue;

struct kb_handler_info {
	uint32_t abi;	  /* KB_HANDLER_ABI */
	const char *name; /* must equal KB_HANDLER of the plan ("custom" accepts any) */
	/* Names of own counters, in the order of kb_handler_env.counters; NULL ends the list. */
	const char *counters[KB_HANDLER_COUNTERS + 1];
	/*
	 * System calls (SYS_x of <sys/syscall.h>, -1 ends the list) that the handler's tick or
	 * threads make while packets are received: a running receiver is ended by any call that
	 * neither it nor its handler named. NULL = none.
	 */
	const int *syscalls;
};

/* What a handler is given for its queue. Pointers stay valid until fini returns. */
struct kb_handler_env {
	uint32_t queue;
	uint32_t queues;
	const char *args;	/* KB_HANDLER_ARGS: "key=value key=value" */
	uint64_t *counters;	/* own counters, published as Handler.<name> */
	struct kb_hist *hist;	/* own histogram, nanoseconds, published as HandlerLatency */
	struct kb_hist *oneway; /* sender stamp to now, published as OneWayLatency */
	uint64_t *gaps;	     /* messages missing by sequence number, after reordering is given up */
	uint64_t *dropped;   /* datagrams the handler itself refused: the cause `handler` */
	uint64_t *unsent;    /* datagrams to send that the handler gave up */
	struct kb_queue *tx; /* for kb_tx_burst() */
};

extern const struct kb_handler_info kb_handler_info;

/*
 * Returns 0, or -1 with the reason in kb_err (wrong argument, no memory). Called on the queue's own
 * thread: memory that it touches is near the queue's core, and a thread that it starts would run on
 * that core, unless it is given others (sched_getaffinity(getpid(), ...) are the main thread's).
 */
int kb_handler_init(struct kb_handler **out, const struct kb_handler_env *env);

/* n >= 1 datagrams in arrival order. now_ns is CLOCK_REALTIME when the burst was polled. */
void kb_handler_on_burst(struct kb_handler *h, const struct kb_pkt *v, uint32_t n, uint64_t now_ns);

/* About every millisecond while idle or busy: expire reorder windows, flush. */
void kb_handler_tick(struct kb_handler *h, uint64_t now_ns);

/* The queue's thread has left its loop; NULL is allowed. */
void kb_handler_fini(struct kb_handler *h);

/* Defines on_burst from a per-packet function that the compiler inlines into the loop. */
#define KB_HANDLER_ON_PACKET(fn)                                                                   \
	void kb_handler_on_burst(struct kb_handler *h, const struct kb_pkt *v, uint32_t n,         \
				 uint64_t now_ns)                                                  \
	{                                                                                          \
		for (uint32_t i = 0; i < n; i++)                                                   \
			fn(h, &v[i], now_ns);                                                      \
	}

/*
 * The value of `key` in a "key=value key=value" list: copies it to out (size bytes, terminated)
 * and returns 1; 0 when absent; -1 with kb_err when it does not fit.
 */
int kb_handler_arg(const char *args, const char *key, char *out, uint32_t size);

#endif
