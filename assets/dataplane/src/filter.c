// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <limits.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpffs.h"
#include "kb/bpf.h"
#include "kb/error.h"
#include "xdp_program.h"
#include "filter.skel.h" /* last: it uses the types of filter_shared.h */

/*
 * What kb-xdp pins for others to read: KB_BPF_DIR/<interface>/<name>. The program, because only so
 * can a reader without CAP_SYS_ADMIN know whose maps these are.
 */
static const char *const pinned[] = {"counts", "flows", "program"};
#define PINNED (sizeof(pinned) / sizeof(pinned[0]))

static bool is_ours(const struct kb_xdp_state *state)
{
	return strcmp(state->name, KB_FILTER_PROGRAM) == 0;
}

/* The map called `name` (or ending in it, when it starts with a dot) that a program uses: a file
 * descriptor, or -1. Found through the program, so that lost pins do not matter. */
static int map_of(uint32_t prog_id, const char *name)
{
	struct bpf_prog_info prog = {0};
	__u32 ids[8], size = sizeof(prog);
	int found = -1;

	const int prog_fd = bpf_prog_get_fd_by_id(prog_id);
	if (prog_fd < 0)
		return -1;
	prog.nr_map_ids = sizeof(ids) / sizeof(ids[0]);
	prog.map_ids = (uintptr_t)ids;
	const int err = bpf_obj_get_info_by_fd(prog_fd, &prog, &size);
	for (uint32_t i = 0; !err && found < 0 && i < prog.nr_map_ids; i++) {
		struct bpf_map_info map = {0};
		const int fd = bpf_map_get_fd_by_id(ids[i]);

		size = sizeof(map);
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &map, &size)) {
			if (fd >= 0)
				close(fd);
			continue;
		}
		const char *const dot = name[0] == '.' ? strchr(map.name, '.') : NULL;
		if (strcmp(dot ? dot : map.name, name) == 0)
			found = fd;
		else
			close(fd);
	}
	close(prog_fd);
	return found;
}

/* --- pins --- */

static void pin_path(char path[PATH_MAX], const struct kb_config *cfg, const char *map,
		     const char *suffix)
{
	snprintf(path, PATH_MAX, "%s/%s%s%s%s", cfg->bpf_dir, cfg->iface, map[0] ? "/" : "", map,
		 suffix);
}

/*
 * Pinned beside the old pins and renamed over them when all is in place, so that a reader finds the
 * old map or the new one. No dot: the BPF file system keeps dots to itself.
 */
#define FRESH "_new"

static void drop_fresh_pins(const struct kb_config *cfg)
{
	char path[PATH_MAX];

	for (uint32_t i = 0; i < PINNED; i++) {
		pin_path(path, cfg, pinned[i], FRESH);
		unlink(path);
	}
}

static int pin_fresh(const struct kb_config *cfg, const struct filter_bpf *bpf)
{
	char path[PATH_MAX];

	drop_fresh_pins(cfg); /* of an attach that was killed */
	for (uint32_t i = 0; i < PINNED; i++) {
		const struct bpf_map *const map = bpf_object__find_map_by_name(bpf->obj, pinned[i]);
		const int fd = map ? bpf_map__fd(map) : bpf_program__fd(bpf->progs.kb_filter);

		pin_path(path, cfg, pinned[i], FRESH);
		const int err = bpf_obj_pin(fd, path);
		if (err) {
			drop_fresh_pins(cfg);
			return kb_err_set(KB_EXIT_RETRY, -err, "pin %s", path);
		}
	}
	return 0;
}

static int publish_pins(const struct kb_config *cfg)
{
	char path[PATH_MAX], fresh[PATH_MAX];

	for (uint32_t i = 0; i < PINNED; i++) {
		pin_path(path, cfg, pinned[i], "");
		pin_path(fresh, cfg, pinned[i], FRESH);
		if (rename(fresh, path))
			return kb_err_set(KB_EXIT_RETRY, errno, "pin %s", path);
	}
	return 0;
}

