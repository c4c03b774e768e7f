/* Reports, from the clerk's upload to the member's reading and their end. */
#include "services/health/report/report_fixture.h"
#include "tests/power.h"

#define MEMBER 7
#define SIZE   (2 * LIMIT_PART + 1000)
#define SHORT  9000 /* of the report that is uploaded under power cuts */

static struct harness h;
static int64_t booking_id;

static void begin_with_a_booking(struct harness *trial)
{
    begin_campaign(trial);
    booking_id = booking_of(trial, MEMBER, true);
    set_staff(trial, CLERK, HEALTH__DUTY__REPORTS, false);
}

static int setup(void **state)
{
    *state = &h;
    begin_with_a_booking(&h);
    make_pdf(SIZE, 'x');
    return 0;
}

/* ---- callers ---- */

static Rpc__Principal *member(int64_t member_id)
{
    return harness_member(&h, member_id, TOWN);
}

static Health__MyReportList *my_reports(int64_t member_id)
{
    Health__MyReportsRequest request = HEALTH__MY_REPORTS_REQUEST__INIT;

    return harness_output(&h, harness_call(&h, "Reports.ListMyReports", &request.base, member(member_id), NULL),
                          &health__my_report_list__descriptor);
}

static void publish_policy(int32_t version, int64_t in_force_at)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__PolicyPublished published = IDENTITY__POLICY_PUBLISHED__INIT;

    published.purpose = IDENTITY__PURPOSE__PURPOSE_HEALTH_REPORT;
    published.version = version;
    published.in_force_at = in_force_at;
    event.event_case = IDENTITY__EVENT__EVENT_POLICY_PUBLISHED;
    event.policy_published = &published;
    assert_int_equal(hear(&h, &event), 0);
}

/* ---- uploading ---- */

static void a_report_of_nobody_who_attended_is_refused(void **state)
{
    int64_t rows = journal_rows(&h), absent;

    (void)state;
    absent = booking_of(&h, MEMBER + 1, false);
    rows = journal_rows(&h);
    assert_refused(try_begin(&h, clerk_of(&h), absent, SIZE, NULL), "NOT_ATTENDED");
    assert_refused(try_begin(&h, clerk_of(&h), booking_id + 999, SIZE, NULL), "BOOKING_NOT_FOUND");
    assert_int_equal(journal_rows(&h), rows);
}

static void only_the_sites_clerk_uploads(void **state)
{
    int64_t report_id = begun(&h, booking_id);

    (void)state;
    assert_refused(try_begin(&h, member(CLERK), booking_id, SIZE, NULL), "NOT_OFFICIAL");
    assert_refused(try_begin(&h, harness_official(&h, 801, RULE__ROLE__REPORT_CLERK, UNION), booking_id, SIZE, NULL),
                   "NOT_CLERK_HERE");
    assert_refused(try_begin(&h, harness_official(&h, CLERK, RULE__ROLE__REPORT_CLERK, "0002"), booking_id, SIZE, NULL),
                   "NOT_CLERK_HERE");
    set_staff(&h, CLERK, HEALTH__DUTY__REPORTS, true);
    assert_refused(put_part(&h, report_id, 0), "NOT_CLERK_HERE");
    assert_refused(finish(&h, report_id), "NOT_CLERK_HERE");
}

static void hepatitis_b_is_kept_out_of_reports_too(void **state)
{
    Health__ReportItem item = blood_sugar(false);

    (void)state;
    item.name = "乙肝表面抗原";
    assert_refused(try_begin(&h, clerk_of(&h), booking_id, 0, &item), "REPORT_HEPATITIS_B");
    assert_refused(try_begin(&h, clerk_of(&h), booking_id, 0, NULL), "REPORT_EMPTY");
}

