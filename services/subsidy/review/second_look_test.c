/* Second looks: a share that nobody chooses, by another union, as anybody computes it again. */
#include "common/base/bytes.h"
#include "common/base/sha256.h"
#include "services/subsidy/fixture.h"

#define STATE(name) SUBSIDY__APPLICATION_STATE__APPLICATION_##name
#define TAG         "hg-second-look-1"
#define N           40
#define PER_MILLE   300

static const char *const towns[] = {TOWN, "00010003", "00010004"};

/* Of those that both offices have approved some are looked at by another town's reviewers. */
static struct draft *a_looked_at_draft(void)
{
    struct draft *draft = a_draft();
    Subsidy__ReviewStep *look = add_step(draft, "交叉抽查", 2, RULE__ROLE__UNION_ADMIN);

    look->per_mille = PER_MILLE;
    look->elsewhere = true;
    return draft;
}

static Rpc__Principal *reviewer(int64_t member_id, const char *path)
{
    return harness_official(&h, member_id, RULE__ROLE__UNION_ADMIN, path);
}

/* As a member does it who reads the hash in her application's story. */
static bool is_drawn(const Subsidy__ApplicationStep *approved, int64_t *ret_office)
{
    unsigned char bytes[sizeof(TAG) - 1 + SHA256_LEN + 1 + 8] = TAG, hash[SHA256_LEN], least[SHA256_LEN];

    assert_int_equal(approved->kind, SUBSIDY__STEP_KIND__STEP_APPROVED);
    assert_int_equal(approved->hash.len, SHA256_LEN);
    memcpy(bytes + 16, approved->hash.data, SHA256_LEN);
    bytes[48] = 2;
    sha256_of(bytes, 49, hash);
    *ret_office = 0;
    for (size_t i = 1; i < ARRAY_LEN(towns); i++) { /* but her own */
        unsigned char other[SHA256_LEN];

        put_be64(bytes + 49, (uint64_t)a_union(&h, towns[i]));
        sha256_of(bytes, sizeof(bytes), other);
        if (!*ret_office || memcmp(other, least, SHA256_LEN) < 0) {
            memcpy(least, other, SHA256_LEN);
            *ret_office = a_union(&h, towns[i]);
        }
    }
    return (uint64_t)get_be32(hash) * 1000 / 4294967296 < PER_MILLE;
}

static void a_share_is_looked_at_by_another_union(void **state)
{
    int64_t scheme_id, office;
    int n_drawn = 0, n_third = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(towns); i++)
        a_union(&h, towns[i]);
    scheme_id = open_scheme(a_looked_at_draft());
    for (int i = 0; i < N; i++) {
        const Subsidy__Application *application;
        int64_t id = handed_in(scheme_id, MEMBER + i);
        bool drawn;

        approve_whole(id);
        application = get_hers(id, MEMBER + i);
        drawn = is_drawn(application->steps[3], &office);
        n_drawn += drawn;
        if (!drawn) {
            assert_int_equal(application->state, STATE(APPROVED));
            continue;
        }
        assert_int_equal(application->state, STATE(IN_REVIEW));
        assert_int_equal(application->office_id, office);
        assert_string_equal(application->step_title, "交叉抽查");
        n_third += office == a_union(&h, towns[2]);
        assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", reviewer(961, TOWN)), "NOT_YOUR_STEP");
        if (i % 2)
            assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "",
                             reviewer(962, office == a_union(&h, towns[1]) ? towns[1] : towns[2])));
        else
            assert_ok(decide(id, SUBSIDY__VERDICT__REFUSE, "证书查无此号",
                             reviewer(962, office == a_union(&h, towns[1]) ? towns[1] : towns[2])));
        assert_int_equal(get_hers(id, MEMBER + i)->state, i % 2 ? STATE(APPROVED) : STATE(REFUSED));
    }
    assert_in_range(n_drawn, 1, N - 1);
    assert_in_range(n_third, 1, n_drawn - 1);
}

