/* partner.h: partners that speak signed JSON: the verifier of names, the sender of codes.
 *
 * A request is a POST of JSON with a header
 *
 *     Authorization: HG1 id=ID, at=SECONDS, nonce=HEX, sign=HEX
 *
 * whose sign is HMAC-SHA256, with the key that the two share, over the five lines
 * "POST", path, at, nonce and the hex SHA-256 of the body, each ended by a line feed but
 * the last. A partner refuses a sign that is not right, an instant more than five minutes
 * away from its own, and a nonce that it has seen within that time. Status 200 is an
 * answer, 4xx says that it never will be one, 503 that nothing was done; after any other
 * failure nobody knows what was done.
 *
 * A call is tried OUTSIDE_TRIES times while nothing was done; what may have been done is
 * tried again only when the caller says that it does no harm. It ends by its deadline. */
#pragma once
#include <jansson.h>
#include <uv.h>

#include "common/base/clock.h"
#include "common/base/hmac.h"
#include "common/base/keyfile.h"
#include "services/bridge/fetch.h"
#include "services/bridge/rules.h"

#define PARTNER_JOBS        128  /* calls at a time */
#define PARTNER_TRY_MS      2500 /* of one request */
#define PARTNER_DEADLINE_MS 5000 /* of a call, with all its tries */
#define PARTNER_BODY_SIZE   1024
#define PARTNER_PATH_SIZE   64
#define PARTNER_SIGN_SIZE   256

struct partner;

/* What came of a call: PARTNER_DONE with the answer's object, valid during the call.
 * PARTNER_BUSY also when it could not be reached at all. */
typedef void (*partner_done)(void *arg, enum partner_end end, const json_t *answer);
/* How requests go out: fetch_start, or a test's own. */
typedef bool (*partner_send)(void *self, const struct fetch_request *request, fetch_done done, void *arg);

struct partner_job {
    struct partner *partner;
    const char *path;
    char body[PARTNER_BODY_SIZE];
    int64_t deadline_ms; /* of the loop's clock */
    int tries;
    bool repeatable, lost;
    partner_done done; /* NULL: idle */
    void *arg;
    uv_timer_t timer;
    struct partner_job *next; /* idle */
};

struct partner {
    const char *name; /* in the log and the metrics */
    char url[OUTSIDE_URL_SIZE], id[KEYFILE_NAME_SIZE];
    struct hmac key;
    struct clock *clock;
    uv_loop_t *loop;
    partner_send send;
    void *send_self;
    struct partner_job jobs[PARTNER_JOBS], *idle;
    bool ready; /* it is configured */
    bool sick;  /* the last answer was none, and was logged */
    uint64_t asked, failed;
};

/* Reads "ID KEY" (64 hex digits) from a file that only its owner may read; url "": there
 * is no such partner. setting is the name of the address' setting. 0, or -1 after
 * logging why. */
int partner_init(struct partner *partner, const char *name, const char *setting, const char *url, const char *file);
/* Ready to ask, over this loop. */
void partner_open(struct partner *partner, uv_loop_t *loop, struct clock *clock, partner_send send, void *send_self);
/* Ends all calls as PARTNER_LOST; what send began must not come back any more. */
void partner_close(struct partner *partner);
/* The value of the header. body_len is of body; ret has PARTNER_SIGN_SIZE bytes. */
void partner_sign(const struct partner *partner, const char *path, const char *body, int64_t at_s,
                  const unsigned char nonce[16], char ret[PARTNER_SIGN_SIZE]);
/* POSTs a body (a new reference, given away) to a path (a literal); repeatable: doing it
 * twice does no harm. done is called once, never from inside. False, and it is not
 * called, when there is no room or no time. */
bool partner_ask(struct partner *partner, const char *path, json_t *body, int64_t timeout_ms, bool repeatable,
                 partner_done done, void *arg);
