// SPDX-License-Identifier: Apache-2.0
/* What kb-stats publishes: read back as the agent would, and followed over restarts. */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "kb/clock.h"
#include "stats/publisher.h"

/* --- an agent: sums up what it is sent --- */

#define MAX_LINES 8192

struct line {
	char metric[64];
	double value;
	char type;
	double rate; /* 1 when there is none */
	char name[64];
	char cause[64]; /* "" when there is none */
};

static struct {
	struct line line[MAX_LINES];
	size_t lines;
	size_t datagrams;
	size_t largest;
} agent;

static void parse_line(char *text)
{
	struct line *const l = &agent.line[agent.lines++];
	char *fields = strchr(text, ':');

	assert_true(agent.lines < MAX_LINES);
	*l = (struct line){.rate = 1};
	assert_non_null(fields);
	*fields++ = '\0';
	snprintf(l->metric, sizeof(l->metric), "%s", text);
	char *save = NULL;
	char *end;
	const char *field = strtok_r(fields, "|", &save);
	l->value = strtod(field, &end);
	assert_int_equal(*end, '\0');
	field = strtok_r(NULL, "|", &save);
	assert_int_equal(strlen(field), 1);
	l->type = *field;
	while ((field = strtok_r(NULL, "|", &save))) {
		if (*field == '@') {
			l->rate = strtod(field + 1, &end);
			assert_int_equal(*end, '\0');
		} else {
			const char *const cause = strstr(field, ",Cause:");

			assert_int_equal(strncmp(field, "#Name:", 6), 0);
			snprintf(l->name, sizeof(l->name), "%.*s",
				 (int)(cause ? cause - field - 6 : (long)strlen(field) - 6),
				 field + 6);
			if (cause)
				snprintf(l->cause, sizeof(l->cause), "%s", cause + 7);
		}
	}
}

static void receive(void *to, const char *datagram, size_t len)
{
	char text[KB_STATSD_DATAGRAM + 1];
	char *save = NULL;
	(void)to;

	assert_true(len > 0 && len <= KB_STATSD_DATAGRAM);
	agent.datagrams++;
	agent.largest = len > agent.largest ? len : agent.largest;
	memcpy(text, datagram, len);
	text[len] = '\0';
	assert_int_equal(strlen(text), len);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		parse_line(line);
}

/* The sum of a counter's or gauge's values; NAN when nothing was sent. */
static double sum(const char *metric, const char *cause)
{
	double total = NAN;

	for (size_t i = 0; i < agent.lines; i++)
		if (strcmp(agent.line[i].metric, metric) == 0 &&
		    strcmp(agent.line[i].cause, cause) == 0)
			total = (isnan(total) ? 0 : total) + agent.line[i].value;
	return total;
}

#define assert_sum(metric, cause, expected)                                                        \
	do {                                                                                       \
		const double got_ = sum(metric, cause);                                            \
		if (got_ != (double)(expected))                                                    \
			fail_msg("%s %s: expected %g, got %g", metric, cause, (double)(expected),  \
				 got_);                                                            \
	} while (0)

#define assert_not_sent(metric, cause) assert_true(isnan(sum(metric, cause)))

/* --- formatting --- */

static struct kb_snapshot growth;
static const char counter_names[KB_HANDLER_COUNTERS][32] = {"messages", "late"};

static int clear(void **state)
{
	(void)state;
	memset(&agent, 0, sizeof(agent));
	memset(&growth, 0, sizeof(growth));
	return 0;
}

static void format(const char *name)
{
	static struct kb_statsd statsd;

	statsd = (struct kb_statsd){.name = name, .send = receive};
	kb_statsd_interval(&statsd, &growth, counter_names);
	kb_statsd_flush(&statsd);
}

