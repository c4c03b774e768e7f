/* Scans that were made without network and are handed in later, through the service. */
#include "common/api/json.h"
#include "services/health/booking/costs.h"
#include "services/health/door/door_fixture.h"

static int64_t device_now; /* what the device says when it uploads; 0: nothing */

static const Health__ScanList *upload(int64_t device, int64_t member_id, const char *const *refs,
                                      const char *const *texts, const int64_t *at, size_t n)
{
    Health__UploadScansRequest request = HEALTH__UPLOAD_SCANS_REQUEST__INIT;
    Health__UploadItem items[20], *list[20];
    struct json_trouble trouble;

    for (size_t i = 0; i < n; i++) {
        health__upload_item__init(&items[i]);
        items[i].scan_ref = unconst(refs[i]);
        items[i].text = unconst(texts[i]);
        items[i].at = at[i];
        list[i] = &items[i];
    }
    request.site_id = site;
    request.device_id = device;
    request.items = list;
    request.n_items = n;
    request.device_now = device_now;
    /* The gateway lets it in. */
    assert_int_equal(json_complete(&request.base, &trouble), 0);
    assert_int_equal(json_judge(api_method("Scans.UploadScans")->input, &request.base, &h.arena, &trouble), 0);
    return harness_output(&h, harness_call(&h, "Scans.UploadScans", &request.base, staff(member_id), NULL),
                          &health__scan_list__descriptor);
}

static void late_scans_get_an_honest_answer_each(void **state)
{
    static const char *const refs[] = {"late-0001", "late-0002", "late-0003", "late-0004", "late-0005", "late-0006"};
    int64_t device = a_device(site, STAFF), second = a_device(site, STAFF + 1);
    int64_t good = a_booking(0), twice = a_booking(1), moved = a_booking(2), again = a_booking(3);
    const char *texts[] = {text_of(good, 0),  text_of(twice, 1), text_of(moved, 2),
                           text_of(again, 3), "nonsense",        text_of(good, 0)};
    const int64_t at[] = {START, START + 1000, START + 2000, START + 3000, START + 4000, START - 3 * HOUR_MS};
    const Health__ScanList *list;

    (void)state;
    to(START + 500);
    assert_ok(scan_as(site, second, STAFF + 1, "online-01", texts[1]));
    assert_ok(on_booking(&h, "Passes.ReissuePass", again, MEMBER + 3)); /* before its scan */
    to(START + 2500);
    assert_ok(on_booking(&h, "Passes.ReissuePass", moved, MEMBER + 2)); /* after its scan */
    to(START + 5 * HOUR_MS);
    for (int times = 0; times < 2; times++) {
        list = upload(device, STAFF, refs, texts, at, 6);
        assert_int_equal(list->n_scans, 6);
        assert_int_equal(list->scans[0]->outcome, HEALTH__SCAN_OUTCOME__ACCEPTED);
        assert_int_equal(list->scans[1]->outcome, HEALTH__SCAN_OUTCOME__DUPLICATE);
        assert_int_equal(list->scans[1]->first_at, START + 500);
        assert_int_equal(list->scans[2]->outcome, HEALTH__SCAN_OUTCOME__SCAN_WAITS);
        assert_int_equal(list->scans[3]->outcome, HEALTH__SCAN_OUTCOME__SCAN_REVOKED);
        assert_int_equal(list->scans[4]->outcome, HEALTH__SCAN_OUTCOME__SCAN_MALFORMED);
        assert_int_equal(list->scans[5]->outcome, HEALTH__SCAN_OUTCOME__SCAN_NOT_YET);
    }
    assert_int_equal(counts(site)->arrived, 2);
}

