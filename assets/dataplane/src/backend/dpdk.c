// SPDX-License-Identifier: Apache-2.0
/*
 * The port belongs to this process: a poll-mode driver, huge pages, and no kernel behind it. This
 * file is the hot path and the life of the port; src/backend/dpdk/ knows the details of devices.
 */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <rte_timer.h>
#include <rte_version.h>

#include "dpdk/counters.h"
#include "dpdk/devargs.h"
#include "dpdk/eal_args.h"
#include "dpdk/log.h"
#include "dpdk/port.h"
#include "dpdk/rights.h"
#include "kb/backend.h"
#include "kb/clock.h"
#include "kb/control.h"
#include "kb/error.h"
#include "kb/fast_clock.h"
#include "kb/flow.h"
#include "kb/frame.h"
#include "kb/tap.h"
#include "kb/wanted.h"
#include "netdev.h"
#include "port_watch.h"

/* Below this many payload bytes a copy costs less than a second buffer (npm run bench, fanout). */
#define REFER_MIN 1024u

#define SECOND_NS 1000000000ull

/* The driver's timers and admin commands: "about once a second" is what net_ena asks for. */
#define SLOW_NS SECOND_NS

#define PAT_LIST "/sys/kernel/debug/x86/pat_memtype_list"

const struct kb_backend_info kb_backend_info = {
	.program = "kb-dpdk",
	.use = KB_USE_DPDK,
	.planes = 1u << KB_PLANE_DPDK,
};

/* What the main thread asks of a queue's thread: one load per poll, of a line that rests. */
enum signal {
	SIGNAL_PARK = 1,    /* keep out of the driver: the port is being reset */
	SIGNAL_CONTROL = 2, /* frames of ARP or IGMP may be due */
};

struct kb_queue {
	_Alignas(RTE_CACHE_LINE_SIZE) uint16_t port;
	uint16_t id;
	uint16_t burst; /* room in each of the arrays */
	bool lent;	/* the handler has sent since the last burst was taken */
	bool refers;	/* the driver takes a frame in two buffers, one of them shared */
	struct kb_backend *be;
	const struct kb_flows *flows;
	struct kb_queue_stats *stats;
	struct rte_mempool *pool;
	struct rte_mbuf **held; /* the last burst, the handler's until release */
	struct rte_mbuf **refused;
	struct rte_mbuf **out;
	uint16_t mtu;
	_Alignas(RTE_CACHE_LINE_SIZE) atomic_uint signal; /* main writes, queue reads and clears */
	_Alignas(RTE_CACHE_LINE_SIZE) atomic_bool parked; /* queue writes, main reads */
	atomic_bool attached;
	struct kb_wanted wanted; /* the queue's alone */
};

struct kb_backend {
	const struct kb_config *cfg;
	struct kb_stats *stats;
	struct kb_pci pci;
	struct kb_eal_args eal; /* DPDK keeps pointers into it */
	struct kb_dpdk_port port;
	struct kb_dpdk_counters counters;
	struct kb_port_watch watch;
	struct kb_queue *queue; /* cfg->queues of them */
	void *arrays;		/* behind every queue's held, refused and out */
	uint64_t slow_ns;	/* when the once-a-second work was done last */
	uint32_t resets;
	bool parking;
	bool link_up;
	atomic_bool reset_wanted; /* set on DPDK's interrupt thread or under a timer */
	atomic_bool removed;
	atomic_bool link_changed;
	struct kb_control control;
};

/* --- hot path -----------------------------------------------------------------------------------
 */

static bool serve_signal(struct kb_queue *q);

static inline bool may_enter(struct kb_queue *q)
{
	return likely(atomic_load_explicit(&q->signal, memory_order_relaxed) == 0) ||
	       serve_signal(q);
}

/* Bits that a good or unchecked checksum has not: "bad" has one of them, and so has "none". */
#define CSUM_DOUBT (RTE_MBUF_F_RX_IP_CKSUM_BAD | RTE_MBUF_F_RX_L4_CKSUM_BAD)

