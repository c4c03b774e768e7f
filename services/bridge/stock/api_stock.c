/* api_stock.c: stocks, for who looks after them. */
#include "services/bridge/api.h"

static void show(const struct bridge *self, const struct stock *stock, void *call, Bridge__Stock *ret)
{
    int64_t counts[8];
    struct flow_day day;

    sends_count(&self->sends, stock->release_id, counts);
    ret->release_id = stock->release_id;
    ret->state = (Bridge__StockState)stock->state;
    ret->number = rpc_text(call, stock->number);
    if (stock->reason)
        api_say(ret, stock->reason);
    ret->code = rpc_text(call, stock->code);
    ret->pending = counts[BRIDGE__SEND_STATE__SEND_PENDING];
    ret->sent = counts[BRIDGE__SEND_STATE__SEND_DONE];
    ret->used = counts[BRIDGE__SEND_STATE__SEND_USED];
    ret->over = counts[BRIDGE__SEND_STATE__SEND_OVER];
    ret->flow = flow_day_last(&self->flows, stock->release_id, &day) ? flow_day_show(&day, call) : NULL;
    ret->flow_at = stock->flow_at;
    ret->failed = counts[BRIDGE__SEND_STATE__SEND_FAILED];
}

/* rpc ListStocks: newest first. */
static void stocks__list_stocks(Bridge__Stocks_Service *service, const Bridge__ListStocksRequest *req,
                                Bridge__StockList_Closure reply, void *call)
{
    struct bridge *self = container_of(service, struct bridge, stocks_service);
    const struct rpc_page *page = rpc_page(call);
    Bridge__StockList list = BRIDGE__STOCK_LIST__INIT;
    struct stock *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    unsigned n;

    (void)req;
    if (pay_office_refused(call, false))
        return;
    n = stocks_page(&self->stocks, page->states, page->before, found, (unsigned)page->limit);
    for (unsigned i = 0; i < n && rpc_page_takes(call, found[i].release_id); i++) {
        Bridge__Stock *stock = arena_message(rpc_arena(call), &bridge__stock__descriptor);

        if (stock)
            show(self, &found[i], call, stock);
        rpc_add(call, &list, stocks, stock);
    }
    reply(&list, call);
}

const Bridge__Stocks_Service stocks_api = BRIDGE__STOCKS__INIT(stocks__);
