// SPDX-License-Identifier: Apache-2.0
/* What the main thread does for the port: the ledger, the next hops, and whether it still works. */
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "kb/clock.h"
#include "kb/error.h"
#include "port.h"

/* On ENA this costs an admin command, so it is read once a second and not at each housekeeping. */
static int read_ethtool(struct kb_backend *be, struct kb_afxdp_reading *r, uint64_t now_ns)
{
	uint64_t value[KB_ALLOWANCES + KB_MAX_QUEUES];

	if (now_ns - be->ethtool_ns < KB_PORT_CHECK_NS)
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

/* The books open now: what was counted while the sockets came up one by one is not ours. */
int kb_port_open_books(struct kb_backend *be)
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
	    read_counters(be, &be->now, kb_now_ns()))
		return -1;
	memcpy(be->allowance_last, be->allowance, sizeof(be->allowance));
	be->books = (struct kb_afxdp_books){.last = be->now};
	return 0;
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

static int check_port(struct kb_backend *be, uint64_t now_ns)
{
	if (now_ns - be->checked_ns < KB_PORT_CHECK_NS)
		return 0;
	be->checked_ns = now_ns;
	if (kb_port_watch_look(&be->watch, now_ns))
		return -1;
	kb_port_watch_show(&be->watch, be->stats->detail, sizeof(be->stats->detail));
	/* While the interface is down, or resets, the driver may hold its program back. */
	return be->watch.down_since_ns ? 0 : kb_redirect_check(be->redirect);
}

static int observe(struct kb_backend *be, uint64_t now_ns)
{
	if (read_counters(be, &be->now, now_ns))
		return -1;
	kb_afxdp_book(be->stats->device, &be->mode, &be->books, &be->now);
	kb_counters_publish(be->stats->allowance, be->allowance_last, be->allowance, KB_ALLOWANCES);
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
