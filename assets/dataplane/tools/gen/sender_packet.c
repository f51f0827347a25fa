// SPDX-License-Identifier: Apache-2.0
/*
 * kb-gen over a packet socket: whole frames of our own making, right and wrong ones, on any
 * interface that the kernel has. No receiver's back-end would send what --malformed asks for.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arrivals.h"
#include "kb/error.h"
#include "kb/flow.h"
#include "kb/frame.h"
#include "kb/msg.h"
#include "malformed.h"
#include "sender.h"

/* Frames of one system call: messages, and every kind behind a message at most. */
#define BATCH 64u

const struct kb_sender_info kb_sender_info = {
	.program = "kb-gen-packet",
	.wants = KB_GEN_IFACE | KB_GEN_SRC | KB_GEN_MAC | KB_GEN_NEEDS_IFACE | KB_GEN_NEEDS_HOP |
		 KB_GEN_MALFORMED,
};

struct kb_sender {
	const struct kb_gen_options *o;
	int fd;
	uint8_t mac[6];
	uint32_t frame_size;
	uint64_t random;
	uint64_t below[KB_MALFORMED_KINDS]; /* of 2^64: sent when the draw is less */
	uint64_t malformed[KB_MALFORMED_KINDS];
	uint32_t n; /* frames of the next call */
	uint8_t kind[BATCH];
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	uint8_t frames[];
};

#define A_MESSAGE KB_MALFORMED_KINDS /* instead of a kind */

static int open_socket(struct kb_sender *s, const char *iface)
{
	const struct sockaddr_ll ll = {.sll_family = AF_PACKET,
				       .sll_ifindex = (int)if_nametoindex(iface)};
	struct ifreq ifr = {0};

	if (!ll.sll_ifindex)
		return kb_err_set(KB_EXIT_CONFIG, errno, "--iface %s", iface);
	/* Protocol 0: it receives nothing. */
	s->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return kb_err_set(errno == EPERM ? KB_EXIT_CONFIG : KB_EXIT_RETRY, errno,
				  "open a packet socket (it takes CAP_NET_RAW)");
	strncpy(ifr.ifr_name, iface, sizeof(ifr.ifr_name) - 1);
	if (bind(s->fd, (const struct sockaddr *)&ll, sizeof(ll)) ||
	    ioctl(s->fd, SIOCGIFHWADDR, &ifr)) {
		kb_err_set(KB_EXIT_RETRY, errno, "--iface %s", iface);
		close(s->fd);
		return -1;
	}
	memcpy(s->mac, ifr.ifr_hwaddr.sa_data, sizeof(s->mac));
	return 0;
}

int kb_sender_open(struct kb_sender **out, const struct kb_gen_options *o)
{
	const uint32_t message = KB_UDP_HEADERS + o->size;
	const uint32_t size = message > KB_MALFORMED_FRAME ? message : KB_MALFORMED_FRAME;
	struct kb_sender *const s = calloc(1, sizeof(*s) + (size_t)BATCH * size);

	*out = NULL;
	if (!s)
		return kb_err_set(KB_EXIT_RETRY, errno, "memory for %u frames", BATCH);
	s->o = o;
	s->frame_size = size;
	s->random = o->seed;
	for (uint32_t k = 0; k < KB_MALFORMED_KINDS; k++) {
		const double share = o->malformed.percent[k] / 100;

		s->below[k] = share >= 1 ? UINT64_MAX : (uint64_t)(share * 0x1p64);
	}
	for (uint32_t i = 0; i < BATCH; i++) {
		s->iov[i].iov_base = s->frames + (size_t)i * size;
		s->msgs[i].msg_hdr.msg_iov = &s->iov[i];
		s->msgs[i].msg_hdr.msg_iovlen = 1;
	}
	if (open_socket(s, o->iface)) {
		free(s);
		return -1;
	}
	*out = s;
	return 0;
}

int kb_sender_attach(struct kb_sender *s)
{
	(void)s;
	return 0;
}

static struct kb_frame_path path_of(const struct kb_sender *s, const struct kb_tx *tx)
{
	struct kb_frame_path path = {
		.src_addr = s->o->src_addr,
		.dst_addr = tx->dst_addr,
		.src_port = tx->src_port,
		.dst_port = tx->dst_port,
	};

	memcpy(path.src_mac, s->mac, sizeof(path.src_mac));
	if (kb_addr_is_multicast(tx->dst_addr))
		kb_frame_multicast_mac(path.dst_mac, tx->dst_addr);
	else
		memcpy(path.dst_mac, s->o->dst_mac, sizeof(path.dst_mac));
	return path;
}

static void add(struct kb_sender *s, const struct kb_tx *tx)
{
	const struct kb_frame_path path = path_of(s, tx);
	uint8_t *const frame = s->iov[s->n].iov_base;

	memcpy(frame + KB_UDP_HEADERS, tx->payload, tx->len);
	s->iov[s->n].iov_len = kb_frame_udp(frame, &path, tx->len);
	s->kind[s->n++] = A_MESSAGE;
	for (uint32_t k = 0; s->o->malformed.any && k < KB_MALFORMED_KINDS; k++) {
		if (kb_arrivals_random(&s->random) >= s->below[k])
			continue;
		s->iov[s->n].iov_len = kb_malformed_build(s->iov[s->n].iov_base, k, &path);
		s->kind[s->n++] = (uint8_t)k;
	}
}

/* Counts the first `taken` frames; returns how many of them are messages. */
static uint32_t count(struct kb_sender *s, uint32_t taken)
{
	uint32_t messages = 0;

	for (uint32_t i = 0; i < taken; i++) {
		if (s->kind[i] == A_MESSAGE)
			messages++;
		else
			s->malformed[s->kind[i]]++;
	}
	return messages;
}

uint32_t kb_sender_send(struct kb_sender *s, const struct kb_tx *v, const uint16_t *flow,
			uint32_t n)
{
	uint32_t done = 0;

	(void)flow;
	while (done < n) {
		uint32_t offered = done;

		for (s->n = 0; offered < n && s->n + 1 + KB_MALFORMED_KINDS <= BATCH; offered++)
			add(s, &v[offered]);
		const int taken = sendmmsg(s->fd, s->msgs, s->n, MSG_DONTWAIT);
		if (taken <= 0)
			break;
		done += count(s, (uint32_t)taken);
		if ((uint32_t)taken < s->n)
			break;
	}
	return done;
}

void kb_sender_idle(struct kb_sender *s)
{
	(void)s;
}

void kb_sender_drain(struct kb_sender *s)
{
	(void)s; /* the kernel keeps what it took */
}

uint64_t kb_sender_refused(const struct kb_sender *s)
{
	(void)s;
	return 0;
}

const uint64_t *kb_sender_malformed(const struct kb_sender *s)
{
	return s->malformed;
}

const char *kb_sender_driver(const struct kb_sender *s)
{
	(void)s;
	return "packet socket";
}

int kb_sender_housekeep(struct kb_sender *s)
{
	(void)s;
	return 0;
}

void kb_sender_close(struct kb_sender *s)
{
	if (!s)
		return;
	close(s->fd);
	free(s);
}
