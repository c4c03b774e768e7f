/* payees.h: to which account a payee is paid, on the union's record.
 *
 * An account is entered by one official and confirmed by another (two_hands.h); from then on the payee is paid to it
 * and to no other. One waits at most: whatever is entered meanwhile takes its place. An account that was entered never
 * changes, and one that was paid to is kept: a payment names it.
 *
 * Holder, bank and number are sealed together under the service's key and open for whoever pays. They are in no
 * journal, and nothing is that could be found out by trying numbers: the journal and the two hands know an account by
 * the hash of its sealed form, with a nonce of its own. */
#pragma once
#include "common/benefit/two_hands/two_hands.h"
#include "common/trust/pii.h"
#include "settlement.pb-c.h"

#define PAYEE_TEXT_MAX   180 /* bytes of a holder's or bank's name */
#define PAYEE_NUMBER_MAX 32
#define PAYEE_SEALED_MAX 512

extern const struct part_spec payees_part;
extern const struct store_steps payees_steps;

struct payees {
    struct store *store;
    unsigned sql;
    struct parts *parts;
    const struct pii_keys *keys;
    struct two_hands *hands;
};

struct payee {
    int64_t id, payee_id;
    int state; /* Settlement__PayeeState */
    int64_t proposed_by, proposed_at, decided_by, decided_at, journal_seq;
    struct {
        unsigned char bytes[PAYEE_SEALED_MAX];
        size_t len;
    } sealed;
};

/* At the service's start: the keys that seal, and the two hands; both outlive it. */
void payees_use(struct payees *payees, const struct pii_keys *keys, struct two_hands *hands);

bool payees_find(const struct payees *payees, int64_t payee_account_id, struct payee *ret);
/* The one in a state (PAYEE_WAITS or PAYEE_IN_FORCE) of a payee. */
bool payees_find_of(const struct payees *payees, int64_t payee_id, int state, struct payee *ret);
/* What is sealed, in the arena; NULL: it does not open, or memory is full. */
Settlement__PayeeAccount *payee_open(const struct payees *payees, const struct payee *payee, struct arena *arena);

/* The caller enters an account by one of the offices over a union, and gives the first hand; hers that waits and is the
 * same is given again. 0 or a Reason. */
int payee_propose(struct payees *payees, int64_t payee_id, const Settlement__PayeeAccount *account, const int *roles,
                  const char *union_path, void *call, struct payee *ret);
/* Another confirms one that waits, or whoever it is refuses it. 0 or a Reason. */
int payee_decide(struct payees *payees, bool confirms, const int *roles, const char *union_path, void *call,
                 struct payee *payee);
