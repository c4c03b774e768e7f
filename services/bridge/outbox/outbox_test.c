/* The outbox, with the test in the place of identity and of WeChat: rows of health's
 * journal are given, questions and requests are noted and answered one by one. */
#include "services/bridge/outbox/outbox_fixture.h"
#include "tests/disk.h"

static void a_reminder_is_sent_to_her_in_the_words_of_its_template(void **state)
{
    (void)state;
    remind(HEALTH__REMINDER_KIND__DAY_BEFORE, 7, SOON_AT);
    step();
    assert_int_equal(t.n_questions, 1);
    assert_string_equal(t.questions[0].method, "Identity.FindOpenid");
    assert_int_equal(t.questions[0].member_id, 7);
    assert_string_equal(t.questions[0].appid, APP);
    assert_int_equal(state_of(1), WAITING);
    tell_openid(0, "oSeven");
    assert_int_equal(t.n_sent, 0); /* not before it is marked */
    step();
    assert_int_equal(t.n_sent, 1);
    assert_int_equal(state_of(1), SENDING);
    assert_string_equal(t.sent[0].json,
                        "{\"touser\":\"oSeven\",\"template_id\":\"tpl-soon\",\"page\":\"pages/booking\",\"lang\":"
                        "\"zh_CN\",\"data\":{\"thing1\":{\"value\":\"职工免费体检\"},\"time2\":{\"value\":"
                        "\"2026年1月2日 09:30\"},\"thing3\":{\"value\":\"市中医院\"},\"phrase4\":{\"value\":"
                        "\"待体检\"}}}");
    answer(0, "{\"errcode\":0,\"errmsg\":\"ok\"}");
    step();
    assert_ended(1, SENT, 0);
    step();
    assert_int_equal(t.n_questions, 1);
    assert_nothing_kept("oSeven");
}

static void a_row_makes_one_message_however_often_it_is_read(void **state)
{
    (void)state;
    remind_by(5, HEALTH__REMINDER_KIND__DAY_BEFORE, 7, SOON_AT);
    remind_by(5, HEALTH__REMINDER_KIND__DAY_BEFORE, 7, SOON_AT);
    assert_int_equal(count("SELECT count(*) FROM message"), 1);
    assert_int_equal(journal_rows(), 1);
}

static void without_a_template_or_too_late_it_ends_at_once(void **state)
{
    (void)state;
    remind(HEALTH__REMINDER_KIND__YOU_WON, 7, SOON_AT);
    assert_ended(1, NOT_SENT, BRIDGE__REASON__NOTICE_NO_TEMPLATE);
    remind(HEALTH__REMINDER_KIND__DAY_BEFORE, 7, HARNESS_NOW);
    assert_ended(2, NOT_SENT, BRIDGE__REASON__NOTICE_TOO_LATE);
    step();
    assert_int_equal(t.n_questions, 0);
    assert_int_equal(journal_rows(), 2);
}

static void who_has_no_wechat_there_or_has_not_agreed_is_not_asked_about_again(void **state)
{
    static const struct {
        const char *body;
        int reason;
    } cases[] = {
        {"{\"errcode\":43101}", BRIDGE__REASON__WECHAT_NOT_SUBSCRIBED},
        {"{\"errcode\":40003}", BRIDGE__REASON__WECHAT_OPENID_UNKNOWN},
        {"{\"errcode\":47003}", BRIDGE__REASON__WECHAT_MESSAGE_INVALID},
    };

    (void)state;
    remind(HEALTH__REMINDER_KIND__DAY_BEFORE, 7, SOON_AT);
    step();
    tell_nobody(0, IDENTITY__REASON__WECHAT_NOT_FOUND);
    step();
    assert_ended(1, NOT_SENT, BRIDGE__REASON__NOTICE_NO_WECHAT);
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        send_one(7);
        answer(t.n_sent - 1, cases[i].body);
        step();
        assert_ended((int)i + 2, NOT_SENT, cases[i].reason);
    }
    clock_step(&h.service.clock, OUTBOX_DELAY_MAX_MS);
    step();
    assert_int_equal(t.n_questions, 4);
}

static void what_surely_was_not_sent_is_tried_again_with_growing_waits(void **state)
{
    int64_t wait = OUTBOX_DELAY_MS;

    (void)state;
    remind(HEALTH__REMINDER_KIND__REPORT_READY, 7, HARNESS_NOW);
    for (unsigned i = 0; i < OUTBOX_TRIES; i++) {
        assert_int_equal(state_of(1), WAITING);
        step();
        assert_int_equal(t.n_questions, i + 1);
        tell_nobody(i, RPC__REASON__SERVICE_DOWN);
        step();
        clock_step(&h.service.clock, wait - 1);
        step();
        assert_int_equal(t.n_questions, i + 1);
        clock_step(&h.service.clock, 1);
        wait = 2 * wait < OUTBOX_DELAY_MAX_MS ? 2 * wait : OUTBOX_DELAY_MAX_MS;
    }
    assert_ended(1, NOT_SENT, RPC__REASON__SERVICE_DOWN);
    assert_int_equal(journal_rows(), 2);
}

