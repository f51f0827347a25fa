// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <unistd.h>

#include "kb/config.h"
#include "kb/error.h"
#include "kb/stats.h"

#define EVERY (KB_USE_SOCKET | KB_USE_XDP | KB_USE_DPDK | KB_USE_STATS)

/* The least a receiver of every kind needs. */
static int least(void **state)
{
	(void)state;
	clearenv();
	setenv("KB_PLANE", "kernel", 1);
	setenv("KB_FLOWS", "udp:*:9000", 1);
	setenv("KB_DATA_IFACE", "eth1", 1);
	setenv("KB_DATA_PCI", "0000:00:06.0", 1);
	kb_err_clear();
	return 0;
}

static struct kb_config good(uint32_t use)
{
	struct kb_config cfg;

	if (kb_config_from_env(&cfg, use))
		fail_msg("%s", kb_err_text());
	return cfg;
}

static void bad(uint32_t use, const char *reason)
{
	struct kb_config cfg;

	if (kb_config_from_env(&cfg, use) == 0)
		fail_msg("accepted, expected: %s", reason);
	assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
	assert_contains(kb_err_text(), reason);
}

/* --- every key: a good value and what it becomes, and values that are refused --- */

struct row {
	const char *key;
	const char *good;
	const char *printed; /* NULL: as given */
	const char *bad[6];
	const char *reason;
};

static const struct row rows[] = {
	{"KB_PLAN_VERSION", "1", NULL, {"0", "2", "", "x"}, "must be 1, got"},
	{"KB_NAME", "Demo-Feed", NULL, {"", "a|b", "a,b", "a b", "a#b", "a:b"}, "letters, digits"},
	{"KB_PLANE", "dpdk", NULL, {"", "DPDK", "af_xdp"}, "kernel, xdp, afxdp, dpdk"},
	{"KB_FLOWS", "udp:*:1,udp:239.1.1.1:2", NULL, {"", "udp:*:0", "tcp:*:1"}, "KB_FLOWS: "},
	{"KB_HANDLER",
	 "count",
	 NULL,
	 {"a-name-that-is-longer-than-the-field-takes"},
	 "shorter than 32"},
	{"KB_HANDLER_ARGS", "a=1 b=2", NULL, {NULL}, NULL},
	{"KB_QUEUES", "4", NULL, {"0", "129", "-1", "1x", " 1", "0x2"}, "between 1 and 128"},
	{"KB_RX_CORES", "2", NULL, {"a", "2,2", "1-"}, "KB_RX_CORES: "},
	{"KB_HOUSEKEEPING_CORES", "0-1", "0,1", {"a", "1,1"}, "KB_HOUSEKEEPING_CORES: "},
	{"KB_MTU", "9001", NULL, {"127", "9217", ""}, "between 128 and 9216"},
	{"KB_RX_RING",
	 "4096",
	 NULL,
	 {"63", "1000", "65536", "32"},
	 "a power of two between 64 and"},
	{"KB_TX_RING", "64", NULL, {"0", "96", ""}, "a power of two between 64 and"},
	{"KB_FRAMES", "5000", NULL, {"127", "1048577"}, "between 128 and 1048576"},
	{"KB_BURST", "64", NULL, {"0", "513"}, "between 1 and 512"},
	{"KB_SOCKET_BUFFER_KB", "16384", NULL, {"3", "1048576"}, "between 4 and 1048575"},
	{"KB_BUSY_POLL_US", "50", NULL, {"1000001", "fast"}, "between 0 and 1000000"},
	{"KB_POLL_MODE", "wakeup", NULL, {"busy", "", "SPIN"}, "spin, busy-poll, wakeup"},
	{"KB_XDP_MODE", "generic", NULL, {"skb", ""}, "native, generic"},
	{"KB_ZERO_COPY", "require", NULL, {"yes", ""}, "require, auto, never"},
	{"KB_UNMATCHED", "drop", NULL, {"deny", ""}, "pass, drop"},
	{"KB_STATS_PAGE", "/run/kb/other", NULL, {NULL}, NULL},
	{"KB_DATA_IFACE",
	 "ens6",
	 NULL,
	 {"an-interface-name-that-is-far-too-long"},
	 "shorter than 32"},
	{"KB_DATA_PCI",
	 "0000:24:00.0",
	 NULL,
	 {"a-pci-address-that-is-far-longer-than-32"},
	 "shorter than 32"},
	{"KB_DATA_IP",
	 "10.1.2.3",
	 NULL,
	 {"10.1.2", "10.1.2.3.4", "host"},
	 "must be an IPv4 address"},
	{"KB_DATA_PREFIX", "24", NULL, {"33", ""}, "between 0 and 32"},
	{"KB_GATEWAY_IP", "10.1.2.1", NULL, {"256.1.1.1"}, "must be an IPv4 address"},
	{"KB_GATEWAY_MAC",
	 "02:00:00:AB:cd:ef",
	 "02:00:00:ab:cd:ef",
	 {"02:00:00:ab:cd", "02-00-00-ab-cd-ef", "02:00:00:ab:cd:eg", "2:0:0:ab:cd:ef:"},
	 "must be a MAC address"},
	{"KB_EAL_ARGS", "--no-huge", NULL, {NULL}, NULL},
	{"KB_BPF_DIR", "/sys/fs/bpf/other", NULL, {NULL}, NULL},
	{"KB_SECCOMP", "log", NULL, {"on", ""}, "enforce, log, off"},
	{"KB_STATSD",
	 "127.0.0.1:9125",
	 NULL,
	 {"127.0.0.1", ":8125", "127.0.0.1:0", "h:1", "1.2.3.4:65536", ""},
	 "must be ADDRESS:PORT"},
	{"KB_STATS_INTERVAL_MS", "500", NULL, {"99", "60001"}, "between 100 and 60000"},
	{"KB_PROMETHEUS_PORT", "9100", NULL, {"65536", "-1"}, "between 0 and 65535"},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void print(char *out, size_t size, const struct kb_config *cfg)
{
	FILE *const to = fmemopen(out, size, "w");

	assert_non_null(to);
	kb_config_print(to, cfg, EVERY);
	fclose(to);
}

static void every_key_takes_its_values(void **state)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *const r = &rows[i];
		char text[8192], expected[256];

		least(state);
		setenv("KB_FRAMES", "32768", 1); /* enough for every ring below */
		setenv(r->key, r->good, 1);
		if (strcmp(r->key, "KB_QUEUES") == 0)
			unsetenv("KB_RX_CORES");
		const struct kb_config cfg = good(EVERY);
		print(text, sizeof(text), &cfg);
		snprintf(expected, sizeof(expected), "%s=\"%s\"\n", r->key,
			 r->printed ? r->printed : r->good);
		assert_contains(text, expected);
	}
}

