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

/* in: the password, a NUL, and the setting or a hash under it, with its NUL. Nothing is made
 * without memory. */
static size_t hash_password(const void *in, size_t len, void *out)
{
    const char *password = in, *setting = password + strlen(password) + 1, *made;
    struct crypt_data work;
    size_t n = 0;

    ensure(setting < password + len);
    memset(&work, 0, sizeof(work));
    made = crypt_r(password, setting, &work);
    if (made && *made != '*' && strlen(made) < PASSWORD_HASH_SIZE) {
        n = strlen(made);
        memcpy(out, made, n);
    }
    mbedtls_platform_zeroize(&work, sizeof(work));
    return n;
}

/* A setting with a fresh salt; false when the library cannot make one. */
static bool fresh_setting(void *call, char ret[CRYPT_GENSALT_OUTPUT_SIZE])
{
    unsigned char salt[PASSWORD_SALT_LEN];

    rpc_random(call, salt, sizeof(salt));
    return crypt_gensalt_rn(PREFIX, COST, (const char *)salt, sizeof(salt), ret, CRYPT_GENSALT_OUTPUT_SIZE) != NULL;
}

int password_hash(const char *password, const char *like, void *call, char ret_hash[PASSWORD_HASH_SIZE])
{
    char fresh[CRYPT_GENSALT_OUTPUT_SIZE], in[PASSWORD_MAX * 4 + 1 + sizeof(fresh)];
    size_t same = strlen(password) + 1, len, made;
    const void *hash;

    if (!like && !fresh_setting(call, fresh))
        return RPC__REASON__OVERLOADED;
    len = (size_t)snprintf(in, sizeof(in), "%s%c%s", password, '\0', like ? like : fresh) + 1;
    if (len > sizeof(in))
        return RPC__REASON__TOO_LONG;
    hash = rpc_make(call, hash_password, in, len, like ? len : same, &made);
    mbedtls_platform_zeroize(in, sizeof(in));
    if (!hash)
        return PASSWORD_WAITS;
    if (made == 0)
        return RPC__REASON__OVERLOADED;
    memset(ret_hash, 0, PASSWORD_HASH_SIZE);
    memcpy(ret_hash, hash, made);
    return 0;
}

bool password_same(const char a[PASSWORD_HASH_SIZE], const char b[PASSWORD_HASH_SIZE])
{
    return mbedtls_ct_memcmp(a, b, PASSWORD_HASH_SIZE) == 0;
}
