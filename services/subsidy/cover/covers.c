#include "services/subsidy/cover/covers.h"

#include "common/cn/cn_id.h"
#include "identity/identity.pb-c.h"

#define COLUMNS "cover_id, member_id, union_id, from_at, until_at, has_left"

enum { SQL_ADD, SQL_END, SQL_FIND, SQL_HERS, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO cover (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, 0)",
    [SQL_END] = "UPDATE cover SET until_at = ?2, has_left = 1 WHERE cover_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM cover WHERE cover_id = ?1",
    [SQL_HERS] =
        "SELECT " COLUMNS " FROM cover WHERE " HOLDER_HERS " AND cover_id < ?2 ORDER BY cover_id DESC LIMIT ?3",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next(const struct subsidy *self, unsigned which, struct cover *ret)
{
    return store_read(self->store, self->covers.sql + which, INTO(ret->id), INTO(ret->member_id), INTO(ret->union_id),
                      INTO(ret->from_at), INTO(ret->until_at), INTO(ret->left));
}

static bool find(const struct subsidy *self, int64_t cover_id, struct cover *ret)
{
    bool found;

    store_ask(self->store, self->covers.sql + SQL_FIND, "i", cover_id);
    found = next(self, SQL_FIND, ret);
    store_end(self->store, self->covers.sql + SQL_FIND);
    return found;
}

void cover_policy_number(int64_t cover_id, char ret[COVER_POLICY_SIZE])
{
    snprintf(ret, COVER_POLICY_SIZE, "HZ%lld", (long long)cover_id);
}

size_t covers_list(const struct subsidy *self, int64_t member_id, int64_t before, struct cover *ret, size_t size)
{
    size_t n = 0;

    store_ask(self->store, self->covers.sql + SQL_HERS, "iii", member_id, before, (int64_t)size);
    while (n < size && next(self, SQL_HERS, &ret[n]))
        n++;
    store_end(self->store, self->covers.sql + SQL_HERS);
    return n;
}

int cover_refusal(const struct subsidy *self, int64_t member_id, int32_t day, int64_t now)
{
    bool covered = false;
    struct cover cover;

    if (day > cn_day(now))
        return SUBSIDY__REASON__COVER_DAY_TO_COME;
    store_ask(self->store, self->covers.sql + SQL_HERS, "iii", member_id, INT64_MAX, INT64_MAX);
    while (!covered && next(self, SQL_HERS, &cover))
        covered = cover.from_at < cover.until_at && cn_day(cover.from_at) <= day && day <= cn_day(cover.until_at - 1);
    store_end(self->store, self->covers.sql + SQL_HERS);
    return covered ? 0 : SUBSIDY__REASON__NOT_COVERED_THAT_DAY;
}

bool covers_known(struct subsidy *self, void *call)
{
    if (parts_hear_anew(&self->parts, "identity")) {
        rpc_refuse(call, SUBSIDY__REASON__COVERS_BEHIND);
        return false;
    }
    return parts_heard_all(&self->parts, &covers_part, SUBSIDY__REASON__COVERS_BEHIND, call);
}

/* ---- what identity says ---- */

static void tell(const struct cover *cover, void *call)
{
    Subsidy__CoverHeard heard = SUBSIDY__COVER_HEARD__INIT;

    heard.cover_id = cover->id;
    heard.member_id = cover->member_id;
    heard.from = cover->from_at;
    heard.until = cover->until_at;
    rpc_tell(call, &heard.base);
}

static void enrol(struct subsidy *self, const Identity__CoverEnrolled *said, void *call)
{
    struct cover cover;

    if (find(self, said->cover_id, &cover))
        return;
    cover = (struct cover){.id = said->cover_id,
                           .member_id = said->member_id,
                           .union_id = said->union_id,
                           .from_at = said->from,
                           .until_at = said->until};
    store_run(self->store, self->covers.sql + SQL_ADD, "iiiii", cover.id, cover.member_id, cover.union_id,
              cover.from_at, cover.until_at);
    tell(&cover, call);
}

static void end(struct subsidy *self, const Identity__CoverEnded *said, void *call)
{
    struct cover cover;

    if (!find(self, said->cover_id, &cover) || cover.until_at <= said->until)
        return;
    cover.until_at = said->until;
    store_run(self->store, self->covers.sql + SQL_END, "ii", cover.id, cover.until_at);
    tell(&cover, call);
}

static void hear(void *self, void *call, const Rpc__JournalRow *row)
{
    const Identity__Event *event = identity__event__unpack(&rpc_arena(call)->allocator, row->body.len, row->body.data);

    if (event && event->event_case == IDENTITY__EVENT__EVENT_COVER_ENROLLED)
        enrol(self, event->cover_enrolled, call);
    else if (event && event->event_case == IDENTITY__EVENT__EVENT_COVER_ENDED)
        end(self, event->cover_ended, call);
}

/* ---- the part ---- */

static const int32_t kinds[] = {IDENTITY__EVENT__EVENT_COVER_ENROLLED, IDENTITY__EVENT__EVENT_COVER_ENDED};

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct subsidy *self = arg;
    const Subsidy__Event *event = body;
    const Subsidy__CoverHeard *heard = event->cover_heard;
    struct cover cover;

    (void)row;
    (void)told;
    if (event->event_case != SUBSIDY__EVENT__EVENT_COVER_HEARD)
        return true;
    *part_word(&self->parts, &covers_part, 0, heard->cover_id) = heard->until;
    return find(self, heard->cover_id, &cover) && cover.member_id == heard->member_id && cover.from_at == heard->from;
}

const struct part_spec covers_part = {
    .tables = "cover",
    .others = "cover.cover_id cover.has_left",
    .steps = &covers_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .follows = {{"identity", kinds, ARRAY_LEN(kinds), hear}},
    .from_first = true,
    .agrees = agrees,
    .words = {{"cover's end", "SELECT cover_id, until_at FROM cover ORDER BY cover_id"}},
    .exports =
        {{&subsidy__cover__descriptor,
          "SELECT cover_id, cover_id, 'HZ' || cover_id AS policy_number, union_id, from_at AS \"from\", until_at "
          "AS until, has_left AS \"left\" FROM cover WHERE " HOLDER_HERS
          " AND cover_id > ?2 ORDER BY cover_id LIMIT ?3"}},
    .closed = {"-- that somebody was covered is the insurer's account, under a number that tells nobody who"},
    .merged = {"-- stays under the number under which it was given, and is hers who holds that"},
};
