#include "services/bridge/pay/transfer_say.h"

static json_t *report_of(const Payout__PayoutOrdered *order)
{
    const char *const *names = payout_report_names((int)order->scene);
    json_t *list = json_array();

    for (size_t i = 0; list && names && names[i] && i < order->n_report; i++)
        json_array_append_new(list, json_pack("{s:s, s:s}", "info_type", names[i], "info_content", order->report[i]));
    return list;
}

char *transfer_body(const struct payout *payout, const char *appid, const char *openid, const char *sealed_name,
                    const char *notify_url)
{
    Payout__PayoutOrdered *order = payout__payout_ordered__unpack(NULL, payout->form.len, payout->form.bytes);
    char scene[12], *text = NULL;
    json_t *body = NULL;

    if (order) {
        snprintf(scene, sizeof(scene), "%d", (int)order->scene);
        body = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:o}", "appid", appid, "out_bill_no", payout->number,
                         "transfer_scene_id", scene, "openid", openid, "transfer_amount", (json_int_t)payout->fen,
                         "transfer_remark", order->remark, "notify_url", notify_url, "transfer_scene_report_infos",
                         report_of(order));
    }
    if (body && *sealed_name)
        json_object_set_new(body, "user_name", json_string(sealed_name));
    if (body)
        text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    payout__payout_ordered__free_unpacked(order, NULL);
    return text;
}

static enum transfer_state state_of(const char *word)
{
    static const char *const words[] = {
        [TRANSFER_ACCEPTED] = "ACCEPTED",
        [TRANSFER_PROCESSING] = "PROCESSING",
        [TRANSFER_WAIT_USER_CONFIRM] = "WAIT_USER_CONFIRM",
        [TRANSFER_TRANSFERING] = "TRANSFERING",
        [TRANSFER_CANCELING] = "CANCELING",
        [TRANSFER_SUCCESS] = "SUCCESS",
        [TRANSFER_FAIL] = "FAIL",
        [TRANSFER_CANCELLED] = "CANCELLED",
    };

    for (unsigned i = TRANSFER_ACCEPTED; i < ARRAY_LEN(words); i++) {
        if (strcmp(words[i], word) == 0)
            return (enum transfer_state)i;
    }
    return TRANSFER_ODD;
}

bool transfer_read(const json_t *body, struct transfer_said *ret)
{
    const json_t *fen = json_object_get(body, "transfer_amount");

    *ret = (struct transfer_said){.state = state_of(pay_text(body, "state")), .fen = -1};
    if (strlen(pay_text(body, "out_bill_no")) >= sizeof(ret->number) ||
        strlen(pay_text(body, "package_info")) >= sizeof(ret->package) ||
        strlen(pay_text(body, "openid")) >= sizeof(ret->openid))
        return false;
    snprintf(ret->number, sizeof(ret->number), "%s", pay_text(body, "out_bill_no"));
    snprintf(ret->openid, sizeof(ret->openid), "%s", pay_text(body, "openid"));
    snprintf(ret->package, sizeof(ret->package), "%s", pay_text(body, "package_info"));
    snprintf(ret->reason, sizeof(ret->reason), "%.*s", (int)sizeof(ret->reason) - 1, pay_text(body, "fail_reason"));
    if (json_is_integer(fen))
        ret->fen = json_integer_value(fen);
    return *ret->number && *pay_text(body, "state");
}

int transfer_means(enum transfer_state state)
{
    switch (state) {
    case TRANSFER_ACCEPTED:
    case TRANSFER_PROCESSING:
    case TRANSFER_TRANSFERING:
    case TRANSFER_CANCELING:
        return BRIDGE__PAYOUT_STATE__PAYOUT_ACCEPTED;
    case TRANSFER_WAIT_USER_CONFIRM:
        return BRIDGE__PAYOUT_STATE__PAYOUT_CONFIRM;
    case TRANSFER_SUCCESS:
        return BRIDGE__PAYOUT_STATE__PAYOUT_PAID;
    case TRANSFER_FAIL:
        return BRIDGE__PAYOUT_STATE__PAYOUT_FAILED;
    case TRANSFER_CANCELLED:
        return BRIDGE__PAYOUT_STATE__PAYOUT_CANCELLED;
    case TRANSFER_ODD:
        break;
    }
    return 0;
}

int transfer_reason(const char *fail_reason)
{
    static const char *const of_hers[] = {
        "ACCOUNT_FROZEN",
        "ACCOUNT_NOT_EXIST",
        "NAME_NOT_CORRECT",
        "ID_CARD_NOT_CORRECT",
        "OPENID_INVALID",
        "REAL_NAME_CHECK_FAIL",
        "PAYEE_ACCOUNT_ABNORMAL",
        "RECEIVE_ACCOUNT_NOT_CONFIGURE",
        "DAY_RECEIVED_COUNT_EXCEED",
        "DAY_RECEIVED_QUOTA_EXCEED",
        "REALNAME_ACCOUNT_RECEIVED_QUOTA_EXCEED",
    };

    if (strcmp(fail_reason, "OVERDUE_CLOSE") == 0)
        return BRIDGE__REASON__PAYOUT_NOT_CONFIRMED;
    if (strcmp(fail_reason, "MCH_CANCEL") == 0)
        return BRIDGE__REASON__PAYOUT_WITHDRAWN;
    for (unsigned i = 0; i < ARRAY_LEN(of_hers); i++) {
        if (strcmp(fail_reason, of_hers[i]) == 0)
            return BRIDGE__REASON__PAYOUT_ACCOUNT_REFUSED;
    }
    return BRIDGE__REASON__PAYOUT_PROVIDER_FAILED;
}

static int64_t within(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

int64_t transfer_delay_ms(const struct payout *payout, int64_t now)
{
    int64_t age = now - payout->sent_at, doubled = INT64_C(2000) << (payout->tries < 9 ? payout->tries : 9);
    int64_t to_end;

    switch (payout->state) {
    case BRIDGE__PAYOUT_STATE__PAYOUT_ACCEPTED:
        return within(age / 4, 5000, 600000);
    case BRIDGE__PAYOUT_STATE__PAYOUT_CONFIRM:
        /* Once more right after its day is over. */
        to_end = payout->confirm_until + 60000 - now;
        return within(age / 4, 30000, to_end > 30000 && to_end < 3600000 ? to_end : 3600000);
    default:
        return within(doubled, 2000, 600000);
    }
}
