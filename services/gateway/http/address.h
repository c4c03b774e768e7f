/* address.h: an address of the internet as 16 bytes, IPv4 in its mapped form
 * (::ffff:192.0.2.1), so that there is one kind of it. */
#pragma once

struct address {
    unsigned char bytes[16];
};

/* A block of addresses, such as 10.0.0.0/8. */
struct address_block {
    struct address first;
    unsigned bits; /* of the 128 that all in the block share */
};

struct sockaddr;

/* All zero for a family that is neither. */
void address_of(const struct sockaddr *from, struct address *ret);
/* "192.0.2.1" or "2001:db8::1", which need not be NUL-terminated. */
bool address_read(const char *text, size_t len, struct address *ret);
/* An address with "/" and a number of bits, or without for itself alone. */
bool address_read_block(const char *text, size_t len, struct address_block *ret);
bool address_in_block(const struct address *address, const struct address_block *block);

/* Who it is for bounds and rates, never 0: an IPv4 address, or the /64 of an IPv6 address, of which one
 * customer has the whole. */
uint64_t address_key(const struct address *address);
