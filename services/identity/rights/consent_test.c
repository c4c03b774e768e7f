/* What members are told, what they agree to, and that they may take it back. */
#include "services/identity/rights/consents.h"

#include "common/base/hex.h"
#include "common/base/sha256.h"
#include "services/identity/people/people_fixture.h"
#include "services/identity/unions/tree_fixture.h"

#define DAY INT64_C(86400000)

static const Rpc__Answer *publish(struct harness *h, const Rpc__Principal *who, int64_t union_id, int purpose,
                                  const char *text, int64_t in_force_at)
{
    static unsigned calls;
    Identity__PublishPolicyRequest request = IDENTITY__PUBLISH_POLICY_REQUEST__INIT;
    char key[32];

    snprintf(key, sizeof(key), "policy %u", calls++);
    request.union_id = union_id;
    request.purpose = (Identity__Purpose)purpose;
    request.title = request.controller = request.contact = request.kinds = request.retention = "市总工会";
    request.text = unconst(text);
    request.in_force_at = in_force_at;
    return harness_call(h, "Consents.PublishPolicy", &request.base, who, key);
}

static Identity__Policy *published(struct harness *h, int64_t union_id, int purpose, const char *text)
{
    return harness_output(h,
                          publish(h, harness_official(h, 9, RULE__ROLE__SYSTEM_ADMIN, ""), union_id, purpose, text, 0),
                          &identity__policy__descriptor);
}

static const Rpc__Answer *give(struct harness *h, const Rpc__Principal *who, int purpose, int version)
{
    Identity__GiveConsentRequest request = IDENTITY__GIVE_CONSENT_REQUEST__INIT;

    request.purpose = (Identity__Purpose)purpose;
    request.version = version;
    request.channel = IDENTITY__CHANNEL__CHANNEL_WEB;
    return harness_call(h, "Consents.GiveConsent", &request.base, who, NULL);
}

static const Rpc__Answer *withdraw(struct harness *h, const Rpc__Principal *who, int purpose)
{
    Identity__WithdrawConsentRequest request = IDENTITY__WITHDRAW_CONSENT_REQUEST__INIT;

    request.purpose = (Identity__Purpose)purpose;
    return harness_call(h, "Consents.WithdrawConsent", &request.base, who, NULL);
}

static Identity__ConsentList *mine(struct harness *h, const Rpc__Principal *who)
{
    return harness_output(h, harness_call(h, "Consents.ListMyConsents", NULL, who, NULL),
                          &identity__consent_list__descriptor);
}

static void only_the_systems_administrator_of_a_root_publishes_what_members_are_told(void **state)
{
    int64_t root, below;
    Identity__Policy *policy;
    unsigned char hash[TEXT_HASH_LEN];
    char digits[HEX_SIZE(TEXT_HASH_LEN)];
    struct harness h;

    (void)state;
    begin(&h);
    root = make_union(&h, "440600", "")->union_id;
    below = make_union(&h, "440604", "440600")->union_id;
    assert_refused(publish(&h, harness_official(&h, 9, RULE__ROLE__UNION_ADMIN, ""), root, 1, "文", 0), "NOT_OFFICIAL");
    assert_refused(publish(&h, harness_official(&h, 9, RULE__ROLE__SYSTEM_ADMIN, "00000000"), root, 1, "文", 0),
                   "OUTSIDE_YOUR_UNION");
    assert_refused(publish(&h, harness_official(&h, 9, RULE__ROLE__SYSTEM_ADMIN, ""), below, 1, "文", 0),
                   "POLICY_NOT_ROOT");
    assert_refused(publish(&h, harness_official(&h, 9, RULE__ROLE__SYSTEM_ADMIN, ""), root, 99, "文", 0),
                   "PURPOSE_INVALID");
    assert_refused(publish(&h, harness_official(&h, 9, RULE__ROLE__SYSTEM_ADMIN, ""), root, 1, "", 0), "MISSING_FIELD");
    policy = published(&h, root, IDENTITY__PURPOSE__PURPOSE_ACCOUNT, "告知\n全文");
    assert_int_equal(policy->version, 1);
    assert_string_equal(policy->text, "告知\n全文");
    sha256_of("告知\n全文", strlen("告知\n全文"), hash);
    hex_print(hash, TEXT_HASH_LEN, digits);
    assert_string_equal(policy->text_sha256, digits);
    assert_memory_equal(last_event(&h, IDENTITY__EVENT__EVENT_POLICY_PUBLISHED)->policy_published->text_sha256.data,
                        hash, sizeof(hash));
    end(&h);
}

