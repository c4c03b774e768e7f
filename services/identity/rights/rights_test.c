/* A member's own data: taken away whole, and erased when she closes her account. */
#include "services/identity/rights/closings.h"

#include "common/benefit/holders/holders_fixture.h"
#include "common/daemon/part_internal.h"
#include "services/identity/access/office_fixture.h"
#include "services/identity/access/stepup_fixture.h"
#include "services/identity/membership/membership_fixture.h"
#include "services/identity/rights/closing_fixture.h"
#include "services/identity/people/members.h"
#include "services/identity/registers/rosters.h"
#include "services/identity/unions/tallies.h"
#include "services/identity/access/wechats.h"

#define DAY      INT64_C(86400000)
#define CODE     "440604"
#define OFFICIAL 999
#define WORLD    (8 << 20) /* bytes of a store at most */

static const Rpc__Answer *export_data(struct harness *h, const Rpc__Principal *who, const char *code)
{
    Identity__ExportRequest request = IDENTITY__EXPORT_REQUEST__INIT;

    request.code = unconst(code);
    return harness_call(h, "Rights.ExportMyData", &request.base, who, NULL);
}

/* ---- export ---- */

static void all_that_is_kept_of_her_is_hers_to_take_away(void **state)
{
    char code[CODE_DIGITS + 1], mobile[CN_MOBILE_LEN + 1], id[CN_RESIDENT_ID_LEN + 1];
    Identity__MyData *data;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    who = member_of_union(&h, 1, CODE);
    make_resident_id(1, id);
    wechat_of(&h, 1, "openid");
    get_code_for(&h, mobile_of(1, mobile), IDENTITY__CODE_PURPOSE__CODE_EXPORT, code);
    data = harness_output(&h, export_data(&h, who, code), &identity__my_data__descriptor);
    assert_string_equal(data->account->mobile, mobile);
    assert_string_equal(data->account->name, "王小明");
    assert_string_equal(data->account->resident_id, id);
    assert_int_equal(data->account->birth_year, 1990);
    assert_int_equal(data->n_rosters, 1);
    assert_string_equal(data->rosters[0]->mobile, mobile);
    assert_int_equal(data->n_memberships, 1);
    assert_string_equal(data->memberships[0]->union_->code, CODE);
    assert_int_equal(data->n_wechats, 1);
    assert_string_equal(data->wechats[0]->appid, "wx0000000000000001");
    assert_int_equal(data->n_sessions, 2);
    assert_int_equal(data->n_trades, 1);
    assert_int_equal(data->n_standings, 0);
    end(&h);
}

