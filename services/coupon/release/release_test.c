/* Releases: made, published, ended, listed, and moved with their union. */
#include "services/coupon/fixture.h"

static void a_release_is_drafted_with_its_defaults(void **state)
{
    Coupon__Release draft = draft_of(3, 0, 0);
    const Rpc__Answer *answer = create(&draft, manager_of(UNION));
    const Coupon__ReleaseStatus *status = status_of(answer);

    (void)state;
    assert_true(answer->created && h.grown);
    assert_int_equal(status->release->state, COUPON__STATE__DRAFT);
    assert_string_equal(status->release->title, "早餐券");
    assert_int_equal(status->release->union_id, a_union(&h, UNION));
    assert_int_equal(status->release->audience->union_id, a_union(&h, UNION));
    assert_int_equal(status->release->days, 1);
    assert_int_equal(status->release->valid_days, RELEASE_DEFAULT_VALID_DAYS);
    assert_int_equal(status->release->created_at, HARNESS_NOW);
    assert_int_equal(status->left, 3);
    assert_int_equal(status->granted, 0);
    assert_clean();
}

static void a_draft_that_breaks_a_rule_is_refused_by_field(void **state)
{
    static const struct {
        int64_t opens_at, threshold_fen;
        const char *union_path, *eligible_path;
        int reason;
        const char *field;
    } cases[] = {
        {HARNESS_NOW, 0, UNION, "", COUPON__REASON__OPENS_IN_THE_PAST, "release.opensAt"},
        {OPENS, 499, UNION, "", COUPON__REASON__THRESHOLD_BELOW_FACE, "release.thresholdFen"},
        {OPENS, 0, UNION, "0002", RPC__REASON__OUTSIDE_YOUR_UNION, "release.audience.unionId"},
        {OPENS, 0, "0002", "", RPC__REASON__OUTSIDE_YOUR_UNION, "release.unionId"},
    };
    const Rpc__Answer *answer = create(NULL, manager_of(UNION));

    (void)state;
    assert_refused(answer, "MISSING_FIELD");
    assert_string_equal(answer->field, "release");
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        Coupon__Release draft = draft_of(3, 0, 0);

        draft.opens_at = cases[i].opens_at;
        draft.threshold_fen = cases[i].threshold_fen;
        draft.union_id = a_union(&h, cases[i].union_path);
        whom(&draft)->union_id = *cases[i].eligible_path ? a_union(&h, cases[i].eligible_path) : 0;
        answer = create(&draft, manager_of(UNION));
        assert_reason(answer, cases[i].reason);
        assert_string_equal(answer->field, cases[i].field);
    }
    assert_false(h.grown);
}

static void a_union_that_is_not_there_is_refused_by_field(void **state)
{
    Coupon__Release draft = draft_of(3, 0, 0);
    Coupon__ListReleasesRequest list = COUPON__LIST_RELEASES_REQUEST__INIT;
    const Rpc__Answer *answer;

    (void)state;
    draft.union_id = 1;
    answer = create(&draft, manager_of(UNION));
    assert_refused(answer, "UNION_NOT_FOUND");
    assert_string_equal(answer->field, "release.unionId");
    draft.union_id = a_union(&h, UNION);
    whom(&draft)->union_id = -1;
    answer = create(&draft, manager_of(UNION));
    assert_refused(answer, "UNION_NOT_FOUND");
    assert_string_equal(answer->field, "release.audience.unionId");
    list.union_id = INT64_MAX;
    answer = harness_call(&h, "Coupons.ListReleases", &list.base, manager_of(UNION), NULL);
    assert_refused(answer, "UNION_NOT_FOUND");
    assert_string_equal(answer->field, "unionId");
    /* One that was made just now may not have been heard of. */
    whom(&draft)->union_id = id_at(clock_now(&h.service.clock) - 1000) + 7;
    answer = create(&draft, manager_of(UNION));
    assert_refused(answer, "UNION_NOT_KNOWN_YET");
    assert_string_equal(answer->field, "release.audience.unionId");
    assert_true(answer->retry_after_s > 0);
    assert_clean();
}

