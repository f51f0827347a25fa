// SPDX-License-Identifier: Apache-2.0
/*
 * AF_XDP: frames that the XDP program redirects arrive in memory shared with this process. Here is
 * what runs on the queues' threads; afxdp/port.c opens the port, afxdp/housekeep.c watches it.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "afxdp/port.h"
#include "kb/backend.h"
#include "kb/clock.h"
#include "kb/fast_clock.h"
#include "kb/frame.h"
#include "kb/tap.h"
#include "kb/wanted.h"

/* One system call sends at most this many frames in copy mode (TX_BATCH_SIZE of net/xdp/xsk.c). */
#define KICK_FRAMES 32u

const struct kb_backend_info kb_backend_info = {
	.program = "kb-afxdp",
	.use = KB_USE_XDP,
	.planes = 1u << KB_PLANE_AFXDP,
};

struct kb_queue *kb_backend_queue(struct kb_backend *be, uint32_t i)
{
	return &be->queue[i];
}

int kb_queue_attach(struct kb_queue *q)
{
	(void)q; /* sockets know no threads */
	return 0;
}

/* --- send: before receive, because an idle receiver finishes what was left --- */

static void reclaim(struct kb_xsk *x)
{
	uint32_t idx = 0;
	const uint32_t done = xsk_ring_cons__peek(&x->completion, x->tx_frames, &idx);

	for (uint32_t i = 0; i < done; i++)
		x->free_tx[x->free_tx_n++] = /* a frame that was turned around begins later */
			*xsk_ring_cons__comp_addr(&x->completion, idx + i) & ~(KB_XSK_CHUNK - 1ull);
	xsk_ring_cons__release(&x->completion, done);
}

