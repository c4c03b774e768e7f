#include "services/identity/unions/tree_fixture.h"

static void a_root_is_made_by_the_command_line_or_an_official_of_every_union(void **state)
{
    const Rpc__Answer *answer;
    Identity__Union *root;
    struct harness h;

    (void)state;
    begin(&h);
    root = make_union(&h, "440600", "");
    assert_string_equal(root->path, "0000");
    assert_int_equal(root->parent_id, 0);
    assert_int_equal(root->children, 0);
    answer = create_union(&h, harness_official(&h, 1, RULE__ROLE__UNION_ADMIN, "0000"), "440700", "总工会", "");
    assert_refused(answer, "OUTSIDE_YOUR_UNION");
    assert_string_equal(answer->field, "parentId");
    answer = create_union(&h, harness_official(&h, 1, RULE__ROLE__UNION_ADMIN, ""), "440700", "总工会", "");
    assert_true(answer->created);
    root = harness_output(&h, answer, &identity__union__descriptor);
    assert_string_equal(root->path, "0001");
    end(&h);
}

static void a_union_is_made_below_ones_own_and_nowhere_else(void **state)
{
    const Rpc__Principal *official;
    Identity__Union *node;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, "440600", "");
    make_union(&h, "440604", "440600");
    make_union(&h, "440605", "440600");
    official = harness_official(&h, 1, RULE__ROLE__UNION_ADMIN, "00000001");
    assert_refused(create_union(&h, official, "A-1", "总工会", "440604"), "OUTSIDE_YOUR_UNION");
    assert_refused(create_union(&h, official, "A-1", "总工会", "440600"), "OUTSIDE_YOUR_UNION");
    node = harness_output(&h, create_union(&h, official, " a-1 ", "总工会", "440605"), &identity__union__descriptor);
    assert_string_equal(node->code, "A-1");
    assert_string_equal(node->path, "000000010000");
    node = harness_output(&h, create_union(&h, official, "A-2", "总工会", "A-1"), &identity__union__descriptor);
    assert_string_equal(node->path, "0000000100000000");
    official = harness_official(&h, 1, RULE__ROLE__BENEFIT_MANAGER, "0000");
    assert_refused(create_union(&h, official, "A-3", "总工会", "440600"), "NOT_OFFICIAL");
    end(&h);
}

static void what_a_union_is_made_of_is_checked(void **state)
{
    const Rpc__Principal *internal;
    const Rpc__Answer *answer;
    struct harness h;

    (void)state;
    begin(&h);
    internal = harness_internal(&h);
    make_union(&h, "440600", "");
    assert_refused(create_union(&h, internal, "440600", "总工会", ""), "UNION_CODE_TAKEN");
    assert_refused(create_union(&h, internal, "-", "总工会", ""), "UNION_CODE_INVALID");
    assert_refused(create_union(&h, internal, "440601", "会", ""), "UNION_NAME_INVALID");
    answer = create_union(&h, internal, "440601", "总工会", "440609");
    assert_refused(answer, "UNION_NOT_FOUND");
    assert_string_equal(answer->field, "parentId");
    end(&h);
}

static void a_tree_has_twelve_levels(void **state)
{
    char code[16], parent[16] = "";
    struct harness h;

    (void)state;
    begin(&h);
    for (int level = 1; level <= LIMIT_PATH_LEVELS; level++) {
        snprintf(code, sizeof(code), "L%d", level);
        assert_int_equal(strlen(make_union(&h, code, parent)->path), level * LIMIT_PATH_SEGMENT);
        memcpy(parent, code, sizeof(parent));
    }
    assert_refused(create_union(&h, harness_internal(&h), "L13", "总工会", parent), "UNION_TOO_DEEP");
    end(&h);
}

static void ordinals_of_children_run_out_and_are_not_given_twice(void **state)
{
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, "440600", "");
    harness_tamper(&h, "UPDATE unions SET children = 1679615 WHERE code = '440600'");
    assert_string_equal(make_union(&h, "LAST", "440600")->path, "0000zzzz");
    assert_refused(create_union(&h, harness_internal(&h), "MORE", "总工会", "440600"), "UNION_TOO_WIDE");
    end(&h);
}

static Identity__UnionList *children(struct harness *h, int64_t union_id, int size, const char *token)
{
    Identity__ListChildrenRequest request = IDENTITY__LIST_CHILDREN_REQUEST__INIT;

    request.union_id = union_id;
    request.page_size = size;
    request.page_token = unconst(token);
    return harness_output(h, harness_call(h, "Identity.ListChildren", &request.base, harness_member(h, 1, ""), NULL),
                          &identity__union_list__descriptor);
}

