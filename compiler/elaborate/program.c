/* program: main(...) and its command-line flags, and exported functions. */
#include "elaborate/values.h"

void run_main(Elab *e) { (void)e; }
