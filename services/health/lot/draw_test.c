/* From the announcement to the winners, through the service. */
#include "common/draw/draw_file.h"
#include "services/health/fixture.h"

static struct harness h;

static int setup(void **state)
{
    *state = &h;
    begin(&h);
    return 0;
}

static void verify(const char *text, bool receipt, struct draw_reader *ret)
{
    assert_non_null(text);
    assert_true(draw_reader_init(ret, receipt));
    if (!draw_reader_feed(ret, text, strlen(text)) || !draw_reader_end(ret))
        fail_msg("line %llu: %s", (unsigned long long)ret->line, ret->problem);
}

static const char *receipt_of(int64_t campaign_id, int64_t member_id)
{
    const Rpc__Answer *answer;

    do {
        settle(&h);
        answer = on_campaign(&h, "Entries.GetReceipt", campaign_id, harness_member(&h, member_id, TOWN));
    } while (answer->reason == HEALTH__REASON__DRAW_LOADING);
    return ((Health__Receipt *)harness_output(&h, answer, &health__receipt__descriptor))->text;
}

static int state_of(int64_t campaign_id)
{
    return (int)draw_status(&h, campaign_id)->state;
}

/* ---- the story ---- */

static void a_campaign_goes_from_announcement_to_winners(void **state)
{
    const Health__Campaign *campaign = published(&h, 3, 10);
    struct draw_reader reader;
    const Health__DrawStatus *status = draw_status(&h, campaign->campaign_id);

    (void)state;
    assert_int_equal(status->state, HEALTH__CAMPAIGN_STATE__PUBLISHED);
    assert_int_equal(status->n_entries, 10);
    assert_int_equal(status->outcomes[0]->places, 6);
    assert_int_equal(winners_of(&h, campaign->campaign_id, 10), 3);
    verify(file_of(&h, campaign->campaign_id), false, &reader);
    assert_int_equal(reader.strata[0].outcome.entrants, 10);
    draw_reader_done(&reader);
}

static void each_receipt_tells_the_holder_what_the_service_tells(void **state)
{
    const Health__Campaign *campaign = published(&h, 3, 10);
    unsigned waiting = 0, without = 0;

    (void)state;
    for (int i = 1; i <= 10; i++) {
        const Health__Offer *offer = offer_of(&h, campaign->campaign_id, i);
        struct draw_reader reader;

        verify(receipt_of(campaign->campaign_id, i), true, &reader);
        assert_int_equal(reader.place, offer->result->place);
        assert_int_equal(offer->result->waiting_position, offer->result->place > 3 ? offer->result->place - 3 : 0);
        waiting += offer->result->waiting_position > 0;
        without += offer->result->place == 0;
        draw_reader_done(&reader);
    }
    assert_int_equal(waiting, 3);
    assert_int_equal(without, 4);
}

static void before_publication_nobody_sees_more_than_the_frozen_list(void **state)
{
    const Health__Campaign *campaign = opened(&h, 3);
    struct draw_reader reader;
    int64_t id = campaign->campaign_id;

    (void)state;
    enter_all(&h, id, 5);
    assert_refused(on_campaign(&h, "Entries.GetReceipt", id, harness_member(&h, 1, TOWN)), "NOT_FROZEN_YET");
    assert_string_equal(draw_status(&h, id)->root, "");
    draw_lots(&h, campaign);
    assert_int_equal(state_of(id), HEALTH__CAMPAIGN_STATE__DRAWN);
    assert_string_equal(draw_status(&h, id)->secret, "");
    assert_null(offer_of(&h, id, 1)->result);
    verify(file_of(&h, id), false, &reader);
    assert_false(reader.has_result);
    draw_reader_done(&reader);
    verify(receipt_of(id, 1), true, &reader);
    assert_false(reader.has_result);
    draw_reader_done(&reader);
}

static void a_list_is_witnessed_when_it_is_frozen(void **state)
{
    const Health__Campaign *campaign = opened(&h, 3);

    (void)state;
    enter_all(&h, campaign->campaign_id, 5);
    assert_int_equal(h.head, 0);
    step_to(&h, campaign->closes_at);
    assert_non_null(last_event(&h, HEALTH__EVENT__EVENT_DRAW_FROZEN));
    assert_int_equal(h.head, journal_rows(&h));
}

