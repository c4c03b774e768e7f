/* api_receipt.c: the platform's receipts, for her who was paid and for who looks after the account. */
#include "services/bridge/api.h"

/* rpc GetMyReceipt: of what was paid to the caller. */
void pay__get_my_receipt(Bridge__Pay_Service *service, const Bridge__ReceiptRequest *req, Rpc__Part_Closure reply,
                         void *call)
{
    struct bridge *self = container_of(service, struct bridge, pay_service);
    struct payout payout;
    int64_t holder = 0;

    if (payouts_find(&self->payouts, req->payout_id, &payout))
        holder = holder_of(&self->holders, payout.member_id);
    if (!holder || holder != holder_of(&self->holders, rpc_principal(call)->member_id))
        rpc_refuse(call, BRIDGE__REASON__PAYOUT_NOT_FOUND);
    else
        receipt_give(self, &payout, req->part, reply, call);
}

/* rpc GetReceipt: of any. */
void pay__get_receipt(Bridge__Pay_Service *service, const Bridge__ReceiptRequest *req, Rpc__Part_Closure reply,
                      void *call)
{
    struct bridge *self = container_of(service, struct bridge, pay_service);
    struct payout payout;

    if (pay_office_refused(call, false))
        return;
    if (payouts_find(&self->payouts, req->payout_id, &payout))
        receipt_give(self, &payout, req->part, reply, call);
    else
        rpc_refuse(call, BRIDGE__REASON__PAYOUT_NOT_FOUND);
}