static void releases_are_bounded_until_old_ones_end(void **state)
{
    Coupon__Release draft = draft_of(3, 0, 0), other = draft_of(3, 0, 0);
    int64_t first = status_of(create(&draft, manager_of(UNION)))->release->release_id;
    const Rpc__Answer *refused;

    (void)state;
    for (int i = 1; i < COUPON_MAX_RELEASES; i++)
        assert_ok(create(&draft, manager_of(UNION)));
    refused = create(&draft, manager_of(UNION));
    assert_refused(refused, "TOO_MANY_RELEASES");
    assert_int_equal(strtol(harness_fact(refused, "maximum"), NULL, 10), COUPON_MAX_RELEASES);
    /* Which takes nothing from another union. */
    other.union_id = a_union(&h, TOWN);
    assert_ok(create(&other, manager_of(UNION)));
    assert_ok(change("Coupons.EndRelease", first));
    assert_refused(create(&draft, manager_of(UNION)), "TOO_MANY_RELEASES");
    clock_step(&h.service.clock, COUPON_DAY_MS + 1);
    harness_tidy(&h);
    draft.opens_at = clock_now(&h.service.clock) + 1;
    assert_ok(create(&draft, manager_of(UNION)));
    assert_refused(create(&draft, manager_of(UNION)), "TOO_MANY_RELEASES");
    assert_int_equal(get(first)->release->state, COUPON__STATE__CLOSED);
    harness_reopen(&h);
    assert_refused(create(&draft, manager_of(UNION)), "TOO_MANY_RELEASES");
    assert_clean();
}

static void a_release_whose_days_are_over_closes_by_itself_and_keeps_its_count(void **state)
{
    int64_t id = open_release(2, 0, 0);

    (void)state;
    assert_ok(claim(id, 1));
    clock_step(&h.service.clock, COUPON_DAY_MS);
    assert_int_equal(get(id)->release->state, COUPON__STATE__PUBLISHED);
    harness_tidy(&h);
    assert_int_equal(get(id)->release->state, COUPON__STATE__CLOSED);
    assert_int_equal(get(id)->granted, 1);
    harness_reopen(&h);
    assert_int_equal(get(id)->granted, 1);
    clock_step(&h.service.clock, COUPON_DAY_MS + 1);
    holdings_index_slice(h.service.self, 10);
    harness_tidy(&h);
    assert_null(release_find(h.service.self, id));
    assert_int_equal(get(id)->granted, 1);
    assert_clean();
}

static void a_draft_is_seen_by_its_officials_alone(void **state)
{
    Coupon__Release draft = draft_of(3, 0, 0);
    int64_t id = status_of(create(&draft, manager_of(UNION)))->release->release_id;
    const Rpc__Principal *member = harness_member(&h, 1, TOWN);

    (void)state;
    clock_step(&h.service.clock, 60000);
    assert_ok(on_release("Coupons.GetRelease", id, manager_of(UNION)));
    assert_ok(on_release("Coupons.GetRelease", id, manager_of("")));
    assert_refused(on_release("Coupons.GetRelease", id, manager_of("0002")), "RELEASE_NOT_FOUND");
    assert_refused(on_release("Coupons.GetRelease", id, member), "RELEASE_NOT_FOUND");
    assert_refused(claim(id, 1), "RELEASE_NOT_FOUND");
    assert_int_equal(list_offers(member)->n_offers, 0);
    assert_refused(on_release("Coupons.GetRelease", id + 1, member), "RELEASE_NOT_FOUND");
    assert_refused(claim(id + 1, 1), "RELEASE_NOT_FOUND");
    change("Coupons.PublishRelease", id);
    assert_ok(on_release("Coupons.GetRelease", id, member));
}

