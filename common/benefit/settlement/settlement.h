/* settlement.h: what a union owes those who gave its members something, in the store.
 *
 * A statement lists, for one payee and one purpose of the service's (a campaign's site, a merchant's
 * month), things whose holders have had them and that no statement has yet, each with its amount; and
 * for each thing of an earlier statement that is not owed to this payee any more a correction of the
 * opposite amount. A line of a statement that was confirmed never changes: what turns out wrong is a
 * line of the next one. Money is in fen, added with a check for overflow.
 *
 * One official prepares it, another confirms or rejects it (two_hands.h); one is open at a time for a
 * payee and purpose. Rejected, it loses its lines, and they are free for the next. For a thing stands
 * the statement whose line of it no correction takes back; there is one at most. The service is told
 * what stands for a thing whenever that changes, and keeps it where it looks for what is to be settled.
 *
 * Each line carries number and hash of the journal's row by which the thing got to where the line says
 * (it was had; or it is no longer so): an event of the service's about money (rule.Event), which never
 * leaves the store. lines_hash is SHA-256 over the lines in order, each as thing (8 bytes), kind (4),
 * fen (8), seq (8) big-endian, and the row's hash (32); the journal's row about the statement
 * (settlement.StatementChanged) has it too.
 *
 * A service that shares the part also shares two_hands. It says once, in a struct settlement_kind, what
 * it settles; it gathers the lines, and asks whether the money is there before it replies: a refusal
 * takes back all that the call has written. */
#pragma once
#include "common/benefit/two_hands/two_hands.h"
#include "settlement.pb-c.h"

#define SETTLEMENT_LINES_MAX 1000 /* of a statement */
#define SETTLEMENT_HASH_LEN  32
#define SETTLEMENT_CSV_MORE  400 /* bytes that a service adds to a line of an export, and a NUL */

extern const struct part_spec settlement_part;
extern const struct store_steps settlement_steps;

struct settlement {
    struct store *store;
    unsigned sql;
    struct parts *parts;
    const struct settlement_kind *kind;
    struct two_hands *hands;
};

struct statement {
    int64_t id, for_id, payee_id;
    int state; /* Settlement__State */
    int32_t n_lines;
    int64_t total_fen, prepared_by, prepared_at, decided_by, decided_at, journal_seq;
    unsigned char lines_hash[SETTLEMENT_HASH_LEN];
};

struct statement_line {
    int32_t line; /* from 1 */
    int64_t thing_id;
    int kind; /* Settlement__LineKind */
    int64_t fen, seq;
    unsigned char hash[SETTLEMENT_HASH_LEN];
    int64_t corrects; /* the statement whose line it takes back; 0: none */
};

/* What a service settles. In both functions self is the service's struct. */
struct settlement_kind {
    const char *deed;  /* two hands know it by this */
    const char *deeds; /* see hands_deed.what_name; usually NULL */
    const int *roles;  /* who prepares and decides, ended by ROLE_NONE */
    struct {
        int nothing;    /* to settle */
        int decided;    /* already */
        int stale;      /* a line is not due any more */
        int superseded; /* a thing that it corrects has been settled again: two statements would stand for it */
        int by_one;     /* who prepared it does not confirm it; 0: HANDS_SAME */
    } reasons;
    const char *csv_head;                 /* the names of the columns */
    const char *csv_due, *csv_correction; /* what a line is */
    const char *file_name;                /* of an export: letters */
    /* What a line of an export has behind these, with a comma before each column; NULL: nothing. Its length. */
    size_t (*csv_more)(void *self, const struct statement_line *line, char to[SETTLEMENT_CSV_MORE]);
    /* To whom a thing is owed now (0: nobody), and the journal's last row about it. False: there is none. */
    bool (*owed)(void *self, int64_t thing_id, int64_t *ret_payee_id, int64_t *ret_seq);
    /* Which statement, and whose, stands for a thing from now on; 0 and 0: none. */
    void (*stands)(void *self, int64_t thing_id, int64_t statement_id, int64_t payee_id);
};

/* At the service's start: what it settles, and the two hands by which; both outlive it. */
void settlement_use(struct settlement *settlement, const struct settlement_kind *kind, struct two_hands *hands);

/* ---- asking ---- */

bool statements_find(const struct settlement *settlement, int64_t statement_id, struct statement *ret);
/* The one that waits for its decision. */
bool statements_find_open(const struct settlement *settlement, int64_t for_id, int64_t payee_id, struct statement *ret);
/* Of a purpose before an id, newest first. */
void statements_ask(const struct settlement *settlement, int64_t for_id, int64_t before, int limit, int64_t states);
bool statements_next(const struct settlement *settlement, struct statement *ret);
/* Up to n lines of a statement after a number, in order, in the arena: how many; -1: memory is full. */
int statement_lines(const struct settlement *settlement, int64_t statement_id, int32_t after, int n,
                    struct arena *arena, struct statement_line **ret);
/* The last line about a thing. */
bool statement_line_of(const struct settlement *settlement, int64_t thing_id, int64_t *ret_statement_id,
                       struct statement_line *ret);
/* What is prepared and confirmed of a purpose. */
int64_t statements_total(const struct settlement *settlement, int64_t for_id);
/* Fen as yuan with two decimals. */
int statement_print_yuan(char *to, size_t size, int64_t fen);
/* A part of a statement as CSV (RFC 4180) with a byte order mark: lines after a number. 0 or a Reason. */
int statement_export(const struct settlement *settlement, const struct statement *statement, int32_t after, void *call,
                     Rpc__Part *ret);

/* ---- changes: 0, or the Reason with which the call is to be refused ---- */

/* The caller prepares one for a purpose and a payee (in `statement`, whose rest is filled in), of n lines: the service
 * says thing, kind and seq, and fen of what is due and `corrects` of a correction. She gives the first hand, by an
 * office over a union. */
int statement_prepare(struct settlement *settlement, const char *union_path, struct statement_line *lines, int n,
                      void *call, struct statement *statement);
/* The caller confirms or rejects it. */
int statement_decide(struct settlement *settlement, const char *union_path, int state, void *call,
                     struct statement *statement);
/* It becomes so, whoever calls and whether it is still due or not. */
int statement_change(struct settlement *settlement, int state, void *call, struct statement *statement);
