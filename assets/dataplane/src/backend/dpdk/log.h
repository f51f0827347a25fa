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

/* The last message of level error or worse, "" when there was none. */
const char *kb_dpdk_log_error(void);

enum kb_llq kb_dpdk_log_llq(void);

#endif