static void a_release_is_published_paused_and_ended(void **state)
{
    Coupon__Release draft = draft_of(3, 0, 0);
    int64_t id = status_of(create(&draft, manager_of(UNION)))->release->release_id;

    (void)state;
    assert_refused(change("Coupons.PauseRelease", id), "WRONG_STATE");
    assert_ok(change("Coupons.PublishRelease", id));
    assert_true(h.grown);
    assert_ok(change("Coupons.PublishRelease", id)); /* a repeat changes nothing */
    assert_false(h.grown);
    assert_ok(change("Coupons.PauseRelease", id));
    assert_int_equal(get(id)->release->state, COUPON__STATE__SUSPENDED);
    assert_ok(change("Coupons.PublishRelease", id));
    assert_ok(change("Coupons.EndRelease", id));
    assert_refused(change("Coupons.PublishRelease", id), "WRONG_STATE");
    assert_refused(change("Coupons.PauseRelease", id), "WRONG_STATE");
    assert_ok(change("Coupons.EndRelease", id));
    assert_refused(change("Coupons.EndRelease", 12345), "RELEASE_NOT_FOUND");
    harness_reopen(&h);
    assert_int_equal(get(id)->release->state, COUPON__STATE__CLOSED);
    assert_clean();
}

static void another_unions_official_is_refused(void **state)
{
    static const char *const methods[] = {"Coupons.PublishRelease", "Coupons.PauseRelease", "Coupons.EndRelease"};
    Coupon__Release draft = draft_of(3, 0, 0);
    int64_t id = status_of(create(&draft, manager_of(UNION)))->release->release_id;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(methods); i++) {
        assert_refused(on_release(methods[i], id, manager_of("0002")), "OUTSIDE_YOUR_UNION");
        assert_refused(on_release(methods[i], id, manager_of(TOWN)), "OUTSIDE_YOUR_UNION");
        assert_refused(on_release(methods[i], id, harness_member(&h, 1, UNION)), "NOT_OFFICIAL");
    }
    assert_int_equal(get(id)->release->state, COUPON__STATE__DRAFT);
    assert_ok(on_release("Coupons.PublishRelease", id, manager_of("")));
}

static const Coupon__ReleaseList *list_releases(const Rpc__Principal *principal, const char *path, int32_t size,
                                                const char *token)
{
    Coupon__ListReleasesRequest request = COUPON__LIST_RELEASES_REQUEST__INIT;

    request.union_id = *path ? a_union(&h, path) : 0;
    request.page_size = size;
    request.page_token = unconst(token);
    return harness_output(&h, harness_call(&h, "Coupons.ListReleases", &request.base, principal, NULL),
                          &coupon__release_list__descriptor);
}

static void officials_list_the_releases_of_their_unions_in_pages(void **state)
{
    const Coupon__ReleaseList *list;
    Coupon__ListReleasesRequest request = COUPON__LIST_RELEASES_REQUEST__INIT;
    int64_t last = INT64_MAX;
    const char *token = "";
    unsigned n = 0;

    (void)state;
    for (int i = 0; i < 25; i++) {
        Coupon__Release draft = draft_of(3, 0, 0);

        draft.union_id = a_union(&h, i % 5 ? UNION : TOWN);
        create(&draft, manager_of(UNION));
    }
    do {
        list = list_releases(manager_of(UNION), "", 10, token);
        for (size_t i = 0; i < list->n_releases; i++, n++) {
            assert_true(list->releases[i]->release->release_id < last); /* newest first */
            last = list->releases[i]->release->release_id;
        }
        token = list->next_page_token;
    } while (*token);
    assert_int_equal(n, 25);
    assert_int_equal(list_releases(manager_of(UNION), "", 0, "")->n_releases, 20);
    assert_int_equal(list_releases(manager_of(UNION), TOWN, 100, "")->n_releases, 5);
    assert_int_equal(list_releases(manager_of(TOWN), "", 100, "")->n_releases, 5);
    assert_int_equal(list_releases(manager_of("0002"), "", 100, "")->n_releases, 0);
    for (int i = 0; i < 4; i++) {
        static const char *const wrong[] = {"x", "-1", "0", "12x"};

        request.page_token = unconst(wrong[i]);
        assert_refused(harness_call(&h, "Coupons.ListReleases", &request.base, manager_of(UNION), NULL),
                       "BAD_PAGE_TOKEN");
    }
}

