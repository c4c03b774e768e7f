#include "services/identity/people/contests.h"

#include "services/identity/access/devices.h"
#include "services/identity/access/grants.h"
#include "services/identity/access/session_life.h"
#include "services/identity/membership/membership_life.h"
#include "services/identity/membership/trades.h"
#include "services/identity/people/names.h"
#include "services/identity/people/notices.h"
#include "services/identity/people/person.h"
#include "services/identity/registers/rosters.h"
#include "services/identity/unions/changes.h"
#include "services/identity/unions/tallies.h"
#include "services/identity/unions/waitings.h"

#define COLUMNS "contest_id, holder_id, claimant_id, union_id, asked_at, decided_at, decided_by, state"
#define SLICE   50
#define OPEN    16 /* of one holder that are ended at once */

enum {
    SQL_ADD,
    SQL_FIND,
    SQL_FIND_OPEN,
    SQL_MINE,
    SQL_UNION,
    SQL_OF_HOLDER,
    SQL_OF_EITHER,
    SQL_END,
    SQL_DROP_OLD,
    SQL_SWEEP,
    SQL_NEXT,
    SQL_SWEPT,
    SQL_NOTE_LOOK,
    SQL_LOOKED_AT,
    SQL_DROP_LOOKS,
    N_SQL
};

#define OF_UNION(state) PAGE_OF_UNION(COLUMNS, "contest", "contest_id", state)

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO contest (contest_id, holder_id, claimant_id, union_id, state, asked_at) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM contest WHERE contest_id = ?1",
    [SQL_FIND_OPEN] = "SELECT " COLUMNS " FROM contest WHERE holder_id = ?1 AND claimant_id = ?2 AND state = 1",
    [SQL_MINE] = "SELECT " COLUMNS
                 " FROM contest WHERE (holder_id = ?1 OR (claimant_id = ?1 AND claimant_id > 0)) AND " RPC_PAGE_STATES(
                     "?2", "state") " AND contest_id < ?3 ORDER BY contest_id DESC LIMIT ?4",
    [SQL_UNION] = RPC_PAGE_MERGED_4(OF_UNION) " ORDER BY contest_id LIMIT ?4",
    [SQL_OF_HOLDER] = "SELECT " COLUMNS " FROM contest WHERE holder_id = ?1 AND state = 1 ORDER BY contest_id LIMIT ?2",
    [SQL_OF_EITHER] = "SELECT " COLUMNS " FROM contest WHERE holder_id = ?1 AND state = 1 UNION ALL SELECT " COLUMNS
                      " FROM contest WHERE claimant_id = ?1 AND claimant_id > 0 AND state = 1 LIMIT ?2",
    [SQL_DROP_OLD] = "DELETE FROM contest WHERE contest_id IN (SELECT contest_id FROM contest "
                     "WHERE state > 1 AND decided_at < ?1 LIMIT 1000)",
    [SQL_END] = "UPDATE contest SET state = ?2, decided_at = ?3, decided_by = ?4 WHERE contest_id = ?1",
    [SQL_SWEEP] = "SELECT until_id, done_id FROM contest_sweep WHERE sweep = 1",
    [SQL_NEXT] = "SELECT member_id FROM member WHERE member_id > ?1 AND member_id <= ?2 ORDER BY member_id LIMIT ?3",
    [SQL_SWEPT] = "UPDATE contest_sweep SET done_id = ?1 WHERE sweep = 1",
    [SQL_NOTE_LOOK] = "INSERT INTO contest_look (contest_id, official_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    [SQL_LOOKED_AT] = "SELECT 1 FROM contest_look WHERE contest_id = ?1 AND official_id = ?2",
    [SQL_DROP_LOOKS] = "DELETE FROM contest_look WHERE contest_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next(const struct contests *contests, unsigned which, struct contest *ret)
{
    return store_read(contests->store, contests->sql + which, INTO(ret->id), INTO(ret->holder_id),
                      INTO(ret->claimant_id), INTO(ret->union_id), INTO(ret->asked_at), INTO(ret->decided_at),
                      INTO(ret->decided_by), INTO(ret->state));
}

