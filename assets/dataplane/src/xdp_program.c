// SPDX-License-Identifier: Apache-2.0
#include "xdp_program.h"

#include <errno.h>
#include <linux/if_link.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "kb/bpf.h"
#include "kb/error.h"

/* libbpf has one print function for the process, so the last reason is the process's too. */
static char last_reason[512];

static int listen_to_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	static const char prefix[] = "libbpf: Kernel error message: ";
	char line[sizeof(last_reason)];
	va_list again;

	if (level != LIBBPF_WARN)
		return 0;
	va_copy(again, ap);
	vsnprintf(line, sizeof(line), fmt, again);
	va_end(again);
	if (strncmp(line, prefix, sizeof(prefix) - 1) != 0)
		return vfprintf(stderr, fmt, ap); /* a verifier log is for the journal */
	snprintf(last_reason, sizeof(last_reason), "%s", line + sizeof(prefix) - 1);
	last_reason[strcspn(last_reason, "\n")] = '\0';
	return 0;
}

void kb_xdp_listen(void)
{
	last_reason[0] = '\0';
	libbpf_set_print(listen_to_libbpf);
	/* Before 1.0 a failure is -1 unless the reason is asked for; since then this does nothing. */
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
}

const char *kb_xdp_last_reason(void)
{
	return last_reason;
}

__u32 kb_xdp_flags(const struct kb_config *cfg)
{
	return cfg->xdp_mode == KB_XDP_NATIVE ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
}

int kb_xdp_put_flows(int flows_fd, const struct kb_flows *flows)
{
	const __u32 present = 1;

	for (uint32_t i = 0; i < flows->n; i++) {
		const struct kb_flow_key key = {
			.addr = flows->flow[i].addr,
			.port = __builtin_bswap16(flows->flow[i].port),
		};
		const int err = bpf_map_update_elem(flows_fd, &key, &present, BPF_ANY);

		if (err)
			return kb_err_set(KB_EXIT_RETRY, -err, "put flow %u into the XDP program",
					  i);
	}
	return 0;
}

int kb_xdp_query(struct kb_xdp_state *out, int ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);
	const int err = bpf_xdp_query(ifindex, 0, &query);

	if (err)
		return kb_err_set(KB_EXIT_RETRY, -err, "ask which XDP program interface %d runs",
				  ifindex);
	*out = (struct kb_xdp_state){
		.prog_id = query.prog_id,
		.native = query.attach_mode == XDP_ATTACHED_DRV,
	};
	if (query.attach_mode == XDP_ATTACHED_MULTI) { /* prog_id is 0: several hooks in use */
		out->native = true;
		out->prog_id = query.drv_prog_id;
	}
	if (!out->prog_id)
		return 0;
	/* Without CAP_SYS_ADMIN the name stays empty; the mode is what counts. */
	const int fd = bpf_prog_get_fd_by_id(out->prog_id);
	if (fd >= 0) {
		if (!bpf_obj_get_info_by_fd(fd, &info, &size))
			snprintf(out->name, sizeof(out->name), "%s", info.name);
		close(fd);
	}
	return 0;
}

const char *kb_xdp_mode(const struct kb_xdp_state *state)
{
	if (!state->prog_id)
		return "";
	return state->native ? "native" : "generic";
}

int kb_xdp_load_refused(const char *program, int errnum)
{
	/* CAP_PERFMON: IPv4 options make the verifier see arithmetic on packet pointers. */
	if (errnum == EPERM || errnum == EACCES)
		return kb_err_set(KB_EXIT_CONFIG, errnum,
				  "load XDP program %s (needs root, or CAP_BPF, CAP_NET_ADMIN and "
				  "CAP_PERFMON)",
				  program);
	return kb_err_set(KB_EXIT_CONFIG, errnum, "load XDP program %s", program);
}

static int occupied(const char *iface, const struct kb_xdp_state *by)
{
	if (strcmp(by->name, KB_REDIRECT_PROGRAM) == 0)
		return kb_err_set(KB_EXIT_RETRY, 0, "%s is in use: a kb-afxdp runs on it", iface);
	if (strcmp(by->name, KB_FILTER_PROGRAM) == 0)
		return kb_err_set(KB_EXIT_CONFIG, 0,
				  "%s runs the socket filter (%s): run kb-xdp detach first", iface,
				  kb_xdp_mode(by));
	return kb_err_set(KB_EXIT_CONFIG, 0,
			  "%s runs somebody else's XDP program \"%s\" (id %u, %s), which is left "
			  "alone: detach it first (ip link set dev %s xdp off)",
			  iface, by->name, by->prog_id, kb_xdp_mode(by), iface);
}

int kb_xdp_attach_refused(const char *program, const struct kb_config *cfg, int ifindex, int errnum)
{
	struct kb_xdp_state state = {0};
	const bool native = cfg->xdp_mode == KB_XDP_NATIVE;

	if ((errnum == EBUSY || errnum == EEXIST) && !kb_xdp_query(&state, ifindex) &&
	    state.prog_id)
		return occupied(cfg->iface, &state);
	if (errnum == EPERM)
		return kb_err_set(KB_EXIT_CONFIG, errnum,
				  "attach %s to %s (needs root, or CAP_BPF and CAP_NET_ADMIN)",
				  program, cfg->iface);
	return kb_err_set(native ? KB_EXIT_CONFIG : KB_EXIT_RETRY, 0,
			  "attach %s to %s: the driver refuses %s XDP: %s%s%s%s", program,
			  cfg->iface, native ? "native" : "generic", kb_xdp_last_reason(),
			  kb_xdp_last_reason()[0] ? ": " : "", strerror(errnum),
			  native ? "; KB_XDP_MODE=\"generic\" runs on every driver, but slower"
				 : "");
}
