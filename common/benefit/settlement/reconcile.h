/* reconcile.h: a statement against somebody else's file, thing by thing.
 *
 * The file is CSV (csv.h) with or without a first line of names that somebody made who was owed: in one column our
 * number of a thing, in another one an amount in yuan ("116", "-116.00"); what else a line has is not looked at. Of a
 * thing that has several lines, in theirs or in ours, the sum counts. What differs is told in the order of things: what
 * only they have, what only we have, and what has another amount. Nothing is changed; who finds that the statement is
 * wrong has it corrected by the next one. */
#pragma once
#include "common/benefit/settlement/settlement.h"

#define RECONCILE_LINES_MAX (4 * SETTLEMENT_LINES_MAX) /* of a file */

struct reconcile_columns {
    int thing, fen; /* from 1, at most CSV_FIELDS_MAX */
};

enum reconcile_kind {
    RECONCILE_SAME, /* is counted alone */
    RECONCILE_ONLY_OURS,
    RECONCILE_ONLY_THEIRS,
    RECONCILE_AMOUNT,
    RECONCILE_KINDS
};

struct reconcile_row {
    enum reconcile_kind kind;
    int64_t thing_id, ours_fen, theirs_fen; /* 0 where there is none */
};

struct reconciliation {
    struct reconcile_row *rows; /* in the arena: what differs */
    size_t n_rows;
    int32_t counts[RECONCILE_KINDS];
    int64_t ours_fen, theirs_fen; /* of all */
};

/* Compares a file, which is changed (csv.h). 0; FILE_LINE_WRONG with the number of the first line that is none
 * (ret_line); FILE_TOO_LONG; OVERLOADED. */
int statement_reconcile(const struct settlement *settlement, const struct statement *statement,
                        const struct reconcile_columns *columns, char *file, size_t len, struct arena *arena,
                        struct reconciliation *ret, int32_t *ret_line);
