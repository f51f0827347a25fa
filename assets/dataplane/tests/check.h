/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_TESTS_CHECK_H
#define KB_TESTS_CHECK_H

/* cmocka with the headers it wants before it, and what our tests add. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* meson's exit status for "skipped", used when the machine lacks something. */
#define EXIT_SKIP 77

/* Fails with both texts when `text` does not contain `part`. */
#define assert_contains(text, part)                                                                \
	do {                                                                                       \
		if (!strstr((text), (part)))                                                       \
			fail_msg("\"%s\" does not contain \"%s\"", (text), (part));                \
	} while (0)

/* cmocka has one, which its version 2 deprecates for others that version 1 has not. */
#define assert_between(value, least, most)                                                         \
	do {                                                                                       \
		const int64_t got_ = (int64_t)(value);                                             \
		if (got_ < (int64_t)(least) || got_ > (int64_t)(most))                             \
			fail_msg("%s is %lld", #value, (long long)got_);                           \
	} while (0)

#endif
