// SPDX-License-Identifier: Apache-2.0
/*
 * What kb-dpdk puts on the wire, and what it refuses to take off it. The port is DPDK's net_ring,
 * whose two ends are one ring: a frame that is sent comes back as the very same buffer, so that it
 * shows who copied what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <rte_ethdev.h>

#include "kb/backend.h"
#include "kb/error.h"
#include "kb/frame.h"

#define PORT	    0
#define SMALL	    246u  /* a copy costs less */
#define LARGE	    1400u /* by reference */
#define SUBSCRIBERS 3u
#define FEED_PORT   9000u
#define SENDER	    0x0200000au /* 10.0.0.2, our neighbour */
#define FAR	    0x0100050au /* 10.5.0.1, behind the gateway */

static const uint8_t sender_mac[6] = {2, 0, 0, 0, 0, 9};
static const uint8_t gateway_mac[6] = {2, 0, 0, 0, 0, 1};
static struct kb_config cfg;
static struct kb_stats *stats;
static struct kb_backend *be;
static struct kb_queue *q;
static struct rte_mempool *pool; /* the queue's own */
static uint8_t own_mac[6];

static int open_port(void **state)
{
	(void)state;
	cfg = (struct kb_config){
		.plane = KB_PLANE_DPDK,
		.queues = 1,
		.mtu = 1500,
		.rx_ring = 256,
		.tx_ring = 256,
		.frames = 2048,
		.burst = 32,
		.addr = 0x0100000a, /* 10.0.0.1 */
		.prefix = 24,
		.gateway_addr = 0xfe00000a, /* 10.0.0.254 */
		.flows = {.n = 1, .flow = {{.port = FEED_PORT}}},
	};
	memcpy(cfg.gateway_mac, gateway_mac, sizeof(gateway_mac));
	strcpy(cfg.eal_args,
	       "--no-pci --no-huge --no-shconf --no-telemetry -m 64 --vdev=net_ring0");
	const size_t size = sizeof(*stats) + sizeof(stats->queue[0]);
	struct rte_ether_addr mac;
	stats = aligned_alloc(64, (size + 63) / 64 * 64);
	if (!stats)
		return -1;
	memset(stats, 0, size);
	stats->queues = 1;
	if (kb_backend_open(&be, &cfg, stats) < 0) {
		print_error("%s\n", kb_err_text());
		return -1;
	}
	q = kb_backend_queue(be, 0);
	pool = rte_mempool_lookup("kb-queue-0");
	if (rte_eth_macaddr_get(PORT, &mac))
		return -1;
	memcpy(own_mac, mac.addr_bytes, sizeof(own_mac));
	return 0;
}

static int close_port(void **state)
{
	(void)state;
	kb_backend_close(be);
	free(stats);
	return 0;
}

/* A datagram from a neighbour arrives; the burst that holds it is not released yet. */
static void receive(struct kb_pkt *pkt, uint16_t len)
{
	const struct kb_frame_path path = {
		.dst_mac = {own_mac[0], own_mac[1], own_mac[2], own_mac[3], own_mac[4], own_mac[5]},
		.src_mac = {2, 0, 0, 0, 0, 9},
		.src_addr = SENDER,
		.dst_addr = cfg.addr,
		.src_port = 7777,
		.dst_port = FEED_PORT,
	};
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

	assert_non_null(m);
	uint8_t *const frame = rte_pktmbuf_mtod(m, uint8_t *);
	for (uint16_t i = 0; i < len; i++)
		frame[KB_UDP_HEADERS + i] = (uint8_t)(i * 7);
	m->data_len = (uint16_t)kb_frame_udp(frame, &path, len);
	m->pkt_len = m->data_len;
	assert_int_equal(rte_eth_tx_burst(PORT, 0, &m, 1), 1);
	assert_int_equal(kb_rx_burst(q, pkt, 1, &(struct kb_burst){0}), 1);
	assert_int_equal(pkt->len, len);
}

