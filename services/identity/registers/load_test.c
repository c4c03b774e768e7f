#include <fcntl.h>
#include <sys/mman.h>

#include "services/identity/people/people_fixture.h"
#include "services/identity/unions/tree_fixture.h"
#include "common/benefit/imports/lines.h"
#include "common/benefit/imports/named.h"
#include "services/identity/unions/unions.h"

static void two_unions(struct harness *h)
{
    make_union(h, "440600", "");
    make_union(h, "440604", "440600");
    make_union(h, "440605", "440600");
}

static int64_t roster_rows(struct harness *h)
{
    return harness_number(h, "SELECT count(*) FROM roster");
}

static const Imports__ImportProblem *problem_at(const Imports__ImportReport *report, int line)
{
    for (size_t i = 0; i < report->n_problems; i++) {
        if (report->problems[i]->line == line)
            return report->problems[i];
    }
    return NULL;
}

/* Vectors of GB 11643: see tests/data/resident-id-vectors.json. */
#define GOOD_ROW  "王小明,44060519850615123X,13800138000,440604,COURIER\n"
#define OTHER_ROW "李明,440106200002290104,13800138001,440604,货车司机\n"

static void bad_lines_are_named_and_good_ones_loaded(void **state)
{
    static const struct {
        const char *line, *reason, *field;
    } cases[] = {
        {"王,44060519850615123X,13800138000,440604,", "NAME_INVALID", "name"},
        {"王小明,44060519850615123,13800138000,440604,", "RESIDENT_ID_INVALID", "residentId"},
        {"王小明,440604850615123,13800138000,440604,", "RESIDENT_ID_15_DIGITS", "residentId"},
        {"王小明,110105194912310021,13800138000,440604,", "RESIDENT_ID_CHECKSUM", "residentId"},
        {"王小明,44060419850230123X,13800138000,440604,", NULL, "residentId"},
        {"王小明,44060519850615123X,1380013800,440604,", "MOBILE_INVALID", "mobile"},
        {"王小明,44060519850615123X,13800138000,?,", "UNION_CODE_INVALID", "unionCode"},
        {"王小明,44060519850615123X,13800138000,440699,", "UNION_NOT_FOUND", "unionCode"},
        {"王小明,44060519850615123X,13800138000,440604,骑手", "TRADE_INVALID", "trade"},
        {"王小明,44060519850615123X,13800138000", "CSV_MALFORMED", ""},
        {"王\"小明,44060519850615123X,13800138000,440604,", "CSV_MALFORMED", ""},
    };
    const Imports__ImportProblem *problem;
    Imports__ImportReport *report;
    char csv[4096] = GOOD_ROW;
    struct harness h;

    (void)state;
    begin(&h);
    two_unions(&h);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t len = strlen(csv);

        snprintf(csv + len, sizeof(csv) - len, "%s\n", cases[i].line);
    }
    report = import_roster(&h, csv);
    assert_int_equal(report->lines, 1 + ARRAY_LEN(cases));
    assert_int_equal(report->loaded, 1);
    assert_int_equal(report->refused, ARRAY_LEN(cases));
    assert_null(problem_at(report, 2)); /* of the first line after the header */
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        problem = problem_at(report, (int)i + 3);
        assert_non_null(problem);
        if (cases[i].reason)
            assert_string_equal(problem->reason, cases[i].reason);
        assert_string_equal(problem->field, cases[i].field);
        assert_false(problem->warning);
    }
    assert_int_equal(roster_rows(&h), 1);
    end(&h);
}

/* With the check digit that belongs to it. */
static void make_id(const char *first_17, char ret[CN_RESIDENT_ID_LEN + 1])
{
    struct cn_resident_id id;
    enum cn_id_result result = CN_ID_CHECKSUM;

    for (const char *check = "0123456789X"; *check && result == CN_ID_CHECKSUM; check++) {
        snprintf(ret, CN_RESIDENT_ID_LEN + 1, "%s%c", first_17, *check);
        result = cn_resident_id(ret, 20260101, &id);
    }
}

