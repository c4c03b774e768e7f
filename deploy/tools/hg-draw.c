/* hg-draw: verifies, receipts and makes published draws. Needs neither network nor
 * store; common/draw/draw.h says what is computed, common/draw/draw_file.h what is read. */
#include <errno.h>
#include <getopt.h>

#include "common/base/clock.h"
#include "common/base/hex.h"
#include "common/draw/draw_file.h"

#define CHUNK (1 << 20)
#define SLICE 100000

#define USAGE                                                                                                          \
    "usage: hg-draw verify [--root HASH] [--value TEXT] FILE\n"                                                        \
    "           recomputes a published draw; with the root and the public value that\n"                                \
    "           you have from elsewhere, says whether they are the file's\n"                                           \
    "       hg-draw receipt FILE\n"                                                                                    \
    "           checks a receipt\n"                                                                                    \
    "       hg-draw receipt FILE TICKET\n"                                                                             \
    "           takes a ticket's receipt out of a published file\n"                                                    \
    "       hg-draw draw FILE SECRET VALUE\n"                                                                          \
    "           draws from the list of a published file that is frozen or void: what comes out, or would have\n"       \
    "       hg-draw run [--frozen] [--void REASON] TERMS LIST [SECRET VALUE]\n"                                        \
    "           makes a published file from an announcement and lines TICKET STRATUM WEIGHT\n"                         \
    "       hg-draw commit SECRET [STEPS]\n"                                                                           \
    "           prints the commitment to a secret\n"                                                                   \
    "       hg-draw rfc3797 POOL COUNT SOURCE...\n"                                                                    \
    "           selects COUNT of POOL people as RFC 3797 does\n"                                                       \
    "FILE may be - for the standard input. 0: right, 1: wrong, 2: not understood.\n"

static int usage(void)
{
    fputs(USAGE, stderr);
    return 2;
}

static bool parse_number(const char *text, uint32_t max, uint32_t *ret)
{
    char *end;

    errno = 0;
    unsigned long value = strtoul(text, &end, 10);

    if (errno || end == text || *end || *text == '-' || value > max)
        return false;
    *ret = (uint32_t)value;
    return true;
}

static bool parse_hex(const char *text, unsigned char *ret, size_t len)
{
    return strlen(text) == 2 * len && hex_read(text, len, ret);
}

static void print_hash(const char *before, const unsigned char hash[DRAW_HASH_LEN])
{
    char digits[HEX_SIZE(DRAW_HASH_LEN)];

    hex_print(hash, DRAW_HASH_LEN, digits);
    printf("%s%s\n", before, digits);
}

/* ---- reading ---- */

/* Feeds a file to the reader; false after saying what is wrong. whole: the file
 * must be complete, and not only its announcement. */
static bool read_file(struct draw_reader *reader, const char *path, bool whole)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char *chunk = malloc(CHUNK);
    bool right = file && chunk;
    size_t n;

    if (!right)
        fprintf(stderr, "hg-draw: %s: %s\n", path, strerror(errno));
    while (right && (n = fread(chunk, 1, CHUNK, file)) > 0)
        right = draw_reader_feed(reader, chunk, n);
    if (right && ferror(file)) {
        fprintf(stderr, "hg-draw: %s: %s\n", path, strerror(errno));
        right = false;
    } else if (right && whole) {
        right = draw_reader_end(reader);
    } else if (right && !draw_reader_announced(reader)) {
        fprintf(stderr, "hg-draw: %s: no announcement\n", path);
        right = false;
    }
    if (*reader->problem)
        fprintf(stderr, "hg-draw: %s: line %llu: %s\n", path, (unsigned long long)reader->line, reader->problem);
    if (file && file != stdin)
        fclose(file);
    free(chunk);
    return right;
}

