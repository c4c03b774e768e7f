/* What may be written into a form. */
#include "services/subsidy/fixture.h"
#include "services/subsidy/scheme/scheme_rules.h"

#define TODAY 20260101

static struct {
    int reason;
    char field[32], words[64];
} last;
static unsigned n_found;

static void note(void *arg, int reason, const char *field, const char *words)
{
    (void)arg;
    n_found++;
    last.reason = reason;
    snprintf(last.field, sizeof(last.field), "%s", field);
    snprintf(last.words, sizeof(last.words), "%s", words ? words : "");
}

/* What is found wrong with one field's answer, and those of others: the Reason of the last finding, 0 for none. */
static int check(const struct draft *draft, Subsidy__FieldAnswer *answers, size_t n)
{
    Subsidy__FormAnswers form = SUBSIDY__FORM_ANSWERS__INIT;
    Subsidy__FieldAnswer *list[8];

    for (size_t i = 0; i < n; i++)
        list[i] = &answers[i];
    form.answers = list;
    form.n_answers = n;
    n_found = 0;
    last.reason = 0;
    form_check(&draft->scheme, &form, TODAY, note, NULL);
    return last.reason;
}

static int check_text(const struct draft *draft, const char *text)
{
    Subsidy__FieldAnswer answer = SUBSIDY__FIELD_ANSWER__INIT;

    answer.field = draft->fields[0].name;
    answer.text = unconst(text);
    return check(draft, &answer, 1);
}

static int check_number(const struct draft *draft, int64_t number)
{
    Subsidy__FieldAnswer answer = SUBSIDY__FIELD_ANSWER__INIT;

    answer.field = draft->fields[0].name;
    answer.number = number;
    answer.date = (int32_t)number;
    return check(draft, &answer, 1);
}

/* A form of one field. */
static struct draft *form_of(Subsidy__FieldKind kind)
{
    struct draft *draft = a_draft();

    draft->scheme.n_fields = 0;
    add_field(draft, "x", kind);
    return draft;
}

static void each_kind_takes_what_it_is_and_nothing_else(void **state)
{
    struct draft *draft = form_of(SUBSIDY__FIELD_KIND__TEXT);

    (void)state;
    draft->fields[0].most = 4;
    assert_is_reason(check_text(draft, "四个汉字"), 0);
    assert_is_reason(check_text(draft, "五个汉字了"), SUBSIDY__REASON__FIELD_OUT_OF_BOUNDS);
    assert_is_reason(check_text(draft, " \n "), SUBSIDY__REASON__FIELD_EMPTY);
    draft = form_of(SUBSIDY__FIELD_KIND__NUMBER);
    draft->fields[0].least = -5;
    draft->fields[0].most = 5;
    assert_is_reason(check_number(draft, -5), 0);
    assert_is_reason(check_number(draft, 0), 0);
    assert_is_reason(check_number(draft, 6), SUBSIDY__REASON__FIELD_OUT_OF_BOUNDS);
    draft = form_of(SUBSIDY__FIELD_KIND__FEN);
    assert_is_reason(check_number(draft, INT64_MAX), 0);
    assert_is_reason(check_number(draft, -1), SUBSIDY__REASON__FIELD_OUT_OF_BOUNDS);
    assert_is_reason(check_number(draft, 0), SUBSIDY__REASON__FIELD_EMPTY);
    draft = form_of(SUBSIDY__FIELD_KIND__DATE);
    draft->fields[0].least = 20250101;
    draft->fields[0].most = 20251231;
    assert_is_reason(check_number(draft, 20250630), 0);
    assert_is_reason(check_number(draft, 20260101), SUBSIDY__REASON__FIELD_OUT_OF_BOUNDS);
    draft = form_of(SUBSIDY__FIELD_KIND__REGION);
    assert_is_reason(check_text(draft, "440604"), 0);
    assert_is_reason(check_text(draft, "990604"), SUBSIDY__REASON__FIELD_NO_REGION);
    assert_is_reason(check_text(draft, "佛山"), SUBSIDY__REASON__FIELD_NO_REGION);
    draft = form_of(SUBSIDY__FIELD_KIND__RESIDENT_ID);
    assert_is_reason(check_text(draft, "11010519491231002X"), 0);
    assert_is_reason(check_text(draft, "110105194912310021"), SUBSIDY__REASON__FIELD_NO_RESIDENT_ID);
    draft = form_of(SUBSIDY__FIELD_KIND__BANK_ACCOUNT);
    assert_is_reason(check_text(draft, "6222 0200 0000 0000 000"), 0);
    assert_is_reason(check_text(draft, "6222-x"), SUBSIDY__REASON__FIELD_NO_ACCOUNT);
    draft = form_of(SUBSIDY__FIELD_KIND__CERTIFICATE);
    assert_is_reason(check_text(draft, "ZS-2025 0001"), 0);
    assert_is_reason(check_text(draft, "ZS1"), SUBSIDY__REASON__FIELD_NO_CERTIFICATE);
}

