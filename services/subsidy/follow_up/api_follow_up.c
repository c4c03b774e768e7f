#include "services/subsidy/follow_up/follow_ups.h"

/* NULL when memory is full. */
static Subsidy__FollowUp *message_of(struct subsidy *self, const struct follow_up *follow_up, void *call)
{
    Subsidy__FollowUp *message = arena_message(rpc_arena(call), &subsidy__follow_up__descriptor);
    const Subsidy__Scheme *scheme;
    struct application application;

    if (!message || !application_find(self, follow_up->application_id, &application))
        return NULL;
    scheme = scheme_find(self, application.scheme_id, rpc_arena(call));
    if (!scheme)
        return NULL;
    message->application_id = application.id;
    message->scheme_title = scheme->title;
    message->shown_name = rpc_text(call, application.shown_name);
    tree_id(&self->tree, application.union_path, call, &message->union_id);
    tree_id(&self->tree, follow_up->office_path, call, &message->office_id);
    message->due_at = follow_up->due_at;
    return message;
}

/* rpc ListFollowUps: in the order of the tree. */
static void visits__list_follow_ups(Subsidy__Visits_Service *service, const Subsidy__ListFollowUpsRequest *req,
                                    Subsidy__FollowUpList_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, visits_service);
    const char *path = tree_path(&self->tree, req->union_id, "unionId", call);
    const struct rpc_page *page = rpc_page(call);
    struct follow_up *rows = arena_alloc(rpc_arena(call), page->limit * sizeof(*rows));
    Subsidy__FollowUpList list = SUBSIDY__FOLLOW_UP_LIST__INIT;
    size_t n = 0;

    if (!path ||
        rpc_refuse_field_if(call, scheme_has_office(path, call) ? 0 : RPC__REASON__OUTSIDE_YOUR_UNION, "unionId"))
        return;
    if (*page->place && !union_path_covers(path, page->place)) {
        rpc_refuse_page(call);
        return;
    }
    if (rows)
        n = follow_ups_due(self, path, *page->place ? page->place : path, page->after, rpc_now(call), rows,
                           page->limit);
    for (size_t i = 0; i < n && rpc_page_takes_at(call, rows[i].office_path, rows[i].application_id); i++)
        rpc_add(call, &list, follow_ups, message_of(self, &rows[i], call));
    reply(&list, call);
}

/* Why the caller does not write on somebody now: 0 or a Reason. */
static int refusal(struct subsidy *self, const struct application *application, const Subsidy__Scheme *scheme,
                   const struct follow_up *follow_up, void *call)
{
    if (!scheme_has_office(follow_up->office_path, call))
        return RPC__REASON__OUTSIDE_YOUR_UNION;
    if (!rpc_has_role(call, scheme->steps[0]->role, follow_up->office_path))
        return SUBSIDY__REASON__NOT_YOUR_STEP;
    if (follow_up->done_at)
        return SUBSIDY__REASON__FOLLOWED_UP;
    if (!follow_up_is_due(self, application->id, rpc_now(call)))
        return SUBSIDY__REASON__NO_FOLLOW_UP;
    return application_own_refusal(self, application, call);
}

/* rpc WriteFollowUp: once. */
static void visits__write_follow_up(Subsidy__Visits_Service *service, const Subsidy__WriteFollowUpRequest *req,
                                    Subsidy__FollowUp_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, visits_service);
    const Subsidy__Scheme *scheme;
    struct application application;
    struct follow_up follow_up;

    if (rpc_refuse_if(call, follow_up_find(self, req->application_id, &follow_up) &&
                                    application_find(self, req->application_id, &application)
                                ? 0
                                : SUBSIDY__REASON__NO_FOLLOW_UP))
        return;
    scheme = scheme_find(self, application.scheme_id, rpc_arena(call));
    if (rpc_refuse_field_if(call, req->note[strspn(req->note, " \n")] ? 0 : RPC__REASON__MISSING_FIELD, "note") ||
        rpc_refuse_if(call, scheme ? 0 : RPC__REASON__OVERLOADED) ||
        rpc_refuse_if(call, refusal(self, &application, scheme, &follow_up, call)))
        return;
    follow_up_write(self, &application, req->note, call);
    reply(message_of(self, &follow_up, call), call);
}

const Subsidy__Visits_Service visits_api = SUBSIDY__VISITS__INIT(visits__);
