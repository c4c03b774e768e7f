/* Every member's own key: what lies under it, and how those before it came by theirs. */
#include "common/base/hex.h"
#include "services/identity/people/data_keys.h"

#include "services/identity/access/stepup_fixture.h"
#include "services/identity/membership/membership_fixture.h"
#include "services/identity/unions/tree_fixture.h"
#include "services/identity/membership/joins.h"
#include "services/identity/people/members.h"
#include "services/identity/people/person.h"
#include "services/identity/access/wechats.h"

#define CODE "440604"

static void find(struct harness *h, int64_t member_id, struct member *ret)
{
    assert_true(members_find(&identity_of(h)->members, member_id, ret));
}

static Identity__Member *me(struct harness *h, const Rpc__Principal *who)
{
    return harness_output(h, harness_call(h, "Identity.GetMe", NULL, who, NULL), &identity__member__descriptor);
}

static void all_that_is_sealed_of_a_member_lies_under_her_key(void **state)
{
    Rpc__Principal *who, *asker;
    struct wechat door;
    struct member member;
    struct join join;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    who = member_of_union(&h, 1, CODE);
    wechat_of(&h, 1, "openid");
    asker = person_signed_in(&h, 2);
    assert_ok(ask_to_join(&h, asker, make_union(&h, "440605", "")->union_id, 5));
    find(&h, who->member_id, &member);
    assert_int_equal(member.data_key.len, PII_WRAPPED_LEN);
    assert_true(pii_is_under_data_key(member.sealed_mobile.bytes, member.sealed_mobile.len));
    assert_true(pii_is_under_data_key(member.sealed_person.bytes, member.sealed_person.len));
    assert_int_equal(wechats_find_all(&identity_of(&h)->wechats, who->member_id, &door, 1), 1);
    assert_true(pii_is_under_data_key(door.sealed.bytes, door.sealed.len));
    assert_true(joins_find_open(&identity_of(&h)->joins, asker->member_id, &join));
    assert_true(pii_is_under_data_key(join.sealed.bytes, join.sealed.len));
    end(&h);
}

static void without_her_key_nothing_of_hers_opens(void **state)
{
    Identity__Member *message;
    struct member member, other;
    struct person person;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    who = member_of_union(&h, 1, CODE);
    find(&h, who->member_id, &member);
    find(&h, member_of_union(&h, 2, CODE)->member_id, &other);
    assert_true(person_open_member(identity_of(&h), &member, &person));
    assert_string_equal(person.name, "王小明");
    member.data_key = other.data_key; /* nor with another's */
    assert_false(person_open_member(identity_of(&h), &member, &person));
    assert_string_equal(person.mobile, "");
    harness_tamper(&h, "UPDATE member SET data_key = x''");
    message = me(&h, who);
    assert_null(strstr(message->mobile, "169"));
    assert_null(strstr(message->name, "明"));
    end(&h);
}

/* Puts a field back under the daemon's key, as it was before members had keys. */
static void seal_as_before(struct harness *h, const char *context, int64_t row, const char *text, const char *table,
                           const char *set, const char *key)
{
    static const unsigned char nonce[PII_NONCE_LEN];
    unsigned char sealed[256];
    char digits[HEX_SIZE(sizeof(sealed))], statement[1024];

    pii_seal(identity_of(h)->pii, context, row, nonce, text, strlen(text), sealed);
    hex_print(sealed, strlen(text) + PII_OVERHEAD, digits);
    snprintf(statement, sizeof(statement), "UPDATE %s SET %s = x'%s' WHERE %s = %lld", table, set, digits, key,
             (long long)row);
    harness_tamper(h, statement);
}

