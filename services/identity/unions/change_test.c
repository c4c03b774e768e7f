#include <jansson.h>

#include "services/identity/unions/changes.h"
#include "services/identity/access/office_fixture.h"
#include "services/identity/membership/membership_fixture.h"

static Identity__AskUnionChangeRequest change_of(int64_t union_id, int kind)
{
    Identity__AskUnionChangeRequest request = IDENTITY__ASK_UNION_CHANGE_REQUEST__INIT;

    request.union_id = union_id;
    request.kind = (Identity__ChangeKind)kind;
    return request;
}

static const Rpc__Answer *ask(struct harness *h, const Rpc__Principal *who,
                              const Identity__AskUnionChangeRequest *request)
{
    static unsigned calls;
    char key[32];

    snprintf(key, sizeof(key), "change %u", calls++);
    return harness_call(h, "Unions.AskUnionChange", &request->base, who, key);
}

static const Rpc__Answer *decide(struct harness *h, const Rpc__Principal *who, int64_t change_id, bool approve)
{
    Identity__DecideUnionChangeRequest request = IDENTITY__DECIDE_UNION_CHANGE_REQUEST__INIT;

    request.change_id = change_id;
    request.approve = approve;
    return harness_call(h, "Unions.DecideUnionChange", &request.base, who, NULL);
}

static int64_t asked(struct harness *h, const Rpc__Answer *answer)
{
    return ((Identity__UnionChange *)harness_output(h, answer, &identity__union_change__descriptor))->change_id;
}

/* Asked by the command line and approved by an official of the root. */
static const Rpc__Answer *carry_out(struct harness *h, const Identity__AskUnionChangeRequest *request)
{
    return decide(h, administrator(h, ROOT),
                  asked(h, ask(h, harness_official(h, 4711, RULE__ROLE__UNION_ADMIN, ""), request)), true);
}

static Identity__Union *by_code(struct harness *h, const char *code)
{
    Identity__UnionCodeRequest request = IDENTITY__UNION_CODE_REQUEST__INIT;

    request.code = unconst(code);
    return harness_output(h, harness_call(h, "Unions.GetUnionByCode", &request.base, harness_member(h, 1, ""), NULL),
                          &identity__union__descriptor);
}

static size_t n_found_in(struct harness *h, const char *piece, Identity__UnionState state)
{
    Identity__FindUnionsRequest request = IDENTITY__FIND_UNIONS_REQUEST__INIT;

    request.name = unconst(piece);
    request.state = &state;
    request.n_state = state != IDENTITY__UNION_STATE__UNION_ACTIVE;
    return ((Identity__UnionList *)harness_output(
                h,
                harness_call(h, "Unions.FindUnions", &request.base, harness_person(h, 1, RPC__LEVEL__MOBILE, ""), NULL),
                &identity__union_list__descriptor))
        ->n_unions;
}

/* Where no state is asked for. */
static size_t n_found(struct harness *h, const char *piece)
{
    return n_found_in(h, piece, IDENTITY__UNION_STATE__UNION_ACTIVE);
}

