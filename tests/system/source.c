/* hg-source: a daemon for tests, which stands for a service that points are given for. It takes portal's
 * place: who claims a coupon has attended something, its journal says. */
#include "common/daemon/service_of_parts.h"
#include "coupon/coupon.pb-c.h"

#define SOURCE_PARTS(PART, SHARED) PART(deeds)
#define SOURCE_SERVICES(SERVICE)
#define source__event__descriptor coupon__event__descriptor

SERVICE_PARTS(SOURCE)
struct source {
    SERVICE_MEMBERS(SOURCE)
};

static struct conf_entry conf[] = {
    {"HUIGONG_PLACE", "", CONF_TEXT, "path of the union that all people belong to", 0, 0, NULL},
    CONF_END,
};

static void on_row(void *self, void *call, const Rpc__JournalRow *row)
{
    const Coupon__Event *event = coupon__event__unpack(&rpc_arena(call)->allocator, row->body.len, row->body.data);
    Rpc__Deed deed = RPC__DEED__INIT;

    (void)self;
    ensure(event);
    if (event->event_case != COUPON__EVENT__EVENT_CLAIMED)
        return;
    deed.deed_id = event->claimed->coupon_id;
    deed.what = "attendance";
    deed.member_id = event->claimed->member_id;
    deed.level = RPC__LEVEL__MEMBER;
    deed.union_path = unconst(conf_text(conf, "HUIGONG_PLACE"));
    rpc_tell(call, &deed.base);
}

static const int32_t kinds[] = {COUPON__EVENT__EVENT_CLAIMED, RPC__CHASSIS_EVENT__EVENT_GRANTED};
const struct part_spec deeds_part = {.follows = {{"coupon", kinds, ARRAY_LEN(kinds), on_row}}};

SERVICE_TABLE(source, SOURCE)

static const struct service_spec spec = {
    .name = "portal",
    .about = "tells deeds, for tests",
    .conf = conf,
    .parts = &service_table,
};

int main(int argc, char **argv)
{
    return service_main(argc, argv, &spec);
}
