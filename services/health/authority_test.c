/* Health's world for the authority matrix. */
#include "services/health/report/report_fixture.h"
#include "tests/authority.h"

#define OWNER 500 /* and the next: who has come to each place's check-up, and who will */

static struct harness harness;

/* ---- what a union has ---- */

static struct {
    int64_t package_id, site_id, campaign_id, slot_id;
} made[N_PLACES];

static void make_campaign(struct harness *h, const char *path, unsigned i)
{
    Health__Site site = a_site_draft(h);
    Health__Campaign *draft = a_draft(h, 100);

    site.union_id = draft->union_id = a_union(h, path);
    made[i].package_id = draft->package_id;
    made[i].site_id = draft->sites[0]->site_id =
        ((Health__Site *)harness_output(h, create_site(h, manager_of(h, UNION), &site), &health__site__descriptor))
            ->site_id;
    made[i].campaign_id = a_campaign_to_book(h, draft);
    made[i].slot_id = a_slot(h, made[i].campaign_id, made[i].site_id, 9 * 60, 200);
}

static void stand_at(unsigned i)
{
    the_site = made[i].site_id;
    the_campaign = made[i].campaign_id;
    the_slot = made[i].slot_id;
}

/* Who scans is the official herself, so that a place alone decides. */
static void employ(struct harness *h, struct authority_place *place)
{
    Health__RegisterDeviceRequest request = HEALTH__REGISTER_DEVICE_REQUEST__INIT;
    const Health__Device *device;

    set_staff(h, SCANNER, HEALTH__DUTY__SCANS, false);
    set_staff(h, CLERK, HEALTH__DUTY__REPORTS, false);
    set_staff(h, AUTHORITY_OFFICIAL, HEALTH__DUTY__SCANS, false);
    set_staff(h, AUTHORITY_OFFICIAL, HEALTH__DUTY__REPORTS, false);
    register_the_device(h);
    request.site_id = the_site;
    request.name = unconst("二号枪");
    device = harness_output(h,
                            call_once(h, "Doors.RegisterDevice", &request.base,
                                      harness_official(h, AUTHORITY_OFFICIAL, RULE__ROLE__CHECKUP_STAFF, UNION)),
                            &health__device__descriptor);
    authority_put(place, "device_id", device->device_id);
}

/* Drafts, and one that is announced. */
static void make_drafts(struct harness *h, struct authority_place *place)
{
    Health__Campaign *draft = a_draft(h, 100);

    draft->union_id = a_union(h, place->path);
    draft->sites[0]->site_id = the_site;
    authority_put(place, "Campaigns.UpdateCampaign/campaign_id",
                  campaign_of(h, create_campaign(h, manager_of(h, UNION), draft))->campaign_id);
    authority_put(place, "Draws.Announce/campaign_id",
                  campaign_of(h, create_campaign(h, manager_of(h, UNION), draft))->campaign_id);
    authority_put(place, "opens_at", draft->opens_at);
    authority_put(place, "closes_at", draft->closes_at);
    authority_put(place, "value_at", draft->value_at);
    authority_put(place, "draw_at", draft->draw_at);
    authority_put(place, "book_from", draft->book_from);
    authority_put(place, "book_until", draft->book_until);
}

/* What is settled, confirmed and invoiced; an account that waits. */
static void put_payments(struct harness *h, struct authority_place *place)
{
    Health__ProposePayeeRequest account = HEALTH__PROPOSE_PAYEE_REQUEST__INIT;
    Settlement__EnterInvoiceRequest invoice = SETTLEMENT__ENTER_INVOICE_REQUEST__INIT;
    const Settlement__Invoice *entered;
    const Settlement__Payee *payee;

    invoice.settlement_id = settlement_of(h, prepare(h, finance(h, 701)))->settlement_id;
    assert_ok(confirm(h, invoice.settlement_id, finance(h, 702)));
    invoice.number = arena_printf(&h->arena, "%08lld", (long long)(the_site % 100000000));
    invoice.title = "佛山市总工会";
    invoice.fen = 1;
    entered = harness_output(h, call_once(h, "Payments.EnterInvoice", &invoice.base, finance(h, 701)),
                             &settlement__invoice__descriptor);
    authority_put(place, "invoice_id", entered->invoice_id);
    authority_put(place, "Payments.ListInvoices/settlement_id", invoice.settlement_id);
    authority_put(place, "Payments.EnterInvoice/settlement_id", invoice.settlement_id);
    authority_put(place, "Payments.PaySettlement/settlement_id", invoice.settlement_id);
    account.site_id = the_site;
    account.name = account.bank = "佛山农商银行";
    account.number = "12345678";
    payee = harness_output(h, harness_call(h, "Payments.ProposePayee", &account.base, finance(h, 701), NULL),
                           &settlement__payee__descriptor);
    authority_put(place, "payee_account_id", payee->payee_account_id);
}

