#include "services/identity/access/office_fixture.h"
#include "services/identity/access/stepup_fixture.h"
#include "services/identity/membership/membership_fixture.h"
#include "services/identity/people/members.h"
#include "services/identity/people/merges.h"
#include "services/identity/unions/tallies.h"

static Identity__Merge *merge_of(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__merge__descriptor);
}

static const Rpc__Answer *ask(struct harness *h, const Rpc__Principal *who, const char *name, unsigned n)
{
    Identity__AskMergeRequest request = IDENTITY__ASK_MERGE_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1];

    make_resident_id(n, id);
    request.name = unconst(name);
    request.resident_id = id;
    return harness_call(h, "Merges.AskMerge", &request.base, who, NULL);
}

/* With codes sent to the numbers of the n-th person, who calls, and of another. */
static const Rpc__Answer *merge_mine(struct harness *h, const Rpc__Principal *who, unsigned own, unsigned other)
{
    Identity__MergeMineRequest request = IDENTITY__MERGE_MINE_REQUEST__INIT;
    char mobile[CN_MOBILE_LEN + 1], own_code[CODE_DIGITS + 1], code[CODE_DIGITS + 1];

    clock_step(&h->service.clock, CODE_RESEND_MS);
    get_code_for(h, mobile_of(own, mobile), IDENTITY__CODE_PURPOSE__CODE_MERGE, own_code);
    get_code_for(h, mobile_of(other, mobile), IDENTITY__CODE_PURPOSE__CODE_MERGE, code);
    clock_step(&h->service.clock, CODE_RESEND_MS);
    request.mobile = mobile;
    request.code = code;
    request.own_code = own_code;
    return harness_call(h, "Merges.MergeMine", &request.base, who, NULL);
}

static const Rpc__Answer *propose(struct harness *h, const Rpc__Principal *who, int64_t kept_id, int64_t gone_id)
{
    Identity__ProposeMergeRequest request = IDENTITY__PROPOSE_MERGE_REQUEST__INIT;

    request.kept_id = kept_id;
    request.gone_id = gone_id;
    request.reason = IDENTITY__MERGE_REASON__MERGE_TWO_PAPERS;
    request.remark = "已核对证件";
    return harness_call(h, "Merges.ProposeMerge", &request.base, who, NULL);
}

static const Rpc__Answer *decide(struct harness *h, const Rpc__Principal *who, int64_t merge_id, bool approve)
{
    Identity__DecideMergeRequest request = IDENTITY__DECIDE_MERGE_REQUEST__INIT;

    request.merge_id = merge_id;
    request.approve = approve;
    return harness_call(h, "Merges.DecideMerge", &request.base, who, NULL);
}

/* Proposed by one official of the root and, when nobody has objected in time, confirmed by another. */
static const Rpc__Answer *carry_out(struct harness *h, int64_t kept_id, int64_t gone_id)
{
    const Rpc__Answer *answer = propose(h, harness_official(h, 8, RULE__ROLE__UNION_ADMIN, ROOT), kept_id, gone_id);
    int64_t merge_id;

    if (answer->reason)
        return answer;
    merge_id = merge_of(h, answer)->merge_id;
    clock_step(&h->service.clock, MERGE_WAIT_MS);
    return decide(h, administrator(h, ROOT), merge_id, true);
}

static Identity__MergeList *waiting(struct harness *h, int64_t union_id)
{
    Identity__ListMergesRequest request = IDENTITY__LIST_MERGES_REQUEST__INIT;

    request.union_id = union_id;
    return harness_output(h, harness_call(h, "Merges.ListMerges", &request.base, administrator(h, ROOT), NULL),
                          &identity__merge_list__descriptor);
}