static void a_restart_at_any_slice_gives_the_same_result(void **state)
{
    const Health__Campaign *campaign = opened(&h, 4);
    int64_t id = campaign->campaign_id;
    struct draw_reader reader;
    bool more = true;

    (void)state;
    enter_all(&h, id, 12);
    clock_step(&h.service.clock, campaign->closes_at - now_of(&h));
    for (int i = 0; more && i < 100; i++) {
        more = harness_tidy(&h);
        harness_reopen(&h);
        /* What was in memory is made again before the next restart. */
        for (int j = 0; j < i; j++)
            more = harness_tidy(&h);
    }
    draw_lots(&h, campaign);
    harness_reopen(&h);
    settle(&h);
    assert_ok(on_campaign(&h, "Draws.Publish", id, manager_of(&h, UNION)));
    harness_reopen(&h);
    settle(&h);
    assert_int_equal(winners_of(&h, id, 12), 4);
    verify(file_of(&h, id), false, &reader);
    draw_reader_done(&reader);
}

/* ---- the corners ---- */

static void without_entrants_nobody_wins(void **state)
{
    const Health__Campaign *campaign = published(&h, 3, 0);
    struct draw_reader reader;

    (void)state;
    assert_int_equal(state_of(campaign->campaign_id), HEALTH__CAMPAIGN_STATE__PUBLISHED);
    assert_int_equal(draw_status(&h, campaign->campaign_id)->outcomes[0]->places, 0);
    verify(file_of(&h, campaign->campaign_id), false, &reader);
    draw_reader_done(&reader);
}

static void one_entrant_wins(void **state)
{
    (void)state;
    assert_int_equal(winners_of(&h, published(&h, 3, 1)->campaign_id, 1), 1);
}

static void a_quota_above_the_entrants_lets_all_win(void **state)
{
    (void)state;
    assert_int_equal(winners_of(&h, published(&h, 20, 7)->campaign_id, 7), 7);
}

static void strata_are_drawn_apart(void **state)
{
    Health__Campaign *draft = a_draft(&h, 2);
    Health__Stratum *strata = harness_alloc(&h, 2 * sizeof(*strata)), **list = harness_alloc(&h, 2 * sizeof(*list));
    Rpc__Trade couriers = RPC__TRADE__COURIER;
    Health__Campaign *campaign;
    unsigned won[2] = {0};

    (void)state;
    strata[0] = strata[1] = *draft->strata[0];
    strata[0].label = "快递员";
    strata[0].trades = &couriers;
    strata[0].n_trades = 1;
    strata[1].quota = 1;
    list[0] = &strata[0];
    list[1] = &strata[1];
    draft->strata = list;
    draft->n_strata = 2;
    campaign = announced(&h, draft);
    step_to(&h, campaign->opens_at);
    for (int i = 1; i <= 10; i++) {
        Rpc__Principal *who = harness_member(&h, i, TOWN);
        const Health__Entry *entry;

        who->trade = i % 2 ? RPC__TRADE__COURIER : RPC__TRADE__SANITATION;
        entry = harness_output(&h, enter(&h, campaign->campaign_id, who), &health__entry__descriptor);
        assert_int_equal(entry->stratum, i % 2 ? 0 : 1);
    }
    draw_lots(&h, campaign);
    assert_ok(on_campaign(&h, "Draws.Publish", campaign->campaign_id, manager_of(&h, UNION)));
    settle(&h);
    for (int i = 1; i <= 10; i++)
        won[i % 2 ? 0 : 1] += offer_of(&h, campaign->campaign_id, i)->result->state == HEALTH__ENTITLEMENT_STATE__WON;
    assert_int_equal(won[0], 2);
    assert_int_equal(won[1], 1);
}

