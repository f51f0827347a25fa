// SPDX-License-Identifier: Apache-2.0
#include "kb/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Room for a configuration with most of its keys wrong: about 30 sentences. */
#define KB_ERR_SIZE 4096

static _Thread_local struct {
	char text[KB_ERR_SIZE];
	enum kb_exit exit;
} chain = {.exit = KB_EXIT_RETRY};

int kb_err_set(enum kb_exit exit, int errnum, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(chain.text, sizeof(chain.text), fmt, ap);
	va_end(ap);
	if (errnum) {
		const size_t len = strlen(chain.text);
		char reason[128];

		snprintf(chain.text + len, sizeof(chain.text) - len, ": %s",
			 strerror_r(errnum, reason, sizeof(reason)));
	}
	chain.exit = exit;
	return -1;
}

int kb_err_wrap(const char *fmt, ...)
{
	char context[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);

	/* The end of a chain that is too long is lost, not its context. */
	const size_t front = strlen(context);
	const size_t kept = strnlen(chain.text, sizeof(chain.text) - front - 3);
	if (kept == 0) {
		memcpy(chain.text, context, front + 1);
		return -1;
	}
	memmove(chain.text + front + 2, chain.text, kept);
	memcpy(chain.text, context, front);
	memcpy(chain.text + front, ": ", 2);
	chain.text[front + 2 + kept] = '\0';
	return -1;
}

const char *kb_err_text(void)
{
	return chain.text;
}

enum kb_exit kb_err_exit(void)
{
	return chain.exit;
}

void kb_err_clear(void)
{
	chain.text[0] = '\0';
	chain.exit = KB_EXIT_RETRY;
}
