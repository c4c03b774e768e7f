/* rules.h: what identity decides, without I/O, clock or memory of its own.
 *
 * Every refusal is a Reason of identity.proto (or of rpc.proto), 0 being none.
 * Results are untouched when a function refuses. */
#pragma once
#include "common/cn/cn_id.h"
#include "common/text/csv.h"
#include "common/base/union_path.h"
#include "identity/identity.pb-c.h"
#include "identity/union.pb-c.h"

/* ---- the union tree ---- */

/* The path of the ordinal-th child; the parent of a root is "". UNION_TOO_DEEP,
 * UNION_TOO_WIDE. */
int child_refusal(const char *parent, int64_t ordinal, char ret_path[UNION_PATH_SIZE]);

/* ---- authority ---- */

#define GRANTS_PACKED_MAX 640 /* bytes that one person's grants may take in her token (LIMIT_TOKEN) */

/* A role that a person holds over a union. */
struct held_grant {
    int role; /* rule.Role */
    const char *union_path;
    bool is_new; /* its holder's token says who gave it (two_hands.h) */
};

/* One of the three that exclude each other. */
bool role_is_administrator(int role);
/* One that two people give and take back: an administrator's, and those that decide about people's
 * standing, money, places or reports. */
bool role_needs_two(int role);
/* Why the grantor may not give this role over this union to the member who holds
 * `held` now: ROLE_INVALID, also for a company's agent, whom her company's register
 * makes; NOT_OFFICIAL when she is no security administrator;
 * GRANT_EXCEEDS_YOURS when her office does not cover the union or she is the
 * member herself; ROLES_EXCLUDE when the member would hold two of the three
 * administrators' roles, wherever; TOO_MANY_GRANTS. The command line on the bus
 * (internal) is bound by what concerns the member only. Giving what is held
 * already is not refused here: the store has it once. */
int grant_refusal(const Rpc__Principal *grantor, int role, const char *union_path, int64_t member_id,
                  const struct held_grant *held, size_t n_held);
/* TOO_MANY_GRANTS when one more over this union does not fit with what is held, or 0. */
int grant_room_refusal(const char *union_path, const struct held_grant *held, size_t n_held);
/* Why she may not take back a grant over this union: NOT_OFFICIAL, GRANT_EXCEEDS_YOURS. */
int revoke_refusal(const Rpc__Principal *official, const char *union_path);

/* ---- standing ---- */

/* Why a standing may not become another for this reason (Identity__Standing,
 * Identity__StandingReason): STANDING_UNCHANGED when it is so already, or when who
 * is recorded as deceased would be suspended; STANDING_REASON_INVALID. */
int standing_refusal(int from, int to, int reason);

/* The level that is told of a member: by the store's own, and the trade that is proven
 * for her now. */
int level_told(int level, int trade);

/* ---- one-time codes ---- */

#define CODE_DIGITS       6
#define CODE_TYPED        24 /* characters that somebody may type for them */
#define CODE_LIFE_MS      (5 * 60 * 1000)
#define CODE_RESEND_MS    (60 * 1000)
#define CODE_TRIES        5
#define CODE_WINDOW_MS    (24 * 60 * 60 * 1000)
#define CODE_SENDS        20               /* to one number within CODE_WINDOW_MS: 100 guesses of a million a day */
#define CODES_ADDRESS_MS  (60 * 60 * 1000) /* within which an address may have some sent */
#define CODES_LOW_PERCENT 80               /* of a day's budget, at which it is called low */

/* A code that was sent; all zero before the first one. */
struct code {
    int64_t sent_at;
    bool used;     /* it has let somebody in */
    int32_t tries; /* wrong answers to it */
};

/* How many codes were sent within a time; all zero before the first one. */
struct code_count {
    int64_t began_at; /* with the first of them */
    int32_t sends;
};

/* Whether a number must wait for its next code of a purpose, whose last one was sent then (0: none): 0, or
 * CODE_SENT_RECENTLY with the seconds to wait (at least 1). */
int code_pause_refusal(int64_t sent_at, int64_t now, int32_t *ret_retry_after_s);
/* Whether one more is too many within length_ms; most 0: never. `reason` with the seconds to wait, or 0. */
int code_count_refusal(const struct code_count *count, int64_t most, int64_t length_ms, int64_t now, int reason,
                       int32_t *ret_retry_after_s);
