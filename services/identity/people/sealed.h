/* sealed.h: what rows keep sealed (person.h seals and opens it). */
#pragma once
#include "common/cn/cn_id.h"
#include "common/trust/pii.h"

#define SEALED_MAX (CN_NAME_SIZE + CN_RESIDENT_ID_LEN + CN_MOBILE_LEN + 3 + PII_OVERHEAD)

struct sealed {
    unsigned char bytes[SEALED_MAX];
    size_t len;
};

/* A member's data key, wrapped. len 0: she has none yet, or (sealed_mobile empty too) no more. */
struct wrapped {
    unsigned char bytes[PII_WRAPPED_LEN];
    size_t len;
};

#define PROOF_SEALED_MAX 720

/* What somebody shows as a proof of her trade, sealed. */
struct sealed_proof {
    unsigned char bytes[PROOF_SEALED_MAX];
    size_t len;
};
