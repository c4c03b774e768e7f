/* Who asks, from the fields that proxies add: the first bytes choose the peer, the rest are values of
 * X-Forwarded-For and Forwarded, a field for each line.
 *
 * Holds: a peer that is no proxy of ours is the client, whatever it says; the client is the peer or an address that
 * stands in the fields; what is not read does not decide: left of a client who is no proxy anything may stand. */
#include "services/gateway/http/proxies.h"
#include "tests/fuzz/fuzz.h"

#define TRUSTED "10.0.0.0/8,fd00::/8,192.0.2.7"

static struct head head;

/* Puts the lines into a head by turns under both names; false when they cannot stand in one. */
static bool make_head(const char *lines, size_t len, bool forwarded_too)
{
    static const char *const names[] = {"X-Forwarded-For: ", "Forwarded: "};
    char text[4096];
    size_t used, at = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\n");
    unsigned n = 0;

    while (len > 0) {
        const char *end = memchr(lines, '\n', len);
        size_t line = end ? (size_t)(end - lines) : len;

        if (line > 1000 || at + line + 64 > sizeof(text))
            return false;
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", names[forwarded_too ? n++ % 2 : 0]);
        memcpy(text + at, lines, line);
        at += line;
        memcpy(text + at, "\r\n", 2);
        at += 2;
        lines += line + (end != NULL);
        len -= line + (end != NULL);
    }
    memcpy(text + at, "\r\n", 2);
    head_init(&head);
    return head_feed(&head, text, at + 2, &used) == REFUSAL_NONE && head.complete;
}

static bool same(const struct address *a, const struct address *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const peers[] = {"10.1.2.3", "203.0.113.5", "fd00::1", "2001:db8::1"};
    struct address peer, client, again;
    struct proxies proxies;
    char more[3000];

    if (size < 2 || size > 2000)
        return 0;
    ensure(proxies_read(TRUSTED, &proxies));
    ensure(address_read(peers[data[0] % 4], strlen(peers[data[0] % 4]), &peer));
    if (!make_head((const char *)data + 2, size - 2, data[1] & 1))
        return 0;
    client = proxies_client(&proxies, &head, &peer);
    ensure(address_key(&client) != 0);
    if (!proxies_trusts(&proxies, &peer)) {
        ensure(same(&client, &peer));
        return 0;
    }
    if (proxies_trusts(&proxies, &client) || (data[1] & 1))
        return 0;
    /* She is no proxy, so nothing left of her was read. */
    memcpy(more, "198.51.100.99, ", 15);
    memcpy(more + 15, data + 2, size - 2);
    if (!make_head(more, size + 13, false))
        return 0;
    again = proxies_client(&proxies, &head, &peer);
    ensure(same(&again, &client));
    return 0;
}
