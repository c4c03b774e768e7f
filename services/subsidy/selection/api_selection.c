#include "common/base/hex.h"
#include "services/subsidy/selection/selections.h"

/* A scheme that is no draft, and its selection. False after refusing. */
static bool find(struct subsidy *self, int64_t scheme_id, void *call, Subsidy__Scheme **ret_scheme,
                 struct selection *ret)
{
    *ret_scheme = scheme_find(self, scheme_id, rpc_arena(call));
    return !rpc_refuse_if(call,
                          *ret_scheme && selections_find(self, scheme_id, ret) ? 0 : SUBSIDY__REASON__SCHEME_NOT_FOUND);
}

/* ---- officials ---- */

/* rpc GetSelection: and where its money is. */
static void selections__get_selection(Subsidy__Selections_Service *service, const Subsidy__SchemeRequest *req,
                                      Subsidy__SelectionStatus_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, selections_service);
    Subsidy__SelectionStatus status = SUBSIDY__SELECTION_STATUS__INIT;
    struct selection selection;
    Subsidy__Scheme *scheme;
    int64_t fen;

    if (!find(self, req->scheme_id, call, &scheme, &selection) ||
        rpc_refuse_if(call, scheme_reads(scheme->union_path, call) ? 0 : RPC__REASON__OUTSIDE_YOUR_UNION))
        return;
    status.scheme_id = scheme->scheme_id;
    status.stage = (Lottery__Stage)selection.stage;
    selection_count(self, scheme->scheme_id, RPC_STATE(SUBSIDY__APPLICATION_STATE__APPLICATION_APPROVED),
                    &status.n_approved, &fen);
    selection_count(self, scheme->scheme_id, RPC_STATE(SUBSIDY__APPLICATION_STATE__APPLICATION_WAITING),
                    &status.n_waiting, &fen);
    selection_count(self, scheme->scheme_id,
                    RPC_STATE(SUBSIDY__APPLICATION_STATE__APPLICATION_SHOWN) |
                        RPC_STATE(SUBSIDY__APPLICATION_STATE__APPLICATION_OBJECTED) |
                        RPC_STATE(SUBSIDY__APPLICATION_STATE__APPLICATION_PAYABLE) |
                        RPC_STATE(SUBSIDY__APPLICATION_STATE__APPLICATION_ORDERED) |
                        RPC_STATE(SUBSIDY__APPLICATION_STATE__APPLICATION_PAID),
                    &status.n_chosen, &fen);
    status.free_fen = funding_balance(self, scheme, BUDGET__ACCOUNT__FREE);
    status.committed_fen = funding_balance(self, scheme, BUDGET__ACCOUNT__COMMITTED);
    status.payable_fen = funding_balance(self, scheme, BUDGET__ACCOUNT__PAYABLE);
    status.in_flight_fen = funding_balance(self, scheme, BUDGET__ACCOUNT__IN_FLIGHT);
    status.paid_fen = funding_balance(self, scheme, BUDGET__ACCOUNT__SPENT);
    reply(&status, call);
}

/* ---- the public ---- */

/* NULL when memory is full, or it is not shown any more. */
static Subsidy__Shown *shown_of(struct subsidy *self, const Subsidy__Scheme *scheme, int64_t application_id, void *call,
                                struct award *ret_award)
{
    const Subsidy__Selection *form = scheme->selection;
    Subsidy__Shown *shown = arena_message(rpc_arena(call), &subsidy__shown__descriptor);
    struct application application;

    if (!shown || !application_find(self, application_id, &application) ||
        !awards_find(self, application_id, ret_award))
        return NULL;
    shown->application_id = application_id;
    shown->place = ret_award->place;
    if (!application.for_union || scheme->payment) /* what a union gets is not who declares it's */
        shown->shown_name = rpc_text(call, application.shown_name);
    shown->amount_fen = application.amount_fen;
    shown->until = ret_award->shown_until;
    shown->points = selection_points(self, application_id);
    if ((size_t)ret_award->stratum < form->n_strata)
        shown->stratum = form->strata[ret_award->stratum]->title;
    tree_id(&self->tree, application.union_path, call, &shown->union_id);
    return shown;
}

