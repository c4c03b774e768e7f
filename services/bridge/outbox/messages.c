#include "services/bridge/outbox/messages.h"

#include "services/bridge/bridge.h"

#define COLUMNS                                                                                                        \
    "message_id, source, source_seq, member_id, kind, about_id, about_at, title, place, until, state, reason, tries, " \
    "due_at, made_at, ended_at, journal_seq, door"
#define IN_STATE(state)                                                                                                \
    "SELECT " COLUMNS " FROM message WHERE " RPC_PAGE_STATES("?3", state) " AND state = " state " AND message_id < ?1"

#define WAITING BRIDGE__MESSAGE_STATE__MESSAGE_WAITING

enum {
    SQL_ADD,
    SQL_FIND,
    SQL_SET,
    SQL_HERS,
    SQL_DUE,
    SQL_IN,
    SQL_ABOUT,
    SQL_PAGE,
    SQL_DROP,
    SQL_TALLY,
    SQL_TALLIES,
    SQL_COUNT_OPEN,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO message (" COLUMNS ") VALUES "
                "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM message WHERE message_id = ?1",
    [SQL_SET] = "UPDATE message SET state = ?3, reason = ?4, tries = ?5, due_at = ?6, ended_at = ?7, journal_seq = ?8 "
                "WHERE message_id = ?1 AND state = ?2",
    [SQL_HERS] =
        "SELECT " COLUMNS " FROM message WHERE " HOLDER_HERS " AND message_id > ?2 ORDER BY message_id LIMIT ?3",
    [SQL_DUE] = "SELECT " COLUMNS " FROM message WHERE state = 1 AND due_at <= ?1 ORDER BY due_at LIMIT ?2",
    [SQL_IN] = "SELECT " COLUMNS " FROM message WHERE state = ?1 ORDER BY message_id LIMIT ?2",
    [SQL_ABOUT] = "SELECT " COLUMNS " FROM message WHERE state = 1 AND about_id > 0 AND source = ?1 AND about_id = ?2 "
                  "LIMIT ?3",
    [SQL_PAGE] = RPC_PAGE_MERGED_5(IN_STATE) " ORDER BY message_id DESC LIMIT ?2",
    [SQL_DROP] = "DELETE FROM message WHERE message_id IN "
                 "(SELECT message_id FROM message WHERE ended_at > 0 AND ended_at < ?1 LIMIT ?2)",
    [SQL_TALLY] = "INSERT INTO tally (state, reason, n) VALUES (?1, ?2, 1) "
                  "ON CONFLICT (state, reason) DO UPDATE SET n = n + 1",
    [SQL_TALLIES] = "SELECT state, reason, n FROM tally ORDER BY state, reason",
    [SQL_COUNT_OPEN] = "SELECT count(*) FROM message WHERE state IN (1, 2)",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

bool messages_add(const struct messages *messages, const struct message *message)
{
    const struct notice *notice = &message->notice;

    return store_run(messages->store, messages->sql + SQL_ADD, "itiiiiittiiiiiiiii", message->id, message->source,
                     message->source_seq, notice->member_id, (int64_t)notice->kind, notice->about_id, notice->about_at,
                     notice->title, notice->place, message->until, (int64_t)message->state, (int64_t)message->reason,
                     (int64_t)message->tries, message->due_at, message->made_at, message->ended_at,
                     message->journal_seq, notice->door) != -1;
}

static bool next_message(const struct messages *messages, unsigned statement, struct message *ret)
{
    if (!store_row(messages->store, statement))
        return false;
    *ret = (struct message){
        .id = store_int(messages->store, statement, 0),
        .source_seq = store_int(messages->store, statement, 2),
        .notice = {.member_id = store_int(messages->store, statement, 3),
                   .kind = (int)store_int(messages->store, statement, 4),
                   .about_id = store_int(messages->store, statement, 5),
                   .about_at = store_int(messages->store, statement, 6),
                   .door = store_int(messages->store, statement, 17)},
        .until = store_int(messages->store, statement, 9),
        .state = (int)store_int(messages->store, statement, 10),
        .reason = (int)store_int(messages->store, statement, 11),
        .tries = (int)store_int(messages->store, statement, 12),
        .due_at = store_int(messages->store, statement, 13),
        .made_at = store_int(messages->store, statement, 14),
        .ended_at = store_int(messages->store, statement, 15),
        .journal_seq = store_int(messages->store, statement, 16),
    };
    store_copy_text(messages->store, statement, 1, ret->source, sizeof(ret->source));
    store_copy_text(messages->store, statement, 7, ret->notice.title, sizeof(ret->notice.title));
    store_copy_text(messages->store, statement, 8, ret->notice.place, sizeof(ret->notice.place));
    return true;
}

static unsigned all_messages(const struct messages *messages, unsigned statement, struct message *ret, unsigned max)
{
    unsigned n = 0;

    while (ret && n < max && next_message(messages, statement, &ret[n]))
        n++;
    store_end(messages->store, statement);
    return n;
}

bool messages_find(const struct messages *messages, int64_t id, struct message *ret)
{
    store_ask(messages->store, messages->sql + SQL_FIND, "i", id);
    return all_messages(messages, messages->sql + SQL_FIND, ret, 1) == 1;
}

bool messages_set(const struct messages *messages, const struct message *message, int was)
{
    return store_run(messages->store, messages->sql + SQL_SET, "iiiiiiii", message->id, (int64_t)was,
                     (int64_t)message->state, (int64_t)message->reason, (int64_t)message->tries, message->due_at,
                     message->ended_at, message->journal_seq) == 1;
}

unsigned messages_due(const struct messages *messages, int64_t now, struct message *ret, unsigned max)
{
    store_ask(messages->store, messages->sql + SQL_DUE, "ii", now, (int64_t)max);
    return all_messages(messages, messages->sql + SQL_DUE, ret, max);
}

unsigned messages_in(const struct messages *messages, int state, struct message *ret, unsigned max)
{
    store_ask(messages->store, messages->sql + SQL_IN, "ii", (int64_t)state, (int64_t)max);
    return all_messages(messages, messages->sql + SQL_IN, ret, max);
}

unsigned messages_about(const struct messages *messages, const char *source, int64_t about_id, struct message *ret,
                        unsigned max)
{
    store_ask(messages->store, messages->sql + SQL_ABOUT, "tii", source, about_id, (int64_t)max);
    return all_messages(messages, messages->sql + SQL_ABOUT, ret, max);
}

unsigned messages_page(const struct messages *messages, int64_t states, int64_t before, struct message *ret,
                       unsigned max)
{
    store_ask(messages->store, messages->sql + SQL_PAGE, "iii", before, (int64_t)max, states);
    return all_messages(messages, messages->sql + SQL_PAGE, ret, max);
}

void messages_tally(const struct messages *messages, int state, int reason)
{
    store_run(messages->store, messages->sql + SQL_TALLY, "ii", (int64_t)state, (int64_t)reason);
}

void tallies_ask(const struct messages *messages)
{
    store_ask(messages->store, messages->sql + SQL_TALLIES, "");
}

bool tallies_next(const struct messages *messages, int *ret_state, int *ret_reason, int64_t *ret_n)
{
    if (!store_row(messages->store, messages->sql + SQL_TALLIES))
        return false;
    *ret_state = (int)store_int(messages->store, messages->sql + SQL_TALLIES, 0);
    *ret_reason = (int)store_int(messages->store, messages->sql + SQL_TALLIES, 1);
    *ret_n = store_int(messages->store, messages->sql + SQL_TALLIES, 2);
    return true;
}

int64_t messages_count_open(const struct messages *messages)
{
    store_ask(messages->store, messages->sql + SQL_COUNT_OPEN, "");
    return store_number(messages->store, messages->sql + SQL_COUNT_OPEN);
}

/* ---- what the part does ---- */

static bool tidy(void *arg, void *call)
{
    const struct bridge *self = arg;

    store_run(self->store, self->messages.sql + SQL_DROP, "ii", rpc_now(call) - MESSAGES_KEEP_MS,
              (int64_t)MESSAGES_DROP);
    return false;
}

static void on_export(void *arg, struct part_export *export)
{
    const struct messages *messages = &((struct bridge *)arg)->messages;
    unsigned statement = messages->sql + SQL_HERS;
    struct message message;
    bool more = true;

    store_ask(messages->store, statement, "iii", export->member_id, export->after, (int64_t)LIMIT_EXPORT_PAGE + 1);
    while (more && next_message(messages, statement, &message)) {
        Bridge__Message *said = arena_alloc(rpc_arena(export->call), sizeof(*said));

        if (said)
            message_copy(&message, said);
        more = part_give(export, said, message.id);
    }
    store_end(messages->store, statement);
}

/* Whether a message that is there is as this row, its last, says it is. */
static bool is_as_told(const struct message *message, const Bridge__MessageChanged *changed)
{
    bool open = message->ended_at == 0;
    int state = open ? (int)WAITING : message->state;

    return (int)changed->state == state && open == (message->state <= BRIDGE__MESSAGE_STATE__MESSAGE_SENDING) &&
           (open || changed->reason == message->reason);
}

/* It may have become that of who holds her number since. */
static bool is_as_made(const struct holders *holders, const struct message *message,
                       const Bridge__MessageChanged *changed)
{
    return strcmp(changed->source, message->source) == 0 && changed->source_seq == message->source_seq &&
           holder_of(holders, changed->member_id) == holder_of(holders, message->notice.member_id) &&
           (int)changed->kind == message->notice.kind;
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct bridge *self = arg;
    const Bridge__Event *event = body;
    const Bridge__MessageChanged *changed = event->message_changed;
    struct message message;
    bool new, last;

    if (event->event_case != BRIDGE__EVENT__EVENT_MESSAGE_CHANGED)
        return true;
    new = *changed->source != '\0';
    told[1] += new - (changed->state != WAITING);
    *part_word(&self->parts, &messages_part, 0, (int64_t)changed->state << 32 | changed->reason) += 1;
    if (!messages_find(&self->messages, changed->message_id, &message))
        return true;
    last = message.journal_seq == row->seq;
    told[0] += last;
    return (!last || is_as_told(&message, changed)) && (!new || is_as_made(&self->holders, &message, changed));
}

const struct part_spec messages_part = {
    .tables = "message tally",
    .steps = &messages_steps,
    .others = "message.about_id message.door",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(message_id) FROM message",
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"messages", "SELECT count(*) FROM message"},
               {"messages that have not ended", "SELECT count(*) FROM message WHERE state IN (1, 2)"}},
    .words = {{"tally", "SELECT state << 32 | reason, n FROM tally ORDER BY 1"}},
    .on_export = on_export,
    .closed = {"-- identity knows no openid of hers any more, so none is sent; what ended is deleted in its time"},
    .merged = {"UPDATE message SET member_id = ?2 WHERE state IN (1, 2) AND member_id = ?1"},
};
