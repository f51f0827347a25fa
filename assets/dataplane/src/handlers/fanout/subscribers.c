// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <string.h>
#include "kb/error.h"
#include "subscribers.h"

#define MAX_ENTRY (INET_ADDRSTRLEN + sizeof(":65535"))

static int parse_entry(struct kb_subscriber *out, const char *entry, size_t length)
{
	const char *const colon = memchr(entry, ':', length);
	if (colon == NULL || length >= MAX_ENTRY)
		return -1;

	char addr[MAX_ENTRY];
	const size_t addr_length = (size_t)(colon - entry);
	memcpy(addr, entry, addr_length);
	addr[addr_length] = '\0';
	struct in_addr parsed;
	if (inet_pton(AF_INET, addr, &parsed) != 1 || parsed.s_addr == 0)
		return -1;

	uint32_t port = 0;
	const char *p = colon + 1, *const end = entry + length;
	if (p == end || end - p > 5)
		return -1;
	for (; p < end; p++) {
		if (*p < '0' || *p > '9')
			return -1;
		port = port * 10 + (uint32_t)(*p - '0');
	}
	if (port == 0 || port > 65535)
		return -1;
	*out = (struct kb_subscriber){.addr = parsed.s_addr, .port = (uint16_t)port};
	return 0;
}

int kb_subscribers_parse(struct kb_subscribers *out, const char *text, size_t size)
{
	const char *p = text, *const end = text + size;
	uint32_t line = 1;

	out->n = 0;
	while (p < end) {
		if (*p == '#') {
			while (p < end && *p != '\n')
				p++;
			continue;
		}
		if (*p == '\n' || *p == ' ' || *p == '\t' || *p == '\r' || *p == ',') {
			line += *p == '\n';
			p++;
			continue;
		}
		const char *const entry = p;
		while (p < end && memchr(" \t\r\n,#", *p, 6) == NULL)
			p++;
		const size_t length = (size_t)(p - entry);
		if (out->n == KB_MAX_SUBSCRIBERS)
			return kb_err_set(KB_EXIT_CONFIG, 0, "line %u: more than %u subscribers",
					  line, KB_MAX_SUBSCRIBERS);
		if (parse_entry(&out->to[out->n], entry, length) != 0)
			return kb_err_set(
				KB_EXIT_CONFIG, 0,
				"line %u: a subscriber is ADDR:PORT with an IPv4 address and a "
				"port from 1 to 65535, got '%.*s'",
				line, (int)(length < 64 ? length : 64), entry);
		out->n++;
	}
	return 0;
}
