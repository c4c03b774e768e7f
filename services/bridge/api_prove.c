/* api_prove.c: a real name, by the ways there are. */
#include <mbedtls/platform_util.h>

#include "common/cn/cn_id.h"
#include "services/bridge/api.h"

#define VERIFIER_PATH "/v1/identity-checks"

static void next_way(struct errand *errand);

/* ---- refusals on the way ---- */

static const char *reason_name(int reason)
{
    return reason ? api_reason(reason)->name : "";
}

/* The last refusal is the answer, with what each way said and which remain. A union can
 * always be asked to vouch for her. */
static void refuse(struct errand *errand)
{
    const int *refused = errand->proof.refused;
    bool outside_silent = refused[WAY_OUTSIDE] == (int)IDENTITY__REASON__REAL_NAME_UNAVAILABLE;
    Rpc__Fact facts[] = {RPC__FACT__INIT, RPC__FACT__INIT, RPC__FACT__INIT};
    Rpc__Fact *list[ARRAY_LEN(facts)];
    Rpc__Answer answer = RPC__ANSWER__INIT;

    facts[0].name = "remaining";
    facts[0].value = outside_silent ? "roster,joining" : "joining";
    list[answer.n_facts++] = &facts[0];
    for (unsigned way = 0; way < BRIDGE_WAYS; way++) {
        Rpc__Fact *fact = &facts[answer.n_facts];

        if (!refused[way])
            continue;
        fact->name = way == WAY_ROSTER ? "roster" : "outside";
        fact->value = unconst(reason_name(refused[way]));
        list[answer.n_facts++] = fact;
    }
    answer.facts = list;
    answer.reason = errand->proof.last;
    answer.retry_after_s = errand->proof.retry_after_s;
    errand_end(errand, &answer);
}

static bool another_may_prove(int reason)
{
    static const int reasons[] = {
        IDENTITY__REASON__NOT_ON_ROSTER,          IDENTITY__REASON__NAME_MISMATCH,
        IDENTITY__REASON__ROSTER_CONFLICT,        IDENTITY__REASON__UNION_CLOSED,
        IDENTITY__REASON__VERIFY_TRIES_EXHAUSTED, IDENTITY__REASON__REAL_NAME_DISAGREES,
        IDENTITY__REASON__REAL_NAME_NO_RECORD,    IDENTITY__REASON__REAL_NAME_UNAVAILABLE,
        IDENTITY__REASON__PROOF_TRIES_EXHAUSTED,  IDENTITY__REASON__LISTED_NUMBER_DIFFERS,
        IDENTITY__REASON__DOCUMENT_AT_COUNTER,
    };

    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        if (reasons[i] == reason)
            return true;
    }
    return false;
}

/* After identity's word on a way: the answer, or the next way. */
static void take_word(struct errand *errand, enum way way, const Rpc__Answer *answer)
{
    /* Known by name already, she could only gain a roster, which has refused. */
    if (answer->reason == (int)IDENTITY__REASON__ALREADY_VERIFIED && errand->proof.last) {
        refuse(errand);
        return;
    }
    if (!another_may_prove(answer->reason)) {
        errand_end(errand, answer);
        return;
    }
    errand->proof.refused[way] = errand->proof.last = answer->reason;
    errand->proof.retry_after_s = answer->retry_after_s;
    next_way(errand);
}

/* ---- the roster ---- */

static void on_roster(void *arg, const Rpc__Answer *answer)
{
    take_word(arg, WAY_ROSTER, answer);
}

static int ask(struct errand *errand, const char *method, rpc_answered answered)
{
    Identity__VerifyRequest request = IDENTITY__VERIFY_REQUEST__INIT;

    request.name = errand->proof.name;
    request.resident_id = errand->proof.resident_id;
    request.mobile = errand->proof.mobile;
    request.code = errand->proof.code;
    request.document = (Identity__DocumentKind)errand->proof.document;
    return errand_ask_identity(errand, method, &request.base, answered);
}

/* ---- the verifier ---- */

static void on_ended(void *arg, const Rpc__Answer *answer)
{
    take_word(arg, WAY_OUTSIDE, answer);
}

/* The verdict of an answer to this very question; anything else is none. */
static Identity__Verdict read_verdict(const struct errand *errand, const json_t *answer)
{
    static const char *const names[] = {[IDENTITY__VERDICT__VERDICT_AGREES] = "AGREE",
                                        [IDENTITY__VERDICT__VERDICT_DISAGREES] = "DISAGREE",
                                        [IDENTITY__VERDICT__VERDICT_NO_RECORD] = "NO_RECORD"};
    const char *id = json_string_value(json_object_get(answer, "requestId"));
    const char *result = json_string_value(json_object_get(answer, "result"));
    char asked[24];

    snprintf(asked, sizeof(asked), "%lld", (long long)errand->proof.proof_id);
    if (!id || !result || strcmp(id, asked) != 0)
        return IDENTITY__VERDICT__VERDICT_UNAVAILABLE;
    for (unsigned i = 1; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], result) == 0)
            return (Identity__Verdict)i;
    }
    return IDENTITY__VERDICT__VERDICT_UNAVAILABLE;
}

