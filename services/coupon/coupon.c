#include "services/coupon/coupon.h"

#include "common/base/log.h"
#include "services/coupon/rules.h"
#include "services/coupon/store.h"

struct release *coupon_find(struct coupon *self, int64_t release_id)
{
    unsigned low = 0, high = self->n_releases; /* in order of id */

    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (self->releases[middle]->id == release_id)
            return self->releases[middle];
        if (self->releases[middle]->id < release_id)
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
    release->day = day;
    release->granted_today = 0;
    release->sold_out_at = 0;
    if (release->allowance == COUPON__ALLOWANCE__ONE_PER_DAY)
        claims_clear(&release->claims);
}

static int read_releases(struct coupon *self, int64_t now)
{
    struct release release;
    int failed = 0;

    store_ask_releases(self->store, now - COUPON_DAY_MS);
    while (store_next_release(self->store, &release)) {
        release.granted = 0; /* is counted again from the claims */
        struct release *copy = self->n_releases < COUPON_MAX_RELEASES ? malloc(sizeof(*copy)) : NULL;

        if (!copy) {
            failed = -1;
            continue;
        }
        *copy = release;
        self->releases[self->n_releases++] = copy;
    }
    if (failed)
        log_error("too_many_releases", "limit", log_int(COUPON_MAX_RELEASES));
    return failed;
}

static bool count_claim(struct coupon *self, const struct claim *claim)
{
    struct release *release = coupon_find(self, claim->release_id);

    if (!release)
        return true;
    release_enter_day(release, claim->day);
    release->granted++;
    if (claim->day != release->day)
        return true;
    if (++release->granted_today == release->stock_per_day)
        release->sold_out_at = claim->at;
    return claims_add(&release->claims, claim->member_id, claim->coupon_id);
}

/* Coupon ids grow with time, so nothing before the oldest release matters. */
static int read_claims(struct coupon *self)
{
    struct claim claim;
    bool ok = true;

    if (self->n_releases == 0)
        return 0;
    store_ask_claims(self->store, id_at(self->releases[0]->created_at) - 1);
    while (ok && store_next_claim(self->store, &claim))
        ok = count_claim(self, &claim);
    store_end_claims(self->store);
    return ok ? 0 : -1;
}

int coupon_init(struct coupon *self, struct store *store, struct rpc_server *rpc, struct clock *clock)
{
    self->store = store;
    self->rpc = rpc;
    self->clock = clock;
    if (read_releases(self, clock_now(clock)) || read_claims(self))
        return -1;
    self->last_coupon = store_last_coupon(store);
    self->indexed = store_indexed(store);
    /* Coupons of a batch that failed may have been passed by the index; no later id lies before it. */
    self->ids.last = self->last_coupon > self->indexed ? self->last_coupon : self->indexed;
    if (self->n_releases && self->releases[self->n_releases - 1]->id > self->ids.last)
        self->ids.last = self->releases[self->n_releases - 1]->id;
    return store_trouble(store) ? -1 : 0;
}

void coupon_done(struct coupon *self)
{
    for (unsigned i = 0; i < self->n_releases; i++) {
        claims_clear(&self->releases[i]->claims);
        free(self->releases[i]);
    }
    self->n_releases = 0;
}

/* ---- states ---- */

void release_journal(const struct release *release, void *call)
{
    Coupon__Event event = COUPON__EVENT__INIT;
    Coupon__ReleaseChanged changed = COUPON__RELEASE_CHANGED__INIT;

    changed.release_id = release->id;
    changed.state = (Coupon__State)release->state;
    changed.union_path = unconst(release->union_path);
    changed.eligible_path = unconst(release->eligible_path);
    event.event_case = COUPON__EVENT__EVENT_RELEASE_CHANGED;
    event.release_changed = &changed;
    rpc_journal(call, &event.base);
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
    store_set_state(self->store, release);
    release_journal(release, call);
}

/* ---- unions that move ---- */

struct paths {
    struct release *release;
    char union_path[COUPON_PATH_SIZE], eligible_path[COUPON_PATH_SIZE];
};

