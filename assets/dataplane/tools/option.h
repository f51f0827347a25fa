/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_OPTION_H
#define KB_OPTION_H

#include <stdint.h>

/*
 * Values of the tools' command lines. Every function but the last takes the option's name without
 * its dashes, for the sentence, and returns 0, or -1 with kb_err.
 */

/* "--NAME must be ALLOWED, got 'VALUE'": always -1. */
int kb_option_bad(const char *name, const char *allowed, const char *value);

int kb_option_number(uint64_t *out, const char *name, uint64_t min, uint64_t max,
		     const char *value);

int kb_option_number32(uint32_t *out, const char *name, uint32_t min, uint32_t max,
		       const char *value);

/* A time or a size, which may have a fraction: more than 0. */
int kb_option_positive(double *out, const char *name, double max, const char *value);
#define KB_OPTION_YEAR 31536000.0 /* in seconds: nobody sends or captures for longer */

/* "0.5" or "0.5%", from 0 to 100. Returns where it ends in `text`, NULL when there is none. */
const char *kb_option_percent(double *out, const char *text);

#endif
