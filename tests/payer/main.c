/* hg-payer: owes people money in hg-subsidy's place, for tests of how it is paid.
 *
 * It serves the queue `subsidy`, orders in its journal what the lines of HUIGONG_ORDERS say, each line once whatever
 * happens to it meanwhile, and hears in the bridge's what came of it:
 *
 *     order ID MEMBER FEN WAY SCENE REMARK[|REPORT...]
 *     withdraw ID
 *
 * By bank (WAY 2) what stands behind the remark is the account, NAME|BANK|NUMBER, which goes sealed under
 * HUIGONG_BANK_KEY.
 */
#include <fcntl.h>
#include <unistd.h>
#include <uv.h>

#include "bridge/bridge.pb-c.h"
#include "common/base/log.h"
#include "common/benefit/settlement/payee_account.h"
#include "common/daemon/service_of_parts.h"
#include "sample.pb-c.h"

#define READ_MS   20
#define READ_MAX  (64 << 10)
#define LINES_MAX 200

#define PAYER_PARTS(PART, SHARED) PART(orders)
#define PAYER_SERVICES(SERVICE)
SERVICE_PARTS(PAYER)
struct sample {
    SERVICE_MEMBERS(PAYER)
    uv_timer_t timer;
    struct pii_keys *keys; /* of accounts; NULL: nothing by bank */
};

enum { SQL_ADD, SQL_WITHDRAW, SQL_TOLD, SQL_PLACE, SQL_SET_PLACE, N_SQL };
static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO ordered (order_id, member_id, fen) VALUES (?1, ?2, ?3)",
    [SQL_WITHDRAW] = "UPDATE ordered SET withdrawn = 1 WHERE order_id = ?1",
    [SQL_TOLD] = "UPDATE ordered SET state = ?2, reason = ?3, paid = paid + (?2 = 5), "
                 "numbers = numbers + (number <> ?4), number = ?4 WHERE order_id = ?1",
    [SQL_PLACE] = "SELECT bytes FROM place WHERE place_id = 1",
    [SQL_SET_PLACE] = "INSERT INTO place (place_id, bytes) VALUES (1, ?1) "
                      "ON CONFLICT (place_id) DO UPDATE SET bytes = excluded.bytes",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static struct conf_entry conf[] = {
    {"HUIGONG_ORDERS", NULL, CONF_PATH, "file of the orders", 0, 0, NULL},
    {"HUIGONG_BANK_KEY", "", CONF_PATH, "file of the key under which accounts go", 0, 0, NULL},
    CONF_END,
};
static const char *const read_conf[] = {"HUIGONG_ORDERS", NULL};

/* ---- orders ---- */

static size_t seal_account(const struct sample *self, int64_t order_id, char **words, void *call,
                           uint8_t ret[PAYEE_ACCOUNT_MAX])
{
    Settlement__PayeeAccount account = SETTLEMENT__PAYEE_ACCOUNT__INIT;

    account.name = words[0];
    account.bank = words[1];
    account.number = words[2];
    return self->keys ? payee_account_seal(self->keys, order_id, &account, call, ret) : 0;
}

static void order(struct sample *self, char *words, void *call)
{
    Payout__PayoutOrdered ordered = PAYOUT__PAYOUT_ORDERED__INIT;
    long long id, member, fen;
    int way, scene, at = 0;
    char *reports[4], *rest;
    uint8_t sealed[PAYEE_ACCOUNT_MAX];

    if (sscanf(words, "%lld %lld %lld %d %d %n", &id, &member, &fen, &way, &scene, &at) != 5 || !at)
        return;
    ordered.order_id = id;
    ordered.member_id = member;
    ordered.fen = fen;
    ordered.way = (Payout__Way)way;
    ordered.scene = (Payout__Scene)scene;
    ordered.remark = strtok_r(words + at, "|", &rest);
    ordered.report = reports;
    while (ordered.n_report < ARRAY_LEN(reports) && (reports[ordered.n_report] = strtok_r(NULL, "|", &rest)))
        ordered.n_report++;
    if (way == PAYOUT__WAY__BY_BANK && ordered.n_report == 3) {
        ordered.account = (ProtobufCBinaryData){seal_account(self, id, reports, call, sealed), sealed};
        ordered.n_report = 0;
    }
    if (store_run(self->store, self->orders.sql + SQL_ADD, "iii", (int64_t)id, (int64_t)member, (int64_t)fen) == 1)
        rpc_tell(call, &ordered.base);
}

