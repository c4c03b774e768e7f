#include "services/portal/inbox/inbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "services/portal/fixture.h"

#define WON    NOTICE__NOTICE_KIND__CHECKUP_WON
#define JOINED NOTICE__NOTICE_KIND__ACCOUNT_JOIN_APPROVED
#define ENDED  NOTICE__NOTICE_KIND__COUPON_ENDED
#define UNREAD PORTAL__INBOX_STATE__INBOX_UNREAD
#define READ   PORTAL__INBOX_STATE__INBOX_READ
#define GONE   PORTAL__INBOX_STATE__INBOX_WITHDRAWN

static Rpc__Principal *member(int64_t member_id)
{
    return harness_member(&h, member_id, "00010002");
}

static Portal__InboxItemList *page_of(int64_t member_id, int state, int32_t size, const char *token)
{
    Portal__ListInboxRequest request = PORTAL__LIST_INBOX_REQUEST__INIT;
    Portal__InboxState states[] = {(Portal__InboxState)state};

    request.state = states;
    request.n_state = state ? 1 : 0;
    request.page_size = size;
    request.page_token = unconst(token);
    return harness_output(&h, harness_call(&h, "Inbox.ListInbox", &request.base, member(member_id), NULL),
                          &portal__inbox_item_list__descriptor);
}

static Portal__InboxItemList *inbox_of(int64_t member_id)
{
    return page_of(member_id, 0, 100, "");
}

static int unread_by(int64_t member_id)
{
    Portal__InboxCount *count = harness_output(&h, harness_call(&h, "Inbox.CountInbox", NULL, member(member_id), NULL),
                                               &portal__inbox_count__descriptor);

    return count->unread;
}

static const Rpc__Answer *read_item(int64_t member_id, int64_t item_id)
{
    Portal__InboxItemRequest request = PORTAL__INBOX_ITEM_REQUEST__INIT;

    request.item_id = item_id;
    return harness_call(&h, "Inbox.ReadInboxItem", &request.base, member(member_id), NULL);
}

static const Rpc__Answer *read_all(int64_t member_id, int64_t item_id)
{
    Portal__ReadInboxRequest request = PORTAL__READ_INBOX_REQUEST__INIT;

    request.upto_id = item_id;
    return harness_call(&h, "Inbox.ReadInbox", &request.base, member(member_id), NULL);
}

static int read_upto(int64_t member_id, int64_t item_id)
{
    Portal__InboxCount *count = harness_output(&h, read_all(member_id, item_id), &portal__inbox_count__descriptor);

    return count->unread;
}

static void what_services_tell_is_in_one_inbox_of_her_alone(void **state)
{
    Portal__InboxItemList *list;

    (void)state;
    tell("health", WON, 7, 500, NOTICE_BY_APP);
    clock_step(&h.service.clock, 1000);
    tell("identity", JOINED, 7, 500, NOTICE_BY_MOBILE);
    tell("identity", JOINED, 7, 500, 55); /* the same by another door */
    tell("coupon", ENDED, 8, 500, NOTICE_BY_APP);
    tell("subsidy", NOTICE__NOTICE_KIND__SUBSIDY_TO_CONFIRM, 6, 500, NOTICE_BY_APP);
    list = inbox_of(7);
    assert_int_equal(list->n_items, 2);
    assert_string_equal(list->items[0]->service, "identity");
    assert_int_equal(list->items[0]->kind, JOINED);
    assert_int_equal(list->items[0]->told_at, HARNESS_NOW + 1000);
    assert_string_equal(list->items[1]->service, "health");
    assert_int_equal(list->items[1]->about_id, 100500);
    assert_int_equal(list->items[1]->about_at, HARNESS_NOW + 3600000);
    assert_string_equal(list->items[1]->title, "职工免费体检");
    assert_string_equal(list->items[1]->place, "市中医院");
    assert_string_equal(list->items[1]->text, "您已中签，请在截止时间前预约");
    assert_string_equal(list->items[1]->phrase, "已中签");
    assert_int_equal(list->items[1]->state, UNREAD);
    assert_int_equal(inbox_of(8)->n_items, 1);
    assert_string_equal(inbox_of(6)->items[0]->text, "您有一笔补贴待在微信中确认收款");
    assert_int_equal(inbox_of(9)->n_items, 0);
    assert_int_equal(unread_by(7), 2);
    assert_int_equal(unread_by(9), 0);
}

