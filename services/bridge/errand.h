/* errand.h: a call under way: who waits for it, and what it has found out.
 *
 * A handler takes an errand, begins what it waits for, and ends with errand_wait, which
 * defers the answer or refuses the call. Afterwards the errand is ended exactly once, by
 * errand_end or one of the others, from a callback. */
#pragma once
#include "common/base/limits.h"
#include "common/rpc/rpc.h"
#include "identity/proof.pb-c.h"
#include "services/bridge/rules.h"
#include "services/bridge/wechat/page.h"

#define IDENTITY_MS     1000         /* kept of a caller's time for identity's part */
#define CLAIM_NAME_SIZE (50 * 4 + 1) /* as identity/member.proto bounds them */
#define CLAIM_ID_SIZE   (24 * 4 + 1)

#define DEVICE_SIZE (40 * 4 + 1)
#define CODE_SIZE   (24 * 4 + 1)

struct bridge;

struct errand {
    struct bridge *bridge;
    struct rpc_later *later; /* NULL: refused meanwhile */
    int64_t deadline_at;     /* of its caller; 0: none */
    int64_t member_id, session_id;
    Rpc__Client client; /* who asks, as the gateway sees it */
    unsigned char device[LIMIT_DEVICE_HASH];
    union {
        struct {
            char appid[WECHAT_NAME_SIZE], phone_code[WECHAT_CODE_SIZE];
            char openid[WECHAT_NAME_SIZE], unionid[WECHAT_NAME_SIZE];
            char device[DEVICE_SIZE];
            char mobile_code[CODE_SIZE]; /* to bind */
            bool binds;                  /* to the caller, instead of signing in */
        } wechat;
        struct {
            char name[CLAIM_NAME_SIZE], resident_id[CLAIM_ID_SIZE];
            char mobile[20 * 4 + 1], code[CODE_SIZE]; /* that a roster lists, and a code sent to it */
            char asked_mobile[16];                    /* the account's, of which the verifier is asked */
            int64_t proof_id;
            int document; /* Identity__DocumentKind */
            unsigned next_way;
            int refused[2];        /* by way */
            int32_t retry_after_s; /* of the last refusal */
            int last;
        } proof;
        struct {
            char url[PAGE_SIGNED_SIZE];
        } page;
        struct {
            char mobile[16];
            int purpose; /* Identity__CodePurpose */
            int32_t expires_in_s, resend_in_s;
        } sms;
    };
    struct errand *next; /* idle */
};

/* NULL, and the call is refused, when there are too many. */
struct errand *errand_new(struct bridge *bridge, void *call);
/* At the end of a handler: defers the answer, or refuses with the reason for which
 * nothing was begun (0: it was). */
void errand_wait(struct errand *errand, int reason, const char *field, void *call);
/* Gives the answer. */
void errand_end(struct errand *errand, const Rpc__Answer *answer);
/* A Reason; the field is named when the request is at fault. */
void errand_refuse(struct errand *errand, int reason, const char *field, int32_t retry_after_s);
/* A small message. */
void errand_reply(struct errand *errand, const ProtobufCMessage *message);
/* What is left of the caller's time, less what is kept for later. */
int64_t errand_time_ms(const struct errand *errand, int64_t keep_ms);
/* Calls identity as the one who waits. 0, or the Reason for which nothing was sent. */
int errand_ask_identity(struct errand *errand, const char *method, const ProtobufCMessage *request,
                        rpc_answered answered);
