/* codes.h: one-time codes, one for a number.
 *
 * A find returns false when there is no such row, or when the store failed: the batch then
 * ends with that, whatever is answered (common/store/store.h). */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/rules.h"

bool codes_find(const struct codes *codes, const unsigned char mobile[PII_INDEX_LEN], struct login_code *ret_code,
                unsigned char ret_hash[PII_INDEX_LEN]);
void codes_keep(const struct codes *codes, const unsigned char mobile[PII_INDEX_LEN], const struct login_code *code,
                const unsigned char hash[PII_INDEX_LEN]);
/* Deletes a slice; returns how many. */
int codes_drop_old(const struct codes *codes, int64_t sent_before);
