#include "common/store/journal.h"

#include "common/base/bytes.h"
#include "common/base/limits.h"
#include "common/base/sha256.h"
#include "common/store/archive.h"
#include "common/store/journal_internal.h"

#define FIELD_HEAD 8 /* bytes of a field's number and length, at most */

enum { SQL_TIP, SQL_ADD, SQL_READ, SQL_TIME, SQL_HASH, SQL_ALL, N_SQL };
static const char *const sql[N_SQL] = {
    [SQL_TIP] = "SELECT seq, hash, at FROM journal ORDER BY seq DESC LIMIT 1",
    [SQL_ADD] = "INSERT INTO journal (seq, at, kind, actor, body, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_READ] = "SELECT seq, at, kind, actor, body, hash FROM journal WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    [SQL_TIME] = "SELECT at FROM journal WHERE seq = ?1",
    [SQL_HASH] = "SELECT hash FROM journal WHERE seq = ?1",
    [SQL_ALL] = "SELECT seq, at, kind, actor, body, hash FROM journal WHERE seq > ?1 ORDER BY seq",
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
    journal->opened = journal->tip.seq;
    memset(journal->told, 0, sizeof(journal->told));
    return archive_prepare(journal) || store_trouble(store) ? -1 : 0;
}

void journal_row_hash(const unsigned char before[JOURNAL_HASH_LEN], int64_t seq, int64_t at, int32_t kind,
                      int64_t actor, const void *body, size_t len, unsigned char ret_hash[JOURNAL_HASH_LEN])
{
    unsigned char head[JOURNAL_HASH_LEN + 28];
    struct sha256 sha;

    memcpy(head, before, JOURNAL_HASH_LEN);
    put_be64(head + JOURNAL_HASH_LEN, (uint64_t)seq);
    put_be64(head + JOURNAL_HASH_LEN + 8, (uint64_t)at);
    put_be32(head + JOURNAL_HASH_LEN + 16, (uint32_t)kind);
    put_be64(head + JOURNAL_HASH_LEN + 20, (uint64_t)actor);
    sha256_start(&sha);
    sha256_add(&sha, head, sizeof(head));
    sha256_add(&sha, body, len);
    sha256_end(&sha, ret_hash);
}

