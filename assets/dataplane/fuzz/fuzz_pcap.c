// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"
#include "gen/pcap.h"
#include "kb/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kb_pcap pcap;
	struct kb_pcap_frame frame;
	const uint8_t *after = data;
	volatile uint8_t sink = 0;
	int result;

	kb_err_clear();
	if (kb_pcap_begin(&pcap, data, size)) {
		must(*kb_err_text());
		return 0;
	}
	while ((result = kb_pcap_next(&pcap, &frame)) == 1) {
		/* Frames follow each other, with a header in front of each, inside the file. */
		must(frame.data >= after + 16 && frame.len <= size);
		must(frame.data + frame.len <= data + size);
		after = frame.data + frame.len;
		if (frame.len)
			sink ^= frame.data[frame.len - 1];
	}
	must(result == 0 ? after == data + size || after == data : *kb_err_text() != '\0');
	return 0;
}
