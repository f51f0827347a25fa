// SPDX-License-Identifier: Apache-2.0
/* The plane `xdp`: the socket back-end behind the real filter, on a wire. */
#include "check.h"
#include "netns.h"
#include "packets.h"

#include <sys/mount.h>

#include "kb/backend.h"
#include "kb/bpf.h"
#include "kb/error.h"
#include "netdev.h"

#define BURST 64u

static char dir[] = "/tmp/kb-test-xdp-plane-XXXXXX";
static struct kb_config cfg;
static struct kb_stats *page;
static struct kb_backend *be;
static struct kb_pkt burst[BURST];
static int world;

static int ifindex(void)
{
	return (int)if_nametoindex(NETNS_DATA);
}

static void attach(void)
{
	if (kb_filter_attach(&cfg, ifindex()))
		fail_msg("%s", kb_err_text());
}

static int prepare(void **state)
{
	(void)state;
	cfg = (struct kb_config){
		.plane = KB_PLANE_XDP,
		.queues = 1,
		.mtu = 1500,
		.burst = BURST,
		.socket_buffer_kb = 1024,
		.xdp_mode = KB_XDP_GENERIC, /* any kernel has it */
		.unmatched = KB_UNMATCHED_DROP,
	};
	strcpy(cfg.iface, NETNS_DATA);
	snprintf(cfg.bpf_dir, sizeof(cfg.bpf_dir), "%s", dir);
	if (kb_flows_parse(&cfg.flows, "udp:*:9000"))
		return -1;
	page = aligned_alloc(64, sizeof(*page) + sizeof(page->queue[0]));
	if (!page)
		return -1;
	memset(page, 0, sizeof(*page) + sizeof(page->queue[0]));
	page->queues = 1;
	be = NULL;
	world = netns_open_world();
	return world < 0;
}

static int clean(void **state)
{
	(void)state;
	kb_backend_close(be);
	kb_filter_detach(&cfg, ifindex());
	free(page);
	close(world);
	return 0;
}

static void open_backend(void)
{
	if (kb_backend_open(&be, &cfg, page))
		fail_msg("%s", kb_err_text());
}

static void put(uint32_t n, const struct packet_spec *spec)
{
	uint8_t frame[PACKET_MAX];

	for (uint32_t i = 0; i < n; i++)
		assert_true(netns_send(world, frame, packet_build(frame, spec)));
}

static uint32_t collect(uint32_t expected)
{
	uint32_t n = 0;

	for (int tries = 0; tries < 200 && n < expected; tries++) {
		n += kb_rx_burst(kb_backend_queue(be, 0), burst, BURST, &(struct kb_burst){0});
		usleep(1000);
	}
	return n;
}

#define assert_cause(cause, expected)                                                              \
	do {                                                                                       \
		assert_int_equal(kb_backend_housekeep(be), 0);                                     \
		assert_int_equal(kb_stats_cause(page, KB_CAUSE_##cause), expected);                \
	} while (0)

static void without_the_filter_there_is_no_such_plane(void **state)
{
	(void)state;
	assert_int_equal(kb_backend_open(&be, &cfg, page), -1);
	assert_contains(kb_err_text(), "the XDP filter is not attached to kbt1");
	assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
}

static void verdicts_are_booked_from_the_start_on(void **state)
{
	(void)state;
	attach();
	put(3, &(struct packet_spec){.dst = NETNS_ADDR, .dst_port = 9001}); /* before us */
	usleep(20000);
	open_backend();
	assert_string_equal(page->xdp, "generic");
	put(10, &(struct packet_spec){.dst = NETNS_ADDR});
	put(4, &(struct packet_spec){.dst = NETNS_ADDR, .dst_port = 9001});
	put(2, &(struct packet_spec){.dst = NETNS_ADDR, .udp_len_delta = -1});
	put(1, &(struct packet_spec){.dst = NETNS_ADDR, .fragment = 0x2000});
	assert_int_equal(collect(10), 10);
	usleep(20000);
	assert_cause(FILTERED, 4);
	assert_cause(BAD_UDP_LENGTH, 2);
	assert_cause(FRAGMENT, 1);
	assert_cause(NIC_DROPPED, 0); /* what the filter drops is not booked a second time */
	assert_cause(FILTERED, 4);    /* nor by looking twice */
}

static void a_type_the_kernel_has_no_use_for_has_one_cause(void **state)
{
	struct kb_netdev_counters before, after;
	(void)state;
	cfg.unmatched = KB_UNMATCHED_PASS;
	attach();
	open_backend();
	assert_int_equal(kb_netdev_counters(&before, ifindex()), 0);
	put(6, &(struct packet_spec){.ethertype = 0x88cc}); /* LLDP */
	usleep(20000);
	assert_int_equal(kb_netdev_counters(&after, ifindex()), 0);
	assert_int_equal(after.rx_dropped - before.rx_dropped, 6); /* or the test shows nothing */
	assert_cause(NOT_IPV4, 6);
	assert_cause(NIC_DROPPED, 0);
}

static void a_replaced_filter_goes_on_counting(void **state)
{
	(void)state;
	attach();
	open_backend();
	put(5, &(struct packet_spec){.dst = NETNS_ADDR, .dst_port = 9001});
	usleep(20000);
	assert_cause(FILTERED, 5);
	attach();
	put(2, &(struct packet_spec){.dst = NETNS_ADDR, .dst_port = 9001});
	usleep(20000);
	assert_cause(FILTERED, 7);
}

static void without_the_filter_reception_goes_on_and_says_so(void **state)
{
	(void)state;
	attach();
	open_backend();
	assert_int_equal(kb_filter_detach(&cfg, ifindex()), 0);
	assert_cause(FILTERED, 0);
	assert_string_equal(page->xdp, "");
	put(1, &(struct packet_spec){.dst = NETNS_ADDR});
	assert_int_equal(collect(1), 1);
	attach();
	put(3, &(struct packet_spec){.dst = NETNS_ADDR, .dst_port = 9001});
	usleep(20000);
	assert_cause(FILTERED, 3);
	assert_string_equal(page->xdp, "generic");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, prepare, clean)
	const struct CMUnitTest tests[] = {
		CASE(without_the_filter_there_is_no_such_plane),
		CASE(verdicts_are_booked_from_the_start_on),
		CASE(a_type_the_kernel_has_no_use_for_has_one_cause),
		CASE(a_replaced_filter_goes_on_counting),
		CASE(without_the_filter_reception_goes_on_and_says_so),
	};

	/* The file system of the pins is mounted, so mounts are our own as well. */
	if (!netns_enter() || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		fprintf(stderr, "skipped: no network and mount namespace of our own\n");
		return EXIT_SKIP;
	}
	if (!mkdtemp(dir))
		return 1;
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	umount2(dir, MNT_DETACH);
	rmdir(dir);
	return failed;
}
