/* hg-identity --import unions|roster FILE [--all-or-nothing]
 *
 * Reads a CSV file with a header line and sends it as pages of about PAGE_LINES
 * lines to the service, several at a time for a roster and one after the other
 * for unions, whose parents must be there first. Memory does not depend on the
 * file, but for --all-or-nothing's 16 bytes and more a row (named.h). Prints a
 * line for each problem and one with the counts at the end.
 *
 * --all-or-nothing goes through the file twice: first every page is rehearsed
 * (check_only), with what only the whole file shows (a person or a code twice, a
 * parent in an earlier line) found here; if any line would be refused, nothing
 * is loaded. What others load between the two passes is not held off.
 *
 * Exit: 0 every line is loaded, 1 some are refused, 2 not all could be sent or
 * the file is unreadable; to run it again then is safe, since lines that are
 * loaded already are refused as known. */
#include <errno.h>

#include "common/base/limits.h"
#include "common/daemon/cli.h"
#include "services/identity/identity.h"
#include "services/identity/registers/lines.h"
#include "services/identity/rules.h"
#include "services/identity/registers/named.h"

#define PAGE_LINES     200
#define PAGE_LINES_MAX (2 * PAGE_LINES) /* when a quoted field does not end */
#define ROSTER_WINDOW  8
#define LINES_IN_FILE  100000000

/* What the file itself says of a line, beside the service's own judgement. */
enum { OWN_REPEATED = 1, OWN_CONFLICT = 2, OWN_PARENT = 4 };

struct page {
    struct importer *importer;
    int first_line, n_lines;
    unsigned char own[PAGE_LINES_MAX];
    struct page *next;
};

struct totals {
    int64_t lines, loaded, refused, warnings;
};

struct importer {
    const struct service *service;
    bool unions, check, rehearsed;
    struct rpc_client *client;
    uv_loop_t loop;
    struct lines lines;
    int next_line;
    bool ended, failed;
    struct page pages[ROSTER_WINDOW], *idle;
    unsigned n_sent;
    char csv[IMPORT_CSV_MAX + 1], scratch[IMPORT_CSV_MAX + 1];
    unsigned char packed[IMPORT_CSV_MAX + 64];
    size_t csv_len;
    struct named named;
    struct totals totals;
    struct arena arena;
};

/* ---- the report ---- */

static void print_problem(struct importer *self, int line, const char *reason, const char *field, bool warning)
{
    if (warning)
        self->totals.warnings++;
    /* The rehearsal has said it. */
    if (self->rehearsed && warning)
        return;
    printf("line %d: %s%s%s%s\n", line, reason, *field ? " " : "", field, warning ? " (warning)" : "");
}

static void count_refused(struct importer *self, int line, const char *reason, const char *field)
{
    self->totals.lines++;
    self->totals.refused++;
    print_problem(self, line, reason, field, false);
}

/* What the service says of a line and the file knows too is told once; a parent
 * of an earlier line is there, whatever the rehearsal says: true, and no problem. */
static bool settle_own(struct importer *self, unsigned char *own, const Identity__ImportProblem *problem)
{
    if (!problem->warning && (*own & OWN_PARENT) && strcmp(problem->reason, "UNION_NOT_FOUND") == 0 &&
        strcmp(problem->field, "parentCode") == 0) {
        self->totals.refused--;
        self->totals.loaded++;
        return true;
    }
    if (!problem->warning)
        *own = 0;
    else if (strcmp(problem->reason, "ROSTER_CONFLICT") == 0)
        *own &= (unsigned char)~OWN_CONFLICT;
    return false;
}

static void print_own(struct importer *self, struct page *page)
{
    for (int i = 0; i < page->n_lines; i++) {
        if (page->own[i] & OWN_REPEATED) {
            self->totals.refused++;
            self->totals.loaded--;
            print_problem(self, page->first_line + i, self->unions ? "UNION_CODE_TAKEN" : "ROSTER_DUPLICATE",
                          self->unions ? "code" : "residentId", false);
        } else if (page->own[i] & OWN_CONFLICT) {
            print_problem(self, page->first_line + i, "ROSTER_CONFLICT", "residentId", true);
        }
    }
}

static void take_report(struct importer *self, struct page *page, const Identity__ImportReport *report)
{
    self->totals.lines += report->lines;
    self->totals.loaded += report->loaded;
    self->totals.refused += report->refused;
    for (size_t i = 0; i < report->n_problems; i++) {
        const Identity__ImportProblem *problem = report->problems[i];
        int line = problem->line - page->first_line;
        unsigned char none = 0, *own = line >= 0 && line < page->n_lines ? &page->own[line] : &none;

        if (!settle_own(self, own, problem))
            print_problem(self, problem->line, problem->reason, problem->field, problem->warning);
    }
    print_own(self, page);
}

