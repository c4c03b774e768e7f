#include "services/coupon/api.h"
#include "services/coupon/code/codes.h"

/* A release of codes that the caller may administer, however old; NULL after refusing. */
static const struct release *find_release(struct coupon *self, int64_t release_id, void *call)
{
    const struct release *release = release_look_up(self, release_id, rpc_arena(call));

    if (!release)
        rpc_refuse(call, COUPON__REASON__RELEASE_NOT_FOUND);
    else if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, release->union_path))
        rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
    else if (release->way != COUPON__WAY__CODES)
        rpc_refuse(call, COUPON__REASON__NO_CODES);
    else
        return release;
    return NULL;
}

/* ---- uploads ---- */

static void reply_import(struct coupon *self, const struct import *import, Imports__Import_Closure reply, void *call)
{
    Imports__Import *message = import_message(&self->imports, import, rpc_arena(call));

    if (message)
        message->received = imports_received(&self->imports, import->id);
    reply(message, call);
}

/* One that the caller has begun, of a release that is still hers to administer; false after refusing. */
static bool find_hers(struct coupon *self, int64_t import_id, void *call, struct import *ret)
{
    if (imports_find(&self->imports, import_id, ret) && ret->member_id == rpc_principal(call)->member_id)
        return find_release(self, ret->detail, call) != NULL;
    rpc_refuse(call, IMPORTS__REASON__IMPORT_NOT_FOUND);
    return false;
}

/* rpc BeginCodeImport: of a file whose size is said. */
static void codes__begin_code_import(Coupon__Codes_Service *service, const Coupon__BeginCodeImportRequest *req,
                                     Imports__Import_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, codes_service);
    struct import import = {.member_id = rpc_principal(call)->member_id,
                            .kind = IMPORTS__IMPORT_KIND__IMPORT_CODES,
                            .detail = req->release_id,
                            .size = req->size};
    const struct release *release = find_release(self, req->release_id, call);

    if (!release || rpc_refuse_if(call, release->state == COUPON__STATE__CLOSED ? COUPON__REASON__ENDED : 0) ||
        rpc_refuse_if(call, tree_id(&self->tree, release->union_path, call, &import.union_id)) ||
        !import_begin(&self->imports, &import, call))
        return;
    rpc_created(call);
    reply_import(self, &import, reply, call);
}

/* rpc PutCodeImportPart: any of its parts, also again. */
static void codes__put_code_import_part(Coupon__Codes_Service *service, const Imports__PutImportPartRequest *req,
                                        Imports__Import_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, codes_service);
    struct import import;

    if (find_hers(self, req->import_id, call, &import) &&
        import_take_part(&self->imports, &import, req->part, req->content, call))
        reply_import(self, &import, reply, call);
}

/* Says how far one of the caller's is, after doing something with it or, NULL, nothing. */
static void on_import(struct coupon *self, int64_t import_id,
                      bool (*act)(struct imports *imports, struct import *import, void *call),
                      Imports__Import_Closure reply, void *call)
{
    struct import import;

    if (find_hers(self, import_id, call, &import) && (!act || act(&self->imports, &import, call)))
        reply_import(self, &import, reply, call);
}

/* rpc CheckCodeImport: when all parts are there. */
static void codes__check_code_import(Coupon__Codes_Service *service, const Imports__ImportIdRequest *req,
                                     Imports__Import_Closure reply, void *call)
{
    on_import(container_of(service, struct coupon, codes_service), req->import_id, import_check, reply, call);
}

/* Why what a file that was checked would bring is not paid for: 0 or a Reason. */
static int confirm_refusal(struct coupon *self, int64_t import_id, void *call)
{
    const struct release *release;
    const Imports__Import *message;
    struct import import;

    if (!imports_find(&self->imports, import_id, &import) || import.state != IMPORTS__IMPORT_STATE__IMPORT_CHECKED)
        return 0;
    release = release_find(self, import.detail); /* of one that is closed each line is refused */
    message = import_message(&self->imports, &import, rpc_arena(call));
    if (!message)
        return RPC__REASON__OVERLOADED;
    return release ? codes_more_refusal(self, release, message->loaded, call) : 0;
}

