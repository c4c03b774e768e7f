/* lottery.h: places given by lot, in any service's store.
 *
 * A service has records that people enter for: a campaign of check-ups, the coupons of a day, a
 * rest trip. When it shares this part each may have a lot, which has the record's id, and the
 * part has its whole life:
 *
 *   announced   the terms are fixed, and the secret is committed to (common/draw/draw.h);
 *   open        members enter, each natural person once, and may withdraw;
 *   frozen      nobody enters any more; the list is read in slices, and its root is fixed and
 *               published by a signed head before the public value comes into being, else the
 *               lot is void;
 *   drawn       two officials have read the same public value, the hour has come, and every
 *               place is written down, slice by slice. A lot without a public value (value_format
 *               DRAW_NONE) is drawn by itself once its root is published, by the secret and the
 *               list alone, and published at once;
 *   published   by an official, or by itself LOTTERY_PUBLISH_MS after its hour: each winner is
 *               given what was drawn for, and whoever loses it calls up the next in order;
 *   closed      nobody is called up any more;
 *   void        with its reason, for all to see: by one official while nothing is frozen, by two
 *               hands (two_hands.h) after that, never once it is published. The secret of a
 *               frozen one is told, so that anybody computes what would have come out.
 *
 * What is announced, entered, frozen, entered as value and drawn stands in the journal by the
 * messages of lottery.proto: under the numbers of the service's own Event when that has members
 * of their types, else under the chassis'. What a stage means to the record the service says in
 * its own words (on_stage). The store is checked against the journal, and what was drawn is
 * drawn again (the audit).
 *
 * WHAT A SERVICE GIVES. SHARED(lottery) in its list, behind holders and two_hands, and before
 * the parts whose statements read tables of the lottery; a struct lottery_service, by
 * lottery_serve in some part's `opened`; keys, by lottery_start. It fills in a struct lot_terms
 * of a record it has read, as it is now, and hands it to the functions below. Those that do
 * something for a caller give 0 or a Reason of the service's (struct lottery_words), or of the
 * chassis, and have changed nothing then but the note of an attempt; the service refuses with it.
 *
 * IN MEMORY are the frozen lists that somebody asks for, LOTTERY_LISTS of them, those last asked
 * for. They can be dropped at any moment and are made again with the same result, after a restart
 * too: one of n entries takes 20n bytes while it is read, 40n while it is sorted, and 29n when
 * it is ready. No slice holds the loop for more than some milliseconds.
 *
 * IN SQL a service may read lottery (lot_id, stage, wins, granted), lottery_entry (entry_id, lot_id, member_id,
 * ticket, stratum, at, withdrawn_at: 0 while it counts), lottery_place (lot_id, stratum, place,
 * member_id) and lottery_chain (chain_id, anchor), and exports what they have of a person in its
 * own words. */
#pragma once
#include "common/benefit/holders/holders.h"
#include "common/benefit/two_hands/two_hands.h"
#include "common/daemon/part.h"
#include "common/draw/draw.h"
#include "common/trust/pii.h"
#include "lottery.pb-c.h"

#define LOTTERY_LISTS      8
#define LOTTERY_PUBLISH_MS INT64_C(86400000) /* after draw_at: then it is published by itself */

extern const struct part_spec lottery_part;
extern const struct store_steps lottery_steps;

struct lottery_lists;
struct lottery {
    struct store *store;
    unsigned sql;
    struct parts *parts;
    const struct lottery_service *service;
    void *self; /* the service's, for its functions */
    const struct holders *holders;
    struct two_hands *hands;
    struct pii_keys *keys; /* seal secrets and keys of tickets; NULL in an audit */
    struct lottery_lists *lists;
    int64_t due_after; /* the lot that was looked at last */
};

/* ---- what a service gives ---- */

/* Texts and memory of all these are the service's, until the call ends. */
struct lot_stratum {
    const char *label;
    int64_t quota, waiting; /* places, and those of the waiting list behind them */
};

/* A record, as it is now. From the announcement on nothing of it changes but stage, union_path
 * and until. */
struct lot_terms {
    int64_t lot_id;
    int stage;  /* lottery.Stage, as on_stage said last; DRAFT before */
    int no_lot; /* the Reason why nobody enters for this one; 0: it has a lot, or will */
    const char *union_path, *title, *rules, *public_name;
    /* Empty: announced when lots had none; DRAW_NONE: value_at is when the list must be fixed. */
    const char *value_format;
    int64_t opens_at, closes_at, value_at, draw_at;
    int64_t until; /* nobody is called up from then on */
    uint32_t weight_max;
    struct lot_stratum *strata;
    size_t n_strata; /* 0 for want of memory too */
    void *record;    /* the service's own, for its functions */
};

