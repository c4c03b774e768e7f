/* corrections.h: requests to correct personal data: their SQL, and what is done by them.
 *
 * Somebody has one open request at most, which the schema sees to. The union that she
 * belongs to, or did last, decides, having seen her papers. What she asks for is
 * erased when it is decided. */
#pragma once
#include "services/identity/people/person.h"

#define CORRECTION_REMARK_SIZE (200 * 4 + 1)

struct correction {
    int64_t id, member_id, union_id, asked_at, decided_at, decided_by;
    int state, reason, refusal; /* Identity__CorrectionState, Identity__CorrectionReason, Identity__RefusalReason */
    char remark[CORRECTION_REMARK_SIZE];
    struct sealed sealed;
};

/* Adds it and tells the journal. */
void correction_ask(struct identity *self, const struct correction *correction, void *call);
bool corrections_find(const struct corrections *corrections, int64_t correction_id, struct correction *ret);
/* The member's open request. */
bool corrections_find_open(const struct corrections *corrections, int64_t member_id, struct correction *ret);
/* Ends it: state, refusal, remark and who decided when; what was asked for is erased. */
void correction_end(struct identity *self, struct correction *correction, int state, void *call);
/* A member's requests, the latest first, before an id; a union's open ones after an id. Returns how many. */
size_t corrections_find_mine(const struct corrections *corrections, int64_t member_id, int64_t before,
                             struct correction *ret, size_t size, int64_t states);
size_t corrections_find_union(const struct corrections *corrections, int64_t union_id, int64_t after,
                              struct correction *ret, size_t size, int64_t states);
/* Deletes a slice of those decided before an instant; returns how many. */
int corrections_drop_old(const struct corrections *corrections, int64_t before);

/* Makes a member's data what is wanted, "" leaving what is; her sessions end.
 * RESIDENT_ID_TAKEN, MOBILE_TAKEN, or 0. */
int member_correct(struct identity *self, struct member *member, const struct person *wanted, void *call);
