/* What others' journals say that somebody is to be told, and the outbox tells her. */
#include "identity/contest.pb-c.h"
#include "portal/inbox.pb-c.h"
#include "services/bridge/outbox/outbox_fixture.h"
#include "services/bridge/sms.h"
#include "tests/disk.h"

#define MERGE     IDENTITY__ACCOUNT_NEWS__NEWS_MERGE_ASKED
#define CONTESTED IDENTITY__ACCOUNT_NEWS__NEWS_NAME_CONTESTED

static void what_concerns_her_account_is_told_by_her_number_and_each_of_her_wechats(void **state)
{
    (void)state;
    tell_news(MERGE, 7, 500, 0);
    tell_news(MERGE, 7, 500, 55);
    tell_news(IDENTITY__ACCOUNT_NEWS__NEWS_WECHAT_BOUND, 7, 56, 55); /* for which no template is set */
    assert_ended(3, NOT_SENT, BRIDGE__REASON__NOTICE_NO_TEMPLATE);
    step();
    assert_int_equal(t.n_questions, 2);
    assert_string_equal(t.questions[0].method, "Identity.FindMobile");
    assert_int_equal(t.questions[0].member_id, 7);
    assert_string_equal(t.questions[1].method, "Identity.FindOpenid");
    assert_int_equal(t.questions[1].wechat_id, 55);
    tell_mobile(0, "16900000007");
    tell_openid(1, "oSeven");
    assert_int_equal(t.n_sent + t.n_texts, 0); /* not before they are marked */
    step();
    assert_int_equal(t.n_texts, 1);
    assert_non_null(strstr(t.texts[0].json, "\"mobile\":\"16900000007\",\"template\":\"account-merge-asked\","
                                            "\"parameters\":{\"when\":\"2026年1月1日 09:30\"}"));
    assert_int_equal(t.n_sent, 1);
    assert_non_null(strstr(t.sent[0].json, "\"touser\":\"oSeven\",\"template_id\":\"tpl-account\""));
    assert_non_null(strstr(t.sent[0].json, "有人申请合并您的账号，不同意请登录拒绝"));
    answer_text(0, 200, "{\"status\":\"ACCEPTED\"}");
    answer(0, "{\"errcode\":0}");
    step();
    assert_ended(1, SENT, 0);
    assert_ended(2, SENT, 0);
    assert_nothing_kept("16900000007");
}

static void each_kind_is_told_as_what_it_is_until_it_is_withdrawn(void **state)
{
    static const char *const sources[] = {"health", "identity", "coupon", "subsidy"};

    (void)state;
    for (unsigned source = 0; source < ARRAY_LEN(sources); source++) {
        for (int kind = 1; kind < NOTICE_KINDS; kind++) {
            int64_t door = notice_sms(kind) ? NOTICE_BY_MOBILE : NOTICE_BY_APP, row;
            const char *name = protobuf_c_enum_descriptor_get_value(&notice__notice_kind__descriptor, kind)->name;
            bool has_way =
                notice_sms(kind) || strcmp(name, "CHECKUP_SOON") == 0 || strcmp(name, "CHECKUP_REPORT_READY") == 0;

            tell_notice(sources[source], kind, 7, 500 + kind, door);
            row = t.row;
            assert_int_equal(state_of(row), has_way ? WAITING : NOT_SENT);
            assert_int_equal(count("SELECT kind FROM message ORDER BY message_id DESC LIMIT 1"), kind);
            assert_int_equal(count("SELECT door FROM message ORDER BY message_id DESC LIMIT 1"), door);
            withdraw_notice(sources[(source + 1) % ARRAY_LEN(sources)], 500 + kind); /* another's */
            withdraw_notice(sources[source], 499);
            assert_int_equal(state_of(row), has_way ? WAITING : NOT_SENT);
            withdraw_notice(sources[source], 500 + kind);
            assert_ended(row, NOT_SENT,
                         has_way ? BRIDGE__REASON__NOTICE_WITHDRAWN : BRIDGE__REASON__NOTICE_NO_TEMPLATE);
        }
        tell_notice(sources[source], NOTICE_KINDS, 7, 600, NOTICE_BY_MOBILE); /* of a later service */
        assert_int_equal(state_of(t.row), -1);
    }
}

