/* outbox_fixture.h: the bridge's outbox in a test's own process, which stands in the
 * place of health's and identity's journals, of identity, of WeChat and of the sender of short messages. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "health/health.pb-c.h"
#include "identity/identity.pb-c.h"
#include "services/bridge/bridge.h"
#include "common/benefit/holders/holders_fixture.h"

#define APP     "wx0000000000000001"
#define SOON_AT (HARNESS_NOW + INT64_C(91800000)) /* 2026-01-02 09:30 in China */
#define N_NOTED 512

#define WAITING   BRIDGE__MESSAGE_STATE__MESSAGE_WAITING
#define SENDING   BRIDGE__MESSAGE_STATE__MESSAGE_SENDING
#define SENT      BRIDGE__MESSAGE_STATE__MESSAGE_SENT
#define NOT_SENT  BRIDGE__MESSAGE_STATE__MESSAGE_NOT_SENT
#define UNCERTAIN BRIDGE__MESSAGE_STATE__MESSAGE_UNCERTAIN

static struct harness h;
static struct {
    struct outbox *outbox;
    uv_loop_t loop;
    int64_t row; /* of health's journal */
    struct {
        char method[32], appid[WECHAT_NAME_SIZE];
        int64_t member_id, wechat_id;
        rpc_answered answered; /* NULL: it has been answered */
        void *arg;
    } questions[N_NOTED];
    struct {
        char json[1024];
        fetch_done done; /* NULL: it has been answered */
        void *arg;
    } sent[N_NOTED], texts[N_NOTED]; /* through WeChat, and by short messages */
    unsigned n_questions, n_sent, n_texts;
    fetch_done token_done; /* NULL: nobody waits for a token */
    void *token_arg;
    bool connected;
} t;

/* ---- in the place of others ---- */

static inline bool note_question(void *self, const Rpc__Call *call, rpc_answered answered, void *arg)
{
    Identity__FindOpenidRequest *request =
        identity__find_openid_request__unpack(NULL, call->input.len, call->input.data);

    (void)self;
    ensure(t.n_questions < N_NOTED && request && call->principal->internal);
    snprintf(t.questions[t.n_questions].method, sizeof(t.questions[0].method), "%s", call->method);
    snprintf(t.questions[t.n_questions].appid, sizeof(t.questions[0].appid), "%s", request->appid);
    t.questions[t.n_questions].member_id = request->member_id; /* alike in FindMobile */
    t.questions[t.n_questions].wechat_id = request->wechat_id;
    t.questions[t.n_questions].answered = answered;
    t.questions[t.n_questions++].arg = arg;
    identity__find_openid_request__free_unpacked(request, NULL);
    return true;
}

static inline bool note_request(void *self, const struct fetch_request *request, fetch_done done, void *arg)
{
    (void)self;
    if (strstr(request->url, "/cgi-bin/stable_token")) {
        t.token_done = done;
        t.token_arg = arg;
        return true;
    }
    ensure(t.n_sent < N_NOTED && strstr(request->url, "/cgi-bin/message/subscribe/send?access_token=token1"));
    snprintf(t.sent[t.n_sent].json, sizeof(t.sent[0].json), "%s", request->json);
    t.sent[t.n_sent].done = done;
    t.sent[t.n_sent++].arg = arg;
    return true;
}

static inline bool note_text(void *self, const struct fetch_request *request, fetch_done done, void *arg)
{
    (void)self;
    ensure(t.n_texts < N_NOTED && strstr(request->url, "/v1/messages"));
    snprintf(t.texts[t.n_texts].json, sizeof(t.texts[0].json), "%s", request->json);
    t.texts[t.n_texts].done = done;
    t.texts[t.n_texts++].arg = arg;
    return true;
}

static inline void tell(unsigned i, const ProtobufCMessage *found)
{
    Rpc__Answer answer = RPC__ANSWER__INIT;
    uint8_t packed[128];

    answer.output = (ProtobufCBinaryData){protobuf_c_message_pack(found, packed), packed};
    t.questions[i].answered(t.questions[i].arg, &answer);
    t.questions[i].answered = NULL;
}

static inline void tell_mobile(unsigned i, const char *mobile)
{
    Identity__FoundMobile found = IDENTITY__FOUND_MOBILE__INIT;

    found.mobile = unconst(mobile);
    tell(i, &found.base);
}

