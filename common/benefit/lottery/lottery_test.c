/* A lot, from its announcement to its end, in any store: the seats of a theatre. */
#include "common/benefit/lottery/lottery_fixture.h"

static void its_whole_life(void **state)
{
    int64_t show_id = entered_show();
    struct counted counted;

    (void)state;
    assert_int_equal(lot_now(show_id).stage, LOTTERY__STAGE__OPEN);
    assert_int_equal(lottery_entered(&theatre()->lottery, show_id), 9);
    assert_refused(enter(show_id, 13), "SHOW_NOT_FOUND");
    assert_false(enter(show_id, 1)->created);
    assert_refused(act("publish", show_id, 900), "WRONG_STATE");
    an_hour_passes();
    assert_int_equal(lot_now(show_id).draw.n_entries, 9);
    assert_int_equal(told(RPC__CHASSIS_EVENT__EVENT_DRAW_FROZEN)->draw_frozen->n_entries, 9);
    assert_refused(enter(show_id, 7), "SOLD_OUT");
    assert_int_equal(told(RPC__CHASSIS_EVENT__EVENT_DRAW_ATTEMPT_REFUSED)->draw_attempt_refused->attempt,
                     LOTTERY__ATTEMPT__ENTER_LATE);
    verified(receipt_of(show_id, 1), true);
    an_hour_passes();
    assert_refused(act("enter 3 7", show_id, 900), "WRONG_STATE");
    assert_ok(act("enter 3,7,11", show_id, 900));
    assert_refused(act("confirm " VALUE, show_id, 900), "WRONG_STATE");
    assert_ok(act("confirm " VALUE, show_id, 901));
    an_hour_passes();
    assert_int_equal(lot_now(show_id).stage, LOTTERY__STAGE__DRAWN);
    assert_int_equal(held_now(0), 0);
    assert_ok(act("publish", show_id, 900));
    harness_work(&h, tidy);
    assert_int_equal(held_now(0), 2);
    assert_int_equal(held_now(1), 1);
    counted = verified(file_of(show_id), false);
    assert_int_equal(counted.in_front, 6);
    assert_int_equal(counted.back, 3);
    assert_int_equal(counted.heavy, 6);
    assert_non_null(strstr(file_of(show_id), "\ndraw show-"));
    verified(receipt_of(show_id, 1), true);
}

static void who_loses_her_seat_calls_up_the_next_until_it_is_closed(void **state)
{
    int64_t show_id = entered_show();
    struct lot_outcome outcome;

    (void)state;
    draw(show_id);
    assert_ok(act("publish", show_id, 900));
    harness_work(&h, tidy);
    for (uint32_t i = 1; i <= 2; i++) {
        give_up(show_id);
        assert_int_equal(held_now(0), 2);
        assert_true(lottery_outcome(&theatre()->lottery, show_id, 0, &outcome));
        assert_int_equal(outcome.promoted, i);
    }
    assert_ok(act("close", show_id, 900));
    assert_int_equal(lot_now(show_id).stage, LOTTERY__STAGE__CLOSED);
    give_up(show_id);
    assert_int_equal(held_now(0), 1);
}

/* Of somebody whose account is closed nothing is given: the next has it. */
static void a_winner_who_is_gone_makes_room(void **state)
{
    int64_t show_id = entered_show();

    (void)state;
    draw(show_id);
    assert_int_equal(
        hear_closed(&h, harness_number(&h, "SELECT member_id FROM lottery_place WHERE stratum = 0 AND place = 1")), 0);
    assert_ok(act("publish", show_id, 900));
    harness_work(&h, tidy);
    assert_int_equal(held_now(0), 2);
}

/* Before anything is due that has not been done yet. */
static void nobody_enters_at_the_closing(void **state)
{
    int64_t show_id = entered_show();

    (void)state;
    clock_step(&h.service.clock, HOUR_MS - 1);
    assert_ok(enter(show_id, 7));
    clock_step(&h.service.clock, 1);
    assert_refused(enter(show_id, 8), "SOLD_OUT");
    assert_int_equal(lot_now(show_id).stage, LOTTERY__STAGE__OPEN);
}

