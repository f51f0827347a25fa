// SPDX-License-Identifier: Apache-2.0
#include "tap_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "kb/error.h"

/* The receiver looks ten times a second, unless its queues are stuck. */
#define ANSWER_MS 5000

static int dial(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(un.sun_path))
		return kb_err_set(KB_EXIT_CONFIG, 0, "'%s' is too long for a socket", path);
	strcpy(un.sun_path, path);
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return kb_err_set(KB_EXIT_RETRY, errno, "open a socket");
	if (connect(fd, (const struct sockaddr *)&un, sizeof(un)) == 0)
		return fd;
	const int err = errno;
	close(fd);
	if (err == ENOENT || err == ECONNREFUSED)
		return kb_err_set(KB_EXIT_RETRY, 0,
				  "no receiver at %s: is it running, and with this stats page?",
				  path);
	if (err == EACCES)
		return kb_err_set(KB_EXIT_CONFIG, err,
				  "%s: run as root, or as a member of the receiver's group", path);
	return kb_err_set(KB_EXIT_RETRY, err, "connect to %s", path);
}

/* Returns the descriptor that came with the answer, or -1 with kb_err. */
static int receive_area(int fd)
{
	struct kb_tap_reply reply = {0};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {.iov_base = &reply, .iov_len = sizeof(reply)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	int area;

	if (poll(&poller, 1, ANSWER_MS) == 0)
		return kb_err_set(KB_EXIT_RETRY, 0, "the receiver does not answer within %d s",
				  ANSWER_MS / 1000);
	ssize_t len = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	if (len < 0 && errno == ECONNRESET) /* said once; the answer stands behind it */
		len = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	if (len != (ssize_t)sizeof(reply) || reply.magic != KB_TAP_MAGIC)
		return kb_err_set(KB_EXIT_RETRY, 0, "the receiver ended while we attached");
	reply.text[sizeof(reply.text) - 1] = '\0';
	if (reply.refused)
		return kb_err_set(KB_EXIT_RETRY, 0, "%s", reply.text);
	const struct cmsghdr *const c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int)))
		return kb_err_set(KB_EXIT_RETRY, 0, "the receiver shared no memory");
	memcpy(&area, CMSG_DATA(c), sizeof(area));
	return area;
}

static bool is_sane(const struct kb_tap_area *a, size_t size)
{
	return a->magic == KB_TAP_MAGIC && a->version == KB_TAP_VERSION && a->queues > 0 &&
	       a->queues <= KB_MAX_QUEUES && a->ring_bytes >= KB_TAP_MIN_RING &&
	       (a->ring_bytes & (a->ring_bytes - 1)) == 0 && a->snaplen <= KB_TAP_MAX_SNAP &&
	       size == KB_TAP_DATA + (size_t)a->queues * a->ring_bytes &&
	       memchr(a->plane, '\0', sizeof(a->plane)) &&
	       memchr(a->iface, '\0', sizeof(a->iface)) &&
	       memchr(a->handler, '\0', sizeof(a->handler));
}

int kb_tap_client_map(struct kb_tap_client *c, int fd)
{
	const int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	/* A page that vanished under us would end kb-dump. */
	if (seals < 0 || !(seals & F_SEAL_SHRINK))
		return kb_err_set(KB_EXIT_RETRY, 0,
				  "the receiver shared memory that it could take back");
	if (fstat(fd, &st) || (size_t)st.st_size < KB_TAP_DATA)
		return kb_err_set(KB_EXIT_RETRY, 0, "the receiver shared too little memory");
	c->size = (size_t)st.st_size;
	void *const at = mmap(NULL, c->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return kb_err_set(KB_EXIT_RETRY, errno, "map the receiver's memory");
	memcpy(&c->area, at, offsetof(struct kb_tap_area, ring));
	if (!is_sane(&c->area, c->size)) {
		munmap(at, c->size);
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "the receiver is of another version: update kb-dump with it");
	}
	c->shared = at;
	c->ring = ((struct kb_tap_area *)at)->ring;
	return 0;
}

