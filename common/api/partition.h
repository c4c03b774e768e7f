/* partition.h: the partitions of services, and the one that a call goes to.
 *
 * A service whose unions are too many for one machine runs as several daemons, each
 * with a store, a journal and a queue of its own. The service's plain queue (`coupon`)
 * is partition 0, which is always there; HUIGONG_PARTITIONS, the same for every daemon,
 * lists the others, parted by spaces or commas:
 *   coupon.4406=1:00010002
 * is the queue, the number that the ids made there carry (base/id.h), and after the
 * colon, which may be left out, the path of the union whose subtree belongs there.
 *
 * Which one a call goes to, Method.partition says: a field of its input that is an id,
 * whose bits choose, or the id of a union, whose place does: in which region it is, who sends
 * the call asks identity. Without it, or where the field chooses none, it is partition 0. */
#pragma once
#include "common/api/api.h"
#include "common/base/limits.h"

#define QUEUE_NAME_SIZE (LIMIT_QUEUE_NAME + 1)

struct partition {
    char queue[QUEUE_NAME_SIZE];           /* "coupon.4406" */
    unsigned service_len;                  /* of "coupon" */
    unsigned number;                       /* from 1 on */
    char union_path[LIMIT_UNION_PATH + 1]; /* "": no union's */
};

struct partitions {
    struct partition *list;
    unsigned n;
};

/* Reads a list, behind api_load(). 0, or -1 after logging what is wrong with it: also a partition of
 * a service whose .proto chooses by nothing, which would get no call. */
int partitions_read(struct partitions *partitions, const char *text);
void partitions_done(struct partitions *partitions);
/* The one of that queue, or NULL. */
const struct partition *partitions_find(const struct partitions *partitions, const char *queue);
/* Whether it is one of a service's. */
bool partition_is_of(const struct partition *partition, const char *service);

/* The first id of a queue's store (rpc.ProbeReport), 0 while it is not known. */
typedef int64_t (*partition_first_id)(void *arg, const char *queue);
/* The union whose place is to be asked for before a call is sent; 0: none. */
int64_t partitions_ask(const struct partitions *partitions, const struct api_method *method,
                       const ProtobufCMessage *input);
/* The one that a call goes to; NULL is partition 0. union_path is the place that was asked for.
 * An id from before the first one of either store is of partition 0, whatever its bits say. */
const struct partition *partitions_route(const struct partitions *partitions, const struct api_method *method,
                                         const ProtobufCMessage *input, const char *union_path,
                                         partition_first_id first_id, void *arg);