static void sum_up(struct subsidy *self, const Subsidy__Scheme *scheme, void *call, Subsidy__PublicNotice *ret)
{
    ret->scheme_id = scheme->scheme_id;
    ret->scheme_title = scheme->title;
    tree_id(&self->tree, scheme->union_path, call, &ret->union_id);
    selection_count(self, scheme->scheme_id,
                    RPC_STATE(SUBSIDY__APPLICATION_STATE__APPLICATION_SHOWN) |
                        RPC_STATE(SUBSIDY__APPLICATION_STATE__APPLICATION_OBJECTED),
                    &ret->n, &ret->fen);
}

/* rpc GetPublicNotice: names as each session signed them, or numbers alone. */
static void selections__get_public_notice(Subsidy__Selections_Service *service, const Subsidy__PublicNoticeRequest *req,
                                          Subsidy__PublicNotice_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, selections_service);
    Subsidy__PublicNotice list = SUBSIDY__PUBLIC_NOTICE__INIT;
    const struct rpc_page *page = rpc_page(call);
    int64_t *ids = arena_alloc(rpc_arena(call), page->limit * sizeof(*ids));
    struct selection selection;
    Subsidy__Scheme *scheme;
    size_t n = 0;

    if (!find(self, req->scheme_id, call, &scheme, &selection))
        return;
    sum_up(self, scheme, call, &list);
    if (ids && !(scheme->showing && scheme->showing->counts_only))
        n = awards_shown(self, scheme->scheme_id, page->after, ids, page->limit);
    for (size_t i = 0; i < n; i++) {
        struct award award;
        Subsidy__Shown *shown = shown_of(self, scheme, ids[i], call, &award);

        if (shown && !rpc_page_takes(call, award_at(&award)))
            break;
        rpc_add(call, &list, shown, shown);
    }
    reply(&list, call);
}

/* rpc ListPublicNotices: each summed up. */
static void selections__list_public_notices(Subsidy__Selections_Service *service,
                                            const Subsidy__ListPublicNoticesRequest *req,
                                            Subsidy__PublicNoticeList_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, selections_service);
    Subsidy__PublicNoticeList list = SUBSIDY__PUBLIC_NOTICE_LIST__INIT;
    const struct rpc_page *page = rpc_page(call);
    int64_t *ids = arena_alloc(rpc_arena(call), page->limit * sizeof(*ids));
    size_t n = ids ? selections_showing(self, page->before, ids, page->limit) : 0;

    (void)req;
    for (size_t i = 0; i < n && rpc_page_takes(call, ids[i]); i++) {
        Subsidy__PublicNotice *notice = arena_message(rpc_arena(call), &subsidy__public_notice__descriptor);
        const Subsidy__Scheme *scheme = scheme_find(self, ids[i], rpc_arena(call));

        if (!notice || !scheme)
            continue;
        sum_up(self, scheme, call, notice);
        rpc_add(call, &list, notices, notice);
    }
    reply(&list, call);
}

/* ---- draws ---- */

struct whole {
    struct lot_terms terms;
    struct lot lot;
};

/* False after refusing. */
static bool find_draw(struct subsidy *self, int64_t scheme_id, void *call, struct whole *ret)
{
    struct selection selection;
    Subsidy__Scheme *scheme;

    if (!find(self, scheme_id, call, &scheme, &selection))
        return false;
    if (selection.kind != SUBSIDY__SELECTION_KIND__BY_LOT) {
        rpc_refuse(call, SUBSIDY__REASON__DRAW_NONE);
        return false;
    }
    return !rpc_refuse_if(call, selection_terms(self, scheme_id, rpc_arena(call), &ret->terms) &&
                                        lottery_find(&self->lottery, &ret->terms, &ret->lot)
                                    ? 0
                                    : RPC__REASON__OVERLOADED);
}

static bool find_for_official(struct subsidy *self, int64_t scheme_id, void *call, struct whole *ret)
{
    return find_draw(self, scheme_id, call, ret) &&
           !rpc_refuse_if(call, rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, ret->terms.union_path)
                                    ? 0
                                    : RPC__REASON__OUTSIDE_YOUR_UNION);
}

static void reply_draw(struct subsidy *self, const struct whole *draw, int reason, Lottery__Status_Closure reply,
                       void *call)
{
    Lottery__Status *told = arena_alloc(rpc_arena(call), sizeof(*told));

    if (rpc_refuse_if(call, reason) || rpc_refuse_if(call, told ? 0 : RPC__REASON__OVERLOADED))
        return;
    lottery_status(&self->lottery, &draw->terms, &draw->lot, call, told);
    reply(told, call);
}

