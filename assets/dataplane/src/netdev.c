// SPDX-License-Identifier: Apache-2.0
#include "netdev.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kb/error.h"
#include "kb/stats.h"

static int open_control(void)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		kb_err_set(KB_EXIT_RETRY, errno, "open control socket");
	return fd;
}

static void name_request(struct ifreq *ifr, const char *iface)
{
	memset(ifr, 0, sizeof(*ifr));
	strncpy(ifr->ifr_name, iface, sizeof(ifr->ifr_name) - 1);
}

/* SIOCETHTOOL; returns 0 or -errno, because "not supported" is often no failure. */
static int ethtool(int fd, const char *iface, void *command)
{
	struct ifreq ifr;

	name_request(&ifr, iface);
	ifr.ifr_data = command;
	return ioctl(fd, SIOCETHTOOL, &ifr) ? -errno : 0;
}

static void query_driver(struct kb_netdev *dev, int fd, const char *iface)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};

	if (ethtool(fd, iface, &info))
		return;
	snprintf(dev->driver, sizeof(dev->driver), "%s", info.driver);
	snprintf(dev->bus, sizeof(dev->bus), "%s", info.bus_info);
}

/* A device without an address is normal: AF_XDP and DPDK ports need none. */
static void query_address(struct kb_netdev *dev, int fd, const char *iface)
{
	struct sockaddr_in in;
	struct ifreq ifr;

	name_request(&ifr, iface);
	if (ioctl(fd, SIOCGIFADDR, &ifr))
		return;
	memcpy(&in, &ifr.ifr_addr, sizeof(in));
	dev->addr = in.sin_addr.s_addr;
	if (ioctl(fd, SIOCGIFNETMASK, &ifr))
		return;
	memcpy(&in, &ifr.ifr_netmask, sizeof(in));
	dev->prefix = (uint32_t)__builtin_popcount(in.sin_addr.s_addr);
}

static int query_state(struct kb_netdev_state *out, int fd, const char *iface)
{
	struct ifreq ifr;

	name_request(&ifr, iface);
	if (strlen(iface) >= IFNAMSIZ || ioctl(fd, SIOCGIFINDEX, &ifr))
		return kb_err_set(KB_EXIT_CONFIG, 0, "there is no network interface \"%s\"", iface);
	out->ifindex = ifr.ifr_ifindex;
	if (ioctl(fd, SIOCGIFFLAGS, &ifr))
		return kb_err_set(KB_EXIT_RETRY, errno, "read flags of %s", iface);
	out->up = ifr.ifr_flags & IFF_UP;
	out->running = ifr.ifr_flags & IFF_RUNNING;
	if (ioctl(fd, SIOCGIFMTU, &ifr))
		return kb_err_set(KB_EXIT_RETRY, errno, "read MTU of %s", iface);
	out->mtu = (uint32_t)ifr.ifr_mtu;
	return 0;
}

int kb_netdev_state(struct kb_netdev_state *out, const char *iface)
{
	const int fd = open_control();

	if (fd < 0)
		return -1;
	const int result = query_state(out, fd, iface);
	close(fd);
	return result;
}

int kb_netdev_query(struct kb_netdev *out, const char *iface)
{
	struct kb_netdev_state state;
	struct kb_netdev dev = {0};
	struct ifreq ifr;
	int result = -1;

	const int fd = open_control();
	if (fd < 0)
		return -1;
	if (query_state(&state, fd, iface))
		goto close_control;
	dev.ifindex = state.ifindex;
	dev.up = state.up;
	dev.mtu = state.mtu;
	name_request(&ifr, iface);
	if (ioctl(fd, SIOCGIFHWADDR, &ifr)) {
		kb_err_set(KB_EXIT_RETRY, errno, "read MAC address of %s", iface);
		goto close_control;
	}
	memcpy(dev.mac, ifr.ifr_hwaddr.sa_data, sizeof(dev.mac));
	query_driver(&dev, fd, iface);
	query_address(&dev, fd, iface);
	*out = dev;
	result = 0;
close_control:
	close(fd);
	return result;
}

