#include "common/base/bytes.h"
#include "services/identity/api.h"
#include "services/identity/membership/api_membership.h"
#include "common/text/text.h"
#include "services/identity/people/person.h"
#include "common/benefit/imports/imports.h"
#include "services/identity/registers/tables.h"
#include "services/identity/registers/named_row.h"
#include "services/identity/registers/roster_life.h"
#include "services/identity/rules.h"
#include "services/identity/unions/tallies.h"
#include "services/identity/unions/unions.h"

#define FIRST_LINE_MAX 100000000
#define LISTED_SLOTS   1024

/* Rows of this page below a union, itself included. */
struct listed {
    char path[UNION_PATH_SIZE];
    int32_t rows; /* 0: free */
};

/* One page: its rows, and what is wrong with them. */
struct page {
    struct identity *self;
    void *call;
    struct csv csv;
    Imports__ImportReport report;
    const int32_t *numbers; /* of rows in the file, n_numbers of them */
    size_t n_numbers;
    bool check_file; /* rehearsed by pages: rows of those before are not there */
    int outcome;     /* Imports__ImportOutcome, of the row under way */
    int today;
    int removal;           /* Identity__RosterRemoval, of rows that are taken off */
    struct named own;      /* whom, and which codes, its rows have named, */
    struct named *named;   /* or the file's */
    struct listed *listed; /* LISTED_SLOTS of them */
    unsigned n_listed;
    bool failed; /* the batch's memory is full */
};

static void add_problem(struct page *page, int line, int reason, const struct row_fault *fault, bool warning)
{
    Imports__ImportProblem *problem =
        import_report_problem(&page->report, line, reason, fault->field, fault->character, rpc_arena(page->call));

    if (problem)
        problem->warning = warning;
    else
        page->failed = true;
}

static size_t count_lines(const char *text)
{
    size_t n = 1;

    while ((text = strchr(text, '\n'))) {
        text++;
        n++;
    }
    return n;
}

/* Room for what becomes of so many rows; false when there is none. */
static bool page_begin(struct page *page, size_t rows)
{
    struct arena *arena = rpc_arena(page->call);

    page->today = cn_day(rpc_now(page->call));
    page->listed = arena_zalloc(arena, LISTED_SLOTS * sizeof(page->listed[0]));
    if (!page->named)
        page->named = &page->own;
    return import_report_init(&page->report, rows, arena) && page->listed;
}

/* 0 or the Reason. */
static int page_open(struct page *page, struct identity *self, const Identity__ImportRequest *req, void *call)
{
    size_t len = strlen(req->csv), lines = count_lines(req->csv);
    int first = req->first_line > 0 && req->first_line <= FIRST_LINE_MAX ? req->first_line : 1;

    if (lines > IMPORT_LINES_MAX) {
        rpc_fact_number(call, "maxItems", IMPORT_LINES_MAX);
        return RPC__REASON__TOO_MANY_ITEMS;
    }
    *page = (struct page){.self = self, .call = call, .numbers = req->lines, .n_numbers = req->n_lines};
    if (!page_begin(page, lines))
        return RPC__REASON__OVERLOADED;
    csv_init(&page->csv, req->csv, len, first);
    return 0;
}

/* Loads one row, and says what became of it in page->outcome: 0, or the Reason with what is wrong. */
typedef int (*load_row)(struct page *page, const struct csv_row *row, struct row_fault *ret_fault);

/* One that is no row is refused. */
static void run_row(struct page *page, load_row load, const struct csv_row *row, bool is_row)
{
    struct row_fault fault = {.field = ""};
    int reason = is_row ? load(page, row, &fault) : (int)IDENTITY__REASON__CSV_MALFORMED;

    if (reason)
        add_problem(page, row->line, reason, &fault, false);
    import_report_row(&page->report, row->line, reason ? (int)IMPORTS__IMPORT_OUTCOME__OUTCOME_REFUSED : page->outcome);
}

static void load_rows(struct page *page, load_row load)
{
    enum csv_result result;
    struct csv_row row;

    while ((result = csv_next(&page->csv, &row)) != CSV_END) {
        if (page->report.n_outcomes < page->n_numbers)
            row.line = page->numbers[page->report.n_outcomes];
        run_row(page, load, &row, result == CSV_ROW);
    }
}

/* Writes what count_row has added up. */
static void flush_counts(struct page *page)
{
    for (unsigned i = 0; i < LISTED_SLOTS && page->n_listed > 0; i++) {
        if (page->listed[i].rows)
            tallies_list_at(page->self, page->listed[i].path, page->listed[i].rows);
        page->listed[i] = (struct listed){0};
    }
    page->n_listed = 0;
}

static struct listed *listed_at(struct page *page, const char *path)
{
    for (uint64_t i = fnv1a(path, strlen(path)) % LISTED_SLOTS;; i = (i + 1) % LISTED_SLOTS) {
        struct listed *listed = &page->listed[i];

        if (listed->rows == 0) {
            snprintf(listed->path, sizeof(listed->path), "%s", path);
            page->n_listed++;
            return listed;
        }
        if (strcmp(listed->path, path) == 0)
            return listed;
    }
}

