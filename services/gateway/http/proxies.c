#include "services/gateway/http/proxies.h"

#include <strings.h>

bool proxies_read(const char *text, struct proxies *ret)
{
    struct proxies proxies = {.n = 0};

    while (*text) {
        size_t len = strcspn(text, ","), start = 0, end = len;

        while (start < end && text[start] == ' ')
            start++;
        while (end > start && text[end - 1] == ' ')
            end--;
        if (proxies.n == PROXIES_MAX || !address_read_block(text + start, end - start, &proxies.blocks[proxies.n]))
            return false;
        proxies.n++;
        text += len + (text[len] == ',');
    }
    *ret = proxies;
    return true;
}

bool proxies_trusts(const struct proxies *proxies, const struct address *address)
{
    for (unsigned i = 0; i < proxies->n; i++) {
        if (address_in_block(address, &proxies->blocks[i]))
            return true;
    }
    return false;
}

/* Without its zone. */
static bool read_six(const char *text, size_t len, struct address *ret)
{
    const char *zone = memchr(text, '%', len);

    return address_read(text, zone && memchr(text, ':', len) ? (size_t)(zone - text) : len, ret);
}

/* An address, maybe with a port or the zone in which its proxy met it, which is nothing to us: 192.0.2.1,
 * 192.0.2.1:80, 2001:db8::1, [2001:db8::1]:80, fe80::1%eth0, [fe80::1%eth0]:80. */
static bool read_node(const char *text, size_t len, struct address *ret)
{
    const char *end;

    if (len > 0 && text[0] == '[') {
        end = memchr(text, ']', len);
        return end && read_six(text + 1, (size_t)(end - text - 1), ret);
    }
    end = memchr(text, ':', len);
    if (end && !memchr(end + 1, ':', (size_t)(text + len - end - 1)))
        len = (size_t)(end - text);
    return read_six(text, len, ret);
}

/* Where a mark stands first that is not within quotes, or the end. */
static const char *find_mark(const char *at, const char *end, char mark)
{
    bool quoted = false;

    for (; at < end && (quoted || *at != mark); at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (*at == '\\' && quoted && at + 1 < end)
            at++;
    }
    return at;
}

/* The node in `for=node`, without its quotes, among the pairs of one element of Forwarded. */
static bool find_for(const char **text, size_t *len)
{
    const char *at = *text, *end = at + *len;

    while (at < end) {
        const char *stop = find_mark(at, end, ';');

        while (at < stop && (*at == ' ' || *at == '\t'))
            at++;
        if (stop - at > 4 && strncasecmp(at, "for=", 4) == 0) {
            at += 4;
            while (stop > at && (stop[-1] == ' ' || stop[-1] == '\t'))
                stop--;
            if (stop - at >= 2 && *at == '"' && stop[-1] == '"') {
                at++;
                stop--;
            }
            *text = at;
            *len = (size_t)(stop - at);
            return true;
        }
        at = stop + 1;
    }
    return false;
}

/* Whether the quotation mark at a place begins or ends quotes: it is not behind an odd number of backslashes. */
static bool is_quote(const char *list, const char *at)
{
    const char *slash = at;

    while (slash > list && slash[-1] == '\\')
        slash--;
    return (at - slash) % 2 == 0;
}

/* The last comma of a list, in Forwarded the last that is not within quotes, or NULL. Looked for from the right end,
 * which is the last proxy's, so that nothing on the left changes what is found. */
static const char *last_comma(const char *list, size_t len, bool pairs)
{
    bool quoted = false;

    for (const char *at = list + len; at-- > list;) {
        if (pairs && *at == '"' && is_quote(list, at))
            quoted = !quoted;
        else if (*at == ',' && !quoted)
            return at;
    }
    return NULL;
}

/* Cuts the last element off a list. */
static void take_last(const char *list, size_t *len, bool pairs, const char **ret_element, size_t *ret_len)
{
    const char *comma = last_comma(list, *len, pairs), *start = comma ? comma + 1 : list, *end = list + *len;

    *len = comma ? (size_t)(comma - list) : 0;
    while (start < end && (*start == ' ' || *start == '\t'))
        start++;
    while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *ret_element = start;
    *ret_len = (size_t)(end - start);
}

/* Goes through the fields of a name from the right end of the last to the left end of the first, until one who is
 * no proxy of ours. What is no address, such as "unknown", ends it: whoever said so is the last who is known. */
static bool walk(const struct proxies *proxies, const struct head *head, const char *name, bool pairs,
                 struct address *client)
{
    size_t name_len = strlen(name);
    bool found = false;

    for (unsigned i = head->field_count; i-- > 0;) {
        const struct head_field *field = &head->fields[i];
        const char *list = head->bytes + field->value;
        size_t len = field->value_len;

        if (field->name_len != name_len || memcmp(head->bytes + field->name, name, name_len) != 0)
            continue;
        found = true;
        while (len > 0) {
            const char *element;
            size_t element_len;

            take_last(list, &len, pairs, &element, &element_len);
            if (element_len == 0)
                continue;
            if ((pairs && !find_for(&element, &element_len)) || !read_node(element, element_len, client) ||
                !proxies_trusts(proxies, client))
                return true;
        }
    }
    return found;
}

struct address proxies_client(const struct proxies *proxies, const struct head *head, const struct address *peer)
{
    struct address client = *peer;

    if (proxies_trusts(proxies, peer) && !walk(proxies, head, "x-forwarded-for", false, &client))
        walk(proxies, head, "forwarded", true, &client);
    return client;
}
