// SPDX-License-Identifier: Apache-2.0
/*
 * A live view of the stats page: mode in force, rates, percentiles and the ledger. Only reads: the
 * receiver does not know that somebody looks.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kb/clock.h"
#include "kb/error.h"
#include "option.h"
#include "top/terminal.h"
#include "top/view.h"

#define PROGRAM	     "kb-top"
#define ONCE_COLUMNS 80
/* Twice the heartbeat: below it there is little new to see. */
#define MIN_MS 200
#define MAX_MS 60000

struct arguments {
	const char *page;
	uint32_t interval_ms;
	bool once;
	bool help;
};

static char screen[64 << 10];
static struct kb_top top;

/* The page is looked for again each time: another receiver means another file. */
static bool look(const struct kb_stats **page)
{
	if (kb_stats_attach(page, top.path)) {
		*page = NULL;
		return false;
	}
	return kb_top_read(&top, *page, kb_now_ns());
}

static int once(const struct arguments *args)
{
	const struct timespec interval = {.tv_sec = args->interval_ms / 1000,
					  .tv_nsec = args->interval_ms % 1000 * 1000000L};
	const struct kb_stats *page;

	look(&page);
	if (!page)
		return -1;
	kb_stats_unmap(page);
	nanosleep(&interval, NULL);
	look(&page);
	if (!page)
		return -1;
	kb_top_view(screen, sizeof(screen), 0, ONCE_COLUMNS, &top, page, NULL);
	kb_stats_unmap(page);
	fputs(screen, stdout);
	if (fflush(stdout))
		return kb_err_set(KB_EXIT_RETRY, errno, "write");
	return 0;
}

static int draw(const struct kb_stats *page)
{
	uint32_t rows;
	uint32_t columns;

	kb_terminal_size(&rows, &columns);
	kb_top_view(screen, sizeof(screen), rows, columns, &top, page, kb_err_text());
	return kb_terminal_show(screen);
}

/* One reading, drawn again as often as the terminal asks. Returns false when it is time to end. */
static bool interval(const struct arguments *args)
{
	const uint64_t due = kb_clock_ns(CLOCK_MONOTONIC) + (uint64_t)args->interval_ms * 1000000u;
	enum kb_terminal_event event = KB_TERMINAL_RESIZED;
	const struct kb_stats *page;
	uint64_t now;

	kb_err_clear();
	look(&page);
	while (event != KB_TERMINAL_QUIT && (now = kb_clock_ns(CLOCK_MONOTONIC)) < due) {
		if (event == KB_TERMINAL_RESIZED && draw(page))
			event = KB_TERMINAL_QUIT;
		else
			event = kb_terminal_wait((int)((due - now) / 1000000) + 1);
	}
	kb_stats_unmap(page);
	return event != KB_TERMINAL_QUIT;
}

static int live(const struct arguments *args)
{
	if (kb_terminal_open())
		return -1;
	while (interval(args))
		;
	kb_terminal_close();
	return 0;
}

static void usage(void)
{
	printf("usage: kb-top [--page FILE] [--interval MS] [--once]\n\n"
	       "  --page FILE    the stats page (KB_STATS_PAGE, else /run/kb/stats)\n"
	       "  --interval MS  between two readings, %d to %d (1000)\n"
	       "  --once         one interval as plain text, as when the output is no terminal\n"
	       "  --help         this text\n\n"
	       "Keys: q ends it, any other draws again. Rates and percentiles are those of the "
	       "last\n"
	       "interval. Exit status: 0 good, 1 no receiver's page (with --once), 2 wrong "
	       "usage.\n",
	       MIN_MS, MAX_MS);
}

static int parse(struct arguments *out, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--once") == 0)
			out->once = true;
		else if (strcmp(argv[i], "--help") == 0)
			out->help = true;
		else if (strcmp(argv[i], "--page") == 0 && i + 1 < argc)
			out->page = argv[++i];
		else if (strcmp(argv[i], "--interval") == 0 && i + 1 < argc) {
			if (kb_option_number32(&out->interval_ms, "interval", MIN_MS, MAX_MS,
					       argv[++i]))
				return -1;
		} else
			return kb_err_set(KB_EXIT_CONFIG, 0, "unknown argument '%s'; see --help",
					  argv[i]);
	}
	return 0;
}

static int run(int argc, char **argv)
{
	const char *const from_env = getenv("KB_STATS_PAGE");
	struct arguments args = {.page = from_env && *from_env ? from_env : "/run/kb/stats",
				 .interval_ms = 1000};

	if (parse(&args, argc, argv))
		return -1;
	if (args.help) {
		usage();
		return 0;
	}
	top.path = args.page;
	if (args.once || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return once(&args);
	return live(&args);
}

int main(int argc, char **argv)
{
	if (run(argc, argv)) {
		fprintf(stderr, "%s: %s\n", PROGRAM, kb_err_text());
		return (int)kb_err_exit();
	}
	return KB_EXIT_OK;
}