static void a_version_is_in_force_from_its_day_and_the_one_before_until_then(void **state)
{
    int64_t root, now;
    Rpc__Principal *who, *admin;
    struct harness h;

    (void)state;
    begin(&h);
    root = make_union(&h, "440600", "")->union_id;
    who = person_signed_in(&h, 1);
    admin = harness_official(&h, 9, RULE__ROLE__SYSTEM_ADMIN, "");
    now = clock_now(&h.service.clock);
    published(&h, root, IDENTITY__PURPOSE__PURPOSE_LOCATION, "一");
    assert_refused(publish(&h, admin, root, IDENTITY__PURPOSE__PURPOSE_LOCATION, "二", now - 1), "POLICY_TOO_EARLY");
    assert_ok(publish(&h, admin, root, IDENTITY__PURPOSE__PURPOSE_LOCATION, "二", now + DAY));
    assert_refused(publish(&h, admin, root, IDENTITY__PURPOSE__PURPOSE_LOCATION, "三", now + DAY - 1),
                   "POLICY_TOO_EARLY");
    assert_refused(give(&h, who, IDENTITY__PURPOSE__PURPOSE_LOCATION, 2), "CONSENT_OTHER_VERSION");
    assert_ok(give(&h, who, IDENTITY__PURPOSE__PURPOSE_LOCATION, 1));
    assert_int_equal(mine(&h, who)->asked[0]->state, IDENTITY__CONSENT_STATE__CONSENT_GIVEN);
    clock_step(&h.service.clock, DAY);
    assert_int_equal(mine(&h, who)->asked[0]->state, IDENTITY__CONSENT_STATE__CONSENT_OUTDATED);
    assert_int_equal(mine(&h, who)->asked[0]->version, 2);
    assert_refused(give(&h, who, IDENTITY__PURPOSE__PURPOSE_LOCATION, 1), "CONSENT_OTHER_VERSION");
    assert_true(give(&h, who, IDENTITY__PURPOSE__PURPOSE_LOCATION, 2)->created);
    assert_int_equal(mine(&h, who)->asked[0]->state, IDENTITY__CONSENT_STATE__CONSENT_GIVEN);
    assert_int_equal(mine(&h, who)->n_records, 2);
    end(&h);
}

static void consent_is_withdrawn_by_one_call_and_stays_on_record(void **state)
{
    Identity__ConsentList *list;
    Identity__ConsentChanged *changed;
    Rpc__Principal *who;
    struct harness h;
    int64_t rows, root;

    (void)state;
    begin(&h);
    root = make_union(&h, "440600", "")->union_id;
    who = person_signed_in(&h, 1);
    published(&h, root, IDENTITY__PURPOSE__PURPOSE_PARTNER_SHARING, "一");
    assert_refused(withdraw(&h, who, IDENTITY__PURPOSE__PURPOSE_PARTNER_SHARING), "CONSENT_NOT_GIVEN");
    assert_true(give(&h, who, IDENTITY__PURPOSE__PURPOSE_PARTNER_SHARING, 1)->created);
    rows = journal_rows(&h);
    assert_false(give(&h, who, IDENTITY__PURPOSE__PURPOSE_PARTNER_SHARING, 1)->created);
    assert_int_equal(journal_rows(&h), rows);
    clock_step(&h.service.clock, 5000);
    list = harness_output(&h, withdraw(&h, who, IDENTITY__PURPOSE__PURPOSE_PARTNER_SHARING),
                          &identity__consent_list__descriptor);
    assert_int_equal(list->asked[0]->state, IDENTITY__CONSENT_STATE__CONSENT_ASKED);
    assert_int_equal(list->n_records, 1);
    assert_int_equal(list->records[0]->withdrawn_at - list->records[0]->given_at, 5000);
    assert_int_equal(list->records[0]->channel, IDENTITY__CHANNEL__CHANNEL_WEB);
    changed = last_event(&h, IDENTITY__EVENT__EVENT_CONSENT_CHANGED)->consent_changed;
    assert_true(changed->withdrawn);
    assert_int_equal(changed->member_id, who->member_id);
    assert_int_equal(changed->purpose, IDENTITY__PURPOSE__PURPOSE_PARTNER_SHARING);
    assert_true(give(&h, who, IDENTITY__PURPOSE__PURPOSE_PARTNER_SHARING, 1)->created);
    assert_int_equal(mine(&h, who)->n_records, 2);
    end(&h);
}

