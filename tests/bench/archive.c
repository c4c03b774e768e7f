/* archive ROWS: so many rows of coupon's journal go into its archive, in one process on a store on
 * disk. Prints name=value. What a call waits meanwhile is the slice that runs when it comes, and its
 * own time: after each slice one claim is timed, with its commit. The processor's time of the slices
 * alone is told besides, and that of the pages that a new follower reads. */
#include "common/store/archive.h"
#include "common/trust/heads.h"
#include "services/coupon/fixture.h"
#include "tests/bench/times.h"

#define CALLS 500
#define KEEP  1000

static char archive[64], heads[64];

static struct conf_entry conf[] = {
    {.name = "HUIGONG_ARCHIVE", .value = archive},  {.name = "HUIGONG_ARCHIVE_DAYS", .value = "0"},
    {.name = "HUIGONG_ARCHIVE_KEEP", .value = "1"}, {.name = "HUIGONG_ARCHIVE_SEGMENT", .value = "65536"},
    {.name = "HUIGONG_HEADS", .value = heads},      CONF_END,
};

static int64_t release_id, member;

static struct times waits, slices;

static struct journal *journal(void)
{
    return rpc_server_journal(h.service.rpc);
}

static void claims(int n)
{
    for (int i = 0; i < n; i++)
        gather_claim(release_id, harness_member(&h, ++member, TOWN), NULL);
    harness_run(&h);
    clock_step(&h.service.clock, 1);
    harness_forget(&h);
}

static void open_all(void)
{
    setup(NULL);
    snprintf(archive, sizeof(archive), "%s/archive", h.dir);
    snprintf(heads, sizeof(heads), "%s/heads", h.dir);
    harness_key(&h, "HUIGONG_HEAD_KEY", HARNESS_KEY "\n");
    ensure(mkdir(archive, 0700) == 0 && mkdir(heads, 0700) == 0 && uv_loop_init(&h.service.loop) == 0);
    snprintf(h.service.queue, sizeof(h.service.queue), "coupon");
    h.service.conf = conf;
    h.service.heads = heads_open(getenv("HUIGONG_HEAD_KEY"), heads, "coupon");
    ensure(h.service.heads && service_archive_open(&h.service, journal()) == 0);
}

/* Claims alone: what they take without slices before them. */
static void time_claims(void)
{
    for (int i = 0; i < 2000; i++) {
        double began = now_ms();

        claims(1);
        note(&waits, now_ms() - began);
    }
    print_times(&waits, "alone");
}

static void time_archiving(void)
{
    double began = now_ms(), busy = 0, cpu;
    int64_t rows;

    h.service.archive_to = journal()->committed.seq - KEEP;
    rows = h.service.archive_to;
    for (bool more = true; more;) {
        double slice = now_ms();

        cpu = cpu_ms();
        more = service_archive_slice(&h.service);
        cpu = cpu_ms() - cpu;
        busy += cpu;
        note(&slices, cpu);
        claims(1);
        note(&waits, now_ms() - slice);
        uv_run(&h.service.loop, UV_RUN_NOWAIT);
    }
    ensure(journal()->cleared == rows);
    printf("rows=%lld segments=%lld archive_s=%.1f cpu_us_per_row=%.2f\n", (long long)rows,
           (long long)journal()->segments, (now_ms() - began) / 1000, busy * 1000 / (double)rows);
    print_times(&slices, "slice_cpu");
    print_times(&waits, "wait");
}

/* A new follower reads all, or what is of some kinds. */
static void follow(const char *name, int32_t *kinds, size_t n_kinds)
{
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
    double began = now_ms();
    size_t rows = 0;

    request.kinds = kinds;
    request.n_kinds = n_kinds;
    for (int64_t after = -1; after != request.after_seq;) {
        Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;
        double page_began = cpu_ms();

        after = request.after_seq;
        ensure(journal_read(journal(), &request, &h.arena, &page) == 0);
        rows += page.n_rows;
        request.after_seq = page.read_to;
        arena_reset(&h.arena);
        note(&slices, cpu_ms() - page_began);
    }
    printf("%s_rows=%zu %s_s=%.2f\n", name, rows, name, (now_ms() - began) / 1000);
    print_times(&slices, name);
}

static int64_t file_bytes(void)
{
    int64_t bytes = 0;

    for (int64_t i = 1; i <= journal()->segments; i++) {
        char path[128];
        struct stat found;

        snprintf(path, sizeof(path), "%s/%06lld.segment", archive, (long long)i);
        ensure(stat(path, &found) == 0);
        bytes += found.st_size;
    }
    return bytes;
}

int main(int argc, char **argv)
{
    int64_t rows = argc == 2 ? strtoll(argv[1], NULL, 10) : 0, free_before, page;
    int32_t released[] = {COUPON__EVENT__EVENT_RELEASE_CHANGED};

    if (rows < 2 * KEEP) {
        fprintf(stderr, "usage: archive ROWS, %d or more\n", 2 * KEEP);
        return 2;
    }
    open_all();
    release_id = open_release(2147483647, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    while (journal()->committed.seq < rows + KEEP)
        claims(CALLS);
    time_claims();
    free_before = harness_number(&h, "PRAGMA freelist_count");
    page = harness_number(&h, "PRAGMA page_size");
    time_archiving();
    printf("store_bytes_per_row=%.0f file_bytes_per_row=%.0f\n",
           (double)((harness_number(&h, "PRAGMA freelist_count") - free_before) * page) / (double)journal()->archived,
           (double)file_bytes() / (double)journal()->archived);
    follow("follow", NULL, 0);
    follow("by_kind", released, 1);
    printf("audit_faults=%d\n", journal_audit(journal(), stdout, NULL, NULL, &rows) ? 1 : 0);
    archive_close(journal());
    heads_close(h.service.heads);
    teardown(NULL);
    return 0;
}
