/* unions.h: the tree of unions.
 *
 * A union has a code, by which people know it, and a path, by which the tree is kept: that of
 * its parent and one level more (common/eligibility.h).
 *
 * Who knows a piece of its name finds it by every two characters that stand beside each other in
 * it (union_pair): the rarest of those in the piece leads to the unions that may have it, which are
 * then read. So a search reads UNION_SEARCH of them at most, whatever it asks for; how rare a pair is, is
 * counted no further than is worth it.
 *
 * A find returns false when there is no such row, or when the store failed: the batch then
 * ends with that, whatever is answered (common/store/store.h). */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/rules.h"

#define UNION_SEARCH      2000
#define UNION_PAIR_SIZE   9 /* two characters */
#define UNION_REGION_SIZE (CN_REGION_LEN + 1)

extern const struct store_steps unions_steps;

struct union_node {
    int64_t id, parent_id, children;
    int64_t into_id, moves;
    int state;  /* Identity__UnionState */
    int trades; /* union_trades_read's bits; 0: a general union */
    char code[UNION_CODE_SIZE], name[UNION_NAME_SIZE], path[UNION_PATH_SIZE], credit_code[CN_USCC_LEN + 1];
};

/* Adds it and counts it at its parent. False when its code is taken, or the store failed. */
bool unions_add(const struct unions *unions, const struct union_node *node, int64_t now);
/* By id; 0 is what the roots hang from. */
bool unions_find(const struct unions *unions, int64_t union_id, struct union_node *ret_node);
/* Also by a code it had before, or that of a union that became part of it. */
bool unions_find_code(const struct unions *unions, const char *code, struct union_node *ret_node);
/* An open one by its name, which others may have too: how many have, 2 when more. */
unsigned unions_find_name(const struct unions *unions, const char *name, struct union_node *ret_node);
/* Of a piece of a name, of two characters and more, the pair that the fewest have; "" when the store failed. */
void unions_rarest_pair(const struct unions *unions, const char *piece, char ret_pair[UNION_PAIR_SIZE]);
/* Unions of a range of paths (from included, end not) that have the piece in their names, are in a state of a mask and
 * of a region ("": any), by their ids behind one: UNION_SEARCH rows of the pair are read, of which *ret_hit says which
 * they are. The texts are valid until the end. */
void unions_ask_search(const struct unions *unions, const char *pair, const char *piece, const char *from,
                       const char *end, int64_t after, int64_t states, const char *region);
bool unions_next_search(const struct unions *unions, struct union_node *ret_node, bool *ret_hit);
void unions_end_search(const struct unions *unions);
/* The same of all whose codes begin with a region's digits, in the order of their codes behind one. */
void unions_ask_region(const struct unions *unions, const char *region, const char *from, const char *end,
                       const char *after, int64_t states);
bool unions_next_region(const struct unions *unions, struct union_node *ret_node, bool *ret_hit);
void unions_end_region(const struct unions *unions);
/* Whether an active union's code begins with those digits. */
bool unions_have_region(const struct unions *unions, const char *region);
bool unions_find_path(const struct unions *unions, const char *path, struct union_node *ret_node);
bool unions_find_credit_code(const struct unions *unions, const char *credit_code, struct union_node *ret_node);
/* Gives a name and a code; a code that is replaced goes on leading to the union. */
void unions_name(const struct unions *unions, const struct union_node *node, const char *name, const char *code);
void unions_set_credit_code(const struct unions *unions, int64_t union_id, const char *credit_code);
void unions_set_trades(const struct unions *unions, int64_t union_id, int trades);
/* The first open industry union just below another that takes a trade. */
bool unions_find_industry(const struct unions *unions, int64_t parent_id, int trade, struct union_node *ret_node);
/* How many unions are in a subtree, counting no further than a limit, and the length of the longest path. */
void unions_measure(const struct unions *unions, const char *path, int64_t limit, int64_t *ret_n, int64_t *ret_deepest);
/* Hangs a union below another, as the path says, and rewrites the paths of all below it;
 * those they had until now are kept. */
void unions_move(const struct unions *unions, const struct union_node *node, const struct union_node *parent,
                 const char *path, int64_t now);
/* Its state and into_id. */
void unions_close(const struct unions *unions, const struct union_node *node);
/* Whether a child of it is not closed. */
bool unions_have_open_child(const struct unions *unions, int64_t union_id);
/* A union that still has members to hand over. */
bool unions_find_closing(const struct unions *unions, struct union_node *ret_node);
/* The path of the union that so many of a range (from included, end not) come before. */
bool unions_find_path_beyond(const struct unions *unions, const char *from, const char *end, int64_t n,
                             char ret_path[UNION_PATH_SIZE]);
/* Children after a path, in its order. */
void unions_ask_children(const struct unions *unions, int64_t parent_id, const char *after, size_t limit,
                         int64_t states);
bool unions_next_child(const struct unions *unions, struct union_node *ret_node);
void unions_end_children(const struct unions *unions);
