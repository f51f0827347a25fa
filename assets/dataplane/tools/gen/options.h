/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_GEN_OPTIONS_H
#define KB_GEN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "arrivals.h"
#include "kb/config.h"
#include "malformed.h"

#define KB_GEN_MAX_LINES 8     /* A and B are two; exchanges have been seen with four */
#define KB_GEN_MAX_FLOWS 1024  /* source ports: enough to fill any RSS table evenly */
#define KB_GEN_MAX_SIZE	 8972u /* a 9000-byte MTU less IPv4 and UDP headers */

struct kb_replay;

struct kb_gen_options {
	uint32_t n_to;
	struct kb_endpoint to[KB_GEN_MAX_LINES];
	uint32_t from_port; /* first source port, 0 = the sender's choice */
	uint32_t flows;	    /* source ports used in turn, each a stream of its own */
	uint32_t lines;
	double line_loss[KB_GEN_MAX_LINES]; /* percent of each line's copies never sent */
	uint32_t n_line_loss;
	uint64_t rate;	/* messages per second; each goes out once on every line */
	uint32_t size;	/* UDP payload bytes */
	uint64_t count; /* messages */
	enum kb_arrivals_kind arrivals;
	uint64_t burst;
	uint64_t seed;
	int core; /* -1 = not pinned */
	bool progress;
	const char *pcap;		/* replayed instead of messages of our own, NULL = none */
	bool original_pace;		/* of the capture, instead of rate and arrivals */
	const struct kb_replay *replay; /* of pcap, once it is read */
	const char *json;		/* NULL = none, "-" = standard output */
	/* What only some senders know. */
	const char *iface;
	const char *pci;
	const char *eal;
	uint32_t src_addr; /* network byte order, 0 = not given */
	bool has_dst_mac;
	uint8_t dst_mac[6];
	struct kb_malformed_mix malformed;
};

/* What the sender linked into this program can be told and must be told; --help follows it. */
enum kb_gen_wants {
	KB_GEN_IFACE = 1, /* --iface */
	KB_GEN_SRC = 2,	  /* --src-addr */
	KB_GEN_MAC = 4,	  /* --dst-mac: it builds frames itself */
	KB_GEN_EAL = 8,	  /* --eal or --pci, one of which must be given */
	KB_GEN_NEEDS_IFACE = 16,
	KB_GEN_NEEDS_HOP = 32, /* no kernel below: --src-addr and, for unicast, --dst-mac */
	KB_GEN_MALFORMED = 64, /* --malformed: it can send any frame */
};

/*
 * Reads the command line. Returns 0; 1 when it was --help or --version, which is printed; or -1
 * with every finding in kb_err.
 */
int kb_gen_options_parse(struct kb_gen_options *out, int argc, char **argv, const char *program,
			 uint32_t wants);

#endif
