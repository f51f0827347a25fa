// SPDX-License-Identifier: Apache-2.0
/* The socket back-end on a real wire: raw frames in at one end, datagrams out at the other. */
#include "check.h"
#include "netns.h"
#include "packets.h"

#include <poll.h>

#include "kb/backend.h"
#include "kb/clock.h"
#include "kb/error.h"
#include "kb/frame.h"

#define BURST 64u

static struct kb_config cfg;
static struct kb_stats *page;
static struct kb_backend *be;
static struct kb_pkt burst[BURST];
static int world;

static int prepare(void **state)
{
	(void)state;
	cfg = (struct kb_config){.plane = KB_PLANE_KERNEL,
				 .queues = 1,
				 .mtu = 1500,
				 .burst = BURST,
				 .socket_buffer_kb = 1024};
	strcpy(cfg.iface, NETNS_DATA);
	page = aligned_alloc(64, sizeof(*page) + 4 * sizeof(page->queue[0]));
	if (!page)
		return -1;
	memset(page, 0, sizeof(*page) + 4 * sizeof(page->queue[0]));
	page->queues = 4;
	be = NULL;
	world = netns_open_world();
	return world < 0;
}

static int clean(void **state)
{
	(void)state;
	kb_backend_close(be);
	free(page);
	close(world);
	return 0;
}

static void open_flows(const char *flows)
{
	assert_int_equal(kb_flows_parse(&cfg.flows, flows), 0);
	if (kb_backend_open(&be, &cfg, page))
		fail_msg("%s", kb_err_text());
	for (uint32_t i = 0; i < cfg.queues; i++)
		assert_int_equal(kb_queue_attach(kb_backend_queue(be, i)), 0);
}

static void refuse_flows(const char *flows, enum kb_exit exit, const char *reason)
{
	assert_int_equal(kb_flows_parse(&cfg.flows, flows), 0);
	assert_int_equal(kb_backend_open(&be, &cfg, page), -1);
	assert_contains(kb_err_text(), reason);
	assert_int_equal(kb_err_exit(), exit);
}

static void put(const struct packet_spec *spec)
{
	uint8_t frame[PACKET_MAX];

	assert_true(netns_send(world, frame, packet_build(frame, spec)));
}

/* As put, from another source port: another flow to the kernel's hash. */
static void put_from(const struct packet_spec *spec, uint16_t port)
{
	uint8_t frame[PACKET_MAX];
	const uint32_t len = packet_build(frame, spec);

	packet_put16(frame + 34, port);
	assert_true(netns_send(world, frame, len));
}

/* Polls a queue for a while; a softirq may deliver after send() has returned. */
static uint32_t collect(uint32_t queue, uint32_t expected)
{
	struct kb_queue *const q = kb_backend_queue(be, queue);
	uint32_t n = 0;

	for (int tries = 0; tries < 200 && n < expected; tries++) {
		const uint32_t got = kb_rx_burst(q, burst + n, BURST - n, &(struct kb_burst){0});

		kb_rx_release(q, burst + n, got);
		n += got;
		if (!got)
			usleep(1000);
	}
	return n;
}

static uint32_t collect_nothing(uint32_t queue)
{
	usleep(20000);
	return kb_rx_burst(kb_backend_queue(be, queue), burst, BURST, &(struct kb_burst){0});
}

static void a_datagram_arrives_with_all_its_fields(void **state)
{
	const uint64_t before = kb_now_ns();
	(void)state;

	open_flows("udp:*:9000");
	put(&(struct packet_spec){.dst = NETNS_ADDR, .payload = 100});
	assert_int_equal(collect(0, 1), 1);
	assert_int_equal(burst[0].len, 100);
	assert_int_equal(burst[0].payload[99], 99);
	assert_int_equal(burst[0].src_addr, htonl(PACKET_SRC));
	assert_int_equal(burst[0].dst_addr, htonl(NETNS_ADDR));
	assert_int_equal(burst[0].src_port, PACKET_SPORT);
	assert_int_equal(burst[0].dst_port, PACKET_PORT);
	assert_int_equal(burst[0].queue, 0);
	assert_true(burst[0].rx_ns >= before && burst[0].rx_ns <= kb_now_ns());
}

