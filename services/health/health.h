/* health.h: hg-health, health checks given by lot.
 *
 * Owns campaigns with their packages and sites, who entered, what was drawn, and who
 * may book: the entitlements. An official with the role BENEFIT_MANAGER drafts a
 * campaign for her union and announces it; from then on nobody changes its terms.
 * Members enter by one tap, the list is frozen at the closing time, and the lot
 * (common/draw/draw.h) gives every place. Whoever has a place within the quota is
 * entitled; who lapses, declines or does not come makes room for the next place in
 * the committed order, until booking ends.
 *
 * In memory are the frozen lists that somebody asks for (lots.h) and where the sites
 * are (map.h); both follow from the store.
 *
 * The parts, each with its SQL: campaigns.h (campaigns, packages), sites.h (sites and
 * who works there), entries.h (who entered, what was tried against the rules), draws.h
 * (lots and their secrets), places.h (what a lot gave), entitlements.h (who may book:
 * the seam to booking), slots.h and bookings.h (hours, bookings, passes), scans.h and
 * walk_ins.h (what happens at the door), reports.h (reports, of the member alone),
 * consents.h (who agrees to that), accounts.h (whose a number is after two accounts
 * became one), union_moves.h (whose a campaign is after its union got another place),
 * settlements.h (what a site is owed), story.h (all of this in the order of the journal),
 * totals.h (how many people, and nothing of a few). due.h is what happens by itself as
 * time passes. What is only shown is stored as the packed message it came as, so a part reads and writes
 * messages of health.proto in the call's arena and has no other form of them.
 *
 * Promises: one natural person has one entry (identity verifies a resident ID for one
 * member, and accounts.h sees to accounts that are merged), and who has been told that she is in is in; nothing of a
 * lot changes after the freeze, whoever asks, and who asks is in the journal; whatever dies meanwhile, the same lot
 * comes out; no slice of a lot holds the loop for more than some milliseconds. A campaign's places never cost more than
 * its budget; no package holds what the law keeps out of it; a member has one entitlement in a campaign; what is
 * announced stays as it was announced; a slot is never booked above its capacity; a
 * booking that counts has one pass that is not revoked; a pass is accepted once over all
 * scanners, with network or without. */
#pragma once
#include <mbedtls/sha256.h>

#include "common/base/id.h"
#include "health/booking.pb-c.h"
#include "common/base/limits.h"
#include "common/pass/pass.h"
#include "common/trust/pii.h"
#include "common/daemon/service.h"
#include "health/entry.pb-c.h"
#include "health/health.pb-c.h"
#include "health/scan.pb-c.h"
#include "health/report.pb-c.h"
#include "health/settlement.pb-c.h"
#include "health/slot.pb-c.h"
#include "health/story.pb-c.h"
#include "services/health/campaign/map.h"

#define HEALTH_DAY_MS    INT64_C(86400000)
#define HEALTH_BOOK_DAYS 7 /* when a campaign does not say */

/* A part of the store with SQL of its own: `sql` is the first of its statements. */
struct campaigns { /* campaigns.h */
    struct store *store;
    unsigned sql;
};
struct sites { /* sites.h */
    struct store *store;
    unsigned sql;
};
struct entitlements { /* entitlements.h */
    struct store *store;
    unsigned sql;
};
struct entries { /* entries.h */
    struct store *store;
    unsigned sql;
};
struct draws { /* draws.h */
    struct store *store;
    unsigned sql;
};
struct places { /* places.h */
    struct store *store;
    unsigned sql;
};
struct slots { /* slots.h */
    struct store *store;
    unsigned sql;
};
struct bookings { /* bookings.h */
    struct store *store;
    unsigned sql;
    int64_t told; /* rows of which the audit has found the journal's last word */
};
struct scans { /* scans.h */
    struct store *store;
    unsigned sql;
    int64_t told; /* likewise */
};
struct walk_ins { /* walk_ins.h */
    struct store *store;
    unsigned sql;
};