struct move {
    const char *from, *to;
    bool refused;
};

static void follow_move(void *call, void *arg)
{
    struct move *move = arg;

    parts_moved(service_parts(&h.service), move->from, move->to, call);
    if (move->refused)
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

static const char *paths_of(int64_t release_id)
{
    static char paths[2 * RELEASE_PATH_SIZE];
    struct release *release = release_find(h.service.self, release_id);

    snprintf(paths, sizeof(paths), "%s %s", release->union_path, release->audience.path);
    return paths;
}

static void a_release_goes_with_its_union(void **state)
{
    struct move moves[] = {{TOWN, "00020001", true}, {TOWN, "00020001", false}, {"0009", "0008", false}};
    Coupon__Release draft = draft_of(5, 1, 0);
    int64_t of_town, of_city;

    (void)state;
    draft.union_id = a_union(&h, TOWN "0003");
    a_union(&h, TOWN);
    of_town = status_of(create(&draft, manager_of(UNION)))->release->release_id;
    draft.union_id = a_union(&h, UNION);
    whom(&draft)->union_id = a_union(&h, TOWN);
    of_city = status_of(create(&draft, manager_of(UNION)))->release->release_id;
    assert_is_reason(rpc_server_transact(h.service.rpc, follow_move, &moves[0]), RPC__REASON__OVERLOADED);
    assert_string_equal(paths_of(of_town), TOWN "0003 " TOWN "0003");
    for (unsigned i = 1; i < ARRAY_LEN(moves); i++)
        assert_is_reason(hear_moved(&h, moves[i].from, moves[i].to), 0);
    for (int restarts = 0; restarts < 2; restarts++) {
        assert_string_equal(paths_of(of_town), "000200010003 000200010003");
        assert_string_equal(paths_of(of_city), UNION " 00020001");
        assert_int_equal(get(of_city)->release->audience->union_id, whom(&draft)->union_id);
        assert_clean();
        harness_reopen(&h);
    }
}

static void a_release_that_names_no_level_is_for_members(void **state)
{
    Coupon__Release draft = draft_of(3, 1, 0);
    int64_t id;

    (void)state;
    whom(&draft)->level = RPC__LEVEL__ANONYMOUS;
    id = publish(draft);
    clock_step(&h.service.clock, OPENS + 1 - clock_now(&h.service.clock));
    assert_int_equal(get(id)->release->audience->level, RPC__LEVEL__MEMBER);
    assert_refused(claim_as(id, harness_person(&h, 1, RPC__LEVEL__REAL_NAME, TOWN), "a"), "NOT_ELIGIBLE_LEVEL");
    assert_ok(claim(id, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_release_is_drafted_with_its_defaults),
        TEST(a_release_that_names_no_level_is_for_members),
        TEST(a_draft_that_breaks_a_rule_is_refused_by_field),
        TEST(a_union_that_is_not_there_is_refused_by_field),
        TEST(releases_are_bounded_until_old_ones_end),
        TEST(a_release_whose_days_are_over_closes_by_itself_and_keeps_its_count),
        TEST(a_draft_is_seen_by_its_officials_alone),
        TEST(a_release_is_published_paused_and_ended),
        TEST(another_unions_official_is_refused),
        TEST(officials_list_the_releases_of_their_unions_in_pages),
        TEST(a_release_goes_with_its_union),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
