// SPDX-License-Identifier: Apache-2.0
#include "pcap.h"

#include <string.h>

#include "kb/error.h"

/* File header: magic, two half-words of version, zone, accuracy, snap length, link type. */
#define FILE_HEADER   24u
#define AT_LINK_TYPE  20u
#define RECORD_HEADER 16u /* seconds, fraction, captured bytes, bytes on the wire */

#define MAGIC_MICRO  0xa1b2c3d4u
#define MAGIC_NANO   0xa1b23c4du
#define MAGIC_PCAPNG 0x0a0d0d0au /* the same in either byte order */
#define ETHERNET     1u
/* The upper half says whether frames end with their check sequence, which parsing ignores. */
#define LINK_TYPE_MASK 0xffffu

static uint32_t load(const struct kb_pcap *p, size_t at)
{
	uint32_t v;

	memcpy(&v, p->data + at, sizeof(v));
	return p->swapped ? __builtin_bswap32(v) : v;
}

static int bad(const char *what)
{
	return kb_err_set(KB_EXIT_CONFIG, 0, "%s", what);
}

int kb_pcap_begin(struct kb_pcap *p, const uint8_t *data, size_t size)
{
	*p = (struct kb_pcap){.data = data, .size = size, .at = FILE_HEADER};
	if (size < sizeof(uint32_t))
		return bad("not a capture: shorter than any");
	if (load(p, 0) == MAGIC_PCAPNG)
		return bad("a pcapng file: convert it with 'editcap -F nsecpcap IN OUT'");
	p->swapped = load(p, 0) != MAGIC_MICRO && load(p, 0) != MAGIC_NANO;
	p->nanoseconds = load(p, 0) == MAGIC_NANO;
	if (!p->nanoseconds && load(p, 0) != MAGIC_MICRO)
		return bad("not a pcap file");
	if (size < FILE_HEADER)
		return bad("a pcap file cut inside its header");
	if ((load(p, AT_LINK_TYPE) & LINK_TYPE_MASK) != ETHERNET)
		return kb_err_set(KB_EXIT_CONFIG, 0, "frames of link type %u, not Ethernet (1)",
				  load(p, AT_LINK_TYPE) & LINK_TYPE_MASK);
	return 0;
}

int kb_pcap_next(struct kb_pcap *p, struct kb_pcap_frame *out)
{
	const size_t left = p->size - p->at;

	if (left == 0)
		return 0;
	if (left < RECORD_HEADER || load(p, p->at + 8) > left - RECORD_HEADER)
		return kb_err_set(KB_EXIT_CONFIG, 0, "the capture is cut at byte %zu of %zu", p->at,
				  p->size);
	out->ns = load(p, p->at) * 1000000000ull +
		  load(p, p->at + 4) * (p->nanoseconds ? 1ull : 1000ull);
	out->len = load(p, p->at + 8);
	out->data = p->data + p->at + RECORD_HEADER;
	p->at += RECORD_HEADER + out->len;
	return 1;
}