/* The next frame on the wire, checked as its receiver would; the caller frees it. */
static struct rte_mbuf *sent(struct kb_pkt *out, uint8_t *flat, const uint8_t to_mac[6],
			     uint16_t len)
{
	struct rte_mbuf *m;

	assert_int_equal(rte_eth_rx_burst(PORT, 0, &m, 1), 1);
	rte_mbuf_sanity_check(m, 1);
	const uint8_t *const frame = rte_pktmbuf_read(m, 0, m->pkt_len, flat);
	assert_non_null(frame);
	if (frame != flat)
		memcpy(flat, frame, m->pkt_len);
	assert_memory_equal(flat, to_mac, 6);
	assert_memory_equal(flat + 6, own_mac, 6);
	assert_int_equal(kb_parse_udp(flat, m->pkt_len, out), KB_PARSE_OK);
	assert_int_equal(out->src_addr, cfg.addr);
	assert_int_equal(out->len, len);
	for (uint16_t i = 0; i < len; i++)
		assert_int_equal(out->payload[i], (uint8_t)(i * 7));
	/* A sum over the datagram with its checksum in it, and the pseudo header, is all ones. */
	const uint8_t tail[4] = {0, KB_IPPROTO_UDP, out->payload[-4], out->payload[-3]};
	uint64_t sum = kb_csum_add(0, out->payload - KB_UDP_HLEN - 8, 8 + KB_UDP_HLEN + len);
	assert_int_equal(kb_csum_fold(kb_csum_add(sum, tail, sizeof(tail))), 0);
	return m;
}

/* A frame with a checksum that the NIC found wrong is booked once, by its queue. */
static void refused(uint16_t dst_port, uint8_t protocol, uint64_t flags, enum kb_cause cause)
{
	const struct kb_frame_path path = {
		.src_addr = SENDER, .dst_addr = cfg.addr, .src_port = 7777, .dst_port = dst_port};
	const unsigned int before = rte_mempool_avail_count(pool);
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	struct kb_pkt pkt;

	assert_non_null(m);
	uint8_t *const frame = rte_pktmbuf_mtod(m, uint8_t *);
	m->data_len = (uint16_t)kb_frame_udp(frame, &path, SMALL);
	m->pkt_len = m->data_len;
	m->ol_flags = flags;
	frame[RTE_ETHER_HDR_LEN + 9] = protocol;
	memset(stats->queue[0].cause, 0, sizeof(stats->queue[0].cause));
	assert_int_equal(rte_eth_tx_burst(PORT, 0, &m, 1), 1);
	assert_int_equal(kb_rx_burst(q, &pkt, 1, &(struct kb_burst){0}), 0);
	for (uint32_t i = 0; i < KB_CAUSES; i++)
		assert_int_equal(kb_stats_cause(stats, i), i == cause);
	assert_int_equal(rte_mempool_avail_count(pool), before);
}

static void a_bad_checksum_has_one_cause(void **state)
{
	(void)state;
	refused(FEED_PORT, KB_IPPROTO_UDP, RTE_MBUF_F_RX_L4_CKSUM_BAD, KB_CAUSE_NIC_ERROR);
	refused(FEED_PORT, KB_IPPROTO_UDP, RTE_MBUF_F_RX_IP_CKSUM_BAD, KB_CAUSE_NIC_ERROR);
	/* TCP, say: of no feed, whatever is wrong with it. */
	refused(FEED_PORT, 6, RTE_MBUF_F_RX_L4_CKSUM_BAD, KB_CAUSE_NOT_UDP);
}

static struct kb_tx to(const struct kb_pkt *from, uint32_t addr, uint16_t port, bool last)
{
	return (struct kb_tx){
		.payload = from->payload,
		.from = from,
		.dst_addr = addr,
		.dst_port = port,
		.src_port = from->dst_port,
		.len = from->len,
		.last = last,
	};
}

static void an_echo_is_the_frame_that_came(void **state)
{
	const unsigned int before = rte_mempool_avail_count(pool);
	uint8_t flat[2048];
	struct kb_pkt in, out;
	(void)state;

	receive(&in, SMALL);
	const struct rte_mbuf *const came = in.frame;
	const struct kb_tx tx = to(&in, in.src_addr, in.src_port, true);
	assert_int_equal(kb_tx_burst(q, &tx, 1), 1);
	kb_rx_release(q, &in, 1);
	/* Back to who sent it, although nobody has told us of that neighbour. */
	struct rte_mbuf *const went = sent(&out, flat, sender_mac, SMALL);
	assert_ptr_equal(went, came);
	assert_int_equal(out.dst_addr, SENDER);
	assert_int_equal(out.dst_port, 7777);
	assert_int_equal(out.src_port, FEED_PORT);
	rte_pktmbuf_free(went);
	assert_int_equal(rte_mempool_avail_count(pool), before);
}

