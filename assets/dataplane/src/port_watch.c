// SPDX-License-Identifier: Apache-2.0
#include "port_watch.h"

#include <stdio.h>
#include <string.h>

#include "kb/backend.h"
#include "kb/error.h"
#include "netdev.h"

#define LOOK_NS 1000000000ull

void kb_port_watch_open(struct kb_port_watch *w, const char *iface, int ifindex, uint32_t mtu)
{
	*w = (struct kb_port_watch){.ifindex = ifindex, .mtu = mtu};
	snprintf(w->iface, sizeof(w->iface), "%s", iface);
}

void kb_port_watch_link(struct kb_port_watch *w, const char *name, bool up, uint64_t now_ns)
{
	if (up == (w->down_since_ns == 0))
		return;
	if (up)
		fprintf(stderr, "<5>%s: %s is up, after %.1f s\n", kb_backend_info.program, name,
			(double)(now_ns - w->down_since_ns) * 1e-9);
	else
		fprintf(stderr, "<4>%s: %s is down: nothing can arrive until it is up\n",
			kb_backend_info.program, name);
	w->down_since_ns = up ? 0 : now_ns;
}

int kb_port_watch_look(struct kb_port_watch *w, uint64_t now_ns)
{
	struct kb_netdev_state state;

	if (now_ns - w->looked_ns < LOOK_NS)
		return 0;
	w->looked_ns = now_ns;
	/* Another interface of the same name is not the one that was opened. */
	if (kb_netdev_state(&state, w->iface) || state.ifindex != w->ifindex)
		return kb_err_set(KB_EXIT_RETRY, 0, "interface %s is gone", w->iface);
	if (w->mtu && state.mtu != w->mtu)
		return kb_err_set(KB_EXIT_RETRY, 0,
				  "the MTU of %s was changed from %u to %u, and this receiver's "
				  "buffers are for the old one",
				  w->iface, w->mtu, state.mtu);
	kb_port_watch_link(w, w->iface, state.up && state.running, now_ns);
	return 0;
}

void kb_port_watch_show(const struct kb_port_watch *w, char *detail, uint32_t size)
{
	static const char down[] = " link=down";
	char *const shown = strstr(detail, down);
	const size_t len = strlen(detail);

	if (shown && !w->down_since_ns)
		*shown = '\0';
	else if (!shown && w->down_since_ns && len + sizeof(down) <= size)
		memcpy(detail + len, down, sizeof(down));
}