static void counters_carry_name_and_cause(void **state)
{
	(void)state;
	growth.received = 12345;
	growth.bytes = 12345678901234ull;
	growth.gaps = 7;
	growth.unexplained = 1;
	growth.cause[KB_CAUSE_SOCKET_OVERFLOW] = 4;
	growth.cause[KB_CAUSE_NIC_OVERRUN] = 2;
	growth.cause[KB_CAUSE_NO_FLOW] = 30;
	growth.allowance[2] = 9;
	growth.handler[1] = 5;
	format("Demo-Feed");
	assert_sum("PacketsReceived", "", 12345);
	assert_sum("BytesReceived", "", 12345678901234.0);
	assert_not_sent("PacketsLost", ""); /* the agent adds the causes up */
	assert_sum("PacketsLost", "socket_overflow", 4);
	assert_sum("PacketsLost", "nic_overrun", 2);
	assert_not_sent("PacketsLost", "handler");
	assert_not_sent("PacketsIgnored", "");
	assert_sum("PacketsIgnored", "other_no_flow", 30);
	assert_sum("SequenceGaps", "", 7);
	assert_sum("PacketsUnexplained", "", 1);
	assert_sum("AllowanceExceeded", "pps", 9);
	assert_not_sent("AllowanceExceeded", "bw_in");
	assert_sum("Handler.late", "", 5);
	assert_not_sent("Handler.messages", "");
	for (size_t i = 0; i < agent.lines; i++) {
		assert_string_equal(agent.line[i].name, "Demo-Feed");
		assert_int_equal(agent.line[i].type, 'c');
	}
}

static void silence_is_published_as_zero(void **state)
{
	static const char *const always[] = {"PacketsReceived", "BytesReceived",
					     "PacketsLost",	"PacketsIgnored",
					     "SequenceGaps",	"PacketsUnexplained"};
	(void)state;

	format("x");
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		assert_sum(always[i], "", 0);
	assert_int_equal(agent.lines, sizeof(always) / sizeof(always[0]));
}

static void weights_give_every_count_back(void **state)
{
	uint64_t total = 0;
	(void)state;

	/* Small counts, primes, and counts of no short reciprocal. */
	for (uint32_t i = 0; i < 3000; i++) {
		const uint64_t n = i < 1500 ? i + 1 : (uint64_t)i * i * 7919 + 1;

		growth.receive.counts[i] = n;
		total += n;
	}
	format("Demo-Feed");
	double recovered = 0;
	size_t lines = 0;
	for (size_t i = 0; i < agent.lines; i++) {
		const struct line *const l = &agent.line[i];

		if (strcmp(l->metric, "ReceiveLatency") != 0)
			continue;
		assert_int_equal(l->type, 'h');
		/* The bucket is recognised by its value, in microseconds. */
		const uint32_t bucket = kb_hist_index((uint64_t)llround(l->value * 1000));
		assert_int_equal(llround(1 / l->rate), growth.receive.counts[bucket]);
		assert_true(fabs(1 / l->rate - (double)growth.receive.counts[bucket]) <
			    1e-9 * (double)growth.receive.counts[bucket]);
		recovered += (double)llround(1 / l->rate);
		lines++;
	}
	assert_int_equal(lines, 3000);
	assert_true(recovered == (double)total);
}

static void values_are_exact_microseconds(void **state)
{
	static const struct {
		uint64_t ns;
		double us;
	} rows[] = {{0, 0},	 {1, 0.001},	  {100, 0.1},
		    {250, 0.25}, {12287, 12.287}, {1007615, 1007.615}};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		clear(state);
		growth.oneway.counts[kb_hist_index(rows[i].ns)] = 3;
		format("x");
		assert_int_equal(kb_hist_highest(kb_hist_index(rows[i].ns)), rows[i].ns);
		assert_sum("OneWayLatency", "", rows[i].us);
	}
}

static void no_value_is_above_the_largest_that_was_measured(void **state)
{
	(void)state;
	kb_hist_record(&growth.receive, 1000000); /* shares a bucket with what is up to 1003519 */
	kb_hist_record(&growth.receive, 1000001);
	kb_hist_record(&growth.receive, 5000);
	format("x");
	assert_int_equal(agent.lines, 6 + 2);
	assert_sum("ReceiveLatency", "", 5.023 + 1000.001);

	/* More than a minute late is more than a minute late, and not nothing. */
	clear(state);
	kb_hist_record_n(&growth.receive, INT64_MAX, 2);
	format("x");
	assert_sum("ReceiveLatency", "", (double)KB_HIST_MAX_VALUE / 1000);

	/* Read between a count and its maximum: the bucket is what is known. */
	clear(state);
	kb_hist_record(&growth.receive, 5000);
	growth.receive.max = 4000;
	format("x");
	assert_sum("ReceiveLatency", "", 5.023);
}

