/* import_work.c: uploads are checked and loaded, a slice at a time, one after the other.
 *
 * The parts are copied into memory that a child can read, the whole is surveyed when it is
 * checked (intake.h), then its pages are judged: each in a transaction that is undone, and what became
 * of its rows kept in one of its own; or loaded in one together with that. When a commit
 * fails it is all begun anew, behind what is loaded. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/benefit/imports/imports.h"
#include "common/benefit/imports/intake.h"
#include "common/benefit/imports/named.h"
#include "common/cn/cn_id.h"
#include "common/daemon/service.h"

#define SURVEYED_PAGES 10        /* in a slice; their rows are only counted */
#define PACKED_MAX     (1 << 17) /* of what became of a page's rows */

struct import_work {
    enum { NOTHING, COPYING, SURVEYING, JUDGING } phase;
    int64_t import_id; /* that is under way, */
    int kind;          /* Imports__ImportKind */
    int state;         /* and what for: CHECKING or LOADING */
    int file, rows;    /* -1: not open */
    int32_t part;      /* the next to be copied */
    int32_t page_no;
    int32_t skip; /* rows that were loaded before a restart */
    bool ready;   /* the page is whole */
    struct intake intake;
    struct intake_page page;
    struct named named;
    size_t packed_len;
    unsigned char packed[PACKED_MAX];
    char plain[LIMIT_PART + 1];
};

struct import_work *import_work_new(void)
{
    struct import_work *work = calloc(1, sizeof(*work));

    if (work)
        work->file = work->rows = -1;
    return work;
}

