/* replay.c: determinism is a promise, kept here for one service (REPLAY_SERVICE).
 *
 *   replay FOLDER   gives what the tests of this run have recorded there (record.h) to the
 *                   service again, twice, in two processes side by side, which differ in all
 *                   that must not matter: addresses, environment, place on the disk, the
 *                   system's time.
 *
 * After each batch the journal's hash must be the recorded one; in the end every table of
 * the two stores must say the same, to the byte. And every operation that may change the store
 * must have been among what was given, and not refused, unless the service's replay.h says
 * why it cannot be recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <spawn.h>
#include <sys/wait.h>

#include "common/base/hex.h"
#include "tests/disk.h"
#include "tests/dump.h"
#include "tests/harness.h"

#define TEXT(name)             TEXT_(name)
#define TEXT_(name)            #name
#define JOIN(service, suffix)  JOIN_(service, suffix)
#define JOIN_(service, suffix) service##suffix

extern const struct service_spec JOIN(REPLAY_SERVICE, _spec);

/* A service with memory of its own, or tests that give it what nobody else does, has a replay.h. */
struct replay_given {
    const char *name;
    harness_given give;
};
#if __has_include(REPLAY_GIVEN)
#include REPLAY_GIVEN
#else
static void (*const replay_done)(void *self) = NULL;
static const struct replay_given replay_given[] = {{NULL, NULL}};
static const char *const replay_unrecorded[] = {NULL};
#endif

extern char **environ;

/* ---- one recording ---- */

struct replay {
    const char *path;
    struct harness h;
    bool running;
    unsigned line, messages;
    FILE *answered; /* "METHOD" of each call that was not refused */
    Rpc__CallBatch *batch;
    bool failed; /* it is not gone on with */
};

static void fail_replay(struct replay *replay, const char *what)
{
    if (!replay->failed)
        fprintf(stderr, "%s, line %u: %s\n", replay->path, replay->line, what);
    replay->failed = true;
}

/* The bytes of a word; it is the caller's to free. */
static unsigned char *bytes_of(struct replay *replay, const char *word, size_t *ret_len)
{
    size_t len = strlen(word ? word : "") / 2;
    unsigned char *bytes = malloc(len + 1);

    ensure(bytes);
    if (!word || !hex_read(word, len, bytes)) {
        fail_replay(replay, "no bytes");
        len = 0;
    }
    bytes[len] = '\0';
    *ret_len = len;
    return bytes;
}

static void set_clock(struct replay *replay, const char *now, const char *random)
{
    replay->h.service.clock.fake_ms = strtoll(now, NULL, 10);
    replay->h.service.clock.fake_random = strtoull(random, NULL, 10);
}

static void check_hash(struct replay *replay, const char *word)
{
    size_t len;
    unsigned char *hash = bytes_of(replay, word, &len);

    if (len != JOURNAL_HASH_LEN || memcmp(hash, harness_hash(&replay->h), len) != 0)
        fail_replay(replay, "the journal is not as it was recorded");
    free(hash);
}

static void set_setting(struct replay *replay, const char *name, const char *word, bool is_file)
{
    size_t len;
    unsigned char *value = bytes_of(replay, word, &len);
    char path[128];
    FILE *file;

    if (is_file) {
        snprintf(path, sizeof(path), "%s/%s", replay->h.dir, name);
        file = fopen(path, "w");
        ensure(file && fchmod(fileno(file), 0600) == 0 && fwrite(value, 1, len, file) == len && fclose(file) == 0);
    }
    setenv(name, is_file ? path : (const char *)value, 1);
    free(value);
}

static void start(struct replay *replay)
{
    struct conf_entry *conf = replay->h.service.spec->conf;

    if (conf && conf_load(conf, NULL, true)) {
        fail_replay(replay, "the settings are refused");
        return;
    }
    harness_start(&replay->h);
    replay->running = true;
}

static void take(struct replay *replay, const char *word)
{
    size_t len;
    unsigned char *bytes = bytes_of(replay, word, &len);

    rpc_server_take(replay->h.service.rpc, bytes, len, &replay->h);
    replay->batch = rpc__call_batch__unpack(&replay->h.arena.allocator, len, bytes);
    replay->messages++;
    free(bytes);
}

