/* The bridge's world for the authority matrix: somebody in each place to whom money is owed. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/benefit/tree/tree_fixture.h"
#include "coupon/coupon.pb-c.h"
#include "services/bridge/pay/orders_fixture.h"
#include "tests/authority.h"

static struct harness harness;

static void begin(struct harness *h)
{
    harness_init(h, &bridge_spec, close_bank_keys);
    harness_key(h, "HUIGONG_BANK_KEY", BANK_KEY);
    assert_int_equal(conf_load(bridge_spec.conf, NULL, true), 0);
    harness_start(h);
}

static void end(struct harness *h)
{
    assert_string_equal(harness_audit(h), "");
    harness_close(h);
    unsetenv("HUIGONG_BANK_KEY");
}

static void prepare_batch(struct harness *h, unsigned i)
{
    Bridge__PrepareBankBatchRequest request = BRIDGE__PREPARE_BANK_BATCH_REQUEST__INIT;
    char key[16];

    snprintf(key, sizeof(key), "batch-%u", i);
    request.layout = BRIDGE__BANK_LAYOUT__BANK_LIST;
    assert_int_equal(harness_call(h, "Bank.PrepareBankBatch", &request.base,
                                  harness_official(h, 600, RULE__ROLE__FINANCE, "0001"), key)
                         ->reason,
                     0);
}

static void hear_stock(struct harness *h, int64_t release_id)
{
    Coupon__StockOrdered ordered = COUPON__STOCK_ORDERED__INIT;
    Coupon__Event event = COUPON__EVENT__INIT;
    Rpc__JournalRow row = RPC__JOURNAL_ROW__INIT;
    uint8_t packed[256];

    ordered.release_id = release_id;
    ordered.step = COUPON__BACKING_STEP__STOCK_CREATE;
    ordered.turn = 1;
    event.event_case = COUPON__EVENT__EVENT_STOCK_ORDERED;
    event.stock_ordered = &ordered;
    row.kind = (int32_t)event.event_case;
    row.body = (ProtobufCBinaryData){coupon__event__pack(&event, packed), packed};
    assert_int_equal(harness_hear(h, "coupon", &row), 0);
}

static void make(struct harness *h, struct authority_place *place, unsigned i)
{
    Rpc__Principal *owner = harness_member(h, 700 + i, place->path);

    hear_order(h, 1000 + i, owner->member_id, 5000);
    authority_put_hers(place, "payout_id", harness_number(h, "SELECT max(payout_id) FROM payout"), owner);
    hear_order(h, 2000 + i, owner->member_id, 0); /* is odd */
    hear_bank_order(h, 3000 + i, 5000, "李敏", "6222020200112230");
    prepare_batch(h, i);
    hear_stock(h, 4000 + i);
    authority_put(place, "batch_id", harness_number(h, "SELECT max(batch_id) FROM bank_batch"));
    authority_put(place, "union_id", a_union(h, place->path));
    authority_put(place, "case_id", harness_number(h, "SELECT max(case_id) FROM pay_case"));
}

/* The merchant's account is of no union, and its officials are a root's. */
static const char *const placeless[] = {"Pay.ListPayouts",      "Pay.ListPayCases",      "Pay.ExplainPayCase",    "Pay.ClosePayCase",
                                        "Bills.ListPayDays",    "Stocks.ListStocks",      "Pay.GetReceipt",        "Bank.PrepareBankBatch",
                                        "Bank.ListBankBatches", "Bank.ReleaseBankBatch", "Bank.TakeBackBankBatch",
                                        "Bank.GetBankFile",     "Bank.ReadBankResults",  NULL};

static const struct authority_field fields[] = {
    {.field = "note", .text = "查明"}, {.field = "file", .text = "ZQ=="}, {0}};

static struct authority world = {
    .queue = "bridge",
    .harness = &harness,
    .begin = begin,
    .end = end,
    .make = make,
    .fields = fields,
    .placeless = placeless,
    .places = {[OWN] = {.path = "0001"},
               [SIBLING] = {.path = "0002"},
               [PARENT] = {.path = ""},
               [CHILD] = {.path = "00010002"}},
};

int main(void)
{
    return authority_run(&world);
}
