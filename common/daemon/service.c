#include "common/daemon/service.h"

#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bus/bus.h"
#include "common/daemon/cli.h"
#include "common/daemon/follow.h"
#include "common/daemon/child.h"
#include "common/daemon/service_worker.h"
#include "common/daemon/worker.h"
#include "common/base/limits.h"
#include "common/trust/ecdsa.h"
#include "common/base/hex.h"
#include "common/base/log.h"
#include "common/store/archive.h"
#include "common/trust/seal.h"

#define TIDY_MS         1000
#define HOUR_MS         INT64_C(3600000)
#define STOP_DEADLINE_S 15

static struct conf_entry chassis_conf[] = {
    {"HUIGONG_BUS", "run/bus", CONF_TEXT, "folder of the bus' sockets", 0, 0, NULL},
    {"HUIGONG_STORE", "", CONF_PATH, "folder of this daemon's store", 0, 0, NULL},
    {"HUIGONG_PARTITIONS", "", CONF_TEXT,
     "the services' partitions, alike for all daemons: coupon.4406=1:00010002 is a queue, its number, its union's path",
     0, 0, NULL},
    {"HUIGONG_PARTITION", "", CONF_TEXT, "which of them this daemon is: 4406=1 is its name and number", 0, 0, NULL},
    {"HUIGONG_SANDBOX", "required", CONF_TEXT, "required; if-there: start also where the kernel has no Landlock", 0, 0,
     NULL},
    {"HUIGONG_HEAD_KEY", "", CONF_PATH, "key that signs the heads of this daemon's journal", 0, 0, NULL},
    {"HUIGONG_HEADS", "", CONF_PATH, "folder of the signed heads, outside the store", 0, 0, NULL},
    {"HUIGONG_ARCHIVE", "", CONF_PATH, "folder for the old part of the journal, outside the store", 0, 0, NULL},
    {"HUIGONG_ARCHIVE_DAYS", "0", CONF_INT,
     "rows older than so many days go there; 0: when told (Daemon.ArchiveJournal)", 0, 36500, NULL},
    {"HUIGONG_ARCHIVE_KEEP", "1000000", CONF_INT, "so many of the newest stay in the store, however old", 1, INT64_MAX,
     NULL},
    {"HUIGONG_ARCHIVE_SEGMENT", "65536", CONF_INT, "rows of one file", 1, LIMIT_SEGMENT_ROWS, NULL},
    {"HUIGONG_SESSION_POINT", "", CONF_PATH,
     "public point of identity's key, by which officials' authority is believed", 0, 0, NULL},
    {"HUIGONG_LOG", "info", CONF_TEXT, "least level logged: debug, info, warn or error", 0, 0, NULL},
    CONF_END,
};

static const char *const flags_help =
    "  --probe            one line; exit 0 healthy, 1 sick, 2 unreachable\n"
    "  --check            read the settings and exit\n"
    "  --audit            recompute the journal's hashes and check the store against it\n"
    "  --backup FILE      copy the store as of now, without the files of its archive; the daemon may be running\n"
    "  --cursors          whose journals the store follows: a line QUEUE SEQ HASH for each\n"
    "  --point KEYFILE    the public point of a key that signs\n"
    "  --row SEQ          the hash of that row of the journal\n"
    "  --call METHOD JSON run one operation over the bus\n"
    "  --standby          wait for the store's lock and take over\n"
    "  --version, --help\n";

const char *service_bus_dir(const struct service *service)
{
    return conf_text(service->conf, "HUIGONG_BUS");
}

static const char *store_dir(const struct service *service)
{
    return conf_text(service->conf, "HUIGONG_STORE");
}

/* ---- what every daemon serves ---- */

/* Whether the edge may read all the kinds that are asked for; not more of them than there are,
 * since every row is held against each. */
