#include <stdarg.h>

#include "services/identity/api.h"
#include "services/identity/registers/imports.h"
#include "services/identity/registers/intake.h"
#include "services/identity/unions/unions.h"

static void reply_import(struct identity *self, const struct import *import, Identity__Import_Closure reply, void *call)
{
    Identity__Import *message = import_message(self, import, rpc_arena(call));

    if (message)
        message->received = imports_received(&self->imports, import->id);
    reply(message, call);
}

/* One that the caller has begun, of a union that is still hers to administer; false after refusing. */
static bool find_hers(struct identity *self, int64_t import_id, void *call, struct import *ret)
{
    struct union_node node;

    if (!imports_find(&self->imports, import_id, ret) || ret->member_id != rpc_principal(call)->member_id) {
        rpc_refuse(call, IDENTITY__REASON__IMPORT_NOT_FOUND);
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
    if (kind <= IDENTITY__IMPORT_KIND__IMPORT_NONE || kind > IDENTITY__IMPORT_KIND__IMPORT_REMOVALS)
        return IDENTITY__REASON__IMPORT_KIND_INVALID;
    *ret_field = "removal";
    if (kind == IDENTITY__IMPORT_KIND__IMPORT_REMOVALS ? !roster_is_removal((int)req->removal) : req->removal != 0)
        return IDENTITY__REASON__REMOVAL_REASON_INVALID;
    *ret_field = "size";
    if (req->size <= 0)
        return IDENTITY__REASON__FILE_EMPTY;
    return req->size > IMPORT_SIZE_MAX ? IDENTITY__REASON__FILE_TOO_LARGE : 0;
}

/* rpc BeginImport: of a file whose size is said. */
static void imports__begin_import(Identity__Imports_Service *service, const Identity__BeginImportRequest *req,
                                  Identity__Import_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, imports_service);
    struct import import = {.member_id = rpc_principal(call)->member_id,
                            .kind = (int)req->kind,
                            .union_id = req->union_id,
                            .removal = (int)req->removal,
                            .size = req->size};
    const char *field;
    int refusal = begin_refusal(self, req, call, &field);

    if (refusal) {
        rpc_refuse_field(call, refusal, field);
        return;
    }
    refusal = import_begin(self, &import, call);
    if (refusal) {
        rpc_refuse(call, refusal);
        return;
    }
    rpc_created(call);
    reply_import(self, &import, reply, call);
}

/* Says how many parts there are, and how long this one is. */
static void refuse_part(const struct import *import, int32_t part, void *call)
{
    int32_t parts = body_parts(import->size);
    char number[16];

    snprintf(number, sizeof(number), "%d", parts);
    rpc_fact(call, "parts", number);
    if (part < parts) {
        snprintf(number, sizeof(number), "%d", body_part_size(import->size, part));
        rpc_fact(call, "length", number);
    }
    rpc_refuse_field(call, IDENTITY__REASON__IMPORT_PART_WRONG, part < parts ? "content" : "part");
}

/* rpc PutImportPart: any of its parts, also again. */
static void imports__put_import_part(Identity__Imports_Service *service, const Identity__PutImportPartRequest *req,
                                     Identity__Import_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, imports_service);
    struct import import;

    if (!find_hers(self, req->import_id, call, &import))
        return;
    if (import.state != IDENTITY__IMPORT_STATE__IMPORT_UPLOADING) {
        rpc_refuse(call, IDENTITY__REASON__IMPORT_STATE_WRONG);
        return;
    }
    if (req->part >= body_parts(import.size) || (int32_t)req->content.len != body_part_size(import.size, req->part)) {
        refuse_part(&import, req->part, call);
        return;
    }
    import_put(self, &import, req->part, req->content, call);
    if (!rpc_refused(call))
        reply_import(self, &import, reply, call);
}

