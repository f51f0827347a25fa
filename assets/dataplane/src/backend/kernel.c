// SPDX-License-Identifier: Apache-2.0
/*
 * UDP sockets. Serves the planes `kernel` and `xdp`: behind an XDP filter the sockets are the same,
 * only what reaches them has been decided earlier.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kb/backend.h"
#include "kb/clock.h"
#include "kb/fast_clock.h"
#include "kb/error.h"
#include "kb/frame.h"
#include "kb/tap.h"
#include "kernel/ledger.h"
#include "netdev.h"
#include "port_watch.h"
#include "xdp_ledger.h"

#define CACHE_LINE 64u
/* Two control messages: SCM_TIMESTAMPNS and IP_PKTINFO. */
#define CONTROL_SIZE (CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(struct in_pktinfo)))
/* Every flow has its own socket at most, and a handler sends from a few ports of its own. */
#define MAX_SOCKETS (KB_MAX_FLOWS + 8)
/* Housekeeping runs to one reading of the ENA allowances, which cost an admin command: a second. */
#define ALLOWANCES_EVERY 10

const struct kb_backend_info kb_backend_info = {
	.program = "kb-kernel",
	.use = KB_USE_SOCKET,
	.planes = 1u << KB_PLANE_KERNEL | 1u << KB_PLANE_XDP,
};

struct sock {
	int fd;
	uint16_t port;	/* host byte order */
	uint32_t drops; /* SK_MEMINFO_DROPS when last read: 32 bits, wraps */
};

/* One message of a burst and everything the kernel writes about it. */
struct slot {
	struct sockaddr_in peer;
	struct iovec iov;
	_Alignas(struct cmsghdr) char control[CONTROL_SIZE];
};

struct kb_queue {
	const struct kb_config *cfg;
	struct kb_queue_stats *stats;
	uint32_t index;
	uint32_t sockets;    /* that receive */
	uint32_t tx_sockets; /* after those: only send */
	uint32_t next;	     /* socket to read first, so that none starves */
	struct sock sock[MAX_SOCKETS];
	struct pollfd poll[KB_MAX_FLOWS];
	int read_flags;	      /* of recvmmsg */
	struct mmsghdr *msgs; /* burst of them, as the following */
	struct slot *slots;
	uint8_t *buffers;
	uint32_t buffer_size;
	struct mmsghdr *tx_msgs;
	struct slot *tx_slots;
};

struct kb_backend {
	const struct kb_config *cfg;
	struct kb_stats *stats;
	struct kb_netdev dev;
	struct kb_port_watch watch;
	struct kb_kernel_ledger ledger;
	int32_t allowance_index[KB_ALLOWANCES];
	uint64_t allowance[KB_ALLOWANCES]; /* when last read */
	uint32_t housekeeps;
	struct kb_xdp_ledger *xdp; /* NULL on the plane `kernel` */
	uint32_t queues;	   /* opened so far */
	struct kb_queue *queue;
};

/* --- sockets --- */

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

static int set_receive_buffer(int fd, uint32_t kib)
{
	const int bytes = (int)(kib * 1024);
	int granted = 0;
	socklen_t len = sizeof(granted);

	if (set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) &&
	    set_int(fd, SOL_SOCKET, SO_RCVBUF, bytes))
		return kb_err_set(KB_EXIT_RETRY, errno, "set receive buffer of %u KiB", kib);
	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &len))
		return kb_err_set(KB_EXIT_RETRY, errno, "read receive buffer");
	/* The kernel doubles what is asked and reports the double. */
	if (granted / 2 < bytes)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "KB_SOCKET_BUFFER_KB is %u but the kernel grants %d: raise "
				  "net.core.rmem_max or give the receiver CAP_NET_ADMIN",
				  kib, granted / 2 / 1024);
	return 0;
}

