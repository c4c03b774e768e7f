#include "services/subsidy/scheme/scheme_rules.h"

#include "common/base/civil.h"
#include "common/base/union_path.h"
#include "common/cn/cn_id.h"
#include "common/text/utf8.h"

#define ACCOUNT_MIN     8 /* digits */
#define ACCOUNT_MAX     32
#define CERTIFICATE_MIN 4
#define TEXT_MOST       1000 /* characters, when a field does not say */

/* ---- what a scheme may say ---- */

static bool is_name(const char *text)
{
    return *text >= 'a' && *text <= 'z' && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static const Subsidy__FormField *field_before(const Subsidy__Scheme *scheme, const char *name, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(scheme->fields[i]->name, name) == 0)
            return scheme->fields[i];
    }
    return NULL;
}

const Subsidy__FormField *form_field(const Subsidy__Scheme *scheme, const char *name)
{
    return field_before(scheme, name, scheme->n_fields);
}

bool form_has_choice(char *const *choices, size_t n, const char *choice)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(choices[i], choice) == 0)
            return true;
    }
    return false;
}

static bool has_choice(const Subsidy__FormField *field, const char *choice)
{
    return form_has_choice(field->choices, field->n_choices, choice);
}

static bool choices_fit(const Subsidy__FormField *field)
{
    if (field->kind != SUBSIDY__FIELD_KIND__CHOICE)
        return field->n_choices == 0;
    for (size_t i = 0; i < field->n_choices; i++) {
        for (size_t j = 0; j < i; j++) {
            if (!*field->choices[i] || strcmp(field->choices[i], field->choices[j]) == 0)
                return false;
        }
    }
    return field->n_choices >= 2;
}

static bool is_date(int64_t day)
{
    return day > 0 && day < 100000000 && civil_date((int)(day / 10000), (int)(day / 100 % 100), (int)(day % 100));
}

static bool bounds_fit(const Subsidy__FormField *field)
{
    if (!field->least && !field->most)
        return true;
    switch (field->kind) {
    case SUBSIDY__FIELD_KIND__TEXT:
        return field->least >= 0 && field->least <= field->most && field->most <= TEXT_MOST;
    case SUBSIDY__FIELD_KIND__NUMBER:
        return field->least <= field->most;
    case SUBSIDY__FIELD_KIND__FEN:
        return field->least >= 0 && field->least <= field->most;
    case SUBSIDY__FIELD_KIND__DATE:
        return is_date(field->least) && is_date(field->most) && field->least <= field->most;
    case SUBSIDY__FIELD_KIND__FILE:
        return field->least >= 0 && field->least <= field->most && field->most <= FORM_FILES_MAX;
    default:
        return false;
    }
}

static bool file_kinds_fit(const Subsidy__FormField *field)
{
    for (size_t i = 0; i < field->n_file_kinds; i++) {
        if (field->kind != SUBSIDY__FIELD_KIND__FILE || field->file_kinds[i] == SUBSIDY__FILE_KIND__FILE_KIND_NONE)
            return false;
        for (size_t j = 0; j < i; j++) {
            if (field->file_kinds[i] == field->file_kinds[j])
                return false;
        }
    }
    return true;
}

/* It is asked by a field of CHOICE before it, for values that this has. */
static bool condition_fits(const Subsidy__Scheme *scheme, size_t nth)
{
    const Subsidy__FormField *field = scheme->fields[nth], *by = field_before(scheme, field->asked_with, nth);

    if (!*field->asked_with)
        return field->n_asked_for == 0;
    if (!by || by->kind != SUBSIDY__FIELD_KIND__CHOICE || field->n_asked_for == 0)
        return false;
    for (size_t i = 0; i < field->n_asked_for; i++) {
        if (!has_choice(by, field->asked_for[i]))
            return false;
    }
    return true;
}

