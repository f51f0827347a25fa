/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_BPF_H
#define KB_BPF_H

#include <stdbool.h>
#include <stdint.h>
#include "filter_shared.h"
#include "kb/config.h"
#include "kb/stats.h"

/*
 * The XDP programs of bpf/ seen from user space. A mode that the driver refuses is an error with
 * the driver's reason, never a quiet fall-back to a slower one.
 * Functions return 0, or -1 with the reason in kb_err.
 */

/* --- verdicts --- */

struct kb_verdict_info {
	const char *name;
	int cause; /* enum kb_cause, or KB_PARSE_OK: on its way to its receiver */
	const char *meaning;
};
extern const struct kb_verdict_info kb_verdicts[KB_VERDICTS];

/* Sum over all CPUs of a `counts` map. */
int kb_counts_read(struct kb_filter_counts *out, int map_fd);

/* cause[] += what was counted between two readings. */
void kb_counts_book(uint64_t cause[KB_CAUSES], const struct kb_filter_counts *now,
		    const struct kb_filter_counts *since);

/* --- what is attached to an interface, read from the kernel --- */

struct kb_xdp_state {
	uint32_t prog_id; /* 0 = no program */
	bool native;
	char name[16]; /* the program's name, as long as the kernel keeps it */
};

int kb_xdp_query(struct kb_xdp_state *out, int ifindex);

/* "native", "generic", or "" when nothing is attached. */
const char *kb_xdp_mode(const struct kb_xdp_state *state);

/* --- the AF_XDP program: lives as long as its process --- */

struct kb_redirect;

/* Loads it for cfg's flows and attaches it to the interface in exactly cfg->xdp_mode. */
int kb_redirect_open(struct kb_redirect **out, const struct kb_config *cfg, int ifindex);

/* From now on frames of wanted flows that arrive on `queue` go to socket `fd`. */
int kb_redirect_socket(struct kb_redirect *r, uint32_t queue, int fd);

int kb_redirect_counts(const struct kb_redirect *r, struct kb_filter_counts *out);

/* Fails when the program is no longer what the interface runs. */
int kb_redirect_check(const struct kb_redirect *r);

/* Detaches; NULL is allowed. */
void kb_redirect_close(struct kb_redirect *r);

/* --- the socket filter: outlives kb-xdp --- */

/* Attaches the filter, or replaces it without a gap when it is there already. */
int kb_filter_attach(const struct kb_config *cfg, int ifindex);

/* Detaches the filter if it is ours and removes its pins. Nothing attached is no error. */
int kb_filter_detach(const struct kb_config *cfg, int ifindex);

struct kb_filter_status {
	struct kb_xdp_state xdp;
	bool ours; /* the fields below are known */
	bool drop_unmatched;
	struct kb_flows flows;
	struct kb_filter_counts counts;
};

/* All of it read back from the kernel, nothing from the plan. */
int kb_filter_status(struct kb_filter_status *out, int ifindex);

/* What kb-xdp pinned for cfg's interface: for readers who may not ask for all of the above. */
struct kb_filter_pins {
	uint32_t prog_id;   /* compare with kb_xdp_state.prog_id: pins may be of an earlier filter */
	uint32_t counts_id; /* a filter that replaces another goes on with its counters */
	int counts;	    /* descriptor for kb_counts_read(); the caller closes it */
};
int kb_filter_open_pins(struct kb_filter_pins *out, const struct kb_config *cfg);

#endif