/* One who has come, and has a report; one who has booked and will. */
static void make_guests(struct harness *h, struct authority_place *place, unsigned i)
{
    Rpc__Principal *came = harness_member(h, OWNER + i * 2, TOWN), *will = harness_member(h, OWNER + i * 2 + 1, TOWN);
    int64_t booking_id, scan_id;
    const char *text;

    booking_id = booking_of(h, came->member_id, false);
    scan_id = come(h, booking_id);
    authority_put(place, "scan_id", scan_id);
    authority_put(place, "Reports.BeginReport/booking_id", booking_id);
    make_pdf(1000, 'x');
    authority_put_hers(place, "report_id", uploaded(h, booking_id), came);
    make_pdf(2000, 'y');
    authority_put(place, "Reports.PutReportPart/report_id", begun(h, booking_id));
    authority_put(place, "Reports.FinishReport/report_id", begun(h, booking_id));
    consent(h, came->member_id, 1, false);
    put_payments(h, place);
    booking_of(h, OWNER + 1000 + i, true);
    authority_put(place, "settlement_id", settlement_of(h, prepare(h, finance(h, 701)))->settlement_id);
    booking_id = booking_of(h, will->member_id, false);
    authority_put_hers(place, "booking_id", booking_id, will);
    text = pass_in(h, on_booking(h, "Passes.GetPass", booking_id, will->member_id))->text;
    authority_put_text(place, "text", text);
    authority_put_text(place, "code", text);
}

/* ---- the world ---- */

static struct authority world;

static void begin_with_places(struct harness *h)
{
    begin(h);
    clock_step(&h->service.clock, DAY_AT - 20 * HEALTH_DAY_MS - now_of(h));
    for (unsigned i = 0; i < N_PLACES; i++)
        make_campaign(h, world.places[i].path, i);
    clock_step(&h->service.clock, DAY_AT + 8 * HOUR_MS - now_of(h));
}

static void make(struct harness *h, struct authority_place *place, unsigned i)
{
    stand_at(i);
    authority_put(place, "union_id", a_union(h, place->path));
    authority_put(place, "package_id", made[i].package_id);
    authority_put(place, "site_id", made[i].site_id);
    authority_put(place, "campaign_id", made[i].campaign_id);
    authority_put(place, "slot_id", made[i].slot_id);
    make_drafts(h, place);
    employ(h, place);
    make_guests(h, place, i);
}

static const struct authority_field fields[] = {
    {.field = "chain_id", .number = 0},
    {.field = "Campaigns.CreatePackage/package_id", .number = 0},
    {.field = "Campaigns.CreateCampaign/campaign_id", .number = 0},
    {.field = "Sites.CreateSite/site_id", .number = 0},
    {.field = "member_id", .number = 12345},
    {.field = "title", .text = "职工免费体检"},
    {.field = "rules", .text = "本市工会会员每人一次"},
    {.field = "label", .text = "全体"},
    {.field = "public_name", .text = "双色球下一期开奖号码"},
    {.field = "name", .text = "血糖"},
    {.field = "address", .text = "亲仁路6号"},
    {.field = "value", .text = "03 07 11 18 22 30 + 09"},
    {.field = "reason", .text = "有误"},
    {.field = "scan_ref", .text = "scan-of-the-matrix"},
    {.field = "at", .number = DAY_AT},
    {.field = "content", .text = "%PDF-1.7"},
    {.field = "until_minute", .number = 600},
    {.field = "capacity", .number = 5},
    {.field = "day", .number = DAY},
    {.field = "kind", .number = 0},
    {.field = "days", .number = 3},
    {.field = "bank", .text = "佛山农商银行"},
    {.field = "number", .text = "87654321"},
    {.field = "reference", .text = "CCB20260301-000001"},
    {.field = "paid_at", .number = DAY_AT},
    {.field = "fen", .number = 1},
    {.field = "csv", .text = "77,116.00"},
    {NULL},
};
static const int refusals[] = {HEALTH__REASON__NOT_SITE_STAFF, HEALTH__REASON__NOT_CLERK_HERE,
                               HEALTH__REASON__DEVICE_NOT_YOURS, 0};
static const char *const placeless[] = {"Sites.ListMySites", NULL};
static const char *const foreign[] = {"member_id", NULL};

static struct authority world = {
    .queue = "health",
    .harness = &harness,
    .begin = begin_with_places,
    .end = end,
    .make = make,
    .fields = fields,
    .refusals = refusals,
    .placeless = placeless,
    .foreign = foreign,
};

int main(void)
{
    return authority_run(&world);
}
