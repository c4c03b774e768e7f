/* mint KEYFILE FIRST COUNT UNION_PATH: prints COUNT session tokens of verified
 * members FIRST, FIRST+1, ..., one a line, signed with this stack's own key. For
 * benchmarks only: nobody without the key can do this. */
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/trust/token.h"

int main(int argc, char **argv)
{
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    struct token_keys *keys;
    struct clock clock;
    char token[TOKEN_SIZE];
    long long first, count;

    if (argc != 5) {
        fprintf(stderr, "usage: mint KEYFILE FIRST COUNT UNION_PATH\n");
        return 2;
    }
    keys = token_keys_open(argv[1]);
    first = strtoll(argv[2], NULL, 10);
    count = strtoll(argv[3], NULL, 10);
    if (!keys)
        return 1;
    clock_real(&clock);
    principal.expires_at = clock_now(&clock) + LIMIT_SESSION_MS;
    principal.level = RPC__LEVEL__MEMBER;
    principal.union_path = argv[4];
    principal.trade = RPC__TRADE__COURIER;
    principal.birth_year = 1990;
    principal.sex = RPC__SEX__FEMALE;
    for (long long i = 0; i < count; i++) {
        principal.member_id = first + i;
        principal.session_id = first + i;
        if (!token_make(keys, &principal, token))
            return 1;
        puts(token);
    }
    token_keys_close(keys);
    return 0;
}
