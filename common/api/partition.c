#include "common/api/partition.h"

#include "common/base/id.h"
#include "common/base/log.h"
#include "common/base/union_path.h"

#define SEPARATORS " ,\t\n"

/* ---- the list ---- */

static bool read_union_path(const char *text, size_t len, char ret_path[LIMIT_UNION_PATH + 1])
{
    if (len > LIMIT_UNION_PATH || len == 0)
        return false;
    memcpy(ret_path, text, len);
    ret_path[len] = '\0';
    return union_path_ok(ret_path);
}

/* "coupon.4406=1" or "coupon.4406=1:00010002". */
static bool read_partition(const char *text, size_t len, struct partition *ret)
{
    const char *end = text + len, *equals = memchr(text, '=', len), *dot = memchr(text, '.', len);
    char *rest;
    unsigned long number;

    *ret = (struct partition){.number = 0};
    if (!equals || !dot || dot == text || dot > equals - 2 || equals - text > LIMIT_QUEUE_NAME ||
        strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") != (size_t)(equals - text))
        return false;
    memcpy(ret->queue, text, (size_t)(equals - text));
    ret->service_len = (unsigned)(dot - text);
    if (equals[1] < '0' || equals[1] > '9')
        return false;
    number = strtoul(equals + 1, &rest, 10);
    if (number == 0 || number >= LIMIT_PARTITIONS)
        return false;
    ret->number = (unsigned)number;
    return rest == end || (*rest == ':' && read_union_path(rest + 1, (size_t)(end - rest) - 1, ret->union_path));
}

/* A number or a region twice in one service would let two stores answer for one thing. */
static bool is_another(const struct partitions *partitions, const struct partition *one)
{
    for (unsigned i = 0; i < partitions->n; i++) {
        const struct partition *other = &partitions->list[i];

        if (other->service_len == one->service_len && memcmp(other->queue, one->queue, one->service_len) == 0 &&
            (other->number == one->number || strcmp(other->queue, one->queue) == 0 ||
             (*one->union_path && strcmp(other->union_path, one->union_path) == 0)))
            return false;
    }
    return true;
}

/* Whether an operation of a service may go to a partition. One that this program does not know may have some. */
static bool has_key(const struct partition *partition)
{
    bool known = false;

    for (const struct api_method *method = api_methods(); method->name; method++) {
        if (!partition_is_of(partition, method->queue))
            continue;
        if (method->n_key)
            return true;
        known = true;
    }
    return !known;
}

/* What is wrong with a partition of the list, or NULL. */
static const char *refusal(const struct partitions *partitions, const char *text, size_t len, struct partition *ret)
{
    if (partitions->n == LIMIT_QUEUES)
        return "too many";
    if (!read_partition(text, len, ret))
        return "not of the form queue.name=number:path";
    if (!is_another(partitions, ret))
        return "name, number or region of another one";
    if (!has_key(ret))
        return "no operation of the service names the key that chooses (Method.partition): it would get no call";
    return NULL;
}

int partitions_read(struct partitions *partitions, const char *text)
{
    *partitions = (struct partitions){.list = calloc(LIMIT_QUEUES, sizeof(partitions->list[0]))};
    if (!partitions->list)
        return -1;
    for (text += strspn(text, SEPARATORS); *text; text += strspn(text, SEPARATORS)) {
        size_t len = strcspn(text, SEPARATORS);
        const char *why = refusal(partitions, text, len, &partitions->list[partitions->n]);

        if (why) {
            log_error("partition_refused", "from", text, "why", why, "limit", log_int(LIMIT_QUEUES));
            partitions_done(partitions);
            return -1;
        }
        partitions->n++;
        text += len;
    }
    return 0;
}

void partitions_done(struct partitions *partitions)
{
    free(partitions->list);
    *partitions = (struct partitions){.n = 0};
}

const struct partition *partitions_find(const struct partitions *partitions, const char *queue)
{
    for (unsigned i = 0; i < partitions->n; i++) {
        if (strcmp(partitions->list[i].queue, queue) == 0)
            return &partitions->list[i];
    }
    return NULL;
}

bool partition_is_of(const struct partition *partition, const char *service)
{
    return strncmp(partition->queue, service, partition->service_len) == 0 && service[partition->service_len] == '\0';
}

/* ---- routing ---- */

static const struct partition *of_id(const struct partitions *partitions, const struct api_method *method, int64_t id,
                                     partition_first_id first_id, void *arg)
{
    unsigned number = id_partition(id);

    for (unsigned i = 0; number && i < partitions->n; i++) {
        const struct partition *partition = &partitions->list[i];

        if (partition->number != number || !partition_is_of(partition, method->queue))
            continue;
        /* Before there were partitions those bits counted. */
        if (id < first_id(arg, method->queue) || id < first_id(arg, partition->queue))
            return NULL;
        return partition;
    }
    return NULL;
}

/* The smallest region that the union lies in. */
static const struct partition *of_union(const struct partitions *partitions, const struct api_method *method,
                                        const char *union_path)
{
    const struct partition *found = NULL;

    for (unsigned i = 0; i < partitions->n; i++) {
        const struct partition *partition = &partitions->list[i];
        size_t len = strlen(partition->union_path);

        if (len && partition_is_of(partition, method->queue) && union_path_covers(partition->union_path, union_path) &&
            (!found || len > strlen(found->union_path)))
            found = partition;
    }
    return found;
}

/* The id in the field that chooses, 0 when the message that holds it is absent. */
static int64_t key_of(const struct api_method *method, const ProtobufCMessage *input)
{
    const void *at = input;

    for (unsigned i = 0; i < method->n_key && at; i++) {
        at = (const char *)at + method->key[i]->descriptor->offset;
        if (i + 1 < method->n_key)
            at = *(const void *const *)at;
    }
    return at && method->n_key ? *(const int64_t *)at : 0;
}

int64_t partitions_ask(const struct partitions *partitions, const struct api_method *method,
                       const ProtobufCMessage *input)
{
    bool any = false;

    for (unsigned i = 0; method->key_is_union && i < partitions->n; i++)
        any |= partitions->list[i].union_path[0] && partition_is_of(&partitions->list[i], method->queue);
    return any ? key_of(method, input) : 0;
}

const struct partition *partitions_route(const struct partitions *partitions, const struct api_method *method,
                                         const ProtobufCMessage *input, const char *union_path,
                                         partition_first_id first_id, void *arg)
{
    if (partitions->n == 0 || method->n_key == 0)
        return NULL;
    if (method->key_is_union)
        return of_union(partitions, method, union_path);
    return of_id(partitions, method, key_of(method, input), first_id, arg);
}
