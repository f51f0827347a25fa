// SPDX-License-Identifier: Apache-2.0
/* kb-gen: arrivals, options, and the send loop against a sender that misbehaves on purpose. */
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "gen/arrivals.h"
#include "gen/options.h"
#include "gen/pace.h"
#include "gen/replay.h"
#include "gen/sender.h"
#include "kb/error.h"
#include "kb/msg.h"

static void constant_arrivals_do_not_drift(void **state)
{
	struct kb_arrivals a;
	(void)state;
	kb_arrivals_init(&a, KB_ARRIVALS_CONSTANT, 3, 1, 1);
	for (uint64_t i = 0; i < 3000; i++)
		assert_int_equal(kb_arrivals_next(&a), i * 1000000000ull / 3);
	/* A year at ten million a second. */
	assert_int_equal(kb_arrivals_ns(10000000ull * 86400 * 365, 10000000),
			 86400ull * 365 * 1000000000ull);
}

static void burst_arrivals_come_together(void **state)
{
	struct kb_arrivals a;
	(void)state;
	kb_arrivals_init(&a, KB_ARRIVALS_BURST, 1000, 10, 1);
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(kb_arrivals_next(&a), i / 10 * 10000000ull);
}

/*
 * Exponential gaps: mean 1/rate, variance the mean's square, and 1/e of them longer than the mean.
 * Of 10^6 the relative errors are 0.1 %, 0.3 % and 0.1 % at one sigma; the bounds are five.
 */
static void poisson_arrivals_have_exponential_gaps(void **state)
{
	const uint64_t n = 1000000;
	const double mean = 1000;
	struct kb_arrivals a;
	double sum = 0;
	double squares = 0;
	uint64_t longer = 0;
	(void)state;
	kb_arrivals_init(&a, KB_ARRIVALS_POISSON, 1000000, 1, 42);
	uint64_t last = kb_arrivals_next(&a);
	assert_int_equal(last, 0);
	for (uint64_t i = 0; i < n; i++) {
		const uint64_t at = kb_arrivals_next(&a);
		assert_true(at >= last);
		const double gap = (double)(at - last);
		sum += gap;
		squares += gap * gap;
		longer += gap > mean;
		last = at;
	}
	const double got = sum / (double)n;
	assert_true(fabs(got / mean - 1) < 0.005);
	assert_true(fabs((squares / (double)n - got * got) / (mean * mean) - 1) < 0.015);
	assert_true(fabs((double)longer / (double)n * exp(1) - 1) < 0.007);
}

static void seed_decides_the_arrivals(void **state)
{
	struct kb_arrivals a;
	struct kb_arrivals b;
	struct kb_arrivals c;
	bool differ = false;
	(void)state;
	kb_arrivals_init(&a, KB_ARRIVALS_POISSON, 1000, 1, 7);
	kb_arrivals_init(&b, KB_ARRIVALS_POISSON, 1000, 1, 7);
	kb_arrivals_init(&c, KB_ARRIVALS_POISSON, 1000, 1, 8);
	for (int i = 0; i < 100; i++) {
		const uint64_t at = kb_arrivals_next(&a);
		assert_int_equal(at, kb_arrivals_next(&b));
		differ = differ || at != kb_arrivals_next(&c);
	}
	assert_true(differ);
}

/* --- options ------------------------------------------------------------------------------------
 */

static int parse(struct kb_gen_options *o, uint32_t wants, const char *line)
{
	static char text[512];
	char *argv[32] = {(char *)"kb-gen"};
	int argc = 1;
	char *rest = text;
	strcpy(text, line);
	for (char *word; (word = strsep(&rest, " "));)
		if (*word)
			argv[argc++] = word;
	kb_err_clear();
	return kb_gen_options_parse(o, argc, argv, "kb-gen", wants);
}

