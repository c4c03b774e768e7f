#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/base/limits.h"
#include "services/gateway/revoked.h"
#include "tests/reason.h"

#define NOW INT64_C(1800000000000)

/* What a token of this session says that was made at an instant. */
static int reason(const struct revoked *revoked, int64_t session_id, int64_t made_at)
{
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;

    principal.session_id = session_id;
    principal.expires_at = made_at + LIMIT_SESSION_MS;
    return revoked_reason(revoked, &principal);
}

static void a_revoked_session_is_refused_until_its_tokens_have_expired(void **state)
{
    struct revoked revoked;

    (void)state;
    assert_int_equal(revoked_init(&revoked), 0);
    for (int64_t id = 1; id <= 5000; id++)
        revoked_add(&revoked, id << 21, NOW + id);
    for (int64_t id = 1; id <= 5000; id++)
        assert_is_reason(reason(&revoked, id << 21, NOW), RPC__REASON__TOKEN_REVOKED);
    assert_is_reason(reason(&revoked, INT64_C(5001) << 21, NOW), 0);
    revoked_forget(&revoked, NOW + LIMIT_SESSION_MS + 3000);
    assert_is_reason(reason(&revoked, INT64_C(3000) << 21, NOW), 0);
    assert_is_reason(reason(&revoked, INT64_C(3001) << 21, NOW), RPC__REASON__TOKEN_REVOKED);
    revoked_forget(&revoked, NOW + LIMIT_SESSION_MS + 5000);
    assert_int_equal(revoked.n, 0);
    assert_null(revoked.oldest);
    revoked_add(&revoked, 7, NOW + 6000);
    assert_is_reason(reason(&revoked, 7, NOW), RPC__REASON__TOKEN_REVOKED);
    revoked_done(&revoked);
}

static void a_session_that_is_revoked_again_stays_so(void **state)
{
    struct revoked revoked;

    (void)state;
    assert_int_equal(revoked_init(&revoked), 0);
    revoked_add(&revoked, 7, NOW);
    revoked_add(&revoked, 8, NOW + 1);
    revoked_add(&revoked, 7, NOW + 2);
    revoked_forget(&revoked, NOW + LIMIT_SESSION_MS + 1);
    assert_is_reason(reason(&revoked, 7, NOW), RPC__REASON__TOKEN_REVOKED);
    assert_is_reason(reason(&revoked, 8, NOW), 0);
    revoked_done(&revoked);
}

static void past_the_limit_no_token_of_before_is_good_and_new_ones_are(void **state)
{
    struct revoked revoked;

    (void)state;
    assert_int_equal(revoked_init(&revoked), 0);
    for (int64_t id = 1; id <= LIMIT_REVOKED; id++)
        revoked_add(&revoked, id, NOW);
    assert_is_reason(reason(&revoked, 1, NOW), RPC__REASON__TOKEN_REVOKED);
    assert_is_reason(reason(&revoked, LIMIT_REVOKED + 1, NOW - 1), 0);
    revoked_add(&revoked, LIMIT_REVOKED + 1, NOW + 10);
    for (int64_t id = 1; id <= LIMIT_REVOKED + 2; id += 997)
        assert_int_not_equal(reason(&revoked, id, NOW), 0);
    assert_int_not_equal(reason(&revoked, LIMIT_REVOKED + 1, NOW + 10), 0);
    /* Nobody has to sign in anew: expired tokens are refreshed. */
    assert_is_reason(reason(&revoked, LIMIT_REVOKED + 2, NOW), RPC__REASON__TOKEN_EXPIRED);
    assert_is_reason(reason(&revoked, LIMIT_REVOKED + 2, NOW + 11), 0);
    revoked_add(&revoked, LIMIT_REVOKED + 3, NOW + 20);
    assert_is_reason(reason(&revoked, LIMIT_REVOKED + 3, NOW + 11), RPC__REASON__TOKEN_REVOKED);
    revoked_done(&revoked);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_revoked_session_is_refused_until_its_tokens_have_expired),
        cmocka_unit_test(a_session_that_is_revoked_again_stays_so),
        cmocka_unit_test(past_the_limit_no_token_of_before_is_good_and_new_ones_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