static inline void tell_openid(unsigned i, const char *openid)
{
    Identity__FoundOpenid found = IDENTITY__FOUND_OPENID__INIT;

    found.openid = unconst(openid);
    tell(i, &found.base);
}

static inline void tell_nobody(unsigned i, int reason)
{
    Rpc__Answer answer = RPC__ANSWER__INIT;

    answer.reason = reason;
    t.questions[i].answered(t.questions[i].arg, &answer);
    t.questions[i].answered = NULL;
}

/* A step, and the access token if one is asked for. */
static inline void step(void)
{
    static const char body[] = "{\"access_token\":\"token1\",\"expires_in\":7200}";
    struct fetch_answer answer = {.status = 200, .body = body, .len = sizeof(body) - 1};
    fetch_done done;

    outbox_step(t.outbox);
    done = t.token_done;
    t.token_done = NULL;
    if (done)
        done(t.token_arg, &answer);
}

static inline void answer(unsigned i, const char *body)
{
    struct fetch_answer fetched = {.status = 200, .body = body, .len = strlen(body)};
    fetch_done done = t.sent[i].done;

    ensure(done);
    t.sent[i].done = NULL;
    done(t.sent[i].arg, &fetched);
}

static inline void answer_text(unsigned i, long status, const char *body)
{
    struct fetch_answer fetched = {.status = status, .sent = true, .body = body, .len = strlen(body)};
    fetch_done done = t.texts[i].done;

    ensure(done);
    t.texts[i].done = NULL;
    done(t.texts[i].arg, &fetched);
}

/* The request went out, and nothing came back. */
static inline void lose(unsigned i)
{
    struct fetch_answer fetched = {.failure = "Timeout was reached", .sent = true, .body = ""};
    fetch_done done = t.sent[i].done;

    t.sent[i].done = NULL;
    done(t.sent[i].arg, &fetched);
}

/* ---- health's journal, as it was before it shared the part `notice` ---- */

/* A row of it: 0, or the Reason it was undone for. */
static inline int hear_health(int64_t seq, const Health__Event *event)
{
    Rpc__JournalRow message = RPC__JOURNAL_ROW__INIT;
    uint8_t packed[1024];

    message.seq = seq;
    message.body = (ProtobufCBinaryData){health__event__pack(event, packed), packed};
    message.kind = (int32_t)event->event_case;
    return harness_hear(&h, "health", &message);
}

static inline bool remind_by(int64_t seq, int kind, int64_t member_id, int64_t at)
{
    Health__Reminder reminder = HEALTH__REMINDER__INIT;
    Health__Event event = HEALTH__EVENT__INIT;

    reminder.member_id = member_id;
    reminder.kind = (Health__ReminderKind)kind;
    reminder.at = at;
    reminder.booking_id = member_id + 1000;
    reminder.campaign_title = "职工免费体检";
    reminder.site_name = "市中医院";
    event.event_case = HEALTH__EVENT__EVENT_REMINDER;
    event.reminder = &reminder;
    return hear_health(seq, &event) == 0;
}

static inline bool remind(int kind, int64_t member_id, int64_t at)
{
    return remind_by(++t.row, kind, member_id, at);
}

static inline void change_booking(int64_t member_id)
{
    Bookings__BookingChanged changed = BOOKINGS__BOOKING_CHANGED__INIT;
    Health__Event event = HEALTH__EVENT__INIT;

    changed.booking_id = member_id + 1000;
    event.event_case = HEALTH__EVENT__EVENT_BOOKING_CHANGED;
    event.booking_changed = &changed;
    assert_int_equal(hear_health(N_NOTED + member_id, &event), 0);
}

/* ---- identity's likewise ---- */

/* A row of it. */
static inline void hear_identity(const Identity__Event *event)
{
    Rpc__JournalRow message = RPC__JOURNAL_ROW__INIT;
    uint8_t packed[256];

    message.seq = ++t.row;
    message.body = (ProtobufCBinaryData){identity__event__pack(event, packed), packed};
    message.kind = (int32_t)event->event_case;
    assert_int_equal(harness_hear(&h, "identity", &message), 0);
}

