// SPDX-License-Identifier: Apache-2.0
/*
 * The XDP programs against the C parser, frame by frame, by BPF_PROG_TEST_RUN: the kernel runs the
 * verified program on a buffer. Needs root; skipped (77) without.
 */
#include "check.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "filter_shared.h"
#include "kb/bpf.h"
#include "kb/error.h"
#include "kb/parse.h"
#include "packets.h"
#include "filter.skel.h"
#include "redirect.skel.h"
#include "xdp_program.h"
#include "backend/afxdp/xsk.h"

#define MUTATIONS   20000 /* random frames, a few seconds of the kernel's time at most */
#define ETH_MINIMUM 14	  /* the kernel runs XDP on no shorter frame */

/* A program under test: either of the two, in one of its configurations. */
struct subject {
	const char *name;
	bool redirect;
	bool drop;   /* KB_UNMATCHED */
	bool socket; /* queue 0 has an AF_XDP socket */
	struct filter_bpf *filter;
	struct redirect_bpf *redirector;
	int prog, flows, counts;
	struct kb_xsk xsk;
};

static struct kb_flows wanted;
static struct subject *subject; /* whose tests run */

static void load(struct subject *s)
{
	if (s->redirect) {
		assert_non_null(s->redirector = redirect_bpf__open());
		s->redirector->rodata->config.drop_unmatched = s->drop;
		assert_int_equal(redirect_bpf__load(s->redirector), 0);
		s->prog = bpf_program__fd(s->redirector->progs.kb_redirect);
		s->flows = bpf_map__fd(s->redirector->maps.flows);
		s->counts = bpf_map__fd(s->redirector->maps.counts);
	} else {
		assert_non_null(s->filter = filter_bpf__open());
		s->filter->rodata->config.drop_unmatched = s->drop;
		assert_int_equal(filter_bpf__load(s->filter), 0);
		s->prog = bpf_program__fd(s->filter->progs.kb_filter);
		s->flows = bpf_map__fd(s->filter->maps.flows);
		s->counts = bpf_map__fd(s->filter->maps.counts);
	}
	assert_int_equal(kb_xdp_put_flows(s->flows, &wanted), 0);
	if (s->socket) {
		/* The loopback device takes a socket in copy mode; no program is attached to it. */
		const struct kb_config cfg = {
			.iface = "lo", .frames = 128, .rx_ring = 64, .tx_ring = 64};
		const __u32 queue = 0;
		int refused;

		if (kb_xsk_open(&s->xsk, &cfg, queue, false, &refused))
			fail_msg("%s", kb_err_text());
		assert_int_equal(bpf_map_update_elem(bpf_map__fd(s->redirector->maps.sockets),
						     &queue, &s->xsk.fd, BPF_ANY),
				 0);
	}
}

static void unload(struct subject *s)
{
	filter_bpf__destroy(s->filter);
	redirect_bpf__destroy(s->redirector);
	kb_xsk_close(&s->xsk);
}

static uint32_t run(const struct subject *s, const uint8_t *data, uint32_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = data, .data_size_in = len, .repeat = 1);

	assert_int_equal(bpf_prog_test_run_opts(s->prog, &opts), 0);
	return opts.retval;
}

/* What the C parser and the flow list say of a frame. */
static int expected_cause(const uint8_t *data, uint32_t len)
{
	/* Behind the frame lies memory the parser may not touch. */
	uint8_t *const exact = malloc(len);
	struct kb_pkt pkt;

	assert_non_null(exact);
	memcpy(exact, data, len);
	int cause = kb_parse_udp(exact, len, &pkt);
	if (cause == KB_PARSE_OK && !kb_flows_match(&wanted, pkt.dst_addr, pkt.dst_port))
		cause = KB_CAUSE_NO_FLOW;
	free(exact);
	return cause;
}