static Identity__MergeList *done(struct harness *h, int64_t union_id)
{
    Identity__ListMergesRequest request = IDENTITY__LIST_MERGES_REQUEST__INIT;
    Identity__MergeState state = IDENTITY__MERGE_STATE__MERGE_DONE;

    request.union_id = union_id;
    request.state = &state;
    request.n_state = 1;
    return harness_output(h, harness_call(h, "Merges.ListMerges", &request.base, administrator(h, ROOT), NULL),
                          &identity__merge_list__descriptor);
}

static Identity__MergeList *mine(struct harness *h, const Rpc__Principal *who)
{
    Identity__MyMergesRequest request = IDENTITY__MY_MERGES_REQUEST__INIT;

    return harness_output(h, harness_call(h, "Merges.ListMyMerges", &request.base, who, NULL),
                          &identity__merge_list__descriptor);
}

static Identity__WechatList *doors(struct harness *h, const Rpc__Principal *who)
{
    Identity__WechatsRequest request = IDENTITY__WECHATS_REQUEST__INIT;

    return harness_output(h, harness_call(h, "Identity.ListWechats", &request.base, who, NULL),
                          &identity__wechat_list__descriptor);
}

static int64_t members(struct harness *h, int64_t union_id)
{
    struct identity *self = h->service.self;
    struct tally tally;

    tallies_find(&self->tallies, union_id, &tally);
    return tally.members;
}

static void a_lost_numbers_account_is_found_by_her_name_and_kept_by_two_officials(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1];
    Rpc__Principal *kept, *gone;
    Identity__Session *session;
    Identity__Merge *merge;
    struct harness h;
    char mobile[CN_MOBILE_LEN + 1];

    (void)state;
    begin_with_unions(&h);
    kept = member_of_union(&h, 1, "440604");
    session = login(&h, mobile_of(2, mobile));
    gone = principal_of(&h, session);
    make_resident_id(1, id);
    assert_refused(verify(&h, gone, "王小明", id), "RESIDENT_ID_TAKEN");
    assert_refused(ask(&h, gone, "王小亮", 1), "MERGE_NO_OTHER");
    assert_refused(ask(&h, gone, "王小明", 7), "MERGE_NO_OTHER");
    assert_refused(ask(&h, kept, "王小明", 1), "ALREADY_VERIFIED");
    merge = merge_of(&h, ask(&h, gone, "王小明", 1));
    assert_int_equal(merge->state, IDENTITY__MERGE_STATE__MERGE_ASKED);
    assert_null(merge->kept);
    assert_int_equal(merge_of(&h, ask(&h, gone, "王小明", 1))->merge_id, merge->merge_id);
    assert_int_equal(waiting(&h, second_id)->n_merges, 0);
    assert_string_equal(waiting(&h, first_id)->merges[0]->kept->name, "王*明");
    assert_refused(decide(&h, administrator(&h, FIRST), merge->merge_id, true), "MERGE_NOT_PROPOSED");
    assert_refused(
        propose(&h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, SECOND), kept->member_id, gone->member_id),
        "OUTSIDE_YOUR_UNION");
    assert_refused(propose(&h, harness_official(&h, kept->member_id, RULE__ROLE__UNION_ADMIN, FIRST), kept->member_id,
                           gone->member_id),
                   "NOT_FOR_YOURSELF");
    assert_ok(propose(&h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, FIRST), kept->member_id, gone->member_id));
    assert_refused(decide(&h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, FIRST), merge->merge_id, true),
                   "NOT_FOR_YOURSELF");
    assert_refused(decide(&h, administrator(&h, SECOND), merge->merge_id, true), "OUTSIDE_YOUR_UNION");
    assert_refused(decide(&h, harness_unnamed(administrator(&h, FIRST)), merge->merge_id, true), "HAND_NOT_NAMED");
    assert_refused(
        decide(&h, harness_newly(&h, administrator(&h, FIRST), 8, clock_now(&h.service.clock)), merge->merge_id, true),
        "HAND_GAVE_OFFICE");
    /* Whoever does not want it has been told, and has time to say so. */
    assert_int_equal(notices_of(&h, gone)->n_notices, 1);
    assert_int_equal(notices_of(&h, gone)->notices[0]->news, IDENTITY__ACCOUNT_NEWS__NEWS_MERGE_ASKED);
    assert_int_equal(notices_of(&h, kept)->notices[0]->about_id, merge->merge_id);
    clock_step(&h.service.clock, merge->wait_until - clock_now(&h.service.clock) - 1);
    assert_refused(decide(&h, administrator(&h, FIRST), merge->merge_id, true), "MERGE_TOO_EARLY");
    clock_step(&h.service.clock, 1);
    assert_ok(decide(&h, administrator(&h, FIRST), merge->merge_id, true));
    assert_refused(decide(&h, administrator(&h, FIRST), merge->merge_id, false), "MERGE_DECIDED");
    assert_int_equal(waiting(&h, first_id)->n_merges, 0);
    assert_int_equal(done(&h, first_id)->merges[0]->merge_id, merge->merge_id);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_MEMBERS_MERGED)->members_merged->gone_id, gone->member_id);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_SESSION_REVOKED)->session_revoked->session_id,
                     gone->session_id);
    assert_refused(try_refresh(&h, session->refresh_token), "REFRESH_INVALID");
    assert_refused(verify(&h, gone, "王小明", id), "TOKEN_REVOKED");
    assert_int_equal(person_signed_in(&h, 2)->member_id, kept->member_id);
    assert_int_equal(person_signed_in(&h, 1)->member_id, kept->member_id);
    assert_int_equal(mine(&h, kept)->merges[0]->state, IDENTITY__MERGE_STATE__MERGE_DONE);
    assert_int_equal(told_of(&h, kept, merge->merge_id), IDENTITY__ACCOUNT_NEWS__NEWS_MERGED);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__ACCOUNT_MERGE_ASKED, merge->merge_id), 0);
    harness_tamper(&h, "UPDATE member SET merged_into = 0");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE member SET merged_into = (SELECT kept_id FROM merge) "
                       "WHERE member_id = (SELECT gone_id FROM merge)");
    end(&h);
}

