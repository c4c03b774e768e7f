#include "common/benefit/vault/vault_internal.h"

#include "common/base/base64url.h"
#include "common/base/bytes.h"
#include "common/benefit/holders/holders.h"

#define COLUMNS                                                                                                        \
    "file_id, subject_id, group_id, place_id, member_id, version, size, state, begun_at, ready_at, ended_at, "         \
    "journal_seq, wrapped"
#define CONTEXT       40 /* bytes of a name with what is sealed, e.g. "report.part.7" */
#define HEADER_WITHIN 1024

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO vault_file (" COLUMNS ", notes) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    [SQL_SET] = "UPDATE vault_file SET version = ?2, state = ?3, ready_at = ?4, ended_at = ?5, journal_seq = ?6 "
                "WHERE file_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM vault_file WHERE file_id = ?1",
    [SQL_OF_SUBJECT] = "SELECT " COLUMNS " FROM vault_file WHERE subject_id = ?1 AND state = ?2",
    [SQL_LATEST] = "SELECT " COLUMNS " FROM vault_file WHERE subject_id = ?1 AND version > 0 "
                   "ORDER BY version DESC LIMIT 1",
    [SQL_OF_MEMBER] = "SELECT " COLUMNS " FROM vault_file WHERE " HOLDER_HERS " AND ready_at > 0 "
                      "AND file_id < ?2 ORDER BY file_id DESC LIMIT ?3",
    [SQL_HERS_AFTER] = "SELECT " COLUMNS " FROM vault_file WHERE " HOLDER_HERS " AND ready_at > 0 AND file_id > ?2 "
                       "ORDER BY file_id LIMIT ?3",
    [SQL_VERSIONS] = "SELECT count(*) FROM vault_file WHERE subject_id = ?1",
    [SQL_LAST_VERSION] = "SELECT max(version) FROM vault_file WHERE subject_id = ?1",
    [SQL_LIVING] = "SELECT " COLUMNS " FROM vault_file WHERE member_id = ?1 AND state <= 3 LIMIT ?2",
    [SQL_DUE] = "SELECT " COLUMNS " FROM vault_file WHERE (state = 1 AND begun_at <= ?1) "
                "OR (state IN (2, 3) AND ready_at <= ?2) LIMIT ?3",
    [SQL_NOTES] = "SELECT notes FROM vault_file WHERE file_id = ?1",
    [SQL_END] = "UPDATE vault_file SET wrapped = x'', notes = x'' WHERE file_id = ?1",
    [SQL_PUT_PART] = "INSERT INTO vault_part (file_id, part, sealed) VALUES (?1, ?2, ?3) "
                     "ON CONFLICT (file_id, part) DO UPDATE SET sealed = excluded.sealed",
    [SQL_PART] = "SELECT sealed FROM vault_part WHERE file_id = ?1 AND part = ?2",
    [SQL_RECEIVED] = "SELECT count(*) FROM vault_part WHERE file_id = ?1",
    [SQL_DROP_PARTS] = "DELETE FROM vault_part WHERE file_id = ?1",
    [SQL_ADD_LOOK] = "INSERT INTO vault_look (file_id, at, session_id) VALUES (?1, ?2, ?3)",
    [SQL_LOOKS] = "SELECT look_id, at, session_id FROM vault_look WHERE file_id = ?1 AND look_id < ?2 "
                  "ORDER BY look_id DESC LIMIT ?3",
    [SQL_AGREED] = "SELECT 1 FROM vault_consent WHERE member_id = ?1 AND version >= "
                   "(SELECT coalesce(max(version), 1) FROM vault_policy WHERE in_force_at <= ?2)",
    [SQL_GIVE] = "INSERT INTO vault_consent (member_id, version) VALUES (?1, ?2) "
                 "ON CONFLICT (member_id) DO UPDATE SET version = excluded.version",
    [SQL_WITHDRAW] = "DELETE FROM vault_consent WHERE member_id = ?1",
    [SQL_PUBLISH] = "INSERT INTO vault_policy (version, in_force_at) VALUES (?1, ?2) "
                    "ON CONFLICT (version) DO UPDATE SET in_force_at = excluded.in_force_at",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void vault_open(struct vault *vault, const struct vault_kind *kind, const struct pii_keys *keys, int64_t keep_ms)
{
    ensure(strlen(kind->name) <= 16);
    vault->kind = kind;
    vault->keys = keys;
    vault->keep_ms = keep_ms;
}

