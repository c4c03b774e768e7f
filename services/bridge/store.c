#include "services/bridge/store.h"

#define COLUMNS                                                                                                        \
    "message_id, source, source_seq, member_id, kind, about_id, about_at, title, place, until, state, reason, tries, " \
    "due_at, made_at, ended_at, journal_seq"

enum {
    SQL_ADD,
    SQL_FIND,
    SQL_SET,
    SQL_LAST,
    SQL_DUE,
    SQL_IN,
    SQL_ABOUT,
    SQL_PAGE,
    SQL_PAGE_IN,
    SQL_DROP,
    SQL_TALLY,
    SQL_TALLIES,
    SQL_COUNT,
    SQL_COUNT_OPEN,
    N_SQL
};

const char *const bridge_sql[] = {
    [SQL_ADD] = "INSERT INTO message (" COLUMNS ") VALUES "
                "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM message WHERE message_id = ?1",
    [SQL_SET] = "UPDATE message SET state = ?3, reason = ?4, tries = ?5, due_at = ?6, ended_at = ?7, journal_seq = ?8 "
                "WHERE message_id = ?1 AND state = ?2",
    [SQL_LAST] = "SELECT coalesce(max(message_id), 0) FROM message",
    [SQL_DUE] = "SELECT " COLUMNS " FROM message WHERE state = 1 AND due_at <= ?1 ORDER BY due_at LIMIT ?2",
    [SQL_IN] = "SELECT " COLUMNS " FROM message WHERE state = ?1 ORDER BY message_id LIMIT ?2",
    [SQL_ABOUT] = "SELECT " COLUMNS " FROM message WHERE state = 1 AND about_id > 0 AND source = ?1 AND about_id = ?2 "
                  "LIMIT ?3",
    [SQL_PAGE] = "SELECT " COLUMNS " FROM message WHERE message_id < ?1 ORDER BY message_id DESC LIMIT ?2",
    [SQL_PAGE_IN] = "SELECT " COLUMNS " FROM message WHERE message_id < ?1 AND state = ?3 "
                    "ORDER BY message_id DESC LIMIT ?2",
    [SQL_DROP] = "DELETE FROM message WHERE message_id IN "
                 "(SELECT message_id FROM message WHERE ended_at > 0 AND ended_at < ?1 LIMIT ?2)",
    [SQL_TALLY] = "INSERT INTO tally (state, reason, n) VALUES (?1, ?2, 1) "
                  "ON CONFLICT (state, reason) DO UPDATE SET n = n + 1",
    [SQL_TALLIES] = "SELECT state, reason, n FROM tally ORDER BY state, reason",
    [SQL_COUNT] = "SELECT count(*) FROM message",
    [SQL_COUNT_OPEN] = "SELECT count(*) FROM message WHERE state IN (1, 2)",
};
const unsigned bridge_n_sql = N_SQL;

bool store_add_message(struct store *store, const struct message *message)
{
    const struct notice *notice = &message->notice;

    return store_run(store, SQL_ADD, "itiiiiittiiiiiiii", message->id, message->source, message->source_seq,
                     notice->member_id, (int64_t)notice->kind, notice->about_id, notice->about_at, notice->title,
                     notice->place, message->until, (int64_t)message->state, (int64_t)message->reason,
                     (int64_t)message->tries, message->due_at, message->made_at, message->ended_at,
                     message->journal_seq) != -1;
}

