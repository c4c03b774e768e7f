/* store.h: identity's only SQL.
 *
 * A find returns false when there is no such row, or when the store failed: the
 * batch then ends with that, whatever is answered (see common/store.h). */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/rules.h"

extern const char *const identity_sql[];
extern const unsigned identity_n_sql;

#define SEALED_MAX (CN_NAME_SIZE + CN_RESIDENT_ID_LEN + CN_MOBILE_LEN + 3 + PII_OVERHEAD)

struct sealed {
    unsigned char bytes[SEALED_MAX];
    size_t len;
};

/* A member's data key, wrapped. len 0: she has none yet, or (sealed_mobile empty too) no more. */
struct wrapped {
    unsigned char bytes[PII_WRAPPED_LEN];
    size_t len;
};

#define PROOF_SEALED_MAX 720

/* What somebody shows as a proof of her trade, sealed. */
struct sealed_proof {
    unsigned char bytes[PROOF_SEALED_MAX];
    size_t len;
};

/* Of rows of a member (?1) and the accounts that are gone into hers. */
#define SQL_HERS                                                                                                       \
    "member_id IN (SELECT ?1 UNION ALL SELECT member_id FROM member WHERE merged_into = ?1 AND merged_into > 0)"

/* The greatest id in any table. */
int64_t store_last_id(struct store *store);

/* ---- unions ---- */

struct union_node {
    int64_t id, parent_id, children;
    int64_t into_id, moves;
    int state;  /* Identity__UnionState */
    int trades; /* union_trades_read's bits; 0: a general union */
    char code[UNION_CODE_SIZE], name[UNION_NAME_SIZE], path[UNION_PATH_SIZE], credit_code[CN_USCC_LEN + 1];
};

/* Adds it and counts it at its parent. False when its code is taken, or the store failed. */
bool store_add_union(struct store *store, const struct union_node *node, int64_t now);
/* By id; 0 is what the roots hang from. */
bool store_find_union(struct store *store, int64_t union_id, struct union_node *ret_node);
/* Also by a code it had before, or that of a union that became part of it. */
bool store_find_union_code(struct store *store, const char *code, struct union_node *ret_node);
bool store_find_union_path(struct store *store, const char *path, struct union_node *ret_node);
bool store_find_credit_code(struct store *store, const char *credit_code, struct union_node *ret_node);
/* Gives a name and a code; a code that is replaced goes on leading to the union. */
void store_name_union(struct store *store, const struct union_node *node, const char *name, const char *code);
void store_set_credit_code(struct store *store, int64_t union_id, const char *credit_code);
void store_set_trades(struct store *store, int64_t union_id, int trades);
/* The first open industry union just below another that takes a trade. */
bool store_find_industry(struct store *store, int64_t parent_id, int trade, struct union_node *ret_node);
/* How many unions are in a subtree, counting no further than a limit, and the length of the longest path. */
void store_measure_subtree(struct store *store, const char *path, int64_t limit, int64_t *ret_n, int64_t *ret_deepest);
/* Hangs a union below another, as the path says, and rewrites the paths of all below it;
 * those they had until now are kept. */
void store_move_union(struct store *store, const struct union_node *node, const struct union_node *parent,
                      const char *path, int64_t now);
/* Its state and into_id. */
void store_close_union(struct store *store, const struct union_node *node);
/* Whether a child of it is not closed. */
bool store_has_open_child(struct store *store, int64_t union_id);
/* A union that still has members to hand over. */
bool store_find_closing_union(struct store *store, struct union_node *ret_node);
/* The path of the union that so many of a range (from included, end not) come before. */
bool store_find_path_beyond(struct store *store, const char *from, const char *end, int64_t n,
                            char ret_path[UNION_PATH_SIZE]);
/* Children after a path, in its order. */
void store_ask_children(struct store *store, int64_t parent_id, const char *after, int limit);
bool store_next_child(struct store *store, struct union_node *ret_node);
void store_end_children(struct store *store);