static bool csum_is_bad(uint64_t flags)
{
	return (flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_BAD ||
	       (flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_BAD;
}

/* The cause to refuse a frame for, or KB_PARSE_OK with *out filled in. */
static inline int classify(struct kb_wanted *wanted, const struct kb_flows *flows,
			   const struct rte_mbuf *m, struct kb_pkt *out)
{
	if (unlikely(m->nb_segs != 1))
		return KB_CAUSE_SCATTERED;
	const int cause = kb_parse_wanted(wanted, flows, rte_pktmbuf_mtod(m, const uint8_t *),
					  m->data_len, out);
	if (unlikely(m->ol_flags & CSUM_DOUBT) && csum_is_bad(m->ol_flags) &&
	    (cause == KB_PARSE_OK || cause == KB_CAUSE_NO_FLOW))
		return KB_CAUSE_NIC_ERROR;
	return cause;
}

static void send_control(struct kb_queue *q, struct rte_mbuf *m, uint32_t len)
{
	m->data_len = (uint16_t)len;
	m->pkt_len = len;
	if (len == 0 || rte_eth_tx_burst(q->port, q->id, &m, 1) != 1)
		rte_pktmbuf_free(m);
}

/* Off the hot path: ARP, ICMP and IGMP, which nobody else answers for this port. */
static void __attribute__((noinline)) answer(struct kb_queue *q, const struct rte_mbuf *in)
{
	struct rte_mbuf *const out = rte_pktmbuf_alloc(q->pool);
	if (!out)
		return;
	send_control(q, out,
		     kb_control_input(&q->be->control, rte_pktmbuf_mtod(in, const uint8_t *),
				      in->data_len, kb_now_ns(), rte_pktmbuf_mtod(out, uint8_t *),
				      RTE_MIN(rte_pktmbuf_tailroom(out),
					      (uint32_t)q->mtu + RTE_ETHER_HDR_LEN)));
}

static void __attribute__((noinline))
refuse(struct kb_queue *q, const struct rte_mbuf *m, int cause)
{
	kb_stat_add(&q->stats->cause[cause], 1);
	if (cause == KB_CAUSE_NOT_IPV4 || cause == KB_CAUSE_NOT_UDP)
		answer(q, m);
}

/* The next datagram of a stream: what nearly every frame is. Says no of others, or fills *out. */
static inline bool known(const struct kb_wanted *wanted, const struct rte_mbuf *m,
			 struct kb_pkt *out)
{
	return likely(m->nb_segs == 1) && likely(!(m->ol_flags & CSUM_DOUBT)) &&
	       likely(kb_wanted_knows(wanted, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len,
				      out));
}

/* Any other frame: whether it is wanted, with *out filled in. Refused ones are booked here. */
static bool __attribute__((noinline))
admit(struct kb_queue *q, const struct rte_mbuf *m, struct kb_pkt *out)
{
	const int cause = classify(&q->wanted, q->flows, m, out);
	if (cause == KB_PARSE_OK)
		return true;
	refuse(q, m, cause);
	return false;
}

/* For an attached kb-dump, before anything is done with the frames. */
static void __attribute__((noinline)) tap(struct kb_queue *q, uint32_t n)
{
	struct kb_tap *const t = kb_tap_begin(q->id);
	const uint64_t now_ns = kb_now_ns();
	struct kb_pkt pkt;
	if (!t)
		return;
	for (uint32_t i = 0; i < n; i++) {
		const struct rte_mbuf *const m = q->held[i];
		/* KB_PARSE_OK, -1, is KB_TAP_DELIVERED in its 8 bits. */
		kb_tap_frame(t, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len,
			     now_ns, (uint8_t)classify(&q->wanted, q->flows, m, &pkt));
	}
	kb_tap_end(t);
}

uint32_t kb_rx_burst(struct kb_queue *q, struct kb_pkt *v, uint32_t max, struct kb_burst *b)
{
	if (unlikely(!may_enter(q)))
		return 0;
	struct rte_mbuf **const m = q->held;
	const uint32_t n =
		rte_eth_rx_burst(q->port, q->id, m, (uint16_t)RTE_MIN(max, (uint32_t)q->burst));
	if (n == 0)
		return 0;
	for (uint32_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(m[i], void *));
	if (kb_tap_wanted(q->id))
		tap(q, n);

	/* Locals: what is stored through v could otherwise be any of them. */
	const uint64_t polled_ns = kb_fast_now_ns();
	const uint16_t id = q->id;
	struct kb_pkt *out = v;
	uint64_t bytes = 0;
	uint32_t refused = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct rte_mbuf *const frame = m[i];
		if (unlikely(!known(&q->wanted, frame, out)) && !admit(q, frame, out)) {
			q->refused[refused++] = frame;
			continue;
		}
		out->rx_ns = polled_ns; /* no hardware stamp */
		out->frame = frame;
		out->queue = id;
		bytes += out->len;
		out++;
	}
	if (unlikely(refused)) {
		rte_pktmbuf_free_bulk(q->refused, refused);
		for (uint32_t i = 0; i < n - refused; i++)
			m[i] = v[i].frame;
	}
	q->lent = false;
	*b = (struct kb_burst){.polled_ns = polled_ns, .bytes = bytes};
	return (uint32_t)(out - v);
}

/* NULL: somebody else has it still, or it was sent and is no longer ours. */
static struct rte_mbuf *let_go(struct rte_mbuf *m)
{
	return m ? rte_pktmbuf_prefree_seg(m) : NULL;
}

/* After the handler has sent: a frame may be the driver's by now, or have a second owner. */
static uint32_t __attribute__((noinline))
take_back(struct kb_queue *q, const struct kb_pkt *v, uint32_t n)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct rte_mbuf *const m = let_go(v[i].frame);
		if (m)
			q->held[kept++] = m;
	}
	return kept;
}

