/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_STATSD_H
#define KB_STATSD_H

#include <stddef.h>

#include "snapshot.h"

/*
 * statsd lines as the CloudWatch agent reads them, several to a datagram. A histogram goes out as
 * one line per non-empty bucket, weighted by a sample rate of 1/count: the agent keeps values with
 * their weights, so percentiles come from the distribution itself.
 */

/* Ethernet's 1500 less IPv4, UDP and room for a tunnel: never fragmented. */
#define KB_STATSD_DATAGRAM 1432

struct kb_statsd {
	const char *name; /* dimension Name */
	void (*send)(void *to, const char *datagram, size_t len);
	void *to;
	size_t len;
	char datagram[KB_STATSD_DATAGRAM];
};

/* The growth of one interval. counter_names: of the handler's own counters, NULL ends the list. */
void kb_statsd_interval(struct kb_statsd *s, const struct kb_snapshot *growth,
			const char (*counter_names)[32]);

void kb_statsd_gauge(struct kb_statsd *s, const char *metric, int value);

/* Sends what is left in the datagram. */
void kb_statsd_flush(struct kb_statsd *s);

#endif
