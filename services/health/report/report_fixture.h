/* report_fixture.h: what the clerk, the member and the officials of finance do after a
 * check-up, for the tests of reports, of settlements, and of all of it. */
#pragma once

#include "common/base/sha256.h"
#include "services/health/door/attended.h"
#include "services/health/report/reports.h"

#define CLERK   800
#define PDF_MAX (10 * LIMIT_PART + 1000)

/* ---- reports ---- */

static unsigned char pdf[PDF_MAX];
static int32_t pdf_size;

static inline void make_pdf(int32_t size, unsigned char fill)
{
    pdf_size = size;
    memset(pdf, fill, sizeof(pdf));
    memcpy(pdf, "%PDF-1.7\n", 9);
    memset(pdf + LIMIT_PART, fill + 1, LIMIT_PART);
}

static inline Rpc__Principal *clerk_of(struct harness *h)
{
    return harness_official(h, CLERK, RULE__ROLE__REPORT_CLERK, UNION);
}

static inline Health__ReportItem blood_sugar(bool abnormal)
{
    Health__ReportItem item = HEALTH__REPORT_ITEM__INIT;

    item.code = "2345-7";
    item.name = "血糖";
    item.value = "9.8";
    item.unit = "mmol/L";
    item.range = "3.9-6.1";
    item.abnormal = abnormal;
    return item;
}

/* With one item, or none when it is NULL. */
static inline const Rpc__Answer *try_begin(struct harness *h, const Rpc__Principal *who, int64_t booking_id,
                                           int32_t size, Health__ReportItem *item)
{
    Health__BeginReportRequest request = HEALTH__BEGIN_REPORT_REQUEST__INIT;

    request.booking_id = booking_id;
    request.size = size;
    request.items = &item;
    request.n_items = item != NULL;
    return call_once(h, "Reports.BeginReport", &request.base, who);
}

static inline Health__ReportFact *fact_of(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &health__report_fact__descriptor);
}

/* A version of which a PDF of pdf_size bytes is still to come. */
static inline int64_t begun(struct harness *h, int64_t booking_id)
{
    Health__ReportItem item = blood_sugar(true);

    return fact_of(h, try_begin(h, clerk_of(h), booking_id, pdf_size, &item))->report_id;
}

static inline const Rpc__Answer *put(struct harness *h, int64_t report_id, int32_t part, const unsigned char *bytes,
                                     size_t len)
{
    Health__PutReportPartRequest request = HEALTH__PUT_REPORT_PART_REQUEST__INIT;

    request.report_id = report_id;
    request.part = part;
    request.content = (ProtobufCBinaryData){len, unconst(bytes)};
    return harness_call(h, "Reports.PutReportPart", &request.base, clerk_of(h), NULL);
}

static inline const Rpc__Answer *put_part(struct harness *h, int64_t report_id, int32_t part)
{
    return put(h, report_id, part, pdf + part * LIMIT_PART, (size_t)body_part_size(pdf_size, part));
}

static inline const Rpc__Answer *finish(struct harness *h, int64_t report_id)
{
    Health__FinishReportRequest request = HEALTH__FINISH_REPORT_REQUEST__INIT;
    unsigned char sum[32];

    sha256_of(pdf, (size_t)pdf_size, sum);
    request.report_id = report_id;
    request.sha256 = (ProtobufCBinaryData){sizeof(sum), sum};
    return harness_call(h, "Reports.FinishReport", &request.base, clerk_of(h), NULL);
}

static inline int64_t uploaded(struct harness *h, int64_t booking_id)
{
    int64_t report_id = begun(h, booking_id);

    for (int32_t part = 0; part < body_parts(pdf_size); part++)
        assert_ok(put_part(h, report_id, part));
    assert_ok(finish(h, report_id));
    return report_id;
}

static inline const Rpc__Answer *on_report(struct harness *h, const char *method, int64_t report_id,
                                           const Rpc__Principal *who)
{
    Health__ReportRequest request = HEALTH__REPORT_REQUEST__INIT;

    request.report_id = report_id;
    return harness_call(h, method, &request.base, who, NULL);
}

static inline const Rpc__Answer *fetch(struct harness *h, const char *path, int32_t part, const Rpc__Principal *who)
{
    Health__FetchReportRequest request = HEALTH__FETCH_REPORT_REQUEST__INIT;

    request.link = strrchr(path, '/') + 1;
    request.part = part;
    return harness_call(h, "Reports.FetchReport", &request.base, who, NULL);
}

/* She reads all of the PDF, and it is what was uploaded. */
static inline Health__OpenedReport *reads_her_report(struct harness *h, int64_t report_id, const Rpc__Principal *who)
{
    Health__OpenedReport *opened =
        harness_output(h, on_report(h, "Reports.OpenReport", report_id, who), &health__opened_report__descriptor);

    for (int32_t n = 0; n < body_parts(pdf_size); n++) {
        const Rpc__Part *part = harness_output(h, fetch(h, opened->link, n, who), &rpc__part__descriptor);

        assert_int_equal(part->body.len, body_part_size(pdf_size, n));
        assert_memory_equal(part->body.data, pdf + n * LIMIT_PART, part->body.len);
        assert_int_equal(part->next, n + 1 < body_parts(pdf_size) ? n + 1 : 0);
    }
    return opened;
}

/* ---- what identity says ---- */

/* What identity's journal says of her consent. */
static inline void consent(struct harness *h, int64_t member_id, int32_t version, bool withdrawn)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__ConsentChanged changed = IDENTITY__CONSENT_CHANGED__INIT;

    changed.member_id = member_id;
    changed.purpose = IDENTITY__PURPOSE__PURPOSE_HEALTH_REPORT;
    changed.version = version;
    changed.withdrawn = withdrawn;
    event.event_case = IDENTITY__EVENT__EVENT_CONSENT_CHANGED;
    event.consent_changed = &changed;
    assert_int_equal(hear(h, &event), 0);
}

/* ---- settlements ---- */

static inline Rpc__Principal *finance(struct harness *h, int64_t member_id)
{
    return harness_official(h, member_id, RULE__ROLE__FINANCE, UNION);
}

static inline const Rpc__Answer *prepare(struct harness *h, const Rpc__Principal *who)
{
    Health__PrepareSettlementRequest request = HEALTH__PREPARE_SETTLEMENT_REQUEST__INIT;

    request.campaign_id = the_campaign;
    request.site_id = the_site;
    return harness_call(h, "Settlements.PrepareSettlement", &request.base, who, NULL);
}

static inline Health__Settlement *settlement_of(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &health__settlement__descriptor);
}

static inline const Rpc__Answer *on_settlement(struct harness *h, const char *method, int64_t settlement_id,
                                               const Rpc__Principal *who)
{
    Settlement__SettlementRequest request = SETTLEMENT__SETTLEMENT_REQUEST__INIT;

    request.settlement_id = settlement_id;
    return harness_call(h, method, &request.base, who, NULL);
}

static inline const Rpc__Answer *confirm(struct harness *h, int64_t settlement_id, const Rpc__Principal *who)
{
    return on_settlement(h, "Settlements.ConfirmSettlement", settlement_id, who);
}
