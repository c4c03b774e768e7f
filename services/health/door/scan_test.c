/* Devices, scans and walk-ins through the service. */
#include "common/base/hex.h"
#include "services/health/booking/booking_fixture.h"
#include "services/health/door/scans.h"

#include "common/trust/letter.h"

#include <mbedtls/sha256.h>

#define MEMBER 5000
#define STAFF  7000 /* and the next: who scan at the first site; STAFF + 10 at the second */
#define START  (DAY_AT + 480 * MINUTE_MS)

static struct harness h;
static int64_t campaign, site, other_site, van, slot;

static Rpc__Principal *staff(int64_t member_id)
{
    return harness_official(&h, member_id, RULE__ROLE__CHECKUP_STAFF, UNION);
}

static void employ(int64_t at, int64_t member_id)
{
    Health__SetStaffRequest request = HEALTH__SET_STAFF_REQUEST__INIT;

    request.site_id = at;
    request.member_id = member_id;
    request.duty = HEALTH__DUTY__SCANS;
    assert_ok(harness_call(&h, "Sites.SetStaff", &request.base, manager_of(&h, UNION), NULL));
}

static int64_t a_van(void)
{
    Health__Site draft = a_site_draft(&h);
    const Health__Site *made;

    draft.kind = HEALTH__SITE_KIND__VAN;
    draft.name = "流动体检车";
    draft.stops_from = START;
    draft.stops_until = START + 8 * HOUR_MS;
    draft.capacity = 4;
    draft.walk_ins = 2;
    made = harness_output(&h, create_site(&h, manager_of(&h, UNION), &draft), &health__site__descriptor);
    return made->site_id;
}

static int setup(void **state)
{
    Health__Campaign *draft;

    *state = &h;
    begin(&h);
    clock_step(&h.service.clock, DAY_AT - 20 * HEALTH_DAY_MS - now_of(&h));
    draft = a_draft(&h, 100);
    site = draft->sites[0]->site_id;
    other_site = a_site(&h);
    van = a_van();
    draft->sites = harness_alloc(&h, 3 * sizeof(*draft->sites));
    draft->n_sites = 3;
    for (int i = 0; i < 3; i++) {
        draft->sites[i] = harness_alloc(&h, sizeof(**draft->sites));
        health__campaign_site__init(draft->sites[i]);
        draft->sites[i]->site_id = (int64_t[]){site, other_site, van}[i];
    }
    campaign = a_campaign_to_book(&h, draft);
    slot = a_slot(&h, campaign, site, 480, 50);
    employ(site, STAFF);
    employ(site, STAFF + 1);
    employ(other_site, STAFF + 10);
    employ(van, STAFF);
    return 0;
}

static void to(int64_t at)
{
    clock_step(&h.service.clock, at - now_of(&h));
}

/* ---- what staff does ---- */

static const Rpc__Answer *register_device(int64_t at, int64_t member_id, int64_t replaces)
{
    Health__RegisterDeviceRequest request = HEALTH__REGISTER_DEVICE_REQUEST__INIT;

    request.site_id = at;
    request.name = "一号枪";
    request.replaces = replaces;
    return call_once(&h, "Doors.RegisterDevice", &request.base, staff(member_id));
}

static int64_t a_device(int64_t at, int64_t member_id)
{
    const Health__Device *device = harness_output(&h, register_device(at, member_id, 0), &health__device__descriptor);

    return device->device_id;
}

static const Rpc__Answer *scan_as(int64_t at, int64_t device, int64_t member_id, const char *ref, const char *text)
{
    Health__CreateScanRequest request = HEALTH__CREATE_SCAN_REQUEST__INIT;

    request.site_id = at;
    request.device_id = device;
    request.scan_ref = unconst(ref);
    request.text = unconst(text);
    return harness_call(&h, "Scans.CreateScan", &request.base, staff(member_id), NULL);
}

