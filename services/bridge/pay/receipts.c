#include "services/bridge/pay/receipts.h"

#include <mbedtls/platform_util.h>
#include <stdlib.h>

#include "common/base/limits.h"
#include "services/bridge/bridge.h"

void receipts_init(struct receipts *receipts, struct bridge *bridge)
{
    for (unsigned i = 0; i < RECEIPTS; i++)
        receipts->all[i] = (struct receipt){.bridge = bridge};
}

static void clear(struct receipt *receipt)
{
    struct bridge *bridge = receipt->bridge;

    if (receipt->bytes)
        mbedtls_platform_zeroize(receipt->bytes, receipt->len);
    free(receipt->bytes);
    *receipt = (struct receipt){.bridge = bridge};
}

void receipts_drop(struct receipts *receipts, int64_t now)
{
    for (unsigned i = 0; i < RECEIPTS; i++) {
        if (receipts->all[i].bytes && receipts->all[i].until <= now)
            clear(&receipts->all[i]);
    }
}

/* Part n of what is there, from 0 on; false when it has no such part. */
static bool part_of(const struct receipt *receipt, int32_t part, Rpc__Part *ret)
{
    size_t from = (size_t)part * LIMIT_PART;
    size_t len = from < receipt->len ? receipt->len - from : 0;

    rpc__part__init(ret);
    if (len == 0)
        return false;
    ret->next = len > LIMIT_PART ? part + 1 : 0;
    ret->body = (ProtobufCBinaryData){len > LIMIT_PART ? LIMIT_PART : len, receipt->bytes + from};
    ret->file_name = unconst(part == 0 ? "receipt.pdf" : "");
    return true;
}

/* ---- what the platform says ---- */

/* Nothing is there; who waits is told why. */
static void give_up(struct receipt *receipt, int reason)
{
    struct errand *errand = receipt->errand;

    clear(receipt);
    errand_refuse(errand, reason, NULL, reason == BRIDGE__REASON__PAYOUT_RECEIPT_NOT_YET ? RECEIPT_AGAIN_S : 0);
}

static void hand_out(struct receipt *receipt)
{
    struct errand *errand = receipt->errand;
    Rpc__Answer answer = RPC__ANSWER__INIT;
    Rpc__Part part;
    uint8_t *packed;

    receipt->errand = NULL;
    receipt->until = clock_now(receipt->bridge->clock) + RECEIPT_KEEP_MS;
    ensure(part_of(receipt, 0, &part));
    packed = malloc(rpc__part__get_packed_size(&part));
    if (!packed) {
        errand_refuse(errand, RPC__REASON__OVERLOADED, NULL, 0);
        return;
    }
    answer.output = (ProtobufCBinaryData){rpc__part__pack(&part, packed), packed};
    errand_end(errand, &answer);
    mbedtls_platform_zeroize(packed, answer.output.len);
    free(packed);
}

static void on_file(void *arg, const struct pay_result *result)
{
    struct receipt *receipt = arg;

    if (result->end != PAY_DONE || result->len == 0 || result->len > RECEIPT_MAX ||
        !pay_hash_is(receipt->kind, receipt->hash, result->file, result->len) ||
        !(receipt->bytes = malloc(result->len))) {
        give_up(receipt, BRIDGE__REASON__PAYOUT_WAITS_FOR_PROVIDER);
        return;
    }
    memcpy(receipt->bytes, result->file, result->len);
    receipt->len = result->len;
    hand_out(receipt);
}

static void on_state(void *arg, const struct pay_result *result);

static bool ask_state(struct receipt *receipt)
{
    char path[PAY_PATH_SIZE];

    snprintf(path, sizeof(path), RECEIPT_PATH "/%s", receipt->number);
    return pay_ask(&receipt->bridge->pay, path, NULL, on_state, receipt);
}

static void on_applied(void *arg, const struct pay_result *result)
{
    struct receipt *receipt = arg;

    if ((result->end != PAY_DONE && result->code != PAY_ALREADY_EXISTS) || !ask_state(receipt))
        give_up(receipt, BRIDGE__REASON__PAYOUT_WAITS_FOR_PROVIDER);
}

