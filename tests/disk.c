#include "tests/disk.h"
#include "tests/record.h"

#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512
#define NAMES  16 /* files that are written to between a disk_cut and its disk_power_on */

enum access { ACCESS_WRITE, ACCESS_SYNC, ACCESS_READ };

static struct {
    enum access kind;
    int code;      /* what SQLite is told */
    int countdown; /* accesses until the first that fails */
    bool lasting, armed, fired;
} fault;

/* A write, or a truncation when bytes is NULL, that no sync has followed. */
struct change {
    unsigned char *bytes;
    size_t at, len;
};

struct content {
    unsigned char *bytes; /* as synced */
    size_t len;
    struct change *changes; /* since */
    size_t n_changes;
};

/* A folder's entry: the file that has the name, and the one that a power cut leaves
 * it to; NULL is none. */
struct name {
    char path[PATH_MAX];
    struct content *now, *synced;
};

static struct {
    bool armed, cut;
    int countdown;
    struct name names[NAMES];
    unsigned n_names;
} power;

struct file {
    sqlite3_file base;
    sqlite3_file *real; /* stands behind it */
    const char *path;   /* SQLite's; NULL of a temporary file */
    struct file *next;  /* open */
};

static sqlite3_vfs *real_vfs;
static struct file *open_files;

static void *sure(void *bytes)
{
    ensure(bytes);
    return bytes;
}

/* ---- faults ---- */

void disk_fail(enum disk_fault kind, int n, bool lasting)
{
    static const struct {
        enum access access;
        int code;
    } kinds[] = {
        [DISK_FULL] = {ACCESS_WRITE, SQLITE_FULL},
        [DISK_WRITE_FAILS] = {ACCESS_WRITE, SQLITE_IOERR_WRITE},
        [DISK_SYNC_FAILS] = {ACCESS_SYNC, SQLITE_IOERR_FSYNC},
        [DISK_READ_FAILS] = {ACCESS_READ, SQLITE_IOERR_READ},
    };

    record_disk(false);
    fault.kind = kinds[kind].access;
    fault.code = kinds[kind].code;
    fault.countdown = n;
    fault.lasting = lasting;
    fault.armed = true;
    fault.fired = false;
}

void disk_heal(void)
{
    record_disk(true);
    fault.armed = false;
}

bool disk_has_failed(void)
{
    return fault.fired;
}

static bool strikes(enum access kind)
{
    if (!fault.armed || kind != fault.kind)
        return false;
    if (fault.fired)
        return fault.lasting;
    fault.fired = --fault.countdown == 0;
    return fault.fired;
}

/* ---- what the disk holds ---- */

static struct content *content_new(void)
{
    return sure(calloc(1, sizeof(struct content)));
}

static void content_free(struct content *content)
{
    if (!content)
        return;
    for (size_t i = 0; i < content->n_changes; i++)
        free(content->changes[i].bytes);
    free(content->changes);
    free(content->bytes);
    free(content);
}

static struct content *content_read(const char *path)
{
    struct content *content = content_new();
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat stat;

    ensure(fd >= 0 && fstat(fd, &stat) == 0);
    content->len = (size_t)stat.st_size;
    content->bytes = sure(malloc(content->len + 1));
    ensure(pread(fd, content->bytes, content->len, 0) == (ssize_t)content->len);
    close(fd);
    return content;
}

static void content_resize(struct content *content, size_t len)
{
    content->bytes = sure(realloc(content->bytes, len + 1));
    if (len > content->len)
        memset(content->bytes + content->len, 0, len - content->len);
    content->len = len;
}

static void content_put(struct content *content, size_t at, const void *bytes, size_t len)
{
    if (len == 0)
        return;
    if (at + len > content->len)
        content_resize(content, at + len);
    memcpy(content->bytes + at, bytes, len);
}

