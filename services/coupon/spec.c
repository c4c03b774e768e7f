#include "services/coupon/claim/holdings.h"
#include "services/coupon/code/codes.h"
#include "services/coupon/lot/lots.h"
#include "services/coupon/merchant/branches.h"
#include "services/coupon/numbers/numbers.h"
#include "services/coupon/settlement/settlements.h"
#include "services/coupon/shop/orders.h"
#include "services/coupon/till/sales.h"

extern const unsigned char coupon_schema[];
extern const size_t coupon_schema_len;

static struct conf_entry conf[] = {
    {"HUIGONG_DRAW_KEY", NULL, CONF_PATH, "file of the keys that seal the secrets of draws (deploy/keys draw)", 0, 0,
     NULL},
    {"HUIGONG_CODE_KEY", NULL, CONF_PATH, "file of the keys that seal codes of partners (deploy/keys code)", 0, 0,
     NULL},
    {"HUIGONG_TILL_KEY", NULL, CONF_PATH, "file of the keys of the codes by which coupons are spent (deploy/keys till)",
     0, 0, NULL},
    {"HUIGONG_SHOP_KEY", NULL, CONF_PATH,
     "file of the keys that seal where the shop sends to, and merchants' accounts (deploy/keys shop)", 0, 0, NULL},
    CONF_END,
};

/* What counts under a ceiling is a coupon, or what a fair took off an order. */
static void withdraw(void *self, int64_t source_id, void *call)
{
    coupon_withdraw(self, source_id, call);
    order_withdraw(self, source_id, call);
}

static const struct granted_kind granted_kind = {"coupon", withdraw};

static int start(struct service *service)
{
    struct coupon *self = service->self;

    self->code_keys = pii_keys_open(conf_text(conf, "HUIGONG_CODE_KEY"));
    scanners_serve(&self->scanners, &counters_service);
    self->tills = pass_keys_open(conf_text(conf, "HUIGONG_TILL_KEY"));
    self->number_cells = number_cells_new();
    rpc_server_before_commit(self->rpc, number_write_redeemed, self);
    self->addresses = pii_keys_open(conf_text(conf, "HUIGONG_SHOP_KEY"));
    settlement_use(&self->settlement, &settlements_kind, &self->two_hands);
    payees_use(&self->payees, self->addresses, &self->two_hands);
    payments_use(&self->payments, &self->payees);
    return !self->code_keys || imports_start(&self->imports, &codes_tables, self->code_keys) || !self->tills ||
                   !self->addresses || !self->number_cells ||
                   lottery_start(&self->lottery, conf_text(conf, "HUIGONG_DRAW_KEY")) || releases_load(self) ||
                   claims_load(self) || holdings_load(self) || branches_load(self) ||
                   granted_start(&self->granted, &granted_kind, &self->holders)
               ? -1
               : 0;
}

void coupon_close(void *self)
{
    struct coupon *coupon = self;

    lottery_done(&coupon->lottery);
    releases_done(coupon);
    imports_done(&coupon->imports);
    pii_keys_close(coupon->code_keys);
    coupon->code_keys = NULL;
    branches_done(coupon);
    kept_clear(&coupon->terms);
    pass_keys_close(coupon->tills);
    coupon->tills = NULL;
    granted_done(&coupon->granted);
    pii_keys_close(coupon->addresses);
    coupon->addresses = NULL;
    number_cells_free(coupon->number_cells);
    coupon->number_cells = NULL;
}

static void report(struct service *service, struct arena *arena, Rpc__ProbeReport *ret)
{
    struct coupon *self = service->self;
    int64_t granted = 0;

    for (unsigned i = 0; i < self->n_live; i++)
        granted += self->live[i]->granted;
    rpc_metric(arena, ret, "huigong_releases", "gauge", "", self->n_live);
    rpc_metric(arena, ret, "huigong_coupons_granted", "gauge", "", (double)granted);
    granted_report(&self->granted, arena, ret);
}

SERVICE_TABLE(coupon, COUPON, .slice_ms = 2)

const struct service_spec coupon_spec = {
    .name = "coupon",
    .about = "releases of coupons, the claims on them, and where they are spent",
    .conf = conf,
    .parts = &service_table,
    .schema = coupon_schema,
    .schema_len = &coupon_schema_len,
    .start = start,
    .report = report,
    .children = intake_children,
};
