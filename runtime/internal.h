/* What the files of the runtime share and programs do not see. */
#ifndef JXL_INTERNAL_H
#define JXL_INTERNAL_H

#include "jxl/runtime.h"

/* call.c: records an error in printf's words without the printer; the first error wins.  Returns the call's status. */
int jxl_fail_text(jxl_call *, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* memory.c: what stands before the bytes of a block */
enum { JXL_BLOCK_HEADER = 64 };

/* threads.c: 0 after recording that JXL_NUM_THREADS makes no sense */
int jxl_threads_wanted(jxl_call *);

/* pool.c */
jxl_pool *jxl_process_pool(void);

#endif