static void resident_ids_are_judged_by_their_date_region_and_age(void **state)
{
    static const struct {
        const char *first_17, *reason;
        bool warning;
    } cases[] = {
        {"44060419850230123", "RESIDENT_ID_DATE", false}, /* 30 February */
        {"44060420990101123", "RESIDENT_ID_DATE", false}, /* not born yet */
        {"99060419850615123", "RESIDENT_ID_REGION", false}, {"44060420150615123", "TOO_YOUNG", false},
        {"44060320050615123", "REGION_ABOLISHED", true}, /* 石湾区, to 2002 */
        {"44069919850615123", "REGION_UNKNOWN", true},
    };
    const Imports__ImportProblem *problem;
    Imports__ImportReport *report;
    char csv[256], id[CN_RESIDENT_ID_LEN + 1];
    struct harness h;

    (void)state;
    begin(&h);
    two_unions(&h);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        make_id(cases[i].first_17, id);
        snprintf(csv, sizeof(csv), "王小明,%s,13800138000,440604,\n", id);
        report = import_roster(&h, csv);
        problem = problem_at(report, 2);
        assert_non_null(problem);
        assert_string_equal(problem->reason, cases[i].reason);
        assert_int_equal(problem->warning, cases[i].warning);
        assert_int_equal(report->loaded, cases[i].warning);
        assert_int_equal(report->refused, !cases[i].warning);
    }
    end(&h);
}

static void a_person_is_on_one_unions_roster_once(void **state)
{
    Imports__ImportReport *report;
    struct harness h;

    (void)state;
    begin(&h);
    two_unions(&h);
    report = import_roster(&h, GOOD_ROW OTHER_ROW GOOD_ROW);
    assert_int_equal(report->loaded, 2);
    assert_string_equal(problem_at(report, 4)->reason, "ROSTER_DUPLICATE");
    harness_reopen(&h);
    report = import_roster(&h, "王大明,44060519850615123x,13800138009,440604,\n");
    assert_int_equal(report->updated, 1);
    assert_int_equal(roster_rows(&h), 2);
    end(&h);
}

static void a_row_imported_again_becomes_what_it_says_now(void **state)
{
    Imports__ImportReport *report;
    Identity__RosterRowChanged *changed;
    struct harness h;
    int64_t rows;

    (void)state;
    begin(&h);
    two_unions(&h);
    import_roster(&h, GOOD_ROW OTHER_ROW);
    rows = journal_rows(&h);
    report = import_roster(&h, "王小明,44060519850615123X,13800138000,440604,COURIER\n李小明,440106200002290104,"
                               "13800138001,440604,货车司机\n");
    assert_int_equal(report->loaded, 2);
    assert_int_equal(report->unchanged, 1);
    assert_int_equal(report->updated, 1);
    assert_int_equal(report->n_outcomes, 2);
    assert_int_equal(report->outcomes[0], IMPORTS__IMPORT_OUTCOME__OUTCOME_UNCHANGED);
    assert_int_equal(report->outcomes[1], IMPORTS__IMPORT_OUTCOME__OUTCOME_UPDATED);
    assert_int_equal(journal_rows(&h), rows + 1);
    changed = last_event(&h, IDENTITY__EVENT__EVENT_ROSTER_ROW_CHANGED)->roster_row_changed;
    assert_true(changed->name && !changed->mobile && !changed->trade);
    report =
        harness_output(&h,
                       import_page(&h, harness_official(&h, 5, RULE__ROLE__UNION_ADMIN, "0000"),
                                   "Identity.ImportRoster", "李小明,440106200002290104,13800138002,440604,\n", false),
                       &imports__import_report__descriptor);
    assert_int_equal(report->updated, 1);
    changed = last_event(&h, IDENTITY__EVENT__EVENT_ROSTER_ROW_CHANGED)->roster_row_changed;
    assert_true(!changed->name && changed->mobile && changed->trade);
    assert_int_equal(harness_number(&h, "SELECT actor FROM journal ORDER BY seq DESC LIMIT 1 OFFSET 1"), 5);
    assert_int_equal(roster_rows(&h), 2);
    harness_reopen(&h);
    assert_string_equal(harness_audit(&h), "");
    end(&h);
}

static void a_trade_that_a_row_says_anew_is_hers(void **state)
{
    Imports__ImportReport *report;
    Rpc__Principal *who;
    char id[CN_RESIDENT_ID_LEN + 1], csv[256];
    struct harness h;

    (void)state;
    begin(&h);
    two_unions(&h);
    who = member_of_union(&h, 1, "440604");
    assert_int_equal(who->trade, RPC__TRADE__COURIER);
    make_resident_id(1, id);
    snprintf(csv, sizeof(csv), "王小明,%s,16900000001,440604,环卫工人\n", id);
    report = import_roster(&h, csv);
    assert_int_equal(report->updated, 1);
    assert_int_equal(person_signed_in(&h, 1)->trade, RPC__TRADE__SANITATION);
    snprintf(csv, sizeof(csv), "王小明,%s,16900000001,440604,\n", id);
    import_roster(&h, csv);
    assert_int_equal(person_signed_in(&h, 1)->trade, RPC__TRADE__TRADE_OTHER);
    end(&h);
}