static void what_no_flow_asks_for_stays_out(void **state)
{
	(void)state;
	open_flows("udp:10.0.0.2:9000,udp:239.1.1.1:9001");
	put(&(struct packet_spec){.dst = NETNS_ADDR, .dst_port = 9002});
	put(&(struct packet_spec){.dst = NETNS_ADDR, .dst_port = 9001});
	put(&(struct packet_spec){.dst = 0xef010102, .dst_port = 9001});
	put(&(struct packet_spec){.dst = 0xef010101, .dst_port = 9000});
	assert_int_equal(collect_nothing(0), 0);
}

static void several_ports_share_a_queue(void **state)
{
	uint32_t seen[3] = {0};
	(void)state;

	open_flows("udp:*:9000,udp:10.0.0.2:9001,udp:*:9002");
	for (uint16_t i = 0; i < 30; i++)
		put(&(struct packet_spec){.dst = NETNS_ADDR, .dst_port = (uint16_t)(9000 + i % 3)});
	assert_int_equal(collect(0, 30), 30);
	for (uint32_t i = 0; i < 30; i++)
		seen[burst[i].dst_port - 9000]++;
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(seen[i], 10);
}

static void a_burst_takes_no_more_than_asked(void **state)
{
	struct kb_queue *q;
	(void)state;

	open_flows("udp:*:9000,udp:*:9001");
	for (uint16_t i = 0; i < 20; i++)
		put(&(struct packet_spec){.dst = NETNS_ADDR, .dst_port = (uint16_t)(9000 + i % 2)});
	usleep(20000);
	q = kb_backend_queue(be, 0);
	assert_int_equal(kb_rx_burst(q, burst, 7, &(struct kb_burst){0}), 7);
	assert_int_equal(kb_rx_burst(q, burst, 7, &(struct kb_burst){0}), 7);
	assert_int_equal(kb_rx_burst(q, burst, 7, &(struct kb_burst){0}), 6);
	assert_int_equal(kb_rx_burst(q, burst, 7, &(struct kb_burst){0}), 0);
}

static void queues_share_a_port_without_losing_or_doubling(void **state)
{
	uint32_t total = 0, busy = 0;
	(void)state;

	cfg.queues = 4;
	open_flows("udp:*:9000");
	for (uint16_t i = 0; i < 60; i++)
		put_from(&(struct packet_spec){.dst = NETNS_ADDR}, (uint16_t)(20000 + i));
	usleep(20000);
	for (uint32_t i = 0; i < 4; i++) {
		const uint32_t n = collect(i, BURST);

		total += n;
		busy += n > 0;
	}
	assert_int_equal(total, 60);
	assert_true(busy > 1);
}

static void a_group_is_delivered_once_whatever_the_queues(void **state)
{
	static const char *const flows[] = {
		"udp:239.1.1.1:9000",
		"udp:*:9000,udp:239.1.1.1:9000",
		"udp:239.1.1.1:9000,udp:239.1.1.2:9000",
	};

	for (size_t i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
		uint32_t total = 0;

		cfg.queues = 4;
		open_flows(flows[i]);
		for (int j = 0; j < 10; j++)
			put(&(struct packet_spec){.dst = PACKET_DST});
		usleep(20000);
		for (uint32_t q = 0; q < 4; q++)
			total += collect(q, 20);
		assert_int_equal(total, 10);
		assert_int_equal(burst[0].dst_addr, htonl(PACKET_DST));
		clean(state);
		prepare(state);
	}
}