static void what_is_read_again_is_copied(void **state)
{
	const unsigned int before = rte_mempool_avail_count(pool);
	uint8_t flat[2048];
	struct kb_pkt in, out;
	(void)state;

	receive(&in, SMALL);
	const struct rte_mbuf *const came = in.frame;
	const struct kb_tx tx = to(&in, in.src_addr, in.src_port, false);
	assert_int_equal(kb_tx_burst(q, &tx, 1), 1);
	struct rte_mbuf *const went = sent(&out, flat, sender_mac, SMALL);
	assert_ptr_not_equal(went, came);
	assert_int_equal(in.payload[1], 7);
	rte_pktmbuf_free(went);
	kb_rx_release(q, &in, 1);
	assert_int_equal(rte_mempool_avail_count(pool), before);
}

/* One payload to many: by reference where it is large, the frame itself to the last. */
static void fan_out(uint16_t len, uint16_t segments)
{
	const unsigned int before = rte_mempool_avail_count(pool);
	struct rte_mbuf *went[SUBSCRIBERS];
	struct kb_tx tx[SUBSCRIBERS];
	uint8_t flat[2048];
	struct kb_pkt in, out;

	receive(&in, len);
	for (uint32_t i = 0; i < SUBSCRIBERS; i++)
		tx[i] = to(&in, FAR, (uint16_t)(5000 + i), i == SUBSCRIBERS - 1);
	const struct rte_mbuf *const came = in.frame;
	assert_int_equal(kb_tx_burst(q, tx, SUBSCRIBERS), SUBSCRIBERS);
	kb_rx_release(q, &in, 1);
	for (uint32_t i = 0; i < SUBSCRIBERS; i++) {
		went[i] = sent(&out, flat, gateway_mac, len);
		assert_int_equal(out.dst_port, 5000 + i);
		assert_int_equal(went[i]->nb_segs, i == SUBSCRIBERS - 1 ? 1 : segments);
	}
	assert_ptr_equal(went[SUBSCRIBERS - 1], came);
	/* In any order: the payload lives as long as the last frame that shows it. */
	for (uint32_t i = SUBSCRIBERS; i-- > 0;)
		rte_pktmbuf_free(went[i]);
	assert_int_equal(rte_mempool_avail_count(pool), before);
}

static void a_small_payload_is_copied_to_many(void **state)
{
	(void)state;
	fan_out(SMALL, 1);
}

static void a_large_payload_is_shared_by_many(void **state)
{
	(void)state;
	fan_out(LARGE, 2);
}

/* The ring is full: what could not be sent is the handler's still, and goes out later. */
static void what_finds_no_room_stays(void **state)
{
	const unsigned int before = rte_mempool_avail_count(pool);
	struct rte_mbuf *filler = NULL;
	uint8_t flat[2048];
	struct kb_pkt in, out;
	uint32_t filled = 0;
	(void)state;

	receive(&in, SMALL);
	const struct kb_tx tx = to(&in, in.src_addr, in.src_port, true);
	assert_non_null(filler = rte_pktmbuf_alloc(pool));
	while (rte_eth_tx_burst(PORT, 0, &filler, 1) == 1) /* one buffer, over and over */
		filled++;
	assert_int_equal(kb_tx_burst(q, &tx, 1), 0);
	assert_non_null(in.frame);
	while (filled-- > 0)
		assert_int_equal(rte_eth_rx_burst(PORT, 0, &filler, 1), 1);
	rte_pktmbuf_free(filler);

	assert_int_equal(kb_tx_burst(q, &tx, 1), 1);
	kb_rx_release(q, &in, 1);
	rte_pktmbuf_free(sent(&out, flat, sender_mac, SMALL));
	assert_int_equal(rte_mempool_avail_count(pool), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_echo_is_the_frame_that_came),
		cmocka_unit_test(what_is_read_again_is_copied),
		cmocka_unit_test(a_small_payload_is_copied_to_many),
		cmocka_unit_test(a_large_payload_is_shared_by_many),
		cmocka_unit_test(what_finds_no_room_stays),
		cmocka_unit_test(a_bad_checksum_has_one_cause),
	};

	return cmocka_run_group_tests(tests, open_port, close_port);
}