static int set_busy_poll(int fd, const struct kb_config *cfg)
{
	if (cfg->busy_poll_us == 0)
		return 0;
	/* Each read that finds nothing polls the driver itself instead of waiting for its
	 * interrupt. */
	if (set_int(fd, SOL_SOCKET, SO_BUSY_POLL, (int)cfg->busy_poll_us))
		return kb_err_set(KB_EXIT_CONFIG, errno, "set KB_BUSY_POLL_US to %u",
				  cfg->busy_poll_us);
	if (cfg->poll_mode != KB_POLL_BUSY)
		return 0;
	/* Linux 5.11: the driver's interrupts stay off while the socket polls. Without it busy
	 * polling works, less evenly. */
	(void)set_int(fd, SOL_SOCKET, SO_PREFER_BUSY_POLL, 1);
	(void)set_int(fd, SOL_SOCKET, SO_BUSY_POLL_BUDGET, (int)cfg->burst);
	return 0;
}

/* For a socket that is read from. Needs CAP_NET_ADMIN beyond net.core's limits. */
static int set_receiving(int fd, const struct kb_config *cfg)
{
	return set_receive_buffer(fd, cfg->socket_buffer_kb) ? -1 : set_busy_poll(fd, cfg);
}

static int set_options(int fd, const struct kb_config *cfg)
{
	const char *const iface = cfg->iface;

	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, iface, (socklen_t)strlen(iface) + 1))
		return kb_err_set(KB_EXIT_CONFIG, errno, "bind to interface %s", iface);
	/* Only when the queues share the port: else a port in use must be refused. */
	if (cfg->queues > 1 && set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1))
		return kb_err_set(KB_EXIT_RETRY, errno, "set SO_REUSEPORT");
	if (set_int(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1))
		return kb_err_set(KB_EXIT_RETRY, errno, "ask for receive stamps");
	if (set_int(fd, IPPROTO_IP, IP_PKTINFO, 1))
		return kb_err_set(KB_EXIT_RETRY, errno, "ask for destination addresses");
	/* The other planes hand out frames as they were sent, to the wire and nowhere else. */
	if (set_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0))
		return kb_err_set(KB_EXIT_RETRY, errno, "turn off multicast loopback");
	/* Theirs would be 1, which ends at the first router: a transit gateway, say. */
	if (set_int(fd, IPPROTO_IP, IP_MULTICAST_TTL, KB_FRAME_TTL))
		return kb_err_set(KB_EXIT_RETRY, errno, "set the multicast TTL");
	/* As everywhere, a datagram longer than the MTU is refused and not sent in fragments. */
	if (set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE))
		return kb_err_set(KB_EXIT_RETRY, errno, "turn off fragmentation");
	return 0;
}

/* Returns the new socket's descriptor, or -1 with kb_err. */
static int open_socket(const struct kb_config *cfg, uint32_t addr, uint16_t port)
{
	const struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = addr};
	char text[INET_ADDRSTRLEN];

	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return kb_err_set(KB_EXIT_RETRY, errno, "open socket");
	if (set_options(fd, cfg))
		goto undo_socket;
	if (bind(fd, (const struct sockaddr *)&in, sizeof(in))) {
		kb_err_set(errno == EADDRINUSE ? KB_EXIT_RETRY : KB_EXIT_CONFIG, errno,
			   "bind %s:%u on %s", inet_ntop(AF_INET, &addr, text, sizeof(text)), port,
			   cfg->iface);
		goto undo_socket;
	}
	return fd;

undo_socket:
	close(fd);
	return -1;
}

static int join_group(const struct kb_backend *be, int fd, uint32_t group)
{
	const struct ip_mreqn request = {.imr_multiaddr.s_addr = group,
					 .imr_ifindex = be->dev.ifindex};
	char text[INET_ADDRSTRLEN];

	if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)))
		return kb_err_set(KB_EXIT_RETRY, errno, "join %s on %s",
				  inet_ntop(AF_INET, &group, text, sizeof(text)), be->cfg->iface);
	return 0;
}

