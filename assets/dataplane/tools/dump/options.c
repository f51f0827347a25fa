// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kb/error.h"
#include "kb/tap_area.h"
#include "option.h"

enum {
	PAGE = 1,
	WRITE,
	SNAPLEN,
	FLOW,
	COUNT,
	SECONDS,
	FILE_SIZE,
	FILES,
	TRIGGER,
	BEFORE,
	AFTER,
	TRIGGERS,
	BUFFER,
	JSON,
	HELP,
	VERSION
};

static const struct row {
	const char *name;
	int id;
	const char *form; /* NULL: takes no value */
	const char *meaning;
} rows[] = {
	{"page", PAGE, "FILE", "the receiver's stats page (KB_STATS_PAGE, else /run/kb/stats)"},
	{"write", WRITE, "FILE", "where to: pcapng, - for standard output (kb.pcapng)"},
	{"snaplen", SNAPLEN, "BYTES", "of each frame, 64 to 65535 (65535)"},
	{"flow", FLOW, "udp:ADDR:PORT,...", "only datagrams to these; ADDR may be * (every frame)"},
	{"count", COUNT, "N", "end after this many packets"},
	{"seconds", SECONDS, "S", "end after this time"},
	{"file-size", FILE_SIZE, "MIB", "begin another file at this size: FILE.00001, ..."},
	{"files", FILES, "N", "keep the last N of those (all)"},
	{"trigger", TRIGGER, "WHAT", "write only around gap or latency:US (microseconds)"},
	{"before", BEFORE, "N", "packets up to a trigger that are written (1000)"},
	{"after", AFTER, "N", "packets behind a trigger that are written (1000)"},
	{"triggers", TRIGGERS, "N", "end after this many (1)"},
	{"buffer", BUFFER, "MIB", "shared with the receiver for each queue, a power of two (4)"},
	{"json", JSON, NULL, "the summary as JSON on standard output"},
	{"help", HELP, NULL, "this text"},
	{"version", VERSION, NULL, "the version"},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void help(void)
{
	printf("usage: kb-dump [--write FILE] [OPTION...]\n\n"
	       "Writes what a receiver takes from its port to a pcapng file, with the reason why\n"
	       "a frame was not delivered as its comment. The receiver never waits: what it could\n"
	       "not copy is counted, here and in the file. SIGINT ends it in order.\n\n");
	for (size_t i = 0; i < ROWS; i++) {
		char option[64];

		snprintf(option, sizeof(option), "--%s %s", rows[i].name,
			 rows[i].form ? rows[i].form : "");
		printf("  %-26s %s\n", option, rows[i].meaning);
	}
	printf("\nOn the planes kernel and xdp a receiver sees datagrams, not frames: their IPv4 "
	       "and\n"
	       "UDP headers are built again and there is no Ethernet header. --trigger latency\n"
	       "counts from a packet's arrival stamp to the end of its handler, gap what the\n"
	       "handler misses by sequence number.\n"
	       "Exit status: 0 good, 1 no receiver or no room, 2 wrong usage.\n");
}

static int trigger(struct kb_dump_options *o, const char *value)
{
	double us = 0;

	if (strcmp(value, "gap") == 0) {
		o->on_gap = true;
		return 0;
	}
	if (strncmp(value, "latency:", strlen("latency:")) != 0)
		return kb_option_bad("trigger", "gap or latency:MICROSECONDS", value);
	if (kb_option_positive(&us, "trigger latency", 1e9, value + strlen("latency:")))
		return -1;
	o->on_latency = (uint64_t)(us * 1e3);
	return 0;
}

static int buffer(struct kb_dump_options *o, const char *value)
{
	uint32_t mib = 0;

	if (kb_option_number32(&mib, "buffer", 1, KB_TAP_MAX_RING >> 20, value))
		return -1;
	if (mib & (mib - 1))
		return kb_option_bad("buffer", "a power of two", value);
	o->ring_bytes = mib << 20;
	return 0;
}

static int file_size(struct kb_dump_options *o, const char *value)
{
	double mib = 0;

	if (kb_option_positive(&mib, "file-size", 1e9, value))
		return -1;
	o->file_bytes = (uint64_t)(mib * (1 << 20));
	return 0;
}

static int take(struct kb_dump_options *o, int id, const char *value)
{
	switch (id) {
	case PAGE:
		o->page = value;
		return 0;
	case WRITE:
		o->write = value;
		return 0;
	case SNAPLEN:
		return kb_option_number32(&o->snaplen, "snaplen", KB_TAP_MIN_SNAP, KB_TAP_MAX_SNAP,
					  value);
	case FLOW:
		o->flow_text = value;
		return kb_flows_parse(&o->flows, value) ? kb_err_wrap("--flow") : 0;
	case COUNT:
		return kb_option_number(&o->count, "count", 1, 1ull << 48, value);
	case SECONDS:
		return kb_option_positive(&o->seconds, "seconds", KB_OPTION_YEAR, value);
	case FILE_SIZE:
		return file_size(o, value);
	case FILES:
		return kb_option_number32(&o->files, "files", 1, KB_DUMP_MAX_FILES, value);
	case TRIGGER:
		return trigger(o, value);
	case BEFORE:
		return kb_option_number32(&o->before, "before", 1, KB_DUMP_MAX_HELD, value);
	case AFTER:
		return kb_option_number32(&o->after, "after", 0, UINT32_MAX, value);
	case TRIGGERS:
		return kb_option_number32(&o->triggers, "triggers", 1, UINT32_MAX, value);
	case BUFFER:
		return buffer(o, value);
	case JSON:
		o->json = true;
		return 0;
	default:
		return 0;
	}
}

/* What is wrong only in combination. `given` has bit 1 << id for each option. */
static int check(const struct kb_dump_options *o, uint32_t given)
{
	const bool to_stdout = strcmp(o->write, "-") == 0;

	if (to_stdout && o->json)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "--json and --write - both want standard output");
	if (to_stdout && o->file_bytes)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "--file-size needs --write FILE, not standard output");
	if (o->files && !o->file_bytes)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "--files needs --file-size: when does the next one begin?");
	if (!o->on_gap && !o->on_latency && given & (1u << BEFORE | 1u << AFTER | 1u << TRIGGERS))
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "--before, --after and --triggers need --trigger");
	return 0;
}

