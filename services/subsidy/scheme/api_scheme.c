#include "common/cn/cn_calendar.h"
#include "common/cn/cn_id.h"
#include "services/subsidy/application/applications.h"
#include "services/subsidy/run/runs.h"
#include "services/subsidy/scheme/scheme_rules.h"
#include "services/subsidy/scheme/schemes.h"

#define DEED "scheme"

static const int opening_roles[] = {RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__ROLE_NONE};

/* ---- answers ---- */

/* A year of which it is not known which days are worked, and in which people may be shown; 0: none. */
static int32_t unknown_year(const Subsidy__Scheme *scheme, int64_t now)
{
    const Subsidy__Selection *selection = scheme->selection;
    int64_t until = selection && selection->until ? selection->until : scheme->closes_at;
    int year = 0;

    if (!selection || !scheme->showing || !scheme->showing->working_days)
        return 0;
    for (int i = cn_day(now) / 10000; i <= cn_day(until) / 10000 && !year; i++)
        year = cn_day_state(i * 10000 + 101) == CN_DAY_UNKNOWN ? i : 0;
    if (!year && until >= now)
        cn_working_days_end(until, scheme->showing->working_days, &year);
    return year;
}

/* With what officials are told besides: 0 or a Reason. */
static int complete(struct subsidy *self, Subsidy__Scheme *scheme, void *call)
{
    scheme->unknown_year = unknown_year(scheme, rpc_now(call));
    scheme->waits_for_hand = hands_wait(&self->two_hands, DEED, scheme->scheme_id, rpc_now(call));
    return scheme_name_unions(self, scheme, call);
}

static void reply_scheme(struct subsidy *self, Subsidy__Scheme *scheme, Subsidy__Scheme_Closure reply, void *call)
{
    if (!rpc_refuse_if(call, complete(self, scheme, call)))
        reply(scheme, call);
}

/* A scheme that the caller may change; NULL after refusing. */
static Subsidy__Scheme *find_own(struct subsidy *self, int64_t scheme_id, void *call)
{
    Subsidy__Scheme *scheme = scheme_find(self, scheme_id, rpc_arena(call));
    int reason = 0;

    if (!scheme)
        reason = SUBSIDY__REASON__SCHEME_NOT_FOUND;
    else if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, scheme->union_path))
        reason = RPC__REASON__OUTSIDE_YOUR_UNION;
    return rpc_refuse_if(call, reason) ? NULL : scheme;
}

/* ---- drafts ---- */

/* What it is not given beside are other schemes that members know of, of its union or one above it. */
static int not_beside_refusal(struct subsidy *self, const Subsidy__Scheme *draft, void *call)
{
    for (size_t i = 0; i < draft->n_not_beside; i++) {
        const Subsidy__Scheme *other = scheme_find(self, draft->not_beside[i]->scheme_id, rpc_arena(call));

        if (!other || other->state == SUBSIDY__SCHEME_STATE__SCHEME_DRAFT || other->family_id == draft->family_id ||
            !union_path_covers(other->union_path, draft->union_path))
            return SUBSIDY__REASON__NOT_BESIDE_WRONG;
    }
    return 0;
}

/* Checks a draft of a union, and completes it; false after refusing. */
static bool take_draft(struct subsidy *self, Subsidy__Scheme *draft, void *call)
{
    const char *field = "scheme";
    struct audience_rules rules;
    const Subsidy__Scheme *replaced;
    int reason;

    if (!audience_take(&self->tree, draft->audience, draft->union_path, "scheme.audience", call, &rules))
        return false;
    if (rpc_refuse_field_if(call, rules.level < (int32_t)RPC__LEVEL__MEMBER ? RPC__REASON__OUT_OF_RANGE : 0,
                            "scheme.audience.level"))
        return false;
    reason = scheme_refusal(draft, rpc_now(call), rpc_arena(call), &field);
    if (rpc_refuse_field_if(call, reason, field ? field : "scheme") ||
        rpc_refuse_field_if(call, funding_refusal(self, draft), "scheme.funding.fundId"))
        return false;
    reason = tree_id(&self->tree, draft->union_path, call, &draft->union_id);
    if (rpc_refuse_if(call, reason) ||
        !granted_take(&self->tree, draft->counts, draft->union_id, draft->union_path, "scheme.counts", call))
        return false;
    draft->audience = audience_message(&rules, 0, rpc_arena(call));
    draft->family_id = draft->scheme_id;
    if (draft->replaces_id) {
        replaced = scheme_find(self, draft->replaces_id, rpc_arena(call));
        if (!replaced || replaced->state == SUBSIDY__SCHEME_STATE__SCHEME_DRAFT ||
            strcmp(replaced->union_path, draft->union_path) != 0) {
            rpc_refuse_field(call, SUBSIDY__REASON__REPLACED_NOT_YOURS, "scheme.replacesId");
            return false;
        }
        draft->family_id = replaced->family_id;
    }
    return !rpc_refuse_field_if(call, not_beside_refusal(self, draft, call), "scheme.notBeside") &&
           !rpc_refuse_if(call, draft->audience ? 0 : RPC__REASON__OVERLOADED);
}

