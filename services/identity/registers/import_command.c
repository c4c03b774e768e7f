/* hg-identity --import unions|roster FILE [--all-or-nothing] [--union CODE]
 *
 * Reads a table as Excel or WPS saves it (common/table/table.h) in a child, its columns by their
 * headings (headings.h), and sends the rows as pages to the service, several at a time for
 * a roster and one after the other for unions, whose parents must be there first. Memory
 * does not depend on the file, but for 16 bytes and more a row (named.h).
 *
 * First it goes through all of the file: what is wrong with it as a whole is told in one line, and
 * nothing is loaded. --all-or-nothing then rehearses every page (check_only), with what only
 * the whole file shows (a person or a code twice, a parent in an earlier line) found here;
 * if any line would be refused, nothing is loaded. What others load between the two is
 * not held off. --union says the union of rows whose table has no column for it. FILE is a
 * name, or - for the standard input.
 *
 * Prints what the file is, a line for each problem, and one with the counts at the end.
 * Exit: 0 every line is loaded; 1 some are, some refused; 3 nothing is loaded: the file or
 * every line was refused; 2 not all could be sent: to run it again is safe, lines that are
 * loaded already stay as they are. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/daemon/child.h"
#include "common/daemon/cli.h"
#include "services/identity/identity.h"
#include "common/benefit/imports/intake.h"
#include "services/identity/registers/named_row.h"
#include "services/identity/registers/tables.h"
#include "services/identity/rules.h"

#define ROSTER_WINDOW 8

enum { EXIT_ALL = 0, EXIT_SOME = 1, EXIT_UNSENT = 2, EXIT_NOTHING = 3 };

struct page {
    struct importer *importer;
    unsigned n;
    int32_t lines[INTAKE_PAGE_ROWS];
    unsigned char said[INTAKE_PAGE_ROWS]; /* what the rows above say of each (named_row) */
    struct page *next;
};

struct totals {
    int64_t lines, loaded, refused, warnings, updated, unchanged, restored;
};

struct importer {
    const struct service *service;
    struct children *children;
    int kind, file;
    const char *union_code; /* of rows without a column for it; or "" */
    bool check, rehearsed;
    struct rpc_client *client;
    uv_loop_t loop;
    bool failed;
    struct intake intake;
    struct intake_page rows;
    struct page pages[ROSTER_WINDOW], *idle;
    unsigned n_sent;
    char csv[IMPORT_CSV_MAX + 1];
    unsigned char packed[IMPORT_CSV_MAX + INTAKE_PAGE_ROWS * 5 + 64];
    struct named named;
    struct totals totals;
    struct arena arena;
};

static bool is_unions(const struct importer *self)
{
    return self->kind == IMPORTS__IMPORT_KIND__IMPORT_UNIONS;
}

/* ---- the report ---- */

static void print_problem(struct importer *self, int line, const char *reason, const char *field, const char *character,
                          bool warning)
{
    if (warning)
        self->totals.warnings++;
    /* The rehearsal has said it. */
    if (self->rehearsed && warning)
        return;
    printf("line %d: %s%s%s%s%s%s\n", line, reason, *field ? " " : "", field, *character ? " " : "", character,
           warning ? " (warning)" : "");
}

static void count_refused(struct importer *self, int line, const char *reason, const char *field)
{
    self->totals.lines++;
    self->totals.refused++;
    print_problem(self, line, reason, field, "", false);
}

/* What the service says of a line and the file knows too is told once; a parent
 * of an earlier line is there, whatever the rehearsal says: true, and no problem. */
static bool settle(struct importer *self, struct page *page, const Imports__ImportProblem *problem)
{
    unsigned i = 0;

    while (i < page->n && page->lines[i] != problem->line)
        i++;
    if (i == page->n)
        return false;
    if (self->check && !problem->warning && (page->said[i] & NAMED_PARENT) &&
        strcmp(problem->reason, "UNION_NOT_FOUND") == 0 && strcmp(problem->field, "parentCode") == 0) {
        self->totals.refused--;
        self->totals.loaded++;
        return true;
    }
    if (!problem->warning || strcmp(problem->reason, "ROSTER_CONFLICT") == 0)
        page->said[i] = 0;
    return false;
}