static void refusing_what_is_not_necessary_costs_nothing_else(void **state)
{
    Identity__ConsentList *list;
    Rpc__Principal *who;
    struct harness h;
    int64_t root;

    (void)state;
    begin(&h);
    root = make_union(&h, "440600", "")->union_id;
    for (int purpose = 1; purpose <= IDENTITY__PURPOSE__PURPOSE_HARDSHIP; purpose++)
        published(&h, root, purpose, "文");
    who = person_signed_in(&h, 1);
    assert_int_equal(mine(&h, who)->n_asked, 8);
    for (int purpose = 1; purpose <= IDENTITY__PURPOSE__PURPOSE_HARDSHIP; purpose++) {
        if (purpose != IDENTITY__PURPOSE__PURPOSE_SINGLE_PLEDGE)
            assert_ok(give(&h, who, purpose, 1));
    }
    assert_ok(withdraw(&h, who, IDENTITY__PURPOSE__PURPOSE_LOCATION));
    assert_refused(withdraw(&h, who, IDENTITY__PURPOSE__PURPOSE_ACCOUNT), "CONSENT_NECESSARY");
    list = mine(&h, who);
    for (size_t i = 0; i < list->n_asked; i++) {
        assert_int_equal(list->asked[i]->necessary, list->asked[i]->purpose == IDENTITY__PURPOSE__PURPOSE_ACCOUNT);
        assert_int_equal(list->asked[i]->state, list->asked[i]->purpose == IDENTITY__PURPOSE__PURPOSE_LOCATION
                                                    ? IDENTITY__CONSENT_STATE__CONSENT_ASKED
                                                    : IDENTITY__CONSENT_STATE__CONSENT_GIVEN);
    }
    assert_refused(verify(&h, who, "王小明", "440308199901101512"), "NOT_ON_ROSTER");
    end(&h);
}

static void nothing_is_agreed_to_that_is_not_asked(void **state)
{
    Rpc__Principal *who;
    struct harness h;
    int64_t root;

    (void)state;
    begin(&h);
    root = make_union(&h, "440600", "")->union_id;
    who = person_signed_in(&h, 1);
    published(&h, root, IDENTITY__PURPOSE__PURPOSE_SINGLE_PLEDGE, "承诺");
    assert_refused(give(&h, who, IDENTITY__PURPOSE__PURPOSE_LOCATION, 1), "CONSENT_NOT_ASKED");
    assert_refused(give(&h, who, IDENTITY__PURPOSE__PURPOSE_SINGLE_PLEDGE, 1), "PURPOSE_INVALID");
    assert_refused(give(&h, who, -1, 1), "PURPOSE_INVALID");
    assert_refused(give(&h, NULL, 1, 1), "MISSING_TOKEN");
    assert_int_equal(mine(&h, who)->n_asked, 0);
    end(&h);
}

static void anybody_reads_the_texts_without_signing_in(void **state)
{
    Identity__PolicyRequest request = IDENTITY__POLICY_REQUEST__INIT;
    Identity__PolicyList *list;
    Identity__Policy *policy;
    struct harness h;
    int64_t root;

    (void)state;
    begin(&h);
    root = make_union(&h, "440600", "")->union_id;
    published(&h, root, IDENTITY__PURPOSE__PURPOSE_LOCATION, "一");
    published(&h, root, IDENTITY__PURPOSE__PURPOSE_LOCATION, "二");
    list = harness_output(&h, harness_call(&h, "Consents.ListPolicies", NULL, NULL, NULL),
                          &identity__policy_list__descriptor);
    assert_int_equal(list->n_policies, 2);
    assert_int_equal(list->policies[0]->version, 2);
    assert_string_equal(list->policies[0]->text, "");
    request.policy_id = list->policies[1]->policy_id;
    policy = harness_output(&h, harness_call(&h, "Consents.GetPolicy", &request.base, NULL, NULL),
                            &identity__policy__descriptor);
    assert_string_equal(policy->text, "一");
    request.policy_id = 0;
    assert_refused(harness_call(&h, "Consents.GetPolicy", &request.base, NULL, NULL), "POLICY_NOT_FOUND");
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_systems_administrator_of_a_root_publishes_what_members_are_told),
        cmocka_unit_test(a_version_is_in_force_from_its_day_and_the_one_before_until_then),
        cmocka_unit_test(consent_is_withdrawn_by_one_call_and_stays_on_record),
        cmocka_unit_test(refusing_what_is_not_necessary_costs_nothing_else),
        cmocka_unit_test(nothing_is_agreed_to_that_is_not_asked),
        cmocka_unit_test(anybody_reads_the_texts_without_signing_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
