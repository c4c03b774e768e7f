/* service.h: the life of a daemon.
 *
 * Every daemon is a struct service_spec and service_main(): settings, store, parts,
 * memory, sandbox, bus, loop, and a graceful stop on SIGTERM, in that order. Of the parts
 * (part.h) it serves the operations, tidies in slices between batches, follows the
 * journals that they read, exports, and audits. The same flags everywhere (--probe --check --audit --backup --call
 * --version
 * --help --standby). A daemon serves the queue of its name at the broker, unless
 * it is an edge that only calls others. */
#pragma once
#include <uv.h>

#include "common/api/partition.h"
#include "common/base/conf.h"
#include "common/base/limits.h"
#include "common/daemon/bell.h"
#include "common/daemon/follow.h"
#include "common/daemon/hearing.h"
#include "common/daemon/part.h"
#include "common/daemon/sandbox.h"
#include "common/rpc/rpc.h"
#include "common/store/ids.h"

struct service;
struct worker;
struct child_kind;
struct children;

/* A command line of the daemon's own: --NAME and what follows it. */
struct service_command {
    const char *name, *help;
    int (*run)(const struct service *service, int argc, char **argv); /* the exit code */
};

struct service_spec {
    const char *name;               /* of the queue; the program is hg-NAME */
    const char *about;              /* one line */
    struct conf_entry *conf;        /* the daemon's own settings, may be NULL */
    const struct part_table *parts; /* NULL: no store */
    const unsigned char *schema;    /* steps from before parts had their own, or NULL */
    const size_t *schema_len;
    bool edge;                     /* serves no queue of the broker */
    bool listens;                  /* makes sockets in the bus' folder: the broker alone */
    unsigned network;              /* enum sandbox_network: the ways of TCP that it needs */
    const char *const *read_conf;  /* names of settings whose files are read again later; their folders stay
                                      readable; NULL-terminated */
    const char *const *read_paths; /* the system's own that stay readable where there are such; NULL-terminated */

    /* Reads settings and builds the memory from the store; self is set, its parts are open,
     * their operations served. 0 or -1, logged. Nothing can be sent yet. May be NULL. */
    int (*start)(struct service *service);
    /* Opens sockets; the sandbox is closed. 0 or -1, logged. May be NULL. */
    int (*serve)(struct service *service);
    /* Ends what serve began; calls service_stopped when done. May be NULL. */
    void (*stop)(struct service *service);
    /* Adds to the probe's report. May be NULL. */
    void (*report)(struct service *service, struct arena *arena, Rpc__ProbeReport *report);
    /* Replaces the probe by bus, for an edge. May be NULL. */
    int (*probe)(const struct service *service);
    const int32_t *edge_kinds;              /* of the journal's rows that the gateway may read; NULL or ended by 0 */
    const struct service_command *commands; /* NULL or ended by a NULL name */
    const struct child_kind *children;      /* work on strangers' files (child.h), or NULL */
};

/* A journal that parts read: all its partitions', and all kinds that any part reads. */
struct service_followed_journal {
    struct service *service;
    const char *queue;
    int32_t *kinds;
    unsigned n_kinds;
    bool hurried; /* some part of this service is not patient */
};

/* One of those: the queue's own, or a partition's. */
struct service_followed {
    struct service_followed_journal *journal;
    struct hearing hearing;
    struct rpc_client *client;
    struct follower *follower;
};

struct service {
    const struct service_spec *spec;
    struct conf_entry *conf; /* the chassis' settings */
    uv_loop_t loop;
    struct clock clock;
    const char *store_dir; /* NULL: keeps no store */
    struct store *store;
    struct rpc_server *rpc;
    struct bus_server *bus;
    struct bell bell;
    struct children *children; /* starts those of the spec; in a command line NULL until it opens them */
    struct worker *worker;     /* runs what handlers ask for by rpc_make */
    void (*settled)(void *service);
    void *self;                  /* the daemon's own state: that of its parts, or set by start */
    char queue[QUEUE_NAME_SIZE]; /* that it serves: its name, and its partition's behind a dot */
    unsigned partition;
    int64_t first_id; /* of its store, see ids.h; 0: makes none */
    int64_t started_at;
    bool stopping;
    /* chassis' own */
    Rpc__Daemon_Service daemon;
    struct partitions partitions; /* of all services */
    struct store_steps steps[LIMIT_PARTS];
    struct service_followed_journal *journals;
    unsigned n_journals;
    struct service_followed *followed;
    unsigned n_followed;
    struct rpc_job *waits[RPC_MAX_MADE]; /* of calls that wait for what others have told (service_wait.c) */
    unsigned n_waits;
    uv_signal_t signals[3];
    uv_timer_t tidy, slices, waiting;
    struct seal_checker *seals;
    struct heads *heads;    /* signs those of the journal */
    int64_t unsigned_since; /* milliseconds since 1970; 0: all rows are signed for */
    int64_t copies_at;      /* when copies from before steps are looked through again */
    /* The archive of the journal (service_archive.c): */
    int64_t archive_to;       /* rows up to here have been told to go into it */
    int64_t archive_again_ns; /* it rests until then, after a failure */
    uv_work_t archive_work;   /* while a file is brought to the disk */
    bool archive_working;
    int archive_failed; /* what became of that */
};

