/* report_hash.c: the SHA-256 of PDFs while their parts come. */
#include "services/health/report/reports.h"

static struct report_hash *find_hash(struct health *self, int64_t report_id)
{
    for (unsigned i = 0; i < REPORT_HASHES; i++) {
        if (self->hashes[i].report_id == report_id)
            return &self->hashes[i];
    }
    return NULL;
}

/* In place of the one that was begun longest ago. */
static struct report_hash *begin_hash(struct health *self, int64_t report_id)
{
    struct report_hash *hash;

    self->last_hash = (self->last_hash + 1) % REPORT_HASHES;
    hash = &self->hashes[self->last_hash];
    *hash = (struct report_hash){.report_id = report_id};
    mbedtls_sha256_init(&hash->sum);
    mbedtls_sha256_starts_ret(&hash->sum, 0);
    return hash;
}

static void add_part(struct report_hash *hash, const void *bytes, size_t len)
{
    mbedtls_sha256_update_ret(&hash->sum, bytes, len);
    hash->next++;
}

static void undo_part(void *arg, int64_t report_id, int64_t unused)
{
    struct report_hash *hash = find_hash(arg, report_id);

    (void)unused;
    if (hash)
        hash->report_id = 0;
}

void report_hash_part(struct health *self, int64_t report_id, int32_t part, ProtobufCBinaryData content, void *call)
{
    struct report_hash *hash = find_hash(self, report_id);

    if (!hash && part == 0)
        hash = begin_hash(self, report_id);
    if (!hash || part > hash->next)
        return;
    if (part < hash->next) {
        hash->report_id = 0;
        return;
    }
    add_part(hash, content.data, content.len);
    rpc_on_undo(call, undo_part, self, report_id, 0);
}

/* Hashes a slice of the parts that are stored. */
static void go_on(struct health *self, const struct report *report, struct report_hash *hash)
{
    char plain[LIMIT_PART + 1];

    for (int i = 0; i < REPORT_HASH_SLICE && hash->next < report_parts(report->size); i++) {
        long len = report_part(self, report, hash->next, plain);

        if (len < 0)
            return;
        add_part(hash, plain, (size_t)len);
    }
}

bool report_hash(struct health *self, const struct report *report, unsigned char ret[32])
{
    struct report_hash *hash = find_hash(self, report->id);
    mbedtls_sha256_context sum;

    if (!hash)
        hash = begin_hash(self, report->id);
    /* Not here: a part that is stored in this batch may be undone. */
    hash->wanted = hash->next < report_parts(report->size);
    if (hash->wanted)
        return false;
    mbedtls_sha256_init(&sum);
    mbedtls_sha256_clone(&sum, &hash->sum);
    mbedtls_sha256_finish_ret(&sum, ret);
    mbedtls_sha256_free(&sum);
    return true;
}

bool report_hash_slice(void *arg)
{
    struct health *self = arg;
    bool more = false;

    for (unsigned i = 0; i < REPORT_HASHES; i++) {
        struct report_hash *hash = &self->hashes[i];
        struct report report;

        if (!hash->wanted || !hash->report_id)
            continue;
        if (reports_find(&self->reports, hash->report_id, &report) && report.wrapped_len > 0)
            go_on(self, &report, hash);
        else
            hash->report_id = 0;
        hash->wanted = hash->report_id && hash->next < report_parts(report.size);
        more |= hash->wanted;
    }
    return more;
}
