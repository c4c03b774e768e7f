#include "services/identity/proofs.h"

enum { SQL_LAST_ID, SQL_ADD, SQL_FIND, SQL_END, SQL_TRIES, SQL_COUNT, N_SQL };

static const char *const sql[] = {
    [SQL_LAST_ID] = "SELECT max(proof_id) FROM proof",
    [SQL_ADD] = "INSERT INTO proof (proof_id, member_id, asked_at) VALUES (?1, ?2, ?3)",
    [SQL_FIND] = "SELECT proof_id, member_id, asked_at, ended_at, verdict FROM proof WHERE proof_id = ?1",
    [SQL_END] = "UPDATE proof SET verdict = ?2, ended_at = ?3 WHERE proof_id = ?1",
    [SQL_TRIES] = "SELECT count(*) FROM proof WHERE member_id = ?1 AND asked_at > ?2 AND verdict <> 4",
    [SQL_COUNT] = "SELECT count(*) FROM proof WHERE ended_at > 0",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

int proofs_open(struct proofs *proofs, struct store *store)
{
    int first = store_prepare(store, sql, N_SQL);

    if (first < 0)
        return -1;
    *proofs = (struct proofs){store, (unsigned)first};
    return 0;
}

/* The number of a question's only row, or 0. */
static int64_t one_number(const struct proofs *proofs, unsigned statement)
{
    int64_t number = 0;

    if (store_row(proofs->store, statement)) {
        number = store_int(proofs->store, statement, 0);
        store_end(proofs->store, statement);
    }
    return number;
}

int64_t proofs_last_id(const struct proofs *proofs)
{
    store_ask(proofs->store, proofs->sql + SQL_LAST_ID, "");
    return one_number(proofs, proofs->sql + SQL_LAST_ID);
}

void proofs_add(const struct proofs *proofs, const struct name_proof *proof)
{
    store_run(proofs->store, proofs->sql + SQL_ADD, "iii", proof->id, proof->member_id, proof->asked_at);
}

bool proofs_find(const struct proofs *proofs, int64_t proof_id, struct name_proof *ret)
{
    unsigned statement = proofs->sql + SQL_FIND;

    store_ask(proofs->store, statement, "i", proof_id);
    if (!store_row(proofs->store, statement))
        return false;
    *ret = (struct name_proof){
        .id = store_int(proofs->store, statement, 0),
        .member_id = store_int(proofs->store, statement, 1),
        .asked_at = store_int(proofs->store, statement, 2),
        .ended_at = store_int(proofs->store, statement, 3),
        .verdict = (int)store_int(proofs->store, statement, 4),
    };
    store_end(proofs->store, statement);
    return true;
}

void proofs_end(const struct proofs *proofs, const struct name_proof *proof)
{
    store_run(proofs->store, proofs->sql + SQL_END, "iii", proof->id, (int64_t)proof->verdict, proof->ended_at);
}

int64_t proofs_tries(const struct proofs *proofs, int64_t member_id, int64_t since)
{
    store_ask(proofs->store, proofs->sql + SQL_TRIES, "ii", member_id, since);
    return one_number(proofs, proofs->sql + SQL_TRIES);
}

int64_t proofs_count(const struct proofs *proofs)
{
    store_ask(proofs->store, proofs->sql + SQL_COUNT, "");
    return one_number(proofs, proofs->sql + SQL_COUNT);
}
