// SPDX-License-Identifier: Apache-2.0
/* kb-kernel as systemd runs it: environment in, notifications, exit status and report out. */
#include "check.h"
#include "netns.h"
#include "packets.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "kb/clock.h"
#include "kb/stats.h"

#define PATIENCE_MS 20000 /* a loaded machine; nothing here takes a second by itself */

static const char *receiver; /* argv[1] */
static char dir[] = "/tmp/kb-test-receiver-XXXXXX";
static char page_path[64], notify_path[64], output_path[64];
static char output[65536];
static int notifications;
static pid_t child;

/* --- the process --- */

static int prepare(void **state)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	(void)state;

	clearenv();
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("KB_PLANE", "kernel", 1);
	setenv("KB_FLOWS", "udp:*:9000", 1);
	setenv("KB_DATA_IFACE", NETNS_DATA, 1);
	setenv("KB_STATS_PAGE", page_path, 1);
	setenv("KB_POLL_MODE", "wakeup", 1); /* a spinning test would starve its neighbours */
	setenv("NOTIFY_SOCKET", notify_path, 1);
	child = 0;
	unlink(notify_path);
	notifications = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	strcpy(un.sun_path, notify_path);
	return notifications < 0 || bind(notifications, (struct sockaddr *)&un, sizeof(un));
}

static int clean(void **state)
{
	(void)state;
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	close(notifications);
	unlink(notify_path);
	unlink(output_path);
	unlink(page_path);
	return 0;
}

