/* scheme_rules.h: what a scheme may say, and what may be written into its form. No I/O, no clock. */
#pragma once
#include "common/base/arena.h"
#include "subsidy.pb.h"

#define FORM_NAME_SIZE 33 /* of a field, with its NUL */

/* Why a draft cannot be a scheme: 0, or a Reason with the field (JSON path, in the arena) that it is about. */
int scheme_refusal(const Subsidy__Scheme *scheme, int64_t now, struct arena *arena, const char **ret_field);

/* The same of how those are chosen who get it, shown and paid. */
int scheme_money_refusal(const Subsidy__Scheme *scheme, const char **ret_field);
/* The same of points and strata, by which those are chosen. */
int scheme_points_refusal(const Subsidy__Scheme *scheme, const char **ret_field);
/* The same of what it says of who applies for herself. */
int scheme_person_refusal(const Subsidy__Scheme *scheme, const char **ret_field);
/* The most that one application comes to, and the least that is said; 0: it is not. */
int64_t scheme_most_fen(const Subsidy__Scheme *scheme);
int64_t scheme_least_fen(const Subsidy__Scheme *scheme);
/* Whether an amount is said, so that what is written always comes to one. */
bool scheme_amount_fits(const Subsidy__Scheme *scheme);

/* The field of a form by its name, or NULL. */
const Subsidy__FormField *form_field(const Subsidy__Scheme *scheme, const char *name);
/* What is written into a field, or NULL. */
const Subsidy__FieldAnswer *form_answer(const Subsidy__FormAnswers *answers, const char *field);
/* Whether something is written into a field; answer may be NULL. */
bool form_says(const Subsidy__FormField *field, const Subsidy__FieldAnswer *answer);
/* Whether a field is to be filled in, as the fields before it are. */
bool form_asks(const Subsidy__Scheme *scheme, const Subsidy__FormField *field, const Subsidy__FormAnswers *answers);

/* Calls `found` for all that is wrong with what is written: a Reason, the field, and words of the scheme's own, which
 * may be NULL. today is YYYYMMDD. */
void form_check(const Subsidy__Scheme *scheme, const Subsidy__FormAnswers *answers, int today,
                void (*found)(void *arg, int reason, const char *field, const char *words), void *arg);
/* The most that is paid by what is written. */
int64_t form_most_fen(const Subsidy__Scheme *scheme, const Subsidy__FormAnswers *answers);
/* What is paid by it, which was checked; not more than that. */
int64_t form_amount(const Subsidy__Scheme *scheme, const Subsidy__FormAnswers *answers);
/* How many files a field of FILE takes, and why what is there of it cannot be handed in: so many whole, so many on
 * their way. 0 or a Reason. */
#define FORM_FILES_USUAL 5
#define FORM_FILES_MAX   20
int64_t form_files_most(const Subsidy__FormField *field);
int form_files_refusal(const Subsidy__FormField *field, bool asked, int64_t ready, int64_t coming);
/* A field that is always filled in, by its name, or NULL. */
const Subsidy__FormField *form_field_always(const Subsidy__Scheme *scheme, const char *name);
/* How many points there are for what is written, which was checked; and of which stratum that is: 0 when there are
 * none. */
int32_t form_points(const Subsidy__Scheme *scheme, const Subsidy__FormAnswers *answers);
int32_t form_stratum(const Subsidy__Scheme *scheme, const Subsidy__FormAnswers *answers);
/* Whether a choice is one of several. */
bool form_has_choice(char *const *choices, size_t n, const char *choice);
/* Whether a text is a certificate's number, which is brought to one spelling: upper case, without blanks and hyphens.
 */
#define FORM_CERTIFICATE_MAX 40
bool form_certificate(const char *text, char ret[FORM_CERTIFICATE_MAX + 1]);
