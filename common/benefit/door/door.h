/* door.h: what devices at the doors of places scan, in any service's store.
 *
 * Who comes with a pass (bookings.h) is scanned by a device of the place. A scan has the name its
 * device gave it (ref), so that it is taken once however often it is sent. With network it is
 * accepted, or refused with what is wrong and nothing is kept. Scans that a device made without
 * network and hands in later are all kept, with what became of each, so that conflicts stay visible;
 * what rests on the device's word alone waits for an official (WAITS). A booking has one accepted
 * scan that was not undone at most, which the schema sees to; with it the booking has ARRIVED. Undone
 * within undo_ms, or taken back later by whom the service lets, all is as before it.
 *
 * Devices are those of scanners.h.
 *
 * A guest has no booking: she shows the code of a number that stands for her in one group alone. What
 * she is given for it, the service books (booking_make with walk_in), and the door admits her.
 *
 * WHAT A SERVICE GIVES. SHARED(door) in its list behind bookings, and SHARED(scanners) behind it; a struct
 * door_service, the scanners and the keys of its passes, when it starts (door_serve). Functions that return an int give
 * 0, or a Reason with which the call is to be refused. In SQL it may read door_scan, and exports what it has of a
 * person. */
#pragma once
#include "common/benefit/bookings/bookings.h"
#include "common/benefit/scanners/scanners.h"
#include "door.pb-c.h"

#define DOOR_UPLOAD 10 /* scans of one call */
#define DOOR_REF    SCANNER_REF
#define DOOR_REASON (200 * 4 + 1)

extern const struct part_spec door_part;
extern const struct store_steps door_steps;

/* ---- what a service gives ---- */

/* In all functions self is the service's struct. */
struct door_service {
    int64_t undo_ms; /* for so long a scan may be undone at the door */
    struct {
        int not_accepted, undo_too_late, not_waiting;
        int no_guest; /* a pass, and no guest's code */
    } words;
    /* The Reason for a pass that is not good. */
    int (*pass_refusal)(enum pass_reason reason);
    /* She has come; a scan of hers was taken back, and the booking is ACTIVE, NOT_COME or, of who walked in, CANCELLED
     * again. */
    void (*arrived)(void *self, const struct booking *booking, void *call);
    void (*undone)(void *self, const struct booking *booking, void *call);
    /* Whether somebody else has by now what was hers who was taken not to have come; and why she is not taken beyond
     * that when an official accepts her scan: a Reason, or 0. */
    bool (*given_on)(void *self, const struct booking *booking, void *call);
    int (*beyond)(void *self, const struct booking *booking, void *call);
};

struct door {
    struct store *store;
    unsigned sql;
    struct parts *parts;
    const struct door_service *service;
    void *self; /* the service's, for its functions */
    struct bookings *bookings;
    const struct scanners *scanners;
    const struct holders *holders;
    struct pass_keys *passes;
};

void door_serve(struct door *door, const struct door_service *service, void *self, struct bookings *bookings,
                const struct scanners *scanners, const struct holders *holders, struct pass_keys *passes);

/* ---- what a scanner takes along, to judge without network (pass.h) ---- */

/* How many are expected at a place whose slot begins from an instant until before another, and SHA-256 of their
 * handles, 8 bytes each, rising. */
int32_t door_roster(const struct door *door, int64_t place_id, int64_t from, int64_t until, unsigned char ret_hash[32]);
/* The signed list of the passes of a place that were revoked, in the arena; false for want of memory. */
bool door_revocations(const struct door *door, int64_t place_id, const char *union_path, void *call,
                      ProtobufCBinaryData *ret);

/* ---- scans ---- */

struct scan {
    int64_t id, device_id, place_id, booking_id; /* 0: nobody's */
    int64_t serial;                              /* of the pass that was read, 0: none of ours */
    int64_t at, received_at, undone_at;
    int64_t duplicate_of; /* the scan that came first, or 0 */
    int outcome;          /* Door__Outcome */
    bool offline, walk_in;
    char ref[DOOR_REF], undo_reason[DOOR_REASON];
};

bool scans_find(const struct door *door, int64_t scan_id, struct scan *ret);
bool scans_find_ref(const struct door *door, int64_t device_id, const char *ref, struct scan *ret);
/* The accepted scan of a booking that was not undone. */
bool scans_find_of(const struct door *door, int64_t booking_id, struct scan *ret);
/* A place's before an id, the latest first, with the outcomes in a mask (rpc_page_mask). */
void scans_ask(const struct door *door, int64_t place_id, int64_t states, int64_t before, int limit);
bool scans_next(const struct door *door, struct scan *ret);
void scans_end(const struct door *door);
/* What a scan that waits waits for: a Door__Wait. It says the same whenever it is asked. */
int scan_waits_for(const struct door *door, const struct scan *scan);

/* What a text that was scanned says. */
struct scanned {
    const char *text, *ref;
    enum pass_reason reason; /* of a signed pass */
    struct pass pass;
};

/* Reads n texts, at most DOOR_UPLOAD, and has the signatures among them checked beside the loop; false when the
 * call waits. */
bool door_read(const struct door *door, struct scanned *scanned, size_t n, void *call);
/* One with network, now, whose ref the device has not used. Refused as another one came first, ret's duplicate_of is
 * that. */
int door_scan(struct door *door, const struct scanner *device, const struct scanned *scanned, void *call,
              struct scan *ret);
/* One without network, at an instant of the device's clock, which is behind ours by behind_ms: kept, whatever it is,
 * once. */
void door_take_late(struct door *door, const struct scanner *device, const struct scanned *scanned, int64_t at,
                    int64_t behind_ms, void *call, struct scan *ret);
/* An official accepts one that waits: as if it had been accepted then; what waited stays as it was. Again: the first
 * answer, and *ret_made is false. */
int door_accept(struct door *door, const struct scan *waits, void *call, struct scan *ret, bool *ret_made);
/* A mistake of the last minutes. Again: does nothing. */
int door_undo(struct door *door, struct scan *scan, const char *reason, void *call);
/* Whenever it was, one that is accepted and not undone. */
int door_take_back(struct door *door, struct scan *scan, const char *reason, void *call);

/* ---- guests ---- */

struct guest {
    int64_t subject, group_id, member_id;
};

/* A member's in a group, made when there is none. */
void guests_obtain(struct door *door, int64_t group_id, int64_t member_id, void *call, struct guest *ret);
/* Whose code a text is; she is who holds that number now. */
int guests_read(const struct door *door, const char *text, int64_t now, struct guest *ret);
/* Her booking was made at the door, and she is let in. */
int door_admit(struct door *door, const struct scanner *device, const char *ref, struct booking *booking, void *call,
               struct scan *ret);
