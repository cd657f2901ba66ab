/* fft: Fourier transforms are the runtime's. */
#include "jxl/runtime.h"
#include "loop/lower.h"

void lower_fft(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    const Value *x = in->args[0], *y = in->results[0];
    int32_t what = in->op == OP_rfft     ? JXL_RFFT
                   : in->op == OP_irfft  ? JXL_IRFFT
                   : in->attrs->reversed ? JXL_IFFT
                                         : JXL_FFT;
    LType word = loop_type(DT_i32, 1);
    LValue *args[] = { loop_int(b, word, what), loop_int(b, word, in->attrs->axis),
                       loop_int(b, word, in->attrs->divided), lower_descriptor(l, home_of(l, x).ptr, x->type),
                       lower_descriptor(l, home_new(l, y).ptr, y->type) };
    loop_runtime(b, RUNTIME_fft, args, 5);
}