/* One more has been sent. */
void code_counted(struct code_count *count, int64_t length_ms, int64_t now);
/* Whether a day's budget has just come to be low by this one. */
bool code_budget_turns_low(int64_t sends, int64_t budget);
/* What somebody typed: full-width digits, blanks and hyphens are folded. CODE_NOT_SIX_DIGITS. */
int code_read(const char *text, char ret_code[CODE_DIGITS + 1]);
/* Judges an answer, and counts it: `right` is the caller's comparison in constant
 * time. 0 when it is right, and then the code is used up; CODE_EXPIRED when none
 * is alive; CODE_TRIES_EXHAUSTED, also for a right answer; CODE_WRONG. */
int code_answer(struct code *code, int64_t now, bool right);
/* Six digits of a random number. The remainder favours none by more than 2^-44. */
void code_text(uint64_t random, char ret_text[CODE_DIGITS + 1]);

/* ---- signing in by password ---- */

#define SIGN_IN_FAILURES 5
#define SIGN_IN_LOCK_MS  (15 * 60 * 1000)

/* Failures of a number; all zero at first. They are forgotten after SIGN_IN_LOCK_MS without one. */
struct sign_in_tries {
    int32_t failed;
    int64_t last_at;
};

/* SIGN_IN_LOCKED with the seconds to wait (at least 1), or 0. */
int sign_in_refusal(const struct sign_in_tries *tries, int64_t now, int32_t *ret_retry_after_s);
/* Counts one more. Whether the number is locked now. */
bool sign_in_failed(struct sign_in_tries *tries, int64_t now);

#define VERIFY_TRIES 5 /* of name and resident ID, per member and calendar day */

/* Failed attempts of a member to be verified against a roster; all zero at first. */
struct verify_tries {
    int32_t day; /* YYYYMMDD */
    int32_t failed;
};

/* VERIFY_TRIES_EXHAUSTED or 0. */
int verify_refusal(const struct verify_tries *tries, int today);
void verify_failed(struct verify_tries *tries, int today);

#define PROOF_TRIES                                                                                                    \
    3 /* asked of the verifier outside, per member within PROOF_WINDOW_MS: each costs, and could guess */
#define PROOF_WINDOW_MS (24 * 60 * 60 * 1000)

/* The Reason for what a verifier said; 0 when it agrees. */
int verdict_refusal(int verdict);

/* ---- WeChat ---- */

#define WECHAT_NAME_MAX 64 /* characters of an appid, openid or unionid */
#define WECHAT_DOORS    16 /* bound to one member */

/* Whose account it is that WeChat's answer opens: the members bound to this openid
 * (by_openid) and, through another app, to this unionid, and the one of the mobile
 * number that WeChat proves; 0 where there is none. An openid is the surest. 0 with
 * *ret_member_id 0 means a new member, who needs a number. WECHAT_NOT_BOUND when there
 * is nobody and no number (has_mobile), WECHAT_OTHER_MEMBER when her number belongs to
 * somebody else. */
int wechat_member(int64_t by_openid, int64_t by_unionid, bool has_mobile, int64_t by_mobile, int64_t *ret_member_id);
/* Letters, digits, '-' and '_', at least one: all that WeChat's names are made of. */
bool wechat_name_read(const char *text);

/* ---- what is written on rosters and lists of unions ---- */

#define AGE_MIN         16 /* of working age, Labour Law article 15 */
#define UNION_CODE_MAX  32
#define UNION_NAME_MAX  100 /* characters */
#define COMMITTEE_MIN   25  /* members from which a union has a committee */
#define UNION_CODE_SIZE (UNION_CODE_MAX + 1)
#define UNION_NAME_SIZE (UNION_NAME_MAX * 4 + 1)

/* A resident ID, or another document (common/cn), of somebody of at least AGE_MIN on that day (YYYYMMDD):
 * RESIDENT_ID_..., TOO_YOUNG. *ret_warning is REGION_ABOLISHED, REGION_UNKNOWN,
 * or 0. */