static size_t all(const struct contests *contests, unsigned which, struct contest *ret, size_t size)
{
    size_t n = 0;

    while (ret && n < size && next(contests, which, &ret[n]))
        n++;
    store_end(contests->store, contests->sql + which);
    return n;
}

bool contests_find(const struct contests *contests, int64_t contest_id, struct contest *ret)
{
    store_ask(contests->store, contests->sql + SQL_FIND, "i", contest_id);
    return all(contests, SQL_FIND, ret, 1) == 1;
}

bool contests_find_open(const struct contests *contests, int64_t holder_id, int64_t claimant_id, struct contest *ret)
{
    store_ask(contests->store, contests->sql + SQL_FIND_OPEN, "ii", holder_id, claimant_id);
    return all(contests, SQL_FIND_OPEN, ret, 1) == 1;
}

bool contests_find_any(const struct contests *contests, int64_t holder_id, struct contest *ret)
{
    store_ask(contests->store, contests->sql + SQL_OF_HOLDER, "ii", holder_id, INT64_C(1));
    return all(contests, SQL_OF_HOLDER, ret, 1) == 1;
}

size_t contests_find_mine(const struct contests *contests, int64_t member_id, int64_t states, int64_t before,
                          struct contest *ret, size_t size)
{
    store_ask(contests->store, contests->sql + SQL_MINE, "iiii", member_id, states, before, (int64_t)size);
    return all(contests, SQL_MINE, ret, size);
}

size_t contests_find_union(const struct contests *contests, int64_t union_id, int64_t states, int64_t after,
                           struct contest *ret, size_t size)
{
    store_ask(contests->store, contests->sql + SQL_UNION, "iiii", union_id, states, after, (int64_t)size);
    return all(contests, SQL_UNION, ret, size);
}

bool contests_doubt(const struct contests *contests, int64_t member_id)
{
    struct contest contest;

    return contests_find_open(contests, member_id, 0, &contest);
}

void contests_note_look(const struct contests *contests, int64_t contest_id, int64_t official_id)
{
    store_run(contests->store, contests->sql + SQL_NOTE_LOOK, "ii", contest_id, official_id);
}

bool contests_looked_at(const struct contests *contests, int64_t contest_id, int64_t official_id)
{
    store_ask(contests->store, contests->sql + SQL_LOOKED_AT, "ii", contest_id, official_id);
    return store_any(contests->store, contests->sql + SQL_LOOKED_AT);
}

/* ---- what becomes of one ---- */

static void journal(const struct contest *contest, void *call)
{
    Identity__ContestChanged changed = IDENTITY__CONTEST_CHANGED__INIT;

    changed.contest_id = contest->id;
    changed.holder_id = contest->holder_id;
    changed.claimant_id = contest->claimant_id;
    changed.state = contest->state;
    rpc_tell(call, &changed.base);
}

/* Tells both sides but that one (0: none). */
static void tell_both(struct identity *self, const struct contest *contest, int kind, int64_t but_id, void *call)
{
    if (contest->holder_id != but_id)
        account_tell(self, contest->holder_id, kind, contest->id, 0, call);
    if (contest->claimant_id && contest->claimant_id != but_id)
        account_tell(self, contest->claimant_id, kind, contest->id, 0, call);
}

void contest_open(struct identity *self, struct contest *contest, void *call)
{
    contest->id = id_next(&self->ids, rpc_now(call));
    contest->asked_at = rpc_now(call);
    contest->state = IDENTITY__CONTEST_STATE__CONTEST_ASKED;
    store_run(self->store, self->contests.sql + SQL_ADD, "iiiiii", contest->id, contest->holder_id,
              contest->claimant_id, contest->union_id, (int64_t)contest->state, contest->asked_at);
    waitings_set(&self->waitings, IDENTITY__WAITING_KIND__WAITING_CONTEST, contest->id, contest->union_id, false);
    journal(contest, call);
    tell_both(self, contest, NOTICE__NOTICE_KIND__ACCOUNT_NAME_CONTESTED, 0, call);
}

