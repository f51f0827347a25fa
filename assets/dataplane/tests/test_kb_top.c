// SPDX-License-Identifier: Apache-2.0
/* The kb-top program on a terminal of this test: what it draws, and that it leaves no trace. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "kb/clock.h"
#include "kb/stats.h"

#define PATIENCE_MS 20000
#define ENTER	    "\033[?1049h"
#define LEAVE	    "\033[?25h\033[?1049l"

static const char *program; /* argv[1] */
static char dir[] = "/tmp/kb-test-kb-top-XXXXXX";
static char page_path[64];
static struct kb_stats *page;
static int terminal;
static int line_end; /* kept open: the settings outlive the program */
static pid_t child;
static char seen[1 << 20];
static size_t seen_len;

static int prepare(void **state)
{
	const struct winsize size = {.ws_row = 24, .ws_col = 80};
	(void)state;
	assert_int_equal(kb_stats_create(&page, page_path, 1), 0);
	strcpy(page->plane, "kernel");
	page->ready = 1;
	page->heartbeat_ns = kb_now_ns();
	page->queue[0].received = 12345;
	assert_int_equal(openpty(&terminal, &line_end, NULL, NULL, &size), 0);
	/* A terminal that the program holds itself would never hang up. */
	assert_int_equal(fcntl(terminal, F_SETFD, FD_CLOEXEC), 0);
	assert_int_equal(fcntl(line_end, F_SETFD, FD_CLOEXEC), 0);
	seen_len = 0;
	child = 0;
	return 0;
}

static int clean(void **state)
{
	(void)state;
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	kb_stats_unmap(page);
	unlink(page_path);
	close(terminal);
	close(line_end);
	return 0;
}

/* On the terminal, or with its output in a pipe. Returns the pipe's end. */
static int start(bool on_terminal, const char *a, const char *b)
{
	int pipes[2] = {-1, -1};

	if (!on_terminal)
		assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		setsid();
		ioctl(line_end, TIOCSCTTY, 0);
		dup2(line_end, STDIN_FILENO);
		dup2(on_terminal ? line_end : pipes[1], STDOUT_FILENO);
		dup2(on_terminal ? line_end : pipes[1], STDERR_FILENO);
		execl(program, program, "--page", page_path, a, b, (char *)NULL);
		_exit(127);
	}
	close(pipes[1]);
	return pipes[0];
}

/* Reads until `text` has been seen since the last call. */
static void await(int fd, const char *text)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	const size_t from = seen_len;

	for (;;) {
		if (poll(&poller, 1, PATIENCE_MS) != 1)
			fail_msg("no \"%s\" in: %s", text, seen + from);
		const ssize_t n = read(fd, seen + seen_len, sizeof(seen) - 1 - seen_len);
		if (n <= 0)
			fail_msg("ended without \"%s\": %s", text, seen + from);
		seen_len += (size_t)n;
		seen[seen_len] = '\0';
		if (strstr(seen + from, text))
			return;
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
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Runs it on the terminal until `end` is done, and looks at what is left. */
static void ends_cleanly(void (*end)(void))
{
	struct termios before;
	struct termios after;

	assert_int_equal(tcgetattr(line_end, &before), 0);
	start(true, "--interval", "200");
	await(terminal, "12,345");
	assert_contains(seen, ENTER);
	assert_int_equal(tcgetattr(line_end, &after), 0);
	assert_false(after.c_lflag & (ICANON | ECHO));
	end();
	await(terminal, LEAVE);
	assert_int_equal(finish(), 0);
	assert_int_equal(tcgetattr(line_end, &after), 0);
	assert_int_equal(after.c_lflag, before.c_lflag);
	assert_memory_equal(after.c_cc, before.c_cc, sizeof(before.c_cc));
}

static void press_q(void)
{
	assert_int_equal(write(terminal, "q", 1), 1);
}

static void press_control_c(void)
{
	assert_int_equal(write(terminal, "\003", 1), 1);
}

static void terminate(void)
{
	kill(child, SIGTERM);
}

static void it_leaves_the_terminal_as_it_was(void **state)
{
	(void)state;
	ends_cleanly(press_q);
	ends_cleanly(press_control_c);
	ends_cleanly(terminate);
}

static void it_follows_page_and_size(void **state)
{
	const struct winsize small = {.ws_row = 5, .ws_col = 40};
	(void)state;
	start(true, "--interval", "200");
	await(terminal, "12,345");
	kb_stat_add(&page->queue[0].received, 1000000);
	await(terminal, "1,012,345");
	assert_int_equal(ioctl(terminal, TIOCSWINSZ, &small), 0);
	await(terminal, "more lines");
	/* Without a page it says so, and finds the next one. */
	unlink(page_path);
	await(terminal, "NONE");
	kb_stats_unmap(page);
	assert_int_equal(kb_stats_create(&page, page_path, 1), 0);
	page->heartbeat_ns = kb_now_ns();
	await(terminal, "RESTARTED");
	press_q();
	await(terminal, LEAVE);
	assert_int_equal(finish(), 0);
}

static void a_terminal_that_vanishes_ends_it(void **state)
{
	(void)state;
	start(true, "--interval", "200");
	await(terminal, "12,345");
	close(terminal);
	terminal = -1;
	assert_int_equal(finish(), 0);
}

static void text_where_there_is_no_terminal(void **state)
{
	(void)state;
	const int out = start(false, "--interval", "200");
	await(out, "one-way");
	assert_int_equal(finish(), 0);
	assert_contains(seen, "12,345");
	assert_null(strchr(seen, '\033'));
	close(out);
}

static void once_on_a_terminal_is_text_too(void **state)
{
	(void)state;
	start(true, "--once", NULL);
	await(terminal, "one-way");
	assert_int_equal(finish(), 0);
	assert_null(strchr(seen, '\033'));
}

static void wrong_arguments_are_refused(void **state)
{
	(void)state;
	start(true, "--interval", "10");
	await(terminal, "from 200 to 60000, got '10'");
	assert_int_equal(finish(), 2);
	start(true, "--page", NULL);
	await(terminal, "unknown argument '--page'");
	assert_int_equal(finish(), 2);
	start(true, "--help", NULL);
	await(terminal, "Exit status");
	assert_int_equal(finish(), 0);
	unlink(page_path);
	start(true, "--once", NULL);
	await(terminal, "No such file");
	assert_int_equal(finish(), 1);
}

int main(int argc, char **argv)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, prepare, clean)
	const struct CMUnitTest tests[] = {
		CASE(it_leaves_the_terminal_as_it_was), CASE(it_follows_page_and_size),
		CASE(a_terminal_that_vanishes_ends_it), CASE(text_where_there_is_no_terminal),
		CASE(once_on_a_terminal_is_text_too),	CASE(wrong_arguments_are_refused),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: test_kb_top PATH_OF_KB_TOP\n");
		return 2;
	}
	program = argv[1];
	if (!mkdtemp(dir))
		return 1;
	snprintf(page_path, sizeof(page_path), "%s/page", dir);
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
