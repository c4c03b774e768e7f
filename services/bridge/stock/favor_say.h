/* favor_say.h: what the provider is asked and says of stocks and of what is sent out of them (代金券, API v3). Pure. */
#pragma once
#include "services/bridge/pay/pay.h"
#include "services/bridge/stock/sends.h"

/* A body that is given up, as a text of the caller's (free); NULL: memory is full. */
char *favor_text(json_t *body);
/* The body of a stock's creation, from jansson; NULL: no memory. */
char *favor_stock_body(const Coupon__StockOrdered *form, const char *mchid);
/* Of what is sent to one person. */
char *favor_send_body(const struct stock *stock, int64_t coupon_id, const char *appid, const char *mchid);

/* Milliseconds since 1970 of a time in China as the provider writes it, with T or a blank between; 0: it is none. */
int64_t favor_time(const char *text);

/* What a refused send comes to. */
enum favor_means {
    FAVOR_UNREAD, /* it was not even looked at, which says nothing of the same that left before */
    FAVOR_LATER,  /* it is ours to mend, or the provider's: the same is asked for again */
    FAVOR_LOOK,   /* it may be the stock, or she: the stock is looked at, and she is asked for again */
    FAVOR_LIMIT,  /* she has had as many as she may */
};
enum favor_means favor_means_of(enum pay_code code);

/* The state of a stock by the provider's word; 0: it is none that is known. */
int favor_stock_state(const char *word);

/* What a callback says was used. */
struct favor_use {
    char stock[STOCK_NUMBER_SIZE], number[SEND_NUMBER_SIZE];
    int64_t face_fen, threshold_fen, used_at;
};
/* False: it is no such thing, or not of this merchant. */
bool favor_read_use(const json_t *plain, const char *mchid, struct favor_use *ret);