/* ---- rows ---- */

static bool next_file(const struct vault *vault, unsigned statement, struct vault_file *ret)
{
    return store_read(vault->store, vault->sql + statement, INTO(ret->id), INTO(ret->subject_id), INTO(ret->group_id),
                      INTO(ret->place_id), INTO(ret->member_id), INTO(ret->version), INTO(ret->size), INTO(ret->state),
                      INTO(ret->begun_at), INTO(ret->ready_at), INTO(ret->ended_at), INTO(ret->journal_seq),
                      INTO_LEN(ret->wrapped, ret->wrapped_len));
}

static bool only_file(const struct vault *vault, unsigned statement, struct vault_file *ret)
{
    bool found = next_file(vault, statement, ret);

    store_end(vault->store, vault->sql + statement);
    return found;
}

bool vault_find(const struct vault *vault, int64_t file_id, struct vault_file *ret)
{
    store_ask(vault->store, vault->sql + SQL_FIND, "i", file_id);
    return only_file(vault, SQL_FIND, ret);
}

bool vault_latest(const struct vault *vault, int64_t subject_id, struct vault_file *ret)
{
    store_ask(vault->store, vault->sql + SQL_LATEST, "i", subject_id);
    return only_file(vault, SQL_LATEST, ret);
}

static bool find_in_state(const struct vault *vault, int64_t subject_id, enum vault_state state, struct vault_file *ret)
{
    store_ask(vault->store, vault->sql + SQL_OF_SUBJECT, "ii", subject_id, (int64_t)state);
    return only_file(vault, SQL_OF_SUBJECT, ret);
}

void vault_ask_before(const struct vault *vault, int64_t member_id, int64_t before, size_t limit)
{
    store_ask(vault->store, vault->sql + SQL_OF_MEMBER, "iii", member_id, before, (int64_t)limit);
}

bool vault_next_before(const struct vault *vault, struct vault_file *ret)
{
    return next_file(vault, SQL_OF_MEMBER, ret);
}

void vault_ask_after(const struct vault *vault, int64_t member_id, int64_t after, size_t limit)
{
    store_ask(vault->store, vault->sql + SQL_HERS_AFTER, "iii", member_id, after, (int64_t)limit);
}

bool vault_next_after(const struct vault *vault, struct vault_file *ret)
{
    return next_file(vault, SQL_HERS_AFTER, ret);
}

void vault_end_after(const struct vault *vault)
{
    store_end(vault->store, vault->sql + SQL_HERS_AFTER);
}

int32_t vault_received(const struct vault *vault, int64_t file_id)
{
    store_ask(vault->store, vault->sql + SQL_RECEIVED, "i", file_id);
    return (int32_t)store_number(vault->store, vault->sql + SQL_RECEIVED);
}

bool vault_is_readable(const struct vault_file *file)
{
    return file->state == VAULT_READY || file->state == VAULT_SUPERSEDED;
}

bool vault_is_pdf(const void *bytes, size_t len)
{
    return memmem(bytes, len < HEADER_WITHIN ? len : HEADER_WITHIN, "%PDF-", 5) != NULL;
}

bool vault_is_jpeg(const void *bytes, size_t len)
{
    return len >= 4 && memcmp(bytes, "\xff\xd8\xff", 3) == 0;
}

bool vault_is_png(const void *bytes, size_t len)
{
    return len >= 16 && memcmp(bytes, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16) == 0;
}

/* ---- changes ---- */

/* Says what became of it, then keeps that with the number of the row. */
static void change(struct vault *vault, struct vault_file *file, enum vault_state state, void *call)
{
    file->state = (int)state;
    vault->kind->tell(file, call);
    file->journal_seq = rpc_server_journal(vault->parts->rpc)->tip.seq;
    store_run(vault->store, vault->sql + SQL_SET, "iiiiii", file->id, (int64_t)file->version, (int64_t)state,
              file->ready_at, file->ended_at, file->journal_seq);
    if (vault->kind->follow)
        vault->kind->follow(parts_self(vault->parts), file, call);
}

static const struct pii_key *key_of(const struct vault *vault, const struct vault_file *file)
{
    return pii_data_key(vault->keys, file->id, file->wrapped, file->wrapped_len);
}