static void datagrams_stay_below_the_mtu(void **state)
{
	char name[128];
	(void)state;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (uint32_t i = 0; i < KB_HIST_COUNTS; i++)
		growth.receive.counts[i] = 49 + i;
	/* Names that long do not fit the agent's fields here; only sizes matter. */
	name[60] = '\0';
	format(name);
	assert_int_equal(agent.lines, 6 + KB_HIST_COUNTS);
	assert_true(agent.datagrams > 100);
	assert_true(agent.largest <= KB_STATSD_DATAGRAM);
	assert_true(agent.largest > KB_STATSD_DATAGRAM - 150); /* and well filled */
}

/* --- the publisher, over the life of receivers --- */

static char dir[] = "/tmp/kb-test-statsd-XXXXXX";
static struct kb_config cfg;
static struct kb_publisher publisher;
static struct kb_stats *page;
static uint64_t now;

static void fresh_publisher(void)
{
	memset(&publisher, 0, sizeof(publisher));
	publisher.cfg = &cfg;
	publisher.statsd.name = "x";
	publisher.statsd.send = receive;
}

static void fresh_receiver(void)
{
	static uint64_t starts;

	memset(page, 0, sizeof(*page) + sizeof(page->queue[0]));
	page->queues = 1;
	page->start_ns = ++starts;
	page->ready = 1;
	strcpy(page->plane, "afxdp");
	strcpy(page->xdp, "native");
	strcpy(page->copy, "zero-copy");
}

static int make_dir(void **state)
{
	(void)state;
	page = aligned_alloc(64, sizeof(*page) + sizeof(page->queue[0]));
	return page && mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	free(page);
	return rmdir(dir);
}

static int start(void **state)
{
	clear(state);
	cfg = (struct kb_config){.plane = KB_PLANE_AFXDP, .zero_copy = KB_ZC_REQUIRE};
	snprintf(cfg.stats_page, sizeof(cfg.stats_page), "%s/page", dir);
	now = 1000000000000ull;
	fresh_publisher();
	fresh_receiver();
	return 0;
}

static int finish(void **state)
{
	char marker[300];
	(void)state;

	snprintf(marker, sizeof(marker), "%s.published", cfg.stats_page);
	unlink(marker);
	return 0;
}

static void interval(const struct kb_stats *stats)
{
	memset(&agent, 0, sizeof(agent));
	now += 1000000000ull;
	if (stats)
		page->heartbeat_ns = now - 50000000;
	kb_publisher_run(&publisher, stats, now);
}

static void only_growth_is_published(void **state)
{
	(void)state;
	page->queue[0].received = 100;
	interval(page);
	assert_sum("PacketsReceived", "", 100);
	page->queue[0].received = 250;
	kb_hist_record(&page->queue[0].receive, 1000);
	interval(page);
	assert_sum("PacketsReceived", "", 150);
	assert_sum("ReceiveLatency", "", 1);
	interval(page);
	assert_sum("PacketsReceived", "", 0);
	assert_not_sent("ReceiveLatency", "");
}

static void a_restarted_receiver_counts_from_zero(void **state)
{
	(void)state;
	page->queue[0].received = 100;
	interval(page);
	fresh_receiver();
	page->queue[0].received = 30;
	interval(page);
	assert_sum("PacketsReceived", "", 30);
}

static void what_a_receiver_counted_last_is_published_once(void **state)
{
	(void)state;
	page->queue[0].received = 100;
	interval(page);
	page->queue[0].received = 160;
	memset(&agent, 0, sizeof(agent));
	kb_publisher_finish(&publisher, page);
	assert_sum("PacketsReceived", "", 60);
	fresh_receiver();
	page->queue[0].received = 30;
	interval(page);
	assert_sum("PacketsReceived", "", 30);
	/* A page that was never looked at says nothing of an interval. */
	memset(&agent, 0, sizeof(agent));
	page->start_ns++;
	kb_publisher_finish(&publisher, page);
	assert_not_sent("PacketsReceived", "");
}

