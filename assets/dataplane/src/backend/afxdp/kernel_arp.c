// SPDX-License-Identifier: Apache-2.0
#include "kernel_arp.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kb/error.h"

int kb_kernel_arp_open(struct kb_kernel_arp *a, const char *iface, int ifindex)
{
	a->ifindex = ifindex;
	strncpy(a->iface, iface, sizeof(a->iface) - 1);
	a->control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (a->control < 0)
		return kb_err_set(KB_EXIT_RETRY, errno, "open control socket");
	a->netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (a->netlink < 0) {
		close(a->control);
		return kb_err_set(KB_EXIT_RETRY, errno, "open rtnetlink socket");
	}
	return 0;
}

/* Returns 0 when the kernel has a complete entry. */
static int look_up(const struct kb_kernel_arp *a, uint32_t addr, uint8_t mac[6])
{
	const struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = addr};
	struct arpreq request = {0};

	memcpy(&request.arp_pa, &in, sizeof(in));
	memcpy(request.arp_dev, a->iface, sizeof(request.arp_dev));
	if (ioctl(a->control, SIOCGARP, &request) || !(request.arp_flags & ATF_COM))
		return -1;
	memcpy(mac, request.arp_ha.sa_data, 6);
	return 0;
}

/*
 * Tells the kernel that the entry is in use, as its own traffic would: it asks the network, and
 * later confirms or replaces what it knows. No acknowledgement is wanted, so nothing is read back.
 */
static void use(const struct kb_kernel_arp *a, uint32_t addr)
{
	const struct {
		struct nlmsghdr header;
		struct ndmsg body;
		struct rtattr attr;
		uint32_t dst;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_NEWNEIGH,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE},
		.body = {.ndm_family = AF_INET, .ndm_ifindex = a->ifindex, .ndm_flags = NTF_USE},
		.attr = {.rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = NDA_DST},
		.dst = addr,
	};

	send(a->netlink, &request, sizeof(request), MSG_DONTWAIT);
}

int kb_kernel_arp_mac(struct kb_kernel_arp *a, uint32_t addr, uint64_t now_ns, uint8_t mac[6])
{
	const enum kb_neighbour_state state = kb_neighbour_get(&a->known, addr, now_ns, mac);

	if (state == KB_NEIGHBOUR_KNOWN)
		return 0;
	/* At most once a second for an address: two system calls. */
	if (kb_neighbour_ask(&a->known, addr, now_ns)) {
		use(a, addr);
		if (look_up(a, addr, mac) == 0) {
			kb_neighbour_put(&a->known, addr, mac, now_ns);
			return 0;
		}
	}
	return state == KB_NEIGHBOUR_STALE ? 0 : -1;
}

void kb_kernel_arp_collect(struct kb_kernel_arp *a, uint64_t now_ns)
{
	uint8_t ours[6], mac[6];

	for (uint32_t i = 0; i < KB_NEIGHBOURS; i++) {
		const uint32_t addr = __atomic_load_n(&a->known.slot[i].addr, __ATOMIC_RELAXED);

		if (!addr || look_up(a, addr, mac))
			continue;
		/* The same answer is no news: its age says when to make the kernel ask again. */
		if (kb_neighbour_get(&a->known, addr, now_ns, ours) == KB_NEIGHBOUR_UNKNOWN ||
		    memcmp(ours, mac, sizeof(mac)) != 0)
			kb_neighbour_put(&a->known, addr, mac, now_ns);
	}
}

void kb_kernel_arp_close(struct kb_kernel_arp *a)
{
	close(a->control);
	close(a->netlink);
}
