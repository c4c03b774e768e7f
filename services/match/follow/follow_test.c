#include "services/match/follow/follows.h"

#include "common/base/limits.h"
#include "services/match/fixture.h"

#define THIRD     INT64_C(0x3d4ab61ce50794)
#define ELSEWHERE "00010003"

static Rpc__Principal *as_member(int64_t member_id)
{
    return a_member(member_id, member_id == MEMBER ? TOWN : ELSEWHERE);
}

static const Rpc__Answer *on(const char *method, int64_t member_id, int64_t single_id)
{
    Match__BondRequest request = MATCH__BOND_REQUEST__INIT;

    request.single_id = single_id;
    return harness_call(&h, method, &request.base, as_member(member_id), NULL);
}

static Match__Bond *bond_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &match__bond__descriptor);
}

static Match__BondList *list(const char *method, int64_t member_id)
{
    return harness_output(&h, harness_call(&h, method, NULL, as_member(member_id), NULL),
                          &match__bond_list__descriptor);
}

/* One of a union, and two of another who do not hide from each other. */
static void enter_all(void)
{
    Match__SetHidingRequest request = MATCH__SET_HIDING_REQUEST__INIT;

    enter(MEMBER, TOWN);
    enter(OTHER, ELSEWHERE);
    enter(THIRD, ELSEWHERE);
    assert_ok(harness_call(&h, "Singles.SetHiding", &request.base, as_member(OTHER), NULL));
    assert_ok(harness_call(&h, "Singles.SetHiding", &request.base, as_member(THIRD), NULL));
}

static void two_follow_each_other(void **state)
{
    Match__Bond *bond;

    (void)state;
    enter_all();
    bond = bond_of(on("Follows.FollowSingle", MEMBER, handle(OTHER)));
    assert_true(bond->follows);
    assert_false(bond->mutual);
    assert_int_equal(list("Follows.ListFollowers", OTHER)->n_bonds, 1);
    assert_false(list("Follows.ListFollowers", OTHER)->bonds[0]->follows);
    assert_true(bond_of(on("Follows.FollowSingle", OTHER, handle(MEMBER)))->mutual);
    harness_reopen(&h);
    assert_true(list("Follows.ListFollows", MEMBER)->bonds[0]->mutual);
    assert_true(list("Follows.ListFollows", OTHER)->bonds[0]->mutual);
    assert_int_equal(list("Follows.ListFollows", OTHER)->bonds[0]->single_id, handle(MEMBER));
}

static void following_twice_is_once(void **state)
{
    int64_t rows;

    (void)state;
    enter_all();
    assert_ok(on("Follows.FollowSingle", MEMBER, handle(OTHER)));
    rows = harness_number(&h, "SELECT max(seq) FROM journal");
    assert_ok(on("Follows.FollowSingle", MEMBER, handle(OTHER)));
    assert_int_equal(harness_number(&h, "SELECT max(seq) FROM journal"), rows);
    assert_false(bond_of(on("Follows.UnfollowSingle", MEMBER, handle(OTHER)))->follows);
    assert_int_equal(list("Follows.ListFollows", MEMBER)->n_bonds, 0);
    assert_ok(on("Follows.UnfollowSingle", MEMBER, handle(OTHER)));
}

/* Whatever the reason, the answer is the same. */
static void who_is_not_to_be_seen_cannot_be_told_from_nobody(void **state)
{
    (void)state;
    enter_all();
    assert_reason(on("Follows.FollowSingle", MEMBER, 12345), MATCH__REASON__SINGLE_NOT_FOUND);
    assert_reason(on("Follows.FollowSingle", MEMBER, handle(MEMBER)), MATCH__REASON__SINGLE_NOT_FOUND);
    assert_ok(harness_call(&h, "Singles.PauseMatch", NULL, as_member(OTHER), NULL));
    assert_reason(on("Follows.FollowSingle", MEMBER, handle(OTHER)), MATCH__REASON__SINGLE_NOT_FOUND);
    assert_reason(on("Follows.BlockSingle", MEMBER, handle(OTHER)), MATCH__REASON__SINGLE_NOT_FOUND);
    assert_reason(on("Follows.UnfollowSingle", MEMBER, handle(OTHER)), MATCH__REASON__SINGLE_NOT_FOUND);
    assert_int_equal(hear_pledge(THIRD, IDENTITY__PLEDGE_STATE__PLEDGE_REVOKED, 0), 0);
    assert_reason(on("Follows.FollowSingle", MEMBER, handle(THIRD)), MATCH__REASON__SINGLE_NOT_FOUND);
}