/* What something is sealed as. A part is authenticated with its place, so that none can stand for another. */
static const char *sealed_as(const struct vault *vault, const char *what, int32_t part, char ret[CONTEXT])
{
    if (part < 0)
        snprintf(ret, CONTEXT, "%s.%s", vault->kind->name, what);
    else
        snprintf(ret, CONTEXT, "%s.%s.%d", vault->kind->name, what, part);
    return ret;
}

/* The key of a new version, and what stands for it in the store. */
static void make_key(struct vault *vault, struct vault_file *file, void *call)
{
    unsigned char key[PII_KEY_LEN], nonce[PII_NONCE_LEN];

    file->wrapped_len = sizeof(file->wrapped);
    rpc_random(call, key, sizeof(key));
    rpc_random(call, nonce, sizeof(nonce));
    pii_wrap(vault->keys, file->id, nonce, key, file->wrapped);
    memset(key, 0, sizeof(key));
}

enum vault_trouble vault_begin(struct vault *vault, struct vault_file *file, const void *notes, size_t len, void *call)
{
    unsigned char nonce[PII_NONCE_LEN], *sealed = arena_alloc(rpc_arena(call), len + PII_OVERHEAD);
    struct vault_file before;
    char context[CONTEXT];

    store_ask(vault->store, vault->sql + SQL_VERSIONS, "i", file->subject_id);
    if (store_number(vault->store, vault->sql + SQL_VERSIONS) >= vault->kind->versions_max) {
        rpc_fact_number(call, "maximum", vault->kind->versions_max);
        return VAULT_TOO_MANY;
    }
    if (find_in_state(vault, file->subject_id, VAULT_UPLOADING, &before))
        vault_end(vault, &before, VAULT_ABANDONED, call);
    file->id = id_next(&vault->parts->ids, rpc_now(call));
    file->begun_at = rpc_now(call);
    make_key(vault, file, call);
    if (!sealed || len > LIMIT_PART || !key_of(vault, file))
        return VAULT_NO_MEMORY;
    rpc_random(call, nonce, sizeof(nonce));
    pii_seal_under(key_of(vault, file), sealed_as(vault, "items", -1, context), file->id, nonce, notes, len, sealed);
    store_run(vault->store, vault->sql + SQL_ADD, "iiiiiiiiiiiibb", file->id, file->subject_id, file->group_id,
              file->place_id, file->member_id, (int64_t)0, (int64_t)file->size, (int64_t)0, file->begun_at, (int64_t)0,
              (int64_t)0, (int64_t)0, file->wrapped, sizeof(file->wrapped), sealed, len + PII_OVERHEAD);
    change(vault, file, VAULT_UPLOADING, call);
    return VAULT_FINE;
}

/* Says how many parts there are, and how long this one is. */
static enum vault_trouble wrong_part(const struct vault_file *file, int32_t part, void *call)
{
    int32_t parts = body_parts(file->size);

    rpc_fact_number(call, "parts", parts);
    if (part < parts)
        rpc_fact_number(call, "length", body_part_size(file->size, part));
    return VAULT_WRONG_PART;
}

enum vault_trouble vault_put(struct vault *vault, const struct vault_file *file, int32_t part,
                             ProtobufCBinaryData content, void *call)
{
    const struct pii_key *key = key_of(vault, file);
    unsigned char nonce[PII_NONCE_LEN];
    char context[CONTEXT];

    if (part >= body_parts(file->size) || (int32_t)content.len != body_part_size(file->size, part))
        return wrong_part(file, part, call);
    if (part == 0 && vault->kind->is_type && !vault->kind->is_type(content.data, content.len))
        return VAULT_WRONG_TYPE;
    if (!key)
        return VAULT_GONE;
    rpc_random(call, nonce, sizeof(nonce));
    pii_seal_under(key, sealed_as(vault, "part", part, context), file->id, nonce, content.data, content.len,
                   vault->sealed);
    store_run(vault->store, vault->sql + SQL_PUT_PART, "iib", file->id, (int64_t)part, vault->sealed,
              content.len + PII_OVERHEAD);
    vault_hash_changed(vault, file->id, call);
    return VAULT_FINE;
}