static void what_this_portal_cannot_know_is_passed_over(void **state)
{
    Rpc__ChassisEvent event = RPC__CHASSIS_EVENT__INIT;
    Notice__NoticeGiven given = NOTICE__NOTICE_GIVEN__INIT;

    (void)state;
    tell("health", NOTICE_KINDS, 7, 500, NOTICE_BY_APP); /* of a later service */
    tell("health", -1, 7, 501, NOTICE_BY_APP);
    tell("health", WON, 0, 502, NOTICE_BY_APP);
    withdraw("health", 503);
    given.notice_id = 504;
    given.member_id = 7;
    given.kind = WON;
    event.event_case = RPC__CHASSIS_EVENT__EVENT_NOTICE_GIVEN;
    event.notice_given = &given;
    assert_int_equal(hear_chassis("health", &event, HARNESS_NOW - NOTICE_KEPT_MS - 1), 0); /* long ago */
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM inbox_item"), 0);
    assert_int_equal(hear_chassis("health", &event, HARNESS_NOW - NOTICE_KEPT_MS), 0);
    assert_int_equal(unread_by(7), 1);
}

static void what_she_has_read_stays_read(void **state)
{
    int64_t first, at;
    Portal__InboxItem *item;

    (void)state;
    for (int64_t i = 0; i < 3; i++)
        tell("health", WON, 7, 500 + i, NOTICE_BY_APP);
    tell("health", WON, 8, 600, NOTICE_BY_APP);
    first = inbox_of(7)->items[2]->item_id;
    assert_refused(read_item(8, first), "INBOX_ITEM_NOT_FOUND");
    assert_refused(read_item(7, 99), "INBOX_ITEM_NOT_FOUND");
    assert_int_equal(unread_by(7), 3);
    clock_step(&h.service.clock, 5000);
    item = harness_output(&h, read_item(7, first), &portal__inbox_item__descriptor);
    assert_int_equal(item->state, READ);
    assert_string_equal(item->phrase, "已中签");
    at = item->read_at;
    assert_int_equal(at, HARNESS_NOW + 5000);
    clock_step(&h.service.clock, 5000);
    item = harness_output(&h, read_item(7, first), &portal__inbox_item__descriptor);
    assert_int_equal(item->read_at, at);
    harness_reopen(&h);
    assert_int_equal(unread_by(7), 2);
    assert_int_equal(unread_by(8), 1);
    assert_int_equal(page_of(7, READ, 100, "")->n_items, 1);
    assert_int_equal(page_of(7, UNREAD, 100, "")->n_items, 2);
    assert_int_equal(page_of(7, GONE, 100, "")->n_items, 0);
}

static void all_up_to_one_is_read_and_what_comes_behind_it_is_not(void **state)
{
    int64_t last;

    (void)state;
    for (int64_t i = 0; i < 300; i++) /* more than one row of the journal says */
        tell("health", WON, 7, 500 + i, NOTICE_BY_APP);
    tell("health", WON, 8, 900, NOTICE_BY_APP);
    last = inbox_of(7)->items[0]->item_id;
    tell("health", WON, 7, 901, NOTICE_BY_APP);
    assert_int_equal(read_upto(7, last), 1);
    assert_int_equal(read_upto(7, last), 1);
    assert_refused_at(read_all(8, last), "INBOX_ITEM_NOT_FOUND", "uptoId");
    assert_int_equal(unread_by(8), 1);
    assert_int_equal(harness_number(&h, "SELECT count(DISTINCT read_seq) FROM inbox_item WHERE read_at > 0"), 2);
}

