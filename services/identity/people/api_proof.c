/* api_proof.c: the operations of proof.proto, which the bridge calls for a member:
 * its principal carries her member and session. */
#include "services/identity/api.h"
#include "services/identity/people/data_keys.h"
#include "services/identity/people/members.h"
#include "services/identity/people/person.h"
#include "services/identity/people/proofs.h"
#include "services/identity/access/session_life.h"

static struct identity *self_of(Identity__Proofs_Service *service)
{
    return container_of(service, struct identity, proofs_service);
}

/* Why the caller may not have her name proven outside at all. */
static int caller_refusal(struct identity *self, void *call, struct member *ret_member)
{
    if (!members_find(&self->members, rpc_principal(call)->member_id, ret_member))
        return IDENTITY__REASON__MEMBER_NOT_FOUND;
    if (!session_is_live(self, call))
        return RPC__REASON__TOKEN_REVOKED;
    return ret_member->level >= (int)RPC__LEVEL__REAL_NAME ? IDENTITY__REASON__ALREADY_VERIFIED : 0;
}

/* Whether another member is proven by this resident ID. */
static bool is_taken(struct identity *self, const struct cn_resident_id *id)
{
    unsigned char index[PII_INDEX_LEN];

    person_index_id(self, id->number, index);
    return members_have_person(&self->members, index);
}

/* rpc BeginProof: counts a try before the verifier is asked. */
static void proofs__begin_proof(Identity__Proofs_Service *service, const Identity__VerifyRequest *req,
                                Identity__Proof_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__Proof message = IDENTITY__PROOF__INIT;
    char name[CN_NAME_SIZE];
    struct cn_resident_id id;
    const char *field = "";
    struct member member;
    struct name_proof proof;
    struct person person;
    int reason = caller_refusal(self, call, &member);

    if (!reason && (!person_open_member(self, &member, &person) || !*person.mobile))
        reason = IDENTITY__REASON__REAL_NAME_UNAVAILABLE; /* there is nothing third to ask about */
    if (!reason && proofs_tries(&self->proofs, member.id, rpc_now(call) - PROOF_WINDOW_MS) >= PROOF_TRIES)
        reason = IDENTITY__REASON__PROOF_TRIES_EXHAUSTED;
    if (rpc_refuse_if(call, reason))
        return;
    reason = claim_read(req, call, name, &id, &field);
    if (rpc_refuse_field_if(call, reason, field))
        return;
    if (id.kind != CN_RESIDENT_ID) { /* of which the verifier knows nothing */
        rpc_refuse(call, IDENTITY__REASON__DOCUMENT_AT_COUNTER);
        return;
    }
    if (is_taken(self, &id)) {
        rpc_refuse(call, IDENTITY__REASON__RESIDENT_ID_TAKEN);
        return;
    }
    proof = (struct name_proof){
        .id = id_next(&self->ids, rpc_now(call)),
        .member_id = member.id,
        .asked_at = rpc_now(call),
    };
    proofs_add(&self->proofs, &proof);
    message.proof_id = proof.id;
    message.mobile = person.mobile;
    reply(&message, call);
}

static void end_proof(struct identity *self, struct name_proof *proof, int verdict, void *call)
{
    Identity__ProofEnded ended = IDENTITY__PROOF_ENDED__INIT;

    proof->verdict = verdict;
    proof->ended_at = rpc_now(call);
    proofs_end(&self->proofs, proof);
    ended.proof_id = proof->id;
    ended.member_id = proof->member_id;
    ended.verdict = (Identity__Verdict)verdict;
    rpc_tell(call, &ended.base);
}

/* rpc EndProof: the verdict; when it agrees, her name is proven and she is no member yet. */
static void proofs__end_proof(Identity__Proofs_Service *service, const Identity__EndProofRequest *req,
                              Identity__Session_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__VerifyRequest claim = IDENTITY__VERIFY_REQUEST__INIT;
    int verdict = (int)req->verdict, reason;
    char name[CN_NAME_SIZE];
    struct cn_resident_id id;
    const char *field = "";
    struct member member;
    struct name_proof proof;

    claim.name = req->name;
    claim.resident_id = req->resident_id;
    reason = claim_read(&claim, call, name, &id, &field);
    if (!reason && (!proofs_find(&self->proofs, req->proof_id, &proof) || proof.ended_at ||
                    proof.member_id != rpc_principal(call)->member_id))
        reason = IDENTITY__REASON__PROOF_NOT_FOUND;
    if (!reason)
        reason = caller_refusal(self, call, &member);
    if (!reason && is_taken(self, &id))
        reason = IDENTITY__REASON__RESIDENT_ID_TAKEN;
    if (!reason)
        reason = data_key_ready(self, &member, call);
    if (rpc_refuse_if(call, reason))
        return;
    end_proof(self, &proof, verdict, call);
    reason = verdict_refusal(verdict);
    if (reason) {
        rpc_keep(call);
        rpc_refuse(call, reason);
        return;
    }
    member_set_person(self, &member, name, &id, call);
    session_prove(self, call);
    session_renew(self, &member, reply, call);
}

const Identity__Proofs_Service proofs_api = IDENTITY__PROOFS__INIT(proofs__);
