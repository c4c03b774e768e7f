/* ask http KIND FROM COUNT CONNECTIONS: requests of so many draws (people.h) over kept
 *     connections, each with one at a time; prints the rate and what a request took.
 * ask call KIND FROM COUNT: the same over the bus, GROUP calls a message and one
 *     message at a time; prints what a call took.
 * ask lookup FROM COUNT: people by resident ID, in the store itself.
 * KIND is code, login, refresh, verify, me or numbers. From the environment: PEOPLE ("members begin"
 * as fill has printed), HUIGONG_BUS, STORE, CODES (identity's log, for login), PII_KEY, TOKEN_KEY, SESSION_KEY, PORT.
 * Exit 1 when a call was refused. */
#include "common/base/bytes.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/rpc/rpc.h"
#include "common/trust/seal.h"
#include "services/identity/people/members.h"
#include "services/identity/registers/rosters.h"
#include "services/identity/access/session_life.h"
#include "tests/bench/people.h"

#define GROUP     64
#define CODE_LEN  6
#define COUNT_MAX 1000000

struct ask {
    struct people people;
    struct clock clock;
    struct token_keys *tokens;
    char (*codes)[CODE_LEN + 1]; /* by what a masked number shows */
    char text[4][64];            /* of the request at hand */
    Rpc__Principal principal;
    Rpc__Grant grant, *grants[1];
};

/* One operation: its message, in the static of its kind, and its body in JSON. */
struct request {
    const char *method, *path;
    const ProtobufCMessage *input;
    char json[256];
};

/* ---- requests ---- */

static void as_nobody(struct ask *ask)
{
    rpc__principal__init(&ask->principal);
}

static void as_person(struct ask *ask, uint64_t turn, int level)
{
    rpc__principal__init(&ask->principal);
    ask->principal.member_id = people_member_id(&ask->people, turn);
    ask->principal.session_id = people_session_id(&ask->people, turn);
    ask->principal.expires_at = clock_now(&ask->clock) + LIMIT_SESSION_MS;
    ask->principal.level = (Rpc__Level)level;
}

static void code(struct ask *ask, uint64_t draw, struct request *ret)
{
    static Identity__SendCodeRequest input;

    as_nobody(ask);
    ask->principal.internal = true; /* as the bridge asks for it */
    identity__send_code_request__init(&input);
    people_mobile(draw, ask->text[0]);
    input.mobile = ask->text[0];
    *ret = (struct request){"Identity.SendCode", "/v1/login-codes", &input.base, ""};
    snprintf(ret->json, sizeof(ret->json), "{\"mobile\":\"%s\"}", input.mobile);
}

static void login(struct ask *ask, uint64_t draw, struct request *ret)
{
    static Identity__LoginRequest input;

    as_nobody(ask);
    identity__login_request__init(&input);
    people_mobile(draw, ask->text[0]);
    input.mobile = ask->text[0];
    input.code = ask->codes[draw % SEEN_APART];
    *ret = (struct request){"Identity.Login", "/v1/sessions", &input.base, ""};
    snprintf(ret->json, sizeof(ret->json), "{\"mobile\":\"%s\",\"code\":\"%s\"}", input.mobile, input.code);
}

/* See services/identity/access/session_life.h. */
static void write_refresh(const struct ask *ask, uint64_t turn, char ret[REFRESH_SIZE])
{
    unsigned char bytes[REFRESH_BYTES];

    put_be64(bytes, (uint64_t)people_session_id(&ask->people, turn));
    people_refresh(turn, bytes + 8, bytes + 8 + HALF_LEN);
    ret[base64url_encode(bytes, sizeof(bytes), ret)] = '\0';
}