static void print_frozen(const struct draw *draw)
{
    char frozen[CLOCK_TEXT], value[CLOCK_TEXT];

    clock_format(draw->frozen_ms, frozen);
    clock_format(draw->value_at_ms, value);
    printf("frozen at: %s, before the public value of %s\n", frozen, value);
}

static void print_draw(const struct draw_reader *reader)
{
    const struct draw *draw = &reader->draw;

    printf("draw: %s, %s\n", reader->terms.id, reader->terms.title);
    print_hash("announcement: ", draw->terms);
    if (reader->has_list) {
        print_hash("root: ", draw->root);
        printf("entries: %u\n", draw->n_entries);
        if (draw->version > 1)
            print_frozen(draw);
    }
    if (reader->has_result)
        printf("public value: %s = %s\n", reader->terms.public_name, draw->value);
    for (uint32_t i = 0; reader->has_result && i < reader->terms.n_strata; i++) {
        const struct draw_outcome *outcome = &reader->strata[i].outcome;
        uint32_t quota = reader->terms.strata[i].quota, winners = quota < outcome->places ? quota : outcome->places;

        printf("stratum %u, %s: %u of %u entrants won, %u wait\n", i, reader->terms.strata[i].label, winners,
               outcome->entrants, outcome->places - winners);
    }
    if (draw->state == DRAW_VOID)
        printf("void: %s\n", draw->void_reason);
}

/* What was typed in the spelling that the terms name, if they name one; NULL when it is no such value. */
static const char *spelled(const struct draw_terms *terms, const char *typed, char ret[DRAW_TEXT_SIZE])
{
    if (!*terms->value_format)
        return typed;
    return draw_value_bring(terms->value_format, typed, ret) ? ret : NULL;
}

static bool has_value(const struct draw_reader *reader, const char *typed)
{
    char text[DRAW_TEXT_SIZE];
    const char *value = spelled(&reader->terms, typed, text);

    return value && strcmp(value, reader->draw.value) == 0;
}

static int verify(int argc, char **argv)
{
    static const struct option options[] = {
        {"root", required_argument, NULL, 'r'}, {"value", required_argument, NULL, 'v'}, {0}};
    const char *root = NULL, *value = NULL;
    unsigned char expected[DRAW_HASH_LEN];
    struct draw_reader reader;
    bool right;

    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'r')
            root = optarg;
        else if (option == 'v')
            value = optarg;
        else
            return usage();
    }
    if (optind + 1 != argc || (root && !parse_hex(root, expected, sizeof(expected))))
        return usage();
    right = draw_reader_init(&reader, false) && read_file(&reader, argv[optind], true);
    if (right)
        print_draw(&reader);
    if (right && root && (!reader.has_list || memcmp(expected, reader.draw.root, DRAW_HASH_LEN) != 0)) {
        fprintf(stderr, "hg-draw: the file has another root\n");
        right = false;
    }
    if (right && value && !has_value(&reader, value)) {
        fprintf(stderr, "hg-draw: the file has another public value\n");
        right = false;
    }
    draw_reader_done(&reader);
    if (right)
        puts("verified");
    return right ? 0 : 1;
}

static int check_receipt(const char *path)
{
    struct draw_reader reader;
    bool right = draw_reader_init(&reader, true) && read_file(&reader, path, true);

    if (right) {
        const struct draw_entry *entry = &reader.proof.leaf[reader.proof.index % DRAW_LEAF];
        uint32_t quota = reader.terms.strata[entry->stratum].quota;
        char ticket[HEX_SIZE(DRAW_TICKET_LEN)];

        print_draw(&reader);
        hex_print(entry->ticket, DRAW_TICKET_LEN, ticket);
        printf("ticket: %s\nstratum %u, weight %u, entry %u of the list\n", ticket, entry->stratum, entry->weight,
               reader.proof.index);
        if (reader.has_result)
            print_hash("rank: ", reader.rank);
        if (!reader.has_result)
            puts("in the list");
        else if (reader.place == 0)
            puts("no place");
        else if (reader.place <= quota)
            printf("won, at place %u\n", reader.place);
        else
            printf("waits, at place %u\n", reader.place);
        puts("verified");
    }
    draw_reader_done(&reader);
    return right ? 0 : 1;
}