static void unpin(const struct kb_config *cfg)
{
	char path[PATH_MAX];

	for (uint32_t i = 0; i < PINNED; i++) {
		pin_path(path, cfg, pinned[i], "");
		unlink(path);
	}
	pin_path(path, cfg, "", "");
	rmdir(path);
}

/* --- attach --- */

/* Counters go on over a replacement: what a receiver has read so far stays true. */
static void keep_counts(struct filter_bpf *bpf, uint32_t prog_id)
{
	struct bpf_map_info map = {0};
	__u32 size = sizeof(map);

	const int fd = map_of(prog_id, "counts");
	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &map, &size) &&
	    map.value_size == sizeof(struct kb_filter_counts))
		bpf_map__reuse_fd(bpf->maps.counts, fd);
	close(fd);
}

static int take_off(const struct kb_config *cfg, int ifindex, const struct kb_xdp_state *state)
{
	const __u32 mode = state->native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
	const int prog = bpf_prog_get_fd_by_id(state->prog_id);

	if (prog < 0)
		return kb_err_set(KB_EXIT_RETRY, -prog, "open XDP program %u of %s", state->prog_id,
				  cfg->iface);
	/* Only if it is still that one: somebody may have been quicker. */
	LIBBPF_OPTS(bpf_xdp_attach_opts, that, .old_prog_fd = prog);
	const int err = bpf_xdp_detach(ifindex, mode | XDP_FLAGS_REPLACE, &that);
	close(prog);
	return err ? kb_err_set(KB_EXIT_RETRY, -err, "detach XDP program %u from %s",
				state->prog_id, cfg->iface)
		   : 0;
}

static int put_on(const struct kb_config *cfg, int ifindex, const struct filter_bpf *bpf,
		  const struct kb_xdp_state *state)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, old);
	__u32 flags = kb_xdp_flags(cfg);

	/* The kernel replaces a program in one step, but only within a mode. */
	if (state->prog_id && state->native != (cfg->xdp_mode == KB_XDP_NATIVE)) {
		if (take_off(cfg, ifindex, state))
			return -1;
		flags |= XDP_FLAGS_UPDATE_IF_NOEXIST;
	} else if (state->prog_id) {
		old.old_prog_fd = bpf_prog_get_fd_by_id(state->prog_id);
		if (old.old_prog_fd < 0)
			return kb_err_set(KB_EXIT_RETRY, -old.old_prog_fd,
					  "open XDP program %u of %s", state->prog_id, cfg->iface);
		flags |= XDP_FLAGS_REPLACE;
	} else {
		flags |= XDP_FLAGS_UPDATE_IF_NOEXIST;
	}
	const int err = bpf_xdp_attach(ifindex, bpf_program__fd(bpf->progs.kb_filter), flags, &old);
	if (old.old_prog_fd > 0)
		close(old.old_prog_fd);
	return err ? kb_xdp_attach_refused(KB_FILTER_PROGRAM, cfg, ifindex, -err) : 0;
}

int kb_filter_attach(const struct kb_config *cfg, int ifindex)
{
	char dir[PATH_MAX];
	struct kb_xdp_state state;
	int result = -1;

	kb_xdp_listen();
	if (kb_xdp_query(&state, ifindex))
		return -1;
	if (state.prog_id && !is_ours(&state))
		return kb_xdp_attach_refused(KB_FILTER_PROGRAM, cfg, ifindex, EBUSY);
	pin_path(dir, cfg, "", "");
	if (kb_bpffs_make(cfg->bpf_dir) || kb_bpffs_make(dir))
		return -1;
	struct filter_bpf *const bpf = filter_bpf__open();
	if (!bpf)
		return kb_xdp_load_refused(KB_FILTER_PROGRAM, errno);
	bpf->rodata->config.drop_unmatched = cfg->unmatched == KB_UNMATCHED_DROP;
	if (state.prog_id)
		keep_counts(bpf, state.prog_id);
	const int err = filter_bpf__load(bpf);
	if (err) {
		kb_xdp_load_refused(KB_FILTER_PROGRAM, -err);
		goto undo_open;
	}
	if (kb_xdp_put_flows(bpf_map__fd(bpf->maps.flows), &cfg->flows) || pin_fresh(cfg, bpf))
		goto undo_open;
	if (put_on(cfg, ifindex, bpf, &state))
		drop_fresh_pins(cfg);
	else
		result = publish_pins(cfg);
undo_open:
	filter_bpf__destroy(bpf); /* the kernel keeps what is attached and pinned */
	return result;
}

