#include "services/subsidy/run/runs.h"

/* ---- answers ---- */

static void message_of(struct subsidy *self, const struct run *run, void *call, Subsidy__Run *ret)
{
    subsidy__run__init(ret);
    ret->run_id = run->id;
    ret->scheme_id = run->scheme_id;
    ret->state = (Subsidy__RunState)run->state;
    ret->n_lines = (int32_t)run->n_lines;
    ret->fen = run->fen;
    ret->list_hash = (ProtobufCBinaryData){RUN_HASH_LEN, unconst(run->list_hash)};
    ret->prepared_at = run->prepared_at;
    ret->released_at = run->released_at;
    ret->waits_for_hand = hands_wait(&self->two_hands, RUN_DEED, run->id, rpc_now(call));
    ret->n_ordered = (int32_t)run->n_ordered;
    ret->n_paid = (int32_t)run->n_paid;
    ret->paid_fen = run->paid_fen;
    ret->n_back = (int32_t)run->n_back;
}

static void reply_run(struct subsidy *self, const struct run *run, int reason, Subsidy__Run_Closure reply, void *call)
{
    Subsidy__Run message;

    if (rpc_refuse_if(call, reason))
        return;
    message_of(self, run, call, &message);
    reply(&message, call);
}

static Subsidy__RunLine *line_of(struct subsidy *self, const struct run_line *line, void *call)
{
    Subsidy__RunLine *message = arena_message(rpc_arena(call), &subsidy__run_line__descriptor);
    struct application application;

    if (!message)
        return NULL;
    message->nth = (int32_t)line->nth;
    message->application_id = line->application_id;
    if (application_find(self, line->application_id, &application))
        message->shown_name = rpc_text(call, application.shown_name);
    message->fen = line->fen;
    message->state = (Subsidy__LineState)line->state;
    message->order_id = line->order_id;
    message->words = unconst(run_line_words(line));
    message->waits_for_hand = line->state == SUBSIDY__LINE_STATE__LINE_ORDERED &&
                              hands_wait(&self->two_hands, HAND_OVER, line->order_id, rpc_now(call));
    return message;
}

/* ---- who ---- */

static int office_refusal(const char *path, bool reads, void *call)
{
    return rpc_has_role(call, RULE__ROLE__FINANCE, path) ||
                   (reads && (rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path) ||
                              rpc_has_role(call, RULE__ROLE__AUDIT_ADMIN, path)))
               ? 0
               : RPC__REASON__OUTSIDE_YOUR_UNION;
}

/* NULL after refusing. */
static const Subsidy__Scheme *find_scheme(struct subsidy *self, int64_t scheme_id, bool reads, void *call)
{
    const Subsidy__Scheme *scheme = scheme_find(self, scheme_id, rpc_arena(call));
    int reason = !scheme || scheme->state == SUBSIDY__SCHEME_STATE__SCHEME_DRAFT
                     ? (int)SUBSIDY__REASON__SCHEME_NOT_FOUND
                     : office_refusal(scheme->union_path, reads, call);

    return rpc_refuse_if(call, reason) ? NULL : scheme;
}

/* False after refusing. */
static bool find_run(struct subsidy *self, int64_t run_id, bool reads, void *call, struct run *ret)
{
    return !rpc_refuse_if(call, runs_find(self, run_id, ret) ? office_refusal(ret->union_path, reads, call)
                                                             : (int)SUBSIDY__REASON__RUN_NOT_FOUND);
}

/* ---- operations ---- */

/* rpc PrepareRun: its list is made by itself. */
static void runs__prepare_run(Subsidy__Runs_Service *service, const Subsidy__PrepareRunRequest *req,
                              Subsidy__Run_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, runs_service);
    const Subsidy__Scheme *scheme = find_scheme(self, req->scheme_id, false, call);
    struct run run;

    if (!scheme || rpc_refuse_if(call, run_prepare(self, scheme, call, &run)))
        return;
    rpc_created(call);
    reply_run(self, &run, 0, reply, call);
}

