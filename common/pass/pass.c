#include "common/pass/pass_internal.h"

#include "common/base/base64url.h"
#include "common/base/buf.h"

#define BODY_LEN 59
#define PASS_LEN (BODY_LEN + SIGNATURE_LEN)
#define HEAD_LEN 35 /* of a list of revocations */

enum { KIND_PASS = 0x01, KIND_REVOCATIONS = 0x10 };

_Static_assert(BASE64URL_CHARS(PASS_LEN) == PASS_CHARS && PASS_LEN % 3 == 0, "a text has one spelling");

/* Seconds since 1970 of an instant that is a whole one in 32 bits; false when it is not. */
static bool seconds_of(int64_t at_ms, uint32_t *ret)
{
    if (at_ms < 0 || at_ms % 1000 != 0 || at_ms / 1000 > UINT32_MAX)
        return false;
    *ret = (uint32_t)(at_ms / 1000);
    return true;
}

/* ---- the signed form ---- */

bool pass_make(struct pass_keys *keys, const struct pass *pass, char ret_text[PASS_SIZE])
{
    unsigned char bytes[PASS_LEN];
    uint32_t from, until;

    if (!seconds_of(pass->from_ms, &from) || !seconds_of(pass->until_ms, &until) || from >= until)
        return false;
    bytes[0] = KIND_PASS;
    put_be16(bytes + 1, keys->keys[0].id);
    put_be64(bytes + 3, (uint64_t)pass->issuer);
    put_be64(bytes + 11, (uint64_t)pass->campaign);
    put_be64(bytes + 19, (uint64_t)pass->site);
    put_be64(bytes + 27, (uint64_t)pass->slot);
    put_be64(bytes + 35, pass->handle);
    put_be64(bytes + 43, pass->serial);
    put_be32(bytes + 51, from);
    put_be32(bytes + 55, until);
    if (!pass_sign(keys, bytes, BODY_LEN, bytes + BODY_LEN))
        return false;
    base64url_encode(bytes, sizeof(bytes), ret_text);
    ret_text[PASS_CHARS] = '\0';
    return true;
}

/* What the bytes of a text say; MALFORMED or OK. */
static enum pass_reason parse(const char *text, size_t len, unsigned char ret_bytes[PASS_LEN], struct pass *ret)
{
    if (len != PASS_CHARS || base64url_decode(text, len, ret_bytes) != PASS_LEN || ret_bytes[0] != KIND_PASS)
        return PASS_MALFORMED;
    *ret = (struct pass){
        .key_id = get_be16(ret_bytes + 1),
        .issuer = (int64_t)get_be64(ret_bytes + 3),
        .campaign = (int64_t)get_be64(ret_bytes + 11),
        .site = (int64_t)get_be64(ret_bytes + 19),
        .slot = (int64_t)get_be64(ret_bytes + 27),
        .handle = get_be64(ret_bytes + 35),
        .serial = get_be64(ret_bytes + 43),
        .from_ms = (int64_t)get_be32(ret_bytes + 51) * 1000,
        .until_ms = (int64_t)get_be32(ret_bytes + 55) * 1000,
    };
    return ret->key_id == 0 || ret->from_ms >= ret->until_ms ? PASS_MALFORMED : PASS_OK;
}

enum pass_reason pass_verify(struct pass_keys *keys, const char *text, size_t len, struct pass *ret)
{
    unsigned char bytes[PASS_LEN];
    struct pass pass;
    enum pass_reason reason = parse(text, len, bytes, &pass);

    if (reason == PASS_OK)
        reason = pass_check_signature(keys, pass.key_id, bytes, BODY_LEN, bytes + BODY_LEN);
    if (reason == PASS_OK)
        *ret = pass;
    return reason;
}

_Static_assert(PASS_QUESTION_LEN == PASS_POINT_LEN + PASS_LEN, "a point and a pass");

enum pass_reason pass_read(const struct pass_keys *keys, const char *text, size_t len, struct pass *ret,
                           unsigned char ret_question[PASS_QUESTION_LEN])
{
    enum pass_reason reason = parse(text, len, ret_question + PASS_POINT_LEN, ret);
    const struct pass_key *key = reason == PASS_OK ? pass_key_find(keys, ret->key_id) : NULL;

    if (reason == PASS_OK && !key)
        reason = PASS_UNKNOWN_KEY;
    if (key)
        ecdsa_key_point(key->signs, ret_question);
    return reason;
}