static void parts_come_in_any_order_and_again(void **state)
{
    int64_t report_id = begun(&h, booking_id);
    const Health__ReportFact *fact;

    (void)state;
    assert_int_equal(fact_of(&h, put_part(&h, report_id, 2))->received, 1);
    assert_int_equal(fact_of(&h, put_part(&h, report_id, 0))->received, 2);
    pdf[LIMIT_PART + 5] ^= 1;
    assert_int_equal(fact_of(&h, put_part(&h, report_id, 1))->received, 3);
    pdf[LIMIT_PART + 5] ^= 1;
    assert_refused(finish(&h, report_id), "REPORT_DAMAGED");
    harness_reopen(&h);
    assert_int_equal(fact_of(&h, put_part(&h, report_id, 1))->received, 3);
    fact = fact_of(&h, finish(&h, report_id));
    assert_int_equal(fact->state, HEALTH__REPORT_STATE__REPORT_STATE_READY);
    assert_int_equal(fact->version, 1);
    assert_int_equal(fact_of(&h, finish(&h, report_id))->version, 1);
    assert_refused(put_part(&h, report_id, 1), "REPORT_NOT_UPLOADING");
    assert_int_equal(last_notice(&h)->member_id, MEMBER);
}

static void a_long_pdf_is_hashed_some_parts_at_a_time(void **state)
{
    struct health *self = h.service.self;
    int64_t report_id;

    (void)state;
    make_pdf(PDF_MAX, 'x');
    report_id = begun(&h, booking_id);
    for (int32_t part = 0; part < body_parts(PDF_MAX); part++)
        assert_ok(put_part(&h, report_id, part));
    pdf[PDF_MAX - 1] ^= 1;
    assert_refused(finish(&h, report_id), "REPORT_DAMAGED");
    pdf[PDF_MAX - 1] ^= 1;
    assert_ok(finish(&h, report_id));
    assert_int_equal(self->vault.runs, 1);
}

/* Whoever puts a part again while the others are hashed has the new one hashed too. */
static void a_part_that_changes_while_it_is_hashed_is_hashed_anew(void **state)
{
    Health__FinishReportRequest request = HEALTH__FINISH_REPORT_REQUEST__INIT;
    int64_t report_id = begun(&h, booking_id);
    unsigned char sum[32];

    (void)state;
    for (int32_t part = 0; part < 3; part++)
        assert_ok(put_part(&h, report_id, part));
    sha256_of(pdf, SIZE, sum);
    request.report_id = report_id;
    request.sha256 = (ProtobufCBinaryData){sizeof(sum), sum};
    harness_add(&h, "Reports.FinishReport", &request.base, clerk_of(&h), NULL);
    harness_take(&h);
    rpc_server_finish(h.service.rpc, harness_on_answers, &h);
    assert_int_equal(h.n_jobs, 1);
    pdf[LIMIT_PART + 5] ^= 1;
    put_part(&h, report_id, 1);
    pdf[LIMIT_PART + 5] ^= 1;
    assert_refused(h.answers->answers[0], "REPORT_DAMAGED"); /* of the call that waited */
    assert_refused(finish(&h, report_id), "REPORT_DAMAGED");
}

/* A part and the end of the upload in one batch, whose commit fails. */
static void a_part_that_was_not_kept_is_not_hashed(void **state)
{
    Health__PutReportPartRequest part = HEALTH__PUT_REPORT_PART_REQUEST__INIT;
    Health__FinishReportRequest end_of_it = HEALTH__FINISH_REPORT_REQUEST__INIT;
    int64_t report_id = begun(&h, booking_id);
    unsigned char sum[32];

    (void)state;
    for (int32_t i = 0; i < 3; i++)
        assert_ok(put_part(&h, report_id, i));
    harness_reopen(&h);
    pdf[LIMIT_PART + 5] ^= 1;
    sha256_of(pdf, SIZE, sum);
    part.report_id = end_of_it.report_id = report_id;
    part.part = 1;
    part.content = (ProtobufCBinaryData){LIMIT_PART, pdf + LIMIT_PART};
    end_of_it.sha256 = (ProtobufCBinaryData){sizeof(sum), sum};
    harness_add(&h, "Reports.PutReportPart", &part.base, clerk_of(&h), NULL);
    harness_add(&h, "Reports.FinishReport", &end_of_it.base, clerk_of(&h), NULL);
    disk_fail(DISK_SYNC_FAILS, 1, false);
    harness_run(&h);
    disk_heal();
    assert_refused(h.answers->answers[0], "STORE_FAILED");
    assert_refused(finish(&h, report_id), "REPORT_DAMAGED");
    pdf[LIMIT_PART + 5] ^= 1;
    assert_ok(finish(&h, report_id));
}

