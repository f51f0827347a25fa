// SPDX-License-Identifier: Apache-2.0
/* Each case in a process of its own: what is given up does not come back. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kb/error.h"
#include "sandbox.h"

#define SURVIVED 42 /* the exit status of a case that made its call and lives */

static char output[4096];

/* Runs it in a child; returns its exit status, what it printed is in `output`. */
static int run(void (*what)(void))
{
	int ends[2], status = 0;
	size_t size = 0;
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	const pid_t child = fork();
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		what();
		_exit(SURVIVED);
	}
	close(ends[1]);
	while ((n = read(ends[0], output + size, sizeof(output) - 1 - size)) > 0)
		size += (size_t)n;
	output[size] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status))
		fail_msg("ended by signal %d: %s", WTERMSIG(status), output);
	return WEXITSTATUS(status);
}

static void filter(enum kb_seccomp mode, const int *further)
{
	if (kb_sandbox_filter(mode, &further, 1)) {
		fprintf(stderr, "%s\n", kb_err_text());
		_exit(3);
	}
}

/* --- a second thread, there before anything is given up --- */

static atomic_int turn;

static void await(int value)
{
	while (atomic_load(&turn) != value)
		sched_yield();
}

static void *open_something(void *arg)
{
	(void)arg;
	atomic_store(&turn, 1);
	await(2);
	close(open("/dev/null", O_RDONLY | O_CLOEXEC));
	atomic_store(&turn, 3);
	return NULL;
}

static void in_another_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, open_something, NULL);
	await(1);
	filter(KB_SECCOMP_ENFORCE, NULL);
	atomic_store(&turn, 2);
	pthread_join(thread, NULL);
}

/* --- system calls --- */

static void what_a_receiver_does(void)
{
	filter(KB_SECCOMP_ENFORCE, NULL);
	void *const small = malloc(100), *const large = malloc(10 << 20);
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct timespec moment = {.tv_nsec = 1};

	if (!small || !large || fd < 0 || nanosleep(&moment, NULL))
		_exit(1);
	memset(large, 1, 10 << 20);
	free(large);
	free(small);
	close(fd);
	fprintf(stderr, "done %d\n", (int)getpid());
}

static void open_a_file(void)
{
	filter(KB_SECCOMP_ENFORCE, NULL);
	open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static void run_a_program(void)
{
	filter(KB_SECCOMP_ENFORCE, NULL);
	execl("/bin/true", "true", (char *)NULL);
}

static void make_memory_code(void)
{
	filter(KB_SECCOMP_ENFORCE, NULL);
	mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void turn_memory_into_code(void)
{
	filter(KB_SECCOMP_ENFORCE, NULL);
	void *const page =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mprotect(page, 4096, PROT_READ))
		_exit(1);
	mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static void open_as_the_handler_named(void)
{
	static const int further[] = {SYS_openat, -1};

	filter(KB_SECCOMP_ENFORCE, further);
	if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
		_exit(1);
}

static void open_and_be_logged(void)
{
	filter(KB_SECCOMP_LOG, NULL);
	if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
		_exit(1);
}

/* A kernel, or a container, that answers the call itself with an error. */
static void where_there_is_no_filter(void)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = 4, .filter = code};
	const int *const none = NULL;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(4);
	if (!kb_sandbox_filter(KB_SECCOMP_ENFORCE, &none, 1))
		_exit(1);
	fprintf(stderr, "%s\n", kb_err_text());
	open("/etc/passwd", O_RDONLY | O_CLOEXEC); /* nothing has changed */
}

static void a_bug(void)
{
	filter(KB_SECCOMP_ENFORCE, NULL);
	signal(SIGABRT, SIG_DFL);
	abort();
}

static void what_a_receiver_does_is_allowed(void **state)
{
	(void)state;
	assert_int_equal(run(what_a_receiver_does), SURVIVED);
	assert_contains(output, "done ");
}

static void another_call_ends_it_with_its_name(void **state)
{
	static const struct {
		void (*what)(void);
		const char *name;
	} calls[] = {
		{open_a_file, "does not call openat ("},
		{in_another_thread, "does not call openat ("},
		{run_a_program, "does not call execve ("},
		{make_memory_code, "does not call mmap ("},
		{turn_memory_into_code, "does not call mprotect ("},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		assert_int_equal(run(calls[i].what), KB_EXIT_RETRY);
		assert_contains(output, calls[i].name);
		assert_contains(output, "test_sandbox: ended by its system call filter");
	}
}

static void a_handler_names_its_own(void **state)
{
	(void)state;
	assert_int_equal(run(open_as_the_handler_named), SURVIVED);
}

static void logging_lets_it_happen(void **state)
{
	(void)state;
	assert_int_equal(run(open_and_be_logged), SURVIVED);
}

static void a_kernel_without_it_is_an_error_and_no_end(void **state)
{
	(void)state;
	assert_int_equal(run(where_there_is_no_filter), SURVIVED);
	assert_contains(output, "filter system calls: Function not implemented");
}

static void an_abort_stays_an_abort(void **state)
{
	int status = 0;
	(void)state;

	const pid_t child = fork();
	if (child == 0)
		a_bug();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* --- capabilities --- */

static uint64_t own_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct now[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, now))
		_exit(4);
	/* Permitted, because what is permitted can be taken back. */
	return now[0].permitted | (uint64_t)now[1].permitted << 32;
}

static void *watch_own(void *arg)
{
	uint64_t *const seen = arg;

	atomic_store(&turn, 1);
	await(2);
	*seen = own_capabilities();
	return NULL;
}

static void give_up_all_but_one(void)
{
	const uint64_t keep = 1ull << CAP_NET_RAW, before = own_capabilities();
	uint64_t seen = 0;
	pthread_t thread;

	pthread_create(&thread, NULL, watch_own, &seen);
	await(1);
	if (kb_sandbox_capabilities(keep)) {
		fprintf(stderr, "%s\n", kb_err_text());
		_exit(3);
	}
	atomic_store(&turn, 2);
	pthread_join(thread, NULL);
	fprintf(stderr, "%llx %llx", (unsigned long long)own_capabilities(),
		(unsigned long long)seen);
	if (own_capabilities() != (before & keep) || seen != (before & keep))
		_exit(1);
}

static void every_thread_gives_up_capabilities(void **state)
{
	(void)state;
	if (run(give_up_all_but_one) != SURVIVED)
		fail_msg("%s", output);
}

/* A build with a sanitizer has no filter, one with ThreadSanitizer also keeps capabilities. */
static bool is_possible(void (*what)(void))
{
	if (run(what) != 3 || !strstr(output, "built with a sanitizer"))
		return true;
	fprintf(stderr, "skipped: %s", output);
	return false;
}

int main(void)
{
	const struct CMUnitTest calls[] = {
		cmocka_unit_test(what_a_receiver_does_is_allowed),
		cmocka_unit_test(another_call_ends_it_with_its_name),
		cmocka_unit_test(a_handler_names_its_own),
		cmocka_unit_test(logging_lets_it_happen),
		cmocka_unit_test(a_kernel_without_it_is_an_error_and_no_end),
		cmocka_unit_test(an_abort_stays_an_abort),
	};
	const struct CMUnitTest capabilities[] = {
		cmocka_unit_test(every_thread_gives_up_capabilities),
	};
	int failed = 0;

	if (!is_possible(give_up_all_but_one))
		return EXIT_SKIP;
	failed += cmocka_run_group_tests(capabilities, NULL, NULL);
	if (is_possible(what_a_receiver_does))
		failed += cmocka_run_group_tests(calls, NULL, NULL);
	return failed;
}
