// SPDX-License-Identifier: Apache-2.0
#include "malformed.h"

#include <stdio.h>
#include <string.h>

#include "kb/error.h"
#include "option.h"

const struct kb_malformed_info kb_malformed_kinds[KB_MALFORMED_KINDS] = {
#define KB_MALFORMED(symbol, name, meaning) {name, meaning},
#include "malformed.def"
#undef KB_MALFORMED
};

/* --- the mix --- */

static int unknown_kind(const char *name)
{
	char names[512] = "all";
	size_t len = strlen(names);

	for (uint32_t k = 0; k < KB_MALFORMED_KINDS; k++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, ", %s",
					kb_malformed_kinds[k].name);
	return kb_err_set(KB_EXIT_CONFIG, 0, "--malformed knows no '%s'; kinds are %s", name,
			  names);
}

static int put(struct kb_malformed_mix *mix, const char *name, double percent)
{
	const int all = strcmp(name, "all") == 0;
	int found = all;

	for (uint32_t k = 0; k < KB_MALFORMED_KINDS; k++) {
		if (!all && strcmp(name, kb_malformed_kinds[k].name) != 0)
			continue;
		mix->percent[k] = percent;
		found = 1;
	}
	return found ? 0 : unknown_kind(name);
}

int kb_malformed_parse(struct kb_malformed_mix *out, const char *text)
{
	char list[1024];
	char *rest = list;
	char *entry;

	if ((size_t)snprintf(list, sizeof(list), "%s", text) >= sizeof(list))
		return kb_err_set(KB_EXIT_CONFIG, 0, "--malformed must be shorter than %zu bytes",
				  sizeof(list));
	while ((entry = strsep(&rest, ","))) {
		char *const colon = strchr(entry, ':');
		double percent = 0;
		const char *const end = colon ? kb_option_percent(&percent, colon + 1) : NULL;

		if (!end || *end)
			return kb_err_set(KB_EXIT_CONFIG, 0,
					  "--malformed must be KIND:PERCENT,... as in "
					  "all:1%% or fragment:5%%,runt:2%%, got '%s'",
					  text);
		*colon = '\0';
		if (put(out, entry, percent))
			return -1;
		out->any = 1;
	}
	return 0;
}

/* --- the frames --- */

static void sum_header(uint8_t *ip)
{
	kb_store_be16(ip + 10, 0);
	const uint16_t sum = kb_csum_fold(kb_csum_add(0, ip, KB_IPV4_MIN_HLEN));
	memcpy(ip + 10, &sum, sizeof(sum));
}

/* Puts a tag in front of the EtherType. */
static uint32_t tag(uint8_t *frame, uint32_t len, uint16_t type)
{
	memmove(frame + 12 + KB_VLAN_HLEN, frame + 12, len - 12);
	kb_store_be16(frame + 12, type);
	kb_store_be16(frame + 14, 100); /* the VLAN's number */
	return len + KB_VLAN_HLEN;
}

static uint32_t build_whole(uint8_t *frame, enum kb_malformed_kind kind,
			    const struct kb_frame_path *path)
{
	uint8_t *const payload = frame + KB_UDP_HEADERS;
	struct kb_frame_path way = *path;

	memset(payload, kind, KB_MALFORMED_PAYLOAD);
	kb_store_raw32(payload, KB_MALFORMED_MAGIC);
	if (kind == KB_MALFORMED_ZERO_PORTS)
		way.src_port = way.dst_port = 0;
	return kb_frame_udp(frame, &way, KB_MALFORMED_PAYLOAD);
}

uint32_t kb_malformed_build(uint8_t *frame, enum kb_malformed_kind kind,
			    const struct kb_frame_path *path)
{
	const uint32_t len = build_whole(frame, kind, path);
	uint8_t *const ip = frame + KB_ETH_HLEN;
	uint8_t *const udp = ip + KB_IPV4_MIN_HLEN;

	/* Whatever is wrong, the header's checksum is right, so that nothing else is the reason. */
	switch (kind) {
	case KB_MALFORMED_BAD_IP_CHECKSUM:
		ip[10] ^= 0x55;
		return len;
	case KB_MALFORMED_BAD_IP_VERSION:
		ip[0] = 0x55;
		sum_header(ip);
		return len;
	case KB_MALFORMED_BAD_IP_LENGTH:
		kb_store_be16(ip + 2, KB_IPV4_MIN_HLEN - 1);
		sum_header(ip);
		return len;
	case KB_MALFORMED_TRUNCATED:
		kb_store_be16(ip + 2, len - KB_ETH_HLEN + 100);
		sum_header(ip);
		return len;
	case KB_MALFORMED_SHORT_HEADER:
		return KB_ETH_HLEN + KB_IPV4_MIN_HLEN - 1;
	case KB_MALFORMED_RUNT:
		return KB_ETH_HLEN + 4;
	case KB_MALFORMED_FRAGMENT:
		kb_store_be16(ip + 6, 0x2000); /* more fragments */
		sum_header(ip);
		return len;
	case KB_MALFORMED_WRONG_ETHERTYPE:
		kb_store_be16(frame + 12, 0x88b5);
		return len;
	case KB_MALFORMED_VLAN:
		return tag(frame, len, KB_ETHERTYPE_VLAN);
	case KB_MALFORMED_DOUBLE_VLAN:
		return tag(frame, tag(frame, len, KB_ETHERTYPE_VLAN), KB_ETHERTYPE_QINQ);
	case KB_MALFORMED_BAD_UDP_LENGTH:
		kb_store_be16(udp + 4, KB_UDP_HLEN + KB_MALFORMED_PAYLOAD + 8);
		return len;
	case KB_MALFORMED_BAD_UDP_CHECKSUM:
		udp[6] ^= 0x55;
		return len;
	default:
		return len;
	}
}
