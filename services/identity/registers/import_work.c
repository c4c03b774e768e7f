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

#include "services/identity/access/session_life.h"
#include "services/identity/api.h"
#include "services/identity/registers/imports.h"
#include "services/identity/registers/intake.h"
#include "services/identity/registers/named.h"
#include "services/identity/unions/unions.h"

#define SURVEYED_PAGES 10        /* in a slice; their rows are only counted */
#define PACKED_MAX     (1 << 17) /* of what became of a page's rows */

struct import_work {
    enum { NOTHING, COPYING, SURVEYING, JUDGING } phase;
    int64_t import_id; /* that is under way, */
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
    struct identity *self;
    struct import_work *work;
    struct import import;
    bool gone; /* it was given up meanwhile */
};

static bool find(struct turn *turn)
{
    turn->gone = !imports_find(&turn->self->imports, turn->work->import_id, &turn->import) ||
                 turn->import.state != turn->work->state;
    return !turn->gone;
}

/* Runs it: whether it was committed. An import that was given up is left. */
static bool transact(struct identity *self, rpc_work run)
{
    struct turn turn = {.self = self, .work = self->importing};
    bool committed = rpc_server_transact(self->rpc, run, &turn) == 0;

    if (turn.gone)
        leave(self->importing);
    return committed && !turn.gone;
}

/* ---- what is known of the file ---- */

static void tell_file(const struct intake *intake, Identity__Import *message)
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
    Identity__Import *message;

    if (!find(turn))
        return;
    message = import_message(turn->self, &turn->import, rpc_arena(call));
    if (!message) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    tell_file(intake, message);
    if (turn->work->state == IDENTITY__IMPORT_STATE__IMPORT_CHECKING)
        import_count_anew(&turn->import, message);
    import_tell(turn->self, &turn->import, message, call);
    if (intake->fault)
        import_change(turn->self, &turn->import, IDENTITY__IMPORT_STATE__IMPORT_REFUSED, call);
}

static void end_pass(void *call, void *arg)
{
    struct turn *turn = arg;

    if (!find(turn))
        return;
    import_change(turn->self, &turn->import,
                  turn->work->state == IDENTITY__IMPORT_STATE__IMPORT_LOADING
                      ? (int)IDENTITY__IMPORT_STATE__IMPORT_LOADED
                      : (int)IDENTITY__IMPORT_STATE__IMPORT_CHECKED,
                  call);
}

/* ---- pages ---- */

/* Judges or loads the page's rows as the deed of who has begun the import. */
static void run_rows(struct turn *turn, void *call)
{
    struct import_work *work = turn->work;
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    struct import_run run = {
        .kind = turn->import.kind,
        .rows = work->page.rows,
        .n = work->page.n,
        .removal = turn->import.removal,
        .check_file = work->state == IDENTITY__IMPORT_STATE__IMPORT_CHECKING,
        .named = &work->named,
    };
    Identity__ImportReport *report = NULL;

    principal.member_id = turn->import.member_id;
    if (session_add_grants(turn->self, turn->import.member_id, &principal, call)) {
        rpc_act_for(call, &principal);
        report = import_rows(turn->self, &run, call);
        rpc_act_for(call, NULL);
    }
    if (!report) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    work->packed_len = identity__import_report__get_packed_size(report);
    ensure(work->packed_len <= sizeof(work->packed));
    identity__import_report__pack(report, work->packed);
}

