// SPDX-License-Identifier: Apache-2.0
#include "result.h"

#include <arpa/inet.h>
#include <inttypes.h>

#include "replay.h"

static const char *const arrival_names[] = {"constant", "poisson", "burst"};

static double seconds(const struct kb_gen_result *r)
{
	return (double)(r->end_ns - r->start_ns) / 1e9;
}

static uint64_t sent(const struct kb_gen_run *run, const struct kb_gen_result *r)
{
	return r->sent - run->refused;
}

static uint64_t withheld(const struct kb_gen_run *run, const struct kb_gen_result *r)
{
	uint64_t sum = 0;

	for (uint32_t line = 0; line < run->o->lines; line++)
		sum += r->withheld[line];
	return sum;
}

static double rate(const struct kb_gen_run *run, const struct kb_gen_result *r)
{
	/* The first message marks the start of the clock: n messages span n - 1 intervals. */
	const uint64_t messages = (sent(run, r) + withheld(run, r)) / run->o->lines;
	return messages > 1 && seconds(r) > 0 ? (double)(messages - 1) / seconds(r) : 0;
}

static uint64_t quantile(const struct kb_gen_result *r, double q)
{
	/* A bucket's upper edge may lie above the largest value in it. */
	const uint64_t value = kb_hist_quantile(&r->error, q);
	return value < r->error.max ? value : r->error.max;
}

static void print_malformed(FILE *to, const struct kb_gen_run *run)
{
	fprintf(to, "malformed    ");
	for (uint32_t k = 0; k < KB_MALFORMED_KINDS; k++)
		if (run->malformed[k])
			fprintf(to, " %" PRIu64 " %s", run->malformed[k],
				kb_malformed_kinds[k].name);
	fputc('\n', to);
}

static void json_malformed(FILE *to, const struct kb_gen_run *run)
{
	uint64_t all = 0;

	fprintf(to, "  \"malformed\": {");
	for (uint32_t k = 0; k < KB_MALFORMED_KINDS; k++) {
		all += run->malformed[k];
		fprintf(to, "%s\n    \"%s\": %" PRIu64, k ? "," : "", kb_malformed_kinds[k].name,
			run->malformed[k]);
	}
	fprintf(to, "\n  },\n  \"malformedInAll\": %" PRIu64 ",\n", all);
}

bool kb_gen_result_complete(const struct kb_gen_run *run, const struct kb_gen_result *r)
{
	return sent(run, r) == r->due;
}

void kb_gen_result_print(FILE *to, const struct kb_gen_run *run, const struct kb_gen_result *r)
{
	fprintf(to, "%s over %s\n", run->program, run->driver);
	fprintf(to, "sent          %" PRIu64 " of %" PRIu64 " datagrams due, %" PRIu64 " bytes\n",
		sent(run, r), r->due, r->bytes);
	fprintf(to, "not sent      %" PRIu64 " never taken, %" PRIu64 " refused\n",
		r->due - r->sent, run->refused);
	if (run->o->n_line_loss) {
		fprintf(to,
			"withheld      %" PRIu64 " datagrams on purpose, %" PRIu64
			" messages on every line; by line",
			withheld(run, r), r->withheld_all);
		for (uint32_t line = 0; line < run->o->lines; line++)
			fprintf(to, " %" PRIu64, r->withheld[line]);
		fputc('\n', to);
	}
	if (run->o->malformed.any && run->malformed)
		print_malformed(to, run);
	fprintf(to, "deferred      %" PRIu64 " times the sender took less than was due\n",
		r->deferred);
	if (run->o->replay)
		fprintf(to, "capture       %" PRIu64 " datagrams, %" PRIu64 " other frames%s\n",
			run->o->replay->n, run->o->replay->skipped,
			run->o->replay->cut ? ", cut inside the next" : "");
	if (run->o->original_pace)
		fprintf(to, "rate          as captured, %.0f messages/s over %.3f s\n",
			rate(run, r), seconds(r));
	else
		fprintf(to, "rate          %.0f messages/s asked, %.0f achieved over %.3f s\n",
			(double)run->o->rate, rate(run, r), seconds(r));
	fprintf(to,
		"schedule      p50 %.1f us, p99 %.1f us, p99.9 %.1f us, max %.1f us after it was "
		"due\n",
		(double)quantile(r, 0.5) / 1e3, (double)quantile(r, 0.99) / 1e3,
		(double)quantile(r, 0.999) / 1e3, (double)r->error.max / 1e3);
}

void kb_gen_result_json(FILE *to, const struct kb_gen_run *run, const struct kb_gen_result *r)
{
	const struct kb_gen_options *const o = run->o;
	fprintf(to, "{\n  \"program\": \"%s\",\n  \"driver\": \"%s\",\n  \"to\": [", run->program,
		run->driver);
	for (uint32_t i = 0; i < o->n_to; i++) {
		char text[INET_ADDRSTRLEN];
		inet_ntop(AF_INET, &o->to[i].addr, text, sizeof(text));
		fprintf(to, "%s\"%s:%u\"", i ? ", " : "", text, o->to[i].port);
	}
	fprintf(to,
		"],\n"
		"  \"rate\": %" PRIu64 ",\n  \"size\": %u,\n  \"lines\": %u,\n  \"flows\": %u,\n"
		"  \"arrivals\": \"%s\",\n  \"burst\": %" PRIu64 ",\n  \"seed\": %" PRIu64 ",\n"
		"  \"messages\": %" PRIu64 ",\n  \"due\": %" PRIu64 ",\n  \"sent\": %" PRIu64 ",\n"
		"  \"notAccepted\": %" PRIu64 ",\n  \"refused\": %" PRIu64
		",\n  \"deferred\": %" PRIu64 ",\n  \"bytes\": %" PRIu64 ",\n",
		o->rate, o->size, o->lines, o->flows, arrival_names[o->arrivals], o->burst, o->seed,
		o->count, r->due, sent(run, r), r->due - r->sent, run->refused, r->deferred,
		r->bytes);
	fprintf(to,
		"  \"withheld\": %" PRIu64 ",\n  \"withheldOnEveryLine\": %" PRIu64
		",\n  \"withheldByLine\": [",
		withheld(run, r), r->withheld_all);
	for (uint32_t line = 0; line < o->lines; line++)
		fprintf(to, "%s%" PRIu64, line ? ", " : "", r->withheld[line]);
	fprintf(to, "],\n");
	if (o->replay)
		fprintf(to, "  \"captured\": %" PRIu64 ",\n  \"skipped\": %" PRIu64 ",\n",
			o->replay->n, o->replay->skipped);
	if (o->malformed.any && run->malformed)
		json_malformed(to, run);
	fprintf(to,
		"  \"elapsedNs\": %" PRIu64 ",\n  \"achievedRate\": %.1f,\n"
		"  \"scheduleErrorNs\": { \"p50\": %" PRIu64 ", \"p99\": %" PRIu64
		", \"p999\": %" PRIu64 ", \"max\": %" PRIu64 " }\n}\n",
		r->end_ns - r->start_ns, rate(run, r), quantile(r, 0.5), quantile(r, 0.99),
		quantile(r, 0.999), r->error.max);
}
