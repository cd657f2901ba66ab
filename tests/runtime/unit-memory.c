/* Memory: alignment, growing, and that an error leaves nothing behind (AddressSanitizer looks). */
#include "jxl/runtime.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

Test(memory, blocks_are_aligned_and_apart) {
    jxl_call c;
    jxl_call_init(&c);
    unsigned char *block[100];
    for (int i = 0; i < 100; i++) {
        block[i] = jxl_alloc(&c, i * 7);
        cr_assert(((uintptr_t)block[i] & 63) == 0);
        memset(block[i], i, (size_t)i * 7);
    }
    for (int i = 0; i < 100; i += 2) jxl_release(&c, block[i]);
    for (int i = 1; i < 100; i += 2)
        for (int k = 0; k < i * 7; k++) cr_assert(block[i][k] == i);
    jxl_call_free(&c); /* the other half */
}

Test(memory, growing_keeps_what_is_there) {
    jxl_call c;
    jxl_call_init(&c);
    unsigned char *block = NULL;
    void *other = NULL;
    for (int n = 1; n < 20000; n++) {
        block = jxl_grow(&c, block, n);
        block[n - 1] = (unsigned char)n;
        if (n % 100 == 0) jxl_release(&c, other), other = jxl_alloc(&c, n);
    }
    for (int n = 1; n < 20000; n++) cr_assert(block[n - 1] == (unsigned char)n);
    jxl_release(&c, block);
    jxl_call_free(&c);
}

Test(memory, what_is_too_large_is_an_error) {
    static const struct {
        int64_t bytes;
        const char *message;
    } cases[] = {
        { INT64_MAX, "out of memory: 8.0 EB were asked for" },
        { (int64_t)1 << 50, "out of memory: 1.0 PB were asked for" },
        { -1, "out of memory: the size of an array does not fit into 64 bits" },
    };
    for (int i = 0; i < 3; i++) {
        jxl_call c;
        jxl_call_init(&c);
        void *small = jxl_alloc(&c, 10);
        cr_assert_null(i % 2 ? jxl_grow(&c, small, cases[i].bytes) : jxl_alloc(&c, cases[i].bytes));
        cr_assert(c.status == 1);
        cr_assert_str_eq(jxl_message(&c), cases[i].message);
        jxl_call_free(&c);
    }
}

/* What is given back is taken again, and a call never holds more than it has needed at once. */
Test(memory, large_blocks_are_kept) {
    jxl_call c;
    jxl_call_init(&c);
    int64_t mega = 1 << 20;
    void *a = jxl_alloc(&c, 8 * mega), *b = jxl_alloc(&c, 4 * mega);
    jxl_release(&c, a);
    cr_assert_eq(jxl_alloc(&c, 7 * mega), a);
    jxl_release(&c, a);
    jxl_release(&c, b);
    cr_assert_eq(jxl_alloc(&c, 3 * mega), b, "the smallest that is large enough");
    void *small = jxl_alloc(&c, mega);
    cr_assert_neq(small, a, "most of it would be wasted");
    jxl_release(&c, small);
    for (int i = 0; i < 10; i++) {
        void *x = jxl_alloc(&c, (i + 1) * mega);
        cr_assert_not_null(x);
        memset(x, i, (size_t)((i + 1) * mega));
        jxl_release(&c, x);
        cr_assert_leq(c.held, c.most);
        cr_assert_leq(c.most, (size_t)(14 * mega));
    }
    jxl_call_free(&c);
    cr_assert_null(c.spare);
    cr_assert_eq(c.held, 0);
}