static void options_are_read(void **state)
{
	struct kb_gen_options o;
	(void)state;
	assert_int_equal(parse(&o, 0, "--to 10.0.0.1:9000"), 0);
	assert_int_equal(o.rate, 100000);
	assert_int_equal(o.size, 288);
	assert_int_equal(o.count, 1000000);
	assert_int_equal(o.lines, 1);
	assert_int_equal(o.core, -1);

	assert_int_equal(
		parse(&o, 0,
		      "--to 239.1.1.1:9000,239.1.1.2:9001 --lines 2 --rate 5 --seconds 0.5 "
		      "--size 8972 --arrivals burst:4 --seed 0 --core 3 --from-port 65535"),
		0);
	assert_int_equal(o.n_to, 2);
	assert_int_equal(o.to[1].port, 9001);
	assert_int_equal(o.count, 2);
	assert_int_equal(o.burst, 4);
	assert_int_equal(o.arrivals, KB_ARRIVALS_BURST);
	assert_int_equal(o.from_port, 65535);
}

static void wrong_options_are_refused_in_words(void **state)
{
	static const struct {
		uint32_t wants;
		const char *line;
		const char *said;
	} rows[] = {
		{0, "", "--to ADDR:PORT is missing"},
		{0, "--to 10.0.0.1", "got '10.0.0.1'"},
		{0, "--to 0.0.0.0:1", "--to must be an IPv4 address"},
		{0, "--to 10.0.0.1:0", "from 1 to 65535, got '0'"},
		{0, "--to 10.0.0.1:1 --rate 0", "--rate must be a whole number from 1"},
		{0, "--to 10.0.0.1:1 --rate 1e5", "got '1e5'"},
		{0, "--to 10.0.0.1:1 --size 23", "from 24 to 8972, got '23'"},
		{0, "--to 10.0.0.1:1 --size 8973", "from 24 to 8972, got '8973'"},
		{0, "--to 10.0.0.1:1 --lines 9", "from 1 to 8"},
		{0, "--to 10.0.0.1:1 --arrivals burst", "constant, poisson or burst:N"},
		{0, "--to 10.0.0.1:1 --arrivals burst:0", "got '0'"},
		{0, "--to 10.0.0.1:1 --seconds -1", "more than 0 and at most"},
		{0, "--to 10.0.0.1:1 --seconds 1 --count 1", "exclude each other"},
		{0, "--to 10.0.0.1:1,10.0.0.2:1", "give --lines 2"},
		{0, "--to 10.0.0.1:1 --from-port 65535 --flows 2", "no room for 2 flows"},
		{0, "--to 10.0.0.1:1 --line-loss 1:2",
		 "--line-loss names 2 lines of 1: give --lines 2"},
		{0, "--to 10.0.0.1:1 --line-loss 101%", "got '101%'"},
		{0, "--to 10.0.0.1:1 --line-loss -1%", "got '-1%'"},
		{0, "--to 10.0.0.1:1 --line-loss nan", "got 'nan'"},
		{0, "--to 10.0.0.1:1 --lines 2 --line-loss 1%,2%", "as in 1%:0.5%"},
		{0, "--to 10.0.0.1:1 --lines 2 --line-loss 1%:", "got '1%:'"},
		{0, "--to 10.0.0.1:1 --lines 8 --line-loss 1:1:1:1:1:1:1:1:1", "at most 8 lines"},
		{0, "--to 10.0.0.1:1 --pcap f --size 30", "--pcap and --size exclude each other"},
		{0, "--to 10.0.0.1:1 --pcap f --count 1", "--pcap and --count exclude"},
		{0, "--to 10.0.0.1:1 --pcap f --seconds 1", "--pcap and --seconds exclude"},
		{0, "--to 10.0.0.1:1 --flows 2 --pcap f", "--pcap and --flows exclude"},
		{0, "--to 10.0.0.1:1 --pcap f --arrivals poisson", "with --arrivals needs --rate"},
		{0, "--to 10.0.0.1:1 --eal x", "unknown option '--eal'"},
		{0, "--to 10.0.0.1:1 --rate", "--rate needs a value"},
		{KB_GEN_EAL, "--to 10.0.0.1:1", "either --pci or --eal"},
		{KB_GEN_EAL, "--to 10.0.0.1:1 --pci a --eal b", "either --pci or --eal"},
		{KB_GEN_SRC | KB_GEN_MAC | KB_GEN_NEEDS_HOP, "--to 10.0.0.1:1",
		 "--src-addr is missing"},
		{KB_GEN_SRC | KB_GEN_MAC | KB_GEN_NEEDS_HOP, "--to 10.0.0.1:1 --src-addr 10.0.0.2",
		 "--dst-mac is missing"},
		{KB_GEN_MAC, "--to 10.0.0.1:1 --dst-mac 02:00:00:00:00", "like 02:00"},
		{KB_GEN_IFACE | KB_GEN_NEEDS_IFACE, "--to 10.0.0.1:1", "--iface is missing"},
	};
	struct kb_gen_options o;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(&o, rows[i].wants, rows[i].line), -1);
		assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
		if (!strstr(kb_err_text(), rows[i].said))
			fail_msg("'%s' said: %s", rows[i].line, kb_err_text());
	}
	/* Multicast needs no next hop. */
	assert_int_equal(parse(&o, KB_GEN_SRC | KB_GEN_MAC | KB_GEN_NEEDS_HOP,
			       "--to 239.0.0.1:1 --src-addr 10.0.0.2"),
			 0);
}

