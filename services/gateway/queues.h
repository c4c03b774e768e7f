/* queues.h: the broker's queues as one worker sees them, and which one a call goes to.
 *
 * A queue for every service that has operations with a route, for each of its partitions
 * (common/api/partition.h), and for the broker itself, whose metrics are shown. An operation
 * that somebody outside answers has a lane to each of its service's queues besides: however
 * long one partner takes, calls to others do not wait in its messages nor for its window. */
#pragma once
#include <uv.h>

#include "common/api/partition.h"
#include "common/rpc/rpc.h"

struct queue {
    const char *name;
    struct rpc_client *client;
    bool ready, asking;
    Rpc__ProbeReport *report; /* the last, or NULL */
    int64_t first_id;         /* that its store gives, when it was last heard of */
};

struct lane {
    const struct queue *queue;
    const struct api_method *method;
    struct rpc_client *client;
};

struct queues_options {
    uv_loop_t *loop;
    const char *bus_dir;
    const struct partitions *partitions;
    unsigned window;      /* messages outstanding per queue */
    unsigned lane_window; /* and per lane */
};

struct queues {
    struct queues_options options;
    struct queue *list;
    struct lane *lanes;
    unsigned n, n_lanes;
    unsigned *of_method; /* by place in api_methods(): its service's partition 0 */
};

/* 0, or -1 after logging why. To be closed in both cases. */
int queues_open(struct queues *queues, const struct queues_options *options);
/* Whether it gives a person what it keeps of her (Daemon.ExportMine). */
bool queue_exports(const struct queue *queue);
/* The way of a call; its input chooses the partition, and the place of the union that
 * partitions_ask() names. NULL: it names a daemon that there is not. */
struct rpc_client *queues_way(const struct queues *queues, const struct api_method *method,
                              const ProtobufCMessage *input, const char *union_path);
/* Of that name, or NULL. */
struct queue *queues_find(const struct queues *queues, const char *name);
/* Asks each for its report; now and then. */
void queues_probe(struct queues *queues);
void queues_flush(struct queues *queues);
/* Answers what is pending with STOPPING. */
void queues_close(struct queues *queues);