static void a_union_is_renamed_with_the_approval_of_the_level_above(void **state)
{
    Identity__AskUnionChangeRequest request;
    Identity__ListUnionChangesRequest list = IDENTITY__LIST_UNION_CHANGES_REQUEST__INIT;
    Identity__UnionChangeList *changes;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_unions(&h);
    request = change_of(first_id, IDENTITY__CHANGE_KIND__CHANGE_NAME);
    request.name = " 禅城区总工会 ";
    request.code = "440604-n";
    assert_refused(ask(&h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, SECOND), &request), "OUTSIDE_YOUR_UNION");
    id = asked(&h, ask(&h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, FIRST), &request));
    assert_refused(ask(&h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, FIRST), &request), "CHANGE_PENDING");
    assert_refused(decide(&h, harness_official(&h, 7, RULE__ROLE__UNION_ADMIN, FIRST), id, true), "NEEDS_LEVEL_ABOVE");
    assert_refused(decide(&h, harness_official(&h, 7, RULE__ROLE__UNION_ADMIN, SECOND), id, true),
                   "OUTSIDE_YOUR_UNION");
    assert_refused(decide(&h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, ROOT), id, true), "NOT_FOR_YOURSELF");
    assert_refused(decide(&h, harness_unnamed(administrator(&h, ROOT)), id, true), "HAND_NOT_NAMED");
    assert_refused(decide(&h, harness_newly(&h, administrator(&h, ROOT), 8, clock_now(&h.service.clock)), id, true),
                   "HAND_GAVE_OFFICE");
    assert_string_equal(by_code(&h, "440604")->name, "总工会");
    assert_ok(decide(&h, administrator(&h, ROOT), id, true));
    assert_refused(decide(&h, administrator(&h, ROOT), id, false), "CHANGE_DECIDED");
    assert_refused(decide(&h, administrator(&h, ROOT), 4711, true), "CHANGE_NOT_FOUND");
    assert_string_equal(by_code(&h, "440604-N")->name, "禅城区总工会");
    assert_int_equal(n_found(&h, "禅城区"), 1);
    assert_int_equal(n_found(&h, "总工会"), 4);                  /* with its own new name */
    assert_int_equal(by_code(&h, "440604")->union_id, first_id); /* the old code leads there still */
    assert_refused(create_union(&h, harness_internal(&h), "440604", "总工会", "440600"), "UNION_CODE_TAKEN");
    list.union_id = first_id;
    changes = harness_output(&h,
                             harness_call(&h, "Unions.ListUnionChanges", &list.base,
                                          harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, FIRST), NULL),
                             &identity__union_change_list__descriptor);
    assert_int_equal(changes->n_changes, 1);
    assert_int_equal(changes->changes[0]->asked_by, 8);
    assert_int_equal(changes->changes[0]->decided_by, 9);
    end(&h);
}

static void a_refused_change_changes_nothing_and_another_may_be_asked(void **state)
{
    Identity__AskUnionChangeRequest request;
    const Rpc__Answer *answer;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    request = change_of(first_id, IDENTITY__CHANGE_KIND__CHANGE_DISSOLVE);
    assert_refused(ask(&h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, FIRST), &request), "UNION_HAS_CHILDREN");
    request = change_of(town_id, IDENTITY__CHANGE_KIND__CHANGE_DISSOLVE);
    assert_ok(decide(&h, administrator(&h, ROOT),
                     asked(&h, ask(&h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, FIRST), &request)), false));
    assert_int_equal(by_code(&h, "440604-1")->state, IDENTITY__UNION_STATE__UNION_ACTIVE);
    assert_ok(ask(&h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, FIRST), &request));
    request = change_of(root_id, IDENTITY__CHANGE_KIND__CHANGE_DISSOLVE);
    assert_refused(ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request), "UNION_IS_ROOT");
    request = change_of(first_id, IDENTITY__CHANGE_KIND__CHANGE_NAME);
    assert_refused(ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request), "CHANGE_EMPTY");
    request.name = "会";
    assert_refused(ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request), "UNION_NAME_INVALID");
    request.name = "甲\ue900乙工会";
    answer = ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request);
    assert_refused(answer, "UNION_NAME_INVALID");
    assert_string_equal(harness_fact(answer, "character"), "U+E900");
    request.name = request.code = "440605";
    assert_refused(ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request), "UNION_CODE_TAKEN");
    request = change_of(first_id, 99);
    assert_refused(ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request), "CHANGE_EMPTY");
    end(&h);
}

