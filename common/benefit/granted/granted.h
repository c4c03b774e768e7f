/* granted.h: what each person has got of benefits that count together, over services.
 *
 * A form may say that a benefit counts in a group (so many in a period, not again within so many days), under a ceiling
 * (what she may have in a calendar year), or both (granted.proto). Whoever gives it notes it here, in the transaction
 * in which it is given, under a key of the group's or ceiling's union and name; what counts nowhere is not noted, and
 * costs nothing. It counts from then on, until it is given back.
 *
 * The journal tells of every note (granted.Granted, GrantChanged), in one row with the service's own fact of what was
 * given where that is said with it, and every service that shares the part follows the journals of the others for
 * these, so that all know the same some moments later. A row is known by its service and
 * its source_id: one that comes again changes nothing.
 *
 * A ceiling holds although following lags, in a rush of claims by some seconds. A grant is judged by what is known. Of
 * two that together come to more than the ceiling the later one, by the instant of the grant, then by its id, is
 * withdrawn while it is not spent: by the service that gave it, in the transaction in which it hears of the other
 * (granted_kind.withdraw), or soon after two accounts have become one. All services judge alike, so that not both take
 * theirs back. What was spent before that was known stands. Before something is paid, the journals of the others are
 * read to their end as of that moment (granted_knows_all): one that cannot be read delays the payout, and nobody at a
 * counter. What is paid although it came to more has PASSED: it is told, and counted (huigong_grants_passed).
 *
 * Questions are asked on the path of a claim, so the rows are in memory too (granted_index.h), LIMIT_GRANTED at most.
 * What is given here is noted there and in the journal alone: its row of the table is written when few calls come, or
 * with what next becomes of it (granted_behind.c). Rows of years before the last are dropped: no rule asks for them
 * (GRANTED_DAYS_MAX). Rows of an account that was closed are dropped; who is kept of two accounts has got what either
 * has. A service shares `holders` before this part. */
#pragma once
#include "common/benefit/granted/granted_index.h"
#include "common/benefit/holders/holders.h"
#include "common/benefit/tree/tree.h"
#include "granted.pb-c.h"

#define GRANTED_DAYS_MAX 366 /* that a rule may ask back, beside the calendar year */

extern const struct part_spec granted_part;
extern const struct store_steps granted_steps;

struct granted {
    struct store *store;
    unsigned sql;
    struct parts *parts;
    struct granted_index *index;
    const struct granted_kind *kind;
    const struct holders *holders;
    int service;       /* the number of this one */
    int64_t newest;    /* nothing that it has given has a greater id */
    int64_t upto;      /* what the journal told up to this row is in the table, */
    int64_t stored;    /* by what the store says of that, */
    int64_t stored_at; /* since then */
    int64_t n_dropped; /* rows of granted_dropped, or fewer */
    struct part_lull lull;
    int64_t passed; /* how many it has paid that were above a ceiling */
};

struct grant {
    int64_t source_id, member_id;
    int64_t group_key, ceiling_key; /* 0: none */
    int64_t ceiling_fen, fen;
};

/* What a form says (Granted__Counting), on the path of a claim; all 0: it counts nowhere. */
struct granted_marks {
    int64_t group_key, ceiling_key;
    int64_t ceiling_fen;
    int32_t at_most, period, not_within_days;
};

/* What a service gives. */
struct granted_kind {
    const char *name; /* the service's */
    /* Takes back what was not spent, returns it to stock, and tells her; self is the service's struct. */
    void (*withdraw)(void *self, int64_t source_id, void *call);
};

/* At the service's start: 0 or -1, logged. At its end, also when it did not start. */
int granted_start(struct granted *granted, const struct granted_kind *kind, const struct holders *holders);
void granted_done(struct granted *granted);

/* By what a group or a ceiling is known in journals: the first 63 bits of SHA-256 over the union's id (8 bytes,
 * big-endian) and the name. */
int64_t granted_key(int64_t union_id, const char *name);
/* When the period of an instant (Granted__Period) began. */
int64_t granted_since(int64_t at, int period);

/* ---- forms ---- */

/* Checks what a form says, in a field such as "release.counts", of what a union gives, and completes it. said may be
 * NULL. False after refusing: a group or ceiling is of a union that gives, or of one above it. */
bool granted_take(const struct tree *tree, Granted__Counting *said, int64_t union_id, const char *union_path,
                  const char *in, void *call);
/* Of a form that was completed, or NULL. */
struct granted_marks granted_marks(const Granted__Counting *said);
/* Whether what it gives counts anywhere. */
bool granted_has_marks(const struct granted_marks *marks);
/* Keeps it, unless it is NULL, for a record of the service's, and gives it again: NULL when there is none, or memory is
 * full. */
void granted_keep(struct granted *granted, int64_t id, const Granted__Counting *said, void *call);
Granted__Counting *granted_kept(const struct granted *granted, int64_t id, struct arena *arena);

/* ---- asking, of the holder of a number; no store is asked ---- */

/* Why she may not be given what is worth so much now: 0 or a Reason that names the rule. */
int granted_refusal(const struct granted *granted, const struct granted_marks *marks, int64_t member_id, int64_t fen,
                    int64_t now);
/* How many of a group she was given since an instant. */
int64_t granted_count(const struct granted *granted, int64_t member_id, int64_t group_key, int64_t since);
/* When she was given the last one of a group; 0: never. */
int64_t granted_last(const struct granted *granted, int64_t member_id, int64_t group_key);
/* What she has got under a ceiling in the calendar year of an instant. */
int64_t granted_value(const struct granted *granted, int64_t member_id, int64_t ceiling_key, int64_t at);

/* ---- changes ---- */

/* Notes that she is given something now. 0, or the Reason with which the call is to be refused. */
int granted_note(struct granted *granted, const struct grant *grant, void *call);
/* The same of what a form says how it counts; of one that counts nowhere nothing. own: the service's fact of what is
 * given, which is told in either case, in the same row as the note; NULL: it is told otherwise. */
int granted_give(struct granted *granted, const struct granted_marks *marks, int64_t source_id, int64_t member_id,
                 int64_t fen, const ProtobufCMessage *own, void *call);
/* It is SPENT, GIVEN_BACK, or HELD: also anew. What was withdrawn and is found to have been spent has PASSED. Nothing
 * for what was never noted. */
void granted_set(struct granted *granted, int64_t source_id, int64_t member_id, int state, void *call);

/* ---- payouts ---- */

/* Whether all is known that the others had given at some moment since the call came, which is about to pay. False: the
 * call waits and is run again from its beginning, or was refused with SOURCE_BEHIND. */
bool granted_knows_all(struct granted *granted, void *call);
/* It is being paid, which was spent. */
void granted_pay(struct granted *granted, int64_t source_id, int64_t member_id, void *call);
/* The metrics of the part. */
void granted_report(const struct granted *granted, struct arena *arena, Rpc__ProbeReport *report);
