#include "services/health/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void hepatitis_b_is_known_by_code_and_by_name(void **state)
{
    static const struct {
        const char *code, *name;
        bool is;
    } items[] = {
        {"5195-3", "表面抗原", true},
        {"16935-9", "表面抗体", true},
        {"", "乙肝两对半", true},
        {"", "乙 型 肝 炎", true},
        {"", "HBsAg 定性", true},
        {"", "ｈｂｓａｇ", true},
        {"", "ＨＢＶ－ＤＮＡ", true},
        {"", "Hepatitis B panel", true},
        {"", "二对半", true},
        {"HB-V", "核酸", true},
        {"", "抗-HBs", true},
        {"", "乙型病毒性肝炎抗体", true},
        {"2345-7", "血糖", false},
        {"1742-6", "丙氨酸氨基转移酶", false},
        {"", "丙肝抗体", false},
        {"718-7", "血红蛋白 Hb", false},
        {"", "腹部B超（肝胆脾胰肾）", false},
        {"", "", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        if (is_hepatitis_b(items[i].code, items[i].name) != items[i].is)
            fail_msg("%s %s", items[i].code, items[i].name);
    }
}

static void any_bytes_may_be_a_name(void **state)
{
    char name[300];

    (void)state;
    for (int lead = 1; lead < 256; lead++) {
        memset(name, lead, sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        for (size_t len = 1; len < 6; len++)
            is_hepatitis_b(name + sizeof(name) - 1 - len, "");
        assert_false(is_hepatitis_b("", name));
    }
}

static void extra_items_are_for_the_new_trades(void **state)
{
    Health__PackageItem item = HEALTH__PACKAGE_ITEM__INIT;

    (void)state;
    assert_true(item_is_for(&item, RPC__TRADE__TRADE_OTHER));
    item.kind = HEALTH__ITEM_KIND__LUNG;
    assert_false(item_is_for(&item, RPC__TRADE__TRADE_OTHER));
    assert_true(item_is_for(&item, RPC__TRADE__COURIER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hepatitis_b_is_known_by_code_and_by_name),
        cmocka_unit_test(any_bytes_may_be_a_name),
        cmocka_unit_test(extra_items_are_for_the_new_trades),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
