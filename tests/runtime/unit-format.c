/* Templates, errors with values in them, print, and main.  What single values look like is tests/print's. */
#include "jxl/runtime.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdlib.h>
#include <string.h>

static int64_t sizes[] = { 2, 3 };
static float floats[] = { 1, 2.5F, 3, 4, 5, 6 };
static int64_t seven = 7;
static double pi = 3.14159265358979;
static const jxl_array args[] = {
    { &seven, JXL_I64, 0, NULL },
    { &pi, JXL_F64, 0, NULL },
    { floats, JXL_F32, 2, sizes },
    { "a'b", JXL_U8, 0, NULL },
};

static void expect(const char *format, const char *wanted) {
    jxl_call c;
    jxl_call_init(&c);
    char *text = jxl_format(&c, format, 4, args);
    cr_assert_not_null(text, "%s: %s", format, jxl_message(&c));
    cr_assert_str_eq(text, wanted);
    jxl_release(&c, text);
    cr_assert_null(c.blocks);
    jxl_call_free(&c);
}

Test(format, holes_and_braces) {
    expect("", "");
    expect("plain {{0!ps}}", "plain {0!ps}");
    expect("{0!ps} {{}} {1!pr}", "7 {} 3.14159265358979");
    expect("{2!jt} {0!pt}, {3!ts}, {3!tr}", "f32[2, 3] i64, a'b, \"a'b\"");
    expect("{2!js}\n", "[[1.  2.5 3. ]\n [4.  5.  6. ]]\n");
    expect("{1!pf:{0!ps}.{0!ps}f}|{3!tf:>{0!ps}}|{1!pf:*^+9.2}", "3.1415927|    a'b|**+3.1***");
}

Test(format, a_wrong_spec_is_an_error) {
    jxl_call c;
    jxl_call_init(&c);
    cr_assert_null(jxl_format(&c, "x{0!pf:s}", 4, args));
    cr_assert_str_eq(jxl_message(&c), "Unknown format code 's' for object of type 'int'");
    cr_assert_null(c.blocks);
    jxl_call_free(&c);
}

Test(format, the_first_error_wins) {
    jxl_call c;
    jxl_call_init(&c);
    cr_assert(jxl_fail(&c, "p.jxl:4:2: {0!ps} rows, not {2!jt}", 4, args) == 1);
    cr_assert(jxl_fail(&c, "another", 0, NULL) == 1);
    cr_assert_str_eq(jxl_message(&c), "p.jxl:4:2: 7 rows, not f32[2, 3]");
    jxl_call_free(&c);
}

Test(format, allocation_may_fail) {
    jxl_call c;
    jxl_call_init(&c);
    int64_t wide = 1LL << 40;
    cr_assert_null(jxl_format(&c, "{0!pf:{0!ps}}", 1, &(jxl_array){ &wide, JXL_I64, 0, NULL }));
    cr_assert(c.status == 1 && strstr(jxl_message(&c), "out of memory"));
    jxl_call_free(&c);
}

static int program(jxl_call *c, int argc, char **argv) {
    (void)argv;
    if (jxl_print(c, 1, "{0!ps} here\n", 4, args)) return c->status;
    c->rank = 1;
    jxl_print(c, 1, "not printed\n", 0, NULL);
    return argc > 1 ? jxl_fail(c, "{2!jt} is wrong", 4, args) : 0;
}

Test(format, main_prints_and_returns_the_status, .init = cr_redirect_stdout) {
    char *argv[] = { "p", "x" };
    cr_assert(jxl_main(1, argv, program) == 0);
    cr_assert_stdout_eq_str("7 here\n");
}

Test(format, main_says_what_went_wrong, .init = cr_redirect_stderr) {
    char *argv[] = { "p", "x" };
    cr_assert(jxl_main(2, argv, program) == 1);
    cr_assert_stderr_eq_str("f32[2, 3] is wrong\n");
}

Test(format, main_checks_the_number_of_threads, .init = cr_redirect_stderr) {
    char *argv[] = { "p" };
    setenv("JXL_NUM_THREADS", "many", 1);
    cr_assert(jxl_main(1, argv, program) == 1);
    cr_assert_stderr_eq_str("JXL_NUM_THREADS is \"many\"; it must be a number from 1 to 1024\n");
}
