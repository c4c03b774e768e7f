/* The list is fixed and published before the public value, and the value has one spelling: through the service. */
#include "services/health/fixture.h"

static struct harness h;

static int setup(void **state)
{
    *state = &h;
    begin(&h);
    return 0;
}

/* One that members 1..5 have entered. */
static const Health__Campaign *entered(void)
{
    const Health__Campaign *campaign = opened(&h, 3);

    enter_all(&h, campaign->campaign_id, 5);
    return campaign;
}

static void is_void(const Health__Campaign *campaign)
{
    const Health__DrawStatus *status = draw_status(&h, campaign->campaign_id);

    assert_int_equal(status->state, HEALTH__CAMPAIGN_STATE__VOID);
    assert_string_equal(status->void_reason, "名单未能在公开数值产生之前冻结并公布");
    assert_refused(with_value(&h, "Draws.EnterValue", campaign->campaign_id, "03 07", 900), "CAMPAIGN_VOID");
    assert_refused(enter(&h, campaign->campaign_id, harness_member(&h, 6, TOWN)), "CAMPAIGN_VOID");
    is_verified(file_of(&h, campaign->campaign_id));
}

/* ---- in time ---- */

static void when_the_list_was_fixed_is_in_the_root_and_in_the_file(void **state)
{
    const Health__Campaign *campaign = entered();
    const Health__DrawStatus *status;

    (void)state;
    step_to(&h, campaign->closes_at + 7);
    status = draw_status(&h, campaign->campaign_id);
    assert_int_equal(status->frozen_at, campaign->closes_at + 7);
    assert_non_null(strstr(file_of(&h, campaign->campaign_id), arena_printf(&h.arena, "\nentries 5\nfrozen-at %lld\n",
                                                                            (long long)campaign->closes_at + 7)));
    is_verified(file_of(&h, campaign->campaign_id));
}

static void until_the_last_moment_before_the_value(void **state)
{
    const Health__Campaign *campaign = entered();

    (void)state;
    step_to(&h, campaign->value_at - 1);
    draw_lots(&h, campaign);
    assert_int_equal(draw_status(&h, campaign->campaign_id)->state, HEALTH__CAMPAIGN_STATE__DRAWN);
    is_verified(file_of(&h, campaign->campaign_id));
}

/* ---- too late ---- */

/* The service did not run from before the closing until the value was there. */
static void a_list_that_could_not_be_fixed_before_the_value_is_a_void_lot(void **state)
{
    const Health__Campaign *campaign = entered();

    (void)state;
    clock_step(&h.service.clock, campaign->value_at - now_of(&h));
    harness_reopen(&h);
    settle(&h);
    assert_null(last_event(&h, HEALTH__EVENT__EVENT_DRAW_FROZEN));
    assert_string_equal(draw_status(&h, campaign->campaign_id)->root, "");
    is_void(campaign);
}

/* Not even from before the opening. */
static void a_lot_that_nobody_could_enter_is_void(void **state)
{
    const Health__Campaign *campaign = announced(&h, a_draft(&h, 3));

    (void)state;
    step_to(&h, campaign->value_at + 1);
    is_void(campaign);
}

/* Nobody signs heads, as on a full disk; whoever replays the recording would. */
static void freeze_unsigned(const Health__Campaign *campaign)
{
    harness_off_record(&h);
    rpc_server_on_head(h.service.rpc, NULL, NULL);
    step_to(&h, campaign->closes_at);
    assert_string_not_equal(draw_status(&h, campaign->campaign_id)->root, "");
}

static void a_root_that_is_in_no_signed_head_before_the_value_is_a_void_lot(void **state)
{
    const Health__Campaign *campaign = entered();

    (void)state;
    freeze_unsigned(campaign);
    step_to(&h, campaign->value_at - 1);
    assert_int_equal(draw_status(&h, campaign->campaign_id)->state, HEALTH__CAMPAIGN_STATE__FROZEN);
    clock_step(&h.service.clock, 1);
    assert_refused(with_value(&h, "Draws.EnterValue", campaign->campaign_id, "03 07", 900), "NOT_FROZEN_YET");
    settle(&h);
    assert_string_not_equal(draw_status(&h, campaign->campaign_id)->secret, "");
    is_void(campaign);
}

/* The head is signed by then, but only after the restart: nobody saw it before the value. */
static void nor_one_that_was_signed_after_it(void **state)
{
    const Health__Campaign *campaign = entered();

    (void)state;
    freeze_unsigned(campaign);
    clock_step(&h.service.clock, campaign->value_at - now_of(&h));
    harness_reopen(&h);
    rpc_server_journal(h.service.rpc)->signed_seq = journal_rows(&h);
    settle(&h);
    is_void(campaign);
}

