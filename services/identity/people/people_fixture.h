/* people_fixture.h: the n-th person, and her usual first steps. */
#pragma once
#include "common/cn/cn_id.h"
#include "services/identity/fixture.h"

static inline void make_resident_id(unsigned n, char ret[CN_RESIDENT_ID_LEN + 1])
{
    struct cn_resident_id id;

    for (const char *check = "0123456789X"; *check; check++) {
        snprintf(ret, CN_RESIDENT_ID_LEN + 1, "440604199003%02u%03u%c", n / 1000 % 28 + 1, n % 1000, *check);
        if (cn_resident_id(ret, 20260101, &id) == CN_ID_OK)
            return;
    }
    fail();
}

static inline const char *mobile_of(unsigned n, char ret[CN_MOBILE_LEN + 1])
{
    snprintf(ret, CN_MOBILE_LEN + 1, "169%08u", n % 100000000);
    return ret;
}

/* The n-th person, signed in. */
static inline Rpc__Principal *person_signed_in(struct harness *h, unsigned n)
{
    char mobile[CN_MOBILE_LEN + 1];

    return principal_of(h, login(h, mobile_of(n, mobile)));
}

/* Lists the n-th person on a union's roster, with her number. */
static inline void list_person(struct harness *h, unsigned n, const char *union_code)
{
    char id[CN_RESIDENT_ID_LEN + 1], mobile[CN_MOBILE_LEN + 1], csv[256];

    make_resident_id(n, id);
    snprintf(csv, sizeof(csv), "王小明,%s,%s,%s,COURIER\n", id, mobile_of(n, mobile), union_code);
    assert_int_equal(import_roster(h, csv)->loaded, 1);
}

/* The n-th person on the roster of a union, verified: as her new token says. */
static inline Rpc__Principal *member_of_union(struct harness *h, unsigned n, const char *union_code)
{
    char id[CN_RESIDENT_ID_LEN + 1];

    make_resident_id(n, id);
    list_person(h, n, union_code);
    return principal_of(
        h, harness_output(h, verify(h, person_signed_in(h, n), "王小明", id), &identity__session__descriptor));
}

/* The bridge, speaking for a member. */
static inline Rpc__Principal *bridge_for(struct harness *h, const Rpc__Principal *member)
{
    Rpc__Principal *bridge = harness_internal(h);

    bridge->member_id = member->member_id;
    bridge->session_id = member->session_id;
    return bridge;
}

/* The n-th person, her name proven outside: as her new token says. */
static inline Rpc__Principal *proven_outside(struct harness *h, unsigned n)
{
    Identity__VerifyRequest begin = IDENTITY__VERIFY_REQUEST__INIT;
    Identity__EndProofRequest verdict = IDENTITY__END_PROOF_REQUEST__INIT;
    const Rpc__Principal *member = person_signed_in(h, n);
    char id[CN_RESIDENT_ID_LEN + 1];
    const Identity__Proof *proof;

    make_resident_id(n, id);
    begin.name = verdict.name = "王小明";
    begin.resident_id = verdict.resident_id = id;
    proof = harness_output(h, harness_call(h, "Proofs.BeginProof", &begin.base, bridge_for(h, member), NULL),
                           &identity__proof__descriptor);
    verdict.proof_id = proof->proof_id;
    verdict.verdict = IDENTITY__VERDICT__VERDICT_AGREES;
    return principal_of(
        h, harness_output(h, harness_call(h, "Proofs.EndProof", &verdict.base, bridge_for(h, member), NULL),
                          &identity__session__descriptor));
}