static void a_part_that_does_not_fit_is_refused(void **state)
{
    int64_t report_id = begun(&h, booking_id);

    (void)state;
    const Rpc__Answer *answer = put(&h, report_id, 0, pdf, LIMIT_PART - 1);

    assert_refused(answer, "REPORT_PART_WRONG");
    assert_string_equal(harness_fact(answer, "parts"), "3");
    assert_string_equal(harness_fact(answer, "length"), "131072");
    assert_refused(put(&h, report_id, 2, pdf, LIMIT_PART), "REPORT_PART_WRONG");
    assert_refused(put(&h, report_id, 3, pdf, 1000), "REPORT_PART_WRONG");
    assert_refused(put(&h, report_id, 0, pdf + LIMIT_PART, LIMIT_PART), "NOT_A_PDF");
    assert_refused(finish(&h, report_id), "REPORT_INCOMPLETE");
}

static void a_pdf_begins_where_readers_look_for_it(void **state)
{
    static unsigned char part[LIMIT_PART];
    int64_t report_id = begun(&h, booking_id);

    (void)state;
    memset(part, ' ', sizeof(part));
    memcpy(part + 1024 - 4, "%PDF-", 5);
    assert_refused(put(&h, report_id, 0, part, LIMIT_PART), "NOT_A_PDF");
    memset(part, '\n', sizeof(part));
    memcpy(part + 1024 - 5, "%PDF-", 5);
    assert_ok(put(&h, report_id, 0, part, LIMIT_PART));
}

static void an_upload_that_is_given_up_leaves_nothing(void **state)
{
    struct health *self = h.service.self;
    int64_t first = begun(&h, booking_id), second;

    (void)state;
    assert_ok(put_part(&h, first, 0));
    second = begun(&h, booking_id);
    assert_int_equal(fact_of(&h, on_report(&h, "Reports.GetUploadedReport", first, clerk_of(&h)))->state,
                     HEALTH__REPORT_STATE__REPORT_STATE_ABANDONED);
    assert_ok(put_part(&h, second, 0));
    clock_step(&h.service.clock, VAULT_UPLOAD_MS);
    assert_false(harness_tidy(&h));
    assert_refused(put_part(&h, second, 1), "REPORT_NOT_UPLOADING");
    assert_int_equal(vault_received(&self->vault, second), 0);
    assert_int_equal(my_reports(MEMBER)->n_reports, 0);
}

static void a_booking_has_so_many_versions(void **state)
{
    const Rpc__Answer *refused;

    (void)state;
    for (int i = 0; i < REPORT_VERSIONS_MAX; i++)
        begun(&h, booking_id);
    refused = try_begin(&h, clerk_of(&h), booking_id, SIZE, NULL);
    assert_refused(refused, "TOO_MANY_VERSIONS");
    assert_int_equal(strtol(harness_fact(refused, "maximum"), NULL, 10), REPORT_VERSIONS_MAX);
}

/* ---- reading ---- */

static void she_reads_her_report_and_nobody_else_does(void **state)
{
    Health__OpenedReport *opened;
    int64_t report_id = uploaded(&h, booking_id);

    (void)state;
    assert_false(my_reports(MEMBER)->reports[0]->abnormal);
    assert_refused(on_report(&h, "Reports.OpenReport", report_id, member(MEMBER)), "REPORT_CONSENT_MISSING");
    consent(&h, MEMBER, 1, false);
    consent(&h, 8, 1, false);
    assert_true(my_reports(MEMBER)->reports[0]->abnormal);
    assert_int_equal(my_reports(8)->n_reports, 0);
    assert_refused(on_report(&h, "Reports.OpenReport", report_id, member(8)), "REPORT_NOT_FOUND");
    opened = reads_her_report(&h, report_id, member(MEMBER));
    assert_string_equal(opened->items[0]->value, "9.8");
    assert_refused(fetch(&h, opened->link, 0, member(8)), "REPORT_NOT_FOUND");
    opened->link[25] ^= 1;
    assert_refused(fetch(&h, opened->link, 0, member(MEMBER)), "REPORT_LINK_INVALID");
    opened->link[25] ^= 1;
    clock_step(&h.service.clock, VAULT_LINK_MS);
    assert_refused(fetch(&h, opened->link, 0, member(MEMBER)), "REPORT_LINK_INVALID");
}

