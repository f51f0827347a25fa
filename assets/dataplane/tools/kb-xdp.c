// SPDX-License-Identifier: Apache-2.0
/*
 * Attaches, detaches and shows the XDP filter in front of the kernel's sockets: the plane `xdp`.
 * The filter stays when this program ends. Every action may be repeated.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "kb/bpf.h"
#include "kb/config.h"
#include "kb/error.h"
#include "netdev.h"
#include "xdp_limits.h"

#define PROGRAM "kb-xdp"
#define USAGE	"kb-xdp attach | detach | status [--json]"

/* --- actions --- */

static int attach(const struct kb_config *cfg)
{
	struct kb_filter_status status;
	struct kb_xdp_port port;
	struct kb_netdev dev;

	if (kb_netdev_query(&dev, cfg->iface) || kb_xdp_port_read(&port, cfg->iface, &dev))
		return -1;
	if (cfg->xdp_mode == KB_XDP_NATIVE && kb_xdp_check_native(&port))
		return -1;
	if (kb_filter_attach(cfg, dev.ifindex) || kb_filter_status(&status, dev.ifindex))
		return -1;
	printf("%s: filter attached in %s mode, %u flow%s, the rest: %s\n", cfg->iface,
	       kb_xdp_mode(&status.xdp), status.flows.n, status.flows.n == 1 ? "" : "s",
	       status.drop_unmatched ? "drop" : "pass");
	return 0;
}

static int detach(const struct kb_config *cfg)
{
	struct kb_netdev dev;

	if (kb_netdev_query(&dev, cfg->iface) || kb_filter_detach(cfg, dev.ifindex))
		return -1;
	printf("%s: no filter attached\n", cfg->iface);
	return 0;
}

/* --- status --- */

static void flow_text(char *out, size_t size, const struct kb_flow *flow)
{
	char addr[INET_ADDRSTRLEN] = "*";

	if (flow->addr)
		inet_ntop(AF_INET, &flow->addr, addr, sizeof(addr));
	snprintf(out, size, "udp:%s:%u", addr, flow->port);
}

static void print_text(const char *iface, const struct kb_filter_status *s)
{
	char flow[32];

	if (!s->ours) {
		if (s->xdp.prog_id)
			printf("%s: no filter, but XDP program \"%s\" (id %u) in %s mode\n", iface,
			       s->xdp.name, s->xdp.prog_id, kb_xdp_mode(&s->xdp));
		else
			printf("%s: no filter attached\n", iface);
		return;
	}
	printf("%s: filter (id %u) in %s mode\n", iface, s->xdp.prog_id, kb_xdp_mode(&s->xdp));
	printf("flows      ");
	for (uint32_t i = 0; i < s->flows.n; i++) {
		flow_text(flow, sizeof(flow), &s->flows.flow[i]);
		printf("%s%s", i ? "," : "", flow);
	}
	printf("\nunmatched  %s\n", s->drop_unmatched ? "drop" : "pass");
	for (uint32_t i = 0; i < KB_VERDICTS; i++)
		if (s->counts.verdict[i])
			printf("%-20s %12" PRIu64 "  %s\n", kb_verdicts[i].name,
			       (uint64_t)s->counts.verdict[i], kb_verdicts[i].meaning);
}

/* An interface's name may hold anything but blanks, slashes and colons. */
static void put_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar(*s);
	}
	putchar('"');
}

static void print_json(const char *iface, const struct kb_filter_status *s)
{
	char flow[32];

	printf("{\"iface\":");
	put_string(iface);
	printf(",\"attached\":%s,\"mode\":\"%s\",\"program\":\"%s\",\"id\":%u",
	       s->ours ? "true" : "false", kb_xdp_mode(&s->xdp), s->xdp.name, s->xdp.prog_id);
	if (s->ours) {
		printf(",\"unmatched\":\"%s\",\"flows\":[", s->drop_unmatched ? "drop" : "pass");
		for (uint32_t i = 0; i < s->flows.n; i++) {
			flow_text(flow, sizeof(flow), &s->flows.flow[i]);
			printf("%s\"%s\"", i ? "," : "", flow);
		}
		printf("],\"verdicts\":{");
		for (uint32_t i = 0; i < KB_VERDICTS; i++)
			printf("%s\"%s\":%" PRIu64, i ? "," : "", kb_verdicts[i].name,
			       (uint64_t)s->counts.verdict[i]);
		printf("}");
	}
	printf("}\n");
}

/* Exit status 1 when the filter is not attached, so that a check needs no parsing. */
static int show(const struct kb_config *cfg, bool json)
{
	struct kb_filter_status status;
	struct kb_netdev dev;

	if (kb_netdev_query(&dev, cfg->iface) || kb_filter_status(&status, dev.ifindex))
		return -1;
	(json ? print_json : print_text)(cfg->iface, &status);
	return status.ours ? KB_EXIT_OK : KB_EXIT_RETRY;
}

/* --- main --- */

static int fail(void)
{
	fprintf(stderr, "%s: %s\n", PROGRAM, kb_err_text());
	return (int)kb_err_exit();
}

int main(int argc, char **argv)
{
	const char *const action = argc > 1 ? argv[1] : "";
	const bool json = argc == 3 && strcmp(argv[2], "--json") == 0;
	const bool attaching = strcmp(action, "attach") == 0;
	const bool showing = strcmp(action, "status") == 0;
	static struct kb_config cfg;

	if (strcmp(action, "--help") == 0) {
		kb_config_help(stdout, USAGE " | " PROGRAM, KB_USE_FILTER);
		return KB_EXIT_OK;
	}
	if (strcmp(action, "--version") == 0) {
		printf("%s %s\n", PROGRAM, KB_VERSION);
		return KB_EXIT_OK;
	}
	if (strcmp(action, "--config") == 0) {
		if (kb_config_from_env(&cfg, KB_USE_FILTER))
			return fail();
		kb_config_print(stdout, &cfg, KB_USE_FILTER);
		return KB_EXIT_OK;
	}
	if ((!attaching && !showing && strcmp(action, "detach") != 0) ||
	    argc > (showing && json ? 3 : 2)) {
		fprintf(stderr, "usage: %s\n", USAGE);
		return KB_EXIT_CONFIG;
	}
	/* What is attached can be shown and taken off without knowing what should be. */
	if (kb_config_from_env(&cfg, attaching ? KB_USE_FILTER : KB_USE_IFACE))
		return fail();
	if (showing) {
		const int result = show(&cfg, json);
		return result < 0 ? fail() : result;
	}
	return (attaching ? attach(&cfg) : detach(&cfg)) ? fail() : KB_EXIT_OK;
}