struct taken {
    const struct draw_reader *reader;
    unsigned char ticket[DRAW_TICKET_LEN];
    struct draw_list list;
    uint32_t place;
    bool begun, failed;
};

static void take_entry(void *arg, const struct draw_entry *entry, uint32_t place)
{
    struct taken *taken = arg;

    if (!taken->begun)
        draw_list_init(&taken->list, &taken->reader->terms);
    taken->begun = true;
    if (taken->failed)
        return;
    taken->failed = draw_list_add(&taken->list, entry) != DRAW_OK;
    if (memcmp(entry->ticket, taken->ticket, DRAW_TICKET_LEN) == 0)
        taken->place = place;
}

/* Writes and empties the buffer. */
static bool flush(struct buf *buf)
{
    bool done = !buf->failed && fwrite(buf->bytes, 1, buf->len, stdout) == buf->len;

    buf_clear(buf);
    return done;
}

static bool freeze(struct draw_list *list)
{
    enum draw_progress progress;

    while ((progress = draw_list_freeze(list, SLICE)) == DRAW_MORE)
        continue;
    return progress == DRAW_DONE;
}

static bool print_receipt(struct taken *taken)
{
    const struct draw_reader *reader = taken->reader;
    struct draw_outcome *outcomes;
    uint32_t index;
    struct buf buf;
    bool done;

    if (!taken->begun || !freeze(&taken->list) || !draw_list_find(&taken->list, taken->ticket, &index)) {
        fprintf(stderr, "hg-draw: this ticket is not in the list\n");
        return false;
    }
    outcomes = calloc(reader->terms.n_strata, sizeof(*outcomes));
    if (!outcomes)
        return false;
    for (uint32_t i = 0; i < reader->terms.n_strata; i++)
        outcomes[i] = reader->strata[i].outcome;
    buf_init(&buf, 16 << 20);
    draw_receipt_write(&reader->terms, &reader->draw, &taken->list, index, reader->has_result ? outcomes : NULL,
                       taken->place, &buf);
    done = flush(&buf);
    buf_done(&buf);
    free(outcomes);
    return done;
}

static int receipt(int argc, char **argv)
{
    struct draw_reader reader;
    struct taken taken = {.reader = &reader};
    bool right;

    if (argc == 2)
        return check_receipt(argv[1]);
    if (argc != 3 || !parse_hex(argv[2], taken.ticket, DRAW_TICKET_LEN))
        return usage();
    right = draw_reader_init(&reader, false);
    reader.on_entry = take_entry;
    reader.arg = &taken;
    right = right && read_file(&reader, argv[1], true);
    if (right && taken.failed)
        fprintf(stderr, "hg-draw: out of memory\n");
    right = right && !taken.failed && print_receipt(&taken);
    draw_list_done(&taken.list);
    draw_reader_done(&reader);
    return right ? 0 : 1;
}

/* ---- making a draw ---- */

static bool read_list(struct draw_list *list, const struct draw_terms *terms, const char *path)
{
    FILE *file = fopen(path, "r");
    char line[128], ticket[64];
    unsigned long n = 0;
    bool right = file != NULL;

    draw_list_init(list, terms);
    if (!file)
        fprintf(stderr, "hg-draw: %s: %s\n", path, strerror(errno));
    while (right && fgets(line, sizeof(line), file)) {
        unsigned stratum, weight;
        struct draw_entry entry;

        n++;
        right = sscanf(line, "%63s %5u %5u", ticket, &stratum, &weight) == 3 && stratum <= UINT16_MAX &&
                weight <= UINT16_MAX && parse_hex(ticket, entry.ticket, DRAW_TICKET_LEN);
        if (right) {
            entry.stratum = (uint16_t)stratum;
            entry.weight = (uint16_t)weight;
            right = draw_list_add(list, &entry) == DRAW_OK;
        }
        if (!right)
            fprintf(stderr, "hg-draw: %s: line %lu: no entry of these terms\n", path, n);
    }
    if (file)
        fclose(file);
    return right;
}

