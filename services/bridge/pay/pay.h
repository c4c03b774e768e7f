/* pay.h: the merchant, and what it asks of WeChat Pay's API v3.
 *
 * A request is signed beside the loop, by one of PAY_SIGNERS keys, since a signature takes some milliseconds; then it
 * goes out, once. Its answer is taken only when a key of the platform proves it: a certificate that the platform lists
 * (asked for at the start, every PAY_REFRESH_MS and when an unknown one turns up), or the public key that the settings
 * name. Which of them, its serial says. A list of certificates, which the key that we share with the platform has
 * sealed, may be proven by one of its own: that is how the first are known, and how a new one takes over. Signatures
 * older or younger than PAY_WINDOW_S, and what the platform sends to try us (WECHATPAY/SIGNTEST/), prove nothing.
 *
 * What becomes of a request (enum pay_end) is told once. An answer that is not proven, or none, leaves it open whether
 * anything was done. When a host does not answer PAY_HOST_FAILS times in a row, the other one is asked for
 * PAY_HOST_MS.
 *
 * Not more requests begin in any second than the setting says; those that are too many wait. The keys and what they
 * open are in memory alone; a private key, the shared key, a sealed name and a callback's content are never logged. */
#pragma once
#include <jansson.h>
#include <uv.h>

#include "common/base/clock.h"
#include "common/daemon/worker.h"
#include "services/bridge/fetch.h"
#include "services/bridge/pay/code.h"
#include "services/bridge/pay/crypt.h"
#include "services/bridge/rules.h"

#define PAY_JOBS       96
#define PAY_SPARE      4    /* of them, for what pays nobody */
#define PAY_RATE_MAX   1000 /* requests a second */
#define PAY_SIGNERS    4
#define PAY_KEYS       8 /* of the platform that are known at a time */
#define PAY_APPS       8
#define PAY_NAME_SIZE  33 /* of a merchant's number or an app's id */
#define PAY_PATH_SIZE  384
#define PAY_BODY_SIZE  3072
#define PAY_NONCE_SIZE 33
#define PAY_TRY_MS     8000
#define PAY_WINDOW_S   300
#define PAY_REFRESH_MS INT64_C(43200000)
#define PAY_AGAIN_MS   INT64_C(30000) /* until certificates are asked for once more */
#define PAY_FIRST_MS   INT64_C(2000)  /* the same while none is known */
#define PAY_HOST_FAILS 3
#define PAY_HOST_MS    INT64_C(300000)
#define PAY_FILE_MAX   ((size_t)64 << 20)

struct pay;

enum pay_end {
    PAY_DONE,     /* the answer is proven, and of status 200 */
    PAY_REFUSED,  /* so is that it was refused, with a code */
    PAY_NOT_SENT, /* surely nothing was done */
    PAY_UNKNOWN,  /* nobody knows */
};

struct pay_result {
    enum pay_end end;
    long status;
    enum pay_code code;
    const json_t *body; /* an object, when it is proven; else NULL */
    const char *file;   /* the bytes of one that was asked for; what proves them is their hash */
    size_t len;
};

/* Called once for each request that was begun, never from inside; what it points to is valid during the call. */
typedef void (*pay_done)(void *arg, const struct pay_result *result);
typedef bool (*pay_send)(void *self, const struct fetch_request *request, fetch_done done, void *arg);
/* Runs a task beside the loop: worker_submit, or a test's own. */
typedef bool (*pay_beside)(void *self, struct worker_task *task);

struct pay_job {
    struct worker_task task;
    struct pay *pay;
    struct pay_signer *signer;
    char path[PAY_PATH_SIZE], body[PAY_BODY_SIZE];
    char nonce[PAY_NONCE_SIZE], signature[PAY_SIGNATURE_SIZE];
    char serial[PAY_SERIAL_SIZE]; /* of the key that its body is sealed for */
    int64_t at_s;
    unsigned host;
    bool post, file, made;
    pay_done done; /* NULL: idle */
    void *arg;
    struct pay_job *next; /* idle, or waiting for a signer */
};

/* What is sent to the provider, and what it is asked: interfaces of their own, each with its limit, so that who asks
 * how what was sent has ended keeps nothing from being sent. */
enum pay_way { PAY_SENDS, PAY_ASKS, PAY_WAYS };

struct pay_turns {
    struct pay_job *waiting, **waiting_end;
    unsigned turn;                  /* of begun_ms */
    int64_t begun_ms[PAY_RATE_MAX]; /* when the last `rate` requests did, the oldest at `turn` */
};

struct pay {
    bool ready; /* there is a merchant */
    char mchid[PAY_NAME_SIZE], serial[PAY_SERIAL_SIZE], notify_url[256];
    char apps[PAY_APPS][PAY_NAME_SIZE];
    unsigned n_apps;
    unsigned char shared[PAY_KEY_LEN];
    char hosts[2][OUTSIDE_URL_SIZE];
    unsigned host, host_fails;
    int64_t host_until_ms;
    struct pay_signer signers[PAY_SIGNERS], own; /* own: random of the loop's */
    struct pay_key keys[PAY_KEYS];               /* the newest certificate first; serial "": none */
    struct pay_key public_key;
    struct clock *clock;
    uv_loop_t *loop;
    pay_send send;
    void *send_self;
    pay_beside beside;
    void *beside_self;
    struct pay_job jobs[PAY_JOBS], *idle;
    struct pay_turns turns[PAY_WAYS];
    unsigned rate; /* requests a second, of each way */
    int64_t refresh_at_ms;
    bool refreshing, closing, sick;
    uint64_t asked, failed, unproven;
};

struct pay_settings {
    const char *url, *second_url, *merchant, *private_key, *public_key, *notify_url;
    int64_t rate; /* 1 to PAY_RATE_MAX */
};

/* Reads the merchant ("mchid N", "serial HEX", "apiv3 KEY", "appid ID"..., and "public ID" with a public key), its
 * private key and the platform's public key ("": none). merchant "": there is none. 0, or -1 after logging why. */
int pay_init(struct pay *pay, const struct pay_settings *settings);
void pay_open_over(struct pay *pay, uv_loop_t *loop, struct clock *clock, pay_send send, void *send_self,
                   pay_beside beside, void *beside_self);
/* Ends all requests as PAY_UNKNOWN; what send and beside began may come back no more. */
void pay_close(struct pay *pay);

/* From time to time: asks for certificates when they are due, and lets go what had to wait. */
void pay_tick(struct pay *pay);
/* How many more requests of a way would begin at once; 0 without a key of the platform. */
unsigned pay_room(const struct pay *pay, enum pay_way way);
/* Begins a request, or lets it wait for its turn: body NULL is a GET. False when there is no room. What of the body is
 * sealed is sealed for pay_key_now. */
bool pay_ask(struct pay *pay, const char *path, const char *body, pay_done done, void *arg);
/* The same of a file, by the address that a proven answer gave; its path alone is taken, so that nothing is asked for
 * elsewhere. */
bool pay_ask_file(struct pay *pay, const char *url, pay_done done, void *arg);
/* The serial that sealed texts and answers go by. NULL: no key is known. */
struct pay_key *pay_key_now(struct pay *pay);
/* Whether a callback is proven, by its headers: 0, or a Reason. */
int pay_prove(struct pay *pay, const char *timestamp, const char *nonce, const char *serial, const char *signature,
              const void *body, size_t len);