static const Rpc__Answer *scan(int64_t device, const char *ref, const char *text)
{
    return scan_as(site, device, STAFF, ref, text);
}

static const Health__Scan *scan_in(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &health__scan__descriptor);
}

static const Health__ScanList *upload(int64_t device, int64_t member_id, const char *const *refs,
                                      const char *const *texts, const int64_t *at, size_t n)
{
    Health__UploadScansRequest request = HEALTH__UPLOAD_SCANS_REQUEST__INIT;
    Health__UploadItem items[20], *list[20];

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
    return harness_output(&h, harness_call(&h, "Scans.UploadScans", &request.base, staff(member_id), NULL),
                          &health__scan_list__descriptor);
}

static const Rpc__Answer *undo(int64_t scan_id, int64_t member_id)
{
    Health__UndoScanRequest request = HEALTH__UNDO_SCAN_REQUEST__INIT;

    request.scan_id = scan_id;
    request.reason = "扫错了人";
    return harness_call(&h, "Scans.UndoScan", &request.base, staff(member_id), NULL);
}

static const Health__Counts *counts(int64_t at)
{
    Health__ScannerRequest request = HEALTH__SCANNER_REQUEST__INIT;

    request.site_id = at;
    request.day = DAY;
    return harness_output(&h, harness_call(&h, "Doors.GetCounts", &request.base, staff(STAFF), NULL),
                          &health__counts__descriptor);
}

/* A booking of the first site's slot by the n-th member, and its pass. */
static int64_t a_booking(int n)
{
    give_places(&h, campaign, MEMBER + n, 1);
    return booking_in(&h, book(&h, campaign, slot, MEMBER + n))->booking_id;
}

static const char *text_of(int64_t booking_id, int n)
{
    return pass_in(&h, on_booking(&h, "Passes.GetPass", booking_id, MEMBER + n))->text;
}

static const char *screen_of(int64_t booking_id, int n)
{
    const Health__ScreenCode *code = harness_output(&h, on_booking(&h, "Passes.GetScreenCode", booking_id, MEMBER + n),
                                                    &health__screen_code__descriptor);

    return code->code;
}

/* ---- with network ---- */

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

static const Health__SiteList *page_of_sites(Rpc__Principal *who, int32_t size, const char *token)
{
    Health__MySitesRequest request = HEALTH__MY_SITES_REQUEST__INIT;

    request.page_size = size;
    request.page_token = unconst(token);
    return harness_output(&h, harness_call(&h, "Sites.ListMySites", &request.base, who, NULL),
                          &health__site_list__descriptor);
}

static const Health__SiteList *sites_of(Rpc__Principal *who)
{
    return page_of_sites(who, 0, "");
}

static void staff_sees_the_sites_where_she_scans(void **state)
{
    const Health__SiteList *list = sites_of(staff(STAFF));

    (void)state;
    assert_int_equal(list->n_sites, 2);
    assert_int_equal(list->sites[0]->site_id, site);
    assert_int_equal(list->sites[1]->site_id, van);
    assert_string_equal(list->next_page_token, "");
    list = page_of_sites(staff(STAFF), 1, "");
    assert_int_equal(list->n_sites, 1);
    assert_int_equal(list->sites[0]->site_id, site);
    list = page_of_sites(staff(STAFF), 1, list->next_page_token);
    assert_int_equal(list->n_sites, 1);
    assert_int_equal(list->sites[0]->site_id, van);
    assert_string_equal(list->next_page_token, "");
    assert_int_equal(sites_of(staff(STAFF + 10))->sites[0]->site_id, other_site);
    assert_int_equal(sites_of(staff(STAFF + 99))->n_sites, 0);
}