static void refresh(struct ask *ask, uint64_t draw, struct request *ret)
{
    static Identity__RefreshRequest input;

    as_nobody(ask);
    identity__refresh_request__init(&input);
    write_refresh(ask, people_turn_of_draw(&ask->people, draw), ask->text[0]);
    input.refresh_token = ask->text[0];
    *ret = (struct request){"Identity.RefreshSession", "/v1/sessions:refresh", &input.base, ""};
    snprintf(ret->json, sizeof(ret->json), "{\"refreshToken\":\"%s\"}", input.refresh_token);
}

/* The draws from `members` on are those who are not verified. */
static void verify(struct ask *ask, uint64_t draw, struct request *ret)
{
    static Identity__VerifyRequest input;
    static struct person person;
    uint64_t turn = people_turn_of_draw(&ask->people, ask->people.members + draw);

    as_person(ask, turn, RPC__LEVEL__MOBILE);
    identity__verify_request__init(&input);
    people_person(&ask->people, people_place(&ask->people, turn), &person);
    input.name = person.name;
    input.resident_id = person.resident_id;
    *ret = (struct request){"Identity.VerifyMe", "/v1/me:verify", &input.base, ""};
    snprintf(ret->json, sizeof(ret->json), "{\"name\":\"%s\",\"residentId\":\"%s\"}", input.name, input.resident_id);
}

static void me(struct ask *ask, uint64_t draw, struct request *ret)
{
    static Identity__MeRequest input;

    as_person(ask, people_turn_of_draw(&ask->people, draw), RPC__LEVEL__MEMBER);
    identity__me_request__init(&input);
    *ret = (struct request){"Identity.GetMe", "/v1/me", &input.base, ""};
}

/* An administrator of every union, whom no other kind asks for; her session is sealed once,
 * as identity does it. */
static void as_administrator(struct ask *ask)
{
    static unsigned char seal[ECDSA_SIGNATURE_LEN];
    static int64_t expires_at;

    as_person(ask, 0, RPC__LEVEL__MEMBER);
    ask->principal.member_id = ask->principal.session_id = 1;
    rpc__grant__init(&ask->grant);
    ask->grant.role = RULE__ROLE__UNION_ADMIN;
    ask->grants[0] = &ask->grant;
    ask->principal.grants = ask->grants;
    ask->principal.n_grants = 1;
    if (!expires_at) {
        struct ecdsa_key *key = ecdsa_key_open(getenv("SESSION_KEY"));

        expires_at = ask->principal.expires_at;
        ensure(key && grants_seal(key, &ask->principal, seal));
        ecdsa_key_free(key);
    }
    ask->principal.expires_at = expires_at;
    ask->principal.grants_seal = (ProtobufCBinaryData){sizeof(seal), seal};
}

/* Of somebody's union, or of one above it. */
static void numbers(struct ask *ask, uint64_t draw, struct request *ret)
{
    static Identity__NumbersRequest input;
    uint64_t place = people_place(&ask->people, people_turn_of_draw(&ask->people, draw));
    uint32_t of = people_union(&ask->people, place);

    for (uint64_t up = draw % 6; up > 0 && people_union_above(of); up--)
        of = people_union_above(of);

    as_administrator(ask);
    identity__numbers_request__init(&input);
    input.union_id = people_union_id(&ask->people, of);
    snprintf(ask->text[0], sizeof(ask->text[0]), "/v1/unions/%lld/numbers", (long long)input.union_id);
    *ret = (struct request){"Unions.GetNumbers", ask->text[0], &input.base, ""};
}

static const struct kind {
    const char *name;
    void (*make)(struct ask *ask, uint64_t draw, struct request *ret);
} kinds[] = {
    {"code", code}, {"login", login}, {"refresh", refresh}, {"verify", verify}, {"me", me}, {"numbers", numbers},
};

static const struct kind *kind_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    fprintf(stderr, "ask: there is no kind %s\n", name);
    exit(2);
}

/* ---- codes, from identity's log ---- */

