/* points_internal.h: what the files of points have of each other. */
#pragma once
#include "services/coupon/points/points.h"
#include "identity/identity.pb-c.h"

/* Services whose journals are read; a service's number is its place here, from 1, and stays. */
#define POINTS_SOURCES(SOURCE) SOURCE(identity) SOURCE(health) SOURCE(portal)
enum {
    POINTS_BY_HAND,
#define POINTS_SOURCE(name) POINTS_##name,
    POINTS_SOURCES(POINTS_SOURCE)
#undef POINTS_SOURCE
};

enum {
    POINTS_SQL_ADD_LOT,
    POINTS_SQL_SET_LOT,
    POINTS_SQL_HELD,
    POINTS_SQL_SPENDABLE,
    POINTS_SQL_DUE,
    POINTS_SQL_OF_DEED,
    POINTS_SQL_EARNED,
    POINTS_SQL_BEYOND,
    POINTS_SQL_OWNED,
    POINTS_SQL_ADD_ENTRY,
    POINTS_SQL_FIND_ENTRY,
    POINTS_SQL_TAKE,
    POINTS_SQL_TAKEN,
    POINTS_SQL_BACK,
    POINTS_SQL_BALANCES,
    POINTS_SQL_EXPIRING,
    POINTS_SQL_ENTRIES,
    POINTS_N_SQL
};

struct points_lot {
    int64_t id, ledger_id, member_id, rest, expires_at, series_id;
    int service;
};

enum points_over { POINTS_LOT_OPEN, POINTS_LOT_UNEARNED, POINTS_LOT_CLOSED };

static inline unsigned points_statement(const struct coupon *self, unsigned which)
{
    return self->points.sql + which;
}

/* All that a question gives, at most size. */
size_t points_read_lots(const struct coupon *self, unsigned which, struct points_lot *ret, size_t size);
/* What is left of a lot goes, up to n points, as an entry of a kind; over says whether anything may come back to it. */
void points_lot_loses(struct coupon *self, const struct points_lot *lot, int64_t n, int kind, enum points_over over,
                      void *call);
/* What a member did, as a service's journal tells it at an instant; and that she did not. */
void points_hear_deed(struct coupon *self, int service, const Rpc__Deed *deed, int64_t at, void *call);
void points_hear_undone(struct coupon *self, int service, const Rpc__DeedUndone *undone, void *call);
/* Who found her membership on a roster, or asked for it, has joined; what else begins one is no deed of hers. */
void points_hear_joining(struct coupon *self, const Identity__MembershipBegan *began, int64_t at, void *call);
