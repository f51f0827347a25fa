// SPDX-License-Identifier: Apache-2.0
#include "kb/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "kb/error.h"
#include "kb/stats.h"

enum type { NUMBER, POWER, ENUM, NAME, STRING, FLOWS, CORES, IPV4, MAC, ENDPOINT };

static const char *const planes[] = {"kernel", "xdp", "afxdp", "dpdk", NULL};
static const char *const poll_modes[] = {"spin", "busy-poll", "wakeup", NULL};
static const char *const xdp_modes[] = {"native", "generic", NULL};
static const char *const zero_copies[] = {"require", "auto", "never", NULL};
static const char *const seccomps[] = {"enforce", "log", "off", NULL};
static const char *const unmatcheds[] = {"pass", "drop", NULL};

/* Readers of a key. */
#define PORT	(KB_USE_SOCKET | KB_USE_XDP | KB_USE_DPDK)
#define RINGS	(KB_USE_XDP | KB_USE_DPDK)
#define SOCKETS (KB_USE_SOCKET | KB_USE_XDP)
#define IFACE	(KB_USE_FILTER | KB_USE_IFACE)
#define ALL	(PORT | KB_USE_STATS)

struct key {
	const char *name;
	enum type type;
	size_t offset;
	uint64_t min;	      /* numbers */
	uint64_t max;	      /* numbers: largest value; strings: size of the field */
	const char *fallback; /* NULL: must be given */
	uint32_t use;
	const char *help;
	const char *const *names; /* enums */
};

#define AT(field)   offsetof(struct kb_config, field)
#define TEXT(field) AT(field), 0, sizeof(((struct kb_config *)0)->field)