/* By a WeChat, or (0) by her number. */
static inline void tell_news(int news, int64_t member_id, int64_t about_id, int64_t wechat_id)
{
    Identity__NoticeGiven given = IDENTITY__NOTICE_GIVEN__INIT;
    Identity__Event event = IDENTITY__EVENT__INIT;

    given.member_id = member_id;
    given.news = (Identity__AccountNews)news;
    given.about_id = about_id;
    given.wechat_id = wechat_id;
    given.at = SOON_AT - INT64_C(86400000);
    event.event_case = IDENTITY__EVENT__EVENT_NOTICE_GIVEN;
    event.notice_given = &given;
    hear_identity(&event);
}

/* ---- any service's that shares the part `notice` ---- */

static inline void hear_notice(const char *source, const Rpc__ChassisEvent *event)
{
    Rpc__JournalRow message = RPC__JOURNAL_ROW__INIT;
    uint8_t packed[512];

    message.seq = ++t.row;
    message.body = (ProtobufCBinaryData){rpc__chassis_event__pack(event, packed), packed};
    message.kind = (int32_t)event->event_case;
    assert_int_equal(harness_hear(&h, source, &message), 0);
}

static inline void tell_notice(const char *source, int kind, int64_t member_id, int64_t notice_id, int64_t door)
{
    Notice__NoticeGiven given = NOTICE__NOTICE_GIVEN__INIT;
    Rpc__ChassisEvent event = RPC__CHASSIS_EVENT__INIT;

    given.notice_id = notice_id;
    given.member_id = member_id;
    given.kind = (Notice__NoticeKind)kind;
    given.about_id = 77;
    given.at = SOON_AT;
    given.door = door;
    given.title = "职工免费体检";
    given.place = "市中医院";
    event.event_case = RPC__CHASSIS_EVENT__EVENT_NOTICE_GIVEN;
    event.notice_given = &given;
    hear_notice(source, &event);
}

static inline void withdraw_notice(const char *source, int64_t notice_id)
{
    Notice__NoticeWithdrawn withdrawn = NOTICE__NOTICE_WITHDRAWN__INIT;
    Rpc__ChassisEvent event = RPC__CHASSIS_EVENT__INIT;

    withdrawn.notice_id = notice_id;
    event.event_case = RPC__CHASSIS_EVENT__EVENT_NOTICE_WITHDRAWN;
    event.notice_withdrawn = &withdrawn;
    hear_notice(source, &event);
}

/* ---- a message ---- */

/* Reminds, and goes on until the request is out. */
static inline void send_one_at(int64_t member_id, int64_t at)
{
    unsigned questions = t.n_questions, sent = t.n_sent;

    assert_true(remind(HEALTH__REMINDER_KIND__DAY_BEFORE, member_id, at));
    step();
    assert_int_equal(t.n_questions, questions + 1);
    tell_openid(questions, "oSomebody");
    step();
    assert_int_equal(t.n_sent, sent + 1);
}

static inline void send_one(int64_t member_id)
{
    send_one_at(member_id, SOON_AT);
}

/* ---- what has become of it ---- */

static inline int64_t count(const char *sql)
{
    int statement = store_prepare(h.service.store, &sql, 1);
    int64_t n = -1;

    assert_true(statement >= 0);
    store_ask(h.service.store, (unsigned)statement, "");
    if (store_row(h.service.store, (unsigned)statement)) {
        n = store_int(h.service.store, (unsigned)statement, 0);
        store_end(h.service.store, (unsigned)statement);
    }
    return n;
}

/* Of the message of a row. */
static inline int state_of(int64_t row)
{
    char sql[96];

    snprintf(sql, sizeof(sql), "SELECT state FROM message WHERE source_seq = %lld", (long long)row);
    return (int)count(sql);
}

static inline void assert_ended(int64_t row, int state, int reason)
{
    char sql[96];

    assert_int_equal(state_of(row), state);
    snprintf(sql, sizeof(sql), "SELECT reason FROM message WHERE ended_at > 0 AND source_seq = %lld", (long long)row);
    assert_int_equal(count(sql), reason);
}

static inline int64_t journal_rows(void)
{
    return rpc_server_journal(h.service.rpc)->tip.seq;
}