int kb_tap_client_open(struct kb_tap_client *c, const char *path, uint32_t snaplen,
		       uint32_t ring_bytes)
{
	const struct kb_tap_request request = {.magic = KB_TAP_MAGIC,
					       .version = KB_TAP_VERSION,
					       .snaplen = snaplen,
					       .ring_bytes = ring_bytes};

	memset(c, 0, sizeof(*c));
	c->fd = dial(path);
	if (c->fd < 0)
		return -1;
	/* A receiver that has refused already does not listen any more: what it said counts. */
	(void)send(c->fd, &request, sizeof(request), MSG_NOSIGNAL);
	const int area = receive_area(c->fd);
	if (area < 0)
		goto undo;
	const int mapped = kb_tap_client_map(c, area);
	close(area);
	if (mapped == 0)
		return 0;
undo:
	close(c->fd);
	c->fd = -1;
	return -1;
}

/* Whether a record that begins at `at` is one, with `left` bytes up to where the receiver is. */
static bool is_record(const struct kb_tap_client *c, const struct kb_tap_record *r, uint32_t at,
		      uint64_t left)
{
	if (r->size == 0 || r->size % KB_TAP_ALIGN || r->size > c->area.ring_bytes - at ||
	    r->size > left)
		return false;
	if (r->kind == KB_TAP_PAD)
		return true;
	return r->captured <= r->size - sizeof(*r) &&
	       (r->kind != KB_TAP_FRAME ||
		(r->captured <= r->wire && r->captured <= c->area.snaplen));
}

/* The record at the tail of a queue. Returns 1, 0 when the ring is empty, or -1 with kb_err. */
static int peek(struct kb_tap_client *c, uint32_t queue, struct kb_tap_item *out)
{
	const uint8_t *const data = c->shared + KB_TAP_DATA + (size_t)queue * c->area.ring_bytes;

	for (;;) {
		const uint64_t head = __atomic_load_n(&c->ring[queue].head, __ATOMIC_ACQUIRE);
		const uint64_t left = head - c->tail[queue];
		const uint32_t at = (uint32_t)c->tail[queue] & (c->area.ring_bytes - 1);

		if (left == 0)
			return 0;
		memcpy(&out->about, data + at, sizeof(out->about));
		if (left > c->area.ring_bytes || !is_record(c, &out->about, at, left))
			return kb_err_set(KB_EXIT_RETRY, 0,
					  "queue %u: the receiver's memory holds no record", queue);
		if (out->about.kind != KB_TAP_PAD) {
			out->queue = queue;
			out->data = data + at + sizeof(out->about);
			return 1;
		}
		c->tail[queue] += out->about.size;
	}
}

int kb_tap_client_next(struct kb_tap_client *c, struct kb_tap_item *out)
{
	int found = 0;

	for (uint32_t i = 0; i < c->area.queues; i++) {
		struct kb_tap_item item;
		const int result = peek(c, i, &item);

		if (result < 0)
			return -1;
		if (result && (!found || item.about.ns < out->about.ns)) {
			*out = item;
			found = 1;
		}
	}
	if (found)
		c->tail[out->queue] += out->about.size;
	return found;
}

void kb_tap_client_release(struct kb_tap_client *c)
{
	for (uint32_t i = 0; i < c->area.queues; i++)
		__atomic_store_n(&c->ring[i].tail, c->tail[i], __ATOMIC_RELEASE);
}

bool kb_tap_client_wait(struct kb_tap_client *c, int ms)
{
	struct pollfd poller = {.fd = c->fd, .events = POLLIN};

	return poll(&poller, 1, ms) <= 0; /* a signal ends the wait; so does the receiver's end */
}

void kb_tap_client_detach(struct kb_tap_client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

void kb_tap_client_close(struct kb_tap_client *c)
{
	kb_tap_client_detach(c);
	if (c->shared)
		munmap(c->shared, c->size);
	c->shared = NULL;
}
