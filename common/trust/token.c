#include "common/trust/token.h"
#include "common/base/base64url.h"
#include "common/base/civil.h"
#include "common/base/hmac.h"
#include "common/base/keyfile.h"
#include "common/base/log.h"
#include "common/base/union_path.h"

#include <mbedtls/constant_time.h>
#include <mbedtls/platform_util.h>

#define MAC_CHARS  43 /* base64url of 32 bytes */
#define BODY_CHARS (LIMIT_TOKEN - 1 - MAC_CHARS)
#define BODY_BYTES (BODY_CHARS * 3 / 4)

struct token_keys {
    struct hmac keys[2];
    unsigned n_keys;
};

static bool load(struct token_keys *keys, struct keyfile *file)
{
    char name[KEYFILE_NAME_SIZE];
    unsigned char key[KEYFILE_KEY_LEN];
    int got;

    while ((got = keyfile_next(file, name, key)) == 1) {
        if (name[0] || keys->n_keys == ARRAY_LEN(keys->keys)) {
            log_error("token_keys_refused", "file", file->path, "why", "one or two keys without names are expected");
            break;
        }
        hmac_init(&keys->keys[keys->n_keys++], key);
    }
    mbedtls_platform_zeroize(key, sizeof(key));
    if (got == 0 && keys->n_keys == 0)
        log_error("token_keys_refused", "file", file->path, "why", "it has no key");
    return got == 0 && keys->n_keys > 0;
}

struct token_keys *token_keys_open(const char *path)
{
    struct token_keys *keys = calloc(1, sizeof(*keys));
    struct keyfile file;
    bool loaded;

    if (!keys) {
        log_error("token_keys_refused", "file", path, "why", "no memory");
        return NULL;
    }
    if (keyfile_open(&file, path) != 0) {
        token_keys_close(keys);
        return NULL;
    }
    loaded = load(keys, &file);
    keyfile_close(&file);
    if (!loaded) {
        token_keys_close(keys);
        return NULL;
    }
    return keys;
}

void token_keys_close(struct token_keys *keys)
{
    if (!keys)
        return;
    for (unsigned i = 0; i < ARRAY_LEN(keys->keys); i++)
        hmac_done(&keys->keys[i]);
    free(keys);
}

/* Nothing, or a masked name: no whole one leaves identity in a token. */
static bool good_shown_name(const char *name)
{
    return strnlen(name, LIMIT_SHOWN_NAME + 1) <= LIMIT_SHOWN_NAME && (!*name || strchr(name, '*'));
}

/* Nothing, or days that there are. */
static bool good_days(const Rpc__Principal *principal)
{
    int birthday = principal->birthday, since = principal->member_since;

    return (!birthday ||
            (principal->birth_year && civil_date(principal->birth_year, birthday / 100, birthday % 100))) &&
           (!since || civil_date(since / 10000, since / 100 % 100, since % 100));
}

bool token_can_carry(const Rpc__Principal *principal)
{
    if (principal->internal || principal->base.n_unknown_fields > 0 || principal->n_grants > LIMIT_GRANTS)
        return false;
    if (principal->member_id <= 0 || principal->session_id <= 0 || !union_path_ok(principal->union_path) ||
        !good_shown_name(principal->shown_name) || !good_days(principal))
        return false;
    if (principal->level < RPC__LEVEL__ANONYMOUS || principal->level > RPC__LEVEL__CATEGORY)
        return false;
    for (size_t i = 0; i < principal->n_grants; i++) {
        if (principal->grants[i]->base.n_unknown_fields > 0 || !union_path_ok(principal->grants[i]->union_path))
            return false;
    }
    return true;
}

static void sign(const struct hmac *key, const char *body, size_t len, char ret_mac[MAC_CHARS])
{
    struct hmac_part part = {body, len};
    unsigned char sum[HMAC_LEN];

    hmac_sum(key, &part, 1, sum);
    base64url_encode(sum, sizeof(sum), ret_mac);
}

bool token_make(const struct token_keys *keys, const Rpc__Principal *principal, char ret_token[TOKEN_SIZE])
{
    unsigned char packed[BODY_BYTES];
    size_t len;

    if (!token_can_carry(principal) || rpc__principal__get_packed_size(principal) > sizeof(packed))
        return false;
    len = base64url_encode(packed, rpc__principal__pack(principal, packed), ret_token);
    sign(&keys->keys[0], ret_token, len, ret_token + len + 1);
    ret_token[len] = '.';
    ret_token[len + 1 + MAC_CHARS] = '\0';
    return true;
}

int token_check(const struct token_keys *keys, const char *token, size_t len, int64_t now, struct arena *arena,
                Rpc__Principal **ret_principal)
{
    unsigned char packed[BODY_BYTES];
    Rpc__Principal *principal;
    char mac[MAC_CHARS];
    size_t body_len;
    bool signed_by_us = false;
    int packed_len;

    if (len > LIMIT_TOKEN || len <= 1 + MAC_CHARS || token[len - 1 - MAC_CHARS] != '.')
        return RPC__REASON__BAD_TOKEN;
    body_len = len - 1 - MAC_CHARS;
    for (unsigned i = 0; i < keys->n_keys && !signed_by_us; i++) {
        sign(&keys->keys[i], token, body_len, mac);
        signed_by_us = mbedtls_ct_memcmp(mac, token + body_len + 1, MAC_CHARS) == 0;
    }
    if (!signed_by_us)
        return RPC__REASON__BAD_TOKEN;
    packed_len = base64url_decode(token, body_len, packed);
    if (packed_len < 0)
        return RPC__REASON__BAD_TOKEN;
    principal = rpc__principal__unpack(&arena->allocator, (size_t)packed_len, packed);
    if (!principal || !token_can_carry(principal))
        return RPC__REASON__BAD_TOKEN;
    if (principal->expires_at <= now)
        return RPC__REASON__TOKEN_EXPIRED;
    *ret_principal = principal;
    return 0;
}
