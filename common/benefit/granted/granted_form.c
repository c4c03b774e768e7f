/* granted_form.c: what a form says of how its benefit counts. */
#include "common/base/union_path.h"
#include "common/benefit/granted/granted_internal.h"

static void complete(int64_t *union_id, int64_t giver_id)
{
    if (!*union_id)
        *union_id = giver_id;
}

/* Whether one of these unions may count what the other gives; false after refusing. */
static bool may_count(const struct tree *tree, int64_t union_id, const char *union_path, const char *in,
                      const char *what, void *call)
{
    char *field = arena_printf(rpc_arena(call), "%s.%s.unionId", in, what);
    const char *path = tree_path(tree, union_id, field ? field : in, call);

    if (path && !union_path_covers(path, union_path))
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, field ? field : in);
    return path && !rpc_refused(call);
}

bool granted_take(const struct tree *tree, Granted__Counting *said, int64_t union_id, const char *union_path,
                  const char *in, void *call)
{
    if (said && said->group) {
        complete(&said->group->union_id, union_id);
        if (!may_count(tree, said->group->union_id, union_path, in, "group", call))
            return false;
        if (said->group->at_most && !said->group->period) {
            char *field = arena_printf(rpc_arena(call), "%s.group.period", in);

            rpc_refuse_field(call, RPC__REASON__MISSING_FIELD, field ? field : in);
            return false;
        }
    }
    if (said && said->ceiling) {
        complete(&said->ceiling->union_id, union_id);
        return may_count(tree, said->ceiling->union_id, union_path, in, "ceiling", call);
    }
    return true;
}

struct granted_marks granted_marks(const Granted__Counting *said)
{
    struct granted_marks ret = {0};

    if (said && said->group) {
        ret.group_key = granted_key(said->group->union_id, said->group->name);
        ret.at_most = said->group->at_most;
        ret.period = (int32_t)said->group->period;
        ret.not_within_days = said->group->not_within_days;
    }
    if (said && said->ceiling) {
        ret.ceiling_key = granted_key(said->ceiling->union_id, said->ceiling->name);
        ret.ceiling_fen = said->ceiling->fen;
    }
    return ret;
}

bool granted_has_marks(const struct granted_marks *marks)
{
    return marks->group_key || marks->ceiling_key;
}

void granted_keep(struct granted *granted, int64_t id, const Granted__Counting *said, void *call)
{
    size_t len = said ? granted__counting__get_packed_size(said) : 0;
    uint8_t *packed = arena_alloc(rpc_arena(call), len + 1);

    if (said && packed)
        store_run(granted->store, granted->sql + GRANTED_SQL_KEEP, "ib", id, packed,
                  granted__counting__pack(said, packed));
}

Granted__Counting *granted_kept(const struct granted *granted, int64_t id, struct arena *arena)
{
    Granted__Counting *ret = NULL;
    const void *packed;
    size_t len;

    store_ask(granted->store, granted->sql + GRANTED_SQL_KEPT, "i", id);
    if (store_row(granted->store, granted->sql + GRANTED_SQL_KEPT)) {
        packed = store_blob(granted->store, granted->sql + GRANTED_SQL_KEPT, 0, &len);
        ret = granted__counting__unpack(&arena->allocator, len, packed);
        store_end(granted->store, granted->sql + GRANTED_SQL_KEPT);
    }
    return ret;
}
