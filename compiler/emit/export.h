/* export: what the C header and the C functions agree on. */
#ifndef JXL_EMIT_EXPORT_H
#define JXL_EMIT_EXPORT_H

#include "elaborate/elaborate.h"
#include "emit/emit.h"

/* What the front end said of an exported function, or, of one written in .jxir, its plain parameters and results. */
Export export_of(Compiler *, const Func *);
bool export_by_value(const Type *); /* a number: passed as it is, and so it stands in records */
const Type *export_leaf_type(const Func *, const ExportField *, bool result);

#endif