static void one_person_has_one_entry_and_nobody_none(void **state)
{
    int64_t show_id = entered_show();

    (void)state;
    assert_int_equal(hear_merged(&h, 1, 2), 0);
    assert_int_equal(hear_closed(&h, 3), 0);
    harness_work(&h, tidy);
    assert_int_equal(told(RPC__CHASSIS_EVENT__EVENT_ENTRY_WITHDRAWN)->entry_withdrawn->member_id, 3);
    assert_int_equal(lottery_entered(&theatre()->lottery, show_id), 7);
    an_hour_passes();
    assert_int_equal(lot_now(show_id).draw.n_entries, 7);
}

static void it_is_void_by_one_before_and_by_two_after_the_freeze(void **state)
{
    int64_t early = made(act("announce", 0, 900)), show_id = entered_show();
    unsigned char commitment[DRAW_HASH_LEN];
    struct lot lot;

    (void)state;
    assert_ok(act("void", early, 900));
    assert_int_equal(lot_now(early).stage, LOTTERY__STAGE__VOID);
    verified(file_of(early), false);
    an_hour_passes();
    assert_ok(act("void", show_id, 900));
    assert_int_equal(lot_now(show_id).stage, LOTTERY__STAGE__FROZEN);
    assert_ok(act("void", show_id, 901));
    lot = lot_now(show_id);
    assert_int_equal(lot.stage, LOTTERY__STAGE__VOID);
    assert_string_equal(lot.draw.void_reason, "the roof leaks");
    assert_true(lot.revealed);
    draw_commitment(told(RPC__CHASSIS_EVENT__EVENT_SECRET_REVEALED)->secret_revealed->secret.data, 1, commitment);
    assert_memory_equal(commitment, lot.draw.commitment, sizeof(commitment));
    verified(file_of(show_id), false);
}

static void nobody_publishes_and_it_is_public(void **state)
{
    int64_t show_id = entered_show();

    (void)state;
    draw(show_id);
    clock_step(&h.service.clock, LOTTERY_PUBLISH_MS);
    harness_work(&h, tidy);
    assert_int_equal(lot_now(show_id).stage, LOTTERY__STAGE__PUBLISHED);
    assert_int_equal(held_now(0), 2);
}

static void a_chain_serves_a_show_of_each_day(void **state)
{
    int64_t chain_id = made(act("chain " PATH, 0, 900)), first = made(deed("announce", 0, chain_id, 1, 900));
    int64_t second = made(deed("announce", 0, chain_id, 3, 900));

    (void)state;
    assert_refused(deed("announce", 0, chain_id, 2, 900), "WRONG_STATE");
    assert_refused(deed("announce", 0, chain_id, 3, 900), "WRONG_STATE");
    assert_refused(deed("announce", 0, chain_id, 4, 900), "WRONG_STATE");
    assert_refused(deed("announce", 0, chain_id + 1, 1, 900), "SHOW_NOT_FOUND");
    assert_memory_equal(lot_now(first).draw.commitment, lot_now(second).draw.commitment, DRAW_HASH_LEN);
    an_hour_passes();
    assert_ok(enter(second, 1));
    draw(second);
    assert_int_equal(lot_now(second).stage, LOTTERY__STAGE__DRAWN);
    assert_int_equal(hear_moved(&h, PATH, "0009"), 0);
}

/* Nor of the unions above and below. */
static void a_chain_serves_no_show_of_another_union(void **state)
{
    static const char *const chains[] = {"chain 0001", "chain " PATH "0001", "chain 00010003"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(chains); i++)
        assert_refused(deed("announce", 0, made(act(chains[i], 0, 900)), 1, 900), "SHOW_NOT_FOUND");
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM lottery"), 0);
}

