#include "services/coupon/shop/corners.h"

#include "services/coupon/api.h"

enum { SQL_ADD, SQL_CLOSE, SQL_FIND, SQL_AFTER, SQL_ADD_STAFF, SQL_DROP_STAFF, SQL_HAS, SQL_STAFF, SQL_HERS, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO corner (corner_id, union_path, packed) VALUES (?1, ?2, ?3)",
    [SQL_CLOSE] = "UPDATE corner SET closed = 1 WHERE corner_id = ?1",
    [SQL_FIND] = "SELECT corner_id, union_path, closed, packed FROM corner WHERE corner_id = ?1",
    [SQL_AFTER] = "SELECT corner_id, union_path, closed, packed FROM corner WHERE corner_id > ?1 ORDER BY corner_id",
    [SQL_ADD_STAFF] = "INSERT INTO corner_staff (corner_id, member_id) VALUES (?1, ?2) "
                      "ON CONFLICT (corner_id, member_id) DO NOTHING",
    [SQL_DROP_STAFF] = "DELETE FROM corner_staff WHERE corner_id = ?1 AND member_id = ?2",
    [SQL_HAS] = "SELECT 1 FROM corner_staff WHERE corner_id = ?1 AND member_id = ?2",
    [SQL_STAFF] = "SELECT member_id FROM corner_staff WHERE corner_id = ?1 ORDER BY member_id LIMIT ?2",
    [SQL_HERS] = "SELECT corner_id, union_path, closed, packed FROM corner_staff JOIN corner USING (corner_id) "
                 "WHERE member_id = ?1 AND corner_id > ?2 ORDER BY corner_id",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void *shop_pack(const ProtobufCMessage *message, struct arena *arena, size_t *ret_len)
{
    uint8_t *packed = arena_alloc(arena, protobuf_c_message_get_packed_size(message) + 1);

    if (packed)
        *ret_len = protobuf_c_message_pack(message, packed);
    return packed;
}

/* ---- the store ---- */

bool corners_find(const struct coupon *self, int64_t corner_id, struct corner *ret)
{
    store_ask(self->store, self->corners.sql + SQL_FIND, "i", corner_id);
    return store_only(self->store, self->corners.sql + SQL_FIND, INTO(ret->id), INTO(ret->union_path),
                      INTO(ret->closed));
}

static bool is_staff(const struct coupon *self, int64_t corner_id, int64_t member_id)
{
    store_ask(self->store, self->corners.sql + SQL_HAS, "ii", corner_id, member_id);
    return store_any(self->store, self->corners.sql + SQL_HAS);
}

bool corner_of_staff(const struct coupon *self, int64_t corner_id, void *call)
{
    struct corner corner;

    if (!corners_find(self, corner_id, &corner))
        rpc_refuse(call, COUPON__REASON__CORNER_NOT_FOUND);
    else if (!is_staff(self, corner_id, rpc_principal(call)->member_id))
        rpc_refuse(call, COUPON__REASON__NOT_YOUR_CORNER);
    return !rpc_refused(call);
}

static void say(const struct corner *corner, void *call)
{
    Coupon__CornerChanged changed = COUPON__CORNER_CHANGED__INIT;

    changed.corner_id = corner->id;
    changed.union_path = unconst(corner->union_path);
    changed.closed = corner->closed;
    rpc_tell(call, &changed.base);
}

/* The corner of the present row, without its union's id, and where that is; NULL: memory is full. */
static Coupon__Corner *read_corner(const struct coupon *self, unsigned statement, void *call, char **ret_path)
{
    size_t len;
    const void *packed = store_blob(self->store, statement, 3, &len);
    Coupon__Corner *corner = coupon__corner__unpack(&rpc_arena(call)->allocator, len, packed);

    *ret_path = rpc_text(call, store_text(self->store, statement, 1));
    if (!corner)
        return NULL;
    corner->corner_id = store_int(self->store, statement, 0);
    corner->closed = store_int(self->store, statement, 2) != 0;
    return corner;
}

/* ---- operations ---- */

static void reply_corner(struct coupon *self, int64_t corner_id, Coupon__Corner_Closure reply, void *call)
{
    unsigned statement = self->corners.sql + SQL_FIND;
    Coupon__Corner *corner;
    char *path;

    store_ask(self->store, statement, "i", corner_id);
    if (!store_row(self->store, statement)) {
        rpc_refuse(call, RPC__REASON__STORE_FAILED);
        return;
    }
    corner = read_corner(self, statement, call, &path);
    store_end(self->store, statement);
    if (!corner || !rpc_refuse_if(call, tree_id(&self->tree, path, call, &corner->union_id)))
        reply(corner, call);
}

/* rpc CreateCorner: of a union. */
static void corners__create_corner(Coupon__Corners_Service *service, const Coupon__CreateCornerRequest *req,
                                   Coupon__Corner_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, corners_service);
    struct corner corner = {0};
    const void *packed;
    const char *path;
    size_t len;