static void read_codes(struct ask *ask)
{
    FILE *file = fopen(getenv("CODES") ? getenv("CODES") : "/dev/null", "r");
    char line[1024];

    ask->codes = calloc(SEEN_APART, sizeof(*ask->codes));
    ensure(file && ask->codes);
    while (fgets(line, sizeof(line), file)) {
        unsigned first, last;
        const char *mobile = strstr(line, "\"mobile\":\""), *text = strstr(line, "\"code\":\"");

        if (!strstr(line, "demo_sms") || !mobile || !text ||
            sscanf(mobile, "\"mobile\":\"1%2u****%4u", &first, &last) != 2)
            continue;
        ensure(first >= 30 && (first - 30) * 10000 + last < SEEN_APART);
        snprintf(ask->codes[(first - 30) * 10000 + last], CODE_LEN + 1, "%.6s", text + strlen("\"code\":\""));
    }
    fclose(file);
}

/* ---- times ---- */

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Of one call, when `each` are measured at a time. */
static void print_times(int64_t *took_ns, size_t n, unsigned each)
{
    int64_t sum = 0;

    qsort(took_ns, n, sizeof(*took_ns), ascending);
    for (size_t i = 0; i < n; i++)
        sum += took_ns[i];
    printf("mean_us=%.2f median_us=%.2f p99_us=%.2f max_us=%.2f", (double)sum / 1e3 / (double)n / each,
           (double)took_ns[n / 2] / 1e3 / each, (double)took_ns[n * 99 / 100] / 1e3 / each,
           (double)took_ns[n - 1] / 1e3 / each);
}

/* ---- http ---- */

struct load {
    struct ask *ask;
    const struct kind *kind;
    uint64_t draw, end, refused;
    int64_t *took_ns;
    size_t n; /* answers */
};

/* A connection that is kept, with one request at a time. */
struct visitor {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    struct load *load;
    char out[2048], in[16384];
    size_t len;
    int64_t began_ns;
};

static void on_written(uv_write_t *write, int status)
{
    (void)write;
    ensure(status == 0 || status == UV_ECANCELED);
}

static void send_next(struct visitor *visitor)
{
    struct load *load = visitor->load;
    char token[TOKEN_SIZE] = "";
    struct request request;
    uv_buf_t buf = {.base = visitor->out};

    if (load->draw == load->end) {
        uv_close((uv_handle_t *)&visitor->tcp, NULL);
        return;
    }
    load->kind->make(load->ask, load->draw++, &request);
    ensure(!load->ask->principal.member_id || token_make(load->ask->tokens, &load->ask->principal, token));
    buf.len = (size_t)snprintf(visitor->out, sizeof(visitor->out), "%s %s HTTP/1.1\r\nHost: bench\r\n%s%s%s",
                               *request.json ? "POST" : "GET", request.path, *token ? "Authorization: Bearer " : "",
                               token, *token ? "\r\n" : "");
    if (*request.json)
        buf.len += (size_t)snprintf(visitor->out + buf.len, sizeof(visitor->out) - buf.len,
                                    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                                    strlen(request.json), request.json);
    else
        buf.len += (size_t)snprintf(visitor->out + buf.len, sizeof(visitor->out) - buf.len, "\r\n");
    ensure(buf.len < sizeof(visitor->out));
    visitor->len = 0;
    visitor->began_ns = clock_monotonic_ns();
    ensure(uv_write(&visitor->write, (uv_stream_t *)&visitor->tcp, &buf, 1, on_written) == 0);
}

