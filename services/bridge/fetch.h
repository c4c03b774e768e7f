/* fetch.h: HTTPS requests to the outside, on libuv.
 *
 * libcurl's multi interface (OpenSSL's flavour: the one whose parsed certificates curl
 * keeps between connections) is driven by the loop. TLS 1.2 or better, with the
 * partner's certificate checked; a request is sent once at most; no redirect is followed, no proxy taken from the
 * environment, no cookie kept; a body past FETCH_BODY_MAX is a failure. One thread,
 * but for the names that the C library looks up in threads of its own. */
#pragma once
#include <uv.h>

#define FETCH_MAX         616        /* requests at a time: as many as all partners' calls together */
#define FETCH_CONNECTIONS 32         /* to one host */
#define FETCH_BODY_MAX    (64 << 10) /* unless a request says another bound */
#define FETCH_BODY_KEPT   (4 << 10)  /* of it, for the next one */
#define FETCH_HEADER_MAX  1024
#define FETCH_HEADERS     4 /* more lines */
#define FETCH_CONNECT_MS  3000

struct fetch;

struct fetch_request {
    const char *url;
    const char *json;          /* the body of a POST, copied; NULL: a GET */
    const char *authorization; /* the value of that header, copied; NULL: none */
    const char
        *headers[FETCH_HEADERS]; /* further lines, "Name: value", copied; ended by a NULL where there are fewer */
    size_t body_max;             /* of the answer; 0: FETCH_BODY_MAX */
    int64_t timeout_ms;
};

struct fetch_answer {
    const char *failure; /* NULL, or why there is no whole answer */
    bool sent;           /* it may have been read: there was a connection */
    long status;
    const char *body; /* valid during the call */
    size_t len;
    /* The value of a header line, or NULL; valid during the call. NULL: there are none. */
    const char *(*header)(const struct fetch_answer *answer, const char *name);
    void *from;
};

typedef void (*fetch_done)(void *arg, const struct fetch_answer *answer);

/* Before the sandbox closes: reads the TLS library's own files. 0 or -1, logged. */
int fetch_init(void);
/* NULL after logging why. */
struct fetch *fetch_open(uv_loop_t *loop, const char *ca_file);
/* Begins a request; done is called once, never from inside. False, and it is not
 * called, when FETCH_MAX are under way. */
bool fetch_start(struct fetch *fetch, const struct fetch_request *request, fetch_done done, void *arg);
/* Requests under way. */
unsigned fetch_pending(const struct fetch *fetch);
/* Ends all without calling anybody. */
void fetch_close(struct fetch *fetch);
