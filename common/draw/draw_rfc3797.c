/* RFC 3797, "Publicly Verifiable Nominations Committee (NomCom) Random Selection":
 * exact, for draws that announce it, and to show that ours is not the only one. */
#include <mbedtls/md5.h>

#include "common/base/bytes.h"
#include "common/draw/draw.h"

#define NUMBERS_MAX 256 /* of one source */

struct number {
    const char *whole, *part; /* without leading, and without trailing zeros */
    int n_whole, n_part;
};

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Reads one number and moves behind it. */
static bool read_number(const char **text, struct number *ret)
{
    const char *at = *text;
    size_t n = digits(at), m = 0;

    *ret = (struct number){.whole = at, .part = at + n};
    if (n == 0 || n > 64)
        return false;
    if (at[n] == '.') {
        m = digits(at + n + 1);
        ret->part = at + n + 1;
    }
    *text = ret->part + m;
    if (m > 64)
        return false;
    while (n > 1 && *ret->whole == '0') {
        ret->whole++;
        n--;
    }
    while (m > 0 && ret->part[m - 1] == '0')
        m--;
    ret->n_whole = (int)n;
    ret->n_part = (int)m;
    return **text == '\0' || **text == ' ';
}

static int compare(const void *left, const void *right)
{
    const struct number *a = left, *b = right;
    int shorter = a->n_part < b->n_part ? a->n_part : b->n_part, order;

    if (a->n_whole != b->n_whole)
        return a->n_whole - b->n_whole;
    order = strncmp(a->whole, b->whole, (size_t)a->n_whole);
    if (order == 0)
        order = strncmp(a->part, b->part, (size_t)shorter);
    return order ? order : a->n_part - b->n_part;
}

static bool add_source(const char *source, char *key, size_t *len)
{
    struct number numbers[NUMBERS_MAX];
    size_t n = 0;

    for (source += strspn(source, " "); *source; source += strspn(source, " ")) {
        if (n == NUMBERS_MAX || !read_number(&source, &numbers[n]))
            return false;
        n++;
    }
    qsort(numbers, n, sizeof(*numbers), compare);
    for (size_t i = 0; i < n; i++) {
        if (*len + 132 > DRAW_RFC3797_SIZE)
            return false;
        *len += (size_t)snprintf(key + *len, DRAW_RFC3797_SIZE - *len, "%.*s.%.*s", numbers[i].n_whole,
                                 numbers[i].whole, numbers[i].n_part, numbers[i].part);
    }
    if (n == 0 || *len + 2 > DRAW_RFC3797_SIZE)
        return false;
    key[(*len)++] = '/';
    key[*len] = '\0';
    return true;
}

bool draw_rfc3797_key(const char *const *sources, uint32_t n, char ret_key[DRAW_RFC3797_SIZE])
{
    size_t len = 0;

    ret_key[0] = '\0';
    for (uint32_t i = 0; i < n; i++) {
        if (!add_source(sources[i], ret_key, &len))
            return false;
    }
    return n > 0;
}

/* MD5(counter | key | counter) as a number of 128 bits, modulo n. */
static uint32_t hash_modulo(const char *key, uint32_t counter, uint32_t n)
{
    unsigned char both[2], sum[16];
    mbedtls_md5_context md5;
    uint64_t rest = 0;

    put_be16(both, (uint16_t)counter);
    mbedtls_md5_init(&md5);
    ensure(mbedtls_md5_starts_ret(&md5) == 0 && mbedtls_md5_update_ret(&md5, both, 2) == 0 &&
           mbedtls_md5_update_ret(&md5, (const unsigned char *)key, strlen(key)) == 0 &&
           mbedtls_md5_update_ret(&md5, both, 2) == 0 && mbedtls_md5_finish_ret(&md5, sum) == 0);
    mbedtls_md5_free(&md5);
    for (size_t i = 0; i < sizeof(sum); i++)
        rest = (rest << 8 | sum[i]) % n;
    return (uint32_t)rest;
}

enum draw_reason draw_rfc3797_select(const char *key, uint32_t pool, uint32_t count, uint16_t *scratch,
                                     uint32_t *ret_selected)
{
    if (pool > DRAW_RFC3797_MAX)
        return DRAW_FULL;
    if (count > pool)
        return DRAW_BAD_TERMS;
    for (uint32_t i = 0; i < pool; i++)
        scratch[i] = (uint16_t)(i + 1);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t left = pool - i, at = hash_modulo(key, i, left);

        ret_selected[i] = scratch[at];
        memmove(scratch + at, scratch + at + 1, (left - at - 1) * sizeof(*scratch));
    }
    return DRAW_OK;
}
