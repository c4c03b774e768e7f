/* run_work.c: what runs do by themselves, slice by slice: their lists are made, and what was released is ordered. */
#include "common/base/bytes.h"
#include "common/base/log.h"
#include "common/base/sha256.h"
#include "payout.pb-c.h"
#include "services/subsidy/run/run_internal.h"
#include "common/benefit/settlement/payee_account.h"
#include "services/subsidy/scheme/scheme_rules.h"

#define LIST_SLICE  64
#define ORDER_SLICE 16

/* ---- the list ---- */

/* The hash over a list with one line more. */
static void add_to_hash(unsigned char hash[RUN_HASH_LEN], const struct run_line *line)
{
    unsigned char bytes[RUN_HASH_LEN + 16];

    memcpy(bytes, hash, RUN_HASH_LEN);
    put_be64(bytes + RUN_HASH_LEN, (uint64_t)line->application_id);
    put_be64(bytes + RUN_HASH_LEN + 8, (uint64_t)line->fen);
    sha256_of(bytes, sizeof(bytes), hash);
}

/* What one run may come to: a run above what is released in a day would never be. 0: anything. */
static int64_t most_fen(const Subsidy__Payment *payment)
{
    if (!payment->run_fen || (payment->day_fen && payment->day_fen < payment->run_fen))
        return payment->day_fen;
    return payment->run_fen;
}

enum run_room run_room(const Subsidy__Payment *payment, const struct run *run, int64_t fen)
{
    int64_t lines = payment->run_lines ? payment->run_lines : RUN_LINES_MAX, most = most_fen(payment);

    if (most && fen > most)
        return RUN_NEVER;
    return run->n_lines < lines && (!most || run->fen + fen <= most) ? RUN_ROOM : RUN_FULL;
}

static void add_line(struct subsidy *self, struct run *run, int64_t application_id, int64_t fen)
{
    const struct run_line line = {.run_id = run->id,
                                  .nth = ++run->n_lines,
                                  .application_id = application_id,
                                  .fen = fen,
                                  .state = SUBSIDY__LINE_STATE__LINE_LISTED};

    run->fen += fen;
    add_to_hash(run->list_hash, &line);
    store_run(self->store, run_sql(self, RUN_SQL_ADD_LINE), "iiii", line.run_id, line.nth, line.application_id,
              line.fen);
    store_run(self->store, run_sql(self, RUN_SQL_ADD_DECIDERS), "ii", run->id, application_id);
    store_run(self->store, run_sql(self, RUN_SQL_ADD_OBJECTION_DECIDERS), "ii", run->id, application_id);
}

static void prepare(struct subsidy *self, const Subsidy__Scheme *scheme, struct run *run, void *call)
{
    int64_t ids[LIST_SLICE], fens[LIST_SLICE];
    size_t n = 0, i = 0;

    store_ask(self->store, run_sql(self, RUN_SQL_PAYABLE), "iii", run->scheme_id, run->after_id, (int64_t)LIST_SLICE);
    while (n < LIST_SLICE && store_read(self->store, run_sql(self, RUN_SQL_PAYABLE), INTO(ids[n]), INTO(fens[n])))
        n++;
    store_end(self->store, run_sql(self, RUN_SQL_PAYABLE));
    for (; i < n; i++) {
        enum run_room room = run_room(scheme->payment, run, fens[i]);

        if (room == RUN_FULL)
            break;
        if (room == RUN_ROOM)
            add_line(self, run, ids[i], fens[i]);
        run->after_id = ids[i];
    }
    if (n == LIST_SLICE && i == n)
        run_put(self, run);
    else
        run_pass(self, run, run->n_lines ? SUBSIDY__RUN_STATE__RUN_PREPARED : SUBSIDY__RUN_STATE__RUN_DROPPED, call);
}

/* ---- orders ---- */

static char *text_of(const Subsidy__FormAnswers *answers, const char *field)
{
    const Subsidy__FieldAnswer *answer = form_answer(answers, field);

    return answer ? answer->text : unconst("");
}

/* To which account, as she has written it, sealed: its length; 0 when it does not open. */
static size_t account_of(const struct subsidy *self, const Subsidy__Payment *payment, const struct run_line *line,
                         void *call, unsigned char ret[PAYEE_ACCOUNT_MAX])
{
    Settlement__PayeeAccount account = SETTLEMENT__PAYEE_ACCOUNT__INIT;
    const Subsidy__FormAnswers *answers = application_answers(self, line->application_id, rpc_arena(call));

    if (!self->accounts || !answers)
        return 0;
    account.number = text_of(answers, payment->account_field);
    account.name = text_of(answers, payment->holder_field);
    account.bank = text_of(answers, payment->bank_field);
    return payee_account_seal(self->accounts, line->order_id, &account, call, ret);
}