static int add_socket(struct kb_queue *q, uint32_t addr, uint16_t port)
{
	struct sock *const s = &q->sock[q->sockets];

	s->fd = open_socket(q->cfg, addr, port);
	if (s->fd < 0)
		return -1;
	if (set_receiving(s->fd, q->cfg)) {
		close(s->fd);
		return -1;
	}
	s->port = port;
	q->poll[q->sockets] = (struct pollfd){.fd = s->fd, .events = POLLIN};
	q->sockets++;
	return 0;
}

static bool has_wildcard(const struct kb_flows *flows, uint16_t port)
{
	for (uint32_t i = 0; i < flows->n; i++)
		if (flows->flow[i].addr == 0 && flows->flow[i].port == port)
			return true;
	return false;
}

/* A socket for every address the port receives on: the groups of a port share it. */
static int add_wildcard(const struct kb_backend *be, struct kb_queue *q, uint16_t port)
{
	const struct kb_flows *const flows = &be->cfg->flows;

	if (add_socket(q, INADDR_ANY, port))
		return -1;
	const int fd = q->sock[q->sockets - 1].fd;
	/*
	 * The kernel gives a multicast datagram to every socket that matches, SO_REUSEPORT or not.
	 * Only queue 0 may match, or each datagram would be delivered once per queue.
	 */
	if (q->index != 0)
		return set_int(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0)
			       ? kb_err_set(KB_EXIT_RETRY, errno, "turn off IP_MULTICAST_ALL")
			       : 0;
	for (uint32_t i = 0; i < flows->n; i++) {
		const struct kb_flow *const f = &flows->flow[i];

		if (f->port == port && kb_addr_is_multicast(f->addr) && join_group(be, fd, f->addr))
			return -1;
	}
	return 0;
}

static int add_flows(const struct kb_backend *be, struct kb_queue *q)
{
	const struct kb_flows *const flows = &be->cfg->flows;

	for (uint32_t i = 0; i < flows->n; i++) {
		const struct kb_flow *const f = &flows->flow[i];

		if (f->addr == 0) {
			if (add_wildcard(be, q, f->port))
				return -1;
		} else if (has_wildcard(flows, f->port)) {
			continue;
		} else if (!kb_addr_is_multicast(f->addr)) {
			if (add_socket(q, f->addr, f->port))
				return -1;
		} else if (i % be->cfg->queues == q->index) {
			/* One queue for each group, for the reason given in add_wildcard. */
			if (add_socket(q, f->addr, f->port) ||
			    join_group(be, q->sock[q->sockets - 1].fd, f->addr))
				return -1;
		}
	}
	return 0;
}

/* --- queues --- */

static int allocate_buffers(struct kb_queue *q, uint32_t mtu)
{
	const uint32_t burst = q->cfg->burst;

	/* An odd number of cache lines: buffers start in different sets of the cache. */
	q->buffer_size = ((mtu + CACHE_LINE - 1) / CACHE_LINE | 1u) * CACHE_LINE;
	q->msgs = calloc(burst, sizeof(*q->msgs));
	q->slots = calloc(burst, sizeof(*q->slots));
	q->tx_msgs = calloc(burst, sizeof(*q->tx_msgs));
	q->tx_slots = calloc(burst, sizeof(*q->tx_slots));
	q->buffers = aligned_alloc(CACHE_LINE, (size_t)burst * q->buffer_size);
	if (!q->msgs || !q->slots || !q->tx_msgs || !q->tx_slots || !q->buffers)
		return kb_err_set(KB_EXIT_RETRY, errno, "allocate %u buffers of %u bytes", burst,
				  q->buffer_size);
	for (uint32_t i = 0; i < burst; i++) {
		struct msghdr *const rx = &q->msgs[i].msg_hdr;
		struct msghdr *const tx = &q->tx_msgs[i].msg_hdr;

		q->slots[i].iov.iov_base = q->buffers + (size_t)i * q->buffer_size;
		q->slots[i].iov.iov_len = q->buffer_size;
		rx->msg_name = &q->slots[i].peer;
		rx->msg_namelen = sizeof(q->slots[i].peer);
		rx->msg_iov = &q->slots[i].iov;
		rx->msg_iovlen = 1;
		rx->msg_control = q->slots[i].control;
		rx->msg_controllen = CONTROL_SIZE;
		tx->msg_name = &q->tx_slots[i].peer;
		tx->msg_namelen = sizeof(q->tx_slots[i].peer);
		tx->msg_iov = &q->tx_slots[i].iov;
		tx->msg_iovlen = 1;
	}
	return 0;
}

