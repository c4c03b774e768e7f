#include "services/gateway/http/address.h"

#include <arpa/inet.h>

#define TEXT_MAX 48

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool is_ip4(const struct address *address)
{
    return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

void address_of(const struct sockaddr *from, struct address *ret)
{
    *ret = (struct address){{0}};
    if (from->sa_family == AF_INET) {
        memcpy(ret->bytes, mapped, sizeof(mapped));
        memcpy(ret->bytes + sizeof(mapped), &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
    } else if (from->sa_family == AF_INET6) {
        memcpy(ret->bytes, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
    }
}

bool address_read(const char *text, size_t len, struct address *ret)
{
    struct address read = {{0}};
    char copy[TEXT_MAX];

    if (len >= sizeof(copy) || memchr(text, '\0', len))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (inet_pton(AF_INET, copy, read.bytes + sizeof(mapped)) == 1)
        memcpy(read.bytes, mapped, sizeof(mapped));
    else if (inet_pton(AF_INET6, copy, read.bytes) != 1)
        return false;
    *ret = read;
    return true;
}

bool address_read_block(const char *text, size_t len, struct address_block *ret)
{
    const char *slash = memchr(text, '/', len), *end = text + len;
    struct address_block block = {.bits = 0};
    unsigned most;

    if (!address_read(text, slash ? (size_t)(slash - text) : len, &block.first))
        return false;
    most = is_ip4(&block.first) ? 32 : 128;
    if (slash && (end - slash < 2 || end - slash > 4))
        return false;
    for (const char *at = slash ? slash + 1 : end; at < end; at++) {
        if (*at < '0' || *at > '9')
            return false;
        block.bits = block.bits * 10 + (unsigned)(*at - '0');
    }
    if (!slash)
        block.bits = most;
    if (block.bits > most)
        return false;
    block.bits += 128 - most;
    *ret = block;
    return true;
}

bool address_in_block(const struct address *address, const struct address_block *block)
{
    unsigned whole = block->bits / 8, rest = block->bits % 8;

    return memcmp(address->bytes, block->first.bytes, whole) == 0 &&
           (rest == 0 || (address->bytes[whole] ^ block->first.bytes[whole]) >> (8 - rest) == 0);
}

/* No IPv6 address begins with 0xff but a group's, which sends nothing: there is room for IPv4. */
uint64_t address_key(const struct address *address)
{
    const unsigned char *bytes = is_ip4(address) ? address->bytes + 8 : address->bytes;
    uint64_t key = 0;

    for (unsigned i = 0; i < 8; i++)
        key = key << 8 | bytes[i];
    if (is_ip4(address))
        key |= UINT64_C(0xff) << 56;
    return key ? key : 1;
}