/* Reasons, in the service's words. */
struct lottery_words {
    int not_announced, opens_too_soon, not_open, closed, is_void, terms_not_printable, terms_fixed;
    int chain_not_found, day_taken;
    int not_frozen, value_not_yet, value_not_a_line, value_not_in_format, value_not_entered;
    int value_differs, value_own, value_fixed;
    int value_none; /* of a lot without a public value */
    int drawn, not_drawn, published, loading;
};

struct lottery_service {
    const char *noun;  /* "checkup": what is drawn is called checkup-ID in its file */
    const int *roles;  /* by which offices hands are given to it, ended by ROLE_NONE */
    const char *deeds; /* see hands_deed.what_name, of a value; usually NULL */
    struct lottery_words words;
    /* A record by its id, in the memory of an arena. False: there is none, or no memory. */
    bool (*find)(void *self, int64_t lot_id, struct arena *arena, struct lot_terms *ret);
    /* The record passes to a stage: kept, and told in the journal. */
    void (*on_stage)(void *self, const struct lot_terms *terms, int stage, const char *void_reason, void *call);
    /* Why the caller may not enter, whenever: a Reason; or 0 with her stratum, and her weight, which is 1
     * unless it says more. wish is what lottery_enter was given. */
    int (*judge)(void *self, const struct lot_terms *terms, const void *wish, void *call, int32_t *ret_stratum,
                 uint32_t *ret_weight);
    /* Gives what was drawn for to whoever entered under a number. False: she cannot have it (nobody holds the
     * number now, or its holder has one), and the next is called up. */
    bool (*give)(void *self, const struct lot_terms *terms, int64_t member_id, int32_t stratum, int32_t place,
                 void *call);
    /* For the audit: how many have what was given in a stratum; more than its quota is a fault. NULL: not asked. */
    int64_t (*held)(void *self, int64_t lot_id, int32_t stratum);
};

void lottery_serve(struct lottery *lottery, const struct lottery_service *service, void *self,
                   const struct holders *holders, struct two_hands *hands);
/* At the service's start, with the file of keys: 0 or -1, logged. At its end, also when it did not start. */
int lottery_start(struct lottery *lottery, const char *key_file);
void lottery_done(struct lottery *lottery);

/* ---- what is known of a lot ---- */

struct lot {
    int64_t lot_id, chain_id;
    int stage;
    struct draw draw;
    unsigned char secret[DRAW_HASH_LEN], key[DRAW_HASH_LEN]; /* opened */
    int64_t last_entry;
    char value[DRAW_TEXT_SIZE]; /* as entered; draw.value once drawn */
    int64_t value_by, confirmed_by;
    int64_t seated, wins, granted;
    /* The journal's row of the freeze until its head is signed. When the value comes into being before that, the
     * lot is void: the root must have been published by then. */
    int64_t unsigned_seq;
    bool revealed; /* its secret is told before its publication, or without one */
};

/* False when it was not announced or, logged, when its secrets cannot be opened. */
bool lottery_find(struct lottery *lottery, const struct lot_terms *terms, struct lot *ret);
/* The state it is in, or was in when it was made void. */
enum draw_state lottery_reached(const struct lot *lot);
/* What everybody may know of it, in the call's arena. */
void lottery_status(struct lottery *lottery, const struct lot_terms *terms, const struct lot *lot, void *call,
                    Lottery__Status *ret);
/* A page of the file that hg-draw verifies, of a list with the request's page_token (rpc_page); of a lot drawn and
 * not yet published as it was frozen. NULL in *ret for want of memory; the page may have been refused. */
int lottery_file_page(struct lottery *lottery, const struct lot_terms *terms, struct lot *lot, void *call, char **ret);

/* ---- what officials do ---- */

struct lot_chain {
    int64_t id;
    int32_t days, used; /* how many secrets, and the greatest day of a lot that was announced with one */
    char union_path[65];
    unsigned char anchor[DRAW_HASH_LEN], last[DRAW_HASH_LEN];
};

/* Secrets for so many days (1..DRAW_STEPS_MAX) of a union's lots, of which each tells all before it. */
void lottery_make_chain(struct lottery *lottery, const char *union_path, int32_t days, void *call,
                        struct lot_chain *ret);
/* Every union's chains, the latest first, from the one before an id on, without their secrets; ended by
 * lottery_end_chains, also before the last. */
void lottery_ask_chains(const struct lottery *lottery, int64_t before);
bool lottery_next_chain(const struct lottery *lottery, struct lot_chain *ret);
void lottery_end_chains(const struct lottery *lottery);
/* Fixes the terms of a draft and commits to a secret, of a day of a chain or (chain_id 0) its own. Again: the lot as
 * it is. */
