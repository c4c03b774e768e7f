/* goods.h: what a union's shop gives, and how many there are.
 *
 * Goods are given for points, for money that is paid where they are picked up, for both, or for nothing. A bundle is so
 * many each of other goods of the same union, with a price of its own; one of it takes one of its own stock and so many
 * of each part's. What is sold never passes what there is, of nothing: a condition of the statement that takes, and of
 * the schema. */
#pragma once
#include "services/coupon/coupon.h"

#define GOODS_WAIT_DAYS 14 /* to be picked up, when nothing is said */

/* As stored, with its form: union_path, state, stock and sold are those of now. NULL when there is none or the arena is
 * full. */
Coupon__Goods *goods_find(const struct coupon *self, int64_t goods_id, void *call, char **ret_path);
/* How many of it are left, and of its parts. */
int64_t goods_left(const struct coupon *self, const Coupon__Goods *goods);
/* Takes so many, and of its parts; false when they are not there: then the call is to be refused. */
bool goods_take(const struct coupon *self, int64_t goods_id, int64_t count);
/* Gives them back. */
void goods_give_back(const struct coupon *self, int64_t goods_id, int64_t count);
/* Whether the caller may manage the shop of a union. */
bool shop_is_official(const char *union_path, void *call);
