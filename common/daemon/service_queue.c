/* service_queue.c: which queue a daemon serves, and whose journals it follows. */
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/daemon/follow.h"
#include "common/daemon/service.h"

/* ---- the partition ---- */

/* "4406=1": the partition of that name must be in the list, with that number. */
static int read_own(struct service *service, const char *text)
{
    size_t len = strcspn(text, "=");
    const struct partition *own;
    char *rest;
    unsigned long number = strtoul(text + len + (text[len] == '='), &rest, 10);

    if (snprintf(service->queue, sizeof(service->queue), "%s.%.*s", service->spec->name, (int)len, text) >=
        (int)sizeof(service->queue))
        return -1;
    own = partitions_find(&service->partitions, service->queue);
    if (!own || *rest || own->number != number)
        return -1;
    service->partition = own->number;
    return 0;
}

int service_read_partitions(struct service *service)
{
    const char *own = conf_text(service->conf, "HUIGONG_PARTITION");

    snprintf(service->queue, sizeof(service->queue), "%s", service->spec->name);
    if (partitions_read(&service->partitions, conf_text(service->conf, "HUIGONG_PARTITIONS")))
        return -1;
    if (!*own || read_own(service, own) == 0)
        return 0;
    log_error("partition_not_listed", "partition", own, "service", service->spec->name);
    return -1;
}

/* ---- followers ---- */

static void on_row(void *arg, void *call, const Rpc__JournalRow *row)
{
    const struct service_followed *followed = arg;

    service_hear(followed->journal->service, followed->journal->queue, &followed->hearing, call, row);
}

/* One follower reads a queue for all parts. */
static int follow_queue(struct service *service, struct service_followed_journal *journal, const char *queue)
{
    struct service_followed *followed = &service->followed[service->n_followed++];
    struct follow_options options = {
        .loop = &service->loop,
        .bus_dir = service_bus_dir(service),
        .queue = queue,
        .client = rpc_client_open(&service->loop, service_bus_dir(service), queue, 1),
        .server = service->rpc,
        .store = service->store,
        .kinds = journal->kinds,
        .n_kinds = journal->n_kinds,
        .patient = !journal->hurried,
        .apply = on_row,
        .arg = followed,
    };

    followed->journal = journal;
    followed->client = options.client;
    if (hearing_open(service->store, service->spec->parts, journal->queue, queue, &followed->hearing))
        return -1;
    followed->follower = options.client ? follower_open(&options) : NULL;
    return followed->follower ? 0 : -1;
}

/* What parts share, each service says of the others: nobody follows her own queue. */
static int follow_other(struct service *service, struct service_followed_journal *journal, const char *queue)
{
    return strcmp(queue, service->queue) == 0 ? 0 : follow_queue(service, journal, queue);
}

int service_follow(struct service *service)
{
    const struct partitions *partitions = &service->partitions;
    int failed = service_gather_follows(service);

    if (failed)
        return -1;
    service->followed = calloc(service->n_journals * (1 + partitions->n) + 1, sizeof(service->followed[0]));
    if (!service->followed)
        return -1;
    for (unsigned n = 0; n < service->n_journals && !failed; n++) {
        struct service_followed_journal *journal = &service->journals[n];

        failed = follow_other(service, journal, journal->queue);
        for (unsigned i = 0; i < partitions->n && !failed; i++) {
            if (partition_is_of(&partitions->list[i], journal->queue))
                failed = follow_other(service, journal, partitions->list[i].queue);
        }
    }
    return failed;
}

bool parts_are_current(const struct parts *parts, const char *queue)
{
    const struct service *service = parts->service;

    for (unsigned i = 0; service && i < service->n_followed; i++) {
        const struct service_followed *followed = &service->followed[i];

        if (strcmp(followed->journal->queue, queue) == 0 && !follower_is_current(followed->follower))
            return false;
    }
    return true;
}

bool parts_hear_anew(const struct parts *parts, const char *queue)
{
    const struct service *service = parts->service;

    for (unsigned i = 0; service && i < service->n_followed; i++) {
        const struct service_followed *followed = &service->followed[i];

        for (unsigned part = 0; strcmp(followed->journal->queue, queue) == 0 && part < parts->table->n; part++) {
            if (followed->hearing.upto[part] > follower_place(followed->follower))
                return true;
        }
    }
    return false;
}

void service_unfollow(struct service *service)
{
    for (unsigned i = 0; i < service->n_followed; i++) {
        follower_close(service->followed[i].follower);
        rpc_client_close(service->followed[i].client);
    }
    service->n_followed = 0;
    service_forget_follows(service);
}

/* rpc PauseFollowing: cursors stand still until it is over, or a second call ends it. */
void daemon__pause_following(Rpc__Daemon_Service *daemon, const Rpc__PauseFollowingRequest *request,
                             Rpc__PauseFollowingReply_Closure reply, void *call)
{
    struct service *service = container_of(daemon, struct service, daemon);
    Rpc__PauseFollowingReply done = RPC__PAUSE_FOLLOWING_REPLY__INIT;

    for (unsigned i = 0; i < service->n_followed; i++)
        follower_pause(service->followed[i].follower, request->seconds * INT64_C(1000));
    reply(&done, call);
}
