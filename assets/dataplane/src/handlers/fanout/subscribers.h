/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_SUBSCRIBERS_H
#define KB_SUBSCRIBERS_H

#include <stddef.h>
#include <stdint.h>

/* The source document's benchmark goes to 128; 1024 leaves room and keeps a list in L2 (8 KiB). */
#define KB_MAX_SUBSCRIBERS 1024u

struct kb_subscriber {
	uint32_t addr; /* network byte order; unicast or multicast */
	uint16_t port; /* host byte order */
};

struct kb_subscribers {
	uint32_t n;
	struct kb_subscriber to[KB_MAX_SUBSCRIBERS];
};

/*
 * Parses "ADDR:PORT" entries separated by commas, spaces or newlines; '#' starts a comment up to
 * the end of its line. The text need not be terminated. Returns 0, or -1 with kb_err that names
 * the line and the entry.
 */
int kb_subscribers_parse(struct kb_subscribers *out, const char *text, size_t size);

#endif
