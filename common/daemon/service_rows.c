/* service_rows.c: the journal as auditors read it, each row with what its hash is made of. */
#include "common/api/json.h"
#include "common/base/buf.h"
#include "common/daemon/service.h"

#define ROWS_EXAMINED 500 /* for one page */
#define ROW_JSON_MAX  (8 * LIMIT_EVENT)

/* What a kind of row is: the service's own event or the chassis'; NULL: one of a later program. */
static const ProtobufCMessageDescriptor *event_of(const struct journal *journal, int32_t kind)
{
    if (journal->event && protobuf_c_message_descriptor_get_field(journal->event, (unsigned)kind))
        return journal->event;
    return protobuf_c_message_descriptor_get_field(&rpc__chassis_event__descriptor, (unsigned)kind)
               ? &rpc__chassis_event__descriptor
               : NULL;
}

/* What a row says as events of a type, behind what is there already. False: it is none. */
static bool add_json(const ProtobufCMessageDescriptor *type, const Rpc__JournalRow *row, struct buf *json,
                     struct arena *arena)
{
    ProtobufCMessage *event = type && api_know(type) == 0
                                  ? protobuf_c_message_unpack(type, &arena->allocator, row->body.len, row->body.data)
                                  : NULL;
    size_t before = json->len;

    if (!event)
        return false;
    json_encode(event, json);
    if (before && !json->failed && json->len == before + 2) {
        json->len = before; /* "{}" */
    } else if (before && !json->failed) {
        json->bytes[before - 1] = ','; /* the two objects are one */
        memmove(json->bytes + before, json->bytes + before + 1, json->len - before - 1);
        json->len--;
    }
    return true;
}

/* Name and JSON of a row's event, and of the service's own that may stand behind one of the chassis'; both stay ""
 * where it cannot be read. */
static void tell_event(const struct journal *journal, const Rpc__JournalRow *row, Rpc__ShownRow *message,
                       struct buf *json, struct arena *arena)
{
    const ProtobufCMessageDescriptor *type = event_of(journal, row->kind);
    const char *text;

    buf_clear(json);
    if (!add_json(type, row, json, arena))
        return;
    if (type != journal->event)
        add_json(journal->event, row, json, arena);
    text = json->failed ? NULL : arena_strndup(arena, json->bytes, json->len);
    message->event = unconst(protobuf_c_message_descriptor_get_field(type, (unsigned)row->kind)->name);
    if (text)
        message->json = unconst(text);
}

/* Whether an event names an id: numbers of 64 bits are quoted in JSON. */
static bool mentions(const Rpc__ShownRow *message, int64_t id)
{
    char quoted[24];

    snprintf(quoted, sizeof(quoted), "\"%lld\"", (long long)id);
    return !id || message->actor == id || strstr(message->json, quoted);
}

static Rpc__ShownRow *shown(const struct journal *journal, const Rpc__JournalRow *row, struct buf *json,
                            struct arena *arena)
{
    Rpc__ShownRow *message = arena_message(arena, &rpc__shown_row__descriptor);

    if (!message)
        return NULL;
    message->seq = row->seq;
    message->at = row->at;
    message->event_number = row->kind;
    message->actor = row->actor;
    message->body = row->body;
    message->hash = row->hash;
    tell_event(journal, row, message, json, arena);
    return message;
}

static void list_rows(struct journal *journal, const Rpc__ListRowsRequest *request, const Rpc__JournalPage *page,
                      ProtobufCBinaryData before, Rpc__RowList *list, void *call)
{
    struct buf json;
    size_t i;

    buf_init(&json, ROW_JSON_MAX);
    for (i = 0; i < page->n_rows; before = page->rows[i++]->hash) {
        Rpc__ShownRow *message = shown(journal, page->rows[i], &json, rpc_arena(call));

        if (message && !mentions(message, request->mentions))
            continue;
        if (!rpc_page_takes(call, page->rows[i]->seq))
            break;
        if (message)
            message->before = before;
        rpc_add(call, list, rows, message);
    }
    buf_done(&json);
    /* What was examined and is not asked for is not examined again. */
    if (i == page->n_rows && page->read_to < page->last_seq)
        rpc_page_ends_at(call, "", page->read_to);
}

void daemon__list_rows(Rpc__Daemon_Service *daemon, const Rpc__ListRowsRequest *request, Rpc__RowList_Closure reply,
                       void *call)
{
    struct service *service = container_of(daemon, struct service, daemon);
    struct journal *journal = service->store ? rpc_server_journal(service->rpc) : NULL;
    Rpc__JournalRequest ask = RPC__JOURNAL_REQUEST__INIT;
    Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;
    Rpc__RowList list = RPC__ROW_LIST__INIT;
    ProtobufCBinaryData before = {JOURNAL_HASH_LEN, arena_zalloc(rpc_arena(call), JOURNAL_HASH_LEN)};
    int reason = 0;

    /* They are of all unions, and their chain is one: it is shown to who audits them all, or a root. */
    if (!service_is_over_all(call, RULE__ROLE__AUDIT_ADMIN))
        reason = RPC__REASON__OUTSIDE_YOUR_UNION;
    else if (!journal)
        reason = RPC__REASON__SERVICE_NOT_FOUND;
    if (rpc_refuse_if(call, reason))
        return;
    ask.after_seq = rpc_page(call)->after ? rpc_page(call)->after : request->from > 0 ? request->from - 1 : 0;
    ask.limit = request->mentions ? ROWS_EXAMINED : (int32_t)rpc_page(call)->limit;
    if (ask.after_seq && before.data && !journal_hash_at(journal, ask.after_seq, before.data))
        ask.after_seq = journal->tip.seq; /* there is nothing behind it */
    reason = before.data ? journal_read(journal, &ask, rpc_arena(call), &page) : (int)RPC__REASON__OVERLOADED;
    if (rpc_refuse_if(call, reason))
        return;
    list.all_rows = page.last_seq;
    list_rows(journal, request, &page, before, &list, call);
    reply(&list, call);
}