static bool is_for_edge(const struct service_spec *spec, const Rpc__JournalRequest *request)
{
    size_t n = 0;

    while (spec->edge_kinds && spec->edge_kinds[n])
        n++;
    for (size_t i = 0; i < request->n_kinds && request->n_kinds <= n; i++) {
        size_t kind = 0;

        while (kind < n && spec->edge_kinds[kind] != request->kinds[i])
            kind++;
        if (kind == n)
            return false;
    }
    return request->n_kinds > 0 && request->n_kinds <= n;
}

static void daemon__read_journal(Rpc__Daemon_Service *daemon, const Rpc__JournalRequest *request,
                                 Rpc__JournalPage_Closure reply, void *call)
{
    struct service *service = container_of(daemon, struct service, daemon);
    Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;
    int reason;

    if (!service->store)
        reason = RPC__REASON__UNIMPLEMENTED;
    else if (rpc_from_edge(call) && !is_for_edge(service->spec, request))
        reason = RPC__REASON__NOT_OFFICIAL;
    else
        reason = journal_read(rpc_server_journal(service->rpc), request, rpc_arena(call), &page);
    if (reason)
        rpc_refuse(call, reason);
    else
        reply(&page, call);
}

static void export_page(struct service *service, int64_t member_id, Rpc__ExportPage_Closure reply, void *call)
{
    Rpc__ExportPage page = RPC__EXPORT_PAGE__INIT;
    int reason = service->spec->parts ? parts_export(service_parts(service), member_id, call, &page)
                                      : (int)RPC__REASON__UNIMPLEMENTED;

    if (!reason)
        reply(&page, call);
    else if (reason == RPC__REASON__BAD_PAGE_TOKEN)
        rpc_refuse_page(call);
    else
        rpc_refuse(call, reason);
}

static void daemon__export_person(Rpc__Daemon_Service *daemon, const Rpc__ExportRequest *request,
                                  Rpc__ExportPage_Closure reply, void *call)
{
    export_page(container_of(daemon, struct service, daemon), request->member_id, reply, call);
}

/* Where a service asks for more than this does, it has an operation of its own. */
static void daemon__export_mine(Rpc__Daemon_Service *daemon, const Rpc__MyExportRequest *request,
                                Rpc__ExportPage_Closure reply, void *call)
{
    struct service *service = container_of(daemon, struct service, daemon);

    (void)request;
    if (api_exports_itself(service->spec->name) || !service->spec->parts)
        rpc_refuse(call, RPC__REASON__SERVICE_NOT_FOUND);
    else
        export_page(service, rpc_principal(call)->member_id, reply, call);
}

const Rpc__Daemon_Service daemon_api = RPC__DAEMON__INIT(daemon__);

/* ---- the bus ---- */

static bool on_message(void *arg, struct bus_message *message)
{
    struct service *service = arg;
    size_t len;
    const void *bytes = bus_message_bytes(message, &len);

    if (bus_message_class(message) == BUS_FROM_EDGE)
        return rpc_server_take_edge(service->rpc, bytes, len, message);
    return rpc_server_take(service->rpc, bytes, len, message);
}

static void send_answer(void *arg, void *tag, const void *bytes, size_t len)
{
    bus_server_answer(((struct service *)arg)->bus, tag, bytes, len);
}

static void on_drained(void *arg)
{
    struct service *service = arg;

    if (rpc_server_finish(service->rpc, send_answer, service))
        bell_ring(&service->bell);
}

static const struct bus_server_events bus_events = {on_message, on_drained};

/* ---- stopping ---- */

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void service_stopped(struct service *service)
{
    service_worker_close(service);
    bus_server_close(service->bus);
    service_unfollow(service);
    uv_walk(&service->loop, close_handle, NULL);
}

static void on_terminate(uv_signal_t *handle, int signal)
{
    struct service *service = handle->data;

    if (service->stopping)
        return;
    service->stopping = true;
    log_info("stopping", "signal", log_int(signal));
    bus_leave_open();
    if (service->bus)
        bus_server_stop(service->bus);
    alarm(STOP_DEADLINE_S); /* ends the process, also when it hangs outside the loop */
    if (service->spec->stop)
        service->spec->stop(service);
    else
        service_stopped(service);
}

