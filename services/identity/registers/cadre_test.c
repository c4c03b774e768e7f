/* The cadre register, and lists of what belongs to a subtree. */
#include "services/identity/registers/cadres.h"
#include "services/identity/access/office_fixture.h"
#include "services/identity/people/people_fixture.h"

static Identity__SetCadreRequest record_of(int64_t union_id, const char *mobile, int post)
{
    Identity__SetCadreRequest request = IDENTITY__SET_CADRE_REQUEST__INIT;

    request.union_id = union_id;
    request.mobile = unconst(mobile);
    request.post = (Identity__Post)post;
    request.term_from = HARNESS_NOW;
    return request;
}

static const Rpc__Answer *set(struct harness *h, const Rpc__Principal *who, const Identity__SetCadreRequest *request)
{
    return harness_call(h, "Cadres.SetCadre", &request->base, who, NULL);
}

static Identity__Cadre *record(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__cadre__descriptor);
}

static const Rpc__Answer *end_record(struct harness *h, const Rpc__Principal *who, int64_t cadre_id)
{
    Identity__EndCadreRequest request = IDENTITY__END_CADRE_REQUEST__INIT;

    request.cadre_id = cadre_id;
    return harness_call(h, "Cadres.EndCadre", &request.base, who, NULL);
}

static const Rpc__Answer *ask_list(struct harness *h, const Rpc__Principal *who, int64_t union_id, int size,
                                   const char *token)
{
    Identity__ListCadresRequest request = IDENTITY__LIST_CADRES_REQUEST__INIT;

    request.union_id = union_id;
    request.page_size = size;
    request.page_token = unconst(token);
    return harness_call(h, "Cadres.ListCadres", &request.base, who, NULL);
}

static Identity__CadreList *list(struct harness *h, const Rpc__Principal *who, int64_t union_id, int size,
                                 const char *token)
{
    return harness_output(h, ask_list(h, who, union_id, size, token), &identity__cadre_list__descriptor);
}

static Identity__CadreList *records_of(struct harness *h, int64_t cadre_id)
{
    Identity__CadreRequest request = IDENTITY__CADRE_REQUEST__INIT;

    request.cadre_id = cadre_id;
    return harness_output(h, harness_call(h, "Cadres.ListCadreHistory", &request.base, administrator(h, FIRST), NULL),
                          &identity__cadre_list__descriptor);
}

static void a_person_has_one_record_in_a_union_and_its_history_stays(void **state)
{
    Identity__SetCadreRequest request;
    Identity__CadreList *records;
    char mobile[CN_MOBILE_LEN + 1];
    Identity__Cadre *first, *second;
    const Rpc__Answer *answer;
    struct harness h;
    int64_t rows;

    (void)state;
    begin_with_unions(&h);
    member_of_union(&h, 1, "440605"); /* of another union, as staff may be */
    request = record_of(town_id, mobile_of(1, mobile), IDENTITY__POST__POST_VICE_CHAIR);
    request.full_time = true;
    request.term_to = HARNESS_NOW + 1;
    answer = set(&h, administrator(&h, FIRST), &request);
    assert_true(answer->created);
    first = record(&h, answer);
    assert_string_equal(first->name, ""); /* to officials of hers */
    assert_int_equal(first->union_->union_id, town_id);
    assert_true(first->full_time);
    assert_int_equal(first->to, 0);
    rows = journal_changes(&h);
    answer = set(&h, administrator(&h, FIRST), &request);
    assert_false(answer->created);
    assert_int_equal(record(&h, answer)->cadre_id, first->cadre_id);
    assert_int_equal(journal_changes(&h), rows);
    clock_step(&h.service.clock, 1000);
    request.post = IDENTITY__POST__POST_CHAIR;
    second = record(&h, set(&h, administrator(&h, FIRST), &request));
    assert_int_not_equal(second->cadre_id, first->cadre_id);
    harness_reopen(&h);
    records = records_of(&h, first->cadre_id);
    assert_int_equal(records->n_cadres, 2);
    assert_int_equal(records->cadres[0]->post, IDENTITY__POST__POST_CHAIR);
    assert_int_equal(records->cadres[0]->from, clock_now(&h.service.clock));
    assert_int_equal(records->cadres[0]->to, 0);
    assert_int_equal(records->cadres[1]->post, IDENTITY__POST__POST_VICE_CHAIR);
    assert_int_equal(records->cadres[1]->to, clock_now(&h.service.clock));
    assert_int_equal(list(&h, administrator(&h, ROOT), root_id, 0, "")->n_cadres, 1);
    assert_int_equal(record(&h, end_record(&h, administrator(&h, FIRST), second->cadre_id))->to,
                     clock_now(&h.service.clock));
    assert_true(last_event(&h, IDENTITY__EVENT__EVENT_CADRE_CHANGED)->cadre_changed->ended);
    rows = journal_changes(&h);
    assert_ok(end_record(&h, administrator(&h, FIRST), second->cadre_id));
    assert_int_equal(journal_changes(&h), rows);
    assert_int_equal(list(&h, administrator(&h, ROOT), root_id, 0, "")->n_cadres, 0);
    assert_int_equal(records_of(&h, second->cadre_id)->n_cadres, 2);
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE cadre SET post = 3 WHERE post = 1");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE cadre SET post = 1 WHERE post = 3");
    end(&h);
}

