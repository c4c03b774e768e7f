/* codes.h: one-time codes: their rows, how many are sent, and what they prove.
 *
 * A code serves for one purpose, which the message that carries it names, and for who has
 * asked for it: a device by its nonce, or else whoever asks from the same address. So what
 * somebody was talked into telling closes no account, and wrong answers from elsewhere use
 * up none of hers: elsewhere there is no code.
 *
 * Sending costs money and bothers people. A number waits CODE_RESEND_MS between two codes
 * of one purpose and gets CODE_SENDS a day; an address (an IPv6 one by its /64) gets
 * self->codes_address within CODES_ADDRESS_MS, enough for a factory behind one; and all
 * together have self->codes_day, of which a metric tells, and the log before it is spent. */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/rules.h"

/* The code of a number (normal form) for a purpose (Identity__CodePurpose), made, counted and
 * written down: 0, or CODE_SENT_RECENTLY, CODES_ADDRESS_LIMITED, CODES_SPENT with the seconds
 * to wait. */
int code_make(struct identity *self, const char *mobile, int purpose, void *call, char ret_text[CODE_DIGITS + 1],
              int32_t *ret_retry_after_s);
/* The last one was surely not sent: it lets nobody in and was not counted. */
void code_take_back(struct identity *self, const char *mobile, int purpose, void *call);
/* Judges what somebody typed for the code of a number and purpose, and counts it: 0 or CODE_...;
 * a call that is refused for it keeps what it wrote (rpc_keep). What is not six digits is no try. */
int code_judge(struct identity *self, const char *mobile, int purpose, const char *text, void *call);

/* Sent so far on the day of that instant. */
int64_t codes_sent_today(const struct identity *self, int64_t now);
/* Deletes slices of codes, and of counts, that are past their time; returns how many. */
int codes_drop_old(const struct codes *codes, int64_t now);
