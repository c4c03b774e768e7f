/* part_export.c: all that is kept of one person, page by page. */
#include "common/api/json.h"
#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/daemon/part_internal.h"
#include "common/store/row.h"

/* ---- from the parts ---- */

bool part_give(struct part_export *export, const void *message, int64_t id)
{
    export->failed |= !message || rpc_arena(export->call)->failed;
    if (export->failed || id <= export->after)
        return !export->failed;
    return export->give(export, message, id);
}

/* Each list of a part is a unit; behind them is what the part gives by a function. */
#define UNITS (PART_EXPORTS + 1)

static void export_rows(struct parts *parts, const struct part_exports *exports, unsigned sql,
                        struct part_export *export)
{
    bool more = true;

    /* One more than a page takes, so that the page is full rather than the list at its end. */
    store_ask(parts->store, sql, "iii", export->member_id, export->after, (int64_t)LIMIT_EXPORT_PAGE + 1);
    while (more && store_row(parts->store, sql)) {
        const ProtobufCMessage *message = row_message(parts->store, sql, exports->type, rpc_arena(export->call));

        more = part_give(export, message, store_int(parts->store, sql, 0));
    }
    store_end(parts->store, sql);
}

static void export_unit(struct parts *parts, unsigned i, unsigned unit, struct part_export *export)
{
    const char *name;
    const struct part_spec *spec = parts_spec(parts->table, i, &name);

    if (unit < PART_EXPORTS && spec->exports[unit].type)
        export_rows(parts, &spec->exports[unit], parts->hooks[i].exports[unit], export);
    else if (unit == PART_EXPORTS && spec->on_export)
        spec->on_export(parts_hook_self(parts, i), export);
}

void parts_export_all(struct parts *parts, struct part_export *export)
{
    for (unsigned i = 0; i < parts->table->n; i++) {
        for (unsigned unit = 0; unit < UNITS; unit++)
            export_unit(parts, i, unit, export);
    }
}

/* ---- a page ---- */

struct page {
    struct part_export export;
    Rpc__ExportPage *page;
    const char *part;
    struct buf json;
    size_t bytes;
    bool full;
};

static bool give(struct part_export *export, const ProtobufCMessage *message, int64_t id)
{
    struct page *page = container_of(export, struct page, export);
    struct arena *arena = rpc_arena(export->call);
    Rpc__Exported *thing;

    export->failed |= api_know(message->descriptor) != 0;
    if (export->failed)
        return false;
    buf_clear(&page->json);
    json_encode(message, &page->json);
    page->full = page->page->n_things == LIMIT_EXPORT_PAGE ||
                 (page->page->n_things > 0 && page->bytes + page->json.len > LIMIT_EXPORT_BYTES);
    if (page->full)
        return false;
    thing = arena_alloc(arena, sizeof(*thing));
    export->failed |= page->json.failed || !thing;
    if (export->failed)
        return false;
    rpc__exported__init(thing);
    thing->part = arena_strndup(arena, page->part, strlen(page->part));
    thing->type = unconst(message->descriptor->name);
    thing->json = arena_strndup(arena, page->json.bytes, page->json.len);
    export->failed |= !thing->part || !thing->json;
    page->page->things[page->page->n_things++] = thing;
    page->bytes += page->json.len;
    export->after = id;
    return !export->failed;
}

/* Reads "part:unit"; "" is the beginning. */
static bool read_place(const struct part_table *table, const char *place, unsigned *ret_part, unsigned *ret_unit)
{
    size_t len = strcspn(place, ":");
    const char *name;

    *ret_part = *ret_unit = 0;
    for (unsigned i = 0; *place && i < table->n; i++) {
        parts_spec(table, i, &name);
        if (strlen(name) != len || memcmp(name, place, len) != 0)
            continue;
        *ret_part = i;
        *ret_unit = (unsigned)(place[len] ? place[len + 1] - '0' : UNITS);
        return *ret_unit < UNITS;
    }
    return !*place;
}

int parts_export(struct parts *parts, int64_t member_id, void *call, Rpc__ExportPage *ret)
{
    struct page page = {.export = {.member_id = rpc_known_as(call, member_id), .call = call, .give = give},
                        .page = ret};
    unsigned part, unit;
    char place[LIMIT_PAGE_PLACE + 1];

    if (!read_place(parts->table, rpc_page(call)->place, &part, &unit))
        return RPC__REASON__BAD_PAGE_TOKEN;
    ret->things = arena_alloc(rpc_arena(call), LIMIT_EXPORT_PAGE * sizeof(*ret->things));
    page.export.failed = !ret->things;
    buf_init(&page.json, LIMIT_EXPORT_BYTES);
    page.export.after = rpc_page(call)->after;
    while (part < parts->table->n && !page.full && !page.export.failed) {
        parts_spec(parts->table, part, &page.part);
        export_unit(parts, part, unit, &page.export);
        if (page.full || page.export.failed)
            break;
        page.export.after = 0;
        unit = (unit + 1) % UNITS;
        part += unit == 0;
    }
    if (page.full) {
        snprintf(place, sizeof(place), "%s:%u", page.part, unit);
        rpc_page_ends_at(call, place, page.export.after);
    }
    buf_done(&page.json);
    return page.export.failed ? (int)RPC__REASON__OVERLOADED : 0;
}