void kb_rx_release(struct kb_queue *q, const struct kb_pkt *v, uint32_t n)
{
	/* As the driver gave them: one segment each, of the queue's own pool, nobody else's. */
	if (unlikely(q->lent))
		n = take_back(q, v, n);
	rte_mempool_put_bulk(q->pool, (void **)q->held, n);
}

/* What the datagram before took to find out: bursts go to one subscriber, or are of one payload. */
struct last_sent {
	uint32_t dst_addr;
	bool valid; /* the MAC is dst_addr's */
	uint8_t mac[6];
	const uint8_t *payload;
	uint64_t sum; /* of that payload */
	uint32_t len;
};

static void ask(struct kb_queue *q, uint32_t addr, uint64_t now_ns)
{
	struct rte_mbuf *const m = rte_pktmbuf_alloc(q->pool);
	if (m)
		send_control(q, m,
			     kb_control_ask(&q->be->control, addr, now_ns,
					    rte_pktmbuf_mtod(m, uint8_t *)));
}

/* An answer goes back where the question came from, neighbour or router. */
static bool answers(const struct kb_tx *t)
{
	return t->from && t->from->frame && t->from->src_addr == t->dst_addr;
}

/* Who sent a frame; of one that was turned around already and did not get out, who is to get it. */
static const uint8_t *peer_mac(const struct kb_queue *q, const struct rte_mbuf *m)
{
	const uint8_t *const frame = rte_pktmbuf_mtod(m, const uint8_t *);
	return memcmp(frame + 6, q->be->control.mac, 6) == 0 ? frame : frame + 6;
}

static bool route(struct kb_queue *q, const struct kb_tx *t, struct last_sent *last)
{
	if (last->valid && last->dst_addr == t->dst_addr)
		return true;
	last->dst_addr = t->dst_addr;
	if (answers(t)) {
		memcpy(last->mac, peer_mac(q, t->from->frame), sizeof(last->mac));
		return last->valid = true;
	}
	uint32_t missing;
	const uint64_t now_ns = kb_now_ns();
	last->valid = kb_control_route(&q->be->control, t->dst_addr, now_ns, last->mac, &missing);
	if (unlikely(missing))
		ask(q, missing, now_ns);
	return last->valid;
}

