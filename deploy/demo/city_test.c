/* The generated city is checked with the readers that the import uses. */
#include "common/cn/cn_id.h"
#include "deploy/demo/city.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MEMBERS 10000
#define TODAY   20260101
#define SEED    4406

struct row {
    char name[64], resident_id[19], mobile[12], code[CITY_CODE_SIZE], trade[16];
};

static struct city *city;

static int set_up(void **state)
{
    (void)state;
    city = city_new(SEED);
    return city ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    city_free(city);
    return 0;
}

static FILE *roster(const struct city *from, long members)
{
    FILE *file = tmpfile();

    assert_non_null(file);
    assert_int_equal(city_write_roster(from, members, file), 0);
    rewind(file);
    return file;
}

/* Reads the roster of MEMBERS rows; the caller frees. */
static struct row *read_roster(void)
{
    struct row *rows = calloc(MEMBERS, sizeof(*rows));
    FILE *file = roster(city, MEMBERS);
    char line[256];
    int n = 0;

    assert_non_null(rows);
    assert_non_null(fgets(line, sizeof(line), file));
    assert_string_equal(line, "name,resident_id,mobile,union_code,trade\n");
    while (fgets(line, sizeof(line), file)) {
        struct row *row = &rows[n];

        assert_true(n++ < MEMBERS);
        assert_int_equal(sscanf(line, "%63[^,],%18[^,],%11[^,],%23[^,],%15[^,\n]", row->name, row->resident_id,
                                row->mobile, row->code, row->trade),
                         5);
    }
    fclose(file);
    assert_int_equal(n, MEMBERS);
    return rows;
}

static int by_resident_id(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->resident_id, ((const struct row *)b)->resident_id);
}

static int by_mobile(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->mobile, ((const struct row *)b)->mobile);
}

static void every_person_has_a_valid_name_resident_id_and_mobile(void **state)
{
    struct row *rows = read_roster();

    (void)state;
    for (int i = 0; i < MEMBERS; i++) {
        struct cn_resident_id id;
        char mobile[CN_MOBILE_LEN + 1], name[CN_NAME_MAX * 4 + 1];

        assert_int_equal(cn_resident_id(rows[i].resident_id, TODAY, &id), CN_ID_OK);
        assert_false(id.region_unknown);
        assert_false(id.region_abolished);
        assert_in_range(cn_age(&id, TODAY), 18, 62);
        assert_true(cn_mobile(rows[i].mobile, mobile));
        assert_string_equal(rows[i].mobile, mobile);
        assert_true(cn_name(rows[i].name, name));
        assert_string_equal(rows[i].name, name);
    }
    free(rows);
}

static void no_two_people_share_a_resident_id_or_a_mobile(void **state)
{
    struct row *rows = read_roster();

    (void)state;
    qsort(rows, MEMBERS, sizeof(*rows), by_resident_id);
    for (int i = 1; i < MEMBERS; i++)
        assert_string_not_equal(rows[i - 1].resident_id, rows[i].resident_id);
    qsort(rows, MEMBERS, sizeof(*rows), by_mobile);
    for (int i = 1; i < MEMBERS; i++)
        assert_string_not_equal(rows[i - 1].mobile, rows[i].mobile);
    free(rows);
}

static void every_member_belongs_to_a_union_without_children(void **state)
{
    struct row *rows = read_roster();

    (void)state;
    for (int i = 0; i < MEMBERS; i++) {
        const struct city_union *home = NULL;

        for (int u = 0; u < city->n_unions && !home; u++)
            if (!strcmp(city->unions[u].code, rows[i].code))
                home = &city->unions[u];
        assert_non_null(home);
        for (int u = 0; u < city->n_unions; u++)
            assert_true(city->unions[u].parent < 0 || &city->unions[city->unions[u].parent] != home);
    }
    free(rows);
}