/* rpc ConfirmCodeImport: after its check; what it brings is paid for. */
static void codes__confirm_code_import(Coupon__Codes_Service *service, const Imports__ImportIdRequest *req,
                                       Imports__Import_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, codes_service);
    struct import import;

    if (find_hers(self, req->import_id, call, &import) &&
        !rpc_refuse_if(call, confirm_refusal(self, req->import_id, call)))
        on_import(self, req->import_id, import_confirm, reply, call);
}

/* rpc CancelCodeImport: while it is open. */
static void codes__cancel_code_import(Coupon__Codes_Service *service, const Imports__ImportIdRequest *req,
                                      Imports__Import_Closure reply, void *call)
{
    on_import(container_of(service, struct coupon, codes_service), req->import_id, import_cancel, reply, call);
}

/* rpc GetCodeImport: how far it is. */
static void codes__get_code_import(Coupon__Codes_Service *service, const Imports__ImportIdRequest *req,
                                   Imports__Import_Closure reply, void *call)
{
    on_import(container_of(service, struct coupon, codes_service), req->import_id, NULL, reply, call);
}

/* rpc ListCodeImports: the caller's, newest first. */
static void codes__list_code_imports(Coupon__Codes_Service *service, const Imports__ListImportsRequest *req,
                                     Imports__ImportList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, codes_service);
    const struct rpc_page *page = rpc_page(call);
    Imports__ImportList list = IMPORTS__IMPORT_LIST__INIT;
    struct import import;

    (void)req;
    imports_ask(&self->imports, rpc_principal(call)->member_id, page->before, (size_t)page->limit, page->states);
    while (imports_next(&self->imports, &import) && rpc_page_takes(call, import.id))
        rpc_add(call, &list, imports, import_message(&self->imports, &import, rpc_arena(call)));
    imports_end(&self->imports);
    reply(&list, call);
}

/* rpc DownloadCodeImportReport: what became of each line. */
static void codes__download_code_import_report(Coupon__Codes_Service *service,
                                               const Imports__DownloadImportReportRequest *req, Rpc__Part_Closure reply,
                                               void *call)
{
    struct coupon *self = container_of(service, struct coupon, codes_service);
    struct import import;
    Rpc__Part part = RPC__PART__INIT;

    if (find_hers(self, req->import_id, call, &import) &&
        import_download(&self->imports, &import, req->part, call, &part))
        reply(&part, call);
}

/* ---- bad codes ---- */

static Coupon__CodeVoid *void_message(const struct code_void *made, void *call)
{
    Coupon__CodeVoid *message = arena_message(rpc_arena(call), &coupon__code_void__descriptor);

    if (!message)
        return NULL;
    message->void_id = made->id;
    message->release_id = made->release_id;
    message->coupon_id = made->coupon_id;
    message->remark = rpc_text(call, made->remark);
    message->state = (Coupon__CodeVoidState)made->state;
    message->proposed_at = made->proposed_at;
    message->until = made->until;
    return message;
}

/* What two officials do to a code; `what` is filled in for it. */
static struct hands_deed void_deed(const struct code_void *made, const struct release *release,
                                   Coupon__CodeVoided *what)
{
    static const int roles[] = {RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__ROLE_NONE};

    coupon__code_voided__init(what);
    what->void_id = made->id;
    what->code_id = made->code_id;
    what->release_id = made->release_id;
    what->remark = unconst(made->remark);
    return (struct hands_deed){
        .kind = "code void",
        .id = made->id,
        .what = &what->base,
        .until = made->until,
        .roles = roles,
        .union_path = release->union_path,
    };
}

/* The code that is meant, which is not bad yet; false after refusing. */
static bool find_meant(struct coupon *self, const Coupon__ProposeCodeVoidRequest *req, void *call,
                       struct partner_code *ret)
{
    char code[CODE_SIZE];
    bool found = *req->code ? code_text(req->code, CODE_LEAST, code) && code_known(self, code, ret)
                            : code_of_coupon(&self->codes, req->coupon_id, ret);

    if (found && ret->release_id == req->release_id && ret->state != CODE_VOID)
        return true;
    rpc_refuse_field(call, COUPON__REASON__CODE_NOT_FOUND, *req->code ? "code" : "couponId");
    return false;
}