static void finish(struct replay *replay, const char *hash)
{
    const Rpc__AnswerBatch *answers = harness_finish(&replay->h);

    /* Of several messages in one batch only the last one's answers are kept. */
    for (size_t i = 0; replay->batch && answers && i < answers->n_answers && i < replay->batch->n_calls; i++) {
        if (answers->answers[i]->reason == 0)
            fprintf(replay->answered, "%s\n", replay->batch->calls[i]->method);
    }
    check_hash(replay, hash);
    replay->batch = NULL;
    harness_forget(&replay->h);
}

static void follow(struct replay *replay, const char *queue, const char *word, const char *hash)
{
    size_t len;
    unsigned char *bytes = bytes_of(replay, word, &len);
    Rpc__JournalRow *row = rpc__journal_row__unpack(NULL, len, bytes);

    if (queue && row)
        harness_hear(&replay->h, queue, row);
    else
        fail_replay(replay, "no row");
    rpc__journal_row__free_unpacked(row, NULL);
    free(bytes);
    check_hash(replay, hash);
}

static void give(struct replay *replay, const char *name, const char *word, const char *hash)
{
    const struct replay_given *given = replay_given;
    size_t len;
    unsigned char *bytes = bytes_of(replay, word, &len);

    while (given->name && (!name || strcmp(given->name, name) != 0))
        given++;
    if (given->name)
        given->give(&replay->h, bytes, len);
    else
        fail_replay(replay, "unknown to the service's replay.h");
    free(bytes);
    check_hash(replay, hash);
}

/* Does what a line says. */
static void step(struct replay *replay, char *line)
{
    char *words[6] = {NULL}, *rest = line;
    unsigned n = 0;

    while (n < ARRAY_LEN(words) && (words[n] = strsep(&rest, " \n")) && *words[n])
        n++;
    if (strcmp(words[0], "set") == 0 || strcmp(words[0], "file") == 0) {
        set_setting(replay, words[1], n > 2 ? words[2] : "", words[0][0] == 'f');
        return;
    }
    if (n > 2)
        set_clock(replay, words[1], words[2]);
    if (strcmp(words[0], "start") == 0) {
        start(replay);
    } else if (strcmp(words[0], "message") == 0) {
        take(replay, n > 3 ? words[3] : "");
    } else if (strcmp(words[0], "finish") == 0) {
        finish(replay, words[1]);
    } else if (strcmp(words[0], "tidy") == 0) {
        harness_tidy(&replay->h);
        check_hash(replay, words[3]);
    } else if (strcmp(words[0], "follow") == 0) {
        follow(replay, words[3], words[4], words[5]);
    } else if (strcmp(words[0], "given") == 0) {
        give(replay, words[3], words[4], words[5]);
    } else if (strcmp(words[0], "stop") == 0) {
        harness_stop(&replay->h);
        replay->running = false;
    } else if (strcmp(words[0], "end") != 0 && strcmp(words[0], "service") != 0) {
        fail_replay(replay, "an unknown word");
    }
}

/* A recording from its first line; its store, as text, behind its name to out. False after
 * saying what is not as it was. */
static bool replay_file(const char *path, FILE *out, FILE *answered)
{
    struct replay replay = {.path = path, .answered = answered};
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;

    ensure(file);
    harness_init(&replay.h, &JOIN(REPLAY_SERVICE, _spec), replay_done);
    while (!replay.failed && getline(&line, &size, file) > 0) {
        replay.line++;
        step(&replay, line);
    }
    /* One that was broken off in a batch ends with it. */
    if (replay.running && replay.messages > 0)
        harness_finish(&replay.h);
    if (replay.messages > 0) {
        fprintf(out, "== %s\n", path);
        dump_store(replay.h.dir, out);
    }
    if (replay.running)
        harness_stop(&replay.h);
    harness_end(&replay.h);
    free(line);
    fclose(file);
    return !replay.failed;
}

/* ---- all of them, in a process of their own ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The recordings of the service in a folder, by name; their number. */
static size_t list(const char *dir, char ***ret_paths)
{
    DIR *folder = opendir(dir);
    const struct dirent *entry;
    char **paths = NULL;
    size_t n = 0;

    while (folder && (entry = readdir(folder))) {
        if (strncmp(entry->d_name, TEXT(REPLAY_SERVICE) ".", strlen(TEXT(REPLAY_SERVICE) ".")) != 0)
            continue;
        paths = realloc(paths, (n + 1) * sizeof(*paths));
        ensure(paths && asprintf(&paths[n++], "%s/%s", dir, entry->d_name) > 0);
    }
    if (folder)
        closedir(folder);
    qsort(paths, n, sizeof(*paths), compare_names);
    *ret_paths = paths;
    return n;
}