static void end(struct identity *self, struct contest *contest, int state, int64_t but_id, void *call)
{
    contest->state = state;
    contest->decided_at = rpc_now(call);
    contest->decided_by = rpc_principal(call)->member_id;
    store_run(self->store, self->contests.sql + SQL_END, "iiii", contest->id, (int64_t)state, contest->decided_at,
              contest->decided_by);
    store_run(self->store, self->contests.sql + SQL_DROP_LOOKS, "i", contest->id);
    waitings_end(&self->waitings, IDENTITY__WAITING_KIND__WAITING_CONTEST, contest->id);
    journal(contest, call);
    notice_withdraw(&self->notice, NOTICE__NOTICE_KIND__ACCOUNT_NAME_CONTESTED, contest->id, call);
    tell_both(self, contest, NOTICE__NOTICE_KIND__ACCOUNT_CONTEST_DECIDED, but_id, call);
}

void contest_end(struct identity *self, struct contest *contest, int state, void *call)
{
    end(self, contest, state, 0, call);
}

void contest_end_all(struct identity *self, int64_t holder_id, int state, void *call)
{
    struct contest open[OPEN];
    size_t n;

    do {
        store_ask(self->store, self->contests.sql + SQL_OF_HOLDER, "ii", holder_id, (int64_t)OPEN);
        n = all(&self->contests, SQL_OF_HOLDER, open, OPEN);
        for (size_t i = 0; i < n; i++)
            contest_end(self, &open[i], state, call);
    } while (n == OPEN);
}

int contests_drop_old(const struct contests *contests, int64_t before)
{
    return store_run(contests->store, contests->sql + SQL_DROP_OLD, "i", before);
}

/* Ends those of an account that is no more, on either side. */
static void on_closed(void *arg, int64_t member_id, void *call)
{
    struct identity *self = arg;
    struct contest open[OPEN];
    size_t n;

    do {
        store_ask(self->store, self->contests.sql + SQL_OF_EITHER, "ii", member_id, (int64_t)OPEN);
        n = all(&self->contests, SQL_OF_EITHER, open, OPEN);
        for (size_t i = 0; i < n; i++)
            end(self, &open[i], IDENTITY__CONTEST_STATE__CONTEST_OVER, member_id, call);
    } while (n == OPEN);
}

/* Of what is gone there is no proof left, and nobody who says that another's is hers. */
static void on_merged(void *self, int64_t gone_id, int64_t kept_id, void *call)
{
    (void)kept_id;
    on_closed(self, gone_id, call);
}

int take_back_refusal(struct identity *self, const struct member *member)
{
    struct authority held;

    if (member->level < (int)RPC__LEVEL__REAL_NAME)
        return IDENTITY__REASON__ALREADY_UNPROVEN;
    return grants_find_all(&self->grants, member->id, &held, 1) ? IDENTITY__REASON__TAKE_BACK_HOLDS_OFFICE : 0;
}

void proof_take_back(struct identity *self, struct member *member, void *call)
{
    Identity__ProofTakenBack taken = IDENTITY__PROOF_TAKEN_BACK__INIT;
    struct roster_entry entry;

    trade_end(self, member, call);
    membership_end(self, member, IDENTITY__ENDED__ENDED_BY_TAKING_BACK, call);
    if (member->roster_id && rosters_find(&self->rosters, member->roster_id, &entry))
        tallies_unverify(self, entry.union_id);
    taken.member_id = member->id;
    taken.roster_id = member->roster_id;
    members_unprove(&self->members, member->id, rpc_now(call));
    names_drop(&self->names, member->id);
    rpc_tell(call, &taken.base);
    devices_forget(&self->devices, member->id, -1);
    session_revoke_all(self, member->id, call);
    contest_end_all(self, member->id, IDENTITY__CONTEST_STATE__CONTEST_UPHELD, call);
    account_tell(self, member->id, NOTICE__NOTICE_KIND__ACCOUNT_PROOF_TAKEN_BACK, member->id, 0, call);
}