static void close_queue(struct kb_queue *q)
{
	for (uint32_t i = 0; i < q->sockets + q->tx_sockets; i++)
		close(q->sock[i].fd);
	free(q->msgs);
	free(q->slots);
	free(q->tx_msgs);
	free(q->tx_slots);
	free(q->buffers);
}

/*
 * A receiver that may sleep does so in the read itself where there is one socket to read: one
 * system call a wake-up, where polling makes three.
 */
static int set_waiting(struct kb_queue *q)
{
	const struct timeval most = {.tv_usec = KB_WAKEUP_MS * 1000};

	q->read_flags = MSG_DONTWAIT;
	if (q->cfg->poll_mode != KB_POLL_WAKEUP || q->sockets != 1)
		return 0;
	q->read_flags = MSG_WAITFORONE;
	if (setsockopt(q->sock[0].fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most)) ||
	    fcntl(q->sock[0].fd, F_SETFL, 0))
		return kb_err_set(KB_EXIT_RETRY, errno, "let reads wait");
	return 0;
}

static int open_queue(struct kb_backend *be, uint32_t index)
{
	struct kb_queue *const q = &be->queue[index];
	const uint32_t mtu = be->dev.mtu > be->cfg->mtu ? be->dev.mtu : be->cfg->mtu;

	q->cfg = be->cfg;
	q->stats = &be->stats->queue[index];
	q->index = index;
	if (allocate_buffers(q, mtu) || add_flows(be, q) || set_waiting(q)) {
		close_queue(q);
		return kb_err_wrap("queue %u", index);
	}
	return 0;
}

/* --- the contract: set-up --- */

/* Written only when it changes: readers look at any time. */
static void describe_filter(struct kb_backend *be)
{
	const char *const mode = be->xdp ? kb_xdp_ledger_mode(be->xdp) : "";

	if (strcmp(be->stats->xdp, mode) != 0)
		snprintf(be->stats->xdp, sizeof(be->stats->xdp), "%s", mode);
}

static void describe(struct kb_backend *be)
{
	struct kb_stats *const s = be->stats;

	snprintf(s->driver, sizeof(s->driver), "%s",
		 be->dev.driver[0] ? be->dev.driver : be->cfg->iface);
	snprintf(s->detail, sizeof(s->detail), "sockets=%u rcvbuf=%uKiB stamp=kernel%s",
		 be->queue[0].sockets, be->cfg->socket_buffer_kb,
		 be->cfg->busy_poll_us ? " busy-poll" : "");
	describe_filter(be);
}

static int open_port(struct kb_backend *be)
{
	static const char *const names[KB_ALLOWANCES] = KB_ALLOWANCE_NAMES;
	const char *const iface = be->cfg->iface;

	if (kb_netdev_query(&be->dev, iface))
		return -1;
	if (!be->dev.up)
		return kb_err_set(KB_EXIT_RETRY, 0, "interface %s is down", iface);
	if (be->cfg->plane == KB_PLANE_XDP &&
	    kb_xdp_ledger_open(&be->xdp, be->cfg, be->dev.ifindex))
		return -1;
	if (kb_ethtool_find(iface, names, KB_ALLOWANCES, be->allowance_index))
		return -1;
	kb_port_watch_open(&be->watch, iface, be->dev.ifindex, be->dev.mtu);
	return 0;
}

