/* jxlc: compiles .jxl programs to native code. */
#include "driver.h"

int main(int argc, char **argv) { return driver(argc, argv); }