static void what_overflows_is_booked(void **state)
{
	const uint32_t sent = 500;
	uint32_t received = 0, n;
	(void)state;

	cfg.socket_buffer_kb = 16;
	open_flows("udp:*:9000");
	for (uint32_t i = 0; i < sent; i++)
		put(&(struct packet_spec){.dst = NETNS_ADDR, .payload = 1000});
	usleep(50000);
	while ((n = kb_rx_burst(kb_backend_queue(be, 0), burst, BURST, &(struct kb_burst){0})) > 0)
		received += n;
	assert_int_equal(kb_backend_housekeep(be), 0);
	assert_true(received > 0 && received < sent);
	assert_int_equal(kb_stats_cause(page, KB_CAUSE_SOCKET_OVERFLOW), sent - received);
	/* Once: the device has passed them all on. */
	assert_int_equal(kb_stats_cause(page, KB_CAUSE_NIC_DROPPED), 0);
	assert_int_equal(kb_backend_housekeep(be), 0);
	assert_int_equal(kb_stats_cause(page, KB_CAUSE_SOCKET_OVERFLOW), sent - received);
}

/* Cuts a datagram that no MTU of the wire lets through into two fragments. */
static void put_fragmented(uint32_t payload)
{
	static uint8_t whole[65536];
	uint8_t frame[PACKET_MAX];
	const uint32_t first = 1480, rest = 8 + payload - first;

	memset(whole, 7, sizeof(whole));
	packet_put16(whole, PACKET_SPORT);
	packet_put16(whole + 2, PACKET_PORT);
	packet_put16(whole + 4, 8 + payload);
	packet_put16(whole + 6, 0);
	for (uint32_t i = 0; i < 2; i++) {
		const uint32_t len = i ? rest : first;

		packet_build(frame,
			     &(struct packet_spec){.dst = NETNS_ADDR,
						   .payload = (uint16_t)(len - 8),
						   .fragment = (uint16_t)(i ? first / 8 : 0x2000)});
		memcpy(frame + 34, whole + (i ? first : 0), len);
		assert_true(netns_send(world, frame, 34 + len));
	}
}

static void a_datagram_longer_than_the_mtu_is_refused(void **state)
{
	(void)state;
	open_flows("udp:*:9000");
	put(&(struct packet_spec){.dst = NETNS_ADDR, .payload = 10});
	put_fragmented(2000);
	put(&(struct packet_spec){.dst = NETNS_ADDR, .payload = 20});
	assert_int_equal(collect(0, 2), 2);
	/* Its neighbours are whole: a refused one does not shift the buffers. */
	assert_int_equal(burst[0].len, 10);
	assert_int_equal(burst[1].len, 20);
	assert_int_equal(burst[1].payload[19], 19);
	assert_int_equal(page->queue[0].cause[KB_CAUSE_FRAGMENT], 1);
}

/* Reads frames at the far end until one is from `sport`. */
static uint32_t await(uint8_t *frame, uint16_t sport)
{
	for (;;) {
		struct pollfd poller = {.fd = world, .events = POLLIN};

		if (poll(&poller, 1, 1000) != 1)
			return 0;
		const ssize_t len = recv(world, frame, PACKET_MAX, 0);
		if (len >= 42 && frame[23] == 17 && kb_load_be16(frame + 34) == sport)
			return (uint32_t)len;
	}
}

static void datagrams_leave_from_the_port_asked(void **state)
{
	static const uint8_t text[] = "a datagram that leaves";
	struct kb_tx tx[100];
	uint8_t frame[PACKET_MAX];
	struct kb_pkt seen;
	(void)state;

	open_flows("udp:*:9000");
	for (uint32_t i = 0; i < 100; i++)
		tx[i] = (struct kb_tx){.payload = text,
				       .len = sizeof(text),
				       .dst_addr = htonl(NETNS_PEER),
				       .dst_port = (uint16_t)(7000 + i),
				       .src_port = i < 99 ? PACKET_PORT : 5555};
	assert_int_equal(kb_tx_burst(kb_backend_queue(be, 0), tx, 100), 100);
	assert_int_equal(page->queue[0].sent, 100);
	for (uint32_t i = 0; i < 100; i++) {
		const uint32_t len = await(frame, tx[i].src_port);

		assert_int_equal(kb_parse_udp(frame, len, &seen), KB_PARSE_OK);
		assert_int_equal(seen.dst_port, tx[i].dst_port);
		assert_int_equal(seen.src_addr, htonl(NETNS_ADDR));
		assert_int_equal(seen.len, sizeof(text));
		assert_memory_equal(seen.payload, text, sizeof(text));
	}
}