static void what_officials_propose_themselves_waits_for_who_is_told_of_it(void **state)
{
    Identity__MergeRequest request = IDENTITY__MERGE_REQUEST__INIT;
    Rpc__Principal *kept, *gone, *first;
    Identity__Merge *merge;
    struct harness h;
    int64_t proposed_at;

    (void)state;
    begin_with_unions(&h);
    kept = member_of_union(&h, 1, "440604");
    gone = member_of_union(&h, 2, "440604");
    first = harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, FIRST);
    proposed_at = clock_now(&h.service.clock);
    merge = merge_of(&h, propose(&h, first, kept->member_id, gone->member_id));
    assert_int_equal(merge->wait_until, proposed_at + INT64_C(72) * 3600000);
    assert_int_equal(notices_of(&h, gone)->notices[0]->news, IDENTITY__ACCOUNT_NEWS__NEWS_MERGE_ASKED);
    assert_int_equal(notices_of(&h, kept)->notices[0]->about_id, merge->merge_id);
    request.merge_id = merge->merge_id;
    clock_step(&h.service.clock, MERGE_WAIT_MS - 1);
    assert_refused(decide(&h, administrator(&h, FIRST), merge->merge_id, true), "MERGE_TOO_EARLY");
    assert_ok(harness_call(&h, "Merges.RefuseMyMerge", &request.base, person_signed_in(&h, 2), NULL));
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__ACCOUNT_MERGE_ASKED, merge->merge_id), 0);
    assert_int_equal(told_of(&h, kept, merge->merge_id), IDENTITY__ACCOUNT_NEWS__NEWS_MERGE_REFUSED);
    assert_int_equal(notices_of(&h, person_signed_in(&h, 2))->n_notices, 1); /* who refused it knows */
    clock_step(&h.service.clock, 1);
    assert_refused(decide(&h, administrator(&h, FIRST), merge->merge_id, true), "MERGE_DECIDED");
    assert_ok(carry_out(&h, kept->member_id, gone->member_id));
    end(&h);
}

