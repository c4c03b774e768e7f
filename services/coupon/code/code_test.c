/* Codes of partners: imported, handed out once each, and what becomes of bad ones. */
#include "services/coupon/code/code_fixture.h"
#include "tests/scan.h"

static const char three[] = "序号,券码,密码\n1,AAAA-0001,1111\n2,AAAA-0002,\n3,AAAA-0003,3333\n";

static const char *report_of(int64_t import_id)
{
    Imports__DownloadImportReportRequest request = IMPORTS__DOWNLOAD_IMPORT_REPORT_REQUEST__INIT;
    const Rpc__Part *part;
    static char text[4096];

    request.import_id = import_id;
    part =
        harness_output(&h, harness_call(&h, "Codes.DownloadCodeImportReport", &request.base, manager_of(UNION), NULL),
                       &rpc__part__descriptor);
    assert_true(part->body.len < sizeof(text));
    memcpy(text, part->body.data, part->body.len);
    text[part->body.len] = '\0';
    return text;
}

static void each_code_is_handed_out_once_and_shown_to_who_has_it(void **state)
{
    int64_t id = open_codes(three);
    const Rpc__Answer *answer = claim_as(id, harness_member(&h, 1, TOWN), "mine");
    const Coupon__OfferList *offers;

    (void)state;
    assert_int_equal(get(id)->left, 2);
    assert_int_equal(get(id)->release->stock_per_day, 0); /* as many as are left */
    assert_int_equal(get(id)->release->codes->imported, 3);
    assert_int_equal(get(id)->release->codes->left, 2);
    assert_true(answer->created);
    assert_string_equal(partner_code_of(answer), "AAAA-0001");
    assert_string_equal(coupon_of(answer)->partner_code->pin, "1111");
    assert_string_equal(coupon_of(answer)->partner_code->partner, "大地影院");
    assert_string_equal(coupon_of(answer)->partner_code->how_to, "选座时输入券码");
    for (int i = 0; i < 2; i++) {
        assert_string_equal(partner_code_of(claim(id, 1)), "AAAA-0001");
        assert_string_equal(list_coupons(1, 5, NULL)->coupons[0]->partner_code->code, "AAAA-0001");
        assert_int_equal(get(id)->left, 2);
        harness_reopen(&h);
    }
    assert_string_equal(partner_code_of(claim(id, 2)), "AAAA-0002");
    assert_string_equal(coupon_of(claim(id, 2))->partner_code->pin, "");
    assert_string_equal(partner_code_of(claim(id, 3)), "AAAA-0003");
    answer = claim(id, 4);
    assert_refused(answer, "SOLD_OUT");
    assert_null(harness_fact(answer, "soldOutAt"));
    offers = list_offers(harness_member(&h, 4, TOWN));
    assert_string_equal(offers->offers[0]->reason, "SOLD_OUT");
    import_codes(id, "券码,密码\nBBBB-0001,1\n");
    assert_string_equal(partner_code_of(claim(id, 4)), "BBBB-0001");
    assert_clean();
}

static void a_code_stands_in_no_journal_and_no_table_as_it_is(void **state)
{
    int64_t id = open_codes(three);

    (void)state;
    claim(id, 1);
    assert_false(scan_bytes(&h, "AAAA-0001", 9));
    assert_false(scan_bytes(&h, "AAAA-0003", 9));
    assert_clean();
}

static void duplicates_are_reported_by_their_line_and_never_by_the_code(void **state)
{
    int64_t other = publish(codes_draft(1)), id = open_codes(three), import_id;
    const char *const file = "券码,密码\nCCCC-0001,1\nAAAA-0002,2\nCCCC-0001,3\nX,4\nCCCC-0002,\n";
    const Imports__Import *import;
    const char *report;

    (void)state;
    import_id = upload_codes(other, file);
    import = worked("Codes.CheckCodeImport", import_id);
    assert_int_equal(import->state, IMPORTS__IMPORT_STATE__IMPORT_CHECKED);
    assert_int_equal(import->rows, 5);
    assert_int_equal(import->loaded, 2);
    assert_int_equal(import->refused, 3);
    assert_int_equal(get(other)->left, 0); /* nothing is taken over yet */
    import = worked("Codes.ConfirmCodeImport", import_id);
    assert_int_equal(import->loaded, 2);
    assert_int_equal(get(other)->left, 2);
    report = report_of(import_id);
    assert_non_null(strstr(report, "3,未导入,券码,\"该券码以前已经导入过\",CODE_KNOWN"));
    assert_non_null(strstr(report, "4,未导入,券码,\"与本文件上方的券码重复\",CODE_TWICE"));
    assert_non_null(strstr(report, "5,未导入,券码,"));
    assert_non_null(strstr(report, "2,新增"));
    assert_null(strstr(report, "AAAA"));
    assert_null(strstr(report, "CCCC"));
    /* The same file again has nothing to be taken over. */
    import = worked("Codes.CheckCodeImport", upload_codes(id, file));
    assert_int_equal(import->loaded, 0);
    assert_clean();
}

