/* scheme_person.c: what a scheme may say of who applies for herself: that she was covered, and what is attested of her.
 */
#include "services/subsidy/scheme/scheme_rules.h"

/* What says the day of the accident is always there; and no union is covered. */
static bool cover_check_fits(const Subsidy__Scheme *scheme)
{
    const Subsidy__CoverCheck *check = scheme->cover_check;
    const Subsidy__FormField *field = check ? form_field(scheme, check->field) : NULL;

    return !check || (field && field->kind == SUBSIDY__FIELD_KIND__DATE && !field->optional && !*field->asked_with &&
                      scheme->n_applicant_roles == 0);
}

/* Whether a field is one of two kinds, and says nothing sensitive; "": none is meant. */
static bool skill_field_fits(const Subsidy__Scheme *scheme, const char *name, Subsidy__FieldKind kind,
                             Subsidy__FieldKind other)
{
    const Subsidy__FormField *field = form_field(scheme, name);

    return !*name || (field && (field->kind == kind || field->kind == other) && !field->sensitive);
}

/* An entry has always a title, and is of who applied. */
static bool skill_fits(const Subsidy__Scheme *scheme)
{
    const Subsidy__SkillTerm *term = scheme->skill;
    const Subsidy__FormField *title = term ? form_field(scheme, term->title_field) : NULL;

    if (!term)
        return true;
    if (!*term->title == !*term->title_field || (title && (title->optional || *title->asked_with)))
        return false;
    return term->kind != SUBSIDY__SKILL_KIND__SKILL_NONE && scheme->n_applicant_roles == 0 &&
           skill_field_fits(scheme, term->title_field, SUBSIDY__FIELD_KIND__TEXT, SUBSIDY__FIELD_KIND__CHOICE) &&
           skill_field_fits(scheme, term->occupation_field, SUBSIDY__FIELD_KIND__TEXT, SUBSIDY__FIELD_KIND__CHOICE) &&
           skill_field_fits(scheme, term->level_field, SUBSIDY__FIELD_KIND__CHOICE, SUBSIDY__FIELD_KIND__CHOICE) &&
           skill_field_fits(scheme, term->day_field, SUBSIDY__FIELD_KIND__DATE, SUBSIDY__FIELD_KIND__DATE);
}

int scheme_person_refusal(const Subsidy__Scheme *scheme, const char **ret_field)
{
    *ret_field = "scheme.coverCheck.field";
    if (!cover_check_fits(scheme))
        return SUBSIDY__REASON__COVER_CHECK_WRONG;
    *ret_field = "scheme.skill";
    return skill_fits(scheme) ? 0 : SUBSIDY__REASON__SKILL_TERM_WRONG;
}
