#include "services/identity/rights/corrections.h"

#include "services/identity/people/data_keys.h"
#include "services/identity/people/members.h"
#include "services/identity/people/names.h"
#include "services/identity/access/session_life.h"
#include "services/identity/rights/api_rights.h"
#include "services/identity/unions/waitings.h"
#include "services/identity/people/notices.h"

#define COLUMNS                                                                                                        \
    "correction_id, member_id, union_id, state, reason, asked_at, decided_at, decided_by, refusal, remark, sealed"

enum { SQL_ADD, SQL_FIND, SQL_FIND_OPEN, SQL_END, SQL_MINE, SQL_UNION, SQL_DROP_OLD, SQL_SET_MOBILE, N_SQL };

#define OF_UNION(state) PAGE_OF_UNION(COLUMNS, "correction", "correction_id", state)

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO correction (correction_id, member_id, union_id, state, reason, asked_at, sealed) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM correction WHERE correction_id = ?1",
    [SQL_FIND_OPEN] = "SELECT " COLUMNS " FROM correction WHERE member_id = ?1 AND state = 1",
    [SQL_END] = "UPDATE correction SET state = ?2, decided_at = ?3, decided_by = ?4, refusal = ?5, remark = ?6, "
                "sealed = x'' WHERE correction_id = ?1",
    [SQL_MINE] = "SELECT " COLUMNS " FROM correction WHERE member_id = ?1 AND correction_id < ?3 AND " RPC_PAGE_STATES(
        "?2", "state") " "
                       "ORDER BY correction_id DESC LIMIT ?4",
    [SQL_UNION] = RPC_PAGE_MERGED_4(OF_UNION) " ORDER BY correction_id LIMIT ?4",
    [SQL_DROP_OLD] = "DELETE FROM correction WHERE correction_id IN (SELECT correction_id FROM correction "
                     "WHERE state > 1 AND decided_at < ?1 LIMIT 1000)",
    [SQL_SET_MOBILE] = "UPDATE member SET mobile = ?2, sealed_mobile = ?3 WHERE member_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static void journal(const struct correction *correction, void *call)
{
    Identity__CorrectionChanged changed = IDENTITY__CORRECTION_CHANGED__INIT;

    changed.correction_id = correction->id;
    changed.member_id = correction->member_id;
    changed.union_id = correction->union_id;
    changed.state = (Identity__CorrectionState)correction->state;
    changed.refusal = (Identity__RefusalReason)correction->refusal;
    rpc_tell(call, &changed.base);
}

void correction_ask(struct identity *self, const struct correction *correction, void *call)
{
    store_run(self->store, self->corrections.sql + SQL_ADD, "iiiiiib", correction->id, correction->member_id,
              correction->union_id, (int64_t)correction->state, (int64_t)correction->reason, correction->asked_at,
              correction->sealed.bytes, correction->sealed.len);
    waitings_set(&self->waitings, IDENTITY__WAITING_KIND__WAITING_CORRECTION, correction->id, correction->union_id,
                 false);
    journal(correction, call);
}

static bool next(const struct corrections *corrections, unsigned statement, struct correction *ret)
{
    struct store *store = corrections->store;

    return store_read(store, statement, INTO(ret->id), INTO(ret->member_id), INTO(ret->union_id), INTO(ret->state),
                      INTO(ret->reason), INTO(ret->asked_at), INTO(ret->decided_at), INTO(ret->decided_by),
                      INTO(ret->refusal), INTO(ret->remark), INTO_BYTES(ret->sealed));
}

static size_t all(const struct corrections *corrections, unsigned statement, struct correction *ret, size_t size)
{
    size_t n = 0;

    while (ret && n < size && next(corrections, statement, &ret[n]))
        n++;
    store_end(corrections->store, statement);
    return n;
}

bool corrections_find(const struct corrections *corrections, int64_t correction_id, struct correction *ret)
{
    store_ask(corrections->store, corrections->sql + SQL_FIND, "i", correction_id);
    return all(corrections, corrections->sql + SQL_FIND, ret, 1) == 1;
}

bool corrections_find_open(const struct corrections *corrections, int64_t member_id, struct correction *ret)
{
    store_ask(corrections->store, corrections->sql + SQL_FIND_OPEN, "i", member_id);
    return all(corrections, corrections->sql + SQL_FIND_OPEN, ret, 1) == 1;
}

void correction_end(struct identity *self, struct correction *correction, int state, void *call)
{
    correction->state = state;
    correction->decided_at = rpc_now(call);
    correction->decided_by = rpc_principal(call)->member_id;
    correction->sealed.len = 0;
    store_run(self->store, self->corrections.sql + SQL_END, "iiiiit", correction->id, (int64_t)state,
              correction->decided_at, correction->decided_by, (int64_t)correction->refusal, correction->remark);
    waitings_end(&self->waitings, IDENTITY__WAITING_KIND__WAITING_CORRECTION, correction->id);
    journal(correction, call);
    if (state == IDENTITY__CORRECTION_STATE__CORRECTION_APPROVED)
        account_tell_decided(self, correction->member_id, NOTICE__NOTICE_KIND__ACCOUNT_CORRECTION_DONE, correction->id,
                             call);
    else if (state == IDENTITY__CORRECTION_STATE__CORRECTION_REFUSED)
        account_tell_decided(self, correction->member_id, NOTICE__NOTICE_KIND__ACCOUNT_CORRECTION_REFUSED,
                             correction->id, call);
}