static int field_refusal(const Subsidy__Scheme *scheme, size_t nth, const char **ret_part)
{
    const Subsidy__FormField *field = scheme->fields[nth];

    *ret_part = "name";
    if (!is_name(field->name))
        return SUBSIDY__REASON__FIELD_NAME_BAD;
    if (field_before(scheme, field->name, nth))
        return SUBSIDY__REASON__FIELD_TWICE;
    *ret_part = "kind";
    if (field->kind == SUBSIDY__FIELD_KIND__FIELD_NONE)
        return SUBSIDY__REASON__FIELD_KIND_MISSING;
    *ret_part = "choices";
    if (!choices_fit(field))
        return SUBSIDY__REASON__CHOICES_WRONG;
    *ret_part = "most";
    if (!bounds_fit(field))
        return SUBSIDY__REASON__FIELD_BOUNDS_WRONG;
    *ret_part = "fileKinds";
    if (!file_kinds_fit(field))
        return SUBSIDY__REASON__FILE_KINDS_WRONG;
    *ret_part = "askedWith";
    return condition_fits(scheme, nth) ? 0 : SUBSIDY__REASON__CONDITION_WRONG;
}

static bool is_ordered(const Subsidy__FormField *field)
{
    return field && (field->kind == SUBSIDY__FIELD_KIND__NUMBER || field->kind == SUBSIDY__FIELD_KIND__FEN ||
                     field->kind == SUBSIDY__FIELD_KIND__DATE);
}

static bool rule_fits(const Subsidy__Scheme *scheme, const Subsidy__FormRule *rule)
{
    const Subsidy__FormField *smaller = form_field(scheme, rule->smaller), *greater = form_field(scheme, rule->greater);

    return is_ordered(smaller) && is_ordered(greater) && smaller != greater && smaller->kind == greater->kind;
}

/* By offices that are of one union. What a company gets is no agent's: it goes into no WeChat,
 * and under no ceiling of hers. A person has one ticket
 * in a draw, for whatever she applies. */
static bool applicants_fit(const Subsidy__Scheme *scheme)
{
    for (size_t i = 0; i < scheme->n_applicant_roles; i++) {
        switch (scheme->applicant_roles[i]) {
        case RULE__ROLE__COMPANY_AGENT:
            if (scheme->payment || scheme->counts)
                return false;
            break;
        case RULE__ROLE__UNION_ADMIN:
        case RULE__ROLE__FINANCE:
            break;
        default:
            return false;
        }
    }
    return scheme->n_applicant_roles == 0 || !scheme->selection ||
           scheme->selection->kind != SUBSIDY__SELECTION_KIND__BY_LOT;
}

/* A certificate is good for one application, which is that of the first period; and so are files. */
static bool can_carry(const Subsidy__Scheme *scheme)
{
    for (size_t i = 0; i < scheme->n_fields; i++) {
        if (scheme->fields[i]->kind == SUBSIDY__FIELD_KIND__CERTIFICATE ||
            scheme->fields[i]->kind == SUBSIDY__FIELD_KIND__FILE)
            return false;
    }
    return scheme->once == SUBSIDY__ONCE__ONCE_PERIOD && !scheme->cover_check;
}

static bool role_fits(Rule__Role role)
{
    return role == RULE__ROLE__UNION_ADMIN || role == RULE__ROLE__BENEFIT_MANAGER || role == RULE__ROLE__FINANCE;
}

/* From below upwards: what a level is told of in 0 is the scheme's own union, which is above those that say one. */
static bool goes_up(const Subsidy__ReviewStep *before, const Subsidy__ReviewStep *step)
{
    return step->level == 0 || (before->level != 0 && step->level <= before->level);
}

/* A second look comes after a first one. */
static bool look_fits(const Subsidy__ReviewStep *step, size_t nth)
{
    if (!step->per_mille)
        return !step->elsewhere;
    return nth > 0 && (!step->elsewhere || step->level > 0);
}

