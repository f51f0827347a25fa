// SPDX-License-Identifier: Apache-2.0
/*
 * The input is damage to a good stats page: u32 offset, u8 value, repeated; a last odd part cuts
 * the file. What still attaches is read by everything that reads pages.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "kb/config.h"
#include "kb/error.h"
#include "kb/stats.h"
#include "report.h"
#include "stats/json.h"
#include "stats/prometheus.h"

#define SIZE  (sizeof(struct kb_stats) + sizeof(struct kb_queue_stats))
#define PATCH 5u

static void read_all(const struct kb_stats *page)
{
	static const struct kb_config cfg = {.name = "fuzz"};
	char *text = NULL;
	size_t size = 0;
	FILE *const to = open_memstream(&text, &size);

	must(to);
	kb_stats_json(to, page, true);
	kb_prometheus_print(to, page, &cfg, 1);
	kb_report(to, page);
	fclose(to);
	must(size > 0);
	free(text);
}

static void damage(uint8_t *page, const uint8_t *data, size_t size)
{
	for (; size >= PATCH; data += PATCH, size -= PATCH) {
		uint32_t offset;

		memcpy(&offset, data, sizeof(offset));
		/* Mostly the header and the texts: behind them are counters, any value will do. */
		page[offset % (offset & 1 ? 1024 : SIZE)] = data[4];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[SIZE];
	struct kb_stats *const page = (void *)bytes;
	const struct kb_stats *seen;
	char path[64];

	memset(bytes, 0, sizeof(bytes));
	page->magic = KB_STATS_MAGIC;
	page->version = KB_STATS_VERSION;
	page->size = SIZE;
	page->queues = 1;
	damage(bytes, data, size);

	const int fd = memfd_create("page", MFD_CLOEXEC);
	must(fd >= 0);
	const size_t length = size % PATCH ? SIZE / PATCH * (size % PATCH) : SIZE;
	must(write(fd, bytes, length) == (ssize_t)length);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (kb_stats_attach(&seen, path) == 0) {
		must(length == SIZE && seen->queues == 1);
		read_all(seen);
		kb_stats_unmap(seen);
	} else {
		must(kb_err_text()[0]);
	}
	close(fd);
	return 0;
}
