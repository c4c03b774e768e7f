#include "common/cn/cn_id.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define TODAY 20260101

static json_t *load(const char *file)
{
    json_error_t error;
    json_t *vectors = json_load_file(file, 0, &error);

    if (!vectors)
        fail_msg("%s: %s", file, error.text);
    return vectors;
}

static const char *text_of(const json_t *vector, const char *key)
{
    const char *text = json_string_value(json_object_get(vector, key));

    return text ? text : "";
}

static void check_facts(const json_t *vector, const struct cn_resident_id *id)
{
    const char *birth = text_of(vector, "birth"), *sex = text_of(vector, "sex"), *place = text_of(vector, "place");
    char date[32], name[CN_REGION_SIZE];

    snprintf(date, sizeof(date), "%04d-%02d-%02d", id->birth_year, id->birth_month, id->birth_day);
    if (*birth)
        assert_string_equal(date, birth);
    if (*sex)
        assert_string_equal(id->male ? "M" : "F", sex);
    /* The table begins in 1981; one vector names the place of a year before. */
    if (*place && cn_region(id->number, id->birth_year, name) == CN_REGION_IN_FORCE && strcmp(birth, "1980-01-01") != 0)
        assert_non_null(strstr(place, name));
}

static void every_vector_of_resident_ids_is_judged_as_expected(void **state)
{
    json_t *vectors = load("tests/data/resident-id-vectors.json"), *vector;
    size_t i, valid = 0, invalid = 0;

    (void)state;
    json_array_foreach(vectors, i, vector)
    {
        const char *number = text_of(vector, "number"), *expect = text_of(vector, "expect");
        bool strict = strcmp(expect, "invalid-strict") == 0 || strcmp(text_of(vector, "strict"), "true") == 0;
        struct cn_resident_id id;
        enum cn_id_result result = cn_resident_id(number, TODAY, &id);

        if (strict) {
            if (result != CN_ID_OK || !(id.region_abolished || id.region_later || id.region_unknown))
                fail_msg("%s must pass with a mark: %d", number, result);
        } else if (strcmp(expect, "valid") == 0) {
            if (result != CN_ID_OK)
                fail_msg("%s must pass: %d", number, result);
            assert_string_equal(id.number, number);
            check_facts(vector, &id);
            valid++;
        } else if (strcmp(expect, "valid-15") == 0) {
            assert_int_equal(result, CN_ID_15_DIGITS);
        } else if (strcmp(expect, "normalise-or-reject") == 0) {
            assert_int_equal(result, CN_ID_OK);
            assert_string_equal(id.number, "11010519491231002X");
        } else {
            assert_string_equal(expect, "invalid");
            if (result == CN_ID_OK)
                fail_msg("%s must be refused", number);
            if (json_is_false(json_object_get(vector, "checksum_ok")))
                assert_int_equal(result, CN_ID_CHECKSUM);
            invalid++;
        }
    }
    assert_true(valid >= 10 && invalid >= 5);
    json_decref(vectors);
}

static void every_rule_of_a_resident_id_has_its_own_result(void **state)
{
    static const struct {
        const char *text;
        enum cn_id_result result;
    } cases[] = {
        {"", CN_ID_FORMAT},
        {"44060419900307001", CN_ID_FORMAT},
        {"4406041990030700144", CN_ID_FORMAT},
        {"44060419900307O014", CN_ID_FORMAT},
        {"X10105194912310021", CN_ID_FORMAT},
        {"44060419900307001A", CN_ID_FORMAT},
        {"440604 199003070014", CN_ID_FORMAT},
        {"440604199003070014\xff", CN_ID_FORMAT},
        {"440604199003070014\xef\xbc", CN_ID_FORMAT},
        {"110105491231002", CN_ID_15_DIGITS},
        {"110105194912310021", CN_ID_CHECKSUM},
        {"440604199003070015", CN_ID_CHECKSUM},
        {"360426199113010079", CN_ID_DATE},
        {"160105194912310029", CN_ID_REGION},
        {"990426199112010074", CN_ID_REGION}, /* a foreigner of no province */
        {"440604199003070014", CN_ID_OK},
        {" 440604199003070014\t", CN_ID_OK},
        {"\xe3\x80\x80"
         "440604199003070014\xc2\xa0",
         CN_ID_OK},
        {"44060519850615123x", CN_ID_OK},
        {"440524188001010014", CN_ID_DATE},
        {"106200002290104", CN_ID_15_DIGITS},
        {"440106200002290104", CN_ID_OK},
        {"810000199408230021", CN_ID_OK},
        {"830000199201300022", CN_ID_OK},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct cn_resident_id id = {.birth_year = -1};
        enum cn_id_result result = cn_resident_id(cases[i].text, TODAY, &id);

        if (result != cases[i].result)
            fail_msg("%s: %d, not %d", cases[i].text, result, cases[i].result);
        if (result != CN_ID_OK)
            assert_int_equal(id.birth_year, -1);
    }
}

