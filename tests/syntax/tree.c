/* tree: prints the tree of each file named, with `-s` the byte offsets of its nodes; mistakes go to stderr. */
#include "syntax/syntax.h"

#include <string.h>

int main(int argc, char **argv) {
    bool spans = argc > 1 && strcmp(argv[1], "-s") == 0;
    int status = 0;
    for (int i = spans ? 2 : 1; i < argc; i++) {
        Compiler *cx = compiler_new();
        size_t length;
        char *text = read_file(cx->arena, argv[i], &length);
        if (!text) fatal("%s cannot be read", argv[i]);
        Node *module = parse_file(cx, add_source(cx, argv[i], text, (int)length, false));
        tree_print(stdout, module, spans);
        if (diag_flush(cx)) status = 1;
        compiler_free(cx);
    }
    return status;
}