static bool is_control(const uint8_t *data)
{
	const bool tagged = kb_load_be16(data + 12) == KB_ETHERTYPE_VLAN ||
			    kb_load_be16(data + 12) == KB_ETHERTYPE_QINQ;
	const uint8_t *const type = data + 12 + (tagged ? KB_VLAN_HLEN : 0);

	return kb_load_be16(type) == KB_ETHERTYPE_ARP ||
	       (kb_load_be16(type) == KB_ETHERTYPE_IP4 && (type[11] == 1 || type[11] == 2));
}

/* The action that belongs to a cause, by the rules in ARCHITECTURE.md and not by the program's. */
static uint32_t expected_action(const struct subject *s, const uint8_t *data, int cause)
{
	const uint32_t unmatched = s->drop ? XDP_DROP : XDP_PASS;

	switch (cause) {
	case KB_PARSE_OK:
		if (!s->redirect)
			return XDP_PASS;
		return s->socket ? XDP_REDIRECT : unmatched;
	case KB_CAUSE_NOT_IPV4:
	case KB_CAUSE_NOT_UDP:
		return is_control(data) ? XDP_PASS : unmatched;
	case KB_CAUSE_NO_FLOW:
		return unmatched;
	default:
		return XDP_DROP; /* malformed */
	}
}

/* The cause that user space books a verdict under. */
static int booked_cause(const struct subject *s, int cause)
{
	if (cause == KB_PARSE_OK && s->redirect && !s->socket)
		return KB_CAUSE_XDP_REDIRECT_FAILED;
	if (cause == KB_CAUSE_NO_FLOW && s->drop)
		return KB_CAUSE_FILTERED;
	return cause;
}

static void check_frame(const struct subject *s, const char *name, const uint8_t *data,
			uint32_t len)
{
	const int cause = expected_cause(data, len);
	struct kb_filter_counts before, after;
	int verdict = -1;

	assert_int_equal(kb_counts_read(&before, s->counts), 0);
	const uint32_t action = run(s, data, len);
	assert_int_equal(kb_counts_read(&after, s->counts), 0);
	for (uint32_t i = 0; i < KB_VERDICTS; i++) {
		const uint64_t n = after.verdict[i] - before.verdict[i];

		if (n == 0)
			continue;
		if (n != 1 || verdict >= 0)
			fail_msg("%s: %s, %u bytes: counted more than once", s->name, name, len);
		verdict = (int)i;
	}
	if (verdict < 0)
		fail_msg("%s: %s, %u bytes: not counted", s->name, name, len);
	if (kb_verdicts[verdict].cause != booked_cause(s, cause))
		fail_msg("%s: %s, %u bytes: verdict %s, but the C parser says %s", s->name, name,
			 len, kb_verdicts[verdict].name,
			 cause == KB_PARSE_OK ? "wanted" : kb_causes[cause].name);
	if (action != expected_action(s, data, cause))
		fail_msg("%s: %s, %u bytes: verdict %s has action %u", s->name, name, len,
			 kb_verdicts[verdict].name, action);
}

/* --- tests: each for every subject --- */

static void each_case_has_the_parsers_cause(void **state)
{
	uint8_t buf[PACKET_MAX];
	(void)state;

	for (uint32_t i = 0; i < PACKET_CASES; i++)
		check_frame(subject, packet_cases[i].name, buf,
			    packet_build(buf, &packet_cases[i].spec));
}

/* What the shared table has no row for, because it is about flows and about who gets a frame. */
static const struct {
	const char *name;
	struct packet_spec spec;
} own_cases[] = {
	{"any address of a port", {.dst = 0x0a000003}},
	{"addressed flow", {.dst = 0x0a000002, .dst_port = 7}},
	{"its port, another address", {.dst = 0x0a000003, .dst_port = 7}},
	{"its address, another port", {.dst = 0x0a000002, .dst_port = 8}},
	{"address with its bytes swapped", {.dst = 0x0200000a, .dst_port = 7}},
	{"port with its bytes swapped", {.dst_port = 0x2823}},
	{"group of a group flow", {.dst = 0xef010102, .dst_port = 9001}},
	{"IGMP", {.protocol = 2}},
	{"ICMP behind a VLAN tag", {.vlan = 0x8100, .protocol = 1}},
	{"fragment of ICMP", {.protocol = 1, .fragment = 0x2000}},
	{"LLDP", {.ethertype = 0x88cc}},
};

