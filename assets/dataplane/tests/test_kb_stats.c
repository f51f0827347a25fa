// SPDX-License-Identifier: Apache-2.0
/* The kb-stats program: what it prints, sends and serves, for a page this test writes. */
#include "check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kb/clock.h"
#include "kb/stats.h"

#define PATIENCE_MS 20000

static const char *program; /* argv[1] */
static char dir[] = "/tmp/kb-test-kb-stats-XXXXXX";
static char page_path[64], output_path[64];
static char output[1 << 20];
static struct kb_stats *page;
static int agent;
static pid_t child;

static int loopback_socket(int type, uint16_t *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	*port = ntohs(in.sin_port);
	return fd;
}

static void create_page(void)
{
	assert_int_equal(kb_stats_create(&page, page_path, 2), 0);
	strcpy(page->plane, "kernel");
	strcpy(page->handler, "count");
	strcpy(page->iface, "eth1");
	strcpy(page->driver, "a \"driver\"\\\n");
	strcpy(page->handler_counters[0], "messages");
	page->ready = 1;
	page->heartbeat_ns = kb_now_ns();
	page->queue[0].received = 100;
	page->queue[1].received = 23;
	page->queue[1].gaps = 7;
	page->unexplained = 3;
	page->undecided = 1;
	page->device[0].cause[KB_CAUSE_SOCKET_OVERFLOW] = 4;
	page->queue[0].handler[0] = 99;
	for (int i = 1; i <= 100; i++)
		kb_hist_record(&page->queue[i % 2].receive, i * 1000);
}

static int prepare(void **state)
{
	char endpoint[32];
	uint16_t port;
	(void)state;

	clearenv();
	setenv("KB_PLANE", "kernel", 1);
	setenv("KB_NAME", "Demo-Feed", 1);
	setenv("KB_STATS_PAGE", page_path, 1);
	setenv("KB_STATS_INTERVAL_MS", "100", 1);
	agent = loopback_socket(SOCK_DGRAM, &port);
	snprintf(endpoint, sizeof(endpoint), "127.0.0.1:%u", port);
	setenv("KB_STATSD", endpoint, 1);
	create_page();
	child = 0;
	return 0;
}

static int clean(void **state)
{
	char marker[80];
	(void)state;

	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	kb_stats_unmap(page);
	close(agent);
	snprintf(marker, sizeof(marker), "%s.published", page_path);
	unlink(marker);
	unlink(page_path);
	unlink(output_path);
	return 0;
}

