#include "services/portal/inbox/reminders.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "services/portal/fixture.h"

#define WON   NOTICE__NOTICE_KIND__CHECKUP_WON
#define READY NOTICE__NOTICE_KIND__CHECKUP_REPORT_READY
#define BOUND NOTICE__NOTICE_KIND__ACCOUNT_WECHAT_BOUND

static const Rpc__Answer *turn_off(int64_t member_id, size_t n, const int *kinds)
{
    Portal__SetRemindersRequest request = PORTAL__SET_REMINDERS_REQUEST__INIT;
    Notice__NoticeKind off[4];

    for (size_t i = 0; i < n; i++)
        off[i] = (Notice__NoticeKind)kinds[i];
    request.off = off;
    request.n_off = n;
    return harness_call(&h, "Reminders.SetReminders", &request.base, harness_member(&h, member_id, "00010002"), NULL);
}

static bool is_on(int64_t member_id, int kind)
{
    Portal__ReminderList *list = harness_output(
        &h, harness_call(&h, "Reminders.GetReminders", NULL, harness_member(&h, member_id, "00010002"), NULL),
        &portal__reminder_list__descriptor);

    assert_int_equal(list->n_reminders, NOTICE_KINDS - 1);
    assert_int_equal(list->reminders[kind - 1]->kind, kind);
    assert_string_equal(list->reminders[kind - 1]->text, notice_sentence(kind));
    assert_int_equal(list->reminders[kind - 1]->needed, notice_needed(kind));
    return list->reminders[kind - 1]->on;
}

/* What the journal said last. */
static const Portal__RemindersChanged *said(void)
{
    const Portal__Event *event =
        harness_last_event(&h, &portal__event__descriptor, PORTAL__EVENT__EVENT_REMINDERS_CHANGED);

    return event ? event->reminders_changed : NULL;
}

static void she_chooses_of_what_she_is_reminded(void **state)
{
    static const int two[] = {WON, READY};
    int64_t rows;

    (void)state;
    assert_true(is_on(7, WON));
    assert_ok(turn_off(7, 2, two));
    assert_false(is_on(7, WON));
    assert_false(is_on(7, READY));
    assert_true(is_on(7, BOUND));
    assert_true(is_on(8, WON));
    assert_int_equal(said()->member_id, 7);
    assert_int_equal(said()->n_off, 2);
    assert_int_equal(said()->off[1], READY);
    rows = harness_number(&h, "SELECT max(seq) FROM journal");
    assert_ok(turn_off(7, 2, two)); /* nothing new */
    assert_int_equal(harness_number(&h, "SELECT max(seq) FROM journal"), rows);
    harness_reopen(&h);
    assert_ok(turn_off(7, 1, two + 1));
    assert_true(is_on(7, WON));
    assert_ok(turn_off(7, 0, NULL));
    assert_true(is_on(7, READY));
    assert_int_equal(said()->n_off, 0);
}

static void what_guards_her_account_is_not_turned_off(void **state)
{
    static const int kinds[] = {WON, BOUND};

    (void)state;
    assert_refused_at(turn_off(7, 2, kinds), "REMINDER_NEEDED", "off");
    assert_refused_at(turn_off(7, 1, (const int[]){NOTICE_KINDS}), "OUT_OF_RANGE", "off");
    assert_refused_at(turn_off(7, 1, (const int[]){0}), "OUT_OF_RANGE", "off");
    assert_true(is_on(7, WON));
    assert_null(said());
}

static void what_either_account_has_turned_off_is_off(void **state)
{
    static const int won[] = {WON}, ready[] = {READY};
    struct exported all;

    (void)state;
    assert_ok(turn_off(7, 1, won));
    assert_ok(turn_off(8, 1, ready));
    assert_int_equal(hear_merged(&h, 7, 8), 0);
    assert_false(is_on(8, WON));
    assert_false(is_on(8, READY));
    assert_int_equal(said()->member_id, 8);
    assert_int_equal(said()->n_off, 2);
    all = export_person(&h, 8);
    assert_int_equal(all.n, 1);
    assert_int_equal(exported_count(&all, "reminders", "CHECKUP_REPORT_READY"), 1);
    assert_int_equal(hear_closed(&h, 8), 0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM reminder"), 0);
}

static void a_setting_that_was_changed_is_found(void **state)
{
    static const int won[] = {WON};

    (void)state;
    assert_ok(turn_off(7, 1, won));
    harness_tamper(&h, "UPDATE reminder SET off = 4");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE reminder SET off = 2");
    assert_string_equal(harness_audit(&h), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(she_chooses_of_what_she_is_reminded, setup, teardown),
        cmocka_unit_test_setup_teardown(what_guards_her_account_is_not_turned_off, setup, teardown),
        cmocka_unit_test_setup_teardown(what_either_account_has_turned_off_is_off, setup, teardown),
        cmocka_unit_test_setup_teardown(a_setting_that_was_changed_is_found, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
