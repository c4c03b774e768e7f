#include "services/match/profile/profiles.h"

#include "services/match/fixture.h"
#include "tests/scan.h"

static Match__Hobby hobbies[] = {MATCH__HOBBY__HIKING, MATCH__HOBBY__CONCERTS};
static Match__FieldTold *told[2];

/* A whole one. */
static Match__Profile *a_profile(void)
{
    Match__Profile *profile = harness_alloc(&h, sizeof(*profile));

    match__profile__init(profile);
    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        told[i] = harness_alloc(&h, sizeof(*told[i]));
        match__field_told__init(told[i]);
        told[i]->field = i == 0 ? MATCH__PROFILE_FIELD__FIELD_HOBBIES : MATCH__PROFILE_FIELD__FIELD_HEIGHT;
        told[i]->told_to = i == 0 ? MATCH__TOLD_TO__TOLD_ALL : MATCH__TOLD_TO__TOLD_MUTUAL;
    }
    profile->height_cm = 165;
    profile->education = MATCH__EDUCATION__EDUCATION_COLLEGE;
    profile->home = unconst("440604");
    profile->district = unconst("440600");
    profile->work = MATCH__WORK__WORK_DELIVERY;
    profile->aim = MATCH__AIM__AIM_MARRIAGE;
    profile->goes_out = 2;
    profile->age_from = 25;
    profile->age_until = 35;
    profile->hobbies = hobbies;
    profile->n_hobbies = ARRAY_LEN(hobbies);
    profile->told = told;
    profile->n_told = ARRAY_LEN(told);
    return profile;
}

static const Rpc__Answer *set(int64_t member_id, Match__Profile *profile)
{
    Match__SetProfileRequest request = MATCH__SET_PROFILE_REQUEST__INIT;

    request.profile = profile;
    return harness_call(&h, "Profiles.SetProfile", &request.base, a_member(member_id, TOWN), NULL);
}

static const Rpc__Answer *get(int64_t member_id)
{
    return harness_call(&h, "Profiles.GetProfile", NULL, a_member(member_id, TOWN), NULL);
}

static Match__Profile *said(int64_t member_id)
{
    return harness_output(&h, get(member_id), &match__profile__descriptor);
}

static void what_she_says_is_kept(void **state)
{
    Match__Profile *profile;

    (void)state;
    enter(MEMBER, TOWN);
    assert_int_equal(said(MEMBER)->height_cm, 0);
    assert_ok(set(MEMBER, a_profile()));
    harness_reopen(&h);
    profile = said(MEMBER);
    assert_int_equal(profile->height_cm, 165);
    assert_string_equal(profile->home, "440604");
    assert_int_equal(profile->n_hobbies, 2);
    assert_int_equal(profile->hobbies[1], MATCH__HOBBY__CONCERTS);
    assert_int_equal(profile->n_told, 2);
    assert_int_equal(profile->told[1]->told_to, MATCH__TOLD_TO__TOLD_MUTUAL);
    profile = a_profile();
    profile->n_hobbies = 0;
    assert_ok(set(MEMBER, profile));
    assert_int_equal(said(MEMBER)->n_hobbies, 0);
}

static void it_is_hers_alone(void **state)
{
    (void)state;
    enter(MEMBER, TOWN);
    enter(OTHER, TOWN);
    assert_ok(set(MEMBER, a_profile()));
    assert_int_equal(said(OTHER)->height_cm, 0);
    assert_reason(get(3), MATCH__REASON__MATCH_NOT_JOINED);
    assert_reason(set(3, a_profile()), MATCH__REASON__MATCH_NOT_JOINED);
}

/* Refused with a reason and the field, and nothing changes. */
static void refused(Match__Profile *profile, int reason, const char *field)
{
    const Rpc__Answer *answer = set(MEMBER, profile);

    assert_reason(answer, reason);
    assert_string_equal(answer->field, field);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM profile"), 0);
}

static void what_cannot_be_so_is_refused(void **state)
{
    Match__Profile *profile;

    (void)state;
    enter(MEMBER, TOWN);
    profile = a_profile();
    profile->height_cm = 30;
    refused(profile, RPC__REASON__OUT_OF_RANGE, "profile.heightCm");
    profile = a_profile();
    profile->education = (Match__Education)99;
    refused(profile, RPC__REASON__OUT_OF_RANGE, "profile.education");
    profile = a_profile();
    profile->home = unconst("999999");
    refused(profile, MATCH__REASON__PROFILE_NO_SUCH_REGION, "profile.home");
    profile = a_profile();
    profile->district = unconst("4406");
    refused(profile, MATCH__REASON__PROFILE_NO_SUCH_REGION, "profile.district");
    profile = a_profile();
    profile->hobbies = (Match__Hobby[]){MATCH__HOBBY__HIKING, MATCH__HOBBY__HIKING};
    refused(profile, MATCH__REASON__PROFILE_SAID_TWICE, "profile.hobbies");
    profile = a_profile();
    profile->hobbies = (Match__Hobby[]){MATCH__HOBBY__HIKING, (Match__Hobby)640};
    refused(profile, RPC__REASON__OUT_OF_RANGE, "profile.hobbies");
    profile = a_profile();
    profile->told[1]->field = profile->told[0]->field;
    refused(profile, MATCH__REASON__PROFILE_SAID_TWICE, "profile.told");
    profile = a_profile();
    profile->told[1]->told_to = (Match__ToldTo)7;
    refused(profile, RPC__REASON__OUT_OF_RANGE, "profile.told");
    profile = a_profile();
    profile->age_until = 24;
    refused(profile, MATCH__REASON__PROFILE_AGES_TURNED, "profile.ageUntil");
    profile = a_profile();
    profile->age_from = 17;
    refused(profile, MATCH__REASON__PROFILE_AGES_TURNED, "profile.ageUntil");
}

static void nothing_of_it_can_be_read_in_the_store_and_it_leaves_with_her(void **state)
{
    (void)state;
    enter(MEMBER, TOWN);
    assert_ok(set(MEMBER, a_profile()));
    assert_false(scan_text(&h, "440604"));
    assert_ok(harness_call(&h, "Singles.LeaveMatch", NULL, a_member(MEMBER, TOWN), NULL));
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM profile"), 0);
}

static void it_is_given_to_her_with_all_that_is_kept(void **state)
{
    struct exported hers;

    (void)state;
    enter(MEMBER, TOWN);
    assert_ok(set(MEMBER, a_profile()));
    hers = export_person(&h, MEMBER);
    assert_int_equal(exported_count(&hers, "profiles", "HIKING"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_she_says_is_kept),
        TEST(it_is_hers_alone),
        TEST(what_cannot_be_so_is_refused),
        TEST(nothing_of_it_can_be_read_in_the_store_and_it_leaves_with_her),
        TEST(it_is_given_to_her_with_all_that_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
