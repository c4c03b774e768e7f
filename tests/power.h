/* power.h: a service whose machine loses its power at every write it makes.
 *
 * A service is opened and prepared once. Then, for k = 1.. until a trial makes fewer
 * writes: it starts on that store, does its work until the power is lost at the k-th
 * write or sync, starts again on what the disk kept (disk.h), passes its audit
 * (SQLite's integrity and foreign keys, the journal's chain, the service's own), and
 * must have all that it had acknowledged. A k covers each moment between two writes. */
#pragma once
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/disk.h"
#include "tests/harness.h"
#include "tests/seed.h"

#define POWER_CHECKPOINT "PRAGMA wal_autocheckpoint = 12" /* pages: so that cuts fall into checkpoints too */

struct power_trial {
    void (*open)(struct harness *h);  /* harness_open and what the work needs */
    void (*work)(struct harness *h);  /* notes what was acknowledged; all fails once the power is lost */
    void (*check)(struct harness *h); /* after the restart; may call the service */
};

/* The store of a service that has stopped. */
struct power_image {
    char path[64];
    size_t len;
    char *bytes;
};

static inline void power_save(const struct harness *h, struct power_image *ret)
{
    struct stat stat;
    int fd;

    snprintf(ret->path, sizeof(ret->path), "%s/data.sqlite", h->dir);
    fd = open(ret->path, O_RDONLY | O_CLOEXEC);
    ensure(fd >= 0 && fstat(fd, &stat) == 0);
    ret->len = (size_t)stat.st_size;
    ret->bytes = malloc(ret->len);
    ensure(ret->bytes && read(fd, ret->bytes, ret->len) == stat.st_size);
    close(fd);
}

static inline void power_restore(const struct power_image *image)
{
    int fd = open(image->path, O_WRONLY | O_TRUNC | O_CLOEXEC);

    ensure(fd >= 0 && write(fd, image->bytes, image->len) == (ssize_t)image->len);
    close(fd);
}

/* Returns how many moments were tried. */
static inline int power_every_cut(struct harness *h, const struct power_trial *trial)
{
    struct power_image image;
    struct clock clock;
    bool lost;
    int k = 0;

    trial->open(h);
    clock = h->service.clock;
    harness_stop(h);
    power_save(h, &image);
    do {
        power_restore(&image);
        h->service.clock = clock;
        harness_start(h);
        harness_pragma(h, POWER_CHECKPOINT);
        disk_cut(++k);
        trial->work(h);
        lost = disk_is_cut();
        disk_cut(0);
        harness_stop(h);
        disk_power_on(test_seed() + (uint64_t)k);
        harness_start(h);
        if (*harness_audit(h)) {
            fprintf(stderr, "the power was lost at write or sync %d: %s\n", k, harness_audit(h));
            reason_fail(__FILE__, __LINE__);
        }
        trial->check(h);
        harness_stop(h); /* leaves the one file alone */
    } while (lost);
    free(image.bytes);
    harness_start(h);
    harness_close(h);
    return k;
}
