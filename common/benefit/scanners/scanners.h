/* scanners.h: the devices by which a place reads what people show, in any service's store.
 *
 * A scanner belongs to the person who registered it and reads in the session in which she did; what it read without
 * network it may hand in later in any. A substitute revokes it; what it read before is still taken. Who may read where
 * is the service's to say.
 *
 * What a scanner read without network rests on its word alone when it says that this was before it was registered, or
 * is still to come, or was too long ago (scanner_doubt).
 *
 * SHARED(scanners) in a service's list, behind the door where there is one; a struct scanners_service when it starts.
 * In SQL the service may read door_device, and exports what it has of a person. */
#pragma once
#include "common/daemon/part.h"
#include "door.pb-c.h"

#define SCANNER_NAME (40 * 4 + 1)
#define SCANNER_REF  (40 * 4 + 1)

extern const struct part_spec scanners_part;
extern const struct store_steps scanners_steps;

struct scanners_service {
    int64_t ahead_ms; /* a scanner's clock may be ahead of ours */
    int64_t late_ms;  /* in which what was read without network is handed in */
    int64_t max;      /* of a place, not revoked; the fact `maximum` of too_many */
    struct {
        int not_found, not_yours, revoked, too_many;
    } words;
};

struct scanners {
    struct store *store;
    unsigned sql;
    struct parts *parts;
    const struct scanners_service *service;
};

/* At the service's start. */
void scanners_serve(struct scanners *scanners, const struct scanners_service *service);

struct scanner {
    int64_t id, place_id, staff_id, session_id, registered_at;
    int64_t revoked_at; /* 0: is not */
    char name[SCANNER_NAME];
};

bool scanners_find(const struct scanners *scanners, int64_t device_id, struct scanner *ret);
/* The page that a call asks for of those of a place that are not revoked, the newest first, in its memory: how many. */
size_t scanners_page(const struct scanners *scanners, int64_t place_id, void *call, struct scanner **ret);
/* The caller's own of a place; in_use: and it may read with network now. 0 or a Reason. */
int scanner_of_caller(const struct scanners *scanners, int64_t place_id, int64_t device_id, bool in_use, void *call,
                      struct scanner *ret);
/* The caller's, in her session; it may take over from another of the place (replaces), which is revoked. 0 or a Reason,
 * of the field ret_field. */
int scanner_register(struct scanners *scanners, int64_t place_id, const char *name, int64_t replaces, void *call,
                     struct scanner *ret, const char **ret_field);
/* Again: does nothing. */
void scanner_revoke(struct scanners *scanners, struct scanner *scanner, void *call);

/* ---- what was read without network ---- */

/* A time of a scanner, whose clock is behind ours by behind_ms, in ours; one that is none (0 or less) stays so. */
int64_t scanner_time(int64_t at, int64_t behind_ms);
/* What that is called which it read at an instant of its clock: by the name it gave it, or, where that is "", by one
 * that is the same however often it is handed in. */
void scanner_ref(const char *ref, const char *text, int64_t at, char ret_ref[SCANNER_REF]);
/* Why what was read at an instant of ours and received at another rests on the scanner's word alone (Door__Wait):
 * WAITS_NOT, DEVICE_NOT_YET, CLOCK_AHEAD or HANDED_IN_LATE. */
int scanner_doubt(const struct scanners *scanners, const struct scanner *scanner, int64_t at, int64_t received_at);
