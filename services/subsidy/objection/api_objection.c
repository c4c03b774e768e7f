#include "services/subsidy/evidence/evidence.h"
#include "services/subsidy/objection/objections.h"

/* NULL when memory is full. */
static Subsidy__Objection *message_of(struct subsidy *self, const struct objection *objection, bool official,
                                      void *call)
{
    Subsidy__Objection *message = arena_message(rpc_arena(call), &subsidy__objection__descriptor);
    char office[UNION_PATH_SIZE];
    struct application application;
    const Subsidy__Scheme *scheme;

    if (!message || !application_find(self, objection->application_id, &application))
        return NULL;
    scheme = scheme_find(self, application.scheme_id, rpc_arena(call));
    if (!scheme)
        return NULL;
    message->objection_id = objection->id;
    message->application_id = objection->application_id;
    message->scheme_id = application.scheme_id;
    message->scheme_title = scheme->title;
    message->shown_name = rpc_text(call, application.shown_name);
    message->state = (Subsidy__ObjectionState)objection->state;
    message->text = objection_text(self, objection->id, rpc_arena(call));
    message->raised_at = objection->raised_at;
    message->due_at = objection->due_at;
    message->decided_at = objection->decided_at;
    message->overdue = objection->overdue;
    objection_office(objection, office);
    tree_id(&self->tree, office, call, &message->office_id);
    if (objection->decided_at || official)
        message->remark = objection_remark(self, objection->id, rpc_arena(call));
    message->n_files =
        evidence_list(self, objection->application_id, objection->id, false, rpc_arena(call), &message->files);
    if (official)
        message->proposed = (Subsidy__Proposed)objection->proposed;
    return message;
}

/* rpc RaiseObjection: again the first one. */
static void objections__raise_objection(Subsidy__Objections_Service *service, const Subsidy__RaiseObjectionRequest *req,
                                        Subsidy__Objection_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, objections_service);
    struct objection objection;

    if (!rpc_refuse_if(call, objection_raise(self, req->application_id, req->text, call, &objection)))
        reply(message_of(self, &objection, false, call), call);
}

/* rpc ListMyObjections: newest first. */
static void objections__list_my_objections(Subsidy__Objections_Service *service,
                                           const Subsidy__ListMyObjectionsRequest *req,
                                           Subsidy__ObjectionList_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, objections_service);
    const struct rpc_page *page = rpc_page(call);
    struct objection *rows = arena_alloc(rpc_arena(call), page->limit * sizeof(*rows));
    Subsidy__ObjectionList list = SUBSIDY__OBJECTION_LIST__INIT;
    size_t n = 0;

    (void)req;
    if (rows)
        n = objections_hers(self, rpc_principal(call)->member_id, page->before, page->states, rows, page->limit);
    for (size_t i = 0; i < n && rpc_page_takes(call, rows[i].id); i++)
        rpc_add(call, &list, objections, message_of(self, &rows[i], false, call));
    reply(&list, call);
}

/* rpc ListObjections: to what a union and those below it pay. */
static void objections__list_objections(Subsidy__Objections_Service *service, const Subsidy__ListObjectionsRequest *req,
                                        Subsidy__ObjectionList_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, objections_service);
    const char *path = tree_path(&self->tree, req->union_id, "unionId", call);
    const struct rpc_page *page = rpc_page(call);
    struct objection *rows = arena_alloc(rpc_arena(call), page->limit * sizeof(*rows));
    Subsidy__ObjectionList list = SUBSIDY__OBJECTION_LIST__INIT;
    size_t n = 0;

    if (!path ||
        rpc_refuse_field_if(call, scheme_has_office(path, call) ? 0 : RPC__REASON__OUTSIDE_YOUR_UNION, "unionId"))
        return;
    if (rows)
        n = objections_at(self, path, page->before, page->states, rows, page->limit);
    for (size_t i = 0; i < n && rpc_page_takes(call, rows[i].id); i++)
        rpc_add(call, &list, objections, message_of(self, &rows[i], true, call));
    reply(&list, call);
}

/* rpc DecideObjection: the first hand, or the second. */
static void objections__decide_objection(Subsidy__Objections_Service *service,
                                         const Subsidy__DecideObjectionRequest *req, Subsidy__Objection_Closure reply,
                                         void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, objections_service);
    struct objection objection;
    int reason = SUBSIDY__REASON__OBJECTION_NOT_FOUND;

    if (objections_find(self, req->objection_id, &objection))
        reason = scheme_has_office(objection.union_path, call)
                     ? objection_decide(self, &objection, req->upheld, req->remark, call)
                     : (int)RPC__REASON__OUTSIDE_YOUR_UNION;
    if (!rpc_refuse_if(call, reason))
        reply(message_of(self, &objection, true, call), call);
}

const Subsidy__Objections_Service objections_api = SUBSIDY__OBJECTIONS__INIT(objections__);
