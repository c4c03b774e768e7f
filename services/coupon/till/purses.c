#include "services/coupon/till/purses.h"

#include "common/benefit/bookings/bookings.h"
#include "common/pass/pass.h"

enum { SQL_ADD, SQL_FIND, SQL_OF, SQL_DROP, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO purse (subject, member_id, coupon_id) VALUES (?1, ?2, ?3)",
    [SQL_FIND] = "SELECT subject, member_id, coupon_id FROM purse WHERE subject = ?1",
    [SQL_OF] = "SELECT subject, member_id, coupon_id FROM purse WHERE member_id = ?1 AND coupon_id = ?2",
    [SQL_DROP] = "DELETE FROM purse WHERE " HOLDER_HERS,
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool only(const struct coupon *self, unsigned statement, struct purse *ret)
{
    return store_only(self->store, self->purses.sql + statement, INTO(ret->subject), INTO(ret->member_id),
                      INTO(ret->coupon_id));
}

void purse_obtain(struct coupon *self, int64_t member_id, int64_t coupon_id, void *call, struct purse *ret)
{
    store_ask(self->store, self->purses.sql + SQL_OF, "ii", member_id, coupon_id);
    if (only(self, SQL_OF, ret))
        return;
    *ret = (struct purse){random_id(call), member_id, coupon_id};
    store_run(self->store, self->purses.sql + SQL_ADD, "iii", ret->subject, member_id, coupon_id);
}

void purses_drop(struct coupon *self, int64_t member_id)
{
    store_run(self->store, self->purses.sql + SQL_DROP, "i", member_id);
}

int purse_read(struct coupon *self, const char *text, int64_t at, struct purse *ret)
{
    struct pass_code code;
    enum pass_reason reason = pass_code_check(self->tills, text, strlen(text), at, &code);

    if (reason == PASS_STALE)
        return COUPON__REASON__COUPON_PASS_STALE;
    if (reason != PASS_OK || code.kind != PASS_PURSE)
        return COUPON__REASON__COUPON_PASS_WRONG;
    store_ask(self->store, self->purses.sql + SQL_FIND, "i", (int64_t)code.subject);
    if (!only(self, SQL_FIND, ret))
        return COUPON__REASON__COUPON_PASS_WRONG;
    ret->member_id = holder_of(&self->holders, ret->member_id);
    return ret->member_id ? 0 : COUPON__REASON__COUPON_PASS_WRONG;
}

const struct part_spec purses_part = {
    .tables = "purse",
    .steps = &purses_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .others = "purse.coupon_id",
    .exports = {{NULL, "-- a random number says nothing of her; her coupons are told by claims"}},
    .closed = {"DELETE FROM purse WHERE member_id = ?1"},
    .merged = {"-- holders.h says whose a number is"},
};
