/* segment_internal.h: what the writer and the reader of segment.h share. */
#pragma once
#include "common/store/segment.h"

#define SEGMENT_MAGIC     "hg-segment-1\n\0\0" /* and the zero that ends it */
#define SEGMENT_MAGIC_LEN 16
#define SEGMENT_ROW_HEAD  24 /* of a row, before its body */
#define SEGMENT_TAIL      12 /* behind the kinds */

_Static_assert(sizeof(SEGMENT_MAGIC) == SEGMENT_MAGIC_LEN, "");

/* The statement with its line end. */
void segment_statement(const struct segment_facts *facts, char ret[SEGMENT_STATEMENT + 1]);