static void a_subtree_moves_and_its_members_and_officials_with_it(void **state)
{
    Identity__AskUnionChangeRequest request;
    Rpc__Principal *member, *official;
    Identity__Union *town, *block;
    Identity__Event *event;
    struct harness h;
    int64_t before;

    (void)state;
    begin_with_unions(&h);
    make_union(&h, "440604-1-1", "440604-1");
    member = member_of_union(&h, 1, "440604-1-1");
    assert_ok(create_grant(&h, harness_internal(&h), "16900000002", RULE__ROLE__UNION_ADMIN, "440604-1"));
    before = clock_now(&h.service.clock);
    clock_step(&h.service.clock, 1000);
    request = change_of(town_id, IDENTITY__CHANGE_KIND__CHANGE_PLACE);
    request.target_id = second_id;
    assert_ok(carry_out(&h, &request));
    harness_reopen(&h);
    town = by_code(&h, "440604-1");
    assert_int_equal(town->parent_id, second_id);
    assert_string_equal(town->path, SECOND "0000");
    block = by_code(&h, "440604-1-1");
    assert_string_equal(block->path, SECOND "00000000");
    assert_int_equal(block->parent_id, town_id);
    assert_string_equal(person_signed_in(&h, 1)->union_path, SECOND "00000000");
    official = principal_of(&h, enrolled(&h, "16900000002"));
    assert_string_equal(official->grants[0]->union_path, SECOND "0000");
    assert_true(was_member(&h, member->member_id, first_id, before));
    assert_false(was_member(&h, member->member_id, second_id, before));
    assert_true(was_member(&h, member->member_id, second_id, 0));
    assert_false(was_member(&h, member->member_id, first_id, 0));
    event = last_event(&h, IDENTITY__EVENT__EVENT_UNION_MOVED);
    assert_string_equal(event->union_moved->old_path, TOWN);
    assert_string_equal(event->union_moved->path, SECOND "0000");
    /* No path is given twice. */
    assert_string_equal(make_union(&h, "440604-2", "440604")->path, FIRST "0001");
    assert_string_equal(make_union(&h, "440605-2", "440605")->path, SECOND "0001");
    request.target_id = first_id;
    assert_ok(carry_out(&h, &request));
    assert_string_equal(by_code(&h, "440604-1-1")->path, FIRST "00020000");
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE unions SET moves = 1 WHERE moves = 2");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE unions SET moves = 2 WHERE moves = 1");
    end(&h);
}

static void a_cycle_is_refused_and_so_is_a_move_to_nowhere(void **state)
{
    Identity__AskUnionChangeRequest request;
    char code[16], parent[16] = "440605";
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_unions(&h);
    request = change_of(first_id, IDENTITY__CHANGE_KIND__CHANGE_PLACE);
    assert_refused(ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request), "UNION_NOT_FOUND");
    request.target_id = first_id;
    assert_refused(ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request), "UNION_CYCLE");
    request.target_id = town_id;
    assert_refused(ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request), "UNION_CYCLE");
    request.target_id = root_id;
    assert_refused(ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request), "CHANGE_EMPTY");
    /* What becomes a cycle while it waits is refused when it is decided. */
    request.target_id = second_id;
    id = asked(&h, ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request));
    request = change_of(second_id, IDENTITY__CHANGE_KIND__CHANGE_PLACE);
    request.target_id = town_id;
    assert_ok(carry_out(&h, &request));
    assert_refused(decide(&h, administrator(&h, ROOT), id, true), "UNION_CYCLE");
    for (int level = 5; level <= LIMIT_PATH_LEVELS; level++) {
        snprintf(code, sizeof(code), "L%d", level);
        make_union(&h, code, parent);
        memcpy(parent, code, sizeof(parent));
    }
    make_union(&h, "X", "440600");
    request.union_id = by_code(&h, "X")->union_id;
    make_union(&h, "Y", "X");
    request.target_id = by_code(&h, "L11")->union_id;
    assert_refused(ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request), "UNION_TOO_DEEP");
    end(&h);
}

static void who_approves_a_move_administers_both_places(void **state)
{
    Identity__AskUnionChangeRequest request;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_unions(&h);
    request = change_of(town_id, IDENTITY__CHANGE_KIND__CHANGE_PLACE);
    request.target_id = second_id;
    id = asked(&h, ask(&h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, TOWN), &request));
    assert_refused(decide(&h, administrator(&h, FIRST), id, true), "OUTSIDE_YOUR_UNION");
    assert_refused(decide(&h, administrator(&h, SECOND), id, true), "OUTSIDE_YOUR_UNION");
    assert_ok(decide(&h, administrator(&h, ROOT), id, true));
    end(&h);
}