/* --- rtnetlink: one request, one reply --- */

#define NETLINK_REPLY 4096 /* one link's statistics are about 300 bytes */

static int talk(int fd, const void *request, size_t size, void *reply, size_t *reply_size)
{
	if (send(fd, request, size, 0) != (ssize_t)size)
		return -errno;
	const ssize_t len = recv(fd, reply, *reply_size, 0);
	if (len < 0)
		return -errno;
	const struct nlmsghdr *const header = reply;
	if (!NLMSG_OK(header, (size_t)len))
		return -EBADMSG;
	if (header->nlmsg_type == NLMSG_ERROR)
		return ((const struct nlmsgerr *)NLMSG_DATA(header))->error;
	*reply_size = header->nlmsg_len;
	return 0;
}

/* Sends the request and leaves its reply in `reply` (NETLINK_REPLY bytes). 0 or -errno. */
static int exchange(const void *request, size_t size, void *reply)
{
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	size_t reply_size = NETLINK_REPLY;

	if (fd < 0)
		return -errno;
	const int err = talk(fd, request, size, reply, &reply_size);
	close(fd);
	return err;
}

/* The attribute of that type in a message, behind its family's header of body_size bytes. */
static const struct rtattr *find_attr(const void *reply, size_t body_size, uint16_t type)
{
	const size_t skip = NLMSG_SPACE(body_size);
	size_t left = ((const struct nlmsghdr *)reply)->nlmsg_len;

	if (left < skip)
		return NULL;
	left -= skip;
	for (const struct rtattr *a = (const void *)((const char *)reply + skip); RTA_OK(a, left);
	     a = RTA_NEXT(a, left))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

int kb_netdev_counters(struct kb_netdev_counters *out, int ifindex)
{
	const struct {
		struct nlmsghdr header;
		struct if_stats_msg body;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_GETSTATS,
			   .nlmsg_flags = NLM_F_REQUEST},
		.body = {.family = AF_UNSPEC,
			 .ifindex = (uint32_t)ifindex,
			 .filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)},
	};
	_Alignas(struct nlmsghdr) char reply[NETLINK_REPLY];
	struct rtnl_link_stats64 stats = {0};

	const int err = exchange(&request, sizeof(request), reply);
	if (err)
		return kb_err_set(KB_EXIT_RETRY, -err, "read statistics of interface %d", ifindex);
	const struct rtattr *const attr =
		find_attr(reply, sizeof(struct if_stats_msg), IFLA_STATS_LINK_64);
	if (!attr)
		return kb_err_set(KB_EXIT_RETRY, 0, "interface %d has no statistics", ifindex);
	/* Newer kernels append fields, older ones have fewer. */
	const size_t size = RTA_PAYLOAD(attr);
	memcpy(&stats, RTA_DATA(attr), size < sizeof(stats) ? size : sizeof(stats));
	*out = (struct kb_netdev_counters){
		.rx_packets = stats.rx_packets,
		.rx_errors = stats.rx_errors,
		.rx_dropped = stats.rx_dropped,
		.rx_over_errors = stats.rx_over_errors,
		.rx_missed_errors = stats.rx_missed_errors,
	};
	return 0;
}

void kb_counters_publish(uint64_t *page, uint64_t *last, const uint64_t *now, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		kb_stat_add(&page[i], kb_counter_growth(last[i], now[i]));
		last[i] = now[i];
	}
}

