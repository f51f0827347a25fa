// SPDX-License-Identifier: Apache-2.0
/* The input is a file of subscribers, as fanout reads it again and again while it runs. */
#include <arpa/inet.h>
#include <string.h>

#include "fanout/subscribers.h"
#include "fuzz.h"
#include "kb/error.h"

static unsigned int lines(const uint8_t *data, size_t size)
{
	unsigned int n = 1;

	for (size_t i = 0; i < size; i++)
		n += data[i] == '\n';
	return n;
}

/* A refusal names a line that is there. */
static void check_refusal(const uint8_t *data, size_t size)
{
	unsigned int line = 0;

	must(kb_err_exit() == KB_EXIT_CONFIG);
	must(sscanf(kb_err_text(), "line %u: ", &line) == 1);
	must(line >= 1 && line <= lines(data, size));
}

/* A list that is written down again is the same list. */
static void check_round_trip(const struct kb_subscribers *list)
{
	static char text[KB_MAX_SUBSCRIBERS * (INET_ADDRSTRLEN + sizeof(":65535"))];
	static struct kb_subscribers again;
	size_t len = 0;

	for (uint32_t i = 0; i < list->n; i++) {
		char addr[INET_ADDRSTRLEN];

		must(list->to[i].addr != 0 && list->to[i].port != 0);
		must(inet_ntop(AF_INET, &list->to[i].addr, addr, sizeof(addr)));
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s:%u\n", addr,
					list->to[i].port);
	}
	must(kb_subscribers_parse(&again, text, len) == 0);
	must(again.n == list->n);
	for (uint32_t i = 0; i < list->n; i++)
		must(again.to[i].addr == list->to[i].addr && again.to[i].port == list->to[i].port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct kb_subscribers list;

	kb_err_clear();
	if (kb_subscribers_parse(&list, (const char *)data, size)) {
		check_refusal(data, size);
		return 0;
	}
	must(list.n <= KB_MAX_SUBSCRIBERS);
	check_round_trip(&list);
	return 0;
}