/* --- the loop, over a sender of our own
 * ----------------------------------------------------------- */

#define MAX_SEEN 100000u

struct kb_sender {
	uint32_t seen;
	uint32_t calls;
	uint32_t take_at_most; /* per call */
	uint32_t refuse_every; /* each n-th call takes nothing, 0 = never */
	uint64_t stop_after;   /* calls until *stop is set, 0 = never */
	uint32_t sleep_us;     /* in each call */
	uint32_t away_us;      /* in the first */
	atomic_bool *stop;
	struct kb_msg msg[MAX_SEEN];
	uint16_t port[MAX_SEEN];
	const uint8_t *payload[MAX_SEEN];
	uint16_t len[MAX_SEEN];
};

uint32_t kb_sender_send(struct kb_sender *s, const struct kb_tx *v, const uint16_t *flow,
			uint32_t n)
{
	(void)flow;
	s->calls++;
	if (s->sleep_us)
		usleep(s->sleep_us);
	if (s->calls == 1)
		usleep(s->away_us);
	if (s->stop_after && s->calls >= s->stop_after)
		atomic_store(s->stop, true);
	if (s->refuse_every && s->calls % s->refuse_every == 0)
		return 0;
	const uint32_t taken = n < s->take_at_most ? n : s->take_at_most;
	for (uint32_t i = 0; i < taken && s->seen < MAX_SEEN; i++) {
		memcpy(&s->msg[s->seen], v[i].payload, sizeof(struct kb_msg));
		s->payload[s->seen] = v[i].payload;
		s->len[s->seen] = v[i].len;
		s->port[s->seen++] = v[i].src_port;
	}
	return taken;
}

void kb_sender_idle(struct kb_sender *s)
{
	(void)s;
}

static void run(const struct kb_gen_options *o, struct kb_sender *s, struct kb_gen_result *r)
{
	struct kb_pace *p;
	atomic_bool stop = false;
	s->stop = &stop;
	memset(r, 0, sizeof(*r));
	assert_int_equal(kb_pace_open(&p, o, s), 0);
	kb_pace_run(p, r, &stop);
	kb_pace_close(p);
}

static void every_message_goes_out_once_with_the_time_it_was_due(void **state)
{
	static struct kb_sender s;
	static struct kb_gen_result r;
	struct kb_gen_options o;
	(void)state;
	s = (struct kb_sender){.take_at_most = 3, .refuse_every = 5};
	assert_int_equal(parse(&o, 0,
			       "--to 10.0.0.1:9000 --rate 1000000 --count 20000 --lines 2 "
			       "--from-port 5000 --flows 4 --size 24"),
			 0);
	run(&o, &s, &r);
	assert_int_equal(r.due, 40000);
	assert_int_equal(r.sent, 40000);
	assert_int_equal(s.seen, 40000);
	assert_int_equal(r.error.total, 40000);
	assert_true(r.deferred > 0);
	for (uint32_t i = 0; i < s.seen; i++) {
		const uint64_t message = i / 2;
		assert_int_equal(s.msg[i].magic, KB_MSG_MAGIC);
		assert_int_equal(s.msg[i].line, message % 4 * 2 + i % 2);
		assert_int_equal(s.msg[i].seq, message / 4);
		assert_int_equal(s.port[i], 5000 + message % 4);
		/* A microsecond apart to the nanosecond, however late they went. */
		assert_int_equal(s.msg[i].scheduled_ns - s.msg[0].scheduled_ns, message * 1000);
	}
}