static void a_site_that_is_withdrawn_takes_no_more_entries_and_takes_nobodys_place(void **state)
{
    Health__Campaign *draft = a_draft(&h, 2);
    Health__CampaignSiteRequest withdraw = HEALTH__CAMPAIGN_SITE_REQUEST__INIT;
    Health__EnterRequest request = HEALTH__ENTER_REQUEST__INIT;
    Health__Campaign *campaign;

    (void)state;
    draft->strata[0]->site_id = draft->sites[0]->site_id;
    campaign = announced(&h, draft);
    step_to(&h, campaign->opens_at);
    request.campaign_id = withdraw.campaign_id = campaign->campaign_id;
    assert_refused(enter(&h, campaign->campaign_id, harness_member(&h, 1, TOWN)), "NO_STRATUM_FITS");
    request.site_id = withdraw.site_id = campaign->sites[0]->site_id;
    for (int i = 1; i <= 4; i++)
        assert_ok(harness_call(&h, "Entries.Enter", &request.base, harness_member(&h, i, TOWN), NULL));
    assert_ok(harness_call(&h, "Campaigns.WithdrawSite", &withdraw.base, manager_of(&h, UNION), NULL));
    assert_refused(harness_call(&h, "Entries.Enter", &request.base, harness_member(&h, 5, TOWN), NULL),
                   "SITE_NOT_IN_CAMPAIGN");
    draw_lots(&h, campaign);
    assert_ok(on_campaign(&h, "Draws.Publish", campaign->campaign_id, manager_of(&h, UNION)));
    settle(&h);
    assert_int_equal(winners_of(&h, campaign->campaign_id, 4), 2);
}

/* ---- what is forbidden after the freeze, and told ---- */

static void what_is_forbidden_after_the_freeze_is_refused_and_told(void **state)
{
    const Health__Campaign *campaign = published(&h, 3, 5);
    int64_t id = campaign->campaign_id, rows;
    Health__UpdateCampaignRequest update = HEALTH__UPDATE_CAMPAIGN_REQUEST__INIT;
    Health__VoidRequest make_void = HEALTH__VOID_REQUEST__INIT;

    (void)state;
    update.campaign_id = make_void.campaign_id = id;
    update.campaign = a_draft(&h, 99);
    make_void.reason = "重抽";
    rows = journal_rows(&h);
    for (int i = 0; i < 2; i++) { /* the second time of the same person is not told again */
        assert_refused(enter(&h, id, harness_member(&h, 77, TOWN)), "ENTRIES_CLOSED");
        assert_refused(on_campaign(&h, "Entries.WithdrawEntry", id, harness_member(&h, 1, TOWN)), "ENTRIES_CLOSED");
        assert_refused(with_value(&h, "Draws.EnterValue", id, "03 07 11 18 22 30 + 10", 900), "VALUE_FIXED");
        assert_refused(on_campaign(&h, "Draws.DrawLots", id, manager_of(&h, "")), "DRAWN_ALREADY");
        assert_refused(harness_call(&h, "Campaigns.UpdateCampaign", &update.base, manager_of(&h, UNION), NULL),
                       "CAMPAIGN_FIXED");
        assert_refused(harness_call(&h, "Draws.MakeVoid", &make_void.base, manager_of(&h, UNION), NULL),
                       "PUBLISHED_ALREADY");
        assert_int_equal(journal_rows(&h), rows + 6);
    }
    assert_int_equal(last_event(&h, HEALTH__EVENT__EVENT_DRAW_ATTEMPT_REFUSED)->draw_attempt_refused->attempt,
                     LOTTERY__ATTEMPT__VOID_PUBLISHED);
    assert_int_equal(draw_status(&h, id)->n_entries, 5);
}