static uint64_t sum_of(const struct kb_tx *t, struct last_sent *last)
{
	if (last->payload != t->payload || last->len != t->len) {
		last->payload = t->payload;
		last->len = t->len;
		last->sum = kb_csum_add(0, t->payload, t->len);
	}
	return last->sum;
}

/* May the received frame itself go out, with new headers in front of the payload it has? */
static bool turns_around(const struct kb_tx *t)
{
	return t->last && t->from && t->from->frame && t->payload == t->from->payload;
}

/* The received frame, its payload where it is. It stays the handler's until it is really sent. */
static struct rte_mbuf *turn_around(const struct kb_tx *t)
{
	struct rte_mbuf *const m = t->from->frame;
	m->data_off = (uint16_t)(t->payload - KB_UDP_HEADERS - (const uint8_t *)m->buf_addr);
	m->data_len = (uint16_t)(KB_UDP_HEADERS + t->len);
	m->ol_flags = 0; /* what the NIC said of it when it came in */
	return m;
}

/* Room for the headers, and behind it the received payload by reference. NULL: no buffers. */
static struct rte_mbuf *refer(struct kb_queue *q, const struct kb_tx *t)
{
	struct rte_mbuf *pair[2], *const held = t->from->frame;
	if (unlikely(rte_pktmbuf_alloc_bulk(q->pool, pair, 2)))
		return NULL;
	rte_pktmbuf_attach(pair[1], held);
	pair[1]->data_off = (uint16_t)(t->payload - (const uint8_t *)held->buf_addr);
	pair[1]->data_len = t->len;
	pair[0]->data_len = KB_UDP_HEADERS;
	pair[0]->next = pair[1];
	pair[0]->nb_segs = 2;
	return pair[0];
}

static struct rte_mbuf *copy(struct kb_queue *q, const struct kb_tx *t)
{
	struct rte_mbuf *const m = rte_pktmbuf_alloc(q->pool);
	if (likely(m != NULL)) {
		m->data_len = KB_UDP_HEADERS + t->len;
		memcpy(rte_pktmbuf_mtod(m, uint8_t *) + KB_UDP_HEADERS, t->payload, t->len);
	}
	return m;
}

static struct rte_mbuf *build(struct kb_queue *q, const struct kb_tx *t, struct last_sent *last)
{
	const struct kb_control *const c = &q->be->control;
	const uint64_t sum = sum_of(t, last);
	struct rte_mbuf *m;
	if (turns_around(t)) {
		m = turn_around(t);
	} else if (q->refers && t->from && t->from->frame && t->len >= REFER_MIN) {
		m = refer(q, t);
	} else {
		m = copy(q, t);
	}
	if (unlikely(!m))
		return NULL;
	struct kb_frame_path path = {
		.src_addr = c->addr,
		.dst_addr = t->dst_addr,
		.src_port = t->src_port,
		.dst_port = t->dst_port,
	};
	memcpy(path.dst_mac, last->mac, sizeof(path.dst_mac));
	memcpy(path.src_mac, c->mac, sizeof(path.src_mac));
	m->pkt_len = kb_frame_headers(rte_pktmbuf_mtod(m, uint8_t *), &path, t->len, sum);
	return m;
}

static bool fits(const struct kb_queue *q, const struct kb_tx *t)
{
	return t->len + KB_IPV4_MIN_HLEN + KB_UDP_HLEN <= q->mtu;
}

/* Frames of as many datagrams as can go out together; ends before one that never can. */
static uint16_t prepare(struct kb_queue *q, const struct kb_tx *v, uint32_t n,
			struct last_sent *last, bool *refuse_next)
{
	uint16_t built = 0;
	*refuse_next = false;
	while (built < RTE_MIN(n, (uint32_t)q->burst)) {
		const struct kb_tx *const t = &v[built];
		if (unlikely(!fits(q, t) || !route(q, t, last))) {
			*refuse_next = true;
			break;
		}
		struct rte_mbuf *const m = build(q, t, last);
		if (unlikely(!m))
			break;
		q->out[built++] = m;
	}
	return built;
}