static void she_merges_two_numbers_by_codes_sent_to_both(void **state)
{
    Identity__MyJoinRequestsRequest joins = IDENTITY__MY_JOIN_REQUESTS_REQUEST__INIT;
    Identity__FindOpenidRequest openid = IDENTITY__FIND_OPENID_REQUEST__INIT;
    Identity__FindMobileRequest number = IDENTITY__FIND_MOBILE_REQUEST__INIT;
    Identity__JoinRequestList *asked;
    Identity__FoundMobile *found;
    Rpc__Principal *own, *other;
    Identity__Merge *merge;
    char mobile[CN_MOBILE_LEN + 1];
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    own = person_signed_in(&h, 1);
    other = person_signed_in(&h, 2);
    assert_ok(enter_by_wechat(&h, "openid-1", mobile_of(1, mobile)));
    assert_ok(enter_by_wechat(&h, "openid-2", mobile_of(2, mobile)));
    assert_ok(ask_to_join(&h, other, first_id, 2));
    merge = merge_of(&h, merge_mine(&h, own, 1, 2));
    assert_int_equal(merge->state, IDENTITY__MERGE_STATE__MERGE_DONE);
    assert_int_equal(merge->kept_id, own->member_id);
    assert_int_equal(merge->gone_id, other->member_id);
    assert_int_equal(doors(&h, own)->n_wechats, 2);
    assert_string_equal(doors(&h, own)->wechats[1]->appid, "wx0000000000000001"); /* sealed under her key */
    asked = harness_output(&h, harness_call(&h, "Joins.ListMyJoinRequests", &joins.base, own, NULL),
                           &identity__join_request_list__descriptor);
    assert_int_equal(asked->n_requests, 1);
    openid.member_id = number.member_id = other->member_id; /* who is told something there is told it here */
    openid.appid = "wx0000000000000001";
    assert_ok(harness_call(&h, "Identity.FindOpenid", &openid.base, harness_internal(&h), NULL));
    found = harness_output(&h, harness_call(&h, "Identity.FindMobile", &number.base, harness_internal(&h), NULL),
                           &identity__found_mobile__descriptor);
    assert_string_equal(found->mobile, mobile_of(1, mobile));
    assert_int_equal(asked->requests[0]->state, IDENTITY__JOIN_STATE__JOIN_ASKED);
    assert_string_equal(asked->requests[0]->name, "王*明");
    assert_ok(enter_by_wechat(&h, "openid-2", mobile_of(2, mobile)));
    assert_int_equal(person_signed_in(&h, 2)->member_id, own->member_id);
    assert_refused(merge_mine(&h, own, 1, 2), "MERGE_SAME");
    assert_refused(ask_to_join(&h, other, first_id, 2), "ACCOUNT_MERGED");
    end(&h);
}

static void the_account_that_is_known_by_name_is_kept(void **state)
{
    Rpc__Principal *named, *other;
    struct harness h;
    int64_t asked;

    (void)state;
    begin_with_unions(&h);
    named = member_of_union(&h, 1, "440604");
    other = person_signed_in(&h, 2);
    asked = merge_of(&h, ask(&h, other, "王小明", 1))->merge_id;
    assert_int_equal(merge_of(&h, merge_mine(&h, other, 2, 1))->kept_id, named->member_id);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__ACCOUNT_MERGE_ASKED, asked), 0);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__ACCOUNT_MERGE_REFUSED, asked), 0); /* it is done */
    assert_int_equal(members(&h, first_id), 1);
    assert_int_equal(person_signed_in(&h, 1)->level, RPC__LEVEL__CATEGORY);
    assert_refused(merge_mine(&h, named, 1, 3), "MEMBER_NOT_FOUND");
    assert_refused(merge_mine(&h, member_of_union(&h, 4, "440605"), 4, 1), "MERGE_TWO_NAMED");
    end(&h);
}