static void partitions_of_a_service_number_their_rows_each_for_itself(void **state)
{
    int64_t first = 500 * ID_STEP, second = first + 7; /* by their ids */

    (void)state;
    tell_notice("coupon", NOTICE__NOTICE_KIND__ACCOUNT_MERGED, 7, first, NOTICE_BY_MOBILE);
    t.row--;
    tell_notice("coupon", NOTICE__NOTICE_KIND__ACCOUNT_MERGED, 7, second, NOTICE_BY_MOBILE);
    assert_int_equal(count("SELECT count(*) FROM message WHERE state = 1"), 2);
    withdraw_notice("coupon", second);
    assert_int_equal(count("SELECT about_id FROM message WHERE state = 1"), first);
    assert_int_equal(count("SELECT count(*) FROM message WHERE source = 'coupon.7' AND state = 4"), 1);
}

static void a_notice_is_told_with_its_title_and_place(void **state)
{
    (void)state;
    tell_notice("health", NOTICE__NOTICE_KIND__CHECKUP_SOON, 7, 500, NOTICE_BY_APP);
    step();
    tell_openid(0, "oSeven");
    step();
    assert_non_null(strstr(t.sent[0].json, "职工免费体检"));
    assert_non_null(strstr(t.sent[0].json, "市中医院"));
    assert_non_null(strstr(t.sent[0].json, "2026年1月2日 09:30"));
}

static void all_doors_of_a_notice_are_told_no_more(void **state)
{
    (void)state;
    for (int64_t door = -1; door < OUTBOX_WITHDRAWN + 2; door++)
        tell_notice("identity", NOTICE__NOTICE_KIND__ACCOUNT_MERGE_ASKED, 7, 500, door);
    withdraw_notice("identity", 500);
    assert_int_equal(count("SELECT count(*) FROM message WHERE state = 1"), 0);
    assert_int_equal(count("SELECT count(*) FROM message WHERE reason = 90033"), OUTBOX_WITHDRAWN + 3);
}

/* What the portal says that a member has turned off. */
static void turn_off(int64_t member_id, size_t n, Notice__NoticeKind *kinds)
{
    Portal__RemindersChanged changed = PORTAL__REMINDERS_CHANGED__INIT;
    Portal__Event event = PORTAL__EVENT__INIT;
    Rpc__JournalRow row = RPC__JOURNAL_ROW__INIT;
    uint8_t packed[256];

    changed.member_id = member_id;
    changed.off = kinds;
    changed.n_off = n;
    event.event_case = PORTAL__EVENT__EVENT_REMINDERS_CHANGED;
    event.reminders_changed = &changed;
    row.kind = (int32_t)event.event_case;
    row.body = (ProtobufCBinaryData){portal__event__pack(&event, packed), packed};
    assert_int_equal(harness_hear(&h, "portal", &row), 0);
}

static void what_she_has_turned_off_is_not_sent(void **state)
{
    Notice__NoticeKind off[] = {NOTICE__NOTICE_KIND__CHECKUP_SOON, NOTICE__NOTICE_KIND__ACCOUNT_MERGE_ASKED};

    (void)state;
    tell_notice("health", off[0], 7, 500, NOTICE_BY_APP);
    turn_off(7, 2, off); /* while it waits */
    tell_notice("health", off[0], 8, 501, NOTICE_BY_APP);
    tell_notice("identity", off[1], 7, 502, NOTICE_BY_MOBILE); /* which guards her account */
    step();
    step();
    assert_ended(1, NOT_SENT, BRIDGE__REASON__NOTICE_TURNED_OFF);
    assert_int_equal(t.n_questions, 2);
    assert_int_equal(t.questions[0].member_id, 8);
    assert_string_equal(t.questions[1].method, "Identity.FindMobile");
    turn_off(7, 0, NULL);
    tell_notice("health", off[0], 7, 503, NOTICE_BY_APP);
    step();
    assert_int_equal(t.n_questions, 3);
}

static void of_an_account_that_is_gone_nothing_is_kept(void **state)
{
    Notice__NoticeKind off[] = {NOTICE__NOTICE_KIND__CHECKUP_SOON};

    (void)state;
    turn_off(7, 1, off);
    turn_off(8, 1, off);
    assert_int_equal(hear_merged(&h, 7, 8), 0);
    turn_off(7, 1, off); /* read late */
    assert_int_equal(count("SELECT count(*) FROM mute"), 1);
    assert_int_equal(hear_closed(&h, 8), 0);
    assert_int_equal(count("SELECT count(*) FROM mute"), 0);
}

/* ---- as identity told it before it shared the part ---- */