static void colleagues_are_kept_from_each_other_while_one_hides(void **state)
{
    Match__SetHidingRequest request = MATCH__SET_HIDING_REQUEST__INIT;

    (void)state;
    enter_all();
    assert_ok(on("Follows.FollowSingle", OTHER, handle(THIRD)));
    request.hides_from_colleagues = true;
    assert_ok(harness_call(&h, "Singles.SetHiding", &request.base, as_member(OTHER), NULL));
    assert_int_equal(list("Follows.ListFollows", OTHER)->n_bonds, 0);
    assert_int_equal(list("Follows.ListFollowers", THIRD)->n_bonds, 0);
    assert_reason(on("Follows.FollowSingle", THIRD, handle(OTHER)), MATCH__REASON__SINGLE_NOT_FOUND);
    assert_ok(on("Follows.FollowSingle", MEMBER, handle(OTHER)));
}

static void who_is_not_shown_follows_nobody(void **state)
{
    (void)state;
    enter_all();
    assert_ok(harness_call(&h, "Singles.PauseMatch", NULL, as_member(MEMBER), NULL));
    assert_reason(on("Follows.FollowSingle", MEMBER, handle(OTHER)), MATCH__REASON__MATCH_NOT_SHOWN);
    assert_ok(harness_call(&h, "Singles.ResumeMatch", NULL, as_member(MEMBER), NULL));
    assert_int_equal(hear_pledge(MEMBER, IDENTITY__PLEDGE_STATE__PLEDGE_EXPIRED, 0), 0);
    assert_reason(on("Follows.FollowSingle", MEMBER, handle(OTHER)), MATCH__REASON__MATCH_NOT_SHOWN);
}

static void a_block_is_at_once_and_both_ways(void **state)
{
    Match__BlockedList *blocked;

    (void)state;
    enter_all();
    assert_ok(on("Follows.FollowSingle", MEMBER, handle(OTHER)));
    assert_ok(on("Follows.FollowSingle", OTHER, handle(MEMBER)));
    assert_ok(on("Follows.BlockSingle", MEMBER, handle(OTHER)));
    assert_ok(on("Follows.BlockSingle", MEMBER, handle(OTHER)));
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM follow"), 0);
    assert_int_equal(list("Follows.ListFollows", OTHER)->n_bonds, 0);
    assert_reason(on("Follows.FollowSingle", OTHER, handle(MEMBER)), MATCH__REASON__SINGLE_NOT_FOUND);
    assert_reason(on("Follows.FollowSingle", MEMBER, handle(OTHER)), MATCH__REASON__SINGLE_NOT_FOUND);
    blocked = harness_output(&h, harness_call(&h, "Follows.ListBlocked", NULL, as_member(MEMBER), NULL),
                             &match__blocked_list__descriptor);
    assert_int_equal(blocked->n_blocked, 1);
    assert_int_equal(blocked->blocked[0]->single_id, handle(OTHER));
    assert_reason(on("Follows.UnblockSingle", OTHER, handle(MEMBER)), MATCH__REASON__SINGLE_NOT_FOUND);
    assert_ok(on("Follows.UnblockSingle", MEMBER, handle(OTHER)));
    assert_ok(on("Follows.FollowSingle", OTHER, handle(MEMBER)));
    assert_false(list("Follows.ListFollows", OTHER)->bonds[0]->mutual); /* what was does not come back */
}

