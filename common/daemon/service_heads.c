/* service_heads.c: a daemon signs the heads of its journal (common/trust/heads.h).
 *
 * Within LIMIT_HEAD_MS of a new row, with the commit of one whose writer asks for it
 * (rpc_want_head), and at a clean stop. A daemon with a store does not start without its key
 * and its folder. What cannot be signed, on a full disk, is said and tried again every
 * second; the daemon serves on. */
#include "common/daemon/service.h"

#include <inttypes.h>

#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/trust/heads.h"

static void sign(void *arg)
{
    struct service *service = arg;
    struct journal *journal = rpc_server_journal(service->rpc);
    const struct journal_tip *tip = &journal->committed;

    if (tip->seq <= heads_last(service->heads) || heads_sign(service->heads, tip->seq, tip->at, tip->hash) == 0) {
        journal->head_wanted = false;
        journal->signed_seq = heads_last(service->heads);
        service->unsigned_since = 0;
    }
}

int service_heads_open(struct service *service)
{
    const char *key = conf_text(service->conf, "HUIGONG_HEAD_KEY"), *dir = conf_text(service->conf, "HUIGONG_HEADS");

    if (!*key || !*dir) {
        log_error("setting_missing", "name", *key ? "HUIGONG_HEADS" : "HUIGONG_HEAD_KEY");
        return -1;
    }
    service->heads = heads_open(key, dir, service->queue);
    if (!service->heads)
        return -1;
    rpc_server_journal(service->rpc)->signed_seq = heads_last(service->heads);
    rpc_server_on_head(service->rpc, sign, service);
    return 0;
}

void service_heads_tick(struct service *service)
{
    int64_t now = clock_now(&service->clock);
    struct journal *journal;

    if (!service->heads)
        return;
    journal = rpc_server_journal(service->rpc);
    if (journal->committed.seq > heads_last(service->heads) && !service->unsigned_since)
        service->unsigned_since = now;
    /* A clock that was set back would let the head wait for longer than a minute. */
    if (service->unsigned_since > now)
        service->unsigned_since = now;
    /* The first is signed at once: from it on nothing is replaced unseen. */
    if (journal->head_wanted || heads_last(service->heads) == 0 ||
        (service->unsigned_since && now - service->unsigned_since >= LIMIT_HEAD_MS))
        sign(service);
}

void service_heads_close(struct service *service)
{
    if (!service->heads)
        return;
    sign(service);
    rpc_server_on_head(service->rpc, NULL, NULL);
    heads_close(service->heads);
    service->heads = NULL;
}

/* ---- the audit ---- */

struct audit {
    struct journal *journal;
    FILE *out;
};

static bool agrees(const struct head *head, void *arg)
{
    struct audit *audit = arg;
    unsigned char hash[JOURNAL_HASH_LEN];

    if (head->seq > audit->journal->tip.seq) {
        fprintf(audit->out,
                "journal: it ends at row %" PRId64 ", and row %" PRId64 " was signed: the end has been cut off\n",
                audit->journal->tip.seq, head->seq);
        return false;
    }
    if (!journal_hash_at(audit->journal, head->seq, hash) || memcmp(hash, head->hash, sizeof(hash)) != 0) {
        fprintf(audit->out, "journal: row %" PRId64 " is not the one that was signed: the journal was made anew\n",
                head->seq);
        return false;
    }
    return true;
}

int service_heads_audit(struct service *service, struct journal *journal, FILE *out)
{
    const char *dir = conf_text(service->conf, "HUIGONG_HEADS");
    struct audit audit = {journal, out};
    int64_t n;

    if (!*dir) {
        fprintf(out, "heads not checked: HUIGONG_HEADS names no folder\n");
        return 0;
    }
    if (!heads_begun(dir)) {
        fprintf(out, "heads: none have been signed yet\n");
        return 0;
    }
    n = heads_check(dir, service->queue, agrees, &audit, out);
    if (n == 0 && journal->tip.seq > 0 && clock_now(&service->clock) - journal->tip.at > 2 * LIMIT_HEAD_MS) {
        fprintf(out, "heads: %s has none, and the journal has %" PRId64 " rows\n", dir, journal->tip.seq);
        return -1;
    }
    return n < 0 ? -1 : 0;
}

/* ---- what is told of them ---- */

static Rpc__JournalHead *message(const struct head *head, struct arena *arena)
{
    Rpc__JournalHead *ret = arena_alloc(arena, sizeof(*ret));
    struct head *copy = arena_alloc(arena, sizeof(*copy));

    if (!ret || !copy)
        return NULL;
    *copy = *head;
    rpc__journal_head__init(ret);
    ret->seq = head->seq;
    ret->at = head->at;
    ret->hash = (ProtobufCBinaryData){sizeof(copy->hash), copy->hash};
    ret->key = (ProtobufCBinaryData){sizeof(copy->key), copy->key};
    ret->signature = (ProtobufCBinaryData){sizeof(copy->signature), copy->signature};
    return ret;
}

/* The newest heads, at most max, in the arena; NULL when it is full. */
static Rpc__HeadList *newest(struct service *service, size_t max, struct arena *arena)
{
    Rpc__HeadList *list = arena_alloc(arena, sizeof(*list));
    unsigned char *point = arena_alloc(arena, ECDSA_POINT_LEN);
    struct head *heads = arena_alloc(arena, max * sizeof(*heads));
    Rpc__JournalHead **messages = arena_alloc(arena, max * sizeof(struct Rpc__JournalHead *));
    size_t n;

    if (!list || !point || !heads || !messages)
        return NULL;
    rpc__head_list__init(list);
    heads_point(service->heads, point);
    list->queue = service->queue;
    list->public_point = (ProtobufCBinaryData){ECDSA_POINT_LEN, point};
    list->heads = messages;
    n = heads_list(service->heads, heads, max);
    for (; list->n_heads < n; list->n_heads++) {
        messages[list->n_heads] = message(&heads[list->n_heads], arena);
        if (!messages[list->n_heads])
            return NULL;
    }
    return list;
}

void service_heads_report(struct service *service, struct arena *arena, Rpc__ProbeReport *report)
{
    if (service->heads)
        report->heads = newest(service, LIMIT_HEADS_PUBLIC, arena);
}

void daemon__list_heads(Rpc__Daemon_Service *daemon, const Rpc__HeadsRequest *request, Rpc__HeadList_Closure reply,
                        void *call)
{
    struct service *service = container_of(daemon, struct service, daemon);
    size_t max = request->limit > 0 && request->limit < LIMIT_HEADS_SHOWN ? (size_t)request->limit : LIMIT_HEADS_SHOWN;
    Rpc__HeadList *list = service->heads ? newest(service, max, rpc_arena(call)) : NULL;

    if (list)
        reply(list, call);
    else
        rpc_refuse(call, service->heads ? RPC__REASON__OVERLOADED : RPC__REASON__UNIMPLEMENTED);
}
