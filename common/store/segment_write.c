/* segment_write.c: the writer of segment.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "common/base/bytes.h"
#include "common/base/hex.h"
#include "common/base/sha256.h"
#include "common/store/segment_internal.h"

#define PIECE (64 << 10)

struct segment_writer {
    struct segment_facts facts;
    struct sha256 sum;
    int fd;
    int64_t next; /* row */
    uint64_t at;  /* bytes of the file so far, with those of the piece */
    size_t n;     /* bytes of the piece */
    uint32_t offsets[LIMIT_SEGMENT_ROWS];
    uint32_t lists[LIMIT_SEGMENT_ROWS];
    uint16_t kinds[LIMIT_SEGMENT_ROWS];
    unsigned char piece[PIECE];
};

int segment_text(const struct segment_facts *facts, char ret[SEGMENT_TEXT_SIZE])
{
    char before[HEX_SIZE(SEGMENT_HASH_LEN)], head[HEX_SIZE(SEGMENT_HASH_LEN)], sum[HEX_SIZE(SEGMENT_HASH_LEN)];

    hex_print(facts->before, SEGMENT_HASH_LEN, before);
    hex_print(facts->head, SEGMENT_HASH_LEN, head);
    hex_print(facts->sum, SEGMENT_HASH_LEN, sum);
    return snprintf(ret, SEGMENT_TEXT_SIZE, "hg-segment-1 %s %" PRId64 " %" PRId64 " %" PRId64 " %s %s %s",
                    facts->queue, facts->number, facts->first, facts->last, before, head, sum);
}

void segment_statement(const struct segment_facts *facts, char ret[SEGMENT_STATEMENT + 1])
{
    char text[SEGMENT_TEXT_SIZE], line[SEGMENT_STATEMENT], key[HEX_SIZE(sizeof(facts->key))],
        signature[HEX_SIZE(sizeof(facts->signature))];

    segment_text(facts, text);
    hex_print(facts->key, sizeof(facts->key), key);
    hex_print(facts->signature, sizeof(facts->signature), signature);
    ensure(snprintf(line, sizeof(line), "%s %s %s", text, key, signature) < SEGMENT_STATEMENT);
    snprintf(ret, SEGMENT_STATEMENT + 1, "%-*s\n", SEGMENT_STATEMENT - 1, line);
}

struct segment_writer *segment_writer_new(void)
{
    struct segment_writer *writer = calloc(1, sizeof(*writer));

    if (writer)
        writer->fd = -1;
    return writer;
}

void segment_writer_free(struct segment_writer *writer)
{
    if (writer)
        segment_abandon(writer);
    free(writer);
}

void segment_abandon(struct segment_writer *writer)
{
    if (writer->fd >= 0)
        close(writer->fd);
    writer->fd = -1;
}

static int flush(struct segment_writer *writer)
{
    size_t done = 0;

    while (done < writer->n) {
        ssize_t n = write(writer->fd, writer->piece + done, writer->n - done);

        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0)
            done += (size_t)n;
    }
    sha256_add(&writer->sum, writer->piece, writer->n);
    writer->n = 0;
    return 0;
}

/* Room for bytes that follow, or NULL with errno. */
static unsigned char *room(struct segment_writer *writer, size_t len)
{
    unsigned char *at;

    if (writer->n + len > PIECE && flush(writer))
        return NULL;
    at = writer->piece + writer->n;
    writer->n += len;
    writer->at += len;
    return at;
}

int segment_begin(struct segment_writer *writer, const char *path, const struct segment_facts *facts)
{
    unsigned char *head;

    segment_abandon(writer);
    if (unlink(path) && errno != ENOENT)
        return -1;
    /* Nobody writes to it once it is closed. */
    writer->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    if (writer->fd < 0)
        return -1;
    writer->facts = *facts;
    writer->next = facts->first;
    writer->at = writer->n = 0;
    sha256_start(&writer->sum);
    head = room(writer, SEGMENT_MAGIC_LEN);
    if (!head)
        return -1;
    memcpy(head, SEGMENT_MAGIC, SEGMENT_MAGIC_LEN);
    return 0;
}

