/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_FAKE_H
#define KB_FAKE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The back-end of tests and benchmarks: plays a script of frames on one queue, the way a
 * frame-based plane does (parser, flows, causes), then asks the loop to stop. The script is set
 * before kb_backend_open(), the record is read after kb_backend_close().
 */
struct kb_fake_frame {
	const uint8_t *bytes;
	uint32_t len;
	uint64_t rx_ns; /* 0 = no stamp */
};

struct kb_fake {
	/* script */
	const struct kb_fake_frame *frames;
	uint32_t n;
	uint32_t repeat;       /* times the script is played; 0 counts as 1 */
	uint32_t per_poll;     /* frames a poll may return; 0 = as many as asked for */
	uint32_t idle_between; /* empty polls after each one with frames */
	atomic_bool *stop;     /* set once the script is over */
	/* record */
	uint64_t polls;
	uint64_t given;	   /* frames returned by kb_rx_burst */
	uint64_t released; /* of those, given back once and in their own burst */
	uint64_t wrong;	   /* releases of anything else */
	uint64_t sent;
};

extern struct kb_fake kb_fake;

#endif
