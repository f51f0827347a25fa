/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_GEN_REPLAY_H
#define KB_GEN_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The UDP datagrams of a capture, found before the run: the send loop only follows pointers. */
struct kb_replay {
	uint64_t n;
	uint64_t skipped; /* frames that are not a whole UDP datagram, or too long to send */
	uint16_t largest; /* payload of them all: what the port's MTU must carry */
	bool cut;	  /* the capture ends inside a frame; what comes before it is here */
	struct kb_replay_datagram {
		const uint8_t *payload;
		uint64_t at_ns; /* after the first; never before its predecessor */
		uint16_t len;
	} * datagram;
	uint8_t *file;
	size_t file_size;
};

/* Maps and reads the capture. Returns 0, or -1 with kb_err. */
int kb_replay_open(struct kb_replay *out, const char *path);

void kb_replay_close(struct kb_replay *replay);

#endif
