/* waitings.h: what waits for officials' decisions, of every kind (waiting.proto), by the place in
 * the tree of the officials who decide.
 *
 * A row for each thing that is open, written and taken away by its noun as it is asked for, goes on
 * to another union, and ends: so a subtree's are listed and counted without looking at any union or
 * request that does not wait. The audit compares the rows with the nouns' own.
 *
 * They are listed in the order of the tree, and of ids within a union, so that a page begins
 * wherever the last one ended. A kind is counted up to WAITINGS_COUNTED. */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/unions/pages.h"

#define WAITINGS_COUNTED 10000

struct waiting {
    int kind; /* Identity__WaitingKind */
    int64_t id;
    char path[UNION_PATH_SIZE];
};

/* It waits for the officials of a union (or, where `above`, of the level above that) from now on, wherever it was. */
void waitings_set(const struct waitings *waitings, int kind, int64_t id, int64_t union_id, bool above);
/* It waits no more. */
void waitings_end(const struct waitings *waitings, int kind, int64_t id);
/* The first is called while `waits`, and else the second. */
void waitings_keep(const struct waitings *waitings, int kind, int64_t id, int64_t union_id, bool waits);

/* The union has another level above it now, which is to decide what the old one was to. */
void waitings_rehang(const struct waitings *waitings, int64_t union_id);

/* Those of a page whose kinds are in a mask of RPC_STATE bits; returns how many. */
size_t waitings_find_page(const struct waitings *waitings, const struct page *page, int64_t kinds, struct waiting *ret);
/* How many of a kind wait in the subtree of a page, up to WAITINGS_COUNTED + 1. */
int32_t waitings_count(const struct waitings *waitings, int kind, const char *path);
