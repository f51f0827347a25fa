// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "fuzz.h"
#include "kb/wanted.h"

static void check_datagram(const uint8_t *data, size_t size, const struct kb_pkt *pkt)
{
	const size_t headers = (size_t)(pkt->payload - data);

	must(pkt->payload >= data && pkt->payload + pkt->len <= data + size);
	/* Ethernet, at most one tag, IPv4 with at most 40 bytes of options, UDP. */
	must(headers >= 42 && headers <= 42 + 4 + 40 && headers % 2 == 0);
	must(pkt->len + headers <= 14 + 4 + 65535);
	/* The fields are what stands in front of the payload. */
	must(pkt->src_port == kb_load_be16(pkt->payload - 8));
	must(pkt->dst_port == kb_load_be16(pkt->payload - 6));
	must(kb_load_be16(pkt->payload - 4) == pkt->len + 8);
}

/* Where the datagram ends the frame may end: the same result without what follows, none with less.
 */
static void check_ends(const uint8_t *data, const struct kb_pkt *pkt)
{
	const uint32_t end = (uint32_t)(pkt->payload - data) + pkt->len;
	struct kb_pkt again = {0};

	must(kb_parse_udp(data, end, &again) == KB_PARSE_OK);
	must(again.payload == pkt->payload && again.len == pkt->len);
	must(kb_parse_udp(data, end - 1, &again) == KB_CAUSE_TRUNCATED);
}

/* Remembered or not, the same comes out. */
static void check_wanted(const uint8_t *data, uint32_t size, const struct kb_pkt *pkt)
{
	const struct kb_flows flows = {.n = 1, .flow = {{.port = pkt->dst_port}}};
	struct kb_wanted wanted;

	kb_wanted_init(&wanted);
	for (int time = 0; time < 2; time++) {
		struct kb_pkt again;

		memset(&again, 0xa5, sizeof(again));
		must(kb_parse_wanted(&wanted, &flows, data, size, &again) == KB_PARSE_OK);
		must(memcmp(&again, pkt, sizeof(again)) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kb_pkt pkt, before, long_way;

	memset(&pkt, 0xa5, sizeof(pkt));
	before = pkt;
	long_way = pkt;
	const int cause = kb_parse_udp(data, (uint32_t)size, &pkt);
	must(kb_parse_udp_any(data, (uint32_t)size, &long_way) == cause);
	must(memcmp(&pkt, &long_way, sizeof(pkt)) == 0);
	if (cause == KB_PARSE_OK) {
		check_datagram(data, size, &pkt);
		check_ends(data, &pkt);
		check_wanted(data, (uint32_t)size, &pkt);
	} else {
		must(cause >= 0 && cause < KB_CAUSES);
		must(memcmp(&pkt, &before, sizeof(pkt)) == 0);
	}
	return 0;
}
