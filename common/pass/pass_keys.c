#include "common/pass/pass_internal.h"

#include "common/base/keyfile.h"
#include "common/base/log.h"

#include <mbedtls/platform_util.h>

/* ---- keys ---- */

void pass_keys_close(struct pass_keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < PASS_KEYS_MAX; i++) {
        ecdsa_key_free(keys->keys[i].signs);
        if (keys->keys[i].secret)
            hmac_done(&keys->keys[i].code);
    }
    free(keys);
}

/* 1..65535 in decimal, or 0. */
static uint16_t read_id(const char *name)
{
    char *end;
    unsigned long id = strtoul(name, &end, 10);

    return *name >= '1' && *name <= '9' && !*end && id <= UINT16_MAX ? (uint16_t)id : 0;
}

/* NULL, or why the key is none. */
static const char *add_secret(struct pass_keys *keys, const char *name, const unsigned char secret[KEYFILE_KEY_LEN])
{
    struct pass_key *key = &keys->keys[keys->n_keys];
    unsigned char code_key[HMAC_LEN];
    struct hmac hmac;

    key->id = read_id(name);
    if (key->id == 0)
        return "a pass key's name is a number from 1 to 65535";
    if (pass_key_find(keys, key->id))
        return "two keys have one number";
    key->signs = ecdsa_key_new(secret);
    if (!key->signs)
        return "a key is no scalar of P-256, or memory is short";
    hmac_init(&hmac, secret);
    hmac_sum(&hmac, &(struct hmac_part){"hg-pass-key-1", 13}, 1, code_key);
    hmac_done(&hmac);
    hmac_init(&key->code, code_key);
    mbedtls_platform_zeroize(code_key, sizeof(code_key));
    key->secret = true;
    keys->n_keys++;
    return NULL;
}

struct pass_keys *pass_keys_open(const char *path)
{
    struct pass_keys *keys = calloc(1, sizeof(*keys));
    char name[KEYFILE_NAME_SIZE];
    unsigned char secret[KEYFILE_KEY_LEN];
    const char *why = NULL;
    struct keyfile file;
    int got = -1;

    if (!keys) {
        log_error("pass_keys_refused", "file", path, "why", "no memory");
        return NULL;
    }
    if (keyfile_open(&file, path) == 0) {
        while (!why && (got = keyfile_next(&file, name, secret)) == 1)
            why = keys->n_keys < PASS_KEYS_MAX ? add_secret(keys, name, secret) : "too many keys";
        keyfile_close(&file);
        mbedtls_platform_zeroize(secret, sizeof(secret));
        if (got == 0 && keys->n_keys == 0)
            why = "it has no key";
        if (why)
            log_error("pass_keys_refused", "file", path, "why", why);
    }
    if (got == 0 && !why)
        return keys;
    pass_keys_close(keys);
    return NULL;
}

static bool add_public(struct pass_keys *keys, const struct pass_public *public)
{
    struct pass_key *key = &keys->keys[keys->n_keys];

    if (public->key_id == 0 || pass_key_find(keys, public->key_id))
        return false;
    key->signs = ecdsa_key_public(public->point);
    if (!key->signs)
        return false;
    key->id = public->key_id;
    keys->n_keys++;
    return true;
}

struct pass_keys *pass_keys_public(const struct pass_public *public, size_t n)
{
    struct pass_keys *keys = n > 0 && n <= PASS_KEYS_MAX ? calloc(1, sizeof(*keys)) : NULL;

    if (!keys)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (!add_public(keys, &public[i])) {
            pass_keys_close(keys);
            return NULL;
        }
    }
    return keys;
}

size_t pass_keys_list(const struct pass_keys *keys, struct pass_public ret[PASS_KEYS_MAX])
{
    for (size_t i = 0; i < keys->n_keys; i++) {
        ret[i].key_id = keys->keys[i].id;
        ecdsa_key_point(keys->keys[i].signs, ret[i].point);
    }
    return keys->n_keys;
}

const struct pass_key *pass_key_find(const struct pass_keys *keys, uint16_t id)
{
    for (size_t i = 0; i < keys->n_keys; i++) {
        if (keys->keys[i].id == id)
            return &keys->keys[i];
    }
    return NULL;
}

/* ---- signatures ---- */

bool pass_sign(struct pass_keys *keys, const unsigned char *bytes, size_t len, unsigned char ret[SIGNATURE_LEN])
{
    return ecdsa_sign(keys->keys[0].signs, bytes, len, ret);
}

enum pass_reason pass_check_signature(struct pass_keys *keys, uint16_t key_id, const unsigned char *bytes, size_t len,
                                      const unsigned char signature[SIGNATURE_LEN])
{
    const struct pass_key *key = pass_key_find(keys, key_id);

    if (!key)
        return PASS_UNKNOWN_KEY;
    return ecdsa_verify(key->signs, bytes, len, signature) ? PASS_OK : PASS_FORGED;
}
