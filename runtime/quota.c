/* How many processors' time the system gives this process, which may be less than those it may run on: the quota of its control
** group, and of those around it (docker --cpus, a Slurm job, a systemd slice).
**
** Version 2 has one tree, "cpu.max" in a group holding "QUOTA PERIOD" or "max PERIOD"; version 1 has a tree for the controller cpu,
** with two files.  In a container the path may be one outside of it, and the root is the group. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = 1024 };

/* The first two numbers of a file, or of two; 0 where there is none: "max", or -1. */
static double number_in(const char *directory, const char *file, double *second) {
    char path[PATH_ROOM + 32];
    double first = 0;
    snprintf(path, sizeof path, "%s/%s", directory, file);
    FILE *in = fopen(path, "r");
    if (!in) return 0;
    if (fscanf(in, "%lf %lf", &first, second) < 1) first = 0;
    fclose(in);
    return first;
}

static double quota_of(const char *directory) {
    double period = 0, ignored, quota = number_in(directory, "cpu.max", &period);
    if (!quota) {
        quota = number_in(directory, "cpu.cfs_quota_us", &ignored);
        period = number_in(directory, "cpu.cfs_period_us", &ignored);
    }
    return quota > 0 && period > 0 ? quota / period : 0;
}

/* The least of a group and those around it, up to the first `root` characters. */
static double least_quota(char *path, size_t root) {
    double least = 0;
    for (;;) {
        double quota = quota_of(path);
        if (quota > 0 && (least == 0 || quota < least)) least = quota;
        char *slash = strrchr(path, '/');
        if (!slash || (size_t)(slash - path) < root) return least;
        *slash = 0;
    }
}

/* Is cpu among these names, which commas separate? */
static int has_cpu(const char *names) {
    for (; *names; names += strcspn(names, ","), names += *names == ',') {
        if (strcspn(names, ",") == 3 && !strncmp(names, "cpu", 3)) return 1;
    }
    return 0;
}

double jxl_processor_quota(const char *groups, const char *membership) {
    char line[PATH_ROOM], path[2 * PATH_ROOM];
    double least = 0;
    FILE *in = fopen(membership, "r");
    if (!in) return 0;
    while (fgets(line, sizeof line, in)) { /* "NUMBER:CONTROLLERS:PATH" */
        line[strcspn(line, "\n")] = 0;
        char *names = strchr(line, ':'), *group = names ? strchr(names + 1, ':') : NULL;
        if (!group) continue;
        *group++ = 0, names++;
        if (*names && !has_cpu(names)) continue;
        int root = snprintf(path, sizeof path, "%s%s%s", groups, *names ? "/" : "", names);
        if (strcmp(group, "/")) snprintf(path + root, sizeof path - (size_t)root, "%s", group);
        double quota = least_quota(path, (size_t)root);
        if (quota > 0 && (least == 0 || quota < least)) least = quota;
    }
    fclose(in);
    return least;
}
