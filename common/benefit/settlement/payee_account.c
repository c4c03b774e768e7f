#include "common/benefit/settlement/payee_account.h"

#include <mbedtls/platform_util.h>

#include "common/rpc/rpc.h"

size_t payee_account_seal(const struct pii_keys *keys, int64_t order_id, const Settlement__PayeeAccount *account,
                          void *call, unsigned char ret[PAYEE_ACCOUNT_MAX])
{
    unsigned char plain[PAYEE_ACCOUNT_MAX - PII_OVERHEAD], nonce[PII_NONCE_LEN];
    size_t len = settlement__payee_account__get_packed_size(account);

    if (len > sizeof(plain))
        return 0;
    settlement__payee_account__pack(account, plain);
    rpc_random(call, nonce, sizeof(nonce));
    pii_seal(keys, PAYEE_ACCOUNT_CONTEXT, order_id, nonce, plain, len, ret);
    mbedtls_platform_zeroize(plain, sizeof(plain));
    return len + PII_OVERHEAD;
}