static void what_cannot_be_is_not_recorded(void **state)
{
    Identity__SetCadreRequest request;
    char mobile[CN_MOBILE_LEN + 1];
    struct harness h;
    int64_t rows;

    (void)state;
    begin_with_unions(&h);
    member_of_union(&h, 1, "440604");
    person_signed_in(&h, 2);
    rows = journal_changes(&h);
    request = record_of(first_id, "16900000002", IDENTITY__POST__POST_CHAIR);
    assert_refused(set(&h, administrator(&h, FIRST), &request), "CADRE_NOT_REAL_NAME");
    request.mobile = "16900000099";
    assert_refused(set(&h, administrator(&h, FIRST), &request), "CADRE_NOT_REAL_NAME");
    request.mobile = "1";
    assert_refused(set(&h, administrator(&h, FIRST), &request), "MOBILE_INVALID");
    request = record_of(first_id, mobile_of(1, mobile), 7);
    assert_refused(set(&h, administrator(&h, FIRST), &request), "CADRE_POST_INVALID");
    request = record_of(first_id, mobile, IDENTITY__POST__POST_STAFF);
    request.term_to = request.term_from;
    assert_refused(set(&h, administrator(&h, FIRST), &request), "CADRE_TERM_INVALID");
    request.term_from = -1;
    assert_refused(set(&h, administrator(&h, FIRST), &request), "CADRE_TERM_INVALID");
    request = record_of(second_id, mobile, IDENTITY__POST__POST_STAFF);
    assert_refused(set(&h, administrator(&h, FIRST), &request), "OUTSIDE_YOUR_UNION");
    assert_refused(end_record(&h, administrator(&h, FIRST), 4711), "CADRE_NOT_FOUND");
    assert_int_equal(journal_changes(&h), rows);
    end(&h);
}

static void a_subtree_is_listed_in_pages_in_the_order_of_the_tree(void **state)
{
    static const char *const bad[] = {"x", ".", "0000.", ".1", "0000.x", "00000001.1", "0000.1234567890123456789"};
    Identity__CadreList *page;
    const char *token = "";
    struct harness h;
    size_t n = 0;

    (void)state;
    begin_with_unions(&h);
    for (unsigned i = 0; i < 5; i++) {
        const int64_t unions[] = {second_id, town_id, first_id, root_id, first_id};
        char mobile[CN_MOBILE_LEN + 1];
        Identity__SetCadreRequest request;

        member_of_union(&h, i + 1, "440605");
        request = record_of(unions[i], mobile_of(i + 1, mobile), IDENTITY__POST__POST_STAFF);
        record(&h, set(&h, administrator(&h, ROOT), &request));
    }
    do {
        const int64_t unions[] = {root_id, first_id, first_id, town_id, second_id};

        page = list(&h, administrator(&h, ROOT), root_id, 2, token);
        for (size_t i = 0; i < page->n_cadres; i++)
            assert_int_equal(page->cadres[i]->union_->union_id, unions[n++]);
        token = page->next_page_token;
    } while (*token);
    assert_int_equal(n, 5);
    page = list(&h, administrator(&h, FIRST), first_id, 0, "");
    assert_int_equal(page->n_cadres, 3);
    assert_string_equal(page->next_page_token, "");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_refused(ask_list(&h, administrator(&h, FIRST), first_id, 2, bad[i]), "BAD_PAGE_TOKEN");
    assert_refused(ask_list(&h, administrator(&h, FIRST), root_id, 2, ""), "OUTSIDE_YOUR_UNION");
    end(&h);
}

