/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_SUBSCRIBER_FILE_H
#define KB_SUBSCRIBER_FILE_H

#include "subscribers.h"

/*
 * A subscriber list that follows a file. A thread of its own reads the file when it changes; the
 * receiving thread takes the newest list at the start of a burst with one load and no lock, so a
 * reload costs no packet. A list that does not parse is reported and the last good one stays.
 */
struct kb_subscriber_file;

/* Reads the file once; fails when it cannot be read or parsed. Returns 0, or -1 with kb_err. */
int kb_subscriber_file_open(struct kb_subscriber_file **out, const char *path);

/*
 * The list to use for this burst. The one before it may be freed once this has been called again,
 * so a caller keeps no pointer beyond its burst. One calling thread.
 */
const struct kb_subscribers *kb_subscriber_file_current(struct kb_subscriber_file *f);

/* How often the list was replaced, and how often a new text was refused. */
void kb_subscriber_file_counts(struct kb_subscriber_file *f, uint64_t *reloads, uint64_t *refused);

void kb_subscriber_file_close(struct kb_subscriber_file *f);

#endif