static void close_file(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* It is under way no more; of the file's bytes nothing stays. */
static bool leave(struct import_work *work)
{
    close_file(&work->file);
    close_file(&work->rows);
    named_done(&work->named);
    explicit_bzero(&work->intake, sizeof(work->intake));
    explicit_bzero(&work->page, sizeof(work->page));
    explicit_bzero(work->plain, sizeof(work->plain));
    work->phase = NOTHING;
    work->ready = false;
    return true;
}

void import_work_free(struct import_work *work)
{
    if (work)
        leave(work);
    free(work);
}

/* A transaction of the work's own. */
struct turn {
    struct imports *imports;
    struct import_work *work;
    struct import import;
    bool gone; /* it was given up meanwhile */
};

static bool find(struct turn *turn)
{
    turn->gone =
        !imports_find(turn->imports, turn->work->import_id, &turn->import) || turn->import.state != turn->work->state;
    return !turn->gone;
}

/* Runs it: whether it was committed. An import that was given up is left. */
static bool transact(struct imports *imports, rpc_work run)
{
    struct turn turn = {.imports = imports, .work = imports->work};
    bool committed = rpc_server_transact(imports->parts->rpc, run, &turn) == 0;

    if (turn.gone)
        leave(imports->work);
    return committed && !turn.gone;
}

/* ---- what is known of the file ---- */

static void tell_file(const struct intake *intake, Imports__Import *message)
{
    const struct api_reason *fault = intake->fault ? api_reason(intake->fault) : NULL;

    message->fault = unconst(fault ? fault->name : "");
    message->says = unconst(fault ? fault->zh : "");
    message->seen = unconst(intake->seen);
    message->form = unconst(intake->form);
    message->unread = unconst(intake->unread);
    message->headings_line = (int32_t)intake->line;
    message->title_rows = (int32_t)intake->titles;
    message->other_rows = (int32_t)intake->other_rows;
    message->cut_fields = (int32_t)intake->cut_fields;
    message->rows = (int32_t)intake->rows;
}

/* The file was read to its end: what it is; and that it is refused, if it is. */
static void tell_read(void *call, void *arg)
{
    struct turn *turn = arg;
    const struct intake *intake = &turn->work->intake;
    Imports__Import *message;

    if (!find(turn))
        return;
    message = import_message(turn->imports, &turn->import, rpc_arena(call));
    if (!message) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    tell_file(intake, message);
    if (turn->work->state == IMPORTS__IMPORT_STATE__IMPORT_CHECKING)
        import_count_anew(&turn->import, message);
    import_tell(turn->imports, &turn->import, message, call);
    if (intake->fault)
        import_change(turn->imports, &turn->import, IMPORTS__IMPORT_STATE__IMPORT_REFUSED, call);
}

static void end_pass(void *call, void *arg)
{
    struct turn *turn = arg;

    if (!find(turn))
        return;
    import_change(turn->imports, &turn->import,
                  turn->work->state == IMPORTS__IMPORT_STATE__IMPORT_LOADING
                      ? (int)IMPORTS__IMPORT_STATE__IMPORT_LOADED
                      : (int)IMPORTS__IMPORT_STATE__IMPORT_CHECKED,
                  call);
}

/* ---- pages ---- */

/* Judges or loads the page's rows as the deed of who has begun the import. */
static void run_rows(struct turn *turn, void *call)
{
    const struct imports_service *service = turn->imports->service;
    void *self = parts_self(turn->imports->parts);
    struct import_work *work = turn->work;
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    struct import_run run = {
        .import = &turn->import,
        .rows = work->page.rows,
        .n = work->page.n,
        .check_file = work->state == IMPORTS__IMPORT_STATE__IMPORT_CHECKING,
        .named = &work->named,
    };
    Imports__ImportReport *report = NULL;

    principal.member_id = turn->import.member_id;
    if (!service->authority || service->authority(self, turn->import.member_id, &principal, call)) {
        rpc_act_for(call, &principal);
        report = service->rows(self, &run, call);
        rpc_act_for(call, NULL);
    }
    if (!report) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    work->packed_len = imports__import_report__get_packed_size(report);
    ensure(work->packed_len <= sizeof(work->packed));
    imports__import_report__pack(report, work->packed);
}

/* Adds what became of the page to what is known of the import. */
static void keep_page(struct turn *turn, void *call)
{
    struct import_work *work = turn->work;
    struct arena *arena = rpc_arena(call);
    Imports__ImportReport *report = imports__import_report__unpack(&arena->allocator, work->packed_len, work->packed);
    Imports__Import *message = import_message(turn->imports, &turn->import, arena);

    if (!report || !message) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    message->done += report->lines;
    message->loaded += report->loaded;
    message->refused += report->refused;
    message->updated += report->updated;
    message->unchanged += report->unchanged;
    message->restored += report->restored;
    message->removed += report->removed;
    for (size_t i = 0; i < report->n_problems; i++)
        message->warnings += report->problems[i]->warning;
    import_put_page(turn->imports, turn->import.id, work->page_no, work->packed, work->packed_len);
    turn->import.pages = work->page_no + 1;
    import_tell(turn->imports, &turn->import, message, call);
}

static void rehearse(void *call, void *arg)
{
    struct turn *turn = arg;

    if (!find(turn))
        return;
    run_rows(turn, call);
    rpc_discard(call);
}

static void keep(void *call, void *arg)
{
    if (find(arg))
        keep_page(arg, call);
}

static void load(void *call, void *arg)
{
    struct turn *turn = arg;

    if (!find(turn))
        return;
    run_rows(turn, call);
    if (!rpc_refused(call))
        keep_page(turn, call);
}

/* Only notes whom the rows name, of a page that was loaded before a restart. */
static void skip_page(struct imports *imports)
{
    struct import_work *work = imports->work;
    int today = cn_day(clock_now(imports->parts->clock));

    for (unsigned i = 0; i < work->page.n; i++) {
        if (work->page.rows[i].n_fields)
            imports->service->note(&work->named, work->kind, &work->page.rows[i], today);
    }
    work->skip -= (int32_t)work->page.n;
}

/* A transaction has failed, or found the import given up. What the rows have named is not as it was: it is begun
 * anew, behind what is loaded. False: when the disk may be better. */
static bool start_over(struct import_work *work)
{
    bool gone = work->phase == NOTHING;

    leave(work);
    return gone;
}

/* The page that is ready. False when there is to be a rest. */
static bool take_page(struct imports *imports)
{
    struct import_work *work = imports->work;

    if (work->page.n == 0) {
        work->ready = false;
        return true;
    }
    if (work->skip > 0) {
        skip_page(imports);
    } else if (work->state == IMPORTS__IMPORT_STATE__IMPORT_LOADING) {
        if (!transact(imports, load))
            return start_over(work);
    } else if (!transact(imports, rehearse) || !transact(imports, keep)) {
        return start_over(work);
    }
    work->ready = false;
    work->page_no++;
    return true;
}

/* ---- the steps ---- */

/* Has the file read from its beginning. */
static bool open_rows(struct imports *imports, const struct import *import)
{
    struct import_work *work = imports->work;
    char code[INTAKE_UNION_CODE] = "";

    close_file(&work->rows);
    if (imports->service->union_code)
        imports->service->union_code(parts_self(imports->parts), import->union_id, code);
    work->rows = intake_open(imports->parts->service->children, work->file);
    if (work->rows < 0)
        return false;
    fcntl(work->rows, F_SETFL, O_NONBLOCK);
    intake_init(&work->intake, imports->service->kind(import->kind), code, work->rows);
    work->page_no = 0;
    return true;
}

/* Begins with the one that has waited longest. False when none waits. */
static bool begin(struct imports *imports)
{
    struct import_work *work = imports->work;
    struct import import;

    if (!imports_find_waiting(imports, &import))
        return false;
    work->file = memfd_create("import", MFD_CLOEXEC);
    if (work->file < 0)
        return false;
    work->import_id = import.id;
    work->kind = import.kind;
    work->state = import.state;
    work->part = 0;
    work->phase = COPYING;
    return true;
}

static bool put(int file, const char *bytes, size_t len)
{
    for (ssize_t n; len > 0; bytes += n, len -= (size_t)n) {
        n = write(file, bytes, len);
        if (n < 0 && errno != EINTR)
            return false;
        n = n > 0 ? n : 0;
    }
    return true;
}

/* How many rows of it were loaded before. */
static int32_t rows_done(struct imports *imports, const struct import *import)
{
    struct arena arena;
    const Imports__Import *message;
    int32_t done;

    arena_init(&arena, 4 * IMPORT_TOLD_MAX);
    message = import_message(imports, import, &arena);
    done = message ? message->done : 0;
    arena_done(&arena);
    return done;
}

static bool copy(struct imports *imports)
{
    struct import_work *work = imports->work;
    int32_t end = work->part + IMPORT_SLICE;
    struct import import;

    if (!imports_find(imports, work->import_id, &import) || import.state != work->state)
        return leave(work);
    for (; work->part < body_parts(import.size) && work->part < end; work->part++) {
        long len = import_part(imports, &import, work->part, work->plain);

        /* What does not open is read as it is: as a file that ends here. */
        if (len < 0)
            break;
        if (!put(work->file, work->plain, (size_t)len)) {
            leave(work);
            return false;
        }
    }
    if (work->part == end && end < body_parts(import.size))
        return true;
    if (!open_rows(imports, &import)) {
        leave(work);
        return false;
    }
    work->skip = work->state == IMPORTS__IMPORT_STATE__IMPORT_LOADING ? rows_done(imports, &import) : 0;
    work->phase = work->state == IMPORTS__IMPORT_STATE__IMPORT_LOADING ? JUDGING : SURVEYING;
    return true;
}

static bool survey(struct imports *imports)
{
    struct import_work *work = imports->work;
    struct import import;

    for (int i = 0; i < SURVEYED_PAGES && !work->intake.ended; i++) {
        if (!intake_fill(&work->intake, &work->page))
            return true;
        intake_empty(&work->page);
    }
    if (!work->intake.ended)
        return true;
    if (!transact(imports, tell_read))
        return start_over(work);
    if (work->intake.fault)
        return leave(work);
    if (!imports_find(imports, work->import_id, &import) || !open_rows(imports, &import)) {
        leave(work);
        return false;
    }
    intake_empty(&work->page);
    work->phase = JUDGING;
    return true;
}

static bool judge(struct imports *imports)
{
    struct import_work *work = imports->work;
    const struct intake *intake = &work->intake;

    for (int i = 0; i < SURVEYED_PAGES; i++) {
        bool skips = work->skip > 0;

        if (!work->ready) {
            work->ready = intake_fill(&work->intake, &work->page);
            if (!work->ready)
                return true;
        }
        if (!take_page(imports))
            return false;
        if (work->phase == NOTHING)
            return true;
        intake_empty(&work->page);
        if (intake->ended && !intake->held.line)
            break;
        if (!skips)
            return true;
    }
    if (!intake->ended || intake->held.line)
        return true;
    /* It was surveyed without fault: its child was ended, or its bytes do not open any more. */
    if (!transact(imports, intake->fault ? tell_read : end_pass))
        return start_over(work);
    return leave(work);
}

bool import_work_step(struct imports *imports)
{
    switch (imports->work->phase) {
    case NOTHING:
        return begin(imports);
    case COPYING:
        return copy(imports);
    case SURVEYING:
        return survey(imports);
    default:
        return judge(imports);
    }
}
