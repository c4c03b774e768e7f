#include "services/bridge/outbox/outbox.h"

#include <mbedtls/platform_util.h>

#include "common/base/keyfile.h"
#include "common/base/log.h"
#include "identity/identity.pb-c.h"
#include "services/bridge/bridge.h"
#include "services/bridge/sms.h"

#define WAITING  BRIDGE__MESSAGE_STATE__MESSAGE_WAITING
#define SENDING  BRIDGE__MESSAGE_STATE__MESSAGE_SENDING
#define NOT_SENT BRIDGE__MESSAGE_STATE__MESSAGE_NOT_SENT

/* ---- the templates ---- */

int outbox_init(struct outbox *outbox, struct bridge *bridge, const char *file)
{
    char name[64], rest[NOTICE_LINE_SIZE];
    struct keyfile lines;
    int kind, more;

    *outbox = (struct outbox){.messages = &bridge->messages,
                              .mutes = &bridge->mutes,
                              .ids = &bridge->ids,
                              .rpc = bridge->rpc,
                              .clock = bridge->clock,
                              .wechat = &bridge->wechat,
                              .sms = &bridge->sms};
    for (unsigned i = 0; i < OUTBOX_OUT; i++)
        outbox->jobs[i].outbox = outbox;
    if (!*file)
        return 0;
    if (keyfile_open(&lines, file))
        return -1;
    while ((more = keyfile_pair(&lines, name, sizeof(name), rest, sizeof(rest))) > 0) {
        struct notice_template template;

        if (!notice_template_read(name, rest, &kind, &template) || !wechat_has_app(outbox->wechat, template.appid) ||
            outbox->templates[kind].n_fields) {
            log_error("template_refused", "file", file, "line", log_int(lines.line));
            more = -1;
            break;
        }
        outbox->templates[kind] = template;
    }
    keyfile_close(&lines);
    return more;
}

static const struct notice_template *template_of(const struct outbox *outbox, int kind)
{
    return notice_known(kind) && outbox->templates[kind].n_fields ? &outbox->templates[kind] : NULL;
}

static bool is_by_mobile(const struct notice *notice)
{
    return notice->door == NOTICE_BY_MOBILE;
}

/* Whether the settings have a way for it. */
static bool has_way(const struct outbox *outbox, const struct notice *notice)
{
    if (is_by_mobile(notice))
        return outbox->sms->ready && notice_sms(notice->kind);
    return template_of(outbox, notice->kind) != NULL;
}

/* ---- in the store and in the journal ---- */

static int64_t next_row(struct outbox *outbox)
{
    return rpc_server_journal(outbox->rpc)->tip.seq + 1;
}

/* Says in that row what has become of a message; of a new one also what it is. */
static void say(struct outbox *outbox, const struct message *message, bool new, void *call)
{
    Bridge__MessageChanged changed = BRIDGE__MESSAGE_CHANGED__INIT;

    changed.message_id = message->id;
    changed.state = (Bridge__MessageState)message->state;
    changed.reason = message->reason;
    if (new) {
        changed.source = unconst(message->source);
        changed.source_seq = message->source_seq;
        changed.member_id = message->notice.member_id;
        changed.kind = (Notice__NoticeKind)message->notice.kind;
    }
    rpc_tell(call, &changed.base);
    messages_tally(outbox->messages, message->state, message->reason);
}

void outbox_take(struct outbox *outbox, const char *source, int64_t source_seq, const struct notice *notice, void *call)
{
    int64_t now = rpc_now(call);
    struct message message = {
        .id = id_next(outbox->ids, now),
        .source_seq = source_seq,
        .notice = *notice,
        .until = notice_until(notice->kind, notice->about_at),
        .state = WAITING,
        .due_at = now,
        .made_at = now,
        .journal_seq = next_row(outbox),
    };

    snprintf(message.source, sizeof(message.source), "%s", source);
    if (!has_way(outbox, notice))
        message.reason = BRIDGE__REASON__NOTICE_NO_TEMPLATE;
    else if (now >= message.until)
        message.reason = BRIDGE__REASON__NOTICE_TOO_LATE;
    if (message.reason) {
        message.state = NOT_SENT;
        message.ended_at = now;
    }
    if (messages_add(outbox->messages, &message))
        say(outbox, &message, true, call);
}

/* Ends a message that is in that state. False when it is in another. */
static bool end(struct outbox *outbox, struct message *message, int was, void *call)
{
    message->ended_at = rpc_now(call);
    message->journal_seq = next_row(outbox);
    if (!messages_set(outbox->messages, message, was))
        return false;
    say(outbox, message, false, call);
    return true;
}

