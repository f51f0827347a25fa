/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_PORT_WATCH_H
#define KB_PORT_WATCH_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What others may do to a port while a receiver runs on it. A link that is down is waited out, but
 * told: in the log, and as "link=down" in the mode of the stats page. A changed MTU is an end,
 * because buffers, umem and the checks of the start were for the old one.
 */
struct kb_port_watch {
	char iface[IFNAMSIZ]; /* "" when the kernel has no such interface */
	int ifindex;
	uint32_t mtu;
	uint64_t looked_ns;
	uint64_t down_since_ns; /* 0 = up */
};

/* mtu 0: it is nobody's but the port's own. */
void kb_port_watch_open(struct kb_port_watch *w, const char *iface, int ifindex, uint32_t mtu);

/* At most once a second: 0, or -1 with kb_err when the interface is gone or has another MTU. */
int kb_port_watch_look(struct kb_port_watch *w, uint64_t now_ns);

/* The link as a driver says it is, for ports without an interface. `name` is for the log. */
void kb_port_watch_link(struct kb_port_watch *w, const char *name, bool up, uint64_t now_ns);

/* Appends " link=down" to a text of the stats page, or takes it off. */
void kb_port_watch_show(const struct kb_port_watch *w, char *detail, uint32_t size);

#endif