static int open_ledger(struct kb_backend *be)
{
	if (kb_netdev_counters(&be->ledger.last, be->dev.ifindex))
		return -1;
	return kb_ethtool_read(be->cfg->iface, be->allowance_index, KB_ALLOWANCES, be->allowance);
}

int kb_backend_open(struct kb_backend **out, const struct kb_config *cfg, struct kb_stats *stats)
{
	struct kb_backend *const be = calloc(1, sizeof(*be));

	if (!be)
		return kb_err_set(KB_EXIT_RETRY, errno, "allocate back-end");
	be->cfg = cfg;
	be->stats = stats;
	be->queue = calloc(cfg->queues, sizeof(*be->queue));
	if (!be->queue) {
		kb_err_set(KB_EXIT_RETRY, errno, "allocate %u queues", cfg->queues);
		goto undo_backend;
	}
	if (open_port(be) || open_ledger(be))
		goto undo_backend;
	for (; be->queues < cfg->queues; be->queues++)
		if (open_queue(be, be->queues))
			goto undo_backend;
	describe(be);
	*out = be;
	return 0;

undo_backend:
	kb_backend_close(be);
	return -1;
}

struct kb_rights kb_backend_rights(const struct kb_backend *be)
{
	static const int calls[] = {SYS_recvmmsg, SYS_sendmmsg, SYS_ppoll,
#ifdef SYS_poll /* aarch64 has only ppoll */
				    SYS_poll,
#endif
				    -1};
	static const int calls_and_filter[] = {SYS_recvmmsg,
					       SYS_sendmmsg,
					       SYS_ppoll,
					       SYS_bpf,
#ifdef SYS_poll
					       SYS_poll,
#endif
					       -1};

	if (!be->xdp)
		return (struct kb_rights){.syscalls = calls};
	/* CAP_BPF: before Linux 5.19 even reading a map took it. */
	return (struct kb_rights){.syscalls = calls_and_filter, .capabilities = 1ull << CAP_BPF};
}

struct kb_queue *kb_backend_queue(struct kb_backend *be, uint32_t i)
{
	return &be->queue[i];
}

int kb_queue_attach(struct kb_queue *q)
{
	/* First touch on the queue's own core: its NUMA node holds the buffers. */
	memset(q->buffers, 0, (size_t)q->cfg->burst * q->buffer_size);
	return 0;
}

void kb_backend_close(struct kb_backend *be)
{
	if (!be)
		return;
	for (uint32_t i = 0; i < be->queues; i++)
		close_queue(&be->queue[i]);
	free(be->queue);
	kb_xdp_ledger_close(be->xdp);
	free(be);
}

/* --- the contract: receiving --- */

/* Sums a burst up; what the kernel has not stamped has the time of now. */
static struct kb_burst sum_up(struct kb_pkt *v, uint32_t n)
{
	struct kb_burst b = {.polled_ns = kb_fast_now_ns()};

	for (uint32_t i = 0; i < n; i++) {
		b.bytes += v[i].len;
		b.stamped |= v[i].rx_ns != 0;
		v[i].rx_ns = v[i].rx_ns ? v[i].rx_ns : b.polled_ns;
	}
	return b;
}

static void read_control(struct kb_pkt *pkt, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec ts;

			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
			pkt->rx_ns = (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			pkt->dst_addr = info.ipi_addr.s_addr;
		}
	}
}

/* What is being filled: a slot for each message, a packet for each one that is whole. */
struct burst {
	struct kb_pkt *v;
	uint32_t n;
	uint32_t slots;
	uint32_t max;
};