static void what_is_wrong_with_one_scan_refuses_none_of_the_others(void **state)
{
    static const char *const refs[] = {"late-0001", "late-0002", "late-0003", "late-0004"};
    int64_t device = a_device(site, STAFF), good = a_booking(0), timeless = a_booking(1);
    const int64_t at[] = {START - HOUR_MS, START - HOUR_MS, 0, START - HOUR_MS};
    char longest[3000];
    const char *texts[] = {text_of(good, 0), longest, text_of(timeless, 1), ""};
    const Health__ScanList *list;

    (void)state;
    memset(longest, 'A', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    to(START);
    device_now = now_of(&h) - HOUR_MS; /* by which no time is made of none */
    list = upload(device, STAFF, refs, texts, at, 4);
    device_now = 0;
    assert_int_equal(list->n_scans, 4);
    assert_int_equal(list->scans[0]->outcome, HEALTH__SCAN_OUTCOME__ACCEPTED);
    for (int i = 1; i < 4; i++)
        assert_int_equal(list->scans[i]->outcome, HEALTH__SCAN_OUTCOME__SCAN_MALFORMED);
    assert_int_equal(counts(site)->arrived, 1);
    assert_ok(scan(device, "online-01", texts[2]));
    assert_string_equal(harness_audit(&h), "");
}

/* As the gateway reads it. */
static const Health__ScanList *upload_json(int64_t device, const char *items)
{
    struct json_trouble trouble;
    Health__UploadScansRequest *request = (void *)json_new(api_method("Scans.UploadScans")->input, &h.arena);
    struct buf text;

    buf_init(&text, 1 << 16);
    buf_printf(&text, "{\"siteId\":\"%lld\",\"deviceId\":\"%lld\",\"items\":[%s]}", (long long)site, (long long)device,
               items);
    assert_is_reason(json_decode(&request->base, text.bytes, text.len, &h.arena, &trouble), 0);
    assert_is_reason(json_complete(&request->base, &trouble), 0);
    buf_done(&text);
    return harness_output(&h, harness_call(&h, "Scans.UploadScans", &request->base, staff(STAFF), NULL),
                          &health__scan_list__descriptor);
}

static void a_scan_without_a_good_name_or_time_is_taken_beside_the_others(void **state)
{
    int64_t device = a_device(site, STAFF), nameless = a_booking(0), timeless = a_booking(1), good = a_booking(2);
    const char *texts[] = {text_of(nameless, 0), text_of(timeless, 1), text_of(good, 2)};
    const Health__ScanList *list;
    char at[CLOCK_TEXT], first[41] = "";
    struct buf items;

    (void)state;
    to(START);
    clock_format(START - HOUR_MS, at);
    buf_init(&items, 1 << 16);
    buf_printf(&items,
               "{\"scanRef\":\"short\",\"text\":\"%s\",\"at\":\"%s\"},"
               "{\"scanRef\":\"late-0002\",\"text\":\"%s\",\"at\":\"around noon\"},"
               "{\"scanRef\":3,\"text\":\"nonsense\",\"at\":\"%s\"},{},"
               "{\"scanRef\":\"late-0005\",\"text\":\"%s\",\"at\":\"%s\"}",
               texts[0], at, texts[1], at, texts[2], at);
    for (int times = 0; times < 2; times++) {
        list = upload_json(device, items.bytes);
        assert_int_equal(list->n_scans, 5);
        assert_int_equal(list->scans[0]->outcome, HEALTH__SCAN_OUTCOME__ACCEPTED);
        assert_int_equal(strncmp(list->scans[0]->scan_ref, "unnamed-", 8), 0);
        if (times > 0)
            assert_string_equal(list->scans[0]->scan_ref, first);
        snprintf(first, sizeof(first), "%s", list->scans[0]->scan_ref);
        for (int i = 1; i < 4; i++)
            assert_int_equal(list->scans[i]->outcome, HEALTH__SCAN_OUTCOME__SCAN_MALFORMED);
        assert_string_not_equal(list->scans[2]->scan_ref, first);
        assert_string_not_equal(list->scans[3]->scan_ref, list->scans[2]->scan_ref);
        assert_int_equal(list->scans[4]->outcome, HEALTH__SCAN_OUTCOME__ACCEPTED);
        assert_string_equal(list->scans[4]->scan_ref, "late-0005");
        assert_int_equal(counts(site)->arrived, 2);
    }
    buf_done(&items);
    assert_string_equal(harness_audit(&h), "");
}

static void conflicts_stay_visible_to_those_who_must_settle_them(void **state)
{
    static const char *const refs[] = {"late-0001", "late-0002"}, *const texts[] = {"nonsense", "more of it"};
    int64_t device = a_device(site, STAFF);
    const int64_t at[] = {START - HOUR_MS, START - HOUR_MS};
    Health__ListScansRequest request = HEALTH__LIST_SCANS_REQUEST__INIT;
    Health__ScanOutcome malformed = HEALTH__SCAN_OUTCOME__SCAN_MALFORMED;
    const Health__ScanList *list;

    (void)state;
    to(START - HOUR_MS);
    assert_ok(scan(device, "online-01", text_of(a_booking(0), 0)));
    assert_refused(undo(upload(device, STAFF, refs, texts, at, 2)->scans[0]->scan_id, STAFF), "SCAN_NOT_ACCEPTED");
    request.site_id = site;
    request.state = &malformed;
    request.n_state = 1;
    request.page_size = 1;
    list = harness_output(&h, harness_call(&h, "Scans.ListScans", &request.base, manager_of(&h, UNION), NULL),
                          &health__scan_list__descriptor);
    assert_string_equal(list->scans[0]->scan_ref, "late-0002");
    request.page_token = list->next_page_token;
    list = harness_output(&h, harness_call(&h, "Scans.ListScans", &request.base, staff(STAFF), NULL),
                          &health__scan_list__descriptor);
    assert_string_equal(list->scans[0]->scan_ref, "late-0001");
    assert_string_equal(list->next_page_token, "");
    assert_refused(harness_call(&h, "Scans.ListScans", &request.base, staff(STAFF + 10), NULL), "NOT_SITE_STAFF");
}

static void what_a_revoked_device_scanned_before_is_still_taken(void **state)
{
    static const char *const refs[] = {"late-0001", "late-0002"};
    int64_t device = a_device(site, STAFF), a = a_booking(0), b = a_booking(1);
    const char *texts[] = {text_of(a, 0), text_of(b, 1)};
    const int64_t at[] = {START, START + 60000};
    const Health__ScanList *list;

    (void)state;
    to(START + 30000);
    register_device(site, STAFF + 1, device);
    to(START + HOUR_MS);
    list = upload(device, STAFF, refs, texts, at, 2);
    assert_int_equal(list->scans[0]->outcome, HEALTH__SCAN_OUTCOME__ACCEPTED);
    assert_int_equal(list->scans[1]->outcome, HEALTH__SCAN_OUTCOME__SCAN_DEVICE_OFF);
}

static void who_was_taken_for_a_no_show_and_was_there_has_been_there(void **state)
{
    static const char *const refs[] = {"late-0001"};
    int64_t device = a_device(site, STAFF), booking = a_booking(0);
    const char *texts[] = {text_of(booking, 0)};
    const int64_t at[] = {START};
    const Health__Scan *late;

    (void)state;
    to(START + HOUR_MS + BOOKING_GRACE_MS);
    while (bookings_part.work(&health_of(&h)->bookings))
        continue;
    assert_int_equal(state_of(&h, campaign, MEMBER), HEALTH__ENTITLEMENT_STATE__NO_SHOW);
    late = upload(device, STAFF, refs, texts, at, 1)->scans[0];
    assert_int_equal(late->outcome, HEALTH__SCAN_OUTCOME__ACCEPTED);
    assert_int_equal(state_of(&h, campaign, MEMBER), HEALTH__ENTITLEMENT_STATE__ATTENDED);
    assert_ok(undo(late->scan_id, STAFF));
    assert_int_equal(state_of(&h, campaign, MEMBER), HEALTH__ENTITLEMENT_STATE__NO_SHOW);
}

static const Rpc__Answer *accept_late(int64_t scan_id, const Rpc__Principal *who)
{
    Health__ScanRequest request = HEALTH__SCAN_REQUEST__INIT;

    request.scan_id = scan_id;
    return harness_call(&h, "Scans.AcceptScan", &request.base, who, NULL);
}

/* What rests on a device's word waits for an official, and refuses nothing beside it. */
static void what_a_device_alone_says_waits_for_an_official(void **state)
{
    static const char *const refs[] = {"word-0001", "word-0002", "word-0003", "word-0004"};
    static const int waits[] = {HEALTH__SCAN_WAIT__DEVICE_NOT_YET, HEALTH__SCAN_WAIT__CLOCK_AHEAD,
                                HEALTH__SCAN_WAIT__PASS_MADE_ANEW};
    int64_t bookings[4], device, accepted;
    const char *texts[4];
    int64_t at[4];
    const Health__ScanList *list;

    (void)state;
    for (int i = 0; i < 4; i++) {
        bookings[i] = a_booking(i);
        texts[i] = text_of(bookings[i], i);
    }
    to(START + 1000);
    device = a_device(site, STAFF);
    to(START + 60000);
    at[0] = START + 2000;       /* as it should be */
    at[1] = START + 500;        /* before there was the device */
    at[2] = START + 60 * 60000; /* in an hour */
    at[3] = START + 3000;       /* of a pass that she has had made anew since */
    assert_ok(on_booking(&h, "Passes.ReissuePass", bookings[3], MEMBER + 3));
    list = upload(device, STAFF, refs, texts, at, 4);
    assert_int_equal(list->n_scans, 4);
    assert_int_equal(list->scans[0]->outcome, HEALTH__SCAN_OUTCOME__ACCEPTED);
    assert_int_equal(list->scans[0]->waits_for, HEALTH__SCAN_WAIT__WAITS_NOT);
    for (int i = 1; i < 4; i++) {
        assert_int_equal(list->scans[i]->outcome, HEALTH__SCAN_OUTCOME__SCAN_WAITS);
        assert_int_equal(list->scans[i]->waits_for, waits[i - 1]);
    }
    assert_int_equal(counts(site)->arrived, 1);
    assert_refused(accept_late(list->scans[1]->scan_id, manager_of(&h, "0002")), "OUTSIDE_YOUR_UNION");
    assert_refused(accept_late(list->scans[0]->scan_id, manager_of(&h, UNION)), "SCAN_NOT_WAITING");
    accepted = scan_in(accept_late(list->scans[1]->scan_id, manager_of(&h, UNION)))->scan_id;
    assert_int_equal(scan_in(accept_late(list->scans[1]->scan_id, manager_of(&h, UNION)))->scan_id, accepted);
    assert_int_equal(counts(site)->arrived, 2);
    /* Nor once she has come. */
    assert_ok(scan_as(site, device, STAFF, "online-09", text_of(bookings[3], 3)));
    assert_refused(accept_late(list->scans[3]->scan_id, manager_of(&h, UNION)), "SCAN_NOT_WAITING");
}

static void a_scan_is_handed_in_within_three_days(void **state)
{
    static const char *const refs[] = {"late-0001", "late-0002"};
    int64_t device = a_device(site, STAFF), first = a_booking(0), second = a_booking(1);
    const char *one = text_of(first, 0), *other = text_of(second, 1);
    const int64_t at[] = {START};
    const Health__Scan *late;

    (void)state;
    to(START + SCAN_LATE_MS);
    assert_int_equal(upload(device, STAFF, refs, &one, at, 1)->scans[0]->outcome, HEALTH__SCAN_OUTCOME__ACCEPTED);
    to(START + SCAN_LATE_MS + 1);
    late = upload(device, STAFF, refs + 1, &other, at, 1)->scans[0];
    assert_int_equal(late->outcome, HEALTH__SCAN_OUTCOME__SCAN_WAITS);
    assert_int_equal(late->waits_for, HEALTH__SCAN_WAIT__HANDED_IN_LATE);
}

/* Of one place that so many have entered for, the winner books the slot, and is not seen there in time. */
static int64_t not_seen(int entrants, int64_t *ret_device, const char **ret_text)
{
    const Health__Campaign *drawn = published(&h, 1, entrants);
    int64_t winner = 1, booking;

    while (offer_of(&h, drawn->campaign_id, winner)->result->state != HEALTH__ENTITLEMENT_STATE__WON)
        winner++;
    campaign = drawn->campaign_id;
    site = drawn->sites[0]->site_id;
    employ(site, STAFF);
    slot = a_slot(&h, campaign, site, 480, 50);
    booking = booking_in(&h, book(&h, campaign, slot, winner))->booking_id;
    *ret_text = text_of(booking, (int)(winner - MEMBER));
    to(START - HOUR_MS);
    *ret_device = a_device(site, STAFF);
    step_to(&h, START + HOUR_MS + BOOKING_GRACE_MS);
    assert_int_equal(state_of(&h, campaign, winner), HEALTH__ENTITLEMENT_STATE__NO_SHOW);
    return winner;
}

static void a_place_that_was_given_on_is_not_taken_unseen(void **state)
{
    static const char *const refs[] = {"late-0001"};
    const int64_t at[] = {START};
    const Health__Scan *late;
    const char *text;
    int64_t device, winner = not_seen(2, &device, &text);

    (void)state;
    assert_int_equal(state_of(&h, campaign, 3 - winner), HEALTH__ENTITLEMENT_STATE__WON);
    late = upload(device, STAFF, refs, &text, at, 1)->scans[0];
    assert_int_equal(late->outcome, HEALTH__SCAN_OUTCOME__SCAN_WAITS);
    assert_int_equal(late->waits_for, HEALTH__SCAN_WAIT__PLACE_GIVEN_ON);
    assert_int_equal(late->at, START);
    assert_int_equal(state_of(&h, campaign, winner), HEALTH__ENTITLEMENT_STATE__NO_SHOW);
    assert_ok(accept_late(late->scan_id, manager_of(&h, UNION)));
    assert_int_equal(state_of(&h, campaign, winner), HEALTH__ENTITLEMENT_STATE__ATTENDED);
    assert_int_equal(state_of(&h, campaign, 3 - winner), HEALTH__ENTITLEMENT_STATE__WON);
}

/* One more than there are places, if the budget has it. */
static void who_came_beyond_all_places_is_in_the_budget(void **state)
{
    static const char *const refs[] = {"late-0001"};
    const int64_t at[] = {START};
    struct health *self = h.service.self;
    struct budget_line line;
    const Health__Campaign *drawn;
    const Health__Scan *late;
    const char *text;
    int64_t device, budget;

    (void)state;
    not_seen(2, &device, &text);
    drawn = campaigns_find(&self->campaigns, campaign, &h.arena);
    budget = drawn->budget_fen;
    late = upload(device, STAFF, refs, &text, at, 1)->scans[0];
    set_budget(2 * drawn->price_fen - 1);
    assert_refused(accept_late(late->scan_id, manager_of(&h, UNION)), "BUDGET_USED_UP");
    set_budget(2 * drawn->price_fen);
    assert_ok(accept_late(late->scan_id, manager_of(&h, UNION)));
    line = (struct budget_line){campaign, 0};
    assert_int_equal(budget_balance(&self->budget, &line, BUDGET__ACCOUNT__FREE), 0);
    set_budget(budget);
}

static void one_that_nobody_has_got_is_hers(void **state)
{
    static const char *const refs[] = {"late-0001"};
    const int64_t at[] = {START};
    const char *text;
    int64_t device, winner = not_seen(1, &device, &text);

    (void)state;
    assert_int_equal(upload(device, STAFF, refs, &text, at, 1)->scans[0]->outcome, HEALTH__SCAN_OUTCOME__ACCEPTED);
    assert_int_equal(state_of(&h, campaign, winner), HEALTH__ENTITLEMENT_STATE__ATTENDED);
}

/* Two hours behind, and two ahead: by its word it was too early, or is to come. */
static void the_clock_of_a_device_is_corrected(void **state)
{
    static const char *const refs[] = {"late-0001", "late-0002"};
    int64_t device = a_device(site, STAFF), bookings[] = {a_booking(0), a_booking(1)};
    const Health__ScanList *list;

    (void)state;
    to(START + 60000);
    for (int i = 0; i < 2; i++) {
        int64_t behind = i ? -2 * HOUR_MS : 2 * HOUR_MS, at = START + 1000 - behind;
        const char *text = text_of(bookings[i], i);

        device_now = now_of(&h) - behind;
        list = upload(device, STAFF, &refs[i], &text, &at, 1);
        device_now = 0;
        assert_int_equal(list->clock_behind_ms, behind);
        assert_int_equal(list->scans[0]->outcome, HEALTH__SCAN_OUTCOME__ACCEPTED);
        assert_int_equal(list->scans[0]->at, START + 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(late_scans_get_an_honest_answer_each),
        TEST(what_is_wrong_with_one_scan_refuses_none_of_the_others),
        TEST(a_scan_without_a_good_name_or_time_is_taken_beside_the_others),
        TEST(conflicts_stay_visible_to_those_who_must_settle_them),
        TEST(what_a_revoked_device_scanned_before_is_still_taken),
        TEST(who_was_taken_for_a_no_show_and_was_there_has_been_there),
        TEST(what_a_device_alone_says_waits_for_an_official),
        TEST(a_scan_is_handed_in_within_three_days),
        TEST(a_place_that_was_given_on_is_not_taken_unseen),
        TEST(who_came_beyond_all_places_is_in_the_budget),
        TEST(one_that_nobody_has_got_is_hers),
        TEST(the_clock_of_a_device_is_corrected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
