#include "common/trust/pii.h"
#include "common/base/hmac.h"
#include "common/base/keyfile.h"
#include "common/base/log.h"

#include <mbedtls/gcm.h>
#include <mbedtls/platform_util.h>

#define AES_256_GCM 1
#define HEAD_LEN    2
#define TAG_LEN     16
#define AAD_MAX     (HEAD_LEN + PII_CONTEXT_MAX + 1 + 8)
#define DATA_KEY    "data_key" /* the context of wrapped keys */

struct pii_key {
    unsigned char number; /* 0: a data key, or the place is free */
    mbedtls_gcm_context gcm;
};

/* The data key in use, known by what it was unwrapped from. */
struct data_key {
    struct pii_key key;
    int64_t row;
    unsigned char wrapped[PII_WRAPPED_LEN]; /* all zero: none */
};

struct pii_keys {
    struct pii_key *sealing; /* PII_KEYS_MAX of them; apart, since a cipher is written to while it works */
    struct data_key *data;   /* likewise */
    unsigned char current;   /* the highest number */
    struct hmac index;
    bool has_index;
};

static struct pii_key *find_key(const struct pii_keys *keys, unsigned char number)
{
    for (int i = 0; i < PII_KEYS_MAX; i++) {
        if (keys->sealing[i].number == number)
            return &keys->sealing[i];
    }
    return NULL;
}

/* NULL, or why the key cannot be taken. */
static const char *add_key(struct pii_keys *keys, const char *name, const unsigned char bytes[KEYFILE_KEY_LEN])
{
    char *end;
    unsigned long number = strtoul(name, &end, 10);
    struct pii_key *key;

    if (strcmp(name, "index") == 0) {
        if (keys->has_index)
            return "it has two index keys";
        hmac_init(&keys->index, bytes);
        keys->has_index = true;
        return NULL;
    }
    if (name[0] < '1' || name[0] > '9' || *end || number > 255)
        return "a key's name is index or a number from 1 to 255";
    if (find_key(keys, (unsigned char)number))
        return "it has a key number twice";
    key = find_key(keys, 0);
    if (!key)
        return "it has too many keys";
    if (mbedtls_gcm_setkey(&key->gcm, MBEDTLS_CIPHER_ID_AES, bytes, 256) != 0)
        return "the cipher does not take the key";
    key->number = (unsigned char)number;
    if (key->number > keys->current)
        keys->current = key->number;
    return NULL;
}

static bool load(struct pii_keys *keys, struct keyfile *file)
{
    char name[KEYFILE_NAME_SIZE];
    unsigned char bytes[KEYFILE_KEY_LEN];
    const char *why = NULL;
    int got;

    while (!why && (got = keyfile_next(file, name, bytes)) != 0) {
        if (got < 0)
            return false;
        why = add_key(keys, name, bytes);
    }
    mbedtls_platform_zeroize(bytes, sizeof(bytes));
    if (!why && !keys->has_index)
        why = "it has no index key";
    if (!why && keys->current == 0)
        why = "it has no sealing key";
    if (why)
        log_error("pii_keys_refused", "file", file->path, "why", why, "line", log_int(file->line));
    return !why;
}

static struct pii_keys *new_keys(void)
{
    struct pii_keys *keys = calloc(1, sizeof(*keys));

    if (!keys)
        return NULL;
    keys->sealing = calloc(PII_KEYS_MAX, sizeof(*keys->sealing));
    keys->data = calloc(1, sizeof(*keys->data));
    if (!keys->sealing || !keys->data) {
        free(keys->sealing);
        free(keys->data);
        free(keys);
        return NULL;
    }
    mbedtls_gcm_init(&keys->data->key.gcm);
    for (int i = 0; i < PII_KEYS_MAX; i++)
        mbedtls_gcm_init(&keys->sealing[i].gcm);
    return keys;
}

struct pii_keys *pii_keys_open(const char *path)
{
    struct pii_keys *keys = new_keys();
    struct keyfile file;
    bool loaded;

    if (!keys) {
        log_error("pii_keys_refused", "file", path, "why", "no memory");
        return NULL;
    }
    if (keyfile_open(&file, path) != 0) {
        pii_keys_close(keys);
        return NULL;
    }
    loaded = load(keys, &file);
    keyfile_close(&file);
    if (!loaded) {
        pii_keys_close(keys);
        return NULL;
    }
    return keys;
}

void pii_keys_close(struct pii_keys *keys)
{
    if (!keys)
        return;
    for (int i = 0; i < PII_KEYS_MAX; i++)
        mbedtls_gcm_free(&keys->sealing[i].gcm);
    mbedtls_gcm_free(&keys->data->key.gcm);
    free(keys->sealing);
    free(keys->data);
    hmac_done(&keys->index);
    free(keys);
}

/* The context ends with a NUL, so that no two pairs of context and row join to
 * the same bytes. */
static size_t write_aad(const unsigned char head[HEAD_LEN], const char *context, int64_t row,
                        unsigned char ret[AAD_MAX])
{
    size_t len = strlen(context);
    unsigned char *at = ret + HEAD_LEN;

    ensure(len <= PII_CONTEXT_MAX);
    memcpy(ret, head, HEAD_LEN);
    memcpy(at, context, len + 1);
    at += len + 1;
    for (int shift = 56; shift >= 0; shift -= 8)
        *at++ = (unsigned char)((uint64_t)row >> shift);
    return (size_t)(at - ret);
}