static void take_report(struct importer *self, struct page *page, const Imports__ImportReport *report)
{
    self->totals.lines += report->lines;
    self->totals.loaded += report->loaded;
    self->totals.refused += report->refused;
    self->totals.updated += report->updated;
    self->totals.unchanged += report->unchanged;
    self->totals.restored += report->restored;
    for (size_t i = 0; i < report->n_problems; i++) {
        const Imports__ImportProblem *problem = report->problems[i];

        if (!settle(self, page, problem))
            print_problem(self, problem->line, problem->reason, problem->field, problem->character, problem->warning);
    }
    for (unsigned i = 0; self->check && i < page->n; i++) {
        if (page->said[i] & NAMED_CONFLICT)
            print_problem(self, page->lines[i], "ROSTER_CONFLICT", "residentId", "", true);
    }
}

static void on_answer(void *arg, const Rpc__Answer *answer)
{
    struct page *page = arg;
    struct importer *self = page->importer;
    Imports__ImportReport *report = NULL;

    if (!answer->reason)
        report = imports__import_report__unpack(&self->arena.allocator, answer->output.len, answer->output.data);
    if (report) {
        take_report(self, page, report);
    } else {
        printf("lines %d to %d: %s\n", page->lines[0], page->lines[page->n - 1],
               api_reason(answer->reason ? answer->reason : RPC__REASON__INTERNAL)->name);
        self->failed = true;
    }
    arena_reset(&self->arena);
    self->n_sent--;
    page->next = self->idle;
    self->idle = page;
}

/* ---- pages ---- */

static char *put_field(char *at, const char *text)
{
    *at++ = '"';
    for (; *text; text++) {
        if (*text == '"')
            *at++ = '"';
        *at++ = *text;
    }
    *at++ = '"';
    return at;
}

static char *put_row(char *at, const struct csv_row *row)
{
    for (unsigned i = 0; i < row->n_fields; i++) {
        if (i > 0)
            *at++ = ',';
        at = put_field(at, row->fields[i]);
    }
    *at++ = '\n';
    return at;
}

/* Writes down the rows that are to be sent, and says what the others are. */
static void write_page(struct importer *self, struct page *page)
{
    struct clock clock = self->service->clock;
    int today = cn_day(clock_now(&clock));
    char *at = self->csv;

    *page = (struct page){.importer = self};
    for (unsigned i = 0; i < self->rows.n; i++) {
        const struct csv_row *row = &self->rows.rows[i];
        unsigned said = row->n_fields ? named_row(&self->named, self->kind, row, today) : 0;

        if (said & NAMED_TOO_MANY) {
            fprintf(stderr, "hg-identity: the file has too many rows\n");
            self->failed = true;
        }
        if (row->n_fields == 0) {
            count_refused(self, row->line, "CSV_MALFORMED", "");
        } else if (said & NAMED_AGAIN) {
            count_refused(self, row->line, is_unions(self) ? "UNION_CODE_TAKEN" : "ROSTER_DUPLICATE",
                          is_unions(self) ? "code" : "residentId");
        } else {
            page->lines[page->n] = row->line;
            page->said[page->n++] = (unsigned char)said;
            at = put_row(at, row);
        }
    }
    *at = '\0';
    ensure(at <= self->csv + IMPORT_CSV_MAX);
}