static inline Bridge__MessageList *listed(const Bridge__ListMessagesRequest *request)
{
    return harness_output(&h, harness_call(&h, "Outbox.ListMessages", &request->base, harness_internal(&h), NULL),
                          &bridge__message_list__descriptor);
}

/* In no file of the store. */
static inline void assert_nothing_kept(const char *secret)
{
    static const char *const names[] = {"data.sqlite", "data.sqlite-wal"};
    static char bytes[1 << 22];

    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        char path[64];
        FILE *file;
        size_t n;

        snprintf(path, sizeof(path), "%s/%s", h.dir, names[i]);
        file = fopen(path, "r");
        assert_non_null(file);
        n = fread(bytes, 1, sizeof(bytes), file);
        fclose(file);
        assert_in_range(n, 1, sizeof(bytes) - 1);
        assert_null(memmem(bytes, n, secret, strlen(secret)));
    }
}

/* ---- life ---- */

static inline void write_file(char *path, const char *text)
{
    int fd;

    snprintf(path + strlen(path) - 6, 7, "XXXXXX");
    fd = mkstemp(path);
    ensure(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static inline void set_conf(void)
{
    static char apps[] = "/tmp/huigong-test-apps-XXXXXX", templates[] = "/tmp/huigong-test-templates-XXXXXX";
    static char sms[] = "/tmp/huigong-test-sms-XXXXXX";

    write_file(apps, APP " 0123456789abcdef0123456789abcdef\n");
    write_file(templates, "CHECKUP_SOON " APP " tpl-soon pages/booking thing1=title time2=when thing3=place "
                          "phrase4=what\nCHECKUP_REPORT_READY " APP " tpl-report - thing1=title thing2=what\n"
                          "ACCOUNT_MERGE_ASKED " APP " tpl-account - thing1=what time2=when\n");
    write_file(sms, "union 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
    setenv("HUIGONG_SMS_URL", "http://127.0.0.1:1", 1);
    setenv("HUIGONG_SMS_SECRET", sms, 1);
    setenv("HUIGONG_WECHAT_APPS", apps, 1);
    setenv("HUIGONG_WECHAT_TEMPLATES", templates, 1);
    ensure(conf_load(bridge_spec.conf, NULL, true) == 0);
}

static inline void unset_conf(void)
{
    unlink(getenv("HUIGONG_WECHAT_APPS"));
    unlink(getenv("HUIGONG_WECHAT_TEMPLATES"));
    unlink(getenv("HUIGONG_SMS_SECRET"));
}

/* After harness_start: what serve() would do. */
static inline void connect_outbox(void)
{
    struct bridge *bridge = h.service.self;

    t.outbox = &bridge->outbox;
    t.outbox->ask = note_question;
    uv_loop_init(&t.loop);
    wechat_open(&bridge->wechat, &t.loop, note_request, NULL);
    partner_open(&bridge->sms, &t.loop, bridge->clock, note_text, NULL);
    t.connected = true;
}

/* Before harness_stop. */
static inline void disconnect_outbox(void *self)
{
    if (!t.connected)
        return;
    t.connected = false;
    wechat_close(&((struct bridge *)self)->wechat);
    partner_close(&((struct bridge *)self)->sms);
    uv_run(&t.loop, UV_RUN_DEFAULT);
    ensure(uv_loop_close(&t.loop) == 0);
    for (unsigned i = 0; i < t.n_sent; i++)
        t.sent[i].done = NULL;
    for (unsigned i = 0; i < t.n_texts; i++)
        t.texts[i].done = NULL;
    for (unsigned i = 0; i < t.n_questions; i++)
        t.questions[i].answered = NULL;
    t.token_done = NULL;
}

/* The bridge is killed and starts again. */
static inline void die(void)
{
    harness_reopen(&h);
    connect_outbox();
}

static inline int setup(void **state)
{
    (void)state;
    memset(&t, 0, sizeof(t));
    set_conf();
    harness_open(&h, &bridge_spec, disconnect_outbox);
    connect_outbox();
    return 0;
}

static inline int teardown_dirty(void **state)
{
    (void)state;
    harness_close(&h);
    unset_conf();
    return 0;
}

static inline int teardown(void **state)
{
    assert_string_equal(harness_audit(&h), "");
    return teardown_dirty(state);
}
