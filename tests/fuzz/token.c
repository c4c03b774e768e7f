/* A token: as it comes, and as the body of one with our signature.
 *
 * Holds: only a signed one passes; what passes can be made anew and passes again. */
#include "common/base/base64url.h"
#include "common/base/hmac.h"
#include "common/trust/token.h"
#include "tests/fuzz/fuzz.h"

#include <unistd.h>

static struct token_keys *load_keys(void)
{
    static const char key[] = "2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a\n";
    char path[] = "/tmp/fuzz-token-XXXXXX";
    int fd = mkstemp(path);
    struct token_keys *keys;

    ensure(fd >= 0 && write(fd, key, sizeof(key) - 1) == (ssize_t)sizeof(key) - 1);
    close(fd);
    keys = token_keys_open(path);
    unlink(path);
    return keys;
}

/* Appends the dot and the base64url of the body's HMAC. */
static size_t sign(char *body, size_t len)
{
    unsigned char key[32], sum[HMAC_LEN];
    struct hmac hmac;

    memset(key, 0x2a, sizeof(key));
    hmac_init(&hmac, key);
    hmac_sum(&hmac, &(struct hmac_part){body, len}, 1, sum);
    body[len++] = '.';
    return len + base64url_encode(sum, HMAC_LEN, body + len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct token_keys *keys;
    char token[LIMIT_TOKEN + 100], anew[TOKEN_SIZE];
    Rpc__Principal *principal;
    struct arena arena;
    size_t len;

    if (!keys)
        keys = load_keys();
    ensure(keys);
    arena_init(&arena, LIMIT_REQUEST_ARENA);
    ensure(token_check(keys, (const char *)data, size, 1, &arena, &principal) == RPC__REASON__BAD_TOKEN);
    if (size > 0 && size <= LIMIT_TOKEN) {
        memcpy(token, data, size);
        len = sign(token, size);
        if (token_check(keys, token, len, INT64_MIN, &arena, &principal) == 0 && token_make(keys, principal, anew))
            ensure(token_check(keys, anew, strlen(anew), INT64_MIN, &arena, &principal) == 0);
    }
    arena_done(&arena);
    return 0;
}