static int steps_refusal(const Subsidy__Scheme *scheme, struct arena *arena, const char **ret_field)
{
    const Subsidy__ReviewStep *before = NULL;
    int32_t hands = 0;

    *ret_field = "scheme.steps";
    if (scheme->n_steps == 0)
        return SUBSIDY__REASON__NO_REVIEW_STEPS;
    for (size_t i = 0; i < scheme->n_steps; i++) {
        const Subsidy__ReviewStep *step = scheme->steps[i];

        *ret_field = arena_printf(arena, "scheme.steps[%zu].role", i);
        if (!role_fits(step->role))
            return SUBSIDY__REASON__REVIEW_ROLE_WRONG;
        *ret_field = arena_printf(arena, "scheme.steps[%zu].perMille", i);
        if (!look_fits(step, i) || (step->elsewhere && (size_t)step->level <= union_path_level(scheme->union_path)))
            return SUBSIDY__REASON__SECOND_LOOK_WRONG;
        *ret_field = arena_printf(arena, "scheme.steps[%zu].level", i);
        if (!step->elsewhere) {
            if (before && !goes_up(before, step))
                return SUBSIDY__REASON__STEPS_OUT_OF_ORDER;
            before = step;
        }
        hands += step->per_mille ? 0 : step->hands ? step->hands : 1;
    }
    *ret_field = "scheme.steps";
    return hands < 2 ? SUBSIDY__REASON__TOO_FEW_HANDS : 0; /* nobody gives money away alone */
}

int scheme_refusal(const Subsidy__Scheme *scheme, int64_t now, struct arena *arena, const char **ret_field)
{
    const char *part;
    int reason;

    *ret_field = "scheme.closesAt";
    if (scheme->closes_at <= scheme->opens_at || scheme->closes_at <= now)
        return SUBSIDY__REASON__SCHEME_TIMES_WRONG;
    for (size_t i = 0; i < scheme->n_fields; i++) {
        reason = field_refusal(scheme, i, &part);
        *ret_field = arena_printf(arena, "scheme.fields[%zu].%s", i, part);
        if (reason)
            return reason;
    }
    for (size_t i = 0; i < scheme->n_rules; i++) {
        *ret_field = arena_printf(arena, "scheme.rules[%zu]", i);
        if (!rule_fits(scheme, scheme->rules[i]))
            return SUBSIDY__REASON__FORM_RULE_WRONG;
    }
    *ret_field = "scheme.amount";
    if (!scheme_amount_fits(scheme))
        return SUBSIDY__REASON__AMOUNT_WRONG;
    *ret_field = "scheme.period";
    if (scheme->once == SUBSIDY__ONCE__ONCE_PERIOD && scheme->period == GRANTED__PERIOD__PERIOD_NONE)
        return SUBSIDY__REASON__PERIOD_MISSING;
    *ret_field = "scheme.carries";
    if (scheme->carries && !can_carry(scheme))
        return SUBSIDY__REASON__CARRIES_WRONG;
    *ret_field = "scheme.applicantRoles";
    if (!applicants_fit(scheme))
        return SUBSIDY__REASON__APPLIES_BY_WRONG;
    reason = scheme_person_refusal(scheme, ret_field);
    if (reason)
        return reason;
    reason = steps_refusal(scheme, arena, ret_field);
    return reason ? reason : scheme_money_refusal(scheme, ret_field);
}

/* ---- what is written into a form ---- */

const Subsidy__FieldAnswer *form_answer(const Subsidy__FormAnswers *answers, const char *field)
{
    for (size_t i = 0; i < answers->n_answers; i++) {
        if (strcmp(answers->answers[i]->field, field) == 0)
            return answers->answers[i];
    }
    return NULL;
}

bool form_asks(const Subsidy__Scheme *scheme, const Subsidy__FormField *field, const Subsidy__FormAnswers *answers)
{
    const Subsidy__FormField *by = *field->asked_with ? form_field(scheme, field->asked_with) : NULL;
    const Subsidy__FieldAnswer *answer = by ? form_answer(answers, by->name) : NULL;

    if (!by)
        return true;
    if (!answer || !form_asks(scheme, by, answers)) /* which stands before this one, so it ends */
        return false;
    for (size_t i = 0; i < field->n_asked_for; i++) {
        if (strcmp(field->asked_for[i], answer->text) == 0)
            return true;
    }
    return false;
}