static void a_list_of_nothing_but_codes_is_a_table(void **state)
{
    int64_t id = publish(codes_draft(1));
    const Imports__Import *import;

    (void)state;
    assert_int_equal(import_codes(id, "券码\nAAAA-0001\nAAAA-0002\n")->loaded, 2);
    import = worked("Codes.CheckCodeImport", upload_codes(id, "BBBB-0001\nBBBB-0002\n"));
    assert_int_equal(import->state, IMPORTS__IMPORT_STATE__IMPORT_REFUSED);
    assert_string_equal(import->fault, "FILE_HEADINGS");
    assert_int_equal(get(id)->left, 2);
    assert_clean();
}

static const Coupon__ReleaseCost *cost_of(int64_t release_id)
{
    return harness_output(&h, on_release("Templates.GetReleaseCost", release_id, manager_of(UNION)),
                          &coupon__release_cost__descriptor);
}

/* It has a price of the codes that there are, and not of all that a day could hold. */
static void it_costs_at_most_what_its_codes_are(void **state)
{
    Coupon__Release draft = codes_draft(2), few = codes_draft(2);
    int64_t id, id_of_few;

    (void)state;
    draft.face_fen = few.face_fen = draft.threshold_fen = few.threshold_fen = 3000;
    few.stock_per_day = 1;
    id = publish(draft);
    id_of_few = publish(few);
    assert_int_equal(cost_of(id)->coupons, 0);
    assert_int_equal(cost_of(id)->cost_fen, 0);
    assert_int_equal(import_codes(id, three)->loaded, 3);
    assert_int_equal(cost_of(id)->coupons, 3);
    assert_int_equal(cost_of(id)->cost_fen, 9000);
    assert_int_equal(cost_of(id)->day_fen, 9000);
    assert_int_equal(import_codes(id_of_few, "券码,密码\nCCCC-0001,1\nCCCC-0002,2\nCCCC-0003,3\n")->loaded, 3);
    assert_int_equal(cost_of(id_of_few)->coupons, 2);
    assert_int_equal(cost_of(id_of_few)->cost_fen, 6000);
    assert_int_equal(cost_of(id_of_few)->day_fen, 3000);
}

static void an_upload_is_given_up_until_it_is_confirmed(void **state)
{
    int64_t id = publish(codes_draft(1)), checked = upload_codes(id, three), loaded;

    (void)state;
    worked("Codes.CheckCodeImport", checked);
    for (int i = 0; i < 2; i++)
        assert_int_equal(code_import_of(on_import("Codes.CancelCodeImport", checked))->state,
                         IMPORTS__IMPORT_STATE__IMPORT_GIVEN_UP);
    assert_refused(on_import("Codes.ConfirmCodeImport", checked), "IMPORT_STATE_WRONG");
    assert_int_equal(get(id)->left, 0);
    loaded = import_codes(id, three)->import_id; /* its codes are known from no list that was given up */
    assert_refused(on_import("Codes.CancelCodeImport", loaded), "IMPORT_STATE_WRONG");
    assert_int_equal(get(id)->left, 3);
    assert_clean();
}

static void numbers_that_a_spreadsheet_has_rounded_are_refused_with_the_file(void **state)
{
    int64_t id = publish(codes_draft(1));
    const Imports__Import *import =
        worked("Codes.CheckCodeImport",
               upload_codes(id, "券码,密码\n440600000000000000,1\n4.406E+17,2\n440600000000001000,3\n"));

    (void)state;
    assert_int_equal(import->state, IMPORTS__IMPORT_STATE__IMPORT_REFUSED);
    assert_string_equal(import->fault, "FILE_NUMBERS_ROUNDED");
    assert_int_equal(get(id)->left, 0);
}

