/* step_ups.h: who asks an official to look at her document instead of telling its number, which
 * she may not know by heart, or has told wrongly too often today. An official of the union that she
 * belongs to, or did last, looks who she is (LookAtPerson) and at what she shows, and the session
 * that asked is believed to be hers. What nobody decided within STEP_UP_LIFE_MS lapses. */
#pragma once
#include "services/identity/identity.h"

#define STEP_UP_LIFE_MS (INT64_C(24) * 3600000)

struct step_up {
    int64_t id, member_id, session_id, union_id, asked_at, decided_at, decided_by;
    int state; /* Identity__StepUpState */
};

bool step_ups_find(const struct step_ups *step_ups, int64_t step_up_id, struct step_up *ret);
/* The one that is open of a session. */
bool step_ups_find_open(const struct step_ups *step_ups, int64_t session_id, struct step_up *ret);
/* Of a union in the states of a mask, behind an id, that were asked after an instant; at most `size`. */
size_t step_ups_find_union(const struct step_ups *step_ups, int64_t union_id, int64_t states, int64_t after,
                           int64_t since, struct step_up *ret, size_t size);
void step_up_add(struct identity *self, const struct step_up *step_up);
void step_up_decide(struct identity *self, const struct step_up *step_up);
/* NULL when the call's memory is full; with her masked name for officials. */
Identity__StepUpCase *step_up_message(struct identity *self, const struct step_up *step_up, bool official, void *call);
