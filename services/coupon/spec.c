#include "services/coupon/claims.h"

extern const unsigned char coupon_schema[];
extern const size_t coupon_schema_len;

static int start(struct service *service)
{
    return releases_load(service->self) || claims_load(service->self) ? -1 : 0;
}

static void report(struct service *service, struct arena *arena, Rpc__ProbeReport *ret)
{
    struct coupon *self = service->self;
    int64_t granted = 0;

    for (unsigned i = 0; i < self->n_live; i++)
        granted += self->live[i]->granted;
    rpc_metric(arena, ret, "huigong_releases", "gauge", "", self->n_live);
    rpc_metric(arena, ret, "huigong_coupons_granted", "gauge", "", (double)granted);
}

SERVICE_TABLE(coupon, COUPON)

const struct service_spec coupon_spec = {
    .name = "coupon",
    .about = "releases of coupons and the claims on them",
    .parts = &service_table,
    .schema = coupon_schema,
    .schema_len = &coupon_schema_len,
    .start = start,
    .report = report,
};
