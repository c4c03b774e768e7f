/* password.h: officials' passwords: what they must be, and their hashes.
 *
 * Rules as in use with GB/T 22239-2019, 8.1.4.1: at least 10 characters, three of four
 * classes, nothing of her name or number, none of her last five, 90 days.
 *
 * Hashed by yescrypt with N = 1024, r = 32: 4 MiB of memory for the moment, and 4 ms of
 * one core of the machine that the README's figures are of, beside the loop (rpc_make). It
 * is done only for who has shown the right one-time password before: guessing at the
 * door costs nobody a hash (credentials.h). The hashes are sealed at rest besides, so a
 * stolen store alone gives nothing to guess at.
 *
 * One person's passwords share their salt, so a new one is compared with all she had by
 * one hash; different persons' do not. */
#pragma once
#include "services/identity/people/person.h"

#define PASSWORD_MIN       10 /* characters */
#define PASSWORD_MAX       64
#define PASSWORD_LIFE_MS   (INT64_C(90) * 86400000)
#define PASSWORD_SALT_LEN  16
#define PASSWORD_HASH_SIZE 96 /* "$y$...", with its NUL */

/* PASSWORD_WEAK, PASSWORD_TELLING, or 0. */
int password_refusal(const char *password, const struct person *person);
/* Hashes, for a call, under the salt of another hash, or under a fresh one when that is NULL: 0,
 * OVERLOADED without memory, or PASSWORD_WAITS: then the call ends without an answer. */
#define PASSWORD_WAITS (-1)
int password_hash(const char *password, const char *like, void *call, char ret_hash[PASSWORD_HASH_SIZE]);
/* In constant time. */
bool password_same(const char a[PASSWORD_HASH_SIZE], const char b[PASSWORD_HASH_SIZE]);
