// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "kb/bpf.h"
#include "kb/error.h"
#include "xdp_program.h"
#include "redirect.skel.h" /* last: it uses the types of filter_shared.h */

struct kb_redirect {
	struct redirect_bpf *bpf;
	int ifindex;
	int link; /* closing it detaches, also when the process dies */
	uint32_t prog_id;
};

/*
 * A link gives no reason when the driver refuses, a netlink request does: so ask once more that
 * way, only to hear why. Should that one succeed, the program is taken off at once.
 */
static void ask_why(const struct kb_redirect *r, const struct kb_config *cfg)
{
	const __u32 flags = kb_xdp_flags(cfg) | XDP_FLAGS_UPDATE_IF_NOEXIST;
	const int prog = bpf_program__fd(r->bpf->progs.kb_redirect);

	if (bpf_xdp_attach(r->ifindex, prog, flags, NULL))
		return;
	LIBBPF_OPTS(bpf_xdp_attach_opts, mine, .old_prog_fd = prog);
	bpf_xdp_detach(r->ifindex, kb_xdp_flags(cfg) | XDP_FLAGS_REPLACE, &mine);
}

static int attach(struct kb_redirect *r, const struct kb_config *cfg)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = kb_xdp_flags(cfg));
	struct kb_xdp_state state;
	const int link = bpf_link_create(bpf_program__fd(r->bpf->progs.kb_redirect), r->ifindex,
					 BPF_XDP, &opts);

	if (link < 0) {
		if (link != -EBUSY && link != -EEXIST && link != -EPERM)
			ask_why(r, cfg);
		return kb_xdp_attach_refused(KB_REDIRECT_PROGRAM, cfg, r->ifindex, -link);
	}
	r->link = link;
	if (kb_xdp_query(&state, r->ifindex))
		return -1;
	r->prog_id = state.prog_id;
	return 0;
}

int kb_redirect_open(struct kb_redirect **out, const struct kb_config *cfg, int ifindex)
{
	kb_xdp_listen();
	struct kb_redirect *const r = calloc(1, sizeof(*r));
	if (!r)
		return kb_err_set(KB_EXIT_RETRY, ENOMEM, "load XDP program");
	r->ifindex = ifindex;
	r->link = -1;
	r->bpf = redirect_bpf__open();
	if (!r->bpf) {
		kb_xdp_load_refused(KB_REDIRECT_PROGRAM, errno);
		goto undo_alloc;
	}
	r->bpf->rodata->config.drop_unmatched = cfg->unmatched == KB_UNMATCHED_DROP;
	const int err = redirect_bpf__load(r->bpf);
	if (err) {
		kb_xdp_load_refused(KB_REDIRECT_PROGRAM, -err);
		goto undo_open;
	}
	if (kb_xdp_put_flows(bpf_map__fd(r->bpf->maps.flows), &cfg->flows) || attach(r, cfg))
		goto undo_open;
	*out = r;
	return 0;

undo_open:
	if (r->link >= 0)
		close(r->link);
	redirect_bpf__destroy(r->bpf);
undo_alloc:
	free(r);
	return -1;
}

int kb_redirect_socket(struct kb_redirect *r, uint32_t queue, int fd)
{
	const int err =
		bpf_map_update_elem(bpf_map__fd(r->bpf->maps.sockets), &queue, &fd, BPF_ANY);

	return err ? kb_err_set(KB_EXIT_RETRY, -err, "connect queue %u to its socket", queue) : 0;
}

int kb_redirect_counts(const struct kb_redirect *r, struct kb_filter_counts *out)
{
	return kb_counts_read(out, bpf_map__fd(r->bpf->maps.counts));
}

int kb_redirect_check(const struct kb_redirect *r)
{
	struct kb_xdp_state state;

	if (kb_xdp_query(&state, r->ifindex))
		return -1;
	if (state.prog_id != r->prog_id)
		return kb_err_set(
			KB_EXIT_RETRY, 0,
			"the XDP program was detached by somebody else: packets no longer "
			"reach the sockets");
	return 0;
}

void kb_redirect_close(struct kb_redirect *r)
{
	if (!r)
		return;
	close(r->link);
	redirect_bpf__destroy(r->bpf);
	free(r);
}