static void a_restarted_publisher_publishes_nothing_twice(void **state)
{
	(void)state;
	page->queue[0].received = 100;
	page->queue[0].gaps = 5;
	interval(page);
	interval(page);
	fresh_publisher();
	interval(page);
	assert_sum("PacketsReceived", "", 0);
	assert_sum("SequenceGaps", "", 0);
	assert_sum("PacketsUnexplained", "", 0);
	page->queue[0].received = 101;
	interval(page);
	assert_sum("PacketsReceived", "", 1);
}

static void a_receiver_that_is_absent_or_silent_is_down(void **state)
{
	(void)state;
	interval(NULL);
	assert_sum("ReceiverUp", "", 0);
	assert_sum("FastPath", "", 0);
	assert_not_sent("PacketsReceived", "");
	interval(page);
	assert_sum("ReceiverUp", "", 1);
	assert_sum("FastPath", "", 1);

	memset(&agent, 0, sizeof(agent));
	kb_publisher_run(&publisher, page, page->heartbeat_ns + KB_SILENT_NS - 1);
	assert_sum("ReceiverUp", "", 1);
	memset(&agent, 0, sizeof(agent));
	kb_publisher_run(&publisher, page, page->heartbeat_ns + KB_SILENT_NS);
	assert_sum("ReceiverUp", "", 0);

	page->ready = 0;
	interval(page);
	assert_sum("ReceiverUp", "", 0);
}

static void the_fast_path_is_the_mode_planned(void **state)
{
	(void)state;
	interval(page);
	assert_sum("FastPath", "", 1);
	strcpy(page->copy, "copy");
	interval(page);
	assert_sum("FastPath", "", 0);
	cfg.zero_copy = KB_ZC_AUTO;
	interval(page);
	assert_sum("FastPath", "", 1);
	strcpy(page->xdp, "generic");
	interval(page);
	assert_sum("FastPath", "", 0);
	cfg.xdp_mode = KB_XDP_GENERIC;
	interval(page);
	assert_sum("FastPath", "", 1);
	strcpy(page->plane, "kernel");
	interval(page);
	assert_sum("FastPath", "", 0);
}

static void what_is_unexplained_is_published_once_per_receiver(void **state)
{
	(void)state;
	interval(page);
	page->queue[0].gaps = 10;
	page->undecided = 10;
	interval(page);
	assert_sum("SequenceGaps", "", 10);
	assert_sum("PacketsUnexplained", "", 0);
	page->undecided = 0;
	page->unexplained = 3;
	interval(page);
	assert_sum("PacketsUnexplained", "", 3);
	interval(page);
	assert_sum("PacketsUnexplained", "", 0);

	/* Its last words, then another receiver, which counts anew. */
	page->unexplained = 8;
	page->undecided = 4;
	memset(&agent, 0, sizeof(agent));
	kb_publisher_finish(&publisher, page);
	assert_sum("PacketsUnexplained", "", 5);
	fresh_receiver();
	interval(page);
	assert_sum("PacketsUnexplained", "", 0);
	page->unexplained = 2;
	interval(page);
	assert_sum("PacketsUnexplained", "", 2);

	/* Another publisher takes over, even amid gaps that are not decided. */
	page->undecided = 6;
	interval(page);
	fresh_publisher();
	interval(page);
	assert_sum("PacketsUnexplained", "", 0);
	page->undecided = 0;
	page->unexplained = 8;
	interval(page);
	assert_sum("PacketsUnexplained", "", 6);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, finish)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(counters_carry_name_and_cause, clear),
		cmocka_unit_test_setup(silence_is_published_as_zero, clear),
		cmocka_unit_test_setup(weights_give_every_count_back, clear),
		cmocka_unit_test_setup(values_are_exact_microseconds, clear),
		cmocka_unit_test_setup(no_value_is_above_the_largest_that_was_measured, clear),
		cmocka_unit_test_setup(datagrams_stay_below_the_mtu, clear),
		CASE(only_growth_is_published),
		CASE(a_restarted_receiver_counts_from_zero),
		CASE(what_a_receiver_counted_last_is_published_once),
		CASE(a_restarted_publisher_publishes_nothing_twice),
		CASE(a_receiver_that_is_absent_or_silent_is_down),
		CASE(the_fast_path_is_the_mode_planned),
		CASE(what_is_unexplained_is_published_once_per_receiver),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