/* Frames that were sent are the driver's; of the others, only those of our making go back. */
static void settle(struct kb_queue *q, const struct kb_tx *v, uint16_t sent, uint16_t built)
{
	for (uint16_t i = 0; i < sent; i++)
		if (turns_around(&v[i]))
			((struct kb_pkt *)(uintptr_t)v[i].from)->frame = NULL;
	for (uint16_t i = sent; i < built; i++)
		if (!turns_around(&v[i]))
			rte_pktmbuf_free(q->out[i]);
}

uint32_t kb_tx_burst(struct kb_queue *q, const struct kb_tx *v, uint32_t n)
{
	struct last_sent last = {.valid = false};
	uint32_t done = 0;
	if (unlikely(!may_enter(q)))
		return 0;
	q->lent = true;
	while (done < n) {
		bool refuse_next;
		const uint16_t built = prepare(q, v + done, n - done, &last, &refuse_next);
		const uint16_t sent = built ? rte_eth_tx_burst(q->port, q->id, q->out, built) : 0;
		settle(q, v + done, sent, built);
		kb_stat_add(&q->stats->sent, sent);
		done += sent;
		if (unlikely(sent < built))
			break;
		if (refuse_next) {
			kb_stat_add(&q->stats->unsent, 1);
			done++;
		} else if (built == 0) {
			break; /* no buffer */
		}
	}
	return done;
}

static void send_due(struct kb_queue *q)
{
	uint32_t len;
	do {
		struct rte_mbuf *const m = rte_pktmbuf_alloc(q->pool);
		if (!m)
			return;
		len = kb_control_due(&q->be->control, kb_now_ns(), rte_pktmbuf_mtod(m, uint8_t *));
		send_control(q, m, len);
	} while (len);
}

/* Returns false while the driver must not be entered. */
static bool __attribute__((noinline)) serve_signal(struct kb_queue *q)
{
	const unsigned int signal = atomic_load_explicit(&q->signal, memory_order_acquire);
	if (signal & SIGNAL_PARK) {
		atomic_store_explicit(&q->parked, true, memory_order_release);
		return false;
	}
	if (signal & SIGNAL_CONTROL) {
		atomic_fetch_and_explicit(&q->signal, ~(unsigned int)SIGNAL_CONTROL,
					  memory_order_relaxed);
		send_due(q);
	}
	return true;
}

/* --- the port's life ----------------------------------------------------------------------------
 */

static const enum rte_eth_event_type events[] = {RTE_ETH_EVENT_INTR_RESET, RTE_ETH_EVENT_INTR_RMV,
						 RTE_ETH_EVENT_INTR_LSC};
#define EVENTS RTE_DIM(events)

/* On DPDK's interrupt thread, or on the main thread under rte_timer_manage(). */
static int on_event(uint16_t port, enum rte_eth_event_type type, void *arg, void *ret)
{
	struct kb_backend *const be = arg;
	(void)port;
	(void)ret;
	if (type == RTE_ETH_EVENT_INTR_RESET)
		atomic_store(&be->reset_wanted, true);
	else if (type == RTE_ETH_EVENT_INTR_RMV)
		atomic_store(&be->removed, true);
	else if (type == RTE_ETH_EVENT_INTR_LSC)
		atomic_store(&be->link_changed, true);
	return 0;
}

static const char *wc_text(const struct kb_backend *be)
{
	switch (kb_wc_read(PAT_LIST, be->pci.bar_start, be->pci.bar_end)) {
	case KB_WC_ON:
		return " wc=on";
	case KB_WC_OFF:
		return " wc=off";
	default:
		return "";
	}
}

static const char *llq_text(void)
{
	switch (kb_dpdk_log_llq()) {
	case KB_LLQ_ON:
		return " llq=on";
	case KB_LLQ_OFF:
		return " llq=off";
	default:
		return "";
	}
}