static void withdraw(struct sample *self, const char *words, void *call)
{
    Payout__PayoutWithdrawn withdrawn = PAYOUT__PAYOUT_WITHDRAWN__INIT;

    withdrawn.order_id = strtoll(words, NULL, 10);
    if (store_run(self->store, self->orders.sql + SQL_WITHDRAW, "i", withdrawn.order_id) == 1)
        rpc_tell(call, &withdrawn.base);
}

struct reading {
    struct sample *self;
    char *text;
    int64_t place;
};

/* Whole lines, LINES_MAX at most in one transaction. */
static void take_lines(void *call, void *arg)
{
    struct reading *reading = arg;
    char *line = reading->text, *end;

    for (int i = 0; i < LINES_MAX && (end = strchr(line, '\n')); i++, line = end + 1) {
        *end = '\0';
        if (strncmp(line, "order ", 6) == 0)
            order(reading->self, line + 6, call);
        else if (strncmp(line, "withdraw ", 9) == 0)
            withdraw(reading->self, line + 9, call);
    }
    store_run(reading->self->store, reading->self->orders.sql + SQL_SET_PLACE, "i",
              reading->place + (line - reading->text));
}

static void on_timer(uv_timer_t *timer)
{
    static char text[READ_MAX + 1];
    struct service *service = timer->data;
    struct sample *self = service->self;
    struct reading reading = {self, text, 0};
    int fd = open(conf_text(conf, "HUIGONG_ORDERS"), O_RDONLY | O_CLOEXEC);
    ssize_t n;

    store_ask(self->store, self->orders.sql + SQL_PLACE, "");
    reading.place = store_number(self->store, self->orders.sql + SQL_PLACE);
    n = fd >= 0 ? pread(fd, text, READ_MAX, reading.place) : -1;
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return;
    text[n] = '\0';
    if (strchr(text, '\n'))
        rpc_server_transact(self->rpc, take_lines, &reading);
}

/* ---- the part ---- */

static void on_changed(void *arg, void *call, const Rpc__JournalRow *row)
{
    struct sample *self = arg;
    Bridge__Event *event = bridge__event__unpack(NULL, row->body.len, row->body.data);

    (void)call;
    if (event && event->event_case == BRIDGE__EVENT__EVENT_PAYOUT_CHANGED &&
        strcmp(event->payout_changed->source, "subsidy") == 0)
        store_run(self->store, self->orders.sql + SQL_TOLD, "iiit", event->payout_changed->order_id,
                  (int64_t)event->payout_changed->state, (int64_t)event->payout_changed->reason,
                  event->payout_changed->number);
    bridge__event__free_unpacked(event, NULL);
}

static const int32_t kinds[] = {BRIDGE__EVENT__EVENT_PAYOUT_CHANGED};

const struct part_spec orders_part = {
    .tables = "ordered place",
    .steps = &orders_steps,
    .others = "ordered.withdrawn",
    .sql = sql,
    .n_sql = N_SQL,
    .follows = {{"bridge", kinds, ARRAY_LEN(kinds), on_changed}},
    .keeps = "it is of the tests",
};

SERVICE_TABLE(sample, PAYER)

static int start(struct service *service)
{
    struct sample *self = service->self;

    if (*conf_text(conf, "HUIGONG_BANK_KEY"))
        self->keys = pii_keys_open(conf_text(conf, "HUIGONG_BANK_KEY"));
    return *conf_text(conf, "HUIGONG_BANK_KEY") && !self->keys ? -1 : 0;
}

static int serve(struct service *service)
{
    struct sample *self = service->self;

    uv_timer_init(&service->loop, &self->timer);
    self->timer.data = service;
    return uv_timer_start(&self->timer, on_timer, READ_MS, READ_MS) ? -1 : 0;
}

static const struct service_spec payer_spec = {
    .name = "subsidy",
    .about = "owes people money, for the tests",
    .conf = conf,
    .parts = &service_table,
    .read_conf = read_conf,
    .start = start,
    .serve = serve,
};

int main(int argc, char **argv)
{
    return service_main(argc, argv, &payer_spec);
}