/* As far as from any other plane, and not to the first router only. */
static void a_group_is_reached_behind_routers(void **state)
{
	static const uint8_t text[] = "to many";
	uint8_t frame[PACKET_MAX];
	(void)state;

	open_flows("udp:*:9000,udp:239.1.1.1:9001");
	for (uint16_t port = 9000; port <= 9002; port++) { /* sockets that receive, and one more */
		const struct kb_tx tx = {.payload = text,
					 .len = sizeof(text),
					 .dst_addr = htonl(0xef010102),
					 .dst_port = 7000,
					 .src_port = port};

		assert_int_equal(kb_tx_burst(kb_backend_queue(be, 0), &tx, 1), 1);
		assert_true(await(frame, port) > 0);
		assert_int_equal(frame[22], KB_FRAME_TTL);
	}
	assert_int_equal(page->queue[0].sent, 3);
}

static void what_cannot_be_sent_is_refused_alone(void **state)
{
	static const uint8_t text[2000];
	const uint32_t peer = htonl(NETNS_PEER);
	const struct kb_tx tx[] = {
		{.payload = text, .len = 4, .dst_addr = peer, .dst_port = 1, .src_port = 9000},
		{.payload = text, .len = 1473, .dst_addr = peer, .dst_port = 2, .src_port = 9000},
		{.payload = text, .len = 1472, .dst_addr = peer, .dst_port = 3, .src_port = 9000},
		/* Broadcasts are nobody's flow. */
		{.payload = text,
		 .len = 4,
		 .dst_addr = 0xffffffff,
		 .dst_port = 4,
		 .src_port = 9000},
		{.payload = text, .len = 4, .dst_addr = peer, .dst_port = 5, .src_port = 9000},
	};
	uint8_t frame[PACKET_MAX];
	(void)state;

	open_flows("udp:*:9000");
	assert_int_equal(kb_tx_burst(kb_backend_queue(be, 0), tx, 5), 5);
	assert_int_equal(page->queue[0].sent, 3);
	assert_int_equal(page->queue[0].unsent, 2);
	for (uint16_t port = 1; port <= 5; port += 2) {
		assert_true(await(frame, 9000) > 0);
		assert_int_equal(kb_load_be16(frame + 36), port);
	}
}

static void a_sleeping_queue_wakes_by_itself(void **state)
{
	(void)state;
	cfg.poll_mode = KB_POLL_WAKEUP;
	open_flows("udp:*:9000,udp:*:9001");
	const uint64_t before = kb_clock_ns(CLOCK_MONOTONIC);
	assert_int_equal(kb_rx_burst(kb_backend_queue(be, 0), burst, BURST, &(struct kb_burst){0}),
			 0);
	/* It slept, or the mode is not in force. */
	assert_true(kb_clock_ns(CLOCK_MONOTONIC) - before >= (KB_WAKEUP_MS - 1) * 1000000ull);
	put(&(struct packet_spec){.dst = NETNS_ADDR, .dst_port = 9001});
	assert_int_equal(collect(0, 1), 1);
}

static void busy_polling_is_accepted(void **state)
{
	(void)state;
	cfg.poll_mode = KB_POLL_BUSY;
	cfg.busy_poll_us = 50;
	open_flows("udp:*:9000");
	assert_contains(page->detail, "busy-poll");
	put(&(struct packet_spec){.dst = NETNS_ADDR});
	assert_int_equal(collect(0, 1), 1);
}

static void the_mode_in_force_is_told(void **state)
{
	(void)state;
	open_flows("udp:*:9000");
	assert_string_equal(page->driver, "veth");
	assert_string_equal(page->xdp, "");
	assert_contains(page->detail, "rcvbuf=1024KiB");
}

