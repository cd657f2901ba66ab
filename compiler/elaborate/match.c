/* match: patterns over values whose structure is known. */
#include "elaborate/values.h"

void run_match(Elab *e, Node *n) { fail(e, n->span, "`match` comes next"); }