static void every_key_refuses_others(void **state)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *const r = &rows[i];

		for (size_t j = 0; j < sizeof(r->bad) / sizeof(r->bad[0]) && r->bad[j]; j++) {
			least(state);
			setenv(r->key, r->bad[j], 1);
			bad(EVERY, r->key);
			assert_contains(kb_err_text(), r->reason);
		}
	}
}

static void every_key_is_in_the_help(void **state)
{
	char text[16384];
	FILE *const to = fmemopen(text, sizeof(text), "w");
	size_t keys = 0;
	(void)state;

	assert_non_null(to);
	kb_config_help(to, "kb-test", EVERY);
	fclose(to);
	for (size_t i = 0; i < ROWS; i++)
		assert_contains(text, rows[i].key);
	for (const char *p = text; (p = strstr(p, "\n  KB_")); p++)
		keys++;
	assert_int_equal(keys, ROWS); /* and no key goes untested */
}

/* --- all at once --- */

static void what_is_missing_is_named_with_its_meaning(void **state)
{
	(void)state;
	clearenv();
	bad(KB_USE_SOCKET, "KB_PLANE is not set: data plane");
	assert_contains(kb_err_text(), "KB_FLOWS is not set: udp:ADDRESS:PORT");
}

static void all_findings_come_at_once(void **state)
{
	(void)state;
	setenv("KB_QUEUES", "0", 1);
	setenv("KB_BURST", "many", 1);
	setenv("KB_FLOWS", "udp:*:70000", 1);
	unsetenv("KB_PLANE");
	bad(KB_USE_SOCKET, "KB_QUEUES must be a number between 1 and 128, got \"0\"");
	assert_contains(kb_err_text(), "KB_BURST must be a number between 1 and 512, got \"many\"");
	assert_contains(kb_err_text(), "KB_FLOWS: port of \"udp:*:70000\"");
	assert_contains(kb_err_text(), "KB_PLANE is not set");
}

static void the_worst_environment_is_reported_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].bad[0])
			setenv(rows[i].key, rows[i].bad[0], 1);
	bad(EVERY, rows[0].key);
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].bad[0])
			assert_contains(kb_err_text(), rows[i].key);
}

static void nothing_is_stored_when_something_is_wrong(void **state)
{
	struct kb_config cfg = {.queues = 77};
	(void)state;

	setenv("KB_BURST", "0", 1);
	assert_int_equal(kb_config_from_env(&cfg, KB_USE_SOCKET), -1);
	assert_int_equal(cfg.queues, 77);
}

/* --- keys of others --- */