static void what_is_not_true_any_more_says_so_and_is_not_unread(void **state)
{
    Portal__InboxItemList *list;
    int64_t first;

    (void)state;
    tell("health", WON, 7, 500, NOTICE_BY_APP);
    tell("identity", JOINED, 7, 500, NOTICE_BY_MOBILE);
    first = inbox_of(7)->items[1]->item_id;
    withdraw("coupon", 500); /* another's */
    assert_int_equal(unread_by(7), 2);
    clock_step(&h.service.clock, 1000);
    withdraw("health", 500);
    clock_step(&h.service.clock, 1000);
    withdraw("health", 500);
    assert_int_equal(unread_by(7), 1);
    list = page_of(7, GONE, 100, "");
    assert_int_equal(list->n_items, 1);
    assert_int_equal(list->items[0]->item_id, first);
    assert_int_equal(list->items[0]->withdrawn_at, HARNESS_NOW + 1000);
    assert_ok(read_item(7, first)); /* she may open it; it is not marked */
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM inbox_item WHERE read_at > 0"), 0);
    tell("health", WON, 7, 501, NOTICE_BY_APP); /* true again */
    assert_int_equal(unread_by(7), 2);
}

static void the_inbox_comes_in_pages_the_latest_first(void **state)
{
    const char *token = "";
    int64_t before = INT64_MAX;
    size_t n = 0;

    (void)state;
    for (int64_t i = 0; i < 7; i++)
        tell("health", WON, 7, 500 + i, NOTICE_BY_APP);
    do {
        Portal__InboxItemList *list = page_of(7, 0, 3, token);

        assert_true(list->n_items <= 3);
        for (size_t i = 0; i < list->n_items; i++, n++) {
            assert_true(list->items[i]->item_id < before);
            before = list->items[i]->item_id;
        }
        token = list->next_page_token;
    } while (*token);
    assert_int_equal(n, 7);
}

static void the_newest_are_kept_for_their_time(void **state)
{
    (void)state;
    tell("identity", JOINED, 8, 1, NOTICE_BY_APP);
    for (int64_t i = 0; i < LIMIT_INBOX + 3; i++)
        tell("health", WON, 7, 500 + i, NOTICE_BY_APP);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM inbox_item WHERE member_id = 7"), LIMIT_INBOX);
    assert_int_equal(harness_number(&h, "SELECT min(notice_id) FROM inbox_item WHERE member_id = 7"), 503);
    assert_int_equal(inbox_of(8)->n_items, 1);
    clock_step(&h.service.clock, NOTICE_KEPT_MS);
    tell("health", WON, 7, 2, NOTICE_BY_APP);
    clock_step(&h.service.clock, 2);
    for (int i = 0; i < 3; i++)
        harness_tidy(&h);
    assert_int_equal(harness_number(&h, "SELECT notice_id FROM inbox_item"), 2);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM inbox_item"), 1);
}