static void a_merged_unions_members_codes_and_rosters_go_to_the_other(void **state)
{
    Identity__CreateJoinRequestRequest join = IDENTITY__CREATE_JOIN_REQUEST_REQUEST__INIT;
    Identity__CreateTransferRequest transfer = IDENTITY__CREATE_TRANSFER_REQUEST__INIT;
    Identity__AskUnionChangeRequest request;
    char id[CN_RESIDENT_ID_LEN + 1], csv[256];
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member_of_union(&h, 1, "440604-1");
    make_resident_id(2, id);
    snprintf(csv, sizeof(csv), "王小明,%s,16900000002,440604-1,COURIER\n", id);
    assert_int_equal(import_roster(&h, csv)->loaded, 1);
    join.union_id = transfer.union_id = town_id;
    join.name = "王小明";
    join.resident_id = id;
    assert_ok(harness_call(&h, "Joins.CreateJoinRequest", &join.base, person_signed_in(&h, 3), NULL));
    assert_ok(harness_call(&h, "Transfers.CreateTransfer", &transfer.base, member_of_union(&h, 4, "440605"), NULL));
    request = change_of(town_id, IDENTITY__CHANGE_KIND__CHANGE_MERGE);
    request.target_id = second_id;
    assert_ok(carry_out(&h, &request));
    assert_refused(harness_call(&h, "Joins.CreateJoinRequest", &join.base, person_signed_in(&h, 5), NULL),
                   "UNION_CLOSED");
    assert_string_equal(harness_audit(&h), "");
    for (int slices = 0; harness_tidy(&h); slices++)
        assert_true(slices < 5);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_UNION_CLOSED)->union_closed->state,
                     IDENTITY__UNION_STATE__UNION_MERGED);
    assert_string_equal(person_signed_in(&h, 1)->union_path, SECOND);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_JOIN_CHANGED)->join_changed->reason,
                     IDENTITY__REFUSAL_REASON__REFUSAL_UNION_CLOSED);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_TRANSFER_CHANGED)->transfer_changed->state,
                     IDENTITY__TRANSFER_STATE__TRANSFER_REFUSED);
    assert_int_equal(by_code(&h, "440604-1")->union_id, second_id);
    assert_int_equal(n_found(&h, "工会"), 3);
    assert_int_equal(n_found_in(&h, "工会", IDENTITY__UNION_STATE__UNION_MERGED), 1);
    assert_string_equal(principal_of(&h, harness_output(&h, verify(&h, person_signed_in(&h, 2), "王小明", id),
                                                        &identity__session__descriptor))
                            ->union_path,
                        SECOND);
    end(&h);
}

static void a_dissolved_unions_members_are_hung_to_the_level_above_in_slices(void **state)
{
    Identity__AskUnionChangeRequest request;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    for (unsigned n = 1; n <= 103; n++)
        member_of_union(&h, n, "440604-1");
    request = change_of(town_id, IDENTITY__CHANGE_KIND__CHANGE_DISSOLVE);
    assert_ok(carry_out(&h, &request));
    assert_int_equal(n_found(&h, "工会"), 3); /* from the first day */
    assert_true(harness_tidy(&h));
    assert_string_equal(person_signed_in(&h, 1)->union_path, FIRST);
    assert_string_equal(person_signed_in(&h, 103)->union_path, TOWN);
    assert_string_equal(harness_audit(&h), "");
    harness_reopen(&h);
    assert_true(harness_tidy(&h));
    assert_true(harness_tidy(&h));
    assert_false(harness_tidy(&h));
    assert_string_equal(person_signed_in(&h, 103)->union_path, FIRST);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_MEMBERSHIP_BEGAN)->membership_began->began,
                     IDENTITY__BEGAN__BEGAN_BY_HANGING);
    assert_int_equal(by_code(&h, "440604-1")->state, IDENTITY__UNION_STATE__UNION_DISSOLVED);
    assert_int_equal(n_found(&h, "工会"), 3);
    assert_int_equal(n_found_in(&h, "工会", IDENTITY__UNION_STATE__UNION_DISSOLVED), 1);
    assert_refused(create_union(&h, harness_internal(&h), "NEW", "总工会", "440604-1"), "UNION_CLOSED");
    request.kind = IDENTITY__CHANGE_KIND__CHANGE_DISSOLVE;
    assert_refused(ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request), "UNION_CLOSED");
    end(&h);
}