/* A sender that takes all it is given, too slowly: it must not go on for the hour it would take. */
static void what_is_a_second_late_at_the_end_is_given_up(void **state)
{
	static struct kb_sender s;
	static struct kb_gen_result r;
	struct kb_gen_options o;
	(void)state;
	s = (struct kb_sender){.take_at_most = 64, .sleep_us = 1000};
	assert_int_equal(
		parse(&o, 0, "--to 10.0.0.1:9000 --rate 1000000000 --count 100000000 --size 24"),
		0);
	run(&o, &s, &r);
	assert_int_equal(r.due, 100000000);
	assert_true(r.sent > 0 && r.sent < r.due);
	assert_true(r.end_ns - r.start_ns >= KB_GEN_GRACE_NS);
}

/* The thread itself was kept from running, beyond the planned end: nobody has refused anything. */
static void a_thread_that_was_away_sends_all_the_same(void **state)
{
	static struct kb_sender s;
	static struct kb_gen_result r;
	struct kb_gen_options o;
	(void)state;
	s = (struct kb_sender){.take_at_most = 64, .away_us = 1500000};
	assert_int_equal(parse(&o, 0, "--to 10.0.0.1:9000 --rate 1000000 --count 20000 --size 24"),
			 0);
	run(&o, &s, &r);
	assert_int_equal(r.due, 20000);
	assert_int_equal(r.sent, 20000);
}

/* The sender's report against what really came through its hands. */
static void what_is_withheld_is_counted_exactly(void **state)
{
	static struct kb_sender s;
	static struct kb_sender again;
	static struct kb_gen_result r;
	static uint8_t lines_of[20000];
	const char *const line = "--to 10.0.0.1:9000 --rate 10000000 --count 20000 --lines 2 "
				 "--line-loss 20%:5 --seed 9 --size 24";
	struct kb_gen_options o;
	uint64_t absent[2] = {0};
	uint64_t nowhere = 0;
	(void)state;

	s = (struct kb_sender){.take_at_most = 7, .refuse_every = 3};
	assert_int_equal(parse(&o, 0, line), 0);
	run(&o, &s, &r);
	assert_int_equal(r.sent, r.due);
	assert_int_equal(r.sent, s.seen);
	memset(lines_of, 0, sizeof(lines_of));
	for (uint32_t i = 0; i < s.seen; i++)
		lines_of[s.msg[i].seq] |= (uint8_t)(1u << s.msg[i].line);
	for (uint32_t i = 0; i < 20000; i++) {
		absent[0] += !(lines_of[i] & 1);
		absent[1] += !(lines_of[i] & 2);
		nowhere += !lines_of[i];
	}
	assert_int_equal(r.withheld[0], absent[0]);
	assert_int_equal(r.withheld[1], absent[1]);
	assert_int_equal(r.withheld_all, nowhere);
	assert_int_equal(r.sent + absent[0] + absent[1], 40000);
	assert_int_equal(lines_of[0], 3);
	assert_int_equal(lines_of[19999], 3);
	/* Binomial, five sigma: 4000 +- 283, 1000 +- 154, and 200 +- 71 on both. */
	assert_between(absent[0], 3717, 4283);
	assert_between(absent[1], 846, 1154);
	assert_between(nowhere, 129, 271);

	/* The seed decides, not how the sender took them. */
	again = (struct kb_sender){.take_at_most = 64};
	run(&o, &again, &r);
	assert_int_equal(again.seen, s.seen);
	for (uint32_t i = 0; i < s.seen; i++) {
		assert_int_equal(again.msg[i].seq, s.msg[i].seq);
		assert_int_equal(again.msg[i].line, s.msg[i].line);
	}
}

