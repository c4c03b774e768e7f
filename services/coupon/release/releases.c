#include "services/coupon/release/releases.h"

#include "common/base/limits.h"
#include "common/base/log.h"
#include "services/coupon/backing/backings.h"
#include "services/coupon/lot/lots.h"
#include "services/coupon/rules.h"
#include "services/coupon/ticket/tickets.h"
#include "services/coupon/till/spendings.h"

#define COLUMNS                                                                                                        \
    "release_id, title, union_path, face_fen, threshold_fen, stock_per_day, opens_at, days, allowance, valid_days, "   \
    "state, created_at, closed_at, way"

enum { SQL_ADD, SQL_SET_STATE, SQL_SINCE, SQL_FIND, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO release (" COLUMNS ") VALUES "
                "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    [SQL_SET_STATE] = "UPDATE release SET state = ?2, closed_at = ?3, granted = ?4 WHERE release_id = ?1",
    [SQL_SINCE] = "SELECT " COLUMNS ", granted FROM release WHERE closed_at = 0 OR closed_at >= ?1 "
                  "ORDER BY release_id",
    [SQL_FIND] = "SELECT " COLUMNS ", granted FROM release WHERE release_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

bool releases_add(struct coupon *self, const struct release *release)
{
    audience_put(&self->audience, release->id, &release->audience);
    return store_run(self->store, self->releases.sql + SQL_ADD, "ittiiiiiiiiiii", release->id, release->title,
                     release->union_path, release->face_fen, release->threshold_fen, (int64_t)release->stock_per_day,
                     release->opens_at, (int64_t)release->days, (int64_t)release->allowance,
                     (int64_t)release->valid_days, (int64_t)release->state, release->created_at, release->closed_at,
                     (int64_t)release->way) != -1;
}

static bool next(const struct coupon *self, unsigned statement, struct release *ret)
{
    *ret = (struct release){0};
    if (!store_read(self->store, statement, INTO(ret->id), INTO(ret->title), INTO(ret->union_path), INTO(ret->face_fen),
                    INTO(ret->threshold_fen), INTO(ret->stock_per_day), INTO(ret->opens_at), INTO(ret->days),
                    INTO(ret->allowance), INTO(ret->valid_days), INTO(ret->state), INTO(ret->created_at),
                    INTO(ret->closed_at), INTO(ret->way), INTO(ret->granted)))
        return false;
    ret->lead_ms = release_lead(ret->opens_at, ret->allowance);
    audience_find(&self->audience, ret->id, &ret->audience);
    return true;
}

bool releases_read(const struct coupon *self, int64_t release_id, struct release *ret)
{
    unsigned statement = self->releases.sql + SQL_FIND;
    bool found;

    store_ask(self->store, statement, "i", release_id);
    found = next(self, statement, ret);
    store_end(self->store, statement);
    return found;
}

static void read_forms(const struct coupon *self, struct release *release, struct arena *arena)
{
    release->marks = granted_marks(granted_kept(&self->granted, release->id, arena));
    release->dates = spending_dates_kept(self, release->id);
    release->backed = backing_exists(self, release->id);
    lots_remember(release, lots_kept(self, release, arena));
}

struct release *release_look_up(struct coupon *self, int64_t release_id, struct arena *arena)
{
    struct release *release = release_find(self, release_id);