void outbox_withdraw(struct outbox *outbox, const char *source, int64_t about_id, void *call)
{
    struct message messages[OUTBOX_WITHDRAWN];
    unsigned n;

    do {
        n = messages_about(outbox->messages, source, about_id, messages, ARRAY_LEN(messages));
        for (unsigned i = 0; i < n; i++) {
            messages[i].state = NOT_SENT;
            messages[i].reason = BRIDGE__REASON__NOTICE_WITHDRAWN;
            end(outbox, &messages[i], WAITING, call);
        }
    } while (n == ARRAY_LEN(messages) && !store_trouble(outbox->messages->store));
    for (unsigned i = 0; i < OUTBOX_OUT; i++) {
        struct outbox_job *job = &outbox->jobs[i];

        job->withdrawn |= job->stage != OUTBOX_IDLE && job->message.notice.about_id == about_id &&
                          strcmp(job->message.source, source) == 0;
    }
}

/* ---- one message ---- */

static void finish(struct outbox_job *job, int reason, int32_t retry_after_s)
{
    job->stage = OUTBOX_ENDED;
    job->reason = reason;
    job->retry_after_s = retry_after_s;
    mbedtls_platform_zeroize(job->address, sizeof(job->address));
}

static void on_sent(void *arg, const struct wechat_result *result)
{
    finish(arg, result->reason, result->retry_after_s);
}

static void on_sms_sent(void *arg, enum partner_end end, const json_t *answer)
{
    finish(arg, sms_judge(end, answer), 1);
}

static void send_sms(struct outbox_job *job)
{
    const struct notice *notice = &job->message.notice;
    char when[NOTICE_VALUE_SIZE];

    notice_instant(notice->about_at, false, when);
    job->stage = OUTBOX_SENDING;
    if (!sms_send(job->outbox->sms, job->address, notice_sms(notice->kind), json_pack("{s:s}", "when", when),
                  PARTNER_DEADLINE_MS, on_sms_sent, job))
        finish(job, IDENTITY__REASON__SENDER_UNAVAILABLE, 1);
}

static void send_wechat(struct outbox_job *job)
{
    const struct notice *notice = &job->message.notice;
    const struct notice_template *template = template_of(job->outbox, notice->kind);
    Bridge__WechatMessage message = BRIDGE__WECHAT_MESSAGE__INIT;
    Bridge__WechatField fields[NOTICE_FIELDS], *list[NOTICE_FIELDS];
    char values[NOTICE_FIELDS][NOTICE_VALUE_SIZE];
    int reason;

    message.appid = unconst(template->appid);
    message.openid = job->address;
    message.template_id = unconst(template->id);
    message.page = unconst(template->page);
    for (unsigned i = 0; i < template->n_fields; i++) {
        notice_value(notice, &template->fields[i], values[i]);
        bridge__wechat_field__init(&fields[i]);
        fields[i].name = unconst(template->fields[i].name);
        fields[i].value = values[i];
        list[i] = &fields[i];
    }
    message.fields = list;
    message.n_fields = template->n_fields;
    job->stage = OUTBOX_SENDING;
    reason = wechat_message(job->outbox->wechat, &message, WECHAT_DEADLINE_MS, on_sent, job);
    if (reason)
        finish(job, reason, 1);
}

/* What identity says, whichever of the two it was asked for. */
static void ready(struct outbox_job *job, const Rpc__Answer *answer, const char *address)
{
    if (address && wechat_word_ok(address, sizeof(job->address) - 1)) {
        snprintf(job->address, sizeof(job->address), "%s", address);
        job->stage = OUTBOX_READY;
    } else {
        finish(job, answer->reason ? answer->reason : RPC__REASON__INTERNAL, 1);
    }
}

static void on_mobile(void *arg, const Rpc__Answer *answer)
{
    struct outbox_job *job = arg;
    Identity__FoundMobile *found = NULL;

    if (answer->reason == IDENTITY__REASON__MEMBER_NOT_FOUND) {
        finish(job, BRIDGE__REASON__NOTICE_NO_MOBILE, 0);
        return;
    }
    if (!answer->reason)
        found = identity__found_mobile__unpack(NULL, answer->output.len, answer->output.data);
    ready(job, answer, found ? found->mobile : NULL);
    if (found)
        mbedtls_platform_zeroize(found->mobile, strlen(found->mobile));
    identity__found_mobile__free_unpacked(found, NULL);
}

