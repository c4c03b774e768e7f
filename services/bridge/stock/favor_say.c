#include "services/bridge/stock/favor_say.h"

#include <time.h>

#include "bridge/bridge.pb-c.h"
#include "common/cn/cn_id.h"

#define CHINA_MS INT64_C(28800000)

static void write_time(int64_t at, char ret[32])
{
    time_t seconds = (time_t)((at + CHINA_MS) / 1000);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(ret, 32, "%Y-%m-%dT%H:%M:%S+08:00", &tm);
}

char *favor_text(json_t *body)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

    json_decref(body);
    return text;
}

char *favor_stock_body(const Coupon__StockOrdered *form, const char *mchid)
{
    char from[32], until[32], no[24];
    json_t *body;

    write_time(form->from, from);
    write_time(form->until, until);
    send_request_no(form->release_id, no);
    body =
        json_pack("{s:s, s:s, s:s, s:s, s:{s:I, s:I, s:i, s:b, s:b}, s:{s:s}, s:{s:{s:I, s:I}, s:[s]}, s:b, s:s, s:s}",
                  "stock_name", form->name, "belong_merchant", mchid, "available_begin_time", from,
                  "available_end_time", until, "stock_use_rule", "max_coupons", (json_int_t)form->count, "max_amount",
                  (json_int_t)(form->count * form->face_fen), "max_coupons_per_user", (int)form->each,
                  "natural_person_limit", 0, "prevent_api_abuse", 0, "pattern_info", "description", form->description,
                  "coupon_use_rule", "fixed_normal_coupon", "coupon_amount", (json_int_t)form->face_fen,
                  "transaction_minimum", (json_int_t)form->threshold_fen, "available_merchants", mchid, "no_cash",
                  (int)form->no_cash, "stock_type", "NORMAL", "out_request_no", no);
    return favor_text(body);
}

char *favor_send_body(const struct stock *stock, int64_t coupon_id, const char *appid, const char *mchid)
{
    char no[24];
    json_t *body;

    send_request_no(coupon_id, no);
    body = json_pack("{s:s, s:s, s:s, s:s}", "stock_id", stock->number, "out_request_no", no, "appid", appid,
                     "stock_creator_mchid", mchid);
    return favor_text(body);
}

int64_t favor_time(const char *text)
{
    int year, month, day, hour, minute, second, len = 0;
    int64_t begin;

    if (sscanf(text, "%4d-%2d-%2d%*1[T ]%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second, &len) != 6 ||
        !cn_day_begin(year * 10000 + month * 100 + day, &begin) || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || second > 60)
        return 0;
    return begin + ((hour * INT64_C(60) + minute) * 60 + second) * 1000;
}

enum favor_means favor_means_of(enum pay_code code)
{
    switch (code) {
    case PAY_FREQUENCY_LIMITED:
    case PAY_FREQUENCY_LIMIT_EXCEED:
    case PAY_RATELIMIT_EXCEEDED:
    case PAY_SIGN_ERROR:
        return FAVOR_UNREAD;
    case PAY_RULE_LIMIT:
    case PAY_RULELIMIT:
    case PAY_NATURELIMIT:
    case PAY_USER_AL_GET_COUPON:
        return FAVOR_LIMIT;
    case PAY_INVALID_REQUEST:
    case PAY_PARAM_ERROR:
        return FAVOR_LOOK;
    default:
        return FAVOR_LATER;
    }
}

int favor_stock_state(const char *word)
{
    static const struct {
        const char *word;
        int state;
    } states[] = {
        {"unactivated", BRIDGE__STOCK_STATE__STOCK_READY}, {"audit", BRIDGE__STOCK_STATE__STOCK_READY},
        {"running", BRIDGE__STOCK_STATE__STOCK_RUNNING},   {"paused", BRIDGE__STOCK_STATE__STOCK_PAUSED},
        {"stoped", BRIDGE__STOCK_STATE__STOCK_PAUSED},
    };

    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        if (strcmp(states[i].word, word) == 0)
            return states[i].state;
    }
    return 0;
}

static bool take(const json_t *plain, const char *name, char *ret, size_t size)
{
    const char *text = pay_text(plain, name);

    return wechat_word_ok(text, size - 1) && snprintf(ret, size, "%s", text) > 0;
}

bool favor_read_use(const json_t *plain, const char *mchid, struct favor_use *ret)
{
    const json_t *worth = json_object_get(plain, "normal_coupon_information");

    *ret = (struct favor_use){
        .face_fen = json_integer_value(json_object_get(worth, "coupon_amount")),
        .threshold_fen = json_integer_value(json_object_get(worth, "transaction_minimum")),
        .used_at = favor_time(pay_text(json_object_get(plain, "consume_information"), "consume_time")),
    };
    return strcmp(pay_text(plain, "stock_creator_mchid"), mchid) == 0 &&
           strcmp(pay_text(plain, "status"), "USED") == 0 && take(plain, "stock_id", ret->stock, sizeof(ret->stock)) &&
           take(plain, "coupon_id", ret->number, sizeof(ret->number)) && ret->used_at > 0;
}
