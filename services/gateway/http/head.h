/* head.h: the head of one HTTP/1.1 request, read strictly.
 *
 * Three passes, each with one duty, so that each can be shown to be strict:
 *
 *   1. The scan looks at every byte once, as it arrives, whatever the pieces. It
 *      admits only the characters and line ends that RFC 9112 allows, and knows
 *      the first place where a head is wrong or too large and where it ends. What
 *      it decides depends on the bytes alone, never on how they were split.
 *   2. llhttp, in strict mode, cuts the complete head into method, target and
 *      fields. The two must agree on the number of fields.
 *   3. The policy decides what the fields mean together: one Host, one way of
 *      framing the body, a target without tricks.
 *
 * An obsolete line fold, a bare CR or LF, a space before a colon, an empty line
 * before the request: all are refused, though some servers are lenient, because a
 * second reader on the way might see another request in them. */
#pragma once
#include "common/base/limits.h"

/* Why a request is refused before the application sees it: name, status, Reason
 * (of rpc.proto), and the words for the counters and the client. */
#define REFUSAL_MAP(X)                                                                                                 \
    X(METHOD, 400, MALFORMED_HTTP, "method")                                                                           \
    X(TARGET, 400, MALFORMED_HTTP, "target")                                                                           \
    X(VERSION, 400, MALFORMED_HTTP, "version")                                                                         \
    X(LINE_END, 400, MALFORMED_HTTP, "line_end")                                                                       \
    X(FOLD, 400, MALFORMED_HTTP, "line_fold")                                                                          \
    X(FIELD_NAME, 400, MALFORMED_HTTP, "field_name")                                                                   \
    X(FIELD_VALUE, 400, MALFORMED_HTTP, "field_value")                                                                 \
    X(FIELD_TWICE, 400, MALFORMED_HTTP, "field_twice")                                                                 \
    X(HOST, 400, MALFORMED_HTTP, "host")                                                                               \
    X(CONTENT_LENGTH, 400, MALFORMED_HTTP, "content_length")                                                           \
    X(TRANSFER_ENCODING, 400, MALFORMED_HTTP, "transfer_encoding")                                                     \
    X(CHUNK, 400, MALFORMED_HTTP, "chunk")                                                                             \
    X(TRAILER, 400, MALFORMED_HTTP, "trailer")                                                                         \
    X(PARSER, 400, MALFORMED_HTTP, "parser")                                                                           \
    X(URI_TOO_LONG, 414, URI_TOO_LONG, "uri_too_long")                                                                 \
    X(HEADERS_TOO_LARGE, 431, HEADERS_TOO_LARGE, "headers_too_large")                                                  \
    X(BODY_TOO_LARGE, 413, BODY_TOO_LARGE, "body_too_large")                                                           \
    X(EXPECTATION, 417, EXPECTATION_FAILED, "expectation")                                                             \
    X(TIMEOUT, 408, REQUEST_TIMEOUT, "timeout")                                                                        \
    X(CONNECT, 405, METHOD_NOT_ALLOWED, "connect")                                                                     \
    X(UNKNOWN_METHOD, 501, UNIMPLEMENTED, "unknown_method")                                                            \
    X(UPGRADE, 501, UNIMPLEMENTED, "upgrade")                                                                          \
    X(OVERLOADED, 503, OVERLOADED, "overloaded")

enum refusal {
    REFUSAL_NONE,
#define X(name, status, reason, text) REFUSAL_##name,
    REFUSAL_MAP(X)
#undef X
        REFUSAL_COUNT
};

struct refusal_kind {
    int status;
    int reason; /* a Reason of rpc.proto */
    const char *name;
};
extern const struct refusal_kind refusal_kinds[REFUSAL_COUNT];

/* A field, as offsets into the head's bytes. The name is in lower case. */
struct head_field {
    uint16_t name, name_len, value, value_len;
};

struct head {
    /* the scan */
    uint8_t state;
    bool complete;
    uint16_t part; /* bytes of the present part, e.g. of the target or of one line */
    uint16_t lines;
    uint16_t method_len;
    size_t len;

    /* what was read; valid once complete */
    uint16_t path, path_len, query, query_len;
    uint16_t field_count;
    uint8_t minor_version; /* 0 or 1 */
    bool keep_alive;
    bool chunked;
    bool expects_continue;
    uint64_t content_length; /* 0 when there is none */
    struct head_field fields[LIMIT_HEADER_COUNT];

    /* The head itself; a small body follows in the same bytes. */
    char bytes[LIMIT_HEADERS];
};

/* Ready for the first byte of a request. */
void head_init(struct head *head);

/* Takes bytes up to the end of the head and says how many; the head is complete
 * when head->complete is set. Returns REFUSAL_NONE or why the request is refused,
 * after which the head must not be fed again. */
enum refusal head_feed(struct head *head, const char *bytes, size_t len, size_t *ret_used);

/* The value of the first field of this name (given in lower case), without the
 * white space around it, or NULL. Not NUL-terminated. */
const char *head_field(const struct head *head, const char *name, size_t *ret_len);

/* Whether a field of this name (in lower case) may stand in a trailer. */
bool head_allows_trailer(const char *name, size_t len);

/* Classes of characters: of a token, a field value, the name of a host. */
bool head_is_token(unsigned char c);
bool head_is_value(unsigned char c);
bool head_is_reg_name(unsigned char c);
