/* reports.h: reports of check-ups.
 *
 * A report is a file of the vault (common/benefit/vault/vault.h) about one attended booking: a PDF that a
 * site's clerk has uploaded, or values as items, which are its notes, or both. Its subject is
 * the booking, its group the campaign, its place the site; who reads it has agreed to identity's
 * text for health reports. What becomes of it is in the journal as ReportChanged, each look as
 * ReportOpened. */
#pragma once
#include "services/health/health.h"

#define REPORT_VERSIONS_MAX 20 /* of a booking */

extern const struct vault_kind report_kind;

/* The Reason for a trouble of the vault's. */
int report_reason(enum vault_trouble trouble);
/* The items in the arena, or NULL when they do not open. */
Health__ReportItems *report_items(const struct health *self, const struct vault_file *report, struct arena *arena);
/* The version can be read, and the member is told so. */
void report_ready(struct health *self, struct vault_file *report, void *call);