static void a_wrong_code_merges_nothing_and_counts(void **state)
{
    Identity__MergeMineRequest request = IDENTITY__MERGE_MINE_REQUEST__INIT;
    char mobile[CN_MOBILE_LEN + 1], own_code[CODE_DIGITS + 1];
    const Rpc__Answer *answer;
    Rpc__Principal *own;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    own = person_signed_in(&h, 1);
    person_signed_in(&h, 2);
    get_code_for(&h, mobile_of(1, mobile), IDENTITY__CODE_PURPOSE__CODE_MERGE, own_code);
    request.mobile = mobile_of(2, mobile) ? mobile : NULL;
    request.code = "000000";
    request.own_code = own_code;
    answer = harness_call(&h, "Merges.MergeMine", &request.base, own, NULL);
    assert_refused(answer, "CODE_EXPIRED"); /* the last one sent to it has let her in */
    assert_string_equal(answer->field, "code");
    answer = harness_call(&h, "Merges.MergeMine", &request.base, own, NULL);
    assert_refused(answer, "CODE_EXPIRED"); /* her own was used up by the first try */
    assert_string_equal(answer->field, "ownCode");
    request.mobile = "123";
    assert_refused(harness_call(&h, "Merges.MergeMine", &request.base, own, NULL), "MOBILE_INVALID");
    assert_int_equal(mine(&h, own)->n_merges, 0);
    end(&h);
}

static void of_two_memberships_one_ends_and_both_histories_stay(void **state)
{
    Rpc__Principal *kept, *gone, *who;
    struct harness h;
    int64_t both;

    (void)state;
    begin_with_unions(&h);
    kept = member_of_union(&h, 1, "440604");
    gone = member_of_union(&h, 2, "440605");
    both = clock_now(&h.service.clock);
    clock_step(&h.service.clock, 1000);
    assert_ok(carry_out(&h, kept->member_id, gone->member_id));
    assert_int_equal(members(&h, first_id), 1);
    assert_int_equal(members(&h, second_id), 0);
    assert_int_equal(members(&h, root_id), 1);
    assert_true(was_member(&h, kept->member_id, first_id, both));
    assert_true(was_member(&h, kept->member_id, second_id, both));
    assert_false(was_member(&h, kept->member_id, second_id, 0));
    assert_true(was_member(&h, gone->member_id, second_id, both));
    who = person_signed_in(&h, 2);
    assert_int_equal(who->member_id, kept->member_id);
    assert_string_equal(who->union_path, FIRST);
    assert_int_equal(history(&h, who)->n_memberships, 2);
    assert_int_equal(history(&h, who)->memberships[1]->ended, IDENTITY__ENDED__ENDED_BY_ACCOUNTS);
    assert_int_equal(history(&h, who)->memberships[0]->ended, IDENTITY__ENDED__ENDED_NOT);
    end(&h);
}

static void what_is_kept_takes_over_a_membership_and_a_trade(void **state)
{
    Identity__LeaveRequest leave = IDENTITY__LEAVE_REQUEST__INIT;
    Rpc__Principal *kept, *gone, *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    kept = member_of_union(&h, 1, "440604");
    gone = member_of_union(&h, 2, "440605");
    leave.confirmed = true;
    assert_ok(harness_call(&h, "Memberships.Leave", &leave.base, kept, NULL));
    harness_tamper(&h, "UPDATE trade SET until_at = 1 WHERE member_id = (SELECT min(member_id) FROM trade)");
    harness_tidy(&h);
    assert_int_equal(person_signed_in(&h, 1)->trade, RPC__TRADE__TRADE_OTHER);
    assert_ok(carry_out(&h, kept->member_id, gone->member_id));
    who = person_signed_in(&h, 1);
    assert_string_equal(who->union_path, SECOND);
    assert_int_equal(who->trade, RPC__TRADE__COURIER);
    assert_int_equal(members(&h, second_id), 1);
    assert_int_equal(history(&h, who)->n_memberships, 3);
    end(&h);
}

