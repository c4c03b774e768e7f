/* codes.h: codes of partners, each handed out with one coupon.
 *
 * A partner (a cinema) gives a union codes, each good once with it. Officials upload them for a release that gives
 * codes (common/benefit/imports): every line is judged before any is taken over. A code that stands twice in the file,
 * or was ever imported, for whichever release, is refused by its line; no report says a code.
 *
 * A code is sealed under this service's key, and found by a blind index alone. It is handed out exactly once, in the
 * transaction of the claim, in the order in which codes came; the stock of such a release is the codes that are left,
 * and its stock_per_day, if it says one, bounds a day. Only who holds the coupon is shown it, while the coupon stands:
 * it is in no journal, log, list or export of others. What was handed out once is never handed out again, also when
 * its coupon was withdrawn: she has seen it.
 *
 * What a release costs is its codes that are good: when it is published, and more with every import from then on, which
 * is refused when its fund has not got so much, or its union may not give so much in one release.
 *
 * A code that the partner says is bad is good no more when two officials say so (two_hands.h): who has it is given
 * the next one and told; without one left it cannot be confirmed until more are imported. */
#pragma once
#include "services/coupon/claim/claims.h"

#define CODE_MAX   64 /* characters of a code, and of what is asked besides */
#define CODE_SIZE  (CODE_MAX * 4 + 1)
#define CODE_LEAST 4

enum { CODE_FREE, CODE_GIVEN, CODE_VOID };

struct partner_code {
    int64_t id, release_id, coupon_id;
    int state;
};

struct code_void {
    int64_t id, release_id, code_id, coupon_id, proposed_at, until;
    int state; /* Coupon__CodeVoidState */
    char remark[100 * 4 + 1];
};

extern const struct imports_service codes_tables;

/* ---- the form ---- */

/* Why a release cannot give codes like this, with its field: a Reason, or 0. Without I/O. */
int codes_refusal(const Coupon__Release *draft, const char **ret_field);
void codes_add_terms(struct coupon *self, int64_t release_id, const Coupon__CodeTerms *terms);
/* With how many there are; NULL: it gives none, or memory is full. */
Coupon__CodeTerms *codes_terms(const struct coupon *self, int64_t release_id, struct arena *arena);
/* How many were imported and are not void. */
int64_t codes_good(const struct coupon *self, int64_t release_id);
/* How many nobody has. */
int32_t codes_left(const struct coupon *self, int64_t release_id);

/* ---- codes ---- */

/* A text as codes are kept: one line, folded (text.h), at least so many characters; what letters it has stays as they
 * are, since partners tell them apart. False: it is none. */
bool code_text(const char *text, int least, char ret[CODE_SIZE]);
/* Takes a code over. False, and nothing is done: it was imported before. */
bool code_add(struct coupon *self, int64_t release_id, const char *code, const char *pin, void *call);
/* Whether it was ever imported. */
bool code_known(const struct coupon *self, const char *code, struct partner_code *ret);
bool code_find(const struct codes *codes, int64_t code_id, struct partner_code *ret);
bool code_of_coupon(const struct codes *codes, int64_t coupon_id, struct partner_code *ret);
/* Hands the next one out with a coupon; false: none is left. */
bool code_give(struct coupon *self, int64_t release_id, int64_t coupon_id, void *call);
/* The code of a coupon, for who holds it; NULL: it has none, it does not open, or memory is full. */
Coupon__PartnerCode *code_message(const struct coupon *self, int64_t release_id, int64_t coupon_id,
                                  struct arena *arena);
/* Says that codes of a release were imported, counts them as left, and has them promised: 0 or a Reason. */
int codes_imported(struct coupon *self, const struct release *release, int64_t import_id, int32_t n, void *call);
/* Why no more codes may come to a release: what they cost is more than its fund has, or its union may give. 0 or a
 * Reason, with the facts of the refusal. */
int codes_more_refusal(struct coupon *self, const struct release *release, int64_t n, void *call);

/* ---- bad ones ---- */

void code_void_add(struct coupon *self, struct code_void *made, void *call);
bool code_void_find(const struct codes *codes, int64_t void_id, struct code_void *ret);
void code_voids_ask(const struct codes *codes, int64_t release_id, int64_t before, size_t limit, int64_t states);
bool code_voids_next(const struct codes *codes, struct code_void *ret);
void code_void_set(struct coupon *self, struct code_void *made, int state);
/* The code is good no more, and who has it gets the next one: 0 or CODES_NONE_LEFT. */
int code_void_do(struct coupon *self, struct code_void *made, void *call);
