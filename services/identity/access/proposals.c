#include "services/identity/access/proposals.h"
#include "services/identity/rules.h"
#include "services/identity/unions/waitings.h"

#define COLUMNS                                                                                                        \
    "proposal_id, member_id, union_id, asked_by, asked_at, decided_by, decided_at, kind, state, value, reason, remark"
/* And, past those, whether it is below a union. */
#define IN_STATE(state)                                                                                                \
    "SELECT " COLUMNS                                                                                                  \
    ", (SELECT " UNION_PATH_RANGE("path") " FROM unions WHERE unions.union_id = proposal.union_id) "                   \
                                          "FROM proposal WHERE " RPC_PAGE_STATES("?5", state) " AND state = " state    \
                                                                                              " AND proposal_id > ?3"
#define BELOW 12

enum { SQL_ADD, SQL_FIND, SQL_DECIDE, SQL_BELOW, SQL_OLD, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO proposal (proposal_id, kind, state, member_id, union_id, value, reason, asked_by, "
                "asked_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM proposal WHERE proposal_id = ?1",
    [SQL_DECIDE] = "UPDATE proposal SET state = ?2, decided_by = ?3, decided_at = ?4, remark = ?5 "
                   "WHERE proposal_id = ?1",
    [SQL_BELOW] = RPC_PAGE_MERGED_5(IN_STATE) " ORDER BY proposal_id LIMIT ?4",
    [SQL_OLD] = "SELECT " COLUMNS " FROM proposal WHERE state = 1 ORDER BY proposal_id LIMIT 1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next(const struct proposals *proposals, unsigned sql_of, struct proposal *ret)
{
    struct store *store = proposals->store;
    unsigned statement = proposals->sql + sql_of;

    return store_read(store, statement, INTO(ret->id), INTO(ret->member_id), INTO(ret->union_id), INTO(ret->asked_by),
                      INTO(ret->asked_at), INTO(ret->decided_by), INTO(ret->decided_at), INTO(ret->kind),
                      INTO(ret->state), INTO(ret->value), INTO(ret->reason), INTO(ret->remark));
}

bool proposals_find(const struct proposals *proposals, int64_t proposal_id, struct proposal *ret)
{
    bool found;

    store_ask(proposals->store, proposals->sql + SQL_FIND, "i", proposal_id);
    found = next(proposals, SQL_FIND, ret);
    store_end(proposals->store, proposals->sql + SQL_FIND);
    return found;
}

/* In which list it waits: Identity__WaitingKind. */
static int waiting_kind(int kind)
{
    if (kind == IDENTITY__PROPOSAL_KIND__PROPOSAL_DEPARTURE)
        return IDENTITY__WAITING_KIND__WAITING_DEPARTURE;
    return kind == IDENTITY__PROPOSAL_KIND__PROPOSAL_STANDING || kind == IDENTITY__PROPOSAL_KIND__PROPOSAL_TAKING_BACK
               ? IDENTITY__WAITING_KIND__WAITING_PROPOSAL
               : IDENTITY__WAITING_KIND__WAITING_OFFICE;
}

bool proposal_add(const struct identity *self, const struct proposal *proposal)
{
    if (store_run(self->store, self->proposals.sql + SQL_ADD, "iiiiiiiii", proposal->id, (int64_t)proposal->kind,
                  (int64_t)proposal->state, proposal->member_id, proposal->union_id, (int64_t)proposal->value,
                  (int64_t)proposal->reason, proposal->asked_by, proposal->asked_at) == -1)
        return false;
    waitings_set(&self->waitings, waiting_kind(proposal->kind), proposal->id, proposal->union_id, false);
    return true;
}

void proposal_decide(const struct identity *self, const struct proposal *proposal)
{
    store_run(self->store, self->proposals.sql + SQL_DECIDE, "iiiit", proposal->id, (int64_t)proposal->state,
              proposal->decided_by, proposal->decided_at, proposal->remark);
    waitings_end(&self->waitings, waiting_kind(proposal->kind), proposal->id);
}

size_t proposals_find_below(const struct proposals *proposals, const char *path, int kind, int64_t states,
                            int64_t after, struct proposal *ret, size_t size, int64_t *ret_next)
{
    unsigned statement = proposals->sql + SQL_BELOW;
    char end[UNION_PATH_SIZE + 1];
    size_t n = 0, seen = 0;

    *ret_next = 0;
    union_path_end(path, end);
    store_ask(proposals->store, statement, "ttiii", path, end, after, (int64_t)PROPOSALS_SEEN, states);
    while (ret && n < size && next(proposals, SQL_BELOW, &ret[n])) {
        bool below = store_int(proposals->store, statement, BELOW) != 0;

        if (++seen == PROPOSALS_SEEN)
            *ret_next = ret[n].id;
        n += below && (kind == 0 || ret[n].kind == kind);
    }
    store_end(proposals->store, statement);
    return n;
}

void proposal_journal(const struct proposal *proposal, void *call)
{
    Identity__ProposalChanged changed = IDENTITY__PROPOSAL_CHANGED__INIT;

    changed.proposal_id = proposal->id;
    changed.kind = (Identity__ProposalKind)proposal->kind;
    changed.state = (Identity__ProposalState)proposal->state;
    changed.member_id = proposal->member_id;
    changed.union_id = proposal->union_id;
    rpc_tell(call, &changed.base);
}

static bool tidy(void *arg, void *call)
{
    struct identity *self = arg;
    const struct proposals *proposals = &self->proposals;
    struct proposal proposal;

    for (int i = 0; i < PROPOSAL_SLICE && !store_trouble(self->store); i++) {
        bool found;

        store_ask(self->store, proposals->sql + SQL_OLD, "");
        found = next(proposals, SQL_OLD, &proposal);
        store_end(self->store, proposals->sql + SQL_OLD);
        if (!found || proposal.asked_at + PROPOSAL_LIFE_MS > rpc_now(call))
            return false;
        proposal.state = IDENTITY__PROPOSAL_STATE__PROPOSAL_LAPSED;
        proposal.decided_at = rpc_now(call);
        proposal_decide(self, &proposal);
        hands_end(&self->two_hands, "proposal", proposal.id, HANDS__STATE__OVER, call);
        proposal_journal(&proposal, call);
    }
    return false;
}

enum { TOLD_ALL, TOLD_DECIDED }; /* as in counts */

/* A proposal that was decided says what the journal does of it. */
static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;
    const Identity__ProposalChanged *changed = event->proposal_changed;
    struct proposal proposal;
    bool decided;

    (void)row;
    if (event->event_case != IDENTITY__EVENT__EVENT_PROPOSAL_CHANGED)
        return true;
    decided = changed->state != IDENTITY__PROPOSAL_STATE__PROPOSAL_OPEN;
    told[decided ? TOLD_DECIDED : TOLD_ALL]++;
    return proposals_find(&self->proposals, changed->proposal_id, &proposal) &&
           proposal.member_id == changed->member_id && proposal.union_id == changed->union_id &&
           proposal.kind == (int)changed->kind && (!decided || proposal.state == (int)changed->state);
}

const struct part_spec proposals_part = {
    .tables = "proposal",
    .steps = &proposals_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(proposal_id) FROM proposal",
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"proposals", "SELECT count(*) FROM proposal"},
               {"decided proposals", "SELECT count(*) FROM proposal WHERE state > 1"}},
    .exports = {{&identity__proposal__descriptor,
                 "SELECT 9223372036854775807 - proposal_id, proposal_id, kind, state, member_id, union_id, reason, "
                 "asked_at, decided_at, remark FROM proposal "
                 "WHERE member_id = ?1 AND 9223372036854775807 - proposal_id > ?2 ORDER BY proposal_id DESC LIMIT ?3"}},
    .closed = {"-- what two officials decided is their account; one that is open lapses by itself"},
    .merged = {"-- stays under the number that it is about; one that is open lapses by itself"},
};
