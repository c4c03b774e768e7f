/* orders_internal.h: what the files about orders share. */
#pragma once
#include "services/coupon/shop/orders.h"

/* ---- the store ---- */

bool orders_find(const struct coupon *self, int64_t order_id, struct order *ret);
/* By the number that its codes name. */
bool orders_find_serial(const struct coupon *self, int64_t serial, struct order *ret);
/* A page of a member's under all her numbers, or of some goods', the newest first; at most the page's limit. */
size_t orders_page(const struct coupon *self, int64_t of, bool goods, void *call, struct order *ret);
/* Kept, and told to the journal. */
void order_add(struct coupon *self, const struct order *order, void *call);
/* The caller has looked at its address. */
void order_look(struct coupon *self, const struct order *order, void *call);
int32_t order_looks(const struct coupon *self, int64_t order_id);
/* Seals where it goes; false: it is too long. */
bool order_seal(const struct coupon *self, const Coupon__Address *address, void *call, struct order *order);
/* In the arena; NULL: there is none, it does not open, or memory is full. */
Coupon__Address *order_address(const struct coupon *self, const struct order *order, struct arena *arena);

/* ---- how an order ends ---- */

/* It comes to nothing: all that it took goes back. */
void order_undo(struct coupon *self, struct order *order, int state, void *call);
/* It is hers for good. */
void order_fulfil(struct coupon *self, struct order *order, int state, void *call);
/* She is told of what others did. */
void order_tell_her(struct coupon *self, const struct order *order, int kind, void *call);

/* ---- messages ---- */

/* Whether the goods are for members of a union that she has left. */
bool order_is_frozen(const struct coupon *self, const struct order *order, void *call);
/* NULL when the call's memory is full. */
Coupon__Order *order_message(const struct coupon *self, const struct order *order, void *call);