bool pass_signed(const unsigned char question[PASS_QUESTION_LEN])
{
    const unsigned char *bytes = question + PASS_POINT_LEN;
    struct ecdsa_key *key = ecdsa_key_public(question);
    bool good = key && ecdsa_verify(key, bytes, BODY_LEN, bytes + BODY_LEN);

    ecdsa_key_free(key);
    return good;
}

enum pass_reason pass_judge(const struct pass *pass, int64_t site, const struct pass_revocations *revoked,
                            int64_t now_ms)
{
    if (revoked && pass_revoked(revoked, pass->serial))
        return PASS_REVOKED;
    if (pass->site != site)
        return PASS_OTHER_SITE;
    if (now_ms < pass->from_ms)
        return PASS_NOT_YET;
    return now_ms < pass->until_ms ? PASS_OK : PASS_EXPIRED;
}

/* ---- revocations ---- */

bool pass_revocations_make(struct pass_keys *keys, const struct pass_revocations *head, const uint64_t *serials,
                           uint32_t n, struct buf *buf)
{
    size_t len = HEAD_LEN + 8 * (size_t)n;
    unsigned char *bytes;
    uint32_t made;

    if (n > PASS_REVOKED_MAX || !seconds_of(head->made_ms, &made))
        return false;
    for (uint32_t i = 1; i < n; i++) {
        if (serials[i - 1] >= serials[i])
            return false;
    }
    bytes = (unsigned char *)buf_room(buf, len + SIGNATURE_LEN);
    if (!bytes)
        return false;
    bytes[0] = KIND_REVOCATIONS;
    put_be16(bytes + 1, keys->keys[0].id);
    put_be64(bytes + 3, (uint64_t)head->issuer);
    put_be64(bytes + 11, (uint64_t)head->site);
    put_be64(bytes + 19, (uint64_t)head->version);
    put_be32(bytes + 27, made);
    put_be32(bytes + 31, n);
    for (uint32_t i = 0; i < n; i++)
        put_be64(bytes + HEAD_LEN + 8 * (size_t)i, serials[i]);
    if (!pass_sign(keys, bytes, len, bytes + len))
        return false;
    buf->len += len + SIGNATURE_LEN;
    return true;
}

enum pass_reason pass_revocations_read(struct pass_keys *keys, const unsigned char *bytes, size_t len,
                                       struct pass_revocations *ret)
{
    struct pass_revocations list;
    enum pass_reason reason;

    if (len < HEAD_LEN + SIGNATURE_LEN || bytes[0] != KIND_REVOCATIONS)
        return PASS_MALFORMED;
    list = (struct pass_revocations){
        .key_id = get_be16(bytes + 1),
        .issuer = (int64_t)get_be64(bytes + 3),
        .site = (int64_t)get_be64(bytes + 11),
        .version = (int64_t)get_be64(bytes + 19),
        .made_ms = (int64_t)get_be32(bytes + 27) * 1000,
        .n = get_be32(bytes + 31),
        .serials = bytes + HEAD_LEN,
    };
    if (list.key_id == 0 || list.n > PASS_REVOKED_MAX || len != HEAD_LEN + 8 * (size_t)list.n + SIGNATURE_LEN)
        return PASS_MALFORMED;
    for (uint32_t i = 1; i < list.n; i++) {
        if (memcmp(list.serials + 8 * (size_t)(i - 1), list.serials + 8 * (size_t)i, 8) >= 0)
            return PASS_MALFORMED;
    }
    reason = pass_check_signature(keys, list.key_id, bytes, len - SIGNATURE_LEN, bytes + len - SIGNATURE_LEN);
    if (reason == PASS_OK)
        *ret = list;
    return reason;
}

bool pass_revoked(const struct pass_revocations *revoked, uint64_t serial)
{
    uint32_t low = 0, high = revoked->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uint64_t found = get_be64(revoked->serials + 8 * (size_t)middle);

        if (found == serial)
            return true;
        if (found < serial)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}
