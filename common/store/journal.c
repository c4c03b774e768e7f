#include "common/store/journal.h"

#include <mbedtls/sha256.h>

#include "common/base/bytes.h"
#include "common/base/limits.h"

#define FIELD_HEAD 8 /* bytes of a field's number and length, at most */

enum { SQL_TIP, SQL_ADD, SQL_READ, SQL_TIME, SQL_HASH, SQL_ALL, N_SQL };
static const char *const sql[N_SQL] = {
    [SQL_TIP] = "SELECT seq, hash, at FROM journal ORDER BY seq DESC LIMIT 1",
    [SQL_ADD] = "INSERT INTO journal (seq, at, kind, actor, body, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_READ] = "SELECT seq, at, kind, actor, body, hash FROM journal WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    [SQL_TIME] = "SELECT at FROM journal WHERE seq = ?1",
    [SQL_HASH] = "SELECT hash FROM journal WHERE seq = ?1",
    [SQL_ALL] = "SELECT seq, at, kind, actor, body, hash FROM journal ORDER BY seq",
};

int journal_open(struct journal *journal, struct store *store)
{
    int first = store_prepare(store, sql, N_SQL);

    if (first < 0)
        return -1;
    *journal = (struct journal){.store = store, .sql = (unsigned)first};
    store_ask(store, journal->sql + SQL_TIP, "");
    if (store_row(store, journal->sql + SQL_TIP)) {
        size_t len;
        const void *hash = store_blob(store, journal->sql + SQL_TIP, 1, &len);

        journal->tip.seq = store_int(store, journal->sql + SQL_TIP, 0);
        journal->tip.at = store_int(store, journal->sql + SQL_TIP, 2);
        if (len == JOURNAL_HASH_LEN)
            memcpy(journal->tip.hash, hash, len);
        store_end(store, journal->sql + SQL_TIP);
    }
    journal->committed = journal->before = journal->tip;
    return store_trouble(store) ? -1 : 0;
}

static void row_hash(const unsigned char previous[JOURNAL_HASH_LEN], int64_t seq, int64_t at, int32_t kind,
                     int64_t actor, const void *body, size_t len, unsigned char ret_hash[JOURNAL_HASH_LEN])
{
    unsigned char head[JOURNAL_HASH_LEN + 28];
    mbedtls_sha256_context sha;

    memcpy(head, previous, JOURNAL_HASH_LEN);
    put_be64(head + JOURNAL_HASH_LEN, (uint64_t)seq);
    put_be64(head + JOURNAL_HASH_LEN + 8, (uint64_t)at);
    put_be32(head + JOURNAL_HASH_LEN + 16, (uint32_t)kind);
    put_be64(head + JOURNAL_HASH_LEN + 20, (uint64_t)actor);
    mbedtls_sha256_init(&sha);
    mbedtls_sha256_starts_ret(&sha, 0);
    mbedtls_sha256_update_ret(&sha, head, sizeof(head));
    mbedtls_sha256_update_ret(&sha, body, len);
    mbedtls_sha256_finish_ret(&sha, ret_hash);
}

/* The number of the member that is of a type; 0: there is none. */
static uint32_t kind_of(const ProtobufCMessageDescriptor *event, const ProtobufCMessageDescriptor *type)
{
    for (unsigned i = 0; i < event->n_fields; i++) {
        if (event->fields[i].descriptor == type)
            return event->fields[i].id;
    }
    return 0;
}