int resident_id_read(const char *text, int today, struct cn_resident_id *ret_id, int *ret_warning);
/* The same of a document of a kind (Identity__DocumentKind) that its form may not tell. */
int document_read(const char *text, int kind, int today, struct cn_resident_id *ret_id, int *ret_warning);
/* Whether it is this number that somebody typed, as one of its kind or by its form or sign. */
bool document_is(const char *typed, const char *number, int today);
/* Rpc__Sex, as a document says. */
int document_sex(const struct cn_resident_id *id);
/* A union's code in normal form: upper-case letters, digits and single hyphens
 * between them. UNION_CODE_INVALID. */
int union_code_read(const char *text, char ret_code[UNION_CODE_SIZE]);
/* A union's unified social credit code in normal form (common/cn/cn_id.h). CREDIT_CODE_INVALID;
 * and unless there is an excuse for a code that is real all the same,
 * CREDIT_CODE_CHECKSUM, or CREDIT_CODE_NOT_UNION when it was not registered by the
 * unions' department (8). */
int credit_code_read(const char *text, bool excused, char ret_code[CN_USCC_LEN + 1]);
/* The same of a company, of whatever department. */
int company_code_read(const char *text, bool excused, char ret_code[CN_USCC_LEN + 1]);
/* A union's name, folded and without surrounding blanks: 2 to UNION_NAME_MAX characters
 * of visible text. UNION_NAME_INVALID, with the character that is refused or 0. */
int union_name_read(const char *text, char ret_name[UNION_NAME_SIZE], int32_t *ret_bad);
/* The trades that an industry union takes as bits, 1 << Rpc__Trade; none is a general
 * union. TRADE_INVALID. */
int union_trades_read(const Rpc__Trade *trades, size_t n, int *ret_trades);
/* Whether a new union of so many workers may be run like this (Identity__UnionBody):
 * UNION_BODY_INVALID. Trade Union Law, article 11. */
int union_body_refusal(int workers, int body);
/* A trade by its Chinese name or its name in rpc.proto; empty and 其他 are
 * TRADE_OTHER. TRADE_INVALID. */
int trade_read(const char *text, Rpc__Trade *ret_trade);

/* What is wrong with a row, beside its Reason. */
struct row_fault {
    const char *field; /* as ImportProblem has it */
    int32_t character; /* for which a text is refused, 0 when it is no single one */
};

/* Whether a text is what a spreadsheet has made of a longer number: 4.4E+17, or a resident ID
 * whose last digits have become zeros. */
bool is_rounded(const char *text);

/* A row of a roster: name, resident ID, mobile, union code, trade. The trade may
 * be missing, empty fields may follow. */
struct roster_row {
    char name[CN_NAME_SIZE];
    struct cn_resident_id id;
    char mobile[CN_MOBILE_LEN + 1];
    char union_code[UNION_CODE_SIZE];
    char union_name[UNION_NAME_SIZE]; /* when it is known by that alone; union_code is "" then */
    Rpc__Trade trade;
    int warning; /* a Reason about residentId, or 0; the row is good all the same */
};

/* The first field that is wrong refuses the row: the Reason, and what is wrong.
 * CSV_MALFORMED (field "") when there are too few or too many. */
int roster_row_read(const struct csv_row *row, int today, struct roster_row *ret_row, struct row_fault *ret_fault);

/* A row of a list of those who are taken off rosters: resident ID, union code. */
struct removal_row {
    struct cn_resident_id id;
    char union_code[UNION_CODE_SIZE], union_name[UNION_NAME_SIZE]; /* likewise */
    int warning;                                                   /* likewise */
};

/* The same. */
int removal_row_read(const struct csv_row *row, int today, struct removal_row *ret_row, struct row_fault *ret_fault);

/* A row of a list of unions: code, name, parent code (empty or missing: a root), and the
 * trades that an industry union takes, between slashes (empty or missing: none). */
struct union_row {
    char code[UNION_CODE_SIZE];
    char name[UNION_NAME_SIZE];
    char parent_code[UNION_CODE_SIZE];
    int trades;
};

/* The same. A union that is its own parent is UNION_CODE_INVALID (parentCode). */
int union_row_read(const struct csv_row *row, struct union_row *ret_row, struct row_fault *ret_fault);
