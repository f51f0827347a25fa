// SPDX-License-Identifier: Apache-2.0
#include "bpffs.h"

#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kb/error.h"

#define USUAL_PLACE "/sys/fs/bpf"

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

static int make_dirs(const char *dir)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", dir);
	for (char *slash = path + 1; slash; *slash++ = '/') {
		slash = strchr(slash, '/');
		if (slash)
			*slash = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			return kb_err_set(KB_EXIT_CONFIG, errno, "make %s", path);
		if (!slash)
			break;
	}
	return 0;
}

/* True when the nearest existing parent of `dir`, or `dir` itself, is in a BPF file system. */
static bool inside_bpffs(const char *dir)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s", dir);
	while (stat(path, &st)) {
		char *const slash = strrchr(path, '/');
		if (!slash || slash == path)
			return false;
		*slash = '\0';
	}
	return is_bpffs(path);
}

int kb_bpffs_make(const char *dir)
{
	/* sysfs takes no directories: there the mount point is given. */
	const bool usual = strncmp(dir, USUAL_PLACE "/", sizeof(USUAL_PLACE)) == 0;
	const char *const root = usual ? USUAL_PLACE : dir;

	if (inside_bpffs(dir))
		return make_dirs(dir);
	if (!usual && make_dirs(root))
		return -1;
	if (mount("bpf", root, "bpf", 0, "mode=0755"))
		return kb_err_set(KB_EXIT_CONFIG, errno, "mount a BPF file system on %s", root);
	return make_dirs(dir);
}

int kb_bpffs_open(const char *path)
{
	/* libbpf's bpf_obj_get() asks to write as well, and knows no other way before 1.0. */
	union bpf_attr attr = {.pathname = (uintptr_t)path, .file_flags = BPF_F_RDONLY};

	return (int)syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
}
