/* holders_fixture.h: what a service hears of identity's journal, in the test's own process. */
#pragma once
#include "identity/identity.pb-c.h"
#include "tests/harness.h"

/* A row of identity's journal: 0, or the Reason it was undone for, and it will come again. */
static inline int hear(struct harness *h, const Identity__Event *event)
{
    Rpc__JournalRow row = RPC__JOURNAL_ROW__INIT;
    uint8_t packed[512];

    row.kind = (int32_t)event->event_case;
    row.body = (ProtobufCBinaryData){identity__event__pack(event, packed), packed};
    return harness_hear(h, "identity", &row);
}

static inline int hear_merged(struct harness *h, int64_t gone_id, int64_t kept_id)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__MembersMerged merged = IDENTITY__MEMBERS_MERGED__INIT;

    merged.kept_id = kept_id;
    merged.gone_id = gone_id;
    event.event_case = IDENTITY__EVENT__EVENT_MEMBERS_MERGED;
    event.members_merged = &merged;
    return hear(h, &event);
}

static inline int hear_closed(struct harness *h, int64_t member_id)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__AccountClosed closed = IDENTITY__ACCOUNT_CLOSED__INIT;

    closed.member_id = member_id;
    event.event_case = IDENTITY__EVENT__EVENT_ACCOUNT_CLOSED;
    event.account_closed = &closed;
    return hear(h, &event);
}

static inline int hear_moved(struct harness *h, const char *old_path, const char *path)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__UnionMoved moved = IDENTITY__UNION_MOVED__INIT;

    moved.old_path = unconst(old_path);
    moved.path = unconst(path);
    event.event_case = IDENTITY__EVENT__EVENT_UNION_MOVED;
    event.union_moved = &moved;
    return hear(h, &event);
}

/* All that a service keeps of a person, every page. */
struct exported {
    Rpc__Exported **things;
    size_t n;
};

static inline struct exported export_person(struct harness *h, int64_t member_id)
{
    Rpc__ExportRequest request = RPC__EXPORT_REQUEST__INIT;
    struct exported all = {harness_alloc(h, 4096 * sizeof(*all.things)), 0};
    const Rpc__ExportPage *page;

    request.member_id = member_id;
    do {
        page = harness_output(h, harness_call(h, "Daemon.ExportPerson", &request.base, harness_internal(h), NULL),
                              &rpc__export_page__descriptor);
        ensure(all.n + page->n_things <= 4096);
        for (size_t i = 0; i < page->n_things; i++)
            all.things[all.n++] = page->things[i];
        request.page_token = page->next_page_token;
    } while (*request.page_token);
    return all;
}

/* How many messages of a part have a text in their JSON. */
static inline size_t exported_count(const struct exported *all, const char *part, const char *text)
{
    size_t n = 0;

    for (size_t i = 0; i < all->n; i++)
        n += strcmp(all->things[i]->part, part) == 0 && strstr(all->things[i]->json, text) != NULL;
    return n;
}
