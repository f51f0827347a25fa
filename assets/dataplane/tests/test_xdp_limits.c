// SPDX-License-Identifier: Apache-2.0
/* What is refused before it is tried: by driver, version, MTU and channels. */
#include "check.h"

#include "kb/error.h"
#include "xdp_limits.h"

struct limit_case {
	const char *name;
	struct kb_xdp_port port;
	const char *says[3]; /* parts of the refusal; none: allowed */
};

#define ENA(v, m, n, max)                                                                          \
	{                                                                                          \
		.iface = "eth1", .driver = "ena", .version = v, .mtu = m, .channels = n,           \
		.max_channels = max, .spread = n                                                   \
	}

static void check_cases(int (*check)(const struct kb_xdp_port *), const struct limit_case *cases,
			size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct limit_case *const c = &cases[i];
		const bool refused = check(&c->port) != 0;

		if (refused != (c->says[0] != NULL))
			fail_msg("%s: %s", c->name, refused ? kb_err_text() : "allowed");
		if (refused)
			assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
		for (uint32_t part = 0; part < 3 && c->says[part]; part++)
			assert_contains(kb_err_text(), c->says[part]);
	}
}

static void native_xdp(void **state)
{
	static const struct limit_case cases[] = {
		{"2.17 uses all channels", ENA("2.17.2g", 3498, 32, 32), {0}},
		{"2.16 needs half free",
		 ENA("2.16.1g", 3498, 17, 32),
		 {"17 channels", "at most 16", "ethtool -L eth1 combined 16"}},
		{"2.16 with half", ENA("2.16.1g", 3498, 16, 32), {0}},
		{"2.9 is older than 2.17", ENA("2.9.1g", 3498, 32, 32), {"ena 2.9.1g"}},
		{"mainline's version is the kernel's",
		 ENA("6.8.0-45-generic", 1500, 8, 8),
		 {"8 channels", "at most 4"}},
		{"jumbo frames",
		 ENA("2.17.2g", 9001, 16, 32),
		 {"at most 3498", "eth1 has 9001", "ip link set dev eth1 mtu 3498"}},
		{"one byte too many", ENA("2.17.2g", 3499, 16, 32), {"3499"}},
		{"other drivers say it themselves",
		 {.iface = "veth0",
		  .driver = "veth",
		  .mtu = 9000,
		  .channels = 4,
		  .max_channels = 4},
		 {0}},
	};
	(void)state;

	check_cases(kb_xdp_check_native, cases, sizeof(cases) / sizeof(cases[0]));
}

static void zero_copy(void **state)
{
	static const struct limit_case cases[] = {
		{"2.17", ENA("2.17.2g", 1500, 1, 32), {0}},
		{"2.14 is newer than 2.13.2", ENA("2.14.1g", 1500, 1, 32), {0}},
		{"2.13.2", ENA("2.13.2g", 1500, 1, 32), {0}},
		{"2.13.1 loses buffers", ENA("2.13.1g", 1500, 1, 32), {"ena 2.13.1g", "2.13.2"}},
		{"no patch level is patch 0", ENA("2.13", 1500, 1, 32), {"ena 2.13 on", "2.13.2"}},
		{"2.12", ENA("2.12.3g", 1500, 1, 32), {"ena 2.12.3g", "2.13"}},
		{"mainline", ENA("6.18.44", 1500, 1, 32), {"Amazon's driver"}},
		{"others are asked", {.driver = "ice", .version = "6.18.44"}, {0}},
	};
	(void)state;

	check_cases(kb_xdp_check_zero_copy, cases, sizeof(cases) / sizeof(cases[0]));
}

static void sockets(void **state)
{
	static const struct {
		const char *name;
		uint32_t queues, channels, spread, mtu;
		const char *says;
	} cases[] = {
		{"a socket for each channel", 4, 4, 4, 1500, NULL},
		{"RSS keeps to the first two", 2, 4, 2, 1500, NULL},
		{"more queues than channels", 4, 2, 2, 1500, "at most 2"},
		{"channels without socket", 2, 4, 4, 1500, "ethtool -L eth1 combined 2"},
		{"largest frame", 1, 1, 1, 3822, NULL},
		{"frame longer than a chunk", 1, 1, 1, 3823, "at most 3822"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct kb_config cfg = {.queues = cases[i].queues};
		const struct kb_xdp_port port = {.iface = "eth1",
						 .channels = cases[i].channels,
						 .spread = cases[i].spread,
						 .mtu = cases[i].mtu};
		const bool refused = kb_xdp_check_sockets(&port, &cfg) != 0;

		if (refused != (cases[i].says != NULL))
			fail_msg("%s: %s", cases[i].name, refused ? kb_err_text() : "allowed");
		if (refused)
			assert_contains(kb_err_text(), cases[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(native_xdp),
		cmocka_unit_test(zero_copy),
		cmocka_unit_test(sockets),
	};

	return cmocka_run_group_tests_name("xdp_limits", tests, NULL, NULL);
}