/* rpc ReleaseRun: the first hand, or the second. Again: the run as it is. */
static void runs__release_run(Subsidy__Runs_Service *service, const Subsidy__RunRequest *req,
                              Subsidy__Run_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, runs_service);
    const Subsidy__Scheme *scheme;
    struct run run;

    if (!find_run(self, req->run_id, false, call, &run))
        return;
    scheme = scheme_find(self, run.scheme_id, rpc_arena(call));
    /* Whatever was given elsewhere before is known, and judged, when it is ordered. */
    if (scheme && scheme->counts && scheme->counts->ceiling && run.state == SUBSIDY__RUN_STATE__RUN_PREPARED &&
        !granted_knows_all(&self->granted, call))
        return;
    reply_run(self, &run, scheme ? run_release(self, scheme, &run, call) : RPC__REASON__OVERLOADED, reply, call);
}

/* rpc DropRun: while nothing is ordered. */
static void runs__drop_run(Subsidy__Runs_Service *service, const Subsidy__RunRequest *req, Subsidy__Run_Closure reply,
                           void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, runs_service);
    struct run run;

    if (find_run(self, req->run_id, false, call, &run))
        reply_run(self, &run, run_drop(self, &run, call), reply, call);
}

/* rpc RecordHandOver: the first hand, or the second. Again: the line as it is. */
static void runs__record_hand_over(Subsidy__Runs_Service *service, const Subsidy__HandOverRequest *req,
                                   Subsidy__RunLine_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, runs_service);
    const Subsidy__Scheme *scheme;
    Subsidy__RunLine *message;
    struct run_line line;
    struct run run;

    if (!find_run(self, req->run_id, false, call, &run))
        return;
    scheme = scheme_find(self, run.scheme_id, rpc_arena(call));
    if (rpc_refuse_if(call, scheme ? run_hand_over(self, scheme, &run, req, call, &line) : RPC__REASON__OVERLOADED))
        return;
    message = line_of(self, &line, call);
    if (message)
        reply(message, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

/* rpc GetRun. */
static void runs__get_run(Subsidy__Runs_Service *service, const Subsidy__RunRequest *req, Subsidy__Run_Closure reply,
                          void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, runs_service);
    struct run run;

    if (find_run(self, req->run_id, true, call, &run))
        reply_run(self, &run, 0, reply, call);
}

/* rpc ListRuns: newest first. */
static void runs__list_runs(Subsidy__Runs_Service *service, const Subsidy__ListRunsRequest *req,
                            Subsidy__RunList_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, runs_service);
    const struct rpc_page *page = rpc_page(call);
    struct run *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    Subsidy__RunList list = SUBSIDY__RUN_LIST__INIT;
    size_t n = 0;

    if (!find_scheme(self, req->scheme_id, true, call))
        return;
    if (found)
        n = runs_list(self, req->scheme_id, page->before, page->states, found, page->limit);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++) {
        Subsidy__Run *message = arena_message(rpc_arena(call), &subsidy__run__descriptor);

        if (message)
            message_of(self, &found[i], call, message);
        rpc_add(call, &list, runs, message);
    }
    reply(&list, call);
}

/* rpc ListRunLines: in their order. */
static void runs__list_run_lines(Subsidy__Runs_Service *service, const Subsidy__ListRunLinesRequest *req,
                                 Subsidy__RunLineList_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, runs_service);
    const struct rpc_page *page = rpc_page(call);
    struct run_line *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    Subsidy__RunLineList list = SUBSIDY__RUN_LINE_LIST__INIT;
    struct run run;
    size_t n = 0;

    if (!find_run(self, req->run_id, true, call, &run))
        return;
    if (found)
        n = run_lines(self, run.id, page->after, page->states, found, page->limit);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].nth); i++)
        rpc_add(call, &list, lines, line_of(self, &found[i], call));
    reply(&list, call);
}

const Subsidy__Runs_Service runs_api = SUBSIDY__RUNS__INIT(runs__);
