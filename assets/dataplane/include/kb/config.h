/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_CONFIG_H
#define KB_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "kb/flow.h"

/* A receiver's configuration: KB_* from the environment, through the one table in src/config.c. */
#define KB_MAX_CORES 256

enum kb_plane { KB_PLANE_KERNEL, KB_PLANE_XDP, KB_PLANE_AFXDP, KB_PLANE_DPDK };
enum kb_poll_mode { KB_POLL_SPIN, KB_POLL_BUSY, KB_POLL_WAKEUP };
enum kb_xdp_mode { KB_XDP_NATIVE, KB_XDP_GENERIC };
enum kb_zero_copy { KB_ZC_REQUIRE, KB_ZC_AUTO, KB_ZC_NEVER };
enum kb_seccomp { KB_SECCOMP_ENFORCE, KB_SECCOMP_LOG, KB_SECCOMP_OFF };
enum kb_unmatched { KB_UNMATCHED_PASS, KB_UNMATCHED_DROP };

struct kb_cores {
	uint32_t n; /* 0 = not pinned */
	uint16_t cpu[KB_MAX_CORES];
};

struct kb_endpoint {
	uint32_t addr; /* network byte order */
	uint16_t port; /* host byte order */
};

struct kb_config {
	uint32_t plan_version;
	uint32_t plane; /* enum kb_plane; the enums are stored as uint32_t so one table can fill
			   them */
	char name[128];
	char handler[32];
	char handler_args[512];
	struct kb_flows flows;
	uint32_t queues;
	struct kb_cores rx_cores;	    /* one per queue, or none */
	struct kb_cores housekeeping_cores; /* main thread */
	uint32_t mtu;
	uint32_t rx_ring;
	uint32_t tx_ring;
	uint32_t frames;
	uint32_t burst;
	uint32_t socket_buffer_kb;
	uint32_t busy_poll_us;
	uint32_t poll_mode;
	uint32_t xdp_mode;
	uint32_t zero_copy;
	uint32_t unmatched;
	char stats_page[256];
	char iface[32];		/* KB_DATA_IFACE */
	char pci[32];		/* KB_DATA_PCI */
	uint32_t addr;		/* KB_DATA_IP, network byte order, 0 = unknown */
	uint32_t prefix;	/* KB_DATA_PREFIX */
	uint32_t gateway_addr;	/* KB_GATEWAY_IP */
	uint8_t gateway_mac[6]; /* KB_GATEWAY_MAC, all zero = unknown */
	uint32_t seccomp;
	char eal_args[512];	/* KB_EAL_ARGS replaces the derived EAL arguments */
	char bpf_dir[256];
	struct kb_endpoint statsd;
	uint32_t stats_interval_ms;
	uint32_t prometheus_port; /* 0 = off */
};

/* Which keys a binary needs, so that --help and the checks fit it. */
enum kb_config_use {
	KB_USE_SOCKET = 1,
	KB_USE_XDP = 2,
	KB_USE_DPDK = 4,
	KB_USE_STATS = 8,   /* kb-stats: reads the page, touches no port */
	KB_USE_FILTER = 16, /* kb-xdp attach: the XDP filter of an interface */
	KB_USE_IFACE = 32,  /* kb-xdp otherwise: only which interface */
};

/*
 * Reads KB_* from the environment. All findings are reported at once, one sentence each, with the
 * key, the value given and what is allowed. Returns 0, or -1 with kb_err (KB_EXIT_CONFIG).
 */
int kb_config_from_env(struct kb_config *out, uint32_t use);

/* "kernel", "xdp", "afxdp" or "dpdk". */
const char *kb_plane_name(uint32_t plane);

/* --help: every key with its form, default and meaning. */
void kb_config_help(FILE *to, const char *program, uint32_t use);

/* The effective configuration, KEY="value" lines. */
void kb_config_print(FILE *to, const struct kb_config *cfg, uint32_t use);

/* "0-2,5" to a list. Returns 0, or -1 with kb_err. "" gives an empty list. */
int kb_cores_parse(struct kb_cores *out, const char *text);

#endif