static void put_draft(struct subsidy *self, Subsidy__Scheme *draft, Subsidy__Scheme_Closure reply, void *call)
{
    if (take_draft(self, draft, call) && !rpc_refuse_field_if(call, scheme_put(self, draft, call), "scheme"))
        reply_scheme(self, draft, reply, call);
}

/* rpc CreateScheme: a draft that its union's officials see. */
static void schemes__create_scheme(Subsidy__Schemes_Service *service, const Subsidy__CreateSchemeRequest *req,
                                   Subsidy__Scheme_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, schemes_service);
    Subsidy__Scheme *draft = req->scheme;

    draft->union_path = tree_path(&self->tree, draft->union_id, "scheme.unionId", call);
    if (!draft->union_path)
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, draft->union_path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "scheme.unionId");
        return;
    }
    draft->scheme_id = id_next(&self->ids, rpc_now(call));
    draft->created_at = rpc_now(call);
    rpc_created(call);
    put_draft(self, draft, reply, call);
}

/* rpc UpdateScheme: its union stays, and what was proposed is not any more. */
static void schemes__update_scheme(Subsidy__Schemes_Service *service, const Subsidy__UpdateSchemeRequest *req,
                                   Subsidy__Scheme_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, schemes_service);
    const Subsidy__Scheme *old = find_own(self, req->scheme_id, call);
    Subsidy__Scheme *draft = req->scheme;

    if (!old ||
        rpc_refuse_if(call, old->state == SUBSIDY__SCHEME_STATE__SCHEME_DRAFT ? 0 : SUBSIDY__REASON__SCHEME_FIXED))
        return;
    draft->scheme_id = old->scheme_id;
    draft->union_path = old->union_path;
    draft->created_at = old->created_at;
    hands_end(&self->two_hands, DEED, old->scheme_id, HANDS__STATE__TAKEN_BACK, call);
    put_draft(self, draft, reply, call);
}

/* ---- opening and closing ---- */

/* The version before takes nobody any more. */
static void close_replaced(struct subsidy *self, const Subsidy__Scheme *scheme, void *call)
{
    Subsidy__Scheme *replaced = scheme->replaces_id ? scheme_find(self, scheme->replaces_id, rpc_arena(call)) : NULL;

    if (replaced && replaced->state == SUBSIDY__SCHEME_STATE__SCHEME_OPEN)
        scheme_set_state(self, replaced, SUBSIDY__SCHEME_STATE__SCHEME_CLOSED, call);
}

static int open_scheme(struct subsidy *self, Subsidy__Scheme *scheme, void *call)
{
    struct hands_deed deed = {
        .kind = DEED,
        .id = scheme->scheme_id,
        .what = &scheme->base,
        .until = rpc_now(call) + HANDS_LIFE_MS,
        .roles = opening_roles,
        .union_path = scheme->union_path,
        .own = SUBSIDY__REASON__SCHEME_OWN_HAND,
    };
    bool done;
    int reason;

    if (scheme->state != SUBSIDY__SCHEME_STATE__SCHEME_DRAFT)
        return SUBSIDY__REASON__SCHEME_FIXED;
    if (scheme->closes_at <= rpc_now(call))
        return SUBSIDY__REASON__SCHEME_TIMES_WRONG;
    /* Hers is the first hand already, and stands. */
    if (hands_wait(&self->two_hands, DEED, scheme->scheme_id, rpc_now(call)) &&
        hands_is_first(&self->two_hands, DEED, scheme->scheme_id, rpc_principal(call)->member_id))
        return SUBSIDY__REASON__SCHEME_OWN_HAND;
    reason = run_way_refusal(self, scheme, call);
    if (reason)
        return reason;
    reason = hands_give_or_confirm(&self->two_hands, &deed, call, &done);
    if (reason || !done)
        return reason;
    reason = selection_open(self, scheme, call);
    if (reason)
        return reason;
    close_replaced(self, scheme, call);
    scheme_set_state(self, scheme, SUBSIDY__SCHEME_STATE__SCHEME_OPEN, call);
    return 0;
}