static void each_of_her_news_is_told_as_what_it_is(void **state)
{
    const ProtobufCEnumDescriptor *news = &identity__account_news__descriptor;

    (void)state;
    for (unsigned i = 0; i < news->n_values; i++) {
        const ProtobufCEnumValue *kind;
        char name[64];

        if (!news->values[i].value || news->values[i].value > IDENTITY__ACCOUNT_NEWS__NEWS_DOCUMENT_TAKEN)
            continue; /* none, or told by the part alone */
        tell_news(news->values[i].value, 7, 500 + i, 0);
        snprintf(name, sizeof(name), "ACCOUNT_%s", news->values[i].name + strlen("NEWS_"));
        kind = protobuf_c_enum_descriptor_get_value_by_name(&notice__notice_kind__descriptor, name);
        assert_non_null(kind);
        assert_int_equal(state_of(t.row), WAITING);
        assert_int_equal(count("SELECT kind FROM message ORDER BY message_id DESC LIMIT 1"), kind->value);
        assert_true(notice_until(kind->value, HARNESS_NOW) >= HARNESS_NOW + INT64_C(3) * 86400000);
    }
    tell_news(99, 7, 500, 0); /* of a later identity */
    assert_int_equal(count("SELECT count(*) FROM message WHERE source_seq = 99"), 0);
}

static void without_a_sender_her_number_is_told_nothing(void **state)
{
    (void)state;
    setenv("HUIGONG_SMS_URL", "", 1);
    ensure(conf_load(bridge_spec.conf, NULL, true) == 0);
    die();
    tell_news(MERGE, 7, 500, 0);
    assert_ended(1, NOT_SENT, BRIDGE__REASON__NOTICE_NO_TEMPLATE);
    tell_news(MERGE, 7, 500, 55);
    assert_int_equal(state_of(2), WAITING);
}

/* What identity's journal says of a merge, a case, a WeChat or a member. */
static void change(int what, int64_t id, int state)
{
    Identity__MergeChanged merge = IDENTITY__MERGE_CHANGED__INIT;
    Identity__ContestChanged contest = IDENTITY__CONTEST_CHANGED__INIT;
    Identity__WechatUnbound unbound = IDENTITY__WECHAT_UNBOUND__INIT;
    Identity__MemberVerified verified = IDENTITY__MEMBER_VERIFIED__INIT;
    Identity__Event event = IDENTITY__EVENT__INIT;

    merge.merge_id = contest.contest_id = unbound.wechat_id = verified.member_id = id;
    merge.state = (Identity__MergeState)state;
    contest.state = state;
    event.event_case = (Identity__Event__EventCase)what;
    if (what == IDENTITY__EVENT__EVENT_MERGE_CHANGED)
        event.merge_changed = &merge;
    else if (what == IDENTITY__EVENT__EVENT_CONTEST_CHANGED)
        event.contest_changed = &contest;
    else if (what == IDENTITY__EVENT__EVENT_WECHAT_UNBOUND)
        event.wechat_unbound = &unbound;
    else
        event.member_verified = &verified;
    hear_identity(&event);
}

static void what_is_over_is_not_told_any_more(void **state)
{
    static const struct {
        int news, what, state;
        bool over;
    } cases[] = {
        {MERGE, IDENTITY__EVENT__EVENT_MERGE_CHANGED, IDENTITY__MERGE_STATE__MERGE_PROPOSED, false},
        {MERGE, IDENTITY__EVENT__EVENT_MERGE_CHANGED, IDENTITY__MERGE_STATE__MERGE_REFUSED, true},
        {CONTESTED, IDENTITY__EVENT__EVENT_CONTEST_CHANGED, IDENTITY__CONTEST_STATE__CONTEST_ASKED, false},
        {CONTESTED, IDENTITY__EVENT__EVENT_CONTEST_CHANGED, IDENTITY__CONTEST_STATE__CONTEST_OVER, true},
        {IDENTITY__ACCOUNT_NEWS__NEWS_WECHAT_BOUND, IDENTITY__EVENT__EVENT_WECHAT_UNBOUND, 0, true},
        {IDENTITY__ACCOUNT_NEWS__NEWS_PROOF_TAKEN_BACK, IDENTITY__EVENT__EVENT_MEMBER_VERIFIED, 0, true},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t row;

        tell_news(cases[i].news, 7, 500 + i, 0);
        row = t.row;
        change(cases[i].what, 400 + i, cases[i].state); /* another's */
        assert_int_equal(state_of(row), WAITING);
        change(cases[i].what, 500 + i, cases[i].state);
        assert_int_equal(state_of(row), cases[i].over ? NOT_SENT : WAITING);
    }
    /* What the end of it says is told. */
    tell_news(IDENTITY__ACCOUNT_NEWS__NEWS_CONTEST_DECIDED, 7, 503, 0);
    assert_int_equal(state_of(t.row), WAITING);
}

