/* service_parts.c: what a daemon does for its parts. */
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/daemon/part_internal.h"
#include "common/daemon/service.h"

#define SLICE_MS 20 /* between two slices of long work, when the parts do not say */
#define REST_MS  1000

void service_store_options(struct service *service, const char *dir, struct store_options *ret)
{
    const struct service_spec *spec = service->spec;

    service->store_dir = dir;
    *ret = (struct store_options){
        .dir = dir,
        .schema = spec->schema,
        .schema_len = spec->schema_len ? *spec->schema_len : 0,
        .parts = service->steps,
    };
    if (spec->parts) {
        ensure(spec->parts->n <= LIMIT_PARTS);
        ret->n_parts = parts_steps(spec->parts, service->steps);
    }
}

struct parts *service_parts(const struct service *service)
{
    const struct part_table *table = service->spec->parts;

    return table ? (struct parts *)(void *)((char *)service->self + table->at) : NULL;
}

/* Begins the ids of the store behind the greatest in its tables. */
static int begin_ids(struct service *service, struct id_source *ids)
{
    return ids_open(ids, service->store, service->partition, ids->last, clock_now(&service->clock), &service->first_id);
}

int service_begin(struct service *service)
{
    const struct part_table *table = service->spec->parts;

    service->daemon = daemon_api;
    rpc_server_add(service->rpc, &service->daemon.base);
    if (table) {
        service->self = table->self;
        journal_events(rpc_server_journal(service->rpc), table->event);
        if (parts_open(table, service->self, service->store, service->rpc, &service->clock))
            return -1;
        service_parts(service)->service = service;
        for (unsigned i = 0; i < table->n_apis; i++)
            rpc_server_add(service->rpc, (ProtobufCService *)(void *)((char *)service->self + table->apis[i].at));
    }
    if (service->spec->start && service->spec->start(service))
        return -1;
    return table ? begin_ids(service, &service_parts(service)->ids) : 0;
}

void service_end(struct service *service)
{
    if (service->spec->parts && service->self)
        parts_close(service_parts(service));
}

/* ---- slices ---- */

/* The next slice comes soon when there is one, and other calls before it. */
static void on_slice(uv_timer_t *timer)
{
    struct service *service = timer->data;
    int slice_ms = service->spec->parts->slice_ms ? service->spec->parts->slice_ms : SLICE_MS;

    bool more;

    if (service->stopping)
        return;
    more = parts_tidy(service_parts(service));
    more |= service_archive_slice(service);
    uv_timer_start(timer, on_slice, (uint64_t)(more ? slice_ms : REST_MS), 0);
}

void service_tidy_parts(struct service *service)
{
    uv_timer_init(&service->loop, &service->slices);
    service->slices.data = service;
    if (service->spec->parts)
        uv_timer_start(&service->slices, on_slice, SLICE_MS, 0); /* what was due meanwhile, at once */
}

/* ---- others' journals ---- */

const struct service_follow *part_follow(const struct part_spec *spec, const char *queue)
{
    for (unsigned i = 0; i < PART_FOLLOWS && spec->follows[i].queue; i++) {
        if (strcmp(spec->follows[i].queue, queue) == 0)
            return &spec->follows[i];
    }
    return NULL;
}

void service_hear(struct service *service, const char *queue, const struct hearing *hearing, void *call,
                  const Rpc__JournalRow *row)
{
    const struct part_table *table = service->spec->parts;

    for (unsigned i = 0; i < table->n && !rpc_refused(call); i++) {
        const struct service_follow *follow = part_follow(table->entries[i].spec, queue);
        bool reads = false;

        for (unsigned k = 0; follow && k < follow->n_kinds; k++)
            reads |= follow->kinds[k] == row->kind;
        if (reads && !(hearing && row->seq <= hearing->upto[i]))
            follow->apply(parts_hook_self(service_parts(service), i), call, row);
    }
}

static struct service_followed_journal *journal_of(struct service *service, const char *queue)
{
    struct service_followed_journal *journal = service->journals;

    while (journal < service->journals + service->n_journals && strcmp(journal->queue, queue) != 0)
        journal++;
    if (journal == service->journals + service->n_journals) {
        service->n_journals++;
        *journal = (struct service_followed_journal){.service = service, .queue = queue};
    }
    return journal;
}

static bool add_kinds(struct service_followed_journal *journal, const struct service_follow *follow)
{
    int32_t *kinds = realloc(journal->kinds, (journal->n_kinds + follow->n_kinds + 1) * sizeof(*kinds));

    if (!kinds)
        return false;
    memcpy(kinds + journal->n_kinds, follow->kinds, follow->n_kinds * sizeof(*kinds));
    journal->kinds = kinds;
    journal->n_kinds += follow->n_kinds;
    journal->hurried |= !follow->patient;
    return true;
}

int service_gather_follows(struct service *service)
{
    const struct part_table *table = service->spec->parts;
    bool known = true;

    service->journals = calloc((table ? table->n : 1) * PART_FOLLOWS, sizeof(service->journals[0]));
    for (unsigned i = 0; table && i < table->n && service->journals && known; i++) {
        const struct service_follow *follows = table->entries[i].spec->follows;

        for (unsigned n = 0; n < PART_FOLLOWS && follows[n].queue && known; n++)
            known = add_kinds(journal_of(service, follows[n].queue), &follows[n]);
    }
    if (service->journals && known)
        return 0;
    log_error("follow", "error", "out of memory");
    return -1;
}

void service_forget_follows(struct service *service)
{
    for (unsigned i = 0; i < service->n_journals; i++)
        free(service->journals[i].kinds);
    free(service->journals);
    service->journals = NULL;
    service->n_journals = 0;
}
