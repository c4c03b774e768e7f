#include "common/trust/heads.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/sha256.h"

#define LINE_SIZE 512 /* a line has 311 characters and the queue's name at most */
#define TEXT_SIZE 256 /* of what is signed */

struct heads {
    struct ecdsa_key *key;
    unsigned char id[HEAD_KEY_LEN];
    char queue[LIMIT_QUEUE_NAME + 1];
    int fd;
    struct head shown[LIMIT_HEADS_SHOWN]; /* a ring */
    size_t n;                             /* that were put into it */
};

/* ---- lines ---- */

static int head_text(const char *queue, const struct head *head, char ret[TEXT_SIZE])
{
    char hash[HEX_SIZE(HEAD_HASH_LEN)];

    hex_print(head->hash, sizeof(head->hash), hash);
    return snprintf(ret, TEXT_SIZE, "hg-head-1 %s %" PRId64 " %" PRId64 " %s", queue, head->seq, head->at, hash);
}

static int head_line(const char *queue, const struct head *head, char ret[LINE_SIZE])
{
    char text[TEXT_SIZE], key[HEX_SIZE(HEAD_KEY_LEN)], signature[HEX_SIZE(ECDSA_SIGNATURE_LEN)];

    head_text(queue, head, text);
    hex_print(head->key, sizeof(head->key), key);
    hex_print(head->signature, sizeof(head->signature), signature);
    return snprintf(ret, LINE_SIZE, "%s %s %s\n", text, key, signature);
}

/* A line as it would be written, and no other spelling of it. */
static bool read_line(const char *line, const char *queue, struct head *ret)
{
    char name[LIMIT_QUEUE_NAME + 1], hash[65], key[17], signature[129], again[LINE_SIZE];
    struct head head;

    _Static_assert(LIMIT_QUEUE_NAME == 31, "the format below reads so many");
    if (sscanf(line, "hg-head-1 %31s %" SCNd64 " %" SCNd64 " %64s %16s %128s", name, &head.seq, &head.at, hash, key,
               signature) != 6 ||
        strlen(hash) + 1 != HEX_SIZE(HEAD_HASH_LEN) || strlen(key) + 1 != HEX_SIZE(HEAD_KEY_LEN) ||
        strlen(signature) + 1 != HEX_SIZE(ECDSA_SIGNATURE_LEN) || !hex_read(hash, HEAD_HASH_LEN, head.hash) ||
        !hex_read(key, HEAD_KEY_LEN, head.key) || !hex_read(signature, ECDSA_SIGNATURE_LEN, head.signature))
        return false;
    head_line(queue, &head, again);
    if (strcmp(line, again) != 0)
        return false;
    *ret = head;
    return true;
}

static bool is_torn(const char *line)
{
    size_t len = strlen(line);

    return len >= 6 && strcmp(line + len - 6, " torn\n") == 0;
}

static void key_id(const struct ecdsa_key *key, unsigned char ret_id[HEAD_KEY_LEN])
{
    unsigned char point[ECDSA_POINT_LEN], sum[32];

    ecdsa_key_point(key, point);
    sha256_of(point, sizeof(point), sum);
    memcpy(ret_id, sum, HEAD_KEY_LEN);
}

/* ---- the daemon's side ---- */

static int write_public(const struct ecdsa_key *key, const char *dir)
{
    unsigned char point[ECDSA_POINT_LEN];
    char path[4096], text[HEX_SIZE(ECDSA_POINT_LEN)];
    int fd, failed = -1;

    ecdsa_key_point(key, point);
    hex_print(point, sizeof(point), text);
    text[sizeof(text) - 1] = '\n';
    snprintf(path, sizeof(path), "%s/key.pub", dir);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd >= 0) {
        failed = write(fd, text, sizeof(text)) != (ssize_t)sizeof(text) || fsync(fd) ? -1 : 0;
        close(fd);
    }
    if (failed)
        log_error("heads", "file", path, "error", strerror(errno));
    return failed;
}

static void show(struct heads *heads, const struct head *head)
{
    heads->shown[heads->n++ % LIMIT_HEADS_SHOWN] = *head;
}

/* The lines that are there already. Signatures are the auditor's to check. */
static int read_shown(struct heads *heads, const char *path)
{
    FILE *file = fopen(path, "re");
    char line[LINE_SIZE];
    bool whole = true;

    if (!file) {
        log_error("heads", "file", path, "error", strerror(errno));
        return -1;
    }
    while (fgets(line, sizeof(line), file)) {
        struct head head;

        whole = strchr(line, '\n') != NULL;
        if (whole && read_line(line, heads->queue, &head))
            show(heads, &head);
    }
    fclose(file);
    if (!whole && write(heads->fd, " torn\n", 6) != 6) {
        log_error("heads", "file", path, "error", strerror(errno));
        return -1;
    }
    return 0;
}

struct heads *heads_open(const char *key_file, const char *dir, const char *queue)
{
    struct heads *heads = calloc(1, sizeof(*heads));
    char path[4096];

    if (!heads)
        return NULL;
    ensure(strlen(queue) < sizeof(heads->queue));
    snprintf(heads->queue, sizeof(heads->queue), "%s", queue);
    snprintf(path, sizeof(path), "%s/heads", dir);
    heads->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (heads->fd < 0)
        log_error("heads", "file", path, "error", strerror(errno));
    heads->key = heads->fd < 0 ? NULL : ecdsa_key_open(key_file);
    if (!heads->key || write_public(heads->key, dir) || read_shown(heads, path)) {
        heads_close(heads);
        return NULL;
    }
    key_id(heads->key, heads->id);
    return heads;
}

