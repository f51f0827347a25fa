// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "kb/error.h"
#include "../src/handlers/fanout/subscriber_file.h"
#include "../src/handlers/fanout/subscribers.h"

static struct kb_subscribers list;

static int parse(const char *text)
{
	return kb_subscribers_parse(&list, text, strlen(text));
}

static void good_lists(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_int_equal(list.n, 0);
	assert_int_equal(parse("# nobody yet\n\n"), 0);
	assert_int_equal(list.n, 0);
	assert_int_equal(parse("10.0.0.1:9000,10.0.0.2:65535 # two\n239.1.1.1:1\r\n"), 0);
	assert_int_equal(list.n, 3);
	assert_memory_equal(&list.to[0].addr, "\x0a\0\0\x01", 4);
	assert_int_equal(list.to[1].port, 65535);
	assert_memory_equal(&list.to[2].addr, "\xef\x01\x01\x01", 4);
}

static void bad_entries_are_named(void **state)
{
	(void)state;
	const char *const bad[] = {"10.0.0.1",
				   "10.0.0.1:",
				   "10.0.0.1:0",
				   "10.0.0.1:65536",
				   "10.0.0.1:9000x",
				   "10.0.0:9000",
				   "0.0.0.0:9000",
				   ":9000",
				   "host:9000",
				   "10.0.0.1:9000:1",
				   "10.0.0.1:-1",
				   "10.0.0.1:000900",
				   "1111111111111111111111111111111:9000"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[128];
		snprintf(text, sizeof(text), "10.0.0.9:1\n%s\n", bad[i]);
		assert_int_equal(parse(text), -1);
		assert_non_null(strstr(kb_err_text(), "line 2"));
		assert_non_null(strstr(kb_err_text(), bad[i]));
		assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
		kb_err_clear();
	}
}

static void too_many_are_refused(void **state)
{
	(void)state;
	char *const text = calloc(KB_MAX_SUBSCRIBERS + 1, 16);
	for (uint32_t i = 0; i <= KB_MAX_SUBSCRIBERS; i++)
		strcat(text + (size_t)i * 11, "10.0.0.1:9\n");
	assert_int_equal(kb_subscribers_parse(&list, text, KB_MAX_SUBSCRIBERS * 11), 0);
	assert_int_equal(list.n, KB_MAX_SUBSCRIBERS);
	assert_int_equal(parse(text), -1);
	kb_err_clear();
	free(text);
}

static void write_file(const char *path, const char *text)
{
	FILE *const f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Waits for the watcher, as a receiving thread would: by taking the current list again and again.
 */
static uint32_t wait_for(struct kb_subscriber_file *f, uint32_t n)
{
	for (int i = 0; i < 500 && kb_subscriber_file_current(f)->n != n; i++)
		usleep(10000);
	return kb_subscriber_file_current(f)->n;
}

static void the_list_follows_its_file(void **state)
{
	(void)state;
	struct kb_subscriber_file *f;
	uint64_t reloads, refused = 0;
	char path[64];
	snprintf(path, sizeof(path), "/tmp/kb-test-subscribers-%d", getpid());

	assert_int_equal(kb_subscriber_file_open(&f, path), -1);
	kb_err_clear();
	write_file(path, "10.0.0.1:9000\n");
	assert_int_equal(kb_subscriber_file_open(&f, path), 0);
	assert_int_equal(kb_subscriber_file_current(f)->n, 1);
	write_file(path, "10.0.0.1:9000\n10.0.0.2:9000\n");
	assert_int_equal(wait_for(f, 2), 2);
	write_file(path, "nonsense\n");
	for (int i = 0; i < 500 && refused == 0; i++) {
		usleep(10000);
		kb_subscriber_file_counts(f, &reloads, &refused);
		assert_int_equal(kb_subscriber_file_current(f)->n, 2);
	}
	assert_int_equal(refused, 1);
	write_file(path, "10.0.0.1:9000\n10.0.0.2:9000\n10.0.0.3:9000\n");
	assert_int_equal(wait_for(f, 3), 3);
	kb_subscriber_file_close(f);
	unlink(path);
}

/* A list that is put in the place of another, and tells nothing by its size and its age. */
static void a_list_that_takes_its_place_is_followed(void **state)
{
	const struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	struct kb_subscriber_file *f;
	char path[64], next[80];
	(void)state;

	snprintf(path, sizeof(path), "/tmp/kb-test-subscribers-%d", getpid());
	snprintf(next, sizeof(next), "%s.next", path);
	write_file(path, "10.0.0.1:9000          \n");
	write_file(next, "10.0.0.1:1,10.0.0.2:1  \n");
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, next, old, 0), 0);
	assert_int_equal(kb_subscriber_file_open(&f, path), 0);
	assert_int_equal(rename(next, path), 0);
	assert_int_equal(wait_for(f, 2), 2);
	kb_subscriber_file_close(f);
	unlink(path);
}

