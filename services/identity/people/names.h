/* names.h: by which members are found when somebody knows their whole names.
 *
 * A name is sealed like all that is a person's; beside it stands its mark, a blind index under a
 * key of its own of the name in normal form. It comes and goes with the proof of the name: a
 * correction changes it, an account that is closed or part of another one has none. Members of
 * a store that had no marks get theirs slice by slice, since only the opened name has one. */
#pragma once
#include "services/identity/identity.h"

#define NAMES_SEEN 200 /* people of one name that are looked at for one page */

/* The mark of a name in normal form. */
void name_mark(const struct identity *self, const char *name, unsigned char ret[PII_INDEX_LEN]);
/* This is a member's proven name from now on. */
void name_set(const struct identity *self, int64_t member_id, const char *name);
void names_drop(const struct names *names, int64_t member_id);
/* Members of that name behind an id, in order; returns how many. */
size_t names_find(const struct names *names, const unsigned char mark[PII_INDEX_LEN], int64_t after, int64_t *ret_ids,
                  size_t size);