/* A row changes the numbers of its union and of all above it, which many rows of a
 * page share: they are added up in memory first. */
static void count_row(struct page *page, const char *path)
{
    char above[UNION_PATH_SIZE];

    if (page->n_listed > LISTED_SLOTS - 2 * LIMIT_PATH_LEVELS)
        flush_counts(page);
    snprintf(above, sizeof(above), "%s", path);
    for (; *above; union_path_parent(above, above))
        listed_at(page, above)->rows++;
}

static void import(struct identity *self, const Identity__ImportRequest *req, load_row load, int removal,
                   Imports__ImportReport_Closure reply, void *call)
{
    struct page page;
    int reason = page_open(&page, self, req, call);

    if (rpc_refuse_field_if(call, reason, "csv"))
        return;
    if (req->check_only)
        rpc_discard(call);
    page.removal = removal;
    load_rows(&page, load);
    flush_counts(&page);
    named_done(&page.own);
    if (page.failed)
        rpc_refuse(call, RPC__REASON__OVERLOADED);
    else
        reply(&page.report, call);
}

/* A union that is there already becomes what the row says, by the right by which it could be added. */
static int load_again(struct page *page, const struct union_row *row, const struct union_node *parent,
                      const struct union_node *node, struct row_fault *ret_fault)
{
    Identity__UnionRowChanged changed = IDENTITY__UNION_ROW_CHANGED__INIT;

    ret_fault->field = "code";
    if (node->parent_id != parent->id || strcmp(node->code, row->code) != 0)
        return IDENTITY__REASON__UNION_CODE_TAKEN;
    if (!rpc_has_role(page->call, RULE__ROLE__UNION_ADMIN, parent->path))
        return RPC__REASON__OUTSIDE_YOUR_UNION;
    changed.union_id = node->id;
    changed.name = strcmp(node->name, row->name) != 0;
    changed.trades = node->trades != row->trades;
    if (!changed.name && !changed.trades) {
        page->outcome = IMPORTS__IMPORT_OUTCOME__OUTCOME_UNCHANGED;
        return 0;
    }
    if (node->state)
        return IDENTITY__REASON__UNION_CLOSED;
    unions_name(&page->self->unions, node, row->name, node->code);
    unions_set_trades(&page->self->unions, node->id, row->trades);
    rpc_tell(page->call, &changed.base);
    page->outcome = IMPORTS__IMPORT_OUTCOME__OUTCOME_UPDATED;
    return 0;
}

#define GOOD "good" /* as if it were a place: a code whose row was not refused */

static int load_union(struct page *page, const struct csv_row *csv, struct row_fault *ret_fault)
{
    struct union_node parent, node;
    struct union_row row;
    struct union_draft draft = {.code = row.code, .name = row.name, .parent = &parent, .parent_field = "parentCode"};
    int reason = union_row_read(csv, &row, ret_fault);

    if (reason)
        return reason;
    ret_fault->field = "code";
    if (named_note(page->named, row.code, "") == NAMED_HERE)
        return IDENTITY__REASON__UNION_CODE_TAKEN;
    page->outcome = IMPORTS__IMPORT_OUTCOME__OUTCOME_ADDED;
    if (!unions_find_code(&page->self->unions, row.parent_code, &parent)) {
        ret_fault->field = draft.parent_field;
        reason = page->check_file && named_has(page->named, row.parent_code, GOOD) ? 0 : RPC__REASON__UNION_NOT_FOUND;
    } else if (unions_find_code(&page->self->unions, row.code, &node)) {
        reason = load_again(page, &row, &parent, &node, ret_fault);
    } else {
        draft.trades = row.trades;
        reason = union_create(page->self, &draft, page->call, &node, &ret_fault->field);
    }
    if (!reason && page->check_file)
        named_note(page->named, row.code, GOOD);
    return reason;
}

/* rpc ImportUnions: rows of code, name, parent code, trades; parents before their children. */
void identity__import_unions(Identity__Identity_Service *service, const Identity__ImportRequest *req,
                             Imports__ImportReport_Closure reply, void *call)
{
    import(container_of(service, struct identity, identity_service), req, load_union, 0, reply, call);
}

/* The union that a row says: by its code, or by a name that no other has. */
static int find_union(struct page *page, const char *code, const char *name, struct union_node *ret_node)
{
    const struct unions *unions = &page->self->unions;
    unsigned n;

    if (*code)
        return unions_find_code(unions, code, ret_node) ? 0 : RPC__REASON__UNION_NOT_FOUND;
    n = unions_find_name(unions, name, ret_node);
    return n == 0 ? (int)RPC__REASON__UNION_NOT_FOUND : n > 1 ? (int)IDENTITY__REASON__UNION_NAME_SHARED : 0;
}