static void on_tidy(uv_timer_t *timer)
{
    struct service *service = timer->data;
    int64_t now = clock_now(&service->clock);

    rpc_server_tidy(service->rpc);
    service_heads_tick(service);
    if (service->store && now >= service->copies_at) {
        store_drop_copies(store_dir(service), now - LIMIT_STORE_COPY_MS);
        service->copies_at = now + HOUR_MS;
    }
}

/* ---- the life ---- */

static int open_store(struct service *service, bool standby, bool read_only)
{
    struct store_options options;

    service_store_options(service, store_dir(service), &options);
    options.standby = standby;
    options.read_only = read_only;
    if (!*options.dir) {
        log_error("setting_missing", "name", "HUIGONG_STORE");
        return -1;
    }
    service->store = store_open(&options);
    return service->store ? 0 : -1;
}

/* One more that may be read; NULL ends the list. 0, or -1, logged. */
static int may_read(struct sandbox *sandbox, const char *path)
{
    for (unsigned i = 0; i < ARRAY_LEN(sandbox->read_paths) - 1; i++) {
        if (!sandbox->read_paths[i]) {
            sandbox->read_paths[i] = path;
            return 0;
        }
    }
    log_error("too_many_read_paths", "path", path, "limit", log_int(ARRAY_LEN(sandbox->read_paths) - 1));
    return -1;
}

static int enter_sandbox(struct service *service)
{
    const char *closed = conf_text(service->conf, "HUIGONG_SANDBOX");
    struct sandbox sandbox = {.network = service->spec->network};
    char folders[ARRAY_LEN(sandbox.read_paths)][PATH_MAX];
    unsigned n = 0;

    sandbox.without_landlock = strcmp(closed, "if-there") == 0;
    if (!sandbox.without_landlock && strcmp(closed, "required") != 0) {
        log_error("setting", "name", "HUIGONG_SANDBOX", "value", closed);
        return -1;
    }
    if (service->spec->listens)
        sandbox.listen_dirs[0] = service_bus_dir(service);
    else
        sandbox.read_paths[0] = service_bus_dir(service);
    if (service->store)
        sandbox.write_dirs[0] = store_dir(service);
    if (service->store && *conf_text(service->conf, "HUIGONG_ARCHIVE"))
        sandbox.write_dirs[1] = conf_text(service->conf, "HUIGONG_ARCHIVE");
    for (const char *const *name = service->spec->read_conf; name && *name; name++) {
        const char *path = conf_text(service->spec->conf, *name);
        char *folder = folders[n < ARRAY_LEN(folders) - 1 ? n++ : n];

        /* Its folder: a file that is renamed into the old one's place is another file. */
        snprintf(folder, PATH_MAX, "%s", path);
        if (*path && may_read(&sandbox, dirname(folder)))
            return -1;
    }
    for (const char *const *path = service->spec->read_paths; path && *path; path++) {
        if (access(*path, R_OK) == 0 && may_read(&sandbox, *path))
            return -1;
    }
    return sandbox_enter(&sandbox);
}

static int open_bus(struct service *service)
{
    if (bell_open(&service->bell, &service->loop, service_bus_dir(service), service->queue))
        return -1;
    service->bus = bus_server_open(&service->loop, service_bus_dir(service), service->queue, &bus_events, service);
    return service->bus ? 0 : -1;
}

static bool vouched(const Rpc__Principal *principal, void *checker)
{
    return seal_check(checker, principal);
}

static int believe_grants(struct service *service)
{
    const char *file = conf_text(service->conf, "HUIGONG_SESSION_POINT");

    if (service->spec->edge)
        return 0;
    if (!*file) {
        log_error("setting_missing", "name", "HUIGONG_SESSION_POINT");
        return -1;
    }
    service->seals = seal_checker_open(file);
    rpc_server_on_grants(service->rpc, vouched, service->seals);
    return service->seals ? 0 : -1;
}

