// SPDX-License-Identifier: Apache-2.0
/*
 * Frames that kb/frame.h builds: our parser takes them apart again, and the kernel, which checks
 * what we only compute, delivers them to a socket.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "kb/frame.h"

#define PORT	 9000
#define MAX_DATA 2000u

static struct kb_frame_path path_to(uint32_t dst, uint16_t src_port)
{
	return (struct kb_frame_path){
		.src_addr = htonl(0xc0000201), /* 192.0.2.1: for documentation, nobody's */
		.dst_addr = dst,
		.src_port = src_port,
		.dst_port = PORT,
	};
}

static void fill(uint8_t *data, uint32_t len, uint32_t seed)
{
	for (uint32_t i = 0; i < len; i++) {
		seed = seed * 1664525u + 1013904223u;
		data[i] = (uint8_t)(seed >> 24);
	}
}

static void parser_takes_apart_what_was_built(void **state)
{
	uint8_t frame[KB_UDP_HEADERS + MAX_DATA];
	(void)state;
	for (uint32_t len = 0; len <= MAX_DATA; len += 13) {
		const struct kb_frame_path path = path_to(htonl(0x0a000002), 40000);
		struct kb_pkt pkt;
		fill(frame + KB_UDP_HEADERS, len, len);
		const uint32_t size = kb_frame_udp(frame, &path, (uint16_t)len);
		assert_int_equal(size, KB_UDP_HEADERS + len);
		assert_int_equal(kb_parse_udp(frame, size, &pkt), KB_PARSE_OK);
		assert_ptr_equal(pkt.payload, frame + KB_UDP_HEADERS);
		assert_int_equal(pkt.len, len);
		assert_int_equal(pkt.src_addr, path.src_addr);
		assert_int_equal(pkt.dst_addr, path.dst_addr);
		assert_int_equal(pkt.src_port, path.src_port);
		assert_int_equal(pkt.dst_port, path.dst_port);
	}
}

/* RFC 1071's own example, and a sum whose folded carry carries again. */
static void checksum_matches_the_rfc(void **state)
{
	static const uint8_t example[8] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	static const uint8_t carries[6] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x01};
	(void)state;
	assert_int_equal(ntohs(kb_csum_fold(kb_csum_add(0, example, sizeof(example)))),
			 0xffff - 0xddf2);
	assert_int_equal(ntohs(kb_csum_fold(kb_csum_add(0, carries, sizeof(carries)))), 0xfffe);
}

/* A UDP checksum of 0 means "none": a sum that comes out as 0 is sent as 0xffff. */
static void checksum_is_never_zero(void **state)
{
	uint8_t frame[KB_UDP_HEADERS + 2] = {0};
	const struct kb_frame_path path = path_to(htonl(0x0a000002), 40000);
	uint16_t csum;
	(void)state;
	kb_frame_udp(frame, &path, 2);
	memcpy(&csum, frame + 40, 2);
	memcpy(frame + KB_UDP_HEADERS, &csum, 2); /* adds what is missing to all ones */
	kb_frame_udp(frame, &path, 2);
	memcpy(&csum, frame + 40, 2);
	assert_int_equal(csum, 0xffff);
}

struct wire {
	int raw;
	int udp;
	struct sockaddr_ll lo;
};

static int set_to(const char *path, char value)
{
	FILE *const f = fopen(path, "w");
	if (!f)
		return -1;
	fputc(value, f);
	return fclose(f);
}

/* A network of our own, so that nothing else is on it. Needs root; without, *state is NULL. */
static int open_wire(void **state)
{
	static struct wire w;
	struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	const struct sockaddr_in self = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	const struct timeval wait = {.tv_usec = 200000};
	*state = NULL;
	if (unshare(CLONE_NEWNET))
		return 0;
	w.udp = socket(AF_INET, SOCK_DGRAM, 0);
	w.raw = socket(AF_PACKET, SOCK_RAW, 0);
	/* Frames from outside to 127.0.0.1, from an address without a route: martians elsewhere. */
	if (set_to("/proc/sys/net/ipv4/conf/lo/route_localnet", '1') ||
	    set_to("/proc/sys/net/ipv4/conf/lo/rp_filter", '0') ||
	    set_to("/proc/sys/net/ipv4/conf/all/rp_filter", '0'))
		return 0; /* a container with a read-only /proc/sys */
	if (w.udp < 0 || w.raw < 0 || ioctl(w.udp, SIOCSIFFLAGS, &up) ||
	    bind(w.udp, (const struct sockaddr *)&self, sizeof(self)) ||
	    setsockopt(w.udp, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)))
		return -1;
	w.lo = (struct sockaddr_ll){.sll_family = AF_PACKET,
				    .sll_protocol = htons(ETH_P_IP),
				    .sll_ifindex = (int)if_nametoindex("lo"),
				    .sll_halen = 6};
	*state = &w;
	return 0;
}

static int close_wire(void **state)
{
	struct wire *const w = *state;
	if (w) {
		close(w->raw);
		close(w->udp);
	}
	return 0;
}

static ssize_t through_the_kernel(struct wire *w, const uint8_t *frame, uint32_t size, uint8_t *out)
{
	if (sendto(w->raw, frame, size, 0, (const struct sockaddr *)&w->lo, sizeof(w->lo)) !=
	    (ssize_t)size)
		return -1;
	return recv(w->udp, out, MAX_DATA, 0);
}

static void kernel_accepts_what_was_built(void **state)
{
	struct wire *const w = *state;
	uint8_t frame[KB_UDP_HEADERS + MAX_DATA];
	uint8_t got[MAX_DATA];
	if (!w)
		skip();
	for (uint32_t len = 1; len <= MAX_DATA; len += len < 70 ? 1 : 97) {
		const struct kb_frame_path path =
			path_to(htonl(INADDR_LOOPBACK), (uint16_t)(1024 + len));
		fill(frame + KB_UDP_HEADERS, len, len * 31);
		const uint32_t size = kb_frame_udp(frame, &path, (uint16_t)len);
		assert_int_equal(through_the_kernel(w, frame, size, got), len);
		assert_memory_equal(got, frame + KB_UDP_HEADERS, len);
	}
}

/* Without this the test above would also pass if the kernel did not look. */
static void kernel_refuses_a_wrong_checksum(void **state)
{
	struct wire *const w = *state;
	uint8_t frame[KB_UDP_HEADERS + 32];
	uint8_t got[MAX_DATA];
	if (!w)
		skip();
	const struct kb_frame_path path = path_to(htonl(INADDR_LOOPBACK), 40000);
	fill(frame + KB_UDP_HEADERS, 32, 1);
	const uint32_t size = kb_frame_udp(frame, &path, 32);
	frame[KB_UDP_HEADERS + 5] ^= 0x10;
	assert_int_equal(through_the_kernel(w, frame, size, got), -1);
	assert_int_equal(errno, EAGAIN);
	frame[KB_UDP_HEADERS + 5] ^= 0x10;
	assert_int_equal(through_the_kernel(w, frame, size, got), 32);
	frame[24] ^= 1; /* IPv4 header checksum */
	assert_int_equal(through_the_kernel(w, frame, size, got), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parser_takes_apart_what_was_built),
		cmocka_unit_test(checksum_matches_the_rfc),
		cmocka_unit_test(checksum_is_never_zero),
		cmocka_unit_test_setup_teardown(kernel_accepts_what_was_built, open_wire,
						close_wire),
		cmocka_unit_test_setup_teardown(kernel_refuses_a_wrong_checksum, open_wire,
						close_wire),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