static void all_parts_give_what_they_keep_of_her(void **state)
{
    static const char *const says[][2] = {
        {"members", "\"name\":\"王小明\""},
        {"rosters", "\"mobile\":\"16900000001\""},
        {"periods", "\"began\":"},
        {"wechats", "\"appid\":\"wx0000000000000001\""},
        {"sessions", "\"signIn\":\"SIGN_IN_BY_WECHAT\""},
        {"trades", "\"trade\":"},
        {"cadres", "\"post\":\"POST_CHAIR\""},
        {"covers", "\"unionId\":"},
        {"closings", "\"dueAt\":"},
        {"contests", "\"contestId\":"},
        {"notices", "\"noticeId\":"},
        {"merges", "\"mergeId\":"},
        {"proposals", "\"proposalId\":"},
        {"changes", "\"changeId\":"},
        {"imports", "\"importId\":"},
    };
    static const char *const more[] = {
        "INSERT INTO cadre SELECT membership_id, member_id, union_id, 1, 0, 1, 0, 1, 0, 1 FROM membership",
        "INSERT INTO cover SELECT membership_id, member_id, union_id, 1, 1, 2, 0 FROM membership",
        "INSERT INTO contest SELECT membership_id, member_id, 0, union_id, 2, 1, 2, 0 FROM membership",
        "INSERT INTO notice SELECT membership_id, member_id, 7, 0, 1, 1, 0, 0 FROM membership",
        "INSERT INTO merge (merge_id, kept_id, gone_id, union_id, state, asked_at) SELECT membership_id, member_id, "
        "member_id, union_id, 3, 1 FROM membership",
        "INSERT INTO proposal (proposal_id, kind, state, member_id, union_id, value, reason, asked_by, asked_at) "
        "SELECT membership_id, 1, 2, member_id, union_id, 1, 0, 1, 1 FROM membership",
        "INSERT INTO union_change (change_id, union_id, kind, state, target_id, name, code, credit_code, excuse, "
        "asked_by, asked_at) SELECT membership_id, union_id, 1, 2, 0, '', '', '', '', member_id, 1 FROM membership",
        "INSERT INTO import SELECT membership_id, member_id, 1, union_id, 1, 1, 5, 1, 1, 0, x'', x'' FROM membership",
    };
    char code[CODE_DIGITS + 1], mobile[CN_MOBILE_LEN + 1];
    Identity__MyData *data;
    struct exported all;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    who = member_of_union(&h, 1, CODE);
    wechat_of(&h, 1, "openid");
    member_of_union(&h, 2, CODE);
    assert_ok(close_account(&h, who, 1));
    for (size_t i = 0; i < ARRAY_LEN(more); i++)
        harness_tamper(&h, more[i]);
    all = export_person(&h, who->member_id);
    for (size_t i = 0; i < ARRAY_LEN(says); i++) {
        if (exported_count(&all, says[i][0], says[i][1]) == 0)
            fail_msg("%s gives nothing with %s", says[i][0], says[i][1]);
    }
    assert_int_equal(exported_count(&all, "members", ""), 1);
    assert_int_equal(exported_count(&all, "sessions", ""), 2);
    get_code_for(&h, mobile_of(1, mobile), IDENTITY__CODE_PURPOSE__CODE_EXPORT, code);
    data = harness_output(&h, export_data(&h, who, code), &identity__my_data__descriptor);
    assert_int_equal(data->n_posts, 1);
    assert_int_equal(data->n_covers, 1);
    assert_non_null(data->closing);
    assert_int_equal(data->n_contests, 1);
    assert_int_equal(data->n_notices, 2); /* the first of her WeChat; the latest come first, of too many those alone */
    assert_true(data->notices[0]->notice_id > data->notices[1]->notice_id);
    assert_int_equal(data->n_merges, 1);
    assert_int_equal(data->n_proposals, 1);
    assert_int_equal(data->n_union_changes, 1);
    assert_int_equal(data->n_imports, 1);
    harness_close(&h);
}

/* What no field has room for would make the whole refused (api_export.c). */
static void all_types_that_parts_give_are_fields_of_her_data(void **state)
{
    const struct part_table *table = identity_spec.parts;

    (void)state;
    for (unsigned i = 0; i < parts_count(table); i++) {
        const char *name;
        const struct part_spec *spec = parts_spec(table, i, &name);

        for (unsigned e = 0; e < PART_EXPORTS && spec->exports[e].type; e++) {
            unsigned found = 0;

            for (unsigned f = 0; f < identity__my_data__descriptor.n_fields; f++)
                found += identity__my_data__descriptor.fields[f].descriptor == spec->exports[e].type;
            if (found != 1)
                fail_msg("%s of part %s is the type of %u fields of MyData", spec->exports[e].type->name, name, found);
        }
    }
}