static void a_quota_of_a_day_is_waited_for_as_long_as_wechat_says(void **state)
{
    (void)state;
    send_one(7);
    answer(0, "{\"errcode\":45009}");
    step();
    assert_int_equal(state_of(1), WAITING);
    clock_step(&h.service.clock, 3600000 - 1);
    step();
    assert_int_equal(t.n_questions, 1);
    clock_step(&h.service.clock, 1);
    step();
    assert_int_equal(t.n_questions, 2);
}

static void nothing_is_tried_past_its_use(void **state)
{
    (void)state;
    remind(HEALTH__REMINDER_KIND__DAY_BEFORE, 7, HARNESS_NOW + OUTBOX_DELAY_MS);
    step();
    tell_nobody(0, RPC__REASON__SERVICE_DOWN);
    step();
    assert_ended(1, NOT_SENT, RPC__REASON__SERVICE_DOWN);
    remind(HEALTH__REMINDER_KIND__DAY_BEFORE, 7, HARNESS_NOW + 1000);
    step();
    tell_openid(1, "oSeven");
    clock_step(&h.service.clock, 1000);
    step();
    step();
    assert_ended(2, NOT_SENT, BRIDGE__REASON__NOTICE_TOO_LATE);
    remind(HEALTH__REMINDER_KIND__DAY_BEFORE, 7, HARNESS_NOW + 2000);
    clock_step(&h.service.clock, 1000);
    step();
    step();
    assert_ended(3, NOT_SENT, BRIDGE__REASON__NOTICE_TOO_LATE);
    assert_int_equal(t.n_sent, 0);
}

static void a_lost_answer_leaves_it_uncertain_and_it_is_not_sent_again(void **state)
{
    (void)state;
    send_one(7);
    lose(0);
    step();
    assert_ended(1, UNCERTAIN, BRIDGE__REASON__WECHAT_UNCERTAIN);
    clock_step(&h.service.clock, OUTBOX_DELAY_MAX_MS);
    step();
    assert_int_equal(t.n_sent, 1);
}

static void after_a_restart_what_was_out_is_uncertain_and_what_was_not_is_sent(void **state)
{
    (void)state;
    send_one(7);
    remind(HEALTH__REMINDER_KIND__DAY_BEFORE, 8, SOON_AT);
    step();
    tell_openid(1, "oEight"); /* known, but not marked when the bridge dies */
    die();
    assert_int_equal(state_of(1), SENDING);
    step();
    assert_ended(1, UNCERTAIN, BRIDGE__REASON__WECHAT_UNCERTAIN);
    assert_int_equal(state_of(2), WAITING);
    assert_int_equal(t.n_questions, 3);
    assert_int_equal(t.questions[2].member_id, 8);
    tell_openid(2, "oEight");
    step();
    assert_int_equal(t.n_sent, 2);
    answer(1, "{\"errcode\":0}");
    step();
    assert_ended(2, SENT, 0);
}

static void nothing_leaves_before_its_mark_is_on_the_disk(void **state)
{
    (void)state;
    remind(HEALTH__REMINDER_KIND__DAY_BEFORE, 7, SOON_AT);
    step();
    tell_openid(0, "oSeven");
    disk_fail(DISK_WRITE_FAILS, 1, true);
    for (unsigned i = 0; i < 3; i++)
        step();
    assert_true(disk_has_failed());
    assert_int_equal(t.n_sent, 0);
    assert_int_equal(state_of(1), WAITING);
    disk_heal();
    step();
    assert_int_equal(t.n_sent, 1);
    /* Nor is an outcome forgotten that could not be written down. */
    disk_fail(DISK_WRITE_FAILS, 1, true);
    answer(0, "{\"errcode\":0}");
    step();
    assert_int_equal(state_of(1), SENDING);
    disk_heal();
    step();
    assert_ended(1, SENT, 0);
    assert_int_equal(t.n_sent, 1);
}

