/* earlier.h: stores that an earlier program has left, opened by this one.
 *
 * tests/data/stores/ holds some, as SQL of made-up people under the keys that the tests have. A
 * test inits its harness, opens one, and finds in it all that was kept, with a journal
 * that agrees, in the tables that a fresh store has; then it goes on from there. */
#pragma once
#include "tests/dump.h"
#include "tests/harness.h"

/* Tells where the store of a harness is not made as a fresh one is: a step of old was edited then. */
static inline void earlier_compare(const struct harness *h, FILE *out)
{
    static struct service fresh;
    struct store_options options;
    char dir[] = "/tmp/huigong-fresh-XXXXXX";
    struct store *store;

    ensure(mkdtemp(dir));
    fresh.spec = h->service.spec;
    service_store_options(&fresh, dir, &options);
    store = store_open(&options);
    ensure(store);
    store_close(store);
    dump_master(h->dir, dir, out);
    harness_remove_dir(dir);
}

/* Starts a harness that was inited, and has its keys, on a store; its clock goes on from the
 * store's last deed. moved ends with a NULL, and may be NULL. */
static inline void earlier_open(struct harness *h, const char *name, const struct dump_moved *moved)
{
    char path[128], older[64], *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    harness_off_record(h);
    snprintf(path, sizeof(path), "tests/data/stores/%s.sql.gz", name);
    snprintf(older, sizeof(older), "%s/earlier.sqlite", h->dir);
    clock_fake(&h->service.clock, dump_load(h->dir, path) + 1, 1);
    dump_copy(h->dir, older);
    harness_start(h);
    ensure(out);
    dump_lost(h->dir, older, moved, out);
    earlier_compare(h, out);
    fclose(out);
    if (*text)
        fail_msg("%s: %s", name, text);
    free(text);
    if (*harness_audit(h))
        fail_msg("%s: %s", name, harness_audit(h));
}
