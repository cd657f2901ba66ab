/* whole: runs a command in silence; prints its seconds, those that processors spent on it, and the most memory it held in MiB. */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct timespec from, to;
    struct rusage use;
    int status;
    if (argc < 2) return 2;
    clock_gettime(CLOCK_MONOTONIC, &from);
    pid_t child = fork();
    if (!child) {
        dup2(open("/dev/null", O_WRONLY), 1);
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &use) < 0 || status) return 1;
    clock_gettime(CLOCK_MONOTONIC, &to);
    double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9;
    double processor = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6;
    printf("%.6f %.6f %.1f\n", seconds, processor, (double)use.ru_maxrss / 1024);
}