static void a_field_is_asked_as_the_choice_before_it_says(void **state)
{
    static char *degrees[] = {"大专", "本科", "无"}, *asked[] = {"大专", "本科"};
    struct draft *draft = form_of(SUBSIDY__FIELD_KIND__CHOICE);
    Subsidy__FieldAnswer answers[2] = {SUBSIDY__FIELD_ANSWER__INIT, SUBSIDY__FIELD_ANSWER__INIT};
    Subsidy__FormField *field = add_field(draft, "school", SUBSIDY__FIELD_KIND__TEXT);

    (void)state;
    draft->fields[0].choices = degrees;
    draft->fields[0].n_choices = 3;
    field->asked_with = "x";
    field->asked_for = asked;
    field->n_asked_for = 2;
    answers[0].field = "x";
    answers[0].text = "本科";
    answers[1].field = "school";
    answers[1].text = "佛山大学";
    assert_is_reason(check(draft, answers, 2), 0);
    assert_is_reason(check(draft, answers, 1), SUBSIDY__REASON__FIELD_EMPTY);
    assert_string_equal(last.field, "school");
    answers[0].text = "无";
    assert_is_reason(check(draft, answers, 1), 0);
    assert_is_reason(check(draft, answers, 2), SUBSIDY__REASON__FIELD_NOT_ASKED);
    answers[0].text = "博士";
    assert_is_reason(check(draft, answers, 1), SUBSIDY__REASON__FIELD_NO_CHOICE);
}

static void all_that_is_wrong_is_found_at_once(void **state)
{
    struct draft *draft = form_of(SUBSIDY__FIELD_KIND__DATE);
    Subsidy__FieldAnswer answers[3] = {SUBSIDY__FIELD_ANSWER__INIT, SUBSIDY__FIELD_ANSWER__INIT,
                                       SUBSIDY__FIELD_ANSWER__INIT};

    (void)state;
    add_field(draft, "y", SUBSIDY__FIELD_KIND__DATE);
    add_field(draft, "z", SUBSIDY__FIELD_KIND__TEXT);
    subsidy__form_rule__init(&draft->rules[0]);
    draft->rules[0].smaller = "x";
    draft->rules[0].greater = "y";
    draft->rules[0].words = "毕业时间早于入学时间";
    draft->rule_list[0] = &draft->rules[0];
    draft->scheme.rules = draft->rule_list;
    draft->scheme.n_rules = 1;
    answers[0].field = "x";
    answers[0].date = 20250901;
    answers[1].field = "y";
    answers[1].date = 20250831;
    answers[2].field = "w";
    assert_is_reason(check(draft, answers, 3), SUBSIDY__REASON__FIELD_RULE_BROKEN);
    assert_string_equal(last.words, "毕业时间早于入学时间");
    assert_int_equal(n_found, 3); /* w is unknown, z is empty */
    answers[1].date = 20250901;
    answers[2].field = "z";
    answers[2].text = "有";
    assert_is_reason(check(draft, answers, 3), 0);
}

