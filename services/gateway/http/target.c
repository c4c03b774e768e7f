#include "services/gateway/http/target.h"

#include "common/base/hex.h"

#include <strings.h>

bool authority_read(const char *text, size_t len, struct authority *ret_authority)
{
    size_t i = 0;
    unsigned port = 0;

    if (len > 0 && text[0] == '[') {
        for (i = 1; i < len && (strchr(":.", text[i]) || strchr("0123456789abcdefABCDEF", text[i])); i++)
            ;
        if (i == len || text[i] != ']' || i < 3)
            return false;
        i++;
    } else {
        while (i < len && head_is_reg_name((unsigned char)text[i]))
            i++;
    }
    *ret_authority = (struct authority){text, i, 0};
    if (i == 0)
        return false;
    if (i == len)
        return true;
    if (text[i++] != ':' || len - i > 5)
        return false;
    for (; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        port = port * 10 + (unsigned)(text[i] - '0');
    }
    ret_authority->port = port;
    return port <= 65535;
}

static int escape_at(const char *text, size_t len, size_t at)
{
    return at + 2 < len && text[at] == '%' ? hex_byte(text + at + 1) : -1;
}

/* Refuses the escapes that hide a character: NUL, and what never occurs in UTF-8
 * or is the overlong form of another character (RFC 3629, 3 and 10). */
static bool escapes_are_plain(const char *text, size_t len)
{
    const char *percent = memchr(text, '%', len);

    if (!percent)
        return true;
    for (size_t i = (size_t)(percent - text); i < len; i++) {
        int byte = escape_at(text, len, i), next;

        if (byte < 0)
            continue;
        next = escape_at(text, len, i + 3);
        if (byte == 0 || byte == 0xc0 || byte == 0xc1 || byte >= 0xf5)
            return false;
        if ((byte == 0xe0 && next >= 0x80 && next < 0xa0) || (byte == 0xf0 && next >= 0x80 && next < 0x90))
            return false;
    }
    return true;
}

/* The characters of RFC 3986, 2. */
bool target_is_plain(const char *text, size_t len)
{
    if (len == 0 || text[0] != '/' || !escapes_are_plain(text, len))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~' || strchr("#\"<>\\^`{|}", text[i]))
            return false;
    }
    return true;
}

/* Goes past the scheme and the authority of an absolute URI, which must name the
 * same place as Host. */
static enum refusal skip_authority(const char *text, size_t len, const struct authority *host, size_t *ret_path)
{
    struct authority authority;
    unsigned standard_port;
    size_t start, end;

    if (len > 7 && strncasecmp(text, "http://", 7) == 0) {
        start = 7;
        standard_port = 80;
    } else if (len > 8 && strncasecmp(text, "https://", 8) == 0) {
        start = 8;
        standard_port = 443;
    } else {
        return REFUSAL_TARGET;
    }
    for (end = start; end < len && !strchr("/?#", text[end]); end++)
        ;
    *ret_path = end;
    for (size_t i = start; i < end; i++) {
        if (text[i] == '@')
            start = i + 1;
    }
    if (!authority_read(text + start, end - start, &authority))
        return REFUSAL_TARGET;
    if (!host->host)
        return REFUSAL_NONE;
    if (authority.host_len != host->host_len || strncasecmp(authority.host, host->host, host->host_len) != 0 ||
        (authority.port ? authority.port : standard_port) != (host->port ? host->port : standard_port))
        return REFUSAL_HOST;
    return REFUSAL_NONE;
}

enum refusal target_read(struct head *head, size_t target, size_t len, const struct authority *host)
{
    const char *text = head->bytes + target;
    const char *mark;
    size_t path = 0;

    if (!escapes_are_plain(text, len))
        return REFUSAL_TARGET;
    if (len == 1 && text[0] == '*') {
        if (head->method_len != 7 || memcmp(head->bytes, "OPTIONS", 7) != 0)
            return REFUSAL_TARGET;
    } else if (text[0] != '/') {
        enum refusal refusal = skip_authority(text, len, host, &path);

        if (refusal)
            return refusal;
    }
    /* A fragment is never meant for a server. */
    mark = memchr(text, '#', len);
    if (mark)
        len = (size_t)(mark - text);
    mark = path < len ? memchr(text + path, '?', len - path) : NULL;
    if (mark) {
        head->query = (uint16_t)(target + (size_t)(mark - text) + 1);
        head->query_len = (uint16_t)(len - (size_t)(mark - text) - 1);
        len = (size_t)(mark - text);
    }
    head->path = (uint16_t)(target + path);
    head->path_len = (uint16_t)(len - path);
    if (head->path_len == 0) {
        /* http://host without a path means "/"; the scheme has one to point at. */
        head->path = (uint16_t)(target + (size_t)((const char *)memchr(text, '/', path) - text));
        head->path_len = 1;
    }
    return REFUSAL_NONE;
}