static void a_credit_code_is_a_unions_and_checked_unless_excused(void **state)
{
    static const struct {
        const char *code, *excuse, *reason;
    } cases[] = {
        {"81440604MC0000100", "", "CREDIT_CODE_INVALID"},
        {"91350100M000100Y43", "", "CREDIT_CODE_NOT_UNION"},
        {"81440604MC0000100N", "", "CREDIT_CODE_CHECKSUM"},
        {"91350211M0000XUF4I", "登记机关确认", "CREDIT_CODE_INVALID"},
    };
    Identity__AskUnionChangeRequest request;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    request = change_of(first_id, IDENTITY__CHANGE_KIND__CHANGE_CREDIT_CODE);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        request.credit_code = unconst(cases[i].code);
        request.excuse = unconst(cases[i].excuse);
        assert_refused(ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request), cases[i].reason);
    }
    request.credit_code = "81440604mc0000100m";
    assert_ok(carry_out(&h, &request));
    assert_string_equal(by_code(&h, "440604")->credit_code, "81440604MC0000100M");
    request.union_id = second_id;
    assert_refused(ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request), "CREDIT_CODE_TAKEN");
    request.credit_code = "91350211M0000XUF46";
    assert_ok(carry_out(&h, &request));
    assert_string_equal(by_code(&h, "440605")->credit_code, "91350211M0000XUF46");
    end(&h);
}

/* As common/cn/cn_id_test.c judges them, through the operation: a code that is real or
 * excused is taken, one that cannot be a code is not. */
static void every_vector_of_credit_codes_is_taken_or_refused_as_expected(void **state)
{
    json_t *vectors = json_load_file("tests/data/uscc-vectors.json", 0, NULL), *vector;
    Identity__AskUnionChangeRequest request;
    struct harness h;
    size_t i;

    (void)state;
    assert_non_null(vectors);
    begin_with_unions(&h);
    json_array_foreach(vectors, i, vector)
    {
        bool valid = strcmp(json_string_value(json_object_get(vector, "expect")), "valid") == 0;
        const Rpc__Answer *answer;

        request = change_of(first_id, IDENTITY__CHANGE_KIND__CHANGE_CREDIT_CODE);
        request.credit_code = unconst(json_string_value(json_object_get(vector, "number")));
        answer = ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request);
        if (answer->reason == 0) {
            if (!valid)
                fail_msg("%s is taken", request.credit_code);
            decide(&h, administrator(&h, ROOT), asked(&h, answer), false);
        } else if (valid && answer->reason != IDENTITY__REASON__CREDIT_CODE_NOT_UNION) {
            fail_msg("%s: %s", request.credit_code, harness_refusal(answer));
        } else if (valid) {
            request.excuse = "登记机关确认";
            answer = ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request);
            assert_ok(answer);
            decide(&h, administrator(&h, ROOT), asked(&h, answer), false);
        }
        harness_forget(&h);
    }
    json_decref(vectors);
    end(&h);
}

/* ---- new unions ---- */

static Identity__AskNewUnionRequest new_union(int64_t parent_id, const char *code)
{
    Identity__AskNewUnionRequest request = IDENTITY__ASK_NEW_UNION_REQUEST__INIT;

    request.union_id = parent_id;
    request.name = " 石湾陶瓷厂工会 ";
    request.code = unconst(code);
    request.workers = 25;
    request.body = IDENTITY__UNION_BODY__BODY_COMMITTEE;
    return request;
}

