// SPDX-License-Identifier: Apache-2.0
/* The input is an environment: KEY=value lines. */
#include <string.h>

#include "fuzz.h"
#include "kb/config.h"
#include "kb/error.h"
#include "kb/stats.h"

#define EVERY (KB_USE_SOCKET | KB_USE_XDP | KB_USE_DPDK | KB_USE_STATS)

/* Takes `text` apart. */
static void set_environment(char *text)
{
	char *save = NULL;

	clearenv();
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(line, '=');

		if (!value || value == line)
			continue;
		*value++ = '\0';
		/* As printed by kb_config_print: in quotes. */
		const size_t len = strlen(value);
		if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
			value[len - 1] = '\0';
			value++;
		}
		setenv(line, value, 1);
	}
}

static int is_power_of_two(uint32_t n)
{
	return n && (n & (n - 1)) == 0;
}

static void check_values(const struct kb_config *c)
{
	must(c->plan_version == 1);
	must(c->plane <= KB_PLANE_DPDK && c->poll_mode <= KB_POLL_WAKEUP);
	must(c->seccomp <= KB_SECCOMP_OFF);
	must(c->xdp_mode <= KB_XDP_GENERIC && c->zero_copy <= KB_ZC_NEVER);
	must(c->queues >= 1 && c->queues <= KB_MAX_QUEUES);
	must(c->rx_cores.n == 0 || c->rx_cores.n == c->queues);
	must(c->housekeeping_cores.n <= KB_MAX_CORES);
	must(c->flows.n >= 1 && c->flows.n <= KB_MAX_FLOWS);
	for (uint32_t i = 0; i < c->flows.n; i++) {
		must(c->flows.flow[i].port != 0);
		must(kb_flows_match(&c->flows, c->flows.flow[i].addr, c->flows.flow[i].port));
	}
	must(is_power_of_two(c->rx_ring) && is_power_of_two(c->tx_ring));
	must(c->frames >= c->rx_ring && c->burst >= 1 && c->burst <= c->rx_ring);
	must(c->prefix <= 32 && c->statsd.port != 0);
	must(memchr(c->name, '\0', sizeof(c->name)) && c->name[0]);
	must(memchr(c->iface, '\0', sizeof(c->iface)) && c->iface[0]);
	must(memchr(c->handler_args, '\0', sizeof(c->handler_args)));
}

/* Values with a newline or a quote cannot stand in a plan, so printing them is no plan again. */
static int is_plain(const struct kb_config *c)
{
	const char *const texts[] = {c->handler, c->handler_args, c->stats_page, c->iface,
				     c->pci,	 c->eal_args,	  c->bpf_dir};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strpbrk(texts[i], "\"\n"))
			return 0;
	return 1;
}

/* The caller frees it. */
static char *print(const struct kb_config *cfg)
{
	char *text = NULL;
	size_t size = 0;
	FILE *const to = open_memstream(&text, &size);

	must(to);
	kb_config_print(to, cfg, EVERY);
	fclose(to);
	return text;
}

/* What is printed reads back as the same configuration. */
static void check_round_trip(const struct kb_config *first)
{
	struct kb_config second;
	char *const text = print(first);
	char *const environment = strdup(text);

	must(environment);
	set_environment(environment);
	free(environment);
	if (kb_config_from_env(&second, EVERY)) {
		fprintf(stderr, "%s\n", kb_err_text());
		abort();
	}
	char *const again = print(&second);
	must(strcmp(text, again) == 0);
	free(text);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *const text = malloc(size + 1);
	struct kb_config cfg, before;

	must(text);
	memcpy(text, data, size);
	text[size] = '\0';
	set_environment(text);
	free(text);
	memset(&cfg, 0xa5, sizeof(cfg));
	before = cfg;
	if (kb_config_from_env(&cfg, EVERY) == 0) {
		check_values(&cfg);
		if (is_plain(&cfg))
			check_round_trip(&cfg);
	} else {
		must(kb_err_exit() == KB_EXIT_CONFIG);
		must(strncmp(kb_err_text(), "configuration:\n  KB_", 20) == 0);
		must(memcmp(&cfg, &before, sizeof(cfg)) == 0);
	}
	return 0;
}