/* 300 datagrams of growing size, 20 us apart: unchanged, at their own pace or another. */
static void a_capture_is_replayed_byte_by_byte(void **state)
{
	static struct kb_sender s;
	static struct kb_gen_result r;
	static uint8_t bytes[1024];
	static struct kb_replay_datagram datagrams[300];
	struct kb_replay capture = {.n = 300, .datagram = datagrams};
	static const char *const lines[] = {
		"--to 10.0.0.1:9000 --pcap f --lines 2",
		"--to 10.0.0.1:9000 --pcap f --lines 2 --rate 100000",
	};
	(void)state;
	for (uint16_t i = 0; i < 300; i++)
		datagrams[i] = (struct kb_replay_datagram){
			.payload = bytes + i, .at_ns = i * 20000ull, .len = (uint16_t)(40 + i)};
	for (int run_at_rate = 0; run_at_rate < 2; run_at_rate++) {
		struct kb_gen_options o;
		s = (struct kb_sender){.take_at_most = 3, .refuse_every = 5};
		assert_int_equal(parse(&o, 0, lines[run_at_rate]), 0);
		assert_int_equal(o.original_pace, !run_at_rate);
		o.replay = &capture;
		o.count = capture.n;
		run(&o, &s, &r);
		assert_int_equal(r.sent, 600);
		assert_int_equal(r.due, 600);
		assert_int_equal(r.bytes, 2 * (300 * 40 + 299 * 300 / 2));
		for (uint32_t i = 0; i < 600; i++) {
			assert_ptr_equal(s.payload[i], bytes + i / 2);
			assert_int_equal(s.len[i], 40 + i / 2);
		}
		/* Never ahead of the schedule: the last is due after 5.98 ms, or 2.99 ms. */
		assert_true(r.end_ns - r.start_ns >= (run_at_rate ? 2990000u : 5980000u));
	}
}

static void a_sender_that_never_takes_ends_the_run(void **state)
{
	static struct kb_sender s;
	static struct kb_gen_result r;
	struct kb_gen_options o;
	(void)state;
	s = (struct kb_sender){.take_at_most = 0};
	assert_int_equal(parse(&o, 0, "--to 10.0.0.1:9000 --rate 100000 --count 1000"), 0);
	run(&o, &s, &r);
	assert_int_equal(r.due, 1000);
	assert_int_equal(r.sent, 0);
}

static void a_stop_ends_the_run_with_the_count_so_far(void **state)
{
	static struct kb_sender s;
	static struct kb_gen_result r;
	struct kb_gen_options o;
	(void)state;
	s = (struct kb_sender){.take_at_most = 64, .stop_after = 3};
	assert_int_equal(parse(&o, 0, "--to 10.0.0.1:9000 --rate 1000 --seconds 3600"), 0);
	run(&o, &s, &r);
	assert_int_equal(r.sent, s.seen);
	assert_true(r.sent >= 1 && r.sent <= r.due);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constant_arrivals_do_not_drift),
		cmocka_unit_test(burst_arrivals_come_together),
		cmocka_unit_test(poisson_arrivals_have_exponential_gaps),
		cmocka_unit_test(seed_decides_the_arrivals),
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(wrong_options_are_refused_in_words),
		cmocka_unit_test(every_message_goes_out_once_with_the_time_it_was_due),
		cmocka_unit_test(what_is_withheld_is_counted_exactly),
		cmocka_unit_test(what_is_a_second_late_at_the_end_is_given_up),
		cmocka_unit_test(a_thread_that_was_away_sends_all_the_same),
		cmocka_unit_test(a_capture_is_replayed_byte_by_byte),
		cmocka_unit_test(a_sender_that_never_takes_ends_the_run),
		cmocka_unit_test(a_stop_ends_the_run_with_the_count_so_far),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