/* The check character of the first 17, by the standard's other formula: the
 * whole number weighted by powers of two is 1 modulo 11. */
static void complete(char number[CN_RESIDENT_ID_LEN + 1])
{
    int m = 0;

    for (int i = 0; i < 17; i++)
        m = (m + number[i] - '0') * 2 % 11;
    m = (12 - m) % 11;
    number[17] = (char)(m == 10 ? 'X' : '0' + m);
    number[18] = '\0';
}

static void a_birth_date_is_a_day_of_the_calendar_not_after_today(void **state)
{
    static const struct {
        const char *birth;
        bool valid;
    } cases[] = {
        {"19000101", true},  {"18991231", false}, {"19000229", false}, {"20000229", true},  {"20010229", false},
        {"20040229", true},  {"20240431", false}, {"20241231", true},  {"20250000", false}, {"20250100", false},
        {"20251301", false}, {"20260101", true},  {"20260102", false}, {"29990101", false}, {"00000000", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char number[CN_RESIDENT_ID_LEN + 1];
        struct cn_resident_id id;

        snprintf(number, sizeof(number), "440604%s001", cases[i].birth);
        complete(number);
        if (cn_resident_id(number, TODAY, &id) != (cases[i].valid ? CN_ID_OK : CN_ID_DATE))
            fail_msg("%s", number);
    }
}

static void a_region_marks_a_number_but_never_refuses_it(void **state)
{
    static const struct {
        const char *head;
        bool abolished, later, unknown, foreign;
    } cases[] = {
        {"44060419900307001", .later = true},                                             /* 禅城区 since 2002 */
        {.head = "44060420030307001"},          {"44060320030307001", .abolished = true}, /* 石湾区 1984 to 2002 */
        {.head = "44060320020307001"},          {"44060319600307001", .later = true},
        {"50015720250307001", .unknown = true}, /* younger than the table */
        {"11020119931201007", .unknown = true}, {.head = "83000019920130002"},
        {"94415619900307001", .foreign = true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char number[CN_RESIDENT_ID_LEN + 1];
        struct cn_resident_id id;

        snprintf(number, sizeof(number), "%s", cases[i].head);
        complete(number);
        if (cn_resident_id(number, TODAY, &id) != CN_ID_OK)
            fail_msg("%s is refused", number);
        if (id.region_abolished != cases[i].abolished || id.region_later != cases[i].later ||
            id.region_unknown != cases[i].unknown || id.foreign != cases[i].foreign)
            fail_msg("%s: %d %d %d %d", number, id.region_abolished, id.region_later, id.region_unknown, id.foreign);
    }
}

static void any_one_changed_digit_of_a_resident_id_is_noticed(void **state)
{
    static const char number[] = "44060519850615123X";
    struct cn_resident_id id;

    (void)state;
    for (size_t i = 0; i < CN_RESIDENT_ID_LEN; i++) {
        for (const char *c = "0123456789X"; *c; c++) {
            char changed[sizeof(number)];

            memcpy(changed, number, sizeof(number));
            changed[i] = *c;
            assert_int_equal(cn_resident_id(changed, TODAY, &id) == CN_ID_OK, *c == number[i]);
        }
    }
}

static void a_day_begins_at_midnight_in_china(void **state)
{
    (void)state;
    assert_int_equal(cn_day(0), 19700101);
    assert_int_equal(cn_day(57599999), 19700101);
    assert_int_equal(cn_day(57600000), 19700102);
    assert_int_equal(cn_day(-28800000), 19700101);
    assert_int_equal(cn_day(-28800001), 19691231);
    assert_int_equal(cn_day(951753600000), 20000229);
    assert_int_equal(cn_day(951839999999), 20000229);
    assert_int_equal(cn_day(951840000000), 20000301);
    assert_int_equal(cn_day(1767196799999), 20251231);
    assert_int_equal(cn_day(1767196800000), 20260101);
}

static void a_day_of_the_calendar_begins_once(void **state)
{
    static const int none[] = {0, -20260301, 20260229, 20261301, 20260001, 20260100, 2026302, 19691231, 100000101};
    int64_t at;

    (void)state;
    for (int64_t ms = 57600000; ms < 4102444800000; ms += 86400000) {
        assert_true(cn_day_begin(cn_day(ms), &at));
        assert_int_equal(at, ms);
    }
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        assert_false(cn_day_begin(none[i], &at));
}

static void an_age_counts_whole_years(void **state)
{
    struct cn_resident_id id = {.birth_year = 2008, .birth_month = 2, .birth_day = 29};

    (void)state;
    assert_int_equal(cn_age(&id, 20240228), 15);
    assert_int_equal(cn_age(&id, 20240229), 16);
    assert_int_equal(cn_age(&id, 20250228), 16);
    assert_int_equal(cn_age(&id, 20250301), 17);
    assert_int_equal(cn_age(&id, 20080229), 0);
}

static void a_mobile_number_is_read_in_the_ways_people_write_it(void **state)
{
    static const char *const good[] = {
        "13800138000",     "+8613800138000",  "+86 138 0013 8000",      "86-138-0013-8000",
        "008613800138000", " 138-0013-8000 ", "１３８００１３８０００",
    };
    static const char *const bad[] = {
        "",
        "1380013800",
        "138001380001",
        "12800138000",
        "23800138000",
        "+85213800138000",
        "1380013800a",
        "+8613800138000086",
        "138.0013.8000",
        "++8613800138000",
        "86",
        "\xff",
        "0757-8888888",
    };
    char mobile[CN_MOBILE_LEN + 1];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(cn_mobile(good[i], mobile));
        assert_string_equal(mobile, "13800138000");
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        snprintf(mobile, sizeof(mobile), "before");
        if (cn_mobile(bad[i], mobile))
            fail_msg("%s", bad[i]);
        assert_string_equal(mobile, "before");
    }
}

static void a_number_is_read_through_what_shows_as_nothing(void **state)
{
    struct cn_resident_id id;
    char mobile[CN_MOBILE_LEN + 1], code[32];
    int32_t bad;

    (void)state;
    assert_int_equal(cn_resident_id("\u202d４４０６０４199003070014\ufeff", 20260101, &id), CN_ID_OK);
    assert_string_equal(id.number, "440604199003070014");
    assert_true(cn_mobile("\u202d138\u20110013－8000\u202c", mobile));
    assert_string_equal(mobile, "13800138000");
    assert_false(cn_fold_or("4406Ж", "", code, sizeof(code), &bad));
    assert_int_equal(bad, 0x416);
}

static void masks_show_only_what_the_law_lets_be_published(void **state)
{
    char number[CN_RESIDENT_ID_LEN + 1], mobile[CN_MOBILE_LEN + 1];

    (void)state;
    cn_mask_resident_id("440604199003070014", number);
    assert_string_equal(number, "440604********0014");
    cn_mask_resident_id("44060419900307001", number);
    assert_string_equal(number, "******************");
    cn_mask_resident_id("4406041990030700145", number);
    assert_string_equal(number, "******************");
    cn_mask_mobile("13800138000", mobile);
    assert_string_equal(mobile, "138****8000");
    cn_mask_mobile("", mobile);
    assert_string_equal(mobile, "***********");
}

static void every_vector_of_credit_codes_is_judged_as_expected(void **state)
{
    json_t *vectors = load("tests/data/uscc-vectors.json"), *vector;
    size_t i, valid = 0;

    (void)state;
    json_array_foreach(vectors, i, vector)
    {
        const char *number = text_of(vector, "number");
        bool expect = strcmp(text_of(vector, "expect"), "valid") == 0;
        char code[CN_USCC_LEN + 1];

        if ((cn_uscc(number, code) == CN_ID_OK) != expect)
            fail_msg("%s: %d", number, cn_uscc(number, code));
        valid += expect;
    }
    assert_true(valid > 100);
    json_decref(vectors);
}

static void a_credit_code_is_folded_and_both_its_checks_hold(void **state)
{
    static const struct {
        const char *text;
        enum cn_id_result result;
    } cases[] = {
        {"81440600MC0000012D", CN_ID_OK},       {"89330503MC0000100E", CN_ID_OK},
        {" 81440600mc0000012d ", CN_ID_OK},     {"８１440600MC0000012D", CN_ID_OK},
        {"91350211M0000XUF46", CN_ID_CHECKSUM}, {"81440600MC0000012E", CN_ID_CHECKSUM},
        {"81440600MC0000013G", CN_ID_CHECKSUM}, /* of the organisation code only */
        {"81990600MC0000012K", CN_ID_REGION},   {"81100000MC0000012R", CN_ID_OK},
        {"8144060OMC0000012D", CN_ID_FORMAT},   {"81440600IC0000012D", CN_ID_FORMAT},
        {"8144A600MC0000012D", CN_ID_FORMAT},   {"81440600MC0000012", CN_ID_FORMAT},
        {"81440600MC0000012DD", CN_ID_FORMAT},  {"", CN_ID_FORMAT},
        {"81440600MC00 00012D", CN_ID_FORMAT},
    };
    char code[CN_USCC_LEN + 1];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (cn_uscc(cases[i].text, code) != cases[i].result)
            fail_msg("%s: %d", cases[i].text, cn_uscc(cases[i].text, code));
    }
    assert_int_equal(cn_uscc("81440600mc0000012d", code), CN_ID_OK);
    assert_string_equal(code, "81440600MC0000012D");
    for (size_t i = 0; i < CN_USCC_LEN; i++) {
        char changed[CN_USCC_LEN + 1] = "81440600MC0000012D";

        for (const char *c = "0123456789ABCDEFGHJKLMNPQRTUWXY"; *c; c++) {
            changed[i] = *c;
            assert_int_equal(cn_uscc(changed, code) == CN_ID_OK, *c == "81440600MC0000012D"[i]);
        }
    }
}