static bool link_up(uint16_t port)
{
	struct rte_eth_link link = {.link_status = 0};
	return rte_eth_link_get_nowait(port, &link) == 0 && link.link_status;
}

/* The lab's drivers stand on an interface of the kernel's, which others may change or remove. */
static void watch_port(struct kb_backend *be)
{
	const uint64_t now_ns = kb_clock_ns(CLOCK_MONOTONIC);
	char name[IFNAMSIZ];
	struct kb_netdev_state below;

	kb_port_watch_open(&be->watch, "", 0, 0);
	if (be->port.info.if_index && if_indextoname(be->port.info.if_index, name) &&
	    !kb_netdev_state(&below, name))
		kb_port_watch_open(&be->watch, name, below.ifindex, below.mtu);
	else if (!link_up(be->port.id))
		be->watch.down_since_ns = now_ns; /* a peer in shared memory may come later */
	kb_err_clear();
}

static int look_at_port(struct kb_backend *be, uint64_t now_ns)
{
	if (be->watch.iface[0])
		return kb_port_watch_look(&be->watch, now_ns);
	kb_port_watch_link(&be->watch, be->stats->iface, link_up(be->port.id), now_ns);
	return 0;
}

/* What is in force: read from the device and the system, never from the plan. */
static void describe(struct kb_backend *be)
{
	const struct kb_dpdk_port *const p = &be->port;
	be->link_up = be->watch.down_since_ns == 0;
	snprintf(be->stats->driver, sizeof(be->stats->driver), "%s", p->info.driver_name);
	snprintf(be->stats->detail, sizeof(be->stats->detail),
		 "link=%s mtu=%u queues=%u rx=%u tx=%u rss=%s%s%s resets=%u dpdk=%s",
		 be->link_up ? "up" : "down", p->mtu, p->queues, p->rx_ring, p->tx_ring,
		 p->rss ? "on" : "off", llq_text(), wc_text(be), be->resets,
		 rte_version() + strlen("DPDK "));
}

static int init_eal(struct kb_backend *be)
{
	cpu_set_t allowed;
	CPU_ZERO(&allowed);
	sched_getaffinity(0, sizeof(allowed), &allowed);
	if (!be->cfg->eal_args[0]) {
		if (!be->cfg->pci[0])
			return kb_err_set(KB_EXIT_CONFIG, 0,
					  "'KB_DATA_PCI' is not set: kb-step-data-nic writes it, "
					  "or give KB_EAL_ARGS");
		if (kb_pci_read(&be->pci, "/sys", be->cfg->pci) < 0)
			return -1;
	}
	if (kb_dpdk_log_open() < 0 ||
	    kb_eal_args(&be->eal, be->cfg, &be->pci, kb_dpdk_version(rte_version()), &allowed) < 0)
		return -1;
	if (rte_eal_init(be->eal.argc, be->eal.argv) >= 0)
		return 0;
	/* DPDK's own word for it is "permission denied". */
	if (strcasestr(kb_dpdk_log_reason(), "hugepage"))
		return kb_err_set(
			KB_EXIT_RETRY, 0,
			"start DPDK%s: this host has no huge pages free: see HugePages_Free "
			"in /proc/meminfo; kb-step-hugepages reserves "
			"KB_HUGEPAGES_PER_NODE",
			kb_dpdk_log_reason());
	return kb_err_set(rte_errno == EINVAL ? KB_EXIT_CONFIG : KB_EXIT_RETRY, rte_errno,
			  "start DPDK%s", kb_dpdk_log_reason());
}

