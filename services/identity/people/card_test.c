/* The card by which a member shows that she is one. */
#include "common/pass/pass.h"
#include "services/identity/access/office_fixture.h"
#include "services/identity/membership/membership_fixture.h"
#include "services/identity/rights/look_tries.h"

#define STAFF 800

static const Rpc__Answer *ask_code(struct harness *h, const Rpc__Principal *who)
{
    return harness_call(h, "Cards.GetCardCode", NULL, who, NULL);
}

static const char *code_of(struct harness *h, const Rpc__Principal *who)
{
    Identity__CardCode *code = harness_output(h, ask_code(h, who), &identity__card_code__descriptor);

    assert_int_equal(strlen(code->code), 32);
    assert_int_equal(strncmp(code->svg, "<svg ", 5), 0);
    assert_true(code->changes_at > clock_now(&h->service.clock));
    assert_true(code->changes_at <= clock_now(&h->service.clock) + 30000);
    return code->code;
}

static const Rpc__Answer *try_card(struct harness *h, const Rpc__Principal *who, const char *code)
{
    Identity__VerifyCardRequest request = IDENTITY__VERIFY_CARD_REQUEST__INIT;

    request.code = unconst(code);
    return harness_call(h, "Cards.VerifyCard", &request.base, who, NULL);
}

static Identity__CardHolder *verified(struct harness *h, const Rpc__Principal *who, const char *code)
{
    return harness_output(h, try_card(h, who, code), &identity__card_holder__descriptor);
}

static Identity__LookList *looks_at(struct harness *h, const Rpc__Principal *who)
{
    return harness_output(h, harness_call(h, "Rights.ListMyLooks", NULL, who, NULL), &identity__look_list__descriptor);
}

static Rpc__Principal *staff_of(struct harness *h, const char *path)
{
    return harness_official(h, STAFF, RULE__ROLE__CHECKUP_STAFF, path);
}

static void who_verifies_sees_that_she_is_a_member_and_what_he_may_know(void **state)
{
    Rpc__Principal *member;
    Identity__CardHolder *holder;
    Identity__LookList *looks;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, "440600", "");
    make_union(&h, "440604", "440600");
    make_union(&h, "440100", "");
    member = member_of_union(&h, 1, "440604");
    holder = verified(&h, staff_of(&h, "0001"), code_of(&h, member)); /* of another city */
    assert_true(holder->valid);
    assert_int_equal(holder->member_id, member->member_id);
    assert_string_equal(holder->shown_name, "王*明");
    assert_string_equal(holder->union_name, "总工会");
    assert_int_equal(holder->level, RPC__LEVEL__ANONYMOUS);
    assert_int_equal(holder->trade, RPC__TRADE__TRADE_OTHER);
    holder = verified(&h, staff_of(&h, "0000"), code_of(&h, member)); /* who is there to scan */
    assert_int_equal(holder->level, RPC__LEVEL__ANONYMOUS);
    holder = verified(&h, harness_official(&h, 801, RULE__ROLE__BENEFIT_MANAGER, "0000"), code_of(&h, member));
    assert_int_equal(holder->level, member->level);
    assert_int_equal(holder->trade, member->level >= RPC__LEVEL__CATEGORY ? member->trade : 0);
    looks = looks_at(&h, member);
    assert_int_equal(looks->n_looks, 3);
    assert_string_equal(looks->looks[0]->method, "Cards.VerifyCard");
    assert_int_equal(looks->looks[0]->by, 801);
    assert_int_equal(looks->looks[2]->by, STAFF);
    assert_int_equal(looks->looks[2]->at, clock_now(&h.service.clock));
    assert_refused(try_card(&h, member, code_of(&h, member)), "NOT_OFFICIAL");
    end(&h);
}