    if (form_missing(req->corner, "corner", call))
        return;
    path = tree_path(&self->tree, req->corner->union_id, "corner.unionId", call);
    if (!path)
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "corner.unionId");
        return;
    }
    corner.id = id_next(&self->ids, rpc_now(call));
    snprintf(corner.union_path, sizeof(corner.union_path), "%s", path);
    packed = shop_pack(&req->corner->base, rpc_arena(call), &len);
    if (rpc_refuse_if(call, packed ? 0 : RPC__REASON__OVERLOADED))
        return;
    store_run(self->store, self->corners.sql + SQL_ADD, "itb", corner.id, path, packed, len);
    say(&corner, call);
    rpc_created(call);
    reply_corner(self, corner.id, reply, call);
}

static bool corner_of_official(const struct coupon *self, int64_t corner_id, void *call, struct corner *ret)
{
    if (!corners_find(self, corner_id, ret))
        rpc_refuse(call, COUPON__REASON__CORNER_NOT_FOUND);
    else if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, ret->union_path))
        rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
    return !rpc_refused(call);
}

/* rpc CloseCorner: for new orders. */
static void corners__close_corner(Coupon__Corners_Service *service, const Coupon__CornerRequest *req,
                                  Coupon__Corner_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, corners_service);
    struct corner corner;

    if (!corner_of_official(self, req->corner_id, call, &corner))
        return;
    if (!corner.closed) {
        corner.closed = true;
        store_run(self->store, self->corners.sql + SQL_CLOSE, "i", corner.id);
        say(&corner, call);
    }
    reply_corner(self, corner.id, reply, call);
}

/* A page of what a question gives, within a union. */
static void reply_list(struct coupon *self, unsigned which, const char *of, Coupon__CornerList_Closure reply,
                       void *call)
{
    unsigned statement = self->corners.sql + which;
    Coupon__CornerList list = COUPON__CORNER_LIST__INIT;
    char **paths = arena_alloc(rpc_arena(call), (rpc_page(call)->limit + 1) * sizeof(*paths));
    int reason = 0;

    while (paths && store_row(self->store, statement)) {
        char *path;
        Coupon__Corner *corner = read_corner(self, statement, call, &path);

        if (!corner || !union_path_covers(of, path) ||
            !rpc_page_wants(call, corner->closed ? COUPON__CORNER_STATE__CORNER_STATE_CLOSED
                                                 : COUPON__CORNER_STATE__CORNER_STATE_OPEN))
            continue;
        if (!rpc_page_takes(call, corner->corner_id))
            break;
        paths[list.n_corners] = path;
        rpc_add(call, &list, corners, corner);
    }
    store_end(self->store, statement);
    for (size_t i = 0; i < list.n_corners && !reason; i++)
        reason = tree_id(&self->tree, paths[i], call, &list.corners[i]->union_id);
    if (!rpc_refuse_if(call, reason))
        reply(&list, call);
}

/* rpc ListCorners: for whoever asks. */
static void corners__list_corners(Coupon__Corners_Service *service, const Coupon__ListCornersRequest *req,
                                  Coupon__CornerList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, corners_service);
    const char *of = tree_path(&self->tree, req->union_id, "unionId", call);

    if (!of)
        return;
    store_ask(self->store, self->corners.sql + SQL_AFTER, "i", rpc_page(call)->after);
    reply_list(self, SQL_AFTER, of, reply, call);
}

static size_t read_staff(const struct coupon *self, int64_t corner_id, int64_t ret[CORNER_STAFF_MAX + 1])
{
    store_ask(self->store, self->corners.sql + SQL_STAFF, "ii", corner_id, (int64_t)CORNER_STAFF_MAX + 1);
    return store_numbers(self->store, self->corners.sql + SQL_STAFF, ret, CORNER_STAFF_MAX + 1);
}