/* rpc CheckImport: when all parts are there; again it says how far it is. */
static void imports__check_import(Identity__Imports_Service *service, const Identity__ImportIdRequest *req,
                                  Identity__Import_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, imports_service);
    struct import import;

    if (!find_hers(self, req->import_id, call, &import))
        return;
    if (import.state == IDENTITY__IMPORT_STATE__IMPORT_UPLOADING) {
        if (imports_received(&self->imports, import.id) < body_parts(import.size)) {
            rpc_refuse(call, IDENTITY__REASON__IMPORT_PARTS_MISSING);
            return;
        }
        import_change(self, &import, IDENTITY__IMPORT_STATE__IMPORT_CHECKING, call);
    } else if (import.state == IDENTITY__IMPORT_STATE__IMPORT_GIVEN_UP) {
        rpc_refuse(call, IDENTITY__REASON__IMPORT_STATE_WRONG);
        return;
    }
    reply_import(self, &import, reply, call);
}

/* What was counted while it was checked is counted anew. */
static bool begin_loading(struct identity *self, struct import *import, void *call)
{
    Identity__Import *message = import_message(self, import, rpc_arena(call));

    if (!message) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return false;
    }
    if (message->loaded == 0) {
        rpc_refuse(call, IDENTITY__REASON__IMPORT_HAS_NOTHING);
        return false;
    }
    import_count_anew(import, message);
    import_tell(self, import, message, call);
    import_change(self, import, IDENTITY__IMPORT_STATE__IMPORT_LOADING, call);
    return true;
}

/* rpc ConfirmImport: after its check; again it says how far it is. */
static void imports__confirm_import(Identity__Imports_Service *service, const Identity__ImportIdRequest *req,
                                    Identity__Import_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, imports_service);
    struct import import;

    if (!find_hers(self, req->import_id, call, &import))
        return;
    if (import.state == IDENTITY__IMPORT_STATE__IMPORT_CHECKED) {
        if (!begin_loading(self, &import, call))
            return;
    } else if (import.state != IDENTITY__IMPORT_STATE__IMPORT_LOADING &&
               import.state != IDENTITY__IMPORT_STATE__IMPORT_LOADED) {
        rpc_refuse(call, IDENTITY__REASON__IMPORT_STATE_WRONG);
        return;
    }
    reply_import(self, &import, reply, call);
}

/* rpc CancelImport: while it is open. */
static void imports__cancel_import(Identity__Imports_Service *service, const Identity__ImportIdRequest *req,
                                   Identity__Import_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, imports_service);
    struct import import;

    if (!find_hers(self, req->import_id, call, &import))
        return;
    if (import_is_open(import.state)) {
        import_change(self, &import, IDENTITY__IMPORT_STATE__IMPORT_GIVEN_UP, call);
    } else if (import.state != IDENTITY__IMPORT_STATE__IMPORT_GIVEN_UP) {
        rpc_refuse(call, IDENTITY__REASON__IMPORT_STATE_WRONG);
        return;
    }
    reply_import(self, &import, reply, call);
}

/* rpc GetImport: how far it is. */
static void imports__get_import(Identity__Imports_Service *service, const Identity__ImportIdRequest *req,
                                Identity__Import_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, imports_service);
    struct import import;

    if (find_hers(self, req->import_id, call, &import))
        reply_import(self, &import, reply, call);
}

/* rpc ListImports: the caller's, newest first. */
static void imports__list_imports(Identity__Imports_Service *service, const Identity__ListImportsRequest *req,
                                  Identity__ImportList_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, imports_service);
    const struct rpc_page *page = rpc_page(call);
    Identity__ImportList list = IDENTITY__IMPORT_LIST__INIT;
    struct import import;

    (void)req;
    imports_ask(&self->imports, rpc_principal(call)->member_id, page->before, (size_t)page->limit, page->states);
    while (imports_next(&self->imports, &import) && rpc_page_takes(call, import.id))
        rpc_add(call, &list, imports, import_message(self, &import, rpc_arena(call)));
    imports_end(&self->imports);
    reply(&list, call);
}

/* ---- the report ---- */

#define CSV_LINE 320 /* bytes of a line at most */

static const char *const outcomes[] = {
    [IDENTITY__IMPORT_OUTCOME__OUTCOME_REFUSED] = "未导入",    [IDENTITY__IMPORT_OUTCOME__OUTCOME_ADDED] = "新增",
    [IDENTITY__IMPORT_OUTCOME__OUTCOME_UPDATED] = "更新",      [IDENTITY__IMPORT_OUTCOME__OUTCOME_UNCHANGED] = "无变化",
    [IDENTITY__IMPORT_OUTCOME__OUTCOME_RESTORED] = "恢复会籍", [IDENTITY__IMPORT_OUTCOME__OUTCOME_REMOVED] = "移出",
};

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

