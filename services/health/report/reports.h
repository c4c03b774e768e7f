/* reports.h: reports of check-ups in the store.
 *
 * A report is the versions that a site's clerk has uploaded for one attended booking:
 * a PDF in parts of LIMIT_PART bytes, or values as items, or both. Each version has a
 * random data key of its own, kept wrapped under the report key (common/trust/pii.h); what
 * it says is sealed under that key and nowhere else, so that destroying the wrapped key
 * ends it: when its time is over, on her wish, when her account was closed, or an upload was given up. The row
 * itself stays: that there was a report is part of the booking's story.
 *
 * States: UPLOADING -> READY -> SUPERSEDED by the next version; UPLOADING -> ABANDONED;
 * READY and SUPERSEDED -> EXPIRED or ERASED. Each change is in the journal, whose last
 * row about a version is journal_seq.
 *
 * The hash of a PDF is made beside the loop when the upload ends (report_hash.c).
 *
 * A link to a PDF is base64url of report (8 bytes), instant until which it is good (8)
 * and the blind index of both under the report key (16): good for the member alone. */
#pragma once
#include "common/base/body_parts.h"
#include "common/base/limits.h"
#include "services/health/health.h"

#define REPORT_VERSIONS_MAX 20 /* of a booking */
#define REPORT_UPLOAD_MS    HEALTH_DAY_MS
#define REPORT_LINK_MS      INT64_C(300000)
#define REPORT_LINK_SIZE    44 /* characters and a NUL */
#define REPORT_VIEWS_MAX    200
#define REPORT_SLICE        4 /* versions ended in one transaction of the daemon's own */

struct report {
    int64_t id, booking_id, campaign_id, site_id, member_id;
    int32_t version, size;
    int state; /* Health__ReportState */
    int64_t begun_at, ready_at, ended_at, journal_seq;
    unsigned char wrapped[PII_WRAPPED_LEN];
    size_t wrapped_len; /* 0: destroyed */
};

bool reports_find(const struct reports *reports, int64_t report_id, struct report *ret);
/* The latest version of a booking's that is or was ready. */
bool reports_latest(const struct reports *reports, int64_t booking_id, struct report *ret);
/* A member's versions that are or were ready, under all numbers she holds, newest first. */
void reports_ask(const struct reports *reports, int64_t member_id, int64_t before, size_t limit);
bool reports_next(const struct reports *reports, struct report *ret);
/* How many parts of it have come. */
int32_t reports_received(const struct reports *reports, int64_t report_id);

/* Adds a version, UPLOADING, with fresh keys; the upload of the same booking that was
 * not finished is given up. 0, or the Reason why not. */
int report_begin(struct health *self, struct report *report, const Health__ReportItems *items, void *call);
/* Seals a part; a repeated one replaces the first. */
void report_put(struct health *self, const struct report *report, int32_t part, ProtobufCBinaryData content,
                void *call);
/* A part is stored in this call: a hash of the report begins anew. */
void report_hash_changed(struct health *self, int64_t report_id, void *call);
/* The SHA-256 of the PDF whose parts are all there: 0, a Reason, or REPORT_WAITS: then the call
 * ends without an answer (rpc_make). */
#define REPORT_WAITS (-1)
int report_hash(struct health *self, const struct report *report, void *call, unsigned char ret[32]);
/* The version is ready; the one before is superseded. */
void report_ready(struct health *self, struct report *report, void *call);
/* Destroys the key and what was sealed under it. */
void report_end(struct health *self, struct report *report, int state, void *call);

/* Opens part number part into room for LIMIT_PART bytes and a NUL: its length, or -1
 * when it is not there or does not open. */
long report_part(const struct health *self, const struct report *report, int32_t part, char *ret_plain);
/* The items in the arena, or NULL when they do not open. */
Health__ReportItems *report_items(const struct health *self, const struct report *report, struct arena *arena);

/* Notes that the member has looked at a version. */
void report_view(struct health *self, const struct report *report, void *call);
void report_views_ask(const struct reports *reports, int64_t report_id, int64_t before, size_t limit);
bool report_views_next(const struct reports *reports, Health__ReportView *ret, int64_t *ret_view_id);

void report_link(const struct health *self, int64_t report_id, int64_t until, char ret_link[REPORT_LINK_SIZE]);
/* The report of a link that is good now, or 0. */
int64_t report_of_link(const struct health *self, const char *link, int64_t now);

/* Ends what is due, one slice of it: uploads given up, versions past their time.
 * Whether there is more now. */
bool reports_tidy(struct health *self);

/* Whether a row of the journal about a report agrees with the store. */
bool reports_audit_event(struct reports *reports, int64_t seq, const Health__Event *event);
/* Prints the first fault and returns -1: a version that no row of the journal tells of,
 * something sealed whose key is destroyed. */
int reports_audit(struct reports *reports, FILE *out);