/* The one list of what a binary understands. The order is the order of --help. */
static const struct key keys[] = {
	{"KB_PLAN_VERSION", NUMBER, AT(plan_version), 1, 1, "1", ALL | IFACE,
	 "version of the plan's keys that this build reads", NULL},
	{"KB_NAME", NAME, TEXT(name), "kb", ALL, "name of this receiver in every metric", NULL},
	{"KB_PLANE", ENUM, AT(plane), 0, 0, NULL, ALL, "data plane", planes},
	{"KB_FLOWS", FLOWS, AT(flows), 0, 0, NULL, PORT | KB_USE_FILTER,
	 "udp:ADDRESS:PORT,... what to receive; ADDRESS is * or an IPv4 destination", NULL},
	{"KB_HANDLER", STRING, TEXT(handler), "custom", PORT,
	 "name of the handler that must be compiled in; custom accepts any", NULL},
	{"KB_HANDLER_ARGS", STRING, TEXT(handler_args), "", PORT, "key=value key=value", NULL},
	{"KB_QUEUES", NUMBER, AT(queues), 1, KB_MAX_QUEUES, "1", PORT, "receive queues in use",
	 NULL},
	{"KB_RX_CORES", CORES, AT(rx_cores), 0, 0, "", PORT,
	 "cores of the queues' threads, one each: 2,3 (empty: not pinned)", NULL},
	{"KB_HOUSEKEEPING_CORES", CORES, AT(housekeeping_cores), 0, 0, "", ALL,
	 "cores of everything else: 0-1 (empty: not pinned)", NULL},
	/* 9216 is ENA's largest frame; 128 its smallest MTU. */
	{"KB_MTU", NUMBER, AT(mtu), 128, 9216, "1500", PORT, "MTU of the data interface", NULL},
	{"KB_RX_RING", POWER, AT(rx_ring), 64, 32768, "1024", RINGS, "RX descriptors per queue",
	 NULL},
	{"KB_TX_RING", POWER, AT(tx_ring), 64, 32768, "512", RINGS, "TX descriptors per queue",
	 NULL},
	{"KB_FRAMES", NUMBER, AT(frames), 128, 1048576, "4096", RINGS,
	 "umem frames or mbufs per queue", NULL},
	{"KB_BURST", NUMBER, AT(burst), 1, 512, "32", PORT, "datagrams per burst", NULL},
	/* SO_RCVBUF takes an int of bytes, which the kernel doubles. */
	{"KB_SOCKET_BUFFER_KB", NUMBER, AT(socket_buffer_kb), 4, 1048575, "4096", KB_USE_SOCKET,
	 "receive buffer of each socket in KiB", NULL},
	{"KB_BUSY_POLL_US", NUMBER, AT(busy_poll_us), 0, 1000000, "0", SOCKETS,
	 "microseconds a socket polls the driver in busy-poll mode", NULL},
	{"KB_POLL_MODE", ENUM, AT(poll_mode), 0, 0, "spin", PORT, "how an idle queue waits",
	 poll_modes},
	{"KB_XDP_MODE", ENUM, AT(xdp_mode), 0, 0, "native", SOCKETS | KB_USE_STATS | KB_USE_FILTER,
	 "where the XDP program runs", xdp_modes},
	{"KB_ZERO_COPY", ENUM, AT(zero_copy), 0, 0, "auto", KB_USE_XDP | KB_USE_STATS,
	 "AF_XDP zero-copy", zero_copies},
	{"KB_UNMATCHED", ENUM, AT(unmatched), 0, 0, "pass", KB_USE_XDP | KB_USE_FILTER,
	 "what the XDP program does with frames of no flow", unmatcheds},
	{"KB_STATS_PAGE", STRING, TEXT(stats_page), "/run/kb/stats", ALL, "path of the stats page",
	 NULL},
	{"KB_DATA_IFACE", STRING, TEXT(iface), "", PORT | IFACE, "data interface", NULL},
	{"KB_DATA_PCI", STRING, TEXT(pci), "", KB_USE_DPDK, "PCI address of the data interface",
	 NULL},
	{"KB_DATA_IP", IPV4, AT(addr), 0, 0, "", RINGS, "address of the data interface", NULL},
	{"KB_DATA_PREFIX", NUMBER, AT(prefix), 0, 32, "0", RINGS, "prefix length of its subnet",
	 NULL},
	{"KB_GATEWAY_IP", IPV4, AT(gateway_addr), 0, 0, "", RINGS, "its subnet's router", NULL},
	{"KB_GATEWAY_MAC", MAC, AT(gateway_mac), 0, 0, "", RINGS, "the router's MAC address", NULL},
	{"KB_EAL_ARGS", STRING, TEXT(eal_args), "", KB_USE_DPDK,
	 "replaces the derived EAL arguments", NULL},
	{"KB_BPF_DIR", STRING, TEXT(bpf_dir), "/sys/fs/bpf/kb", SOCKETS | IFACE,
	 "where the XDP filter's maps are pinned", NULL},
	{"KB_SECCOMP", ENUM, AT(seccomp), 0, 0, "enforce", PORT,
	 "system calls that a running receiver does not make: end it, log them, or allow all",
	 seccomps},
	{"KB_STATSD", ENDPOINT, AT(statsd), 0, 0, "127.0.0.1:8125", KB_USE_STATS,
	 "ADDRESS:PORT of the statsd listener", NULL},
	/* Below 100 ms the receiver's own housekeeping has not run between two readings. */
	{"KB_STATS_INTERVAL_MS", NUMBER, AT(stats_interval_ms), 100, 60000, "1000", KB_USE_STATS,
	 "publishing interval", NULL},
	{"KB_PROMETHEUS_PORT", NUMBER, AT(prometheus_port), 0, 65535, "0", KB_USE_STATS,
	 "loopback port of the Prometheus endpoint, 0 = off", NULL},
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* --- findings: collected, so that one start shows all that is wrong --- */

struct findings {
	char text[3072];
	uint32_t n;
};

__attribute__((format(printf, 2, 3))) static void find(struct findings *f, const char *fmt, ...)
{
	const size_t len = strlen(f->text);
	char sentence[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	snprintf(f->text + len, sizeof(f->text) - len, "\n  %s", sentence);
	f->n++;
}

/* --- values --- */

static bool is_power_of_two(uint64_t n)
{
	return n && (n & (n - 1)) == 0;
}

/* Plain decimal digits only: strtoul would also take "-1", " 1" and "0x1". */
static bool parse_number(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
		if (n > max)
			return false;
	}
	*out = n;
	return true;
}

static void set_number(struct findings *f, const struct key *k, uint32_t *out, const char *text)
{
	uint64_t n;

	if (!parse_number(text, k->max, &n) || n < k->min ||
	    (k->type == POWER && !is_power_of_two(n))) {
		if (k->min == k->max)
			find(f, "%s must be %" PRIu64 ", got \"%s\"", k->name, k->min, text);
		else
			find(f, "%s must be %s between %" PRIu64 " and %" PRIu64 ", got \"%s\"",
			     k->name, k->type == POWER ? "a power of two" : "a number", k->min,
			     k->max, text);
		return;
	}
	*out = (uint32_t)n;
}

static void join_names(char *out, size_t size, const char *const *names)
{
	size_t len = 0;

	out[0] = '\0';
	for (uint32_t i = 0; names[i] && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", i ? ", " : "", names[i]);
}

static void set_enum(struct findings *f, const struct key *k, uint32_t *out, const char *text)
{
	char allowed[128];

	for (uint32_t i = 0; k->names[i]; i++) {
		if (strcmp(k->names[i], text) == 0) {
			*out = i;
			return;
		}
	}
	join_names(allowed, sizeof(allowed), k->names);
	find(f, "%s must be one of %s, got \"%s\"", k->name, allowed, text);
}

static void set_string(struct findings *f, const struct key *k, char *out, const char *text)
{
	if (strlen(text) >= k->max) {
		find(f, "%s must be shorter than %" PRIu64 " characters, got %zu", k->name, k->max,
		     strlen(text));
		return;
	}
	strcpy(out, text);
}

/* A name becomes a metric tag: nothing that statsd or Prometheus give a meaning to. */
static void set_name(struct findings *f, const struct key *k, char *out, const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_./";

	if (!*text || text[strspn(text, allowed)])
		find(f, "%s must consist of letters, digits and - _ . /, got \"%s\"", k->name,
		     text);
	else
		set_string(f, k, out, text);
}

static void set_ipv4(struct findings *f, const struct key *k, uint32_t *out, const char *text)
{
	*out = 0;
	if (*text && inet_pton(AF_INET, text, out) != 1)
		find(f, "%s must be an IPv4 address, got \"%s\"", k->name, text);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool parse_mac(const char *text, uint8_t out[6])
{
	/* "aa:bb:cc:dd:ee:ff": two digits each, a colon between them. */
	if (strlen(text) != 17)
		return false;
	for (uint32_t i = 0; i < 6; i++) {
		const int high = hex_digit(text[i * 3]);
		const int low = hex_digit(text[i * 3 + 1]);

		if (high < 0 || low < 0 || (i < 5 && text[i * 3 + 2] != ':'))
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void set_mac(struct findings *f, const struct key *k, uint8_t *out, const char *text)
{
	memset(out, 0, 6);
	if (*text && !parse_mac(text, out))
		find(f, "%s must be a MAC address such as 02:00:00:00:00:01, got \"%s\"", k->name,
		     text);
}

static void set_endpoint(struct findings *f, const struct key *k, struct kb_endpoint *out,
			 const char *text)
{
	char addr[sizeof("255.255.255.255")];
	const char *const colon = strchr(text, ':');
	const size_t len = colon ? (size_t)(colon - text) : 0;
	uint64_t port;

	if (len > 0 && len < sizeof(addr)) {
		memcpy(addr, text, len);
		addr[len] = '\0';
		if (inet_pton(AF_INET, addr, &out->addr) == 1 &&
		    parse_number(colon + 1, 65535, &port) && port > 0) {
			out->port = (uint16_t)port;
			return;
		}
	}
	find(f, "%s must be ADDRESS:PORT, got \"%s\"", k->name, text);
}

static void set_value(struct findings *f, const struct key *k, struct kb_config *cfg,
		      const char *text)
{
	void *const field = (char *)cfg + k->offset;

	switch (k->type) {
	case NUMBER:
	case POWER:
		set_number(f, k, field, text);
		break;
	case ENUM:
		set_enum(f, k, field, text);
		break;
	case NAME:
		set_name(f, k, field, text);
		break;
	case STRING:
		set_string(f, k, field, text);
		break;
	case FLOWS:
		if (kb_flows_parse(field, text))
			find(f, "%s: %s", k->name, kb_err_text());
		break;
	case CORES:
		if (kb_cores_parse(field, text))
			find(f, "%s: %s", k->name, kb_err_text());
		break;
	case IPV4:
		set_ipv4(f, k, field, text);
		break;
	case MAC:
		set_mac(f, k, field, text);
		break;
	case ENDPOINT:
		set_endpoint(f, k, field, text);
		break;
	}
}

/* What no single key can show. Only asked when every key is good by itself. */
static void check_together(struct findings *f, const struct kb_config *cfg, uint32_t use)
{
	if (use & (SOCKETS | IFACE) && !cfg->iface[0])
		find(f, "KB_DATA_IFACE is not set: the data interface");
	if (!(use & PORT))
		return;
	if (cfg->rx_cores.n && cfg->rx_cores.n != cfg->queues)
		find(f, "KB_RX_CORES must list one core for each of the %u queues, got %u",
		     cfg->queues, cfg->rx_cores.n);
	if (use & SOCKETS && cfg->poll_mode == KB_POLL_BUSY && cfg->busy_poll_us == 0)
		find(f, "KB_BUSY_POLL_US must be above 0 when KB_POLL_MODE is busy-poll, got 0");
	if (use & KB_USE_DPDK && !cfg->pci[0] && !cfg->eal_args[0])
		find(f, "KB_DATA_PCI is not set: the PCI address of the data interface");
	if (use & RINGS && cfg->burst > cfg->rx_ring)
		find(f, "KB_BURST must not exceed KB_RX_RING (%u), got %u", cfg->rx_ring,
		     cfg->burst);
	if (use & RINGS && cfg->frames < cfg->rx_ring)
		find(f, "KB_FRAMES must not be less than KB_RX_RING (%u), got %u", cfg->rx_ring,
		     cfg->frames);
}

int kb_config_from_env(struct kb_config *out, uint32_t use)
{
	struct findings findings = {0};
	struct kb_config cfg = {0};

	for (uint32_t i = 0; i < KEYS; i++) {
		const struct key *const k = &keys[i];
		const char *const given = getenv(k->name);

		if (!(k->use & use))
			continue;
		if (!given && !k->fallback)
			find(&findings, "%s is not set: %s", k->name, k->help);
		else
			set_value(&findings, k, &cfg, given ? given : k->fallback);
	}
	if (findings.n == 0)
		check_together(&findings, &cfg, use);
	if (findings.n)
		return kb_err_set(KB_EXIT_CONFIG, 0, "configuration:%s", findings.text);
	kb_err_clear();
	*out = cfg;
	return 0;
}

const char *kb_plane_name(uint32_t plane)
{
	return planes[plane];
}

/* --- printing --- */

void kb_config_help(FILE *to, const char *program, uint32_t use)
{
	fprintf(to,
		"usage: %s [--help | --version | --config]\n\n"
		"Configured by the environment alone; --config prints what is in force.\n\n",
		program);
	for (uint32_t i = 0; i < KEYS; i++) {
		const struct key *const k = &keys[i];
		char form[160] = "";

		if (!(k->use & use))
			continue;
		if (k->type == ENUM)
			join_names(form, sizeof(form), k->names);
		else if ((k->type == NUMBER || k->type == POWER) && k->min != k->max)
			snprintf(form, sizeof(form), "%" PRIu64 " to %" PRIu64 "%s", k->min, k->max,
				 k->type == POWER ? ", a power of two" : "");
		fprintf(to, "  %-22s %s", k->name, k->help);
		if (form[0])
			fprintf(to, " (%s)", form);
		if (!k->fallback)
			fprintf(to, "; required\n");
		else if (k->fallback[0])
			fprintf(to, "; default %s\n", k->fallback);
		else
			fprintf(to, "\n");
	}
}

static void print_addr(FILE *to, uint32_t addr)
{
	char text[INET_ADDRSTRLEN];

	fputs(inet_ntop(AF_INET, &addr, text, sizeof(text)), to);
}

static void print_flows(FILE *to, const struct kb_flows *flows)
{
	for (uint32_t i = 0; i < flows->n; i++) {
		fputs(i ? ",udp:" : "udp:", to);
		if (flows->flow[i].addr)
			print_addr(to, flows->flow[i].addr);
		else
			fputc('*', to);
		fprintf(to, ":%u", flows->flow[i].port);
	}
}

static void print_value(FILE *to, const struct key *k, const void *field)
{
	const struct kb_cores *const cores = field;
	const struct kb_endpoint *const endpoint = field;
	const uint32_t *const number = field;
	const uint8_t *const mac = field;

	switch (k->type) {
	case NUMBER:
	case POWER:
		fprintf(to, "%u", *number);
		break;
	case ENUM:
		fputs(k->names[*number], to);
		break;
	case NAME:
	case STRING:
		fputs(field, to);
		break;
	case FLOWS:
		print_flows(to, field);
		break;
	case CORES:
		for (uint32_t i = 0; i < cores->n; i++)
			fprintf(to, "%s%u", i ? "," : "", cores->cpu[i]);
		break;
	case IPV4:
		if (*number)
			print_addr(to, *number);
		break;
	case MAC:
		if (memcmp(mac, "\0\0\0\0\0", 6) != 0)
			fprintf(to, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
				mac[4], mac[5]);
		break;
	case ENDPOINT:
		print_addr(to, endpoint->addr);
		fprintf(to, ":%u", endpoint->port);
		break;
	}
}

void kb_config_print(FILE *to, const struct kb_config *cfg, uint32_t use)
{
	for (uint32_t i = 0; i < KEYS; i++) {
		if (!(keys[i].use & use))
			continue;
		fprintf(to, "%s=\"", keys[i].name);
		print_value(to, &keys[i], (const char *)cfg + keys[i].offset);
		fputs("\"\n", to);
	}
}
