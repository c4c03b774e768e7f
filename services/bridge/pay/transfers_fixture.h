/* transfers_fixture.h: payouts of the bridge in a test's own process, which stands in the place of who orders them, of
 * identity and of WeChat Pay. The key of the vectors is the merchant's and the platform's. */
#pragma once
#include "identity/identity.pb-c.h"
#include "services/bridge/pay/crypt_vectors.h"
#include "services/bridge/pay/orders_fixture.h"
#include "tests/disk.h"

#define MEMBER  9
#define N_NOTED 64

#define WAITING   BRIDGE__PAYOUT_STATE__PAYOUT_WAITING
#define SENT      BRIDGE__PAYOUT_STATE__PAYOUT_SENT
#define ACCEPTED  BRIDGE__PAYOUT_STATE__PAYOUT_ACCEPTED
#define CONFIRM   BRIDGE__PAYOUT_STATE__PAYOUT_CONFIRM
#define PAID      BRIDGE__PAYOUT_STATE__PAYOUT_PAID
#define FAILED    BRIDGE__PAYOUT_STATE__PAYOUT_FAILED
#define CANCELLED BRIDGE__PAYOUT_STATE__PAYOUT_CANCELLED
#define REFUSED   BRIDGE__PAYOUT_STATE__PAYOUT_REFUSED

static struct harness h;
static struct {
    struct bridge *bridge;
    uv_loop_t loop;
    struct {
        rpc_answered answered; /* NULL: it has been answered */
        void *arg;
    } questions[N_NOTED];
    struct asked {
        char path[256], body[1024];
        fetch_done done; /* NULL: it has been answered */
        void *arg;
    } sent[N_NOTED];
    unsigned n_questions, n_sent;
    struct pay_signer platform;
    char timestamp[24], signature[PAY_SIGNATURE_SIZE];
    bool connected, lists_certificates;
} t;

/* ---- in the place of others ---- */

static inline bool note_question(void *self, const Rpc__Call *call, rpc_answered answered, void *arg)
{
    (void)self;
    ensure(t.n_questions < N_NOTED && strcmp(call->method, "Identity.FindPayee") == 0 && call->principal->internal);
    t.questions[t.n_questions].answered = answered;
    t.questions[t.n_questions++].arg = arg;
    return true;
}

static inline bool note_request(void *self, const struct fetch_request *request, fetch_done done, void *arg)
{
    struct asked *one = &t.sent[t.n_sent];

    (void)self;
    if (strstr(request->url, "/v3/certificates") && !t.lists_certificates)
        return false;
    ensure(t.n_sent < N_NOTED && request->authorization && strstr(request->authorization, "mchid=\"1900009191\""));
    snprintf(one->path, sizeof(one->path), "%s", strstr(request->url, "/v3/"));
    snprintf(one->body, sizeof(one->body), "%s", request->json ? request->json : "GET");
    one->done = done;
    one->arg = arg;
    t.n_sent++;
    return true;
}

static inline bool run_at_once(void *self, struct worker_task *task)
{
    (void)self;
    task->run(task);
    task->done(task);
    return true;
}

static inline struct asked *last(void)
{
    ensure(t.n_sent > 0);
    return &t.sent[t.n_sent - 1];
}

static inline bool is_query(void)
{
    return strcmp(last()->body, "GET") == 0 && strstr(last()->path, "/out-bill-no/");
}

/* The longest unanswered question. */
static inline void tell_payee(const char *openid, const char *name)
{
    Identity__FoundPayee found = IDENTITY__FOUND_PAYEE__INIT;
    Rpc__Answer message = RPC__ANSWER__INIT;
    uint8_t packed[256];
    unsigned i = 0;

    while (i < t.n_questions && !t.questions[i].answered)
        i++;
    ensure(i < t.n_questions);
    found.appid = "wx0000000000000001";
    found.openid = unconst(openid);
    found.name = unconst(name);
    message.output = (ProtobufCBinaryData){identity__found_payee__pack(&found, packed), packed};
    t.questions[i].answered(t.questions[i].arg, &message);
    t.questions[i].answered = NULL;
}

static inline bool is_asked(void)
{
    for (unsigned i = 0; i < t.n_questions; i++) {
        if (t.questions[i].answered)
            return true;
    }
    return false;
}

static inline const char *header_of(const struct fetch_answer *answer, const char *name)
{
    (void)answer;
    if (strcmp(name, "Wechatpay-Timestamp") == 0)
        return t.timestamp;
    if (strcmp(name, "Wechatpay-Nonce") == 0)
        return "nonce";
    if (strcmp(name, "Wechatpay-Serial") == 0)
        return "PUB_KEY_ID_01";
    return strcmp(name, "Wechatpay-Signature") == 0 ? t.signature : NULL;
}

/* Signs a body as the platform does, now. */
static inline void prove(const char *body)
{
    char text[2048];

    snprintf(t.timestamp, sizeof(t.timestamp), "%lld", (long long)clock_now(&h.service.clock) / 1000);
    snprintf(text, sizeof(text), "%s\nnonce\n%s\n", t.timestamp, body);
    ensure(pay_sign(&t.platform, text, strlen(text), t.signature));
}

