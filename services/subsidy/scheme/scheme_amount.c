/* scheme_amount.c: what is paid for one application. */
#include "services/subsidy/scheme/scheme_rules.h"

const Subsidy__FormField *form_field_always(const Subsidy__Scheme *scheme, const char *name)
{
    const Subsidy__FormField *field = form_field(scheme, name);

    return field && !field->optional && !*field->asked_with ? field : NULL;
}

/* What is paid for a choice; 0: nothing is said of it. */
static int64_t fen_of(const Subsidy__Amount *amount, const char *choice)
{
    for (size_t i = 0; i < amount->n_of; i++) {
        if (strcmp(amount->of[i]->choice, choice) == 0)
            return amount->of[i]->fen;
    }
    return 0;
}

/* Something for each choice, and for nothing else. */
static bool choices_fit(const Subsidy__Scheme *scheme)
{
    const Subsidy__Amount *amount = scheme->amount;
    const Subsidy__FormField *by = form_field_always(scheme, amount->by);

    if (!by || by->kind != SUBSIDY__FIELD_KIND__CHOICE || by->n_choices != amount->n_of || amount->most_fen)
        return false;
    for (size_t i = 0; i < by->n_choices; i++) {
        if (fen_of(amount, by->choices[i]) <= 0)
            return false;
    }
    return true;
}

bool scheme_amount_fits(const Subsidy__Scheme *scheme)
{
    const Subsidy__Amount *amount = scheme->amount;
    const Subsidy__FormField *field = amount && *amount->field ? form_field_always(scheme, amount->field) : NULL;

    if (!amount || (*amount->by ? !choices_fit(scheme) : amount->n_of > 0))
        return false;
    if (!*amount->field)
        return *amount->by ? amount->fen == 0 : amount->fen > 0 && amount->most_fen == 0;
    return !amount->fen && (*amount->by || amount->most_fen > 0) && field && field->kind == SUBSIDY__FIELD_KIND__FEN;
}

int64_t scheme_most_fen(const Subsidy__Scheme *scheme)
{
    int64_t most = *scheme->amount->field ? scheme->amount->most_fen : scheme->amount->fen;

    for (size_t i = 0; i < scheme->amount->n_of; i++)
        most = most > scheme->amount->of[i]->fen ? most : scheme->amount->of[i]->fen;
    return most;
}

int64_t scheme_least_fen(const Subsidy__Scheme *scheme)
{
    int64_t least = scheme->amount->fen;

    if (*scheme->amount->field)
        return 0;
    for (size_t i = 0; i < scheme->amount->n_of; i++)
        least = least && least < scheme->amount->of[i]->fen ? least : scheme->amount->of[i]->fen;
    return least;
}

int64_t form_most_fen(const Subsidy__Scheme *scheme, const Subsidy__FormAnswers *answers)
{
    const Subsidy__FieldAnswer *by = *scheme->amount->by ? form_answer(answers, scheme->amount->by) : NULL;

    if (!*scheme->amount->by)
        return *scheme->amount->field ? scheme->amount->most_fen : scheme->amount->fen;
    return by ? fen_of(scheme->amount, by->text) : 0;
}

int64_t form_amount(const Subsidy__Scheme *scheme, const Subsidy__FormAnswers *answers)
{
    const Subsidy__FieldAnswer *answer = *scheme->amount->field ? form_answer(answers, scheme->amount->field) : NULL;
    int64_t most = form_most_fen(scheme, answers);

    if (!*scheme->amount->field)
        return most;
    if (!answer || answer->number < 0)
        return 0;
    return answer->number < most ? answer->number : most;
}