static void a_union_imported_again_becomes_what_it_says_now(void **state)
{
    Imports__ImportReport *report;
    const Rpc__Principal *official;
    struct union_node node;
    struct harness h;

    (void)state;
    begin(&h);
    two_unions(&h);
    official = harness_official(&h, 5, RULE__ROLE__UNION_ADMIN, "0000");
    assert_true(unions_find_code(&identity_of(&h)->unions, "440604", &node));
    report = harness_output(&h,
                            import_page(&h, official, "Identity.ImportUnions",
                                        "440604,禅城区工会,440600,COURIER\n440605,南海区总工会,440604\n", false),
                            &imports__import_report__descriptor);
    assert_int_equal(report->updated, 1);
    assert_string_equal(problem_at(report, 3)->reason, "UNION_CODE_TAKEN"); /* it hangs elsewhere */
    assert_true(last_event(&h, IDENTITY__EVENT__EVENT_UNION_ROW_CHANGED)->union_row_changed->trades);
    assert_true(unions_find_code(&identity_of(&h)->unions, "440604", &node));
    assert_string_equal(node.name, "禅城区工会");
    assert_int_equal(node.trades, 1 << RPC__TRADE__COURIER);
    report = harness_output(
        &h, import_page(&h, official, "Identity.ImportUnions", "440604,禅城区工会,440600,COURIER\n", false),
        &imports__import_report__descriptor);
    assert_int_equal(report->unchanged, 1);
    official = harness_official(&h, 5, RULE__ROLE__UNION_ADMIN, node.path);
    report = harness_output(&h, import_page(&h, official, "Identity.ImportUnions", "440604,甲区工会,440600\n", false),
                            &imports__import_report__descriptor);
    assert_string_equal(problem_at(report, 2)->reason, "OUTSIDE_YOUR_UNION");
    end(&h);
}

static void a_union_is_known_by_its_name_when_no_other_has_it(void **state)
{
    static const struct {
        const char *name, *reason;
    } cases[] = {
        {"禅城区总工会", ""},
        {" 禅城区总工会 ", "ROSTER_DUPLICATE"},
        {"总工会", "UNION_NAME_SHARED"},
        {"南山区总工会", "UNION_NOT_FOUND"},
        {"a 1", "UNION_CODE_INVALID"},
    };
    Imports__ImportReport *report;
    char csv[1024] = "";
    size_t len = 0;
    struct harness h;

    (void)state;
    begin(&h);
    two_unions(&h);
    report = harness_output(
        &h, import_page(&h, harness_internal(&h), "Identity.ImportUnions", "440608,禅城区总工会,440600\n", false),
        &imports__import_report__descriptor);
    assert_int_equal(report->loaded, 1);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        len += (size_t)snprintf(csv + len, sizeof(csv) - len, "王小明,44060519850615123X,13800138000,%s,\n",
                                cases[i].name);
    report = import_roster(&h, csv);
    assert_int_equal(report->loaded, 1);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const Imports__ImportProblem *problem = problem_at(report, (int)i + 2);

        assert_string_equal(problem ? problem->reason : "", cases[i].reason);
    }
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM roster WHERE union_id = "
                                        "(SELECT union_id FROM unions WHERE code = '440608')"),
                     1);
    end(&h);
}

static void a_person_of_another_union_is_loaded_and_reported(void **state)
{
    Imports__ImportReport *report;
    struct harness h;

    (void)state;
    begin(&h);
    two_unions(&h);
    import_roster(&h, GOOD_ROW);
    report = import_roster(&h, "王小明,44060519850615123X,13800138000,440605,\n" OTHER_ROW);
    assert_int_equal(report->loaded, 2);
    assert_int_equal(report->n_problems, 1);
    assert_string_equal(report->problems[0]->reason, "ROSTER_CONFLICT");
    assert_true(report->problems[0]->warning);
    end(&h);
}