static void children_come_in_pages(void **state)
{
    Identity__UnionList *page;
    struct harness h;
    int64_t root;
    char code[16];

    (void)state;
    begin(&h);
    root = make_union(&h, "440600", "")->union_id;
    for (int i = 0; i < 5; i++) {
        snprintf(code, sizeof(code), "C%d", i);
        make_union(&h, code, "440600");
    }
    make_union(&h, "C0-0", "C0"); /* no child of the root */
    page = children(&h, root, 2, "");
    assert_int_equal(page->n_unions, 2);
    assert_string_equal(page->unions[0]->code, "C0");
    assert_int_equal(page->unions[0]->children, 1);
    page = children(&h, root, 2, page->next_page_token);
    assert_string_equal(page->unions[0]->code, "C2");
    page = children(&h, root, 2, page->next_page_token);
    assert_int_equal(page->n_unions, 1);
    assert_string_equal(page->unions[0]->code, "C4");
    assert_string_equal(page->next_page_token, "");
    assert_int_equal(children(&h, root, 5, "")->n_unions, 5);
    assert_string_equal(children(&h, root, 5, "")->next_page_token, "");
    end(&h);
}

static void a_path_begins_at_the_root_and_ends_with_the_union(void **state)
{
    Identity__UnionRequest request = IDENTITY__UNION_REQUEST__INIT;
    Identity__UnionList *path;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, "440600", "");
    make_union(&h, "440604", "440600");
    request.union_id = make_union(&h, "A", "440604")->union_id;
    path = harness_output(&h, harness_call(&h, "Identity.GetPath", &request.base, harness_member(&h, 1, ""), NULL),
                          &identity__union_list__descriptor);
    assert_int_equal(path->n_unions, 3);
    assert_string_equal(path->unions[0]->code, "440600");
    assert_string_equal(path->unions[1]->code, "440604");
    assert_string_equal(path->unions[2]->code, "A");
    end(&h);
}

static void what_is_no_union_is_not_found(void **state)
{
    static const char *const methods[] = {"Identity.GetUnion", "Identity.GetPath"};
    Identity__UnionRequest request = IDENTITY__UNION_REQUEST__INIT;
    Identity__ListChildrenRequest list = IDENTITY__LIST_CHILDREN_REQUEST__INIT;
    const Rpc__Principal *person;
    struct harness h;

    (void)state;
    begin(&h);
    person = harness_person(&h, 1, RPC__LEVEL__MOBILE, "");
    for (request.union_id = -1; request.union_id <= 1; request.union_id++) {
        for (size_t i = 0; i < ARRAY_LEN(methods); i++)
            assert_refused(harness_call(&h, methods[i], &request.base, person, NULL), "UNION_NOT_FOUND");
    }
    assert_refused(harness_call(&h, "Identity.ListChildren", &list.base, person, NULL), "UNION_NOT_FOUND");
    list.union_id = make_union(&h, "440600", "")->union_id;
    list.page_token = "../";
    assert_refused(harness_call(&h, "Identity.ListChildren", &list.base, person, NULL), "BAD_PAGE_TOKEN");
    assert_refused(harness_call(&h, "Identity.ListChildren", &list.base, NULL, NULL), "MISSING_TOKEN");
    end(&h);
}

static void a_union_is_told_to_the_journal(void **state)
{
    Identity__Event *event;
    Identity__Union *node;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, "440600", "");
    node = make_union(&h, "440604", "440600");
    event = last_event(&h, IDENTITY__EVENT__EVENT_UNION_CREATED);
    assert_int_equal(event->union_created->union_id, node->union_id);
    assert_int_equal(event->union_created->parent_id, node->parent_id);
    assert_string_equal(event->union_created->path, node->path);
    end(&h);
}

static void the_audit_finds_a_union_that_was_moved(void **state)
{
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, "440600", "");
    make_union(&h, "440604", "440600");
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE unions SET path = '00000009' WHERE code = '440604'");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE unions SET path = '00000000' WHERE code = '440604'");
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h, "DELETE FROM union_pair WHERE pair = '工会'");
    assert_non_null(strstr(harness_audit(&h), "it is not found by its name"));
    harness_tamper(&h, "INSERT INTO union_pair SELECT '工会', union_id FROM unions WHERE union_id > 0");
    assert_string_equal(harness_audit(&h), "");
    end(&h);
}

static unsigned pages; /* that found_below has read */

