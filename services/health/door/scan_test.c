/* Scans with network through the service: accepted, refused, undone, struck out. */
#include "services/health/door/door_fixture.h"
#include "common/trust/letter.h"

static void a_pass_is_accepted_once_and_the_same_scan_again_is_the_first(void **state)
{
    int64_t device = a_device(site, STAFF), second = a_device(site, STAFF + 1), booking = a_booking(0);
    const char *text = text_of(booking, 0);
    const Rpc__Answer *answer;
    const Health__Scan *first;

    (void)state;
    to(START);
    answer = scan(device, "scan-0001", text);
    assert_true(answer->created);
    first = scan_in(answer);
    assert_int_equal(first->outcome, HEALTH__SCAN_OUTCOME__ACCEPTED);
    assert_int_equal(state_of(&h, campaign, MEMBER), HEALTH__ENTITLEMENT_STATE__ATTENDED);
    harness_reopen(&h);
    clock_step(&h.service.clock, 1000);
    answer = scan(device, "scan-0001", text);
    assert_false(answer->created);
    assert_int_equal(scan_in(answer)->scan_id, first->scan_id);
    answer = scan_as(site, second, STAFF + 1, "other-001", text);
    assert_refused(answer, "PASS_USED");
    assert_int_equal(strtoll(harness_fact(answer, "firstSiteId"), NULL, 10), site);
    assert_string_equal(harness_fact(answer, "firstAt"), "2026-03-02T00:00:00.000Z");
    assert_int_equal(counts(site)->arrived, 1);
}

static void signatures_are_checked_beside_the_loop(void **state)
{
    int64_t device = a_device(site, STAFF), booking = a_booking(0);
    const char *text = text_of(booking, 0);
    unsigned before = h.n_beside;

    (void)state;
    to(START);
    assert_ok(scan(device, "scan-0001", text));
    assert_int_equal(h.n_beside - before, 1);
    /* What is no pass has no signature. */
    assert_refused(scan(device, "scan-0002", "nonsense"), "PASS_MALFORMED");
    assert_int_equal(h.n_beside - before, 1);
}

static void a_scan_has_a_letter_about_who_has_come_for_who_scanned_her(void **state)
{
    int64_t device = a_device(site, STAFF), booking = a_booking(0);
    const char *text = text_of(booking, 0);
    const Health__Scan *done;
    struct letter letter;

    (void)state;
    to(START);
    done = scan_in(scan(device, "scan-0001", text));
    assert_true(letter_read(health_of(&h)->letters, done->letter, strlen(done->letter), &letter));
    assert_int_equal(letter.member_id, MEMBER);
    assert_int_equal(letter.about_id, booking);
    assert_int_equal(letter.bearer_id, STAFF);
    assert_int_equal(letter.until, START + LIMIT_LETTER_MS);
    assert_string_equal(letter.union_path, UNION);
    /* The same scan again has one that is good as long; once it was a mistake, there is none. */
    clock_step(&h.service.clock, 1000);
    done = scan_in(scan(device, "scan-0001", text));
    assert_true(letter_read(health_of(&h)->letters, done->letter, strlen(done->letter), &letter));
    assert_int_equal(letter.until, START + 1000 + LIMIT_LETTER_MS);
    assert_string_equal(scan_in(undo(done->scan_id, STAFF))->letter, "");
}

static void each_form_of_a_pass_is_the_same_pass(void **state)
{
    int64_t device = a_device(site, STAFF), booking = a_booking(0), other = a_booking(1);
    const Health__Pass *pass = pass_in(&h, on_booking(&h, "Passes.GetPass", booking, MEMBER));

    (void)state;
    to(START);
    assert_ok(scan(device, "scan-0001", pass->code));
    assert_refused(scan(device, "scan-0002", pass->text), "PASS_USED");
    assert_refused(scan(device, "scan-0003", screen_of(booking, 0)), "PASS_USED");
    assert_ok(scan(device, "scan-0004", screen_of(other, 1)));
}

static void each_thing_that_is_wrong_has_its_own_answer(void **state)
{
    int64_t device = a_device(site, STAFF), other_device = a_device(other_site, STAFF + 10), booking = a_booking(0);
    const char *text = text_of(booking, 0), *screen;
    char bent[PASS_SIZE];

    (void)state;
    snprintf(bent, sizeof(bent), "%s", text);
    bent[60] = bent[60] == 'A' ? 'B' : 'A';
    to(START - BOOKING_EARLY_MS - 1);
    assert_refused(scan(device, "scan-0001", text), "PASS_NOT_YET");
    screen = screen_of(booking, 0);
    to(START);
    assert_refused(scan(device, "scan-0001", "https://example.com"), "PASS_MALFORMED");
    assert_refused(scan(device, "scan-0001", bent), "PASS_FORGED");
    bent[1] = 'Z';
    assert_refused(scan(device, "scan-0001", bent), "PASS_UNKNOWN_KEY");
    assert_refused(scan(device, "scan-0001", screen), "PASS_STALE");
    assert_refused(scan_as(other_site, other_device, STAFF + 10, "scan-0001", text), "PASS_OTHER_SITE");
    assert_ok(on_booking(&h, "Passes.ReissuePass", booking, MEMBER));
    assert_refused(scan(device, "scan-0001", text), "PASS_REVOKED_NOW");
    text = text_of(booking, 0);
    to(START + HOUR_MS + BOOKING_LATE_MS);
    assert_refused(scan(device, "scan-0001", text), "PASS_EXPIRED");
    assert_int_equal(state_of(&h, campaign, MEMBER), HEALTH__ENTITLEMENT_STATE__BOOKED);
    to(START + HOUR_MS);
    assert_ok(scan(device, "scan-0001", text));
}

