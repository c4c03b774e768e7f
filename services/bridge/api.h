/* api.h: the bridge's operations that have a file of their own, one function per rpc. */
#pragma once
#include "services/bridge/bridge.h"

/* Refuses who is no official of finance, or, to read, of audit, of a union above which there is none: the merchant's
 * account is everybody's. Whether it has. */
bool pay_office_refused(void *call, bool writes);
/* Of finance, the union over which the caller's office is: without one above it, or ""; valid during the call. */
const char *pay_office_path(void *call);

/* Ends an errand that WeChat has refused, naming the field at fault. Whether it has. */
static inline bool refused(struct errand *errand, const struct wechat_result *result, const char *field)
{
    if (result->reason)
        errand_refuse(errand, result->reason, field, result->retry_after_s);
    return result->reason != 0;
}

void bridge__prove_me(Bridge__Bridge_Service *service, const Identity__VerifyRequest *req,
                      Identity__Session_Closure reply, void *call);
void bridge__send_code(Bridge__Bridge_Service *service, const Identity__SendCodeRequest *req,
                       Identity__SendCodeReply_Closure closure, void *call);
void bridge__send_wechat_message(Bridge__Bridge_Service *service, const Bridge__WechatMessage *req,
                                 Bridge__WechatMessageReply_Closure reply, void *call);
void bridge__check_text(Bridge__Bridge_Service *service, const Bridge__TextToCheck *req,
                        Bridge__TextVerdict_Closure reply, void *call);
void pay__get_my_receipt(Bridge__Pay_Service *service, const Bridge__ReceiptRequest *req, Rpc__Part_Closure reply,
                         void *call);
void pay__get_receipt(Bridge__Pay_Service *service, const Bridge__ReceiptRequest *req, Rpc__Part_Closure reply,
                      void *call);
