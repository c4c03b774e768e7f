#include "common/pass/pass_internal.h"

#include "common/base/base64url.h"

#include <mbedtls/constant_time.h>
#include <mbedtls/platform_util.h>

#define SUBJECT_LEN 11 /* kind, key id, subject */
#define HEAD_LEN    13 /* and the step */
#define TAG_LEN     11
#define CODE_LEN    (HEAD_LEN + TAG_LEN)

_Static_assert(BASE64URL_CHARS(CODE_LEN) == PASS_CODE_CHARS && CODE_LEN % 3 == 0, "a text has one spelling");

static void make_turn_key(const struct pass_key *key, const unsigned char subject[SUBJECT_LEN],
                          unsigned char ret[PASS_TURN_KEY_LEN])
{
    hmac_sum(&key->code, (struct hmac_part[]){{"hg-pass-turn-1", 14}, {subject, SUBJECT_LEN}}, 2, ret);
}

/* The tag of a code at a step; only rotating codes have one. */
static void make_tag(const struct pass_key *key, const unsigned char head[HEAD_LEN], int64_t step,
                     unsigned char ret[HMAC_LEN])
{
    unsigned char turn_key[PASS_TURN_KEY_LEN], step_bytes[8];
    struct hmac hmac;

    if (head[0] == PASS_PRINTED) {
        hmac_sum(&key->code, (struct hmac_part[]){{"hg-pass-code-1", 14}, {head, HEAD_LEN}}, 2, ret);
        return;
    }
    make_turn_key(key, head, turn_key);
    hmac_init(&hmac, turn_key);
    put_be64(step_bytes, (uint64_t)step);
    hmac_sum(&hmac, &(struct hmac_part){step_bytes, sizeof(step_bytes)}, 1, ret);
    hmac_done(&hmac);
    mbedtls_platform_zeroize(turn_key, sizeof(turn_key));
}

static void put_subject(unsigned char ret[SUBJECT_LEN], enum pass_kind kind, uint16_t key_id, uint64_t subject)
{
    ret[0] = (unsigned char)kind;
    put_be16(ret + 1, key_id);
    put_be64(ret + 3, subject);
}

bool pass_code_make(const struct pass_keys *keys, enum pass_kind kind, uint64_t subject, int64_t now_ms,
                    char ret_text[PASS_CODE_SIZE])
{
    const struct pass_key *key = &keys->keys[0];
    unsigned char bytes[CODE_LEN], tag[HMAC_LEN];
    int64_t step = kind == PASS_PRINTED ? 0 : now_ms / PASS_STEP_MS;

    if (!key->secret || now_ms < 0)
        return false;
    put_subject(bytes, kind, key->id, subject);
    put_be16(bytes + SUBJECT_LEN, (uint16_t)step);
    make_tag(key, bytes, step, tag);
    memcpy(bytes + HEAD_LEN, tag, TAG_LEN);
    base64url_encode(bytes, sizeof(bytes), ret_text);
    ret_text[PASS_CODE_CHARS] = '\0';
    return true;
}

static bool read_code(const char *text, size_t len, unsigned char ret_bytes[CODE_LEN], struct pass_code *ret)
{
    if (len != PASS_CODE_CHARS || base64url_decode(text, len, ret_bytes) != CODE_LEN || ret_bytes[0] < PASS_PRINTED ||
        ret_bytes[0] > PASS_PURSE)
        return false;
    *ret = (struct pass_code){(enum pass_kind)ret_bytes[0], get_be16(ret_bytes + 1), get_be64(ret_bytes + 3)};
    return ret->key_id != 0 && (ret->kind != PASS_PRINTED || get_be16(ret_bytes + SUBJECT_LEN) == 0);
}

bool pass_code_says(const char *text, size_t len, struct pass_code *ret)
{
    unsigned char bytes[CODE_LEN];

    return read_code(text, len, bytes, ret);
}

enum pass_reason pass_code_check(const struct pass_keys *keys, const char *text, size_t len, int64_t now_ms,
                                 struct pass_code *ret)
{
    unsigned char bytes[CODE_LEN], tag[HMAC_LEN];
    const struct pass_key *key;
    struct pass_code code;
    uint16_t late, low;
    int64_t now = now_ms / PASS_STEP_MS, step;

    if (!read_code(text, len, bytes, &code))
        return PASS_MALFORMED;
    low = get_be16(bytes + SUBJECT_LEN);
    key = pass_key_find(keys, code.key_id);
    if (!key || !key->secret)
        return PASS_UNKNOWN_KEY;
    /* Of all steps with these low bits, the one that is nearest to now. */
    late = (uint16_t)((uint64_t)now - low);
    step = late < 0x8000 ? now - late : now + (0x10000 - late);
    make_tag(key, bytes, step, tag);
    if (mbedtls_ct_memcmp(tag, bytes + HEAD_LEN, TAG_LEN) != 0)
        return PASS_FORGED;
    if (bytes[0] != PASS_PRINTED && (step < now - 1 || step > now + 1))
        return PASS_STALE;
    *ret = code;
    return PASS_OK;
}

bool pass_turn_key(const struct pass_keys *keys, enum pass_kind kind, uint64_t subject, uint16_t *ret_key_id,
                   unsigned char ret_key[PASS_TURN_KEY_LEN])
{
    const struct pass_key *key = &keys->keys[0];
    unsigned char bytes[SUBJECT_LEN];

    if (!key->secret)
        return false;
    put_subject(bytes, kind, key->id, subject);
    make_turn_key(key, bytes, ret_key);
    *ret_key_id = key->id;
    return true;
}
