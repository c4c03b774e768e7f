/* chunk.h: the chunked coding of a request's body, RFC 9112, 7.1, read strictly.
 *
 * A machine that looks at each byte once. Extensions and trailers are checked and
 * dropped; together they may have LIMIT_HEADERS bytes. A trailer never becomes a
 * field of the request, and one that would matter there is refused. */
#pragma once
#include "services/gateway/http/head.h"

struct chunk_reader {
    uint8_t state;
    uint8_t digits; /* of the size */
    uint8_t quote;  /* inside a quoted string of an extension: 1, behind a backslash: 2 */
    uint8_t name_len;
    uint16_t trailers;
    uint64_t left;   /* bytes of this chunk to come */
    uint64_t room;   /* bytes the chunks to come may have together */
    size_t overhead; /* bytes of extensions and trailers so far */
    char name[32];   /* of the present trailer, in lower case; longer ones are cut */
};

/* What one step found. */
struct chunk_step {
    size_t used;      /* bytes of the input it took */
    const char *data; /* a piece of the body in the input, or NULL */
    size_t data_len;
    bool end; /* the last byte of the coding has been read */
};

/* Ready for the first byte behind the head; the body may have max bytes. */
void chunk_init(struct chunk_reader *reader, uint64_t max);

/* Reads on until a piece of the body, the end, or the end of the input. Returns
 * REFUSAL_NONE or why the request is refused. */
enum refusal chunk_feed(struct chunk_reader *reader, const char *bytes, size_t len, struct chunk_step *ret_step);
