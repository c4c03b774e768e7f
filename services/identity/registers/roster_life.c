#include "services/identity/registers/roster_life.h"

#include "services/identity/api.h"
#include "services/identity/membership/membership_life.h"
#include "services/identity/membership/trades.h"
#include "services/identity/people/person.h"
#include "services/identity/unions/changes.h"
#include "services/identity/unions/tallies.h"

static void journal_added(const struct roster_entry *entry, void *call)
{
    Identity__RosterRowAdded added = IDENTITY__ROSTER_ROW_ADDED__INIT;

    added.roster_id = entry->id;
    added.union_id = entry->union_id;
    rpc_tell(call, &added.base);
}

static struct person person_of(const struct roster_row *row)
{
    struct person person;

    memcpy(person.name, row->name, sizeof(person.name));
    memcpy(person.resident_id, row->id.number, sizeof(person.resident_id));
    memcpy(person.mobile, row->mobile, sizeof(person.mobile));
    return person;
}

static void seal(struct identity *self, const struct person *person, int trade, struct roster_entry *entry, void *call)
{
    unsigned char nonce[PII_NONCE_LEN];

    entry->trade = trade;
    rpc_random(call, nonce, sizeof(nonce));
    person_seal_roster(self, entry->id, nonce, person, &entry->sealed);
    person_index_id(self, person->resident_id, entry->person);
}

/* ---- again ---- */

/* Who is verified by the row has the trade that it says, unless she has shown another proof. */
static void follow_trade(struct identity *self, const struct roster_entry *entry, void *call)
{
    struct trade trade = {.trade = entry->trade, .source = IDENTITY__TRADE_SOURCE__TRADE_BY_ROSTER}, proven;
    int64_t member_id = rosters_member(&self->rosters, entry);
    struct union_node place;
    struct member member;

    if (!member_id || !members_find(&self->members, member_id, &member) ||
        !union_successor(self, entry->union_id, &place) || member.union_id != place.id)
        return;
    trade_revoke_listed(self, &member, call);
    trade.member_id = member.id;
    trade.union_id = place.id;
    if (trade.trade && !trades_find_proven(&self->trades, member.id, &proven))
        trade_prove(self, &member, &trade, call);
}

/* What a row says now, which was there. */
static int change(struct identity *self, const struct person *person, int trade, struct roster_entry *entry, void *call)
{
    Identity__RosterRowChanged changed = IDENTITY__ROSTER_ROW_CHANGED__INIT;
    struct person was = {0};

    person_open_roster(self, entry->id, &entry->sealed, &was);
    changed.roster_id = entry->id;
    changed.union_id = entry->union_id;
    changed.name = strcmp(was.name, person->name) != 0;
    changed.mobile = strcmp(was.mobile, person->mobile) != 0;
    changed.trade = entry->trade != trade;
    changed.resident_id = strcmp(was.resident_id, person->resident_id) != 0;
    if (!changed.name && !changed.mobile && !changed.trade && !changed.resident_id)
        return IMPORTS__IMPORT_OUTCOME__OUTCOME_UNCHANGED;
    seal(self, person, trade, entry, call);
    rosters_set(&self->rosters, entry);
    rpc_tell(call, &changed.base);
    if (changed.trade)
        follow_trade(self, entry, call);
    return IMPORTS__IMPORT_OUTCOME__OUTCOME_UPDATED;
}

void roster_correct(struct identity *self, struct roster_entry *entry, const struct person *wanted, int trade,
                    void *call)
{
    struct person person;

    person_open_roster(self, entry->id, &entry->sealed, &person);
    if (wanted->name[0])
        memcpy(person.name, wanted->name, sizeof(person.name));
    if (wanted->resident_id[0])
        memcpy(person.resident_id, wanted->resident_id, sizeof(person.resident_id));
    if (wanted->mobile[0])
        memcpy(person.mobile, wanted->mobile, sizeof(person.mobile));
    change(self, &person, trade ? trade : entry->trade, entry, call);
}

/* ---- back ---- */

