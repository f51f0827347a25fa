// SPDX-License-Identifier: Apache-2.0
/* Lets one kb-dump at a time look: a socket, the memory to share, and its end. */
#include "kb/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Housekeepings that a client may take to say what it wants: a second. */
#define PATIENCE 10

static struct {
	const struct kb_stats *stats;
	struct sockaddr_un at;
	int listener;
	int client;
	uint32_t waited;
	struct kb_tap_area *area; /* NULL: nobody is attached */
	size_t size;
} server = {.listener = -1, .client = -1};

void kb_tap_listen(const struct kb_config *cfg, const struct kb_stats *stats)
{
	server.stats = stats;
	server.at = (struct sockaddr_un){.sun_family = AF_UNIX};
	const int len = snprintf(server.at.sun_path, sizeof(server.at.sun_path), "%s%s",
				 cfg->stats_page, KB_TAP_SUFFIX);
	if (len >= (int)sizeof(server.at.sun_path)) {
		fprintf(stderr, "kb-dump cannot attach: '%s%s' is too long for a socket\n",
			cfg->stats_page, KB_TAP_SUFFIX);
		return;
	}
	/* The page is ours, so the socket of that name is that of a receiver that is gone. */
	unlink(server.at.sun_path);
	server.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server.listener < 0 ||
	    bind(server.listener, (const struct sockaddr *)&server.at, sizeof(server.at)) ||
	    /* What it sees is the traffic: for the receiver's user and group. */
	    chmod(server.at.sun_path, 0660) || listen(server.listener, 2)) {
		fprintf(stderr, "kb-dump cannot attach: %s: %s\n", server.at.sun_path,
			strerror(errno));
		if (server.listener >= 0)
			close(server.listener);
		server.listener = -1;
	}
}

/* --- answers --- */

static void refuse(int client, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void refuse(int client, const char *fmt, ...)
{
	struct kb_tap_reply reply = {.magic = KB_TAP_MAGIC, .refused = 1};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reply.text, sizeof(reply.text), fmt, ap);
	va_end(ap);
	(void)send(client, &reply, sizeof(reply), MSG_DONTWAIT | MSG_NOSIGNAL);
	/* Closing a socket that holds something unread would be an error for the other side. */
	(void)recv(client, &reply, sizeof(reply), MSG_DONTWAIT);
}

static int send_area(int client, int fd)
{
	struct kb_tap_reply reply = {.magic = KB_TAP_MAGIC};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = &reply, .iov_len = sizeof(reply)};
	const struct msghdr msg = {.msg_iov = &iov,
				   .msg_iovlen = 1,
				   .msg_control = &control,
				   .msg_controllen = sizeof(control)};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(client, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof(reply) ? 0
											    : -1;
}

/* --- the shared memory --- */

static void describe(struct kb_tap_area *area, const struct kb_tap_request *r)
{
	const struct kb_stats *const s = server.stats;

	area->magic = KB_TAP_MAGIC;
	area->version = KB_TAP_VERSION;
	area->queues = s->queues;
	area->ring_bytes = r->ring_bytes;
	area->snaplen = r->snaplen;
	area->has_ethernet = strcmp(s->plane, "afxdp") == 0 || strcmp(s->plane, "dpdk") == 0;
	area->pid = s->pid;
	memcpy(area->plane, s->plane, sizeof(area->plane));
	memcpy(area->iface, s->iface, sizeof(area->iface));
	memcpy(area->handler, s->handler, sizeof(area->handler));
}

