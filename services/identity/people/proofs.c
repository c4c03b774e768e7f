#include "services/identity/people/proofs.h"

enum { SQL_ADD, SQL_FIND, SQL_END, SQL_TRIES, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO proof (proof_id, member_id, asked_at) VALUES (?1, ?2, ?3)",
    [SQL_FIND] = "SELECT proof_id, member_id, asked_at, ended_at, verdict FROM proof WHERE proof_id = ?1",
    [SQL_END] = "UPDATE proof SET verdict = ?2, ended_at = ?3 WHERE proof_id = ?1",
    [SQL_TRIES] = "SELECT count(*) FROM proof WHERE member_id = ?1 AND asked_at > ?2 AND verdict <> 4",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void proofs_add(const struct proofs *proofs, const struct name_proof *proof)
{
    store_run(proofs->store, proofs->sql + SQL_ADD, "iii", proof->id, proof->member_id, proof->asked_at);
}

bool proofs_find(const struct proofs *proofs, int64_t proof_id, struct name_proof *ret)
{
    unsigned statement = proofs->sql + SQL_FIND;

    store_ask(proofs->store, statement, "i", proof_id);
    return store_only(proofs->store, statement, INTO(ret->id), INTO(ret->member_id), INTO(ret->asked_at),
                      INTO(ret->ended_at), INTO(ret->verdict));
}

void proofs_end(const struct proofs *proofs, const struct name_proof *proof)
{
    store_run(proofs->store, proofs->sql + SQL_END, "iii", proof->id, (int64_t)proof->verdict, proof->ended_at);
}

int64_t proofs_tries(const struct proofs *proofs, int64_t member_id, int64_t since)
{
    store_ask(proofs->store, proofs->sql + SQL_TRIES, "ii", member_id, since);
    return store_number(proofs->store, proofs->sql + SQL_TRIES);
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;
    struct name_proof proof;

    (void)row;
    if (event->event_case != IDENTITY__EVENT__EVENT_PROOF_ENDED)
        return true;
    told[0]++;
    return proofs_find(&self->proofs, event->proof_ended->proof_id, &proof) &&
           proof.member_id == event->proof_ended->member_id && proof.verdict == (int)event->proof_ended->verdict;
}

const struct part_spec proofs_part = {
    .tables = "proof",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(proof_id) FROM proof",
    .agrees = agrees,
    .counts = {{"proofs", "SELECT count(*) FROM proof WHERE ended_at > 0"}},
    .exports = {{NULL, "-- when somebody asked, and a verdict: what came of it is in her account"}},
    .closed = {"-- nothing of whom it was about"},
    .merged = {"-- nothing of whom it was about"},
};
