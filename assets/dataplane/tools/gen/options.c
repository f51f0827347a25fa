// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "kb/error.h"
#include "kb/msg.h"
#include "option.h"

enum {
	TO = 256,
	FROM_PORT,
	FLOWS,
	LINES,
	LINE_LOSS,
	RATE,
	SIZE,
	SECONDS,
	COUNT,
	ARRIVALS,
	SEED,
	CORE,
	PROGRESS,
	PCAP,
	JSON,
	IFACE,
	PCI,
	EAL,
	SRC_ADDR,
	DST_MAC,
	MALFORMED,
	HELP,
	VERSION
};

/* One row per option: the parser and --help read the same table. */
static const struct row {
	const char *name;
	int id;
	uint32_t wants; /* senders that know it, 0 = all */
	const char *form;
	const char *help;
} rows[] = {
	{"to", TO, 0, "ADDR:PORT[,ADDR:PORT]",
	 "destination, or one for each line (unicast or multicast)"},
	{"rate", RATE, 0, "N", "messages per second (100000)"},
	{"size", SIZE, 0, "BYTES", "UDP payload, 24 to 8972 (288)"},
	{"seconds", SECONDS, 0, "S", "how long (10)"},
	{"count", COUNT, 0, "N", "how many messages, instead of --seconds"},
	{"arrivals", ARRIVALS, 0, "constant|poisson|burst:N", "spacing of messages (constant)"},
	{"lines", LINES, 0, "N", "send each message on N lines, A and B (1)"},
	{"line-loss", LINE_LOSS, 0, "PERCENT[:PERCENT]",
	 "copies never sent on line A, B, as in 1%:0.5% (0)"},
	{"from-port", FROM_PORT, 0, "PORT", "first source port (sockets: any, frames: 40000)"},
	{"flows", FLOWS, 0, "N",
	 "streams sent in turn, each with its own source port and sequence (1)"},
	{"pcap", PCAP, 0, "FILE",
	 "replay the UDP payloads of a capture, at its own pace or at --rate"},
	{"seed", SEED, 0, "N", "of the random arrivals and losses (1)"},
	{"core", CORE, 0, "N", "CPU of the sending thread (not pinned)"},
	{"progress", PROGRESS, 0, NULL, "a line each second on standard error"},
	{"json", JSON, 0, "FILE", "write the result as JSON; - is standard output"},
	{"iface", IFACE, KB_GEN_IFACE, "NAME", "interface to send through"},
	{"src-addr", SRC_ADDR, KB_GEN_SRC, "ADDR", "source address"},
	{"dst-mac", DST_MAC, KB_GEN_MAC, "MAC", "next hop, for unicast"},
	{"malformed", MALFORMED, KB_GEN_MALFORMED, "KIND:PERCENT,...",
	 "bad frames behind so many of the messages, as in all:1%"},
	{"pci", PCI, KB_GEN_EAL, "ADDRESS", "port to send through"},
	{"eal", EAL, KB_GEN_EAL, "'ARGS'", "EAL arguments, instead of --pci"},
	{"help", HELP, 0, NULL, "this text"},
	{"version", VERSION, 0, NULL, "the version"},
};
#define ROWS	  (sizeof(rows) / sizeof(rows[0]))
#define GIVEN(id) (1ull << ((id)-TO)) /* the bit of an option that was given */

static bool known(const struct row *row, uint32_t wants)
{
	return row->wants == 0 || (row->wants & wants);
}

static void help(const char *program, uint32_t wants)
{
	printf("%s: UDP messages at a fixed rate, each stamped with the time it was due\n\n"
	       "usage: %s --to ADDR:PORT [option ...]\n\n",
	       program, program);
	for (size_t i = 0; i < ROWS; i++) {
		char left[64];
		if (!known(&rows[i], wants))
			continue;
		snprintf(left, sizeof(left), "--%s %s", rows[i].name,
			 rows[i].form ? rows[i].form : "");
		printf("  %-36s %s\n", left, rows[i].help);
	}
	printf("\nDefaults are in parentheses. SIGINT ends the run and prints the result.\n"
	       "Exit status: 0 all that was due was sent, 1 it was not or a failure, "
	       "2 wrong usage.\n");
}

static int address(uint32_t *out, const char *option, const char *value)
{
	struct in_addr addr;
	if (inet_pton(AF_INET, value, &addr) != 1 || addr.s_addr == 0)
		return kb_option_bad(option, "an IPv4 address", value);
	*out = addr.s_addr;
	return 0;
}

