// SPDX-License-Identifier: Apache-2.0
/*
 * Writes a capture of an ITCH-like session in MoldUDP64 packets, one each 100 us, whose losses and
 * repetitions are known: what the example of HANDLERS.md must find in it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kb/frame.h"

#define PACKETS	 400u
#define MESSAGES 3u   /* in each of them */
#define LOST	 100u /* this packet and those behind it, LOSSES in all, are not in the capture */
#define LOSSES	 3u
#define TWICE	 200u /* this one is there twice */
#define PAUSE	 300u /* before this one comes a heartbeat */
#define STEP_US	 100u
#define END	 0xffffu /* the count of the last packet of a session */

static void put_be(uint8_t *p, uint64_t v, uint32_t bytes)
{
	while (bytes--) {
		p[bytes] = (uint8_t)v;
		v >>= 8;
	}
}

static void write_frame(FILE *to, const uint8_t *payload, uint32_t len, uint64_t us)
{
	static const struct kb_frame_path path = {
		.dst_mac = {2, 0, 0, 0, 0, 2}, .src_mac = {2, 0, 0, 0, 0, 1}, .dst_port = 9000};
	uint8_t frame[512];

	memcpy(frame + KB_UDP_HEADERS, payload, len);
	const uint32_t size = kb_frame_udp(frame, &path, (uint16_t)len);
	const uint32_t record[4] = {(uint32_t)(us / 1000000), (uint32_t)(us % 1000000), size, size};

	fwrite(record, sizeof(record), 1, to);
	fwrite(frame, size, 1, to);
}

/* One message of the type, at the time of the packet; returns its length with what is in front. */
static uint32_t put_message(uint8_t *p, char type, uint64_t us)
{
	const uint32_t len = type == 'E' ? 31 : 36;

	memset(p, 0, 2 + len);
	put_be(p, len, 2);
	p[2] = (uint8_t)type;
	put_be(p + 7, us * 1000, 6);
	return 2 + len;
}

static uint32_t build(uint8_t *p, uint64_t seq, uint32_t count, uint64_t us)
{
	static const char types[MESSAGES] = {'A', 'E', 'P'};
	uint32_t len = 20;

	memcpy(p, "SESSION001", 10);
	put_be(p + 10, seq, 8);
	put_be(p + 18, count, 2);
	for (uint32_t i = 0; i < count && count <= MESSAGES; i++)
		len += put_message(p + len, types[i], us);
	return len;
}

/* What is no packet of the feed, though most of it begins like one that comes next. */
static void write_refused(FILE *to, uint64_t seq, uint64_t us)
{
	uint8_t payload[256] = "hello";

	write_frame(to, payload, 5, us);
	build(payload, seq, MESSAGES, us);
	write_frame(to, payload, 60, us); /* says more than it holds */
	write_frame(to, payload, build(payload, seq, MESSAGES, us) + 1, us); /* and less */
	write_frame(to, payload, build(payload, seq, 0, us) + 1, us);
	write_frame(to, payload, build(payload, seq, END, us) + 2, us);
	build(payload, seq, 1, us);
	put_be(payload + 20, 10, 2); /* a message shorter than its type, numbers and time */
	write_frame(to, payload, 20 + 2 + 10, us);
}

int main(int argc, char **argv)
{
	const uint32_t header[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1};
	FILE *const to = argc == 2 ? fopen(argv[1], "we") : NULL;
	uint8_t payload[256];

	if (!to)
		return 1;
	fwrite(header, sizeof(header), 1, to);
	for (uint32_t i = 0; i < PACKETS; i++) {
		const uint64_t us = 1000000ull + (uint64_t)i * STEP_US;
		const uint64_t seq = 1 + (uint64_t)i * MESSAGES;

		if (i == PAUSE)
			write_frame(to, payload, build(payload, seq, 0, us), us);
		const uint32_t len = build(payload, seq, MESSAGES, us);
		const bool lost = i >= LOST && i < LOST + LOSSES;
		for (uint32_t copies = lost ? 0 : i == TWICE ? 2 : 1; copies; copies--)
			write_frame(to, payload, len, us);
	}
	write_refused(to, 1 + PACKETS * MESSAGES, 2000000);
	write_frame(to, payload, build(payload, 1 + PACKETS * MESSAGES, END, 2000000), 2000000);
	return fclose(to) ? 1 : 0;
}