static void content_change(struct content *content, const void *bytes, size_t at, size_t len)
{
    struct change *change;

    content->changes = sure(realloc(content->changes, (content->n_changes + 1) * sizeof(*content->changes)));
    change = &content->changes[content->n_changes++];
    *change = (struct change){.at = at, .len = len};
    if (bytes) {
        change->bytes = sure(malloc(len + 1));
        memcpy(change->bytes, bytes, len);
    }
}

static void content_forget_changes(struct content *content)
{
    for (size_t i = 0; i < content->n_changes; i++)
        free(content->changes[i].bytes);
    content->n_changes = 0;
}

static void content_sync(struct content *content)
{
    for (size_t i = 0; i < content->n_changes; i++) {
        const struct change *change = &content->changes[i];

        if (change->bytes)
            content_put(content, change->at, change->bytes, change->len);
        else
            content_resize(content, change->at);
    }
    content_forget_changes(content);
}

static struct name *find_name(const char *path)
{
    struct name *name;

    for (unsigned i = 0; i < power.n_names; i++) {
        if (strcmp(power.names[i].path, path) == 0)
            return &power.names[i];
    }
    ensure(power.n_names < NAMES);
    name = &power.names[power.n_names++];
    snprintf(name->path, sizeof(name->path), "%s", path);
    name->now = name->synced = access(path, F_OK) == 0 ? content_read(path) : NULL;
    return name;
}

/* The content behind an open file while a cut is awaited, else NULL. */
static struct content *content_of(sqlite3_file *file)
{
    const char *path = ((struct file *)(void *)file)->path;

    return power.armed && path ? find_name(path)->now : NULL;
}

/* ---- the power ---- */

void disk_cut(int n)
{
    record_disk(false);
    ensure(!power.armed || n == 0);
    if (!power.armed) {
        power.armed = true;
        for (const struct file *file = open_files; file; file = file->next) {
            if (file->path)
                find_name(file->path);
        }
    }
    power.countdown = n;
    power.cut = power.cut || n == 0;
}

bool disk_is_cut(void)
{
    return power.cut;
}

static bool loses_power(void)
{
    if (power.armed && !power.cut)
        power.cut = --power.countdown == 0;
    return power.cut;
}

static uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15); /* SplitMix64 */

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* One sector of a write: it arrived, did not, arrived by half, or is rubbish. */
static void settle_sector(struct content *content, size_t at, unsigned char *bytes, size_t len, uint64_t *seed)
{
    uint64_t fate = random_next(seed) % 6;

    if (fate == 0)
        return;
    if (fate == 1)
        len /= 2;
    for (size_t i = 0; fate == 2 && i < len; i++)
        bytes[i] = (unsigned char)random_next(seed);
    content_put(content, at, bytes, len);
}

static void settle_change(struct content *content, struct change *change, uint64_t *seed)
{
    size_t done, len;

    if (!change->bytes) {
        if (random_next(seed) & 1)
            content_resize(content, change->at);
        return;
    }
    for (done = 0; done < change->len; done += len) {
        size_t at = change->at + done;

        len = SECTOR - at % SECTOR < change->len - done ? SECTOR - at % SECTOR : change->len - done;
        settle_sector(content, at, change->bytes + done, len, seed);
    }
}

/* Of four cuts, one leaves nothing that was not synced, one all, two a part. */
static void settle(struct content *content, uint64_t *seed)
{
    uint64_t fate = random_next(seed) % 4;

    if (fate == 1)
        content_sync(content);
    for (size_t i = 0; fate > 1 && i < content->n_changes; i++)
        settle_change(content, &content->changes[i], seed);
    content_forget_changes(content);
}

