/* tallies.h: the numbers of every union and its subtree, kept as things happen.
 *
 * Whoever comes, goes, is listed or verified changes one row of each union from hers
 * up to the root, in the same transaction, so a question about any union reads a row
 * and never counts. Who moves within a subtree neither joins nor leaves it. For each
 * union, joined less left over all days is its members: the audit recounts that, and
 * all that can be counted, from the memberships and rosters. */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/unions/unions.h"

#define TALLY_TRADES   7 /* of Rpc__Trade */
#define TALLY_DAYS_MAX 92

struct tally {
    int64_t own, members, listed, verified, trades[TALLY_TRADES];
};

struct tally_day {
    int64_t day, joined, gone;
};

/* Days since 1970 in China's time, and their beginning. */
int64_t tally_day_of(int64_t at);
int64_t tally_day_begin(int64_t day);

/* All zero for a union in which nothing has happened. */
void tallies_find(const struct tallies *tallies, int64_t union_id, struct tally *ret);
/* Days from one to another on which something happened; returns how many. */
size_t tallies_find_days(const struct tallies *tallies, int64_t union_id, int64_t from, int64_t to,
                         struct tally_day *ret, size_t size);

/* One union's numbers alone, and then those of one of its days: for who adds up what all
 * levels get first. */
void tallies_add(const struct tallies *tallies, int64_t union_id, const struct tally *by);
void tallies_add_day(const struct tallies *tallies, int64_t union_id, int64_t day, int64_t own, int64_t members);
/* A member goes from one union to another; 0 is none. */
void tallies_move(const struct identity *self, int64_t from, int64_t to, int trade, int64_t now);
/* A member of a union has another trade. */
void tallies_change_trade(const struct identity *self, int64_t union_id, int from, int to);
/* A person on a union's roster is verified. */
void tallies_verify(const struct identity *self, int64_t union_id);
/* It was another who had proven to be that person. */
void tallies_unverify(const struct identity *self, int64_t union_id);
/* A row is taken off a union's roster, by which somebody was verified or not. */
void tallies_unlist(const struct identity *self, int64_t union_id, bool verified);
/* Adds rows of rosters to the number of the union at a path alone: whoever adds up
 * a page of rows by all their levels changes each union once. */
void tallies_list_at(const struct identity *self, const char *path, int64_t listed);
/* Before a union is hung below another: its numbers go from the levels above it to those. */
void tallies_move_union(const struct identity *self, const struct union_node *node, const struct union_node *parent,
                        int64_t now);
