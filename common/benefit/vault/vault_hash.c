/* vault_hash.c: the SHA-256 of a file, made of its parts when the upload ends.
 *
 * 10 MiB are 50 ms of hashing, so it is done beside the loop (rpc_make), and some parts at a
 * time: what is held of the call are these, and opening them costs the loop a millisecond. How
 * far a hash has got is kept between the runs of the call, until a part changes. */
#include "common/benefit/vault/vault_internal.h"

#define AT_ONCE 4 /* parts */

/* What the function is given: where the hash stands, and the parts behind it. */
struct stretch {
    int64_t file_id;
    uint64_t run;
    int32_t next;
    struct sha256 sum;
    char parts[AT_ONCE * LIMIT_PART + 1];
};
#define STRETCH_SAME offsetof(struct stretch, sum) /* the sum follows from these */

_Static_assert(sizeof(struct stretch) <= RPC_MAKE_IN, "a stretch can be given");
_Static_assert(sizeof(struct sha256) <= RPC_MAKE_OUT, "a sum can be made");

static size_t hash_on(const void *in, size_t len, void *out)
{
    const struct stretch *stretch = in;
    struct sha256 sum = stretch->sum;

    sha256_add(&sum, stretch->parts, len - offsetof(struct stretch, parts));
    memcpy(out, &sum, sizeof(sum));
    return sizeof(sum);
}

static struct vault_hash *find_hash(struct vault *vault, int64_t file_id)
{
    for (unsigned i = 0; i < VAULT_HASHES; i++) {
        if (vault->hashes[i].file_id == file_id)
            return &vault->hashes[i];
    }
    return NULL;
}

/* In place of the one that was begun longest ago. */
static struct vault_hash *begin_hash(struct vault *vault, int64_t file_id)
{
    struct vault_hash *hash = &vault->hashes[++vault->runs % VAULT_HASHES];

    *hash = (struct vault_hash){.file_id = file_id, .run = vault->runs};
    sha256_start(&hash->sum);
    return hash;
}

static void forget_hash(void *arg, int64_t file_id, int64_t unused)
{
    struct vault_hash *hash = find_hash(arg, file_id);

    (void)unused;
    if (hash)
        hash->file_id = 0;
}

void vault_hash_changed(struct vault *vault, int64_t file_id, void *call)
{
    forget_hash(vault, file_id, 0);
    /* A hash may be begun of the part before it is undone. */
    rpc_on_undo(call, forget_hash, vault, file_id, 0);
}

/* Reads the next parts: how many bytes, or -1 when one does not open. */
static long read_parts(struct vault *vault, const struct vault_file *file, const struct vault_hash *hash,
                       struct stretch *ret, int32_t *ret_next)
{
    long len = 0;

    *ret = (struct stretch){.file_id = hash->file_id, .run = hash->run, .next = hash->next, .sum = hash->sum};
    for (*ret_next = hash->next; *ret_next < body_parts(file->size) && *ret_next < hash->next + AT_ONCE;) {
        long more = vault_part_of(vault, file, (*ret_next)++, ret->parts + len);

        if (more < 0)
            return -1;
        len += more;
    }
    return len;
}

enum vault_trouble vault_hash_of(struct vault *vault, const struct vault_file *file, void *call, unsigned char ret[32])
{
    struct vault_hash *hash = find_hash(vault, file->id);
    struct stretch *stretch = arena_alloc(rpc_arena(call), sizeof(*stretch));

    if (!hash)
        hash = begin_hash(vault, file->id);
    while (stretch && hash->next < body_parts(file->size)) {
        int32_t next;
        long len = read_parts(vault, file, hash, stretch, &next);
        const void *sum;
        size_t sum_len;

        if (len < 0)
            return VAULT_UNREADABLE;
        sum = rpc_make(call, hash_on, stretch, offsetof(struct stretch, parts) + (size_t)len, STRETCH_SAME, &sum_len);
        if (!sum)
            return VAULT_WAITS;
        memcpy(&hash->sum, sum, sizeof(hash->sum));
        hash->next = next;
    }
    if (!stretch)
        return VAULT_NO_MEMORY;

    struct sha256 whole = hash->sum;

    sha256_end(&whole, ret);
    return VAULT_FINE;
}