static void apply(struct receipt *receipt)
{
    char body[64 + PAYOUT_NUMBER_SIZE];

    receipt->applied = true;
    snprintf(body, sizeof(body), "{\"out_bill_no\":\"%s\"}", receipt->number);
    if (!pay_ask(&receipt->bridge->pay, RECEIPT_PATH, body, on_applied, receipt))
        give_up(receipt, BRIDGE__REASON__PAYOUT_WAITS_FOR_PROVIDER);
}

static bool take_state(struct receipt *receipt, const json_t *body)
{
    return snprintf(receipt->kind, sizeof(receipt->kind), "%s", pay_text(body, "hash_type")) <
               (int)sizeof(receipt->kind) &&
           snprintf(receipt->hash, sizeof(receipt->hash), "%s", pay_text(body, "hash_value")) <
               (int)sizeof(receipt->hash) &&
           pay_ask_file(&receipt->bridge->pay, pay_text(body, "download_url"), on_file, receipt);
}

static void on_state(void *arg, const struct pay_result *result)
{
    struct receipt *receipt = arg;
    const char *state = pay_text(result->body, "state");

    if (result->end == PAY_DONE && strcmp(state, "FINISHED") == 0) {
        if (!take_state(receipt, result->body))
            give_up(receipt, BRIDGE__REASON__PAYOUT_WAITS_FOR_PROVIDER);
    } else if (result->end == PAY_DONE && strcmp(state, "GENERATING") == 0) {
        give_up(receipt, BRIDGE__REASON__PAYOUT_RECEIPT_NOT_YET);
    } else if (result->end == PAY_REFUSED && !receipt->applied &&
               (result->code == PAY_NOT_FOUND || result->code == PAY_RESOURCE_NOT_EXISTS)) {
        apply(receipt);
    } else {
        give_up(receipt, BRIDGE__REASON__PAYOUT_WAITS_FOR_PROVIDER);
    }
}

/* ---- who asks ---- */

static struct receipt *find(struct receipts *receipts, int64_t payout_id)
{
    for (unsigned i = 0; i < RECEIPTS; i++) {
        if (receipts->all[i].payout_id == payout_id)
            return &receipts->all[i];
    }
    return NULL;
}

/* Begins to ask for it: 0, or the Reason for which nothing was. */
static int begin(struct receipt *receipt, const struct payout *payout, struct errand *errand)
{
    receipt->payout_id = payout->id;
    receipt->errand = errand;
    snprintf(receipt->number, sizeof(receipt->number), "%s", payout->number);
    if (ask_state(receipt))
        return 0;
    clear(receipt);
    return BRIDGE__REASON__PAYOUT_WAITS_FOR_PROVIDER;
}

void receipt_give(struct bridge *bridge, const struct payout *payout, int32_t part, Rpc__Part_Closure reply, void *call)
{
    struct receipts *receipts = &bridge->receipts;
    struct receipt *receipt;
    struct errand *errand;
    Rpc__Part message;

    receipts_drop(receipts, rpc_now(call));
    receipt = find(receipts, payout->id);
    if (receipt && receipt->bytes && part_of(receipt, part, &message)) {
        reply(&message, call);
        return;
    }
    if (payout->state != BRIDGE__PAYOUT_STATE__PAYOUT_PAID || payout->way != PAYOUT__WAY__BY_WECHAT) {
        rpc_refuse(call, BRIDGE__REASON__PAYOUT_HAS_NO_RECEIPT);
        return;
    }
    if (receipt || part > 0) { /* somebody waits for it already, or it is in memory no more */
        rpc_refuse(call, BRIDGE__REASON__PAYOUT_RECEIPT_NOT_YET);
        rpc_retry_after(call, RECEIPT_AGAIN_S);
        return;
    }
    receipt = find(receipts, 0);
    if (!receipt || !pay_room(&bridge->pay, PAY_ASKS)) {
        rpc_refuse(call, receipt ? (int)BRIDGE__REASON__PAYOUT_WAITS_FOR_PROVIDER : (int)RPC__REASON__OVERLOADED);
        return;
    }
    errand = errand_new(bridge, call);
    if (errand)
        errand_wait(errand, begin(receipt, payout, errand), NULL, call);
}
