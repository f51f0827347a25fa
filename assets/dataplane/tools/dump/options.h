/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_DUMP_OPTIONS_H
#define KB_DUMP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "kb/flow.h"

#define KB_DUMP_MAX_FILES 100000u
#define KB_DUMP_MAX_HELD  1000000u

struct kb_dump_options {
	const char *page; /* the stats page of the receiver */
	const char *write;
	uint32_t snaplen;
	uint32_t ring_bytes;
	struct kb_flows flows; /* none: every frame */
	const char *flow_text;
	uint64_t count;	     /* packets, 0 = no end */
	double seconds;	     /* 0 = no end */
	uint64_t file_bytes; /* 0 = one file */
	uint32_t files;	     /* kept of those, 0 = all */
	bool on_gap;	     /* trigger: a message is missing */
	uint64_t on_latency; /* trigger: ns from arrival to the end of the handler, 0 = no */
	uint32_t before;
	uint32_t after;
	uint32_t triggers; /* then it ends */
	bool json;
};

/* Returns 0; 1 when it was --help or --version, which is printed; -1 with kb_err. */
int kb_dump_options_parse(struct kb_dump_options *out, int argc, char **argv);

#endif
