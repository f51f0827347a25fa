// SPDX-License-Identifier: Apache-2.0
/*
 * The filter is a plain list of numbers for the one architecture this is compiled for, so it is
 * written out here as a BPF program: a library would be one more package on every host.
 */
#include "sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kb/error.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "sandbox.c: which AUDIT_ARCH_ is this?"
#endif

/* Younger than the headers of the oldest system this is built on. */
#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW (1ul << 2)
#endif

/*
 * A sanitizer makes system calls of its own, and ThreadSanitizer has a thread of its own that takes
 * no signals. gcc and clang say differently that one is there.
 */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#ifdef __SANITIZE_THREAD__
#define THREAD_SANITIZED 1
#else
#define THREAD_SANITIZED __has_feature(thread_sanitizer)
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#else
#define SANITIZED (THREAD_SANITIZED || __has_feature(address_sanitizer))
#endif

#define SANITIZER "built with a sanitizer"

/* --- capabilities: a thread can change none but its own, so each is asked by a signal --- */

#define ASK	(SIGRTMIN + 1)
#define WAIT_MS 1000 /* a thread that does not answer in this time is stuck in the kernel */

static struct __user_cap_data_struct wanted[_LINUX_CAPABILITY_U32S_3];
static atomic_uint answered;
static atomic_int refused;

static int set_own(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return errno;
	return syscall(SYS_capset, &header, wanted) ? errno : 0;
}

static void on_ask(int signal_number)
{
	const int before = errno;
	const int err = set_own();
	(void)signal_number;

	if (err)
		atomic_store(&refused, err);
	atomic_fetch_add(&answered, 1);
	errno = before;
}

/* Returns how many threads were asked, or -1. */
static int ask_others(void)
{
	DIR *const tasks = opendir("/proc/self/task");
	const pid_t self = (pid_t)syscall(SYS_gettid);
	int asked = 0;

	if (!tasks)
		return -1;
	for (const struct dirent *e; (e = readdir(tasks));) {
		const pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);

		if (tid > 0 && tid != self && !syscall(SYS_tgkill, getpid(), tid, ASK))
			asked++;
	}
	closedir(tasks);
	return asked;
}

static int change_others(void)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	struct sigaction answer = {.sa_handler = on_ask, .sa_flags = SA_RESTART};
	struct sigaction before;
	int waited = 0;

	atomic_store(&answered, 0);
	sigaction(ASK, &answer, &before);
	const int asked = ask_others();
	while (asked > 0 && atomic_load(&answered) < (unsigned int)asked && waited++ < WAIT_MS)
		nanosleep(&pause, NULL);
	if (asked < 0)
		return kb_err_set(KB_EXIT_RETRY, errno, "list this process's threads");
	if (atomic_load(&answered) < (unsigned int)asked)
		return kb_err_set(KB_EXIT_RETRY, 0, "a thread does not answer"); /* it still may */
	sigaction(ASK, &before, NULL);
	return 0;
}

int kb_sandbox_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct now[_LINUX_CAPABILITY_U32S_3];

	if (THREAD_SANITIZED)
		return kb_err_set(KB_EXIT_CONFIG, 0, "capabilities are kept: " SANITIZER);
	if (syscall(SYS_capget, &header, now))
		return kb_err_set(KB_EXIT_RETRY, errno, "read capabilities");
	for (uint32_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		const uint32_t kept = now[i].permitted & (uint32_t)(keep >> 32 * i);

		/* Nothing to inherit: a receiver starts no program. */
		wanted[i] = (struct __user_cap_data_struct){.effective = kept, .permitted = kept};
	}
	if (change_others())
		return kb_err_wrap("give up capabilities");
	const int err = set_own();
	if (err || atomic_load(&refused))
		return kb_err_set(KB_EXIT_RETRY, err ? err : atomic_load(&refused),
				  "give up capabilities");
	return 0;
}

/* --- system calls --- */

static const int every_receiver[] = {
	/* ends, of a thread and of all; also abort(), so that a bug stays a bug in the journal */
	SYS_exit, SYS_exit_group, SYS_tgkill, SYS_getpid, SYS_gettid, SYS_rt_sigaction,
	/* waiting and waking */
	SYS_futex, SYS_rt_sigtimedwait, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_restart_syscall,
	SYS_clock_nanosleep, SYS_nanosleep, SYS_sched_yield,
	/* where the vDSO cannot read the clock source */
	SYS_clock_gettime,
	/* the report, the log, sd_notify, and what is asked of the interface by ioctl and rtnetlink
	 */
	SYS_write, SYS_writev, SYS_socket, SYS_bind, SYS_getsockname, SYS_setsockopt,
	SYS_getsockopt, SYS_sendto, SYS_sendmsg, SYS_recvfrom, SYS_recvmsg, SYS_ioctl, SYS_close,
	/* a kb-dump that attaches, and its socket at the end */
	SYS_accept4, SYS_memfd_create, SYS_ftruncate, SYS_unlinkat,
	/* malloc and free; mmap and mprotect come with a condition */
	SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_getrandom,
	/* libraries that look at their descriptors at the end */
	SYS_newfstatat, SYS_fstat, SYS_lseek, SYS_fcntl, -1};