static void what_is_paid_is_not_more_than_the_most(void **state)
{
    struct draft *draft = form_of(SUBSIDY__FIELD_KIND__FEN);
    Subsidy__FieldAnswer answer = SUBSIDY__FIELD_ANSWER__INIT, *list[] = {&answer};
    Subsidy__FormAnswers form = SUBSIDY__FORM_ANSWERS__INIT;

    (void)state;
    draft->amount.fen = 0;
    draft->amount.field = "x";
    draft->amount.most_fen = 300000;
    assert_is_reason(check_number(draft, 300001), SUBSIDY__REASON__FIELD_ABOVE_MOST);
    assert_is_reason(check_number(draft, 300000), 0);
    answer.field = "x";
    answer.number = 123456;
    form.answers = list;
    form.n_answers = 1;
    assert_int_equal(form_amount(&draft->scheme, &form), 123456);
    answer.number = INT64_MAX;
    assert_int_equal(form_amount(&draft->scheme, &form), 300000);
}

/* What is paid may depend on a choice, be it all of it or the most of it. */
static void a_choice_says_how_much(void **state)
{
    static char *levels[] = {"国家级", "省级", "市级"};
    Subsidy__AmountOf of[3], *list[3];
    Subsidy__FieldAnswer answers[2];
    Subsidy__FormAnswers form = SUBSIDY__FORM_ANSWERS__INIT;
    Subsidy__FieldAnswer *answer_list[2];
    struct draft *draft = form_of(SUBSIDY__FIELD_KIND__FEN);
    Subsidy__FormField *level = add_field(draft, "level", SUBSIDY__FIELD_KIND__CHOICE);

    (void)state;
    level->choices = levels;
    level->n_choices = 3;
    for (int i = 0; i < 3; i++) {
        subsidy__amount_of__init(&of[i]);
        of[i].choice = levels[i];
        of[i].fen = 20000000 >> i;
        list[i] = &of[i];
    }
    draft->amount.fen = 0;
    draft->amount.by = "level";
    draft->amount.of = list;
    draft->amount.n_of = 2;
    assert_false(scheme_amount_fits(&draft->scheme));
    draft->amount.n_of = 3;
    assert_true(scheme_amount_fits(&draft->scheme));
    assert_int_equal(scheme_most_fen(&draft->scheme), 20000000);
    assert_int_equal(scheme_least_fen(&draft->scheme), 5000000);
    for (int i = 0; i < 2; i++) {
        subsidy__field_answer__init(&answers[i]);
        answer_list[i] = &answers[i];
    }
    answers[0].field = draft->fields[0].name;
    answers[0].number = 6000000;
    answers[1].field = "level";
    answers[1].text = levels[1];
    form.answers = answer_list;
    form.n_answers = 2;
    assert_int_equal(form_amount(&draft->scheme, &form), 10000000);
    draft->amount.field = draft->fields[0].name;
    assert_true(scheme_amount_fits(&draft->scheme));
    assert_int_equal(form_amount(&draft->scheme, &form), 6000000);
    assert_int_equal(check(draft, answers, 2), 0);
    answers[1].text = levels[2];
    assert_int_equal(check(draft, answers, 2), SUBSIDY__REASON__FIELD_ABOVE_MOST);
    assert_int_equal(form_amount(&draft->scheme, &form), 5000000);
    draft->amount.most_fen = 1;
    assert_false(scheme_amount_fits(&draft->scheme));
    draft->amount.most_fen = 0;
    of[2].choice = levels[1];
    assert_false(scheme_amount_fits(&draft->scheme));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_kind_takes_what_it_is_and_nothing_else),
        TEST(a_field_is_asked_as_the_choice_before_it_says),
        TEST(all_that_is_wrong_is_found_at_once),
        TEST(what_is_paid_is_not_more_than_the_most),
        TEST(a_choice_says_how_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
