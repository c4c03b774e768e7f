/* service.h: the life of a daemon.
 *
 * Every daemon is a struct service_spec and service_main(): settings, store,
 * memory, sandbox, bus, loop, and a graceful stop on SIGTERM, in that order; and
 * the same flags everywhere (--probe --check --audit --backup --call --version
 * --help --standby). A daemon serves the queue of its name at the broker, unless
 * it is an edge that only calls others. */
#pragma once
#include <uv.h>

#include "common/api/partition.h"
#include "common/base/conf.h"
#include "common/rpc/rpc.h"
#include "common/daemon/sandbox.h"
#include "common/store/ids.h"

struct service;
struct follower;

/* A command line of the daemon's own: --NAME and what follows it. */
struct service_command {
    const char *name, *help;
    int (*run)(const struct service *service, int argc, char **argv); /* the exit code */
};

/* What a daemon reads of another's journal, each row once (follow.h). */
struct service_follow {
    const char *queue;    /* whose journal; each once; those of all its partitions */
    const int32_t *kinds; /* fields of that service's Event */
    unsigned n_kinds;
    /* Applies one row, in a transaction of the daemon's own. self is service->self. */
    void (*apply)(void *self, void *call, const Rpc__JournalRow *row);
};

struct service_spec {
    const char *name;            /* of the queue; the program is hg-NAME */
    const char *about;           /* one line */
    struct conf_entry *conf;     /* the daemon's own settings, may be NULL */
    const unsigned char *schema; /* NULL: no store */
    const size_t *schema_len;
    const char *const *sql;
    const unsigned *n_sql;
    bool edge;                     /* serves no queue of the broker */
    bool listens;                  /* makes sockets in the bus' folder: the broker alone */
    unsigned network;              /* enum sandbox_network: the ways of TCP that it needs */
    const char *const *read_conf;  /* names of settings whose files are read again later; their folders stay
                                      readable; NULL-terminated */
    const char *const *read_paths; /* the system's own that stay readable where there are such; NULL-terminated */

    /* Builds the memory from the store and adds the services to service->rpc. 0 or
     * -1, logged. Nothing can be sent yet. */
    int (*start)(struct service *service);
    /* Opens sockets; the sandbox is closed. 0 or -1, logged. May be NULL. */
    int (*serve)(struct service *service);
    /* Ends what serve began; calls service_stopped when done. May be NULL. */
    void (*stop)(struct service *service);
    /* Adds to the probe's report. May be NULL. */
    void (*report)(struct service *service, struct arena *arena, Rpc__ProbeReport *report);
    /* Checks the store against its journal: prints and returns -1 on the first
     * fault. May be NULL. */
    int (*audit)(struct store *store, struct journal *journal, FILE *out);
    /* Replaces the probe by bus, for an edge. May be NULL. */
    int (*probe)(const struct service *service);
    const struct service_follow *follows;   /* NULL or ended by a NULL queue */
    const int32_t *edge_kinds;              /* of the journal's rows that the gateway may read; NULL or ended by 0 */
    const struct service_command *commands; /* NULL or ended by a NULL name */
};

struct service_followed {
    struct rpc_client *client;
    struct follower *follower;
};

struct service {
    const struct service_spec *spec;
    struct conf_entry *conf; /* the chassis' settings */
    uv_loop_t loop;
    struct clock clock;
    struct store *store;
    struct rpc_server *rpc;
    struct bus_server *bus;
    struct bus_ringer *ringer;
    void *self;                  /* the daemon's own state, set by start */
    char queue[QUEUE_NAME_SIZE]; /* that it serves: its name, and its partition's behind a dot */
    unsigned partition;
    int64_t first_id; /* of its store, see ids.h; 0: makes none */
    bool stopping;
    /* chassis' own */
    Rpc__Daemon_Service daemon;
    struct partitions partitions; /* of all services */
    struct service_followed *followed;
    unsigned n_followed;
    uv_signal_t signals[3];
    uv_timer_t tidy;
    struct seal_checker *seals;
    struct heads *heads;    /* signs those of the journal */
    int64_t unsigned_since; /* milliseconds since 1970; 0: all rows are signed for */
    int64_t copies_at;      /* when copies from before steps are looked through again */
};

int service_main(int argc, char **argv, const struct service_spec *spec);
/* Begins the ids of the daemon's store behind ids->last, the greatest in its tables: for
 * start. 0 or -1, logged. */
int service_ids(struct service *service, struct id_source *ids);
/* The folder of the bus' sockets. */
const char *service_bus_dir(const struct service *service);
/* Called once by what `stop` began. */
void service_stopped(struct service *service);

/* ---- service_queue.c, for service.c ---- */

/* What HUIGONG_PARTITIONS and HUIGONG_PARTITION say. 0 or -1, logged. */
int service_read_partitions(struct service *service);
/* Follows what the spec names. 0 or -1, logged. */
int service_follow(struct service *service);
void service_unfollow(struct service *service);
void daemon__pause_following(Rpc__Daemon_Service *daemon, const Rpc__PauseFollowingRequest *request,
                             Rpc__PauseFollowingReply_Closure reply, void *call);

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
void daemon__list_heads(Rpc__Daemon_Service *daemon, const Rpc__HeadsRequest *request, Rpc__HeadList_Closure reply,
                        void *call);
