// SPDX-License-Identifier: Apache-2.0
/* Opening the port: everything checked before it is tried, and read back after. */
#include "port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "kb/clock.h"
#include "kb/error.h"
#include "xdp_limits.h"

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
		kb_wanted_init(&q->wanted);
		be->open_queues++;
	}
	return 0;
}

static int open_zero_copy(struct kb_backend *be, const struct kb_xdp_port *port, int *refused)
{
	*refused = EOPNOTSUPP;
	if (be->cfg.xdp_mode != KB_XDP_NATIVE)
		return kb_err_set(KB_EXIT_CONFIG, 0, "zero-copy needs KB_XDP_MODE=\"native\"");
	if (kb_xdp_check_zero_copy(port))
		return -1;
	return open_queues(be, true, refused);
}

/*
 * Asks for a mode by name each time: left to itself the kernel would pick copy and not say so. All
 * queues run in one mode. *refused is why zero-copy is not in force, 0 when it was not wanted.
 */
static int open_in_mode(struct kb_backend *be, const struct kb_xdp_port *port, int *refused)
{
	int ignored;

	*refused = 0;
	if (be->cfg.zero_copy != KB_ZC_NEVER) {
		if (open_zero_copy(be, port, refused) == 0)
			return 0;
		if (*refused == 0)
			return -1;
		if (be->cfg.zero_copy == KB_ZC_REQUIRE)
			return kb_err_wrap("%s refuses zero-copy, which KB_ZERO_COPY=\"require\" "
					   "asks for (\"auto\" would accept copying)",
					   port->driver);
		kb_err_clear();
	}
	return open_queues(be, false, &ignored);
}

static int connect_sockets(struct kb_backend *be)
{
	for (uint32_t i = 0; i < be->cfg.queues; i++)
		if (kb_redirect_socket(be->redirect, i, be->queue[i].xsk.fd))
			return -1;
	return 0;
}

/* What is in force, from the system. */
static int report_mode(struct kb_backend *be, const struct kb_xdp_port *port, int refused)
{
	const struct kb_config *const cfg = &be->cfg;
	struct kb_stats *const stats = be->stats;
	struct kb_xdp_state xdp;

	if (kb_xdp_query(&xdp, be->dev.ifindex))
		return -1;
	be->mode.queues = cfg->queues;
	be->mode.zero_copy = be->queue[0].xsk.zero_copy;
	be->mode.redirect_errors = kb_redirect_errors_of(be->dev.driver, xdp.native);
	snprintf(stats->driver, sizeof(stats->driver), "%s", be->dev.driver);
	snprintf(stats->xdp, sizeof(stats->xdp), "%s", kb_xdp_mode(&xdp));
	snprintf(stats->copy, sizeof(stats->copy), "%s", be->mode.zero_copy ? "zero-copy" : "copy");
	snprintf(stats->detail, sizeof(stats->detail),
		 "driver=%s frames=%u rx_ring=%u channels=%u%s%s", port->version, cfg->frames,
		 cfg->rx_ring, port->channels, refused ? " zero-copy=" : "",
		 refused ? strerrorname_np(refused) : "");
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
	int refused;

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
	if (open_in_mode(be, &port, &refused))
		goto undo_redirect;
	if (connect_sockets(be) || report_mode(be, &port, refused) || kb_port_open_books(be) ||
	    kb_groups_join(&be->groups, &cfg->flows, be->dev.ifindex)) /* last: now they may come */
		goto undo_queues;
	kb_port_watch_open(&be->watch, cfg->iface, be->dev.ifindex, be->dev.mtu);
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

struct kb_rights kb_backend_rights(const struct kb_backend *be)
{
	static const int calls[] = {SYS_ppoll,
#ifdef SYS_poll /* aarch64 has only ppoll */
				    SYS_poll,
#endif
				    SYS_bpf, /* the program's counters */
				    -1};
	/* To read maps before Linux 5.19; to have the kernel ask for a next hop's address. */
	const uint64_t capabilities = 1ull << CAP_BPF | (be->addr ? 1ull << CAP_NET_ADMIN : 0);

	return (struct kb_rights){.syscalls = calls, .capabilities = capabilities};
}

void kb_backend_close(struct kb_backend *be)
{
	if (!be)
		return;
	kb_groups_leave(&be->groups);
	kb_redirect_close(
		be->redirect); /* before the sockets: no frame may come for a socket that is gone */
	close_queues(be);
	kb_kernel_arp_close(&be->arp);
	free(be);
}
