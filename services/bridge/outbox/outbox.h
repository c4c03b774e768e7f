/* outbox.h: what members are told through WeChat or by a short message without asking for it then.
 *
 * Others' journals say that somebody is to be told something (news.h). In the
 * transaction that moves the cursor past such a row the outbox takes a message, one for
 * each row however often it is read; what no template is set for, or what comes too late
 * to be of use, ends there and then with its reason.
 *
 * A message that is due is sent between batches, OUTBOX_OUT at a time. Identity is asked
 * for the member's openid in the template's app, or for her number, which is kept in memory
 * for that moment and nowhere else. What concerns her account is told by each of her doors
 * that the settings reach: one message for her number, one for each WeChat. Then the message is SENDING, and only when
 * that is committed the request leaves. So whatever becomes of this daemon, a message whose request had not left is
 * sent later, and one whose request may have left is not sent again: it is UNCERTAIN, after a restart as after an
 * answer that never came. A person is told at most once. To be told twice costs her one of the messages that she has
 * agreed to, and her trust in the next; to be told not at all costs little, since what she is told stands in the portal
 * and in her account. (A store put back from a backup does not know what was sent since.)
 *
 * Of what she has turned off (mutes.h) she is sent nothing.
 *
 * What surely was not sent is tried again, OUTBOX_TRIES times with growing waits, as long
 * as it is of use: WeChat or identity is busy or away, the quota of a day is used up, our
 * credentials are wrong. That she has not agreed, has no WeChat in that app, or is not
 * known there is final.
 *
 * What ended MESSAGES_KEEP_MS ago is deleted; the journal and the tally keep the counts. */
#pragma once
#include "common/base/id.h"
#include "services/bridge/outbox/messages.h"
#include "services/bridge/wechat/wechat.h"

#define OUTBOX_OUT          16 /* messages under way: half of the connections to WeChat, the rest is for who waits */
#define OUTBOX_TICK_MS      100
#define OUTBOX_TRIES        24
#define OUTBOX_DELAY_MS     INT64_C(10000)   /* before the second try; then twice as long, */
#define OUTBOX_DELAY_MAX_MS INT64_C(3600000) /* but no longer */
#define OUTBOX_WITHDRAWN    16               /* withdrawn at once */
#define OUTBOX_ADDRESS_SIZE WECHAT_NAME_SIZE /* an openid, or a number */

/* Asks identity: rpc_client_call and rpc_client_flush, or a test's own. */
typedef bool (*outbox_ask)(void *self, const Rpc__Call *call, rpc_answered answered, void *arg);

struct outbox;
struct bridge;

enum outbox_stage {
    OUTBOX_IDLE,
    OUTBOX_ASKING, /* identity */
    OUTBOX_READY,  /* to be marked as SENDING */
    OUTBOX_SENDING,
    OUTBOX_ENDED, /* with a reason that is not yet in the store */
};

struct outbox_job {
    struct outbox *outbox;
    enum outbox_stage stage;
    struct message message; /* as the store has it */
    char address[OUTBOX_ADDRESS_SIZE];
    int reason;
    int32_t retry_after_s;
    bool withdrawn; /* while it was out: it is not tried again */
};

struct outbox {
    struct messages *messages;
    const struct mutes *mutes;
    struct id_source *ids;
    struct rpc_server *rpc;
    struct clock *clock;
    struct wechat *wechat;
    struct partner *sms;
    outbox_ask ask;
    void *ask_self;
    struct notice_template templates[NOTICE_KINDS];
    struct outbox_job jobs[OUTBOX_OUT];
    bool recovered; /* what the last life left SENDING is UNCERTAIN now */
    bool stopping;
};

/* Reads the templates' lines from a file that only its owner may read ("": none), each
 * of an app of wechat's. 0, or -1 after logging why. */
int outbox_init(struct outbox *outbox, struct bridge *bridge, const char *file);

/* In a transaction: takes a message for a row of a source's journal, once. */
void outbox_take(struct outbox *outbox, const char *source, int64_t source_seq, const struct notice *notice,
                 void *call);
/* In a transaction: what waits to be said about something is not true any more. What is out is not tried again. */
void outbox_withdraw(struct outbox *outbox, const char *source, int64_t about_id, void *call);

/* Outside a batch: writes down what has come of those under way, lets go who is ready,
 * begins what is due. */
void outbox_step(struct outbox *outbox);
/* Begins nothing any more. True while a request is out, whose answer should be awaited. */
bool outbox_stop(struct outbox *outbox);
/* Counts by state and reason, and of those that wait. */
void outbox_report(struct outbox *outbox, struct arena *arena, Rpc__ProbeReport *ret);