/* Who is asked to correct it comes back to the same reviewers, and who is refused asks the union above these. */
static void it_comes_back_to_the_same_reviewers(void **state)
{
    struct draft *draft = a_looked_at_draft();
    const char *path;
    int64_t id, office;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(towns); i++)
        a_union(&h, towns[i]);
    draft->steps[2].per_mille = 1000;
    id = handed_in(open_scheme(draft), MEMBER);
    approve_whole(id);
    office = get_hers(id, MEMBER)->office_id;
    path = office == a_union(&h, towns[1]) ? towns[1] : towns[2];
    assert_ok(decide(id, SUBSIDY__VERDICT__GIVE_BACK, "请补充", reviewer(962, path)));
    assert_ok(submit(id, member_of(MEMBER)));
    assert_int_equal(get_hers(id, MEMBER)->office_id, office);
    assert_ok(decide(id, SUBSIDY__VERDICT__REFUSE, "仍不符", reviewer(962, path)));
    assert_ok(on_application("Applications.AskAgain", id, member_of(MEMBER)));
    assert_int_equal(get_hers(id, MEMBER)->office_id, a_union(&h, CITY));
}

/* The union that pays looks, where there is no other below it. */
static void where_there_is_no_other_union_the_payer_looks(void **state)
{
    struct draft *draft = a_looked_at_draft();
    int64_t id;

    (void)state;
    draft->steps[2].per_mille = 1000;
    id = handed_in(open_scheme(draft), MEMBER);
    approve_whole(id);
    assert_int_equal(get_hers(id, MEMBER)->office_id, a_union(&h, CITY));
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", reviewer(962, CITY)));
    assert_int_equal(get_hers(id, MEMBER)->state, STATE(APPROVED));
}

/* A drawn step that is not drawn leads to the next one that all pass. */
static void who_is_not_drawn_goes_on(void **state)
{
    struct draft *draft = a_draft();
    int n[2] = {0, 0};
    int64_t scheme_id;

    (void)state;
    draft->scheme.n_steps = 0;
    add_step(draft, "镇街工会初审", 2, RULE__ROLE__BENEFIT_MANAGER);
    add_step(draft, "抽查", 2, RULE__ROLE__UNION_ADMIN)->per_mille = 500;
    add_step(draft, "市总工会复核", 0, RULE__ROLE__FINANCE);
    scheme_id = open_scheme(draft);
    for (int i = 0; i < 20; i++) {
        int64_t id = handed_in(scheme_id, MEMBER + i);
        bool drawn;

        assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)));
        drawn = strcmp(get_hers(id, MEMBER + i)->step_title, "抽查") == 0;
        n[drawn]++;
        if (drawn)
            assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", reviewer(961, TOWN)));
        assert_string_equal(get_hers(id, MEMBER + i)->step_title, "市总工会复核");
        assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", finance(921, CITY)));
        assert_int_equal(get_hers(id, MEMBER + i)->state, STATE(APPROVED));
    }
    assert_in_range(n[0], 1, 19);
}

/* It is no hand of the two that everybody's application passes. */
static void a_second_look_is_no_first_one(void **state)
{
    struct draft *draft = a_looked_at_draft();

    (void)state;
    draft->scheme.n_steps = 0;
    add_step(draft, "镇街工会初审", 2, RULE__ROLE__BENEFIT_MANAGER);
    add_step(draft, "抽查", 2, RULE__ROLE__UNION_ADMIN)->per_mille = 500;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "TOO_FEW_HANDS", "scheme.steps");
    draft = a_draft();
    draft->steps[0].per_mille = 500;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "SECOND_LOOK_WRONG", "scheme.steps[0].perMille");
    draft = a_looked_at_draft();
    draft->steps[2].level = 1;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "SECOND_LOOK_WRONG", "scheme.steps[2].perMille");
    draft->steps[2].level = 2;
    draft->steps[2].per_mille = 0;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "SECOND_LOOK_WRONG", "scheme.steps[2].perMille");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_share_is_looked_at_by_another_union),
        TEST(it_comes_back_to_the_same_reviewers),
        TEST(where_there_is_no_other_union_the_payer_looks),
        TEST(who_is_not_drawn_goes_on),
        TEST(a_second_look_is_no_first_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