/* In copy mode nothing leaves the ring but by this call, some frames at a time. */
static void kick(const struct kb_xsk *x)
{
	const uint32_t waiting = x->tx_frames - x->free_tx_n;

	if (!xsk_ring_prod__needs_wakeup(&x->tx))
		return;
	for (uint32_t i = 0; i <= waiting / KICK_FRAMES; i++)
		if (sendto(x->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0 || errno != EAGAIN)
			return;
}

/* The MAC of the next hop. Returns 0, or -1 while it is not known. */
static int next_hop(struct kb_backend *be, const struct kb_tx *tx, uint8_t mac[6])
{
	uint32_t hop = tx->dst_addr;

	if (kb_addr_is_multicast(hop)) {
		kb_frame_multicast_mac(mac, hop);
		return 0;
	}
	/* An answer goes back where the question came from, neighbour or router. */
	if (tx->from && tx->from->src_addr == hop) {
		memcpy(mac, (const uint8_t *)tx->from->frame + 6, 6);
		return 0;
	}
	if ((hop ^ be->addr) & be->netmask) {
		if (be->has_gateway_mac) {
			memcpy(mac, be->cfg.gateway_mac, 6);
			return 0;
		}
		hop = be->cfg.gateway_addr;
	}
	return hop ? kb_kernel_arp_mac(&be->arp, hop, kb_now_ns(), mac) : -1;
}

/* May the received frame itself go out, with new headers in front of the payload it has? */
static bool turns_around(const struct kb_tx *tx)
{
	return tx->last && tx->from && tx->payload == tx->from->payload;
}

/*
 * The spare frame takes the received one's place, which is the sender's from now on: both are of
 * one umem, so neither the fill ring nor the TX frames become fewer.
 */
static uint8_t *turn_around(struct kb_xsk *x, const struct kb_tx *tx, uint64_t spare)
{
	((struct kb_pkt *)(uintptr_t)tx->from)->frame = x->area + spare;
	return x->area + (tx->payload - x->area) - KB_UDP_HEADERS;
}

/* Whether a datagram can be sent, and how. */
static bool find_path(struct kb_backend *be, const struct kb_tx *tx, struct kb_frame_path *path)
{
	*path = (struct kb_frame_path){
		.src_addr = be->addr,
		.dst_addr = tx->dst_addr,
		.src_port = tx->src_port,
		.dst_port = tx->dst_port,
	};
	memcpy(path->src_mac, be->dev.mac, 6);
	return be->addr && tx->len + KB_UDP_HEADERS <= be->dev.mtu + KB_ETH_HLEN &&
	       next_hop(be, tx, path->dst_mac) == 0;
}

uint32_t kb_tx_burst(struct kb_queue *q, const struct kb_tx *v, uint32_t n)
{
	struct kb_xsk *const x = &q->xsk;
	uint32_t sent = 0, refused = 0, idx = 0, i;

	reclaim(x);
	for (i = 0; i < n && x->free_tx_n; i++) {
		const uint64_t spare = x->free_tx[x->free_tx_n - 1];
		struct kb_frame_path path;
		uint8_t *frame = x->area + spare;

		if (!find_path(q->be, &v[i], &path)) {
			refused++;
			continue;
		}
		if (!xsk_ring_prod__reserve(&x->tx, 1, &idx))
			break;
		if (turns_around(&v[i]))
			frame = turn_around(x, &v[i], spare);
		else
			memcpy(frame + KB_UDP_HEADERS, v[i].payload, v[i].len);
		*xsk_ring_prod__tx_desc(&x->tx, idx) = (struct xdp_desc){
			.addr = (uint64_t)(frame - x->area),
			.len = kb_frame_udp(frame, &path, v[i].len),
		};
		x->free_tx_n--;
		sent++;
	}
	xsk_ring_prod__submit(&x->tx, sent);
	/* Also when there was no room: what an earlier call could not push out must go first. */
	if (sent || i < n)
		kick(x);
	kb_stat_add(&q->stats->sent, sent);
	if (refused)
		kb_stat_add(&q->stats->unsent, refused);
	return i;
}

/* --- receive --- */

/* Nothing has arrived: make the driver look, or sleep until something does. */
static void idle(struct kb_queue *q)
{
	struct kb_xsk *const x = &q->xsk;
	struct pollfd wait = {.fd = x->fd, .events = POLLIN};

	if (x->free_tx_n < x->tx_frames) {
		reclaim(x);
		kick(x);
	}
	if (q->poll_mode == KB_POLL_WAKEUP)
		poll(&wait, 1, KB_WAKEUP_MS);
	else if (q->poll_mode == KB_POLL_BUSY || xsk_ring_prod__needs_wakeup(&x->fill))
		recvfrom(x->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
}

/* Takes effect with the next submit. There is always room: the fill ring holds every RX frame. */
static void give_back(struct kb_xsk *x, uint64_t addr)
{
	uint32_t idx = 0;

	xsk_ring_prod__reserve(&x->fill, 1, &idx);
	*xsk_ring_prod__fill_addr(&x->fill, idx) = addr;
}

static __attribute__((noinline, cold)) void count_refused(struct kb_queue *q,
							  const uint32_t refused[KB_CAUSES])
{
	for (uint32_t i = 0; i < KB_CAUSES; i++)
		if (refused[i])
			kb_stat_add(&q->stats->cause[i], refused[i]);
}

/* For an attached kb-dump, before anything is done with the frames. */
static __attribute__((noinline, cold)) void tap(struct kb_queue *q, uint32_t idx, uint32_t got)
{
	struct kb_tap *const t = kb_tap_begin(q->index);
	const uint64_t now_ns = kb_now_ns();
	struct kb_pkt pkt;

	if (!t)
		return;
	for (uint32_t i = 0; i < got; i++) {
		const struct xdp_desc *const desc =
			xsk_ring_cons__rx_desc((struct xsk_ring_cons *)&q->xsk.rx, idx + i);
		const uint8_t *const frame = q->xsk.area + desc->addr;

		/* KB_PARSE_OK, -1, is KB_TAP_DELIVERED in its 8 bits. */
		kb_tap_frame(t, frame, desc->len, desc->len, now_ns,
			     (uint8_t)kb_parse_wanted(&q->wanted, &q->be->cfg.flows, frame,
						      desc->len, &pkt));
	}
	kb_tap_end(t);
}

/* Hands out the wanted datagrams among `got` frames of the RX ring; returns how many. */
static uint32_t take(struct kb_queue *q, struct kb_pkt *v, uint32_t idx, uint32_t got,
		     struct kb_burst *b)
{
	struct kb_xsk *const x = &q->xsk;
	/* Locals: what is stored through v could otherwise be any of them. */
	const struct kb_flows *const flows = &q->be->cfg.flows;
	const uint64_t polled_ns = kb_fast_now_ns();
	uint8_t *const area = x->area;
	const uint16_t queue = (uint16_t)q->index;
	uint32_t refused[KB_CAUSES] = {0};
	uint64_t bytes = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < got; i++) {
		const struct xdp_desc *const desc = xsk_ring_cons__rx_desc(&x->rx, idx + i);
		uint8_t *const frame = area + desc->addr;
		const int cause = kb_parse_wanted(&q->wanted, flows, frame, desc->len, &v[n]);

		if (__builtin_expect(cause != KB_PARSE_OK, 0)) {
			refused[cause]++;
			give_back(x, desc->addr);
			continue;
		}
		v[n].rx_ns = polled_ns; /* no stamp of its own */
		v[n].frame = frame;
		v[n].queue = queue;
		bytes += v[n].len;
		n++;
	}
	xsk_ring_cons__release(&x->rx, got);
	if (__builtin_expect(n < got, 0)) {
		xsk_ring_prod__submit(&x->fill, got - n);
		count_refused(q, refused);
	}
	*b = (struct kb_burst){.polled_ns = polled_ns, .bytes = bytes};
	return n;
}

uint32_t kb_rx_burst(struct kb_queue *q, struct kb_pkt *v, uint32_t max, struct kb_burst *b)
{
	uint32_t idx = 0;
	uint32_t got = xsk_ring_cons__peek(&q->xsk.rx, max, &idx);

	if (got == 0) {
		idle(q);
		got = xsk_ring_cons__peek(&q->xsk.rx, max, &idx);
		if (got == 0)
			return 0;
	}
	if (kb_tap_wanted(q->index))
		tap(q, idx, got);
	return take(q, v, idx, got, b);
}

void kb_rx_release(struct kb_queue *q, const struct kb_pkt *v, uint32_t n)
{
	struct kb_xsk *const x = &q->xsk;
	uint32_t idx = 0;

	xsk_ring_prod__reserve(&x->fill, n, &idx); /* there is always room, as in give_back() */
	for (uint32_t i = 0; i < n; i++)
		*xsk_ring_prod__fill_addr(&x->fill, idx + i) =
			(uint64_t)((const uint8_t *)v[i].frame - x->area);
	xsk_ring_prod__submit(&x->fill, n);
}
