/* audit.c: the store against its journal. */
#include "services/bridge/bridge.h"
#include "services/bridge/store.h"

#define WAITING BRIDGE__MESSAGE_STATE__MESSAGE_WAITING
#define TALLIES 256 /* pairs of a state and a reason */

struct tally {
    int state, reason;
    int64_t n;
};

struct audit {
    struct store *store;
    FILE *out;
    int64_t made, ended; /* messages, by the journal */
    int64_t told;        /* of those that are there, the journal's last word was found */
    struct tally tallies[TALLIES];
    unsigned n_tallies;
};

static void count(struct audit *audit, int state, int reason)
{
    unsigned i = 0;

    while (i < audit->n_tallies && (audit->tallies[i].state != state || audit->tallies[i].reason != reason))
        i++;
    if (i == TALLIES)
        return;
    if (i == audit->n_tallies)
        audit->tallies[audit->n_tallies++] = (struct tally){state, reason, 0};
    audit->tallies[i].n++;
}

/* Whether a message that is there is as this row, its last, says it is. */
static bool is_as_told(const struct message *message, const Bridge__MessageChanged *changed)
{
    bool open = message->ended_at == 0;
    int state = open ? (int)WAITING : message->state;

    return (int)changed->state == state && open == (message->state <= BRIDGE__MESSAGE_STATE__MESSAGE_SENDING) &&
           (open || changed->reason == message->reason);
}

static bool is_as_made(const struct message *message, const Bridge__MessageChanged *changed)
{
    return strcmp(changed->source, message->source) == 0 && changed->source_seq == message->source_seq &&
           changed->member_id == message->notice.member_id && (int)changed->kind == message->notice.kind;
}

static bool audit_row(const Rpc__JournalRow *row, void *arg)
{
    struct audit *audit = arg;
    Bridge__Event *event = bridge__event__unpack(NULL, row->body.len, row->body.data);
    const Bridge__MessageChanged *changed = NULL;
    struct message message;
    bool ok = event != NULL;

    if (event && event->event_case == BRIDGE__EVENT__EVENT_MESSAGE_CHANGED)
        changed = event->message_changed;
    if (changed) {
        bool new = *changed->source != '\0';

        audit->made += new;
        audit->ended += changed->state != WAITING;
        count(audit, (int)changed->state, changed->reason);
        if (store_find_message(audit->store, changed->message_id, &message)) {
            bool last = message.journal_seq == row->seq;

            audit->told += last;
            ok = (!last || is_as_told(&message, changed)) && (!new || is_as_made(&message, changed));
        }
    }
    bridge__event__free_unpacked(event, NULL);
    if (!ok)
        fprintf(audit->out, "message: the store is not as journal row %lld says\n", (long long)row->seq);
    return ok;
}

static int audit_tallies(struct audit *audit)
{
    unsigned found = 0;
    int state, reason, failed = 0;
    int64_t n;

    store_ask_tallies(audit->store);
    while (store_next_tally(audit->store, &state, &reason, &n)) {
        unsigned i = 0;

        while (i < audit->n_tallies && (audit->tallies[i].state != state || audit->tallies[i].reason != reason))
            i++;
        found++;
        if (i < audit->n_tallies && audit->tallies[i].n == n)
            continue;
        fprintf(audit->out, "tally: state %d reason %d is not what the journal says\n", state, reason);
        failed = -1;
    }
    if (!failed && found != audit->n_tallies) {
        fprintf(audit->out, "tally: %u are in the journal, %u in the store\n", audit->n_tallies, found);
        failed = -1;
    }
    return failed;
}

int bridge_audit(struct store *store, struct journal *journal, FILE *out)
{
    struct audit audit = {.store = store, .out = out};
    int64_t rows, all = store_count_messages(store), open = store_count_open(store);

    if (journal_audit(journal, out, audit_row, &audit, &rows))
        return -1;
    if (audit.told != all) {
        fprintf(out, "message: %lld are there, of which the journal tells of %lld\n", (long long)all,
                (long long)audit.told);
        return -1;
    }
    if (audit.made - audit.ended != open) {
        fprintf(out, "message: %lld have not ended by the journal, %lld in the store\n",
                (long long)(audit.made - audit.ended), (long long)open);
        return -1;
    }
    return audit_tallies(&audit);
}