static void a_bad_code_is_replaced_by_two_hands(void **state)
{
    int64_t id = open_codes(three), coupon_id = coupon_of(claim(id, 1))->coupon_id, void_id;

    (void)state;
    assert_refused(propose_void(id, "ZZZZ-9999", 0), "CODE_NOT_FOUND");
    /* As somebody types it who has it before her: the same folding as when it was imported. */
    void_id = void_of(propose_void(id, " ＡＡＡＡ-０００１　", 0))->void_id;
    assert_refused(on_void("Codes.ConfirmCodeVoid", void_id, 900), "HANDS_SAME");
    assert_int_equal(void_of(on_void("Codes.GetCodeVoid", void_id, 901))->release_id, id);
    assert_refused(on_void("Codes.GetCodeVoid", void_id + 1, 901), "CODE_ENDING_NOT_FOUND");
    assert_string_equal(partner_code_of(claim(id, 1)), "AAAA-0001");
    assert_int_equal(void_of(on_void("Codes.ConfirmCodeVoid", void_id, 901))->state,
                     COUPON__CODE_VOID_STATE__CODE_VOID_DONE);
    assert_int_equal(coupon_of(claim(id, 1))->coupon_id, coupon_id);
    assert_string_equal(partner_code_of(claim(id, 1)), "AAAA-0002");
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__COUPON_CODE_REPLACED, coupon_id), 1);
    assert_int_equal(get(id)->left, 1);
    assert_int_equal(get(id)->release->codes->voided, 1);
    /* One that nobody has is only good no more. */
    void_id = void_of(propose_void(id, "AAAA-0003", 0))->void_id;
    assert_ok(on_void("Codes.ConfirmCodeVoid", void_id, 901));
    assert_int_equal(get(id)->left, 0);
    /* Without one left there is nothing to give her. */
    void_id = void_of(propose_void(id, "", coupon_id))->void_id;
    assert_refused(on_void("Codes.ConfirmCodeVoid", void_id, 901), "CODES_NONE_LEFT");
    assert_string_equal(partner_code_of(claim(id, 1)), "AAAA-0002");
    assert_int_equal(void_of(on_void("Codes.RefuseCodeVoid", void_id, 901))->state,
                     COUPON__CODE_VOID_STATE__CODE_VOID_REFUSED);
    assert_refused(on_void("Codes.ConfirmCodeVoid", void_id, 901), "HANDS_OVER");
    harness_reopen(&h);
    assert_int_equal(get(id)->left, 0);
    assert_clean();
}

static void withdraw_one(void *call, void *coupon_id)
{
    coupon_withdraw(h.service.self, *(int64_t *)coupon_id, call);
}

/* She has seen it. */
static void the_code_of_a_coupon_that_was_withdrawn_is_nobodys_again(void **state)
{
    int64_t id = open_codes("券码,密码\nAAAA-0001,1\n"), coupon_id = coupon_of(claim(id, 1))->coupon_id;

    (void)state;
    rpc_server_transact(((struct coupon *)h.service.self)->rpc, withdraw_one, &coupon_id);
    assert_null(list_coupons(1, 5, NULL)->coupons[0]->partner_code);
    for (int i = 0; i < 2; i++) {
        assert_refused(claim(id, 2), "SOLD_OUT");
        harness_reopen(&h);
    }
    assert_clean();
}

static void the_audit_finds_a_code_that_was_changed(void **state)
{
    static const char *const changes[][2] = {
        {"UPDATE partner_code SET state = 1, coupon_id = 5 WHERE state = 0",
         "UPDATE partner_code SET state = 0, coupon_id = 0 WHERE coupon_id = 5"},
        {"UPDATE code_terms SET free = free + 1", "UPDATE code_terms SET free = free - 1"},
        {"UPDATE partner_code SET state = 2 WHERE state = 1", "UPDATE partner_code SET state = 1 WHERE state = 2"},
    };

    (void)state;
    claim(open_codes("券码,密码\nAAAA-0001,1\nAAAA-0002,1\n"), 1);
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        assert_clean();
        harness_tamper(&h, changes[i][0]);
        assert_string_not_equal(harness_audit(&h), "");
        harness_tamper(&h, changes[i][1]);
    }
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_code_is_handed_out_once_and_shown_to_who_has_it),
        TEST(a_code_stands_in_no_journal_and_no_table_as_it_is),
        TEST(duplicates_are_reported_by_their_line_and_never_by_the_code),
        TEST(a_list_of_nothing_but_codes_is_a_table),
        TEST(it_costs_at_most_what_its_codes_are),
        TEST(an_upload_is_given_up_until_it_is_confirmed),
        TEST(numbers_that_a_spreadsheet_has_rounded_are_refused_with_the_file),
        TEST(a_bad_code_is_replaced_by_two_hands),
        TEST(the_code_of_a_coupon_that_was_withdrawn_is_nobodys_again),
        TEST(the_audit_finds_a_code_that_was_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
