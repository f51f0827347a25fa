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

#endif
