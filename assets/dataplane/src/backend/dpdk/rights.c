// SPDX-License-Identifier: Apache-2.0
#include "rights.h"

#include <linux/capability.h>
#include <sys/syscall.h>

#define CAP(name) (1ull << (name))

#ifdef SYS_poll /* the older forms of some calls, which not every architecture has */
#define OLDER_DEVICE                                                                               \
	SYS_poll, SYS_epoll_create, SYS_epoll_wait, SYS_open, SYS_pipe, SYS_readlink, SYS_unlink,
#define OLDER_VIRTUAL SYS_mkdir, SYS_rmdir,
#else
#define OLDER_DEVICE
#define OLDER_VIRTUAL
#endif

/*
 * A device of its own. Mostly what a reset takes: net_ena is then set up anew.
 *   the thread of interrupts and alarms
 *   registers and configuration space behind a descriptor (UIO, vfio)
 *   huge pages in files without a name; physical addresses from /proc/self/pagemap
 *   the IOMMU group, a link in /sys, which is asked for once more when the device is given back
 */
#define DEVICE                                                                                     \
	OLDER_DEVICE SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_eventfd2,              \
		SYS_timerfd_create, SYS_timerfd_settime, SYS_pipe2, SYS_ppoll, SYS_read,           \
		SYS_pread64, SYS_pwrite64, SYS_memfd_create, SYS_ftruncate, SYS_fallocate,         \
		SYS_mbind, SYS_get_mempolicy, SYS_set_mempolicy, SYS_mlock, SYS_openat, SYS_flock, \
		SYS_unlinkat, SYS_readlinkat, SYS_getdents64, SYS_sched_getaffinity,               \
		SYS_sched_setaffinity

/* Drivers of memif, af_packet and af_xdp, the last of which takes an XDP program off at the end. */
#define VIRTUAL                                                                                    \
	OLDER_VIRTUAL SYS_accept, SYS_connect, SYS_listen, SYS_shutdown, SYS_bpf, SYS_statfs,      \
		SYS_mkdirat

static const int device[] = {DEVICE, -1};
static const int device_or_virtual[] = {DEVICE, VIRTUAL, -1};

struct kb_rights kb_dpdk_rights(bool physical, bool given_args)
{
	struct kb_rights rights = {
		.syscalls = given_args ? device_or_virtual : device,
		.capabilities = CAP(CAP_IPC_LOCK), /* memory that the device writes */
	};

	if (physical)
		rights.capabilities |=
			CAP(CAP_SYS_ADMIN) | CAP(CAP_SYS_RAWIO) | CAP(CAP_DAC_OVERRIDE);
	if (given_args)
		rights.capabilities |= CAP(CAP_NET_ADMIN) | CAP(CAP_NET_RAW) | CAP(CAP_BPF);
	return rights;
}
