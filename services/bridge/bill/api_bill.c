/* api_bill.c: the days of the merchant's account. */
#include "services/bridge/api.h"
#include "services/bridge/bill/bills_sql.h"

/* rpc ListPayDays: the latest first. */
static void bills__list_pay_days(Bridge__Bills_Service *service, const Bridge__ListPayDaysRequest *req,
                                 Bridge__PayDayList_Closure reply, void *call)
{
    struct bridge *self = container_of(service, struct bridge, bills_service);
    const struct rpc_page *page = rpc_page(call);
    Bridge__PayDayList list = BRIDGE__PAY_DAY_LIST__INIT;
    struct bill_day *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    unsigned n;

    (void)req;
    if (pay_office_refused(call, false))
        return;
    n = bills_page(&self->bills, page->before, found, (unsigned)page->limit);
    for (unsigned i = 0; i < n && rpc_page_takes(call, found[i].day); i++) {
        Bridge__PayDay *day = arena_message(rpc_arena(call), &bridge__pay_day__descriptor);

        if (day)
            bill_day_show(&found[i], day);
        rpc_add(call, &list, days, day);
    }
    reply(&list, call);
}

const Bridge__Bills_Service bills_api = BRIDGE__BILLS__INIT(bills__);
