/* changes.h: changes of unions: their SQL, and what carrying one out means.
 *
 * A union has one change at most that waits, which the schema sees to. A subtree of
 * up to CHANGE_SUBTREE_MAX unions moves in one transaction, in which their paths are
 * rewritten; what belongs to a union by its id (members, grants, rosters) follows by
 * itself. A union that is dissolved or merged hands over its members in slices, one
 * transaction each, and is closed when none is left. */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/rules.h"
#include "services/identity/unions/unions.h"

#define CHANGE_TEXT_SIZE   (200 * 4 + 1)
#define CHANGE_SUBTREE_MAX 2000
#define CHANGE_LIFE_MS     (INT64_C(365) * 86400000) /* in which what was asked may be confirmed */
#define CHANGE_SLICE       100                       /* members handed over in one transaction */

struct change {
    int64_t id, union_id, target_id, asked_by, asked_at, decided_by, decided_at;
    int kind, state;           /* Identity__ChangeKind, Identity__ChangeState */
    int trades, workers, body; /* union_trades_read's bits, people, Identity__UnionBody */
    char name[UNION_NAME_SIZE], code[UNION_CODE_SIZE],
        credit_code[CN_USCC_LEN * 4 + 1]; /* as it was typed, until it is checked */
    char excuse[CHANGE_TEXT_SIZE], remark[CHANGE_TEXT_SIZE];
};

/* False when the union, or who asks for a new one, has one that waits. */
bool change_add(const struct identity *self, const struct change *change);
bool changes_find(const struct changes *changes, int64_t change_id, struct change *ret);
/* Writes what was decided, and the union that was made. */
void change_decide(const struct identity *self, const struct change *change);
/* A union's, or the new unions that a member has asked for, the latest first. */
enum changes_list { CHANGES_UNION, CHANGES_MINE };
void changes_ask(const struct changes *changes, enum changes_list list, int64_t id, int64_t before, size_t limit,
                 int64_t states);
bool changes_next(const struct changes *changes, enum changes_list list, struct change *ret);
void changes_end(const struct changes *changes, enum changes_list list);
/* The path that a union had at an instant. False when it had the one it has now. */
bool changes_path_at(const struct changes *changes, int64_t union_id, int64_t at, char ret_path[UNION_PATH_SIZE]);

/* Why a change cannot be carried out as things are: 0, or the Reason with its input
 * field. Names and codes in it are brought into normal form. */
int change_refusal(struct identity *self, struct change *change, void *call, const char **ret_field);
/* Carries out what change_refusal has just found possible; target_id becomes the union
 * that was made. */
void change_apply(struct identity *self, struct change *change, void *call);
/* The industry union that takes a trade nearest to another union: itself, one just below
 * it, or just below the first of those above it that has one. */
bool union_industry(struct identity *self, const struct union_node *from, int trade, struct union_node *ret_node);
/* Where a union's members are now: itself, or what it was merged into or dissolved
 * to. False when there is no such union. */
bool union_successor(struct identity *self, int64_t union_id, struct union_node *ret_node);
/* Hands over a slice of a closing union's members. Whether there is more to do. */
bool change_drain(struct identity *self, void *call);