static void on_openid(void *arg, const Rpc__Answer *answer)
{
    struct outbox_job *job = arg;
    Identity__FoundOpenid *found = NULL;

    if (answer->reason == IDENTITY__REASON__WECHAT_NOT_FOUND) {
        finish(job, BRIDGE__REASON__NOTICE_NO_WECHAT, 0);
        return;
    }
    if (!answer->reason)
        found = identity__found_openid__unpack(NULL, answer->output.len, answer->output.data);
    ready(job, answer, found ? found->openid : NULL);
    if (found)
        mbedtls_platform_zeroize(found->openid, strlen(found->openid));
    identity__found_openid__free_unpacked(found, NULL);
}

/* Asks identity: a request of at most so many bytes. */
#define QUESTION_SIZE (OUTBOX_ADDRESS_SIZE + 32)

static void ask(struct outbox_job *job, const char *method, const ProtobufCMessage *request, rpc_answered answered)
{
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    Rpc__Call call = RPC__CALL__INIT;
    uint8_t packed[QUESTION_SIZE];

    ensure(protobuf_c_message_get_packed_size(request) <= sizeof(packed));
    principal.internal = true;
    call.method = unconst(method);
    call.principal = &principal;
    call.input = (ProtobufCBinaryData){protobuf_c_message_pack(request, packed), packed};
    if (!job->outbox->ask(job->outbox->ask_self, &call, answered, job))
        finish(job, RPC__REASON__OVERLOADED, 1);
}

static void ask_openid(struct outbox_job *job)
{
    const struct notice *notice = &job->message.notice;
    Identity__FindOpenidRequest request = IDENTITY__FIND_OPENID_REQUEST__INIT;

    request.member_id = notice->member_id;
    request.appid = unconst(template_of(job->outbox, notice->kind)->appid);
    request.wechat_id = notice->door;
    ask(job, "Identity.FindOpenid", &request.base, on_openid);
}

static void ask_mobile(struct outbox_job *job)
{
    Identity__FindMobileRequest request = IDENTITY__FIND_MOBILE_REQUEST__INIT;

    request.member_id = job->message.notice.member_id;
    ask(job, "Identity.FindMobile", &request.base, on_mobile);
}

static void begin(struct outbox_job *job, const struct message *message, int64_t now)
{
    const struct notice *notice = &message->notice;

    job->message = *message;
    job->stage = OUTBOX_ASKING;
    if (!has_way(job->outbox, notice))
        finish(job, BRIDGE__REASON__NOTICE_NO_TEMPLATE, 0);
    else if (now >= message->until)
        finish(job, BRIDGE__REASON__NOTICE_TOO_LATE, 0);
    else if (mutes_has(job->outbox->mutes, notice->member_id, notice->kind))
        finish(job, BRIDGE__REASON__NOTICE_TURNED_OFF, 0);
    else if (is_by_mobile(notice))
        ask_mobile(job);
    else
        ask_openid(job);
}

/* ---- a step ---- */

static int64_t delay_ms(int tries, int32_t retry_after_s)
{
    int64_t delay = OUTBOX_DELAY_MS, least = retry_after_s * INT64_C(1000);

    while (--tries > 0 && delay < OUTBOX_DELAY_MAX_MS)
        delay *= 2;
    delay = delay < OUTBOX_DELAY_MAX_MS ? delay : OUTBOX_DELAY_MAX_MS;
    return delay > least ? delay : least;
}

/* Writes down what a try has ended with. */
static void settle(struct outbox_job *job, void *call)
{
    struct message next = job->message;
    int was = next.state;

    next.tries++;
    next.reason = job->reason;
    switch (notice_judge(job->reason)) {
    case NOTICE_SENT:
        next.state = BRIDGE__MESSAGE_STATE__MESSAGE_SENT;
        break;
    case NOTICE_UNKNOWN:
        next.state = BRIDGE__MESSAGE_STATE__MESSAGE_UNCERTAIN;
        break;
    case NOTICE_NEVER:
        next.state = NOT_SENT;
        break;
    case NOTICE_AGAIN:
        if (job->withdrawn) {
            next.state = NOT_SENT;
            next.reason = BRIDGE__REASON__NOTICE_WITHDRAWN;
            break;
        }
        next.due_at = rpc_now(call) + delay_ms(next.tries, job->retry_after_s);
        next.state = next.tries < OUTBOX_TRIES && next.due_at < next.until ? WAITING : NOT_SENT;
        break;
    }
    if (next.state == WAITING)
        messages_set(job->outbox->messages, &next, was);
    else
        end(job->outbox, &next, was, call);
}