static void all_her_doors_are_told_no_more(void **state)
{
    (void)state;
    for (int64_t door = 0; door < OUTBOX_WITHDRAWN + 2; door++)
        tell_news(MERGE, 7, 500, door);
    change(IDENTITY__EVENT__EVENT_MERGE_CHANGED, 500, IDENTITY__MERGE_STATE__MERGE_REFUSED);
    assert_int_equal(count("SELECT count(*) FROM message WHERE state = 1"), 0);
    assert_int_equal(count("SELECT count(*) FROM message WHERE reason = 90033"), OUTBOX_WITHDRAWN + 2);
}

/* Two sources may give one id to two things. */
static void what_is_over_for_one_source_is_still_told_for_another(void **state)
{
    (void)state;
    send_one(9);
    change(IDENTITY__EVENT__EVENT_CONTEST_CHANGED, 1009, IDENTITY__CONTEST_STATE__CONTEST_OVER);
    answer(0, "{\"errcode\":45009}");
    step();
    assert_int_equal(count("SELECT state FROM message"), WAITING);
}

static void a_short_message_ends_as_its_sender_says(void **state)
{
    static const struct {
        long status;
        const char *body;
        int state, reason;
    } cases[] = {
        {200, "{\"status\":\"REJECTED\"}", NOT_SENT, BRIDGE__REASON__SMS_REFUSED},
        {400, "{}", NOT_SENT, BRIDGE__REASON__SMS_REFUSED},
        {502, "", UNCERTAIN, BRIDGE__REASON__SMS_UNCERTAIN},
        {200, "{}", UNCERTAIN, BRIDGE__REASON__SMS_UNCERTAIN},
        {200, "{\"status\":\"ACCEPTED\"}", SENT, 0},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        tell_news(MERGE, 7, 500 + i, 0);
        step();
        tell_mobile(i, "16900000007");
        step();
        answer_text(i, cases[i].status, cases[i].body);
        step();
        assert_ended(t.row, cases[i].state, cases[i].reason);
    }
    /* Who is busy is asked again. */
    assert_int_equal(notice_judge(sms_judge(PARTNER_BUSY, NULL)), NOTICE_AGAIN);
    tell_news(MERGE, 7, 600, 0);
    step();
    tell_nobody(ARRAY_LEN(cases), IDENTITY__REASON__MEMBER_NOT_FOUND);
    step();
    assert_ended(t.row, NOT_SENT, BRIDGE__REASON__NOTICE_NO_MOBILE);
    clock_step(&h.service.clock, OUTBOX_DELAY_MAX_MS);
    step();
    assert_int_equal(t.n_questions, ARRAY_LEN(cases) + 1);
}

static void a_short_message_that_was_out_when_the_bridge_died_is_not_sent_again(void **state)
{
    (void)state;
    tell_news(MERGE, 7, 500, 0);
    step();
    tell_mobile(0, "16900000007");
    step();
    assert_int_equal(state_of(1), SENDING);
    die();
    step();
    assert_ended(1, UNCERTAIN, BRIDGE__REASON__SMS_UNCERTAIN);
    step();
    assert_int_equal(t.n_texts, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_concerns_her_account_is_told_by_her_number_and_each_of_her_wechats),
        TEST(each_kind_is_told_as_what_it_is_until_it_is_withdrawn),
        TEST(partitions_of_a_service_number_their_rows_each_for_itself),
        TEST(a_notice_is_told_with_its_title_and_place),
        TEST(all_doors_of_a_notice_are_told_no_more),
        TEST(what_she_has_turned_off_is_not_sent),
        TEST(of_an_account_that_is_gone_nothing_is_kept),
        TEST(each_of_her_news_is_told_as_what_it_is),
        TEST(without_a_sender_her_number_is_told_nothing),
        TEST(what_is_over_is_not_told_any_more),
        TEST(all_her_doors_are_told_no_more),
        TEST(what_is_over_for_one_source_is_still_told_for_another),
        TEST(a_short_message_ends_as_its_sender_says),
        TEST(a_short_message_that_was_out_when_the_bridge_died_is_not_sent_again),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
