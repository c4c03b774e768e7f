#include "services/bridge/outbox/notice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "rpc.pb-c.h"

#define KIND NOTICE__NOTICE_KIND__CHECKUP_SOON
#define AT   INT64_C(1767575700000) /* 2026-01-05 09:15 in China */

static const struct {
    const char *name;
    enum notice_word word;
    const char *value;
} shown[] = {
    {"thing1", NOTICE_TITLE, "职工免费体检"},     {"thing12", NOTICE_PLACE, "市中医院"},
    {"time2", NOTICE_WHEN, "2026年1月5日 09:15"}, {"thing3", NOTICE_WHEN, "2026年1月5日 09:15"},
    {"date3", NOTICE_WHEN, "2026年1月5日"},       {"thing4", NOTICE_WHAT, "您预约的体检即将开始，请按时前往"},
    {"phrase5", NOTICE_WHAT, "待体检"},
};

static struct notice_field a_field(const char *name, enum notice_word word)
{
    struct notice_field field = {.word = word};

    snprintf(field.name, sizeof(field.name), "%s", name);
    return field;
}

static void each_word_reads_as_its_field_may(void **state)
{
    const struct notice notice = {.kind = KIND, .about_at = AT, .title = "职工免费体检", .place = "市中医院"};
    char value[NOTICE_VALUE_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        struct notice_field field = a_field(shown[i].name, shown[i].word);

        notice_value(&notice, &field, value);
        assert_string_equal(value, shown[i].value);
    }
}

static void every_kind_has_texts_that_fit_whatever_is_missing_or_long(void **state)
{
    struct notice absent = {0}, full = {.about_at = AT};
    char value[NOTICE_VALUE_SIZE];
    size_t len = 0;

    (void)state;
    for (unsigned i = 0; i < NOTICE_TEXT_CHARS; i++) /* a character beyond the first plane */
        len += (size_t)snprintf(full.title + len, sizeof(full.title) - len, "%s", i % 7 ? "\xf0\xa0\x80\x80" : "\n");
    memcpy(full.place, full.title, sizeof(full.place));
    for (int kind = 1; kind < NOTICE_KINDS; kind++) {
        absent.kind = full.kind = kind;
        for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
            struct notice_field field = a_field(shown[i].name, shown[i].word);

            notice_value(&absent, &field, value);
            assert_true(wechat_value_ok(field.name, value));
            notice_value(&full, &field, value);
            assert_true(wechat_value_ok(field.name, value));
        }
    }
}

static void a_text_is_cut_between_characters(void **state)
{
    const char *title = "二〇二六年度新就业形态劳动者免费健康体检活动";
    struct notice notice = {.kind = KIND};
    struct notice_field field = a_field("thing1", NOTICE_TITLE);
    char long_text[NOTICE_TEXT_CHARS * 3 + 4] = "", value[NOTICE_VALUE_SIZE];

    (void)state;
    notice_text(title, notice.title);
    assert_string_equal(notice.title, title);
    notice_value(&notice, &field, value);
    assert_string_equal(value, "二〇二六年度新就业形态劳动者免费健康体…");
    for (unsigned i = 0; i <= NOTICE_TEXT_CHARS; i++)
        memcpy(long_text + 3 * i, "字", 4);
    notice_text(long_text, notice.title);
    assert_int_equal(strlen(notice.title), 3 * NOTICE_TEXT_CHARS);
}

static void a_line_sets_the_template_of_its_kind(void **state)
{
    struct notice_template template;
    int kind;

    (void)state;
    assert_true(
        notice_template_read("CHECKUP_SOON", "wx1 tpl-1 pages/booking?id=1 thing1=title time2=when", &kind, &template));
    assert_int_equal(kind, KIND);
    assert_string_equal(template.appid, "wx1");
    assert_string_equal(template.id, "tpl-1");
    assert_string_equal(template.page, "pages/booking?id=1");
    assert_int_equal(template.n_fields, 2);
    assert_string_equal(template.fields[1].name, "time2");
    assert_int_equal(template.fields[1].word, NOTICE_WHEN);
    assert_true(notice_template_read("CHECKUP_WON", "wx1 tpl-1 - phrase1=what", &kind, &template));
    assert_string_equal(template.page, "");
}

