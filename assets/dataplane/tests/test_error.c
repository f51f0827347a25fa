// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include <errno.h>
#include <pthread.h>

#include "kb/error.h"

static void a_chain_reads_from_outside_in(void **state)
{
	(void)state;
	assert_int_equal(kb_err_set(KB_EXIT_CONFIG, EBUSY, "bind %s:%u", "eth1", 0u), -1);
	assert_int_equal(kb_err_wrap("queue %d", 3), -1);
	assert_int_equal(kb_err_wrap("open data interface"), -1);
	assert_string_equal(kb_err_text(),
			    "open data interface: queue 3: bind eth1:0: Device or resource busy");
	assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
}

static void without_errnum_there_is_no_system_text(void **state)
{
	(void)state;
	kb_err_set(KB_EXIT_RETRY, 0, "no such thing");
	assert_string_equal(kb_err_text(), "no such thing");
}

static void a_new_origin_starts_a_new_chain(void **state)
{
	(void)state;
	kb_err_set(KB_EXIT_CONFIG, 0, "old");
	kb_err_wrap("outer");
	kb_err_set(KB_EXIT_RETRY, 0, "new");
	assert_string_equal(kb_err_text(), "new");
	assert_int_equal(kb_err_exit(), KB_EXIT_RETRY);
}

static void cleared_means_none(void **state)
{
	(void)state;
	kb_err_set(KB_EXIT_CONFIG, 0, "something");
	kb_err_clear();
	assert_string_equal(kb_err_text(), "");
	assert_int_equal(kb_err_exit(), KB_EXIT_RETRY);
}

static void too_long_a_chain_keeps_its_front(void **state)
{
	char long_text[6000];
	(void)state;

	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	kb_err_set(KB_EXIT_RETRY, EIO, "%s", long_text);
	for (int i = 0; i < 20; i++)
		kb_err_wrap("context %d", i);
	assert_int_equal(strncmp(kb_err_text(), "context 19: context 18: ", 24), 0);
	assert_true(strlen(kb_err_text()) < 4096);
}

static void *other_thread(void *arg)
{
	(void)arg;
	assert_string_equal(kb_err_text(), "");
	kb_err_set(KB_EXIT_RETRY, 0, "theirs");
	return NULL;
}

static void threads_do_not_share_chains(void **state)
{
	pthread_t thread;
	(void)state;

	kb_err_set(KB_EXIT_CONFIG, 0, "mine");
	assert_int_equal(pthread_create(&thread, NULL, other_thread, NULL), 0);
	pthread_join(thread, NULL);
	assert_string_equal(kb_err_text(), "mine");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chain_reads_from_outside_in),
		cmocka_unit_test(without_errnum_there_is_no_system_text),
		cmocka_unit_test(a_new_origin_starts_a_new_chain),
		cmocka_unit_test(cleared_means_none),
		cmocka_unit_test(too_long_a_chain_keeps_its_front),
		cmocka_unit_test(threads_do_not_share_chains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
