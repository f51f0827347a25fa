// SPDX-License-Identifier: Apache-2.0
/* The small languages of the plan: core lists, flow lists, handler arguments. */
#include "check.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "kb/config.h"
#include "kb/error.h"
#include "kb/handler.h"

/* --- cores --- */

static void cores_that_parse(void **state)
{
	static const struct {
		const char *text;
		uint32_t n;
		uint16_t cpu[8];
	} rows[] = {
		{"", 0, {0}},
		{"0", 1, {0}},
		{"2,3", 2, {2, 3}},
		{"0-2,5", 4, {0, 1, 2, 5}},
		{"5,0-2", 4, {5, 0, 1, 2}},
		{"7-7", 1, {7}},
		{"1023", 1, {1023}},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kb_cores cores;

		assert_int_equal(kb_cores_parse(&cores, rows[i].text), 0);
		assert_int_equal(cores.n, rows[i].n);
		assert_memory_equal(cores.cpu, rows[i].cpu, rows[i].n * sizeof(cores.cpu[0]));
	}
}

static void cores_that_do_not(void **state)
{
	static const struct {
		const char *text;
		const char *reason;
	} rows[] = {
		{",", "not a list of cores"},	  {"1,", "not a list of cores"},
		{",1", "not a list of cores"},	  {"1,,2", "not a list of cores"},
		{"-1", "not a list of cores"},	  {"1-", "not a list of cores"},
		{"3-1", "not a list of cores"},	  {"1 2", "not a list of cores"},
		{"a", "not a list of cores"},	  {"0x1", "not a list of cores"},
		{"1024", "not a list of cores"},  {"99999999999999999999", "not a list of cores"},
		{"1-2-3", "not a list of cores"}, {"1;2", "not a list of cores"},
		{"2,2", "listed twice"},	  {"0-3,2", "listed twice"},
		{"0-511", "more than 256"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kb_cores cores = {.n = 77};

		assert_int_equal(kb_cores_parse(&cores, rows[i].text), -1);
		assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
		assert_contains(kb_err_text(), rows[i].reason);
		assert_int_equal(cores.n, 77); /* left alone */
	}
}

/* --- flows --- */

static void flows_that_parse(void **state)
{
	struct kb_flows flows;
	(void)state;

	assert_int_equal(kb_flows_parse(&flows, "udp:*:9000,udp:239.1.1.1:65535,udp:10.0.0.7:1"),
			 0);
	assert_int_equal(flows.n, 3);
	assert_int_equal(flows.flow[0].addr, 0);
	assert_int_equal(flows.flow[0].port, 9000);
	assert_int_equal(flows.flow[1].addr, inet_addr("239.1.1.1"));
	assert_int_equal(flows.flow[1].port, 65535);
	assert_int_equal(flows.flow[2].addr, inet_addr("10.0.0.7"));

	assert_true(kb_addr_is_multicast(flows.flow[1].addr));
	assert_false(kb_addr_is_multicast(flows.flow[2].addr));
	assert_true(kb_flows_match(&flows, inet_addr("1.2.3.4"), 9000));
	assert_true(kb_flows_match(&flows, inet_addr("10.0.0.7"), 1));
	assert_false(kb_flows_match(&flows, inet_addr("10.0.0.8"), 1));
	assert_false(kb_flows_match(&flows, inet_addr("10.0.0.7"), 2));
}

static void flows_that_do_not(void **state)
{
	static const struct {
		const char *text;
		const char *reason;
	} rows[] = {
		{"", "not a flow"},
		{"9000", "not a flow"},
		{"tcp:*:9000", "not a flow"},
		{"UDP:*:9000", "not a flow"},
		{"udp:*", "has no port"},
		{"udp:*:", "port of"},
		{"udp:*:0", "between 1 and 65535"},
		{"udp:*:65536", "between 1 and 65535"},
		{"udp:*:99999999999", "between 1 and 65535"},
		{"udp:*:90a", "between 1 and 65535"},
		{"udp:*:-1", "between 1 and 65535"},
		{"udp:*:1:2", "port of"},
		{"udp::9000", "address \"\""},
		{"udp:0.0.0.0:9000", "address \"0.0.0.0\""},
		{"udp:1.2.3:9000", "address \"1.2.3\""},
		{"udp:256.1.1.1:9000", "address"},
		{"udp:localhost:9000", "address"},
		{"udp:*:9000,", "not a flow"},
		{"udp:*:9000,,udp:*:9001", "not a flow"},
		{"udp:*:9000, udp:*:9001", "not a flow"},
		{"udp:*:9000,udp:*:9000", "listed twice"},
		{"udp:255.255.255.255:655350000", "not a flow"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kb_flows flows = {.n = 77};

		if (kb_flows_parse(&flows, rows[i].text) != -1)
			fail_msg("\"%s\" was accepted", rows[i].text);
		assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
		assert_contains(kb_err_text(), rows[i].reason);
		assert_int_equal(flows.n, 77);
	}
}

static void as_many_flows_as_fit(void **state)
{
	char text[(KB_MAX_FLOWS + 1) * 16] = "";
	struct kb_flows flows;
	(void)state;

	for (int i = 0; i < KB_MAX_FLOWS; i++)
		sprintf(text + strlen(text), "%sudp:*:%d", i ? "," : "", 9000 + i);
	assert_int_equal(kb_flows_parse(&flows, text), 0);
	assert_int_equal(flows.n, KB_MAX_FLOWS);
	strcat(text, ",udp:*:1");
	assert_int_equal(kb_flows_parse(&flows, text), -1);
	assert_contains(kb_err_text(), "more than 64");
}

/* --- handler arguments --- */

static void handler_arguments(void **state)
{
	static const struct {
		const char *args;
		const char *key;
		int result;
		const char *value;
	} rows[] = {
		{"", "a", 0, NULL},
		{"a=1", "a", 1, "1"},
		{"a=1 b=22", "b", 1, "22"},
		{"  a=1   b=22  ", "b", 1, "22"},
		{"ab=1 a=2", "a", 1, "2"},
		{"a=1", "ab", 0, NULL},
		{"a=1", "1", 0, NULL},
		{"a=", "a", 1, ""},
		{"a", "a", 0, NULL},
		{"a=x=y", "a", 1, "x=y"},
		{"a=1234567", "a", 1, "1234567"},
		{"a=12345678", "a", -1, NULL},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[8] = "before";

		assert_int_equal(kb_handler_arg(rows[i].args, rows[i].key, out, sizeof(out)),
				 rows[i].result);
		assert_string_equal(out, rows[i].value ? rows[i].value : "before");
		if (rows[i].result < 0)
			assert_contains(kb_err_text(), "longer than 7");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cores_that_parse),	cmocka_unit_test(cores_that_do_not),
		cmocka_unit_test(flows_that_parse),	cmocka_unit_test(flows_that_do_not),
		cmocka_unit_test(as_many_flows_as_fit), cmocka_unit_test(handler_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
