/* scans.h: devices at the doors, and what they scanned, in the store.
 *
 * A scan has the name its device gave it (scan_ref), so that it is taken once however
 * often it is sent. Scans that were made with network are kept when they were
 * accepted; those that a device hands in later are all kept, with what became of each,
 * so that conflicts stay visible. A booking has one accepted scan that was not undone
 * at most, which the schema sees to.
 *
 * A device belongs to the person who registered it, scans in the session in which she
 * did, and may hand in later in any. A substitute revokes it; what it scanned before is
 * still taken. */
#pragma once
#include "services/health/booking/bookings.h"

#define SCAN_UNDO_MS  (INT64_C(15) * 60000)
#define SCAN_AHEAD_MS (INT64_C(5) * 60000)    /* a device's clock may be ahead of ours */
#define SCAN_LATE_MS  (INT64_C(72) * 3600000) /* in which what was scanned without network is handed in */
#define DEVICES_MAX   50                      /* of a site, not revoked */
#define DEVICE_NAME   (40 * 4 + 1)
#define SCAN_REF      (40 * 4 + 1)
#define UNDO_REASON   (200 * 4 + 1)

struct device {
    int64_t id, site_id, staff_id, session_id, registered_at;
    int64_t revoked_at; /* 0: is not */
    char name[DEVICE_NAME];
};

struct scan {
    int64_t id, device_id, site_id, booking_id; /* 0: nobody's */
    int64_t serial;                             /* of the pass that was read, 0: none of ours */
    int64_t at, received_at, undone_at;
    int64_t duplicate_of; /* the scan that came first, or 0 */
    int outcome;          /* Health__ScanOutcome */
    bool offline, walk_in;
    char ref[SCAN_REF], undo_reason[UNDO_REASON];
};

/* Gives it an id; says so in the journal. */
void device_make(struct health *self, struct device *device, void *call);
bool devices_find(const struct scans *scans, int64_t device_id, struct device *ret);
/* Those of a site that are not revoked. */
int64_t devices_count(const struct scans *scans, int64_t site_id);
void device_revoke(struct health *self, struct device *device, void *call);

/* Gives it an id; says so in the journal. */
void scan_make(struct health *self, struct scan *scan, void *call);
bool scans_find(const struct scans *scans, int64_t scan_id, struct scan *ret);
bool scans_find_ref(const struct scans *scans, int64_t device_id, const char *ref, struct scan *ret);
/* The accepted scan of a booking that was not undone. */
bool scans_find_of(const struct scans *scans, int64_t booking_id, struct scan *ret);
void scan_undo(struct health *self, struct scan *scan, const char *reason, void *call);
/* A site's before an id, the latest first, with the outcomes in a mask (rpc_page_mask). */
void scans_ask(const struct scans *scans, int64_t site_id, int64_t states, int64_t before, int limit);
bool scans_next(const struct scans *scans, struct scan *ret);
void scans_end(const struct scans *scans);

struct scan_counts {
    int64_t expected, arrived, not_come, walked_in;
};
/* Of the bookings of a site whose slot begins from an instant until before another. */
void scans_count(const struct scans *scans, int64_t site_id, int64_t from, int64_t until, struct scan_counts *ret);
