// SPDX-License-Identifier: Apache-2.0
/* kb-gen: the sending thread spins, the main thread waits for its end or for a signal. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kb/error.h"
#include "options.h"
#include "pace.h"
#include "replay.h"
#include "result.h"
#include "sender.h"

#define HOUSEKEEPING_NS 100000000L
#define PROGRESS_EVERY	10 /* housekeepings: a second */

struct run {
	struct kb_gen_options o;
	struct kb_replay replay;
	struct kb_sender *sender;
	struct kb_pace *pace;
	struct kb_gen_result result;
	atomic_bool stop;
	atomic_bool done;
	bool failed;
	char reason[512]; /* kb_err is per thread */
	enum kb_exit exit;
};

static int fail(const char *text, enum kb_exit status)
{
	fprintf(stderr, "%s: %s\n", kb_sender_info.program, text);
	return (int)status;
}

static int pin(int core)
{
	cpu_set_t set;
	if (core < 0)
		return 0;
	CPU_ZERO(&set);
	CPU_SET((size_t)core, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return kb_err_set(KB_EXIT_CONFIG, errno, "--core %d", core);
	return 0;
}

static void *send_all(void *arg)
{
	struct run *const run = arg;
	if (pin(run->o.core) < 0 || kb_sender_attach(run->sender) < 0) {
		run->failed = true;
		run->exit = kb_err_exit();
		snprintf(run->reason, sizeof(run->reason), "%s", kb_err_text());
	} else {
		kb_pace_run(run->pace, &run->result, &run->stop);
		kb_sender_drain(run->sender);
	}
	atomic_store(&run->done, true);
	return NULL;
}

static void progress(const struct run *run)
{
	const uint64_t due = __atomic_load_n(&run->result.due, __ATOMIC_RELAXED);
	const uint64_t sent = __atomic_load_n(&run->result.sent, __ATOMIC_RELAXED);
	fprintf(stderr, "%s: %" PRIu64 " sent, %" PRIu64 " behind\n", kb_sender_info.program, sent,
		due - sent);
}

/* Until the sending thread has ended. */
static int wait_for(struct run *run, const sigset_t *signals)
{
	const struct timespec interval = {.tv_nsec = HOUSEKEEPING_NS};
	for (uint64_t i = 1; !atomic_load(&run->done); i++) {
		if (sigtimedwait(signals, NULL, &interval) > 0)
			atomic_store(&run->stop, true);
		if (kb_sender_housekeep(run->sender) < 0)
			return -1;
		if (run->o.progress && i % PROGRESS_EVERY == 0)
			progress(run);
	}
	return 0;
}

static int report(const struct run *run)
{
	const struct kb_gen_run about = {
		.o = &run->o,
		.program = kb_sender_info.program,
		.driver = kb_sender_driver(run->sender),
		.refused = kb_sender_refused(run->sender),
		.malformed = kb_sender_malformed(run->sender),
	};
	const bool json_only = run->o.json && strcmp(run->o.json, "-") == 0;
	kb_gen_result_print(json_only ? stderr : stdout, &about, &run->result);
	if (json_only) {
		kb_gen_result_json(stdout, &about, &run->result);
	} else if (run->o.json) {
		FILE *const f = fopen(run->o.json, "we");
		if (!f)
			return kb_err_set(KB_EXIT_CONFIG, errno, "--json %s", run->o.json);
		kb_gen_result_json(f, &about, &run->result);
		if (fclose(f))
			return kb_err_set(KB_EXIT_RETRY, errno, "--json %s", run->o.json);
	}
	return kb_gen_result_complete(&about, &run->result) ? 0 : 1;
}

/* Returns 0, 1 when not everything was sent, or -1 with kb_err. */
static int generate(struct run *run, const sigset_t *signals)
{
	pthread_t thread;
	if (kb_pace_open(&run->pace, &run->o, run->sender) < 0)
		return -1;
	/* Not fatal: without it the first messages may wait for a page. */
	if (mlockall(MCL_CURRENT))
		fprintf(stderr, "%s: memory is not locked: %s\n", kb_sender_info.program,
			strerror(errno));
	int result = pthread_create(&thread, NULL, send_all, run);
	if (result) {
		kb_err_set(KB_EXIT_RETRY, result, "start the sending thread");
		result = -1;
	} else {
		result = wait_for(run, signals);
		atomic_store(&run->stop, true);
		pthread_join(thread, NULL);
		if (run->failed)
			result = kb_err_set(run->exit, 0, "%s", run->reason);
		if (result == 0)
			result = report(run);
	}
	kb_pace_close(run->pace);
	return result;
}

static int read_capture(struct run *run)
{
	if (!run->o.pcap)
		return 0;
	if (kb_replay_open(&run->replay, run->o.pcap))
		return -1;
	run->o.replay = &run->replay;
	run->o.count = run->replay.n;
	run->o.size = run->replay.largest;
	return 0;
}

int main(int argc, char **argv)
{
	static struct run run; /* too large for a stack */
	sigset_t signals;

	setvbuf(stdout, NULL, _IOLBF, 0);
	const int parsed = kb_gen_options_parse(&run.o, argc, argv, kb_sender_info.program,
						kb_sender_info.wants);
	if (parsed != 0)
		return parsed > 0 ? KB_EXIT_OK : fail(kb_err_text(), kb_err_exit());

	/* Blocked before any thread exists: only wait_for() takes them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);

	if (read_capture(&run) < 0)
		return fail(kb_err_text(), kb_err_exit());
	if (kb_sender_open(&run.sender, &run.o) < 0)
		return fail(kb_err_text(), kb_err_exit());
	const int result = generate(&run, &signals);
	const int status = result < 0 ? fail(kb_err_text(), kb_err_exit()) : result;
	kb_sender_close(run.sender);
	kb_replay_close(&run.replay);
	return status;
}
