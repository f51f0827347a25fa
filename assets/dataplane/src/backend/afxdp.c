// SPDX-License-Identifier: Apache-2.0
/* AF_XDP: frames that the XDP program redirects arrive in memory shared with this process. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "kb/backend.h"
#include "kb/bpf.h"
#include "kb/clock.h"
#include "kb/error.h"
#include "kb/frame.h"
#include "kb/parse.h"
#include "kernel_arp.h"
#include "netdev.h"
#include "afxdp_ledger.h"
#include "xdp_limits.h"
#include "xsk.h"

/* One system call sends at most this many frames in copy mode (TX_BATCH_SIZE of net/xdp/xsk.c). */
#define KICK_FRAMES 32u
/* ENA resets itself within a second or two when it must; a link down for longer is down. */
#define LINK_DOWN_NS 3000000000ull
#define CHECK_NS     1000000000ull /* how often the interface itself is looked at */

struct kb_queue {
	struct kb_xsk xsk;
	struct kb_queue_stats *stats;
	struct kb_backend *be;
	uint32_t poll_mode;
	uint16_t index;
} __attribute__((aligned(64)));

struct kb_backend {
	struct kb_config cfg;
	struct kb_stats *stats;
	struct kb_netdev dev;
	struct kb_redirect *redirect;
	uint32_t open_queues;

	/* sending */
	struct kb_kernel_arp arp;
	uint32_t addr;	  /* ours, network byte order, 0 = none: nothing can be sent */
	uint32_t netmask; /* network byte order */
	bool has_gateway_mac;

	/* the ledger */
	struct kb_afxdp_mode mode;
	/* ethtool -S: the allowances, then a counter of failed redirects for each queue */
	int32_t ethtool_index[KB_ALLOWANCES + KB_MAX_QUEUES];
	uint64_t allowance_since[KB_ALLOWANCES];
	uint64_t allowance[KB_ALLOWANCES];
	struct kb_afxdp_reading since;
	struct kb_afxdp_reading now;

	uint64_t ethtool_ns;
	uint64_t checked_ns;
	uint64_t down_since_ns; /* 0 = up */

	struct kb_queue queue[];
};

const struct kb_backend_info kb_backend_info = {
	.program = "kb-afxdp",
	.use = KB_USE_XDP,
	.planes = 1u << KB_PLANE_AFXDP,
};

/* --- send: before receive, because an idle receiver finishes what was left --- */

