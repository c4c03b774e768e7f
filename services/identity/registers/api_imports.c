#include "services/identity/api.h"
#include "common/benefit/imports/imports.h"
#include "services/identity/access/session_life.h"
#include "services/identity/registers/tables.h"
#include "services/identity/registers/named_row.h"
#include "services/identity/unions/unions.h"

/* As the part tells it, with what is identity's own. NULL: memory is full. */
static Identity__Import *import_said(struct identity *self, const struct import *import, void *call)
{
    Imports__Import *said = import_message(&self->imports, import, rpc_arena(call));
    size_t len = said ? imports__import__get_packed_size(said) : 0;
    uint8_t *packed = arena_alloc(rpc_arena(call), len + 1);
    Identity__Import *message;

    if (!said || !packed)
        return NULL;
    said->detail = 0;
    message = identity__import__unpack(&rpc_arena(call)->allocator, imports__import__pack(said, packed), packed);
    if (message)
        message->removal = (Identity__RosterRemoval)import->detail;
    return message;
}

static void reply_import(struct identity *self, const struct import *import, Identity__Import_Closure reply, void *call)
{
    Identity__Import *message = import_said(self, import, call);

    if (message)
        message->received = imports_received(&self->imports, import->id);
    reply(message, call);
}

/* One that the caller has begun, of a union that is still hers to administer; false after refusing. */
static bool find_hers(struct identity *self, int64_t import_id, void *call, struct import *ret)
{
    struct union_node node;

    if (!imports_find(&self->imports, import_id, ret) || ret->member_id != rpc_principal(call)->member_id) {
        rpc_refuse(call, IMPORTS__REASON__IMPORT_NOT_FOUND);
        return false;
    }
    if (unions_find(&self->unions, ret->union_id, &node) && rpc_has_role(call, RULE__ROLE__UNION_ADMIN, node.path))
        return true;
    rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
    return false;
}

static int begin_refusal(struct identity *self, const Identity__BeginImportRequest *req, void *call,
                         const char **ret_field)
{
    int kind = (int)req->kind;
    struct union_node node;

    *ret_field = "unionId";
    if (!unions_find(&self->unions, req->union_id, &node) || !req->union_id)
        return RPC__REASON__UNION_NOT_FOUND;
    if (!rpc_has_role(call, RULE__ROLE__UNION_ADMIN, node.path))
        return RPC__REASON__OUTSIDE_YOUR_UNION;
    *ret_field = "kind";
    if (kind <= IMPORTS__IMPORT_KIND__IMPORT_NONE || kind > IMPORTS__IMPORT_KIND__IMPORT_REMOVALS)
        return IMPORTS__REASON__IMPORT_KIND_INVALID;
    *ret_field = "removal";
    return (kind == IMPORTS__IMPORT_KIND__IMPORT_REMOVALS ? !roster_is_removal((int)req->removal) : req->removal != 0)
               ? IDENTITY__REASON__REMOVAL_REASON_INVALID
               : 0;
}

/* rpc BeginImport: of a file whose size is said. */
static void imports__begin_import(Identity__Imports_Service *service, const Identity__BeginImportRequest *req,
                                  Identity__Import_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, imports_service);
    struct import import = {.member_id = rpc_principal(call)->member_id,
                            .kind = (int)req->kind,
                            .union_id = req->union_id,
                            .detail = (int64_t)req->removal,
                            .size = req->size};
    const char *field;
    int refusal = begin_refusal(self, req, call, &field);

    if (rpc_refuse_field_if(call, refusal, field) || !import_begin(&self->imports, &import, call))
        return;
    rpc_created(call);
    reply_import(self, &import, reply, call);
}

/* rpc PutImportPart: any of its parts, also again. */
static void imports__put_import_part(Identity__Imports_Service *service, const Imports__PutImportPartRequest *req,
                                     Identity__Import_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, imports_service);
    struct import import;

    if (find_hers(self, req->import_id, call, &import) &&
        import_take_part(&self->imports, &import, req->part, req->content, call))
        reply_import(self, &import, reply, call);
}

