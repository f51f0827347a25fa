// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "kb/error.h"
#include "subscriber_file.h"

#define MAX_FILE (256u << 10) /* 1024 entries with generous comments */
#define LOOK_MS	 200	      /* how often the file is looked at */
#define STACK	 (256u << 10) /* locked into memory, as all of a receiver's is */

struct kb_subscriber_file {
	_Atomic(const struct kb_subscribers *) newest; /* written by the watcher */
	_Atomic(const struct kb_subscribers *) in_use; /* written by the receiving thread */
	atomic_ullong reloads;
	atomic_ullong refused;
	atomic_bool stop;
	pthread_t watcher;
	struct stat seen;
	char path[256];
};

static int load(const struct kb_subscribers **out, const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kb_err_set(KB_EXIT_CONFIG, errno, "subscriber file %s", path);

	char *const text = malloc(MAX_FILE + 1);
	struct kb_subscribers *const list = malloc(sizeof(*list));
	int result = -1;
	size_t size = 0;
	ssize_t got = -1;
	if (text != NULL && list != NULL)
		while (size <= MAX_FILE && (got = read(fd, text + size, MAX_FILE + 1 - size)) > 0)
			size += (size_t)got;
	if (text == NULL || list == NULL || got < 0)
		kb_err_set(KB_EXIT_RETRY, errno, "subscriber file %s", path);
	else if (size > MAX_FILE)
		kb_err_set(KB_EXIT_CONFIG, 0, "subscriber file %s is larger than %u bytes", path,
			   MAX_FILE);
	else if (kb_subscribers_parse(list, text, size) != 0)
		kb_err_wrap("subscriber file %s", path);
	else
		result = 0;

	free(text);
	close(fd);
	if (result == 0)
		*out = list;
	else
		free(list);
	return result;
}

static bool has_changed(struct kb_subscriber_file *f)
{
	struct stat st;
	/* Absent for a moment while an editor replaces it: keep the list, look again. */
	if (stat(f->path, &st) != 0)
		return false;
	/* Not by its age: another file that takes its place may be older, or just as old. */
	const bool same = st.st_dev == f->seen.st_dev && st.st_ino == f->seen.st_ino &&
			  st.st_size == f->seen.st_size &&
			  st.st_ctim.tv_sec == f->seen.st_ctim.tv_sec &&
			  st.st_ctim.tv_nsec == f->seen.st_ctim.tv_nsec;
	f->seen = st;
	return !same;
}

static void *watch(void *arg)
{
	struct kb_subscriber_file *const f = arg;
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000l};
	const struct kb_subscribers *retired = NULL;

	while (!atomic_load_explicit(&f->stop, memory_order_relaxed)) {
		nanosleep(&pause, NULL);
		const struct kb_subscribers *const newest = atomic_load(&f->newest);
		/* The old list goes when the receiving thread has taken its successor. */
		if (retired != NULL && atomic_load(&f->in_use) == newest) {
			free((void *)retired);
			retired = NULL;
		}
		const struct kb_subscribers *list;
		if (retired != NULL || !has_changed(f))
			continue;
		if (load(&list, f->path) != 0) {
			atomic_fetch_add(&f->refused, 1);
			fprintf(stderr, "<4>fanout: kept the last subscriber list: %s\n",
				kb_err_text());
			kb_err_clear();
			continue;
		}
		retired = newest;
		atomic_store(&f->newest, list);
		atomic_fetch_add(&f->reloads, 1);
		fprintf(stderr, "<6>fanout: %u subscribers from %s\n", list->n, f->path);
	}
	free((void *)retired);
	return NULL;
}

/*
 * Beside the receiving thread, which opens the file, and not on its core, which a new thread would
 * have from it: where the main thread is, the cores are for such work.
 */
static int start_watcher(struct kb_subscriber_file *f)
{
	pthread_attr_t attr;
	cpu_set_t cores;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	if (sched_getaffinity(getpid(), sizeof(cores), &cores) == 0)
		pthread_attr_setaffinity_np(&attr, sizeof(cores), &cores);
	const int failed = pthread_create(&f->watcher, &attr, watch, f);
	pthread_attr_destroy(&attr);
	if (failed == 0)
		pthread_setname_np(f->watcher, "kb-subscribers");
	return failed;
}

int kb_subscriber_file_open(struct kb_subscriber_file **out, const char *path)
{
	const struct kb_subscribers *list;
	struct kb_subscriber_file *const f = calloc(1, sizeof(*f));
	if (f == NULL)
		return kb_err_set(KB_EXIT_RETRY, errno, "subscriber file %s", path);
	if (strlen(path) >= sizeof(f->path)) {
		free(f);
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "subscriber file %s: its name must have at most %zu characters",
				  path, sizeof(f->path) - 1);
	}
	strcpy(f->path, path);
	has_changed(f);
	if (load(&list, path) != 0) {
		free(f);
		return -1;
	}
	atomic_init(&f->newest, list);
	atomic_init(&f->in_use, list);
	const int failed = start_watcher(f);
	if (failed != 0) {
		free((void *)list);
		free(f);
		return kb_err_set(KB_EXIT_RETRY, failed, "subscriber file %s: thread", path);
	}
	*out = f;
	return 0;
}

const struct kb_subscribers *kb_subscriber_file_current(struct kb_subscriber_file *f)
{
	const struct kb_subscribers *const newest =
		atomic_load_explicit(&f->newest, memory_order_acquire);
	if (newest != atomic_load_explicit(&f->in_use, memory_order_relaxed))
		atomic_store_explicit(&f->in_use, newest, memory_order_release);
	return newest;
}

void kb_subscriber_file_counts(struct kb_subscriber_file *f, uint64_t *reloads, uint64_t *refused)
{
	*reloads = atomic_load(&f->reloads);
	*refused = atomic_load(&f->refused);
}

void kb_subscriber_file_close(struct kb_subscriber_file *f)
{
	if (f == NULL)
		return;
	atomic_store(&f->stop, true);
	pthread_join(f->watcher, NULL);
	free((void *)atomic_load(&f->newest));
	free(f);
}
