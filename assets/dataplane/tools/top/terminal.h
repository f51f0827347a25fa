/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_TOP_TERMINAL_H
#define KB_TOP_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A full screen on standard output, keys from standard input, with the few control sequences that
 * every terminal since the VT100 knows and a remote shell passes through.
 */

/* Takes the screen over. Returns 0, or -1 with kb_err. */
int kb_terminal_open(void);

/* As it was before. May be called twice. */
void kb_terminal_close(void);

/* The size now: it may change while we look. */
void kb_terminal_size(uint32_t *rows, uint32_t *columns);

/* Shows `text`, lines ended by '\n', in place of what was there. -1 when nobody is there to see. */
int kb_terminal_show(const char *text);

enum kb_terminal_event { KB_TERMINAL_TIMEOUT, KB_TERMINAL_RESIZED, KB_TERMINAL_QUIT };

/* Waits for a key, a signal or the end of `ms`. */
enum kb_terminal_event kb_terminal_wait(int ms);

#endif