/* A page of them, or all. */
static void reply_staff(const struct coupon *self, int64_t corner_id, bool pages, Coupon__CornerStaffList_Closure reply,
                        void *call)
{
    Coupon__CornerStaffList list = COUPON__CORNER_STAFF_LIST__INIT;
    int64_t people[CORNER_STAFF_MAX + 1];
    size_t n = read_staff(self, corner_id, people);

    for (size_t i = 0; i < n; i++) {
        Coupon__CornerStaff *staff;

        if (pages && people[i] <= rpc_page(call)->after)
            continue;
        if (pages && !rpc_page_takes(call, people[i]))
            break;
        staff = arena_message(rpc_arena(call), &coupon__corner_staff__descriptor);
        if (staff) {
            staff->corner_id = corner_id;
            staff->member_id = people[i];
        }
        rpc_add(call, &list, staff, staff);
    }
    reply(&list, call);
}

/* rpc SetCornerStaff: again does nothing. */
static void corners__set_corner_staff(Coupon__Corners_Service *service, const Coupon__SetCornerStaffRequest *req,
                                      Coupon__CornerStaffList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, corners_service);
    Coupon__CornerStaffChanged changed = COUPON__CORNER_STAFF_CHANGED__INIT;
    int64_t people[CORNER_STAFF_MAX + 1];
    struct corner corner;

    if (!corner_of_official(self, req->corner_id, call, &corner))
        return;
    if (req->member_id <= 0) {
        rpc_refuse_field(call, RPC__REASON__OUT_OF_RANGE, "memberId");
        return;
    }
    if (store_run(self->store, self->corners.sql + (req->off ? SQL_DROP_STAFF : SQL_ADD_STAFF), "ii", corner.id,
                  req->member_id) > 0) {
        changed.corner_id = corner.id;
        changed.member_id = req->member_id;
        changed.off = req->off;
        rpc_tell(call, &changed.base);
    }
    if (read_staff(self, corner.id, people) > CORNER_STAFF_MAX) {
        rpc_fact_number(call, "maximum", CORNER_STAFF_MAX);
        rpc_refuse(call, COUPON__REASON__CORNER_STAFF_FULL);
        return;
    }
    reply_staff(self, corner.id, false, reply, call);
}

/* rpc ListCornerStaff: all of them. */
static void corners__list_corner_staff(Coupon__Corners_Service *service, const Coupon__ListCornerStaffRequest *req,
                                       Coupon__CornerStaffList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, corners_service);
    struct corner corner;

    if (corner_of_official(self, req->corner_id, call, &corner))
        reply_staff(self, corner.id, true, reply, call);
}

/* rpc ListMyCorners: where the caller hands out. */
static void corners__list_my_corners(Coupon__Corners_Service *service, const Coupon__MyCornersRequest *req,
                                     Coupon__CornerList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, corners_service);

    (void)req;
    store_ask(self->store, self->corners.sql + SQL_HERS, "ii", rpc_principal(call)->member_id, rpc_page(call)->after);
    reply_list(self, SQL_HERS, "", reply, call);
}

const Coupon__Corners_Service corners_api = COUPON__CORNERS__INIT(corners__);

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__CornerChanged *changed = event->corner_changed;
    struct corner corner;

    if (event->event_case == COUPON__EVENT__EVENT_CORNER_STAFF_CHANGED)
        told[0] += event->corner_staff_changed->off ? -1 : 1;
    if (event->event_case != COUPON__EVENT__EVENT_CORNER_CHANGED)
        return true;
    *part_word(&self->parts, &corners_part, 0, changed->corner_id) = changed->closed ? 2 : 1;
    return corners_find(self, changed->corner_id, &corner) &&
           part_path_is(&self->parts, row->seq, changed->union_path, corner.union_path);
}

const struct part_spec corners_part = {
    .tables = "corner corner_staff",
    .steps = &corners_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(corner_id) FROM corner",
    .agrees = agrees,
    .counts = {{"people at corners", "SELECT count(*) FROM corner_staff"}},
    .words = {{"corner", "SELECT corner_id, closed + 1 FROM corner ORDER BY corner_id"}},
    .exports = {{&coupon__corner_staff__descriptor,
                 "SELECT rowid, corner_id, member_id FROM corner_staff WHERE member_id = ?1 AND rowid > ?2 "
                 "ORDER BY rowid LIMIT ?3"}},
    .closed = {"-- where she has handed out is on account"},
    .merged = {"-- a duty does not pass from one account to another (holders.h)"},
    .moves = "corner.union_path",
};
