/* sms.h: short messages, sent by a partner who has the text of each template: of a code (api_sms.c, parameters `code`
 * and `minutes`), or of what has happened to an account (outbox/notice.h, parameter `when`).
 *
 * One call sends one message: a try that may have been taken is never repeated. */
#pragma once
#include "services/bridge/partner.h"

/* Sends a template's text to a number, its parameters (a new reference, given away) filled in. As partner_ask. */
bool sms_send(struct partner *sms, const char *mobile, const char *template, json_t *parameters, int64_t timeout_ms,
              partner_done done, void *arg);
/* What came of it: 0 (it is on its way), SENDER_UNAVAILABLE (surely not, and it may be tried again), SMS_REFUSED
 * (surely not, and it never will be), SMS_UNCERTAIN. */
int sms_judge(enum partner_end end, const json_t *answer);
