#include "services/identity/access/password.h"

#include <ctype.h>
#include <crypt.h>
#include <mbedtls/constant_time.h>
#include <mbedtls/platform_util.h>

#define PREFIX "$y$"
#define COST   3 /* crypt_gensalt(3)'s count: N = 1024, r = 32 */

static unsigned count_classes(const char *text)
{
    bool lower = false, upper = false, digit = false, other = false;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c >= 0x80 || !isalnum(c))
            other = true;
        else if (isdigit(c))
            digit = true;
        else if (isupper(c))
            upper = true;
        else
            lower = true;
    }
    return (unsigned)lower + upper + digit + other;
}

static size_t count_characters(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

int password_refusal(const char *password, const struct person *person)
{
    size_t n = count_characters(password);

    if (n < PASSWORD_MIN || n > PASSWORD_MAX || count_classes(password) < 3)
        return IDENTITY__REASON__PASSWORD_WEAK;
    if ((*person->mobile && strstr(password, person->mobile)) || (*person->name && strcasestr(password, person->name)))
        return IDENTITY__REASON__PASSWORD_TELLING;
    return 0;
}

bool password_hash_like(const char *password, const char *hash, char ret_hash[PASSWORD_HASH_SIZE])
{
    struct crypt_data work;
    const char *made;
    bool ok;

    memset(&work, 0, sizeof(work));
    made = crypt_r(password, hash, &work);
    ok = made && *made != '*' && strlen(made) < PASSWORD_HASH_SIZE;
    if (ok) {
        memset(ret_hash, 0, PASSWORD_HASH_SIZE);
        memcpy(ret_hash, made, strlen(made));
    }
    mbedtls_platform_zeroize(&work, sizeof(work));
    return ok;
}

bool password_hash_new(const char *password, const unsigned char salt[PASSWORD_SALT_LEN],
                       char ret_hash[PASSWORD_HASH_SIZE])
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];

    return crypt_gensalt_rn(PREFIX, COST, (const char *)salt, PASSWORD_SALT_LEN, setting, sizeof(setting)) &&
           password_hash_like(password, setting, ret_hash);
}

bool password_same(const char a[PASSWORD_HASH_SIZE], const char b[PASSWORD_HASH_SIZE])
{
    return mbedtls_ct_memcmp(a, b, PASSWORD_HASH_SIZE) == 0;
}