static const Rpc__Answer *ask_new(struct harness *h, const Rpc__Principal *who,
                                  const Identity__AskNewUnionRequest *request)
{
    static unsigned calls;
    char key[32];

    snprintf(key, sizeof(key), "new union %u", calls++);
    return harness_call(h, "Unions.AskNewUnion", &request->base, who, key);
}

static Identity__UnionChangeList *my_new_unions(struct harness *h, const Rpc__Principal *who)
{
    Identity__MyNewUnionsRequest request = IDENTITY__MY_NEW_UNIONS_REQUEST__INIT;

    return harness_output(h, harness_call(h, "Unions.ListMyNewUnions", &request.base, who, NULL),
                          &identity__union_change_list__descriptor);
}

static void a_new_union_is_asked_for_by_a_member_and_made_by_the_union_above(void **state)
{
    Identity__AskNewUnionRequest request;
    Rpc__Principal *who;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_unions(&h);
    who = member_of_union(&h, 1, "440605");
    request = new_union(town_id, "440604-1-1");
    request.credit_code = "81440604mc0000100m";
    assert_refused(ask_new(&h, person_signed_in(&h, 2), &request), "NOT_VERIFIED");
    id = asked(&h, ask_new(&h, who, &request));
    request.code = "440604-1-2";
    assert_refused(ask_new(&h, who, &request), "UNION_REQUEST_PENDING");
    /* Another's for the same union waits beside it, and so does a change of that union. */
    request.credit_code = "";
    assert_ok(ask_new(&h, member_of_union(&h, 3, "440605"), &request));
    assert_refused(decide(&h, harness_official(&h, 7, RULE__ROLE__UNION_ADMIN, SECOND), id, true),
                   "OUTSIDE_YOUR_UNION");
    assert_refused(decide(&h, harness_official(&h, who->member_id, RULE__ROLE__UNION_ADMIN, FIRST), id, true),
                   "NOT_FOR_YOURSELF");
    assert_ok(decide(&h, harness_official(&h, 7, RULE__ROLE__UNION_ADMIN, FIRST), id, true));
    assert_refused(decide(&h, harness_official(&h, 7, RULE__ROLE__UNION_ADMIN, FIRST), id, true), "CHANGE_DECIDED");
    assert_string_equal(by_code(&h, "440604-1-1")->name, "石湾陶瓷厂工会");
    assert_string_equal(by_code(&h, "440604-1-1")->credit_code, "81440604MC0000100M");
    assert_int_equal(by_code(&h, "440604-1-1")->parent_id, town_id);
    assert_int_equal(my_new_unions(&h, who)->changes[0]->state, IDENTITY__CHANGE_STATE__CHANGE_APPROVED);
    assert_int_equal(my_new_unions(&h, who)->changes[0]->target_id, by_code(&h, "440604-1-1")->union_id);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_UNION_CHANGED)->union_changed->target_id,
                     by_code(&h, "440604-1-1")->union_id);
    end(&h);
}

static void a_refused_new_union_is_not_made(void **state)
{
    Identity__AskNewUnionRequest request;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = member_of_union(&h, 1, "440605");
    request = new_union(town_id, "440604-1-1");
    assert_ok(decide(&h, harness_official(&h, 7, RULE__ROLE__UNION_ADMIN, FIRST), asked(&h, ask_new(&h, who, &request)),
                     false));
    assert_int_equal(my_new_unions(&h, who)->changes[0]->state, IDENTITY__CHANGE_STATE__CHANGE_REFUSED);
    assert_ok(ask_new(&h, who, &request));
    end(&h);
}