static void most_members_follow_one_of_the_six_trades(void **state)
{
    static const char *const trades[] = {"COURIER",    "FOOD_DELIVERY", "TRUCK_DRIVER", "RIDE_DRIVER",
                                         "SANITATION", "CONSTRUCTION",  "TRADE_OTHER"};
    struct row *rows = read_roster();
    int counts[ARRAY_LEN(trades)] = {0}, known = 0;

    (void)state;
    for (int i = 0; i < MEMBERS; i++)
        for (unsigned t = 0; t < ARRAY_LEN(trades); t++)
            if (!strcmp(rows[i].trade, trades[t])) {
                counts[t]++;
                known++;
            }
    assert_int_equal(known, MEMBERS);
    for (unsigned t = 0; t < ARRAY_LEN(trades); t++)
        assert_in_range(counts[t], MEMBERS / 12, MEMBERS / 5);
    free(rows);
}

static int by_code(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void three_thousand_unions_stand_in_six_levels_under_32_towns(void **state)
{
    const char *codes[CITY_UNIONS];
    int towns = 0, deepest = 0;

    (void)state;
    assert_int_equal(city->n_unions, CITY_UNIONS);
    for (int i = 0; i < city->n_unions; i++) {
        const struct city_union *u = &city->unions[i];

        codes[i] = u->code;
        assert_true(u->parent < i);
        assert_int_equal(u->level, u->parent < 0 ? 1 : city->unions[u->parent].level + 1);
        deepest = u->level > deepest ? u->level : deepest;
        towns += u->level == 3 && u->trade == CITY_TRADE_OTHER;
    }
    assert_int_equal(towns, 32);
    assert_int_equal(deepest, CITY_LEVELS);
    qsort(codes, CITY_UNIONS, sizeof(codes[0]), by_code);
    for (int i = 1; i < CITY_UNIONS; i++)
        assert_string_not_equal(codes[i - 1], codes[i]);
}

static void the_file_of_unions_has_a_line_for_each(void **state)
{
    FILE *file = tmpfile();
    char line[512];
    int lines = 0, federations = 0;

    (void)state;
    assert_non_null(file);
    assert_int_equal(city_write_unions(city, file), 0);
    rewind(file);
    assert_non_null(fgets(line, sizeof(line), file));
    assert_string_equal(line, "code,name,parent_code,trades\n");
    assert_non_null(fgets(line, sizeof(line), file));
    assert_string_equal(line, "440600,佛山市总工会,,\n");
    for (lines = 1; fgets(line, sizeof(line), file); lines++) {
        assert_memory_equal(line, "4406", 4);
        federations += strstr(line, ",COURIER\n") != NULL;
    }
    fclose(file);
    assert_true(federations > 5); /* one for each district and town */
    assert_int_equal(lines, CITY_UNIONS);
}

static void the_same_seed_gives_the_same_people_and_another_seed_gives_others(void **state)
{
    struct city *same = city_new(SEED), *other = city_new(SEED + 1);
    FILE *a = roster(city, 100), *b = roster(same, 100), *c = roster(other, 100);
    char from_a[256], from_b[256], from_c[256];

    (void)state;
    for (int i = 0; fgets(from_a, sizeof(from_a), a); i++) {
        assert_non_null(fgets(from_b, sizeof(from_b), b));
        assert_non_null(fgets(from_c, sizeof(from_c), c));
        assert_string_equal(from_a, from_b);
        if (i > 0)
            assert_string_not_equal(from_a, from_c);
    }
    fclose(a);
    fclose(b);
    fclose(c);
    city_free(same);
    city_free(other);
}

static void a_roster_beyond_the_greatest_size_is_refused(void **state)
{
    FILE *file = tmpfile();

    (void)state;
    assert_int_equal(city_write_roster(city, CITY_MEMBERS_MAX + 1L, file), -1);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_person_has_a_valid_name_resident_id_and_mobile),
        cmocka_unit_test(no_two_people_share_a_resident_id_or_a_mobile),
        cmocka_unit_test(every_member_belongs_to_a_union_without_children),
        cmocka_unit_test(most_members_follow_one_of_the_six_trades),
        cmocka_unit_test(three_thousand_unions_stand_in_six_levels_under_32_towns),
        cmocka_unit_test(the_file_of_unions_has_a_line_for_each),
        cmocka_unit_test(the_same_seed_gives_the_same_people_and_another_seed_gives_others),
        cmocka_unit_test(a_roster_beyond_the_greatest_size_is_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
