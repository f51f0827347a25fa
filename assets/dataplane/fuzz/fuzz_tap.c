// SPDX-License-Identifier: Apache-2.0
/*
 * The input is what a tap's memory holds after a receiver that was damaged, or is none: how kb-dump
 * was called, damage to the head of the area, and the bytes of a ring. Whatever it is, kb-dump
 * refuses it or goes on, and the file is whole.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dump/recorder.h"
#include "fuzz.h"
#include "kb/error.h"

#define RING  KB_TAP_MIN_RING
#define HEAD  8u /* bytes of input that say how */
#define PATCH 3u /* offset in the area's first 256 bytes that count, how far beyond them, value */

enum how {
	ETHERNET = 1,
	ON_GAP = 2,
	ON_LATENCY = 4,
	OF_A_FLOW = 8,
	TWO_QUEUES = 16,
	AROUND_THE_END = 32, /* the records begin just before the end of the ring */
	CHANGES = 64,	     /* the receiver writes to the head of the area after kb-dump looked */
};

static void patch(uint8_t *area, const uint8_t *data, uint32_t patches)
{
	for (; patches; patches--, data += PATCH)
		area[(data[0] + data[1] * 256u) % offsetof(struct kb_tap_area, ring)] = data[2];
}

static void fill_ring(struct kb_tap_area *area, uint32_t queue, bool around, uint32_t more,
		      const uint8_t *data, size_t size)
{
	const struct kb_tap_record pad = {.size = RING - 2 * KB_TAP_ALIGN, .kind = KB_TAP_PAD};
	uint8_t *const ring = (uint8_t *)area + KB_TAP_DATA + (size_t)queue * RING;
	const uint32_t from = around ? pad.size : 0;

	if (around)
		memcpy(ring, &pad, sizeof(pad));
	for (size_t i = 0; i < size; i++)
		ring[(from + i) % RING] = data[i];
	area->ring[queue].head = from + size / KB_TAP_ALIGN * KB_TAP_ALIGN + more;
}

/* Returns the descriptor of the area as a receiver makes it, and *area where it writes. */
static int make_area(struct kb_tap_area **area, uint8_t how, size_t *size)
{
	const uint32_t queues = how & TWO_QUEUES ? 2 : 1;
	const int fd = memfd_create("area", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	*size = KB_TAP_DATA + (size_t)queues * RING;
	must(fd >= 0 && ftruncate(fd, (off_t)*size) == 0);
	must(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0);
	*area = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(*area != MAP_FAILED);
	**area = (struct kb_tap_area){
		.magic = KB_TAP_MAGIC,
		.version = KB_TAP_VERSION,
		.queues = queues,
		.ring_bytes = RING,
		.snaplen = 1024,
		.has_ethernet = (how & ETHERNET) != 0,
		.plane = "afxdp",
		.iface = "eth1",
		.handler = "count",
	};
	return fd;
}

/* Blocks one behind the other to the end; returns how many of them are packets. */
static uint64_t check_file(int fd)
{
	static uint32_t words[64 << 10];
	const ssize_t bytes = pread(fd, words, sizeof(words), 0);
	uint64_t packets = 0;
	size_t at = 0;

	must(bytes > 0 && bytes < (ssize_t)sizeof(words) && bytes % 4 == 0);
	while (at < (size_t)bytes / 4) {
		const uint32_t size = words[at + 1];

		must(size >= 12 && size % 4 == 0 && at * 4 + size <= (size_t)bytes);
		must(words[at + size / 4 - 1] == size);
		if (words[at] == 6) { /* enhanced packet: interface, stamp, captured, wire */
			must(size >= 32 && words[at + 5] <= words[at + 6]);
			packets++;
		}
		at += size / 4;
	}
	return packets;
}

/* What is read of a record lies inside of it, and it inside its ring. */
static void check_items(int fd)
{
	static struct kb_tap_client tap;
	struct kb_tap_item item;
	uint64_t records = 0;

	memset(&tap, 0, sizeof(tap));
	tap.fd = -1;
	must(kb_tap_client_map(&tap, fd) == 0);
	while (kb_tap_client_next(&tap, &item) == 1) {
		const uint8_t *const ring = tap.shared + KB_TAP_DATA + item.queue * (size_t)RING;
		const uint32_t len = item.about.size - (uint32_t)sizeof(item.about);

		must(item.queue < tap.area.queues && item.about.captured <= len);
		must(item.data >= ring && item.data + len <= ring + RING);
		must(++records <= 2 * RING / KB_TAP_ALIGN); /* nothing is read twice */
	}
	kb_err_clear();
	kb_tap_client_close(&tap);
}

static void record(const struct kb_dump_options *o, struct kb_tap_client *tap, int file)
{
	static struct kb_recorder recorder;
	int n = 0;

	must(kb_recorder_open(&recorder, o, tap) == 0);
	while (!recorder.done && (n = kb_recorder_take(&recorder)) > 0)
		;
	must(n >= 0 || *kb_err_text());
	const uint64_t packets = recorder.capture.packets;
	must(kb_recorder_close(&recorder) == 0);
	must(check_file(file) == packets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct kb_tap_client tap;
	struct kb_tap_area *area;
	size_t area_size;
	char path[64];

	if (size < HEAD)
		return 0;
	const uint8_t how = data[0];
	const uint32_t patches = (uint32_t)(size - HEAD) / PATCH < data[1] % 8u
					 ? (uint32_t)(size - HEAD) / PATCH
					 : data[1] % 8u;
	uint32_t more; /* of a ring's head, beyond what is written */
	memcpy(&more, data + 4, sizeof(more));
	struct kb_dump_options o = {
		.write = path,
		.on_gap = (how & ON_GAP) != 0,
		.on_latency = how & ON_LATENCY ? 1000 : 0,
		.before = 1 + data[2] % 4u,
		.after = data[3] % 4u,
		.triggers = 2,
	};
	if (how & OF_A_FLOW)
		must(kb_flows_parse(&o.flows, "udp:*:9000") == 0);

	const uint8_t *const damage = data + HEAD;
	const uint8_t *const records = damage + patches * PATCH;
	const size_t left = size - HEAD - patches * PATCH;
	const int fd = make_area(&area, how, &area_size);
	fill_ring(area, 0, how & AROUND_THE_END, more, records, left);
	if (how & TWO_QUEUES)
		fill_ring(area, 1, false, 0, records + left / 2, left - left / 2);
	if (!(how & CHANGES))
		patch((uint8_t *)area, damage, patches);

	const int file = memfd_create("file", MFD_CLOEXEC);
	must(file >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	kb_err_clear();
	memset(&tap, 0, sizeof(tap));
	tap.fd = -1;
	if (kb_tap_client_map(&tap, fd) == 0) {
		check_items(fd);
		if (how & CHANGES)
			patch((uint8_t *)area, damage, patches);
		record(&o, &tap, file);
		kb_tap_client_close(&tap);
	} else {
		must(*kb_err_text());
	}
	munmap(area, area_size);
	close(file);
	close(fd);
	return 0;
}
