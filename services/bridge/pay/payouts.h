/* payouts.h: what is to be paid, in the store.
 *
 * A service orders a payment in its journal (payout.proto); in the transaction that moves the cursor past that row a
 * payout is taken, one for each order of a source however often the row is read. Its number at the provider follows
 * from source, order and attempt alone: also a store that was put back, or made anew, gives an order the number that it
 * has had. It gets another one only by payouts_renew, when it surely was not paid under the last.
 *
 * States: WAITING -> SENT -> ACCEPTED, CONFIRM -> PAID, FAILED, CANCELLED; REFUSED without having been paid. What has
 * ended stays, and so do the numbers that it has had. The journal tells of a payout when it is taken, when she has to
 * confirm it, and how it ended; that a request may be out is nobody else's business. */
#pragma once
#include "common/rpc/rpc.h"
#include "bridge/bridge.pb-c.h"

#define PAYOUT_SOURCE_SIZE  32
#define PAYOUT_NUMBER_SIZE  33
#define PAYOUT_REMARK_SIZE  (32 * 4 + 1)
#define PAYOUT_CODE_SIZE    48
#define PAYOUT_FORM_MAX     1024
#define PAYOUT_PAYEE_LEN    16
#define PAYOUT_PACKAGE_SIZE 512
#define PAYOUT_APPID_SIZE   33

#define CALLBACK_ID_SIZE 64
#define CALLBACK_KEEP_MS (60 * INT64_C(86400000))
#define CALLBACKS_DROP   500

#define PAYOUT_BANK_MOST INT64_C(100000000000) /* fen of one payment by bank */

struct payouts;
struct bridge;

struct payout {
    int64_t id;
    char source[PAYOUT_SOURCE_SIZE];
    int64_t order_id, member_id, fen;
    int way; /* Payout__Way */
    char remark[PAYOUT_REMARK_SIZE];
    struct {
        unsigned char bytes[PAYOUT_FORM_MAX];
        size_t len;
    } form;
    int state, reason; /* Bridge__PayoutState; 0 or a Reason */
    char code[PAYOUT_CODE_SIZE];
    int attempt;
    char number[PAYOUT_NUMBER_SIZE];
    struct {
        unsigned char bytes[PAYOUT_PAYEE_LEN];
        size_t len;
    } payee;
    char appid[PAYOUT_APPID_SIZE], package[PAYOUT_PACKAGE_SIZE];
    int missing, tries;
    int64_t due_at, made_at, sent_at;
    int sent_day;
    int64_t confirm_until, told_at;
    int withdrawn;
    int64_t ended_at, journal_seq;
};

/* What the settings let a way carry. */
struct pay_limits {
    int64_t order_min, order_max, person_day, day;
    int scenes[4];
    unsigned n_scenes;
    bool by_bank;
};

/* The number of an order at the provider: letters and digits, 32 at most. */
void payout_number(const char *source, int64_t order_id, int attempt, char ret[PAYOUT_NUMBER_SIZE]);
/* The print of a payee under a number. */
void payout_payee(const char *number, const char *openid, unsigned char ret[PAYOUT_PAYEE_LEN]);
/* Whether an order says all that its way needs: 0, or a Reason. */
int payout_refusal(const Payout__PayoutOrdered *order, const struct pay_limits *limits);
/* The names of what a scene reports, ended by a NULL; NULL: no such scene. */
const char *const *payout_report_names(int scene);
bool payout_has_ended(const struct payout *payout);

bool payouts_find(const struct payouts *payouts, int64_t id, struct payout *ret);
bool payouts_find_number(const struct payouts *payouts, const char *number, struct payout *ret);
/* Whether it is a number that an order had before: as whose, and in which state it was left. */
bool payouts_find_old(const struct payouts *payouts, const char *number, int64_t *ret_id, int *ret_state);
/* Up to max that are due by WeChat, of those WAITING or of those that may have left, the longest first; how many. */
unsigned payouts_due(const struct payouts *payouts, bool waiting, int64_t now, struct payout *ret, unsigned max);
/* Those in the states of a mask before an id, newest first; of everybody, or of a member. */
unsigned payouts_page(const struct payouts *payouts, int64_t states, int64_t before, struct payout *ret, unsigned max);
unsigned payouts_hers(const struct payouts *payouts, int64_t member_id, int64_t states, int64_t before,
                      struct payout *ret, unsigned max);
/* What counts for a day: of all, or of a member. */
int64_t payouts_sum_day(const struct payouts *payouts, int day);
int64_t payouts_sum_person(const struct payouts *payouts, int64_t member_id, int day);
/* How many are in each state. */
void payouts_count(const struct payouts *payouts, int64_t ret[16]);

/* ---- changes, in a transaction ---- */

/* Takes an order. */
void payouts_take(struct bridge *bridge, const char *source, const Payout__PayoutOrdered *order, void *call);
void payouts_withdraw(struct bridge *bridge, const char *source, int64_t order_id, void *call);
/* Writes a payout that was in that state, and tells what there is to tell. False when it is in another. */
bool payouts_set(struct bridge *bridge, struct payout *payout, int was, void *call);
/* The account of one by bank is not needed any more: the batch that it was paid in has ended. */
void payout_drop_account(const struct payouts *payouts, int64_t payout_id);
/* It has ended unpaid and gets another number. 0 or a Reason. */
int payouts_renew(struct bridge *bridge, struct payout *payout, void *call);
/* Something has come from the provider: it is looked at now. */
void payouts_told(struct payouts *payouts, const struct payout *payout, int64_t now);
/* False: this callback came before. */
bool callbacks_add(const struct payouts *payouts, const char *id, int64_t now);
/* Tells what the ways carry, when it is not what was told last; whether there is a merchant of WeChat's. */
void payouts_tell_ways(struct bridge *bridge, const struct pay_limits *limits, bool merchant, void *call);