static void flows_and_control_traffic_are_told_apart(void **state)
{
	uint8_t buf[PACKET_MAX];
	(void)state;

	for (uint32_t i = 0; i < sizeof(own_cases) / sizeof(own_cases[0]); i++)
		check_frame(subject, own_cases[i].name, buf, packet_build(buf, &own_cases[i].spec));
}

static void every_truncation_has_the_parsers_cause(void **state)
{
	uint8_t buf[PACKET_MAX];
	(void)state;

	for (uint32_t i = 0; i < PACKET_CASES; i++) {
		const uint32_t len = packet_build(buf, &packet_cases[i].spec);

		for (uint32_t cut = ETH_MINIMUM; cut < len; cut++)
			check_frame(subject, packet_cases[i].name, buf, cut);
	}
}

/* Headers with random bytes in them: what nobody thought of. The seed is fixed, so a failure can be
 * repeated. */
static void random_headers_have_the_parsers_cause(void **state)
{
	uint8_t buf[PACKET_MAX];
	uint32_t seed = 1;
	(void)state;

	for (uint32_t i = 0; i < MUTATIONS; i++) {
		const struct packet_case *const c =
			&packet_cases[(uint32_t)rand_r(&seed) % PACKET_CASES];
		const uint32_t len = packet_build(buf, &c->spec);
		const uint32_t changes = 1 + (uint32_t)rand_r(&seed) % 3;

		for (uint32_t n = 0; n < changes; n++)
			buf[12 + (uint32_t)rand_r(&seed) % 40] = (uint8_t)rand_r(&seed);
		check_frame(subject, c->name, buf, len);
	}
}

static void verdicts_map_to_known_causes(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < KB_VERDICTS; i++) {
		assert_non_null(kb_verdicts[i].name);
		assert_between(kb_verdicts[i].cause + 1, 0, KB_CAUSES);
	}
}

static int setup(void **state)
{
	(void)state;
	load(subject);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unload(subject);
	return 0;
}

static int run_subject(struct subject *s)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_has_the_parsers_cause),
		cmocka_unit_test(flows_and_control_traffic_are_told_apart),
		cmocka_unit_test(every_truncation_has_the_parsers_cause),
		cmocka_unit_test(random_headers_have_the_parsers_cause),
	};

	subject = s;
	return cmocka_run_group_tests_name(s->name, tests, setup, teardown);
}

static bool may_load(void)
{
	struct filter_bpf *const probe = filter_bpf__open_and_load();

	filter_bpf__destroy(probe);
	return probe != NULL;
}

int main(void)
{
	struct subject subjects[] = {
		{.name = "filter, pass"},
		{.name = "filter, drop", .drop = true},
		{.name = "redirect, pass", .redirect = true, .socket = true},
		{.name = "redirect, drop", .redirect = true, .socket = true, .drop = true},
		{.name = "redirect without socket, pass", .redirect = true},
		{.name = "redirect without socket, drop", .redirect = true, .drop = true},
	};
	const struct CMUnitTest table[] = {cmocka_unit_test(verdicts_map_to_known_causes)};
	int failed = 0;

	if (geteuid() != 0) {
		fprintf(stderr, "skipped: needs root\n");
		return EXIT_SKIP;
	}
	kb_xdp_listen();
	if (!may_load()) {
		/* In a container root may still not load programs; anywhere else this is a bug. */
		if (errno != EPERM)
			return EXIT_FAILURE;
		fprintf(stderr, "skipped: loading BPF programs is not permitted\n");
		return EXIT_SKIP;
	}
	if (kb_flows_parse(&wanted, "udp:*:9000,udp:10.0.0.2:7,udp:239.1.1.2:9001")) {
		fprintf(stderr, "%s\n", kb_err_text());
		return EXIT_FAILURE;
	}
	failed += cmocka_run_group_tests_name("verdicts", table, NULL, NULL);
	for (uint32_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
		failed += run_subject(&subjects[i]);
	return failed;
}