static void what_her_booking_makes_untrue_is_withdrawn(void **state)
{
    (void)state;
    remind(HEALTH__REMINDER_KIND__DAY_BEFORE, 7, SOON_AT);
    remind(HEALTH__REMINDER_KIND__REPORT_READY, 7, HARNESS_NOW);
    change_booking(7);
    assert_ended(1, NOT_SENT, BRIDGE__REASON__NOTICE_WITHDRAWN);
    assert_int_equal(state_of(2), WAITING);
    /* While identity is asked for her, too; but not when it is out. */
    remind(HEALTH__REMINDER_KIND__DAY_BEFORE, 8, SOON_AT);
    step();
    change_booking(8);
    tell_openid(1, "oEight");
    step();
    assert_int_equal(t.n_sent, 0);
    assert_ended(3, NOT_SENT, BRIDGE__REASON__NOTICE_WITHDRAWN);
    send_one(9);
    change_booking(9);
    answer(0, "{\"errcode\":0}");
    step();
    assert_ended(4, SENT, 0);
    /* Nor is it tried again. */
    send_one(10);
    change_booking(10);
    answer(1, "{\"errcode\":45009}");
    step();
    assert_ended(5, NOT_SENT, BRIDGE__REASON__NOTICE_WITHDRAWN);
}

static void no_more_are_under_way_than_may_and_all_come_to_their_turn(void **state)
{
    unsigned n = 3 * OUTBOX_OUT + 5, done = 0;

    (void)state;
    for (unsigned i = 0; i < n; i++)
        remind(HEALTH__REMINDER_KIND__DAY_BEFORE, i + 1, SOON_AT);
    for (unsigned turn = 0; done < n && turn < 100; turn++) {
        step();
        assert_true(t.n_questions - done <= OUTBOX_OUT);
        if (turn == 0)
            assert_int_equal(t.n_questions, OUTBOX_OUT);
        for (; done < t.n_questions; done++)
            tell_openid(done, "oAnybody");
        step();
        for (unsigned i = 0; i < t.n_sent; i++) {
            if (t.sent[i].done)
                answer(i, "{\"errcode\":0}");
        }
    }
    step();
    assert_int_equal(t.n_questions, n);
    assert_int_equal(t.n_sent, n);
    for (unsigned i = 0; i < n; i++) { /* each once */
        for (unsigned j = 0; j < i; j++)
            assert_int_not_equal(t.questions[i].member_id, t.questions[j].member_id);
    }
    assert_int_equal(count("SELECT count(*) FROM message WHERE state = 3"), (int)n);
}

static void stopping_begins_nothing_and_waits_for_what_is_out(void **state)
{
    (void)state;
    send_one(7);
    remind(HEALTH__REMINDER_KIND__DAY_BEFORE, 8, SOON_AT);
    assert_true(outbox_stop(t.outbox));
    step();
    assert_int_equal(t.n_questions, 1);
    answer(0, "{\"errcode\":0}");
    assert_false(outbox_stop(t.outbox));
    step();
    assert_ended(1, SENT, 0);
    assert_int_equal(state_of(2), WAITING);
}

static void what_ended_long_ago_is_deleted_and_stays_counted(void **state)
{
    (void)state;
    remind(HEALTH__REMINDER_KIND__YOU_WON, 7, SOON_AT);
    clock_step(&h.service.clock, MESSAGES_KEEP_MS);
    send_one_at(8, SOON_AT + MESSAGES_KEEP_MS);
    assert_int_equal(count("SELECT count(*) FROM message"), 2);
    clock_step(&h.service.clock, 1);
    answer(0, "{\"errcode\":0}");
    step();
    harness_tidy(&h);
    assert_int_equal(count("SELECT count(*) FROM message"), 1);
    assert_int_equal(count("SELECT n FROM tally WHERE state = 4"), 1);
}

static void what_waits_for_an_account_that_is_merged_is_told_to_the_one_that_is_kept(void **state)
{
    struct exported all;

    (void)state;
    remind(HEALTH__REMINDER_KIND__YOU_WON, 7, SOON_AT); /* ends at once, under its number */
    remind(HEALTH__REMINDER_KIND__DAY_BEFORE, 7, SOON_AT);
    remind(HEALTH__REMINDER_KIND__DAY_BEFORE, 9, SOON_AT);
    assert_int_equal(hear_merged(&h, 7, 8), 0);
    assert_int_equal(count("SELECT member_id FROM message WHERE source_seq = 1"), 7);
    assert_int_equal(count("SELECT member_id FROM message WHERE source_seq = 2"), 8);
    all = export_person(&h, 8);
    assert_int_equal(all.n, 2);
    assert_int_equal(exported_count(&all, "messages", "\"kind\""), 2);
    assert_int_equal(exported_count(&all, "messages", "NOTICE_NO_TEMPLATE"), 1);
    assert_int_equal(hear_closed(&h, 9), 0);
}