static void seal_with(struct pii_key *key, const char *context, int64_t row, const unsigned char nonce[PII_NONCE_LEN],
                      const void *plain, size_t len, unsigned char *ret_sealed)
{
    unsigned char *body = ret_sealed + HEAD_LEN + PII_NONCE_LEN;
    unsigned char aad[AAD_MAX];
    size_t aad_len;

    ensure(len <= PII_PLAIN_MAX);
    ret_sealed[0] = AES_256_GCM;
    ret_sealed[1] = key->number;
    memcpy(ret_sealed + HEAD_LEN, nonce, PII_NONCE_LEN);
    aad_len = write_aad(ret_sealed, context, row, aad);
    ensure(mbedtls_gcm_crypt_and_tag(&key->gcm, MBEDTLS_GCM_ENCRYPT, len, nonce, PII_NONCE_LEN, aad, aad_len, plain,
                                     body, TAG_LEN, body + len) == 0);
}

void pii_seal(const struct pii_keys *keys, const char *context, int64_t row, const unsigned char nonce[PII_NONCE_LEN],
              const void *plain, size_t len, unsigned char *ret_sealed)
{
    seal_with(find_key(keys, keys->current), context, row, nonce, plain, len, ret_sealed);
}

void pii_seal_under(const struct pii_key *key, const char *context, int64_t row,
                    const unsigned char nonce[PII_NONCE_LEN], const void *plain, size_t len, unsigned char *ret_sealed)
{
    seal_with(unconst(key), context, row, nonce, plain, len, ret_sealed);
}

long pii_open_under(const struct pii_keys *keys, const struct pii_key *data_key, const char *context, int64_t row,
                    const unsigned char *sealed, size_t len, char *ret_plain)
{
    const unsigned char *body = sealed + HEAD_LEN + PII_NONCE_LEN;
    unsigned char aad[AAD_MAX];
    struct pii_key *key;
    size_t plain_len, aad_len;

    if (len < PII_OVERHEAD)
        return -1;
    ret_plain[0] = '\0';
    plain_len = len - PII_OVERHEAD;
    if (plain_len > PII_PLAIN_MAX || sealed[0] != AES_256_GCM)
        return -1;
    key = sealed[1] ? find_key(keys, sealed[1]) : unconst(data_key);
    if (!key)
        return -1;
    aad_len = write_aad(sealed, context, row, aad);
    if (mbedtls_gcm_auth_decrypt(&key->gcm, plain_len, sealed + HEAD_LEN, PII_NONCE_LEN, aad, aad_len, body + plain_len,
                                 TAG_LEN, body, (unsigned char *)ret_plain) != 0) {
        memset(ret_plain, 0, plain_len + 1);
        return -1;
    }
    ret_plain[plain_len] = '\0';
    return (long)plain_len;
}

long pii_open(const struct pii_keys *keys, const char *context, int64_t row, const unsigned char *sealed, size_t len,
              char *ret_plain)
{
    return pii_open_under(keys, NULL, context, row, sealed, len, ret_plain);
}

void pii_wrap(const struct pii_keys *keys, int64_t row, const unsigned char nonce[PII_NONCE_LEN],
              const unsigned char key[PII_KEY_LEN], unsigned char ret_wrapped[PII_WRAPPED_LEN])
{
    pii_seal(keys, DATA_KEY, row, nonce, key, PII_KEY_LEN, ret_wrapped);
}

const struct pii_key *pii_data_key(const struct pii_keys *keys, int64_t row, const unsigned char *wrapped, size_t len)
{
    struct data_key *data = keys->data;
    char bytes[PII_KEY_LEN + 1];
    bool ok;

    if (len != PII_WRAPPED_LEN)
        return NULL;
    if (data->wrapped[0] && data->row == row && memcmp(data->wrapped, wrapped, len) == 0)
        return &data->key;
    memset(data->wrapped, 0, sizeof(data->wrapped));
    ok = pii_open(keys, DATA_KEY, row, wrapped, len, bytes) == PII_KEY_LEN &&
         mbedtls_gcm_setkey(&data->key.gcm, MBEDTLS_CIPHER_ID_AES, (const unsigned char *)bytes, 256) == 0;
    mbedtls_platform_zeroize(bytes, sizeof(bytes));
    if (!ok)
        return NULL;
    data->row = row;
    memcpy(data->wrapped, wrapped, len);
    return &data->key;
}

bool pii_is_under_data_key(const unsigned char *sealed, size_t len)
{
    return len >= PII_OVERHEAD && sealed[0] == AES_256_GCM && sealed[1] == 0;
}

void pii_index(const struct pii_keys *keys, const char *context, const void *value, size_t len,
               unsigned char ret_index[PII_INDEX_LEN])
{
    struct hmac_part parts[] = {{context, strlen(context) + 1}, {value, len}};
    unsigned char sum[HMAC_LEN];

    hmac_sum(&keys->index, parts, ARRAY_LEN(parts), sum);
    memcpy(ret_index, sum, PII_INDEX_LEN);
}
