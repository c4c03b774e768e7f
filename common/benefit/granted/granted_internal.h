/* granted_internal.h: what the files of this part share. */
#pragma once
#include "common/benefit/granted/granted.h"

enum {
    GRANTED_SQL_ADD,
    GRANTED_SQL_PUT,
    GRANTED_SQL_FIND,
    GRANTED_SQL_DROP,
    GRANTED_SQL_ALL,
    GRANTED_SQL_OLD,
    GRANTED_SQL_HEAR,
    GRANTED_SQL_HEAR_CHANGED,
    GRANTED_SQL_DROP_OTHER,
    GRANTED_SQL_ALL_OTHERS,
    GRANTED_SQL_OLD_OTHERS,
    GRANTED_SQL_KEEP,
    GRANTED_SQL_KEPT,
    GRANTED_SQL_UPTO,
    GRANTED_SQL_SET_UPTO,
    GRANTED_SQL_DROPPED,
    GRANTED_SQL_ALL_DROPPED,
    GRANTED_SQL_IS_DROPPED,
    GRANTED_SQL_FORGET_DROPPED,
    GRANTED_N_SQL
};

/* ---- granted_ask.c ---- */

/* A ceiling in a calendar year. */
struct granted_year {
    int64_t ceiling_key, since, until;
};

/* Of an instant in it. */
struct granted_year granted_year(int64_t ceiling_key, int64_t at);
bool granted_counts(const struct granted_entry *entry);
bool granted_is_in(const struct granted_entry *entry, const struct granted_year *year);

/* ---- granted.c ---- */

/* Gives one of this service's another state, and tells it. */
void granted_put(struct granted *granted, struct granted_entry *entry, int64_t member_id, int state, void *call);

struct granted_entry granted_entry_of(const struct grant *grant, int64_t at, int state, int service);
/* What a row of the journal tells that was given. */
struct grant granted_told(const Granted__Granted *told);

/* ---- granted_behind.c ---- */

/* At the start: what `granted` lacks, into memory. False, logged. */
bool granted_replay(struct granted *granted);
/* Writes some of it. Whether there may be more. */
bool granted_write_some(struct granted *granted);
/* The same when there is room; the part's work. */
bool granted_work(void *self);
/* One of this service's is to be in `granted` no more. */
void granted_drop(struct granted *granted, int64_t source_id);

/* ---- granted_judge.c ---- */

/* The next behind an entry of all that a number's holder has got, by instant, id and service; NULL: the first. */
struct granted_entry *granted_after(const struct granted *granted, int64_t member_id,
                                    const struct granted_entry *entry);
/* Withdraws what this service gave above a ceiling in the year of an instant, and is not spent; of what is, the one
 * that is being paid (0: none) has passed. */
void granted_judge_paid(struct granted *granted, int64_t member_id, int64_t ceiling_key, int64_t at, int64_t paid_id,
                        void *call);
void granted_judge(struct granted *granted, int64_t member_id, int64_t ceiling_key, int64_t at, void *call);
/* The same of all that she has not spent. */
void granted_judge_all(struct granted *granted, int64_t member_id, void *call);