static void merges_follow_one_another(void **state)
{
    Rpc__Principal *first, *second, *third;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    first = member_of_union(&h, 1, "440604");
    second = member_of_union(&h, 2, "440605");
    third = member_of_union(&h, 3, "440605");
    assert_ok(carry_out(&h, second->member_id, first->member_id));
    assert_refused(carry_out(&h, first->member_id, third->member_id), "ACCOUNT_MERGED");
    assert_ok(carry_out(&h, third->member_id, second->member_id));
    for (unsigned n = 1; n <= 3; n++)
        assert_int_equal(person_signed_in(&h, n)->member_id, third->member_id);
    assert_int_equal(history(&h, third)->n_memberships, 3);
    end(&h);
}

static void who_holds_an_office_or_is_suspended_is_not_merged(void **state)
{
    char mobile[CN_MOBILE_LEN + 1];
    Rpc__Principal *kept, *gone, *unnamed;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    kept = member_of_union(&h, 1, "440604");
    gone = member_of_union(&h, 2, "440605");
    unnamed = person_signed_in(&h, 3);
    create_grant(&h, harness_internal(&h), mobile_of(2, mobile), RULE__ROLE__FINANCE, "440605");
    assert_refused(carry_out(&h, kept->member_id, gone->member_id), "MERGE_HAS_GRANTS");
    assert_refused(carry_out(&h, kept->member_id, kept->member_id), "MERGE_SAME");
    assert_refused(carry_out(&h, kept->member_id, unnamed->member_id), "MEMBER_NOT_FOUND"); /* nobody tries numbers */
    assert_refused(carry_out(&h, unnamed->member_id, kept->member_id), "MEMBER_NOT_FOUND");
    assert_ok(set_standing(&h, administrator(&h, ROOT), gone->member_id, IDENTITY__STANDING__STANDING_SUSPENDED,
                           IDENTITY__STANDING_REASON__STANDING_DISCIPLINE));
    assert_refused(carry_out(&h, gone->member_id, kept->member_id), "MERGE_STANDING");
    end(&h);
}

static void a_number_of_what_is_gone_may_become_that_of_what_is_kept(void **state)
{
    Identity__ChangeMobileRequest request = IDENTITY__CHANGE_MOBILE_REQUEST__INIT;
    char code[CODE_DIGITS + 1], new_code[CODE_DIGITS + 1], mobile[CN_MOBILE_LEN + 1];
    Rpc__Principal *kept;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    person_signed_in(&h, 2);
    kept = member_of_union(&h, 1, "440604");
    assert_ok(merge_mine(&h, kept, 1, 2));
    get_code_for(&h, mobile_of(1, mobile), IDENTITY__CODE_PURPOSE__CODE_NUMBER, code);
    get_code_for(&h, mobile_of(2, mobile), IDENTITY__CODE_PURPOSE__CODE_NUMBER, new_code);
    clock_step(&h.service.clock, CODE_RESEND_MS);
    request.code = code;
    request.mobile = mobile;
    request.new_code = new_code;
    assert_ok(harness_call(&h, "Corrections.ChangeMobile", &request.base, kept, NULL));
    assert_int_equal(person_signed_in(&h, 2)->member_id, kept->member_id);
    assert_int_not_equal(person_signed_in(&h, 1)->member_id, kept->member_id); /* somebody else's now */
    end(&h);
}

