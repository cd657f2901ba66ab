/* base: arena, text, names, maps, files and diagnostics. */
#include "base/base.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

Test(arena, hands_out_zeroed_aligned_memory) {
    Arena *a = arena_new();
    for (size_t size = 0; size < 300000; size = size * 2 + 1) {
        unsigned char *p = arena_alloc(a, size);
        cr_assert(((uintptr_t)p & 15) == 0);
        for (size_t i = 0; i < size; i++) cr_assert(p[i] == 0);
        memset(p, 0xff, size);
    }
    arena_free(a);
}

Test(arena, growing_arrays_keep_what_they_hold) {
    Arena *a = arena_new();
    struct {
        int *at;
        int n, cap;
    } v = { 0 }, w = { 0 };
    for (int i = 0; i < 10000; i++) {
        PUSH(a, &v, i);
        PUSH(a, &w, -i);
    }
    for (int i = 0; i < 10000; i++) cr_assert(v.at[i] == i && w.at[i] == -i);
    arena_free(a);
}

Test(text, grows) {
    Arena *a = arena_new();
    Text t = text_new(a);
    cr_assert_str_eq(t.at, "");
    for (int i = 0; i < 100; i++) text_add(&t, "%d,", i % 10);
    text_put(&t, "a\0b", 3);
    cr_assert(t.n == 203 && memcmp(t.at + 198, "9,a\0b", 6) == 0);
    arena_free(a);
}

Test(text, edit_distance_counts_a_swap_once) {
    cr_assert(edit_distance("", "abc") == 3);
    cr_assert(edit_distance("reshape", "reshape") == 0);
    cr_assert(edit_distance("rehsape", "reshape") == 1);
    cr_assert(edit_distance("argmax", "argmin") == 2);
}

Test(map, finds_what_was_set_in_order) {
    Arena *a = arena_new();
    Map m = map_new(a);
    int keys[1000];
    cr_assert_null(map_get(&m, keys));
    for (int i = 0; i < 1000; i++) map_set(&m, &keys[i], &keys[999 - i]);
    map_set(&m, &keys[5], &keys[5]);
    cr_assert(m.n == 1000 && m.entries[7].key == &keys[7]);
    cr_assert(map_get(&m, &keys[5]) == &keys[5] && map_get(&m, &keys[6]) == &keys[993]);
    Map b = map_new(a);
    map_set_bytes(&b, "ab", 2, "first");
    map_set_bytes(&b, "ab\0", 3, "second");
    cr_assert_str_eq(map_get_bytes(&b, "ab", 2), "first");
    cr_assert_str_eq(map_get_bytes(&b, "ab\0", 3), "second");
    cr_assert_null(map_get_bytes(&b, "abc", 3));
    arena_free(a);
}

Test(name, equal_names_are_one_pointer) {
    Compiler *cx = compiler_new();
    const char *x = name_of(cx, "x");
    for (int i = 0; i < 1000; i++) name_of(cx, arena_text(cx->arena, "x%d", i));
    cr_assert(name_of_n(cx, "xyz", 1) == x && name_of(cx, "xy") != x);
    compiler_free(cx);
}

Test(file, a_written_file_is_read_back) {
    Arena *a = arena_new();
    char path[] = "/tmp/jxl-unit-XXXXXX";
    close(mkstemp(path));
    char big[10000];
    for (int i = 0; i < 10000; i++) big[i] = (char)(i * 7);
    cr_assert(write_file(path, big, sizeof big));
    size_t n;
    char *back = read_file(a, path, &n);
    cr_assert(back && n == sizeof big && memcmp(back, big, n) == 0 && back[n] == 0);
    unlink(path);
    cr_assert_null(read_file(a, path, &n));
    cr_assert(errno == ENOENT);
    cr_assert_null(read_file(a, "/tmp", &n));
    cr_assert_not(write_file("/nowhere/at/all", big, 1));
    arena_free(a);
}

Test(diag, prints_sorted_and_once, .init = cr_redirect_stderr) {
    Compiler *cx = compiler_new();
    int f = add_source(cx, "a.jxl", "x = 1\r\n\th\xc3\xa9 = x @ w\n", 20, false);
    diag(cx, (Span){ f, 14, 19 }, "x @ w: %s", "they do not meet");
    caret(cx, "the axes are %d and %d", 784, 10);
    note(cx, "w.T would fit");
    note_at(cx, (Span){ f, 0, 1 }, "x was made here");
    int mark = diag_mark(cx);
    diag(cx, (Span){ f, 0, 1 }, "an attempt");
    diag_rewind(cx, mark);
    warn(cx, (Span){ f, 0, 5 }, "first");
    diag(cx, (Span){ f, 14, 19 }, "x @ w: they do not meet");
    cr_assert(diag_flush(cx) == 1);
    cr_assert(diag_flush(cx) == 1);
    compiler_free(cx);
    fflush(stderr);
    cr_assert_stderr_eq_str("a.jxl:1:1: warning: first\n"
                            "    1 | x = 1\n"
                            "      | ^^^^^\n"
                            "a.jxl:2:7: error: x @ w: they do not meet\n"
                            "    2 | \th\xc3\xa9 = x @ w\n"
                            "      | \t     ^^^^^ the axes are 784 and 10\n"
                            "      note: w.T would fit\n"
                            "      note: a.jxl:1:1: x was made here\n"
                            "    1 | x = 1\n"
                            "      | ^\n");
}
