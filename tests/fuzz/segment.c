/* A segment of a journal (common/store/segment.h), as a file that anybody may have written.
 *
 * Holds: a row that is given hashes to what the file says of it, walks end and go forward,
 * and what is refused has a fault. */
#include "common/store/segment.h"

#include <sys/mman.h>
#include <unistd.h>

#include "common/store/journal_internal.h"
#include "tests/fuzz/fuzz.h"

static void walk(struct segment *segment)
{
    static const int32_t kinds[] = {1, 2, 900, -1, 1023};
    struct segment_walk walk;
    int64_t last = 0, seq = 0;

    if (!segment_walk_begin(segment, &walk, kinds, ARRAY_LEN(kinds), segment_facts(segment)->first))
        return;
    while ((seq = segment_walk_next(segment, &walk)) > 0) {
        ensure(seq > last && seq > segment_facts(segment)->first && seq <= segment_facts(segment)->last);
        last = seq;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("segment", MFD_CLOEXEC);
    const char *fault = NULL;
    struct segment *segment;
    char path[64];

    ensure(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    segment = segment_open(path, &fault);
    ensure(segment || (fault && *fault));
    if (segment) {
        unsigned char before[SEGMENT_HASH_LEN];
        Rpc__JournalRow row;

        memcpy(before, segment_facts(segment)->before, sizeof(before));
        for (int64_t seq = segment_facts(segment)->first; seq <= segment_facts(segment)->last; seq++) {
            if (!segment_row(segment, seq, &row))
                break;
            ensure(row.seq == seq && journal_row_follows(before, &row));
            memcpy(before, row.hash.data, sizeof(before));
        }
        walk(segment);
        ensure(segment_check(segment) || *segment_fault(segment));
    }
    segment_close(segment);
    close(fd);
    return 0;
}