static int make_queues(struct kb_backend *be)
{
	const struct kb_config *const cfg = be->cfg;
	be->queue = rte_zmalloc_socket("kb-queues", cfg->queues * sizeof(*be->queue),
				       RTE_CACHE_LINE_SIZE, rte_eth_dev_socket_id(be->port.id));
	struct rte_mbuf **array =
		rte_zmalloc_socket("kb-bursts", 3ull * cfg->queues * cfg->burst * sizeof(*array),
				   RTE_CACHE_LINE_SIZE, rte_eth_dev_socket_id(be->port.id));
	be->arrays = array;
	if (!be->queue || !array)
		return kb_err_set(KB_EXIT_RETRY, ENOMEM, "memory for %u queues", cfg->queues);
	for (uint32_t i = 0; i < cfg->queues; i++) {
		struct kb_queue *const q = &be->queue[i];
		q->port = be->port.id;
		q->id = (uint16_t)i;
		q->burst = (uint16_t)cfg->burst;
		q->refers = be->port.tx_segments;
		q->be = be;
		q->flows = &cfg->flows;
		kb_wanted_init(&q->wanted);
		q->stats = &be->stats->queue[i];
		q->pool = be->port.pool[i];
		q->mtu = be->port.mtu;
		q->held = array;
		q->refused = array + cfg->burst;
		q->out = array + 2 * cfg->burst;
		array += 3 * cfg->burst;
	}
	return 0;
}

int kb_backend_open(struct kb_backend **out, const struct kb_config *cfg, struct kb_stats *stats)
{
	/* The control tables make it too large for the stack; one port per process. */
	struct kb_backend *const be = calloc(1, sizeof(*be));
	char name[RTE_ETH_NAME_MAX_LEN];
	*out = NULL;
	if (!be)
		return kb_err_set(KB_EXIT_RETRY, errno, "memory for the back-end");
	be->cfg = cfg;
	be->stats = stats;
	/* Without a plan's interface or PCI address the port is what KB_EAL_ARGS made. */
	const bool nameless = stats->iface[0] == '\0';
	if (nameless)
		snprintf(stats->iface, sizeof(stats->iface), "the DPDK port");
	if (cfg->poll_mode != KB_POLL_SPIN) {
		kb_err_set(KB_EXIT_CONFIG, 0,
			   "'KB_POLL_MODE' must be spin on kb-dpdk, got %s: its driver is polled, "
			   "nothing wakes it",
			   cfg->poll_mode == KB_POLL_BUSY ? "busy-poll" : "wakeup");
		goto undo_memory;
	}
	if (init_eal(be) < 0)
		goto undo_memory;
	if (kb_dpdk_port_find(&be->port) < 0 || kb_dpdk_port_check(&be->port.info, cfg) < 0)
		goto undo_eal;
	if (nameless && rte_eth_dev_get_name_by_port(be->port.id, name) == 0)
		snprintf(stats->iface, sizeof(stats->iface), "%.31s", name);
	rte_timer_subsystem_init();
	for (uint32_t i = 0; i < EVENTS; i++)
		rte_eth_dev_callback_register(be->port.id, events[i], on_event, be);
	if (kb_dpdk_port_pools(&be->port, cfg) < 0 || kb_dpdk_port_start(&be->port, cfg) < 0)
		goto undo_port;
	if (make_queues(be) < 0)
		goto undo_queues;
	kb_control_init(&be->control, cfg, be->port.mac.addr_bytes, kb_now_ns());
	kb_dpdk_counters_open(&be->counters, be->port.id, &be->port.info);
	watch_port(be);
	describe(be);
	*out = be;
	return 0;

undo_queues:
	rte_free(be->arrays);
	rte_free(be->queue);
undo_port:
	kb_dpdk_port_close(&be->port);
undo_eal:
	rte_eal_cleanup();
undo_memory:
	free(be);
	return -1;
}

struct kb_rights kb_backend_rights(const struct kb_backend *be)
{
	return kb_dpdk_rights(rte_eal_iova_mode() == RTE_IOVA_PA, be->cfg->eal_args[0] != '\0');
}

struct kb_queue *kb_backend_queue(struct kb_backend *be, uint32_t i)
{
	return &be->queue[i];
}