static void a_code_is_good_while_it_is_shown(void **state)
{
    Rpc__Principal *member, *staff;
    const char *code;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, "440600", "");
    staff = staff_of(&h, "0000");
    member = member_of_union(&h, 1, "440600");
    code = code_of(&h, member);
    clock_step(&h.service.clock, 30000);
    assert_string_not_equal(code, code_of(&h, member));
    assert_true(verified(&h, staff, code)->valid);
    clock_step(&h.service.clock, 60000);
    assert_refused_at(try_card(&h, staff, code), "CARD_CODE_STALE", "code");
    assert_int_equal(looks_at(&h, member)->n_looks, 1);
    end(&h);
}

static void of_who_is_no_member_any_more_nothing_is_told(void **state)
{
    Rpc__Principal *member, *suspended, *staff;
    Identity__CardHolder *holder;
    Identity__LeaveRequest leave = IDENTITY__LEAVE_REQUEST__INIT;
    char other[PASS_CODE_SIZE];
    const char *code;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, "440600", "");
    staff = staff_of(&h, "0000");
    member = member_of_union(&h, 1, "440600");
    assert_refused(ask_code(&h, person_signed_in(&h, 2)), "NOT_VERIFIED");
    leave.confirmed = true;
    suspended = member_of_union(&h, 3, "440600");
    assert_ok(set_standing(&h, harness_official(&h, 9, RULE__ROLE__UNION_ADMIN, "0000"), suspended->member_id,
                           IDENTITY__STANDING__STANDING_SUSPENDED, IDENTITY__STANDING_REASON__STANDING_DISCIPLINE));
    assert_true(pass_code_make(identity_of(&h)->cards, PASS_CARD, (uint64_t)suspended->member_id,
                               clock_now(&h.service.clock), other));
    assert_false(verified(&h, staff, other)->valid);
    code = code_of(&h, member);
    assert_ok(harness_call(&h, "Memberships.Leave", &leave.base, member, NULL));
    holder = verified(&h, staff, code);
    assert_false(holder->valid);
    assert_int_equal(holder->member_id, 0);
    assert_string_equal(holder->shown_name, "");
    assert_string_equal(holder->union_name, "");
    end(&h);
}

static void who_reads_forged_cards_is_stopped_for_the_day(void **state)
{
    Rpc__Principal *member, *staff;
    char forged[PASS_CODE_SIZE];
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, "440600", "");
    staff = staff_of(&h, "0000");
    member = member_of_union(&h, 1, "440600");
    for (int i = 0; i < CARD_TRIES + 5; i++) /* what was scanned by mistake */
        assert_refused_at(try_card(&h, staff, "https://example.com"), "CARD_CODE_INVALID", "code");
    assert_true(pass_code_make(identity_of(&h)->cards, PASS_ACCOUNT, (uint64_t)member->member_id,
                               clock_now(&h.service.clock), forged));
    assert_refused(try_card(&h, staff, forged), "CARD_CODE_INVALID"); /* of another kind */
    snprintf(forged, sizeof(forged), "%s", code_of(&h, member));
    forged[20] = forged[20] == 'A' ? 'B' : 'A';
    for (int i = 0; i < CARD_TRIES; i++) {
        assert_true(verified(&h, staff, code_of(&h, member))->valid);
        assert_refused_at(try_card(&h, staff, forged), "CARD_CODE_INVALID", "code");
    }
    assert_refused(try_card(&h, staff, forged), "CARD_TRIES_EXHAUSTED");
    assert_refused(try_card(&h, staff, code_of(&h, member)), "CARD_TRIES_EXHAUSTED");
    assert_true(verified(&h, harness_official(&h, 801, RULE__ROLE__UNION_ADMIN, "0000"), code_of(&h, member))->valid);
    clock_step(&h.service.clock, LOOKS_A_CASE_MS);
    assert_true(verified(&h, staff, code_of(&h, member))->valid);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_verifies_sees_that_she_is_a_member_and_what_he_may_know),
        cmocka_unit_test(a_code_is_good_while_it_is_shown),
        cmocka_unit_test(of_who_is_no_member_any_more_nothing_is_told),
        cmocka_unit_test(who_reads_forged_cards_is_stopped_for_the_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
