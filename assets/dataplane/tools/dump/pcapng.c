// SPDX-License-Identifier: Apache-2.0
/*
 * IETF draft-ietf-opsawg-pcapng: blocks of type, length, body, options, length again, everything in
 * the writer's byte order and padded to 32 bits.
 */
#include "pcapng.h"

#include <string.h>
#include <sys/utsname.h>

#define BLOCK_SECTION	 0x0a0d0d0au
#define BLOCK_INTERFACE	 1u
#define BLOCK_STATISTICS 5u
#define BLOCK_PACKET	 6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du

#define OPT_COMMENT	    1
#define SHB_OS		    3
#define SHB_USERAPPL	    4
#define IF_NAME		    2
#define IF_DESCRIPTION	    3
#define IF_TSRESOL	    9
#define EPB_FLAGS	    2
#define EPB_DROPCOUNT	    4
#define EPB_QUEUE	    6
#define ISB_STARTTIME	    2
#define ISB_ENDTIME	    3
#define ISB_IFRECV	    4
#define ISB_IFDROP	    5
#define ISB_FILTERACCEPT    6
#define ISB_USRDELIV	    8
#define EPB_FLAGS_INBOUND   1u
#define TSRESOL_NANOSECONDS 9 /* a negative power of ten */

#define BLOCK_FRAME    12u /* type and both lengths */
#define OPTION_HEAD    4u
#define END_OF_OPTIONS OPTION_HEAD

static uint32_t padded(uint32_t len)
{
	return (len + 3) / 4 * 4;
}

static void put(FILE *to, const void *bytes, uint32_t len)
{
	fwrite(bytes, 1, len, to);
}

static void put_padded(FILE *to, const void *bytes, uint32_t len)
{
	static const uint8_t zero[3];

	if (len)
		put(to, bytes, len);
	put(to, zero, padded(len) - len);
}

static void put32(FILE *to, uint32_t v)
{
	put(to, &v, sizeof(v));
}

/* A stamp is two words, the upper one first, in either byte order. */
static void put_stamp(FILE *to, uint64_t ns)
{
	put32(to, (uint32_t)(ns >> 32));
	put32(to, (uint32_t)ns);
}

static void put_option(FILE *to, uint16_t code, const void *value, uint32_t len)
{
	const uint16_t head[2] = {code, (uint16_t)len};

	put(to, head, sizeof(head));
	put_padded(to, value, len);
}

static void put_text(FILE *to, uint16_t code, const char *text)
{
	put_option(to, code, text, (uint32_t)strlen(text));
}

static void put_number(FILE *to, uint16_t code, uint64_t n)
{
	put_option(to, code, &n, sizeof(n));
}

static uint32_t option_size(uint32_t len)
{
	return OPTION_HEAD + padded(len);
}

static uint32_t text_size(const char *text)
{
	return option_size((uint32_t)strlen(text));
}

static void begin(FILE *to, uint32_t type, uint32_t size)
{
	put32(to, type);
	put32(to, size);
}

static void end(FILE *to, uint32_t size)
{
	put32(to, 0); /* end of options */
	put32(to, size);
}

void kb_pcapng_section(FILE *to, const char *application)
{
	const uint64_t unknown = UINT64_MAX; /* the section's length: it ends with the file */
	const uint16_t version[2] = {1, 0};
	struct utsname host;
	char os[2 * sizeof(host.sysname)];

	uname(&host);
	snprintf(os, sizeof(os), "%s %s", host.sysname, host.release);
	const uint32_t size =
		BLOCK_FRAME + 16 + text_size(os) + text_size(application) + END_OF_OPTIONS;
	begin(to, BLOCK_SECTION, size);
	put32(to, BYTE_ORDER_MAGIC);
	put(to, version, sizeof(version));
	put(to, &unknown, sizeof(unknown));
	put_text(to, SHB_OS, os);
	put_text(to, SHB_USERAPPL, application);
	end(to, size);
}

void kb_pcapng_interface(FILE *to, const struct kb_pcapng_interface *i)
{
	const uint8_t resolution = TSRESOL_NANOSECONDS;
	const uint32_t size = BLOCK_FRAME + 8 + text_size(i->name) + text_size(i->description) +
			      (i->filter ? text_size(i->filter) : 0) + option_size(1) +
			      END_OF_OPTIONS;

	begin(to, BLOCK_INTERFACE, size);
	put32(to, i->link_type); /* and 16 reserved bits */
	put32(to, i->snaplen);
	put_text(to, IF_NAME, i->name);
	put_text(to, IF_DESCRIPTION, i->description);
	if (i->filter) /* no libpcap expression, so a comment and not if_filter */
		put_text(to, OPT_COMMENT, i->filter);
	put_option(to, IF_TSRESOL, &resolution, 1);
	end(to, size);
}

uint32_t kb_pcapng_packet_size(const struct kb_pcapng_packet *p)
{
	return BLOCK_FRAME + 20 + padded(p->captured) + 2 * option_size(4) +
	       (p->dropped ? option_size(8) : 0) + (p->comment ? text_size(p->comment) : 0) +
	       END_OF_OPTIONS;
}

void kb_pcapng_packet(FILE *to, const struct kb_pcapng_packet *p)
{
	const uint32_t size = kb_pcapng_packet_size(p);
	const uint32_t inbound = EPB_FLAGS_INBOUND;

	begin(to, BLOCK_PACKET, size);
	put32(to, p->interface);
	put_stamp(to, p->ns);
	put32(to, p->captured);
	put32(to, p->wire);
	put_padded(to, p->data, p->captured);
	put_option(to, EPB_FLAGS, &inbound, sizeof(inbound));
	put_option(to, EPB_QUEUE, &p->queue, sizeof(p->queue));
	if (p->dropped)
		put_number(to, EPB_DROPCOUNT, p->dropped);
	if (p->comment)
		put_text(to, OPT_COMMENT, p->comment);
	end(to, size);
}

static void put_stamp_option(FILE *to, uint16_t code, uint64_t ns)
{
	const uint32_t words[2] = {(uint32_t)(ns >> 32), (uint32_t)ns};

	put_option(to, code, words, sizeof(words));
}

void kb_pcapng_statistics(FILE *to, const struct kb_pcapng_statistics *s)
{
	const uint32_t size = BLOCK_FRAME + 12 + 6 * option_size(8) + END_OF_OPTIONS;

	begin(to, BLOCK_STATISTICS, size);
	put32(to, s->interface);
	put_stamp(to, s->end_ns);
	put_stamp_option(to, ISB_STARTTIME, s->start_ns);
	put_stamp_option(to, ISB_ENDTIME, s->end_ns);
	put_number(to, ISB_IFRECV, s->received);
	put_number(to, ISB_IFDROP, s->dropped);
	put_number(to, ISB_FILTERACCEPT, s->accepted);
	put_number(to, ISB_USRDELIV, s->delivered);
	end(to, size);
}
