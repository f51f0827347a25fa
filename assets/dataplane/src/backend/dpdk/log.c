// SPDX-License-Identifier: Apache-2.0
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <rte_log.h>

#include "kb/error.h"

/* One log per process, as DPDK has one. Written under the stream's own lock. */
static FILE *stream;
static char reason[384]; /* without the closing parenthesis */
static char closed[sizeof(reason) + 1];
static enum kb_llq llq;

static void keep(const char *text, size_t len)
{
	const size_t used = strlen(reason);
	while (len && (text[len - 1] == '\n' || text[len - 1] == '.'))
		len--;
	/* Whole messages only. */
	if (len && used + len + strlen("; ") < sizeof(reason))
		snprintf(reason + used, sizeof(reason) - used, "%s%.*s", used ? "; " : " (",
			 (int)len, text);
}

static void look_at(const char *text, size_t len)
{
	static const char placement[] = "Placement policy: ";
	if (rte_log_cur_msg_loglevel() <= (int)RTE_LOG_ERR)
		keep(text, len);
	const char *const at = memmem(text, len, placement, strlen(placement));
	if (at) {
		const size_t rest = len - (size_t)(at - text);
		llq = memmem(at, rest, "Low latency", strlen("Low latency")) ? KB_LLQ_ON
									     : KB_LLQ_OFF;
	}
}

/* DPDK flushes after each message, so a write is one message. */
static ssize_t on_write(void *cookie, const char *text, size_t len)
{
	(void)cookie;
	look_at(text, len);
	fwrite(text, 1, len, stderr);
	return (ssize_t)len;
}

int kb_dpdk_log_open(void)
{
	if (stream)
		return 0;
	stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = on_write});
	if (!stream || rte_openlog_stream(stream))
		return kb_err_set(KB_EXIT_RETRY, errno, "open DPDK's log");
	return 0;
}

const char *kb_dpdk_log_reason(void)
{
	flockfile(stream);
	snprintf(closed, sizeof(closed), "%s%s", reason, reason[0] ? ")" : "");
	funlockfile(stream);
	return closed;
}

void kb_dpdk_log_forget(void)
{
	flockfile(stream);
	reason[0] = '\0';
	funlockfile(stream);
}

enum kb_llq kb_dpdk_log_llq(void)
{
	return llq;
}
