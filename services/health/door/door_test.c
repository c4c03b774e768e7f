/* Devices, who may scan with them, and what a scanner takes along, through the service. */
#include "common/base/hex.h"
#include "common/base/sha256.h"
#include "services/health/door/door_fixture.h"

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

static void staff_asks_for_closed_sites_alone(void **state)
{
    Health__SiteState closed = HEALTH__SITE_STATE__SITE_STATE_CLOSED;
    Health__MySitesRequest request = HEALTH__MY_SITES_REQUEST__INIT;
    Health__SiteRequest close = HEALTH__SITE_REQUEST__INIT;
    const Health__SiteList *list;

    (void)state;
    close.site_id = van;
    assert_ok(harness_call(&h, "Sites.CloseSite", &close.base, manager_of(&h, UNION), NULL));
    request.state = &closed;
    request.n_state = 1;
    list = harness_output(&h, harness_call(&h, "Sites.ListMySites", &request.base, staff(STAFF), NULL),
                          &health__site_list__descriptor);
    assert_int_equal(list->n_sites, 1);
    assert_int_equal(list->sites[0]->site_id, van);
    assert_int_equal(sites_of(staff(STAFF))->n_sites, 2);
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
    const Rpc__Answer *refused;

    (void)state;
    for (int i = 1; i < DEVICES_MAX; i++)
        a_device(site, STAFF);
    refused = register_device(site, STAFF, 0);
    assert_refused(refused, "TOO_MANY_DEVICES");
    assert_int_equal(strtol(harness_fact(refused, "maximum"), NULL, 10), DEVICES_MAX);
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
    sha256_of(handles, sizeof(handles), hash);
    package = harness_output(&h, harness_call(&h, "Doors.GetScannerPackage", &scanner.base, staff(STAFF), NULL),
                             &health__scanner_package__descriptor);
    assert_int_equal(package->roster_size, 5);
    assert_memory_equal(package->roster_hash.data, hash, 32);
    assert_refused(harness_call(&h, "Doors.GetRoster", &request.base, staff(STAFF + 10), NULL), "NOT_SITE_STAFF");
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

static const Rpc__Answer *list_devices(int64_t site_id, int32_t size, const char *token, const Rpc__Principal *who)
{
    Health__ListDevicesRequest request = HEALTH__LIST_DEVICES_REQUEST__INIT;

    request.site_id = site_id;
    request.page_size = size;
    request.page_token = unconst(token);
    return harness_call(&h, "Doors.ListDevices", &request.base, who, NULL);
}

static const Health__DeviceList *devices_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &health__device_list__descriptor);
}

/* Somebody's telephone is lost: who scans there, and officials, find it in the list and revoke it. */
static void a_device_is_found_in_the_list_and_revoked_by_an_official(void **state)
{
    int64_t first = a_device(site, STAFF), second;
    Health__RevokeDeviceRequest revoke = HEALTH__REVOKE_DEVICE_REQUEST__INIT;
    const Health__DeviceList *list;

    (void)state;
    a_device(van, STAFF);
    second = a_device(site, STAFF + 1);
    list = devices_of(list_devices(site, 1, "", staff(STAFF)));
    assert_int_equal(list->n_devices, 1);
    assert_int_equal(list->devices[0]->device_id, second);
    assert_int_equal(list->devices[0]->staff_id, STAFF + 1);
    list = devices_of(list_devices(site, 1, list->next_page_token, staff(STAFF)));
    assert_int_equal(list->n_devices, 1);
    assert_int_equal(list->devices[0]->device_id, first);
    assert_string_equal(list->next_page_token, "");
    assert_refused(list_devices(site, 0, "", staff(STAFF + 10)), "NOT_SITE_STAFF");
    assert_refused(list_devices(site, 0, "", manager_of(&h, "0009")), "NOT_SITE_STAFF");
    assert_refused(list_devices(site + 1000, 0, "", manager_of(&h, UNION)), "SITE_NOT_FOUND");
    revoke.device_id = first;
    assert_refused(harness_call(&h, "Doors.RevokeDevice", &revoke.base, manager_of(&h, "0009"), NULL),
                   "NOT_SITE_STAFF");
    assert_ok(harness_call(&h, "Doors.RevokeDevice", &revoke.base, manager_of(&h, UNION), NULL));
    list = devices_of(list_devices(site, 0, "", manager_of(&h, UNION)));
    assert_int_equal(list->n_devices, 1);
    assert_int_equal(list->devices[0]->device_id, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(staff_sees_the_sites_where_she_scans),
        TEST(staff_asks_for_closed_sites_alone),
        TEST(only_staff_of_the_site_scans_with_her_own_device),
        TEST(a_scanner_takes_along_all_it_needs),
        TEST(a_site_has_so_many_devices_and_a_substitute_is_none_more),
        TEST(the_roster_names_handles_alone_and_has_its_hash),
        TEST(a_device_is_revoked_by_any_who_scans_at_its_site),
        TEST(a_device_is_found_in_the_list_and_revoked_by_an_official),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
