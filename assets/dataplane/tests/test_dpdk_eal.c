// SPDX-License-Identifier: Apache-2.0
/* The command line DPDK gets, from the plan and a made-up sysfs. Needs no DPDK. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "backend/dpdk/devargs.h"
#include "backend/dpdk/eal_args.h"
#include "backend/dpdk/pci.h"
#include "kb/error.h"

static void ena_devargs_follow_the_release(void **state)
{
	static const struct {
		unsigned int version;
		const char *driver;
		const char *devargs; /* NULL: refused */
	} rows[] = {
		{2211, "vfio-pci", "enable_llq=1,large_llq_hdr=0"},
		{2211, "igb_uio", "enable_llq=1,large_llq_hdr=0"},
		{2311, "igb_uio", "enable_llq=1,large_llq_hdr=0"},
		{2403, "igb_uio", "enable_llq=1,large_llq_hdr=0"},
		{2403, "uio_pci_generic",
		 "enable_llq=1,large_llq_hdr=0,control_path_poll_interval=1000"},
		{2407, "vfio-pci", "enable_llq=1,large_llq_hdr=0"},
		{2411, "vfio-pci", "llq_policy=1"},
		{2511, "igb_uio", "llq_policy=1"},
		{2511, "uio_pci_generic", "llq_policy=1,control_path_poll_interval=1000"},
		{2607, "vfio-pci", "llq_policy=1"},
		{2311, "uio_pci_generic", NULL},
		{2111, "vfio-pci", NULL},
		{0, "vfio-pci", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[128];
		kb_err_clear();
		const int rc = kb_ena_devargs(out, sizeof(out), rows[i].version, rows[i].driver);
		if (!rows[i].devargs) {
			assert_int_equal(rc, -1);
			assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
			continue;
		}
		assert_int_equal(rc, 0);
		assert_string_equal(out, rows[i].devargs);
	}
}

static void version_is_read_from_the_library(void **state)
{
	(void)state;
	assert_int_equal(kb_dpdk_version("DPDK 22.11.11"), 2211);
	assert_int_equal(kb_dpdk_version("DPDK 25.11.4"), 2511);
	assert_int_equal(kb_dpdk_version("DPDK 24.03.0-rc2"), 2403);
	assert_int_equal(kb_dpdk_version("22.11"), 0);
}

/* All arguments, joined by blanks. */
static const char *joined(const struct kb_eal_args *a)
{
	static char text[4096];
	size_t used = 0;
	text[0] = '\0';
	for (int i = 0; i < a->argc; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
					 a->argv[i]);
	assert_null(a->argv[a->argc]);
	return text;
}

static struct kb_pci pci_with(const char *driver, bool iommu)
{
	struct kb_pci pci = {.vendor = KB_PCI_VENDOR_AMAZON, .device = 0xec20, .iommu = iommu};
	snprintf(pci.driver, sizeof(pci.driver), "%s", driver);
	return pci;
}

static void arguments_follow_the_port(void **state)
{
	static struct kb_config cfg;
	static const struct {
		const char *driver;
		bool iommu;
		const char *iova;
	} rows[] = {
		{"vfio-pci", true, "va"},
		{"vfio-pci", false, "pa"},
		{"igb_uio", false, "pa"},
		{"igb_uio", true, "pa"},
	};
	cpu_set_t allowed;
	struct kb_eal_args args;
	char wanted[256];
	(void)state;
	memset(&cfg, 0, sizeof(cfg));
	strcpy(cfg.pci, "0000:28:00.0");
	cfg.housekeeping_cores = (struct kb_cores){.n = 2, .cpu = {0, 130}};
	CPU_ZERO(&allowed);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct kb_pci pci = pci_with(rows[i].driver, rows[i].iommu);
		assert_int_equal(kb_eal_args(&args, &cfg, &pci, 2511, &allowed), 0);
		snprintf(wanted, sizeof(wanted),
			 "kb-dpdk --lcores=0@(0,130) -a 0000:28:00.0,llq_policy=1 --iova-mode=%s "
			 "--in-memory --no-telemetry --log-level=pmd.net.ena.driver:info",
			 rows[i].iova);
		assert_string_equal(joined(&args), wanted);
	}
	/* Another vendor's port has no ENA arguments. */
	struct kb_pci pci = pci_with("vfio-pci", true);
	pci.vendor = 0x8086;
	assert_int_equal(kb_eal_args(&args, &cfg, &pci, 2511, &allowed), 0);
	assert_non_null(strstr(joined(&args), " -a 0000:28:00.0 --iova"));
}