static void the_value_takes_two_officials(void **state)
{
    const Health__Campaign *campaign = opened(&h, 3);
    int64_t id = campaign->campaign_id;

    (void)state;
    enter_all(&h, id, 2);
    assert_refused(with_value(&h, "Draws.EnterValue", id, "1", 900), "NOT_FROZEN_YET");
    step_to(&h, campaign->closes_at);
    assert_refused(with_value(&h, "Draws.EnterValue", id, "1", 900), "VALUE_NOT_YET");
    step_to(&h, campaign->draw_at);
    assert_refused(with_value(&h, "Draws.ConfirmValue", id, "1", 900), "VALUE_NOT_ENTERED");
    assert_refused(with_value(&h, "Draws.EnterValue", id, "1\n2", 900), "VALUE_NOT_A_LINE");
    assert_ok(with_value(&h, "Draws.EnterValue", id, "1", 900));
    assert_refused(with_value(&h, "Draws.ConfirmValue", id, "1", 900), "VALUE_OWN");
    assert_refused(with_value_as(&h, "Draws.ConfirmValue", id, "1", harness_unnamed(manager_number(&h, 901))),
                   "HAND_NOT_NAMED");
    assert_refused(
        with_value_as(&h, "Draws.ConfirmValue", id, "1", harness_newly(&h, manager_number(&h, 901), 900, now_of(&h))),
        "HAND_GAVE_OFFICE");
    assert_refused(with_value(&h, "Draws.ConfirmValue", id, "2", 901), "VALUE_DIFFERS");
    settle(&h);
    assert_int_equal(state_of(id), HEALTH__CAMPAIGN_STATE__FROZEN);
    assert_ok(with_value(&h, "Draws.EnterValue", id, "2", 900));
    assert_refused(on_campaign(&h, "Draws.DrawLots", id, manager_of(&h, UNION)), "VALUE_NOT_ENTERED");
    assert_ok(with_value(&h, "Draws.ConfirmValue", id, "2", 901));
    assert_ok(on_campaign(&h, "Draws.DrawLots", id, manager_of(&h, UNION)));
    settle(&h);
    assert_int_equal(state_of(id), HEALTH__CAMPAIGN_STATE__DRAWN);
    assert_refused(with_value(&h, "Draws.ConfirmValue", id, "2", 901), "VALUE_FIXED");
}

static void a_lot_is_in_the_hands_of_its_unions_officials(void **state)
{
    static const char *const methods[] = {"Draws.DrawLots", "Draws.Publish", "Draws.Close"};
    const Health__Campaign *campaign = opened(&h, 3);
    Health__AnnounceRequest announce = HEALTH__ANNOUNCE_REQUEST__INIT;
    Health__VoidRequest make_void = HEALTH__VOID_REQUEST__INIT;
    Health__CreateChainRequest chain = HEALTH__CREATE_CHAIN_REQUEST__INIT;
    Health__ValueRequest value = HEALTH__VALUE_REQUEST__INIT;
    int64_t rows;

    (void)state;
    announce.campaign_id = make_void.campaign_id = value.campaign_id = campaign->campaign_id;
    make_void.reason = value.value = "1";
    chain.union_id = a_union(&h, UNION);
    chain.days = 3;
    rows = journal_rows(&h);
    for (int i = 0; i < 3; i++) {
        Rpc__Principal *who = i == 0   ? manager_of(&h, "0002")
                              : i == 1 ? harness_official(&h, 5, RULE__ROLE__FINANCE, "")
                                       : harness_member(&h, 6, UNION);
        const char *reason = i == 0 ? "OUTSIDE_YOUR_UNION" : "NOT_OFFICIAL";

        for (size_t m = 0; m < ARRAY_LEN(methods); m++)
            assert_refused(on_campaign(&h, methods[m], campaign->campaign_id, who), reason);
        assert_refused(harness_call(&h, "Draws.Announce", &announce.base, who, NULL), reason);
        assert_refused(harness_call(&h, "Draws.MakeVoid", &make_void.base, who, NULL), reason);
        assert_refused(harness_call(&h, "Draws.EnterValue", &value.base, who, NULL), reason);
        assert_refused(harness_call(&h, "Draws.ConfirmValue", &value.base, who, NULL), reason);
        assert_refused(call_once(&h, "Draws.CreateChain", &chain.base, who), reason);
    }
    assert_int_equal(journal_rows(&h), rows);
    /* A command line is nobody's second pair of eyes, and enters no lot. */
    assert_refused(enter(&h, campaign->campaign_id, harness_internal(&h)), "MISSING_TOKEN");
    step_to(&h, campaign->closes_at);
    step_to(&h, campaign->value_at);
    assert_ok(with_value(&h, "Draws.EnterValue", campaign->campaign_id, "1", 900));
    assert_refused(harness_call(&h, "Draws.ConfirmValue", &value.base, harness_internal(&h), NULL), "HAND_NOT_NAMED");
}