static void counters_from_before_are_not_ours(void **state)
{
	uint8_t junk[64];
	(void)state;

	/* EtherType nobody listens to: the kernel counts it as rx_dropped. */
	memset(junk, 0xff, 6);
	memset(junk + 6, 2, 6);
	packet_put16(junk + 12, 0x1234);
	for (int i = 0; i < 5; i++)
		assert_int_equal(send(world, junk, sizeof(junk), 0), sizeof(junk));
	usleep(20000);
	open_flows("udp:*:9000");
	assert_int_equal(kb_backend_housekeep(be), 0);
	assert_int_equal(kb_stats_cause(page, KB_CAUSE_NIC_DROPPED), 0);
}

static void wrong_settings_are_named(void **state)
{
	(void)state;
	refuse_flows("udp:10.9.9.9:9000", KB_EXIT_CONFIG, "bind 10.9.9.9:9000 on kbt1");
	strcpy(cfg.iface, "kbt7");
	refuse_flows("udp:*:9000", KB_EXIT_CONFIG, "there is no network interface \"kbt7\"");
	strcpy(cfg.iface, NETNS_DATA);
	cfg.plane = KB_PLANE_XDP;
	refuse_flows("udp:*:9000", KB_EXIT_CONFIG, "-Dafxdp=enabled");
}

static void a_port_in_use_is_refused(void **state)
{
	struct kb_backend *other;
	(void)state;

	open_flows("udp:*:9000");
	other = be;
	refuse_flows("udp:*:9000", KB_EXIT_RETRY,
		     "bind 0.0.0.0:9000 on kbt1: Address already in use");
	be = other;
}

static void an_interface_that_is_down_is_refused(void **state)
{
	(void)state;
	assert_true(netns_run("ip link set " NETNS_DATA " down"));
	refuse_flows("udp:*:9000", KB_EXIT_RETRY, "interface kbt1 is down");
	assert_true(netns_run("ip link set " NETNS_DATA " up"));
	assert_true(
		netns_run("ip neigh replace 10.0.0.1 lladdr 02:00:00:00:00:01 dev " NETNS_DATA));
}

/* Last: it takes the wire away. */
static void an_interface_that_vanishes_is_noticed(void **state)
{
	(void)state;
	open_flows("udp:*:9000");
	assert_int_equal(kb_backend_housekeep(be), 0);
	assert_true(netns_run("ip link del " NETNS_DATA));
	assert_int_equal(kb_rx_burst(kb_backend_queue(be, 0), burst, BURST, &(struct kb_burst){0}),
			 0);
	assert_int_equal(kb_backend_housekeep(be), -1);
	assert_contains(kb_err_text(), "interface kbt1 is gone");
	assert_int_equal(kb_err_exit(), KB_EXIT_RETRY);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, prepare, clean)
	const struct CMUnitTest tests[] = {
		CASE(a_datagram_arrives_with_all_its_fields),
		CASE(what_no_flow_asks_for_stays_out),
		CASE(several_ports_share_a_queue),
		CASE(a_burst_takes_no_more_than_asked),
		CASE(queues_share_a_port_without_losing_or_doubling),
		CASE(a_group_is_delivered_once_whatever_the_queues),
		CASE(what_overflows_is_booked),
		CASE(a_datagram_longer_than_the_mtu_is_refused),
		CASE(datagrams_leave_from_the_port_asked),
		CASE(a_group_is_reached_behind_routers),
		CASE(what_cannot_be_sent_is_refused_alone),
		CASE(a_sleeping_queue_wakes_by_itself),
		CASE(busy_polling_is_accepted),
		CASE(the_mode_in_force_is_told),
		CASE(counters_from_before_are_not_ours),
		CASE(wrong_settings_are_named),
		CASE(a_port_in_use_is_refused),
		CASE(an_interface_that_is_down_is_refused),
		CASE(an_interface_that_vanishes_is_noticed),
	};

	if (!netns_enter()) {
		fprintf(stderr, "skipped: no network namespace of our own\n");
		return EXIT_SKIP;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