enum vault_trouble vault_check(struct vault *vault, const struct vault_file *file, ProtobufCBinaryData sha256,
                               void *call)
{
    unsigned char sum[32];
    enum vault_trouble trouble;

    if (vault_received(vault, file->id) < body_parts(file->size))
        return VAULT_INCOMPLETE;
    if (file->size == 0)
        return VAULT_FINE;
    trouble = vault_hash_of(vault, file, call, sum);
    if (trouble)
        return trouble;
    return sha256.len == sizeof(sum) && memcmp(sha256.data, sum, sizeof(sum)) == 0 ? VAULT_FINE : VAULT_DAMAGED;
}

void vault_ready(struct vault *vault, struct vault_file *file, void *call)
{
    struct vault_file before;

    if (find_in_state(vault, file->subject_id, VAULT_READY, &before))
        change(vault, &before, VAULT_SUPERSEDED, call);
    store_ask(vault->store, vault->sql + SQL_LAST_VERSION, "i", file->subject_id);
    file->version = (int32_t)store_number(vault->store, vault->sql + SQL_LAST_VERSION) + 1;
    file->ready_at = rpc_now(call);
    change(vault, file, VAULT_READY, call);
}

void vault_end(struct vault *vault, struct vault_file *file, enum vault_state state, void *call)
{
    file->ended_at = rpc_now(call);
    file->wrapped_len = 0;
    store_run(vault->store, vault->sql + SQL_DROP_PARTS, "i", file->id);
    store_run(vault->store, vault->sql + SQL_END, "i", file->id);
    change(vault, file, state, call);
    vault->parts->erased = true;
}

/* ---- what they say ---- */

long vault_part_of(const struct vault *vault, const struct vault_file *file, int32_t part, char *ret_plain)
{
    const struct pii_key *key = key_of(vault, file);
    unsigned statement = vault->sql + SQL_PART;
    const void *sealed;
    char context[CONTEXT];
    long plain = -1;
    size_t len;

    store_ask(vault->store, statement, "ii", file->id, (int64_t)part);
    if (store_row(vault->store, statement)) {
        sealed = store_blob(vault->store, statement, 0, &len);
        if (key && len <= LIMIT_PART + PII_OVERHEAD)
            plain = pii_open_under(vault->keys, key, sealed_as(vault, "part", part, context), file->id, sealed, len,
                                   ret_plain);
    }
    store_end(vault->store, statement);
    return plain;
}

const uint8_t *vault_notes(const struct vault *vault, const struct vault_file *file, struct arena *arena,
                           size_t *ret_len)
{
    const struct pii_key *key = key_of(vault, file);
    unsigned statement = vault->sql + SQL_NOTES;
    const void *sealed;
    char context[CONTEXT], *plain = NULL;
    size_t len;
    long n = -1;

    store_ask(vault->store, statement, "i", file->id);
    if (store_row(vault->store, statement)) {
        sealed = store_blob(vault->store, statement, 0, &len);
        plain = arena_alloc(arena, len + 1);
        if (key && plain && len <= LIMIT_PART + PII_OVERHEAD)
            n = pii_open_under(vault->keys, key, sealed_as(vault, "items", -1, context), file->id, sealed, len, plain);
    }
    store_end(vault->store, statement);
    *ret_len = n < 0 ? 0 : (size_t)n;
    return n < 0 ? NULL : (const uint8_t *)plain;
}

void vault_look(struct vault *vault, const struct vault_file *file, void *call)
{
    store_run(vault->store, vault->sql + SQL_ADD_LOOK, "iii", file->id, rpc_now(call), rpc_principal(call)->session_id);
    vault->kind->tell_look(file, call);
}

void vault_ask_looks(const struct vault *vault, int64_t file_id, int64_t before, size_t limit)
{
    store_ask(vault->store, vault->sql + SQL_LOOKS, "iii", file_id, before, (int64_t)limit);
}

bool vault_next_look(const struct vault *vault, int64_t *ret_look_id, int64_t *ret_at, int64_t *ret_session_id)
{
    return store_read(vault->store, vault->sql + SQL_LOOKS, INTO(*ret_look_id), INTO(*ret_at), INTO(*ret_session_id));
}

/* ---- links ---- */

#define LINK_SAID 16 /* bytes before the blind index */