static void other_documents_are_read_by_their_form_or_their_sign(void **state)
{
    static const struct {
        const char *text, *number;
        enum cn_document_kind kind;
        const char *masked;
    } good[] = {
        {"h12345678", "HM-H12345678", CN_HK_MACAU_PERMIT, "HM-H*****678"},
        {" Ｍ１２３４５６７８01 ", "HM-M12345678", CN_HK_MACAU_PERMIT, "HM-M*****678"},
        {"12345678", "TW-12345678", CN_TAIWAN_PERMIT, "TW-1****678"},
        {"1234567890(B)", "TW-1234567890", CN_TAIWAN_PERMIT, "TW-1******890"},
        {"1234567890b", "TW-1234567890", CN_TAIWAN_PERMIT, "TW-1******890"},
        {"USA440090010112", "FP-USA440090010112", CN_FOREIGN_PERMANENT, "FP-U***********112"},
        {"E12345678", "PP-E12345678", CN_PASSPORT, "PP-E*****678"},
        {"pp-12345678", "PP-12345678", CN_PASSPORT, "PP-1****678"},
        {"PP-E12345678", "PP-E12345678", CN_PASSPORT, "PP-E*****678"},
        {"440604199003070014", "440604199003070014", CN_RESIDENT_ID, "440604********0014"},
        {"810000199408230021", "810000199408230021", CN_RESIDENT_ID, "810000********0021"},
        {"830000199201300022", "830000199201300022", CN_RESIDENT_ID, "830000********0022"},
    };
    static const char *const bad[] = {
        "HM-12345678",  "TW-1234567", "FP-USA440090131112", "FP-USA44009001011", "PP-ABCDEFGH",        "PP-E1234567890",
        "PP-E12 34567", "PP-",        "TW-E12345678",       "123456789",         "440604199003070015",
    };
    struct cn_resident_id id, same;
    char masked[CN_RESIDENT_ID_LEN + 1];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_int_equal(cn_document(good[i].text, 20260101, &id), CN_ID_OK);
        assert_string_equal(id.number, good[i].number);
        assert_int_equal(id.kind, good[i].kind);
        assert_int_equal(cn_document_kind(id.number), good[i].kind);
        assert_int_equal(id.birth_year > 0, good[i].kind == CN_RESIDENT_ID);
        assert_int_equal(cn_document(id.number, 20260101, &same), CN_ID_OK);
        assert_string_equal(same.number, id.number);
        cn_mask_resident_id(id.number, masked);
        assert_string_equal(masked, good[i].masked);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (cn_document(bad[i], 20260101, &id) == CN_ID_OK)
            fail_msg("%s is read as %s", bad[i], id.number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_documents_are_read_by_their_form_or_their_sign),
        cmocka_unit_test(every_vector_of_resident_ids_is_judged_as_expected),
        cmocka_unit_test(every_rule_of_a_resident_id_has_its_own_result),
        cmocka_unit_test(a_birth_date_is_a_day_of_the_calendar_not_after_today),
        cmocka_unit_test(a_region_marks_a_number_but_never_refuses_it),
        cmocka_unit_test(any_one_changed_digit_of_a_resident_id_is_noticed),
        cmocka_unit_test(a_day_begins_at_midnight_in_china),
        cmocka_unit_test(a_day_of_the_calendar_begins_once),
        cmocka_unit_test(an_age_counts_whole_years),
        cmocka_unit_test(a_mobile_number_is_read_in_the_ways_people_write_it),
        cmocka_unit_test(a_number_is_read_through_what_shows_as_nothing),
        cmocka_unit_test(masks_show_only_what_the_law_lets_be_published),
        cmocka_unit_test(every_vector_of_credit_codes_is_judged_as_expected),
        cmocka_unit_test(a_credit_code_is_folded_and_both_its_checks_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