static void only_staff_of_the_site_scans_with_her_own_device(void **state)
{
    int64_t device = a_device(site, STAFF), booking = a_booking(0), next;
    const char *text = text_of(booking, 0);
    Rpc__Principal *later = staff(STAFF);
    Health__CreateScanRequest request = HEALTH__CREATE_SCAN_REQUEST__INIT;

    (void)state;
    to(START);
    assert_refused(register_device(site, STAFF + 10, 0), "NOT_SITE_STAFF");
    assert_refused(scan_as(site, device, STAFF + 10, "scan-0001", text), "NOT_SITE_STAFF");
    assert_refused(scan_as(site, device, STAFF + 1, "scan-0001", text), "DEVICE_NOT_YOURS");
    assert_refused(scan_as(site, device + 1, STAFF, "scan-0001", text), "DEVICE_NOT_FOUND");
    request.site_id = site;
    request.device_id = device;
    request.scan_ref = "scan-0001";
    request.text = unconst(text);
    later->session_id++;
    assert_refused(harness_call(&h, "Scans.CreateScan", &request.base, later, NULL), "DEVICE_NOT_YOURS");
    next = ((const Health__Device *)harness_output(&h, register_device(site, STAFF + 1, device),
                                                   &health__device__descriptor))
               ->device_id;
    assert_refused(scan(device, "scan-0001", text), "DEVICE_REVOKED");
    assert_ok(scan_as(site, next, STAFF + 1, "scan-0001", text));
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

/* ---- without network ---- */

static void a_scanner_takes_along_all_it_needs(void **state)
{
    int64_t revoked = a_booking(0);
    const char *old = text_of(revoked, 0);
    Health__ScannerRequest request = HEALTH__SCANNER_REQUEST__INIT;
    const Health__ScannerPackage *package;
    struct pass_public public = {0};
    struct pass_revocations list;
    struct pass_keys *keys;
    struct pass pass;

    (void)state;
    assert_ok(on_booking(&h, "Passes.ReissuePass", revoked, MEMBER));
    request.site_id = site;
    request.day = DAY;
    package = harness_output(&h, harness_call(&h, "Doors.GetScannerPackage", &request.base, staff(STAFF), NULL),
                             &health__scanner_package__descriptor);
    assert_int_equal(package->n_keys, 1);
    public.key_id = (uint16_t)package->keys[0]->key_id;
    memcpy(public.point, package->keys[0]->point.data, PASS_POINT_LEN);
    keys = pass_keys_public(&public, 1);
    assert_non_null(keys);
    assert_int_equal(pass_revocations_read(keys, package->revocations.data, package->revocations.len, &list), PASS_OK);
    assert_int_equal(pass_verify(keys, old, PASS_CHARS, &pass), PASS_OK);
    assert_int_equal(pass_judge(&pass, site, &list, START), PASS_REVOKED);
    assert_int_equal(pass_verify(keys, text_of(revoked, 0), PASS_CHARS, &pass), PASS_OK);
    assert_int_equal(pass_judge(&pass, site, &list, START), PASS_OK);
    pass_keys_close(keys);
}

static void a_site_has_so_many_devices_and_a_substitute_is_none_more(void **state)
{
    int64_t first = a_device(site, STAFF);

    (void)state;
    for (int i = 1; i < DEVICES_MAX; i++)
        a_device(site, STAFF);
    assert_refused(register_device(site, STAFF, 0), "TOO_MANY_DEVICES");
    assert_ok(register_device(site, STAFF, first));
}

static void the_roster_names_handles_alone_and_has_its_hash(void **state)
{
    Health__RosterRequest request = HEALTH__ROSTER_REQUEST__INIT;
    Health__ScannerRequest scanner = HEALTH__SCANNER_REQUEST__INIT;
    const Health__ScannerPackage *package;
    const Health__Roster *roster;
    unsigned char handles[8 * 5], hash[32];
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 5; i++)
        a_booking(i);
    request.site_id = scanner.site_id = site;
    request.day = scanner.day = DAY;
    request.page_size = 2;
    do {
        roster = harness_output(&h, harness_call(&h, "Doors.GetRoster", &request.base, staff(STAFF), NULL),
                                &health__roster__descriptor);
        for (size_t i = 0; i < roster->n_lines; i++, n++)
            assert_true(hex_read(roster->lines[i]->handle, 8, handles + 8 * n));
        request.page_token = roster->next_page_token;
    } while (*request.page_token);
    assert_int_equal(n, 5);
    mbedtls_sha256_ret(handles, sizeof(handles), hash, 0);
    package = harness_output(&h, harness_call(&h, "Doors.GetScannerPackage", &scanner.base, staff(STAFF), NULL),
                             &health__scanner_package__descriptor);
    assert_int_equal(package->roster_size, 5);
    assert_memory_equal(package->roster_hash.data, hash, 32);
    assert_refused(harness_call(&h, "Doors.GetRoster", &request.base, staff(STAFF + 10), NULL), "NOT_SITE_STAFF");
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

static void conflicts_stay_visible_to_those_who_must_settle_them(void **state)
{
    static const char *const refs[] = {"late-0001", "late-0002"}, *const texts[] = {"nonsense", "more of it"};
    int64_t device = a_device(site, STAFF);
    const int64_t at[] = {START - HOUR_MS, START - HOUR_MS};
    Health__ListScansRequest request = HEALTH__LIST_SCANS_REQUEST__INIT;
    const Health__ScanList *list;

    (void)state;
    to(START - HOUR_MS);
    assert_ok(scan(device, "online-01", text_of(a_booking(0), 0)));
    assert_refused(undo(upload(device, STAFF, refs, texts, at, 2)->scans[0]->scan_id, STAFF), "SCAN_NOT_ACCEPTED");
    request.site_id = site;
    request.conflicts = true;
    request.page_size = 1;
    list = harness_output(&h, harness_call(&h, "Scans.ListScans", &request.base, manager_of(&h, UNION), NULL),
                          &health__scan_list__descriptor);
    assert_string_equal(list->scans[0]->scan_ref, "late-0002");
    request.page_token = list->next_page_token;
    list = harness_output(&h, harness_call(&h, "Scans.ListScans", &request.base, staff(STAFF), NULL),
                          &health__scan_list__descriptor);
    assert_string_equal(list->scans[0]->scan_ref, "late-0001");
    assert_refused(harness_call(&h, "Scans.ListScans", &request.base, staff(STAFF + 10), NULL), "NOT_SITE_STAFF");
}

static void a_device_is_revoked_by_any_who_scans_at_its_site(void **state)
{
    int64_t device = a_device(site, STAFF), booking = a_booking(0);
    Health__RevokeDeviceRequest request = HEALTH__REVOKE_DEVICE_REQUEST__INIT;
    const char *text = text_of(booking, 0);

    (void)state;
    request.device_id = device;
    assert_refused(harness_call(&h, "Doors.RevokeDevice", &request.base, staff(STAFF + 10), NULL), "NOT_SITE_STAFF");
    for (int i = 0; i < 2; i++)
        assert_ok(harness_call(&h, "Doors.RevokeDevice", &request.base, staff(STAFF + 1), NULL));
    to(START);
    assert_refused(scan(device, "scan-0001", text), "DEVICE_REVOKED");
    request.device_id = device + 1;
    assert_refused(harness_call(&h, "Doors.RevokeDevice", &request.base, staff(STAFF), NULL), "DEVICE_NOT_FOUND");
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
    while (bookings_work(health_of(&h)))
        continue;
    assert_int_equal(state_of(&h, campaign, MEMBER), HEALTH__ENTITLEMENT_STATE__NO_SHOW);
    late = upload(device, STAFF, refs, texts, at, 1)->scans[0];
    assert_int_equal(late->outcome, HEALTH__SCAN_OUTCOME__ACCEPTED);
    assert_int_equal(state_of(&h, campaign, MEMBER), HEALTH__ENTITLEMENT_STATE__ATTENDED);
    assert_ok(undo(late->scan_id, STAFF));
    assert_int_equal(state_of(&h, campaign, MEMBER), HEALTH__ENTITLEMENT_STATE__NO_SHOW);
}

/* ---- walk-ins ---- */

static const Rpc__Answer *walk_in_code(int64_t member_id)
{
    Health__WalkInCodeRequest request = HEALTH__WALK_IN_CODE_REQUEST__INIT;

    request.campaign_id = campaign;
    return harness_call(&h, "Scans.CreateWalkInCode", &request.base, harness_member(&h, member_id, TOWN), NULL);
}

static const char *code_of(int64_t member_id)
{
    const Health__ScreenCode *code = harness_output(&h, walk_in_code(member_id), &health__screen_code__descriptor);

    return code->code;
}

static const Rpc__Answer *walk_in(int64_t device, const char *ref, const char *code)
{
    Health__WalkInRequest request = HEALTH__WALK_IN_REQUEST__INIT;

    request.site_id = van;
    request.device_id = device;
    request.scan_ref = unconst(ref);
    request.code = unconst(code);
    return harness_call(&h, "Scans.CreateWalkIn", &request.base, staff(STAFF), NULL);
}

static void the_van_takes_who_walks_in_while_places_are_left(void **state)
{
    const Health__SlotList *stop = harness_output(
        &h, create_slots(&h, manager_of(&h, UNION), campaign, van, 0, 0, 0, 0), &health__slot_list__descriptor);
    int64_t device = a_device(van, STAFF), id;

    (void)state;
    assert_refused(create_slots(&h, manager_of(&h, UNION), campaign, van, DAY, 480, 540, 1), "VAN_HAS_ITS_HOURS");
    assert_int_equal(stop->n_slots, 1);
    assert_int_equal(stop->slots[0]->free, 2);
    give_places(&h, campaign, MEMBER, 3);
    for (int i = 0; i < 2; i++)
        assert_ok(book(&h, campaign, stop->slots[0]->slot_id, MEMBER + i));
    assert_refused(book(&h, campaign, stop->slots[0]->slot_id, MEMBER + 2), "SLOT_FULL");
    assert_refused(walk_in(device, "walk-0001", code_of(MEMBER + 50)), "NO_WALK_INS_NOW");
    to(START);
    id = scan_in(walk_in(device, "walk-0001", code_of(MEMBER + 50)))->scan_id;
    assert_int_equal(scan_in(walk_in(device, "walk-0001", code_of(MEMBER + 50)))->scan_id, id);
    assert_refused(walk_in(device, "walk-0002", code_of(MEMBER + 50)), "ENTITLEMENT_USED");
    assert_refused(walk_in(device, "walk-0002", code_of(MEMBER)), "ALREADY_BOOKED");
    assert_ok(walk_in(device, "walk-0002", code_of(MEMBER + 2))); /* a winner without a booking */
    assert_refused(walk_in(device, "walk-0003", code_of(MEMBER + 51)), "WALK_INS_FULL");
    assert_int_equal(counts(van)->walked_in, 2);
    assert_ok(undo(id, STAFF));
    assert_ok(walk_in(device, "walk-0003", code_of(MEMBER + 51)));
    assert_refused(walk_in(device, "walk-0004", code_of(MEMBER + 50)), "WALK_INS_FULL");
}

static void a_vans_places_are_changed_while_it_stops(void **state)
{
    const Health__SlotList *stop = harness_output(
        &h, create_slots(&h, manager_of(&h, UNION), campaign, van, 0, 0, 0, 0), &health__slot_list__descriptor);
    int64_t device = a_device(van, STAFF), id = stop->slots[0]->slot_id;

    (void)state;
    to(START);
    assert_ok(change_slot(&h, manager_of(&h, UNION), id, 1, 1));
    assert_ok(walk_in(device, "walk-0001", code_of(MEMBER + 50)));
    assert_refused(walk_in(device, "walk-0002", code_of(MEMBER + 51)), "WALK_INS_FULL");
    assert_ok(change_slot(&h, manager_of(&h, UNION), id, 2, 1));
    assert_ok(walk_in(device, "walk-0002", code_of(MEMBER + 51)));
    assert_refused(change_slot(&h, manager_of(&h, UNION), id, 1, 0), "CAPACITY_BELOW_BOOKED");
    assert_ok(change_slot(&h, manager_of(&h, UNION), id, 9, 9));
    assert_ok(withdraw_slot(&h, manager_of(&h, UNION), id));
    assert_refused(walk_in(device, "walk-0003", code_of(MEMBER + 52)), "NO_WALK_INS_NOW");
}

static void a_walk_in_code_is_that_of_whoever_holds_the_number(void **state)
{
    int64_t device = a_device(van, STAFF);
    const char *codes[3];

    (void)state;
    assert_ok(create_slots(&h, manager_of(&h, UNION), campaign, van, 0, 0, 0, 0));
    to(START);
    for (int i = 0; i < 3; i++)
        codes[i] = code_of(MEMBER + 50 + i);
    assert_int_equal(hear_merged(&h, MEMBER + 50, MEMBER + 51), 0);
    assert_int_equal(hear_closed(&h, MEMBER + 52), 0);
    assert_ok(walk_in(device, "walk-0001", codes[0]));
    assert_int_equal(state_of(&h, campaign, MEMBER + 51), HEALTH__ENTITLEMENT_STATE__ATTENDED);
    assert_refused(walk_in(device, "walk-0002", codes[1]), "ENTITLEMENT_USED");
    assert_refused(walk_in(device, "walk-0002", codes[2]), "PASS_REVOKED_NOW");
    for (int i = 0; i < 3; i += 2)
        assert_refused(walk_in_code(MEMBER + 50 + i), "TOKEN_REVOKED");
}

static void a_walk_in_code_is_no_pass_and_a_pass_no_walk_in_code(void **state)
{
    int64_t device = a_device(van, STAFF), at_site = a_device(site, STAFF), booking = a_booking(0);

    (void)state;
    to(START);
    assert_refused(scan(at_site, "scan-0001", code_of(MEMBER)), "PASS_MALFORMED");
    assert_refused(walk_in(device, "walk-0001", screen_of(booking, 0)), "NO_WALK_IN_CODE");
    assert_refused(walk_in(device, "walk-0001", "AAAA"), "PASS_MALFORMED");
}

/* ---- the audit ---- */

static void the_audit_finds_a_scan_that_was_changed(void **state)
{
    static const char *const changes[][2] = {
        {"UPDATE scan SET outcome = 2", "UPDATE scan SET outcome = 1"},
        {"UPDATE scan SET undone_at = 5", "UPDATE scan SET undone_at = 0"},
        {"UPDATE scan SET serial = serial + 1", "UPDATE scan SET serial = serial - 1"},
        {"UPDATE scan SET scan_id = scan_id + 1", "UPDATE scan SET scan_id = scan_id - 1"},
        {"UPDATE scan SET at = at + 1", "UPDATE scan SET at = at - 1"},
    };
    int64_t device = a_device(site, STAFF), booking = a_booking(0);

    (void)state;
    to(START);
    assert_ok(scan(device, "scan-0001", text_of(booking, 0)));
    assert_string_equal(harness_audit(&h), "");
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        harness_tamper(&h, changes[i][0]);
        assert_string_not_equal(harness_audit(&h), "");
        harness_tamper(&h, changes[i][1]);
        assert_string_equal(harness_audit(&h), "");
    }
}