static void consent_counts_for_the_text_in_force(void **state)
{
    int64_t report_id = uploaded(&h, booking_id);

    (void)state;
    publish_policy(1, now_of(&h));
    consent(&h, MEMBER, 1, false);
    publish_policy(2, now_of(&h) + HOUR_MS);
    assert_ok(on_report(&h, "Reports.OpenReport", report_id, member(MEMBER)));
    clock_step(&h.service.clock, HOUR_MS);
    assert_refused(on_report(&h, "Reports.OpenReport", report_id, member(MEMBER)), "REPORT_CONSENT_MISSING");
    consent(&h, MEMBER, 2, false);
    assert_ok(on_report(&h, "Reports.OpenReport", report_id, member(MEMBER)));
    consent(&h, MEMBER, 2, true);
    assert_refused(on_report(&h, "Reports.OpenReport", report_id, member(MEMBER)), "REPORT_CONSENT_MISSING");
}

static void every_look_is_noted_for_her(void **state)
{
    Health__ListReportViewsRequest request = HEALTH__LIST_REPORT_VIEWS_REQUEST__INIT;
    Health__ReportViewList *list;
    int64_t report_id = uploaded(&h, booking_id);

    (void)state;
    consent(&h, MEMBER, 1, false);
    assert_ok(on_report(&h, "Reports.OpenReport", report_id, member(MEMBER)));
    clock_step(&h.service.clock, 1000);
    assert_ok(on_report(&h, "Reports.OpenReport", report_id, member(MEMBER)));
    list = harness_output(&h, on_report(&h, "Reports.ListReportViews", report_id, member(MEMBER)),
                          &health__report_view_list__descriptor);
    assert_int_equal(list->n_views, 2);
    assert_int_equal(list->views[0]->at, now_of(&h));
    assert_int_equal(list->views[0]->session_id, member(MEMBER)->session_id);
    request.report_id = report_id;
    request.page_size = 1;
    for (size_t i = 0; i < 2; i++) {
        const Health__ReportViewList *page =
            harness_output(&h, harness_call(&h, "Reports.ListReportViews", &request.base, member(MEMBER), NULL),
                           &health__report_view_list__descriptor);

        assert_int_equal(page->n_views, 1);
        assert_int_equal(page->views[0]->at, list->views[i]->at);
        assert_int_equal(*page->next_page_token != '\0', i == 0);
        request.page_token = page->next_page_token;
    }
    assert_refused(on_report(&h, "Reports.ListReportViews", report_id, member(8)), "REPORT_NOT_FOUND");
}

static void a_second_version_supersedes_the_first_visibly(void **state)
{
    int64_t first = uploaded(&h, booking_id), second;
    Health__MyReportList *list;

    (void)state;
    make_pdf(SIZE, 'y');
    second = uploaded(&h, booking_id);
    consent(&h, MEMBER, 1, false);
    list = my_reports(MEMBER);
    assert_int_equal(list->n_reports, 2);
    assert_int_equal(list->reports[0]->fact->report_id, second);
    assert_int_equal(list->reports[0]->fact->version, 2);
    assert_int_equal(list->reports[1]->fact->state, HEALTH__REPORT_STATE__REPORT_STATE_SUPERSEDED);
    assert_ok(on_report(&h, "Reports.OpenReport", first, member(MEMBER)));
}

/* ---- their end ---- */

static void gone(int64_t report_id, int state)
{
    struct health *self = h.service.self;
    struct vault_file report;

    assert_true(vault_find(&self->vault, report_id, &report));
    assert_int_equal(report.state, state);
    assert_int_equal(report.wrapped_len, 0);
    assert_int_equal(vault_received(&self->vault, report_id), 0);
    assert_refused(on_report(&h, "Reports.OpenReport", report_id, member(MEMBER)), "REPORT_GONE");
}