/* The names of those found by a piece, below a union or (0) anywhere, with blanks between. */
static const char *found_below(struct harness *h, const char *piece, int64_t union_id)
{
    static char names[4096];
    Identity__FindUnionsRequest request = IDENTITY__FIND_UNIONS_REQUEST__INIT;
    size_t len = 0;

    pages = 0;
    request.name = unconst(piece);
    request.union_id = union_id;
    request.page_size = 2;
    do {
        const Identity__UnionList *list = harness_output(
            h, harness_call(h, "Unions.FindUnions", &request.base, harness_person(h, 1, RPC__LEVEL__MOBILE, ""), NULL),
            &identity__union_list__descriptor);

        assert_true(list->n_unions <= 2 && ++pages < 100);
        for (size_t i = 0; i < list->n_unions; i++)
            len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", len ? " " : "", list->unions[i]->name);
        request.page_token = list->next_page_token;
    } while (*request.page_token);
    names[len] = '\0';
    return names;
}

static const char *found(struct harness *h, const char *piece)
{
    return found_below(h, piece, 0);
}

static void a_union_is_found_by_a_piece_of_its_name(void **state)
{
    static const char *const names[] = {"佛山市总工会",     "禅城区总工会", "石湾街道总工会",
                                        "石湾外卖骑手工会", "SF 顺丰工会",  "佛山石湾陶瓷厂工会"};
    struct harness h;
    char code[16];

    (void)state;
    begin(&h);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(code, sizeof(code), "44060%zu", i);
        assert_ok(create_union(&h, harness_internal(&h), code, names[i], i == 0 || i == 4 ? "" : "440600"));
    }
    assert_string_equal(found(&h, "石湾"), "石湾街道总工会 石湾外卖骑手工会 佛山石湾陶瓷厂工会");
    assert_string_equal(found(&h, "工会"),
                        "佛山市总工会 禅城区总工会 石湾街道总工会 石湾外卖骑手工会 SF 顺丰工会 佛山石湾陶瓷厂工会");
    assert_string_equal(found(&h, " 骑手工会 "), "石湾外卖骑手工会");
    assert_string_equal(found(&h, "sf"), "SF 顺丰工会");
    assert_string_equal(found(&h, "ｓｆ 顺丰"), "SF 顺丰工会");
    assert_string_equal(found(&h, "石湾工会"), ""); /* each pair is some union's, the piece is nobody's */
    assert_string_equal(found(&h, "%工会"), "");
    assert_string_equal(found_below(&h, "工会", union_coded(&h, "440604")), "SF 顺丰工会");
    assert_string_equal(found_below(&h, "总工会", union_coded(&h, "440601")), "禅城区总工会");
    end(&h);
}

/* The codes of a page of those of a region, with blanks between. */
static const char *of_region(struct harness *h, const char *region, const char *piece)
{
    static char codes[4096];
    Identity__FindUnionsRequest request = IDENTITY__FIND_UNIONS_REQUEST__INIT;
    size_t len = 0;

    request.region = unconst(region);
    request.name = unconst(piece);
    request.page_size = 2;
    do {
        const Identity__UnionList *list = harness_output(
            h, harness_call(h, "Unions.FindUnions", &request.base, harness_person(h, 1, RPC__LEVEL__MOBILE, ""), NULL),
            &identity__union_list__descriptor);

        for (size_t i = 0; i < list->n_unions; i++)
            len += (size_t)snprintf(codes + len, sizeof(codes) - len, "%s%s", len ? " " : "", list->unions[i]->code);
        request.page_token = list->next_page_token;
    } while (*request.page_token);
    codes[len] = '\0';
    return codes;
}

/* The regions below one, as "44广东省", with blanks between. */
static const char *regions_below(struct harness *h, const char *region)
{
    static char names[4096];
    Identity__ListRegionsRequest request = IDENTITY__LIST_REGIONS_REQUEST__INIT;
    const Identity__RegionList *list;
    size_t len = 0;

    request.region = unconst(region);
    request.page_size = 2;
    names[0] = '\0';
    do {
        list = harness_output(
            h, harness_call(h, "Unions.ListRegions", &request.base, harness_person(h, 1, RPC__LEVEL__MOBILE, ""), NULL),
            &identity__region_list__descriptor);
        for (size_t i = 0; i < list->n_regions; i++)
            len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s%s", len ? " " : "", list->regions[i]->code,
                                    list->regions[i]->name);
        request.page_token = list->next_page_token;
    } while (*request.page_token);
    return names;
}