static void a_void_draw_stays_visible_with_its_reason(void **state)
{
    Health__VoidRequest request = HEALTH__VOID_REQUEST__INIT;

    (void)state;
    request.reason = "公开数值未产生";
    for (int step = 0; step < 4; step++) { /* announced, open, frozen, drawn */
        const Health__Campaign *campaign = announced(&h, a_draft(&h, 3));
        struct draw_reader reader;

        request.campaign_id = campaign->campaign_id;
        if (step > 0) {
            step_to(&h, campaign->opens_at);
            enter_all(&h, request.campaign_id, 3);
        }
        if (step == 2)
            step_to(&h, campaign->closes_at);
        if (step == 3)
            draw_lots(&h, campaign);
        assert_ok(harness_call(&h, "Draws.MakeVoid", &request.base, manager_of(&h, UNION), NULL));
        if (step >= 2)
            assert_ok(harness_call(&h, "Draws.MakeVoid", &request.base,
                                   harness_official(&h, 901, RULE__ROLE__BENEFIT_MANAGER, UNION), NULL));
        assert_refused(harness_call(&h, "Draws.MakeVoid", &request.base, manager_of(&h, UNION), NULL), "CAMPAIGN_VOID");
        assert_string_equal(draw_status(&h, request.campaign_id)->void_reason, "公开数值未产生");
        assert_refused(enter(&h, request.campaign_id, harness_member(&h, 50, TOWN)), "CAMPAIGN_VOID");
        assert_refused(on_campaign(&h, "Draws.Publish", request.campaign_id, manager_of(&h, UNION)),
                       step == 3 ? "CAMPAIGN_VOID" : "CAMPAIGN_VOID");
        verify(file_of(&h, request.campaign_id), false, &reader);
        assert_int_equal(reader.draw.state, DRAW_VOID);
        draw_reader_done(&reader);
    }
}

static void what_was_drawn_is_published_by_itself_a_day_later(void **state)
{
    const Health__Campaign *campaign = opened(&h, 3);

    (void)state;
    enter_all(&h, campaign->campaign_id, 5);
    draw_lots(&h, campaign);
    assert_int_equal(state_of(campaign->campaign_id), HEALTH__CAMPAIGN_STATE__DRAWN);
    step_to(&h, campaign->draw_at + LOTTERY_PUBLISH_MS - 1);
    assert_int_equal(state_of(campaign->campaign_id), HEALTH__CAMPAIGN_STATE__DRAWN);
    step_to(&h, campaign->draw_at + LOTTERY_PUBLISH_MS);
    assert_int_equal(state_of(campaign->campaign_id), HEALTH__CAMPAIGN_STATE__PUBLISHED);
    assert_int_equal(winners_of(&h, campaign->campaign_id, 5), 3);
}

static void what_comes_too_soon_is_refused(void **state)
{
    const Health__Campaign *draft = campaign_of(&h, create_campaign(&h, manager_of(&h, UNION), a_draft(&h, 3)));
    const Health__Campaign *campaign = opened(&h, 3);
    int64_t rows = journal_rows(&h);

    (void)state;
    assert_refused(on_campaign(&h, "Draws.Publish", draft->campaign_id, manager_of(&h, UNION)), "CAMPAIGN_STATE_WRONG");
    assert_refused(on_campaign(&h, "Draws.Publish", campaign->campaign_id, manager_of(&h, UNION)), "NOT_DRAWN_YET");
    assert_refused(on_campaign(&h, "Draws.Close", campaign->campaign_id, manager_of(&h, UNION)),
                   "CAMPAIGN_STATE_WRONG");
    assert_int_equal(journal_rows(&h), rows);
    enter_all(&h, campaign->campaign_id, 2);
    step_to(&h, campaign->closes_at);
    step_to(&h, campaign->value_at);
    assert_ok(with_value(&h, "Draws.EnterValue", campaign->campaign_id, "1", 900));
    assert_ok(with_value(&h, "Draws.ConfirmValue", campaign->campaign_id, "1", 901));
    clock_step(&h.service.clock, campaign->draw_at - now_of(&h));
    for (; state_of(campaign->campaign_id) != HEALTH__CAMPAIGN_STATE__DRAWN; harness_tidy(&h))
        assert_refused(on_campaign(&h, "Draws.Publish", campaign->campaign_id, manager_of(&h, UNION)), "NOT_DRAWN_YET");
}

