// SPDX-License-Identifier: Apache-2.0
#include "xdp_limits.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kb/error.h"

/* --- reading --- */

static int ethtool(int fd, const char *iface, void *command)
{
	struct ifreq ifr = {.ifr_data = command};

	memcpy(ifr.ifr_name, iface, strnlen(iface, sizeof(ifr.ifr_name) - 1));
	return ioctl(fd, SIOCETHTOOL, &ifr) ? -errno : 0;
}

/* Highest queue in the RSS indirection table plus one; every channel when there is no table. */
static uint32_t read_spread(int fd, const char *iface, uint32_t channels)
{
	struct ethtool_rxfh_indir probe = {.cmd = ETHTOOL_GRXFHINDIR};
	uint32_t spread = 0;

	if (ethtool(fd, iface, &probe) || probe.size == 0)
		return channels;
	struct ethtool_rxfh_indir *const table =
		calloc(1, sizeof(*table) + probe.size * sizeof(table->ring_index[0]));
	if (!table)
		return channels;
	table->cmd = ETHTOOL_GRXFHINDIR;
	table->size = probe.size;
	if (!ethtool(fd, iface, table))
		for (uint32_t i = 0; i < table->size; i++)
			if (table->ring_index[i] + 1 > spread)
				spread = table->ring_index[i] + 1;
	free(table);
	return spread ? spread : channels;
}

int kb_xdp_port_read(struct kb_xdp_port *out, const char *iface, const struct kb_netdev *dev)
{
	struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};

	*out = (struct kb_xdp_port){.iface = iface, .mtu = dev->mtu, .channels = 1};
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return kb_err_set(KB_EXIT_RETRY, errno, "open control socket");
	if (!ethtool(fd, iface, &driver)) {
		snprintf(out->driver, sizeof(out->driver), "%s", driver.driver);
		snprintf(out->version, sizeof(out->version), "%s", driver.version);
	}
	/* A driver that knows no channels has one queue. */
	if (!ethtool(fd, iface, &channels)) {
		out->channels = channels.combined_count + channels.rx_count;
		out->max_channels = channels.max_combined + channels.max_rx;
	}
	out->spread = read_spread(fd, iface, out->channels);
	close(fd);
	return 0;
}

/* --- ENA --- */

/*
 * Amazon's driver is 2.x ("2.17.2g" in Amazon Linux); the one in mainline Linux prints the kernel's
 * release instead ("6.8.0-45-generic") and has neither zero-copy nor the use of all queues.
 */
static bool ena_at_least(const struct kb_xdp_port *port, unsigned int minor, unsigned int patch)
{
	unsigned int major = 0, got = 0, got_patch = 0;

	if (sscanf(port->version, "%u.%u.%u", &major, &got, &got_patch) < 2 || major != 2)
		return false;
	return got > minor || (got == minor && got_patch >= patch);
}

static bool is_ena(const struct kb_xdp_port *port)
{
	return strcmp(port->driver, "ena") == 0;
}

/* One page less Ethernet and VLAN header, XDP headroom, skb_shared_info, and FCS before 2.14. */
#define ENA_XDP_MTU (4096 - 14 - 4 - 256 - 320 - 4)

int kb_xdp_check_native(const struct kb_xdp_port *port)
{
	if (!is_ena(port))
		return 0;
	if (port->mtu > ENA_XDP_MTU)
		return kb_err_set(
			KB_EXIT_CONFIG, 0,
			"KB_MTU must be at most %d with native XDP on ena, %s has %u: lower it in "
			"the plan, or run: ip link set dev %s mtu %d",
			ENA_XDP_MTU, port->iface, port->mtu, port->iface, ENA_XDP_MTU);
	/* Before 2.17 the upper half of the channels is kept for XDP's own TX queues. */
	if (!ena_at_least(port, 17, 0) && port->channels * 2 > port->max_channels)
		return kb_err_set(
			KB_EXIT_CONFIG, 0,
			"%s has %u channels, ena %s allows native XDP at most %u (half of "
			"%u): use driver 2.17 or newer, or run: ethtool -L %s combined %u",
			port->iface, port->channels, port->version, port->max_channels / 2,
			port->max_channels, port->iface, port->max_channels / 2);
	return 0;
}

int kb_xdp_check_zero_copy(const struct kb_xdp_port *port)
{
	/* 2.13.0 and 2.13.1 have it, but hand out frames at a wrong offset and lose buffers. */
	if (!is_ena(port) || ena_at_least(port, 13, 2))
		return 0;
	return kb_err_set(
		KB_EXIT_CONFIG, 0,
		"ena %s on %s has no AF_XDP zero-copy that works: it needs Amazon's driver "
		"2.13.2 or newer (2.17 recommended), or KB_ZERO_COPY=\"never\"",
		port->version, port->iface);
}

/* --- AF_XDP anywhere --- */

int kb_xdp_check_sockets(const struct kb_xdp_port *port, const struct kb_config *cfg)
{
	/* The kernel counts longer frames as rx_dropped, one by one: better not to start. */
	const uint32_t mtu = KB_XSK_MAX_FRAME - 14 - 4;

	if (port->mtu > mtu)
		return kb_err_set(
			KB_EXIT_CONFIG, 0,
			"KB_MTU must be at most %u with AF_XDP (a frame is one umem chunk), "
			"%s has %u: lower it in the plan, or run: ip link set dev %s mtu %u",
			mtu, port->iface, port->mtu, port->iface, mtu);
	if (cfg->queues > port->channels)
		return kb_err_set(
			KB_EXIT_CONFIG, 0,
			"KB_QUEUES must be at most %u, the channels of %s, got %u: lower it, or "
			"run: ethtool -L %s combined %u",
			port->channels, port->iface, cfg->queues, port->iface, cfg->queues);
	if (port->spread > cfg->queues)
		return kb_err_set(
			KB_EXIT_CONFIG, 0,
			"%s spreads packets over %u queues but KB_QUEUES is %u: the others "
			"would have no socket; raise it, or run: ethtool -L %s combined %u "
			"(or ethtool -X %s equal %u)",
			port->iface, port->spread, cfg->queues, port->iface, cfg->queues,
			port->iface, cfg->queues);
	return 0;
}
