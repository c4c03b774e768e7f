/* store.h: the bridge's only SQL: the messages of its outbox. */
#pragma once
#include "common/rpc/rpc.h"
#include "services/bridge/outbox/notice.h"

#define SOURCE_SIZE 32 /* the name of a queue */

extern const char *const bridge_sql[];
extern const unsigned bridge_n_sql;

/* A message as the store has it. */
struct message {
    int64_t id;
    char source[SOURCE_SIZE];
    int64_t source_seq;
    struct notice notice;
    int64_t until;
    int state, reason, tries; /* Bridge__MessageState; 0 or a Reason */
    int64_t due_at, made_at, ended_at, journal_seq;
};

/* False when that row of its source has one already. */
bool store_add_message(struct store *store, const struct message *message);
bool store_find_message(struct store *store, int64_t id, struct message *ret);
/* Writes what has become of one that is in that state. False when it is in another. */
bool store_set_message(struct store *store, const struct message *message, int was);
/* The greatest id there is. */
int64_t store_last_message(struct store *store);

/* Up to max, each an array of the caller's; return how many. Those that are due, the
 * longest first; those of a state; those waiting about something. */
unsigned store_due_messages(struct store *store, int64_t now, struct message *ret, unsigned max);
unsigned store_messages_in(struct store *store, int state, struct message *ret, unsigned max);
unsigned store_messages_about(struct store *store, const char *source, int64_t about_id, struct message *ret,
                              unsigned max);
/* Those of a state (0: of all) before an id, newest first. */
unsigned store_page_messages(struct store *store, int state, int64_t before, struct message *ret, unsigned max);
/* Deletes up to max that ended before an instant. */
void store_drop_messages(struct store *store, int64_t before, int64_t max);

/* ---- how many rows of the journal say what ---- */

void store_tally(struct store *store, int state, int reason);
void store_ask_tallies(struct store *store);
bool store_next_tally(struct store *store, int *ret_state, int *ret_reason, int64_t *ret_n);
/* How many messages there are, and how many of them have not ended. */
int64_t store_count_messages(struct store *store);
int64_t store_count_open(struct store *store);
