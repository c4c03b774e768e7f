#include "services/identity/people/data_keys.h"

#include "services/identity/membership/joins.h"
#include "services/identity/people/members.h"
#include "services/identity/people/person.h"
#include "services/identity/access/wechats.h"

enum { SQL_WITHOUT, SQL_GIVE, SQL_SEAL_JOIN, N_SQL };

static const char *const sql[] = {
    [SQL_WITHOUT] = "SELECT member_id FROM member WHERE data_key IS NULL ORDER BY member_id LIMIT ?1",
    [SQL_GIVE] = "UPDATE member SET data_key = ?2, sealed_mobile = ?3, sealed_person = ?4 WHERE member_id = ?1",
    [SQL_SEAL_JOIN] = "UPDATE join_request SET sealed = ?2 WHERE request_id = ?1",
};

void data_key_make(struct identity *self, struct member *member, void *call)
{
    unsigned char nonce[PII_NONCE_LEN], key[PII_KEY_LEN];

    rpc_random(call, key, sizeof(key));
    rpc_random(call, nonce, sizeof(nonce));
    pii_wrap(self->pii, member->id, nonce, key, member->data_key.bytes);
    member->data_key.len = PII_WRAPPED_LEN;
    memset(key, 0, sizeof(key));
}

static void reseal_doors(struct identity *self, const struct member *old, const struct member *member, void *call)
{
    struct wechat doors[WECHAT_DOORS];
    size_t n = wechats_find_all(&self->wechats, member->id, doors, ARRAY_LEN(doors));

    for (size_t i = 0; i < n; i++) {
        if (person_reseal_wechat(self, old, member, &doors[i], doors[i].id, call))
            wechats_seal(&self->wechats, &doors[i]);
    }
}

static void reseal_join(struct identity *self, const struct member *old, const struct member *member, void *call)
{
    unsigned char nonce[PII_NONCE_LEN];
    struct person person;
    struct join join;

    if (!joins_find_open(&self->joins, member->id, &join) || join.sealed.len == 0 ||
        !person_open_join(self, old, join.id, &join.sealed, &person))
        return;
    rpc_random(call, nonce, sizeof(nonce));
    person_seal_join(self, member, join.id, nonce, &person, &join.sealed);
    store_run(self->data_keys.store, self->data_keys.sql + SQL_SEAL_JOIN, "ib", join.id, join.sealed.bytes,
              join.sealed.len);
}

/* A field that does not open stays as it is: it opens again when its key is back. */
static void give(struct identity *self, struct member *member, void *call)
{
    struct data_keys *keys = &self->data_keys;
    const struct member old = *member;
    unsigned char nonce[PII_NONCE_LEN];
    struct person person;
    bool opens = person_open_member(self, &old, &person);

    data_key_make(self, member, call);
    if (opens) {
        rpc_random(call, nonce, sizeof(nonce));
        person_seal_mobile(self, member, nonce, person.mobile, &member->sealed_mobile);
    }
    if (opens && old.sealed_person.len) {
        rpc_random(call, nonce, sizeof(nonce));
        person_seal_member(self, member, nonce, &person, &member->sealed_person);
    }
    store_run(keys->store, keys->sql + SQL_GIVE, "ibbb", member->id, member->data_key.bytes, member->data_key.len,
              member->sealed_mobile.bytes, member->sealed_mobile.len, member->sealed_person.bytes,
              member->sealed_person.len);
    reseal_doors(self, &old, member, call);
    reseal_join(self, &old, member, call);
}

int data_key_ready(struct identity *self, struct member *member, void *call)
{
    if (member->data_key.len == 0 && member->sealed_mobile.len == 0)
        return IDENTITY__REASON__ACCOUNT_CLOSED;
    if (member->data_key.len == 0)
        give(self, member, call);
    return pii_data_key(self->pii, member->id, member->data_key.bytes, member->data_key.len)
               ? 0
               : RPC__REASON__STORE_FAILED;
}

static bool tidy(void *arg, void *call)
{
    struct identity *self = arg;
    struct store *store = self->store;
    unsigned without = self->data_keys.sql + SQL_WITHOUT;
    int64_t ids[DATA_KEYS_SLICE];
    struct member member;
    size_t n;

    store_ask(store, without, "i", (int64_t)DATA_KEYS_SLICE);
    n = store_numbers(store, without, ids, DATA_KEYS_SLICE);
    for (size_t i = 0; i < n; i++) {
        if (members_find(&self->members, ids[i], &member))
            give(self, &member, call);
    }
    return false;
}

const struct part_spec data_keys_part = {
    .sql = sql,
    .n_sql = N_SQL,
    .tidy = tidy,
};