static void a_head_that_is_signed_later_but_before_the_value_is_in_time(void **state)
{
    const Health__Campaign *campaign = entered();

    (void)state;
    freeze_unsigned(campaign);
    step_to(&h, campaign->value_at - 1);
    rpc_server_journal(h.service.rpc)->signed_seq = journal_rows(&h);
    settle(&h);
    draw_lots(&h, campaign);
    assert_int_equal(draw_status(&h, campaign->campaign_id)->state, HEALTH__CAMPAIGN_STATE__DRAWN);
}

/* The service was killed between the freeze and the head, and runs again in time. */
static void a_head_that_was_not_signed_for_a_crash_is_asked_for_again(void **state)
{
    const Health__Campaign *campaign = entered();

    (void)state;
    freeze_unsigned(campaign);
    harness_reopen(&h);
    settle(&h);
    step_to(&h, campaign->value_at - 1);
    draw_lots(&h, campaign);
    assert_int_equal(draw_status(&h, campaign->campaign_id)->state, HEALTH__CAMPAIGN_STATE__DRAWN);
}

/* ---- the value's spelling ---- */

static const Health__Campaign *frozen_with(const char *format)
{
    Health__Campaign *draft = a_draft(&h, 3);
    const Health__Campaign *campaign;

    draft->value_format = unconst(format);
    campaign = announced(&h, draft);
    step_to(&h, campaign->opens_at);
    enter_all(&h, campaign->campaign_id, 5);
    step_to(&h, campaign->closes_at);
    step_to(&h, campaign->draw_at);
    return campaign;
}

static void two_spellings_are_one_value(int64_t id, const char *first, const char *second, const char *value)
{
    const Health__DrawStatus *status;

    assert_ok(with_value(&h, "Draws.EnterValue", id, first, 900));
    assert_ok(with_value(&h, "Draws.ConfirmValue", id, second, 901));
    settle(&h);
    assert_ok(on_campaign(&h, "Draws.Publish", id, manager_of(&h, UNION)));
    settle(&h);
    status = draw_status(&h, id);
    assert_string_equal(status->value, value);
    assert_non_null(strstr(file_of(&h, id), arena_printf(&h.arena, "\nvalue %s\n", value)));
    is_verified(file_of(&h, id));
}

static void the_announced_format_is_in_the_file_and_binds_what_is_entered(void **state)
{
    int64_t id = frozen_with("## ## ##")->campaign_id;

    (void)state;
    assert_non_null(strstr(file_of(&h, id), "\nvalue-format ## ## ##\n"));
    assert_refused(with_value(&h, "Draws.EnterValue", id, "03 07", 900), "VALUE_NOT_IN_FORMAT");
    assert_refused(with_value(&h, "Draws.EnterValue", id, "03 07 11 18", 900), "VALUE_NOT_IN_FORMAT");
    assert_refused(with_value(&h, "Draws.EnterValue", id, "第3，7，11", 900), "VALUE_NOT_IN_FORMAT");
    assert_refused(with_value(&h, "Draws.EnterValue", id, "03 07\n11", 900), "VALUE_NOT_A_LINE");
    two_spellings_are_one_value(id, "3，7，11", "０３　０７ １１", "03 07 11");
}

static void an_announcement_that_names_no_other_has_the_usual_format(void **state)
{
    int64_t id = frozen_with("")->campaign_id;

    (void)state;
    assert_string_equal(
        campaign_of(&h, on_campaign(&h, "Campaigns.GetCampaign", id, manager_of(&h, UNION)))->value_format, "words");
    assert_non_null(strstr(file_of(&h, id), "\nvalue-format words\n"));
    assert_refused(with_value(&h, "Draws.EnterValue", id, "号码 03 07", 900), "VALUE_NOT_IN_FORMAT");
    two_spellings_are_one_value(id, "03,07,+9", "3 ０７　0009", "03 07 09");
}

static void a_format_that_nobody_could_check_is_refused(void **state)
{
    static const char *const formats[] = {"七个号码", "## ##\n", " ##", "Words", "+", "##  ##"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        Health__Campaign *draft = a_draft(&h, 3);

        draft->value_format = unconst(formats[i]);
        assert_refused(create_campaign(&h, manager_of(&h, UNION), draft), "VALUE_FORMAT_UNKNOWN");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(when_the_list_was_fixed_is_in_the_root_and_in_the_file),
        TEST(until_the_last_moment_before_the_value),
        TEST(a_list_that_could_not_be_fixed_before_the_value_is_a_void_lot),
        TEST(a_lot_that_nobody_could_enter_is_void),
        TEST(a_root_that_is_in_no_signed_head_before_the_value_is_a_void_lot),
        TEST(nor_one_that_was_signed_after_it),
        TEST(a_head_that_is_signed_later_but_before_the_value_is_in_time),
        TEST(a_head_that_was_not_signed_for_a_crash_is_asked_for_again),
        TEST(the_announced_format_is_in_the_file_and_binds_what_is_entered),
        TEST(an_announcement_that_names_no_other_has_the_usual_format),
        TEST(a_format_that_nobody_could_check_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