static void a_session_alone_exports_nothing(void **state)
{
    char code[CODE_DIGITS + 1], other[CODE_DIGITS + 1], mobile[CN_MOBILE_LEN + 1];
    Identity__LogoutRequest logout = IDENTITY__LOGOUT_REQUEST__INIT;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    who = person_signed_in(&h, 1);
    assert_refused(export_data(&h, who, "123456"), "CODE_EXPIRED");
    get_code_for(&h, mobile_of(2, mobile), IDENTITY__CODE_PURPOSE__CODE_EXPORT, other); /* somebody else's */
    get_code_for(&h, mobile_of(1, mobile), IDENTITY__CODE_PURPOSE__CODE_EXPORT, code);
    assert_refused(export_data(&h, who, strcmp(code, "000000") == 0 ? "111111" : "000000"), "CODE_WRONG");
    if (strcmp(code, other) != 0)
        assert_refused(export_data(&h, who, other), "CODE_WRONG");
    assert_ok(export_data(&h, who, code));
    assert_refused(export_data(&h, who, code), "CODE_EXPIRED");
    assert_ok(harness_call(&h, "Identity.Logout", &logout.base, who, NULL));
    assert_refused(export_data(&h, who, code), "TOKEN_REVOKED");
    end(&h);
}

/* ---- closing ---- */

static void closing_waits_some_days_in_which_she_takes_it_back(void **state)
{
    Identity__Closing *closing;
    char mobile[CN_MOBILE_LEN + 1];
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    who = person_signed_in(&h, 1);
    assert_refused(harness_call(&h, "Rights.KeepAccount", NULL, who, NULL), "CLOSING_NOT_ASKED");
    assert_refused(close_with(&h, who, "123456"), "CODE_EXPIRED");
    closing = harness_output(&h, close_account(&h, who, 1), &identity__closing__descriptor);
    assert_int_equal(closing->due_at - closing->asked_at, 7 * DAY);
    clock_step(&h.service.clock, 6 * DAY);
    harness_tidy(&h);
    assert_ok(harness_call(&h, "Rights.KeepAccount", NULL, who, NULL));
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_CLOSING_CHANGED)->closing_changed->due_at, 0);
    clock_step(&h.service.clock, 10 * DAY);
    harness_tidy(&h);
    assert_null(last_event(&h, IDENTITY__EVENT__EVENT_ACCOUNT_CLOSED));
    assert_int_equal(principal_of(&h, login(&h, mobile_of(1, mobile)))->member_id, who->member_id);
    end(&h);
}

static bool file_has(const struct harness *h, const char *name, const void *bytes, size_t len)
{
    char path[64];
    char *all = NULL;
    size_t size = 0, n;
    bool found;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", h->dir, name);
    file = fopen(path, "r");
    if (!file)
        return false;
    all = malloc(WORLD);
    assert_non_null(all);
    while ((n = fread(all + size, 1, WORLD - size, file)) > 0)
        size += n;
    fclose(file);
    found = memmem(all, size, bytes, len) != NULL;
    free(all);
    return found;
}

static bool stored(const struct harness *h, const void *bytes, size_t len)
{
    return file_has(h, "data.sqlite", bytes, len) || file_has(h, "data.sqlite-wal", bytes, len);
}

static void a_closed_account_leaves_nothing_that_tells_who_she_was(void **state)
{
    struct member before, after;
    struct roster_entry row;
    Rpc__Principal *who;
    struct wechat door;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    who = member_of_union(&h, 1, CODE);
    wechat_of(&h, 1, "openid");
    assert_true(members_find(&identity_of(&h)->members, who->member_id, &before));
    assert_int_equal(rosters_find_person(&identity_of(&h)->rosters, before.person, &row, 1), 1);
    assert_int_equal(wechats_find_all(&identity_of(&h)->wechats, who->member_id, &door, 1), 1);
    assert_true(stored(&h, before.data_key.bytes, before.data_key.len));
    close_now(&h, who, 1);
    assert_true(members_find(&identity_of(&h)->members, who->member_id, &after));
    assert_int_equal(after.data_key.len + after.sealed_mobile.len + after.sealed_person.len, 0);
    assert_int_equal(after.birth_year + after.sex + after.trade, 0);
    assert_false(stored(&h, before.data_key.bytes, before.data_key.len));
    assert_false(stored(&h, before.sealed_person.bytes, before.sealed_person.len));
    assert_false(stored(&h, before.sealed_mobile.bytes, before.sealed_mobile.len));
    assert_false(stored(&h, before.person, sizeof(before.person)));
    assert_false(stored(&h, before.mobile, sizeof(before.mobile)));
    assert_false(stored(&h, row.sealed.bytes, row.sealed.len));
    assert_false(stored(&h, door.sealed.bytes, door.sealed.len));
    assert_refused(harness_call(&h, "Rights.KeepAccount", NULL, who, NULL), "ACCOUNT_CLOSED");
    end(&h);
}

