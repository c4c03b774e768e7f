/* token.h: session tokens.
 *
 * A token is base64url(packed rpc.Principal) "." base64url(HMAC-SHA256 of the
 * first part's characters, all 32 bytes), no padding, at most LIMIT_TOKEN
 * characters. Identity makes them, the gateway checks them; both read the same
 * key file (common/base/keyfile.h). Two keys may be loaded during a rotation: the
 * first signs, either verifies.
 *
 * A token has one spelling: the signature is compared as text, and what is
 * signed is text, so no second base64 form of the same bits passes. A checked
 * token still may not say anything a session cannot be: `internal`, unknown
 * fields, more than LIMIT_GRANTS grants, an impossible path, a name that is not
 * masked or a day that there is not are refused.
 * Checking takes about 1.5 us for 90 bytes of principal. */
#pragma once
#include "common/base/arena.h"
#include "common/base/limits.h"
#include "rpc.pb-c.h"

#define TOKEN_SIZE (LIMIT_TOKEN + 1)

struct token_keys;

/* Reads one or two keys of 64 hex digits, one a line, newest first, from a file
 * that only its owner may read. NULL after logging why. */
struct token_keys *token_keys_open(const char *file);
void token_keys_close(struct token_keys *keys);

/* Whether a session can be this, whoever says so. */
bool token_can_carry(const Rpc__Principal *principal);

/* Writes the token and its NUL; false when it would pass LIMIT_TOKEN or
 * token_check would refuse this principal at any time. */
bool token_make(const struct token_keys *keys, const Rpc__Principal *principal, char ret_token[TOKEN_SIZE]);

/* Checks a token against the time. Returns 0 with the principal (in the arena),
 * or BAD_TOKEN, or TOKEN_EXPIRED (at its expires_at and later). Comparison takes
 * constant time. */
int token_check(const struct token_keys *keys, const char *token, size_t len, int64_t now, struct arena *arena,
                Rpc__Principal **ret_principal);
