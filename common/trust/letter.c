#include "common/trust/letter.h"
#include "common/base/bytes.h"

#define CONTEXT  "letter"
#define HEAD_LEN (4 * 8)

void letter_write(const struct pii_keys *keys, const unsigned char nonce[PII_NONCE_LEN], const struct letter *letter,
                  char ret_text[LETTER_SIZE])
{
    size_t path_len = strlen(letter->union_path), len = HEAD_LEN + path_len;
    unsigned char plain[LETTER_PLAIN_MAX], sealed[LETTER_PLAIN_MAX + PII_OVERHEAD];

    put_be64(plain, (uint64_t)letter->member_id);
    put_be64(plain + 8, (uint64_t)letter->about_id);
    put_be64(plain + 16, (uint64_t)letter->bearer_id);
    put_be64(plain + 24, (uint64_t)letter->until);
    memcpy(plain + HEAD_LEN, letter->union_path, path_len);
    pii_seal(keys, CONTEXT, 0, nonce, plain, len, sealed);
    ret_text[base64url_encode(sealed, len + PII_OVERHEAD, ret_text)] = '\0';
}

bool letter_read(const struct pii_keys *keys, const char *text, size_t len, struct letter *ret)
{
    unsigned char sealed[LETTER_CHARS], plain[LETTER_PLAIN_MAX + 1];
    int sealed_len;
    long plain_len;

    if (len > LETTER_CHARS)
        return false;
    sealed_len = base64url_decode(text, len, sealed);
    if (sealed_len < HEAD_LEN + PII_OVERHEAD || sealed_len > LETTER_PLAIN_MAX + PII_OVERHEAD)
        return false;
    plain_len = pii_open(keys, CONTEXT, 0, sealed, (size_t)sealed_len, (char *)plain);
    if (plain_len < HEAD_LEN)
        return false;
    *ret = (struct letter){.member_id = (int64_t)get_be64(plain),
                           .about_id = (int64_t)get_be64(plain + 8),
                           .bearer_id = (int64_t)get_be64(plain + 16),
                           .until = (int64_t)get_be64(plain + 24)};
    memcpy(ret->union_path, plain + HEAD_LEN, (size_t)plain_len - HEAD_LEN);
    return true;
}