static void send_page(struct importer *self, struct page *page)
{
    Identity__ImportRequest request = IDENTITY__IMPORT_REQUEST__INIT;
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    Rpc__Call call = RPC__CALL__INIT;

    request.csv = self->csv;
    request.lines = page->lines;
    request.n_lines = page->n;
    request.check_only = self->check;
    principal.internal = true;
    call.principal = &principal;
    call.method = is_unions(self) ? "Identity.ImportUnions" : "Identity.ImportRoster";
    ensure(identity__import_request__get_packed_size(&request) <= sizeof(self->packed));
    call.input.data = self->packed;
    call.input.len = identity__import_request__pack(&request, self->packed);
    ensure(rpc_client_call(self->client, &call, on_answer, page));
    rpc_client_flush(self->client);
    self->n_sent++;
}

static void send_pages(struct importer *self)
{
    while (self->idle && !self->failed && !(self->intake.ended && !self->intake.held.line)) {
        struct page *page = self->idle, *next = page->next;

        intake_empty(&self->rows);
        intake_fill(&self->intake, &self->rows);
        write_page(self, page);
        page->next = next;
        if (page->n == 0)
            continue;
        self->idle = next;
        send_page(self, page);
    }
}

/* ---- a pass through the file ---- */

/* Starts a child on the file, from its beginning: false after saying why. */
static bool open_rows(struct importer *self)
{
    int rows = intake_open(self->children, self->file);

    if (rows >= 0)
        intake_init(&self->intake, table_kind(self->kind), self->union_code, rows);
    else
        fprintf(stderr, "hg-identity: the file cannot be read\n");
    return rows >= 0;
}

static void close_rows(struct importer *self)
{
    close(self->intake.lines.fd);
}

/* All of it, for what is wrong with it as a whole: 0 or a Reason, -1 when it could not be read. */
static int survey(struct importer *self)
{
    const struct intake *intake = &self->intake;

    if (!open_rows(self))
        return -1;
    do {
        intake_empty(&self->rows);
        intake_fill(&self->intake, &self->rows);
    } while (!intake->ended);
    close_rows(self);
    printf("file: %s\n", *intake->form ? intake->form : "unknown");
    if (intake->line)
        printf("headings: line %u%s%s\n", intake->line, *intake->unread ? ", not read: " : "", intake->unread);
    if (intake->other_rows)
        printf("rows of other sheets, not read: %u\n", intake->other_rows);
    if (intake->cut_fields)
        printf("fields behind column %d, not read: %u\n", TABLE_FIELDS_MAX, intake->cut_fields);
    if (intake->fault)
        printf("refused: %s %s%s%s\n", api_reason(intake->fault)->name, api_reason(intake->fault)->zh,
               *intake->seen ? ": " : "", intake->seen);
    return intake->fault;
}

/* Sends the whole file. False when it could not be sent wholly. */
static bool run_pass(struct importer *self, bool check)
{
    self->check = check;
    self->totals = (struct totals){0};
    named_done(&self->named);
    if (!open_rows(self))
        return false;
    send_pages(self);
    while (self->n_sent > 0) {
        uv_run(&self->loop, UV_RUN_ONCE);
        send_pages(self);
    }
    close_rows(self);
    /* The file has been read whole before: it has changed since, or its child was ended. */
    if (self->intake.fault && !self->failed) {
        fprintf(stderr, "hg-identity: %s\n", api_reason(self->intake.fault)->name);
        self->failed = true;
    }
    return !self->failed;
}

/* Rehearses it, if that is asked for, and loads it. Whether all was sent. */
static bool send_file(struct importer *self, bool all_or_nothing)
{
    bool sent = true;

    if (all_or_nothing) {
        sent = run_pass(self, true);
        self->rehearsed = true;
    }
    if (sent && self->totals.refused == 0)
        return run_pass(self, false);
    self->totals.loaded = self->totals.updated = self->totals.unchanged = self->totals.restored = 0;
    return sent;
}