static void take(struct kb_queue *q, const struct sock *s, uint32_t index, struct burst *b)
{
	struct mmsghdr *const m = &q->msgs[index];
	const struct slot *const slot = &q->slots[index];

	/* Longer than the MTU: fragments that the kernel has put together. */
	if (m->msg_hdr.msg_flags & MSG_TRUNC) {
		kb_stat_add(&q->stats->cause[KB_CAUSE_FRAGMENT], 1);
	} else {
		struct kb_pkt *const pkt = &b->v[b->n++];

		*pkt = (struct kb_pkt){
			.payload = slot->iov.iov_base,
			.src_addr = slot->peer.sin_addr.s_addr,
			.src_port = ntohs(slot->peer.sin_port),
			.dst_port = s->port,
			.len = (uint16_t)m->msg_len,
			.queue = (uint16_t)q->index,
		};
		read_control(pkt, &m->msg_hdr);
	}
	m->msg_hdr.msg_namelen = sizeof(slot->peer);
	m->msg_hdr.msg_controllen = CONTROL_SIZE;
}

static void read_socket(struct kb_queue *q, const struct sock *s, struct burst *b)
{
	/* -1: nothing there, or an error that housekeeping will name (the interface is gone). */
	const int n = recvmmsg(s->fd, q->msgs + b->slots, b->max - b->slots, q->read_flags, NULL);

	for (int i = 0; i < n; i++)
		take(q, s, b->slots++, b);
}

/* For an attached kb-dump: what the sockets deliver, whose headers the kernel has kept. */
static __attribute__((noinline, cold)) void tap(const struct kb_pkt *v, uint32_t n)
{
	struct kb_tap *const t = kb_tap_begin(v->queue);

	if (!t)
		return;
	for (uint32_t i = 0; i < n; i++)
		kb_tap_datagram(t, &v[i]);
	kb_tap_end(t);
}

static uint32_t read_all(struct kb_queue *q, struct kb_pkt *v, uint32_t max, struct kb_burst *sum)
{
	struct burst b = {.v = v, .max = max < q->cfg->burst ? max : q->cfg->burst};

	for (uint32_t i = 0; i < q->sockets && b.slots < b.max; i++) {
		read_socket(q, &q->sock[q->next], &b);
		q->next = q->next + 1 < q->sockets ? q->next + 1 : 0;
	}
	if (b.n && kb_tap_wanted(q->index))
		tap(v, b.n);
	if (b.n)
		*sum = sum_up(v, b.n);
	return b.n;
}

uint32_t kb_rx_burst(struct kb_queue *q, struct kb_pkt *v, uint32_t max, struct kb_burst *b)
{
	const uint32_t n = read_all(q, v, max, b);

	if (n || q->cfg->poll_mode != KB_POLL_WAKEUP || q->read_flags == MSG_WAITFORONE)
		return n; /* or the read has waited */
	if (poll(q->poll, q->sockets, KB_WAKEUP_MS) <= 0)
		return 0;
	return read_all(q, v, max, b);
}

void kb_rx_release(struct kb_queue *q, const struct kb_pkt *v, uint32_t n)
{
	/* The next burst overwrites the buffers. */
	(void)q;
	(void)v;
	(void)n;
}

/* --- the contract: sending --- */

/*
 * The queue's socket on `port`; opened by the first datagram sent from there, when the receiver has
 * no capabilities any more.
 */
static const struct sock *tx_socket(struct kb_queue *q, uint16_t port)
{
	const uint32_t n = q->sockets + q->tx_sockets;

	for (uint32_t i = 0; i < n; i++)
		if (q->sock[i].port == port)
			return &q->sock[i];
	if (n == MAX_SOCKETS)
		return NULL;
	const int fd = open_socket(q->cfg, INADDR_ANY, port);
	if (fd < 0)
		return NULL;
	q->sock[n] = (struct sock){.fd = fd, .port = port};
	q->tx_sockets++;
	return &q->sock[n];
}

static void prepare(struct kb_queue *q, uint32_t slot, const struct kb_tx *tx)
{
	struct slot *const s = &q->tx_slots[slot];

	s->iov.iov_base = (void *)(uintptr_t)tx->payload;
	s->iov.iov_len = tx->len;
	s->peer = (struct sockaddr_in){.sin_family = AF_INET,
				       .sin_port = htons(tx->dst_port),
				       .sin_addr.s_addr = tx->dst_addr};
}