/* The words of a Reason by its name. */
static const char *words_of(const char *name)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value_by_name(&identity__reason__descriptor, name);

    if (!value)
        value = protobuf_c_enum_descriptor_get_value_by_name(&rpc__reason__descriptor, name);
    return value ? api_reason(value->value)->zh : "";
}

static void add_text(Rpc__Part *part, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add_text(Rpc__Part *part, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf((char *)part->body.data + part->body.len, CSV_LINE, format, args);
    va_end(args);
    ensure(n > 0 && n < CSV_LINE);
    part->body.len += (size_t)n;
}

/* A line about a row. A character for which a text was refused stands behind words, so that no
 * spreadsheet takes it for a formula. */
static void add_problem(Rpc__Part *part, int32_t line, int outcome, const Identity__ImportProblem *problem)
{
    const char *character = problem->character;

    add_text(part, "%d,%s,%s,\"%s%s%s%s\",%s\r\n", line, outcomes[outcome], column_name(problem->field),
             words_of(problem->reason), *character ? "：" : "", *character == '"' ? "\"" : "", character,
             problem->reason);
}

/* What became of a page's rows, in their order. */
static void add_page(Rpc__Part *part, const Identity__ImportReport *report)
{
    size_t next = 0;

    for (size_t i = 0; i < report->n_outcomes && i < report->n_numbers; i++) {
        int32_t line = report->numbers[i];
        size_t first = next;

        for (; next < report->n_problems && report->problems[next]->line == line; next++)
            add_problem(part, line, (int)report->outcomes[i], report->problems[next]);
        if (next == first)
            add_text(part, "%d,%s,,,\r\n", line, outcomes[report->outcomes[i]]);
    }
}

static size_t page_room(const Identity__ImportReport *report)
{
    return (report->n_outcomes + report->n_problems) * CSV_LINE;
}

/* The first part begins with the headings, and with what is wrong with the file as a whole. */
static void begin_report(Rpc__Part *part, const Identity__Import *message)
{
    add_text(part, "\xef\xbb\xbf行号,结果,列,说明,代码\r\n");
    if (*message->fault)
        add_text(part, ",整份文件未导入,,\"%s\",%s\r\n", message->says, message->fault);
}

/* Pages from a number on, as many as there is room for. */
static void add_pages(struct identity *self, const struct import *import, int32_t from, size_t room, Rpc__Part *part,
                      void *call)
{
    for (int32_t page = from; page < import->pages; page++) {
        const Identity__ImportReport *report = import_find_page(self, import->id, page, rpc_arena(call));

        if (!report)
            return;
        if (page > from && part->body.len + page_room(report) > room) {
            part->next = page;
            return;
        }
        add_page(part, report);
    }
}

/* rpc DownloadImportReport: for a spreadsheet, with a byte order mark as those expect it. */
static void imports__download_import_report(Identity__Imports_Service *service,
                                            const Identity__DownloadImportReportRequest *req, Rpc__Part_Closure reply,
                                            void *call)
{
    struct identity *self = container_of(service, struct identity, imports_service);
    size_t room = (INTAKE_PAGE_ROWS * (1 + IMPORT_PROBLEMS_A_ROW) + 2) * CSV_LINE;
    Rpc__Part part = RPC__PART__INIT;
    const Identity__Import *message;
    struct import import;
    char name[48];

    if (!find_hers(self, req->import_id, call, &import))
        return;
    message = import_message(self, &import, rpc_arena(call));
    part.body.data = arena_alloc(rpc_arena(call), room);
    if (!message || !part.body.data) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    if (import.pages == 0 && !*message->fault) {
        rpc_refuse(call, import.told_len || import_is_open(import.state) ? IDENTITY__REASON__IMPORT_STATE_WRONG
                                                                         : IDENTITY__REASON__IMPORT_REPORT_GONE);
        return;
    }
    if (req->part == 0)
        begin_report(&part, message);
    add_pages(self, &import, req->part, room, &part, call);
    snprintf(name, sizeof(name), "import-%lld.csv", (long long)import.id);
    part.file_name = name;
    reply(&part, call);
}

const Identity__Imports_Service imports_api = IDENTITY__IMPORTS__INIT(imports__);