int segment_add(struct segment_writer *writer, const Rpc__JournalRow *row)
{
    const struct segment_facts *facts = &writer->facts;
    unsigned char *to;
    int64_t i = row->seq - facts->first;

    ensure(row->seq == writer->next && row->seq <= facts->last && i < LIMIT_SEGMENT_ROWS);
    if (row->kind <= 0 || row->kind >= SEGMENT_KINDS || row->body.len > LIMIT_EVENT ||
        row->hash.len != SEGMENT_HASH_LEN) {
        errno = EBADMSG;
        return -1;
    }
    writer->offsets[i] = (uint32_t)writer->at;
    writer->kinds[i] = (uint16_t)row->kind;
    to = room(writer, SEGMENT_ROW_HEAD + row->body.len + SEGMENT_HASH_LEN);
    if (!to)
        return -1;
    put_be64(to, (uint64_t)row->at);
    put_be32(to + 8, (uint32_t)row->kind);
    put_be64(to + 12, (uint64_t)row->actor);
    put_be32(to + 20, (uint32_t)row->body.len);
    memcpy(to + SEGMENT_ROW_HEAD, row->body.data, row->body.len);
    memcpy(to + SEGMENT_ROW_HEAD + row->body.len, row->hash.data, SEGMENT_HASH_LEN);
    memcpy(writer->facts.head, row->hash.data, SEGMENT_HASH_LEN);
    writer->next++;
    return 0;
}

static int write_numbers(struct segment_writer *writer, const uint32_t *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char *to = room(writer, 4);

        if (!to)
            return -1;
        put_be32(to, numbers[i]);
    }
    return 0;
}

/* The rows of each kind, one kind behind the other, and how many each has. */
static void sort_by_kind(struct segment_writer *writer, size_t n, uint32_t ret_counts[SEGMENT_KINDS])
{
    uint32_t places[SEGMENT_KINDS], sum = 0;

    memset(ret_counts, 0, SEGMENT_KINDS * sizeof(ret_counts[0]));
    for (size_t i = 0; i < n; i++)
        ret_counts[writer->kinds[i]]++;
    for (unsigned kind = 0; kind < SEGMENT_KINDS; kind++) {
        places[kind] = sum;
        sum += ret_counts[kind];
    }
    for (size_t i = 0; i < n; i++)
        writer->lists[places[writer->kinds[i]]++] = (uint32_t)i;
}

static int write_index(struct segment_writer *writer)
{
    uint32_t counts[SEGMENT_KINDS], n_kinds = 0;
    size_t n = (size_t)(writer->facts.last - writer->facts.first + 1);
    uint64_t offsets_at = writer->at;
    unsigned char *to;

    sort_by_kind(writer, n, counts);
    if (write_numbers(writer, writer->offsets, n) || write_numbers(writer, writer->lists, n))
        return -1;
    for (uint32_t kind = 0; kind < SEGMENT_KINDS; kind++) {
        uint32_t pair[] = {kind, counts[kind]};

        if (counts[kind] == 0)
            continue;
        n_kinds++;
        if (write_numbers(writer, pair, 2))
            return -1;
    }
    to = room(writer, SEGMENT_TAIL);
    if (!to)
        return -1;
    put_be64(to, offsets_at);
    put_be32(to + 8, n_kinds);
    return flush(writer);
}

int segment_finish(struct segment_writer *writer, const struct segment_vouch *vouch,
                   unsigned char ret_hash[SEGMENT_HASH_LEN])
{
    struct segment_facts *facts = &writer->facts;
    char text[SEGMENT_TEXT_SIZE], statement[SEGMENT_STATEMENT + 1];
    struct sha256 sum;
    unsigned char *to;
    int len;

    ensure(writer->next == facts->last + 1);
    if (write_index(writer))
        return -1;
    sum = writer->sum;
    sha256_end(&sum, facts->sum);
    len = segment_text(facts, text);
    if (!vouch->sign(vouch->arg, text, (size_t)len, facts->key, facts->signature)) {
        errno = ENOMEM;
        return -1;
    }
    segment_statement(facts, statement);
    to = room(writer, SEGMENT_STATEMENT);
    if (!to)
        return -1;
    memcpy(to, statement, SEGMENT_STATEMENT);
    if (flush(writer))
        return -1;
    sha256_end(&writer->sum, ret_hash);
    return 0;
}

int segment_sync(struct segment_writer *writer)
{
    int failed = fsync(writer->fd);

    if (close(writer->fd))
        failed = -1;
    writer->fd = -1;
    return failed ? -1 : 0;
}
