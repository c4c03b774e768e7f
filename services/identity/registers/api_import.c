#include "common/base/bytes.h"
#include "services/identity/api.h"
#include "services/identity/membership/api_membership.h"
#include "services/identity/people/person.h"
#include "services/identity/registers/rosters.h"
#include "services/identity/rules.h"
#include "services/identity/unions/tallies.h"
#include "services/identity/unions/unions.h"

#define FIRST_LINE_MAX 100000000
#define PROBLEMS_A_ROW 2 /* a warning about its region, and its conflict with another roster */

/* One page: its rows, and what is wrong with them. */
#define LISTED_SLOTS 1024

/* Rows of this page below a union, itself included. */
struct listed {
    char path[UNION_PATH_SIZE];
    int32_t rows; /* 0: free */
};

struct page {
    struct identity *self;
    void *call;
    struct csv csv;
    Identity__ImportReport report;
    size_t problems_max;
    int today;
    int removal;           /* Identity__RosterRemoval, of rows that are taken off */
    struct listed *listed; /* LISTED_SLOTS of them */
    unsigned n_listed;
    bool failed; /* the batch's memory is full */
};

static void add_problem(struct page *page, int line, int reason, const char *field, bool warning)
{
    Identity__ImportProblem *problem = arena_alloc(rpc_arena(page->call), sizeof(*problem));

    ensure(page->report.n_problems < page->problems_max);
    if (!problem) {
        page->failed = true;
        return;
    }
    identity__import_problem__init(problem);
    problem->line = line;
    problem->reason = unconst(api_reason(reason)->name);
    problem->field = unconst(field);
    problem->warning = warning;
    page->report.problems[page->report.n_problems++] = problem;
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

/* 0 or the Reason. */
static int page_open(struct page *page, struct identity *self, const Identity__ImportRequest *req, void *call)
{
    size_t len = strlen(req->csv), lines = count_lines(req->csv);
    int first = req->first_line > 0 && req->first_line <= FIRST_LINE_MAX ? req->first_line : 1;

    if (lines > IMPORT_LINES_MAX)
        return RPC__REASON__TOO_MANY_ITEMS;
    *page = (struct page){.self = self, .call = call, .problems_max = lines * PROBLEMS_A_ROW};
    identity__import_report__init(&page->report);
    page->report.problems = arena_alloc(rpc_arena(call), page->problems_max * sizeof(*page->report.problems));
    page->listed = arena_zalloc(rpc_arena(call), LISTED_SLOTS * sizeof(page->listed[0]));
    if (!page->report.problems || !page->listed)
        return RPC__REASON__OVERLOADED;
    page->today = cn_day(rpc_now(call));
    csv_init(&page->csv, req->csv, len, first);
    return 0;
}

/* Loads one row: 0, or the Reason with its field. */
typedef int (*load_row)(struct page *page, const struct csv_row *row, const char **ret_field);

static void load_rows(struct page *page, load_row load)
{
    enum csv_result result;
    struct csv_row row;

    while ((result = csv_next(&page->csv, &row)) != CSV_END) {
        const char *field = "";
        int reason = result == CSV_ROW ? load(page, &row, &field) : IDENTITY__REASON__CSV_MALFORMED;

        page->report.lines++;
        if (reason) {
            page->report.refused++;
            add_problem(page, row.line, reason, field, false);
        } else {
            page->report.loaded++;
        }
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
                   Identity__ImportReport_Closure reply, void *call)
{
    struct page page;
    int reason = page_open(&page, self, req, call);

    if (reason) {
        rpc_refuse_field(call, reason, "csv");
        return;
    }
    if (req->check_only)
        rpc_discard(call);
    page.removal = removal;
    load_rows(&page, load);
    flush_counts(&page);
    if (page.failed)
        rpc_refuse(call, RPC__REASON__OVERLOADED);
    else
        reply(&page.report, call);
}

static int load_union(struct page *page, const struct csv_row *csv, const char **ret_field)
{
    struct union_node parent, node;
    struct union_row row;
    struct union_draft draft = {.code = row.code, .name = row.name, .parent = &parent, .parent_field = "parentCode"};
    int reason = union_row_read(csv, &row, ret_field);

    if (reason)
        return reason;
    if (!unions_find_code(&page->self->unions, row.parent_code, &parent)) {
        *ret_field = draft.parent_field;
        return RPC__REASON__UNION_NOT_FOUND;
    }
    draft.trades = row.trades;
    return union_create(page->self, &draft, page->call, &node, ret_field);
}

/* rpc ImportUnions: rows of code, name, parent code, trades; parents before their children. */
void identity__import_unions(Identity__Identity_Service *service, const Identity__ImportRequest *req,
                             Identity__ImportReport_Closure reply, void *call)
{
    import(container_of(service, struct identity, identity_service), req, load_union, 0, reply, call);
}

static void journal_row(const struct roster_entry *entry, void *call)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__RosterRowAdded added = IDENTITY__ROSTER_ROW_ADDED__INIT;

    added.roster_id = entry->id;
    added.union_id = entry->union_id;
    event.event_case = IDENTITY__EVENT__EVENT_ROSTER_ROW_ADDED;
    event.roster_row_added = &added;
    rpc_journal(call, &event.base);
}

/* 0, or the Reason with its field. */
static int roster_union(struct page *page, const char *code, struct union_node *ret_node, const char **ret_field)
{
    *ret_field = "unionCode";
    if (!unions_find_code(&page->self->unions, code, ret_node))
        return RPC__REASON__UNION_NOT_FOUND;
    if (!rpc_has_role(page->call, RULE__ROLE__UNION_ADMIN, ret_node->path))
        return RPC__REASON__OUTSIDE_YOUR_UNION;
    return ret_node->state ? IDENTITY__REASON__UNION_CLOSED : 0;
}

static void fill_entry(struct page *page, const struct roster_row *row, struct roster_entry *ret)
{
    struct identity *self = page->self;
    unsigned char nonce[PII_NONCE_LEN];
    struct person person;

    memcpy(person.name, row->name, sizeof(person.name));
    memcpy(person.resident_id, row->id.number, sizeof(person.resident_id));
    memcpy(person.mobile, row->mobile, sizeof(person.mobile));
    ret->id = id_next(&self->ids, rpc_now(page->call));
    ret->trade = (int)row->trade;
    rpc_random(page->call, nonce, sizeof(nonce));
    person_seal_roster(self, ret->id, nonce, &person, &ret->sealed);
}

static int load_person(struct page *page, const struct csv_row *csv, const char **ret_field)
{
    struct identity *self = page->self;
    struct roster_entry entry;
    struct union_node node;
    struct roster_row row;
    bool elsewhere;
    int reason = roster_row_read(csv, page->today, &row, ret_field), added;

    if (!reason)
        reason = roster_union(page, row.union_code, &node, ret_field);
    if (reason)
        return reason;
    *ret_field = "residentId";
    person_index_id(self, row.id.number, entry.person);
    elsewhere = rosters_have(&self->rosters, entry.person);
    entry.union_id = node.id;
    fill_entry(page, &row, &entry);
    added = rosters_add(&self->rosters, &entry);
    if (added < 0)
        return added == -1 ? IDENTITY__REASON__ROSTER_DUPLICATE : RPC__REASON__STORE_FAILED;
    journal_row(&entry, page->call);
    count_row(page, node.path);
    if (row.warning)
        add_problem(page, csv->line, row.warning, "residentId", true);
    if (elsewhere)
        add_problem(page, csv->line, IDENTITY__REASON__ROSTER_CONFLICT, "residentId", true);
    return 0;
}

/* rpc ImportRoster: rows of name, resident ID, mobile, union code, trade. */
void identity__import_roster(Identity__Identity_Service *service, const Identity__ImportRequest *req,
                             Identity__ImportReport_Closure reply, void *call)
{
    import(container_of(service, struct identity, identity_service), req, load_person, 0, reply, call);
}

static int remove_listed(struct page *page, const struct csv_row *csv, const char **ret_field)
{
    struct identity *self = page->self;
    struct roster_entry entries[ROSTERS_SEEN];
    unsigned char index[PII_INDEX_LEN];
    struct removal_row row;
    struct union_node node;
    size_t n;
    int reason = removal_row_read(csv, page->today, &row, ret_field);

    if (reason)
        return reason;
    *ret_field = "unionCode";
    if (!unions_find_code(&self->unions, row.union_code, &node))
        return RPC__REASON__UNION_NOT_FOUND;
    *ret_field = "residentId";
    person_index_id(self, row.id.number, index);
    n = rosters_find_person(&self->rosters, index, entries, ARRAY_LEN(entries));
    for (size_t i = 0; i < n; i++) {
        if (entries[i].union_id == node.id)
            return roster_remove(self, &entries[i], page->removal, page->call);
    }
    return IDENTITY__REASON__ROSTER_ROW_NOT_FOUND;
}

/* rpc RemoveListed: rows of resident ID and union code are taken off. */
void rosters__remove_listed(Identity__Rosters_Service *service, const Identity__RemoveListedRequest *req,
                            Identity__ImportReport_Closure reply, void *call)
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