static void end_proof(struct errand *errand, Identity__Verdict verdict)
{
    Identity__EndProofRequest request = IDENTITY__END_PROOF_REQUEST__INIT;
    int reason;

    request.proof_id = errand->proof.proof_id;
    request.verdict = verdict;
    request.name = errand->proof.name;
    request.resident_id = errand->proof.resident_id;
    reason = errand_ask_identity(errand, "Proofs.EndProof", &request.base, on_ended);
    if (reason)
        errand_refuse(errand, reason, NULL, 1);
}

static void on_verdict(void *arg, enum partner_end end, const json_t *answer)
{
    struct errand *errand = arg;

    end_proof(errand, end == PARTNER_DONE ? read_verdict(errand, answer) : IDENTITY__VERDICT__VERDICT_UNAVAILABLE);
}

/* Brings what she said of herself to the form that identity has found sound. */
static bool fold_claim(struct errand *errand)
{
    struct cn_resident_id id;
    char name[CN_NAME_SIZE];

    if (!cn_name(errand->proof.name, name) ||
        cn_resident_id(errand->proof.resident_id, cn_day(clock_now(errand->bridge->clock)), &id) != CN_ID_OK)
        return false;
    snprintf(errand->proof.name, sizeof(errand->proof.name), "%s", name);
    snprintf(errand->proof.resident_id, sizeof(errand->proof.resident_id), "%s", id.number);
    return true;
}

static void on_begun(void *arg, const Rpc__Answer *answer)
{
    struct errand *errand = arg;
    struct partner *verifier = &errand->bridge->verifier;
    Identity__Proof *proof;
    char id[24];

    if (answer->reason) {
        take_word(errand, WAY_OUTSIDE, answer);
        return;
    }
    proof = identity__proof__unpack(NULL, answer->output.len, answer->output.data);
    if (!proof) {
        errand_refuse(errand, RPC__REASON__OVERLOADED, NULL, 1);
        return;
    }
    errand->proof.proof_id = proof->proof_id;
    snprintf(errand->proof.asked_mobile, sizeof(errand->proof.asked_mobile), "%s", proof->mobile);
    mbedtls_platform_zeroize(proof->mobile, strlen(proof->mobile));
    identity__proof__free_unpacked(proof, NULL);
    snprintf(id, sizeof(id), "%lld", (long long)errand->proof.proof_id);
    if (!fold_claim(errand) ||
        !partner_ask(verifier, VERIFIER_PATH,
                     json_pack("{s:s, s:s, s:s, s:s}", "requestId", id, "name", errand->proof.name, "residentId",
                               errand->proof.resident_id, "mobile", errand->proof.asked_mobile),
                     errand_time_ms(errand, IDENTITY_MS), true, on_verdict, errand))
        end_proof(errand, IDENTITY__VERDICT__VERDICT_UNAVAILABLE);
}

/* ---- the ways ---- */

static int begin_way(struct errand *errand)
{
    switch (errand->bridge->ways[errand->proof.next_way++]) {
    case WAY_ROSTER:
        return ask(errand, "Identity.VerifyMe", on_roster);
    case WAY_OUTSIDE:
        return ask(errand, "Proofs.BeginProof", on_begun);
    }
    return RPC__REASON__INTERNAL;
}

static void next_way(struct errand *errand)
{
    int reason;

    if (errand->proof.next_way == errand->bridge->n_ways) {
        refuse(errand);
        return;
    }
    reason = begin_way(errand);
    if (reason)
        errand_refuse(errand, reason, NULL, 1);
}

/* rpc ProveMe: she is known by name, and a member where a roster has her. */
void bridge__prove_me(Bridge__Bridge_Service *service, const Identity__VerifyRequest *req,
                      Identity__Session_Closure reply, void *call)
{
    struct bridge *self = container_of(service, struct bridge, bridge_service);
    struct errand *errand;

    (void)reply;
    if (strlen(req->name) >= CLAIM_NAME_SIZE || strlen(req->resident_id) >= CLAIM_ID_SIZE) {
        rpc_refuse(call, RPC__REASON__TOO_LONG);
        return;
    }
    errand = errand_new(self, call);
    if (!errand)
        return;
    snprintf(errand->proof.name, sizeof(errand->proof.name), "%s", req->name);
    snprintf(errand->proof.resident_id, sizeof(errand->proof.resident_id), "%s", req->resident_id);
    snprintf(errand->proof.mobile, sizeof(errand->proof.mobile), "%s", req->mobile);
    snprintf(errand->proof.code, sizeof(errand->proof.code), "%s", req->code);
    errand->proof.document = (int)req->document;
    errand_wait(errand, begin_way(errand), NULL, call);
}
