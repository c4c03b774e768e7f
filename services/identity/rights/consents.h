/* consents.h: what members are told and what they agree to: the SQL of both.
 *
 * A policy is the text for one purpose, published by the system's administrator of a
 * root union and in force from its instant until the next version is. It is never
 * changed. A consent is to one version; it stands until it is withdrawn, is outdated
 * once another version is in force, and is never deleted while the account lives
 * (Personal Information Protection Law, articles 13 to 17). */
#pragma once
#include "services/identity/identity.h"

#define TEXT_HASH_LEN  32
#define CONSENTS_SHOWN 100 /* of one member: the latest */

/* A policy without its texts, which are read in place (consents_text). */
struct policy {
    int64_t id, in_force_at, published_at;
    int purpose, version; /* Identity__Purpose */
    unsigned char hash[TEXT_HASH_LEN];
};

struct consent {
    int64_t id, member_id, given_at, withdrawn_at;
    int purpose, version, channel;
    unsigned char hash[TEXT_HASH_LEN];
};

/* ---- policies ---- */

enum policy_text { POLICY_TITLE, POLICY_CONTROLLER, POLICY_CONTACT, POLICY_KINDS, POLICY_RETENTION, POLICY_TEXT };

/* The texts are those of the request. */
void consents_publish(const struct consents *consents, const struct policy *policy,
                      const Identity__PublishPolicyRequest *texts, int64_t published_by);
/* The version in force at an instant. */
bool consents_find_in_force(const struct consents *consents, int purpose, int64_t at, struct policy *ret);
/* The last version, in force or to come. */
bool consents_find_last(const struct consents *consents, int purpose, struct policy *ret);
/* Policies by purpose, the latest version first, at most `limit`, or the one with this id (0: all). The caller
 * steps with consents_next_policy, and reads a text of the row with consents_text. */
void consents_ask_policies(const struct consents *consents, int64_t policy_id, int64_t after, size_t limit);
/* The place of one in that order. */
int64_t policy_key(const struct policy *policy);
bool consents_next_policy(const struct consents *consents, struct policy *ret);
const char *consents_text(const struct consents *consents, enum policy_text text);
void consents_end_policies(const struct consents *consents);

/* ---- consents ---- */

void consents_give(const struct consents *consents, const struct consent *consent);
/* The consent to a purpose that stands, to the latest version given. */
bool consents_find(const struct consents *consents, int64_t member_id, int purpose, struct consent *ret);
/* Ends all that stand for a purpose. */
void consents_withdraw(const struct consents *consents, int64_t member_id, int purpose, int64_t now);
/* A member's latest, the latest first; returns how many. */
size_t consents_find_all(const struct consents *consents, int64_t member_id, int64_t before, struct consent *ret,
                         size_t size);

void consent_journal(const struct consent *consent, bool withdrawn, void *call);
/* Whether a purpose is one that consent is asked for. */
bool purpose_is_asked(int purpose);