static void who_walks_in_is_in_the_budget(void **state)
{
    struct health *self = h.service.self;
    Health__Campaign *tight = campaigns_find(&self->campaigns, campaign, &h.arena);
    int64_t device, budget = tight->budget_fen;

    (void)state;
    assert_ok(create_slots(&h, manager_of(&h, UNION), campaign, van, 0, 0, 0, 0));
    device = a_device(van, STAFF);
    harness_off_record(&h);
    tight->budget_fen = tight->price_fen * (tight->strata[0]->quota + 1) - 1;
    assert_true(campaigns_put(&self->campaigns, tight, &h.arena));
    assert_int_equal(store_commit(h.service.store), 0);
    to(START);
    assert_refused(walk_in(device, "walk-0001", code_of(MEMBER + 50)), "WALK_INS_FULL");
    tight->budget_fen++;
    assert_true(campaigns_put(&self->campaigns, tight, &h.arena));
    assert_int_equal(store_commit(h.service.store), 0);
    assert_ok(walk_in(device, "walk-0001", code_of(MEMBER + 50)));
    assert_refused(walk_in(device, "walk-0002", code_of(MEMBER + 51)), "WALK_INS_FULL");
    tight->budget_fen = budget;
    assert_true(campaigns_put(&self->campaigns, tight, &h.arena));
    assert_int_equal(store_commit(h.service.store), 0);
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
    for (int i = 1; i < 4; i++)
        assert_int_equal(list->scans[i]->outcome, HEALTH__SCAN_OUTCOME__SCAN_WAITS);
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

    (void)state;
    to(START + SCAN_LATE_MS);
    assert_int_equal(upload(device, STAFF, refs, &one, at, 1)->scans[0]->outcome, HEALTH__SCAN_OUTCOME__ACCEPTED);
    to(START + SCAN_LATE_MS + 1);
    assert_int_equal(upload(device, STAFF, refs + 1, &other, at, 1)->scans[0]->outcome,
                     HEALTH__SCAN_OUTCOME__SCAN_WAITS);
}

