/* tables.h: the kinds of tables that officials upload, and what their columns are called. */
#pragma once
#include "common/benefit/imports/imports.h"

/* The fields of each kind, in the order in which rules.h reads them. */
enum { ROSTER_NAME, ROSTER_RESIDENT_ID, ROSTER_MOBILE, ROSTER_UNION, ROSTER_TRADE, ROSTER_COLUMNS };
enum { UNIONS_CODE, UNIONS_NAME, UNIONS_PARENT, UNIONS_TRADES, UNIONS_COLUMNS };
enum { REMOVAL_RESIDENT_ID, REMOVAL_UNION, REMOVAL_COLUMNS };

/* Of an Imports__ImportKind that is identity's. */
const struct import_kind *table_kind(int kind);

/* What identity does with tables (api_imports.c), and with their rows (api_load.c). */
extern const struct imports_service imports_tables;
Imports__ImportReport *import_rows(void *self, const struct import_run *run, void *call);