int lottery_announce(struct lottery *lottery, const struct lot_terms *terms, int64_t chain_id, int32_t day, void *call,
                     struct lot *ret);
/* The public value as one official reads it, which she or another may correct until somebody else reads the same. */
int lottery_enter_value(struct lottery *lottery, const struct lot_terms *terms, struct lot *lot, const char *text,
                        void *call);
int lottery_confirm_value(struct lottery *lottery, const struct lot_terms *terms, struct lot *lot, const char *text,
                          void *call);
/* A value in the spelling of a format, in which it is mixed in. A lot that was announced without one has that of its
 * time: half-width, lower-case, what stands between commas, blanks and the like with one blank between. 0,
 * value_not_a_line or value_not_in_format. */
int lottery_read_value(const struct lottery_words *words, const char *format, const char *text,
                       char ret[DRAW_TEXT_SIZE]);
/* Why lots are not drawn now, or not again; they are drawn by themselves. */
int lottery_drawing_refusal(struct lottery *lottery, const struct lot_terms *terms, const struct lot *lot, void *call);
int lottery_publish(struct lottery *lottery, const struct lot_terms *terms, struct lot *lot, void *call);
/* While nothing is frozen one official does it, then it takes two: the first asks, and lot is as it was; the second
 * confirms it by the same message. */
int lottery_make_void(struct lottery *lottery, const struct lot_terms *terms, struct lot *lot,
                      const ProtobufCMessage *what, const char *reason, void *call);
/* Nobody is called up any more; a record without a lot passes to CLOSED alone. */
void lottery_close(struct lottery *lottery, const struct lot_terms *terms, void *call);
/* Notes what the caller tries (lottery.Attempt) although it will be refused: in the journal the first time. Then the
 * call must be refused. */
void lottery_note_attempt(struct lottery *lottery, const struct lot_terms *terms, int attempt, void *call);

/* ---- what members do ---- */

struct lot_entry {
    int64_t id, lot_id, member_id, at, withdrawn_at;
    unsigned char ticket[DRAW_TICKET_LEN];
    int32_t stratum;
    uint32_t weight;
};

/* Why nobody may enter or withdraw now, whoever she is. */
int lottery_entering_refusal(const struct lottery_words *words, const struct lot_terms *terms, int64_t now);
/* The caller enters, and the reply is 201. Again, also after the closing: the first entry. */
int lottery_enter(struct lottery *lottery, const struct lot_terms *terms, const void *wish, void *call,
                  struct lot_entry *ret);
/* The service enters somebody whom it has found to be one of those who are drawn of: in a stratum, with so many
 * chances, 1..weight_max. Again: the first entry. 0 or a Reason. */
int lottery_enter_for(struct lottery *lottery, const struct lot_terms *terms, int64_t member_id, int32_t stratum,
                      uint32_t weight, void *call, struct lot_entry *ret);
/* Until the closing. Again does nothing. */
int lottery_withdraw(struct lottery *lottery, const struct lot_terms *terms, void *call);
/* Hers, under any number she holds (holders.h), not withdrawn: of several the one under her own. */
bool lottery_find_entry(const struct lottery *lottery, int64_t lot_id, int64_t member_id, struct lot_entry *ret);
/* How many are in a lot by now; 0 before it is announced. */
int64_t lottery_entered(const struct lottery *lottery, int64_t lot_id);
/* The receipt of an entry, which hg-draw checks; before publication it tells of the frozen list alone. NULL in *ret
 * for want of memory. */
int lottery_receipt(struct lottery *lottery, const struct lot_terms *terms, const struct lot_entry *entry, void *call,
                    char **ret);

/* ---- places ---- */

struct lot_outcome {
    struct draw_outcome drawn;
    uint32_t promoted; /* places called up behind the quota */
};

/* False before it is drawn, and without a lot. */
bool lottery_outcome(const struct lottery *lottery, int64_t lot_id, int32_t stratum, struct lot_outcome *ret);
/* The place of an entry, 0: behind all that were given; and how many must make room before it is its turn, with her; 0:
 * she is not waiting. */
uint32_t lottery_place_of(const struct lottery *lottery, const struct lot_terms *terms, const struct lot_entry *entry,
                          uint32_t *ret_waiting);
/* Somebody has lost what she was given: calls up the next in order that `give` can give it to, while the lot stands
 * and there is time. */
void lottery_promote(struct lottery *lottery, const struct lot_terms *terms, int32_t stratum, void *call);