/* Only a file that can be loaded has the bus opened. */
static bool open_and_send(struct importer *self, bool all_or_nothing)
{
    unsigned window = is_unions(self) ? 1 : ROSTER_WINDOW;
    bool sent;

    if (uv_loop_init(&self->loop))
        return false;
    self->client = rpc_client_open(&self->loop, service_bus_dir(self->service), "identity", window);
    if (!self->client)
        return false;
    arena_init(&self->arena, LIMIT_BATCH_ARENA);
    for (unsigned i = 0; i < window; i++) {
        self->pages[i].next = self->idle;
        self->idle = &self->pages[i];
    }
    cli_wait(service_bus_dir(self->service), "identity");
    sent = send_file(self, all_or_nothing);
    rpc_client_close(self->client);
    uv_run(&self->loop, UV_RUN_DEFAULT);
    uv_loop_close(&self->loop);
    arena_done(&self->arena);
    named_done(&self->named);
    return sent;
}

static int import_file(struct importer *self, bool all_or_nothing)
{
    const struct totals *totals = &self->totals;
    int fault = survey(self);
    bool sent = fault == 0 && open_and_send(self, all_or_nothing);

    printf("lines=%lld loaded=%lld refused=%lld warnings=%lld updated=%lld unchanged=%lld restored=%lld\n",
           (long long)totals->lines, (long long)totals->loaded, (long long)totals->refused, (long long)totals->warnings,
           (long long)totals->updated, (long long)totals->unchanged, (long long)totals->restored);
    if (fault > 0)
        return EXIT_NOTHING;
    if (!sent)
        return EXIT_UNSENT;
    return totals->loaded == 0 ? EXIT_NOTHING : totals->refused ? EXIT_SOME : EXIT_ALL;
}

/* What follows unions|roster FILE: false when it is nothing that is known. */
static bool read_options(struct importer *self, int argc, char **argv, bool *ret_all_or_nothing)
{
    *ret_all_or_nothing = false;
    self->union_code = "";
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--all-or-nothing") == 0)
            *ret_all_or_nothing = true;
        else if (strcmp(argv[i], "--union") == 0 && i + 1 < argc && !is_unions(self) &&
                 strlen(argv[i + 1]) < UNION_CODE_SIZE)
            self->union_code = argv[++i];
        else
            return false;
    }
    return true;
}

/* The standard input when it can seek, else what comes of it, in memory: it may be somebody's names, and is on
 * no disk. -1 when it cannot be read. */
static int take_input(void)
{
    static char bytes[1 << 16];
    ssize_t n = 0;
    int copy;

    if (lseek(STDIN_FILENO, 0, SEEK_SET) == 0)
        return dup(STDIN_FILENO);
    copy = memfd_create("input", MFD_CLOEXEC);
    while (copy >= 0 && (n = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0) {
        if (write(copy, bytes, (size_t)n) != n)
            return -1;
    }
    return n == 0 ? copy : -1;
}

int identity_import(const struct service *service, int argc, char **argv)
{
    static struct importer importer;
    bool all_or_nothing, unions = argc > 1 && strcmp(argv[0], "unions") == 0;
    int code;

    importer.service = service;
    importer.kind = unions ? IMPORTS__IMPORT_KIND__IMPORT_UNIONS : IMPORTS__IMPORT_KIND__IMPORT_ROSTER;
    if (argc < 2 || (!unions && strcmp(argv[0], "roster") != 0) ||
        !read_options(&importer, argc - 2, argv + 2, &all_or_nothing)) {
        fprintf(stderr, "usage: hg-identity --import unions|roster FILE [--all-or-nothing] [--union CODE]\n");
        return EXIT_UNSENT;
    }
    importer.file = strcmp(argv[1], "-") == 0 ? take_input() : open(argv[1], O_RDONLY | O_CLOEXEC);
    if (importer.file < 0) {
        fprintf(stderr, "hg-identity: %s: %s\n", argv[1], strerror(errno));
        return EXIT_UNSENT;
    }
    importer.children = children_open();
    code = importer.children ? import_file(&importer, all_or_nothing) : EXIT_UNSENT;
    children_close(importer.children);
    close(importer.file);
    return code;
}
