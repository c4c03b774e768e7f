/* Stores that earlier programs have left. */
#include "services/identity/fixture.h"
#include "tests/earlier.h"

static const struct dump_moved moved[] = {
    /* A number's day goes on; the codes of the last minutes are asked for anew. */
    {"login_code", "SELECT count(*) FROM earlier.login_code AS was WHERE NOT EXISTS (SELECT 1 FROM code_count "
                   "WHERE counted = was.mobile AND began_at = was.window_at AND sends = was.sends)"},
    {NULL, NULL},
};

static struct harness h;

static void open_earlier(const char *name)
{
    unstarted(&h);
    earlier_open(&h, name, moved);
}

static void nothing_that_was_kept_is_lost(void **state)
{
    static const char *const stores[] = {"identity/memberships", "identity/officials", "identity/rights"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(stores); i++) {
        open_earlier(stores[i]);
        harness_reopen(&h);
        end(&h);
    }
}

static void a_member_signs_in_to_the_account_that_she_has(void **state)
{
    const Identity__Session *session;
    Rpc__Principal *who;

    (void)state;
    open_earlier("identity/memberships");
    session = login(&h, "16900000500");
    assert_int_equal(session->member->member_id, INT64_C(192209604923359232));
    assert_int_equal(session->member->level, RPC__LEVEL__CATEGORY);
    who = principal_of(&h, session);
    assert_refused(step_up(&h, who, "110101190001010009"), "STEP_UP_WRONG");
    session = harness_output(&h, step_up(&h, who, "44060419900307500X"), &identity__session__descriptor);
    assert_true(*session->member->name);
    assert_int_equal(history(&h, principal_of(&h, session))->n_memberships, 3);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_was_kept_is_lost),
        cmocka_unit_test(a_member_signs_in_to_the_account_that_she_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