static void watch_signals(struct service *service)
{
    static const int numbers[] = {SIGTERM, SIGINT};

    signal(SIGPIPE, SIG_IGN);
    for (unsigned i = 0; i < ARRAY_LEN(numbers); i++) {
        uv_signal_init(&service->loop, &service->signals[i]);
        service->signals[i].data = service;
        uv_signal_start(&service->signals[i], on_terminate, numbers[i]);
    }
    uv_timer_init(&service->loop, &service->tidy);
    service->tidy.data = service;
    uv_timer_start(&service->tidy, on_tidy, TIDY_MS, TIDY_MS);
    service_tidy_parts(service);
}

/* Each queue takes some, and each connection one. */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int run(struct service *service, bool standby)
{
    const struct service_spec *spec = service->spec;
    int code = 1;

    raise_file_limit();
    service->started_at = clock_now(&service->clock);
    if (!clock_is_possible(clock_now(&service->clock))) {
        log_error("clock_impossible", "ms", log_int(clock_now(&service->clock)));
        return 1;
    }
    if (uv_loop_init(&service->loop) || (spec->parts && open_store(service, standby, false)))
        return 1;
    service->rpc = rpc_server_new(service->store, &service->clock);
    if (!service->rpc)
        goto close_store;
    if (believe_grants(service) ||
        (service->store &&
         (service_heads_open(service) || service_archive_open(service, rpc_server_journal(service->rpc)))))
        goto free_rpc;
    if (service_begin(service))
        goto free_rpc;
    watch_signals(service);
    if (spec->children && !(service->children = children_open()))
        goto free_rpc;
    if (enter_sandbox(service) || log_begin() || service_worker_open(service, on_drained) ||
        (spec->serve && spec->serve(service)) || (!spec->edge && open_bus(service)) || service_follow(service))
        goto free_rpc;
    log_info("started", "version", HUIGONG_VERSION);
    uv_run(&service->loop, UV_RUN_DEFAULT);
    log_info("stopped");
    code = 0;
free_rpc:
    children_close(service->children);
    service_heads_close(service);
    archive_close(rpc_server_journal(service->rpc));
    log_end();
    service_end(service);
    bell_close(&service->bell);
    rpc_server_free(service->rpc);
    seal_checker_close(service->seals);
close_store:
    store_close(service->store);
    return code;
}

/* ---- the flags ---- */

static int audit(struct service *service)
{
    struct journal journal;
    int64_t rows = 0;
    int failed;

    if (!service->spec->parts) {
        printf("%s keeps no store\n", service->spec->name);
        return 0;
    }
    /* Held, since rows may go into the archive meanwhile. */
    if (open_store(service, false, true) || store_hold(service->store) || journal_open(&journal, service->store) ||
        service_archive_open(service, &journal))
        return 1;
    /* First the chain by itself, which names the row that was changed, then its witness, then what
     * follows from the rows. */
    failed = store_check(service->store, stdout) || journal_audit(&journal, stdout, NULL, NULL, &rows) ||
             service_heads_audit(service, &journal, stdout) ||
             parts_audit(service->spec->parts, service->store, &journal, stdout, &rows);
    if (!failed)
        printf("clean: %lld journal rows\n", (long long)rows);
    archive_close(&journal);
    store_close(service->store);
    return failed ? 1 : 0;
}

/* For a restore, which holds cursors against the journals that they stand in. */
static int print_cursors(struct service *service)
{
    if (open_store(service, false, true) || follow_print(service->store, stdout))
        return 1;
    store_close(service->store);
    return 0;
}

/* The public half of a key that signs: of the file's first line. */
static int print_point(const char *path)
{
    unsigned char point[ECDSA_POINT_LEN];
    char digits[HEX_SIZE(ECDSA_POINT_LEN)];
    struct ecdsa_key *key = ecdsa_key_open(path);

    if (!key)
        return 1;
    ecdsa_key_point(key, point);
    hex_print(point, sizeof(point), digits);
    printf("%s\n", digits);
    ecdsa_key_free(key);
    return 0;
}