/* Whoever verifies the draw reads them as lines. */
static void terms_that_are_no_lines_are_not_announced(void **state)
{
    Health__AnnounceRequest request = HEALTH__ANNOUNCE_REQUEST__INIT;
    Health__Campaign *draft = a_draft(&h, 3);

    (void)state;
    draft->title = "职工\n体检";
    request.campaign_id = campaign_of(&h, create_campaign(&h, manager_of(&h, UNION), draft))->campaign_id;
    assert_refused(harness_call(&h, "Draws.Announce", &request.base, manager_of(&h, UNION), NULL),
                   "TERMS_NOT_PRINTABLE");
}

/* ---- the list and the audit ---- */

static void a_changed_list_is_not_drawn_from(void **state)
{
    const Health__Campaign *campaign = opened(&h, 3);
    int64_t id = campaign->campaign_id;

    (void)state;
    enter_all(&h, id, 5);
    step_to(&h, campaign->closes_at);
    harness_tamper(&h, "UPDATE lottery_entry SET withdrawn_at = 1 WHERE member_id = 3");
    harness_reopen(&h);
    draw_lots(&h, campaign);
    assert_int_equal(state_of(id), HEALTH__CAMPAIGN_STATE__FROZEN);
    harness_tamper(&h, "UPDATE lottery_entry SET withdrawn_at = 0 WHERE member_id = 3");
    harness_reopen(&h);
    settle(&h);
    assert_int_equal(state_of(id), HEALTH__CAMPAIGN_STATE__DRAWN);
}

static void the_audit_finds_whatever_was_changed(void **state)
{
    static const char *const changes[] = {
        "UPDATE lottery_entry SET member_id = 99 WHERE member_id = 2",
        "UPDATE lottery_entry SET withdrawn_at = 5 WHERE member_id = 2",
        "DELETE FROM lottery_entry WHERE member_id = 5",
        "UPDATE lottery_place SET member_id = 99 WHERE place = 1",
        "UPDATE lottery_place SET place = 90 WHERE place = 6",
        "DELETE FROM lottery_place WHERE place = 6",
        "UPDATE lottery_outcome SET entrants = 9",
        "UPDATE lottery_outcome SET cutoff = zeroblob(32)",
        "UPDATE lottery SET stage = 5",
        "UPDATE lottery SET value = '1'",
        "UPDATE lottery SET secret = zeroblob(32)",
        "UPDATE lottery SET frozen_at = frozen_at - 1",
        "UPDATE lottery SET root = zeroblob(32)",
        "UPDATE lottery SET terms = zeroblob(32)",
        "UPDATE entitlement SET state = 3 WHERE place = 1",
        "UPDATE entitlement SET place = 2 WHERE place = 1",
        "DELETE FROM entitlement WHERE place = 1",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        published(&h, 3, 8);
        assert_found(&h, changes[i], NULL);
        harness_close(&h);
        begin(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_campaign_goes_from_announcement_to_winners),
        TEST(each_receipt_tells_the_holder_what_the_service_tells),
        TEST(before_publication_nobody_sees_more_than_the_frozen_list),
        TEST(a_list_is_witnessed_when_it_is_frozen),
        TEST(a_restart_at_any_slice_gives_the_same_result),
        TEST(without_entrants_nobody_wins),
        TEST(one_entrant_wins),
        TEST(a_quota_above_the_entrants_lets_all_win),
        TEST(strata_are_drawn_apart),
        TEST(a_site_that_is_withdrawn_takes_no_more_entries_and_takes_nobodys_place),
        TEST(what_is_forbidden_after_the_freeze_is_refused_and_told),
        TEST(the_value_takes_two_officials),
        TEST(a_lot_is_in_the_hands_of_its_unions_officials),
        TEST(a_void_draw_stays_visible_with_its_reason),
        TEST(what_was_drawn_is_published_by_itself_a_day_later),
        TEST(what_comes_too_soon_is_refused),
        TEST(terms_that_are_no_lines_are_not_announced),
        TEST(a_changed_list_is_not_drawn_from),
        TEST(the_audit_finds_whatever_was_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