static void a_name_that_is_too_long_is_refused(void **state)
{
	struct kb_subscriber_file *f;
	char path[400] = "/tmp/";
	(void)state;

	/* A file that is there, so that only its name can be the reason. */
	for (size_t at = strlen(path); at + 2 < sizeof(path); at += 2)
		memcpy(path + at, "./", 3);
	snprintf(path + 350, sizeof(path) - 350, "/kb-test-subscribers-%d", getpid());
	write_file(path, "10.0.0.1:9000\n");
	assert_int_equal(kb_subscriber_file_open(&f, path), -1);
	assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
	assert_non_null(strstr(kb_err_text(), "at most 255 characters"));
	kb_err_clear();
	unlink(path);
}

/* The cores of this process' thread of that name; none when there is no such thread. */
static cpu_set_t cores_of(const char *name)
{
	DIR *const tasks = opendir("/proc/self/task");
	cpu_set_t found;

	assert_non_null(tasks);
	CPU_ZERO(&found);
	for (struct dirent *entry; (entry = readdir(tasks));) {
		char path[300], comm[32] = "";
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
		FILE *const f = fopen(path, "r");
		if (!f)
			continue;
		if (fgets(comm, sizeof(comm), f))
			comm[strcspn(comm, "\n")] = '\0';
		fclose(f);
		if (strcmp(comm, name) == 0)
			sched_getaffinity(atoi(entry->d_name), sizeof(found), &found);
	}
	closedir(tasks);
	return found;
}

static struct kb_subscriber_file *opened;

/* As a queue's thread does it: on a core of its own. */
static void *open_on_last_core(void *path)
{
	cpu_set_t all, last;

	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&last);
	for (int cpu = CPU_SETSIZE; CPU_COUNT(&last) == 0 && cpu-- > 0;)
		if (CPU_ISSET(cpu, &all))
			CPU_SET(cpu, &last);
	sched_setaffinity(0, sizeof(last), &last);
	return kb_subscriber_file_open(&opened, path) == 0 ? opened : NULL;
}

static void its_thread_keeps_off_the_core_that_receives(void **state)
{
	cpu_set_t main_cores, watcher_cores;
	pthread_t queue;
	char path[64];
	void *done;
	(void)state;

	sched_getaffinity(0, sizeof(main_cores), &main_cores);
	if (CPU_COUNT(&main_cores) < 2)
		skip();
	snprintf(path, sizeof(path), "/tmp/kb-test-subscribers-%d", getpid());
	write_file(path, "10.0.0.1:9000\n");
	assert_int_equal(pthread_create(&queue, NULL, open_on_last_core, path), 0);
	pthread_join(queue, &done);
	assert_non_null(done);
	watcher_cores = cores_of("kb-subscribers");
	assert_true(CPU_EQUAL(&watcher_cores, &main_cores));
	kb_subscriber_file_close(opened);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lists),
		cmocka_unit_test(bad_entries_are_named),
		cmocka_unit_test(too_many_are_refused),
		cmocka_unit_test(the_list_follows_its_file),
		cmocka_unit_test(a_list_that_takes_its_place_is_followed),
		cmocka_unit_test(a_name_that_is_too_long_is_refused),
		cmocka_unit_test(its_thread_keeps_off_the_core_that_receives),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
