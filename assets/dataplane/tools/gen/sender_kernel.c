// SPDX-License-Identifier: Apache-2.0
/* kb-gen over kernel sockets: one connected socket for each flow of each line. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kb/error.h"
#include "kb/flow.h"
#include "sender.h"

#define BATCH 64u /* messages of one sendmmsg */
/* Multicast from a host's default TTL of 1 would end at the first router. */
#define TTL 64

const struct kb_sender_info kb_sender_info = {
	.program = "kb-gen",
	.wants = KB_GEN_IFACE | KB_GEN_SRC,
};

struct kb_sender {
	uint32_t sockets;
	int fd[];
};

static int open_socket(const struct kb_gen_options *o, const struct kb_endpoint *to, uint16_t port)
{
	const int on = 1;
	const int ttl = TTL;
	const struct sockaddr_in peer = {
		.sin_family = AF_INET, .sin_addr.s_addr = to->addr, .sin_port = htons(to->port)};
	struct sockaddr_in self = {.sin_family = AF_INET, .sin_port = htons(port)};
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return kb_err_set(KB_EXIT_RETRY, errno, "open a socket");
	/* Lines share their source ports. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl));
	self.sin_addr.s_addr = o->src_addr;
	if (o->iface &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, o->iface, (socklen_t)strlen(o->iface)) < 0)
		kb_err_set(KB_EXIT_CONFIG, errno, "--iface %s", o->iface);
	else if (bind(fd, (const struct sockaddr *)&self, sizeof(self)) < 0)
		kb_err_set(KB_EXIT_CONFIG, errno, "--from-port %u", port);
	else if (connect(fd, (const struct sockaddr *)&peer, sizeof(peer)) < 0)
		kb_err_set(KB_EXIT_RETRY, errno, "--to: no way to the destination");
	else
		return fd;
	close(fd);
	return -1;
}

int kb_sender_open(struct kb_sender **out, const struct kb_gen_options *o)
{
	const uint32_t n = o->lines * o->flows;
	struct kb_sender *const s = calloc(1, sizeof(*s) + n * sizeof(s->fd[0]));
	*out = NULL;
	if (!s)
		return kb_err_set(KB_EXIT_RETRY, errno, "memory for %u sockets", n);
	for (; s->sockets < n; s->sockets++) {
		const uint32_t line = s->sockets / o->flows;
		const uint32_t port = o->from_port ? o->from_port + s->sockets % o->flows : 0;
		s->fd[s->sockets] = open_socket(o, &o->to[line % o->n_to], (uint16_t)port);
		if (s->fd[s->sockets] < 0) {
			kb_sender_close(s);
			return -1;
		}
	}
	*out = s;
	return 0;
}

int kb_sender_attach(struct kb_sender *s)
{
	(void)s;
	return 0;
}

/* Any failure means "not taken": a full buffer, or an ICMP error of an earlier datagram. */
static uint32_t send_run(int fd, const struct kb_tx *v, uint32_t n)
{
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	for (uint32_t i = 0; i < n; i++) {
		iov[i] = (struct iovec){.iov_base = (void *)(uintptr_t)v[i].payload,
					.iov_len = v[i].len};
		msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
	}
	const int sent = sendmmsg(fd, msgs, n, MSG_DONTWAIT);
	return sent < 0 ? 0 : (uint32_t)sent;
}

uint32_t kb_sender_send(struct kb_sender *s, const struct kb_tx *v, const uint16_t *flow,
			uint32_t n)
{
	uint32_t done = 0;
	while (done < n) {
		uint32_t run = 1;
		while (done + run < n && run < BATCH && flow[done + run] == flow[done])
			run++;
		const uint32_t sent = send_run(s->fd[flow[done]], v + done, run);
		done += sent;
		if (sent < run)
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
	(void)s; /* the kernel keeps what it took, even when the socket is closed */
}

uint64_t kb_sender_refused(const struct kb_sender *s)
{
	(void)s;
	return 0;
}

const uint64_t *kb_sender_malformed(const struct kb_sender *s)
{
	(void)s;
	return NULL;
}

const char *kb_sender_driver(const struct kb_sender *s)
{
	(void)s;
	return "sockets";
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
	for (uint32_t i = 0; i < s->sockets; i++)
		close(s->fd[i]);
	free(s);
}
