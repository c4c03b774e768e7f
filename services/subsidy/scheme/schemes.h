/* schemes.h: what unions pay to whom, as data.
 *
 * A scheme is a message that an official drafts for her union; two officials open it, and from then on its terms are
 * fixed: a hash of them is in the journal. Other terms are the next version, a scheme that takes this one's place when
 * it is opened: what was applied for under the old terms stays under them. The versions of a scheme are a family, over
 * which what may be had once is counted.
 *
 * Messages are of the arena they are asked into; NULL and false are also what a full arena gives. */
#pragma once
#include "services/subsidy/subsidy.h"

#define SCHEME_TERMS_MAX (32 << 10) /* bytes, packed: a page of them is one answer */

/* A scheme as it is now, whose union is said by its path alone. */
Subsidy__Scheme *scheme_find(const struct subsidy *self, int64_t scheme_id, struct arena *arena);
/* Schemes before an id, newest first, in states of a mask: of a union and all below it, or, with `above`, the open ones
 * of a union and all above it. How many. */
size_t schemes_list(const struct subsidy *self, const char *path, bool above, int64_t before, int64_t states,
                    struct arena *arena, Subsidy__Scheme **ret, size_t size);
/* Says which unions it names: 0 or a Reason. */
int scheme_name_unions(const struct subsidy *self, Subsidy__Scheme *scheme, void *call);

/* Whether the caller has an office over a union by which she deals with what it pays. */
bool scheme_has_office(const char *path, void *call);
/* Whether she may read what it pays: by such an office, or as its auditor. */
bool scheme_reads(const char *path, void *call);

/* Adds a scheme or replaces a draft, and tells the journal. 0, TOO_LONG or OVERLOADED. */
int scheme_put(struct subsidy *self, Subsidy__Scheme *scheme, void *call);
/* Passes to another state, in store, message and journal. */
void scheme_set_state(struct subsidy *self, Subsidy__Scheme *scheme, int state, void *call);
/* All Reasons why somebody may not apply for it now, whatever she has had. */
typedef void scheme_report(void *arg, int reason);
void scheme_refusals_of(const Subsidy__Scheme *scheme, const Rpc__Principal *principal, int64_t now,
                        scheme_report *report, void *arg);
/* When the period of an instant began, of a scheme that is had once in each; else 0. */
int64_t scheme_period(const Subsidy__Scheme *scheme, int64_t at);
/* How many days who was given it back has to correct it, and who is refused to ask again. */
int64_t scheme_correct_ms(const Subsidy__Scheme *scheme);
int64_t scheme_again_ms(const Subsidy__Scheme *scheme);
