/* looks.h: who has looked at whose personal data.
 *
 * Every answer that shows an official personal data of others, masked or not, is one
 * row of the journal with the members' numbers (the dispatcher finds them by
 * Field.subject, so no handler need think of it). To answer a member who asks, the row
 * is filed: one person alone under her number, a page under each union that the people
 * on it belong to, and under her number who is in none. So a page of 200 members of a
 * union costs one journal row of 2 KB and one entry of 20 bytes, and she finds
 * hers among the looks at the unions that she was in. An official's look at herself is
 * not recorded. */
#pragma once
#include "services/identity/identity.h"

#define LOOKS_EXAMINED 500 /* filed rows read for one page of an answer */

/* An rpc_seen: self is the struct identity. */
void looks_record(void *call, const struct api_method *method, const int64_t *members, size_t n, void *self);
/* Records that one was shown whole, in a case (Identity__LookCase) of the union with this
 * path, by an operation; or that what was shown in her name is not hers (mismatch).
 * Of who is nobody's account (member_id 0) the journal alone has it. */
void looks_record_whole(struct identity *self, const struct api_method *method, int64_t member_id, int look_case,
                        int64_t case_id, const char *union_path, bool mismatch, void *call);

struct look {
    int64_t seq, at, by, office_id;
    int look_case; /* Identity__LookCase */
    bool mismatch;
    char method[64];
};

/* Looks at a member before a sequence number (0: all), the latest first, at most `size`: 0 or a
 * Reason. *ret_next is where the next page begins, 0 at the end. */
int looks_find(struct identity *self, int64_t member_id, int64_t before, struct look *ret, size_t size, size_t *ret_n,
               int64_t *ret_next, void *call);