static void on_answer(void *arg, const Rpc__Answer *answer)
{
    struct page *page = arg;
    struct importer *self = page->importer;
    Identity__ImportReport *report = NULL;

    if (!answer->reason)
        report = identity__import_report__unpack(&self->arena.allocator, answer->output.len, answer->output.data);
    if (report) {
        take_report(self, page, report);
    } else {
        printf("lines %d to %d: %s\n", page->first_line, page->first_line + page->n_lines - 1,
               api_reason(answer->reason ? answer->reason : RPC__REASON__INTERNAL)->name);
        self->failed = true;
    }
    arena_reset(&self->arena);
    self->n_sent--;
    page->next = self->idle;
    self->idle = page;
}

/* ---- what only the file shows ---- */

static void examine_roster(struct importer *self, const struct csv_row *csv, unsigned char *own)
{
    int today = cn_day(clock_now(&self->service->clock));
    struct roster_row row;
    struct row_fault fault;

    if (roster_row_read(csv, today, &row, &fault))
        return;
    switch (named_note(&self->named, row.id.number, row.union_code)) {
    case NAMED_HERE:
        *own |= OWN_REPEATED;
        break;
    case NAMED_ELSEWHERE:
        *own |= OWN_CONFLICT;
        break;
    case NAMED_FULL:
        fprintf(stderr, "hg-identity: the file is too large for --all-or-nothing\n");
        self->failed = true;
        break;
    case NAMED_NEW:
        break;
    }
}

static void examine_union(struct importer *self, const struct csv_row *csv, unsigned char *own)
{
    struct union_row row;
    struct row_fault fault;

    if (union_row_read(csv, &row, &fault))
        return;
    if (row.parent_code[0] && named_has(&self->named, row.parent_code))
        *own |= OWN_PARENT;
    if (named_note(&self->named, row.code, "") == NAMED_HERE)
        *own |= OWN_REPEATED;
}

static void examine(struct importer *self, struct page *page)
{
    enum csv_result result;
    struct csv_row row;
    struct csv csv;

    memcpy(self->scratch, self->csv, self->csv_len + 1);
    csv_init(&csv, self->scratch, self->csv_len, page->first_line);
    while ((result = csv_next(&csv, &row)) != CSV_END) {
        unsigned char *own = &page->own[row.line - page->first_line];

        if (result != CSV_ROW)
            continue;
        if (self->unions)
            examine_union(self, &row, own);
        else
            examine_roster(self, &row, own);
    }
}

/* ---- pages ---- */

/* Whether a page may end here: behind enough lines, and not inside quotes. */
static bool is_full(const struct page *page, bool in_quotes)
{
    return page->n_lines >= PAGE_LINES_MAX || (page->n_lines >= PAGE_LINES && !in_quotes);
}

/* Appends lines until the page is full. A line that can be none of a table (too
 * long, or with a NUL) is refused here and left empty, so that numbers agree. */
static void gather(struct importer *self, struct page *page)
{
    bool in_quotes = false;

    *page = (struct page){.importer = self, .first_line = self->next_line};
    self->csv_len = 0;
    while (!is_full(page, in_quotes) && self->csv_len + LINES_MAX <= IMPORT_CSV_MAX) {
        size_t len;
        const char *line = lines_next(&self->lines, &len);

        if (!line || self->next_line >= LINES_IN_FILE) {
            self->ended = true;
            break;
        }
        if (len == 0 || memchr(line, '\0', len)) {
            count_refused(self, self->next_line, "CSV_MALFORMED", "");
            line = "\n";
            len = 1;
        }
        memcpy(self->csv + self->csv_len, line, len);
        self->csv_len += len;
        for (size_t i = 0; i < len; i++)
            in_quotes ^= line[i] == '"';
        page->n_lines++;
        self->next_line++;
    }
    self->csv[self->csv_len] = '\0';
}

static void send_page(struct importer *self, struct page *page)
{
    Identity__ImportRequest request = IDENTITY__IMPORT_REQUEST__INIT;
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    Rpc__Call call = RPC__CALL__INIT;

    request.csv = self->csv;
    request.first_line = page->first_line;
    request.check_only = self->check;
    principal.internal = true;
    call.principal = &principal;
    call.method = self->unions ? "Identity.ImportUnions" : "Identity.ImportRoster";
    ensure(identity__import_request__get_packed_size(&request) <= sizeof(self->packed));
    call.input.data = self->packed;
    call.input.len = identity__import_request__pack(&request, self->packed);
    ensure(rpc_client_call(self->client, &call, on_answer, page));
    rpc_client_flush(self->client);
    self->n_sent++;
}

