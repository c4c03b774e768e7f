/* http_phrase.h: what an HTTP status is called (RFC 9110; 429 and 431 of RFC 6585; 499
 * as nginx logs it). */
#pragma once

#define HTTP_PHRASES(PHRASE)                                                                                           \
    PHRASE(200, "OK")                                                                                                  \
    PHRASE(201, "Created")                                                                                             \
    PHRASE(204, "No Content")                                                                                          \
    PHRASE(304, "Not Modified")                                                                                        \
    PHRASE(400, "Bad Request")                                                                                         \
    PHRASE(401, "Unauthorized")                                                                                        \
    PHRASE(403, "Forbidden")                                                                                           \
    PHRASE(404, "Not Found")                                                                                           \
    PHRASE(405, "Method Not Allowed")                                                                                  \
    PHRASE(406, "Not Acceptable")                                                                                      \
    PHRASE(408, "Request Timeout")                                                                                     \
    PHRASE(409, "Conflict")                                                                                            \
    PHRASE(410, "Gone")                                                                                                \
    PHRASE(413, "Content Too Large")                                                                                   \
    PHRASE(414, "URI Too Long")                                                                                        \
    PHRASE(415, "Unsupported Media Type")                                                                              \
    PHRASE(417, "Expectation Failed")                                                                                  \
    PHRASE(422, "Unprocessable Content")                                                                               \
    PHRASE(429, "Too Many Requests")                                                                                   \
    PHRASE(431, "Request Header Fields Too Large")                                                                     \
    PHRASE(499, "Client Closed Request")                                                                               \
    PHRASE(500, "Internal Server Error")                                                                               \
    PHRASE(501, "Not Implemented")                                                                                     \
    PHRASE(503, "Service Unavailable")                                                                                 \
    PHRASE(504, "Gateway Timeout")

/* NULL: a status that nothing of ours answers with. */
static inline const char *http_phrase(int status)
{
    switch (status) {
#define PHRASE(number, phrase)                                                                                         \
    case number:                                                                                                       \
        return phrase;
        HTTP_PHRASES(PHRASE)
#undef PHRASE
    default:
        return NULL;
    }
}
