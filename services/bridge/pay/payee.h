/* payee.h: whom something is sent to by WeChat: identity is asked for her openid, which is in memory alone. */
#pragma once
#include "identity/identity.pb-c.h"
#include "services/bridge/outbox/outbox.h"
#include "services/bridge/pay/pay.h"

/* Asks identity for a member's WeChat in one of the merchant's apps, or ("" or an appid) in that one alone. */
bool payee_ask(outbox_ask ask, void *ask_self, const struct pay *pay, int64_t member_id, const char *appid,
               rpc_answered answered, void *arg);
/* What it has answered, for payee_forget; NULL with a Reason. */
Identity__FoundPayee *payee_read(const Rpc__Answer *answer, int *ret_reason);
/* NULL is nobody. */
void payee_forget(Identity__FoundPayee *found);
