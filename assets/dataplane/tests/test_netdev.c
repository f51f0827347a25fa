// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "netns.h"
#include "packets.h"

#include "kb/error.h"
#include "netdev.h"

static void a_device_is_described(void **state)
{
	struct kb_netdev dev;
	(void)state;

	assert_true(netns_run("ip link set " NETNS_DATA " mtu 3498 address 02:00:00:00:00:42"));
	assert_int_equal(kb_netdev_query(&dev, NETNS_DATA), 0);
	assert_int_equal(dev.ifindex, if_nametoindex(NETNS_DATA));
	assert_true(dev.up);
	assert_int_equal(dev.mtu, 3498);
	assert_int_equal(dev.addr, htonl(NETNS_ADDR));
	assert_int_equal(dev.prefix, 24);
	assert_memory_equal(dev.mac, "\x02\0\0\0\0\x42", 6);
	assert_string_equal(dev.driver, "veth");
	assert_true(netns_run("ip link set " NETNS_DATA " mtu 1500"));
}

static void a_device_without_address_or_driver(void **state)
{
	struct kb_netdev dev;
	(void)state;

	assert_int_equal(kb_netdev_query(&dev, NETNS_WORLD), 0);
	assert_int_equal(dev.addr, 0);
	assert_int_equal(dev.prefix, 0);
	assert_int_equal(kb_netdev_query(&dev, "lo"), 0);
	assert_string_equal(dev.driver, "");
}

static void a_device_that_is_down(void **state)
{
	struct kb_netdev dev;
	(void)state;

	assert_true(netns_run("ip link set " NETNS_WORLD " down"));
	assert_int_equal(kb_netdev_query(&dev, NETNS_WORLD), 0);
	assert_false(dev.up);
	assert_true(netns_run("ip link set " NETNS_WORLD " up"));
}

static void no_such_device(void **state)
{
	static const char *const names[] = {"kbt9", "", "a-name-longer-than-any-interface"};
	struct kb_netdev dev;
	struct kb_netdev_counters counters;
	(void)state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(kb_netdev_query(&dev, names[i]), -1);
		assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
		assert_contains(kb_err_text(), "there is no network interface");
	}
	assert_int_equal(kb_netdev_counters(&counters, 9999), -1);
	assert_contains(kb_err_text(), "No such device");
}

static void counters_count(void **state)
{
	struct kb_netdev_counters before, after;
	const int index = (int)if_nametoindex(NETNS_DATA);
	uint8_t frame[PACKET_MAX];
	const int world = netns_open_world();
	(void)state;

	assert_true(world >= 0);
	assert_int_equal(kb_netdev_counters(&before, index), 0);
	for (int i = 0; i < 10; i++)
		assert_true(
			netns_send(world, frame,
				   packet_build(frame, &(struct packet_spec){.dst = NETNS_ADDR})));
	usleep(50000);
	assert_int_equal(kb_netdev_counters(&after, index), 0);
	assert_int_equal(after.rx_packets - before.rx_packets, 10);
	assert_int_equal(after.rx_errors, before.rx_errors);
	close(world);
}

static void ethtool_counters_are_found_by_name(void **state)
{
	const char *const names[] = {"peer_ifindex", "no_such_counter"};
	int32_t index[2];
	uint64_t values[2];
	(void)state;

	assert_int_equal(kb_ethtool_find(NETNS_DATA, names, 2, index), 0);
	assert_true(index[0] >= 0);
	assert_int_equal(index[1], -1);
	assert_int_equal(kb_ethtool_read(NETNS_DATA, index, 2, values), 0);
	assert_int_equal(values[0], if_nametoindex(NETNS_WORLD));
	assert_int_equal(values[1], 0);
}

static void a_driver_without_statistics_is_no_error(void **state)
{
	const char *const names[] = {"anything"};
	int32_t index = 7;
	uint64_t value = 7;
	(void)state;

	assert_int_equal(kb_ethtool_find("lo", names, 1, &index), 0);
	assert_int_equal(index, -1);
	assert_int_equal(kb_ethtool_read("lo", &index, 1, &value), 0);
	assert_int_equal(value, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_is_described),
		cmocka_unit_test(a_device_without_address_or_driver),
		cmocka_unit_test(a_device_that_is_down),
		cmocka_unit_test(no_such_device),
		cmocka_unit_test(counters_count),
		cmocka_unit_test(ethtool_counters_are_found_by_name),
		cmocka_unit_test(a_driver_without_statistics_is_no_error),
	};

	if (!netns_enter()) {
		fprintf(stderr, "skipped: no network namespace of our own\n");
		return EXIT_SKIP;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