    if (release)
        return release;
    release = arena_alloc(arena, sizeof(*release));
    if (!release || !releases_read(self, release_id, release))
        return NULL;
    read_forms(self, release, arena);
    return release;
}

/* ---- in memory ---- */

/* What a release in memory has besides its row. */
static void load_marks(struct coupon *self)
{
    struct arena arena;

    arena_init(&arena, LIMIT_REQUEST_ARENA);
    for (unsigned i = 0; i < self->n_live; i++) {
        read_forms(self, self->live[i], &arena);
        if (self->live[i]->way == COUPON__WAY__TICKETS)
            self->live[i]->lasts_until = tickets_last(self, self->live[i]->id);
        arena_reset(&arena);
    }
    arena_done(&arena);
}

int releases_load(struct coupon *self)
{
    unsigned statement = self->releases.sql + SQL_SINCE;
    struct release release;
    int failed = 0;

    store_ask(self->store, statement, "i", clock_now(self->clock) - COUPON_DAY_MS);
    while (next(self, statement, &release)) {
        struct release *copy = self->n_live < COUPON_MAX_LIVE ? malloc(sizeof(*copy)) : NULL;

        if (!copy) {
            failed = -1;
            continue;
        }
        *copy = release;
        copy->granted = 0; /* is counted again from the claims */
        self->live[self->n_live++] = copy;
    }
    load_marks(self);
    if (failed)
        log_error("too_many_releases", "limit", log_int(COUPON_MAX_LIVE));
    return failed;
}

void releases_done(struct coupon *self)
{
    for (unsigned i = 0; i < self->n_live; i++) {
        claimants_clear(&self->live[i]->claimants);
        free(self->live[i]);
    }
    self->n_live = 0;
}

struct release *release_find(struct coupon *self, int64_t release_id)
{
    unsigned low = 0, high = self->n_live; /* in order of id */

    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (self->live[middle]->id == release_id)
            return self->live[middle];
        if (self->live[middle]->id < release_id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

void release_enter_day(struct release *release, int32_t day)
{
    /* A clock that has stepped back does not open a day again. */
    if (day <= release->day)
        return;
    if (release_period(release, day) != release_period(release, release->day))
        claimants_clear(&release->claimants);
    if (!release_gives_of(release, day)) {
        release->granted_today = 0;
        release->sold_out_at = 0;
    }
    release->day = day;
}

void release_enter_now(struct release *release, int64_t now)
{
    int32_t day = release_day(release, now);

    if (day >= 0 && day < release->days)
        release_enter_day(release, day);
}

/* ---- states ---- */

void release_journal(const struct release *release, void *call)
{
    Coupon__ReleaseChanged changed = COUPON__RELEASE_CHANGED__INIT;

    changed.release_id = release->id;
    changed.state = (Coupon__State)release->state;
    changed.union_path = unconst(release->union_path);
    changed.eligible_path = unconst(release->audience.path);
    rpc_tell(call, &changed.base);
}

static void undo_state(void *arg, int64_t state, int64_t closed_at)
{
    struct release *release = arg;

    release->state = (int)state;
    release->closed_at = closed_at;
}

void release_set_state(struct coupon *self, struct release *release, int state, void *call)
{
    rpc_on_undo(call, undo_state, release, release->state, release->closed_at);
    release->state = state;
    release->closed_at = state == COUPON__STATE__CLOSED ? rpc_now(call) : 0;
    store_run(self->store, self->releases.sql + SQL_SET_STATE, "iiii", release->id, (int64_t)release->state,
              release->closed_at, release->granted);
    release_journal(release, call);
    if (state == COUPON__STATE__CLOSED && way_is_lot(release->way))
        lots_close(self, release, call);
}

struct closing {
    struct coupon *self;
    struct release *release;
};

static void close_release(void *call, void *arg)
{
    struct closing *closing = arg;

    release_set_state(closing->self, closing->release, COUPON__STATE__CLOSED, call);
}

/* One whose days are over, in a transaction of its own. Whether there was one. */
static bool close_over(struct coupon *self)
{
    for (unsigned i = 0; i < self->n_live; i++) {
        struct closing closing = {self, self->live[i]};

        if (closing.release->state != COUPON__STATE__CLOSED &&
            release_day(closing.release, clock_now(self->clock)) >= closing.release->days &&
            clock_now(self->clock) >= closing.release->lasts_until && !lots_pend(self, closing.release))
            return rpc_server_transact(self->rpc, close_release, &closing) == 0;
    }
    return false;
}

void releases_forget_closed(struct coupon *self)
{
    int64_t since = clock_now(self->clock) - COUPON_DAY_MS;
    unsigned kept = 0;

    /* Before it is indexed, a coupon is found by its release alone. */
    if (self->indexed < self->last_coupon)
        return;
    for (unsigned i = 0; i < self->n_live; i++) {
        struct release *release = self->live[i];

        if (release->closed_at && release->closed_at < since) {
            claimants_clear(&release->claimants);
            free(release);
        } else {
            self->live[kept++] = release;
        }
    }
    self->n_live = kept;
}

static bool work(void *arg)
{
    bool more = close_over(arg);

    releases_forget_closed(arg);
    return more;
}

/* ---- unions that move ---- */

struct paths {
    struct release *release;
    char union_path[RELEASE_PATH_SIZE], eligible_path[RELEASE_PATH_SIZE];
};

static void undo_paths(void *arg, int64_t a, int64_t b)
{
    struct paths *paths = arg;

    (void)a;
    (void)b;
    memcpy(paths->release->union_path, paths->union_path, sizeof(paths->union_path));
    memcpy(paths->release->audience.path, paths->eligible_path, sizeof(paths->eligible_path));
}

static void move_path(char path[RELEASE_PATH_SIZE], const char *old_path, const char *new_path)
{
    char moved[RELEASE_PATH_SIZE];

    if (union_path_covers(old_path, path) &&
        snprintf(moved, sizeof(moved), "%s%s", new_path, path + strlen(old_path)) < (int)sizeof(moved))
        memcpy(path, moved, sizeof(moved));
}

/* Those in memory follow what has moved in the store. */
static void on_moved(void *arg, const char *old_path, const char *path, void *call)
{
    struct coupon *self = arg;

    for (unsigned i = 0; i < self->n_live && !rpc_refused(call); i++) {
        struct release *release = self->live[i];
        struct paths *before;

        if (!union_path_covers(old_path, release->union_path) && !union_path_covers(old_path, release->audience.path))
            continue;
        before = arena_alloc(rpc_arena(call), sizeof(*before));
        if (!before) {
            rpc_refuse(call, RPC__REASON__OVERLOADED); /* the row comes again */
            return;
        }
        before->release = release;
        memcpy(before->union_path, release->union_path, sizeof(before->union_path));
        memcpy(before->eligible_path, release->audience.path, sizeof(before->eligible_path));
        rpc_on_undo(call, undo_paths, before, 0, 0);
        move_path(release->union_path, old_path, path);
        move_path(release->audience.path, old_path, path);
    }
}

/* ---- the audit ---- */

/* A release is as the last row about it says: before the chassis told that a union had
 * moved, each release said by itself what its paths had become. */
static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__ReleaseChanged *changed = event->release_changed;
    struct release release;

    (void)told;
    if (event->event_case != COUPON__EVENT__EVENT_RELEASE_CHANGED)
        return true;
    *part_word(&self->parts, &releases_part, 0, changed->release_id) =
        releases_read(self, changed->release_id, &release) &&
                part_path_is(&self->parts, row->seq, changed->union_path, release.union_path) &&
                part_path_is(&self->parts, row->seq, changed->eligible_path, release.audience.path)
            ? (int64_t)changed->state
            : -1;
    return true;
}

static const struct part_stray strays[] = {
    {"release", "is for nobody",
     "SELECT release_id FROM release WHERE release_id NOT IN (SELECT audience_id FROM audience) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec releases_part = {
    .tables = "release",
    .others = "release.way",
    .steps = &releases_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(release_id) FROM release",
    .work = work,
    .agrees = agrees,
    .strays = strays,
    .words = {{"release", "SELECT release_id, state FROM release ORDER BY release_id"}},
    .moves = "release.union_path",
    .on_moved = on_moved,
};