static int print_row(struct service *service, const char *seq)
{
    unsigned char hash[JOURNAL_HASH_LEN];
    char digits[HEX_SIZE(JOURNAL_HASH_LEN)];
    struct journal journal;
    bool found;

    if (open_store(service, false, true) || journal_open(&journal, service->store) ||
        service_archive_open(service, &journal))
        return 1;
    found = journal_hash_at(&journal, strtoll(seq, NULL, 10), hash);
    hex_print(hash, sizeof(hash), digits);
    if (found)
        printf("%s\n", digits);
    archive_close(&journal);
    store_close(service->store);
    return found ? 0 : 1;
}

static int help(const struct service *service)
{
    const struct service_spec *spec = service->spec;

    printf("hg-%s: %s\n\n%s", spec->name, spec->about, flags_help);
    for (const struct service_command *command = spec->commands; command && command->name; command++)
        printf("  --%-16s %s\n", command->name, command->help);
    printf("\nSettings, from the environment:\n");
    conf_print(stdout, service->conf);
    conf_print(stdout, spec->conf);
    return 0;
}

static int command(struct service *service, const char *flag, int argc, char **argv)
{
    const struct service_spec *spec = service->spec;

    if (strcmp(flag, "probe") == 0)
        return spec->probe ? spec->probe(service) : cli_probe(service_bus_dir(service), service->queue);
    if (strcmp(flag, "check") == 0)
        return 0;
    if (strcmp(flag, "audit") == 0)
        return audit(service);
    if (strcmp(flag, "backup") == 0 && argc == 1 && spec->parts)
        return store_backup(store_dir(service), argv[0]) ? 1 : 0;
    if (strcmp(flag, "cursors") == 0 && argc == 0 && spec->parts)
        return print_cursors(service);
    if (strcmp(flag, "row") == 0 && argc == 1 && spec->parts)
        return print_row(service, argv[0]);
    if (strcmp(flag, "point") == 0 && argc == 1)
        return print_point(argv[0]);
    if (strcmp(flag, "call") == 0 && argc == 2)
        return cli_call_json(service, argv[0], argv[1]);
    for (const struct service_command *own = spec->commands; own && own->name; own++) {
        if (strcmp(flag, own->name) == 0)
            return own->run(service, argc, argv);
    }
    fprintf(stderr, "hg-%s: --%s is not understood like this; see --help\n", spec->name, flag);
    return 1;
}

static enum log_level log_level(const char *text)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};

    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(text, names[i]) == 0)
            return (enum log_level)i;
    }
    return LOG_INFO;
}

int service_main(int argc, char **argv, const struct service_spec *spec)
{
    static struct service service;
    bool standby = argc == 2 && strcmp(argv[1], "--standby") == 0;

    service = (struct service){.spec = spec, .conf = chassis_conf};
    clock_real(&service.clock);
    /* The sockets of who listens are their folder's group's too (bus.h). */
    umask(spec->listens ? 0007 : 0077);
    if (argc == 2 && strcmp(argv[1], CHILD_FLAG) == 0 && spec->children)
        child_serve(spec->children);
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("hg-%s %s\n", spec->name, HUIGONG_VERSION);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return help(&service);
    if (conf_load(spec->conf, chassis_conf, argc == 1 || standby || strcmp(argv[1], "--check") == 0))
        return 1;
    log_init(spec->name, log_level(conf_text(chassis_conf, "HUIGONG_LOG")));
    if (api_load() || service_read_partitions(&service))
        return 1;
    log_init(service.queue, log_level(conf_text(chassis_conf, "HUIGONG_LOG")));
    if (argc > 1 && !standby) {
        if (strncmp(argv[1], "--", 2) != 0) {
            fprintf(stderr, "hg-%s: flags begin with --; see --help\n", spec->name);
            return 1;
        }
        bus_leave_open(); /* it ends when its calls are done */
        return command(&service, argv[1] + 2, argc - 2, argv + 2);
    }
    return run(&service, standby);
}