static void a_page_looks_at_so_many_unions_and_the_next_goes_on(void **state)
{
    Identity__SetCadreRequest request;
    Identity__CadreList *page;
    char mobile[CN_MOBILE_LEN + 1], code[32];
    int64_t last = 0;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    for (int i = 0; i < PAGE_UNIONS; i++) {
        snprintf(code, sizeof(code), "440605-%d", i);
        last = make_union(&h, code, "440605")->union_id;
        if (i % 100 == 0)
            harness_forget(&h);
    }
    member_of_union(&h, 1, "440605");
    request = record_of(last, mobile_of(1, mobile), IDENTITY__POST__POST_STAFF);
    record(&h, set(&h, administrator(&h, ROOT), &request));
    page = list(&h, administrator(&h, ROOT), root_id, 0, "");
    assert_int_equal(page->n_cadres, 0);
    assert_string_not_equal(page->next_page_token, "");
    page = list(&h, administrator(&h, ROOT), root_id, 0, page->next_page_token);
    assert_int_equal(page->n_cadres, 1);
    assert_string_equal(page->next_page_token, "");
    end(&h);
}

static void grants_of_a_subtree_are_listed(void **state)
{
    Identity__ListGrantsRequest request = IDENTITY__LIST_GRANTS_REQUEST__INIT;
    Identity__GrantList *page;
    Rpc__Principal *guard;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    create_grant(&h, harness_internal(&h), "16900000001", RULE__ROLE__FINANCE, "440605");
    create_grant(&h, harness_internal(&h), "16900000001", RULE__ROLE__UNION_ADMIN, "440604-1");
    create_grant(&h, harness_internal(&h), "16900000002", RULE__ROLE__AUDIT_ADMIN, "440604");
    guard = harness_official(&h, 9, RULE__ROLE__SECURITY_ADMIN, ROOT);
    request.union_id = root_id;
    request.page_size = 2;
    page = harness_output(&h, harness_call(&h, "Identity.ListGrants", &request.base, guard, NULL),
                          &identity__grant_list__descriptor);
    assert_int_equal(page->n_grants, 2);
    assert_int_equal(page->grants[0]->union_->union_id, first_id);
    assert_int_equal(page->grants[0]->role, RULE__ROLE__AUDIT_ADMIN);
    assert_int_equal(page->grants[1]->union_->union_id, town_id);
    request.page_token = page->next_page_token;
    page = harness_output(&h, harness_call(&h, "Identity.ListGrants", &request.base, guard, NULL),
                          &identity__grant_list__descriptor);
    assert_int_equal(page->n_grants, 1);
    assert_int_equal(page->grants[0]->union_->union_id, second_id);
    assert_string_equal(page->next_page_token, "");
    guard = harness_official(&h, 9, RULE__ROLE__SECURITY_ADMIN, FIRST);
    assert_refused(harness_call(&h, "Identity.ListGrants", &request.base, guard, NULL), "OUTSIDE_YOUR_UNION");
    end(&h);
}

static void a_number_tells_nothing_of_a_stranger(void **state)
{
    char mobile[CN_MOBILE_LEN + 1];
    Identity__SetCadreRequest request;
    Identity__Cadre *made;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member_of_union(&h, 1, "440605");
    request = record_of(first_id, mobile_of(1, mobile), IDENTITY__POST__POST_CHAIR);
    made = record(&h, set(&h, administrator(&h, FIRST), &request));
    for (int i = 0; i < 2; i++) {
        assert_string_equal(made->name, "");
        assert_int_equal(made->member_id, 0);
        made = list(&h, administrator(&h, FIRST), first_id, 0, "")->cadres[0];
    }
    assert_string_equal(record(&h, set(&h, administrator(&h, ROOT), &request))->name, "王*明");
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_tells_nothing_of_a_stranger),
        cmocka_unit_test(a_person_has_one_record_in_a_union_and_its_history_stays),
        cmocka_unit_test(what_cannot_be_is_not_recorded),
        cmocka_unit_test(a_subtree_is_listed_in_pages_in_the_order_of_the_tree),
        cmocka_unit_test(a_page_looks_at_so_many_unions_and_the_next_goes_on),
        cmocka_unit_test(grants_of_a_subtree_are_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