size_t corrections_find_mine(const struct corrections *corrections, int64_t member_id, int64_t before,
                             struct correction *ret, size_t size, int64_t states)
{
    store_ask(corrections->store, corrections->sql + SQL_MINE, "iiii", member_id, states, before, (int64_t)size);
    return all(corrections, corrections->sql + SQL_MINE, ret, size);
}

size_t corrections_find_union(const struct corrections *corrections, int64_t union_id, int64_t after,
                              struct correction *ret, size_t size, int64_t states)
{
    store_ask(corrections->store, corrections->sql + SQL_UNION, "iiii", union_id, states, after, (int64_t)size);
    return all(corrections, corrections->sql + SQL_UNION, ret, size);
}

int corrections_drop_old(const struct corrections *corrections, int64_t before)
{
    return store_run(corrections->store, corrections->sql + SQL_DROP_OLD, "i", before);
}

/* ---- doing it ---- */

static int correct_person(struct identity *self, struct member *member, const struct person *wanted, void *call)
{
    unsigned char nonce[PII_NONCE_LEN], index[PII_INDEX_LEN];
    struct cn_resident_id id;
    struct person person;

    if (!person_open_member(self, member, &person))
        return RPC__REASON__STORE_FAILED;
    if (wanted->name[0])
        memcpy(person.name, wanted->name, sizeof(person.name));
    if (wanted->resident_id[0]) {
        if (cn_document(wanted->resident_id, cn_day(rpc_now(call)), &id) != CN_ID_OK)
            return RPC__REASON__STORE_FAILED;
        memcpy(person.resident_id, id.number, sizeof(person.resident_id));
        person_index_id(self, id.number, index);
        if (memcmp(index, member->person, sizeof(index)) != 0 && members_have_person(&self->members, index))
            return IDENTITY__REASON__RESIDENT_ID_TAKEN;
        memcpy(member->person, index, sizeof(index));
        member->birth_year = id.birth_year;
        member->sex = document_sex(&id);
    }
    rpc_random(call, nonce, sizeof(nonce));
    person_seal_member(self, member, nonce, &person, &member->sealed_person);
    members_verify(&self->members, member);
    name_set(self, member->id, person.name);
    return 0;
}

static int correct_mobile(struct identity *self, struct member *member, const char *mobile, void *call)
{
    Identity__MobileChanged changed = IDENTITY__MOBILE_CHANGED__INIT;
    unsigned char nonce[PII_NONCE_LEN];
    struct member other;

    person_index_mobile(self, mobile, member->mobile);
    if (members_find_mobile(&self->members, member->mobile, &other) && other.id != member->id)
        return IDENTITY__REASON__MOBILE_TAKEN;
    members_release_mobile(&self->members, member->id, member->mobile);
    rpc_random(call, nonce, sizeof(nonce));
    person_seal_mobile(self, member, nonce, mobile, &member->sealed_mobile);
    store_run(self->store, self->corrections.sql + SQL_SET_MOBILE, "ibb", member->id, member->mobile,
              sizeof(member->mobile), member->sealed_mobile.bytes, member->sealed_mobile.len);
    changed.member_id = member->id;
    rpc_tell(call, &changed.base);
    return 0;
}

int member_correct(struct identity *self, struct member *member, const struct person *wanted, void *call)
{
    int reason = data_key_ready(self, member, call);

    if (!reason && (wanted->name[0] || wanted->resident_id[0]))
        reason = correct_person(self, member, wanted, call);
    if (!reason && wanted->mobile[0])
        reason = correct_mobile(self, member, wanted->mobile, call);
    if (!reason)
        session_revoke_all(self, member->id, call);
    return reason;
}

#define CORRECTIONS_EXPORTED 100

static void on_export(void *arg, struct part_export *export)
{
    struct identity *self = arg;
    struct correction *mine = arena_alloc(rpc_arena(export->call), CORRECTIONS_EXPORTED * sizeof(*mine));
    size_t n = corrections_find_mine(&self->corrections, export->member_id,
                                     export->after ? PART_LATEST(export->after) : INT64_MAX, mine, CORRECTIONS_EXPORTED,
                                     RPC_PAGE_ALL);

    export->failed |= !mine;
    for (size_t i = 0;
         i < n && part_give(export, correction_message(self, &mine[i], export->call), PART_LATEST(mine[i].id)); i++)
        continue;
}

static void withdraw(struct identity *self, int64_t member_id, void *call)
{
    struct correction correction;

    if (corrections_find_open(&self->corrections, member_id, &correction))
        correction_end(self, &correction, IDENTITY__CORRECTION_STATE__CORRECTION_WITHDRAWN, call);
}

static void on_closed(void *self, int64_t member_id, void *call)
{
    withdraw(self, member_id, call);
}

static void on_merged(void *self, int64_t gone_id, int64_t kept_id, void *call)
{
    (void)kept_id;
    withdraw(self, gone_id, call);
}

const struct part_spec corrections_part = {
    .tables = "correction",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(correction_id) FROM correction",
    .on_export = on_export,
    .closed = {"UPDATE correction SET remark = '' WHERE member_id = ?1"},
    .on_closed = on_closed,
    .on_merged = on_merged,
};