static bool next_message(struct store *store, unsigned sql, struct message *ret)
{
    if (!store_row(store, sql))
        return false;
    *ret = (struct message){
        .id = store_int(store, sql, 0),
        .source_seq = store_int(store, sql, 2),
        .notice = {.member_id = store_int(store, sql, 3),
                   .kind = (int)store_int(store, sql, 4),
                   .about_id = store_int(store, sql, 5),
                   .about_at = store_int(store, sql, 6)},
        .until = store_int(store, sql, 9),
        .state = (int)store_int(store, sql, 10),
        .reason = (int)store_int(store, sql, 11),
        .tries = (int)store_int(store, sql, 12),
        .due_at = store_int(store, sql, 13),
        .made_at = store_int(store, sql, 14),
        .ended_at = store_int(store, sql, 15),
        .journal_seq = store_int(store, sql, 16),
    };
    snprintf(ret->source, sizeof(ret->source), "%s", store_text(store, sql, 1));
    snprintf(ret->notice.title, sizeof(ret->notice.title), "%s", store_text(store, sql, 7));
    snprintf(ret->notice.place, sizeof(ret->notice.place), "%s", store_text(store, sql, 8));
    return true;
}

static unsigned all_messages(struct store *store, unsigned sql, struct message *ret, unsigned max)
{
    unsigned n = 0;

    while (n < max && next_message(store, sql, &ret[n]))
        n++;
    store_end(store, sql);
    return n;
}

bool store_find_message(struct store *store, int64_t id, struct message *ret)
{
    store_ask(store, SQL_FIND, "i", id);
    return all_messages(store, SQL_FIND, ret, 1) == 1;
}

bool store_set_message(struct store *store, const struct message *message, int was)
{
    return store_run(store, SQL_SET, "iiiiiiii", message->id, (int64_t)was, (int64_t)message->state,
                     (int64_t)message->reason, (int64_t)message->tries, message->due_at, message->ended_at,
                     message->journal_seq) == 1;
}

int64_t store_last_message(struct store *store)
{
    store_ask(store, SQL_LAST, "");
    return store_number(store, SQL_LAST);
}

unsigned store_due_messages(struct store *store, int64_t now, struct message *ret, unsigned max)
{
    store_ask(store, SQL_DUE, "ii", now, (int64_t)max);
    return all_messages(store, SQL_DUE, ret, max);
}

unsigned store_messages_in(struct store *store, int state, struct message *ret, unsigned max)
{
    store_ask(store, SQL_IN, "ii", (int64_t)state, (int64_t)max);
    return all_messages(store, SQL_IN, ret, max);
}

unsigned store_messages_about(struct store *store, const char *source, int64_t about_id, struct message *ret,
                              unsigned max)
{
    store_ask(store, SQL_ABOUT, "tii", source, about_id, (int64_t)max);
    return all_messages(store, SQL_ABOUT, ret, max);
}

unsigned store_page_messages(struct store *store, int state, int64_t before, struct message *ret, unsigned max)
{
    if (!state) {
        store_ask(store, SQL_PAGE, "ii", before, (int64_t)max);
        return all_messages(store, SQL_PAGE, ret, max);
    }
    store_ask(store, SQL_PAGE_IN, "iii", before, (int64_t)max, (int64_t)state);
    return all_messages(store, SQL_PAGE_IN, ret, max);
}

void store_drop_messages(struct store *store, int64_t before, int64_t max)
{
    store_run(store, SQL_DROP, "ii", before, max);
}

void store_tally(struct store *store, int state, int reason)
{
    store_run(store, SQL_TALLY, "ii", (int64_t)state, (int64_t)reason);
}

void store_ask_tallies(struct store *store)
{
    store_ask(store, SQL_TALLIES, "");
}

bool store_next_tally(struct store *store, int *ret_state, int *ret_reason, int64_t *ret_n)
{
    if (!store_row(store, SQL_TALLIES))
        return false;
    *ret_state = (int)store_int(store, SQL_TALLIES, 0);
    *ret_reason = (int)store_int(store, SQL_TALLIES, 1);
    *ret_n = store_int(store, SQL_TALLIES, 2);
    return true;
}

int64_t store_count_messages(struct store *store)
{
    store_ask(store, SQL_COUNT, "");
    return store_number(store, SQL_COUNT);
}

int64_t store_count_open(struct store *store)
{
    store_ask(store, SQL_COUNT_OPEN, "");
    return store_number(store, SQL_COUNT_OPEN);
}
