// SPDX-License-Identifier: Apache-2.0
#include "groups.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kb/error.h"

static bool seen_before(const struct kb_flows *flows, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++)
		if (flows->flow[k].addr == flows->flow[i].addr)
			return true;
	return false;
}

/* A socket for each group: one socket may hold 20 at most (net.ipv4.igmp_max_memberships). */
static int join(uint32_t group, int ifindex)
{
	const struct ip_mreqn request = {.imr_multiaddr.s_addr = group, .imr_ifindex = ifindex};
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &group, text, sizeof(text));
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return kb_err_set(KB_EXIT_RETRY, errno, "open a socket for group %s", text);
	if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request))) {
		kb_err_set(KB_EXIT_RETRY, errno, "join group %s", text);
		close(fd);
		return -1;
	}
	return fd;
}

int kb_groups_join(struct kb_groups *g, const struct kb_flows *flows, int ifindex)
{
	g->n = 0;
	for (uint32_t i = 0; i < flows->n; i++) {
		if (!kb_addr_is_multicast(flows->flow[i].addr) || seen_before(flows, i))
			continue;
		g->fd[g->n] = join(flows->flow[i].addr, ifindex);
		if (g->fd[g->n] < 0) {
			kb_groups_leave(g);
			return -1;
		}
		g->n++;
	}
	return 0;
}

void kb_groups_leave(struct kb_groups *g)
{
	while (g->n)
		close(g->fd[--g->n]);
}