/* rpc OpenScheme: the first hand, or the second. */
static void schemes__open_scheme(Subsidy__Schemes_Service *service, const Subsidy__SchemeRequest *req,
                                 Subsidy__Scheme_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, schemes_service);
    Subsidy__Scheme *scheme = find_own(self, req->scheme_id, call);

    if (scheme &&
        (scheme->state == SUBSIDY__SCHEME_STATE__SCHEME_OPEN || !rpc_refuse_if(call, open_scheme(self, scheme, call))))
        reply_scheme(self, scheme, reply, call);
}

/* rpc CloseScheme: what was handed in goes on. */
static void schemes__close_scheme(Subsidy__Schemes_Service *service, const Subsidy__SchemeRequest *req,
                                  Subsidy__Scheme_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, schemes_service);
    Subsidy__Scheme *scheme = find_own(self, req->scheme_id, call);

    if (!scheme ||
        rpc_refuse_if(call,
                      scheme->state == SUBSIDY__SCHEME_STATE__SCHEME_DRAFT ? SUBSIDY__REASON__SCHEME_NOT_OPEN : 0))
        return;
    if (scheme->state == SUBSIDY__SCHEME_STATE__SCHEME_OPEN)
        scheme_set_state(self, scheme, SUBSIDY__SCHEME_STATE__SCHEME_CLOSED, call);
    reply_scheme(self, scheme, reply, call);
}

/* ---- asking ---- */

/* rpc GetScheme: a draft is there for its union's officials alone. */
static void schemes__get_scheme(Subsidy__Schemes_Service *service, const Subsidy__SchemeRequest *req,
                                Subsidy__Scheme_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, schemes_service);
    Subsidy__Scheme *scheme = scheme_find(self, req->scheme_id, rpc_arena(call));

    if (!scheme || (scheme->state == SUBSIDY__SCHEME_STATE__SCHEME_DRAFT && !scheme_reads(scheme->union_path, call)))
        rpc_refuse(call, SUBSIDY__REASON__SCHEME_NOT_FOUND);
    else
        reply_scheme(self, scheme, reply, call);
}

/* rpc ListSchemes: of the caller's unions, newest first. */
static void schemes__list_schemes(Subsidy__Schemes_Service *service, const Subsidy__ListSchemesRequest *req,
                                  Subsidy__SchemeList_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, schemes_service);
    const char *path = tree_path(&self->tree, req->union_id, "unionId", call);
    const struct rpc_page *page = rpc_page(call);
    Subsidy__Scheme **found = arena_alloc(rpc_arena(call), page->limit * sizeof(Subsidy__Scheme *));
    Subsidy__SchemeList list = SUBSIDY__SCHEME_LIST__INIT;
    int64_t before = page->before;
    size_t n = found ? page->limit : 0;

    if (!path)
        return;
    if (req->union_id && !scheme_reads(path, call)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "unionId");
        return;
    }
    while (n > 0 && n == page->limit) {
        n = schemes_list(self, path, false, before, page->states, rpc_arena(call), found, page->limit);
        for (size_t i = 0; i < n; i++) {
            before = found[i]->scheme_id;
            if (!scheme_reads(found[i]->union_path, call))
                continue;
            if (!rpc_page_takes(call, before)) {
                n = 0;
                break;
            }
            if (rpc_refuse_if(call, complete(self, found[i], call)))
                return;
            rpc_add(call, &list, schemes, found[i]);
        }
    }
    reply(&list, call);
}

/* How it stands for the caller. */
struct standing {
    Subsidy__SchemeForMe *told;
    void *call;
};

static void add_finding(void *arg, int reason)
{
    struct standing *standing = arg;
    Subsidy__CheckFinding *finding = arena_message(rpc_arena(standing->call), &subsidy__check_finding__descriptor);

    if (!finding)
        return;
    api_say(finding, reason);
    rpc_add(standing->call, standing->told, findings, finding);
    if (standing->told->n_findings == 1)
        api_say(standing->told, reason);
}

/* Of each union for which she may apply why not now, where there are several; and of the first for which she can, or of
 * the first, all that is in her way. */