static void without_housekeeping_cores_all_allowed_ones_serve(void **state)
{
	static struct kb_config cfg;
	const struct kb_pci pci = pci_with("vfio-pci", true);
	struct kb_eal_args args;
	cpu_set_t allowed;
	(void)state;
	memset(&cfg, 0, sizeof(cfg));
	strcpy(cfg.pci, "0000:28:00.0");
	CPU_ZERO(&allowed);
	CPU_SET(1, &allowed);
	CPU_SET(3, &allowed);
	assert_int_equal(kb_eal_args(&args, &cfg, &pci, 2511, &allowed), 0);
	assert_non_null(strstr(joined(&args), "--lcores=0@(1,3) "));
	/* Every CPU the kernel can name still fits. */
	for (int i = 0; i < 256; i++)
		CPU_SET(i, &allowed);
	assert_int_equal(kb_eal_args(&args, &cfg, &pci, 2511, &allowed), 0);
}

static void port_held_by_the_kernel_is_refused(void **state)
{
	static struct kb_config cfg;
	static const char *const drivers[] = {"ena", ""};
	struct kb_eal_args args;
	cpu_set_t allowed;
	(void)state;
	memset(&cfg, 0, sizeof(cfg));
	strcpy(cfg.pci, "0000:28:00.0");
	CPU_ZERO(&allowed);
	CPU_SET(0, &allowed);
	for (size_t i = 0; i < 2; i++) {
		const struct kb_pci pci = pci_with(drivers[i], false);
		assert_int_equal(kb_eal_args(&args, &cfg, &pci, 2511, &allowed), -1);
		assert_non_null(strstr(kb_err_text(), "0000:28:00.0 is held by"));
		assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
	}
}

static void given_arguments_replace_the_derived(void **state)
{
	static struct kb_config cfg;
	struct kb_eal_args args;
	cpu_set_t allowed;
	(void)state;
	memset(&cfg, 0, sizeof(cfg));
	CPU_ZERO(&allowed);
	strcpy(cfg.eal_args, "  --no-pci \t--vdev=net_pcap0,rx_pcap=/a,infinite_rx=1 ");
	assert_int_equal(kb_eal_args(&args, &cfg, NULL, 2511, &allowed), 0);
	assert_int_equal(args.argc, 3);
	assert_string_equal(joined(&args),
			    "kb-dpdk --no-pci --vdev=net_pcap0,rx_pcap=/a,infinite_rx=1");
	memset(cfg.eal_args, 0, sizeof(cfg.eal_args));
	for (size_t i = 0; i + 2 < sizeof(cfg.eal_args); i += 2)
		memcpy(cfg.eal_args + i, "x ", 2);
	assert_int_equal(kb_eal_args(&args, &cfg, NULL, 2511, &allowed), -1);
	assert_non_null(strstr(kb_err_text(), "too many EAL arguments"));
}

/* --- a sysfs ------------------------------------------------------------------------------------
 */

static char root[] = "/tmp/kb-test-pci-XXXXXX";