static void room_of(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct visitor *visitor = container_of(handle, struct visitor, tcp);

    (void)suggested;
    *ret = uv_buf_init(visitor->in + visitor->len, (unsigned)(sizeof(visitor->in) - 1 - visitor->len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct visitor *visitor = container_of(stream, struct visitor, tcp);
    struct load *load = visitor->load;
    const char *body, *length;

    (void)buf;
    ensure(n >= 0);
    visitor->len += (size_t)n;
    visitor->in[visitor->len] = '\0';
    body = strstr(visitor->in, "\r\n\r\n");
    if (!body)
        return;
    length = strcasestr(visitor->in, "\r\nContent-Length: ");
    ensure(length && length < body);
    if (strlen(body + 4) < strtoul(length + 18, NULL, 10))
        return;
    load->took_ns[load->n++] = clock_monotonic_ns() - visitor->began_ns;
    if (strncmp(visitor->in, "HTTP/1.1 2", 10) != 0 && load->refused++ == 0)
        fprintf(stderr, "ask: %s was refused: %.500s\n", load->kind->name, body + 4);
    send_next(visitor);
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct visitor *visitor = container_of(connect, struct visitor, connect);

    ensure(status == 0 && uv_read_start((uv_stream_t *)&visitor->tcp, room_of, on_read) == 0);
    send_next(visitor);
}

static int http(struct ask *ask, const struct kind *kind, uint64_t from, uint64_t count, unsigned connections)
{
    struct load load = {ask, kind, from, from + count, 0, calloc(count, sizeof(*load.took_ns)), 0};
    struct visitor *visitors = calloc(connections, sizeof(*visitors));
    struct sockaddr_in address;
    int64_t began_ns;
    uv_loop_t loop;
    double took_s;

    ask->tokens = token_keys_open(getenv("TOKEN_KEY"));
    ensure(ask->tokens && load.took_ns && visitors && uv_loop_init(&loop) == 0);
    ensure(getenv("PORT") && uv_ip4_addr("127.0.0.1", (int)strtol(getenv("PORT"), NULL, 10), &address) == 0);
    began_ns = clock_monotonic_ns();
    for (unsigned i = 0; i < connections; i++) {
        visitors[i].load = &load;
        ensure(uv_tcp_init(&loop, &visitors[i].tcp) == 0 && uv_tcp_nodelay(&visitors[i].tcp, 1) == 0);
        ensure(uv_tcp_connect(&visitors[i].connect, &visitors[i].tcp, (struct sockaddr *)&address, on_connected) == 0);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    took_s = (double)(clock_monotonic_ns() - began_ns) / 1e9;
    printf("rate=%.0f ", (double)load.n / took_s);
    print_times(load.took_ns, load.n, 1);
    printf(" calls=%zu refused=%llu\n", load.n, (unsigned long long)load.refused);
    return load.refused ? 1 : 0;
}

/* ---- call ---- */

struct answers {
    unsigned waiting;
    uint64_t refused;
    int reason; /* of one that was refused */
};

static void on_answer(void *arg, const Rpc__Answer *answer)
{
    struct answers *answers = arg;

    answers->waiting--;
    if (answer->reason) {
        answers->refused++;
        answers->reason = answer->reason;
    }
}

static void gather(struct ask *ask, const struct kind *kind, uint64_t draw, struct rpc_client *client,
                   struct answers *answers)
{
    Rpc__Call call = RPC__CALL__INIT;
    uint8_t packed[512];
    struct request request;

    kind->make(ask, draw, &request);
    ensure(protobuf_c_message_get_packed_size(request.input) <= sizeof(packed));
    call.method = unconst(request.method);
    call.principal = &ask->principal;
    call.input = (ProtobufCBinaryData){protobuf_c_message_pack(request.input, packed), packed};
    ensure(rpc_client_call(client, &call, on_answer, answers));
    answers->waiting++;
}

static int call(struct ask *ask, const struct kind *kind, uint64_t from, uint64_t count)
{
    struct rpc_client *client;
    struct answers answers = {0};
    int64_t *took_ns = calloc(count / GROUP + 1, sizeof(*took_ns));
    size_t n = 0;
    uv_loop_t loop;

    ensure(took_ns && count >= GROUP && uv_loop_init(&loop) == 0 && api_load() == 0);
    client = rpc_client_open(&loop, getenv("HUIGONG_BUS"), "identity", 1);
    ensure(client);
    for (uint64_t draw = from; draw + GROUP <= from + count; draw += GROUP) {
        int64_t began;

        for (uint64_t i = 0; i < GROUP; i++)
            gather(ask, kind, draw + i, client, &answers);
        began = clock_monotonic_ns();
        rpc_client_flush(client);
        while (answers.waiting > 0)
            uv_run(&loop, UV_RUN_ONCE);
        took_ns[n++] = clock_monotonic_ns() - began;
    }
    /* The first ones have waited for the connection. */
    print_times(took_ns + 1, n - 1, GROUP);
    printf(" calls=%zu refused=%llu\n", n * GROUP, (unsigned long long)answers.refused);
    if (answers.refused)
        fprintf(stderr, "ask: %s was refused with %s\n", kind->name, api_reason(answers.reason)->name);
    rpc_client_close(client);
    uv_run(&loop, UV_RUN_DEFAULT);
    return answers.refused ? 1 : 0;
}

/* ---- lookup ---- */

/* What verification asks of the store: her rows on rosters, and whether the ID has
 * verified anybody. */
static int lookup(struct ask *ask, uint64_t from, uint64_t count)
{
    struct store_options options = {.dir = getenv("STORE"), .read_only = true};
    struct identity identity = {.store = store_open(&options), .pii = pii_keys_open(getenv("PII_KEY"))};
    int64_t *took_ns = calloc(count, sizeof(*took_ns));
    struct roster_entry entry;

    ensure(identity.store && identity.pii && took_ns);
    identity.rosters.store = identity.members.store = identity.store;
    identity.rosters.sql = (unsigned)store_prepare(identity.store, rosters_part.sql, rosters_part.n_sql);
    identity.members.sql = (unsigned)store_prepare(identity.store, members_part.sql, members_part.n_sql);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t place = people_place(&ask->people, people_turn_of_draw(&ask->people, from + i));
        char resident_id[CN_RESIDENT_ID_LEN + 1];
        unsigned char index[PII_INDEX_LEN];
        int64_t began;

        people_resident_id(place, resident_id);
        began = clock_monotonic_ns();
        person_index_id(&identity, resident_id, index);
        ensure(rosters_find_person(&identity.rosters, index, &entry, 1) == 1);
        ensure(entry.id == people_roster_id(&ask->people, place));
        members_have_person(&identity.members, index);
        took_ns[i] = clock_monotonic_ns() - began;
    }
    print_times(took_ns, count, 1);
    printf(" calls=%llu\n", (unsigned long long)count);
    store_close(identity.store);
    pii_keys_close(identity.pii);
    return 0;
}

int main(int argc, char **argv)
{
    static struct ask ask;
    unsigned long long members, from, count;
    long long begin_at;

    log_init("ask", LOG_WARN);
    clock_real(&ask.clock);
    if (argc < 4 || !getenv("PEOPLE") || sscanf(getenv("PEOPLE"), "%llu %lld", &members, &begin_at) != 2) {
        fprintf(stderr, "usage: ask http KIND FROM COUNT CONNECTIONS | call KIND FROM COUNT | lookup FROM COUNT\n");
        return 2;
    }
    ask.people = people_of(members, begin_at);
    from = strtoull(argv[argc == 4 ? 2 : 3], NULL, 10);
    count = strtoull(argv[argc == 4 ? 3 : 4], NULL, 10);
    ensure(count > 0 && count <= COUNT_MAX);
    if (argc == 4 && strcmp(argv[1], "lookup") == 0)
        return lookup(&ask, from, count);
    if (strcmp(argv[2], "login") == 0)
        read_codes(&ask);
    if (argc == 6 && strcmp(argv[1], "http") == 0)
        return http(&ask, kind_of(argv[2]), from, count, (unsigned)strtoul(argv[5], NULL, 10));
    if (argc == 5 && strcmp(argv[1], "call") == 0)
        return call(&ask, kind_of(argv[2]), from, count);
    return 2;
}