int service_main(int argc, char **argv, const struct service_spec *spec);
/* The folder of the bus' sockets. */
const char *service_bus_dir(const struct service *service);
/* Called once by what `stop` began. */
void service_stopped(struct service *service);

/* ---- service_parts.c, for service.c and the tests' harness, which lives without a loop ---- */

/* What the store is opened with; the folder's name has to last. */
void service_store_options(struct service *service, const char *dir, struct store_options *ret);
/* What every daemon serves. */
extern const Rpc__Daemon_Service daemon_api;
/* Opens the parts on service->store and starts the daemon. 0 or -1, logged. */
int service_begin(struct service *service);
void service_end(struct service *service);
/* The parts, or NULL. */
struct parts *service_parts(const struct service *service);
/* Tidies from now on. */
void service_tidy_parts(struct service *service);
/* Gives a row of another's journal to the parts that read its kind and, unless hearing is NULL,
 * have not heard it. */
void service_hear(struct service *service, const char *queue, const struct hearing *hearing, void *call,
                  const Rpc__JournalRow *row);
/* Fills service->journals. 0, or -1, logged, without memory. */
int service_gather_follows(struct service *service);
void service_forget_follows(struct service *service);

/* ---- service_queue.c, for service.c ---- */

/* What HUIGONG_PARTITIONS and HUIGONG_PARTITION say. 0 or -1, logged. */
int service_read_partitions(struct service *service);
/* Follows the journals that parts read. 0 or -1, logged. */
int service_follow(struct service *service);
void service_unfollow(struct service *service);
void daemon__pause_following(Rpc__Daemon_Service *daemon, const Rpc__PauseFollowingRequest *request,
                             Rpc__PauseFollowingReply_Closure reply, void *call);

/* ---- service_archive.c, for service.c and service_parts.c ---- */

/* Finds the archive of the journal, where one is set. 0, or -1 after logging why. Before the
 * sandbox; in a command line it is only read. archive_close gives it back. */
int service_archive_open(struct service *service, struct journal *journal);
/* Does a slice of what is due. Whether there is more at once. */
bool service_archive_slice(struct service *service);
void daemon__archive_journal(Rpc__Daemon_Service *daemon, const Rpc__ArchiveRequest *request,
                             Rpc__ArchiveReply_Closure reply, void *call);

/* ---- service_health.c ---- */

/* Whether the caller holds a role over all unions, or over a root of the tree; who speaks on the bus itself does. */
bool service_is_over_all(void *call, int role);
/* Fills a probe's report. */
void service_report(struct service *service, struct arena *arena, Rpc__ProbeReport *report);
void daemon__probe(Rpc__Daemon_Service *daemon, const Rpc__ProbeRequest *request, Rpc__ProbeReport_Closure reply,
                   void *call);
void daemon__get_health(Rpc__Daemon_Service *daemon, const Rpc__HealthRequest *request, Rpc__DaemonHealth_Closure reply,
                        void *call);

/* ---- service_rows.c, for service.c ---- */

void daemon__list_rows(Rpc__Daemon_Service *daemon, const Rpc__ListRowsRequest *request, Rpc__RowList_Closure reply,
                       void *call);

/* ---- service_heads.c, for service.c ---- */

/* Opens key and folder of the heads. 0, or -1 after logging why. Before the sandbox. */
int service_heads_open(struct service *service);
/* Signs what is due; once a second. */
void service_heads_tick(struct service *service);
/* Signs what is unsigned, and ends. */
void service_heads_close(struct service *service);
/* Whether the journal holds every head of the folder: 0, or -1 after printing the first that
 * it does not. */
int service_heads_audit(struct service *service, struct journal *journal, FILE *out);
/* Puts the newest into a probe's report. */
void service_heads_report(struct service *service, struct arena *arena, Rpc__ProbeReport *report);
void daemon__list_heads(Rpc__Daemon_Service *daemon, const Rpc__HeadsRequest *request, Rpc__HeadList_Closure reply,
                        void *call);
