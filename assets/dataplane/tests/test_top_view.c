// SPDX-License-Identifier: Apache-2.0
/* kb-top's screen as text: what two readings of a page that this test writes look like. */
#include "check.h"

#include <stdlib.h>

#include "kb/stats.h"
#include "top/view.h"

#define SECOND 1000000000ull
#define BEGIN  (1700000000ull * SECOND) /* 22:13:20 UTC */

static struct kb_stats *page;
static struct kb_top *top;
static char out[32768];

static int prepare(void **state)
{
	const size_t size = sizeof(*page) + 3 * sizeof(page->queue[0]);
	(void)state;

	/* calloc alone does not align a page as its cache lines want. */
	page = aligned_alloc(64, (size + 63) / 64 * 64);
	top = calloc(1, sizeof(*top));
	assert_non_null(page);
	assert_non_null(top);
	memset(page, 0, size);
	page->queues = 1;
	page->pid = 4711;
	page->ready = 1;
	page->start_ns = BEGIN - 1234 * SECOND;
	strcpy(page->plane, "afxdp");
	strcpy(page->iface, "eth1");
	strcpy(page->driver, "ena");
	strcpy(page->xdp, "native");
	strcpy(page->copy, "zero-copy");
	strcpy(page->handler, "count");
	top->path = "/run/kb/stats";
	return 0;
}

static int clean(void **state)
{
	(void)state;
	free(page);
	free(top);
	return 0;
}

static bool read_at(uint64_t ns)
{
	page->heartbeat_ns = ns;
	return kb_top_read(top, page, ns);
}

static void render(uint32_t rows, uint32_t columns)
{
	const size_t len = kb_top_view(out, sizeof(out), rows, columns, top, page, NULL);

	assert_int_equal(len, strlen(out));
}

/* Checks the screen's shape; returns its lines. */
static uint32_t lines_within(uint32_t columns)
{
	uint32_t lines = 0;
	const char *end;

	for (const char *at = out; *at; at = end + 1, lines++) {
		end = strchr(at, '\n');
		assert_non_null(end);
		if (end - at > (int)columns)
			fail_msg("longer than %u: %.*s", columns, (int)(end - at), at);
		for (const char *c = at; c < end; c++)
			assert_true(*c >= ' ' && *c <= '~');
	}
	return lines;
}

static void an_interval_has_rates_totals_and_percentiles(void **state)
{
	(void)state;
	page->queue[0].received = 1000000;
	assert_false(read_at(BEGIN));
	page->queue[0].received += 250000;
	page->queue[0].bytes += 50000000;
	page->queue[0].gaps = 9;
	page->unexplained = 3;
	page->device[0].cause[KB_CAUSE_NIC_OVERRUN] = 6;
	page->queue[0].cause[KB_CAUSE_NOT_IPV4] = 20;
	for (int i = 0; i < 1000; i++)
		kb_hist_record(&page->queue[0].receive, i < 995 ? 10000 : 200000);
	assert_true(read_at(BEGIN + 2 * SECOND));
	render(24, 80);
	assert_true(lines_within(80) <= 24);
	assert_contains(out, "kb-top    /run/kb/stats  22:13:22 UTC\n");
	assert_contains(out, "receiver  up for 1,236 s (pid 4711)\n");
	assert_contains(
		out, "mode      afxdp on eth1 (ena, native, zero-copy), 1 queue, handler count\n");
	assert_contains(out, "received                      125,000              1,250,000"
			     "           25.0 MB/s\n");
	assert_contains(out, "lost                                3                      6\n");
	assert_contains(out, "  nic_overrun                       3                      6\n");
	assert_contains(out, "  other_not_ipv4                   10                     20\n");
	assert_contains(out, "gaps                                5                      9\n");
	assert_contains(out, "unexplained                         2                      3\n");
	assert_contains(out, "receive          10.0        10.0       200.0       200.0"
			     "          1,000\n");
	/* What has no part in it does not take room. */
	assert_contains(out, "one-way             -           -           -           -"
			     "              0\n");
	assert_null(strstr(out, "socket_overflow"));
	assert_null(strstr(out, "q0"));
	assert_null(strstr(out, "RESTARTED"));
}

static void the_last_interval_alone_counts(void **state)
{
	(void)state;
	page->queue[0].received = 5;
	kb_hist_record(&page->queue[0].receive, 7000000);
	read_at(BEGIN);
	read_at(BEGIN + SECOND);
	render(0, 80);
	assert_contains(out, "received                            0                      5");
	assert_contains(out, "receive             -           -           -           -");
}

static void a_silent_receiver_is_said_plainly(void **state)
{
	(void)state;
	read_at(BEGIN);
	kb_top_read(top, page, BEGIN + 3 * SECOND);
	render(0, 80);
	assert_null(strstr(out, "SILENT"));
	kb_top_read(top, page, BEGIN + 5 * SECOND);
	render(0, 80);
	assert_contains(out, "receiver  SILENT for 5.0 s (pid 4711)\n");
	page->ready = 0;
	read_at(BEGIN + 6 * SECOND);
	render(0, 80);
	assert_contains(out, "receiver  STARTING for 1,240 s");
}