static int stand(struct subsidy *self, const Subsidy__Scheme *scheme, void *call, Subsidy__SchemeForMe *ret)
{
    const char *unions[LIMIT_GRANTS], *wanted = NULL;
    size_t n = application_unions(scheme, call, unions, ARRAY_LEN(unions));
    struct standing standing = {ret, call};
    int reason = 0;

    for (size_t i = 0; n > 1 && i < n && !reason; i++) {
        Subsidy__ForUnion *one = arena_message(rpc_arena(call), &subsidy__for_union__descriptor);
        Subsidy__SchemeForMe own = SUBSIDY__SCHEME_FOR_ME__INIT;
        struct standing its = {&own, call};

        application_refusals(self, scheme, NULL, unions[i], scheme->amount->fen, call, add_finding, &its);
        if (!one)
            return RPC__REASON__OVERLOADED;
        reason = tree_id(&self->tree, unions[i], call, &one->union_id);
        one->reason = own.reason;
        one->words = own.words;
        rpc_add(call, ret, for_unions, one);
        if (!wanted && own.n_findings == 0)
            wanted = unions[i];
    }
    if (!wanted)
        wanted = n ? unions[0] : "";
    application_refusals(self, scheme, NULL, wanted, scheme->amount->fen, call, add_finding, &standing);
    return reason;
}

static int for_me(struct subsidy *self, Subsidy__Scheme *scheme, void *call, Subsidy__SchemeForMe **message)
{
    Subsidy__SchemeForMe *ret = arena_message(rpc_arena(call), &subsidy__scheme_for_me__descriptor);
    int reason;

    *message = ret;
    if (!ret)
        return 0;
    reason = stand(self, scheme, call, ret);
    ret->scheme = scheme;
    ret->application_id = application_last(self, rpc_principal(call)->member_id, scheme->family_id);
    return reason ? reason : scheme_name_unions(self, scheme, call);
}

/* rpc GetMyScheme: also one that is closed. */
static void schemes__get_my_scheme(Subsidy__Schemes_Service *service, const Subsidy__SchemeRequest *req,
                                   Subsidy__SchemeForMe_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, schemes_service);
    Subsidy__Scheme *scheme = scheme_find(self, req->scheme_id, rpc_arena(call));
    Subsidy__SchemeForMe *message;

    if (!scheme || scheme->state == SUBSIDY__SCHEME_STATE__SCHEME_DRAFT)
        rpc_refuse(call, SUBSIDY__REASON__SCHEME_NOT_FOUND);
    else if (!rpc_refuse_if(call, for_me(self, scheme, call, &message)))
        reply(message, call);
}

/* rpc GetAreas: none of what is no region. */
static void schemes__get_areas(Subsidy__Schemes_Service *service, const Subsidy__GetAreasRequest *req,
                               Subsidy__AreaList_Closure reply, void *call)
{
    char code[CN_REGION_LEN + 1] = "", name[CN_REGION_SIZE];
    Subsidy__AreaList list = SUBSIDY__AREA_LIST__INIT;
    int year = cn_day(rpc_now(call)) / 10000;
    Subsidy__Area *area;

    (void)service;
    while (cn_region_below(req->within, year, code, name)) {
        area = arena_message(rpc_arena(call), &subsidy__area__descriptor);
        if (!area)
            break;
        area->code = rpc_text(call, code);
        area->name = rpc_text(call, name);
        rpc_add(call, &list, areas, area);
    }
    reply(&list, call);
}

/* rpc ListMySchemes: the open ones of the caller's union and those above it. */
static void schemes__list_my_schemes(Subsidy__Schemes_Service *service, const Subsidy__ListMySchemesRequest *req,
                                     Subsidy__SchemesForMe_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, schemes_service);
    const struct rpc_page *page = rpc_page(call);
    Subsidy__Scheme **found = arena_alloc(rpc_arena(call), page->limit * sizeof(Subsidy__Scheme *));
    Subsidy__SchemesForMe list = SUBSIDY__SCHEMES_FOR_ME__INIT;
    Subsidy__SchemeForMe *message;
    size_t n = 0;

    (void)req;
    if (found)
        n = schemes_list(self, rpc_principal(call)->union_path, true, page->before, RPC_PAGE_ALL, rpc_arena(call),
                         found, page->limit);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i]->scheme_id); i++) {
        if (rpc_refuse_if(call, for_me(self, found[i], call, &message)))
            return;
        rpc_add(call, &list, schemes, message);
    }
    reply(&list, call);
}

const Subsidy__Schemes_Service schemes_api = SUBSIDY__SCHEMES__INIT(schemes__);
