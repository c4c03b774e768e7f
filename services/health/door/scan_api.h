/* scan_api.h: what the operations at the door share: a text that was read, judged, and kept as a scan. */
#pragma once
#include "services/health/api.h"
#include "services/health/door/scans.h"

#define SCANS_UPLOADED 10 /* of one call */

/* What a text that was scanned says. */
struct scanned {
    const char *text;
    enum pass_reason reason; /* of a signed pass */
    struct pass pass;
};

/* Reads n texts, at most SCANS_UPLOADED, and has the signatures among them checked beside the loop; false when the
 * call waits. */
bool scans_read(struct health *self, struct scanned *scanned, size_t n, void *call);
/* Whether the pass that a text is is good at a site then: the reason, with what is known of it. */
enum pass_reason scan_judge(struct health *self, const struct scanned *scanned, int64_t site_id, int64_t at,
                            struct issued *ret_issued, struct booking *ret_booking);
/* The Health__ScanOutcome of a reason. */
int scan_outcome(enum pass_reason reason);

/* A scan of a pass of ours, or of nothing we know. */
struct scan scan_new(const struct device *device, const char *ref, const struct issued *issued, int64_t at, int outcome,
                     void *call);
/* Fills in what becomes of a scan whose pass is good: of its booking the store decides. */
void scan_decide(struct health *self, const struct issued *issued, const struct booking *booking, struct scan *scan);
/* Why a scan without network that is good otherwise rests on its device's word alone: a Health__ScanWait, WAITS_NOT
 * when it does not. It says the same of the scan whenever it is asked. */
int scan_rests_on(const struct device *device, const struct issued *issued, const struct scan *scan);
/* She has come: the scan, the booking, the entitlement. */
void scan_accept(struct health *self, struct scan *scan, struct booking *booking, void *call);

/* The caller's device for a scan that has not been taken yet; false after refusing, or after replying with the scan
 * as it was taken. */
bool scan_is_new(struct health *self, int64_t site_id, int64_t device_id, const char *ref, Health__Scan_Closure reply,
                 void *call, struct device *ret_device);
/* A scan as others see it, in the arena, or NULL. */
Health__Scan *scan_message(struct health *self, const struct scan *scan, struct arena *arena);
/* Replies with it to whoever scanned, who may look at who has come. */
void scan_reply(struct health *self, const struct scan *scan, Health__Scan_Closure reply, void *call);

/* The handlers that are in files of their own: of scans without network, and of walk-ins. */
void scans__upload_scans(Health__Scans_Service *service, const Health__UploadScansRequest *req,
                         Health__ScanList_Closure reply, void *call);
void scans__accept_scan(Health__Scans_Service *service, const Health__ScanRequest *req, Health__Scan_Closure reply,
                        void *call);
void scans__create_walk_in(Health__Scans_Service *service, const Health__WalkInRequest *req, Health__Scan_Closure reply,
                           void *call);
void scans__create_walk_in_code(Health__Scans_Service *service, const Health__WalkInCodeRequest *req,
                                Health__ScreenCode_Closure reply, void *call);
