/* scan_api.h: what the operations at the door share. */
#pragma once
#include "services/health/api.h"
#include "services/health/door/entrance.h"

/* The caller's device for a scan that has not been taken yet; false after refusing, or after replying with the scan
 * as it was taken. */
bool scan_is_new(struct health *self, int64_t site_id, int64_t device_id, const char *ref, Health__Scan_Closure reply,
                 void *call, struct scanner *ret_device);
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