static void who_follows_and_hides_can_be_blocked(void **state)
{
    (void)state;
    enter_all();
    assert_ok(on("Follows.FollowSingle", OTHER, handle(MEMBER)));
    assert_ok(harness_call(&h, "Singles.PauseMatch", NULL, as_member(OTHER), NULL));
    assert_ok(on("Follows.BlockSingle", MEMBER, handle(OTHER)));
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM follow"), 0);
}

static void all_of_it_goes_with_who_leaves(void **state)
{
    (void)state;
    enter_all();
    assert_ok(on("Follows.FollowSingle", MEMBER, handle(OTHER)));
    assert_ok(on("Follows.FollowSingle", OTHER, handle(MEMBER)));
    assert_ok(on("Follows.BlockSingle", THIRD, handle(OTHER)));
    assert_ok(harness_call(&h, "Singles.LeaveMatch", NULL, as_member(OTHER), NULL));
    assert_int_equal(harness_number(&h, "SELECT (SELECT count(*) FROM follow) + (SELECT count(*) FROM block)"), 0);
}

static void her_follows_and_blocks_are_given_to_her(void **state)
{
    struct exported hers;

    (void)state;
    enter_all();
    assert_ok(on("Follows.FollowSingle", MEMBER, handle(OTHER)));
    assert_ok(on("Follows.BlockSingle", MEMBER, handle(THIRD)));
    hers = export_person(&h, MEMBER);
    assert_int_equal(exported_count(&hers, "follows", "followId"), 1);
    assert_int_equal(exported_count(&hers, "follows", "blockId"), 1);
}

static void follows_and_blocks_are_bounded(void **state)
{
    (void)state;
    enter(MEMBER, TOWN);
    for (int64_t i = 0; i <= LIMIT_FOLLOWS; i++) {
        enter(1000 + i, ELSEWHERE);
        if (i < LIMIT_FOLLOWS)
            assert_ok(on("Follows.FollowSingle", MEMBER, handle(1000 + i)));
        harness_forget(&h);
    }
    assert_reason(on("Follows.FollowSingle", MEMBER, handle(1000 + LIMIT_FOLLOWS)), MATCH__REASON__FOLLOWS_TOO_MANY);
    assert_ok(on("Follows.FollowSingle", MEMBER, handle(1000)));
    for (int64_t i = 0; i < LIMIT_BLOCKS; i++) {
        assert_ok(on("Follows.BlockSingle", MEMBER, handle(1000 + i)));
        harness_forget(&h);
    }
    assert_reason(on("Follows.BlockSingle", MEMBER, handle(1000 + LIMIT_BLOCKS)), MATCH__REASON__BLOCKS_TOO_MANY);
}

static void who_is_not_here_follows_and_blocks_nobody(void **state)
{
    static const char *const methods[] = {"Follows.FollowSingle", "Follows.UnfollowSingle", "Follows.BlockSingle",
                                          "Follows.UnblockSingle"};
    static const char *const lists[] = {"Follows.ListFollows", "Follows.ListFollowers", "Follows.ListBlocked"};

    (void)state;
    enter(OTHER, ELSEWHERE);
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        assert_reason(on(methods[i], MEMBER, handle(OTHER)), MATCH__REASON__MATCH_NOT_JOINED);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        assert_reason(harness_call(&h, lists[i], NULL, as_member(MEMBER), NULL), MATCH__REASON__MATCH_NOT_JOINED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_follow_each_other),
        TEST(following_twice_is_once),
        TEST(who_is_not_to_be_seen_cannot_be_told_from_nobody),
        TEST(colleagues_are_kept_from_each_other_while_one_hides),
        TEST(who_is_not_shown_follows_nobody),
        TEST(a_block_is_at_once_and_both_ways),
        TEST(who_follows_and_hides_can_be_blocked),
        TEST(all_of_it_goes_with_who_leaves),
        TEST(her_follows_and_blocks_are_given_to_her),
        TEST(follows_and_blocks_are_bounded),
        TEST(who_is_not_here_follows_and_blocks_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