/* A verified member with a door, and one who asks to join. */
static void make_people_of_before(struct harness *h, Rpc__Principal **ret_member, Rpc__Principal **ret_asker)
{
    char mobile[CN_MOBILE_LEN + 1], id[CN_RESIDENT_ID_LEN + 1], text[128];
    struct wechat door;
    struct join join;

    make_union(h, CODE, "");
    *ret_member = member_of_union(h, 1, CODE);
    wechat_of(h, 1, "openid");
    mobile_of(1, mobile);
    *ret_asker = person_signed_in(h, 2);
    assert_ok(ask_to_join(h, *ret_asker, make_union(h, "440605", "")->union_id, 5));
    seal_as_before(h, "member.mobile", (*ret_member)->member_id, mobile, "member", "data_key = NULL, sealed_mobile",
                   "member_id");
    make_resident_id(1, id);
    snprintf(text, sizeof(text), "王小明\n%s", id);
    seal_as_before(h, "member.person", (*ret_member)->member_id, text, "member", "sealed_person", "member_id");
    assert_int_equal(wechats_find_all(&identity_of(h)->wechats, (*ret_member)->member_id, &door, 1), 1);
    seal_as_before(h, "wechat", door.id, "wx0000000000000001\nopenid\n", "wechat", "sealed", "wechat_id");
    seal_as_before(h, "member.mobile", (*ret_asker)->member_id, mobile_of(2, mobile), "member",
                   "data_key = NULL, sealed_mobile", "member_id");
    make_resident_id(5, id);
    snprintf(text, sizeof(text), "王小明\n%s", id);
    assert_true(joins_find_open(&identity_of(h)->joins, (*ret_asker)->member_id, &join));
    seal_as_before(h, "join", join.id, text, "join_request", "sealed", "request_id");
}

static void who_was_there_before_there_were_keys_is_given_hers(void **state)
{
    char appid[WECHAT_NAME_MAX + 1];
    Rpc__Principal *who, *asker;
    struct member member;
    struct person person;
    struct wechat door;
    struct harness h;
    struct join join;

    (void)state;
    begin(&h);
    make_people_of_before(&h, &who, &asker);
    assert_non_null(strstr(me(&h, who)->mobile, "169")); /* read as it is */
    find(&h, who->member_id, &member);
    assert_int_equal(member.data_key.len, 0);
    harness_tidy(&h);
    find(&h, who->member_id, &member);
    assert_true(pii_is_under_data_key(member.sealed_mobile.bytes, member.sealed_mobile.len));
    assert_true(person_open_member(identity_of(&h), &member, &person));
    assert_string_equal(person.name, "王小明");
    assert_int_equal(wechats_find_all(&identity_of(&h)->wechats, who->member_id, &door, 1), 1);
    assert_true(pii_is_under_data_key(door.sealed.bytes, door.sealed.len));
    assert_true(person_open_wechat(identity_of(&h), &member, &door, appid, NULL));
    assert_string_equal(appid, "wx0000000000000001");
    find(&h, asker->member_id, &member);
    assert_true(joins_find_open(&identity_of(&h)->joins, asker->member_id, &join));
    assert_true(pii_is_under_data_key(join.sealed.bytes, join.sealed.len));
    assert_true(person_open_join(identity_of(&h), &member, join.id, &join.sealed, &person));
    assert_string_equal(person.name, "王小明");
    end(&h);
}

static void she_is_given_her_key_before_something_of_hers_is_sealed(void **state)
{
    char mobile[CN_MOBILE_LEN + 1];
    Rpc__Principal *who, *asker;
    struct member member;
    struct person person;
    struct harness h;

    (void)state;
    begin(&h);
    make_people_of_before(&h, &who, &asker);
    assert_ok(enter_by_wechat(&h, "another", mobile_of(1, mobile)));
    find(&h, who->member_id, &member);
    assert_true(pii_is_under_data_key(member.sealed_person.bytes, member.sealed_person.len));
    assert_true(person_open_member(identity_of(&h), &member, &person));
    assert_string_equal(person.mobile, mobile);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_is_sealed_of_a_member_lies_under_her_key),
        cmocka_unit_test(without_her_key_nothing_of_hers_opens),
        cmocka_unit_test(who_was_there_before_there_were_keys_is_given_hers),
        cmocka_unit_test(she_is_given_her_key_before_something_of_hers_is_sealed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
