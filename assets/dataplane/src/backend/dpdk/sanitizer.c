// SPDX-License-Identifier: Apache-2.0
/* In a build with AddressSanitizer: what is not ours to free. Nothing in any other. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	/* net_af_xdp forgets its umem when it closes. */
	return "leak:xsk_umem__create\n";
}
