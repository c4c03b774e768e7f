/* messages.h: the messages of the outbox in the store, and how many there ever were. */
#pragma once
#include "common/rpc/rpc.h"
#include "services/bridge/outbox/notice.h"

#define SOURCE_SIZE 32 /* the name of a queue */

#define MESSAGES_KEEP_MS (90 * INT64_C(86400000)) /* after they have ended */
#define MESSAGES_DROP    200                      /* deleted in one transaction */

struct messages;

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
bool messages_add(const struct messages *messages, const struct message *message);
bool messages_find(const struct messages *messages, int64_t id, struct message *ret);
/* Writes what has become of one that is in that state. False when it is in another. */
bool messages_set(const struct messages *messages, const struct message *message, int was);

/* Up to max, each an array of the caller's; return how many. Those that are due, the
 * longest first; those of a state; those waiting about something. */
unsigned messages_due(const struct messages *messages, int64_t now, struct message *ret, unsigned max);
unsigned messages_in(const struct messages *messages, int state, struct message *ret, unsigned max);
unsigned messages_about(const struct messages *messages, const char *source, int64_t about_id, struct message *ret,
                        unsigned max);
/* Those in the states of a mask before an id, newest first. */
unsigned messages_page(const struct messages *messages, int64_t states, int64_t before, struct message *ret,
                       unsigned max);

/* ---- how many rows of the journal say what ---- */

void messages_tally(const struct messages *messages, int state, int reason);
void tallies_ask(const struct messages *messages);
bool tallies_next(const struct messages *messages, int *ret_state, int *ret_reason, int64_t *ret_n);
/* How many messages have not ended. */
int64_t messages_count_open(const struct messages *messages);

/* As an operation shows it; its texts live as long as the message. */
void message_copy(const struct message *message, Bridge__Message *ret);
