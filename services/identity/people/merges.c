#include "services/identity/people/merges.h"

#include "services/identity/rights/closings.h"
#include "services/identity/access/grants.h"
#include "services/identity/people/members.h"
#include "services/identity/people/notices.h"
#include "services/identity/access/wechats.h"
#include "services/identity/membership/periods.h"
#include "services/identity/unions/waitings.h"

#define COLUMNS                                                                                                        \
    "merge_id, kept_id, gone_id, union_id, asked_at, proposed_by, decided_by, decided_at, state, reason, remark, "     \
    "wait_until, by_codes"

enum {
    SQL_MINE, /* these two as in enum merges_list */
    SQL_UNION,
    SQL_ADD,
    SQL_FIND,
    SQL_FIND_OPEN,
    SQL_SET,
    N_SQL
};

#define OF_UNION(state) PAGE_OF_UNION(COLUMNS, "merge", "merge_id", state)

static const char *const sql[] = {
    [SQL_MINE] =
        "SELECT " COLUMNS " FROM merge WHERE (gone_id = ?1 OR kept_id = ?1) AND merge_id < ?3 AND " RPC_PAGE_STATES(
            "?2", "state") " "
                           "ORDER BY merge_id DESC LIMIT ?4",
    [SQL_UNION] = RPC_PAGE_MERGED_4(OF_UNION) " ORDER BY merge_id LIMIT ?4",
    [SQL_ADD] = "INSERT INTO merge (merge_id, kept_id, gone_id, union_id, state, asked_at, wait_until, by_codes) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM merge WHERE merge_id = ?1",
    [SQL_FIND_OPEN] = "SELECT " COLUMNS " FROM merge WHERE gone_id = ?1 AND state <= 2",
    [SQL_SET] = "UPDATE merge SET state = ?2, reason = ?3, remark = ?4, proposed_by = ?5, decided_by = ?6, "
                "decided_at = ?7 WHERE merge_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next(const struct merges *merges, unsigned statement, struct merge *ret)
{
    struct store *store = merges->store;

    return store_read(store, statement, INTO(ret->id), INTO(ret->kept_id), INTO(ret->gone_id), INTO(ret->union_id),
                      INTO(ret->asked_at), INTO(ret->proposed_by), INTO(ret->decided_by), INTO(ret->decided_at),
                      INTO(ret->state), INTO(ret->reason), INTO(ret->remark), INTO(ret->wait_until),
                      INTO(ret->by_codes));
}

static bool only(const struct merges *merges, unsigned which, int64_t parameter, struct merge *ret)
{
    store_ask(merges->store, merges->sql + which, "i", parameter);
    if (!next(merges, merges->sql + which, ret))
        return false;
    store_end(merges->store, merges->sql + which);
    return true;
}

bool merges_find(const struct merges *merges, int64_t merge_id, struct merge *ret)
{
    return only(merges, SQL_FIND, merge_id, ret);
}

bool merges_find_open(const struct merges *merges, int64_t gone_id, struct merge *ret)
{
    return only(merges, SQL_FIND_OPEN, gone_id, ret);
}

void merges_ask(const struct merges *merges, enum merges_list list, int64_t id, int64_t beyond, size_t limit,
                int64_t states)
{
    store_ask(merges->store, merges->sql + list, "iiii", id, states, beyond, (int64_t)limit);
}

bool merges_next(const struct merges *merges, enum merges_list list, struct merge *ret)
{
    return next(merges, merges->sql + list, ret);
}

void merges_end(const struct merges *merges, enum merges_list list)
{
    store_end(merges->store, merges->sql + list);
}

/* ---- what becomes of one ---- */

bool merge_add(const struct identity *self, const struct merge *merge)
{
    if (store_run(self->store, self->merges.sql + SQL_ADD, "iiiiiiii", merge->id, merge->kept_id, merge->gone_id,
                  merge->union_id, (int64_t)merge->state, merge->asked_at, merge->wait_until,
                  (int64_t)merge->by_codes) == -1)
        return false;
    waitings_set(&self->waitings, IDENTITY__WAITING_KIND__WAITING_MERGE, merge->id, merge->union_id, false);
    return true;
}

void merge_journal(const struct merge *merge, void *call)
{
    Identity__MergeChanged changed = IDENTITY__MERGE_CHANGED__INIT;

    changed.merge_id = merge->id;
    changed.kept_id = merge->kept_id;
    changed.gone_id = merge->gone_id;
    changed.state = (Identity__MergeState)merge->state;
    changed.reason = (Identity__MergeReason)merge->reason;
    rpc_tell(call, &changed.base);
}

void merge_tell(struct identity *self, const struct merge *merge, void *call)
{
    account_tell(self, merge->gone_id, NOTICE__NOTICE_KIND__ACCOUNT_MERGE_ASKED, merge->id, 0, call);
    account_tell(self, merge->kept_id, NOTICE__NOTICE_KIND__ACCOUNT_MERGE_ASKED, merge->id, 0, call);
}

void merge_change(struct identity *self, struct merge *merge, int state, void *call)
{
    merge->state = state;
    if (state > (int)IDENTITY__MERGE_STATE__MERGE_PROPOSED) {
        merge->decided_by = rpc_principal(call)->member_id;
        merge->decided_at = rpc_now(call);
    }
    if (state == (int)IDENTITY__MERGE_STATE__MERGE_REFUSED)
        hands_end(&self->two_hands, "merge", merge->id, HANDS__STATE__REFUSED, call);
    store_run(self->store, self->merges.sql + SQL_SET, "iiitiii", merge->id, (int64_t)merge->state,
              (int64_t)merge->reason, merge->remark, merge->proposed_by, merge->decided_by, merge->decided_at);
    if (state > (int)IDENTITY__MERGE_STATE__MERGE_PROPOSED)
        waitings_end(&self->waitings, IDENTITY__WAITING_KIND__WAITING_MERGE, merge->id);
    merge_journal(merge, call);
    if (state > (int)IDENTITY__MERGE_STATE__MERGE_PROPOSED)
        notice_withdraw(&self->notice, NOTICE__NOTICE_KIND__ACCOUNT_MERGE_ASKED, merge->id, call);
    if (state == (int)IDENTITY__MERGE_STATE__MERGE_DONE)
        account_tell(self, merge->kept_id, NOTICE__NOTICE_KIND__ACCOUNT_MERGED, merge->id, 0, call);
    if (state == (int)IDENTITY__MERGE_STATE__MERGE_REFUSED) {
        account_tell_decided(self, merge->kept_id, NOTICE__NOTICE_KIND__ACCOUNT_MERGE_REFUSED, merge->id, call);
        account_tell_decided(self, merge->gone_id, NOTICE__NOTICE_KIND__ACCOUNT_MERGE_REFUSED, merge->id, call);
    }
}

int merge_refusal(struct identity *self, const struct member *kept, const struct member *gone)
{
    struct authority grant;
    struct standing standing;
    struct closing closing;

    if (kept->id == gone->id)
        return IDENTITY__REASON__MERGE_SAME;
    if (kept->merged_into || gone->merged_into)
        return IDENTITY__REASON__ACCOUNT_MERGED;
    if (!kept->sealed_mobile.len || !gone->sealed_mobile.len)
        return IDENTITY__REASON__ACCOUNT_CLOSED;
    if (closings_find(&self->closings, kept->id, &closing) || closings_find(&self->closings, gone->id, &closing))
        return IDENTITY__REASON__MERGE_CLOSING;
    if (grants_find_all(&self->grants, gone->id, &grant, 1))
        return IDENTITY__REASON__MERGE_HAS_GRANTS;
    if (gone->level >= (int)RPC__LEVEL__REAL_NAME && kept->level < (int)RPC__LEVEL__REAL_NAME)
        return IDENTITY__REASON__MERGE_KEEPS_NAMED;
    if (periods_find_standing(&self->periods, kept->id, &standing) ||
        periods_find_standing(&self->periods, gone->id, &standing))
        return IDENTITY__REASON__MERGE_STANDING;
    if (wechats_count(&self->wechats, kept->id) + wechats_count(&self->wechats, gone->id) > WECHAT_DOORS)
        return IDENTITY__REASON__WECHAT_TOO_MANY;
    return 0;
}

void merge_apply(struct identity *self, struct merge *merge, void *call)
{
    Identity__MembersMerged merged = IDENTITY__MEMBERS_MERGED__INIT;

    parts_merged(&self->parts, merge->gone_id, merge->kept_id, call);
    merge_change(self, merge, IDENTITY__MERGE_STATE__MERGE_DONE, call);
    merged.kept_id = merge->kept_id;
    merged.gone_id = merge->gone_id;
    merged.reason = (Identity__MergeReason)merge->reason;
    rpc_tell(call, &merged.base);
}

/* A merge begins as asked or proposed, or is done by her at once, and ends as its row says. */
static bool merge_agrees(const struct identity *self, const Identity__MergeChanged *changed)
{
    struct merge merge;

    return merges_find(&self->merges, changed->merge_id, &merge) && merge.kept_id == changed->kept_id &&
           merge.gone_id == changed->gone_id && merge.state >= (int)changed->state;
}

/* What is gone leads to what was kept, or to what that one is gone into. */
static bool members_agree(const struct identity *self, const Identity__MembersMerged *merged)
{
    struct member kept, gone;

    return members_find(&self->members, merged->gone_id, &gone) &&
           members_find(&self->members, merged->kept_id, &kept) &&
           gone.merged_into == (kept.merged_into ? kept.merged_into : kept.id);
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const Identity__Event *event = body;

    (void)row;
    if (event->event_case == IDENTITY__EVENT__EVENT_MERGE_CHANGED)
        return merge_agrees(arg, event->merge_changed);
    if (event->event_case != IDENTITY__EVENT__EVENT_MEMBERS_MERGED)
        return true;
    told[0]++;
    return members_agree(arg, event->members_merged);
}

static const struct part_stray strays[] = {
    {"member", "what is gone into another account lives on",
     "SELECT gone.member_id FROM member AS gone JOIN member AS kept ON "
     "kept.member_id = gone.merged_into WHERE gone.merged_into > 0 AND "
     "(kept.merged_into > 0 OR gone.union_id > 0 OR gone.trade > 0 OR "
     "EXISTS (SELECT 1 FROM session WHERE session.member_id = gone.member_id) OR "
     "EXISTS (SELECT 1 FROM wechat WHERE wechat.member_id = gone.member_id)) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec merges_part = {
    .tables = "merge",
    .steps = &merges_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(merge_id) FROM merge",
    .agrees = agrees,
    .counts = {{"merged accounts", "SELECT count(*) FROM merge WHERE state = 3"}},
    .strays = strays,
    .others = "merge.wait_until merge.by_codes",
    .people = "merge.kept_id merge.gone_id",
    .exports = {{&identity__merge__descriptor,
                 "SELECT 9223372036854775807 - merge_id, merge_id, kept_id, gone_id, state, reason, remark, asked_at, "
                 "decided_at FROM merge WHERE (kept_id = ?1 OR gone_id = ?1) "
                 "AND 9223372036854775807 - merge_id > ?2 ORDER BY merge_id DESC LIMIT ?3"}},
    .closed = {"-- that two accounts became one must be known as long as their numbers are anywhere"},
    .merged = {"-- that two accounts became one must be known as long as their numbers are anywhere"},
};
