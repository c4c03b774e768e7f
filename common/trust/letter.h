/* letter.h: what one daemon says of a member to one other daemon, through hands that may
 * not read it.
 *
 * A service that does not know who somebody is, or may not tell, writes her number, what
 * it is about, who may hand it in and until when; it is sealed under a key that writer and
 * reader share (AES-256-GCM, pii.h) and travels as base64url text, e.g. with the answer to
 * a scan. Whoever carries it learns nothing from it and cannot change it. A letter is not
 * kept: it is good for LIMIT_LETTER_MS, for one bearer. */
#pragma once
#include "common/base/base64url.h"
#include "common/base/limits.h"
#include "common/trust/pii.h"

#define LETTER_PLAIN_MAX (4 * 8 + LIMIT_UNION_PATH)
#define LETTER_CHARS     BASE64URL_CHARS(LETTER_PLAIN_MAX + PII_OVERHEAD) /* at most */
#define LETTER_SIZE      (LETTER_CHARS + 1)

struct letter {
    int64_t member_id;
    int64_t about_id;                      /* of what the writer has, e.g. a booking */
    int64_t bearer_id;                     /* who alone may hand it in */
    int64_t until;                         /* the first instant at which it is no longer good */
    char union_path[LIMIT_UNION_PATH + 1]; /* whose officials may see what it is about */
};

/* nonce is 12 fresh random bytes. */
void letter_write(const struct pii_keys *keys, const unsigned char nonce[PII_NONCE_LEN], const struct letter *letter,
                  char ret_text[LETTER_SIZE]);
/* Reads any bytes; false when they are no letter under these keys. Who hands it in, and
 * when, the caller judges. */
bool letter_read(const struct pii_keys *keys, const char *text, size_t len, struct letter *ret);
