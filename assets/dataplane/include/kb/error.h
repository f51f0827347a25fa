/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_ERROR_H
#define KB_ERROR_H

/*
 * Errors are a per-thread chain of sentences: the origin calls kb_err_set, callers on the way up
 * add context with kb_err_wrap, main() prints the chain once and exits with kb_err_exit().
 * Functions that fail return -1 and have recorded a reason.
 */
enum kb_exit {
	KB_EXIT_OK = 0,
	KB_EXIT_RETRY = 1,  /* may go away by itself: systemd restarts */
	KB_EXIT_CONFIG = 2, /* cannot: RestartPreventExitStatus=2 */
};

/* Starts a chain. errnum 0 = no system error text. Always returns -1. */
int kb_err_set(enum kb_exit exit, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts context in front: "open data interface: bind eth1:0: Device or resource busy". Returns -1.
 */
int kb_err_wrap(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The whole chain, "" when there is none. */
const char *kb_err_text(void);

/* The exit status the origin asked for, KB_EXIT_RETRY when there is no chain. */
enum kb_exit kb_err_exit(void);

void kb_err_clear(void);

#endif