static void a_new_receiver_is_not_a_step_back(void **state)
{
	(void)state;
	page->queue[0].received = 1000000;
	page->queue[0].gaps = 50;
	page->unexplained = 50;
	read_at(BEGIN);
	page->start_ns = BEGIN;
	page->queue[0].received = 300;
	page->queue[0].gaps = 2;
	page->unexplained = 2;
	read_at(BEGIN + SECOND);
	render(0, 80);
	assert_contains(out, "RESTARTED just now");
	assert_contains(out, "received                          300                    300");
	assert_contains(out, "unexplained                         2                      2");
	read_at(BEGIN + 2 * SECOND);
	render(0, 80);
	assert_contains(out, "RESTARTED 1 time since kb-top began: the totals are the last one's");
	assert_contains(out, "received                            0                    300");
}

static void queues_and_handler_counters_share_lines(void **state)
{
	(void)state;
	page->queues = 3;
	strcpy(page->handler_counters[0], "unique");
	strcpy(page->handler_counters[1], "saved");
	strcpy(page->handler_counters[2], "late");
	read_at(BEGIN);
	page->queue[0].received = 4000;
	page->queue[2].received = 1000;
	page->queue[2].bytes = 2000000;
	page->queue[2].cause[KB_CAUSE_HANDLER] = 8;
	page->device[2].cause[KB_CAUSE_SOCKET_OVERFLOW] = 1;
	page->queue[1].cause[KB_CAUSE_NO_FLOW] = 77; /* ignored is not lost */
	page->queue[0].handler[0] = 12;
	page->queue[2].handler[0] = 30;
	page->queue[2].handler[1] = 3;
	read_at(BEGIN + SECOND);
	render(0, 80);
	lines_within(80);
	assert_contains(out, "\nunique       42 (42/s)");
	assert_contains(out, "saved        3 (3/s)");
	assert_contains(out, "\nlate         0 (0/s)");
	assert_contains(out, "\nq0         4,000/s    0.0 MB/s lost 0 ");
	assert_contains(out, "\nq2         1,000/s    2.0 MB/s lost 9");
	assert_contains(out, "q1             0/s    0.0 MB/s lost 0");
}

static void what_does_not_fit_is_counted(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < KB_CAUSES; i++)
		page->queue[0].cause[i] = UINT64_MAX;
	read_at(BEGIN);
	read_at(BEGIN + SECOND);
	render(0, 80);
	const uint32_t all = lines_within(80);
	char text[64];
	for (uint32_t rows = 1; rows < all; rows++) {
		render(rows, 80);
		assert_int_equal(lines_within(80), rows);
		snprintf(text, sizeof(text), "... %u more lines", all - rows + 1);
		assert_contains(out, text);
	}
	render(all, 80);
	assert_null(strstr(out, "more lines"));
	for (uint32_t columns = 1; columns < 80; columns++) {
		render(0, columns);
		assert_true(lines_within(columns) >= all);
	}
}

static void a_page_cannot_speak_to_the_terminal(void **state)
{
	(void)state;
	memset(page->plane, 'x', sizeof(page->plane)); /* not terminated */
	strcpy(page->iface, "\033[2J\n\r");
	memset(page->detail, '\x9b', sizeof(page->detail));
	memset(page->handler_counters, '\007', sizeof(page->handler_counters));
	read_at(BEGIN);
	read_at(BEGIN + SECOND);
	render(0, 80);
	lines_within(80);
	assert_contains(out, "?[2J??");
}

static void a_small_buffer_is_not_overrun(void **state)
{
	char small[300];
	(void)state;
	read_at(BEGIN);
	for (size_t size = 3; size < sizeof(small); size++) {
		memset(small, '#', sizeof(small));
		const size_t len = kb_top_view(small, size, 24, 80, top, page, NULL);
		assert_true(len < size);
		assert_int_equal(small[len], '\0');
		assert_int_equal(small[size], '#');
	}
}

static void no_page_says_why(void **state)
{
	(void)state;
	kb_top_view(out, sizeof(out), 24, 80, top, NULL, "open stats page: No such file");
	assert_string_equal(out, "kb-top    /run/kb/stats\n"
				 "receiver  NONE: open stats page: No such file\n");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, prepare, clean)
	const struct CMUnitTest tests[] = {
		CASE(an_interval_has_rates_totals_and_percentiles),
		CASE(the_last_interval_alone_counts),
		CASE(a_silent_receiver_is_said_plainly),
		CASE(a_new_receiver_is_not_a_step_back),
		CASE(queues_and_handler_counters_share_lines),
		CASE(what_does_not_fit_is_counted),
		CASE(a_page_cannot_speak_to_the_terminal),
		CASE(a_small_buffer_is_not_overrun),
		CASE(no_page_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