static void a_mistake_is_undone_within_a_quarter_of_an_hour(void **state)
{
    int64_t device = a_device(site, STAFF), booking = a_booking(0), id;
    const char *text = text_of(booking, 0);

    (void)state;
    to(START);
    id = scan_in(scan(device, "scan-0001", text))->scan_id;
    assert_refused(undo(id, STAFF + 10), "NOT_SITE_STAFF");
    to(START + SCAN_UNDO_MS - 1);
    for (int again = 0; again < 2; again++)
        assert_string_equal(scan_in(undo(id, STAFF + 1))->undo_reason, "扫错了人");
    assert_int_equal(state_of(&h, campaign, MEMBER), HEALTH__ENTITLEMENT_STATE__BOOKED);
    assert_int_equal(counts(site)->arrived, 0);
    id = scan_in(scan(device, "scan-0002", text))->scan_id;
    to(now_of(&h) + SCAN_UNDO_MS);
    assert_refused(undo(id, STAFF), "UNDO_TOO_LATE");
    assert_refused(undo(id + 1, STAFF), "SCAN_NOT_FOUND");
}

static void the_audit_finds_a_scan_that_was_changed(void **state)
{
    static const char *const changes[][2] = {
        {"UPDATE door_scan SET outcome = 2", "UPDATE door_scan SET outcome = 1"},
        {"UPDATE door_scan SET undone_at = 5", "UPDATE door_scan SET undone_at = 0"},
        {"UPDATE door_scan SET serial = serial + 1", "UPDATE door_scan SET serial = serial - 1"},
        {"UPDATE door_scan SET scan_id = scan_id + 1", "UPDATE door_scan SET scan_id = scan_id - 1"},
        {"UPDATE door_scan SET at = at + 1", "UPDATE door_scan SET at = at - 1"},
    };
    int64_t device = a_device(site, STAFF), booking = a_booking(0);

    (void)state;
    to(START);
    assert_ok(scan(device, "scan-0001", text_of(booking, 0)));
    for (size_t i = 0; i < ARRAY_LEN(changes); i++)
        assert_found(&h, changes[i][0], changes[i][1]);
}

static const Rpc__Answer *strike_as(int64_t scan_id, const char *reason, const Rpc__Principal *who)
{
    Health__UndoScanRequest request = HEALTH__UNDO_SCAN_REQUEST__INIT;

    request.scan_id = scan_id;
    request.reason = unconst(reason);
    return harness_call(&h, "Scans.StrikeScan", &request.base, who, NULL);
}

static const Rpc__Answer *strike(int64_t scan_id, const char *reason, int64_t member_id)
{
    return strike_as(scan_id, reason, manager_number(&h, member_id));
}

static void a_scan_is_struck_out_later_by_two(void **state)
{
    int64_t device = a_device(site, STAFF), booking = a_booking(0), scan;

    (void)state;
    to(START);
    scan = scan_in(scan_as(site, device, STAFF, "online-01", text_of(booking, 0)))->scan_id;
    to(START + SCAN_UNDO_MS);
    assert_refused(undo(scan, STAFF), "UNDO_TOO_LATE");
    assert_ok(strike(scan, "并未到检", 900));
    assert_ok(strike(scan, "并未到检", 900)); /* alone, however often */
    assert_int_equal(counts(site)->arrived, 1);
    assert_refused(strike(scan, "另有原因", 901), "HANDS_DIFFER");
    assert_refused(strike_as(scan, "并未到检", harness_unnamed(manager_number(&h, 901))), "HAND_NOT_NAMED");
    assert_refused(strike_as(scan, "并未到检", harness_newly(&h, manager_number(&h, 901), 900, now_of(&h))),
                   "HAND_GAVE_OFFICE");
    assert_ok(strike(scan, "并未到检", 901));
    assert_int_equal(counts(site)->arrived, 0);
    assert_refused(strike(scan, "并未到检", 901), "SCAN_NOT_ACCEPTED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pass_is_accepted_once_and_the_same_scan_again_is_the_first),
        TEST(signatures_are_checked_beside_the_loop),
        TEST(a_scan_has_a_letter_about_who_has_come_for_who_scanned_her),
        TEST(each_form_of_a_pass_is_the_same_pass),
        TEST(each_thing_that_is_wrong_has_its_own_answer),
        TEST(a_mistake_is_undone_within_a_quarter_of_an_hour),
        TEST(the_audit_finds_a_scan_that_was_changed),
        TEST(a_scan_is_struck_out_later_by_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