static void what_a_new_union_is_asked_with_is_checked(void **state)
{
    static const struct {
        const char *code, *name, *credit_code, *reason;
        int workers, body;
    } cases[] = {
        {"440604", "总工会", "", "UNION_CODE_TAKEN", 25, IDENTITY__UNION_BODY__BODY_COMMITTEE},
        {"a b", "总工会", "", "UNION_CODE_INVALID", 25, IDENTITY__UNION_BODY__BODY_COMMITTEE},
        {"N-1", "总", "", "UNION_NAME_INVALID", 25, IDENTITY__UNION_BODY__BODY_COMMITTEE},
        {"N-1", "总工会", "", "UNION_BODY_INVALID", 25, IDENTITY__UNION_BODY__BODY_JOINT_COMMITTEE},
        {"N-1", "总工会", "", "UNION_BODY_INVALID", 25, IDENTITY__UNION_BODY__BODY_ORGANISER},
        {"N-1", "总工会", "", "UNION_BODY_INVALID", 24, 99},
        {"N-1", "总工会", "81440604MC0000100N", "CREDIT_CODE_CHECKSUM", 24, IDENTITY__UNION_BODY__BODY_ORGANISER},
        {"N-1", "总工会", "91350100M000100Y43", "CREDIT_CODE_NOT_UNION", 24, IDENTITY__UNION_BODY__BODY_ORGANISER},
    };
    Identity__AskUnionChangeRequest change;
    Identity__AskNewUnionRequest request;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = member_of_union(&h, 1, "440605");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        request = new_union(town_id, cases[i].code);
        request.name = unconst(cases[i].name);
        request.credit_code = unconst(cases[i].credit_code);
        request.workers = cases[i].workers;
        request.body = (Identity__UnionBody)cases[i].body;
        assert_refused(ask_new(&h, who, &request), cases[i].reason);
    }
    request.union_id = 4711;
    assert_refused(ask_new(&h, who, &request), "UNION_NOT_FOUND");
    change = change_of(town_id, IDENTITY__CHANGE_KIND__CHANGE_CREATE); /* not this way */
    change.name = change.code = "N-1";
    assert_refused(ask(&h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, FIRST), &change), "CHANGE_EMPTY");
    request = new_union(town_id, "N-1"); /* of few workers in any form */
    request.workers = 24;
    request.body = IDENTITY__UNION_BODY__BODY_ORGANISER;
    assert_ok(ask_new(&h, who, &request));
    end(&h);
}

static void a_subtree_too_large_to_move_at_once_is_refused(void **state)
{
    static const char fill[] = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
                               "INSERT INTO unions (union_id, parent_id, code, name, path, created_at) "
                               "SELECT i, union_id, 'small-' || i, '', path || printf('%04d', i), 0 "
                               "FROM n JOIN unions WHERE code = '440604-1'";
    Identity__AskUnionChangeRequest request;
    struct harness h;

    (void)state;
    assert_int_equal(CHANGE_SUBTREE_MAX, 2000);
    begin_with_unions(&h);
    harness_tamper(&h, fill);
    request = change_of(town_id, IDENTITY__CHANGE_KIND__CHANGE_PLACE);
    request.target_id = second_id;
    assert_refused(ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request),
                   "UNION_SUBTREE_TOO_LARGE");
    harness_tamper(&h, "DELETE FROM unions WHERE union_id = 2000");
    assert_ok(ask(&h, harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), &request));
    harness_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_union_is_renamed_with_the_approval_of_the_level_above),
        cmocka_unit_test(a_refused_change_changes_nothing_and_another_may_be_asked),
        cmocka_unit_test(a_subtree_moves_and_its_members_and_officials_with_it),
        cmocka_unit_test(a_cycle_is_refused_and_so_is_a_move_to_nowhere),
        cmocka_unit_test(who_approves_a_move_administers_both_places),
        cmocka_unit_test(a_merged_unions_members_codes_and_rosters_go_to_the_other),
        cmocka_unit_test(a_dissolved_unions_members_are_hung_to_the_level_above_in_slices),
        cmocka_unit_test(a_credit_code_is_a_unions_and_checked_unless_excused),
        cmocka_unit_test(every_vector_of_credit_codes_is_taken_or_refused_as_expected),
        cmocka_unit_test(a_new_union_is_asked_for_by_a_member_and_made_by_the_union_above),
        cmocka_unit_test(a_refused_new_union_is_not_made),
        cmocka_unit_test(what_a_new_union_is_asked_with_is_checked),
        cmocka_unit_test(a_subtree_too_large_to_move_at_once_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