struct program {
	struct sock_filter code[512]; /* two for each call; no list is near that */
	uint16_t len;
	bool full;
};

static void put(struct program *p, struct sock_filter one)
{
	if (p->len == sizeof(p->code) / sizeof(p->code[0]))
		p->full = true;
	else
		p->code[p->len++] = one;
}

static void load(struct program *p, size_t offset)
{
	put(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void answer(struct program *p, uint32_t action)
{
	put(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void skip_unless_equal(struct program *p, uint32_t value, uint8_t skip)
{
	put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip));
}

static void allow(struct program *p, const int *list)
{
	for (; list && *list >= 0; list++) {
		skip_unless_equal(p, (uint32_t)*list, 1);
		answer(p, SECCOMP_RET_ALLOW);
	}
}

/* Memory, but none that is code: the low half of the third argument has no PROT_EXEC. */
static void allow_data(struct program *p, int call, uint32_t otherwise)
{
	skip_unless_equal(p, (uint32_t)call, 4);
	load(p, offsetof(struct seccomp_data, args[2])); /* both architectures: little-endian */
	put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1));
	answer(p, otherwise);
	answer(p, SECCOMP_RET_ALLOW);
}

static void write_program(struct program *p, const int *const *further, uint32_t n,
			  uint32_t otherwise)
{
	p->len = 0;
	p->full = false;
	load(p, offsetof(struct seccomp_data, arch));
	put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
	answer(p, SECCOMP_RET_KILL_PROCESS);
	load(p, offsetof(struct seccomp_data, nr));
	/* Those of the loop first: before Linux 5.11 the list is gone through for each call. */
	for (uint32_t i = 0; i < n; i++)
		allow(p, further[i]);
	allow(p, every_receiver);
	allow_data(p, SYS_mmap, otherwise);
	allow_data(p, SYS_mprotect, otherwise);
	answer(p, otherwise);
}

/* --- what is said of a call that is not allowed --- */

static const struct {
	int number;
	const char *name;
} names[] = {
#include "syscall_names.inc"
};

static const char *name_of(int number)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == number)
			return names[i].name;
	return "unknown";
}

/* In a signal handler nothing may be printed but by write(). */
static void on_violation(int signal_number, siginfo_t *info, void *context)
{
	char text[256], digits[12];
	char *at = text, *digit = digits + sizeof(digits) - 1;
	(void)signal_number;
	(void)context;

	*digit = '\0';
	for (unsigned int n = (unsigned int)info->si_syscall; n || !*digit; n /= 10)
		*--digit = (char)('0' + n % 10);
	at = stpcpy(at, program_invocation_short_name);
	at = stpcpy(at, ": ended by its system call filter: a running receiver does not call ");
	at = stpcpy(at, name_of(info->si_syscall));
	at = stpcpy(at, " (");
	at = stpcpy(at, digit);
	at = stpcpy(at, "); a handler that does names it in kb_handler_info.syscalls\n");
	(void)!write(STDERR_FILENO, text, (size_t)(at - text));
	_exit(KB_EXIT_RETRY);
}

static void name_violations(void)
{
	struct sigaction action = {.sa_sigaction = on_violation, .sa_flags = SA_SIGINFO};
	sigset_t unblock;

	sigaction(SIGSYS, &action, NULL);
	sigemptyset(&unblock);
	sigaddset(&unblock, SIGSYS);
	sigprocmask(SIG_UNBLOCK, &unblock, NULL);
}

static long install(const struct sock_fprog *filter, unsigned int flags)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, filter);
}

int kb_sandbox_filter(enum kb_seccomp mode, const int *const *further, uint32_t n)
{
	static struct program program;
	const uint32_t otherwise = mode == KB_SECCOMP_LOG ? SECCOMP_RET_LOG : SECCOMP_RET_TRAP;

	if (SANITIZED)
		return kb_err_set(KB_EXIT_CONFIG, 0, SANITIZER);
	write_program(&program, further, n, otherwise);
	if (program.full)
		return kb_err_set(KB_EXIT_CONFIG, 0, "too many system calls to allow");
	const struct sock_fprog filter = {.len = program.len, .filter = program.code};

	/* Without CAP_SYS_ADMIN the kernel takes no filter otherwise. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return kb_err_set(KB_EXIT_RETRY, errno, "set no_new_privs");
	name_violations();
	/* Before Linux 5.16 a filter also turned off a speculation that makes loads fast. */
	long result = install(&filter, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	if (result < 0 && errno == EINVAL) /* before 4.17 nobody knows that flag */
		result = install(&filter, SECCOMP_FILTER_FLAG_TSYNC);
	if (result > 0)
		return kb_err_set(KB_EXIT_RETRY, 0, "thread %ld has a filter of its own", result);
	return result ? kb_err_set(KB_EXIT_RETRY, errno, "filter system calls") : 0;
}