static int replay_all(const char *dir, const char *result, const char *answered)
{
    FILE *out = fopen(result, "w"), *methods = fopen(answered, "w");
    char **paths;
    size_t n = list(dir, &paths);
    bool same = true;

    disk_init(); /* which waits for no disk */
    ensure(out && methods);
    for (size_t i = 0; i < n; i++) {
        same &= replay_file(paths[i], out, methods);
        free(paths[i]);
    }
    free(paths);
    ensure(fclose(out) == 0 && fclose(methods) == 0);
    return same ? 0 : 1;
}

/* ---- the two, and what they say ---- */

static pid_t begin_one(char *program, char *dir, const char *result, const char *answered, char **environment)
{
    char *argv[] = {program, unconst("--once"), dir, unconst(result), unconst(answered), NULL};
    pid_t pid;

    ensure(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environment) == 0);
    return pid;
}

static int end_one(pid_t pid)
{
    int status;

    ensure(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* The first line that differs, with the recording that it is of. */
static int compare(const char *first, const char *second)
{
    FILE *a = fopen(first, "r"), *b = fopen(second, "r");
    char *left = NULL, *right = NULL, recording[512] = "";
    size_t left_size = 0, right_size = 0, lines = 0;
    int differ = 0;

    ensure(a && b);
    while (!differ) {
        ssize_t n = getline(&left, &left_size, a), m = getline(&right, &right_size, b);

        if (n < 0 && m < 0)
            break;
        differ = n != m || strcmp(left, right) != 0;
        if (!differ && strncmp(left, "== ", 3) == 0)
            snprintf(recording, sizeof(recording), "%s", left + 3);
        lines++;
    }
    if (differ)
        fprintf(stderr, "two replays of %s differ:\n  %s  %s", recording, left, right);
    free(left);
    free(right);
    fclose(a);
    fclose(b);
    return differ || lines == 0;
}

static bool is_among(const char *name, FILE *lines)
{
    char *line = NULL;
    size_t size = 0;
    bool found = false;
    ssize_t len;

    rewind(lines);
    while (!found && (len = getline(&line, &size, lines)) > 0) {
        line[len - 1] = '\0';
        found = strcmp(line, name) == 0;
    }
    free(line);
    return found;
}

/* Whether all that may change the store was replayed. */
static int covered(const char *answered)
{
    FILE *lines = fopen(answered, "r");
    int missing = 0;

    ensure(lines && api_load() == 0);
    for (const struct api_method *method = api_methods(); method->name; method++) {
        bool excused = false;

        if (strcmp(method->queue, TEXT(REPLAY_SERVICE)) != 0 || !method->writes || method->rule->outside)
            continue;
        for (const char *const *name = replay_unrecorded; *name; name++)
            excused |= strcmp(*name, method->name) == 0;
        if (excused == is_among(method->name, lines)) {
            fprintf(stderr, "%s %s\n", method->name, excused ? "was recorded after all" : "is in no recording");
            missing = 1;
        }
    }
    fclose(lines);
    return missing;
}

int main(int argc, char **argv)
{
    static char *other[] = {"TZ=Pacific/Chatham", "LC_ALL=C", "MALLOC_PERTURB_=165", "OTHER=with other addresses",
                            NULL};
    char results[2][512], methods[2][512];
    pid_t runs[2];
    int failed;
    char **paths;
    size_t n;

    if (argc == 5 && strcmp(argv[1], "--once") == 0)
        return replay_all(argv[2], argv[3], argv[4]);
    if (argc != 2) {
        fprintf(stderr, "replay FOLDER\n");
        return 2;
    }
    n = list(argv[1], &paths);
    for (size_t i = 0; i < n; i++)
        free(paths[i]);
    free(paths);
    if (n == 0) {
        fprintf(stderr, "%s has no recording of %s\n", argv[1], TEXT(REPLAY_SERVICE));
        return 1;
    }
    for (unsigned i = 0; i < 2; i++) {
        snprintf(results[i], sizeof(results[i]), "%s/result.%u", argv[1], i);
        snprintf(methods[i], sizeof(methods[i]), "%s/answered.%u", argv[1], i);
        runs[i] = begin_one(argv[0], argv[1], results[i], methods[i], i ? other : environ);
    }
    failed = end_one(runs[0]);
    if (end_one(runs[1]) || failed)
        return 1;
    return compare(results[0], results[1]) | covered(methods[0]);
}