/* ---- rosters ---- */

struct roster_entry {
    int64_t id, union_id;
    int trade; /* Rpc__Trade */
    unsigned char person[PII_INDEX_LEN];
    struct sealed sealed;
};

/* 1; -1 when the person is on this union's roster already; -2 when the store failed. */
int store_add_roster(struct store *store, const struct roster_entry *entry);
/* Whether she is on any roster. */
bool store_on_roster(struct store *store, const unsigned char person[PII_INDEX_LEN]);
/* Her rows, at most `size`; returns how many. */
size_t store_find_roster(struct store *store, const unsigned char person[PII_INDEX_LEN], struct roster_entry *ret,
                         size_t size);
bool store_find_roster_row(struct store *store, int64_t roster_id, struct roster_entry *ret_entry);
void store_drop_roster(struct store *store, int64_t roster_id);
/* Who is verified by a row: the account that lives when it is gone into another. 0: nobody. */
int64_t store_roster_member(struct store *store, const struct roster_entry *entry);
/* All rows in order, without their sealed part. */
void store_ask_roster(struct store *store);
bool store_next_roster(struct store *store, int64_t *ret_roster_id, int64_t *ret_union_id);
void store_end_roster(struct store *store);

/* ---- members ---- */

struct member {
    int64_t id, roster_id, union_id, created_at;
    int64_t merged_into;               /* another account of hers; 0 of one that is not gone */
    int level, trade, birth_year, sex; /* Rpc__Level, Rpc__Trade, Rpc__Sex */
    unsigned char mobile[PII_INDEX_LEN], person[PII_INDEX_LEN];
    struct wrapped data_key;
    struct sealed sealed_mobile, sealed_person; /* the second is empty before she is verified */
    struct verify_tries tries;
};

void store_add_member(struct store *store, const struct member *member);
bool store_find_member(struct store *store, int64_t member_id, struct member *ret_member);
/* By mobile number or by the resident ID that verified her; of an account that is gone, the
 * one that was kept. */
bool store_find_member_mobile(struct store *store, const unsigned char mobile[PII_INDEX_LEN],
                              struct member *ret_member);
bool store_find_member_person(struct store *store, const unsigned char person[PII_INDEX_LEN],
                              struct member *ret_member);
/* The accounts that are gone into one, after an id; false after the last. */
bool store_next_gone(struct store *store, int64_t kept_id, int64_t after, struct member *ret_member);
/* A number that led to her through an account that is gone leads there no more. */
void store_release_mobile(struct store *store, int64_t kept_id, const unsigned char mobile[PII_INDEX_LEN]);
/* An account and all that are gone into it are gone into another. */
void store_merge_member(struct store *store, int64_t gone_id, int64_t kept_id);
/* Whether a member is verified by this resident ID. */
bool store_person_is_member(struct store *store, const unsigned char person[PII_INDEX_LEN]);
/* Writes everything that verification has set. */
void store_verify_member(struct store *store, const struct member *member);
void store_set_tries(struct store *store, const struct member *member);

/* ---- sessions ---- */

#define SESSION_HASH_LEN 32
#define DEVICE_SIZE      (40 * 4 + 1)
#define SESSIONS_MAX     20 /* live ones of a member: one more ends the oldest */

struct session {
    int64_t id, member_id, expires_at, opened_at, refreshed_at;
    int sign_in; /* Identity__SignIn */
    char device[DEVICE_SIZE];
    unsigned char family[SESSION_HASH_LEN], turn[SESSION_HASH_LEN];
};

void store_add_session(struct store *store, const struct session *session);
bool store_find_session(struct store *store, int64_t session_id, struct session *ret_session);
/* Its next turn, when, and its end. */
void store_turn_session(struct store *store, const struct session *session);
/* Whether there was such a session. */
bool store_drop_session(struct store *store, int64_t session_id);
/* A member's live sessions, the latest first, at most `size`; returns how many. */
size_t store_find_sessions(struct store *store, int64_t member_id, int64_t now, struct session *ret_sessions,
                           size_t size);
