/* proofs.h: what was asked of the verifier outside: the SQL.
 *
 * A row is made before the verifier is asked and ended by its verdict, so that nobody
 * asks more often than PROOF_TRIES, however many calls are under way or are lost. */
#pragma once
#include "services/identity/identity.h"

struct name_proof {
    int64_t id, member_id, asked_at, ended_at;
    int verdict; /* Identity__Verdict; VERDICT_NONE while it is open */
};

void proofs_add(const struct proofs *proofs, const struct name_proof *proof);
bool proofs_find(const struct proofs *proofs, int64_t proof_id, struct name_proof *ret);
/* Its verdict and end. */
void proofs_end(const struct proofs *proofs, const struct name_proof *proof);
/* Those of a member since an instant that count as tries. */
int64_t proofs_tries(const struct proofs *proofs, int64_t member_id, int64_t since);