void kb_netdev_counters_grow(struct kb_netdev_counters *sum, struct kb_netdev_counters *last,
			     const struct kb_netdev_counters *now)
{
	if (now->rx_packets == 0 && last->rx_packets != 0)
		return;
	sum->rx_packets += kb_counter_growth(last->rx_packets, now->rx_packets);
	sum->rx_errors += kb_counter_growth(last->rx_errors, now->rx_errors);
	sum->rx_dropped += kb_counter_growth(last->rx_dropped, now->rx_dropped);
	sum->rx_over_errors += kb_counter_growth(last->rx_over_errors, now->rx_over_errors);
	sum->rx_missed_errors += kb_counter_growth(last->rx_missed_errors, now->rx_missed_errors);
	*last = *now;
}

/* --- ethtool -S --- */

static int count_strings(int fd, const char *iface, uint32_t *out)
{
	/* One set is asked for, so one count follows the structure. */
	_Alignas(struct ethtool_sset_info) char
		buffer[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)] = {0};
	struct ethtool_sset_info *const info = (void *)buffer;

	info->cmd = ETHTOOL_GSSET_INFO;
	info->sset_mask = 1ull << ETH_SS_STATS;
	const int err = ethtool(fd, iface, info);
	/* A driver without statistics answers "not supported", or clears the mask's bit. */
	*out = err || !info->sset_mask ? 0 : info->data[0];
	return err == -EOPNOTSUPP ? 0 : err;
}

static int find_strings(int fd, const char *iface, uint32_t count, const char *const *names,
			uint32_t n, int32_t *index)
{
	struct ethtool_gstrings *const strings =
		calloc(1, sizeof(*strings) + (size_t)count * ETH_GSTRING_LEN);
	if (!strings)
		return -ENOMEM;
	strings->cmd = ETHTOOL_GSTRINGS;
	strings->string_set = ETH_SS_STATS;
	strings->len = count;
	const int err = ethtool(fd, iface, strings);
	for (uint32_t i = 0; !err && i < count && i < strings->len; i++)
		for (uint32_t j = 0; j < n; j++)
			if (strncmp((const char *)strings->data + i * ETH_GSTRING_LEN, names[j],
				    ETH_GSTRING_LEN) == 0)
				index[j] = (int32_t)i;
	free(strings);
	return err;
}

int kb_ethtool_find(const char *iface, const char *const *names, uint32_t n, int32_t *index)
{
	uint32_t count;
	int err;

	for (uint32_t i = 0; i < n; i++)
		index[i] = -1;
	const int fd = open_control();
	if (fd < 0)
		return -1;
	err = count_strings(fd, iface, &count);
	if (!err && count)
		err = find_strings(fd, iface, count, names, n, index);
	close(fd);
	return err ? kb_err_set(KB_EXIT_RETRY, -err, "list statistics of %s", iface) : 0;
}

int kb_ethtool_read(const char *iface, const int32_t *index, uint32_t n, uint64_t *values)
{
	uint32_t count;
	bool wanted = false;
	int err;

	for (uint32_t i = 0; i < n; i++) {
		values[i] = 0;
		wanted = wanted || index[i] >= 0;
	}
	if (!wanted)
		return 0;
	const int fd = open_control();
	if (fd < 0)
		return -1;
	/* Asked each time: the set grows and shrinks with the number of queues. */
	err = count_strings(fd, iface, &count);
	/* Twice the room: it could grow between the two calls, and the kernel copies all. */
	struct ethtool_stats *const stats =
		err ? NULL : calloc(1, sizeof(*stats) + 2 * count * sizeof(uint64_t));
	if (stats) {
		stats->cmd = ETHTOOL_GSTATS;
		stats->n_stats = count;
		err = ethtool(fd, iface, stats);
		for (uint32_t i = 0; !err && i < n; i++)
			if (index[i] >= 0 && (uint32_t)index[i] < count)
				memcpy(&values[i],
				       (const char *)stats->data +
					       (size_t)index[i] * sizeof(uint64_t),
				       sizeof(values[i]));
		free(stats);
	} else if (!err) {
		err = -ENOMEM;
	}
	close(fd);
	return err ? kb_err_set(KB_EXIT_RETRY, -err, "read statistics of %s", iface) : 0;
}
