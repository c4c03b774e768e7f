/* door_internal.h: what the files of door.h share. */
#pragma once
#include "common/benefit/door/door.h"

/* Gives it an id; says so in the journal. */
void scan_make(struct door *door, struct scan *scan, void *call);
void scan_undo(struct door *door, struct scan *scan, const char *reason, void *call);
bool guests_find(const struct door *door, int64_t subject, struct guest *ret);
