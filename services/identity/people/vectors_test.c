/* Names and resident IDs as people write them, through the operations that take them. */
#include <jansson.h>

#include "services/identity/people/people_fixture.h"
#include "services/identity/unions/tree_fixture.h"

static int64_t union_id;

static void begin_with_a_union(struct harness *h)
{
    begin(h);
    union_id = make_union(h, "440600", "")->union_id;
}

/* The n-th person's number, listed under one writing: the reason of the line, "" when it is loaded. */
static const char *list(struct harness *h, unsigned n, const char *name, const char *resident_id)
{
    Imports__ImportReport *report;
    char csv[512], mobile[CN_MOBILE_LEN + 1];

    snprintf(csv, sizeof(csv), "%s,%s,%s,440600,COURIER\n", name, resident_id, mobile_of(n, mobile));
    report = import_roster(h, csv);
    if (report->unchanged)
        return "LISTED_ALREADY";
    return report->loaded ? "" : report->problems[0]->reason;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static void every_vector_of_resident_ids_verifies_or_is_refused_as_expected(void **state)
{
    json_t *vectors = json_load_file("tests/data/resident-id-vectors.json", 0, NULL), *vector;
    unsigned n_verified = 0;
    struct harness h;
    size_t i;

    (void)state;
    assert_non_null(vectors);
    begin_with_a_union(&h);
    json_array_foreach(vectors, i, vector)
    {
        const char *expect = json_string_value(json_object_get(vector, "expect"));
        /* A region of another time and full-width digits are taken, 15 digits are not. */
        const char *mark = json_string_value(json_object_get(vector, "strict"));
        bool strict = strcmp(expect, "invalid-strict") == 0 || (mark && strcmp(mark, "true") == 0);
        bool valid = strict || (strcmp(expect, "invalid") != 0 && strcmp(expect, "valid-15") != 0);
        const char *number = json_string_value(json_object_get(vector, "number"));
        const char *birth = json_string_value(json_object_get(vector, "birth"));
        const char *reason = list(&h, (unsigned)i, "王小明", number);
        Rpc__Principal *who = person_signed_in(&h, (unsigned)i);
        const Rpc__Answer *answer = verify(&h, who, "王小明", number);

        if (strcmp(harness_refusal(answer), "RESIDENT_ID_TAKEN") == 0)
            reason = "LISTED_ALREADY"; /* under another writing, and verified */

        if (valid && *reason == '\0') {
            who = principal_of(&h, harness_output(&h, answer, &identity__session__descriptor));
            if (who->level < RPC__LEVEL__MEMBER || (birth && who->birth_year != strtol(birth, NULL, 10)))
                fail_msg("%s", number);
            n_verified++;
        } else if (valid && strcmp(reason, "TOO_YOUNG") != 0 && strcmp(reason, "LISTED_ALREADY") != 0) {
            fail_msg("%s is refused: %s", number, reason);
        } else if (!valid &&
                   (!starts_with(reason, "RESIDENT_ID_") || !starts_with(harness_refusal(answer), "RESIDENT_ID_"))) {
            fail_msg("%s: %s", number, reason);
        }
        harness_forget(&h);
    }
    assert_true(n_verified > 10);
    json_decref(vectors);
    end(&h);
}

static void a_person_is_found_however_she_writes_herself(void **state)
{
    static const struct {
        const char *listed_name, *listed_id, *name, *id, *masked;
    } cases[] = {
        {"王小明", "44060519850615123X", " 王小明 ", "44060519850615123x", "王*明"},
        {"李明", "11010519491231002x", "李明", "１１０１０５１９４９１２３１００２Ｘ", "李*"},
        {"阿依古丽·买买提", "440604199003070014", "阿依古丽・买买提", "440604199003070014", "阿**提"},
        {"阿依古丽.买买提", "360426199101010071", "阿依古丽•买买提", "360426199101010071", "阿**提"},
        {"𠮷野家", "440308199901101512", "𠮷野家", " 440308199901101512 ", "𠮷*家"},
        {"欧𠀀𠀁", "440106200002290104", "欧𠀀𠀁", "440106200002290104", "欧*𠀁"},
        {"JOHN SMITH", "810000199408230021", "JohnSmith", "810000199408230021", "J***"},
        {"王\ue863", "830000199201300022", "王䶮", "\u202d830000199201300022", "王*"},
    };
    Identity__Session *session;
    struct harness h;

    (void)state;
    begin_with_a_union(&h);
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        const char *reason = list(&h, i, cases[i].listed_name, cases[i].listed_id);

        if (*reason)
            fail_msg("%s: %s", cases[i].listed_id, reason);
        session = harness_output(&h, verify(&h, person_signed_in(&h, i), cases[i].name, cases[i].id),
                                 &identity__session__descriptor);
        assert_string_equal(session->member->name, cases[i].masked);
    }
    end(&h);
}

static void a_name_or_number_that_cannot_be_one_is_refused_wherever_it_is_given(void **state)
{
    static const struct {
        const char *name, *id, *reason, *character;
    } cases[] = {
        {"王小明", "440604900307001", "RESIDENT_ID_15_DIGITS", NULL},
        {"王小明", "４４０６０４９００３０７００１", "RESIDENT_ID_15_DIGITS", NULL},
        {"王小明", "440604199003070015", "RESIDENT_ID_CHECKSUM", NULL},
        {"王小明", "360426199113010079", "RESIDENT_ID_DATE", NULL},
        {"王小明", "xxxxxxxxxxxxxxxxxx", "RESIDENT_ID_INVALID", NULL},
        {"·王小明", "440604199003070014", "NAME_INVALID", NULL},
        {"王··小明", "440604199003070014", "NAME_INVALID", NULL},
        {"王\ue900小明", "440604199003070014", "NAME_INVALID", "U+E900"},
        {"王小明\n李明", "440604199003070014", "NAME_INVALID", "U+000A"},
        {"王小明？", "440604199003070014", "NAME_INVALID", "? U+003F"},
    };
    Identity__CreateJoinRequestRequest join = IDENTITY__CREATE_JOIN_REQUEST_REQUEST__INIT;
    Identity__AskMergeRequest merge = IDENTITY__ASK_MERGE_REQUEST__INIT;
    const Rpc__Answer *answer;
    Rpc__Principal *who;
    struct harness h;
    int64_t rows;

    (void)state;
    begin_with_a_union(&h);
    who = person_signed_in(&h, 1);
    rows = journal_rows(&h);
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        join.union_id = union_id;
        join.name = merge.name = unconst(cases[i].name);
        join.resident_id = merge.resident_id = unconst(cases[i].id);
        answer = verify(&h, who, cases[i].name, cases[i].id);
        assert_refused(answer, cases[i].reason);
        if (cases[i].character)
            assert_string_equal(harness_fact(answer, "character"), cases[i].character);
        assert_refused(harness_call(&h, "Joins.CreateJoinRequest", &join.base, who, NULL), cases[i].reason);
        assert_refused(harness_call(&h, "Merges.AskMerge", &merge.base, who, NULL), cases[i].reason);
    }
    assert_int_equal(journal_rows(&h), rows);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_of_resident_ids_verifies_or_is_refused_as_expected),
        cmocka_unit_test(a_person_is_found_however_she_writes_herself),
        cmocka_unit_test(a_name_or_number_that_cannot_be_one_is_refused_wherever_it_is_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