static void closing_what_is_kept_forgets_what_is_gone(void **state)
{
    Identity__CloseAccountRequest request = IDENTITY__CLOSE_ACCOUNT_REQUEST__INIT;
    char code[CODE_DIGITS + 1], mobile[CN_MOBILE_LEN + 1], id[CN_RESIDENT_ID_LEN + 1];
    Rpc__Principal *kept, *gone, *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    kept = member_of_union(&h, 1, "440604");
    gone = member_of_union(&h, 2, "440605");
    assert_ok(carry_out(&h, kept->member_id, gone->member_id));
    kept = stepped_up(&h, person_signed_in(&h, 1), 1);
    get_code_for(&h, mobile_of(1, mobile), IDENTITY__CODE_PURPOSE__CODE_CLOSE, code);
    request.code = code;
    request.confirmed = true;
    assert_ok(harness_call(&h, "Rights.CloseAccount", &request.base, kept, NULL));
    assert_refused(carry_out(&h, kept->member_id, member_of_union(&h, 3, "440604")->member_id), "MERGE_CLOSING");
    clock_step(&h.service.clock, INT64_C(8) * 86400000);
    while (harness_tidy(&h))
        continue;
    for (unsigned n = 1; n <= 2; n++) {
        who = person_signed_in(&h, n);
        assert_int_not_equal(who->member_id, kept->member_id);
        assert_int_not_equal(who->member_id, gone->member_id);
        make_resident_id(n, id);
        assert_refused(verify(&h, who, "王小明", id), "NOT_ON_ROSTER"); /* which is emptied too */
    }
    end(&h);
}

static void either_account_refuses_what_is_not_done(void **state)
{
    Identity__MergeRequest request = IDENTITY__MERGE_REQUEST__INIT;
    Rpc__Principal *kept, *gone;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    kept = member_of_union(&h, 1, "440604");
    gone = person_signed_in(&h, 2);
    request.merge_id = merge_of(&h, ask(&h, gone, "王小明", 1))->merge_id;
    assert_int_equal(mine(&h, kept)->n_merges, 1);
    assert_refused(harness_call(&h, "Merges.RefuseMyMerge", &request.base, person_signed_in(&h, 3), NULL),
                   "MERGE_NOT_FOUND");
    assert_ok(harness_call(&h, "Merges.RefuseMyMerge", &request.base, kept, NULL));
    assert_refused(harness_call(&h, "Merges.RefuseMyMerge", &request.base, gone, NULL), "MERGE_DECIDED");
    assert_refused(decide(&h, administrator(&h, FIRST), request.merge_id, true), "MERGE_DECIDED");
    request.merge_id = merge_of(&h, ask(&h, gone, "王小明", 1))->merge_id;
    assert_ok(decide(&h, administrator(&h, FIRST), request.merge_id, false));
    /* Or it becomes part of a third. */
    request.merge_id = merge_of(&h, ask(&h, gone, "王小明", 1))->merge_id;
    assert_ok(merge_mine(&h, person_signed_in(&h, 3), 3, 2));
    assert_int_equal(told_of(&h, kept, request.merge_id), IDENTITY__ACCOUNT_NEWS__NEWS_MERGE_REFUSED);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__ACCOUNT_MERGE_REFUSED, request.merge_id), 2);
    end(&h);
}

static void one_account_goes_into_one_other_at_a_time_for_a_reason(void **state)
{
    Identity__ProposeMergeRequest request = IDENTITY__PROPOSE_MERGE_REQUEST__INIT;
    Rpc__Principal *first, *second, *gone;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    first = member_of_union(&h, 1, "440604");
    second = member_of_union(&h, 2, "440604");
    gone = member_of_union(&h, 3, "440605");
    request.kept_id = first->member_id;
    request.gone_id = gone->member_id;
    assert_refused(harness_call(&h, "Merges.ProposeMerge", &request.base, administrator(&h, ROOT), NULL),
                   "MERGE_REASON_INVALID");
    assert_ok(propose(&h, administrator(&h, ROOT), first->member_id, gone->member_id));
    assert_refused(propose(&h, administrator(&h, ROOT), second->member_id, gone->member_id), "MERGE_PENDING");
    end(&h);
}