static void her_inbox_goes_with_her_account(void **state)
{
    struct exported all;

    (void)state;
    tell("health", WON, 7, 500, NOTICE_BY_APP);
    tell("identity", JOINED, 8, 501, NOTICE_BY_APP);
    read_item(7, inbox_of(7)->items[0]->item_id);
    assert_int_equal(hear_merged(&h, 7, 8), 0);
    assert_int_equal(inbox_of(8)->n_items, 2);
    assert_int_equal(unread_by(8), 1);
    tell("coupon", ENDED, 7, 502, NOTICE_BY_APP); /* told of the number before its service heard of it */
    assert_int_equal(unread_by(8), 2);
    assert_int_equal(unread_by(7), 2); /* she, in a session of before */
    all = export_person(&h, 8);
    assert_int_equal(all.n, 3);
    assert_int_equal(exported_count(&all, "inbox", "CHECKUP_WON"), 1);
    assert_int_equal(hear_closed(&h, 8), 0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM inbox_item"), 0);
    tell("health", WON, 8, 503, NOTICE_BY_APP);
    tell("health", WON, 7, 504, NOTICE_BY_APP);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM inbox_item"), 0);
}

static void two_inboxes_become_one_of_the_newest(void **state)
{
    (void)state;
    for (int64_t i = 0; i < LIMIT_INBOX / 2 + 1; i++) {
        tell("health", WON, 7, 1000 + i, NOTICE_BY_APP);
        tell("health", WON, 8, 2000 + i, NOTICE_BY_APP);
    }
    assert_int_equal(hear_merged(&h, 7, 8), 0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM inbox_item"), LIMIT_INBOX);
    assert_int_equal(unread_by(8), LIMIT_INBOX);
}

static void a_row_that_was_changed_is_found(void **state)
{
    static const char *const changes[][2] = {
        {"UPDATE inbox_item SET member_id = 9 WHERE notice_id = 500",
         "UPDATE inbox_item SET member_id = 7 WHERE notice_id = 500"},
        {"UPDATE inbox_item SET kind = 2 WHERE notice_id = 500",
         "UPDATE inbox_item SET kind = 1 WHERE notice_id = 500"},
        {"UPDATE inbox_item SET service = 'coupon' WHERE notice_id = 500",
         "UPDATE inbox_item SET service = 'health' WHERE notice_id = 500"},
        {"UPDATE inbox_item SET withdrawn_at = 0 WHERE notice_id = 501",
         "UPDATE inbox_item SET withdrawn_at = 1 WHERE notice_id = 501"},
        {"UPDATE inbox_item SET withdrawn_at = 1 WHERE notice_id = 500",
         "UPDATE inbox_item SET withdrawn_at = 0 WHERE notice_id = 500"},
        {"UPDATE inbox_item SET read_at = 0 WHERE notice_id = 502",
         "UPDATE inbox_item SET read_at = 1 WHERE notice_id = 502"},
        {"UPDATE inbox_item SET read_seq = 1 WHERE notice_id = 502",
         "UPDATE inbox_item SET read_seq = (SELECT max(seq) FROM journal) WHERE notice_id = 502"},
        {"INSERT INTO inbox_item VALUES (1, 7, 'health', 9, 1, 1, 1, '', '', 1, 0, 0, 0, 1)",
         "DELETE FROM inbox_item WHERE item_id = 1"},
    };

    (void)state;
    for (int64_t i = 0; i < 3; i++)
        tell("health", WON, 7, 500 + i, NOTICE_BY_APP);
    withdraw("health", 501);
    assert_ok(read_item(7, inbox_of(7)->items[0]->item_id));
    for (size_t i = 0; i < ARRAY_LEN(changes); i++)
        assert_found(&h, changes[i][0], changes[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_services_tell_is_in_one_inbox_of_her_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(what_this_portal_cannot_know_is_passed_over, setup, teardown),
        cmocka_unit_test_setup_teardown(what_she_has_read_stays_read, setup, teardown),
        cmocka_unit_test_setup_teardown(all_up_to_one_is_read_and_what_comes_behind_it_is_not, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_true_any_more_says_so_and_is_not_unread, setup, teardown),
        cmocka_unit_test_setup_teardown(the_inbox_comes_in_pages_the_latest_first, setup, teardown),
        cmocka_unit_test_setup_teardown(the_newest_are_kept_for_their_time, setup, teardown),
        cmocka_unit_test_setup_teardown(her_inbox_goes_with_her_account, setup, teardown),
        cmocka_unit_test_setup_teardown(two_inboxes_become_one_of_the_newest, setup, teardown),
        cmocka_unit_test_setup_teardown(a_row_that_was_changed_is_found, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
