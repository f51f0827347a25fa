// SPDX-License-Identifier: Apache-2.0
#include "kb/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kb/clock.h"
#include "kb/error.h"

/*
 * The page this process writes, and the descriptor whose lock says that its writer lives. The
 * kernel drops the lock with the process, however it ends.
 */
static struct {
	const struct kb_stats *page;
	int fd;
} own = {.fd = -1};

static size_t page_size(uint32_t queues)
{
	return sizeof(struct kb_stats) + queues * sizeof(struct kb_queue_stats);
}

/* A second receiver would take half of the first one's datagrams: refuse to start. */
static int check_unowned(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	const bool owned = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	close(fd);
	if (owned)
		return kb_err_set(KB_EXIT_RETRY, 0,
				  "%s belongs to a running receiver: stop it, or give this one its "
				  "own KB_STATS_PAGE",
				  path);
	return 0;
}

/* Directories of `path` that do not exist: /run is empty after a boot. */
static void make_parent(const char *path)
{
	char dir[256];

	snprintf(dir, sizeof(dir), "%s", path);
	char *const slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		(void)mkdir(dir, 0755); /* open() reports what is wrong */
	}
}

static void fill(struct kb_stats *stats, uint32_t queues)
{
	stats->magic = KB_STATS_MAGIC;
	stats->version = KB_STATS_VERSION;
	stats->size = (uint32_t)page_size(queues);
	stats->queues = queues;
	stats->pid = (uint32_t)getpid();
	stats->start_ns = kb_now_ns();
}

int kb_stats_create(struct kb_stats **out, const char *path, uint32_t queues)
{
	const size_t size = page_size(queues);
	char temporary[280];
	struct kb_stats *stats;
	int err;

	if (queues < 1 || queues > KB_MAX_QUEUES)
		return kb_err_set(KB_EXIT_CONFIG, 0, "stats page: queues must be 1 to %u, got %u",
				  KB_MAX_QUEUES, queues);
	if (check_unowned(path))
		return -1;
	make_parent(path);
	snprintf(temporary, sizeof(temporary), "%s.%d", path, (int)getpid());
	const int fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return kb_err_set(KB_EXIT_CONFIG, errno, "create stats page %s", temporary);
	/* Allocated now: a full file system must fail here, not by SIGBUS in the hot loop. */
	err = posix_fallocate(fd, 0, (off_t)size);
	if (err) {
		kb_err_set(KB_EXIT_RETRY, err, "allocate stats page %s, %zu bytes", temporary,
			   size);
		goto undo_file;
	}
	stats = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (stats == MAP_FAILED) {
		kb_err_set(KB_EXIT_RETRY, errno, "map stats page %s", temporary);
		goto undo_file;
	}
	fill(stats, queues);
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		kb_err_set(KB_EXIT_RETRY, errno, "lock stats page %s", temporary);
		goto undo_map;
	}
	if (rename(temporary, path)) {
		kb_err_set(KB_EXIT_CONFIG, errno, "rename stats page to %s", path);
		goto undo_map;
	}
	own.page = stats;
	own.fd = fd;
	*out = stats;
	return 0;

undo_map:
	munmap(stats, size);
undo_file:
	unlink(temporary);
	close(fd);
	return -1;
}

/* Readers print these: none may run on into what follows it. */
static bool strings_end(const struct kb_stats *s)
{
	const struct {
		const char *text;
		size_t size;
	} strings[] = {
		{s->plane, sizeof(s->plane)},	{s->handler, sizeof(s->handler)},
		{s->iface, sizeof(s->iface)},	{s->driver, sizeof(s->driver)},
		{s->xdp, sizeof(s->xdp)},	{s->copy, sizeof(s->copy)},
		{s->detail, sizeof(s->detail)}, {s->seccomp, sizeof(s->seccomp)},
	};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (!memchr(strings[i].text, '\0', strings[i].size))
			return false;
	for (uint32_t i = 0; i < KB_HANDLER_COUNTERS; i++)
		if (!memchr(s->handler_counters[i], '\0', sizeof(s->handler_counters[i])))
			return false;
	return true;
}

static int check_page(const struct kb_stats *stats, size_t file_size, const char *path)
{
	if (stats->magic != KB_STATS_MAGIC)
		return kb_err_set(KB_EXIT_CONFIG, 0, "%s is not a stats page", path);
	if (stats->version != KB_STATS_VERSION)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "%s is a stats page of version %u, this build reads version %u",
				  path, stats->version, KB_STATS_VERSION);
	if (stats->queues < 1 || stats->queues > KB_MAX_QUEUES ||
	    stats->size != page_size(stats->queues) || stats->size != file_size)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "%s is damaged: %zu bytes do not hold %u queues", path, file_size,
				  stats->queues);
	if (!strings_end(stats))
		return kb_err_set(KB_EXIT_CONFIG, 0, "%s is damaged: a text has no end", path);
	return 0;
}

int kb_stats_attach(const struct kb_stats **out, const char *path)
{
	struct stat st;
	int result = -1;

	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kb_err_set(KB_EXIT_RETRY, errno, "open stats page %s", path);
	if (fstat(fd, &st)) {
		kb_err_set(KB_EXIT_RETRY, errno, "stat stats page %s", path);
		goto close_file;
	}
	const size_t size = (size_t)st.st_size;
	if (size < sizeof(struct kb_stats)) {
		kb_err_set(KB_EXIT_CONFIG, 0, "%s is not a stats page: %zu bytes", path, size);
		goto close_file;
	}
	const struct kb_stats *const stats = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (stats == MAP_FAILED) {
		kb_err_set(KB_EXIT_RETRY, errno, "map stats page %s", path);
		goto close_file;
	}
	result = check_page(stats, size, path);
	if (result)
		munmap((void *)(uintptr_t)stats, size);
	else
		*out = stats;
close_file:
	close(fd);
	return result;
}

void kb_stats_unmap(const struct kb_stats *stats)
{
	if (!stats)
		return;
	munmap((void *)(uintptr_t)stats, page_size(stats->queues));
	if (stats == own.page) {
		close(own.fd);
		own.page = NULL;
		own.fd = -1;
	}
}

uint64_t kb_stats_cause(const struct kb_stats *stats, enum kb_cause cause)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < stats->queues; i++)
		sum += kb_stat_get(&stats->queue[i].cause[cause]) +
		       kb_stat_get(&stats->device[i].cause[cause]);
	return sum;
}
