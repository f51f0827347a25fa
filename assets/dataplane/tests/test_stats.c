// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kb/error.h"
#include "kb/stats.h"
#include "snapshot.h"

static char dir[] = "/tmp/kb-test-stats-XXXXXX";
static char path[64];

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/page", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static struct kb_stats *create(uint32_t queues)
{
	struct kb_stats *stats;

	assert_int_equal(kb_stats_create(&stats, path, queues), 0);
	return stats;
}

static void a_reader_sees_what_the_writer_wrote(void **state)
{
	const struct kb_stats *seen;
	struct kb_stats *const stats = create(2);
	(void)state;

	assert_int_equal(kb_stats_attach(&seen, path), 0);
	assert_int_equal(seen->pid, getpid());
	assert_int_equal(seen->queues, 2);
	assert_true(seen->start_ns > 0);
	kb_stat_add(&stats->queue[1].received, 42);
	kb_stat_add(&stats->queue[0].cause[KB_CAUSE_FRAGMENT], 3);
	kb_stat_add(&stats->device[1].cause[KB_CAUSE_FRAGMENT], 4);
	kb_hist_record(&stats->queue[0].receive, 1000);
	assert_int_equal(kb_stat_get(&seen->queue[1].received), 42);
	assert_int_equal(kb_stats_cause(seen, KB_CAUSE_FRAGMENT), 7);
	assert_int_equal(kb_hist_quantile(&seen->queue[0].receive, 0.5), 1000);
	kb_stats_unmap(seen);
	kb_stats_unmap(stats);
}

static void blocks_do_not_share_cache_lines(void **state)
{
	struct kb_stats *const stats = create(2);
	(void)state;

	assert_int_equal((uintptr_t)&stats->queue[0] % 64, 0);
	assert_int_equal((uintptr_t)&stats->queue[1] % 64, 0);
	assert_int_equal((uintptr_t)&stats->device[1] % 64, 0);
	assert_int_equal((uintptr_t)stats->queue[0].cause % 64, 0);
	kb_stats_unmap(stats);
}

static void no_temporary_file_is_left(void **state)
{
	struct stat st;
	char temporary[80];
	struct kb_stats *const stats = create(1);
	(void)state;

	snprintf(temporary, sizeof(temporary), "%s.%d", path, (int)getpid());
	assert_int_equal(stat(temporary, &st), -1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	kb_stats_unmap(stats);
}

static void a_new_receiver_replaces_the_old_page(void **state)
{
	const struct kb_stats *seen;
	struct kb_stats *stats = create(1);
	const uint64_t first = stats->start_ns;
	(void)state;

	kb_stat_add(&stats->queue[0].received, 5);
	kb_stats_unmap(stats);
	stats = create(3);
	assert_int_equal(kb_stats_attach(&seen, path), 0);
	assert_int_equal(seen->queues, 3);
	assert_int_equal(seen->queue[0].received, 0);
	assert_true(seen->start_ns > first);
	kb_stats_unmap(seen);
	kb_stats_unmap(stats);
}

static void a_page_with_a_living_writer_is_refused(void **state)
{
	int ready[2], done[2];
	char byte = 0;
	(void)state;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(done), 0);
	const pid_t child = fork();
	if (child == 0) {
		struct kb_stats *stats;
		const int result = kb_stats_create(&stats, path, 1);

		(void)!write(ready[1], &byte, 1);
		(void)!read(done[0], &byte, 1);
		_exit(result ? 1 : 0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);

	struct kb_stats *stats;
	assert_int_equal(kb_stats_create(&stats, path, 1), -1);
	assert_contains(kb_err_text(), "belongs to a running receiver");

	/* However the writer ends, its claim ends with it. */
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	kb_stats_unmap(create(1));
	close(ready[0]);
	close(ready[1]);
	close(done[0]);
	close(done[1]);
}

static void write_file(const void *bytes, size_t len)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static void refused(const char *reason)
{
	const struct kb_stats *seen;

	assert_int_equal(kb_stats_attach(&seen, path), -1);
	assert_contains(kb_err_text(), reason);
}

static void damaged_pages_are_refused(void **state)
{
	const size_t size = sizeof(struct kb_stats) + sizeof(struct kb_queue_stats);
	struct kb_stats *const page = calloc(1, size);
	(void)state;

	assert_non_null(page);
	*page = (struct kb_stats){.magic = KB_STATS_MAGIC,
				  .version = KB_STATS_VERSION,
				  .size = (uint32_t)size,
				  .queues = 1};

	const struct kb_stats *seen;
	write_file(page, size);
	assert_int_equal(kb_stats_attach(&seen, path), 0);
	kb_stats_unmap(seen);

	write_file(page, size - 1);
	refused("damaged");
	write_file(page, sizeof(struct kb_stats) - 1);
	refused("not a stats page");
	write_file(page, 0);
	refused("not a stats page");
	page->queues = 2;
	write_file(page, size);
	refused("damaged");
	page->queues = 0;
	write_file(page, size);
	refused("damaged");
	page->queues = UINT32_MAX;
	write_file(page, size);
	refused("damaged");
	page->queues = 1;
	page->version = KB_STATS_VERSION + 1;
	write_file(page, size);
	refused("version 2, this build reads version 1");
	page->version = KB_STATS_VERSION;
	memset(page->detail, 'x', sizeof(page->detail));
	write_file(page, size);
	refused("a text has no end");
	memset(page->detail, 0, sizeof(page->detail));
	memset(page->handler_counters[3], 'x', sizeof(page->handler_counters[3]));
	write_file(page, size);
	refused("a text has no end");
	page->magic = 0;
	write_file(page, size);
	refused("not a stats page");
	unlink(path);
	refused("open stats page");
	free(page);
}

static void queues_out_of_range_are_refused(void **state)
{
	struct kb_stats *stats;
	(void)state;

	assert_int_equal(kb_stats_create(&stats, path, 0), -1);
	assert_int_equal(kb_stats_create(&stats, path, KB_MAX_QUEUES + 1), -1);
	assert_contains(kb_err_text(), "got 129");
	assert_int_equal(kb_stats_create(&stats, "/proc/none/page", 1), -1);
	assert_contains(kb_err_text(), "create stats page /proc/none/page");
}

static void every_cause_is_described(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < KB_CAUSES; i++) {
		assert_true(strlen(kb_causes[i].name) > 0);
		assert_true(strlen(kb_causes[i].meaning) > 0);
		for (uint32_t j = 0; j < i; j++)
			assert_string_not_equal(kb_causes[i].name, kb_causes[j].name);
	}
	assert_int_equal(kb_causes[KB_CAUSE_SOCKET_OVERFLOW].class, KB_CLASS_LOST);
	assert_int_equal(kb_causes[KB_CAUSE_NO_FLOW].class, KB_CLASS_IGNORED);
}