static int destinations(struct kb_gen_options *o, const char *value)
{
	char list[512];
	char *rest = list;
	char *entry;
	if (strlen(value) >= sizeof(list))
		return kb_option_bad("to", "a list of at most 8 ADDR:PORT", value);
	strcpy(list, value);
	o->n_to = 0;
	while ((entry = strsep(&rest, ","))) {
		char *const colon = strrchr(entry, ':');
		uint32_t port;
		if (!colon)
			return kb_option_bad("to", "ADDR:PORT", value);
		if (o->n_to == KB_GEN_MAX_LINES)
			return kb_option_bad("to", "a list of at most 8 ADDR:PORT", value);
		*colon = '\0';
		if (address(&o->to[o->n_to].addr, "to", entry) < 0 ||
		    kb_option_number32(&port, "to (port)", 1, UINT16_MAX, colon + 1) < 0)
			return -1;
		o->to[o->n_to++].port = (uint16_t)port;
	}
	return 0;
}

static int arrivals(struct kb_gen_options *o, const char *value)
{
	if (strcmp(value, "constant") == 0) {
		o->arrivals = KB_ARRIVALS_CONSTANT;
	} else if (strcmp(value, "poisson") == 0) {
		o->arrivals = KB_ARRIVALS_POISSON;
	} else if (strncmp(value, "burst:", strlen("burst:")) == 0) {
		o->arrivals = KB_ARRIVALS_BURST;
		return kb_option_number(&o->burst, "arrivals (burst)", 1, 1000000,
					value + strlen("burst:"));
	} else {
		return kb_option_bad("arrivals", "constant, poisson or burst:N", value);
	}
	return 0;
}

static int line_loss(struct kb_gen_options *o, const char *value)
{
	const char *const allowed = "a percentage for each line, as in 1%:0.5%";
	const char *at = value;

	for (o->n_line_loss = 0; o->n_line_loss < KB_GEN_MAX_LINES; at++) {
		at = kb_option_percent(&o->line_loss[o->n_line_loss++], at);
		if (!at || (*at && *at != ':'))
			return kb_option_bad("line-loss", allowed, value);
		if (*at == '\0')
			return 0;
	}
	return kb_option_bad("line-loss", "a list for at most 8 lines", value);
}

static int mac(struct kb_gen_options *o, const char *value)
{
	unsigned int b[6];
	int used = 0;
	if (sscanf(value, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &used) != 6 ||
	    value[used])
		return kb_option_bad("dst-mac", "like 02:00:00:00:00:01", value);
	for (int i = 0; i < 6; i++)
		o->dst_mac[i] = (uint8_t)b[i];
	o->has_dst_mac = true;
	return 0;
}

static int take(struct kb_gen_options *o, double *run_s, int id, const char *value)
{
	uint32_t n;
	switch (id) {
	case TO:
		return destinations(o, value);
	case FROM_PORT:
		return kb_option_number32(&o->from_port, "from-port", 1, UINT16_MAX, value);
	case FLOWS:
		return kb_option_number32(&o->flows, "flows", 1, KB_GEN_MAX_FLOWS, value);
	case LINES:
		return kb_option_number32(&o->lines, "lines", 1, KB_GEN_MAX_LINES, value);
	case LINE_LOSS:
		return line_loss(o, value);
	case RATE:
		/* 10^9 messages a second would be one in each nanosecond of the clock. */
		return kb_option_number(&o->rate, "rate", 1, 1000000000, value);
	case SIZE:
		return kb_option_number32(&o->size, "size", KB_MSG_MIN, KB_GEN_MAX_SIZE, value);
	case SECONDS:
		return kb_option_positive(run_s, "seconds", KB_OPTION_YEAR, value);
	case COUNT:
		return kb_option_number(&o->count, "count", 1, 1ull << 48, value);
	case ARRIVALS:
		return arrivals(o, value);
	case SEED:
		return kb_option_number(&o->seed, "seed", 0, UINT64_MAX, value);
	case CORE:
		if (kb_option_number32(&n, "core", 0, 1023, value) < 0)
			return -1;
		o->core = (int)n;
		return 0;
	case PROGRESS:
		o->progress = true;
		return 0;
	case PCAP:
		o->pcap = value;
		return 0;
	case JSON:
		o->json = value;
		return 0;
	case IFACE:
		o->iface = value;
		return 0;
	case PCI:
		o->pci = value;
		return 0;
	case EAL:
		o->eal = value;
		return 0;
	case SRC_ADDR:
		return address(&o->src_addr, "src-addr", value);
	case DST_MAC:
		return mac(o, value);
	case MALFORMED:
		return kb_malformed_parse(&o->malformed, value);
	default:
		return 0;
	}
}