/* What was sent last is answered: ' is written for ", and %s is the number of its order. */
static inline void answer_with(long status, const char *format)
{
    char body[1024];
    struct fetch_answer answer = {.status = status, .sent = true, .header = header_of};
    struct asked *one = last();
    const char *number = strstr(one->body, "\"out_bill_no\":\"");
    char no[64] = "";

    number = number ? number + 15 : strstr(one->path, "/out-bill-no/") ? strstr(one->path, "/out-bill-no/") + 13 : "";
    snprintf(no, sizeof(no), "%.*s", (int)strcspn(number, "\"/"), number);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(body, sizeof(body), format, no);
#pragma GCC diagnostic pop
    for (char *c = body; *c; c++)
        *c = (char)(*c == '\'' ? '"' : *c);
    prove(body);
    answer.body = body;
    answer.len = strlen(body);
    ensure(one->done);
    one->done(one->arg, &answer);
    one->done = NULL;
}

static inline void answer(const char *format)
{
    answer_with(200, format);
}

static inline void answer_error(long status, const char *code)
{
    char body[128];

    snprintf(body, sizeof(body), "{'code':'%s','message':'NOT_FOUND SUCCESS'}", code);
    answer_with(status, body);
}

/* The request went out, and nothing came back. */
static inline void lose(void)
{
    struct fetch_answer answer = {.failure = "Timeout was reached", .sent = true, .body = ""};
    struct asked *one = last();

    one->done(one->arg, &answer);
    one->done = NULL;
}

/* ---- steps ---- */

static inline void step(void)
{
    transfers_step(&t.bridge->transfers);
}

static inline void later(int64_t ms)
{
    clock_step(&h.service.clock, ms);
    step();
}

/* Steps until what is ready has left. */
static inline void send_ready(void)
{
    step();
    while (is_asked())
        tell_payee("o-li", "李敏");
    step();
}

static inline void answer_query(const char *state, int64_t fen, const char *openid)
{
    char format[256];

    while (is_asked())
        tell_payee("o-li", "李敏");
    ensure(is_query());
    snprintf(format, sizeof(format), "{'out_bill_no':'%%s','state':'%s','transfer_amount':%lld,'openid':'%s'}", state,
             (long long)fen, openid);
    answer(format);
    step();
}

static inline void order(int64_t order_id, int64_t fen)
{
    hear_order(&h, order_id, MEMBER, fen);
}

/* Orders, and goes on until the request is out. */
static inline void send_one(int64_t order_id, int64_t fen)
{
    unsigned sent = t.n_sent;

    order(order_id, fen);
    send_ready();
    assert_int_equal(t.n_sent, sent + 1);
}

/* ---- what has become of it ---- */

static inline int64_t count(const char *sql)
{
    return harness_number(&h, sql);
}

static inline int64_t of_order(int64_t order_id, const char *column)
{
    char sql[128];

    snprintf(sql, sizeof(sql), "SELECT %s FROM payout WHERE order_id = %lld", column, (long long)order_id);
    return count(sql);
}

static inline int state_of(int64_t order_id)
{
    return (int)of_order(order_id, "state");
}

static inline int reason_of(int64_t order_id)
{
    return (int)of_order(order_id, "reason");
}

static inline const char *number_of(int64_t order_id)
{
    static char number[PAYOUT_NUMBER_SIZE];

    payout_number("subsidy", order_id, (int)of_order(order_id, "attempt"), number);
    return number;
}

static inline int64_t cases_of(int kind)
{
    char sql[96];

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM pay_case WHERE kind = %d", kind);
    return count(sql);
}

static inline const Rpc__Answer *renew(int64_t order_id)
{
    Bridge__PayoutRequest request = BRIDGE__PAYOUT_REQUEST__INIT;

    request.payout_id = of_order(order_id, "payout_id");
    return harness_call(&h, "Pay.RenewPayout", &request.base, harness_internal(&h), NULL);
}

/* ---- life ---- */

static inline void set_conf(void)
{
    harness_key(&h, "HUIGONG_PAY_MERCHANT",
                "mchid 1900009191\nserial 1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C\n"
                "apiv3 0123456789abcdef0123456789abcdef\nappid wx0000000000000001\npublic PUB_KEY_ID_01\n");
    harness_key(&h, "HUIGONG_PAY_PRIVATE", private_pem);
    harness_key(&h, "HUIGONG_PAY_PUBLIC", public_pem);
    setenv("HUIGONG_PAY_NOTIFY", "https://huigong.example/v1/callbacks/wechat-pay", 1);
    setenv("HUIGONG_PAY_ORDER_MAX", "300000", 1);
    setenv("HUIGONG_PAY_PERSON_DAY", "300000", 1);
    ensure(conf_load(bridge_spec.conf, NULL, true) == 0);
}

/* After harness_start: what serve() would do. */
static inline void connect_pay(void)
{
    t.bridge = h.service.self;
    t.n_sent = t.n_questions = 0;
    uv_loop_init(&t.loop);
    pay_open_over(&t.bridge->pay, &t.loop, t.bridge->clock, note_request, NULL, run_at_once, NULL);
    t.bridge->transfers.ask = note_question;
    t.connected = true;
}

static inline void disconnect_pay(void *self)
{
    if (!t.connected)
        return;
    t.connected = false;
    pay_close(&((struct bridge *)self)->pay);
    ensure(uv_loop_close(&t.loop) == 0);
}

/* The bridge is killed and starts again. */
static inline void die(void)
{
    harness_reopen(&h);
    connect_pay();
}

static inline int setup(void **state)
{
    (void)state;
    memset(&t, 0, sizeof(t));
    ensure(pay_signer_init(&t.platform, private_pem, sizeof(private_pem)) == 0);
    harness_init(&h, &bridge_spec, disconnect_pay);
    set_conf();
    harness_start(&h);
    connect_pay();
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    disk_heal();
    assert_string_equal(harness_audit(&h), "");
    harness_close(&h);
    pay_signer_done(&t.platform);
    return 0;
}
