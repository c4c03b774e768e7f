/* application_internal.h: what the files of the part applications have for one another: its rows in applications.c, who
 * may apply in application_who.c, who is carried over in application_carry.c, its steps in application_steps.c, and how
 * one begins and ends in application_life.c.
 */
#pragma once
#include "services/subsidy/application/applications.h"

#define APPLICATION_HASH_LEN 32
#define APPLICATION_REMARK   "application remark" /* the context under which remarks are sealed */

enum {
    APPLICATION_SQL_ADD,
    APPLICATION_SQL_FIND,
    APPLICATION_SQL_SET,
    APPLICATION_SQL_SET_DUE,
    APPLICATION_SQL_SAVE,
    APPLICATION_SQL_ANSWERS,
    APPLICATION_SQL_REMARK,
    APPLICATION_SQL_SET_REMARK,
    APPLICATION_SQL_HERS,
    APPLICATION_SQL_HERS_AFTER,
    APPLICATION_SQL_IN_REVIEW,
    APPLICATION_SQL_IN_REVIEW_OF,
    APPLICATION_SQL_OF_UNIONS,
    APPLICATION_SQL_COUNT,
    APPLICATION_SQL_LAST,
    APPLICATION_SQL_STILL,
    APPLICATION_SQL_UNION_STILL,
    APPLICATION_SQL_BEGUN,
    APPLICATION_SQL_N_OPEN,
    APPLICATION_SQL_HAD,
    APPLICATION_SQL_UNION_HAD,
    APPLICATION_SQL_BESIDE,
    APPLICATION_SQL_UNION_BESIDE,
    APPLICATION_SQL_DUE,
    APPLICATION_SQL_OF_NUMBER,
    APPLICATION_SQL_TWICE,
    APPLICATION_SQL_ADD_STEP,
    APPLICATION_SQL_STEPS,
    APPLICATION_SQL_STEP,
    APPLICATION_SQL_APPROVALS,
    APPLICATION_SQL_APPROVAL_HASH,
    APPLICATION_SQL_UNIONS_AT,
    APPLICATION_SQL_CLEAR_OFFICES,
    APPLICATION_SQL_ADD_OFFICE,
    APPLICATION_SQL_OFFICES,
    APPLICATION_SQL_COPY_OFFICES,
    APPLICATION_SQL_GIVEN,
    APPLICATION_SQL_USE,
    APPLICATION_SQL_USED,
    APPLICATION_SQL_FREE,
    APPLICATION_SQL_LOOK,
    APPLICATION_SQL_LOOKS,
    APPLICATION_SQL_FORGET,
    APPLICATION_SQL_FORGET_NOTES,
    APPLICATION_SQL_DROP,
    APPLICATION_N_SQL
};

static inline unsigned application_sql(const struct subsidy *self, unsigned which)
{
    return self->applications.sql + which;
}

/* The next row of a query of all columns. */
bool application_next(const struct subsidy *self, unsigned which, struct application *ret);
/* A sealed text in the arena; "" when there is none, it does not open, or memory is full. */
char *application_open_text(const struct subsidy *self, int64_t row, const void *sealed, size_t len,
                            struct arena *arena);
/* SHA-256 of the answers as they are sealed; zeros when there are none. */
void application_hash(const struct subsidy *self, int64_t application_id, unsigned char ret[APPLICATION_HASH_LEN]);

/* For the part (part.h). */
bool application_tidy(void *arg, void *call);
bool application_settle(void *arg, int64_t number, int64_t holder_id, void *call);
void application_on_export(void *arg, struct part_export *export);