/* A capture brings its own datagrams, and its own times unless --rate is given. */
static int check_pcap(struct kb_gen_options *o, uint64_t given)
{
	for (size_t i = 0; i < ROWS; i++) {
		const int id = rows[i].id;
		if ((id == SIZE || id == FLOWS || id == COUNT || id == SECONDS) &&
		    (given & GIVEN(id)))
			return kb_err_set(KB_EXIT_CONFIG, 0,
					  "--pcap and --%s exclude each other: the capture decides",
					  rows[i].name);
	}
	o->original_pace = !(given & GIVEN(RATE));
	if (o->original_pace && (given & GIVEN(ARRIVALS)))
		return kb_err_set(KB_EXIT_CONFIG, 0, "--pcap with --arrivals needs --rate");
	return 0;
}

/* What is wrong only in combination. */
static int check(struct kb_gen_options *o, double run_s, uint32_t wants, uint64_t given)
{
	bool unicast = false;
	if (o->n_to == 0)
		return kb_err_set(KB_EXIT_CONFIG, 0, "--to ADDR:PORT is missing");
	if (o->pcap && check_pcap(o, given) < 0)
		return -1;
	if (o->count && run_s > 0)
		return kb_err_set(KB_EXIT_CONFIG, 0, "--count and --seconds exclude each other");
	if (o->n_to > o->lines && o->n_to > 1)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "--to names %u destinations for %u line%s: give --lines %u",
				  o->n_to, o->lines, o->lines == 1 ? "" : "s", o->n_to);
	if (o->n_line_loss > o->lines)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "--line-loss names %u lines of %u: give --lines %u",
				  o->n_line_loss, o->lines, o->n_line_loss);
	if (o->from_port + o->flows > UINT16_MAX + 1u)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "--from-port %u leaves no room for %u flows below 65536",
				  o->from_port, o->flows);
	if (!o->count) {
		const double count = (double)o->rate * (run_s > 0 ? run_s : 10);
		o->count = count < 1 ? 1 : (uint64_t)count;
	}
	for (uint32_t i = 0; i < o->n_to; i++)
		unicast = unicast || !kb_addr_is_multicast(o->to[i].addr);
	if ((wants & KB_GEN_NEEDS_IFACE) && !o->iface)
		return kb_err_set(KB_EXIT_CONFIG, 0, "--iface is missing");
	if ((wants & KB_GEN_EAL) && !o->pci == !o->eal)
		return kb_err_set(KB_EXIT_CONFIG, 0, "give either --pci or --eal");
	if ((wants & KB_GEN_NEEDS_HOP) && !o->src_addr)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "--src-addr is missing: no kernel below knows our address");
	if ((wants & KB_GEN_NEEDS_HOP) && unicast && !o->has_dst_mac)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "--dst-mac is missing: no kernel below resolves the next hop");
	return 0;
}

int kb_gen_options_parse(struct kb_gen_options *out, int argc, char **argv, const char *program,
			 uint32_t wants)
{
	struct option longs[ROWS + 1] = {0};
	double run_s = 0;
	uint64_t given = 0;
	size_t n = 0;
	int id;

	for (size_t i = 0; i < ROWS; i++)
		if (known(&rows[i], wants))
			longs[n++] = (struct option){
				.name = rows[i].name,
				.has_arg = rows[i].form ? required_argument : no_argument,
				.val = rows[i].id,
			};
	*out = (struct kb_gen_options){.flows = 1,
				       .lines = 1,
				       .rate = 100000,
				       .size = 288,
				       .burst = 1,
				       .seed = 1,
				       .core = -1};
	if (wants & KB_GEN_MAC)
		out->from_port = 40000;
	optind = 1;
	opterr = 0;
	while ((id = getopt_long(argc, argv, "+:", longs, NULL)) != -1) {
		if (id == HELP) {
			help(program, wants);
			return 1;
		}
		if (id == VERSION) {
			printf("%s %s\n", program, KB_VERSION);
			return 1;
		}
		if (id == ':')
			return kb_err_set(KB_EXIT_CONFIG, 0, "%s needs a value", argv[optind - 1]);
		if (id == '?')
			return kb_err_set(KB_EXIT_CONFIG, 0, "unknown option '%s'; see --help",
					  argv[optind - 1]);
		given |= GIVEN(id);
		if (take(out, &run_s, id, optarg) < 0)
			return -1;
	}
	if (optind < argc)
		return kb_err_set(KB_EXIT_CONFIG, 0, "unexpected '%s'; see --help", argv[optind]);
	return check(out, run_s, wants, given);
}