/* ---- proofs of the days when a roster's number was not asked for ---- */

/* Whether a member was verified from a number that her roster does not list. */
static bool is_doubtful(struct identity *self, const struct member *member, struct roster_entry *ret_entry)
{
    struct person hers, listed;

    return member->roster_id && !member->merged_into && member->level >= (int)RPC__LEVEL__REAL_NAME &&
           rosters_find(&self->rosters, member->roster_id, ret_entry) && person_open_member(self, member, &hers) &&
           person_open_roster(self, ret_entry->id, &ret_entry->sealed, &listed) &&
           strcmp(hers.mobile, listed.mobile) != 0;
}

static void look_at(struct identity *self, int64_t member_id, void *call)
{
    struct contest contest = {.holder_id = member_id};
    struct roster_entry entry;
    struct union_node node;
    struct member member;

    if (!members_find(&self->members, member_id, &member) || !is_doubtful(self, &member, &entry) ||
        !union_successor(self, member.union_id ? member.union_id : entry.union_id, &node))
        return;
    contest.union_id = node.id;
    contest_open(self, &contest, call);
}

static bool tidy(void *arg, void *call)
{
    struct identity *self = arg;
    int64_t until = 0, done = 0, ids[SLICE];
    size_t n;

    store_ask(self->store, self->contests.sql + SQL_SWEEP, "");
    store_only(self->store, self->contests.sql + SQL_SWEEP, INTO(until), INTO(done));
    if (done >= until)
        return false;
    store_ask(self->store, self->contests.sql + SQL_NEXT, "iii", done, until, (int64_t)SLICE);
    n = store_numbers(self->store, self->contests.sql + SQL_NEXT, ids, SLICE);
    for (size_t i = 0; i < n; i++)
        look_at(self, ids[i], call);
    store_run(self->store, self->contests.sql + SQL_SWEPT, "i", n == SLICE ? ids[n - 1] : until);
    return n == SLICE;
}

enum { TOLD_ALL, TOLD_MISSING }; /* as in counts */

/* A case ends as its row says, or was purged, which the journal tells too. */
static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;
    struct contest contest;
    bool opened;

    (void)row;
    if (event->event_case == IDENTITY__EVENT__EVENT_PURGED &&
        event->purged->kind == IDENTITY__PURGE_KIND__PURGE_CONTESTS)
        told[TOLD_MISSING] -= event->purged->count;
    if (event->event_case != IDENTITY__EVENT__EVENT_CONTEST_CHANGED)
        return true;
    opened = event->contest_changed->state == (int)IDENTITY__CONTEST_STATE__CONTEST_ASKED;
    if (!contests_find(&self->contests, event->contest_changed->contest_id, &contest)) {
        told[TOLD_MISSING] += opened;
        return true;
    }
    told[TOLD_ALL] += opened;
    return contest.holder_id == event->contest_changed->holder_id && contest.state >= event->contest_changed->state;
}

const struct part_spec contests_part = {
    .tables = "contest contest_look contest_sweep",
    .steps = &contests_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(contest_id) FROM contest",
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"contested proofs", "SELECT count(*) FROM contest"},
               {"deleted contested proofs, less those purged", "SELECT 0"}},
    .others = "contest_sweep.until_id contest_sweep.done_id",
    .people = "contest.holder_id contest.claimant_id contest_look.official_id",
    .exports = {{&identity__contest__descriptor,
                 "SELECT 9223372036854775807 - contest_id, contest_id, state, asked_at, decided_at FROM contest "
                 "WHERE (holder_id = ?1 OR (claimant_id = ?1 AND claimant_id > 0)) "
                 "AND 9223372036854775807 - contest_id > ?2 ORDER BY contest_id DESC LIMIT ?3"}},
    .closed = {"DELETE FROM contest_look WHERE official_id = ?1"},
    .merged = {"DELETE FROM contest_look WHERE official_id = ?1 AND ?2 > 0"},
    .on_closed = on_closed,
    .on_merged = on_merged,
};
