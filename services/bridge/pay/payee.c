#include "services/bridge/pay/payee.h"

#include <mbedtls/platform_util.h>

bool payee_ask(outbox_ask ask, void *ask_self, const struct pay *pay, int64_t member_id, const char *appid,
               rpc_answered answered, void *arg)
{
    Identity__FindPayeeRequest request = IDENTITY__FIND_PAYEE_REQUEST__INIT;
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    Rpc__Call call = RPC__CALL__INIT;
    char *appids[PAY_APPS];
    uint8_t packed[PAY_APPS * (PAY_NAME_SIZE + 2) + 32];

    for (unsigned i = 0; i < pay->n_apps; i++)
        appids[i] = unconst(pay->apps[i]);
    request.member_id = member_id;
    request.appid = appids;
    request.n_appid = pay->n_apps;
    if (*appid) {
        appids[0] = unconst(appid);
        request.n_appid = 1;
    }
    principal.internal = true;
    call.method = unconst("Identity.FindPayee");
    call.principal = &principal;
    call.input = (ProtobufCBinaryData){identity__find_payee_request__pack(&request, packed), packed};
    return ask(ask_self, &call, answered, arg);
}

Identity__FoundPayee *payee_read(const Rpc__Answer *answer, int *ret_reason)
{
    Identity__FoundPayee *found = NULL;

    *ret_reason = answer->reason;
    if (answer->reason)
        return NULL;
    found = identity__found_payee__unpack(NULL, answer->output.len, answer->output.data);
    if (!found)
        *ret_reason = RPC__REASON__INTERNAL;
    return found;
}

void payee_forget(Identity__FoundPayee *found)
{
    if (found && found->openid)
        mbedtls_platform_zeroize(found->openid, strlen(found->openid));
    if (found && found->name)
        mbedtls_platform_zeroize(found->name, strlen(found->name));
    identity__found_payee__free_unpacked(found, NULL);
}