/* Adds what became of the page to what is known of the import. */
static void keep_page(struct turn *turn, void *call)
{
    struct import_work *work = turn->work;
    struct arena *arena = rpc_arena(call);
    Identity__ImportReport *report = identity__import_report__unpack(&arena->allocator, work->packed_len, work->packed);
    Identity__Import *message = import_message(turn->self, &turn->import, arena);

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
    import_put_page(turn->self, turn->import.id, work->page_no, work->packed, work->packed_len);
    turn->import.pages = work->page_no + 1;
    import_tell(turn->self, &turn->import, message, call);
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
static void skip_page(struct identity *self)
{
    struct import_work *work = self->importing;
    int today = cn_day(clock_now(self->clock));

    for (unsigned i = 0; i < work->page.n; i++) {
        if (work->page.rows[i].n_fields)
            named_row(&work->named, work->intake.kind, &work->page.rows[i], today);
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
static bool take_page(struct identity *self)
{
    struct import_work *work = self->importing;

    if (work->page.n == 0) {
        work->ready = false;
        return true;
    }
    if (work->skip > 0) {
        skip_page(self);
    } else if (work->state == IDENTITY__IMPORT_STATE__IMPORT_LOADING) {
        if (!transact(self, load))
            return start_over(work);
    } else if (!transact(self, rehearse) || !transact(self, keep)) {
        return start_over(work);
    }
    work->ready = false;
    work->page_no++;
    return true;
}

/* ---- the steps ---- */

/* Has the file read from its beginning. */
static bool open_rows(struct identity *self, const struct import *import)
{
    struct import_work *work = self->importing;
    struct union_node node = {0};

    close_file(&work->rows);
    unions_find(&self->unions, import->union_id, &node);
    work->rows = intake_open(self->service->children, work->file);
    if (work->rows < 0)
        return false;
    fcntl(work->rows, F_SETFL, O_NONBLOCK);
    intake_init(&work->intake, import->kind, node.code, work->rows);
    work->page_no = 0;
    return true;
}

/* Begins with the one that has waited longest. False when none waits. */
static bool begin(struct identity *self)
{
    struct import_work *work = self->importing;
    struct import import;

    if (!imports_find_waiting(&self->imports, &import))
        return false;
    work->file = memfd_create("import", MFD_CLOEXEC);
    if (work->file < 0)
        return false;
    work->import_id = import.id;
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
static int32_t rows_done(struct identity *self, const struct import *import)
{
    struct arena arena;
    const Identity__Import *message;
    int32_t done;

    arena_init(&arena, 4 * IMPORT_TOLD_MAX);
    message = import_message(self, import, &arena);
    done = message ? message->done : 0;
    arena_done(&arena);
    return done;
}

static bool copy(struct identity *self)
{
    struct import_work *work = self->importing;
    int32_t end = work->part + IMPORT_SLICE;
    struct import import;

    if (!imports_find(&self->imports, work->import_id, &import) || import.state != work->state)
        return leave(work);
    for (; work->part < body_parts(import.size) && work->part < end; work->part++) {
        long len = import_part(self, &import, work->part, work->plain);

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
    if (!open_rows(self, &import)) {
        leave(work);
        return false;
    }
    work->skip = work->state == IDENTITY__IMPORT_STATE__IMPORT_LOADING ? rows_done(self, &import) : 0;
    work->phase = work->state == IDENTITY__IMPORT_STATE__IMPORT_LOADING ? JUDGING : SURVEYING;
    return true;
}

static bool survey(struct identity *self)
{
    struct import_work *work = self->importing;
    struct import import;

    for (int i = 0; i < SURVEYED_PAGES && !work->intake.ended; i++) {
        if (!intake_fill(&work->intake, &work->page))
            return true;
        intake_empty(&work->page);
    }
    if (!work->intake.ended)
        return true;
    if (!transact(self, tell_read))
        return start_over(work);
    if (work->intake.fault)
        return leave(work);
    if (!imports_find(&self->imports, work->import_id, &import) || !open_rows(self, &import)) {
        leave(work);
        return false;
    }
    intake_empty(&work->page);
    work->phase = JUDGING;
    return true;
}

static bool judge(struct identity *self)
{
    struct import_work *work = self->importing;
    const struct intake *intake = &work->intake;

    for (int i = 0; i < SURVEYED_PAGES; i++) {
        bool skips = work->skip > 0;

        if (!work->ready) {
            work->ready = intake_fill(&work->intake, &work->page);
            if (!work->ready)
                return true;
        }
        if (!take_page(self))
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
    if (!transact(self, intake->fault ? tell_read : end_pass))
        return start_over(work);
    return leave(work);
}

bool import_work_step(struct identity *self)
{
    switch (self->importing->phase) {
    case NOTHING:
        return begin(self);
    case COPYING:
        return copy(self);
    case SURVEYING:
        return survey(self);
    default:
        return judge(self);
    }
}