int kb_filter_detach(const struct kb_config *cfg, int ifindex)
{
	struct kb_xdp_state state;

	kb_xdp_listen();
	if (kb_xdp_query(&state, ifindex))
		return -1;
	if (state.prog_id && !is_ours(&state))
		return kb_xdp_attach_refused(KB_FILTER_PROGRAM, cfg, ifindex, EBUSY);
	if (state.prog_id && take_off(cfg, ifindex, &state))
		return -1;
	unpin(cfg);
	return 0;
}

/* --- status --- */

static void read_flows(struct kb_flows *out, int fd)
{
	struct kb_flow_key key, *last = NULL;

	out->n = 0;
	while (out->n < KB_MAX_FLOWS && !bpf_map_get_next_key(fd, last, &key)) {
		out->flow[out->n++] = (struct kb_flow){
			.addr = key.addr,
			.port = __builtin_bswap16(key.port),
		};
		last = &key;
	}
}

int kb_filter_status(struct kb_filter_status *out, int ifindex)
{
	struct filter_bpf__rodata rodata;
	const __u32 zero = 0;
	int result = -1;

	*out = (struct kb_filter_status){0};
	if (kb_xdp_query(&out->xdp, ifindex))
		return -1;
	if (!is_ours(&out->xdp))
		return 0;
	const int config = map_of(out->xdp.prog_id, ".rodata");
	const int flows = map_of(out->xdp.prog_id, "flows");
	const int counts = map_of(out->xdp.prog_id, "counts");
	if (config < 0 || flows < 0 || counts < 0 || bpf_map_lookup_elem(config, &zero, &rodata)) {
		kb_err_set(KB_EXIT_RETRY, errno, "read the maps of XDP program %u",
			   out->xdp.prog_id);
		goto close_maps;
	}
	out->drop_unmatched = rodata.config.drop_unmatched;
	read_flows(&out->flows, flows);
	if (kb_counts_read(&out->counts, counts))
		goto close_maps;
	out->ours = true;
	result = 0;
close_maps:
	if (config >= 0)
		close(config);
	if (flows >= 0)
		close(flows);
	if (counts >= 0)
		close(counts);
	return result;
}

/* --- the filter as its pins show it --- */

static int open_pin(const struct kb_config *cfg, const char *name)
{
	char path[PATH_MAX];

	pin_path(path, cfg, name, "");
	const int fd = kb_bpffs_open(path);
	return fd < 0 ? kb_err_set(KB_EXIT_RETRY, errno, "open %s", path) : fd;
}

static int read_ids(struct kb_filter_pins *pins, int program)
{
	struct bpf_prog_info prog = {0};
	struct bpf_map_info map = {0};
	__u32 size = sizeof(prog);

	if (bpf_obj_get_info_by_fd(program, &prog, &size))
		return kb_err_set(KB_EXIT_RETRY, errno, "read what the pinned program is");
	size = sizeof(map);
	if (bpf_obj_get_info_by_fd(pins->counts, &map, &size))
		return kb_err_set(KB_EXIT_RETRY, errno, "read what the pinned counters are");
	pins->prog_id = prog.id;
	pins->counts_id = map.id;
	return 0;
}

int kb_filter_open_pins(struct kb_filter_pins *out, const struct kb_config *cfg)
{
	struct kb_filter_pins pins;
	int result = -1;

	const int program = open_pin(cfg, "program");
	if (program < 0)
		return -1;
	pins.counts = open_pin(cfg, "counts");
	if (pins.counts < 0)
		goto close_program;
	result = read_ids(&pins, program);
	if (result)
		close(pins.counts);
	else
		*out = pins;
close_program:
	close(program);
	return result;
}
