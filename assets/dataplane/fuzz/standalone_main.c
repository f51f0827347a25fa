// SPDX-License-Identifier: Apache-2.0
/*
 * A driver for fuzz targets that needs no libFuzzer: replays a corpus, then mutates it for a given
 * time. Without coverage feedback it finds less, but gcc's sanitizers are all it takes.
 *
 *   fuzz_x CORPUS_DIR SECONDS [SEED]    0 seconds: only replay
 *   fuzz_x FILE                         one input, to look at a finding
 *
 * A finding is left in ./fuzz_x.crash.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define INPUT_MAX  4096u
#define CORPUS_MAX 1024u

struct input {
	uint8_t *bytes;
	size_t size;
};

static struct input corpus[CORPUS_MAX];
static size_t corpus_size;
static uint64_t seed;

/* --- leaving the input that fails behind --- */

static struct input running;
static char crash_path[256];

static void leave_input(void)
{
	const int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		return;
	(void)!write(fd, running.bytes, running.size);
	close(fd);
	fprintf(stderr, "the input is in %s\n", crash_path);
}

static void on_abort(int signal_number)
{
	leave_input();
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

/* Only there with a sanitizer, which ends the process by itself. */
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));

static void watch_for_findings(const char *program)
{
	const char *const slash = strrchr(program, '/');

	snprintf(crash_path, sizeof(crash_path), "%s.crash", slash ? slash + 1 : program);
	signal(SIGABRT, on_abort);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(leave_input);
}

/* In a block of its own size, so that reading one byte too far is seen. */
static void run(const uint8_t *bytes, size_t size)
{
	running.bytes = malloc(size ? size : 1);
	running.size = size;
	if (!running.bytes)
		exit(1);
	memcpy(running.bytes, bytes, size);
	must(LLVMFuzzerTestOneInput(running.bytes, size) == 0);
	free(running.bytes);
}

/* --- corpus --- */

static struct input load(const char *path)
{
	struct input in = {.bytes = malloc(INPUT_MAX)};
	FILE *const f = fopen(path, "rb");

	if (!f || !in.bytes) {
		perror(path);
		exit(2);
	}
	in.size = fread(in.bytes, 1, INPUT_MAX, f);
	fclose(f);
	return in;
}

static void load_corpus(const char *dir)
{
	DIR *const d = opendir(dir);

	if (!d) {
		perror(dir);
		exit(2);
	}
	for (struct dirent *e; (e = readdir(d)) && corpus_size < CORPUS_MAX;) {
		char path[1024];

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		corpus[corpus_size++] = load(path);
	}
	closedir(d);
}

/* --- mutation --- */

static uint64_t next_random(void)
{
	/* xorshift64: fast, and the same everywhere for one seed */
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static size_t below(size_t n)
{
	return n ? (size_t)(next_random() % n) : 0;
}

static uint8_t interesting(void)
{
	static const uint8_t values[] = {0,    1,    4,	  8,   20,  0x7f, 0x80,
					 0xff, '\n', ',', ':', '=', '-'};

	return values[below(sizeof(values))];
}

static size_t mutate_once(uint8_t *bytes, size_t size)
{
	const size_t at = below(size);
	const size_t len = below(16) + 1;

	switch (below(7)) {
	case 0: /* flip a bit */
		if (size)
			bytes[at] ^= (uint8_t)(1u << below(8));
		return size;
	case 1:
		if (size)
			bytes[at] = (uint8_t)next_random();
		return size;
	case 2:
		if (size)
			bytes[at] = interesting();
		return size;
	case 3: /* cut the end off */
		return at;
	case 4: /* take a piece out */
		if (at + len > size)
			return size;
		memmove(bytes + at, bytes + at + len, size - at - len);
		return size - len;
	case 5: /* put a piece in */
		if (size + len > INPUT_MAX)
			return size;
		memmove(bytes + at + len, bytes + at, size - at);
		for (size_t i = 0; i < len; i++)
			bytes[at + i] = interesting();
		return size + len;
	default: { /* go on as another input does */
		const struct input *const other = &corpus[below(corpus_size)];

		if (at >= other->size)
			return size;
		memcpy(bytes + at, other->bytes + at, other->size - at);
		return other->size;
	}
	}
}

static void mutate_and_run(void)
{
	static uint8_t bytes[INPUT_MAX];
	const struct input *const from = &corpus[below(corpus_size)];
	size_t size = from->size;

	memcpy(bytes, from->bytes, size);
	for (size_t n = below(8) + 1; n > 0; n--)
		size = mutate_once(bytes, size);
	run(bytes, size);
}

static uint64_t fuzz(double seconds)
{
	struct timespec start, now;
	uint64_t runs = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if ((double)(now.tv_sec - start.tv_sec) +
			    (double)(now.tv_nsec - start.tv_nsec) * 1e-9 >=
		    seconds)
			return runs;
		for (int i = 0; i < 100; i++, runs++)
			mutate_and_run();
	}
}

int main(int argc, char **argv)
{
	struct stat st;

	if (argc < 2 || stat(argv[1], &st)) {
		fprintf(stderr, "usage: %s CORPUS_DIR SECONDS [SEED] | FILE\n", argv[0]);
		return 2;
	}
	watch_for_findings(argv[0]);
	if (!S_ISDIR(st.st_mode)) {
		const struct input in = load(argv[1]);

		run(in.bytes, in.size);
		return 0;
	}
	load_corpus(argv[1]);
	for (size_t i = 0; i < corpus_size; i++)
		run(corpus[i].bytes, corpus[i].size);
	run((const uint8_t *)"", 0);
	seed = argc > 3 ? strtoull(argv[3], NULL, 10) : (uint64_t)time(NULL);
	seed = seed ? seed : 1;
	printf("%s: %zu inputs, seed %llu", argv[0], corpus_size, (unsigned long long)seed);
	fflush(stdout);
	const uint64_t runs = corpus_size && argc > 2 ? fuzz(strtod(argv[2], NULL)) : 0;
	printf(", %llu mutations: nothing found\n", (unsigned long long)runs);
	return 0;
}