static void a_union_is_found_by_its_region(void **state)
{
    static const char *const unions[][2] = {
        {"440600", "佛山市总工会"},       {"440604", "禅城区总工会"},   {"440604-001", "石湾街道总工会"},
        {"440604-001-1", "外卖骑手工会"}, {"440605", "南海区总工会"},   {"440703-1", "蓬江某厂工会"},
        {"110101-9", "东城某厂工会"},     {"X44-06", "没有地区的工会"},
    };
    Identity__ListRegionsRequest below = IDENTITY__LIST_REGIONS_REQUEST__INIT;
    Identity__FindUnionsRequest find = IDENTITY__FIND_UNIONS_REQUEST__INIT;
    const Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    for (size_t i = 0; i < ARRAY_LEN(unions); i++)
        assert_ok(create_union(&h, harness_internal(&h), unions[i][0], unions[i][1], ""));
    assert_string_equal(regions_below(&h, ""), "11北京市 44广东省");
    assert_string_equal(regions_below(&h, "44"), "4406佛山市 4407江门市");
    assert_string_equal(regions_below(&h, "4406"), "440600佛山市 440604禅城区 440605南海区");
    assert_string_equal(regions_below(&h, "11"), "1101北京市"); /* it has no cities */
    assert_string_equal(regions_below(&h, "12"), "");
    assert_string_equal(of_region(&h, "440604", ""), "440604 440604-001 440604-001-1");
    assert_string_equal(of_region(&h, "4406", ""), "440600 440604 440604-001 440604-001-1 440605");
    assert_string_equal(of_region(&h, "44", "某厂"), "440703-1");
    assert_string_equal(of_region(&h, "4406", "某厂"), "");
    assert_string_equal(of_region(&h, "4499", ""), "");
    who = harness_person(&h, 1, RPC__LEVEL__MOBILE, "");
    for (size_t i = 0; i < 3; i++) {
        find.region = below.region = unconst(i == 0 ? "4" : i == 1 ? "4a" : "440");
        assert_refused_at(harness_call(&h, "Unions.FindUnions", &find.base, who, NULL), "REGION_INVALID", "region");
        assert_refused_at(harness_call(&h, "Unions.ListRegions", &below.base, who, NULL), "REGION_INVALID", "region");
    }
    find.region = unconst("");
    assert_refused_at(harness_call(&h, "Unions.FindUnions", &find.base, who, NULL), "UNION_NAME_INVALID", "name");
    end(&h);
}

static void what_is_no_piece_of_a_name_is_refused(void **state)
{
    Identity__FindUnionsRequest request = IDENTITY__FIND_UNIONS_REQUEST__INIT;
    struct harness h;

    (void)state;
    begin(&h);
    request.name = unconst("  会 ");
    assert_refused_at(
        harness_call(&h, "Unions.FindUnions", &request.base, harness_person(&h, 1, RPC__LEVEL__MOBILE, ""), NULL),
        "UNION_NAME_INVALID", "name");
    request.name = unconst("工会");
    request.union_id = 9;
    assert_refused_at(
        harness_call(&h, "Unions.FindUnions", &request.base, harness_person(&h, 1, RPC__LEVEL__MOBILE, ""), NULL),
        "UNION_NOT_FOUND", "unionId");
    end(&h);
}

/* Of what has the rarest pair no more than so many are read for one page. */
static void a_search_goes_on_behind_what_it_has_read(void **state)
{
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, "440600", "");
    for (unsigned page = 0; page < UNION_SEARCH / 100; page++) {
        static char csv[100 * 64];
        size_t len = 0;

        for (unsigned i = 0; i < 100; i++)
            len += (size_t)snprintf(csv + len, sizeof(csv) - len, "N%u-%u,甲乙丙甲工会,440600\n", page, i);
        assert_ok(import_page(&h, harness_internal(&h), "Identity.ImportUnions", csv, false));
    }
    assert_ok(create_union(&h, harness_internal(&h), "LAST", "乙丙甲乙丁工会", "440600"));
    assert_string_equal(found(&h, "乙丙甲乙"), "乙丙甲乙丁工会");
    assert_int_equal(pages, 2);
    assert_string_equal(found(&h, "甲乙丁"), "乙丙甲乙丁工会");
    assert_int_equal(pages, 1); /* by the pair that it alone has, not by one that all have */
    assert_string_equal(found(&h, "工会甲"), "");
    assert_int_equal(pages, 1);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_root_is_made_by_the_command_line_or_an_official_of_every_union),
        cmocka_unit_test(a_union_is_made_below_ones_own_and_nowhere_else),
        cmocka_unit_test(what_a_union_is_made_of_is_checked),
        cmocka_unit_test(a_tree_has_twelve_levels),
        cmocka_unit_test(ordinals_of_children_run_out_and_are_not_given_twice),
        cmocka_unit_test(children_come_in_pages),
        cmocka_unit_test(a_path_begins_at_the_root_and_ends_with_the_union),
        cmocka_unit_test(what_is_no_union_is_not_found),
        cmocka_unit_test(a_union_is_told_to_the_journal),
        cmocka_unit_test(the_audit_finds_a_union_that_was_moved),
        cmocka_unit_test(a_union_is_found_by_a_piece_of_its_name),
        cmocka_unit_test(a_union_is_found_by_its_region),
        cmocka_unit_test(what_is_no_piece_of_a_name_is_refused),
        cmocka_unit_test(a_search_goes_on_behind_what_it_has_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
