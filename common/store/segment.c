/* segment.c: the reader of segment.h. */
#include "common/store/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/bytes.h"
#include "common/base/hex.h"
#include "common/base/sha256.h"
#include "common/store/journal_internal.h"
#include "common/store/segment_internal.h"

#define WINDOW (16 << 10)

_Static_assert(WINDOW >= SEGMENT_HASH_LEN + SEGMENT_ROW_HEAD + LIMIT_EVENT + SEGMENT_HASH_LEN, "a row fits");

/* A piece of the file in memory. */
struct window {
    uint64_t at;
    size_t len;
    unsigned char bytes[WINDOW];
};

struct kind {
    uint32_t kind, n, first; /* first entry in all lists */
};

struct segment {
    int fd;
    uint64_t size, offsets_at, lists_at;
    uint32_t n, n_kinds;
    struct segment_facts facts;
    const char *fault;
    char fault_text[96];
    struct kind kinds[SEGMENT_KINDS];
    struct window rows, offsets, index;
};

static const char *const CUT = "is cut or cannot be read";
static const char *const DISORDER = "has an index that is out of order";
static const char *const ODD = "is no whole segment";

/* Bytes of the file, good until the next of the same window; NULL with a fault. */
static const unsigned char *bytes_at(struct segment *segment, struct window *window, uint64_t at, size_t len)
{
    ensure(len <= WINDOW);
    if (at < window->at || at + len > window->at + window->len) {
        ssize_t n = pread(segment->fd, window->bytes, WINDOW, (off_t)at);

        window->at = at;
        window->len = n > 0 ? (size_t)n : 0;
    }
    if (window->len < at - window->at + len) {
        segment->fault = CUT;
        return NULL;
    }
    return window->bytes + (at - window->at);
}

static bool number_at(struct segment *segment, struct window *window, uint64_t at, uint32_t *ret)
{
    const unsigned char *bytes = bytes_at(segment, window, at, 4);

    if (bytes)
        *ret = get_be32(bytes);
    return bytes != NULL;
}

/* ---- opening ---- */

/* A statement as it would be written, and no other spelling of it. */
static bool read_statement(const char *statement, struct segment_facts *ret)
{
    char before[65], head[65], sum[65], key[17], signature[129], again[SEGMENT_STATEMENT + 1];
    struct segment_facts facts = {.number = 0};

    _Static_assert(LIMIT_QUEUE_NAME == 31, "the format below reads so many");
    if (sscanf(statement, "hg-segment-1 %31s %" SCNd64 " %" SCNd64 " %" SCNd64 " %64s %64s %64s %16s %128s",
               facts.queue, &facts.number, &facts.first, &facts.last, before, head, sum, key, signature) != 9 ||
        strlen(before) != 64 || strlen(head) != 64 || strlen(sum) != 64 || strlen(key) != 16 ||
        strlen(signature) != 128 || !hex_read(before, SEGMENT_HASH_LEN, facts.before) ||
        !hex_read(head, SEGMENT_HASH_LEN, facts.head) || !hex_read(sum, SEGMENT_HASH_LEN, facts.sum) ||
        !hex_read(key, sizeof(facts.key), facts.key) || !hex_read(signature, sizeof(facts.signature), facts.signature))
        return false;
    segment_statement(&facts, again);
    *ret = facts;
    return strcmp(statement, again) == 0 && facts.number > 0 && facts.first > 0 && facts.last >= facts.first &&
           facts.last - facts.first < LIMIT_SEGMENT_ROWS;
}

static bool read_kinds(struct segment *segment, uint64_t at)
{
    uint32_t sum = 0, before = 0;

    for (uint32_t i = 0; i < segment->n_kinds; i++) {
        struct kind *kind = &segment->kinds[i];

        if (!number_at(segment, &segment->index, at + 8 * (uint64_t)i, &kind->kind) ||
            !number_at(segment, &segment->index, at + 8 * (uint64_t)i + 4, &kind->n))
            return false;
        kind->first = sum;
        if (kind->kind <= before || kind->kind >= SEGMENT_KINDS || kind->n == 0 || kind->n > segment->n - sum)
            return false;
        before = kind->kind;
        sum += kind->n;
    }
    return sum == segment->n;
}

