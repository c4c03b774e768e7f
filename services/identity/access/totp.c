#include "services/identity/access/totp.h"

#include <mbedtls/constant_time.h>
#include <mbedtls/md.h>

#include "common/base/bytes.h"

void totp_code(const unsigned char secret[TOTP_SECRET_LEN], int64_t step, char ret_code[TOTP_DIGITS + 1])
{
    unsigned char counter[8], sum[20];
    uint32_t number;

    put_be64(counter, (uint64_t)step);
    ensure(mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA1), secret, TOTP_SECRET_LEN, counter,
                           sizeof(counter), sum) == 0);
    number = get_be32(sum + (sum[19] & 15)) & INT32_MAX; /* RFC 4226, 5.3 */
    snprintf(ret_code, TOTP_DIGITS + 1, "%06u", number % 1000000);
}

int64_t totp_match(const unsigned char secret[TOTP_SECRET_LEN], const char *code, int64_t now, int64_t last_step)
{
    int64_t here = now / TOTP_STEP_MS;
    char right[TOTP_DIGITS + 1];

    if (strlen(code) != TOTP_DIGITS)
        return 0;
    for (int64_t step = here - TOTP_WINDOW; step <= here + TOTP_WINDOW; step++) {
        totp_code(secret, step, right);
        if (mbedtls_ct_memcmp(right, code, TOTP_DIGITS) == 0 && step > last_step)
            return step;
    }
    return 0;
}

void totp_secret_text(const unsigned char secret[TOTP_SECRET_LEN], char ret_text[TOTP_SECRET_CHARS + 1])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t bits = 0;
    unsigned n = 0;

    for (unsigned i = 0, held = 0; i < TOTP_SECRET_LEN; i++) {
        bits = (bits << 8 | secret[i]) & 0xffff;
        for (held += 8; held >= 5; held -= 5)
            ret_text[n++] = alphabet[bits >> (held - 5) & 31];
    }
    ret_text[n] = '\0';
}
