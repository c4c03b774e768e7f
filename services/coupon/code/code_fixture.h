/* code_fixture.h: what the tests of partners' codes share. */
#pragma once
#include "common/base/body_parts.h"
#include "services/coupon/code/codes.h"
#include "services/coupon/fixture.h"

static inline Coupon__Release codes_draft(int32_t days)
{
    static Coupon__CodeTerms terms;
    Coupon__Release draft = draft_of(0, days, COUPON__ALLOWANCE__ONE_PER_RELEASE);

    coupon__code_terms__init(&terms);
    terms.partner = "大地影院";
    terms.how_to = "选座时输入券码";
    draft.way = COUPON__WAY__CODES;
    draft.codes = &terms;
    return draft;
}

static inline const Imports__Import *code_import_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &imports__import__descriptor);
}

static inline const Rpc__Answer *on_import(const char *method, int64_t import_id)
{
    Imports__ImportIdRequest request = IMPORTS__IMPORT_ID_REQUEST__INIT;

    request.import_id = import_id;
    return harness_call(&h, method, &request.base, manager_of(UNION), NULL);
}

/* A file that is uploaded, and not checked yet. */
static inline int64_t upload_codes_as(int64_t release_id, const char *text, const Rpc__Principal *who)
{
    Coupon__BeginCodeImportRequest begin_request = COUPON__BEGIN_CODE_IMPORT_REQUEST__INIT;
    Imports__PutImportPartRequest put = IMPORTS__PUT_IMPORT_PART_REQUEST__INIT;
    static unsigned n;
    char key[24];

    begin_request.release_id = release_id;
    begin_request.size = (int32_t)strlen(text);
    snprintf(key, sizeof(key), "upload-%u", n++);
    put.import_id = code_import_of(harness_call(&h, "Codes.BeginCodeImport", &begin_request.base, who, key))->import_id;
    for (; put.part < body_parts(begin_request.size); put.part++) {
        put.content = (ProtobufCBinaryData){(size_t)body_part_size(begin_request.size, put.part),
                                            (uint8_t *)unconst(text + put.part * LIMIT_PART)};
        assert_ok(harness_call(&h, "Codes.PutCodeImportPart", &put.base, who, NULL));
    }
    return put.import_id;
}

static inline int64_t upload_codes(int64_t release_id, const char *text)
{
    return upload_codes_as(release_id, text, manager_of(UNION));
}

/* What becomes of it by an operation, when all work is done. */
static inline const Imports__Import *worked(const char *method, int64_t import_id)
{
    assert_ok(on_import(method, import_id));
    tidy_all();
    return code_import_of(on_import("Codes.GetCodeImport", import_id));
}

static inline const Imports__Import *import_codes(int64_t release_id, const char *text)
{
    int64_t import_id = upload_codes(release_id, text);

    assert_int_equal(worked("Codes.CheckCodeImport", import_id)->state, IMPORTS__IMPORT_STATE__IMPORT_CHECKED);
    return worked("Codes.ConfirmCodeImport", import_id);
}

static inline int64_t open_codes(const char *text)
{
    int64_t id = publish(codes_draft(2));

    if (text)
        assert_int_equal(import_codes(id, text)->state, IMPORTS__IMPORT_STATE__IMPORT_LOADED);
    if (clock_now(&h.service.clock) < OPENS)
        clock_step(&h.service.clock, OPENS - clock_now(&h.service.clock));
    return id;
}

static inline const char *partner_code_of(const Rpc__Answer *answer)
{
    return coupon_of(answer)->partner_code->code;
}

static inline const Coupon__CodeVoid *void_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__code_void__descriptor);
}

static inline const Rpc__Answer *propose_void(int64_t release_id, const char *code, int64_t coupon_id)
{
    Coupon__ProposeCodeVoidRequest request = COUPON__PROPOSE_CODE_VOID_REQUEST__INIT;
    static unsigned n;
    char key[24];

    request.release_id = release_id;
    request.code = unconst(code);
    request.coupon_id = coupon_id;
    request.remark = "影院称该码已被使用";
    snprintf(key, sizeof(key), "void-%u", n++);
    return harness_call(&h, "Codes.ProposeCodeVoid", &request.base, manager_of(UNION), key);
}

static inline const Rpc__Answer *on_void(const char *method, int64_t void_id, int64_t member_id)
{
    Coupon__CodeVoidRequest request = COUPON__CODE_VOID_REQUEST__INIT;

    request.void_id = void_id;
    return harness_call(&h, method, &request.base, harness_official(&h, member_id, RULE__ROLE__BENEFIT_MANAGER, UNION),
                        NULL);
}
