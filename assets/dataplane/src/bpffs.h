/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_BPFFS_H
#define KB_BPFFS_H

/* Makes `dir` and its parents inside a BPF file system, mounting one where there is none. */
int kb_bpffs_make(const char *dir);

/* Opens a pin for reading, which is all that its mode may allow: a descriptor, or -1 and errno. */
int kb_bpffs_open(const char *path);

#endif
