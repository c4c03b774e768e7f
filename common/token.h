/* token.h: session tokens.
 *
 * A token is base64url(packed rpc.Principal) "." base64url(HMAC-SHA256 of the
 * first part, all 32 bytes), no padding, at most LIMIT_TOKEN characters. Identity
 * makes them, the gateway checks them; both read the same key file. Two keys may
 * be loaded during a rotation: the first signs, either verifies. */
#pragma once
#include "common/arena.h"
#include "rpc.pb-c.h"

struct token_keys;

/* Reads keys of 64 hex digits, one a line, newest first, from a file that only
 * its owner may read. NULL after logging why. */
struct token_keys *token_keys_open(const char *file);
void token_keys_close(struct token_keys *keys);

/* Writes the token and its NUL; false when it would pass LIMIT_TOKEN. */
bool token_make(const struct token_keys *keys, const Rpc__Principal *principal, char ret_token[]);

/* Checks a token against the time. Returns 0 with the principal (in the arena),
 * or BAD_TOKEN, or TOKEN_EXPIRED. Comparison takes constant time. */
int token_check(const struct token_keys *keys, const char *token, size_t len, int64_t now, struct arena *arena,
                Rpc__Principal **ret_principal);