static void index_of(const struct vault *vault, const unsigned char said[LINK_SAID], unsigned char ret[PII_INDEX_LEN])
{
    char context[CONTEXT];

    pii_index(vault->keys, sealed_as(vault, "link", -1, context), said, LINK_SAID, ret);
}

void vault_link(const struct vault *vault, int64_t file_id, int64_t until, char ret_link[VAULT_LINK_SIZE])
{
    unsigned char bytes[LINK_SAID + PII_INDEX_LEN];

    put_be64(bytes, (uint64_t)file_id);
    put_be64(bytes + 8, (uint64_t)until);
    index_of(vault, bytes, bytes + LINK_SAID);
    ret_link[base64url_encode(bytes, sizeof(bytes), ret_link)] = '\0';
}

int64_t vault_of_link(const struct vault *vault, const char *link, int64_t now)
{
    unsigned char bytes[LINK_SAID + PII_INDEX_LEN], sum[PII_INDEX_LEN], differ = 0;

    if (strlen(link) != VAULT_LINK_SIZE - 1 || base64url_decode(link, VAULT_LINK_SIZE - 1, bytes) != (int)sizeof(bytes))
        return 0;
    index_of(vault, bytes, sum);
    for (size_t i = 0; i < sizeof(sum); i++)
        differ |= (unsigned char)(sum[i] ^ bytes[LINK_SAID + i]);
    return differ == 0 && now < (int64_t)get_be64(bytes + 8) ? (int64_t)get_be64(bytes) : 0;
}

/* ---- what is due ---- */

/* Ends a slice of the versions that a query found, each by its state. Whether there may be more. */
static bool end_found(struct vault *vault, unsigned statement, enum vault_state state, void *call)
{
    struct vault_file due[VAULT_SLICE];
    int n = 0;

    while (n < VAULT_SLICE && next_file(vault, statement, &due[n]))
        n++;
    store_end(vault->store, vault->sql + statement);
    for (int i = 0; i < n; i++)
        vault_end(vault, &due[i], due[i].state == VAULT_UPLOADING ? VAULT_ABANDONED : state, call);
    return n == VAULT_SLICE;
}

static bool settle(void *self, int64_t number, int64_t holder_id, void *call)
{
    struct vault *vault = self;

    if (holder_id)
        return false;
    store_ask(vault->store, vault->sql + SQL_LIVING, "ii", number, (int64_t)VAULT_SLICE);
    return end_found(vault, SQL_LIVING, VAULT_ERASED, call);
}

static bool tidy(void *self, void *call)
{
    struct vault *vault = self;

    store_ask(vault->store, vault->sql + SQL_DUE, "iii", rpc_now(call) - VAULT_UPLOAD_MS,
              rpc_now(call) - vault->keep_ms, (int64_t)VAULT_SLICE);
    return end_found(vault, SQL_DUE, VAULT_EXPIRED, call);
}

static const struct part_stray strays[] = {
    {"vault_file", "its key and its state do not agree",
     "SELECT file_id FROM vault_file WHERE (length(wrapped) = 0) <> (state > 3) UNION ALL "
     "SELECT file_id FROM vault_part JOIN vault_file USING (file_id) WHERE state > 3 LIMIT 1"},
    {"member", "the account is closed, and has a file",
     "SELECT g.member_id FROM account_gone g JOIN vault_file f ON f.member_id = g.member_id "
     "WHERE g.holder_id IS NULL AND g.settled = 1 AND f.state <= 3 LIMIT 1"},
    {NULL, NULL, NULL},
};

/* Of an account that is closed the keys of files are destroyed (settle), which ends what was sealed under them; that
 * there were some is on account. Files of one that has become part of another stay under their number. */
const struct part_spec vault_part = {
    .tables = "vault_file vault_part vault_look vault_consent vault_policy",
    .steps = &vault_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT coalesce(max(file_id), 0) FROM vault_file",
    .tidy = tidy,
    .follows = {{"identity", vault_heard, VAULT_HEARD, vault_hear}},
    .strays = strays,
    .others = "vault_file.subject_id vault_file.group_id vault_file.place_id vault_look.look_id",
    .exports = {{NULL, "-- the service gives them, who can read the notes; identity what she has agreed to"}},
    .closed = {"DELETE FROM vault_consent WHERE member_id = ?1"},
    .merged = {"DELETE FROM vault_consent WHERE member_id = ?1 AND ?2 > 0"},
    .settle = settle,
};