/* rpc GetSchemeDraw. */
static void selections__get_scheme_draw(Subsidy__Selections_Service *service, const Subsidy__SchemeRequest *req,
                                        Lottery__Status_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, selections_service);
    struct whole draw;

    if (find_draw(self, req->scheme_id, call, &draw))
        reply_draw(self, &draw, 0, reply, call);
}

/* rpc GetSchemeDrawFile. */
static void selections__get_scheme_draw_file(Subsidy__Selections_Service *service, const Subsidy__DrawFileRequest *req,
                                             Subsidy__DrawFilePage_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, selections_service);
    Subsidy__DrawFilePage page = SUBSIDY__DRAW_FILE_PAGE__INIT;
    struct whole draw;

    if (find_draw(self, req->scheme_id, call, &draw) &&
        !rpc_refuse_if(call, lottery_file_page(&self->lottery, &draw.terms, &draw.lot, call, &page.text)) &&
        !rpc_refused(call))
        reply(page.text ? &page : NULL, call);
}

/* rpc GetMyTicket: her number alone while others still come to the list. */
static void selections__get_my_ticket(Subsidy__Selections_Service *service, const Subsidy__TicketRequest *req,
                                      Subsidy__Ticket_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, selections_service);
    int64_t caller = rpc_principal(call)->member_id;
    Subsidy__Ticket ticket = SUBSIDY__TICKET__INIT;
    struct application application;
    struct lot_entry entry;
    struct whole draw;

    if (rpc_refuse_if(call, caller && application_find(self, req->application_id, &application) &&
                                    holder_is(&self->holders, caller, application.member_id)
                                ? 0
                                : SUBSIDY__REASON__APPLICATION_NOT_FOUND) ||
        !find_draw(self, application.scheme_id, call, &draw))
        return;
    if (!lottery_find_entry(&self->lottery, application.scheme_id, caller, &entry)) {
        rpc_refuse(call, SUBSIDY__REASON__NOT_ON_THE_LIST);
        return;
    }
    ticket.ticket = hex_text(entry.ticket, sizeof(entry.ticket), rpc_arena(call));
    if (lottery_reached(&draw.lot) < DRAW_FROZEN ||
        !rpc_refuse_if(call, lottery_receipt(&self->lottery, &draw.terms, &entry, call, &ticket.text)))
        reply(ticket.ticket && ticket.text ? &ticket : NULL, call);
}

/* rpc EnterSchemeValue. */
static void selections__enter_scheme_value(Subsidy__Selections_Service *service, const Subsidy__DrawValueRequest *req,
                                           Lottery__Status_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, selections_service);
    struct whole draw;

    if (find_for_official(self, req->scheme_id, call, &draw))
        reply_draw(self, &draw, lottery_enter_value(&self->lottery, &draw.terms, &draw.lot, req->value, call), reply,
                   call);
}

/* rpc ConfirmSchemeValue. */
static void selections__confirm_scheme_value(Subsidy__Selections_Service *service, const Subsidy__DrawValueRequest *req,
                                             Lottery__Status_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, selections_service);
    struct whole draw;

    if (find_for_official(self, req->scheme_id, call, &draw))
        reply_draw(self, &draw, lottery_confirm_value(&self->lottery, &draw.terms, &draw.lot, req->value, call), reply,
                   call);
}

/* rpc PublishSchemeDraw. Again: the status. */
static void selections__publish_scheme_draw(Subsidy__Selections_Service *service, const Subsidy__SchemeRequest *req,
                                            Lottery__Status_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, selections_service);
    struct whole draw;

    if (find_for_official(self, req->scheme_id, call, &draw))
        reply_draw(self, &draw, lottery_publish(&self->lottery, &draw.terms, &draw.lot, call), reply, call);
}

/* rpc VoidSchemeDraw. */
static void selections__void_scheme_draw(Subsidy__Selections_Service *service, const Subsidy__VoidDrawRequest *req,
                                         Lottery__Status_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, selections_service);
    struct whole draw;

    if (find_for_official(self, req->scheme_id, call, &draw))
        reply_draw(self, &draw,
                   lottery_make_void(&self->lottery, &draw.terms, &draw.lot, &req->base, req->reason, call), reply,
                   call);
}

const Subsidy__Selections_Service selections_api = SUBSIDY__SELECTIONS__INIT(selections__);
