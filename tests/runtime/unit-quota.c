/* The quota of control groups, of both versions. */
#include "internal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static char root[64];

static const char *in(const char *name) {
    static char path[4][256];
    static int k;
    k = (k + 1) % 4;
    snprintf(path[k], sizeof path[k], "%s/%s", root, name);
    return path[k];
}

static void group(const char *name) { cr_assert(mkdir(in(name), 0700) == 0); }

static void holds(const char *name, const char *text) {
    FILE *out = fopen(in(name), "w");
    fputs(text, out);
    fclose(out);
}

static void begin(void) {
    snprintf(root, sizeof root, "/tmp/jxl-quota-XXXXXX");
    cr_assert(mkdtemp(root) != NULL);
}
static void end(void) {
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", root);
    cr_assert(system(command) == 0);
}
TestSuite(quota, .init = begin, .fini = end);

static double quota(void) { return jxl_processor_quota(root, in("self")); }

Test(quota, of_version_2_the_least_around) {
    holds("self", "0::/a/b\n");
    cr_assert(quota() == 0);
    group("a");
    group("a/b");
    holds("a/b/cpu.max", "max 100000\n");
    cr_assert(quota() == 0);
    holds("a/cpu.max", "250000 100000\n");
    cr_assert(quota() == 2.5);
    holds("a/b/cpu.max", "300000 100000\n");
    cr_assert(quota() == 2.5);
    holds("cpu.max", "50000 100000\n");
    cr_assert(quota() == 0.5);
}

Test(quota, in_a_container_the_root_is_the_group) {
    holds("self", "0::/docker/0123\n");
    holds("cpu.max", "100000 100000\n");
    cr_assert(quota() == 1);
}

Test(quota, of_version_1_the_controller_cpu) {
    holds("self", "12:cpuset:/job\n4:cpu,cpuacct:/job\n1:name=systemd:/job\n");
    group("cpu,cpuacct");
    group("cpu,cpuacct/job");
    holds("cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
    holds("cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
    cr_assert(quota() == 0);
    holds("cpu,cpuacct/job/cpu.cfs_quota_us", "400000\n");
    cr_assert(quota() == 4);
}

Test(quota, where_nothing_is_known_there_is_no_bound) {
    cr_assert(quota() == 0);
    holds("self", "nonsense\n::\n");
    cr_assert(quota() == 0);
}