static void what_she_was_in_the_union_stays_under_her_number_alone(void **state)
{
    Identity__MemberRequest request = IDENTITY__MEMBER_REQUEST__INIT;
    Identity__MembershipList *history;
    struct tally tally;
    Rpc__Principal *who;
    struct harness h;
    int64_t union_id;

    (void)state;
    begin(&h);
    union_id = make_union(&h, CODE, "")->union_id;
    who = member_of_union(&h, 1, CODE);
    close_now(&h, who, 1);
    request.member_id = who->member_id;
    history =
        harness_output(&h, harness_call(&h, "Memberships.ListMemberships", &request.base, administrator(&h, ""), NULL),
                       &identity__membership_list__descriptor);
    assert_int_equal(history->n_memberships, 1);
    assert_int_equal(history->memberships[0]->ended, IDENTITY__ENDED__ENDED_BY_LEAVING);
    tallies_find(&((struct identity *)h.service.self)->tallies, union_id, &tally);
    assert_int_equal(tally.members, 0);
    end(&h);
}

static void the_same_number_and_resident_id_sign_up_anew(void **state)
{
    Rpc__Principal *who, *again;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    who = member_of_union(&h, 1, CODE);
    close_now(&h, who, 1);
    again = member_of_union(&h, 1, CODE); /* on the roster once more, and verified */
    assert_int_not_equal(again->member_id, who->member_id);
    assert_int_equal(again->level, RPC__LEVEL__CATEGORY);
    close_now(&h, again, 1);
    end(&h);
}

static void who_holds_an_office_gives_it_up_first(void **state)
{
    Identity__RevokeGrantRequest revoke = IDENTITY__REVOKE_GRANT_REQUEST__INIT;
    char mobile[CN_MOBILE_LEN + 1];
    Identity__GrantRecord *grant;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    who = person_signed_in(&h, 1);
    grant =
        harness_output(&h, create_grant(&h, harness_internal(&h), mobile_of(1, mobile), RULE__ROLE__UNION_ADMIN, CODE),
                       &identity__grant_record__descriptor);
    assert_refused(close_account(&h, who, 1), "CLOSING_HOLDS_OFFICE");
    revoke.grant_id = grant->grant_id;
    assert_ok(harness_call(&h, "Identity.RevokeGrant", &revoke.base, harness_internal(&h), NULL));
    who = person_signed_in(&h, 1);
    assert_ok(close_account(&h, who, 1));
    /* An office that comes meanwhile keeps the account. */
    assert_ok(create_grant(&h, harness_internal(&h), mobile, RULE__ROLE__UNION_ADMIN, CODE));
    clock_step(&h.service.clock, 7 * DAY);
    harness_tidy(&h);
    assert_null(last_event(&h, IDENTITY__EVENT__EVENT_ACCOUNT_CLOSED));
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_CLOSING_CHANGED)->closing_changed->due_at, 0);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_is_kept_of_her_is_hers_to_take_away),
        cmocka_unit_test(all_parts_give_what_they_keep_of_her),
        cmocka_unit_test(all_types_that_parts_give_are_fields_of_her_data),
        cmocka_unit_test(a_session_alone_exports_nothing),
        cmocka_unit_test(closing_waits_some_days_in_which_she_takes_it_back),
        cmocka_unit_test(a_closed_account_leaves_nothing_that_tells_who_she_was),
        cmocka_unit_test(what_she_was_in_the_union_stays_under_her_number_alone),
        cmocka_unit_test(the_same_number_and_resident_id_sign_up_anew),
        cmocka_unit_test(who_holds_an_office_gives_it_up_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
