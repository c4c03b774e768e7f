/* seal.h: identity's own word for the authority of a session, and that its member has stepped up.
 *
 * A session's token is signed by a key that the gateway holds too, so whoever takes the
 * gateway could write one. What that must not give is authority, nor what a member is asked
 * for her document for: a principal with grants, or with a time until which it is stepped up,
 * carries, as `grants_seal`, ECDSA P-256 over
 *   "hg-grants-1" | the packed rpc.Principal without grants_seal
 * by a key that identity alone holds, and services believe either by nothing else. */
#pragma once
#include "common/trust/ecdsa.h"
#include "rpc.pb-c.h"

/* Seals with a key that signs. False without memory, or when a principal is larger than a
 * token can carry. ret_seal must stay valid as long as the principal is used. */
bool grants_seal(struct ecdsa_key *key, Rpc__Principal *principal, unsigned char ret_seal[ECDSA_SIGNATURE_LEN]);

struct seal_checker;

/* Reads a public point of 128 hex digits from a file. NULL after logging why. */
struct seal_checker *seal_checker_open(const char *file);
void seal_checker_close(struct seal_checker *checker);
/* Whether the grants are identity's word. The first time takes about 2.5 ms; principals that
 * were found good are remembered, the last SEAL_REMEMBERED of them. */
bool seal_check(struct seal_checker *checker, const Rpc__Principal *principal);
#define SEAL_REMEMBERED 1024
