// SPDX-License-Identifier: Apache-2.0
/* In a build without libbpf no filter can be read, so the plane `xdp` is refused. */
#include <stddef.h>

#include "kb/error.h"
#include "xdp_ledger.h"

int kb_xdp_ledger_open(struct kb_xdp_ledger **out, const struct kb_config *cfg, int ifindex)
{
	(void)out;
	(void)cfg;
	(void)ifindex;
	return kb_err_set(KB_EXIT_CONFIG, 0,
			  "KB_PLANE \"xdp\" needs a kb-kernel built with -Dafxdp=enabled");
}

uint64_t kb_xdp_ledger_read(struct kb_xdp_ledger *l, uint64_t *cause)
{
	(void)l;
	(void)cause;
	return 0;
}

const char *kb_xdp_ledger_mode(const struct kb_xdp_ledger *l)
{
	(void)l;
	return "";
}

void kb_xdp_ledger_close(struct kb_xdp_ledger *l)
{
	(void)l;
}
