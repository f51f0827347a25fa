/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_GEN_RESULT_H
#define KB_GEN_RESULT_H

#include <stdio.h>

#include "pace.h"

/* What is reported of a run besides the result itself. */
struct kb_gen_run {
	const struct kb_gen_options *o;
	const char *program;
	const char *driver;
	uint64_t refused;	   /* taken by the sender, but never to go out */
	const uint64_t *malformed; /* taken beside the messages, by kind; may be NULL */
};

/* For people. */
void kb_gen_result_print(FILE *to, const struct kb_gen_run *run, const struct kb_gen_result *r);

/* One JSON object. */
void kb_gen_result_json(FILE *to, const struct kb_gen_run *run, const struct kb_gen_result *r);

/* True when every datagram whose time came has been sent. */
bool kb_gen_result_complete(const struct kb_gen_run *run, const struct kb_gen_result *r);

#endif