static bool is_empty(const Subsidy__FormField *field, const Subsidy__FieldAnswer *answer)
{
    switch (field->kind) {
    case SUBSIDY__FIELD_KIND__NUMBER:
        return false; /* 0 is one */
    case SUBSIDY__FIELD_KIND__FEN:
        return answer->number == 0;
    case SUBSIDY__FIELD_KIND__DATE:
        return answer->date == 0;
    default:
        return answer->text[strspn(answer->text, " \n")] == '\0';
    }
}

bool form_says(const Subsidy__FormField *field, const Subsidy__FieldAnswer *answer)
{
    return answer && !is_empty(field, answer);
}

static int64_t characters_of(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    int64_t n = 0;

    while (*at && utf8_next(&at) >= 0)
        n++;
    return n;
}

static bool is_within(const Subsidy__FormField *field, int64_t value)
{
    return (!field->least && !field->most) || (value >= field->least && value <= field->most);
}

bool form_certificate(const char *text, char ret[FORM_CERTIFICATE_MAX + 1])
{
    return cn_fold(text, " -", ret, FORM_CERTIFICATE_MAX + 1) && strlen(ret) >= CERTIFICATE_MIN;
}

static bool is_account(const char *text)
{
    char digits[ACCOUNT_MAX + 1];

    return cn_fold(text, " ", digits, sizeof(digits)) && strlen(digits) >= ACCOUNT_MIN &&
           digits[strspn(digits, "0123456789")] == '\0';
}

static bool is_region(const char *text, int today)
{
    char name[CN_REGION_SIZE];

    return strlen(text) == CN_REGION_LEN && text[strspn(text, "0123456789")] == '\0' &&
           cn_region(text, today / 10000, name) != CN_REGION_UNKNOWN;
}

/* 0 or the Reason against what is written into one field, which is not empty. */
static int answer_refusal(const Subsidy__FormField *field, const Subsidy__FieldAnswer *answer, int today)
{
    char certificate[FORM_CERTIFICATE_MAX + 1];
    struct cn_resident_id id;

    switch (field->kind) {
    case SUBSIDY__FIELD_KIND__TEXT:
        return is_within(field, characters_of(answer->text)) ? 0 : SUBSIDY__REASON__FIELD_OUT_OF_BOUNDS;
    case SUBSIDY__FIELD_KIND__NUMBER:
    case SUBSIDY__FIELD_KIND__FEN:
        if (field->kind == SUBSIDY__FIELD_KIND__FEN && answer->number < 0)
            return SUBSIDY__REASON__FIELD_OUT_OF_BOUNDS;
        return is_within(field, answer->number) ? 0 : SUBSIDY__REASON__FIELD_OUT_OF_BOUNDS;
    case SUBSIDY__FIELD_KIND__DATE:
        return is_within(field, answer->date) ? 0 : SUBSIDY__REASON__FIELD_OUT_OF_BOUNDS;
    case SUBSIDY__FIELD_KIND__CHOICE:
        return has_choice(field, answer->text) ? 0 : SUBSIDY__REASON__FIELD_NO_CHOICE;
    case SUBSIDY__FIELD_KIND__REGION:
        return is_region(answer->text, today) ? 0 : SUBSIDY__REASON__FIELD_NO_REGION;
    case SUBSIDY__FIELD_KIND__RESIDENT_ID:
        return cn_resident_id(answer->text, today, &id) == CN_ID_OK ? 0 : SUBSIDY__REASON__FIELD_NO_RESIDENT_ID;
    case SUBSIDY__FIELD_KIND__BANK_ACCOUNT:
        return is_account(answer->text) ? 0 : SUBSIDY__REASON__FIELD_NO_ACCOUNT;
    case SUBSIDY__FIELD_KIND__CERTIFICATE:
        return form_certificate(answer->text, certificate) ? 0 : SUBSIDY__REASON__FIELD_NO_CERTIFICATE;
    default:
        return SUBSIDY__REASON__FIELD_UNKNOWN;
    }
}