static void a_line_that_wechat_would_not_take_is_refused(void **state)
{
    static const struct {
        const char *kind, *rest;
    } cases[] = {
        {"CHECKUP_LATE", "wx1 tpl-1 - thing1=title"},
        {"NOTICE_NONE", "wx1 tpl-1 - thing1=title"},
        {"CHECKUP_SOON", ""},
        {"CHECKUP_SOON", "wx1 tpl-1 -"},
        {"CHECKUP_SOON", "wx1 tpl-1 - thing1"},
        {"CHECKUP_SOON", "wx1 tpl-1 - thing1=name"},
        {"CHECKUP_SOON", "wx1 tpl-1 - thing=title"},
        {"CHECKUP_SOON", "wx1 tpl-1 - number1=title"},
        {"CHECKUP_SOON", "wx1 tpl-1 - phrase1=when"},
        {"CHECKUP_SOON", "wx1 tpl-1 - date1=what"},
        {"CHECKUP_SOON", "wx1  tpl-1 - thing1=title"},
        {"CHECKUP_SOON", "wx1 tpl-1 - thing1=title thing2=title thing3=title thing4=title thing5=title thing6=title "
                         "thing7=title thing8=title thing9=title thing10=title thing11=title"},
    };
    struct notice_template template;
    int kind;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_false(notice_template_read(cases[i].kind, cases[i].rest, &kind, &template));
}

static void only_what_surely_was_not_sent_and_may_be_is_tried_again(void **state)
{
    (void)state;
    assert_int_equal(notice_judge(0), NOTICE_SENT);
    assert_int_equal(notice_judge(BRIDGE__REASON__WECHAT_UNCERTAIN), NOTICE_UNKNOWN);
    assert_int_equal(notice_judge(BRIDGE__REASON__WECHAT_NOT_SUBSCRIBED), NOTICE_NEVER);
    assert_int_equal(notice_judge(BRIDGE__REASON__WECHAT_OPENID_UNKNOWN), NOTICE_NEVER);
    assert_int_equal(notice_judge(BRIDGE__REASON__WECHAT_MESSAGE_INVALID), NOTICE_NEVER);
    assert_int_equal(notice_judge(BRIDGE__REASON__NOTICE_NO_WECHAT), NOTICE_NEVER);
    assert_int_equal(notice_judge(BRIDGE__REASON__WECHAT_UNAVAILABLE), NOTICE_AGAIN);
    assert_int_equal(notice_judge(BRIDGE__REASON__WECHAT_RATE_LIMITED), NOTICE_AGAIN);
    assert_int_equal(notice_judge(BRIDGE__REASON__WECHAT_REFUSES_US), NOTICE_AGAIN);
    assert_int_equal(notice_judge(RPC__REASON__SERVICE_DOWN), NOTICE_AGAIN);
}

static void a_reminder_is_of_no_use_after_its_time(void **state)
{
    (void)state;
    assert_int_equal(notice_until(NOTICE__NOTICE_KIND__CHECKUP_SOON, AT), AT);
    assert_int_equal(notice_until(NOTICE__NOTICE_KIND__CHECKUP_BOOK_SOON, AT), AT);
    assert_true(notice_until(NOTICE__NOTICE_KIND__CHECKUP_REPORT_READY, AT) > AT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_word_reads_as_its_field_may),
        cmocka_unit_test(every_kind_has_texts_that_fit_whatever_is_missing_or_long),
        cmocka_unit_test(a_text_is_cut_between_characters),
        cmocka_unit_test(a_line_sets_the_template_of_its_kind),
        cmocka_unit_test(a_line_that_wechat_would_not_take_is_refused),
        cmocka_unit_test(only_what_surely_was_not_sent_and_may_be_is_tried_again),
        cmocka_unit_test(a_reminder_is_of_no_use_after_its_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