static void start(const char *argument)
{
	child = fork();
	if (child == 0) {
		const int fd = open(output_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		execl(receiver, receiver, argument, (char *)NULL);
		_exit(127);
	}
	assert_true(child > 0);
}

/* Waits for the end; returns the exit status and leaves what was printed in `output`. */
static int finish(void)
{
	int status = 0;

	for (int ms = 0; waitpid(child, &status, WNOHANG) == 0; ms++) {
		if (ms == PATIENCE_MS)
			fail_msg("the receiver does not end");
		usleep(1000);
	}
	child = 0;
	FILE *const f = fopen(output_path, "r");
	assert_non_null(f);
	output[fread(output, 1, sizeof(output) - 1, f)] = '\0';
	fclose(f);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void exits(const char *argument, int status, const char *text)
{
	start(argument);
	assert_int_equal(finish(), status);
	assert_contains(output, text);
}

/* Waits for a notification that contains `text`. */
static void await_notification(const char *text)
{
	struct pollfd poller = {.fd = notifications, .events = POLLIN};
	char state[1024];

	for (;;) {
		if (poll(&poller, 1, PATIENCE_MS) != 1) {
			finish();
			fail_msg("no %s; printed: %s", text, output);
		}
		const ssize_t len = recv(notifications, state, sizeof(state) - 1, 0);
		assert_true(len > 0);
		state[len] = '\0';
		if (strstr(state, text))
			return;
	}
}

static void await_received(const struct kb_stats *page, uint64_t n)
{
	for (int ms = 0; kb_stat_get(&page->queue[0].received) < n; ms++) {
		if (ms == PATIENCE_MS)
			fail_msg("%u of %u datagrams",
				 (unsigned)kb_stat_get(&page->queue[0].received), (unsigned)n);
		usleep(1000);
	}
}

static void put(uint32_t n)
{
	uint8_t frame[PACKET_MAX];
	const int world = netns_open_world();

	assert_true(world >= 0);
	for (uint32_t i = 0; i < n; i++)
		assert_true(
			netns_send(world, frame,
				   packet_build(frame, &(struct packet_spec){.dst = NETNS_ADDR})));
	close(world);
}

/* --- a life --- */

static void it_receives_reports_and_ends(void **state)
{
	const struct kb_stats *page;
	(void)state;

	start(NULL);
	await_notification("READY=1");
	/* Ready means that every datagram from now on is received. */
	put(10);
	assert_int_equal(kb_stats_attach(&page, page_path), 0);
	assert_int_equal(page->ready, 1);
	assert_int_equal(page->pid, child);
	assert_string_equal(page->plane, "kernel");
	assert_string_equal(page->handler, "count");
	assert_string_equal(page->handler_counters[0], "messages");
	assert_string_equal(page->iface, NETNS_DATA);
	assert_string_equal(page->driver, "veth");
	await_received(page, 10);
	const uint64_t beat = kb_stat_get(&page->heartbeat_ns);
	for (int ms = 0; kb_stat_get(&page->heartbeat_ns) == beat; ms++) {
		assert_true(ms < PATIENCE_MS);
		usleep(1000);
	}

	put(5); /* and stop at once: what has arrived is drained */
	usleep(20000);
	assert_int_equal(kill(child, SIGTERM), 0);
	await_notification("STOPPING=1");
	assert_int_equal(finish(), 0);
	assert_contains(output, "KB_FLOWS=\"udp:*:9000\"");
	assert_contains(output, "kernel on kbt1 (veth)");
	assert_contains(output, "received   15 datagrams, 480 bytes");
	assert_contains(output, "lost       0");
	assert_contains(output, "gaps       0, unexplained 0");
	assert_int_equal(page->ready, 0);
	kb_stats_unmap(page);
}

static void every_queue_has_its_thread(void **state)
{
	const struct kb_stats *page;
	(void)state;

	setenv("KB_QUEUES", "3", 1);
	setenv("KB_HOUSEKEEPING_CORES", "0", 1);
	start(NULL);
	await_notification("READY=1");
	assert_int_equal(kb_stats_attach(&page, page_path), 0);
	assert_int_equal(page->queues, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_true(kb_stat_get(&page->queue[i].polls) > 0);
	kb_stats_unmap(page);
	kill(child, SIGINT);
	assert_int_equal(finish(), 0);
}

static void a_stuck_receiver_has_no_heartbeat(void **state)
{
	const struct kb_stats *page;
	(void)state;

	start(NULL);
	await_notification("READY=1");
	assert_int_equal(kb_stats_attach(&page, page_path), 0);
	kill(child, SIGSTOP);
	usleep(50000);
	const uint64_t beat = kb_stat_get(&page->heartbeat_ns);
	usleep(300000);
	assert_int_equal(kb_stat_get(&page->heartbeat_ns), beat);
	kill(child, SIGCONT);
	kb_stats_unmap(page);
	kill(child, SIGTERM);
	assert_int_equal(finish(), 0);
}

static void the_watchdog_is_fed(void **state)
{
	(void)state;
	setenv("WATCHDOG_USEC", "10000000", 1);
	start(NULL);
	await_notification("READY=1");
	await_notification("WATCHDOG=1");
	kill(child, SIGTERM);
	assert_int_equal(finish(), 0);
}

/* --- ends that are not asked for --- */

static void configuration_errors_exit_2(void **state)
{
	(void)state;
	setenv("KB_QUEUES", "none", 1);
	setenv("KB_BURST", "0", 1);
	exits(NULL, 2, "kb-kernel: configuration:\n  KB_QUEUES must be");
	assert_contains(output, "\n  KB_BURST must be");
}

static void another_plane_is_refused(void **state)
{
	(void)state;
	setenv("KB_PLANE", "dpdk", 1);
	exits(NULL, 2, "KB_PLANE is \"dpdk\", which kb-kernel does not serve");
}

static void another_handler_is_refused(void **state)
{
	(void)state;
	setenv("KB_HANDLER", "feed", 1);
	exits(NULL, 2, "KB_HANDLER is \"feed\" but handler \"count\" is compiled in");
	setenv("KB_HANDLER", "count", 1);
	exits("--config", 0, "KB_HANDLER=\"count\"");
}

static void cores_that_do_not_exist_are_refused(void **state)
{
	(void)state;
	setenv("KB_RX_CORES", "1000", 1);
	exits(NULL, 2, "KB_RX_CORES: core 1000 is not available");
	unsetenv("KB_RX_CORES");
	setenv("KB_HOUSEKEEPING_CORES", "1000", 1);
	exits(NULL, 2, "KB_HOUSEKEEPING_CORES: no such core");
}

static void a_page_in_use_is_left_alone(void **state)
{
	pid_t first;
	(void)state;

	start(NULL);
	await_notification("READY=1");
	first = child;
	setenv("KB_FLOWS", "udp:*:9001", 1);
	exits(NULL, 1, "belongs to a running receiver");
	child = first;
	kill(child, SIGTERM);
	assert_int_equal(finish(), 0);
}

static void arguments(void **state)
{
	(void)state;
	exits("--help", 0, "KB_SOCKET_BUFFER_KB");
	exits("--version", 0, "handler count");
	exits("--what", 2, "unknown argument \"--what\"");
}

/* Last: it takes the wire away. */
static void a_port_that_vanishes_ends_it_for_a_retry(void **state)
{
	(void)state;
	start(NULL);
	await_notification("READY=1");
	assert_true(netns_run("ip link del " NETNS_DATA));
	assert_int_equal(finish(), 1);
	assert_contains(output, "kb-kernel: interface kbt1 is gone");
	assert_contains(output, "received   0 datagrams"); /* the report comes all the same */
}

int main(int argc, char **argv)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, prepare, clean)
	const struct CMUnitTest tests[] = {
		CASE(it_receives_reports_and_ends),
		CASE(every_queue_has_its_thread),
		CASE(a_stuck_receiver_has_no_heartbeat),
		CASE(the_watchdog_is_fed),
		CASE(configuration_errors_exit_2),
		CASE(another_plane_is_refused),
		CASE(another_handler_is_refused),
		CASE(cores_that_do_not_exist_are_refused),
		CASE(a_page_in_use_is_left_alone),
		CASE(arguments),
		CASE(a_port_that_vanishes_ends_it_for_a_retry),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: test_receiver PATH_OF_KB_KERNEL\n");
		return 2;
	}
	receiver = argv[1];
	if (!netns_enter()) {
		fprintf(stderr, "skipped: no network namespace of our own\n");
		return EXIT_SKIP;
	}
	if (!mkdtemp(dir))
		return 1;
	snprintf(page_path, sizeof(page_path), "%s/page", dir);
	snprintf(notify_path, sizeof(notify_path), "%s/notify", dir);
	snprintf(output_path, sizeof(output_path), "%s/output", dir);
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