static void messages_are_listed_newest_first_for_the_command_line_alone(void **state)
{
    Bridge__MessageState states[] = {NOT_SENT, WAITING};
    Bridge__ListMessagesRequest request = BRIDGE__LIST_MESSAGES_REQUEST__INIT;
    Bridge__MessageList *list;

    (void)state;
    remind(HEALTH__REMINDER_KIND__YOU_WON, 7, SOON_AT);
    remind(HEALTH__REMINDER_KIND__DAY_BEFORE, 8, SOON_AT);
    remind(HEALTH__REMINDER_KIND__DAY_BEFORE, 9, SOON_AT);
    request.page_size = 2;
    list = listed(&request);
    assert_int_equal(list->n_messages, 2);
    assert_int_equal(list->messages[0]->member_id, 9);
    assert_int_equal(list->messages[0]->state, WAITING);
    request.page_token = list->next_page_token;
    list = listed(&request);
    assert_int_equal(list->n_messages, 1);
    assert_string_equal(list->messages[0]->reason, "NOTICE_NO_TEMPLATE");
    assert_string_equal(list->next_page_token, "");
    request = (Bridge__ListMessagesRequest)BRIDGE__LIST_MESSAGES_REQUEST__INIT;
    request.state = states;
    for (request.n_state = 1; request.n_state <= ARRAY_LEN(states); request.n_state++)
        assert_int_equal(listed(&request)->n_messages, request.n_state == 1 ? 1 : 3);
    assert_refused(harness_call(&h, "Outbox.ListMessages", &request.base,
                                harness_official(&h, 1, RULE__ROLE__SYSTEM_ADMIN, ""), NULL),
                   "NOT_OFFICIAL");
}

static void the_audit_finds_what_the_journal_does_not_say(void **state)
{
    static const char *const tampers[] = {
        "UPDATE message SET state = 3 WHERE state = 4",
        "UPDATE message SET reason = 90031 WHERE state = 4",
        "UPDATE message SET member_id = 99 WHERE state = 1",
        "UPDATE message SET journal_seq = 99 WHERE state = 1",
        "DELETE FROM message WHERE state = 1",
        "UPDATE tally SET n = n + 1 WHERE state = 4",
        "DELETE FROM tally WHERE state = 4",
    };

    remind(HEALTH__REMINDER_KIND__YOU_WON, 7, SOON_AT);
    remind(HEALTH__REMINDER_KIND__DAY_BEFORE, 8, SOON_AT);
    for (unsigned i = 0; i < ARRAY_LEN(tampers); i++) {
        harness_tamper(&h, tampers[i]);
        assert_string_not_equal(harness_audit(&h), "");
        teardown_dirty(state);
        setup(state);
        remind(HEALTH__REMINDER_KIND__YOU_WON, 7, SOON_AT);
        remind(HEALTH__REMINDER_KIND__DAY_BEFORE, 8, SOON_AT);
    }
}

static void a_file_of_templates_that_cannot_be_is_refused(void **state)
{
    static const char *const bad[] = {
        "CHECKUP_SOON wx9 tpl - thing1=title\n",
        "CHECKUP_SOON " APP " tpl - thing1=title\nCHECKUP_SOON " APP " tpl - thing1=title\n",
        "CHECKUP_SOON " APP " tpl -\n",
        "CHECKUP_SOON\n",
    };
    static struct outbox outbox;
    char path[] = "/tmp/huigong-test-templates-XXXXXX";

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        write_file(path, bad[i]);
        assert_int_equal(outbox_init(&outbox, h.service.self, path), -1);
        unlink(path);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reminder_is_sent_to_her_in_the_words_of_its_template),
        TEST(a_row_makes_one_message_however_often_it_is_read),
        TEST(without_a_template_or_too_late_it_ends_at_once),
        TEST(who_has_no_wechat_there_or_has_not_agreed_is_not_asked_about_again),
        TEST(what_surely_was_not_sent_is_tried_again_with_growing_waits),
        TEST(a_quota_of_a_day_is_waited_for_as_long_as_wechat_says),
        TEST(nothing_is_tried_past_its_use),
        TEST(a_lost_answer_leaves_it_uncertain_and_it_is_not_sent_again),
        TEST(after_a_restart_what_was_out_is_uncertain_and_what_was_not_is_sent),
        TEST(nothing_leaves_before_its_mark_is_on_the_disk),
        TEST(what_her_booking_makes_untrue_is_withdrawn),
        TEST(no_more_are_under_way_than_may_and_all_come_to_their_turn),
        TEST(stopping_begins_nothing_and_waits_for_what_is_out),
        TEST(what_ended_long_ago_is_deleted_and_stays_counted),
        TEST(what_waits_for_an_account_that_is_merged_is_told_to_the_one_that_is_kept),
        TEST(messages_are_listed_newest_first_for_the_command_line_alone),
        TEST(the_audit_finds_what_the_journal_does_not_say),
        TEST(a_file_of_templates_that_cannot_be_is_refused),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