static void tell_order(const Subsidy__Payment *payment, const struct run_line *line, int64_t member_id,
                       ProtobufCBinaryData account, void *call)
{
    Payout__PayoutOrdered ordered = PAYOUT__PAYOUT_ORDERED__INIT;

    ordered.order_id = line->order_id;
    ordered.member_id = member_id;
    ordered.fen = line->fen;
    ordered.way = payment->way;
    ordered.scene = payment->scene;
    ordered.report = payment->report;
    ordered.n_report = payment->n_report;
    ordered.remark = payment->remark;
    ordered.account = account;
    rpc_tell(call, &ordered.base);
}

/* Ordered, unless it was lost since the list was frozen. */
static void order(struct subsidy *self, const Subsidy__Scheme *scheme, struct run *run, struct run_line *line,
                  void *call)
{
    struct application_step step = {.kind = SUBSIDY__STEP_KIND__STEP_ORDERED};
    ProtobufCBinaryData account = {0, (unsigned char[PAYEE_ACCOUNT_MAX]){0}};
    struct application application;
    int64_t holder = 0;

    /* What came to more than a ceiling meanwhile is hers no more from here on. */
    if (application_find(self, line->application_id, &application))
        granted_pay(&self->granted, application.id, application.member_id, call);
    if (application_find(self, line->application_id, &application) &&
        application.state == SUBSIDY__APPLICATION_STATE__APPLICATION_PAYABLE && application.amount_fen == line->fen)
        holder = holder_of(&self->holders, application.member_id);
    if (holder)
        line->order_id = step.order_id = id_next(&self->ids, rpc_now(call));
    if (holder && scheme->payment->way == PAYOUT__WAY__BY_BANK) {
        account.len = account_of(self, scheme->payment, line, call, account.data);
        if (account.len == 0) {
            log_warn("payout_without_account", "application", log_int(line->application_id));
            holder = line->order_id = 0;
        }
    }
    run->n_ordered = line->nth;
    line->state = holder ? SUBSIDY__LINE_STATE__LINE_ORDERED : SUBSIDY__LINE_STATE__LINE_OUT;
    if (!holder) {
        run_line_put(self, line);
        run_counts(self, run, line, call);
        return;
    }
    if (rpc_refuse_if(call, funding_move(self, scheme, BUDGET__ACCOUNT__PAYABLE, BUDGET__ACCOUNT__IN_FLIGHT, line->fen,
                                         application.id, call)))
        return;
    selection_counts_as(self, &application, GRANTED__GRANT_STATE__SPENT, call);
    run_line_put(self, line);
    if (scheme->payment->way != PAYOUT__WAY__IN_KIND)
        tell_order(scheme->payment, line, holder, account, call);
    application_leaves(&application, SUBSIDY__APPLICATION_STATE__APPLICATION_ORDERED, 0, rpc_now(call));
    application_put(self, &application, &step, call);
}

static void order_some(struct subsidy *self, const Subsidy__Scheme *scheme, struct run *run, void *call)
{
    struct run_line lines[ORDER_SLICE];
    size_t n = run_lines(self, run->id, run->n_ordered, RPC_PAGE_ALL, lines, ORDER_SLICE);

    for (size_t i = 0; i < n && !rpc_refused(call); i++)
        order(self, scheme, run, &lines[i], call);
    if (run->n_ordered < run->n_lines)
        run_put(self, run);
    else
        run_pass(self, run,
                 run->n_back == run->n_lines ? SUBSIDY__RUN_STATE__RUN_ENDED : SUBSIDY__RUN_STATE__RUN_UNDER_WAY, call);
}

bool run_tidy(void *arg, void *call)
{
    struct subsidy *self = arg;
    const Subsidy__Scheme *scheme;
    struct run run;

    store_ask(self->store, run_sql(self, RUN_SQL_WORKS), "");
    if (!runs_find(self, store_number(self->store, run_sql(self, RUN_SQL_WORKS)), &run))
        return false;
    scheme = scheme_find(self, run.scheme_id, rpc_arena(call));
    if (!scheme || !scheme->payment)
        return false;
    if (run.state == SUBSIDY__RUN_STATE__RUN_PREPARING)
        prepare(self, scheme, &run, call);
    else
        order_some(self, scheme, &run, call);
    return !rpc_refused(call);
}
