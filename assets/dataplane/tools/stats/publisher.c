// SPDX-License-Identifier: Apache-2.0
#include "publisher.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool kb_page_alive(const struct kb_stats *page, uint64_t now_ns)
{
	const uint64_t heartbeat = kb_stat_get(&page->heartbeat_ns);

	/* A heartbeat from the future is a clock that was stepped back, not a dead receiver. */
	return page->ready && (heartbeat > now_ns || now_ns - heartbeat < KB_SILENT_NS);
}

bool kb_page_as_planned(const struct kb_stats *page, const struct kb_config *cfg)
{
	static const char *const xdp[] = {"native", "generic"};

	if (strcmp(page->plane, kb_plane_name(cfg->plane)) != 0)
		return false;
	if ((cfg->plane == KB_PLANE_XDP || cfg->plane == KB_PLANE_AFXDP) &&
	    strcmp(page->xdp, xdp[cfg->xdp_mode]) != 0)
		return false;
	if (cfg->plane == KB_PLANE_AFXDP && cfg->zero_copy != KB_ZC_AUTO)
		return strcmp(page->copy, cfg->zero_copy == KB_ZC_REQUIRE ? "zero-copy" : "copy") ==
		       0;
	return true;
}

/* --- which receiver has been published: survives a restart of kb-stats --- */

static void marker_path(char *out, size_t size, const struct kb_config *cfg)
{
	snprintf(out, size, "%s.published", cfg->stats_page);
}

static uint64_t read_marker(const struct kb_config *cfg)
{
	uint64_t start_ns = 0;
	char path[280];

	marker_path(path, sizeof(path), cfg);
	FILE *const f = fopen(path, "re");
	if (f) {
		if (fscanf(f, "%" SCNu64, &start_ns) != 1)
			start_ns = 0;
		fclose(f);
	}
	return start_ns;
}

static void write_marker(const struct kb_config *cfg, uint64_t start_ns)
{
	char path[280];

	marker_path(path, sizeof(path), cfg);
	FILE *const f = fopen(path, "we");
	if (f) {
		fprintf(f, "%" PRIu64 "\n", start_ns);
		fclose(f);
	}
}

/* --- intervals --- */

static void adopt(struct kb_publisher *p)
{
	const bool known = !p->has_last && read_marker(p->cfg) == p->now.start_ns;

	if (known) {
		/* Our predecessor has published this receiver up to about now. */
		p->last = p->now;
	} else {
		memset(&p->last, 0, sizeof(p->last));
		write_marker(p->cfg, p->now.start_ns);
	}
	p->has_last = true;
}

static void publish_page(struct kb_publisher *p, const struct kb_stats *page)
{
	kb_snapshot_take(&p->now, page);
	if (!p->has_last || p->now.start_ns != p->last.start_ns)
		adopt(p);
	kb_snapshot_diff(&p->growth, &p->now, &p->last);
	kb_statsd_interval(&p->statsd, &p->growth, page->handler_counters);
	p->last = p->now;
}

void kb_publisher_finish(struct kb_publisher *p, const struct kb_stats *page)
{
	if (!p->has_last || page->start_ns != p->last.start_ns)
		return;
	publish_page(p, page);
	kb_statsd_flush(&p->statsd);
}

void kb_publisher_run(struct kb_publisher *p, const struct kb_stats *page, uint64_t now_ns)
{
	p->up = page && kb_page_alive(page, now_ns);
	if (page)
		publish_page(p, page);
	kb_statsd_gauge(&p->statsd, "ReceiverUp", p->up);
	kb_statsd_gauge(&p->statsd, "FastPath", p->up && kb_page_as_planned(page, p->cfg));
	kb_statsd_flush(&p->statsd);
}