/* A session of a member that so many later ones follow. */
bool store_find_surplus_session(struct store *store, int64_t member_id, int64_t later, int64_t *ret_session_id);
/* Any session of a member. */
bool store_first_session(struct store *store, int64_t member_id, int64_t *ret_session_id);
/* Deletes those past their end among the next ones after *after, and moves it to the last
 * of these, to 0 after all; returns how many. So no index of ends is kept, which each
 * refresh would change. */
int store_drop_old_sessions(struct store *store, int64_t *after, int64_t now);

/* ---- one-time codes ---- */

bool store_find_code(struct store *store, const unsigned char mobile[PII_INDEX_LEN], struct login_code *ret_code,
                     unsigned char ret_hash[PII_INDEX_LEN]);
void store_keep_code(struct store *store, const unsigned char mobile[PII_INDEX_LEN], const struct login_code *code,
                     const unsigned char hash[PII_INDEX_LEN]);
/* Deletes a slice; returns how many. */
int store_drop_old_codes(struct store *store, int64_t sent_before);

/* ---- WeChat ---- */

struct wechat {
    int64_t id, member_id, bound_at;
    unsigned char openid[PII_INDEX_LEN], unionid[PII_INDEX_LEN];
    bool has_unionid;
    struct sealed sealed;
};

void store_add_wechat(struct store *store, const struct wechat *wechat);
bool store_find_wechat(struct store *store, const unsigned char openid[PII_INDEX_LEN], struct wechat *ret_wechat);
/* The member whom another app of the same owner knows by this unionid; 0: none. */
int64_t store_wechat_owner(struct store *store, const unsigned char unionid[PII_INDEX_LEN]);
/* Writes unionid and seal anew. */
void store_set_wechat(struct store *store, const struct wechat *wechat);
/* Writes its seal anew. */
void store_seal_wechat(struct store *store, const struct wechat *wechat);
/* A member's doors in the order they were bound, at most `size`; returns how many. */
size_t store_find_wechats(struct store *store, int64_t member_id, struct wechat *ret_wechats, size_t size);
/* Gives a door to another member, by a new id and seal. */
void store_move_wechat(struct store *store, int64_t wechat_id, int64_t member_id, const struct wechat *wechat);
/* Whether it was this member's. */
bool store_drop_wechat(struct store *store, int64_t wechat_id, int64_t member_id);
int64_t store_count_wechats(struct store *store, int64_t member_id);
/* Whose door it is; 0: there is none. */
int64_t store_wechat_member(struct store *store, int64_t wechat_id);

/* ---- grants ---- */

struct authority {
    int64_t id, member_id, union_id, granted_by, granted_at;
    int role; /* Rule__Role */
    char union_path[UNION_PATH_SIZE];
};

void store_add_grant(struct store *store, const struct authority *grant);
bool store_find_grant(struct store *store, int64_t grant_id, struct authority *ret_grant);
/* A member's grants in the order they were given, at most `size`; returns how many. */
size_t store_find_grants(struct store *store, int64_t member_id, struct authority *ret_grants, size_t size);
/* A page of a subtree (pages.h); one more than its size when there are more. */
struct page;
size_t store_find_grants_page(struct store *store, const struct page *page, struct authority *ret_grants);
void store_drop_grant(struct store *store, int64_t grant_id);

/* ---- for the audit ---- */

struct store_counts {
    int64_t unions, roster, verified, grants, wechats;
};

void store_count(struct store *store, struct store_counts *ret_counts);
/* A union whose path is not its parent's and one level more. */
bool store_find_stray_union(struct store *store, int64_t *ret_union_id);
/* A door whose unionid is another member's too. */
bool store_find_split_unionid(struct store *store, int64_t *ret_wechat_id);
