/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_DUMP_PCAPNG_H
#define KB_DUMP_PCAPNG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Writes pcapng: a section with one interface for each queue, stamps in nanoseconds. Errors stay in
 * the stream: the caller asks ferror() when it matters.
 */
#define KB_PCAPNG_ETHERNET 1u
#define KB_PCAPNG_IPV4	   228u

struct kb_pcapng_interface {
	const char *name;
	const char *description;
	const char *filter; /* what is kept, NULL: everything */
	uint32_t link_type;
	uint32_t snaplen;
};

struct kb_pcapng_packet {
	uint32_t interface; /* in the order they were written */
	uint32_t queue;
	uint64_t ns; /* since 1970 */
	const uint8_t *data;
	uint32_t captured;
	uint32_t wire;
	uint64_t dropped;    /* on this interface since the packet before */
	const char *comment; /* NULL: none */
};

struct kb_pcapng_statistics {
	uint32_t interface;
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t received;
	uint64_t dropped;
	uint64_t accepted;  /* by the filter */
	uint64_t delivered; /* written */
};

void kb_pcapng_section(FILE *to, const char *application);
void kb_pcapng_interface(FILE *to, const struct kb_pcapng_interface *i);
void kb_pcapng_packet(FILE *to, const struct kb_pcapng_packet *p);
void kb_pcapng_statistics(FILE *to, const struct kb_pcapng_statistics *s);

/* Bytes of the block that a packet becomes. */
uint32_t kb_pcapng_packet_size(const struct kb_pcapng_packet *p);

#endif
