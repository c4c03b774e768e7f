/* credentials.h: how officials prove who they are.
 *
 * A credential is a password and the secret of one-time passwords. Whoever holds an
 * office enrols it from a session just opened by a code, and it counts once she has shown a
 * one-time password. A session opened by it is the only kind that carries authority.
 *
 * Signing in judges the one-time password first, which is cheap, and the password only
 * then. Failures are counted by mobile number, whether somebody has it or not, so the
 * answers do not tell who is an official: after SIGN_IN_FAILURES nothing lets that
 * number in for SIGN_IN_LOCK_MS. */
#pragma once
#include "services/identity/access/password.h"
#include "services/identity/access/totp.h"

#define PASSWORDS_KEPT 5 /* the present one and those before it */

/* What is sealed, as it is. */
struct secrets {
    unsigned char totp[TOTP_SECRET_LEN];
    /* Hashes, the present password's first: empty after a reset, until she enrols. Those
     * never set are empty. */
    char passwords[PASSWORDS_KEPT][PASSWORD_HASH_SIZE];
};

struct credential {
    int64_t member_id, set_at, last_step;
    bool confirmed;
    struct secrets secrets;
};

/* False when she has none, or its seal cannot be opened. */
bool credential_find(struct identity *self, int64_t member_id, struct credential *ret);
void credential_keep(struct identity *self, const struct credential *credential, void *call);
/* Another password, by the rules: PASSWORD_WEAK, PASSWORD_TELLING, PASSWORD_USED, or
 * what password_hash returns; nothing is changed then. `replace`: the present one was
 * never in force and is forgotten, else it is kept among those used. */
int credential_set_password(struct credential *credential, const char *password, bool replace,
                            const struct person *person, void *call);
/* The same as the authority of one who is to enrol anew: the passwords are used ones. */
void credential_reset(struct credential *credential);
void credential_journal(int64_t member_id, int change, void *call);

void credentials_find_tries(const struct credentials *credentials, const unsigned char mobile[PII_INDEX_LEN],
                            struct sign_in_tries *ret);
void credentials_keep_tries(const struct credentials *credentials, const unsigned char mobile[PII_INDEX_LEN],
                            const struct sign_in_tries *tries);
void credentials_drop_tries(const struct credentials *credentials, const unsigned char mobile[PII_INDEX_LEN]);