static void start(const char *a, const char *b, const char *c)
{
	child = fork();
	if (child == 0) {
		const int fd = open(output_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		execl(program, program, a, b, c, (char *)NULL);
		_exit(127);
	}
}

static int finish(void)
{
	int status = 0;

	for (int ms = 0; waitpid(child, &status, WNOHANG) == 0; ms++) {
		assert_true(ms < PATIENCE_MS);
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

/* --- JSON --- */

/* Skips one JSON value; NULL when there is none. Grammar only. */
static const char *json_value(const char *p)
{
	if (*p == '"') {
		for (p++; *p && *p != '"'; p++)
			if ((unsigned char)*p < 0x20 || (*p == '\\' && !*++p))
				return NULL;
		return *p ? p + 1 : NULL;
	}
	if (*p == '{' || *p == '[') {
		const bool object = *p == '{';
		const char end = object ? '}' : ']';

		p++;
		for (bool first = true; *p != end; first = false) {
			if (!first && *p++ != ',')
				return NULL;
			if (object && (*p != '"' || !(p = json_value(p)) || *p++ != ':'))
				return NULL;
			if (!(p = json_value(p)))
				return NULL;
		}
		return p + 1;
	}
	if (strncmp(p, "true", 4) == 0)
		return p + 4;
	if (strncmp(p, "false", 5) == 0)
		return p + 5;
	const size_t digits = strspn(p, "0123456789");
	return digits ? p + digits : NULL;
}

static void one_snapshot_as_json(void **state)
{
	(void)state;
	start("--json", NULL, NULL);
	assert_int_equal(finish(), 0);
	const char *const end = json_value(output);
	assert_non_null(end);
	assert_string_equal(end, "\n");
	assert_contains(output, "\"plane\":\"kernel\"");
	assert_contains(output, "\"driver\":\"a \\\"driver\\\"\\\\\\u000a\"");
	assert_contains(output, "\"ready\":true,\"queues\":2");
	assert_contains(output, "\"received\":123");
	assert_contains(output, "\"gaps\":7,\"unexplained\":3,\"undecided\":1");
	assert_contains(output, "\"socket_overflow\":4");
	assert_contains(output, "\"handler\":{\"messages\":99}");
	assert_contains(output, "\"receive\":{\"count\":100,\"p50\":50175,");
	assert_null(strstr(output, "histograms"));
	/* Every cause is there, in the class it belongs to. */
	for (uint32_t i = 0; i < KB_CAUSES; i++)
		assert_contains(output, kb_causes[i].name);
}

static void histograms_when_asked_for(void **state)
{
	(void)state;
	start("--json", "--histograms", NULL);
	assert_int_equal(finish(), 0);
	assert_non_null(json_value(output));
	assert_contains(output, "\"histograms\":{\"receive\":[[1000,1003,1],[2000,2007,1],");
	assert_contains(output, "\"oneway\":[]");
}

static void no_page_is_a_retry(void **state)
{
	(void)state;
	start("--json", "--page", "/nowhere/page");
	assert_int_equal(finish(), 1);
	assert_contains(output, "kb-stats: open stats page /nowhere/page: No such file");
}

static void wrong_arguments_are_refused(void **state)
{
	(void)state;
	start("--jsn", NULL, NULL);
	assert_int_equal(finish(), 2);
	assert_contains(output, "unknown argument \"--jsn\"");
	start("--json", "--page", NULL);
	assert_int_equal(finish(), 2);
	start("--json", "--watch", NULL);
	assert_int_equal(finish(), 2);
	start("--histograms", NULL, NULL);
	assert_int_equal(finish(), 2);
	start("--help", NULL, NULL);
	assert_int_equal(finish(), 0);
	assert_contains(output, "KB_PROMETHEUS_PORT");
	setenv("KB_STATSD", "nowhere", 1);
	start(NULL, NULL, NULL);
	assert_int_equal(finish(), 2);
	assert_contains(output, "KB_STATSD must be ADDRESS:PORT");
}

/* --- the daemon --- */

/* Datagrams until one contains `text`. */
static void await_line(const char *text)
{
	struct pollfd poller = {.fd = agent, .events = POLLIN};
	char datagram[2048];

	for (;;) {
		if (poll(&poller, 1, PATIENCE_MS) != 1)
			fail_msg("no line %s", text);
		const ssize_t len = recv(agent, datagram, sizeof(datagram) - 1, 0);
		assert_true(len > 0);
		datagram[len] = '\0';
		if (strstr(datagram, text))
			return;
	}
}

static void the_daemon_publishes_growth(void **state)
{
	(void)state;
	start(NULL, NULL, NULL);
	await_line("PacketsReceived:123|c|#Name:Demo-Feed");
	await_line("PacketsReceived:0|c|#Name:Demo-Feed");
	kb_stat_add(&page->queue[0].received, 17);
	await_line("PacketsReceived:17|c|#Name:Demo-Feed");
	kill(child, SIGTERM);
	assert_int_equal(finish(), 0);
	assert_contains(output, "receiver is up");
}

static void it_follows_a_new_receiver(void **state)
{
	(void)state;
	start(NULL, NULL, NULL);
	await_line("PacketsReceived:123|c");
	kb_stats_unmap(page);
	create_page();
	await_line("PacketsReceived:123|c");
	page->heartbeat_ns = kb_now_ns() - 10000000000ull;
	await_line("ReceiverUp:0|g|#Name:Demo-Feed");
	unlink(page_path);
	await_line("FastPath:0|g");
	kill(child, SIGTERM);
	assert_int_equal(finish(), 0);
	assert_contains(output, "receiver is silent");
}

static void a_page_that_cannot_be_read_is_said_once(void **state)
{
	(void)state;
	unlink(page_path);
	FILE *const file = fopen(page_path, "w");
	assert_non_null(file);
	fputs("no page at all", file);
	fclose(file);
	start(NULL, NULL, NULL);
	await_line("ReceiverUp:0|g|#Name:Demo-Feed");
	await_line("ReceiverUp:0|g|#Name:Demo-Feed");
	kill(child, SIGTERM);
	assert_int_equal(finish(), 0);
	const char *const said = strstr(output, "is not a stats page: 14 bytes");
	assert_non_null(said);
	assert_null(strstr(said + 1, "is not a stats page"));
}

/* --- Prometheus --- */

static uint16_t free_port(void)
{
	uint16_t port;

	close(loopback_socket(SOCK_STREAM, &port));
	return port;
}

/* The whole answer in `output`, to a request in two pieces. It must end in order, not in a reset.
 */
static void get_in_pieces(uint16_t port, const char *request, const char *rest)
{
	const struct sockaddr_in in = {.sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	size_t len = 0;
	ssize_t n;

	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	for (int ms = 0; connect(fd, (const struct sockaddr *)&in, sizeof(in)); ms++) {
		assert_true(ms < PATIENCE_MS);
		usleep(1000);
	}
	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	if (*rest) {
		usleep(20000);
		assert_int_equal(send(fd, rest, strlen(rest), MSG_NOSIGNAL), strlen(rest));
	}
	while ((n = recv(fd, output + len, sizeof(output) - 1 - len, 0)) > 0)
		len += (size_t)n;
	assert_int_equal(n, 0);
	output[len] = '\0';
	close(fd);
}

static void get(uint16_t port, const char *request)
{
	get_in_pieces(port, request, "");
}

static void check_buckets(void)
{
	const char *p = output;
	unsigned long last = 0;
	uint32_t buckets = 0;

	while ((p = strstr(p, "kb_receive_latency_seconds_bucket"))) {
		p = strchr(p, '}');
		assert_non_null(p);
		const unsigned long n = strtoul(p + 1, NULL, 10);
		assert_true(n >= last);
		last = n;
		buckets++;
	}
	assert_int_equal(buckets, 30);
	assert_int_equal(last, 100);
}

static void prometheus_is_served_on_request(void **state)
{
	const uint16_t port = free_port();
	char text[8];
	(void)state;

	snprintf(text, sizeof(text), "%u", port);
	setenv("KB_PROMETHEUS_PORT", text, 1);
	start(NULL, NULL, NULL);
	get(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_contains(output, "HTTP/1.1 200 OK\r\n");
	assert_contains(output, "\nkb_packets_received_total{name=\"Demo-Feed\"} 123\n");
	assert_contains(
		output,
		"\nkb_packets_lost_total{name=\"Demo-Feed\",cause=\"socket_overflow\"} 4\n");
	assert_contains(output, "\nkb_packets_unexplained_total{name=\"Demo-Feed\"} 3\n");
	assert_contains(output, "\nkb_receiver_up{name=\"Demo-Feed\"} 1\n");
	assert_contains(output, "kb_receive_latency_seconds_count{name=\"Demo-Feed\"} 100\n");
	check_buckets();
	/* As long as a reader with a token sends it, and in pieces. */
	char headers[4096] = "Host: x\r\nAuthorization: Bearer ";
	memset(headers + strlen(headers), 'x', 3000);
	strcat(headers, "\r\n\r\n");
	get_in_pieces(port, "GET /metrics HTTP/1.1\r\n", headers);
	assert_contains(output, "200 OK");
	get_in_pieces(port, "GET /met", "rics HTTP/1.1\r\n\r\n");
	assert_contains(output, "200 OK");
	get(port, "GET / HTTP/1.1\r\n\r\n");
	assert_contains(output, "HTTP/1.1 404 Not Found\r\n");
	get(port, "x");
	assert_contains(output, "HTTP/1.1 404 Not Found\r\n");
	/* And publishing goes on. */
	await_line("PacketsReceived:0|c");
	kill(child, SIGTERM);
	assert_int_equal(finish(), 0);
}

static void a_prometheus_port_in_use_is_named(void **state)
{
	uint16_t port;
	char text[8];
	const int taken = loopback_socket(SOCK_STREAM, &port);
	(void)state;

	assert_int_equal(listen(taken, 1), 0);
	snprintf(text, sizeof(text), "%u", port);
	setenv("KB_PROMETHEUS_PORT", text, 1);
	start(NULL, NULL, NULL);
	assert_int_equal(finish(), 2);
	assert_contains(output, "(KB_PROMETHEUS_PORT): Address already in use");
	close(taken);
}

int main(int argc, char **argv)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, prepare, clean)
	const struct CMUnitTest tests[] = {
		CASE(one_snapshot_as_json),
		CASE(histograms_when_asked_for),
		CASE(no_page_is_a_retry),
		CASE(wrong_arguments_are_refused),
		CASE(the_daemon_publishes_growth),
		CASE(it_follows_a_new_receiver),
		CASE(a_page_that_cannot_be_read_is_said_once),
		CASE(prometheus_is_served_on_request),
		CASE(a_prometheus_port_in_use_is_named),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: test_kb_stats PATH_OF_KB_STATS\n");
		return 2;
	}
	program = argv[1];
	if (!mkdtemp(dir))
		return 1;
	snprintf(page_path, sizeof(page_path), "%s/page", dir);
	snprintf(output_path, sizeof(output_path), "%s/output", dir);
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
