/* api.h: health's operations, one function per rpc, in the order of the .proto. */
#pragma once
#include "services/health/health.h"

/* Fills in the ids of the unions of what was made when they were not kept beside the paths. 0 or
 * a Reason. */
int package_name_unions(struct health *self, Health__Package *package, void *call);
int site_name_unions(struct health *self, Health__Site *site, void *call);
int campaign_name_unions(struct health *self, Health__Campaign *campaign, void *call);
/* A campaign for an official of its union; NULL after refusing. */
Health__Campaign *campaign_of_official(struct health *self, int64_t campaign_id, void *call);
/* A holder's handle as 16 hex digits in the arena, or NULL. */
char *handle_text(int64_t handle, struct arena *arena);
struct slot;
/* A slot as others see it, in the arena, or NULL. */
Health__Slot *slot_message(const struct slot *slot, struct arena *arena);
struct booking;
/* The caller's booking with its campaign; false after refusing. */
bool booking_of_member(struct health *self, int64_t booking_id, void *call, struct booking *ret_booking,
                       const Health__Campaign **ret_campaign);
/* A site where the caller scans; NULL after refusing. */
const Health__Site *site_of_staff(struct health *self, int64_t site_id, void *call);
struct scanner;
/* The caller's own device at a site where she scans, which in_use may scan with network now; false after refusing. */
bool device_of_staff(struct health *self, int64_t site_id, int64_t device_id, bool in_use, void *call,
                     struct scanner *ret);
/* Replies with the code of a kind (enum pass_kind) that a screen shows now. */
void reply_code(struct health *self, int kind, int64_t subject, Health__ScreenCode_Closure reply, void *call);

struct statement;
/* A settlement of a campaign over which the caller has finance or, to read, the audit; false after refusing. */
bool settlement_of_finance(struct health *self, int64_t settlement_id, bool reads, void *call, struct statement *ret);
struct statement_line;
/* A version of a report as others may know of it. */
void report_fact(const struct vault_file *report, int32_t received, Health__ReportFact *ret);
/* A line as a message that refers to it. */
void settlement_line_message(struct statement_line *line, Health__SettlementLine *ret);