static void she_erases_her_report(void **state)
{
    int64_t report_id = uploaded(&h, booking_id);

    (void)state;
    consent(&h, MEMBER, 1, false);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__CHECKUP_REPORT_READY, report_id), 1);
    assert_refused(on_report(&h, "Reports.EraseReport", report_id, member(8)), "REPORT_NOT_FOUND");
    assert_int_equal(fact_of(&h, on_report(&h, "Reports.EraseReport", report_id, member(MEMBER)))->state,
                     HEALTH__REPORT_STATE__REPORT_STATE_ERASED);
    assert_ok(on_report(&h, "Reports.EraseReport", report_id, member(MEMBER)));
    gone(report_id, HEALTH__REPORT_STATE__REPORT_STATE_ERASED);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__CHECKUP_REPORT_READY, report_id), 0);
    assert_int_equal(my_reports(MEMBER)->reports[0]->fact->state, HEALTH__REPORT_STATE__REPORT_STATE_ERASED);
}

static void a_reports_key_is_destroyed_when_its_time_is_over(void **state)
{
    int64_t report_id = uploaded(&h, booking_id);

    (void)state;
    consent(&h, MEMBER, 1, false);
    clock_step(&h.service.clock, 730 * HEALTH_DAY_MS - 1);
    harness_tidy(&h);
    assert_ok(on_report(&h, "Reports.OpenReport", report_id, member(MEMBER)));
    clock_step(&h.service.clock, 1);
    harness_tidy(&h);
    gone(report_id, HEALTH__REPORT_STATE__REPORT_STATE_EXPIRED);
}

static void what_is_said_of_a_report_behind_the_journals_back_is_found(void **state)
{
    (void)state;
    setup(state);
    uploaded(&h, booking_id);
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE vault_file SET version = 2");
    assert_non_null(strstr(harness_audit(&h), "journal"));
    harness_tamper(&h, "UPDATE vault_file SET version = 1, wrapped = x''");
    assert_non_null(strstr(harness_audit(&h), "its key"));
    harness_tamper(&h, "UPDATE vault_file SET state = 6, notes = x''");
    assert_non_null(strstr(harness_audit(&h), "journal"));
    harness_tamper(&h, "DELETE FROM vault_part");
    harness_tamper(&h, "DELETE FROM vault_file");
    assert_non_null(strstr(harness_audit(&h), "journal"));
    harness_close(&h);
}

static void nothing_of_a_report_is_in_the_store_as_it_was_said(void **state)
{
    char path[64], *bytes;
    FILE *file;
    long len;

    (void)state;
    uploaded(&h, booking_id);
    harness_stop(&h);
    snprintf(path, sizeof(path), "%s/data.sqlite", h.dir);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    len = ftell(file);
    rewind(file);
    bytes = malloc((size_t)len);
    assert_int_equal(fread(bytes, 1, (size_t)len, file), len);
    fclose(file);
    assert_null(memmem(bytes, (size_t)len, "mmol/L", 6));
    assert_null(memmem(bytes, (size_t)len, "%PDF-", 5));
    assert_null(memmem(bytes, (size_t)len, "xxxxxxxxxxxxxxxx", 16));
    free(bytes);
    harness_start(&h);
}

/* ---- the power ---- */

static int64_t told_report;
static bool told_part, told_ready;

static void upload_until_dark(struct harness *trial)
{
    Health__ReportItem item = blood_sugar(true);
    const Rpc__Answer *answer = try_begin(&h, clerk_of(&h), booking_id, pdf_size, &item);

    (void)trial;
    told_report = 0;
    told_part = told_ready = false;
    if (answer->reason)
        return;
    told_report = fact_of(&h, answer)->report_id;
    told_part = put_part(&h, told_report, 0)->reason == 0;
    told_ready = finish(&h, told_report)->reason == 0;
}