static bool read_shape(struct segment *segment)
{
    uint64_t tail_at, kinds_at;
    char statement[SEGMENT_STATEMENT + 1] = "";
    const unsigned char *bytes;

    if (segment->size < SEGMENT_MAGIC_LEN + SEGMENT_TAIL + SEGMENT_STATEMENT)
        return false;
    bytes = bytes_at(segment, &segment->index, 0, SEGMENT_MAGIC_LEN);
    if (!bytes || memcmp(bytes, SEGMENT_MAGIC, SEGMENT_MAGIC_LEN) != 0)
        return false;
    bytes = bytes_at(segment, &segment->index, segment->size - SEGMENT_STATEMENT, SEGMENT_STATEMENT);
    if (!bytes)
        return false;
    memcpy(statement, bytes, SEGMENT_STATEMENT);
    if (!read_statement(statement, &segment->facts))
        return false;
    segment->n = (uint32_t)(segment->facts.last - segment->facts.first + 1);
    tail_at = segment->size - SEGMENT_STATEMENT - SEGMENT_TAIL;
    bytes = bytes_at(segment, &segment->index, tail_at, SEGMENT_TAIL);
    if (!bytes)
        return false;
    segment->offsets_at = get_be64(bytes);
    segment->n_kinds = get_be32(bytes + 8);
    if (segment->offsets_at > tail_at || segment->n_kinds > SEGMENT_KINDS)
        return false;
    segment->lists_at = segment->offsets_at + 4 * (uint64_t)segment->n;
    kinds_at = segment->lists_at + 4 * (uint64_t)segment->n;
    return kinds_at + 8 * (uint64_t)segment->n_kinds == tail_at && read_kinds(segment, kinds_at);
}

struct segment *segment_open(const char *path, const char **ret_fault)
{
    struct segment *segment = calloc(1, sizeof(*segment));
    struct stat stat;

    *ret_fault = "cannot be read: no memory";
    if (!segment)
        return NULL;
    segment->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (segment->fd < 0) {
        *ret_fault = errno == ENOENT ? "is missing" : "cannot be opened";
    } else if (fstat(segment->fd, &stat) || !S_ISREG(stat.st_mode)) {
        *ret_fault = "is no file";
    } else {
        segment->size = (uint64_t)stat.st_size;
        if (read_shape(segment))
            return segment;
        *ret_fault = segment->fault ? segment->fault : ODD;
    }
    segment_close(segment);
    return NULL;
}

void segment_close(struct segment *segment)
{
    if (segment && segment->fd >= 0)
        close(segment->fd);
    free(segment);
}

const struct segment_facts *segment_facts(const struct segment *segment)
{
    return &segment->facts;
}

const char *segment_fault(const struct segment *segment)
{
    return segment->fault ? segment->fault : ODD;
}

/* ---- rows ---- */

static bool broken(struct segment *segment, int64_t seq, const char *what)
{
    snprintf(segment->fault_text, sizeof(segment->fault_text), "has a row %" PRId64 " that %s", seq, what);
    segment->fault = segment->fault_text;
    return false;
}

bool segment_row(struct segment *segment, int64_t seq, Rpc__JournalRow *ret_row)
{
    uint64_t i = (uint64_t)(seq - segment->facts.first);
    const uint32_t ahead = i ? SEGMENT_HASH_LEN : 0; /* the hash of the row before stands in front of a row */
    const unsigned char *bytes;
    uint32_t at, len;

    ensure(seq >= segment->facts.first && seq <= segment->facts.last);
    if (!number_at(segment, &segment->offsets, segment->offsets_at + 4 * i, &at))
        return false;
    if (at < SEGMENT_MAGIC_LEN + ahead || at + (uint64_t)SEGMENT_ROW_HEAD > segment->offsets_at)
        return broken(segment, seq, "stands nowhere");
    bytes = bytes_at(segment, &segment->rows, at, SEGMENT_ROW_HEAD);
    if (!bytes)
        return false;
    len = get_be32(bytes + 20);
    if (len > LIMIT_EVENT || at + (uint64_t)SEGMENT_ROW_HEAD + len + SEGMENT_HASH_LEN > segment->offsets_at)
        return broken(segment, seq, "is longer than a row can be");
    bytes = bytes_at(segment, &segment->rows, at - ahead, ahead + SEGMENT_ROW_HEAD + len + SEGMENT_HASH_LEN);
    if (!bytes)
        return false;
    bytes += ahead;
    rpc__journal_row__init(ret_row);
    ret_row->seq = seq;
    ret_row->at = (int64_t)get_be64(bytes);
    ret_row->kind = (int32_t)get_be32(bytes + 8);
    ret_row->actor = (int64_t)get_be64(bytes + 12);
    ret_row->body = (ProtobufCBinaryData){len, unconst(bytes + SEGMENT_ROW_HEAD)};
    ret_row->hash = (ProtobufCBinaryData){SEGMENT_HASH_LEN, unconst(bytes + SEGMENT_ROW_HEAD + len)};
    if (!journal_row_follows(i ? bytes - ahead : segment->facts.before, ret_row) ||
        (seq == segment->facts.last && memcmp(ret_row->hash.data, segment->facts.head, SEGMENT_HASH_LEN) != 0))
        return broken(segment, seq, "does not match its hash");
    return true;
}

/* ---- some kinds ---- */

