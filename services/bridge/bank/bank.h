/* bank.h: payments by bank, batch by batch.
 *
 * What is ordered BY_BANK waits until an official of finance takes it into a batch, the first hand; another one
 * releases the batch (two_hands.h), and only then its file is handed out and its payouts count as SENT. Two hands
 * release what was prepared: the payouts, their sums and the hash of the very file. What was withdrawn meanwhile has
 * the batch made anew. What the bank gives back is matched line by line: number and amount have to be ours, and what a
 * line says twice, or otherwise than before, changes nothing; the latter opens a case. What it does not name stays as
 * it is, so that a batch may be paid in part and the rest told later.
 *
 * Accounts come sealed with the order, under a key that the bridge shares with who orders (HUIGONG_BANK_KEY): a
 * settlement.PayeeAccount for the order's id (payee_account.h). They are opened to write
 * the file and for nothing else, and go when their batch has ended: until the bank has said what became of its last
 * line the file that was released can be had again, as it was. Those of a payout that ends in no batch go with it. One
 * that does not open, or that no bank would take, refuses its payout. */
#pragma once
#include "common/benefit/settlement/payee_account.h"
#include "common/benefit/two_hands/two_hands.h"
#include "services/bridge/bank/bank_file.h"

#define BANK_ODD_MAX 100

struct bank;
struct bridge;

struct bank_batch {
    int64_t id;
    int state, layout; /* Bridge__BankBatchState, Bridge__BankLayout */
    struct bank_sums sums;
    struct {
        unsigned char bytes[32];
        size_t len;
    } hash;
    char union_path[UNION_PATH_SIZE];
    int64_t made_by, made_at, released_by, released_at;
    int32_t paid, failed;
    int64_t paid_fen, failed_fen, journal_seq;
};

bool bank_find(const struct bank *bank, int64_t batch_id, struct bank_batch *ret);
unsigned bank_page(const struct bank *bank, int64_t states, int64_t before, struct bank_batch *ret, unsigned max);
/* As a message whose texts are in the call's arena; NULL when memory is full. */
Bridge__BankBatch *bank_show(const struct bank_batch *batch, void *call);

/* Whether an order by bank has an account that a bank would take. */
bool bank_takes(const struct bridge *bridge, const Payout__PayoutOrdered *order, void *call);

/* ---- changes: 0 or a Reason ---- */

/* Takes what waits into a batch of this layout, made by the caller, whose office is over union_path. */
int bank_prepare(struct bridge *bridge, struct bank_batch *batch, void *call);
int bank_release(struct bridge *bridge, struct bank_batch *batch, void *call);
int bank_take_back(struct bridge *bridge, struct bank_batch *batch, void *call);
/* What a file of the bank's says; ret has room for BANK_ODD_MAX odd lines. */
int bank_results(struct bridge *bridge, struct bank_batch *batch, const void *file, size_t len,
                 Bridge__BankResults *ret, void *call);
/* The file of a batch that is released, in the bridge's own memory until it is asked for again. */
int bank_file(struct bridge *bridge, const struct bank_batch *batch, void *call, const char **ret_file,
              size_t *ret_len);