static void an_account_known_by_name_never_goes_into_one_that_is_not(void **state)
{
    struct member named, unnamed;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    assert_true(members_find(&identity_of(&h)->members, member_of_union(&h, 1, "440604")->member_id, &named));
    assert_true(members_find(&identity_of(&h)->members, person_signed_in(&h, 2)->member_id, &unnamed));
    assert_is_reason(merge_refusal(identity_of(&h), &unnamed, &named), IDENTITY__REASON__MERGE_KEEPS_NAMED);
    assert_is_reason(merge_refusal(identity_of(&h), &named, &unnamed), 0);
    end(&h);
}

static void who_has_both_numbers_need_not_wait(void **state)
{
    Identity__AskMergeRequest request = IDENTITY__ASK_MERGE_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1], mobile[CN_MOBILE_LEN + 1], code[CODE_DIGITS + 1], own_code[CODE_DIGITS + 1];
    Rpc__Principal *kept, *gone;
    Identity__Merge *merge;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    kept = member_of_union(&h, 1, "440604");
    gone = person_signed_in(&h, 2);
    make_resident_id(1, id);
    get_code_for(&h, mobile_of(2, mobile), IDENTITY__CODE_PURPOSE__CODE_MERGE, own_code);
    get_code_for(&h, mobile_of(1, mobile), IDENTITY__CODE_PURPOSE__CODE_MERGE, code);
    request.name = "王小明";
    request.resident_id = id;
    request.mobile = mobile;
    request.code = "000000";
    request.own_code = own_code;
    if (strcmp(code, "000000") != 0)
        assert_refused(harness_call(&h, "Merges.AskMerge", &request.base, gone, NULL), "CODE_WRONG");
    clock_step(&h.service.clock, CODE_RESEND_MS);
    get_code_for(&h, "16900000002", IDENTITY__CODE_PURPOSE__CODE_MERGE, own_code);
    request.code = code;
    merge = merge_of(&h, harness_call(&h, "Merges.AskMerge", &request.base, gone, NULL));
    assert_true(merge->by_codes);
    assert_int_equal(merge->wait_until, 0);
    merge = waiting(&h, first_id)->merges[0];
    assert_true(merge->by_codes);
    assert_true(merge->kept_since > 0 && merge->gone_since >= merge->kept_since);
    assert_ok(propose(&h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, FIRST), kept->member_id, gone->member_id));
    assert_ok(decide(&h, administrator(&h, FIRST), merge->merge_id, true));
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_both_numbers_need_not_wait),
        cmocka_unit_test(a_lost_numbers_account_is_found_by_her_name_and_kept_by_two_officials),
        cmocka_unit_test(what_officials_propose_themselves_waits_for_who_is_told_of_it),
        cmocka_unit_test(she_merges_two_numbers_by_codes_sent_to_both),
        cmocka_unit_test(the_account_that_is_known_by_name_is_kept),
        cmocka_unit_test(a_wrong_code_merges_nothing_and_counts),
        cmocka_unit_test(of_two_memberships_one_ends_and_both_histories_stay),
        cmocka_unit_test(what_is_kept_takes_over_a_membership_and_a_trade),
        cmocka_unit_test(merges_follow_one_another),
        cmocka_unit_test(who_holds_an_office_or_is_suspended_is_not_merged),
        cmocka_unit_test(a_number_of_what_is_gone_may_become_that_of_what_is_kept),
        cmocka_unit_test(closing_what_is_kept_forgets_what_is_gone),
        cmocka_unit_test(either_account_refuses_what_is_not_done),
        cmocka_unit_test(one_account_goes_into_one_other_at_a_time_for_a_reason),
        cmocka_unit_test(an_account_known_by_name_never_goes_into_one_that_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