static void snapshots_add_up_and_subtract(void **state)
{
	struct kb_stats *const stats = create(2);
	struct kb_snapshot *const s = calloc(3, sizeof(*s));
	(void)state;

	assert_non_null(s);
	kb_stat_add(&stats->queue[0].received, 10);
	kb_stat_add(&stats->queue[1].received, 20);
	kb_stat_add(&stats->queue[0].gaps, 9);
	stats->unexplained = 5;
	stats->undecided = 2;
	kb_stat_add(&stats->device[0].cause[KB_CAUSE_NIC_OVERRUN], 4);
	kb_stat_add(&stats->queue[1].cause[KB_CAUSE_NO_FLOW], 100);
	kb_snapshot_take(&s[0], stats);
	assert_int_equal(s[0].received, 30);
	assert_int_equal(kb_snapshot_class(&s[0], KB_CLASS_LOST), 4);
	assert_int_equal(kb_snapshot_class(&s[0], KB_CLASS_IGNORED), 100);
	assert_int_equal(s[0].unexplained, 5);
	assert_int_equal(s[0].undecided, 2);

	kb_stat_add(&stats->queue[1].received, 7);
	stats->device[0].cause[KB_CAUSE_NIC_OVERRUN] = 3; /* stepped back */
	stats->unexplained = 6;
	stats->undecided = 1;
	kb_snapshot_take(&s[1], stats);
	kb_snapshot_diff(&s[2], &s[1], &s[0]);
	assert_int_equal(s[2].received, 7);
	assert_int_equal(s[2].cause[KB_CAUSE_NIC_OVERRUN], 0);
	assert_int_equal(s[2].unexplained, 1);
	assert_int_equal(s[2].undecided, 1);

	/* Another receiver's page is all growth. */
	s[1].start_ns++;
	kb_snapshot_diff(&s[2], &s[1], &s[0]);
	assert_int_equal(s[2].received, 37);
	assert_int_equal(s[2].unexplained, 6);
	free(s);
	kb_stats_unmap(stats);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_sees_what_the_writer_wrote),
		cmocka_unit_test(blocks_do_not_share_cache_lines),
		cmocka_unit_test(no_temporary_file_is_left),
		cmocka_unit_test(a_new_receiver_replaces_the_old_page),
		cmocka_unit_test(a_page_with_a_living_writer_is_refused),
		cmocka_unit_test(damaged_pages_are_refused),
		cmocka_unit_test(queues_out_of_range_are_refused),
		cmocka_unit_test(every_cause_is_described),
		cmocka_unit_test(snapshots_add_up_and_subtract),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
