#include "services/bridge/sms.h"

#include "common/base/hex.h"
#include "identity/identity.pb-c.h"

#define SMS_PATH       "/v1/messages"
#define REQUEST_ID_LEN 16

bool sms_send(struct partner *sms, const char *mobile, const char *template, json_t *parameters, int64_t timeout_ms,
              partner_done done, void *arg)
{
    unsigned char random[REQUEST_ID_LEN];
    char id[HEX_SIZE(REQUEST_ID_LEN)];

    if (!sms->ready) {
        json_decref(parameters);
        return false;
    }
    clock_random(sms->clock, random, sizeof(random));
    hex_print(random, sizeof(random), id);
    return partner_ask(sms, SMS_PATH,
                       json_pack("{s:s, s:s, s:s, s:o}", "requestId", id, "mobile", mobile, "template", template,
                                 "parameters", parameters),
                       timeout_ms, false, done, arg);
}

int sms_judge(enum partner_end end, const json_t *answer)
{
    const char *status = json_string_value(json_object_get(answer, "status"));

    if (end == PARTNER_DONE && status && strcmp(status, "ACCEPTED") == 0)
        return 0;
    if (end == PARTNER_BUSY)
        return IDENTITY__REASON__SENDER_UNAVAILABLE;
    if (end == PARTNER_REFUSES || (end == PARTNER_DONE && status && strcmp(status, "REJECTED") == 0))
        return BRIDGE__REASON__SMS_REFUSED;
    return BRIDGE__REASON__SMS_UNCERTAIN;
}
