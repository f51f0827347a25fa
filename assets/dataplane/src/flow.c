// SPDX-License-Identifier: Apache-2.0
#include "kb/flow.h"

#include <arpa/inet.h>
#include <string.h>

#include "kb/error.h"

#define FLOW_PREFIX   "udp:"
#define FLOW_TEXT_MAX (sizeof("udp:255.255.255.255:65535") - 1)

static bool parse_port(const char *text, uint16_t *out)
{
	uint32_t port = 0;

	if (!*text || strlen(text) > 5)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		port = port * 10 + (uint32_t)(*text - '0');
	}
	*out = (uint16_t)port;
	return port >= 1 && port <= 65535;
}

static int parse_entry(struct kb_flow *out, const char *text, size_t len)
{
	char entry[FLOW_TEXT_MAX + 1];

	if (len > FLOW_TEXT_MAX || strncmp(text, FLOW_PREFIX, strlen(FLOW_PREFIX)) != 0)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "\"%.*s\" is not a flow such as udp:*:9000 or udp:239.1.1.1:9000",
				  (int)len, text);
	memcpy(entry, text, len);
	entry[len] = '\0';

	char *const addr = entry + strlen(FLOW_PREFIX);
	char *const colon = strchr(addr, ':');
	if (!colon)
		return kb_err_set(KB_EXIT_CONFIG, 0, "\"%s\" has no port: udp:ADDRESS:PORT", entry);
	if (!parse_port(colon + 1, &out->port))
		return kb_err_set(KB_EXIT_CONFIG, 0, "port of \"%s\" must be between 1 and 65535",
				  entry);
	*colon = '\0';
	out->addr = 0;
	if (strcmp(addr, "*") != 0) {
		struct in_addr in;

		if (inet_pton(AF_INET, addr, &in) != 1 || in.s_addr == 0)
			return kb_err_set(KB_EXIT_CONFIG, 0,
					  "address \"%s\" must be * or an IPv4 destination", addr);
		out->addr = in.s_addr;
	}
	return 0;
}

int kb_flows_parse(struct kb_flows *out, const char *text)
{
	struct kb_flows flows = {0};

	for (const char *p = text;;) {
		const size_t len = strcspn(p, ",");
		struct kb_flow flow = {0};

		if (flows.n == KB_MAX_FLOWS)
			return kb_err_set(KB_EXIT_CONFIG, 0, "more than %d flows", KB_MAX_FLOWS);
		if (parse_entry(&flow, p, len))
			return -1;
		for (uint32_t i = 0; i < flows.n; i++)
			if (flows.flow[i].addr == flow.addr && flows.flow[i].port == flow.port)
				return kb_err_set(KB_EXIT_CONFIG, 0, "\"%.*s\" is listed twice",
						  (int)len, p);
		flows.flow[flows.n++] = flow;
		if (!p[len])
			break;
		p += len + 1;
	}
	*out = flows;
	return 0;
}