static void send_pages(struct importer *self)
{
    while (self->idle && !self->ended && !self->failed) {
        struct page *page = self->idle;
        struct page *next = page->next;

        gather(self, page);
        if (self->csv_len == 0) {
            page->next = next;
            continue;
        }
        if (self->check)
            examine(self, page);
        self->idle = next;
        send_page(self, page);
    }
}

/* ---- a pass through the file ---- */

/* A first line that is a good row of a roster is no header. */
static bool skip_header(struct importer *self)
{
    struct roster_row read;
    struct csv_row row;
    struct row_fault fault;
    const char *line;
    struct csv csv;
    size_t len;

    self->next_line = 2;
    line = lines_next(&self->lines, &len);
    if (!line || self->unions)
        return true;
    memcpy(self->scratch, line, len);
    self->scratch[len] = '\0';
    csv_init(&csv, self->scratch, len, 1);
    if (csv_next(&csv, &row) != CSV_ROW ||
        roster_row_read(&row, cn_day(clock_now(&self->service->clock)), &read, &fault))
        return true;
    fprintf(stderr, "hg-identity: the first line must be a header, not a row\n");
    return false;
}

/* Sends the whole file. False when it could not be sent wholly. */
static bool run_pass(struct importer *self, FILE *file, bool check)
{
    self->check = check;
    self->totals = (struct totals){0};
    self->ended = false;
    rewind(file);
    lines_init(&self->lines, file);
    if (!skip_header(self))
        return false;
    send_pages(self);
    while (self->n_sent > 0) {
        uv_run(&self->loop, UV_RUN_ONCE);
        send_pages(self);
    }
    if (ferror(file))
        fprintf(stderr, "hg-identity: the file cannot be read: %s\n", strerror(errno));
    return !self->failed && !ferror(file);
}

static int import_file(struct importer *self, FILE *file, bool all_or_nothing)
{
    bool sent = true;

    if (all_or_nothing) {
        sent = run_pass(self, file, true);
        named_done(&self->named);
        self->rehearsed = true;
    }
    if (sent && self->totals.refused == 0)
        sent = run_pass(self, file, false);
    else
        self->totals.loaded = 0;
    printf("lines=%lld loaded=%lld refused=%lld warnings=%lld\n", (long long)self->totals.lines,
           (long long)self->totals.loaded, (long long)self->totals.refused, (long long)self->totals.warnings);
    return !sent ? 2 : self->totals.refused ? 1 : 0;
}

static int open_and_import(struct importer *self, FILE *file, bool all_or_nothing)
{
    unsigned window = self->unions ? 1 : ROSTER_WINDOW;
    int code;

    if (uv_loop_init(&self->loop))
        return 2;
    self->client = rpc_client_open(&self->loop, service_bus_dir(self->service), "identity", window);
    if (!self->client)
        return 2;
    arena_init(&self->arena, LIMIT_BATCH_ARENA);
    for (unsigned i = 0; i < window; i++) {
        self->pages[i].next = self->idle;
        self->idle = &self->pages[i];
    }
    cli_wait(service_bus_dir(self->service), "identity");
    code = import_file(self, file, all_or_nothing);
    rpc_client_close(self->client);
    uv_run(&self->loop, UV_RUN_DEFAULT);
    uv_loop_close(&self->loop);
    arena_done(&self->arena);
    return code;
}

int identity_import(const struct service *service, int argc, char **argv)
{
    static struct importer importer;
    bool unions = argc > 0 && strcmp(argv[0], "unions") == 0;
    bool all_or_nothing = argc == 3 && strcmp(argv[2], "--all-or-nothing") == 0;
    FILE *file;
    int code;

    if ((argc != 2 && !all_or_nothing) || (!unions && strcmp(argv[0], "roster") != 0)) {
        fprintf(stderr, "usage: hg-identity --import unions|roster FILE [--all-or-nothing]\n");
        return 2;
    }
    file = fopen(argv[1], "re");
    if (!file) {
        fprintf(stderr, "hg-identity: %s: %s\n", argv[1], strerror(errno));
        return 2;
    }
    importer.service = service;
    importer.unions = unions;
    code = open_and_import(&importer, file, all_or_nothing);
    fclose(file);
    return code;
}