static void leave(struct name *name, uint64_t *seed)
{
    struct content *left = random_next(seed) & 1 ? name->now : name->synced;
    int fd;

    if (left) {
        settle(left, seed);
        fd = open(name->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        ensure(fd >= 0 && (left->len == 0 || write(fd, left->bytes, left->len) == (ssize_t)left->len));
        close(fd);
    } else {
        unlink(name->path);
    }
    content_free(name->now);
    if (name->synced != name->now)
        content_free(name->synced);
}

void disk_power_on(uint64_t seed)
{
    ensure(power.cut && !open_files);
    for (unsigned i = 0; i < power.n_names; i++)
        leave(&power.names[i], &seed);
    power.armed = power.cut = false;
    power.n_names = 0;
    record_disk(true);
}

/* ---- the layer's files ---- */

static sqlite3_file *real(sqlite3_file *file)
{
    return ((struct file *)(void *)file)->real;
}

static int file_close(sqlite3_file *file)
{
    struct file **at = &open_files;

    while (*at != (struct file *)(void *)file)
        at = &(*at)->next;
    *at = (*at)->next;
    return real(file)->pMethods->xClose(real(file));
}

static int file_read(sqlite3_file *file, void *bytes, int len, sqlite3_int64 at)
{
    if (power.cut)
        return SQLITE_IOERR_READ;
    return strikes(ACCESS_READ) ? fault.code : real(file)->pMethods->xRead(real(file), bytes, len, at);
}

static int file_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    struct content *content = content_of(file);

    if (content && !power.cut)
        content_change(content, bytes, (size_t)at, (size_t)len);
    if (loses_power())
        return SQLITE_IOERR_WRITE;
    if (!strikes(ACCESS_WRITE))
        return real(file)->pMethods->xWrite(real(file), bytes, len, at);
    real(file)->pMethods->xWrite(real(file), bytes, len / 2, at);
    return fault.code;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct content *content = content_of(file);

    if (content && !power.cut)
        content_change(content, NULL, (size_t)size, 0);
    if (loses_power())
        return SQLITE_IOERR_TRUNCATE;
    return strikes(ACCESS_WRITE) ? fault.code : real(file)->pMethods->xTruncate(real(file), size);
}

/* SQLite syncs a new journal's folder with it. */
static int file_sync(sqlite3_file *file, int flags)
{
    struct content *content = content_of(file);
    struct name *name;

    (void)flags;
    if (loses_power())
        return SQLITE_IOERR_FSYNC;
    if (strikes(ACCESS_SYNC))
        return fault.code;
    if (content) {
        name = find_name(((struct file *)(void *)file)->path);
        content_sync(content);
        if (name->synced != content)
            content_free(name->synced);
        name->synced = content;
    }
    return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    return real(file)->pMethods->xFileSize(real(file), ret);
}

static int file_lock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xLock(real(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}

static int file_check_lock(sqlite3_file *file, int *ret)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), ret);
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
    return real(file)->pMethods->xFileControl(real(file), op, arg);
}

static int file_sector(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

static int file_characteristics(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, ret);
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}

static int file_shm_unmap(sqlite3_file *file, int delete)
{
    return real(file)->pMethods->xShmUnmap(real(file), delete);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *ret_flags)
{
    struct file *mine = (struct file *)(void *)file;
    struct name *name = power.armed && path ? find_name(path) : NULL;
    int code;

    (void)vfs;
    file->pMethods = NULL;
    if (power.cut)
        return SQLITE_CANTOPEN;
    mine->real = (sqlite3_file *)(void *)(mine + 1);
    mine->path = path;
    code = real_vfs->xOpen(real_vfs, path, mine->real, flags, ret_flags);
    if (!mine->real->pMethods)
        return code;
    file->pMethods = &methods;
    mine->next = open_files;
    open_files = mine;
    if (name && !name->now)
        name->now = content_new();
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    struct name *name = power.armed ? find_name(path) : NULL;

    (void)vfs;
    if (loses_power())
        return SQLITE_IOERR_DELETE;
    if (name) {
        if (name->now != name->synced)
            content_free(name->now);
        name->now = NULL;
        if (sync_folder) {
            content_free(name->synced);
            name->synced = NULL;
        }
    }
    return real_vfs->xDelete(real_vfs, path, 0);
}

void disk_init(void)
{
    static sqlite3_vfs vfs;

    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "disk";
    vfs.szOsFile = real_vfs->szOsFile + (int)sizeof(struct file);
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    vfs.pNext = NULL;
    ensure(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}