/* Says how far one of the caller's is, after doing something with it or, NULL, nothing. */
static void on_import(struct identity *self, int64_t import_id,
                      bool (*act)(struct imports *imports, struct import *import, void *call),
                      Identity__Import_Closure reply, void *call)
{
    struct import import;

    if (find_hers(self, import_id, call, &import) && (!act || act(&self->imports, &import, call)))
        reply_import(self, &import, reply, call);
}

/* rpc CheckImport: when all parts are there; again it says how far it is. */
static void imports__check_import(Identity__Imports_Service *service, const Imports__ImportIdRequest *req,
                                  Identity__Import_Closure reply, void *call)
{
    on_import(container_of(service, struct identity, imports_service), req->import_id, import_check, reply, call);
}

/* rpc ConfirmImport: after its check; again it says how far it is. */
static void imports__confirm_import(Identity__Imports_Service *service, const Imports__ImportIdRequest *req,
                                    Identity__Import_Closure reply, void *call)
{
    on_import(container_of(service, struct identity, imports_service), req->import_id, import_confirm, reply, call);
}

/* rpc CancelImport: while it is open. */
static void imports__cancel_import(Identity__Imports_Service *service, const Imports__ImportIdRequest *req,
                                   Identity__Import_Closure reply, void *call)
{
    on_import(container_of(service, struct identity, imports_service), req->import_id, import_cancel, reply, call);
}

/* rpc GetImport: how far it is. */
static void imports__get_import(Identity__Imports_Service *service, const Imports__ImportIdRequest *req,
                                Identity__Import_Closure reply, void *call)
{
    on_import(container_of(service, struct identity, imports_service), req->import_id, NULL, reply, call);
}

/* rpc ListImports: the caller's, newest first. */
static void imports__list_imports(Identity__Imports_Service *service, const Imports__ListImportsRequest *req,
                                  Identity__ImportList_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, imports_service);
    const struct rpc_page *page = rpc_page(call);
    Identity__ImportList list = IDENTITY__IMPORT_LIST__INIT;
    struct import import;

    (void)req;
    imports_ask(&self->imports, rpc_principal(call)->member_id, page->before, (size_t)page->limit, page->states);
    while (imports_next(&self->imports, &import) && rpc_page_takes(call, import.id))
        rpc_add(call, &list, imports, import_said(self, &import, call));
    imports_end(&self->imports);
    reply(&list, call);
}

/* ---- the report ---- */

/* rpc DownloadImportReport: for a spreadsheet, with a byte order mark as those expect it. */
static void imports__download_import_report(Identity__Imports_Service *service,
                                            const Imports__DownloadImportReportRequest *req, Rpc__Part_Closure reply,
                                            void *call)
{
    struct identity *self = container_of(service, struct identity, imports_service);
    struct import import;
    Rpc__Part part = RPC__PART__INIT;

    if (find_hers(self, req->import_id, call, &import) &&
        import_download(&self->imports, &import, req->part, call, &part))
        reply(&part, call);
}

/* ---- what identity does with tables ---- */

static const char *column_name(const char *field)
{
    static const struct {
        const char *field, *name;
    } names[] = {
        {"name", "姓名"},     {"residentId", "身份证号码"},   {"mobile", "手机号码"}, {"unionCode", "工会编码"},
        {"code", "工会编码"}, {"parentCode", "上级工会编码"}, {"trade", "职业"},      {"trades", "职业"},
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(field, names[i].field) == 0)
            return names[i].name;
    }
    return field;
}

static void union_code(void *self, int64_t union_id, char ret_code[INTAKE_UNION_CODE])
{
    struct union_node node;

    if (unions_find(&((struct identity *)self)->unions, union_id, &node))
        snprintf(ret_code, INTAKE_UNION_CODE, "%s", node.code);
}

static bool authority(void *self, int64_t member_id, Rpc__Principal *principal, void *call)
{
    return session_add_grants(self, member_id, principal, call);
}

static void note(struct named *named, int kind, const struct csv_row *row, int today)
{
    named_row(named, kind, row, today);
}

const struct imports_service imports_tables = {
    .kind = table_kind,
    .union_code = union_code,
    .authority = authority,
    .rows = import_rows,
    .note = note,
    .column_name = column_name,
    .reasons = &identity__reason__descriptor,
};

const Identity__Imports_Service imports_api = IDENTITY__IMPORTS__INIT(imports__);