/* Nobody does anything: its list is fixed, then published by a head, and drawn by the secret alone. */
static void without_a_public_value_it_is_drawn_and_published_by_itself(void **state)
{
    int64_t chain_id = made(act("chain " PATH, 0, 900)), show_id = made(deed("announce alone", 0, chain_id, 1, 900));

    (void)state;
    an_hour_passes();
    for (int64_t member_id = 1; member_id <= 9; member_id++)
        assert_ok(enter(show_id, member_id));
    clock_step(&h.service.clock, HOUR_MS);
    harness_work(&h, tidy);
    assert_int_equal(lot_now(show_id).stage, LOTTERY__STAGE__PUBLISHED);
    assert_refused(act("enter none", show_id, 900), "WRONG_STATE");
    assert_int_equal(held_now(0), 2);
    assert_non_null(strstr(file_of(show_id), "\nvalue-format none\n"));
    assert_non_null(strstr(file_of(show_id), "\nvalue none\n"));
    verified(file_of(show_id), false);
    verified(receipt_of(show_id, 1), true);
}

/* Of a lot whose list could not be fixed in time nothing comes out, with or without a value. */
static void a_list_that_comes_late_is_void(void **state)
{
    int64_t show_id = made(act("announce alone", 0, 900));

    (void)state;
    an_hour_passes();
    assert_ok(enter(show_id, 1));
    clock_step(&h.service.clock, 2 * HOUR_MS);
    harness_work(&h, tidy);
    assert_int_equal(lot_now(show_id).stage, LOTTERY__STAGE__VOID);
}

/* However it is typed, one value is one value. */
static void a_public_value_has_one_spelling(void **state)
{
    static const char *const same[] = {"03 07 11",        "03,07,11",   " 03，07，11 ",
                                       "０３　０７ １１", "03、07、11", "03  07;11"};
    char value[DRAW_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        assert_int_equal(lottery_read_value(&seats.words, "", same[i], value), 0);
        assert_string_equal(value, "03 07 11");
    }
    assert_int_equal(lottery_read_value(&seats.words, "", "第2026-030期 A1Ｂ2", value), 0);
    assert_string_equal(value, "第2026-030期 a1b2");
    assert_int_equal(lottery_read_value(&seats.words, "", " ，, ", value), SAMPLE__REASON__SHOW_NOT_FOUND);
    assert_int_equal(lottery_read_value(&seats.words, "", "03\n07", value), SAMPLE__REASON__SHOW_NOT_FOUND);
}

static void a_store_that_was_changed_is_found(void **state)
{
    static const char *const changes[] = {
        "UPDATE lottery_entry SET weight = 1 WHERE member_id = 2",
        "UPDATE lottery_entry SET stratum = 1 WHERE member_id = 2",
        "UPDATE lottery_entry SET withdrawn_at = 5 WHERE member_id = 2",
        "UPDATE lottery_place SET place = 90 WHERE stratum = 0 AND place = 3",
        "UPDATE lottery_outcome SET cutoff = zeroblob(32)",
        "UPDATE lottery SET stage = 5",
        "UPDATE lottery SET root = zeroblob(32)",
        "UPDATE lottery SET commitment = zeroblob(32)",
        "UPDATE lottery_chain SET union_path = '0007'",
        "UPDATE lottery_chain SET anchor = zeroblob(32)",
        "DELETE FROM lottery_chain",
        "INSERT INTO stall (show_id, member_id, row, lost) SELECT show_id, 77, 0, 0 FROM show",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        int64_t show_id;

        setup(state);
        made(act("chain " PATH, 0, 900));
        show_id = entered_show();
        draw(show_id);
        assert_ok(act("publish", show_id, 900));
        harness_work(&h, tidy);
        assert_found(&h, changes[i], NULL);
        harness_close(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_whole_life),
        TEST(who_loses_her_seat_calls_up_the_next_until_it_is_closed),
        TEST(a_winner_who_is_gone_makes_room),
        TEST(nobody_enters_at_the_closing),
        TEST(one_person_has_one_entry_and_nobody_none),
        TEST(it_is_void_by_one_before_and_by_two_after_the_freeze),
        TEST(nobody_publishes_and_it_is_public),
        TEST(a_chain_serves_a_show_of_each_day),
        TEST(a_chain_serves_no_show_of_another_union),
        TEST(without_a_public_value_it_is_drawn_and_published_by_itself),
        TEST(a_list_that_comes_late_is_void),
        cmocka_unit_test(a_public_value_has_one_spelling),
        cmocka_unit_test(a_store_that_was_changed_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
