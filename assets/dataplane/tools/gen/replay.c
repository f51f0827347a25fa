// SPDX-License-Identifier: Apache-2.0
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kb/error.h"
#include "kb/parse.h"
#include "options.h"
#include "pcap.h"

static int map(struct kb_replay *r, const char *path)
{
	struct stat st;
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return kb_err_set(KB_EXIT_CONFIG, errno, "open");
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size == 0) {
		close(fd);
		return kb_err_set(KB_EXIT_CONFIG, 0, "not a file with content");
	}
	r->file_size = (size_t)st.st_size;
	r->file = mmap(NULL, r->file_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	close(fd);
	if (r->file == MAP_FAILED) {
		r->file = NULL;
		return kb_err_set(KB_EXIT_RETRY, errno, "map");
	}
	return 0;
}

static int append(struct kb_replay *r, const struct kb_pkt *pkt, uint64_t at_ns)
{
	/* Room doubles when the number of datagrams is a power of two. */
	if ((r->n & (r->n - 1)) == 0) {
		const size_t room = r->n ? 2 * r->n : 1;
		void *const more = reallocarray(r->datagram, room, sizeof(*r->datagram));
		if (!more)
			return kb_err_set(KB_EXIT_RETRY, errno, "memory for %zu datagrams", room);
		r->datagram = more;
	}
	r->datagram[r->n++] = (struct kb_replay_datagram){
		.payload = pkt->payload, .at_ns = at_ns, .len = pkt->len};
	if (pkt->len > r->largest)
		r->largest = pkt->len;
	return 0;
}

static int read_frames(struct kb_replay *r)
{
	struct kb_pcap pcap;
	struct kb_pcap_frame frame;
	uint64_t first_ns = 0;
	uint64_t last_ns = 0;
	int result;

	if (kb_pcap_begin(&pcap, r->file, r->file_size))
		return -1;
	while ((result = kb_pcap_next(&pcap, &frame)) == 1) {
		struct kb_pkt pkt;
		if (kb_parse_udp(frame.data, frame.len, &pkt) != KB_PARSE_OK ||
		    pkt.len > KB_GEN_MAX_SIZE) {
			r->skipped++;
			continue;
		}
		if (r->n == 0)
			first_ns = frame.ns;
		/* Captures of several queues are not always in order of time. */
		if (frame.ns > first_ns && frame.ns - first_ns > last_ns)
			last_ns = frame.ns - first_ns;
		if (append(r, &pkt, last_ns))
			return -1;
	}
	r->cut = result < 0;
	return r->n ? 0 : kb_err_set(KB_EXIT_CONFIG, 0, "no whole UDP datagram in it");
}

int kb_replay_open(struct kb_replay *out, const char *path)
{
	*out = (struct kb_replay){0};
	if (map(out, path) == 0 && read_frames(out) == 0)
		return 0;
	kb_replay_close(out);
	return kb_err_wrap("--pcap %s", path);
}

void kb_replay_close(struct kb_replay *replay)
{
	if (replay->file)
		munmap(replay->file, replay->file_size);
	free(replay->datagram);
	*replay = (struct kb_replay){0};
}
