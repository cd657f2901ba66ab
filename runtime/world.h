/* What the files about launchers and ranks share. */
#ifndef JXL_WORLD_H
#define JXL_WORLD_H

#include "comm.h"
#include "internal.h"

/* What the environment says of who started this process. */
typedef struct {
    const char *launcher; /* in words */
    int rank, ranks;      /* ranks is 1 without a launcher */
    int mpi, sure;        /* whose launcher it is; whether it can only be that one's */
    int by;
} Launch;
enum { LAUNCHED_BY_OPENMPI, LAUNCHED_BY_MPICH, LAUNCHED_BY_SLURM };

/* binding.c: for so many ranks on this machine */
void jxl_advise_binding(const Launch *, int ranks);

/* launcher.c */
Launch jxl_launched(void);
const jxl_comm *jxl_plugin(jxl_call *, const Launch *, const char *directory); /* NULL after an error */

/* ends.c.  A word of memory that the ranks of a machine share: jxl_speaks() is 1 for the first that asks, once. */
int jxl_said_new(void); /* a file descriptor that other processes open, or -1 */
void jxl_said_share(int64_t pid, int64_t fd);
int jxl_speaks(void);
void jxl_ends_watch(int rank, int64_t timeout);           /* from here on: whether it waits too long, */
void jxl_ends_met(const jxl_comm *, int says_of_signals); /* ... and whether it ends too early, */
void jxl_ends_well(void);                                 /* ... up to here */
const char *jxl_last_place(void);                         /* the last that was waited in, or NULL */
void jxl_let_read(void);                                  /* what was written, by the launcher */
void jxl_pause(double seconds);

#endif