bool journal_row_follows(const unsigned char before[JOURNAL_HASH_LEN], const Rpc__JournalRow *row)
{
    unsigned char hash[JOURNAL_HASH_LEN];

    journal_row_hash(before, row->seq, row->at, row->kind, row->actor, row->body.data, row->body.len, hash);
    return row->hash.len == sizeof(hash) && memcmp(hash, row->hash.data, sizeof(hash)) == 0;
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

/* Puts a fact behind so many bytes of a body: how many there are then. */
static inline size_t put_fact(const struct journal *journal, const ProtobufCMessage *fact,
                              unsigned char body[LIMIT_EVENT], size_t len, uint32_t *ret_kind)
{
    uint32_t kind = journal->event ? kind_of(journal->event, fact->descriptor) : 0;
    size_t size = protobuf_c_message_get_packed_size(fact);

    if (!kind)
        kind = kind_of(&rpc__chassis_event__descriptor, fact->descriptor);
    ensure(kind && kind < LIMIT_EVENT_NUMBER + LIMIT_CHASSIS_EVENTS && len + size <= LIMIT_EVENT - FIELD_HEAD);
    *ret_kind = kind;
    len += put_varint(body + len, kind << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    len += put_varint(body + len, size);
    return len + protobuf_c_message_pack(fact, body + len);
}

static inline void add_row(struct journal *journal, int64_t now, int64_t actor, const ProtobufCMessage *fact,
                           const ProtobufCMessage *own)
{
    struct journal_tip *tip = &journal->tip;
    unsigned char body[LIMIT_EVENT];
    uint32_t kind, kind_of_own;
    size_t len = put_fact(journal, fact, body, 0, &kind);

    if (own)
        len = put_fact(journal, own, body, len, &kind_of_own);
    tip->seq++;
    if (kind >= LIMIT_EVENT_NUMBER)
        journal->told[kind - LIMIT_EVENT_NUMBER] = tip->seq;
    if (now > tip->at || tip->at - now > LIMIT_JOURNAL_AHEAD_MS)
        tip->at = now;
    journal_row_hash(tip->hash, tip->seq, tip->at, (int32_t)kind, actor, body, len, tip->hash);
    store_run(journal->store, journal->sql + SQL_ADD, "iiiibb", tip->seq, tip->at, (int64_t)kind, actor, body, len,
              tip->hash, sizeof(tip->hash));
}

void journal_add(struct journal *journal, int64_t now, int64_t actor, const ProtobufCMessage *fact)
{
    add_row(journal, now, actor, fact, NULL);
}

void journal_add_both(struct journal *journal, int64_t now, int64_t actor, const ProtobufCMessage *fact,
                      const ProtobufCMessage *own)
{
    add_row(journal, now, actor, fact, own);
}

void journal_column_row(struct store *store, unsigned statement, Rpc__JournalRow *ret_row)
{
    rpc__journal_row__init(ret_row);
    ret_row->seq = store_int(store, statement, 0);
    ret_row->at = store_int(store, statement, 1);
    ret_row->kind = (int32_t)store_int(store, statement, 2);
    ret_row->actor = store_int(store, statement, 3);
    ret_row->body.data = unconst(store_blob(store, statement, 4, &ret_row->body.len));
    ret_row->hash.data = unconst(store_blob(store, statement, 5, &ret_row->hash.len));
}

/* The time of a row; false when it cannot be read. */
static bool time_at(struct journal *journal, int64_t seq, int64_t *ret_at)
{
    unsigned statement = journal->sql + SQL_TIME;
    Rpc__JournalRow row;
    bool found;

    store_ask(journal->store, statement, "i", seq);
    found = store_row(journal->store, statement);
    if (found) {
        *ret_at = store_int(journal->store, statement, 0);
        store_end(journal->store, statement);
    } else if (archive_row(journal, seq, &row) == 0) {
        *ret_at = row.at;
        found = true;
    }
    return found;
}

/* The last row older than an instant, found by halving. */
static int64_t seq_before(struct journal *journal, int64_t after, int64_t since)
{
    int64_t low = after, high = journal->tip.seq;

    while (low < high) {
        int64_t middle = low + (high - low) / 2 + 1, at;

        if (!time_at(journal, middle, &at))
            break;
        if (at < since)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

bool journal_older(struct journal *journal, int64_t seq, int64_t instant)
{
    int64_t at;

    return time_at(journal, seq, &at) && at < instant;
}

static bool copy_bytes(struct arena *arena, ProtobufCBinaryData *bytes)
{
    uint8_t *copy = arena_alloc(arena, bytes->len + 1);

    if (copy)
        memcpy(copy, bytes->data, bytes->len);
    bytes->data = copy;
    return copy != NULL;
}

bool journal_page_add(const Rpc__JournalRow *row, struct arena *arena, Rpc__JournalPage *page)
{
    Rpc__JournalRow *copy = arena_alloc(arena, sizeof(*copy));

    if (!copy)
        return false;
    *copy = *row;
    if (!copy_bytes(arena, &copy->body) || !copy_bytes(arena, &copy->hash))
        return false;
    page->rows[page->n_rows++] = copy;
    page->read_to = row->seq;
    return true;
}

bool journal_wants(const Rpc__JournalRequest *request, int64_t kind)
{
    bool wanted = request->n_kinds == 0;

    for (size_t i = 0; i < request->n_kinds && !wanted; i++)
        wanted = request->kinds[i] == kind;
    return wanted;
}

/* 0; JOURNAL_DIFFERS when there is no such row, or STORE_FAILED when it cannot be read. */
static int hash_at(struct journal *journal, int64_t seq, unsigned char ret_hash[JOURNAL_HASH_LEN])
{
    unsigned statement = journal->sql + SQL_HASH;
    Rpc__JournalRow row;
    size_t len = 0;
    int reason;

    store_ask(journal->store, statement, "i", seq);
    if (store_row(journal->store, statement)) {
        len = store_copy_blob(journal->store, statement, 0, ret_hash, JOURNAL_HASH_LEN);
        store_end(journal->store, statement);
        return len == JOURNAL_HASH_LEN ? 0 : RPC__REASON__JOURNAL_DIFFERS;
    }
    reason = archive_row(journal, seq, &row);
    if (!reason)
        memcpy(ret_hash, row.hash.data, JOURNAL_HASH_LEN);
    return reason;
}

bool journal_hash_at(struct journal *journal, int64_t seq, unsigned char ret_hash[JOURNAL_HASH_LEN])
{
    return hash_at(journal, seq, ret_hash) == 0;
}

void journal_want_head(struct journal *journal)
{
    journal->head_wanted = true;
}

/* Whether the row before the page is the one that the reader has read: 0 or a Reason. */
static int differs(struct journal *journal, const Rpc__JournalRequest *request)
{
    unsigned char hash[JOURNAL_HASH_LEN];
    int reason;

    if (request->after_hash.len == 0)
        return 0;
    reason = hash_at(journal, request->after_seq, hash);
    if (reason)
        return reason;
    return request->after_hash.len == sizeof(hash) && memcmp(hash, request->after_hash.data, sizeof(hash)) == 0
               ? 0
               : RPC__REASON__JOURNAL_DIFFERS;
}

/* Whether a reader who wants nothing but what the chassis tells, which is rare, needs to read no row behind the one
 * that she has read to. A row that was undone counts as if it were there. */
static bool has_nothing(const struct journal *journal, const Rpc__JournalRequest *request, int64_t read_to)
{
    bool nothing = request->n_kinds > 0 && read_to >= journal->opened && read_to < journal->tip.seq;

    for (size_t i = 0; i < request->n_kinds && nothing; i++) {
        int64_t kind = (int64_t)request->kinds[i] - LIMIT_EVENT_NUMBER;

        nothing = kind >= 0 && (kind >= LIMIT_CHASSIS_EVENTS || journal->told[kind] <= read_to);
    }
    return nothing;
}

/* Of the rows that are not in the archive. */
static void read_store(struct journal *journal, const Rpc__JournalRequest *request, int64_t limit, struct arena *arena,
                       Rpc__JournalPage *page)
{
    unsigned statement = journal->sql + SQL_READ;

    if (has_nothing(journal, request, page->read_to)) {
        page->read_to = journal->tip.seq;
        return;
    }
    store_ask(journal->store, statement, "ii", page->read_to, limit);
    while (store_row(journal->store, statement)) {
        Rpc__JournalRow row;

        journal_column_row(journal->store, statement, &row);
        if (!journal_wants(request, row.kind)) {
            page->read_to = row.seq;
        } else if (!journal_page_add(&row, arena, page)) {
            store_end(journal->store, statement);
            break; /* a shorter page; the follower asks for the rest */
        }
    }
}

int journal_read(struct journal *journal, const Rpc__JournalRequest *request, struct arena *arena,
                 Rpc__JournalPage *ret_page)
{
    int64_t limit = request->limit > 0 && request->limit < LIMIT_JOURNAL_PAGE ? request->limit : LIMIT_JOURNAL_PAGE;
    int reason = differs(journal, request);

    ret_page->last_seq = journal->tip.seq;
    ret_page->read_to = request->after_seq;
    if (reason)
        return reason;
    if (request->since)
        ret_page->read_to = seq_before(journal, request->after_seq, request->since);
    ret_page->rows = arena_alloc(arena, (size_t)limit * sizeof(*ret_page->rows));
    if (!ret_page->rows)
        return 0;
    if (ret_page->read_to < journal->archived)
        reason = archive_read(journal, request, limit, arena, ret_page);
    if (reason)
        return reason;
    if (ret_page->read_to >= journal->archived && (int64_t)ret_page->n_rows < limit)
        read_store(journal, request, limit - (int64_t)ret_page->n_rows, arena, ret_page);
    ret_page->read_hash.data = arena_alloc(arena, JOURNAL_HASH_LEN);
    if (ret_page->read_hash.data && journal_hash_at(journal, ret_page->read_to, ret_page->read_hash.data))
        ret_page->read_hash.len = JOURNAL_HASH_LEN;
    return 0;
}

int journal_audit(struct journal *journal, FILE *out, journal_visit visit, void *arg, int64_t *ret_rows)
{
    unsigned statement = journal->sql + SQL_ALL;
    unsigned char hash[JOURNAL_HASH_LEN] = {0};
    int64_t seq = journal->archived;

    if (archive_audit(journal, out, visit, arg, hash))
        return -1;
    store_ask(journal->store, statement, "i", seq);
    while (store_row(journal->store, statement)) {
        Rpc__JournalRow row;

        journal_column_row(journal->store, statement, &row);
        if (row.seq != seq + 1) {
            fprintf(out, "journal: row %lld is missing\n", (long long)seq + 1);
            goto bad;
        }
        if (!journal_row_follows(hash, &row)) {
            fprintf(out, "journal: row %lld does not match its hash\n", (long long)row.seq);
            goto bad;
        }
        memcpy(hash, row.hash.data, sizeof(hash));
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
