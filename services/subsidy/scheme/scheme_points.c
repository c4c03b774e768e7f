/* scheme_points.c: what answers are worth, and who is drawn of by herself. */
#include "common/draw/draw.h"
#include "services/subsidy/scheme/scheme_rules.h"

/* ---- what a scheme may say ---- */

static bool is_counted_before(const Subsidy__Selection *selection, size_t nth)
{
    const Subsidy__Points *points = selection->points[nth];

    for (size_t i = 0; i < nth; i++) {
        if (strcmp(selection->points[i]->field, points->field) == 0 &&
            strcmp(selection->points[i]->choice, points->choice) == 0)
            return true;
    }
    return false;
}

static bool points_fit(const Subsidy__Scheme *scheme, size_t nth)
{
    const Subsidy__Points *points = scheme->selection->points[nth];
    const Subsidy__FormField *field = form_field_always(scheme, points->field);

    if (!field || is_counted_before(scheme->selection, nth))
        return false;
    if (field->kind == SUBSIDY__FIELD_KIND__CHOICE)
        return points->most == 0 && form_has_choice(field->choices, field->n_choices, points->choice);
    return field->kind == SUBSIDY__FIELD_KIND__NUMBER && !*points->choice && points->most > 0 && field->least >= 0;
}

/* The most that anybody can have; of a field of choices the best of them. */
static int64_t most_points(const Subsidy__Selection *selection)
{
    int64_t all = 0;

    for (size_t i = 0; i < selection->n_points; i++) {
        const Subsidy__Points *points = selection->points[i];
        bool best = true;

        for (size_t j = 0; *points->choice && j < selection->n_points; j++) {
            const Subsidy__Points *other = selection->points[j];

            if (strcmp(other->field, points->field) == 0 &&
                (other->points > points->points || (other->points == points->points && j < i)))
                best = false;
        }
        if (best)
            all += *points->choice ? points->points : points->most;
    }
    return all;
}

/* Each choice is of one stratum, and all their places are those of the scheme. */
static bool strata_fit(const Subsidy__Scheme *scheme)
{
    const Subsidy__Selection *selection = scheme->selection;
    const Subsidy__FormField *field = form_field_always(scheme, selection->strata_field);
    size_t n = 0;
    int64_t places = 0;

    if (!field || field->kind != SUBSIDY__FIELD_KIND__CHOICE)
        return false;
    for (size_t i = 0; i < selection->n_strata; i++) {
        n += selection->strata[i]->n_choices;
        places += selection->strata[i]->places;
    }
    for (size_t i = 0; i < field->n_choices; i++) {
        size_t of = 0;

        for (size_t j = 0; j < selection->n_strata; j++)
            of += form_has_choice(selection->strata[j]->choices, selection->strata[j]->n_choices, field->choices[i]);
        if (of != 1)
            return false;
    }
    return n == field->n_choices && places == selection->places && selection->waiting == 0;
}

int scheme_points_refusal(const Subsidy__Scheme *scheme, const char **ret_field)
{
    const Subsidy__Selection *selection = scheme->selection;
    bool lot = selection->kind == SUBSIDY__SELECTION_KIND__BY_LOT,
         score = selection->kind == SUBSIDY__SELECTION_KIND__BY_SCORE;

    *ret_field = "scheme.selection.points";
    if (score ? selection->n_points == 0 : selection->n_points > 0 && !lot)
        return SUBSIDY__REASON__POINTS_WRONG;
    for (size_t i = 0; i < selection->n_points; i++) {
        if (!points_fit(scheme, i))
            return SUBSIDY__REASON__POINTS_WRONG;
    }
    if (lot && most_points(selection) >= DRAW_WEIGHT_MAX)
        return SUBSIDY__REASON__POINTS_WRONG;
    *ret_field = "scheme.selection.strata";
    if (selection->n_strata == 0)
        return *selection->strata_field ? SUBSIDY__REASON__STRATA_WRONG : 0;
    return lot && strata_fit(scheme) ? 0 : SUBSIDY__REASON__STRATA_WRONG;
}

/* ---- what is written into a form ---- */

static int64_t at_most(int64_t number, int64_t most)
{
    return number < most ? number : most;
}

int32_t form_points(const Subsidy__Scheme *scheme, const Subsidy__FormAnswers *answers)
{
    const Subsidy__Selection *selection = scheme->selection;
    int64_t all = 0;

    for (size_t i = 0; selection && i < selection->n_points; i++) {
        const Subsidy__Points *points = selection->points[i];
        const Subsidy__FieldAnswer *answer = form_answer(answers, points->field);

        if (answer && *points->choice)
            all += strcmp(answer->text, points->choice) == 0 ? points->points : 0;
        else if (answer && answer->number > 0)
            all += at_most(at_most(answer->number, points->most) * points->points, points->most);
    }
    return (int32_t)all;
}

int32_t form_stratum(const Subsidy__Scheme *scheme, const Subsidy__FormAnswers *answers)
{
    const Subsidy__Selection *selection = scheme->selection;
    const Subsidy__FieldAnswer *answer =
        selection && selection->n_strata ? form_answer(answers, selection->strata_field) : NULL;

    for (size_t i = 0; answer && i < selection->n_strata; i++) {
        if (form_has_choice(selection->strata[i]->choices, selection->strata[i]->n_choices, answer->text))
            return (int32_t)i;
    }
    return 0;
}
