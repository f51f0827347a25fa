// SPDX-License-Identifier: Apache-2.0
#include "xsk.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "kb/error.h"

/* A closed socket gives up its queue from a kernel worker: after a restart it may still be taken.
 */
#define BUSY_MS	      1000u
#define BUSY_PAUSE_MS 20u

static uint32_t power_of_two_from(uint32_t n)
{
	return n <= 1 ? 1 : 1u << (32 - __builtin_clz(n - 1));
}

/*
 * Touches the memory from the core that will use it: the kernel places a page on the NUMA node of
 * the first touch, and the main thread may run on the other one.
 */
static uint8_t *map_near(size_t size, const struct kb_config *cfg, uint32_t queue)
{
	cpu_set_t before, near;
	const bool move = cfg->rx_cores.n && !sched_getaffinity(0, sizeof(before), &before);

	if (move) {
		CPU_ZERO(&near);
		CPU_SET(cfg->rx_cores.cpu[queue], &near);
		sched_setaffinity(0, sizeof(near), &near);
	}
	uint8_t *const area = mmap(NULL, size, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	const int err = errno;
	if (move)
		sched_setaffinity(0, sizeof(before), &before);
	errno = err;
	return area == MAP_FAILED ? NULL : area;
}

static int busy_poll(const struct kb_xsk *x, const struct kb_config *cfg)
{
	const int prefer = 1;
	/* Each call polls the driver once whatever the time given here; 0 would turn it off. */
	const int us = cfg->busy_poll_us ? (int)cfg->busy_poll_us : 1;
	const int budget = (int)cfg->burst;

	if (setsockopt(x->fd, SOL_SOCKET, SO_PREFER_BUSY_POLL, &prefer, sizeof(prefer)) ||
	    setsockopt(x->fd, SOL_SOCKET, SO_BUSY_POLL, &us, sizeof(us)) ||
	    setsockopt(x->fd, SOL_SOCKET, SO_BUSY_POLL_BUDGET, &budget, sizeof(budget)))
		return kb_err_set(
			KB_EXIT_CONFIG, errno,
			"KB_POLL_MODE=\"busy-poll\" (needs Linux 5.11 and CAP_NET_ADMIN)");
	return 0;
}

static void fill_rings(struct kb_xsk *x)
{
	uint32_t idx = 0;

	xsk_ring_prod__reserve(&x->fill, x->rx_frames, &idx);
	for (uint32_t i = 0; i < x->rx_frames; i++)
		*xsk_ring_prod__fill_addr(&x->fill, idx + i) = (uint64_t)i * KB_XSK_CHUNK;
	xsk_ring_prod__submit(&x->fill, x->rx_frames);
	for (uint32_t i = 0; i < x->tx_frames; i++)
		x->free_tx[i] = (uint64_t)(x->rx_frames + i) * KB_XSK_CHUNK;
	x->free_tx_n = x->tx_frames;
}

static int register_umem(struct kb_xsk *x, const struct kb_config *cfg, uint32_t queue)
{
	const size_t size = (size_t)cfg->frames * KB_XSK_CHUNK;
	const struct xsk_umem_config config = {
		.fill_size = power_of_two_from(x->rx_frames),
		.comp_size = power_of_two_from(x->tx_frames),
		.frame_size = KB_XSK_CHUNK,
	};

	x->area = map_near(size, cfg, queue);
	x->free_tx = calloc(x->tx_frames, sizeof(*x->free_tx));
	if (!x->area || !x->free_tx)
		return kb_err_set(KB_EXIT_RETRY, ENOMEM, "allocate %u umem frames (KB_FRAMES)",
				  cfg->frames);
	const int err =
		-xsk_umem__create(&x->umem, x->area, size, &x->fill, &x->completion, &config);
	if (err == EPERM)
		return kb_err_set(KB_EXIT_CONFIG, err,
				  "open AF_XDP socket (needs root, or CAP_NET_RAW)");
	if (err == ENOBUFS)
		return kb_err_set(KB_EXIT_CONFIG, err,
				  "register %u umem frames (needs CAP_IPC_LOCK or a higher "
				  "LimitMEMLOCK)",
				  cfg->frames);
	return err ? kb_err_set(KB_EXIT_RETRY, err, "register %u umem frames", cfg->frames) : 0;
}

static int bind_socket(struct kb_xsk *x, const struct kb_config *cfg, uint32_t queue,
		       bool zero_copy, int *refused)
{
	const struct xsk_socket_config config = {
		.rx_size = cfg->rx_ring,
		.tx_size = cfg->tx_ring,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = XDP_USE_NEED_WAKEUP | (zero_copy ? XDP_ZEROCOPY : XDP_COPY),
	};
	const int err = -xsk_socket__create(&x->socket, cfg->iface, queue, x->umem, &x->rx, &x->tx,
					    &config);

	*refused = err;
	if (err == EBUSY)
		return kb_err_set(KB_EXIT_RETRY, err,
				  "bind %s:%u: another process has an AF_XDP socket there",
				  cfg->iface, queue);
	if (err)
		return kb_err_set(KB_EXIT_CONFIG, err, "bind %s:%u in %s mode", cfg->iface, queue,
				  zero_copy ? "zero-copy" : "copy");
	x->fd = xsk_socket__fd(x->socket);
	return 0;
}

/* What was asked for is not what counts: what is in force is. */
static int read_back(struct kb_xsk *x, const struct kb_config *cfg, uint32_t queue, bool zero_copy)
{
	struct xdp_options options;
	socklen_t size = sizeof(options);

	if (getsockopt(x->fd, SOL_XDP, XDP_OPTIONS, &options, &size))
		return kb_err_set(KB_EXIT_RETRY, errno, "read the copy mode of %s:%u", cfg->iface,
				  queue);
	x->zero_copy = options.flags & XDP_OPTIONS_ZEROCOPY;
	if (x->zero_copy != zero_copy)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "%s:%u was bound in %s mode, but the kernel reports the other",
				  cfg->iface, queue, zero_copy ? "zero-copy" : "copy");
	return 0;
}