void heads_close(struct heads *heads)
{
    if (!heads)
        return;
    ecdsa_key_free(heads->key);
    if (heads->fd >= 0)
        close(heads->fd);
    free(heads);
}

int heads_sign(struct heads *heads, int64_t seq, int64_t at, const unsigned char hash[HEAD_HASH_LEN])
{
    struct head head = {.seq = seq, .at = at};
    char text[TEXT_SIZE], line[LINE_SIZE];
    ssize_t len;

    memcpy(head.hash, hash, sizeof(head.hash));
    memcpy(head.key, heads->id, sizeof(head.key));
    len = head_text(heads->queue, &head, text);
    if (!ecdsa_sign(heads->key, text, (size_t)len, head.signature)) {
        log_error("head_unsigned", "why", "no memory");
        return -1;
    }
    len = head_line(heads->queue, &head, line);
    if (write(heads->fd, line, (size_t)len) != len || fdatasync(heads->fd)) {
        log_error("head_unsigned", "error", strerror(errno));
        return -1;
    }
    show(heads, &head);
    return 0;
}

bool heads_sign_text(struct heads *heads, const char *text, size_t len, unsigned char ret_key[HEAD_KEY_LEN],
                     unsigned char ret_signature[ECDSA_SIGNATURE_LEN])
{
    memcpy(ret_key, heads->id, HEAD_KEY_LEN);
    return ecdsa_sign(heads->key, text, len, ret_signature);
}

int64_t heads_last(const struct heads *heads)
{
    return heads->n ? heads->shown[(heads->n - 1) % LIMIT_HEADS_SHOWN].seq : 0;
}

size_t heads_list(const struct heads *heads, struct head *ret, size_t max)
{
    size_t n = heads->n < LIMIT_HEADS_SHOWN ? heads->n : LIMIT_HEADS_SHOWN;

    if (n > max)
        n = max;
    for (size_t i = 0; i < n; i++)
        ret[i] = heads->shown[(heads->n - n + i) % LIMIT_HEADS_SHOWN];
    return n;
}

void heads_point(const struct heads *heads, unsigned char ret_point[ECDSA_POINT_LEN])
{
    ecdsa_key_point(heads->key, ret_point);
}

/* ---- the auditor's side ---- */

static struct ecdsa_key *read_public(const char *dir)
{
    unsigned char point[ECDSA_POINT_LEN];
    char path[4096], text[HEX_SIZE(ECDSA_POINT_LEN)];
    struct ecdsa_key *key = NULL;
    FILE *file;

    snprintf(path, sizeof(path), "%s/key.pub", dir);
    file = fopen(path, "re");
    if (file && fgets(text, sizeof(text), file) && strlen(text) + 1 == sizeof(text) &&
        hex_read(text, sizeof(point), point))
        key = ecdsa_key_public(point);
    if (file)
        fclose(file);
    return key;
}

static bool is_signed(struct ecdsa_key *key, const char *text, size_t len, const unsigned char id[HEAD_KEY_LEN],
                      const unsigned char signature[ECDSA_SIGNATURE_LEN])
{
    unsigned char own[HEAD_KEY_LEN];

    key_id(key, own);
    return memcmp(own, id, sizeof(own)) == 0 && ecdsa_verify(key, text, len, signature);
}

bool heads_check_text(const char *dir, const char *text, size_t len, const unsigned char id[HEAD_KEY_LEN],
                      const unsigned char signature[ECDSA_SIGNATURE_LEN])
{
    struct ecdsa_key *key = read_public(dir);
    bool good = key && is_signed(key, text, len, id, signature);

    ecdsa_key_free(key);
    return good;
}

static const char *fault_of(const char *line, const char *queue, struct ecdsa_key *key, int64_t before,
                            struct head *ret_head)
{
    char text[TEXT_SIZE];
    int len;

    if (!read_line(line, queue, ret_head))
        return "is no head of this journal";
    if (ret_head->seq <= before)
        return "is not behind the one before";
    len = head_text(queue, ret_head, text);
    if (!is_signed(key, text, (size_t)len, ret_head->key, ret_head->signature))
        return "is not signed by key.pub";
    return NULL;
}

bool heads_begun(const char *dir)
{
    char heads[4096], key[4096];

    snprintf(heads, sizeof(heads), "%s/heads", dir);
    snprintf(key, sizeof(key), "%s/key.pub", dir);
    return access(heads, F_OK) == 0 || access(key, F_OK) == 0;
}

int64_t heads_check(const char *dir, const char *queue, heads_visit visit, void *arg, FILE *out)
{
    struct ecdsa_key *key = read_public(dir);
    char path[4096], line[LINE_SIZE];
    int64_t n = 0, number = 0;
    struct head head = {0};
    FILE *file;

    snprintf(path, sizeof(path), "%s/heads", dir);
    file = fopen(path, "re");
    if (file && !key) {
        fprintf(out, "heads: %s has no key.pub to check them by\n", dir);
        n = -1;
    }
    while (n >= 0 && file && fgets(line, sizeof(line), file)) {
        const char *fault;

        number++;
        if (is_torn(line))
            continue;
        fault = fault_of(line, queue, key, head.seq, &head);
        if (fault)
            fprintf(out, "heads: line %" PRId64 " %s\n", number, fault);
        n = fault || !visit(&head, arg) ? -1 : n + 1;
    }
    if (file)
        fclose(file);
    ecdsa_key_free(key);
    return n;
}