static void undo_paths(void *arg, int64_t a, int64_t b)
{
    struct paths *paths = arg;

    (void)a;
    (void)b;
    memcpy(paths->release->union_path, paths->union_path, sizeof(paths->union_path));
    memcpy(paths->release->eligible_path, paths->eligible_path, sizeof(paths->eligible_path));
}

/* Whether a path began with the old one, and begins with the new one now. */
static bool move_path(char path[COUPON_PATH_SIZE], const char *old_path, const char *new_path)
{
    char moved[COUPON_PATH_SIZE];

    if (strncmp(path, old_path, strlen(old_path)) != 0 ||
        snprintf(moved, sizeof(moved), "%s%s", new_path, path + strlen(old_path)) >= (int)sizeof(moved))
        return false;
    memcpy(path, moved, sizeof(moved));
    return true;
}

void coupon_follow_move(struct coupon *self, const char *old_path, const char *path, void *call)
{
    struct release release;
    bool full = false;

    store_ask_releases(self->store, 0);
    while (store_next_release(self->store, &release)) {
        struct release *known = coupon_find(self, release.id);
        struct paths *before = known ? arena_alloc(rpc_arena(call), sizeof(*before)) : NULL;
        bool gives = move_path(release.union_path, old_path, path);
        bool takes = move_path(release.eligible_path, old_path, path);

        if (!gives && !takes)
            continue;
        if (known && !before) {
            full = true;
            continue;
        }
        store_set_paths(self->store, &release);
        release_journal(&release, call);
        if (!known)
            continue;
        before->release = known;
        memcpy(before->union_path, known->union_path, sizeof(before->union_path));
        memcpy(before->eligible_path, known->eligible_path, sizeof(before->eligible_path));
        rpc_on_undo(call, undo_paths, before, 0, 0);
        memcpy(known->union_path, release.union_path, sizeof(known->union_path));
        memcpy(known->eligible_path, release.eligible_path, sizeof(known->eligible_path));
    }
    if (full)
        rpc_refuse(call, RPC__REASON__OVERLOADED); /* the row comes again */
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

/* One at a time, each in a transaction of its own; the next tick closes the next. */
static void close_over(struct coupon *self)
{
    for (unsigned i = 0; i < self->n_releases; i++) {
        struct closing closing = {self, self->releases[i]};

        if (closing.release->state != COUPON__STATE__CLOSED &&
            release_day(closing.release, clock_now(self->clock)) >= closing.release->days) {
            rpc_server_transact(self->rpc, close_release, &closing);
            return;
        }
    }
}

/* ---- indexing behind the claims ---- */

struct slice {
    struct coupon *self;
    int limit;
    int64_t upto;
};

static void index_claims(void *call, void *arg)
{
    struct slice *slice = arg;
    struct coupon *self = slice->self;
    struct claim claim;

    (void)call;
    slice->upto = self->last_coupon; /* unless there are more than the limit */
    store_ask_claims(self->store, self->indexed);
    while (store_next_claim(self->store, &claim)) {
        store_index_claim(self->store, claim.member_id, claim.coupon_id);
        if (--slice->limit == 0) {
            slice->upto = claim.coupon_id;
            break;
        }
    }
    store_end_claims(self->store);
    store_set_indexed(self->store, slice->upto);
}

int64_t coupon_index_slice(struct coupon *self, int limit)
{
    struct slice slice = {.self = self, .limit = limit};
    int64_t behind = self->last_coupon - self->indexed;

    if (behind > 0 && rpc_server_transact(self->rpc, index_claims, &slice) == 0)
        self->indexed = slice.upto;
    return behind;
}

void coupon_forget_ended(struct coupon *self)
{
    int64_t since = clock_now(self->clock) - COUPON_DAY_MS;
    unsigned kept = 0;

    close_over(self);
    /* Before it is indexed, a coupon is found by its release alone. */
    if (self->indexed < self->last_coupon)
        return;
    for (unsigned i = 0; i < self->n_releases; i++) {
        struct release *release = self->releases[i];

        if (release->closed_at && release->closed_at < since) {
            claims_clear(&release->claims);
            free(release);
        } else {
            self->releases[kept++] = release;
        }
    }
    self->n_releases = kept;
}
