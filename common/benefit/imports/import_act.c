/* import_act.c: what the official who has begun an import does with it, and is told of it. */
#include <stdarg.h>

#include "common/benefit/imports/imports.h"

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
    rpc_refuse_field(call, IMPORTS__REASON__IMPORT_PART_WRONG, part < parts ? "content" : "part");
}

bool import_take_part(struct imports *imports, const struct import *import, int32_t part, ProtobufCBinaryData content,
                      void *call)
{
    if (import->state != IMPORTS__IMPORT_STATE__IMPORT_UPLOADING) {
        rpc_refuse(call, IMPORTS__REASON__IMPORT_STATE_WRONG);
        return false;
    }
    if (part >= body_parts(import->size) || (int32_t)content.len != body_part_size(import->size, part)) {
        refuse_part(import, part, call);
        return false;
    }
    import_put(imports, import, part, content, call);
    return !rpc_refused(call);
}

bool import_check(struct imports *imports, struct import *import, void *call)
{
    if (import->state == IMPORTS__IMPORT_STATE__IMPORT_UPLOADING) {
        if (imports_received(imports, import->id) < body_parts(import->size)) {
            rpc_refuse(call, IMPORTS__REASON__IMPORT_PARTS_MISSING);
            return false;
        }
        import_change(imports, import, IMPORTS__IMPORT_STATE__IMPORT_CHECKING, call);
    } else if (import->state == IMPORTS__IMPORT_STATE__IMPORT_GIVEN_UP) {
        rpc_refuse(call, IMPORTS__REASON__IMPORT_STATE_WRONG);
        return false;
    }
    return true;
}

/* What was counted while it was checked is counted anew. */
static bool begin_loading(struct imports *imports, struct import *import, void *call)
{
    Imports__Import *message = import_message(imports, import, rpc_arena(call));

    if (!message) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return false;
    }
    if (message->loaded == 0) {
        rpc_refuse(call, IMPORTS__REASON__IMPORT_HAS_NOTHING);
        return false;
    }
    import_count_anew(import, message);
    import_tell(imports, import, message, call);
    import_change(imports, import, IMPORTS__IMPORT_STATE__IMPORT_LOADING, call);
    return true;
}

bool import_confirm(struct imports *imports, struct import *import, void *call)
{
    if (import->state == IMPORTS__IMPORT_STATE__IMPORT_CHECKED)
        return begin_loading(imports, import, call);
    if (import->state == IMPORTS__IMPORT_STATE__IMPORT_LOADING || import->state == IMPORTS__IMPORT_STATE__IMPORT_LOADED)
        return true;
    rpc_refuse(call, IMPORTS__REASON__IMPORT_STATE_WRONG);
    return false;
}

bool import_cancel(struct imports *imports, struct import *import, void *call)
{
    if (import_is_open(import->state)) {
        import_change(imports, import, IMPORTS__IMPORT_STATE__IMPORT_GIVEN_UP, call);
    } else if (import->state != IMPORTS__IMPORT_STATE__IMPORT_GIVEN_UP) {
        rpc_refuse(call, IMPORTS__REASON__IMPORT_STATE_WRONG);
        return false;
    }
    return true;
}

/* ---- the report ---- */

#define CSV_LINE 320 /* bytes of a line at most */

static const char *const outcomes[] = {
    [IMPORTS__IMPORT_OUTCOME__OUTCOME_REFUSED] = "未导入",    [IMPORTS__IMPORT_OUTCOME__OUTCOME_ADDED] = "新增",
    [IMPORTS__IMPORT_OUTCOME__OUTCOME_UPDATED] = "更新",      [IMPORTS__IMPORT_OUTCOME__OUTCOME_UNCHANGED] = "无变化",
    [IMPORTS__IMPORT_OUTCOME__OUTCOME_RESTORED] = "恢复会籍", [IMPORTS__IMPORT_OUTCOME__OUTCOME_REMOVED] = "移出",
};

/* The words of a Reason by its name. */
static const char *words_of(const struct imports *imports, const char *name)
{
    const ProtobufCEnumDescriptor *const reasons[] = {imports->service->reasons, &imports__reason__descriptor,
                                                      &rpc__reason__descriptor};

    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value_by_name(reasons[i], name);

        if (value)
            return api_reason(value->value)->zh;
    }
    return "";
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
static void add_problem(const struct imports *imports, Rpc__Part *part, int32_t line, int outcome,
                        const Imports__ImportProblem *problem)
{
    const char *character = problem->character;

    add_text(part, "%d,%s,%s,\"%s%s%s%s\",%s\r\n", line, outcomes[outcome],
             imports->service->column_name(problem->field), words_of(imports, problem->reason), *character ? "：" : "",
             *character == '"' ? "\"" : "", character, problem->reason);
}

/* What became of a page's rows, in their order. */
static void add_page(const struct imports *imports, Rpc__Part *part, const Imports__ImportReport *report)
{
    size_t next = 0;

    for (size_t i = 0; i < report->n_outcomes && i < report->n_numbers; i++) {
        int32_t line = report->numbers[i];
        size_t first = next;

        for (; next < report->n_problems && report->problems[next]->line == line; next++)
            add_problem(imports, part, line, (int)report->outcomes[i], report->problems[next]);
        if (next == first)
            add_text(part, "%d,%s,,,\r\n", line, outcomes[report->outcomes[i]]);
    }
}

static size_t page_room(const Imports__ImportReport *report)
{
    return (report->n_outcomes + report->n_problems) * CSV_LINE;
}

/* The first part begins with the headings, and with what is wrong with the file as a whole. */
static void begin_report(Rpc__Part *part, const Imports__Import *message)
{
    add_text(part, "\xef\xbb\xbf行号,结果,列,说明,代码\r\n");
    if (*message->fault)
        add_text(part, ",整份文件未导入,,\"%s\",%s\r\n", message->says, message->fault);
}

/* Pages from a number on, as many as there is room for. */
static void add_pages(const struct imports *imports, const struct import *import, int32_t from, size_t room,
                      Rpc__Part *part, void *call)
{
    for (int32_t page = from; page < import->pages; page++) {
        const Imports__ImportReport *report = import_find_page(imports, import->id, page, rpc_arena(call));

        if (!report)
            return;
        if (page > from && part->body.len + page_room(report) > room) {
            part->next = page;
            return;
        }
        add_page(imports, part, report);
    }
}

bool import_download(struct imports *imports, const struct import *import, int32_t from, void *call, Rpc__Part *ret)
{
    size_t room = (INTAKE_PAGE_ROWS * (1 + IMPORT_PROBLEMS_A_ROW) + 2) * CSV_LINE;
    const Imports__Import *message = import_message(imports, import, rpc_arena(call));

    ret->body.data = arena_alloc(rpc_arena(call), room);
    ret->file_name = arena_printf(rpc_arena(call), "import-%lld.csv", (long long)import->id);
    if (!message || !ret->body.data || !ret->file_name) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return false;
    }
    if (import->pages == 0 && !*message->fault) {
        rpc_refuse(call, import->told_len || import_is_open(import->state) ? IMPORTS__REASON__IMPORT_STATE_WRONG
                                                                           : IMPORTS__REASON__IMPORT_REPORT_GONE);
        return false;
    }
    if (from == 0)
        begin_report(ret, message);
    add_pages(imports, import, from, room, ret, call);
    return true;
}