static void a_rehearsal_says_the_same_and_changes_nothing(void **state)
{
    static const char page[] = GOOD_ROW OTHER_ROW GOOD_ROW;
    Imports__ImportReport *rehearsed, *loaded;
    const Rpc__Answer *answer;
    struct harness h;
    int64_t rows;

    (void)state;
    begin(&h);
    two_unions(&h);
    rows = journal_rows(&h);
    answer = import_page(&h, harness_internal(&h), "Identity.ImportRoster", page, true);
    rehearsed = harness_output(&h, answer, &imports__import_report__descriptor);
    assert_int_equal(journal_rows(&h), rows);
    assert_int_equal(roster_rows(&h), 0);
    loaded = import_roster(&h, page);
    assert_int_equal(imports__import_report__get_packed_size(loaded),
                     imports__import_report__get_packed_size(rehearsed));
    assert_int_equal(rehearsed->loaded, 2);
    assert_int_equal(rehearsed->refused, 1);
    assert_int_equal(journal_rows(&h), rows + 2);
    end(&h);
}

static void an_official_loads_the_rosters_of_her_own_unions(void **state)
{
    const Rpc__Principal *official;
    Imports__ImportReport *report;
    const Rpc__Answer *answer;
    struct harness h;

    (void)state;
    begin(&h);
    two_unions(&h);
    official = harness_official(&h, 5, RULE__ROLE__UNION_ADMIN, "00000001");
    answer = import_page(&h, official, "Identity.ImportRoster",
                         GOOD_ROW "李明,440106200002290104,13800138001,440605,\n", false);
    report = harness_output(&h, answer, &imports__import_report__descriptor);
    assert_int_equal(report->loaded, 1);
    assert_string_equal(problem_at(report, 2)->reason, "OUTSIDE_YOUR_UNION");
    assert_string_equal(problem_at(report, 2)->field, "unionCode");
    assert_refused(
        import_page(&h, harness_official(&h, 5, RULE__ROLE__FINANCE, "0000"), "Identity.ImportRoster", GOOD_ROW, false),
        "NOT_OFFICIAL");
    end(&h);
}

static void unions_load_below_parents_of_the_same_page(void **state)
{
    static const char page[] = "440604,禅城区总工会,440600\n"
                               "A-1,甲公司工会,440604\n"
                               "A-1,乙公司工会,440604\n"
                               "B-1,丙公司工会,B-0\n"
                               "C,,440604\n"
                               "\"A-2\",\"丁公司\n工会\",440604\n"
                               "D-1,戊公司工会,\n";
    static const struct {
        int line;
        const char *reason, *field;
    } problems[] = {
        {4, "UNION_CODE_TAKEN", "code"},   {5, "UNION_NOT_FOUND", "parentCode"},    {6, "UNION_NAME_INVALID", "name"},
        {7, "UNION_NAME_INVALID", "name"}, {9, "OUTSIDE_YOUR_UNION", "parentCode"},
    };
    const Rpc__Principal *official;
    Imports__ImportReport *report;
    struct union_node node;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, "440600", "");
    official = harness_official(&h, 5, RULE__ROLE__UNION_ADMIN, "0000");
    for (int round = 0; round < 2; round++) {
        report = harness_output(&h, import_page(&h, official, "Identity.ImportUnions", page, round == 0),
                                &imports__import_report__descriptor);
        assert_int_equal(report->lines, 7);
        assert_int_equal(report->loaded, 2);
        assert_int_equal(report->n_problems, ARRAY_LEN(problems));
        for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
            assert_int_equal(report->problems[i]->line, problems[i].line);
            assert_string_equal(report->problems[i]->reason, problems[i].reason);
            assert_string_equal(report->problems[i]->field, problems[i].field);
        }
        assert_int_equal(unions_find_code(&identity_of(&h)->unions, "A-1", &node), round);
    }
    assert_string_equal(node.path, "000000000000");
    end(&h);
}

static void a_page_has_a_thousand_lines_at_most(void **state)
{
    char csv[IMPORT_LINES_MAX + 2];
    const Rpc__Answer *answer;
    struct harness h;

    (void)state;
    begin(&h);
    memset(csv, '\n', sizeof(csv));
    csv[IMPORT_LINES_MAX] = '\0';
    answer = import_page(&h, harness_internal(&h), "Identity.ImportRoster", csv, false);
    assert_refused(answer, "TOO_MANY_ITEMS");
    assert_string_equal(harness_fact(answer, "maxItems"), "1000");
    assert_string_equal(answer->field, "csv");
    csv[IMPORT_LINES_MAX - 1] = '\0';
    assert_int_equal(import_roster(&h, csv)->lines, 0);
    for (int i = 0; i < IMPORT_LINES_MAX; i += 2)
        csv[i] = ',';
    assert_int_equal(import_roster(&h, csv)->refused, IMPORT_LINES_MAX / 2);
    end(&h);
}