struct run {
    const char *void_reason;
    bool frozen;
    const unsigned char *secret; /* NULL: frozen only */
    const char *value;
};

/* The states one after the other, at the times that the terms name. */
static enum draw_reason go_through(struct draw *draw, const struct draw_terms *terms, const struct draw_list *list,
                                   const struct run *run)
{
    enum draw_reason reason = draw_announce(draw, terms, terms->opens_ms);
    const char *value = NULL;
    char text[DRAW_TEXT_SIZE];

    if (run->secret)
        value = spelled(terms, run->value, text);
    if (run->secret && !value)
        return DRAW_BAD_VALUE;
    if (reason == DRAW_OK)
        reason = draw_open(draw, terms->opens_ms);
    if (reason == DRAW_OK)
        reason = draw_freeze(draw, list->top, list->n, terms->closes_ms);
    if (reason == DRAW_OK && run->secret)
        reason = draw_draw(draw, list->top, list->n, run->secret, value, terms->value_at_ms);
    if (reason == DRAW_OK && run->void_reason)
        reason = draw_make_void(draw, run->void_reason);
    else if (reason == DRAW_OK && run->secret)
        reason = draw_publish(draw);
    return reason;
}

static bool write_draw(const struct draw_terms *terms, const struct draw *draw, const struct draw_list *list,
                       const struct draw_job *job)
{
    struct draw_writer writer;
    struct buf buf;
    bool more, done;

    buf_init(&buf, 16 << 20);
    draw_writer_init(&writer, terms, draw, list, job);
    do {
        more = draw_writer_step(&writer, &buf, 10000);
        done = flush(&buf);
    } while (done && more);
    buf_done(&buf);
    return done;
}

/* Writes what a draw has come to, with its places when it is drawn; or says the reason against it. */
static bool write_outcome(const struct draw_terms *terms, const struct draw *draw, const struct draw_list *list,
                          bool drawn, enum draw_reason reason)
{
    struct draw_job job = {0};
    enum draw_progress progress = DRAW_DONE;
    bool done;

    if (reason != DRAW_OK) {
        fprintf(stderr, "hg-draw: %s\n", draw_reason_name(reason));
        return false;
    }
    if (drawn) {
        progress = draw_job_init(&job, list, terms, draw->seed) ? DRAW_MORE : DRAW_NO_MEMORY;
        while (progress == DRAW_MORE)
            progress = draw_job_step(&job, SLICE);
    }
    done = progress == DRAW_DONE && write_draw(terms, draw, list, drawn ? &job : NULL);
    draw_job_done(&job);
    return done;
}

static bool run_draw(const struct draw_terms *terms, struct draw_list *list, const struct run *run)
{
    struct draw draw = {0};

    if (!freeze(list))
        return false;
    return write_outcome(terms, &draw, list, run->secret, go_through(&draw, terms, list, run));
}

/* Draws from what was frozen, whatever became of it. */
static bool draw_frozen(const struct draw_reader *reader, struct draw_list *list, const unsigned char *secret,
                        const char *typed)
{
    struct draw draw = reader->draw;
    enum draw_reason reason = DRAW_BAD_VALUE;
    char text[DRAW_TEXT_SIZE];
    const char *value = spelled(&reader->terms, typed, text);

    if (!freeze(list))
        return false;
    if (draw.state == DRAW_VOID)
        draw.state = draw.void_from;
    if (value)
        reason = draw_draw(&draw, list->top, list->n, secret, value, draw.value_at_ms);
    if (reason == DRAW_OK)
        reason = draw_publish(&draw);
    return write_outcome(&reader->terms, &draw, list, true, reason);
}

