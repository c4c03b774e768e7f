/* api_sms.c: one-time codes, sent by a partner of short messages. Each purpose has a template of
 * its own there, whose text says what the code is for.
 *
 * Identity makes the code and tells it to the bridge alone, which forgets it when the
 * partner has answered (sms.h). When surely nothing was sent the code is taken back, so
 * that another may be asked for at once. */
#include <mbedtls/platform_util.h>

#include "common/cn/cn_id.h"
#include "services/bridge/api.h"
#include "services/bridge/sms.h"

#define UNCERTAIN_S 60 /* identity's own pause between two codes */

static const char *const templates[] = {
    [IDENTITY__CODE_PURPOSE__CODE_LOGIN] = "login-code", [IDENTITY__CODE_PURPOSE__CODE_BIND] = "bind-code",
    [IDENTITY__CODE_PURPOSE__CODE_MERGE] = "merge-code", [IDENTITY__CODE_PURPOSE__CODE_EXPORT] = "export-code",
    [IDENTITY__CODE_PURPOSE__CODE_CLOSE] = "close-code", [IDENTITY__CODE_PURPOSE__CODE_NUMBER] = "number-code",
    [IDENTITY__CODE_PURPOSE__CODE_PROVE] = "prove-code",
};

static void reply(struct errand *errand)
{
    Identity__SendCodeReply message = IDENTITY__SEND_CODE_REPLY__INIT;

    message.expires_in_s = errand->sms.expires_in_s;
    message.resend_in_s = errand->sms.resend_in_s;
    errand_reply(errand, &message.base);
}

static void on_taken_back(void *arg, const Rpc__Answer *answer)
{
    (void)answer;
    errand_refuse(arg, IDENTITY__REASON__SENDER_UNAVAILABLE, NULL, 1);
}

/* Surely nothing was sent. */
static void take_back(struct errand *errand)
{
    Identity__SendCodeRequest request = IDENTITY__SEND_CODE_REQUEST__INIT;

    request.mobile = errand->sms.mobile;
    request.purpose = (Identity__CodePurpose)errand->sms.purpose;
    if (errand_ask_identity(errand, "Identity.TakeBackCode", &request.base, on_taken_back))
        errand_refuse(errand, IDENTITY__REASON__SENDER_UNAVAILABLE, NULL, UNCERTAIN_S);
}

static void on_sent(void *arg, enum partner_end end, const json_t *answer)
{
    struct errand *errand = arg;
    int reason = sms_judge(end, answer);

    if (!reason)
        reply(errand);
    else if (reason == BRIDGE__REASON__SMS_UNCERTAIN)
        errand_refuse(errand, reason, NULL, UNCERTAIN_S);
    else
        take_back(errand);
}

static void send_message(struct errand *errand, const char *code)
{
    char minutes[12];

    snprintf(minutes, sizeof(minutes), "%d", errand->sms.expires_in_s / 60);
    if (!sms_send(&errand->bridge->sms, errand->sms.mobile, templates[errand->sms.purpose],
                  json_pack("{s:s, s:s}", "code", code, "minutes", minutes), errand_time_ms(errand, IDENTITY_MS),
                  on_sent, errand))
        take_back(errand);
}

static void on_code(void *arg, const Rpc__Answer *answer)
{
    struct errand *errand = arg;
    Identity__LoginCode *made;

    if (answer->reason) {
        errand_end(errand, answer);
        return;
    }
    made = identity__login_code__unpack(NULL, answer->output.len, answer->output.data);
    if (!made) {
        errand_refuse(errand, RPC__REASON__OVERLOADED, NULL, 1);
        return;
    }
    errand->sms.expires_in_s = made->expires_in_s;
    errand->sms.resend_in_s = made->resend_in_s;
    if (*made->code)
        send_message(errand, made->code);
    else
        reply(errand);
    mbedtls_platform_zeroize(made->code, strlen(made->code));
    identity__login_code__free_unpacked(made, NULL);
}

/* rpc SendCode: says the same whether the number is known or not. */
void bridge__send_code(Bridge__Bridge_Service *service, const Identity__SendCodeRequest *req,
                       Identity__SendCodeReply_Closure closure, void *call)
{
    struct errand *errand = errand_new(container_of(service, struct bridge, bridge_service), call);

    (void)closure;
    if (!errand)
        return;
    if (!cn_mobile(req->mobile, errand->sms.mobile)) /* identity says so */
        errand->sms.mobile[0] = '\0';
    errand->sms.purpose = (unsigned)req->purpose < ARRAY_LEN(templates) ? (int)req->purpose : 0; /* likewise */
    errand_wait(errand, errand_ask_identity(errand, "Identity.SendCode", &req->base, on_code), NULL, call);
}