/* What the last life left: each may have been sent. */
static void recover(struct outbox *outbox, void *call)
{
    struct message left[OUTBOX_OUT];
    unsigned n = messages_in(outbox->messages, SENDING, left, OUTBOX_OUT);

    for (unsigned i = 0; i < n; i++) {
        left[i].state = BRIDGE__MESSAGE_STATE__MESSAGE_UNCERTAIN;
        left[i].reason =
            is_by_mobile(&left[i].notice) ? (int)BRIDGE__REASON__SMS_UNCERTAIN : (int)BRIDGE__REASON__WECHAT_UNCERTAIN;
        end(outbox, &left[i], SENDING, call);
    }
}

struct turn {
    struct outbox *outbox;
    bool marked[OUTBOX_OUT]; /* those that are SENDING once this is committed */
};

static void write_turn(void *call, void *arg)
{
    struct turn *turn = arg;
    struct outbox *outbox = turn->outbox;

    if (!outbox->recovered)
        recover(outbox, call);
    for (unsigned i = 0; i < OUTBOX_OUT; i++) {
        struct outbox_job *job = &outbox->jobs[i];
        struct message next = job->message;

        next.state = SENDING;
        if (job->stage == OUTBOX_READY)
            turn->marked[i] = messages_set(outbox->messages, &next, WAITING);
        else if (job->stage == OUTBOX_ENDED)
            settle(job, call);
    }
}

/* Commits what there is to say, and lets go who may. False when the commit failed: all
 * is as before, and tried again. */
static bool write_down(struct outbox *outbox)
{
    struct turn turn = {.outbox = outbox};
    bool wanted = !outbox->recovered;

    for (unsigned i = 0; i < OUTBOX_OUT; i++)
        wanted |= outbox->jobs[i].stage == OUTBOX_READY || outbox->jobs[i].stage == OUTBOX_ENDED;
    if (!wanted)
        return true;
    if (rpc_server_transact(outbox->rpc, write_turn, &turn))
        return false;
    outbox->recovered = true;
    for (unsigned i = 0; i < OUTBOX_OUT; i++) {
        struct outbox_job *job = &outbox->jobs[i];

        if (job->stage == OUTBOX_READY && turn.marked[i]) {
            job->message.state = SENDING;
            (is_by_mobile(&job->message.notice) ? send_sms : send_wechat)(job);
        } else if (job->stage == OUTBOX_READY || job->stage == OUTBOX_ENDED) {
            *job = (struct outbox_job){.outbox = outbox}; /* a READY one was withdrawn meanwhile */
        }
    }
    return true;
}

static bool is_under_way(const struct outbox *outbox, int64_t message_id)
{
    for (unsigned i = 0; i < OUTBOX_OUT; i++) {
        if (outbox->jobs[i].stage != OUTBOX_IDLE && outbox->jobs[i].message.id == message_id)
            return true;
    }
    return false;
}

void outbox_step(struct outbox *outbox)
{
    int64_t now = clock_now(outbox->clock);
    struct message due[OUTBOX_OUT];
    unsigned n, next = 0;

    /* Who has waited for identity past its use is not sent any more. */
    for (unsigned i = 0; i < OUTBOX_OUT; i++) {
        if (outbox->jobs[i].stage == OUTBOX_READY && now >= outbox->jobs[i].message.until)
            finish(&outbox->jobs[i], BRIDGE__REASON__NOTICE_TOO_LATE, 0);
    }
    if (!write_down(outbox) || outbox->stopping)
        return;
    n = messages_due(outbox->messages, now, due, OUTBOX_OUT);
    for (unsigned i = 0; i < OUTBOX_OUT && next < n; i++) {
        if (outbox->jobs[i].stage != OUTBOX_IDLE)
            continue;
        while (next < n && is_under_way(outbox, due[next].id))
            next++;
        if (next < n)
            begin(&outbox->jobs[i], &due[next++], now);
    }
}

bool outbox_stop(struct outbox *outbox)
{
    outbox->stopping = true;
    for (unsigned i = 0; i < OUTBOX_OUT; i++) {
        if (outbox->jobs[i].stage == OUTBOX_SENDING)
            return true;
    }
    return false;
}

void outbox_report(struct outbox *outbox, struct arena *arena, Rpc__ProbeReport *ret)
{
    int64_t n;
    int state, reason;

    tallies_ask(outbox->messages);
    while (tallies_next(outbox->messages, &state, &reason, &n)) {
        const ProtobufCEnumValue *value =
            protobuf_c_enum_descriptor_get_value(&bridge__message_state__descriptor, state);
        char *labels = arena_printf(arena, "state=\"%s\",reason=\"%s\"", value ? value->name : "",
                                    reason ? api_reason(reason)->name : "");

        if (labels)
            rpc_metric(arena, ret, "huigong_messages_total", "counter", labels, (double)n);
    }
    rpc_metric(arena, ret, "huigong_messages_waiting", "gauge", "", (double)messages_count_open(outbox->messages));
}