static void reclaim(struct kb_xsk *x)
{
	uint32_t idx = 0;
	const uint32_t done = xsk_ring_cons__peek(&x->completion, x->tx_frames, &idx);

	for (uint32_t i = 0; i < done; i++)
		x->free_tx[x->free_tx_n++] = *xsk_ring_cons__comp_addr(&x->completion, idx + i);
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

/* Returns the frame's length, 0 when the datagram cannot be sent. */
static uint32_t build(struct kb_backend *be, uint8_t *frame, const struct kb_tx *tx)
{
	struct kb_frame_path path = {
		.src_addr = be->addr,
		.dst_addr = tx->dst_addr,
		.src_port = tx->src_port,
		.dst_port = tx->dst_port,
	};

	if (!be->addr || tx->len + KB_UDP_HEADERS > be->dev.mtu + KB_ETH_HLEN ||
	    next_hop(be, tx, path.dst_mac))
		return 0;
	memcpy(path.src_mac, be->dev.mac, 6);
	memcpy(frame + KB_UDP_HEADERS, tx->payload, tx->len);
	return kb_frame_udp(frame, &path, tx->len);
}

uint32_t kb_tx_burst(struct kb_queue *q, const struct kb_tx *v, uint32_t n)
{
	struct kb_xsk *const x = &q->xsk;
	uint32_t sent = 0, refused = 0, idx = 0, i;

	reclaim(x);
	for (i = 0; i < n && x->free_tx_n; i++) {
		const uint64_t addr = x->free_tx[x->free_tx_n - 1];
		const uint32_t len = build(q->be, x->area + addr, &v[i]);

		if (!len) {
			refused++;
			continue;
		}
		if (!xsk_ring_prod__reserve(&x->tx, 1, &idx))
			break;
		*xsk_ring_prod__tx_desc(&x->tx, idx) = (struct xdp_desc){.addr = addr, .len = len};
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

/* Hands out the wanted datagrams among `got` frames of the RX ring; returns how many. */
static uint32_t take(struct kb_queue *q, struct kb_pkt *v, uint32_t idx, uint32_t got)
{
	struct kb_xsk *const x = &q->xsk;
	const struct kb_flows *const flows = &q->be->cfg.flows;
	uint32_t refused[KB_CAUSES] = {0};
	uint32_t n = 0;

	for (uint32_t i = 0; i < got; i++) {
		const struct xdp_desc *const desc = xsk_ring_cons__rx_desc(&x->rx, idx + i);
		uint8_t *const frame = x->area + desc->addr;
		int cause = kb_parse_udp(frame, desc->len, &v[n]);

		if (cause == KB_PARSE_OK && !kb_flows_match(flows, v[n].dst_addr, v[n].dst_port))
			cause = KB_CAUSE_NO_FLOW;
		if (__builtin_expect(cause != KB_PARSE_OK, 0)) {
			refused[cause]++;
			give_back(x, desc->addr);
			continue;
		}
		v[n].rx_ns = 0; /* no stamp of its own: the loop reads the clock once */
		v[n].frame = frame;
		v[n].queue = q->index;
		n++;
	}
	xsk_ring_cons__release(&x->rx, got);
	if (__builtin_expect(n < got, 0)) {
		xsk_ring_prod__submit(&x->fill, got - n);
		count_refused(q, refused);
	}
	return n;
}

uint32_t kb_rx_burst(struct kb_queue *q, struct kb_pkt *v, uint32_t max)
{
	uint32_t idx = 0;
	uint32_t got = xsk_ring_cons__peek(&q->xsk.rx, max, &idx);

	if (got == 0) {
		idle(q);
		got = xsk_ring_cons__peek(&q->xsk.rx, max, &idx);
		if (got == 0)
			return 0;
	}
	return take(q, v, idx, got);
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

/* --- housekeeping --- */

/* On ENA this costs an admin command, so it is read once a second and not at each housekeeping. */
static int read_ethtool(struct kb_backend *be, struct kb_afxdp_reading *r, uint64_t now_ns)
{
	uint64_t value[KB_ALLOWANCES + KB_MAX_QUEUES];

	if (now_ns - be->ethtool_ns < CHECK_NS)
		return 0;
	be->ethtool_ns = now_ns;
	if (kb_ethtool_read(be->cfg.iface, be->ethtool_index, KB_ALLOWANCES + be->cfg.queues,
			    value))
		return -1;
	memcpy(be->allowance, value, sizeof(be->allowance));
	memcpy(r->redirect_errors, value + KB_ALLOWANCES, be->cfg.queues * sizeof(value[0]));
	return 0;
}

/* The device before the sockets, as kb_afxdp_book() wants it. */
static int read_counters(struct kb_backend *be, struct kb_afxdp_reading *r, uint64_t now_ns)
{
	if (kb_netdev_counters(&r->nic, be->dev.ifindex) || read_ethtool(be, r, now_ns))
		return -1;
	for (uint32_t i = 0; i < be->cfg.queues; i++)
		if (kb_xsk_statistics(&be->queue[i].xsk, &r->socket[i]))
			return -1;
	return kb_redirect_counts(be->redirect, &r->verdicts);
}

/* The kernel refuses a descriptor only when this program has written nonsense into a ring. */
static int check_rings(const struct kb_backend *be)
{
	for (uint32_t i = 0; i < be->cfg.queues; i++) {
		const struct xdp_statistics *const s = &be->now.socket[i];

		if (s->rx_invalid_descs || s->tx_invalid_descs)
			return kb_err_set(KB_EXIT_RETRY, 0,
					  "queue %u: the kernel refused %llu fill and %llu TX "
					  "descriptors: frame memory is corrupted",
					  i, s->rx_invalid_descs, s->tx_invalid_descs);
	}
	return 0;
}

static void book_allowances(struct kb_backend *be)
{
	for (uint32_t i = 0; i < KB_ALLOWANCES; i++)
		kb_stat_set(&be->stats->allowance[i], be->allowance[i] - be->allowance_since[i]);
}

static bool link_is_up(const struct kb_backend *be)
{
	struct ifreq ifr = {0};

	memcpy(ifr.ifr_name, be->cfg.iface, sizeof(ifr.ifr_name) - 1);
	return !ioctl(be->arp.control, SIOCGIFFLAGS, &ifr) && ifr.ifr_flags & IFF_UP &&
	       ifr.ifr_flags & IFF_RUNNING;
}

static int check_port(struct kb_backend *be, uint64_t now_ns)
{
	if (now_ns - be->checked_ns < CHECK_NS)
		return 0;
	be->checked_ns = now_ns;
	if (link_is_up(be)) {
		be->down_since_ns = 0;
		return kb_redirect_check(be->redirect);
	}
	if (be->down_since_ns == 0)
		be->down_since_ns = now_ns;
	if (now_ns - be->down_since_ns >= LINK_DOWN_NS)
		return kb_err_set(KB_EXIT_RETRY, 0, "%s has been down for %llu s", be->cfg.iface,
				  (unsigned long long)(LINK_DOWN_NS / 1000000000ull));
	return 0;
}

static int observe(struct kb_backend *be, uint64_t now_ns)
{
	if (read_counters(be, &be->now, now_ns))
		return -1;
	kb_afxdp_book(be->stats->device, &be->mode, &be->since, &be->now);
	book_allowances(be);
	kb_kernel_arp_collect(&be->arp, now_ns);
	return check_rings(be) || check_port(be, now_ns) ? -1 : 0;
}

int kb_backend_housekeep(struct kb_backend *be)
{
	const int result = observe(be, kb_now_ns());

	/* Asked last, because the interface may go at any point, and then that is the reason. */
	if (if_nametoindex(be->cfg.iface) != (unsigned int)be->dev.ifindex)
		return kb_err_set(KB_EXIT_RETRY, 0, "%s is gone: the interface was removed",
				  be->cfg.iface);
	return result;
}

/* --- open --- */

static void close_queues(struct kb_backend *be)
{
	while (be->open_queues)
		kb_xsk_close(&be->queue[--be->open_queues].xsk);
}

static int open_queues(struct kb_backend *be, bool zero_copy, int *refused)
{
	for (uint32_t i = 0; i < be->cfg.queues; i++) {
		struct kb_queue *const q = &be->queue[i];

		if (kb_xsk_open(&q->xsk, &be->cfg, i, zero_copy, refused)) {
			close_queues(be);
			return -1;
		}
		q->stats = &be->stats->queue[i];
		q->be = be;
		q->poll_mode = be->cfg.poll_mode;
		q->index = (uint16_t)i;
		be->open_queues++;
	}
	be->mode.zero_copy = be->queue[0].xsk.zero_copy;
	return 0;
}

/* Asks for a mode by name each time: left to itself the kernel would pick copy and not say so. */
static int open_in_mode(struct kb_backend *be, const struct kb_xdp_port *port)
{
	const struct kb_config *const cfg = &be->cfg;
	const bool native = cfg->xdp_mode == KB_XDP_NATIVE;
	char why[96] = "";
	int refused = 0;

	if (cfg->zero_copy == KB_ZC_REQUIRE) {
		if (!native)
			return kb_err_set(KB_EXIT_CONFIG, 0,
					  "KB_ZERO_COPY=\"require\" needs KB_XDP_MODE=\"native\"");
		if (kb_xdp_check_zero_copy(port))
			return -1;
		if (open_queues(be, true, &refused))
			return refused ? kb_err_wrap("driver %s refuses zero-copy, which "
						     "KB_ZERO_COPY=\"require\" asks for "
						     "(\"auto\" would accept copying)",
						     port->driver)
				       : -1;
	} else {
		const bool try =
			cfg->zero_copy == KB_ZC_AUTO && native && !kb_xdp_check_zero_copy(port);

		if (!try || open_queues(be, true, &refused)) {
			if (try && !refused)
				return -1;
			if (refused)
				snprintf(why, sizeof(why), " zero-copy=%s",
					 strerrorname_np(refused));
			if (open_queues(be, false, &refused))
				return -1;
		}
	}
	snprintf(be->stats->detail, sizeof(be->stats->detail),
		 "driver=%s frames=%u rx_ring=%u channels=%u%s", port->version, cfg->frames,
		 cfg->rx_ring, port->channels, why);
	return 0;
}

static int connect_sockets(struct kb_backend *be)
{
	for (uint32_t i = 0; i < be->cfg.queues; i++)
		if (kb_redirect_socket(be->redirect, i, be->queue[i].xsk.fd))
			return -1;
	return 0;
}

/* What is in force, from the system. */
static int report_mode(struct kb_backend *be)
{
	struct kb_stats *const stats = be->stats;
	struct kb_xdp_state xdp;

	if (kb_xdp_query(&xdp, be->dev.ifindex))
		return -1;
	snprintf(stats->driver, sizeof(stats->driver), "%s", be->dev.driver);
	snprintf(stats->xdp, sizeof(stats->xdp), "%s", kb_xdp_mode(&xdp));
	snprintf(stats->copy, sizeof(stats->copy), "%s", be->mode.zero_copy ? "zero-copy" : "copy");
	be->mode.queues = be->cfg.queues;
	be->mode.redirect_errors = kb_redirect_errors_of(be->dev.driver, xdp.native);
	return 0;
}

/* The books open now: what was counted while the sockets came up one by one is not ours. */
static int open_books(struct kb_backend *be)
{
	const char *names[KB_ALLOWANCES + KB_MAX_QUEUES] = KB_ALLOWANCE_NAMES;
	const struct kb_redirect_errors *const errors = be->mode.redirect_errors;
	char text[KB_MAX_QUEUES][32];

	for (uint32_t i = 0; i < be->cfg.queues; i++) {
		text[i][0] = '\0'; /* no counter is called that */
		if (errors && errors->format)
			snprintf(text[i], sizeof(text[i]), errors->format, i);
		names[KB_ALLOWANCES + i] = text[i];
	}
	if (kb_ethtool_find(be->cfg.iface, names, KB_ALLOWANCES + be->cfg.queues,
			    be->ethtool_index) ||
	    read_counters(be, &be->since, kb_now_ns()))
		return -1;
	memcpy(be->allowance_since, be->allowance, sizeof(be->allowance));
	be->now = be->since;
	return 0;
}

static void know_the_subnet(struct kb_backend *be)
{
	static const uint8_t none[6];
	const struct kb_config *const cfg = &be->cfg;
	const uint32_t prefix = cfg->prefix ? cfg->prefix : be->dev.prefix;

	be->addr = cfg->addr ? cfg->addr : be->dev.addr;
	be->netmask = prefix ? htonl(~0u << (32 - prefix)) : 0;
	be->has_gateway_mac = memcmp(cfg->gateway_mac, none, sizeof(none)) != 0;
}

static int check(struct kb_backend *be, struct kb_xdp_port *port)
{
	const struct kb_config *const cfg = &be->cfg;

	if (kb_netdev_query(&be->dev, cfg->iface) || kb_xdp_port_read(port, cfg->iface, &be->dev))
		return -1;
	if (!be->dev.up)
		return kb_err_set(KB_EXIT_RETRY, 0, "%s is down: ip link set dev %s up", cfg->iface,
				  cfg->iface);
	if (cfg->xdp_mode == KB_XDP_NATIVE && kb_xdp_check_native(port))
		return -1;
	return kb_xdp_check_sockets(port, cfg);
}

int kb_backend_open(struct kb_backend **out, const struct kb_config *cfg, struct kb_stats *stats)
{
	const size_t size = sizeof(struct kb_backend) + cfg->queues * sizeof(struct kb_queue);
	struct kb_backend *const be = aligned_alloc(64, (size + 63) & ~(size_t)63);
	struct kb_xdp_port port;

	if (!be)
		return kb_err_set(KB_EXIT_RETRY, ENOMEM, "allocate %u queues", cfg->queues);
	memset(be, 0, size);
	be->cfg = *cfg;
	be->stats = stats;
	if (check(be, &port))
		goto undo_alloc;
	know_the_subnet(be);
	if (kb_kernel_arp_open(&be->arp, cfg->iface, be->dev.ifindex))
		goto undo_alloc;
	if (kb_redirect_open(&be->redirect, cfg, be->dev.ifindex))
		goto undo_arp;
	if (open_in_mode(be, &port))
		goto undo_redirect;
	if (connect_sockets(be) || report_mode(be) || open_books(be))
		goto undo_queues;
	be->checked_ns = kb_now_ns();
	*out = be;
	return 0;

undo_queues:
	close_queues(be);
undo_redirect:
	kb_redirect_close(be->redirect);
undo_arp:
	kb_kernel_arp_close(&be->arp);
undo_alloc:
	free(be);
	return -1;
}

struct kb_queue *kb_backend_queue(struct kb_backend *be, uint32_t i)
{
	return &be->queue[i];
}

int kb_queue_attach(struct kb_queue *q)
{
	(void)q; /* sockets know no threads */
	return 0;
}

void kb_backend_close(struct kb_backend *be)
{
	if (!be)
		return;
	kb_redirect_close(be->redirect); /* first: no frame may come for a socket that is gone */
	close_queues(be);
	kb_kernel_arp_close(&be->arp);
	free(be);
}