struct report_hash { /* how far the hash of a PDF has got; report_id 0: free */
    int64_t report_id;
    int32_t next; /* part */
    bool wanted;  /* the daemon goes on with it by itself */
    mbedtls_sha256_context sum;
};
#define REPORT_HASHES 16
struct reports { /* reports.h */
    struct store *store;
    unsigned sql;
    struct report_hash hashes[REPORT_HASHES];
    unsigned last_hash; /* that was begun last */
    bool more, scrub;
    int64_t told; /* versions that the audit has found in the journal */
    unsigned char sealed[LIMIT_PART + PII_OVERHEAD];
};
struct settlements { /* settlements.h */
    struct store *store;
    unsigned sql;
    int64_t told; /* those that the audit has found in the journal */
};
struct stories { /* story.h */
    struct store *store;
    unsigned sql;
    bool more;
    int64_t told; /* rows that the audit has found to be told of */
};
struct accounts { /* accounts.h */
    struct store *store;
    unsigned sql;
    int64_t told; /* those that the audit has found in the journal */
};
struct union_moves { /* union_moves.h */
    struct store *store;
    unsigned sql;
    struct path_told *told; /* what the audit has found in the journal */
    size_t n_told, size;
};
struct consents { /* consents.h */
    struct store *store;
    unsigned sql;
};

struct health {
    Health__Campaigns_Service campaigns_service;
    Health__Sites_Service sites_service;
    Health__Entries_Service entries_service;
    Health__Draws_Service draws_service;
    Health__Slots_Service slots_service;
    Health__Bookings_Service bookings_service;
    Health__Passes_Service passes_service;
    Health__Doors_Service doors_service;
    Health__Scans_Service scans_service;
    Health__Reports_Service reports_service;
    Health__Settlements_Service settlements_service;
    Health__Stories_Service stories_service;
    struct store *store;
    struct rpc_server *rpc;
    struct clock *clock;
    struct campaigns campaigns;
    struct sites sites;
    struct entitlements entitlements;
    struct entries entries;
    struct draws draws;
    struct places places;
    struct lots *lots; /* lots.h */
    struct map map;
    int64_t due_after; /* the campaign that due_step looked at last */
    struct slots slots;
    struct bookings bookings;
    struct scans scans;
    struct walk_ins walk_ins;
    struct reports reports;
    struct settlements settlements;
    struct consents consents;
    struct accounts accounts;
    struct union_moves union_moves;
    struct stories stories;
    struct id_source ids;  /* of everything that has one */
    struct pii_keys *keys; /* seal the secrets of draws */
    struct pass_keys *passes;
    struct pii_keys *report_keys; /* seal the keys of reports */
    struct pii_keys *letters;     /* seal letters to identity */
    int64_t report_ms;            /* how long a report is kept */
    uv_timer_t tidy;
};

extern const struct service_spec health_spec;

/* Reads the key and the greatest id of the store (health_spec.conf must be loaded).
 * 0 or -1, logged. */
int health_init(struct health *self, struct service *service);
void health_done(struct health *self);
/* Applies a row of identity's journal (as service_follow.apply). */
void health_on_identity(void *health, void *call, const Rpc__JournalRow *row);
/* Opens the parts on self->store, for health_init and the audit. 0 or -1, logged. */
int health_open_parts(struct health *self);
/* What is due without anybody calling, one slice of it. Whether there is more now. */
bool health_tidy(struct health *self);
/* A packed message in the arena, or NULL when it is full. */
void *health_pack(const ProtobufCMessage *message, struct arena *arena, size_t *ret_len);
/* A text of the present row in the arena, or NULL when it is full. */
char *health_text(struct store *store, unsigned statement, int column, struct arena *arena);
/* The number of the only row of a query without parameters, 0 when there is none. */
int64_t health_number(struct store *store, unsigned statement);
int health_audit(struct store *store, struct journal *journal, FILE *out);

/* A query for the number of something that must not be, and what it means that it is. */
struct audit_check {
    unsigned statement;
    const char *of, *says;
};
/* Prints the first fault and returns -1: fewer or more rows of a part counted than the
 * journal has told of; something found that a check looks for. */
int audit_told(struct store *store, unsigned count, int64_t told, const char *of, FILE *out);
int audit_checks(struct store *store, unsigned sql, const struct audit_check *checks, size_t n, FILE *out);