int kb_queue_attach(struct kb_queue *q)
{
	/* Without an lcore id of its own a thread would have no mempool cache. */
	if (rte_thread_register() < 0)
		return kb_err_set(KB_EXIT_RETRY, rte_errno, "register queue %u's thread with DPDK",
				  q->id);
	atomic_store(&q->attached, true);
	return 0;
}

static void park(struct kb_backend *be)
{
	for (uint32_t i = 0; i < be->cfg->queues; i++) {
		atomic_store(&be->queue[i].parked, false);
		atomic_fetch_or(&be->queue[i].signal, SIGNAL_PARK);
	}
	be->parking = true;
}

static bool all_parked(const struct kb_backend *be)
{
	for (uint32_t i = 0; i < be->cfg->queues; i++)
		if (atomic_load(&be->queue[i].attached) && !atomic_load(&be->queue[i].parked))
			return false;
	return true;
}

static void unpark(struct kb_backend *be)
{
	be->parking = false;
	for (uint32_t i = 0; i < be->cfg->queues; i++)
		atomic_fetch_and(&be->queue[i].signal, ~(unsigned int)SIGNAL_PARK);
}

/* No queue is inside the driver. What the handlers hold are buffers of pools, which stay. */
static int reset(struct kb_backend *be)
{
	kb_dpdk_log_forget();
	atomic_store(&be->reset_wanted, false); /* first: the reset may want another */
	const int error = rte_eth_dev_reset(be->port.id);
	if (error)
		return kb_err_set(KB_EXIT_RETRY, -error, "reset of the %s port%s",
				  be->port.info.driver_name, kb_dpdk_log_reason());
	if (kb_dpdk_port_start(&be->port, be->cfg) < 0)
		return kb_err_wrap("after a reset of the device");
	be->resets++;
	kb_control_restart(&be->control, kb_now_ns());
	describe(be);
	fprintf(stderr, "kb-dpdk: the %s port was reset and receives again\n",
		be->port.info.driver_name);
	unpark(be);
	return 0;
}

int kb_backend_housekeep(struct kb_backend *be)
{
	const uint64_t now_ns = kb_clock_ns(CLOCK_MONOTONIC);
	const bool slow = now_ns - be->slow_ns >= SLOW_NS;
	if (atomic_load(&be->removed))
		return kb_err_set(KB_EXIT_RETRY, ENODEV, "the %s port was removed",
				  be->port.info.driver_name);
	if (be->parking)
		return all_parked(be) ? reset(be) : 0;

	kb_dpdk_counters_read(&be->counters, be->port.id, be->stats, slow);
	if (slow) {
		be->slow_ns = now_ns;
		rte_timer_manage();
	}
	/* Before looking: what changes after this is seen the next time. */
	const bool changed = atomic_exchange(&be->link_changed, false);
	if (look_at_port(be, now_ns))
		return -1;
	const bool up = be->watch.down_since_ns == 0;
	/* A link that was away and is back before anyone looked has changed, too. */
	if (up && (changed || !be->link_up))
		kb_control_restart(&be->control, kb_now_ns());
	if (slow || up != be->link_up)
		describe(be);
	if (atomic_load(&be->reset_wanted))
		park(be);
	else if (be->control.addr)
		atomic_fetch_or(&be->queue[0].signal, SIGNAL_CONTROL);
	return 0;
}

void kb_backend_close(struct kb_backend *be)
{
	if (!be)
		return;
	/* The queues' threads are gone: queue 0 is ours. */
	for (uint32_t i = 0; i < be->control.n_groups && !be->parking; i++) {
		struct rte_mbuf *const m = rte_pktmbuf_alloc(be->queue[0].pool);
		if (m)
			send_control(
				&be->queue[0], m,
				kb_control_leave(&be->control, i, rte_pktmbuf_mtod(m, uint8_t *)));
	}
	for (uint32_t i = 0; i < EVENTS; i++)
		rte_eth_dev_callback_unregister(be->port.id, events[i], on_event, be);
	kb_dpdk_port_close(&be->port);
	rte_free(be->arrays);
	rte_free(be->queue);
	rte_eal_cleanup();
	free(be);
}
