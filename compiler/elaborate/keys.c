/* keys: one IR function for each way a Python function is called. */
#include "elaborate/values.h"

Py call_function(Elab *e, Py f, const Args *a) { return run_function(e, f, a); }