/* Returns the descriptor of the area, which is mapped, or -1 with errno. */
static int make_area(const struct kb_tap_request *r)
{
	const size_t size = KB_TAP_DATA + (size_t)server.stats->queues * r->ring_bytes;
	const int fd = memfd_create("kb-dump", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	/* Sealed: a page that vanished under a queue's thread would end the receiver. Present from
	 * the start: a fault on that thread would be a latency of our own making. */
	if (ftruncate(fd, (off_t)size) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		goto undo;
	void *const area =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (area == MAP_FAILED)
		goto undo;
	server.area = area;
	server.size = size;
	describe(server.area, r);
	return fd;

undo:;
	const int err = errno;
	close(fd);
	errno = err;
	return -1;
}

static void start(void)
{
	struct kb_tap_area *const area = server.area;

	for (uint32_t i = 0; i < server.stats->queues; i++) {
		struct kb_tap *const t = &kb_taps[i];

		t->data = (uint8_t *)area + KB_TAP_DATA + (size_t)i * area->ring_bytes;
		t->mask = area->ring_bytes - 1;
		t->snaplen = area->snaplen;
		t->head = t->seen = t->dropped = 0;
		t->untold = (struct kb_tap_outcome){0};
		t->room = area->ring_bytes;
		t->ring = &area->ring[i];
		__atomic_store_n(&t->on, 1, __ATOMIC_SEQ_CST);
	}
}

/* Returns true once no queue's thread can be inside. It never waits for one. */
static bool stop(void)
{
	bool quiet = true;

	for (uint32_t i = 0; i < server.stats->queues; i++) {
		__atomic_store_n(&kb_taps[i].on, 0, __ATOMIC_SEQ_CST);
		quiet = quiet && !__atomic_load_n(&kb_taps[i].busy, __ATOMIC_SEQ_CST);
	}
	if (!quiet)
		return false;
	munmap(server.area, server.size);
	server.area = NULL;
	return true;
}

/* --- one client --- */

static void hang_up(void)
{
	close(server.client);
	server.client = -1;
}

static bool is_power_of_two(uint32_t n)
{
	return n && (n & (n - 1)) == 0;
}

static void serve(const struct kb_tap_request *r)
{
	const uint32_t queues = server.stats->queues;

	if (r->magic != KB_TAP_MAGIC || r->version != KB_TAP_VERSION) {
		refuse(server.client, "the receiver is of another version: it shares version %u",
		       KB_TAP_VERSION);
	} else if (r->snaplen < KB_TAP_MIN_SNAP || r->snaplen > KB_TAP_MAX_SNAP ||
		   !is_power_of_two(r->ring_bytes) || r->ring_bytes < KB_TAP_MIN_RING ||
		   r->ring_bytes > KB_TAP_MAX_RING) {
		refuse(server.client, "no such snaplen or buffer: %u, %u", r->snaplen,
		       r->ring_bytes);
	} else if ((uint64_t)queues * r->ring_bytes > KB_TAP_MAX_AREA) {
		refuse(server.client,
		       "a buffer of %u MiB for each of %u queues is more than the %u MiB allowed",
		       r->ring_bytes >> 20, queues, (uint32_t)(KB_TAP_MAX_AREA >> 20));
	} else {
		const int fd = make_area(r);

		if (fd >= 0) {
			/* First: whoever has the memory misses nothing from then on. */
			start();
			const int sent = send_area(server.client, fd);

			close(fd);
			if (sent == 0)
				return;
			stop();
		} else {
			refuse(server.client, "the receiver has no memory to share: %s",
			       strerror(errno));
		}
	}
	hang_up();
}

static void await_request(void)
{
	struct kb_tap_request request;
	const ssize_t len = recv(server.client, &request, sizeof(request), MSG_DONTWAIT);

	if (len == (ssize_t)sizeof(request))
		serve(&request);
	else if (len >= 0 || errno != EAGAIN || ++server.waited > PATIENCE)
		hang_up();
}

/* Whether the attached kb-dump has closed its end, or ended. It has nothing to say meanwhile. */
static bool is_gone(void)
{
	char byte;

	return recv(server.client, &byte, sizeof(byte), MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

static void accept_one(void)
{
	const int fd = accept4(server.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (server.client >= 0 || server.area) {
		refuse(fd, "another kb-dump is attached to this receiver");
		close(fd);
		return;
	}
	server.client = fd;
	server.waited = 0;
}

void kb_tap_housekeep(void)
{
	if (server.listener < 0)
		return;
	if (server.area && (server.client < 0 || is_gone())) {
		if (server.client >= 0)
			hang_up();
		stop(); /* if not now, the next time */
	}
	accept_one();
	if (server.client >= 0 && !server.area)
		await_request();
}

void kb_tap_close(void)
{
	if (server.area)
		stop();
	if (server.client >= 0)
		hang_up();
	if (server.listener >= 0) {
		close(server.listener);
		unlinkat(AT_FDCWD, server.at.sun_path,
			 0); /* the one call that every architecture has */
		server.listener = -1;
	}
}
