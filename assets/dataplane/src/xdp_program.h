/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_XDP_PROGRAM_H
#define KB_XDP_PROGRAM_H

#include <linux/types.h>
#include "kb/config.h"

/* What the loaders of both XDP programs share. Functions return 0, or -1 with kb_err. */

#define KB_FILTER_PROGRAM   "kb_filter"
#define KB_REDIRECT_PROGRAM "kb_redirect"

/* Lets libbpf's warnings through to stderr, except the driver's reasons, which go into kb_err. */
void kb_xdp_listen(void);

/* The reason the kernel gave for the last refused netlink request, "" when it gave none. */
const char *kb_xdp_last_reason(void);

/* XDP_FLAGS_* for cfg->xdp_mode. */
__u32 kb_xdp_flags(const struct kb_config *cfg);

int kb_xdp_put_flows(int flows_fd, const struct kb_flows *flows);

/* Records why `program` could not be loaded or attached; errnum is positive. Returns -1. */
int kb_xdp_load_refused(const char *program, int errnum);
int kb_xdp_attach_refused(const char *program, const struct kb_config *cfg, int ifindex,
			  int errnum);

#endif