static void what_was_uploaded_is_there(struct harness *trial)
{
    struct health *self = trial->service.self;
    struct vault_file report;

    if (!told_report)
        return;
    assert_true(vault_find(&self->vault, told_report, &report));
    assert_true(vault_received(&self->vault, told_report) == 1 || !told_part);
    assert_true(!told_ready || report.version == 1);
    if (report.version == 0)
        assert_ok(put_part(&h, told_report, 0));
    assert_ok(finish(&h, told_report));
}

static void no_power_cut_loses_a_part_or_a_report(void **state)
{
    static const struct power_trial trial = {begin_with_a_booking, upload_until_dark, what_was_uploaded_is_there};

    (void)state;
    make_pdf(SHORT, 'x');
    assert_true(power_every_cut(&h, &trial) > 20);
}

static const Rpc__Answer *find_booking(int64_t site_id, const char *text, const char *handle, const Rpc__Principal *who)
{
    Health__FindBookingRequest request = HEALTH__FIND_BOOKING_REQUEST__INIT;

    request.site_id = site_id;
    request.text = unconst(text);
    request.handle = unconst(handle);
    return harness_call(&h, "Reports.FindBooking", &request.base, who, NULL);
}

static int64_t found(const Rpc__Answer *answer)
{
    return ((Health__FoundBooking *)harness_output(&h, answer, &health__found_booking__descriptor))->booking_id;
}

static void a_clerk_finds_a_booking_by_pass_or_handle_at_her_site(void **state)
{
    int64_t booking = booking_of(&h, 1, true);
    const Health__Pass *pass = pass_in(&h, on_booking(&h, "Passes.GetPass", booking, 1));

    (void)state;
    assert_int_equal(found(find_booking(the_site, pass->text, "", clerk_of(&h))), booking);
    assert_int_equal(found(find_booking(the_site, pass->code, "", clerk_of(&h))), booking);
    assert_int_equal(found(find_booking(the_site, "", pass->handle, clerk_of(&h))), booking);
    /* After its time too: reports come days later. */
    clock_step(&h.service.clock, 5 * HEALTH_DAY_MS);
    assert_int_equal(found(find_booking(the_site, pass->text, "", clerk_of(&h))), booking);
    assert_refused(find_booking(the_site, "", "00000000000000ff", clerk_of(&h)), "BOOKING_NOT_FOUND");
    assert_refused(find_booking(the_site, "no pass", "", clerk_of(&h)), "BOOKING_NOT_FOUND");
    assert_refused(find_booking(the_site, pass->text, "", scanner_of(&h)), "NOT_OFFICIAL");
    assert_refused(
        find_booking(the_site, pass->text, "", harness_official(&h, CLERK + 1, RULE__ROLE__REPORT_CLERK, UNION)),
        "NOT_CLERK_HERE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_report_of_nobody_who_attended_is_refused),
        TEST(a_clerk_finds_a_booking_by_pass_or_handle_at_her_site),
        TEST(only_the_sites_clerk_uploads),
        TEST(hepatitis_b_is_kept_out_of_reports_too),
        TEST(parts_come_in_any_order_and_again),
        TEST(a_long_pdf_is_hashed_some_parts_at_a_time),
        TEST(a_part_that_changes_while_it_is_hashed_is_hashed_anew),
        TEST(a_part_that_was_not_kept_is_not_hashed),
        TEST(a_part_that_does_not_fit_is_refused),
        TEST(a_pdf_begins_where_readers_look_for_it),
        TEST(an_upload_that_is_given_up_leaves_nothing),
        TEST(a_booking_has_so_many_versions),
        TEST(she_reads_her_report_and_nobody_else_does),
        TEST(consent_counts_for_the_text_in_force),
        TEST(every_look_is_noted_for_her),
        TEST(a_second_version_supersedes_the_first_visibly),
        TEST(she_erases_her_report),
        TEST(a_reports_key_is_destroyed_when_its_time_is_over),
        cmocka_unit_test(what_is_said_of_a_report_behind_the_journals_back_is_found),
        TEST(nothing_of_a_report_is_in_the_store_as_it_was_said),
        cmocka_unit_test(no_power_cut_loses_a_part_or_a_report),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
