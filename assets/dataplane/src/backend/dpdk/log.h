/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_DPDK_LOG_H
#define KB_DPDK_LOG_H

/*
 * DPDK's log, passed on to stderr line by line. Two things are said only there: why it failed, and
 * whether ENA granted low-latency queues.
 */
enum kb_llq { KB_LLQ_UNKNOWN, KB_LLQ_OFF, KB_LLQ_ON };

/* Before rte_eal_init(). Returns 0, or -1 with kb_err. */
int kb_dpdk_log_open(void);

/*
 * What was logged at level error or worse since it was forgotten last: " (message; message)", or ""
 * when there was nothing. To be put behind a sentence of our own. The first messages are kept: they
 * name the cause, and those that follow what failed because of it.
 */
const char *kb_dpdk_log_reason(void);

void kb_dpdk_log_forget(void);

enum kb_llq kb_dpdk_log_llq(void);

#endif