static const Rpc__Answer *strike(int64_t scan_id, const char *reason, int64_t member_id)
{
    Health__UndoScanRequest request = HEALTH__UNDO_SCAN_REQUEST__INIT;

    request.scan_id = scan_id;
    request.reason = unconst(reason);
    return harness_call(&h, "Scans.StrikeScan", &request.base,
                        harness_official(&h, member_id, RULE__ROLE__BENEFIT_MANAGER, UNION), NULL);
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
    assert_ok(strike(scan, "并未到检", 901));
    assert_int_equal(counts(site)->arrived, 0);
    assert_refused(strike(scan, "并未到检", 901), "SCAN_NOT_ACCEPTED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pass_is_accepted_once_and_the_same_scan_again_is_the_first),
        TEST(a_scan_is_struck_out_later_by_two),
        TEST(what_a_device_alone_says_waits_for_an_official),
        TEST(a_scan_is_handed_in_within_three_days),
        TEST(who_walks_in_is_in_the_budget),
        TEST(a_scan_has_a_letter_about_who_has_come_for_who_scanned_her),
        TEST(each_form_of_a_pass_is_the_same_pass),
        TEST(each_thing_that_is_wrong_has_its_own_answer),
        TEST(staff_sees_the_sites_where_she_scans),
        TEST(only_staff_of_the_site_scans_with_her_own_device),
        TEST(a_mistake_is_undone_within_a_quarter_of_an_hour),
        TEST(a_scanner_takes_along_all_it_needs),
        TEST(a_site_has_so_many_devices_and_a_substitute_is_none_more),
        TEST(the_roster_names_handles_alone_and_has_its_hash),
        TEST(late_scans_get_an_honest_answer_each),
        TEST(conflicts_stay_visible_to_those_who_must_settle_them),
        TEST(a_device_is_revoked_by_any_who_scans_at_its_site),
        TEST(what_a_revoked_device_scanned_before_is_still_taken),
        TEST(who_was_taken_for_a_no_show_and_was_there_has_been_there),
        TEST(the_van_takes_who_walks_in_while_places_are_left),
        TEST(a_vans_places_are_changed_while_it_stops),
        TEST(a_walk_in_code_is_that_of_whoever_holds_the_number),
        TEST(a_walk_in_code_is_no_pass_and_a_pass_no_walk_in_code),
        TEST(the_audit_finds_a_scan_that_was_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