static int open_once(struct kb_xsk *x, const struct kb_config *cfg, uint32_t queue, bool zero_copy,
		     int *refused)
{
	*refused = 0;
	*x = (struct kb_xsk){.fd = -1};
	if (cfg->frames < cfg->rx_ring + cfg->tx_ring)
		return kb_err_set(
			KB_EXIT_CONFIG, 0,
			"KB_FRAMES must be at least KB_RX_RING + KB_TX_RING (%u), got %u: "
			"every descriptor needs a frame",
			cfg->rx_ring + cfg->tx_ring, cfg->frames);
	x->tx_frames = cfg->tx_ring;
	x->rx_frames = cfg->frames - cfg->tx_ring;
	if (register_umem(x, cfg, queue))
		goto undo_open;
	fill_rings(x); /* before the bind: a zero-copy driver takes its buffers there */
	if (bind_socket(x, cfg, queue, zero_copy, refused) || read_back(x, cfg, queue, zero_copy))
		goto undo_open;
	if (cfg->poll_mode == KB_POLL_BUSY && busy_poll(x, cfg))
		goto undo_open;
	return 0;
undo_open:
	kb_xsk_close(x);
	return -1;
}

int kb_xsk_open(struct kb_xsk *x, const struct kb_config *cfg, uint32_t queue, bool zero_copy,
		int *refused)
{
	const struct timespec pause = {.tv_nsec = BUSY_PAUSE_MS * 1000000L};

	for (uint32_t waited = 0; waited <= BUSY_MS; waited += BUSY_PAUSE_MS) {
		if (open_once(x, cfg, queue, zero_copy, refused) == 0)
			return 0;
		if (*refused != EBUSY)
			return -1;
		nanosleep(&pause, NULL);
	}
	*refused = 0; /* it is not the mode that is refused */
	return -1;
}

int kb_xsk_statistics(const struct kb_xsk *x, struct xdp_statistics *out)
{
	socklen_t size = sizeof(*out);

	memset(out, 0, sizeof(*out)); /* a kernel before 5.9 fills less */
	if (getsockopt(x->fd, SOL_XDP, XDP_STATISTICS, out, &size))
		return kb_err_set(KB_EXIT_RETRY, errno, "read AF_XDP statistics");
	return 0;
}

void kb_xsk_close(struct kb_xsk *x)
{
	const size_t size = (size_t)(x->rx_frames + x->tx_frames) * KB_XSK_CHUNK;

	if (x->socket)
		xsk_socket__delete(x->socket);
	if (x->umem)
		xsk_umem__delete(x->umem);
	if (x->area)
		munmap(x->area, size);
	free(x->free_tx);
	*x = (struct kb_xsk){.fd = -1};
}
