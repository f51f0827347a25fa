// SPDX-License-Identifier: Apache-2.0
/* Captures: every form of the file, cut at every byte, and what of it is replayed. */
#include "check.h"
#include "packets.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "gen/pcap.h"
#include "gen/replay.h"
#include "kb/error.h"

#define MICRO 0xa1b2c3d4u
#define NANO  0xa1b23c4du

static uint8_t file[4096];
static size_t size;
static bool swapped;
static char path[] = "/tmp/kb-test-pcap-XXXXXX";

static void put32(uint32_t v)
{
	if (swapped)
		v = __builtin_bswap32(v);
	memcpy(file + size, &v, sizeof(v));
	size += sizeof(v);
}

static void begin(uint32_t magic, bool swap, uint32_t link_type)
{
	size = 0;
	swapped = swap;
	put32(magic);
	put32(swap ? 0x00040002 : 0x00020004); /* version 2.4, whose halves nobody reads */
	put32(0);
	put32(0);
	put32(65535);
	put32(link_type);
}

static void put_frame(uint32_t seconds, uint32_t fraction, const void *frame, uint32_t len,
		      uint32_t wire_len)
{
	put32(seconds);
	put32(fraction);
	put32(len);
	put32(wire_len);
	memcpy(file + size, frame, len);
	size += len;
}

static void put_udp(uint32_t seconds, uint32_t fraction, const struct packet_spec *spec)
{
	uint8_t frame[PACKET_MAX];
	const uint32_t len = packet_build(frame, spec);

	put_frame(seconds, fraction, frame, len, len);
}

static void every_form_is_read_the_same(void **state)
{
	(void)state;
	for (int form = 0; form < 4; form++) {
		const bool nano = form & 1;
		struct kb_pcap pcap;
		struct kb_pcap_frame frame;

		begin(nano ? NANO : MICRO, form & 2, 1);
		put_frame(1700000000, nano ? 1000 : 1, "abc", 3, 3);
		put_frame(4294967295u, nano ? 999999000 : 999999, "", 0, 60);
		assert_int_equal(kb_pcap_begin(&pcap, file, size), 0);
		assert_int_equal(kb_pcap_next(&pcap, &frame), 1);
		assert_int_equal(frame.ns, 1700000000000001000ull);
		assert_int_equal(frame.len, 3);
		assert_memory_equal(frame.data, "abc", 3);
		assert_int_equal(kb_pcap_next(&pcap, &frame), 1);
		assert_int_equal(frame.ns, 4294967295999999000ull);
		assert_int_equal(frame.len, 0);
		assert_int_equal(kb_pcap_next(&pcap, &frame), 0);
		assert_int_equal(kb_pcap_next(&pcap, &frame), 0);
	}
}

/* Memory of exactly the size, so that a sanitizer or valgrind sees a byte too far. */
static void a_cut_file_is_an_error_at_every_byte(void **state)
{
	(void)state;
	begin(MICRO, false, 1);
	const size_t first = size;
	put_frame(1, 0, "abcdef", 6, 6);
	const size_t second = size;
	put_frame(2, 0, "gh", 2, 2);
	for (size_t cut = 0; cut <= size; cut++) {
		struct kb_pcap pcap;
		struct kb_pcap_frame frame;
		int frames = 0;
		int result = 1;
		uint8_t *const copy = malloc(cut ? cut : 1);

		assert_non_null(copy);
		memcpy(copy, file, cut);
		if (cut < first) {
			assert_int_equal(kb_pcap_begin(&pcap, copy, cut), -1);
			assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
		} else {
			assert_int_equal(kb_pcap_begin(&pcap, copy, cut), 0);
			while ((result = kb_pcap_next(&pcap, &frame)) == 1)
				frames++;
			assert_int_equal(frames, cut == size ? 2 : cut >= second);
			assert_int_equal(result,
					 cut == first || cut == second || cut == size ? 0 : -1);
		}
		free(copy);
	}
}

static void other_files_are_named(void **state)
{
	static const struct {
		uint32_t magic;
		uint32_t link_type;
		const char *said;
	} rows[] = {
		{0x0a0d0d0a, 1, "a pcapng file: convert it with 'editcap -F nsecpcap"},
		{0xdeadbeef, 1, "not a pcap file"},
		{MICRO, 113, "link type 113, not Ethernet"},
	};
	struct kb_pcap pcap;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(rows[i].magic, false, rows[i].link_type);
		assert_int_equal(kb_pcap_begin(&pcap, file, size), -1);
		assert_contains(kb_err_text(), rows[i].said);
	}
	/* The upper bits speak of check sequences. */
	begin(MICRO, true, 0x14000001);
	assert_int_equal(kb_pcap_begin(&pcap, file, size), 0);
}

static int replay(struct kb_replay *out)
{
	FILE *const f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(file, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
	kb_err_clear();
	return kb_replay_open(out, path);
}

static void whole_datagrams_are_replayed_in_order_of_time(void **state)
{
	struct kb_replay r;
	uint8_t frame[PACKET_MAX];
	const uint32_t len = packet_build(frame, &(struct packet_spec){0});
	(void)state;

	begin(NANO, true, 1);
	put_udp(100, 5, &(struct packet_spec){.fragment = 0x2000}); /* not the first: no datagram */
	put_udp(100, 500, &(struct packet_spec){0});
	put_frame(100, 600, frame, len - 1, len); /* snapped */
	put_udp(100, 2500, &(struct packet_spec){.vlan = 0x8100});
	put_udp(99, 0, &(struct packet_spec){0}); /* a clock set back */
	put_udp(101, 500, &(struct packet_spec){.payload = 100});
	assert_int_equal(replay(&r), 0);
	assert_int_equal(r.n, 4);
	assert_int_equal(r.skipped, 2);
	assert_int_equal(r.largest, 100);
	assert_false(r.cut);
	const uint64_t at[] = {0, 2000, 2000, 1000000000};
	for (int i = 0; i < 4; i++) {
		assert_int_equal(r.datagram[i].at_ns, at[i]);
		assert_int_equal(r.datagram[i].len, i < 3 ? PACKET_PAYLOAD : 100);
		assert_memory_equal(r.datagram[i].payload, r.datagram[0].payload,
				    r.datagram[0].len);
	}
	kb_replay_close(&r);

	/* What comes before the cut is whole. */
	size -= 1;
	assert_int_equal(replay(&r), 0);
	assert_int_equal(r.n, 3);
	assert_true(r.cut);
	kb_replay_close(&r);
}

static void a_capture_without_datagrams_is_refused(void **state)
{
	struct kb_replay r;
	(void)state;
	begin(MICRO, false, 1);
	put_frame(1, 0, "abc", 3, 3);
	assert_int_equal(replay(&r), -1);
	assert_contains(kb_err_text(), "--pcap /tmp/kb-test-pcap");
	assert_contains(kb_err_text(), "no whole UDP datagram");
	size = 0;
	assert_int_equal(replay(&r), -1);
	assert_contains(kb_err_text(), "not a file with content");
	assert_int_equal(kb_replay_open(&r, "/nowhere/file"), -1);
	assert_contains(kb_err_text(), "No such file");
	assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_is_read_the_same),
		cmocka_unit_test(a_cut_file_is_an_error_at_every_byte),
		cmocka_unit_test(other_files_are_named),
		cmocka_unit_test(whole_datagrams_are_replayed_in_order_of_time),
		cmocka_unit_test(a_capture_without_datagrams_is_refused),
	};
	const int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