static void make(const char *path, const char *text)
{
	char full[PATH_MAX];
	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *slash = strchr(full + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
	FILE *const f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void link_to(const char *path, const char *target)
{
	char full[PATH_MAX];
	snprintf(full, sizeof(full), "%s/%s", root, path);
	unlink(full);
	assert_int_equal(symlink(target, full), 0);
}

#define DEV "bus/pci/devices/0000:28:00.0/"

static int make_sysfs(void **state)
{
	(void)state;
	if (!mkdtemp(root))
		return -1;
	make(DEV "vendor", "0x1d0f\n");
	make(DEV "device", "0xec20\n");
	make(DEV "resource", "0x00000000fe400000 0x00000000fe401fff 0x0000000000040200\n"
			     "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
			     "0x0000000080000000 0x00000000803fffff 0x0000000000142208\n");
	link_to(DEV "driver", "../../../../bus/pci/drivers/vfio-pci");
	return 0;
}

static int remove_sysfs(void **state)
{
	char command[64];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void pci_is_read_from_sysfs(void **state)
{
	struct kb_pci pci;
	(void)state;
	assert_int_equal(kb_pci_read(&pci, root, "0000:28:00.0"), 0);
	assert_int_equal(pci.vendor, KB_PCI_VENDOR_AMAZON);
	assert_int_equal(pci.device, 0xec20);
	assert_string_equal(pci.driver, "vfio-pci");
	assert_false(pci.iommu);
	assert_int_equal(pci.bar_start, 0x80000000);
	assert_int_equal(pci.bar_end, 0x803fffff);

	/* vfio's own group of one, without an IOMMU, is not an IOMMU; a real group is. */
	make("kernel/iommu_groups/0/name", "vfio-noiommu\n");
	link_to(DEV "iommu_group", "../../../../kernel/iommu_groups/0");
	assert_int_equal(kb_pci_read(&pci, root, "0000:28:00.0"), 0);
	assert_false(pci.iommu);
	make("kernel/iommu_groups/0/name", "DMA\n");
	assert_int_equal(kb_pci_read(&pci, root, "0000:28:00.0"), 0);
	assert_true(pci.iommu);
}

static void wrong_pci_addresses_are_refused(void **state)
{
	static const char *const wrong[] = {
		"", "28:00.0", "0000:28:00", "0000:28:00.0x", "0000:28:00.0,a", "eth1", "0:28:0.0"};
	struct kb_pci pci;
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		kb_err_clear();
		assert_int_equal(kb_pci_read(&pci, root, wrong[i]), -1);
		assert_int_equal(kb_err_exit(), KB_EXIT_CONFIG);
	}
	kb_err_clear();
	assert_int_equal(kb_pci_read(&pci, root, "0000:29:00.0"), -1);
	assert_int_equal(kb_err_exit(), KB_EXIT_RETRY);
}

static void write_combining_is_read_from_the_list(void **state)
{
	char list[PATH_MAX];
	(void)state;
	make("pat", "PAT memtype list:\n"
		    "PAT: [mem 0x00000000fe400000-0x00000000fe402000] uncached-minus\n"
		    "PAT: [mem 0x0000000080000000-0x0000000080400000] write-combining\n"
		    "PAT: [mem 0x0000000090000000-0x0000000090400000] uncached-minus\n");
	snprintf(list, sizeof(list), "%s/pat", root);
	assert_int_equal(kb_wc_read(list, 0x80000000, 0x803fffff), KB_WC_ON);
	assert_int_equal(kb_wc_read(list, 0x90000000, 0x903fffff), KB_WC_OFF);
	assert_int_equal(kb_wc_read(list, 0x80400000, 0x807fffff), KB_WC_UNKNOWN);
	assert_int_equal(kb_wc_read(list, 0, 0), KB_WC_UNKNOWN);
	assert_int_equal(kb_wc_read("/nonexistent", 0x80000000, 0x803fffff), KB_WC_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ena_devargs_follow_the_release),
		cmocka_unit_test(version_is_read_from_the_library),
		cmocka_unit_test(arguments_follow_the_port),
		cmocka_unit_test(without_housekeeping_cores_all_allowed_ones_serve),
		cmocka_unit_test(port_held_by_the_kernel_is_refused),
		cmocka_unit_test(given_arguments_replace_the_derived),
		cmocka_unit_test(pci_is_read_from_sysfs),
		cmocka_unit_test(wrong_pci_addresses_are_refused),
		cmocka_unit_test(write_combining_is_read_from_the_list),
	};
	return cmocka_run_group_tests(tests, make_sysfs, remove_sysfs);
}
