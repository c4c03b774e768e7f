#include "services/bridge/wechat/page.h"

#include <ctype.h>
#include <mbedtls/constant_time.h>
#include <mbedtls/sha1.h>

#include "common/base/log.h"

#define END_CHARS 8
#define SUM_LEN   16

int page_init(struct page *page, const char *url, const char *hosts, const unsigned char key[32])
{
    *page = (struct page){0};
    if (!outside_url_ok(url)) {
        log_error("setting_refused", "name", "HUIGONG_WECHAT_OPEN_URL", "why", "https:// and a host, or this machine");
        return -1;
    }
    if (strlen(hosts) >= sizeof(page->hosts)) {
        log_error("setting_refused", "name", "HUIGONG_WECHAT_PAGES", "why", "too long");
        return -1;
    }
    snprintf(page->url, sizeof(page->url), "%s", url);
    snprintf(page->hosts, sizeof(page->hosts), "%s", hosts);
    hmac_init(&page->key, key);
    return 0;
}

/* ---- where to ---- */

static bool is_listed(const char *hosts, const char *host, size_t len)
{
    while (*hosts) {
        size_t one = strcspn(hosts, ",");

        if (one == len && memcmp(hosts, host, len) == 0)
            return true;
        hosts += one + (hosts[one] == ',');
    }
    return false;
}

/* Whether an address is of a page here, and its characters are fit to be handed on as they are. */
static bool is_here(const struct page *page, const char *uri, size_t size)
{
    bool https = strncmp(uri, "https://", 8) == 0;
    const char *host = uri + (https ? 8 : 7);
    size_t len;

    if (strlen(uri) >= size || (!https && strncmp(uri, "http://", 7) != 0))
        return false;
    for (const char *c = uri; *c; c++) {
        if (*c <= ' ' || *c > '~')
            return false;
    }
    len = strcspn(host, "/?");
    if (!https && strncmp(host, "127.0.0.1:", 10) != 0 && strncmp(host, "localhost:", 10) != 0)
        return false;
    return len > 0 && host[len] == '/' && is_listed(page->hosts, host, len);
}

bool page_uri_ok(const struct page *page, const char *uri)
{
    return !strpbrk(uri, "\"#<>@\\^`{|}") && is_here(page, uri, PAGE_URI_SIZE);
}

bool page_address_ok(const struct page *page, const char *address)
{
    return is_here(page, address, PAGE_SIGNED_SIZE);
}

void page_sign(const char *ticket, const char *nonce, int64_t now_s, const char *address,
               char ret[HEX_SIZE(PAGE_SIGNATURE_LEN)])
{
    char text[WECHAT_TOKEN_SIZE + PAGE_SIGNED_SIZE + 128];
    unsigned char sum[PAGE_SIGNATURE_LEN];
    int len = snprintf(text, sizeof(text), "jsapi_ticket=%s&noncestr=%s&timestamp=%lld&url=%.*s", ticket, nonce,
                       (long long)now_s, (int)strcspn(address, "#"), address);

    ensure(len > 0 && (size_t)len < sizeof(text) &&
           mbedtls_sha1_ret((const unsigned char *)text, (size_t)len, sum) == 0);
    hex_print(sum, sizeof(sum), ret);
}

/* ---- the state ---- */

/* The sum over an app and the rest of a state: its end and the challenge. */
static void sum_state(const struct page *page, const char *appid, const char *rest, char ret[HEX_SIZE(SUM_LEN)])
{
    unsigned char sum[HMAC_LEN];
    struct hmac_part parts[] = {{appid, strlen(appid) + 1}, {rest, END_CHARS + PAGE_HASH_CHARS}};

    hmac_sum(&page->key, parts, ARRAY_LEN(parts), sum);
    hex_print(sum, SUM_LEN, ret);
}

static bool is_hex(const char *text, size_t len)
{
    return strlen(text) == len && strspn(text, HEX_DIGITS) == len;
}

static void escape(const char *text, char *ret, size_t size)
{
    size_t len = 0;

    for (; *text && len + 4 < size; text++) {
        if (isalnum((unsigned char)*text) || strchr("-_.~", *text))
            ret[len++] = *text;
        else
            len += (size_t)snprintf(ret + len, 4, "%%%02X", (unsigned char)*text);
    }
    ret[len] = '\0';
}

bool page_begin(const struct page *page, const char *appid, const char *uri, const char *challenge, bool details,
                int64_t now_ms, char ret_address[PAGE_ADDRESS_SIZE])
{
    char state[PAGE_STATE_SIZE], escaped[3 * PAGE_URI_SIZE];
    int len;

    if (!is_hex(challenge, PAGE_HASH_CHARS))
        return false;
    snprintf(state, sizeof(state), "%08x%s", (unsigned)(now_ms / 1000 + PAGE_LIFE_S), challenge);
    sum_state(page, appid, state, state + END_CHARS + PAGE_HASH_CHARS);
    escape(uri, escaped, sizeof(escaped));
    /* The order of the parameters is WeChat's. */
    len = snprintf(ret_address, PAGE_ADDRESS_SIZE,
                   "%s/connect/oauth2/authorize?appid=%s&redirect_uri=%s&response_type=code&scope=%s&state=%s"
                   "#wechat_redirect",
                   page->url, appid, escaped, details ? "snsapi_userinfo" : "snsapi_base", state);
    ensure(len > 0 && len < PAGE_ADDRESS_SIZE);
    return true;
}

bool page_state_ok(const struct page *page, const char *appid, const char *state, const char *secret, int64_t now_ms)
{
    char right[HEX_SIZE(SUM_LEN)], end[END_CHARS + 1], challenge[PAGE_HASH_CHARS + 1];
    unsigned char hash[32];

    if (!is_hex(state, PAGE_STATE_SIZE - 1))
        return false;
    sum_state(page, appid, state, right);
    if (mbedtls_ct_memcmp(right, state + END_CHARS + PAGE_HASH_CHARS, 2 * SUM_LEN) != 0)
        return false;
    snprintf(end, sizeof(end), "%s", state);
    if (now_ms / 1000 >= (int64_t)strtoul(end, NULL, 16))
        return false;
    sha256_of(secret, strlen(secret), hash);
    hex_print(hash, sizeof(hash), challenge);
    return mbedtls_ct_memcmp(challenge, state + END_CHARS, PAGE_HASH_CHARS) == 0;
}