static void keys_of_other_readers_are_no_concern(void **state)
{
	(void)state;
	setenv("KB_JITTER_MAX_US", "whatever", 1);
	setenv("KB_NO_SUCH_KEY", "whatever", 1);
	setenv("KB_EAL_ARGS", "", 1);
	setenv("KB_RX_RING", "no socket has one", 1);
	setenv("KB_STATSD", "no receiver sends statsd", 1);
	good(KB_USE_SOCKET);
	bad(KB_USE_DPDK, "KB_RX_RING");
	bad(KB_USE_STATS, "KB_STATSD");
}

static void kb_stats_needs_no_port(void **state)
{
	(void)state;
	unsetenv("KB_FLOWS");
	unsetenv("KB_DATA_IFACE");
	unsetenv("KB_DATA_PCI");
	const struct kb_config cfg = good(KB_USE_STATS);
	assert_int_equal(cfg.statsd.addr, inet_addr("127.0.0.1"));
	assert_int_equal(cfg.statsd.port, 8125);
	assert_int_equal(cfg.stats_interval_ms, 1000);
}

/* --- keys together --- */

static void cores_are_one_for_each_queue(void **state)
{
	(void)state;
	setenv("KB_QUEUES", "2", 1);
	setenv("KB_RX_CORES", "2,3", 1);
	assert_int_equal(good(KB_USE_SOCKET).rx_cores.cpu[1], 3);
	setenv("KB_RX_CORES", "2", 1);
	bad(KB_USE_SOCKET, "one core for each of the 2 queues, got 1");
	setenv("KB_RX_CORES", "", 1);
	good(KB_USE_SOCKET);
}

static void a_port_is_needed(void **state)
{
	(void)state;
	unsetenv("KB_DATA_IFACE");
	bad(KB_USE_SOCKET, "KB_DATA_IFACE is not set");
	bad(KB_USE_XDP, "KB_DATA_IFACE is not set");
	good(KB_USE_DPDK);
	unsetenv("KB_DATA_PCI");
	bad(KB_USE_DPDK, "KB_DATA_PCI is not set");
	setenv("KB_EAL_ARGS", "--no-pci --vdev=net_null0", 1);
	good(KB_USE_DPDK);
}

static void frames_and_bursts_fit_the_ring(void **state)
{
	(void)state;
	setenv("KB_RX_RING", "4096", 1);
	setenv("KB_FRAMES", "4095", 1);
	bad(KB_USE_XDP, "KB_FRAMES must not be less than KB_RX_RING (4096), got 4095");
	setenv("KB_FRAMES", "8192", 1);
	good(KB_USE_XDP);
	setenv("KB_RX_RING", "64", 1);
	setenv("KB_BURST", "128", 1);
	bad(KB_USE_XDP, "KB_BURST must not exceed KB_RX_RING (64), got 128");
}

static void busy_polling_needs_a_time(void **state)
{
	(void)state;
	setenv("KB_POLL_MODE", "busy-poll", 1);
	bad(KB_USE_SOCKET, "KB_BUSY_POLL_US must be above 0");
	setenv("KB_BUSY_POLL_US", "20", 1);
	good(KB_USE_SOCKET);
}

/* What is printed is a plan again: the same configuration comes back. */
static void printing_and_reading_agree(void **state)
{
	char text[8192], lines[8192], again[8192];

	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].key, "KB_RX_CORES") != 0)
			setenv(rows[i].key, rows[i].good, 1);
	const struct kb_config first = good(EVERY);
	print(text, sizeof(text), &first);
	strcpy(lines, text);
	least(state);
	for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
		char *const value = strchr(line, '=');

		assert_non_null(value);
		value[strlen(value) - 1] = '\0'; /* the closing quote */
		*value = '\0';
		setenv(line, value + 2, 1);
	}
	const struct kb_config second = good(EVERY);
	print(again, sizeof(again), &second);
	assert_string_equal(text, again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_key_takes_its_values, least),
		cmocka_unit_test_setup(every_key_refuses_others, least),
		cmocka_unit_test_setup(every_key_is_in_the_help, least),
		cmocka_unit_test_setup(what_is_missing_is_named_with_its_meaning, least),
		cmocka_unit_test_setup(all_findings_come_at_once, least),
		cmocka_unit_test_setup(the_worst_environment_is_reported_whole, least),
		cmocka_unit_test_setup(nothing_is_stored_when_something_is_wrong, least),
		cmocka_unit_test_setup(keys_of_other_readers_are_no_concern, least),
		cmocka_unit_test_setup(kb_stats_needs_no_port, least),
		cmocka_unit_test_setup(cores_are_one_for_each_queue, least),
		cmocka_unit_test_setup(a_port_is_needed, least),
		cmocka_unit_test_setup(frames_and_bursts_fit_the_ring, least),
		cmocka_unit_test_setup(busy_polling_needs_a_time, least),
		cmocka_unit_test_setup(printing_and_reading_agree, least),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
