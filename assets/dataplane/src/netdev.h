/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_NETDEV_H
#define KB_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the kernel knows of a network device, by ioctl and rtnetlink: sysfs may show another
 * network namespace's devices. All functions return 0, or -1 with the reason in kb_err.
 */
struct kb_netdev {
	int ifindex;
	bool up; /* administratively up */
	uint32_t mtu;
	uint32_t addr;	 /* first IPv4 address, network byte order, 0 = none */
	uint32_t prefix; /* its prefix length */
	uint8_t mac[6];
	char driver[32]; /* "ena", "veth"; "" when the device has none (loopback) */
	char bus[32];	 /* PCI address, "" when not on a bus */
};

int kb_netdev_query(struct kb_netdev *out, const char *iface);

/* The part that others change while a receiver runs. */
struct kb_netdev_state {
	int ifindex;
	bool up;      /* administratively */
	bool running; /* and the link is there */
	uint32_t mtu;
};

int kb_netdev_state(struct kb_netdev_state *out, const char *iface);

/* struct rtnl_link_stats64, the part that says what was lost. */
struct kb_netdev_counters {
	uint64_t rx_packets;
	uint64_t rx_errors;
	uint64_t rx_dropped;
	uint64_t rx_over_errors;
	uint64_t rx_missed_errors;
};

int kb_netdev_counters(struct kb_netdev_counters *out, int ifindex);

/*
 * Growth of a device's counter. A smaller value than before is a counter that started again from 0
 * with the device, and not one that went backwards.
 */
static inline uint64_t kb_counter_growth(uint64_t last, uint64_t now)
{
	return now >= last ? now - last : now;
}

/* Adds what n counters grew by since `last`, which becomes `now`, to those on the stats page. */
void kb_counters_publish(uint64_t *page, uint64_t *last, const uint64_t *now, uint32_t n);

/*
 * Adds what the counters grew by since `last`, which becomes `now`, to `sum`: the count of a device
 * that never starts again. Packets that were received and then were not are the reading of a device
 * that is down: net_ena answers it with zeros, and with all its counters once it is up.
 */
void kb_netdev_counters_grow(struct kb_netdev_counters *sum, struct kb_netdev_counters *last,
			     const struct kb_netdev_counters *now);

/*
 * Counters of `ethtool -S` by name. find() writes each name's position to index, or -1 where the
 * driver has no such counter; a driver without statistics is no error. read() gives 0 for those.
 */
int kb_ethtool_find(const char *iface, const char *const *names, uint32_t n, int32_t *index);
int kb_ethtool_read(const char *iface, const int32_t *index, uint32_t n, uint64_t *values);

/* ENA's names in the order of kb_stats.allowance. */
#define KB_ALLOWANCE_NAMES                                                                         \
	{                                                                                          \
		"bw_in_allowance_exceeded", "bw_out_allowance_exceeded", "pps_allowance_exceeded", \
			"conntrack_allowance_exceeded", "linklocal_allowance_exceeded"             \
	}

#endif