/* rpc ProposeCodeVoid: the first hand. */
static void codes__propose_code_void(Coupon__Codes_Service *service, const Coupon__ProposeCodeVoidRequest *req,
                                     Coupon__CodeVoid_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, codes_service);
    struct code_void made = {.until = rpc_now(call) + HANDS_LIFE_MS};
    const struct release *release = find_release(self, req->release_id, call);
    struct partner_code code;
    Coupon__CodeVoided what;
    struct hands_deed deed;

    if (!release || !find_meant(self, req, call, &code))
        return;
    made.release_id = release->id;
    made.code_id = code.id;
    made.coupon_id = code.coupon_id;
    snprintf(made.remark, sizeof(made.remark), "%s", req->remark);
    code_void_add(self, &made, call);
    deed = void_deed(&made, release, &what);
    if (rpc_refuse_if(call, hands_give(&self->two_hands, &deed, call)))
        return;
    rpc_created(call);
    reply(void_message(&made, call), call);
}

/* One of a release that the caller may administer, which is given; NULL after refusing. */
static const struct release *find_void(struct coupon *self, int64_t void_id, void *call, struct code_void *ret)
{
    if (code_void_find(&self->codes, void_id, ret))
        return find_release(self, ret->release_id, call);
    rpc_refuse(call, COUPON__REASON__CODE_ENDING_NOT_FOUND);
    return NULL;
}

/* It is as it was proposed: not handed out, or to the same coupon, and not bad by another way. */
static bool is_as_proposed(const struct coupon *self, const struct code_void *made)
{
    struct partner_code now;

    return code_find(&self->codes, made->code_id, &now) && now.coupon_id == made->coupon_id && now.state != CODE_VOID;
}

/* rpc ConfirmCodeVoid: the second hand. */
static void codes__confirm_code_void(Coupon__Codes_Service *service, const Coupon__CodeVoidRequest *req,
                                     Coupon__CodeVoid_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, codes_service);
    struct code_void made;
    const struct release *release = find_void(self, req->void_id, call, &made);
    Coupon__CodeVoided what;
    struct hands_deed deed;
    int reason;

    if (!release)
        return;
    deed = void_deed(&made, release, &what);
    reason = hands_confirm(&self->two_hands, &deed, call);
    if (!reason && !is_as_proposed(self, &made))
        reason = HANDS__REASON__HANDS_DIFFER;
    if (!reason)
        reason = code_void_do(self, &made, call);
    if (!rpc_refuse_if(call, reason))
        reply(void_message(&made, call), call);
}

/* rpc RefuseCodeVoid. */
static void codes__refuse_code_void(Coupon__Codes_Service *service, const Coupon__CodeVoidRequest *req,
                                    Coupon__CodeVoid_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, codes_service);
    struct code_void made;

    if (!find_void(self, req->void_id, call, &made))
        return;
    if (made.state == COUPON__CODE_VOID_STATE__CODE_VOID_DONE) {
        rpc_refuse(call, HANDS__REASON__HANDS_OVER);
        return;
    }
    if (made.state == COUPON__CODE_VOID_STATE__CODE_VOID_PROPOSED) {
        hands_end(&self->two_hands, "code void", made.id, HANDS__STATE__REFUSED, call);
        code_void_set(self, &made, COUPON__CODE_VOID_STATE__CODE_VOID_REFUSED);
    }
    reply(void_message(&made, call), call);
}

/* rpc GetCodeVoid. */
static void codes__get_code_void(Coupon__Codes_Service *service, const Coupon__CodeVoidRequest *req,
                                 Coupon__CodeVoid_Closure reply, void *call)
{
    struct code_void made;

    if (find_void(container_of(service, struct coupon, codes_service), req->void_id, call, &made))
        reply(void_message(&made, call), call);
}

/* rpc ListCodeVoids: newest first. */
static void codes__list_code_voids(Coupon__Codes_Service *service, const Coupon__ListCodeVoidsRequest *req,
                                   Coupon__CodeVoidList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, codes_service);
    const struct rpc_page *page = rpc_page(call);
    Coupon__CodeVoidList list = COUPON__CODE_VOID_LIST__INIT;
    struct code_void made;

    if (!find_release(self, req->release_id, call))
        return;
    code_voids_ask(&self->codes, req->release_id, page->before, page->limit, page->states);
    while (code_voids_next(&self->codes, &made)) {
        if (rpc_page_takes(call, made.id))
            rpc_add(call, &list, voids, void_message(&made, call));
    }
    reply(&list, call);
}

const Coupon__Codes_Service codes_api = COUPON__CODES__INIT(codes__);
