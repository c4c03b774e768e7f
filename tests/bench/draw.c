/* draw make ENTRANTS WINNERS FILE: freezes, draws and publishes; draw verify FILE.
 * Prints name=value: seconds of CPU, the longest slice, and the peak memory of the
 * process. plain_s is what hashing each ticket once takes with the same SHA-256; it
 * is measured in turn with what it is compared to, slice by slice, so that a busy
 * machine slows both. */
#include <sys/resource.h>
#include <time.h>

#include "common/base/sha256.h"
#include "common/draw/draw_file.h"

#define UNITS 4096 /* of a slice: about a millisecond */
#define LINES 4096

static double cpu_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static long peak_mb(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

static double longest_slice_s;
static double slices_us[1 << 17];
static size_t n_slices;

static void end_slice(double began)
{
    double took = cpu_s() - began;

    if (took > longest_slice_s)
        longest_slice_s = took;
    if (n_slices < ARRAY_LEN(slices_us))
        slices_us[n_slices++] = took * 1e6;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print_slices(const char *name)
{
    qsort(slices_us, n_slices, sizeof(*slices_us), ascending);
    printf("%s_slices=%zu %s_slice_p99_ms=%.2f %s_slice_max_ms=%.2f ", name, n_slices, name,
           slices_us[n_slices * 99 / 100] / 1000, name, longest_slice_s * 1000);
    longest_slice_s = 0;
    n_slices = 0;
}

static bool freeze(struct draw_list *list)
{
    enum draw_progress progress;

    do {
        double began = cpu_s();

        progress = draw_list_freeze(list, UNITS);
        end_slice(began);
    } while (progress == DRAW_MORE);
    return progress == DRAW_DONE;
}

/* Hashes tickets from *at on, in proportion to the part of the work that is done:
 * returns the seconds. */
static double plain_s(uint32_t *at, uint32_t to)
{
    unsigned char ticket[DRAW_TICKET_LEN] = {0}, sum[DRAW_HASH_LEN];
    double began = cpu_s();

    for (; *at < to; (*at)++) {
        memcpy(ticket, at, sizeof(*at));
        sha256_of(ticket, sizeof(ticket), sum);
    }
    return cpu_s() - began;
}

static bool draw_places(struct draw_job *job, double *ret_s, double *ret_plain_s)
{
    enum draw_progress progress;
    uint32_t at = 0, n = job->list->n, slices = 0;

    *ret_s = *ret_plain_s = 0;
    do {
        double began = cpu_s();

        progress = draw_job_step(job, UNITS);
        *ret_s += cpu_s() - began;
        end_slice(began);
        *ret_plain_s += plain_s(&at, ++slices * UNITS < n ? slices * UNITS : n);
    } while (progress == DRAW_MORE);
    *ret_plain_s += plain_s(&at, n);
    return progress == DRAW_DONE;
}

static bool publish(struct draw_writer *writer, FILE *file)
{
    struct buf buf;
    bool more, done = true;

    buf_init(&buf, 4 << 20);
    do {
        more = draw_writer_step(writer, &buf, LINES);
        done = done && !buf.failed && fwrite(buf.bytes, 1, buf.len, file) == buf.len;
        buf_clear(&buf);
    } while (more && done);
    buf_done(&buf);
    return done && fclose(file) == 0;
}

static struct draw_stratum stratum = {.label = "all"};
static struct draw_terms terms = {
    .id = "bench",
    .title = "bench",
    .rules = "everybody",
    .opens_ms = 1,
    .closes_ms = 2,
    .value_at_ms = 3,
    .value_format = "# # #",
    .steps = 1,
    .public_name = "none",
    .weight_max = 1,
    .n_strata = 1,
    .strata = &stratum,
};

static int make(uint32_t entrants, uint32_t winners, const char *path)
{
    static const unsigned char key[32] = "bench", secret[DRAW_HASH_LEN] = "secret";
    struct draw_list list;
    struct draw_writer writer;
    struct draw draw = {0};
    struct draw_job job;
    FILE *file = fopen(path, "w");
    double began, drawn, plain;

    stratum.quota = stratum.waiting = winners;
    draw_commitment(secret, 1, terms.commitment);
    ensure(file && draw_announce(&draw, &terms, 1) == DRAW_OK && draw_open(&draw, 1) == DRAW_OK);
    draw_list_init(&list, &terms);
    for (uint32_t i = 0; i < entrants; i++) {
        struct draw_entry entry = {.weight = 1};

        draw_ticket(key, &i, sizeof(i), entry.ticket);
        ensure(draw_list_add(&list, &entry) == DRAW_OK);
    }
    printf("entrants=%u winners=%u list_mb=%ld ", entrants, winners, peak_mb());
    began = cpu_s();
    ensure(freeze(&list) && draw_freeze(&draw, list.top, list.n, 2) == DRAW_OK);
    printf("freeze_s=%.2f freeze_peak_mb=%ld ", cpu_s() - began, peak_mb());
    print_slices("freeze");
    ensure(draw_draw(&draw, list.top, list.n, secret, "1 2 3", 3) == DRAW_OK);
    ensure(draw_job_init(&job, &list, &terms, draw.seed) && draw_places(&job, &drawn, &plain));
    printf("plain_s=%.2f draw_s=%.2f draw_ratio=%.2f draw_peak_mb=%ld ", plain, drawn, drawn / plain, peak_mb());
    print_slices("draw");
    began = cpu_s();
    ensure(draw_publish(&draw) == DRAW_OK);
    draw_writer_init(&writer, &terms, &draw, &list, &job);
    ensure(publish(&writer, file));
    printf("publish_s=%.2f publish_peak_mb=%ld\n", cpu_s() - began, peak_mb());
    draw_job_done(&job);
    draw_list_done(&list);
    return 0;
}

static int verify(const char *path)
{
    static char chunk[1 << 18];
    struct draw_reader reader;
    FILE *file = fopen(path, "r");
    double took = 0, plain = 0, began;
    uint32_t at = 0;
    bool more = true;

    ensure(file && draw_reader_init(&reader, false));
    while (more) {
        began = cpu_s();
        size_t n = fread(chunk, 1, sizeof(chunk), file);

        more = n > 0;
        ensure(more ? draw_reader_feed(&reader, chunk, n) : draw_reader_end(&reader));
        took += cpu_s() - began;
        plain += plain_s(&at, reader.tree.n_entries);
    }
    fclose(file);
    printf("verify_s=%.2f plain_s=%.2f verify_ratio=%.2f verify_peak_mb=%ld\n", took, plain, took / plain, peak_mb());
    draw_reader_done(&reader);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "make") == 0)
        return make((uint32_t)strtoul(argv[2], NULL, 10), (uint32_t)strtoul(argv[3], NULL, 10), argv[4]);
    if (argc == 3 && strcmp(argv[1], "verify") == 0)
        return verify(argv[2]);
    fprintf(stderr, "usage: draw make ENTRANTS WINNERS FILE | draw verify FILE\n");
    return 2;
}