int kb_dump_options_parse(struct kb_dump_options *out, int argc, char **argv)
{
	const char *const page = getenv("KB_STATS_PAGE");
	struct option longs[ROWS + 1] = {0};
	uint32_t given = 0;
	int id;

	for (size_t i = 0; i < ROWS; i++)
		longs[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].form ? required_argument : no_argument,
			.val = rows[i].id,
		};
	*out = (struct kb_dump_options){.page = page && *page ? page : "/run/kb/stats",
					.write = "kb.pcapng",
					.snaplen = KB_TAP_MAX_SNAP,
					.ring_bytes = 4u << 20,
					.before = 1000,
					.after = 1000,
					.triggers = 1};
	optind = 1;
	opterr = 0;
	while ((id = getopt_long(argc, argv, "+:", longs, NULL)) != -1) {
		if (id == HELP) {
			help();
			return 1;
		}
		if (id == VERSION) {
			printf("kb-dump %s\n", KB_VERSION);
			return 1;
		}
		if (id == ':')
			return kb_err_set(KB_EXIT_CONFIG, 0, "%s needs a value", argv[optind - 1]);
		if (id == '?')
			return kb_err_set(KB_EXIT_CONFIG, 0, "unknown option '%s'; see --help",
					  argv[optind - 1]);
		given |= 1u << id;
		if (take(out, id, optarg))
			return -1;
	}
	if (optind < argc)
		return kb_err_set(KB_EXIT_CONFIG, 0, "unexpected '%s'; see --help", argv[optind]);
	return check(out, given);
}