/* Whether a period was ended by the removal of a row of this union. */
static bool was_removed(const struct period *period, int64_t union_id)
{
    return period->union_id == union_id && period->ended == IDENTITY__ENDED__ENDED_BY_COMPANY &&
           (period->began == IDENTITY__BEGAN__BEGAN_BY_ROSTER ||
            period->began == IDENTITY__BEGAN__BEGAN_BY_REINSTATING);
}

/* Whether she is where a removal has left her: kept by the level above, or of no union. */
static bool is_left_over(struct identity *self, int64_t member_id, int64_t union_id)
{
    struct period periods[PERIODS_HISTORY_MAX];
    size_t n = periods_find_history(&self->periods, member_id, 0, periods, ARRAY_LEN(periods));

    if (n == 0)
        return false;
    if (periods[n - 1].ended_at)
        return was_removed(&periods[n - 1], union_id);
    return n > 1 && periods[n - 1].began == IDENTITY__BEGAN__BEGAN_BY_HANGING && was_removed(&periods[n - 2], union_id);
}

static void journal_verified(const struct member *member, const struct roster_entry *entry, void *call)
{
    Identity__MemberVerified verified = IDENTITY__MEMBER_VERIFIED__INIT;

    verified.member_id = member->id;
    verified.roster_id = entry->id;
    verified.union_id = entry->union_id;
    verified.again = true;
    verified.instead_of = member->roster_id;
    rpc_tell(call, &verified.base);
}

/* Takes back what the removal of her row had done to her membership; whether it had. */
static bool restore(struct identity *self, const struct roster_row *row, const struct roster_entry *entry, void *call)
{
    struct person person;
    struct union_node place;
    struct member member;

    if (!members_find_person(&self->members, entry->person, &member) || !person_open_member(self, &member, &person) ||
        !cn_name_same(person.name, row->name) || !union_successor(self, entry->union_id, &place) ||
        !is_left_over(self, member.id, place.id))
        return false;
    journal_verified(&member, entry, call);
    member.roster_id = entry->id;
    members_verify(&self->members, &member);
    tallies_verify(self, entry->union_id);
    if (member.union_id)
        membership_move(self, &member, IDENTITY__ENDED__ENDED_BY_RESTORING, place.id,
                        IDENTITY__BEGAN__BEGAN_BY_REINSTATING, call);
    else
        membership_begin(self, &member, place.id, IDENTITY__BEGAN__BEGAN_BY_REINSTATING, call);
    follow_trade(self, entry, call);
    return true;
}

bool roster_is_new(int outcome)
{
    return outcome == IMPORTS__IMPORT_OUTCOME__OUTCOME_ADDED || outcome == IMPORTS__IMPORT_OUTCOME__OUTCOME_RESTORED;
}

int roster_put(struct identity *self, const struct roster_row *row, const struct union_node *node, void *call,
               int *ret_outcome, bool *ret_elsewhere)
{
    struct roster_entry entries[ROSTERS_SEEN], entry = {.union_id = node->id};
    struct person person = person_of(row);
    int added;
    size_t n;

    person_index_id(self, row->id.number, entry.person);
    n = rosters_find_person(&self->rosters, entry.person, entries, ARRAY_LEN(entries));
    for (size_t i = 0; i < n; i++) {
        if (entries[i].union_id == node->id) {
            *ret_elsewhere = n > 1;
            *ret_outcome = change(self, &person, (int)row->trade, &entries[i], call);
            return 0;
        }
    }
    entry.id = id_next(&self->ids, rpc_now(call));
    seal(self, &person, (int)row->trade, &entry, call);
    added = rosters_add(&self->rosters, &entry);
    if (added < 0)
        return added == -1 ? IDENTITY__REASON__ROSTER_DUPLICATE : RPC__REASON__STORE_FAILED;
    journal_added(&entry, call);
    *ret_elsewhere = n > 0;
    *ret_outcome = n == 0 && restore(self, row, &entry, call) ? IMPORTS__IMPORT_OUTCOME__OUTCOME_RESTORED
                                                              : IMPORTS__IMPORT_OUTCOME__OUTCOME_ADDED;
    return 0;
}