/* ---- the command's own parts ---- */

static void a_pipe_is_read_in_lines_whatever_their_length(void **state)
{
    static const size_t lengths[] = {0, 1, 100, 65536, TABLE_LINE_MAX, 7, 0, 50};
    static char text[TABLE_LINE_MAX + 1];
    static struct lines lines;
    int file = memfd_create("lines", 0);
    char *line;

    (void)state;
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
            memset(text, 'a' + (int)i, lengths[i]);
            text[lengths[i]] = '\n';
            assert_int_equal(write(file, text, lengths[i] + 1), lengths[i] + 1);
        }
    }
    assert_int_equal(write(file, "broken off", 10), 10);
    lseek(file, 0, SEEK_SET);
    lines_init(&lines, file);
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
            assert_int_equal(lines_next(&lines, &line), LINES_LINE);
            assert_int_equal(strlen(line), lengths[i]);
            if (lengths[i])
                assert_int_equal(line[lengths[i] - 1], 'a' + (int)i);
        }
    }
    assert_int_equal(lines_next(&lines, &line), LINES_END);
    close(file);
}

/* A slow child, and one that says nonsense. */
static void a_pipe_is_waited_for_and_its_lines_are_bounded(void **state)
{
    static char text[LINES_BUFFER];
    static struct lines lines;
    char *line;
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    lines_init(&lines, ends[0]);
    assert_int_equal(lines_next(&lines, &line), LINES_WAIT);
    assert_int_equal(write(ends[1], "half", 4), 4);
    assert_int_equal(lines_next(&lines, &line), LINES_WAIT);
    assert_int_equal(write(ends[1], " and half\n", 10), 10);
    assert_int_equal(lines_next(&lines, &line), LINES_LINE);
    assert_string_equal(line, "half and half");
    memset(text, 'x', sizeof(text));
    for (size_t done = 0; done < sizeof(text);) {
        ssize_t n = write(ends[1], text, sizeof(text) - done);

        done += n > 0 ? (size_t)n : 0;
        if (done < sizeof(text))
            assert_int_equal(lines_next(&lines, &line), LINES_WAIT);
    }
    assert_int_equal(lines_next(&lines, &line), LINES_END);
    close(ends[0]);
    close(ends[1]);
}

static void what_a_file_has_named_is_remembered_by_name_and_place(void **state)
{
    struct named named = {0};
    char name[32];

    (void)state;
    assert_false(named_has(&named, "0", NULL));
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof(name), "%d", i);
        assert_int_equal(named_note(&named, name, "here"), NAMED_NEW);
    }
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof(name), "%d", i);
        assert_true(named_has(&named, name, NULL));
        assert_int_equal(named_note(&named, name, "here"), NAMED_HERE);
        assert_false(named_has(&named, name, "there"));
        assert_int_equal(named_note(&named, name, "there"), NAMED_ELSEWHERE);
        assert_true(named_has(&named, name, "there"));
        assert_int_equal(named_note(&named, name, "there"), NAMED_HERE);
        assert_int_equal(named_note(&named, name, "here"), NAMED_HERE);
    }
    assert_false(named_has(&named, "20000", NULL));
    assert_int_equal(named.n, 40000);
    named_done(&named);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_lines_are_named_and_good_ones_loaded),
        cmocka_unit_test(resident_ids_are_judged_by_their_date_region_and_age),
        cmocka_unit_test(a_person_is_on_one_unions_roster_once),
        cmocka_unit_test(a_row_imported_again_becomes_what_it_says_now),
        cmocka_unit_test(a_trade_that_a_row_says_anew_is_hers),
        cmocka_unit_test(a_union_imported_again_becomes_what_it_says_now),
        cmocka_unit_test(a_union_is_known_by_its_name_when_no_other_has_it),
        cmocka_unit_test(a_person_of_another_union_is_loaded_and_reported),
        cmocka_unit_test(a_rehearsal_says_the_same_and_changes_nothing),
        cmocka_unit_test(an_official_loads_the_rosters_of_her_own_unions),
        cmocka_unit_test(unions_load_below_parents_of_the_same_page),
        cmocka_unit_test(a_page_has_a_thousand_lines_at_most),
        cmocka_unit_test(a_pipe_is_read_in_lines_whatever_their_length),
        cmocka_unit_test(a_pipe_is_waited_for_and_its_lines_are_bounded),
        cmocka_unit_test(what_a_file_has_named_is_remembered_by_name_and_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