static int draw(int argc, char **argv)
{
    unsigned char secret[DRAW_HASH_LEN];
    struct draw_reader reader;
    struct taken taken = {.reader = &reader};
    bool right;

    if (argc != 4 || !parse_hex(argv[2], secret, sizeof(secret)))
        return usage();
    right = draw_reader_init(&reader, false);
    reader.on_entry = take_entry;
    reader.arg = &taken;
    right = right && read_file(&reader, argv[1], true);
    if (right && !taken.begun)
        draw_list_init(&taken.list, &reader.terms);
    right = right && !taken.failed && draw_frozen(&reader, &taken.list, secret, argv[3]) && fflush(stdout) == 0;
    draw_list_done(&taken.list);
    draw_reader_done(&reader);
    return right ? 0 : 1;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"frozen", no_argument, NULL, 'f'}, {"void", required_argument, NULL, 'v'}, {0}};
    unsigned char secret[DRAW_HASH_LEN];
    struct draw_list list = {0};
    struct draw_reader reader;
    struct run run = {0};
    bool right;

    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'f')
            run.frozen = true;
        else if (option == 'v')
            run.void_reason = optarg;
        else
            return usage();
    }
    if (argc - optind != (run.frozen ? 2 : 4))
        return usage();
    if (!run.frozen) {
        if (!parse_hex(argv[optind + 2], secret, sizeof(secret)))
            return usage();
        run.secret = secret;
        run.value = argv[optind + 3];
    }
    right = draw_reader_init(&reader, false) && read_file(&reader, argv[optind], false) &&
            read_list(&list, &reader.terms, argv[optind + 1]) && run_draw(&reader.terms, &list, &run) &&
            fflush(stdout) == 0;
    draw_list_done(&list);
    draw_reader_done(&reader);
    return right ? 0 : 1;
}

static int commit(int argc, char **argv)
{
    unsigned char secret[DRAW_HASH_LEN], commitment[DRAW_HASH_LEN];
    uint32_t steps = 1;

    if (argc < 2 || argc > 3 || !parse_hex(argv[1], secret, sizeof(secret)) ||
        (argc == 3 && (!parse_number(argv[2], DRAW_STEPS_MAX, &steps) || steps == 0)))
        return usage();
    draw_commitment(secret, steps, commitment);
    print_hash("", commitment);
    return 0;
}

static int rfc3797(int argc, char **argv)
{
    static uint32_t selected[DRAW_RFC3797_MAX];
    static uint16_t scratch[DRAW_RFC3797_MAX];
    char key[DRAW_RFC3797_SIZE];
    uint32_t pool, count;

    if (argc < 4 || !parse_number(argv[1], UINT32_MAX, &pool) || !parse_number(argv[2], UINT32_MAX, &count))
        return usage();
    if (!draw_rfc3797_key((const char *const *)argv + 3, (uint32_t)argc - 3, key)) {
        fprintf(stderr, "hg-draw: a source is numbers between blanks\n");
        return 2;
    }
    switch (draw_rfc3797_select(key, pool, count, scratch, selected)) {
    case DRAW_OK:
        break;
    case DRAW_FULL:
        fprintf(stderr, "hg-draw: RFC 3797 counts with two bytes: at most %d people\n", DRAW_RFC3797_MAX);
        return 1;
    default:
        fprintf(stderr, "hg-draw: more selected than there are people\n");
        return 1;
    }
    printf("key %s\n", key);
    for (uint32_t i = 0; i < count; i++)
        printf("%u\n", selected[i]);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {
        {"verify", verify}, {"receipt", receipt}, {"draw", draw},
        {"run", run},       {"commit", commit},   {"rfc3797", rfc3797},
    };

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return fputs(USAGE, stdout) < 0;
    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    return usage();
}