static bool entry_at(struct segment *segment, uint32_t entry, uint32_t *ret)
{
    if (!number_at(segment, &segment->index, segment->lists_at + 4 * (uint64_t)entry, ret))
        return false;
    if (*ret >= segment->n)
        segment->fault = "has an index that leads nowhere";
    return *ret < segment->n;
}

/* Whether the list has rows from `from` on; it then begins there. */
static bool begin_list(struct segment *segment, struct segment_list *list, const struct kind *kind, uint32_t from)
{
    uint32_t low = kind->first, high = kind->first + kind->n;

    list->end = high;
    list->n = list->at = 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2, row;

        if (!entry_at(segment, middle, &row))
            return false;
        if (row < from)
            low = middle + 1;
        else
            high = middle;
    }
    list->next = low;
    return true;
}

bool segment_walk_begin(struct segment *segment, struct segment_walk *walk, const int32_t *kinds, size_t n,
                        int64_t after)
{
    int64_t from = after < segment->facts.first ? 0 : after - segment->facts.first + 1;

    ensure(n <= SEGMENT_WALK);
    walk->n_lists = 0;
    walk->last = after;
    for (uint32_t i = 0; i < segment->n_kinds && from < segment->n; i++) {
        bool wanted = false;

        for (size_t k = 0; k < n; k++)
            wanted |= kinds[k] == (int32_t)segment->kinds[i].kind;
        if (!wanted)
            continue;
        if (!begin_list(segment, &walk->lists[walk->n_lists], &segment->kinds[i], (uint32_t)from))
            return false;
        walk->n_lists++;
    }
    return true;
}

/* Reads on. False with a fault. */
static bool fill_list(struct segment *segment, struct segment_list *list)
{
    list->n = list->at = 0;
    while (list->n < ARRAY_LEN(list->rows) && list->next < list->end) {
        if (!entry_at(segment, list->next, &list->rows[list->n]))
            return false;
        list->n++;
        list->next++;
    }
    return true;
}

int64_t segment_walk_next(struct segment *segment, struct segment_walk *walk)
{
    struct segment_list *nearest = NULL;
    int64_t seq;

    for (unsigned i = 0; i < walk->n_lists; i++) {
        struct segment_list *list = &walk->lists[i];

        if (list->at == list->n && list->next < list->end && !fill_list(segment, list))
            return -1;
        if (list->at < list->n && (!nearest || list->rows[list->at] < nearest->rows[nearest->at]))
            nearest = list;
    }
    if (!nearest)
        return 0;
    seq = segment->facts.first + nearest->rows[nearest->at++];
    if (seq <= walk->last) {
        segment->fault = DISORDER;
        return -1;
    }
    walk->last = seq;
    return seq;
}

/* ---- the whole ---- */

static bool sum_until(struct segment *segment, uint64_t end, unsigned char ret[SEGMENT_HASH_LEN])
{
    struct sha256 sum;

    sha256_start(&sum);
    for (uint64_t at = 0; at < end;) {
        size_t len = end - at < WINDOW ? (size_t)(end - at) : WINDOW;
        const unsigned char *bytes = bytes_at(segment, &segment->rows, at, len);

        if (!bytes)
            return false;
        sha256_add(&sum, bytes, len);
        at += len;
    }
    sha256_end(&sum, ret);
    return true;
}

bool segment_hash(struct segment *segment, unsigned char ret_hash[SEGMENT_HASH_LEN])
{
    return sum_until(segment, segment->size, ret_hash);
}

/* Whether the lists name each row once, by its kind. */
static bool index_agrees(struct segment *segment, uint16_t *kinds)
{
    for (uint32_t k = 0; k < segment->n_kinds; k++) {
        for (uint32_t i = 0, last = 0; i < segment->kinds[k].n; i++) {
            uint32_t row;

            if (!entry_at(segment, segment->kinds[k].first + i, &row))
                return false;
            if (kinds[row] || (i && row <= last)) {
                segment->fault = DISORDER;
                return false;
            }
            last = row;
            kinds[row] = (uint16_t)segment->kinds[k].kind;
        }
    }
    for (uint32_t i = 0; i < segment->n; i++) {
        Rpc__JournalRow row;

        if (!segment_row(segment, segment->facts.first + i, &row))
            return false;
        if (row.kind != kinds[i])
            return broken(segment, row.seq, "its index does not have");
    }
    return true;
}

bool segment_check(struct segment *segment)
{
    uint16_t *kinds = calloc(segment->n, sizeof(*kinds));
    unsigned char sum[SEGMENT_HASH_LEN];
    bool agrees;

    ensure(kinds);
    agrees = index_agrees(segment, kinds);
    free(kinds);
    if (!agrees || !sum_until(segment, segment->size - SEGMENT_STATEMENT, sum))
        return false;
    if (memcmp(sum, segment->facts.sum, sizeof(sum)) != 0)
        segment->fault = "does not have the sum that it says";
    return memcmp(sum, segment->facts.sum, sizeof(sum)) == 0;
}