void journal_events(struct journal *journal, const ProtobufCMessageDescriptor *event)
{
    for (unsigned i = 0; i < event->n_fields; i++) {
        const ProtobufCFieldDescriptor *member = &event->fields[i];

        ensure((member->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && member->type == PROTOBUF_C_TYPE_MESSAGE &&
               kind_of(event, member->descriptor) == member->id);
    }
    journal->event = event;
}

static size_t put_varint(unsigned char *at, size_t value)
{
    size_t len = 0;

    for (; value >= 0x80; value >>= 7)
        at[len++] = (unsigned char)(value | 0x80);
    at[len++] = (unsigned char)value;
    return len;
}

void journal_add(struct journal *journal, int64_t now, int64_t actor, const ProtobufCMessage *fact)
{
    uint32_t kind = journal->event ? kind_of(journal->event, fact->descriptor) : 0;
    size_t size = protobuf_c_message_get_packed_size(fact), len;
    struct journal_tip *tip = &journal->tip;
    unsigned char body[LIMIT_EVENT];

    if (!kind)
        kind = kind_of(&rpc__chassis_event__descriptor, fact->descriptor);
    ensure(kind && size <= sizeof(body) - FIELD_HEAD);
    len = put_varint(body, kind << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    len += put_varint(body + len, size);
    len += protobuf_c_message_pack(fact, body + len);
    tip->seq++;
    if (now > tip->at || tip->at - now > LIMIT_JOURNAL_AHEAD_MS)
        tip->at = now;
    row_hash(tip->hash, tip->seq, tip->at, (int32_t)kind, actor, body, len, tip->hash);
    store_run(journal->store, journal->sql + SQL_ADD, "iiiibb", tip->seq, tip->at, (int64_t)kind, actor, body, len,
              tip->hash, sizeof(tip->hash));
}

/* The row's bytes belong to the statement until its next step. */
static void read_row(struct journal *journal, unsigned statement, Rpc__JournalRow *ret_row)
{
    struct store *store = journal->store;

    rpc__journal_row__init(ret_row);
    ret_row->seq = store_int(store, statement, 0);
    ret_row->at = store_int(store, statement, 1);
    ret_row->kind = (int32_t)store_int(store, statement, 2);
    ret_row->actor = store_int(store, statement, 3);
    ret_row->body.data = unconst(store_blob(store, statement, 4, &ret_row->body.len));
    ret_row->hash.data = unconst(store_blob(store, statement, 5, &ret_row->hash.len));
}

/* The last row older than an instant, found by halving. */
static int64_t seq_before(struct journal *journal, int64_t after, int64_t since)
{
    unsigned statement = journal->sql + SQL_TIME;
    int64_t low = after, high = journal->tip.seq;

    while (low < high) {
        int64_t middle = low + (high - low) / 2 + 1, at;

        store_ask(journal->store, statement, "i", middle);
        if (!store_row(journal->store, statement))
            break;
        at = store_int(journal->store, statement, 0);
        store_end(journal->store, statement);
        if (at < since)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static bool copy_bytes(struct arena *arena, ProtobufCBinaryData *bytes)
{
    uint8_t *copy = arena_alloc(arena, bytes->len + 1);

    if (copy)
        memcpy(copy, bytes->data, bytes->len);
    bytes->data = copy;
    return copy != NULL;
}

static bool is_wanted(const Rpc__JournalRequest *request, int64_t kind)
{
    bool wanted = request->n_kinds == 0;

    for (size_t i = 0; i < request->n_kinds && !wanted; i++)
        wanted = request->kinds[i] == kind;
    return wanted;
}

bool journal_hash_at(struct journal *journal, int64_t seq, unsigned char ret_hash[JOURNAL_HASH_LEN])
{
    unsigned statement = journal->sql + SQL_HASH;
    const void *hash;
    size_t len;
    bool found;

    store_ask(journal->store, statement, "i", seq);
    if (!store_row(journal->store, statement))
        return false;
    hash = store_blob(journal->store, statement, 0, &len);
    found = len == JOURNAL_HASH_LEN;
    if (found)
        memcpy(ret_hash, hash, len);
    store_end(journal->store, statement);
    return found;
}

void journal_want_head(struct journal *journal)
{
    journal->head_wanted = true;
}

/* Whether the row before the page is the one that the reader has read. */
static bool is_same(struct journal *journal, const Rpc__JournalRequest *request)
{
    unsigned char hash[JOURNAL_HASH_LEN];

    return request->after_hash.len == 0 ||
           (request->after_hash.len == sizeof(hash) && journal_hash_at(journal, request->after_seq, hash) &&
            memcmp(hash, request->after_hash.data, sizeof(hash)) == 0);
}

bool journal_read(struct journal *journal, const Rpc__JournalRequest *request, struct arena *arena,
                  Rpc__JournalPage *ret_page)
{
    unsigned statement = journal->sql + SQL_READ;
    int64_t limit = request->limit > 0 && request->limit < LIMIT_JOURNAL_PAGE ? request->limit : LIMIT_JOURNAL_PAGE;
    int64_t after = request->since ? seq_before(journal, request->after_seq, request->since) : request->after_seq;

    if (!is_same(journal, request))
        return false;
    ret_page->last_seq = journal->tip.seq;
    ret_page->read_to = after;
    ret_page->rows = arena_alloc(arena, (size_t)limit * sizeof(*ret_page->rows));
    store_ask(journal->store, statement, "ii", after, limit);
    while (ret_page->rows && store_row(journal->store, statement)) {
        Rpc__JournalRow *row;

        if (!is_wanted(request, store_int(journal->store, statement, 2))) {
            ret_page->read_to = store_int(journal->store, statement, 0);
            continue;
        }
        row = arena_alloc(arena, sizeof(*row));
        if (row)
            read_row(journal, statement, row);
        if (!row || !copy_bytes(arena, &row->body) || !copy_bytes(arena, &row->hash)) {
            store_end(journal->store, statement);
            break; /* a shorter page; the follower asks for the rest */
        }
        ret_page->rows[ret_page->n_rows++] = row;
        ret_page->read_to = row->seq;
    }
    ret_page->read_hash.data = arena_alloc(arena, JOURNAL_HASH_LEN);
    if (ret_page->read_hash.data && journal_hash_at(journal, ret_page->read_to, ret_page->read_hash.data))
        ret_page->read_hash.len = JOURNAL_HASH_LEN;
    return true;
}

int journal_audit(struct journal *journal, FILE *out, journal_visit visit, void *arg, int64_t *ret_rows)
{
    unsigned statement = journal->sql + SQL_ALL;
    unsigned char hash[JOURNAL_HASH_LEN] = {0};
    int64_t seq = 0;

    store_ask(journal->store, statement, "");
    while (store_row(journal->store, statement)) {
        Rpc__JournalRow row;

        read_row(journal, statement, &row);
        if (row.seq != seq + 1) {
            fprintf(out, "journal: row %lld is missing\n", (long long)seq + 1);
            goto bad;
        }
        row_hash(hash, row.seq, row.at, row.kind, row.actor, row.body.data, row.body.len, hash);
        if (row.hash.len != sizeof(hash) || memcmp(hash, row.hash.data, sizeof(hash)) != 0) {
            fprintf(out, "journal: row %lld does not match its hash\n", (long long)row.seq);
            goto bad;
        }
        if (visit && !visit(&row, arg))
            goto bad;
        seq++;
    }
    *ret_rows = seq;
    if (store_trouble(journal->store)) {
        fprintf(out, "journal: unreadable after row %lld\n", (long long)seq);
        return -1;
    }
    return 0;
bad:
    store_end(journal->store, statement);
    return -1;
}

void journal_call_begin(struct journal *journal)
{
    journal->before = journal->tip;
}

void journal_call_undo(struct journal *journal)
{
    journal->tip = journal->before;
}

void journal_batch_end(struct journal *journal, bool committed)
{
    if (committed)
        journal->committed = journal->tip;
    else
        journal->tip = journal->committed;
}