/*
 * Sends the datagrams at the front of v that leave from one port, at most a burst. Returns how many
 * went, or -errno of the first.
 */
static int send_run(struct kb_queue *q, const struct kb_tx *v, uint32_t n)
{
	const struct sock *const s = tx_socket(q, v->src_port);
	uint32_t count = 0;

	if (!s)
		return -EADDRNOTAVAIL;
	for (; count < n && count < q->cfg->burst && v[count].src_port == v->src_port; count++)
		prepare(q, count, &v[count]);
	const int sent = sendmmsg(s->fd, q->tx_msgs, count, MSG_DONTWAIT);
	return sent < 0 ? -errno : sent;
}

static bool is_passing(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK || err == ENOBUFS || err == EINTR;
}

uint32_t kb_tx_burst(struct kb_queue *q, const struct kb_tx *v, uint32_t n)
{
	uint32_t sent = 0;
	uint32_t refused = 0;

	while (sent + refused < n) {
		const uint32_t done = sent + refused;
		const int result = send_run(q, v + done, n - done);

		if (result > 0)
			sent += (uint32_t)result;
		else if (is_passing(-result))
			break;
		else
			refused++;
	}
	kb_stat_add(&q->stats->sent, sent);
	if (refused)
		kb_stat_add(&q->stats->unsent, refused);
	return sent + refused;
}

/* --- the contract: housekeeping --- */

/* Adds what the sockets of a queue dropped since the last look. */
static void read_drops(struct kb_queue *q, struct kb_device_stats *device)
{
	for (uint32_t i = 0; i < q->sockets; i++) {
		uint32_t info[SK_MEMINFO_VARS] = {0};
		socklen_t len = sizeof(info);

		if (getsockopt(q->sock[i].fd, SOL_SOCKET, SO_MEMINFO, info, &len))
			continue;
		kb_stat_add(&device->cause[KB_CAUSE_SOCKET_OVERFLOW],
			    info[SK_MEMINFO_DROPS] - q->sock[i].drops);
		q->sock[i].drops = info[SK_MEMINFO_DROPS];
	}
}

static void read_allowances(struct kb_backend *be)
{
	uint64_t now[KB_ALLOWANCES];

	if (kb_ethtool_read(be->cfg->iface, be->allowance_index, KB_ALLOWANCES, now))
		return;
	kb_counters_publish(be->stats->allowance, be->allowance, now, KB_ALLOWANCES);
}

/* Another interface of the same name is not the one the sockets are bound to. */
static int check_device(const struct kb_backend *be)
{
	struct kb_netdev dev;

	if (kb_netdev_query(&dev, be->cfg->iface) || dev.ifindex != be->dev.ifindex)
		return kb_err_set(KB_EXIT_RETRY, 0, "interface %s is gone", be->cfg->iface);
	return 0;
}

int kb_backend_housekeep(struct kb_backend *be)
{
	struct kb_netdev_counters now;

	/* A reading may fail while the device resets; only a device that is gone is an end. */
	const bool read = kb_netdev_counters(&now, be->dev.ifindex) == 0;
	if (!read && check_device(be))
		return -1;
	for (uint32_t i = 0; i < be->queues; i++)
		read_drops(&be->queue[i], &be->stats->device[i]);
	uint64_t *const cause = be->stats->device[0].cause;
	const uint64_t useless = be->xdp ? kb_xdp_ledger_read(be->xdp, cause) : 0;
	kb_kernel_book(&be->ledger, read ? &now : &be->ledger.last, useless, cause);
	describe_filter(be);
	if (be->housekeeps++ % ALLOWANCES_EVERY == 0)
		read_allowances(be);
	if (kb_port_watch_look(&be->watch, kb_clock_ns(CLOCK_MONOTONIC)))
		return -1;
	kb_port_watch_show(&be->watch, be->stats->detail, sizeof(be->stats->detail));
	return 0;
}