/* 0, or the Reason with its field. */
static int roster_union(struct page *page, const struct roster_row *row, struct union_node *ret_node,
                        struct row_fault *ret_fault)
{
    int reason = find_union(page, row->union_code, row->union_name, ret_node);

    ret_fault->field = "unionCode";
    if (reason)
        return reason;
    if (!rpc_has_role(page->call, RULE__ROLE__UNION_ADMIN, ret_node->path))
        return RPC__REASON__OUTSIDE_YOUR_UNION;
    return ret_node->state ? IDENTITY__REASON__UNION_CLOSED : 0;
}

static int load_person(struct page *page, const struct csv_row *csv, struct row_fault *ret_fault)
{
    struct union_node node;
    struct roster_row row;
    enum named_result named;
    bool elsewhere;
    int reason = roster_row_read(csv, page->today, &row, ret_fault);

    if (!reason)
        reason = roster_union(page, &row, &node, ret_fault);
    if (reason)
        return reason;
    *ret_fault = (struct row_fault){.field = "residentId"};
    named = named_note(page->named, row.id.number, node.code);
    if (named == NAMED_HERE)
        return IDENTITY__REASON__ROSTER_DUPLICATE;
    reason = roster_put(page->self, &row, &node, page->call, &page->outcome, &elsewhere);
    if (reason)
        return reason;
    if (roster_is_new(page->outcome))
        count_row(page, node.path);
    if (row.warning)
        add_problem(page, csv->line, row.warning, ret_fault, true);
    if (elsewhere || (page->check_file && named == NAMED_ELSEWHERE))
        add_problem(page, csv->line, IDENTITY__REASON__ROSTER_CONFLICT, ret_fault, true);
    return 0;
}

/* rpc ImportRoster: rows of name, resident ID, mobile, union code, trade. */
void identity__import_roster(Identity__Identity_Service *service, const Identity__ImportRequest *req,
                             Imports__ImportReport_Closure reply, void *call)
{
    import(container_of(service, struct identity, identity_service), req, load_person, 0, reply, call);
}

static int remove_listed(struct page *page, const struct csv_row *csv, struct row_fault *ret_fault)
{
    struct identity *self = page->self;
    struct roster_entry entries[ROSTERS_SEEN];
    unsigned char index[PII_INDEX_LEN];
    struct removal_row row;
    struct union_node node;
    size_t n;
    int reason = removal_row_read(csv, page->today, &row, ret_fault);

    if (reason)
        return reason;
    ret_fault->field = "unionCode";
    reason = find_union(page, row.union_code, row.union_name, &node);
    if (reason)
        return reason;
    ret_fault->field = "residentId";
    page->outcome = IMPORTS__IMPORT_OUTCOME__OUTCOME_REMOVED;
    person_index_id(self, row.id.number, index);
    n = rosters_find_person(&self->rosters, index, entries, ARRAY_LEN(entries));
    reason = IDENTITY__REASON__ROSTER_ROW_NOT_FOUND;
    for (size_t i = 0; i < n && reason == IDENTITY__REASON__ROSTER_ROW_NOT_FOUND; i++) {
        if (entries[i].union_id == node.id)
            reason = roster_remove(self, &entries[i], page->removal, page->call);
    }
    if (!reason && row.warning)
        add_problem(page, csv->line, row.warning, ret_fault, true);
    return reason;
}

/* rpc RemoveListed: rows of resident ID and union code are taken off. */
void rosters__remove_listed(Identity__Rosters_Service *service, const Identity__RemoveListedRequest *req,
                            Imports__ImportReport_Closure reply, void *call)
{
    Identity__ImportRequest page = IDENTITY__IMPORT_REQUEST__INIT;

    if (!roster_is_removal((int)req->reason)) {
        rpc_refuse_field(call, IDENTITY__REASON__REMOVAL_REASON_INVALID, "reason");
        return;
    }
    page.csv = req->csv;
    page.first_line = req->first_line;
    page.check_only = req->check_only;
    import(container_of(service, struct identity, rosters_service), &page, remove_listed, (int)req->reason, reply,
           call);
}

/* ---- uploads ---- */

Imports__ImportReport *import_rows(void *self, const struct import_run *run, void *call)
{
    static const load_row loads[] = {[IMPORTS__IMPORT_KIND__IMPORT_ROSTER] = load_person,
                                     [IMPORTS__IMPORT_KIND__IMPORT_UNIONS] = load_union,
                                     [IMPORTS__IMPORT_KIND__IMPORT_REMOVALS] = remove_listed};
    struct page *page = arena_zalloc(rpc_arena(call), sizeof(*page));

    if (!page)
        return NULL;
    page->self = self;
    page->call = call;
    page->removal = (int)run->import->detail;
    page->check_file = run->check_file;
    page->named = run->named;
    if (!page_begin(page, run->n))
        return NULL;
    for (unsigned i = 0; i < run->n; i++)
        run_row(page, loads[run->import->kind], &run->rows[i], run->rows[i].n_fields > 0);
    flush_counts(page);
    return page->failed ? NULL : &page->report;
}
