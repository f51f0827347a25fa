// SPDX-License-Identifier: Apache-2.0
#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "kb/error.h"

#define ENTER	 "\033[?1049h\033[?25l" /* the other screen, without a cursor */
#define LEAVE	 "\033[?25h\033[?1049l"
#define HOME	 "\033[H"
#define END_LINE "\033[K"
#define END_PAGE "\033[J"

static struct termios before;
static sigset_t mask_before;
static bool open_now;
static volatile sig_atomic_t resized;
static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
	if (number == SIGWINCH)
		resized = 1;
	else
		stopping = 1;
}

/* Blocked but while waiting: no signal falls between looking at the flags and going to sleep. */
static void take_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH};
	const struct sigaction action = {.sa_handler = on_signal};
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sigaddset(&blocked, numbers[i]);
		sigaction(numbers[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, &mask_before);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigdelset(&mask_before, numbers[i]);
}

int kb_terminal_open(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &before))
		return kb_err_set(KB_EXIT_CONFIG, errno, "read the terminal's settings");
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	/* A stop would leave the shell with our screen. */
	raw.c_cc[VSUSP] = _POSIX_VDISABLE;
	take_signals();
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw))
		return kb_err_set(KB_EXIT_CONFIG, errno, "set up the terminal");
	open_now = true;
	fputs(ENTER, stdout);
	fflush(stdout);
	return 0;
}

void kb_terminal_close(void)
{
	if (!open_now)
		return;
	open_now = false;
	fputs(LEAVE, stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

void kb_terminal_size(uint32_t *rows, uint32_t *columns)
{
	struct winsize size;

	*rows = 24;
	*columns = 80;
	/* A serial line does not know its size and says 0. */
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col) {
		*rows = size.ws_row;
		*columns = size.ws_col;
	}
}

int kb_terminal_show(const char *text)
{
	const char *end;

	fputs(HOME, stdout);
	for (; (end = strchr(text, '\n')); text = end + 1) {
		fwrite(text, 1, (size_t)(end - text), stdout);
		fputs(END_LINE, stdout);
		/* Not after the last line: on the last row it would scroll. */
		if (end[1])
			fputs("\r\n", stdout);
	}
	fputs(END_PAGE, stdout);
	return fflush(stdout) ? -1 : 0;
}

enum kb_terminal_event kb_terminal_wait(int ms)
{
	const struct timespec timeout = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char key;

	const int ready = ppoll(&in, 1, &timeout, &mask_before);
	if (stopping)
		return KB_TERMINAL_QUIT;
	if (resized) {
		resized = 0;
		return KB_TERMINAL_RESIZED;
	}
	if (ready != 1)
		return KB_TERMINAL_TIMEOUT;
	/* No key although there is something to read: the terminal is gone. */
	if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q')
		return KB_TERMINAL_QUIT;
	return KB_TERMINAL_RESIZED; /* any other key: draw again */
}
