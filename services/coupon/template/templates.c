#include "services/coupon/template/templates.h"

#define COLUMNS "template_id, union_path, name, levels, retired, created_at, journal_seq, form"
#define FORM_AT 7 /* the column */

enum { SQL_ADD, SQL_FIND, SQL_OF, SQL_COUNT, SQL_RETIRE, SQL_NOTE, SQL_OF_RELEASE, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO template (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM template WHERE template_id = ?1",
    [SQL_OF] = "SELECT " COLUMNS " FROM template WHERE template_id < ?3 AND retired = 0 "
               "AND substr(?1, 1, length(union_path)) = union_path AND (levels = 0 OR levels >> ?2 & 1) "
               "ORDER BY template_id DESC LIMIT ?4",
    [SQL_COUNT] = "SELECT count(*) FROM template WHERE union_path = ?1 AND retired = 0",
    [SQL_RETIRE] = "UPDATE template SET retired = 1, journal_seq = ?2 WHERE template_id = ?1",
    [SQL_NOTE] = "INSERT INTO template_use (release_id, template_id) VALUES (?1, ?2)",
    [SQL_OF_RELEASE] = "SELECT template_id FROM template_use WHERE release_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next(const struct coupon *self, unsigned statement, struct arena *arena, struct template *ret)
{
    const void *form;
    size_t len;

    if (!store_read(self->store, statement, INTO(ret->id), INTO(ret->union_path), INTO(ret->name), INTO(ret->levels),
                    INTO(ret->retired), INTO(ret->created_at), INTO(ret->journal_seq)))
        return false;
    form = store_blob(self->store, statement, FORM_AT, &len);
    ret->form = coupon__release__unpack(&arena->allocator, len, form);
    return ret->form != NULL;
}

bool templates_find(const struct coupon *self, int64_t template_id, struct arena *arena, struct template *ret)
{
    unsigned statement = self->templates.sql + SQL_FIND;
    bool found;

    store_ask(self->store, statement, "i", template_id);
    found = next(self, statement, arena, ret);
    store_end(self->store, statement);
    return found;
}

size_t templates_of(const struct coupon *self, const char *path, int64_t before, struct arena *arena,
                    struct template *ret, size_t size)
{
    unsigned statement = self->templates.sql + SQL_OF;
    size_t n = 0;

    store_ask(self->store, statement, "tiii", path, (int64_t)union_path_level(path), before, (int64_t)size);
    while (n < size && next(self, statement, arena, &ret[n]))
        n++;
    store_end(self->store, statement);
    return n;
}

bool template_is_for(const struct template *template, const char *path)
{
    return union_path_covers(template->union_path, path) &&
           (!template->levels || template->levels >> union_path_level(path) & 1);
}

static void tell(struct coupon *self, struct template *template, void *call)
{
    Coupon__TemplateChanged changed = COUPON__TEMPLATE_CHANGED__INIT;

    changed.template_id = template->id;
    changed.union_path = template->union_path;
    changed.retired = template->retired;
    rpc_tell(call, &changed.base);
    template->journal_seq = rpc_server_journal(self->rpc)->tip.seq;
}

int template_add(struct coupon *self, struct template *template, void *call)
{
    size_t size = coupon__release__get_packed_size(template->form);
    uint8_t *packed = arena_alloc(rpc_arena(call), size + 1);

    if (!packed)
        return RPC__REASON__OVERLOADED;
    store_ask(self->store, self->templates.sql + SQL_COUNT, "t", template->union_path);
    if (store_number(self->store, self->templates.sql + SQL_COUNT) >= TEMPLATES_MAX) {
        rpc_fact_number(call, "maximum", TEMPLATES_MAX);
        return COUPON__REASON__TOO_MANY_TEMPLATES;
    }
    coupon__release__pack(template->form, packed);
    template->id = id_next(&self->ids, rpc_now(call));
    template->created_at = rpc_now(call);
    tell(self, template, call);
    store_run(self->store, self->templates.sql + SQL_ADD, "ittiiib", template->id, template->union_path, template->name,
              template->levels, template->created_at, template->journal_seq, packed, size);
    return 0;
}

void template_retire(struct coupon *self, struct template *template, void *call)
{
    if (template->retired)
        return;
    template->retired = true;
    tell(self, template, call);
    store_run(self->store, self->templates.sql + SQL_RETIRE, "ii", template->id, template->journal_seq);
}

void template_note(struct coupon *self, int64_t release_id, int64_t template_id)
{
    store_run(self->store, self->templates.sql + SQL_NOTE, "ii", release_id, template_id);
}

int64_t template_of_release(const struct coupon *self, int64_t release_id)
{
    store_ask(self->store, self->templates.sql + SQL_OF_RELEASE, "i", release_id);
    return store_number(self->store, self->templates.sql + SQL_OF_RELEASE);
}

static void move(int64_t *at, int64_t by)
{
    if (*at && __builtin_add_overflow(*at, by, at))
        *at = 1; /* which is refused as long past */
}

void form_move(Coupon__Release *form, int64_t opens_at)
{
    int64_t by = opens_at - form->opens_at;

    form->opens_at = opens_at;
    for (size_t i = 0; form->tickets && i < form->tickets->n_departures; i++)
        move(&form->tickets->departures[i]->departs_at, by);
    if (form->spending) {
        move(&form->spending->valid_from, by);
        move(&form->spending->valid_until, by);
    }
    if (!form->lot)
        return;
    move(&form->lot->closes_at, by);
    move(&form->lot->value_at, by);
    move(&form->lot->draw_at, by);
    move(&form->lot->until, by);
    form->lot->commitment = unconst("");
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__TemplateChanged *changed = event->template_changed;
    struct template template;
    struct arena arena;
    bool found;

    if (event->event_case != COUPON__EVENT__EVENT_TEMPLATE_CHANGED)
        return true;
    arena_init(&arena, LIMIT_REQUEST_ARENA);
    found = templates_find(self, changed->template_id, &arena, &template);
    arena_done(&arena);
    if (!found || template.journal_seq < row->seq)
        return false;
    told[0] += template.journal_seq == row->seq;
    return part_path_is(&self->parts, row->seq, changed->union_path, template.union_path) &&
           (template.journal_seq > row->seq || template.retired == !!changed->retired);
}

const struct part_spec templates_part = {
    .tables = "template template_use",
    .others = "template.levels template.retired",
    .steps = &templates_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(template_id) FROM template",
    .agrees = agrees,
    .counts = {{"templates", "SELECT count(*) FROM template"}},
    .moves = "template.union_path",
};
