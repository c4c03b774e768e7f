/* orders_fixture.h: what a service that owes money tells in its journal, in a test's own process. */
#pragma once
#include "common/trust/pii.h"
#include "services/bridge/bridge.h"
#include "tests/harness.h"

static inline void hear_payout(struct harness *h, const Rpc__ChassisEvent *event)
{
    Rpc__JournalRow row = RPC__JOURNAL_ROW__INIT;
    uint8_t packed[1024];

    row.kind = (int32_t)event->event_case;
    row.body = (ProtobufCBinaryData){rpc__chassis_event__pack(event, packed), packed};
    ensure(harness_hear(h, "subsidy", &row) == 0);
}

static inline void hear_order(struct harness *h, int64_t order_id, int64_t member_id, int64_t fen)
{
    Payout__PayoutOrdered order = PAYOUT__PAYOUT_ORDERED__INIT;
    Rpc__ChassisEvent event = RPC__CHASSIS_EVENT__INIT;
    char *report[] = {unconst("困难补助")};

    order.order_id = order_id;
    order.member_id = member_id;
    order.fen = fen;
    order.way = PAYOUT__WAY__BY_WECHAT;
    order.scene = PAYOUT__SCENE__SCENE_SUBSIDY;
    order.remark = "困难职工补助";
    order.report = report;
    order.n_report = 1;
    event.event_case = RPC__CHASSIS_EVENT__EVENT_PAYOUT_ORDERED;
    event.payout_ordered = &order;
    hear_payout(h, &event);
}

/* One by bank, with its account sealed under the key that both have. */
static inline void hear_bank_order(struct harness *h, int64_t order_id, int64_t fen, const char *name,
                                   const char *number)
{
    static const unsigned char nonce[PII_NONCE_LEN] = {1};
    Settlement__PayeeAccount account = SETTLEMENT__PAYEE_ACCOUNT__INIT;
    Payout__PayoutOrdered order = PAYOUT__PAYOUT_ORDERED__INIT;
    Rpc__ChassisEvent event = RPC__CHASSIS_EVENT__INIT;
    const struct bridge *bridge = h->service.self;
    uint8_t plain[512], sealed[512 + PII_OVERHEAD];
    size_t len;

    account.name = unconst(name);
    account.bank = unconst("工商银行佛山分行");
    account.number = unconst(number);
    len = settlement__payee_account__pack(&account, plain);
    pii_seal(bridge->bank_keys, PAYEE_ACCOUNT_CONTEXT, order_id, nonce, plain, len, sealed);
    order.order_id = order_id;
    order.fen = fen;
    order.way = PAYOUT__WAY__BY_BANK;
    order.remark = unconst("困难,补助");
    order.account = (ProtobufCBinaryData){len + PII_OVERHEAD, sealed};
    event.event_case = RPC__CHASSIS_EVENT__EVENT_PAYOUT_ORDERED;
    event.payout_ordered = &order;
    hear_payout(h, &event);
}

#define BANK_KEY                                                                                                       \
    "1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"                                             \
    "index 202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f\n"

/* What the end of the daemon would do. */
static inline void close_bank_keys(void *self)
{
    struct bridge *bridge = self;

    pii_keys_close(bridge->bank_keys);
    bridge->bank_keys = NULL;
}

static inline void hear_withdrawn(struct harness *h, int64_t order_id)
{
    Payout__PayoutWithdrawn withdrawn = PAYOUT__PAYOUT_WITHDRAWN__INIT;
    Rpc__ChassisEvent event = RPC__CHASSIS_EVENT__INIT;

    withdrawn.order_id = order_id;
    event.event_case = RPC__CHASSIS_EVENT__EVENT_PAYOUT_WITHDRAWN;
    event.payout_withdrawn = &withdrawn;
    hear_payout(h, &event);
}