static int64_t value_of(const Subsidy__FormField *field, const Subsidy__FieldAnswer *answer)
{
    return field->kind == SUBSIDY__FIELD_KIND__DATE ? answer->date : answer->number;
}

static bool rule_holds(const Subsidy__Scheme *scheme, const Subsidy__FormRule *rule,
                       const Subsidy__FormAnswers *answers)
{
    const Subsidy__FormField *below = form_field(scheme, rule->smaller), *above = form_field(scheme, rule->greater);
    const Subsidy__FieldAnswer *smaller = form_answer(answers, rule->smaller);
    const Subsidy__FieldAnswer *greater = form_answer(answers, rule->greater);

    return !smaller || !greater || is_empty(below, smaller) || is_empty(above, greater) ||
           value_of(below, smaller) <= value_of(above, greater);
}

void form_check(const Subsidy__Scheme *scheme, const Subsidy__FormAnswers *answers, int today,
                void (*found)(void *arg, int reason, const char *field, const char *words), void *arg)
{
    for (size_t i = 0; i < answers->n_answers; i++) {
        const char *name = answers->answers[i]->field;

        if (!form_field(scheme, name))
            found(arg, SUBSIDY__REASON__FIELD_UNKNOWN, name, NULL);
        else if (form_answer(answers, name) != answers->answers[i])
            found(arg, SUBSIDY__REASON__FIELD_TWICE, name, NULL);
    }
    for (size_t i = 0; i < scheme->n_fields; i++) {
        const Subsidy__FormField *field = scheme->fields[i];
        const Subsidy__FieldAnswer *answer = form_answer(answers, field->name);
        bool filled = answer && !is_empty(field, answer), asked = form_asks(scheme, field, answers);
        int reason = 0;

        if (field->kind == SUBSIDY__FIELD_KIND__FILE) /* whose files stand beside what is written */
            reason = filled ? SUBSIDY__REASON__FIELD_HOLDS_FILES : 0;
        else if (asked && !filled)
            reason = field->optional ? 0 : SUBSIDY__REASON__FIELD_EMPTY;
        else if (!asked && filled)
            reason = SUBSIDY__REASON__FIELD_NOT_ASKED;
        else if (filled)
            reason = answer_refusal(field, answer, today);
        if (!reason && filled && strcmp(scheme->amount->field, field->name) == 0 && form_most_fen(scheme, answers) &&
            answer->number > form_most_fen(scheme, answers))
            reason = SUBSIDY__REASON__FIELD_ABOVE_MOST;
        if (reason)
            found(arg, reason, field->name, NULL);
    }
    for (size_t i = 0; i < scheme->n_rules; i++) {
        if (!rule_holds(scheme, scheme->rules[i], answers))
            found(arg, SUBSIDY__REASON__FIELD_RULE_BROKEN, scheme->rules[i]->greater, scheme->rules[i]->words);
    }
}

int64_t form_files_most(const Subsidy__FormField *field)
{
    return field->most ? field->most : FORM_FILES_USUAL;
}

int form_files_refusal(const Subsidy__FormField *field, bool asked, int64_t ready, int64_t coming)
{
    int64_t least = field->least > 1 ? field->least : 1;

    if (coming)
        return SUBSIDY__REASON__EVIDENCE_INCOMPLETE;
    if (!asked)
        return ready ? SUBSIDY__REASON__FIELD_NOT_ASKED : 0;
    if (!ready)
        return field->optional ? 0 : SUBSIDY__REASON__FIELD_EMPTY;
    return ready < least ? SUBSIDY__REASON__TOO_FEW_FILES : 0;
}
