/* What every .proto says to the outside, held against the rules that all of them follow. */
#include "common/api/api_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct api api;

/* Whether a name has a word, or several words, of its own: TAKEN is in CODE_TAKEN, not in MISTAKEN. */
static bool has_words(const char *name, const char *words)
{
    size_t len = strlen(words);

    for (const char *at = name; (at = strstr(at, words)); at++) {
        if ((at == name || at[-1] == '_') && (at[len] == '_' || at[len] == '\0'))
            return true;
    }
    return false;
}

static void a_conflict_of_states_is_409(void **state)
{
    static const char *const conflicts[] = {
        "ALREADY",  "CLOSED",   "CONFLICT", "DECIDED", "DECLINED", "ENDED",   "EXISTS",    "FIXED", "FULL",
        "LAPSED",   "NOT_OPEN", "OVER",     "PAUSED",  "PENDING",  "SETTLED", "STALE",     "STATE", "TAKEN",
        "TOO_LATE", "TOO_MANY", "USED",     "USED_UP", "VOID",     "YET",     "WITHDRAWN",
    };
    /* About the caller, about what was sent, or of HTTP. */
    static const char *const others[] = {"ACCOUNT_CLOSED", "STORE_FULL",           "SETTLED_BY_ONE",
                                         "TOO_MANY_ITEMS", "WECHAT_STATE_INVALID", "WECHAT_CODE_USED"};

    (void)state;
    for (size_t i = 1; i < api.n_reasons; i++) {
        const struct api_reason *reason = &api.reasons[i];
        bool conflict = false;

        for (size_t j = 0; j < ARRAY_LEN(conflicts); j++)
            conflict = conflict || has_words(reason->name, conflicts[j]);
        for (size_t j = 0; j < ARRAY_LEN(others); j++)
            conflict = conflict && strcmp(reason->name, others[j]) != 0;
        if (conflict && reason->http != 409)
            fail_msg("%s.%s: %d", reason->package, reason->name, reason->http);
        if (has_words(reason->name, "NOT_FOUND") && reason->http != 404)
            fail_msg("%s.%s: %d", reason->package, reason->name, reason->http);
    }
}

static void a_service_says_no_status_of_http_itself(void **state)
{
    static const int statuses[] = {200, 400, 401, 403, 404, 409, 410, 429, 503};

    (void)state;
    for (size_t i = 1; i < api.n_reasons; i++) {
        const struct api_reason *reason = &api.reasons[i];
        bool known = strcmp(reason->package, "rpc") == 0;

        for (size_t j = 0; j < ARRAY_LEN(statuses); j++)
            known = known || reason->http == statuses[j];
        if (!known)
            fail_msg("%s.%s: %d is in no line of rule.Says", reason->package, reason->name, reason->http);
    }
}

static int load(void **state)
{
    (void)state;
    return api_build(&api, api_set, api_set_len, api_services);
}

static int unload(void **state)
{
    (void)state;
    api_done(&api);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_conflict_of_states_is_409),
        cmocka_unit_test(a_service_says_no_status_of_http_itself),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
