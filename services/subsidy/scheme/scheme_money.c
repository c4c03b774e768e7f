/* scheme_money.c: how those are chosen who get it, shown to the public and paid. */
#include "common/draw/draw.h"
#include "services/subsidy/scheme/scheme_rules.h"

#define ACCOUNT_NAME_MAX 60 /* characters of an account's holder, or bank */

/* ---- choosing ---- */

static bool is_all(const Subsidy__Selection *selection)
{
    return selection->kind == SUBSIDY__SELECTION_KIND__ALL;
}

static int form_refusal(const Subsidy__Scheme *scheme)
{
    const Subsidy__Selection *selection = scheme->selection;
    bool by_value = *selection->public_name != '\0', lot = selection->kind == SUBSIDY__SELECTION_KIND__BY_LOT;

    if (is_all(selection) && (selection->places || selection->list_at || selection->until))
        return SUBSIDY__REASON__SELECTION_FORM_WRONG;
    if (!lot && (by_value || selection->waiting))
        return SUBSIDY__REASON__SELECTION_FORM_WRONG;
    if (!by_value && (*selection->value_format || selection->value_at || selection->draw_at))
        return SUBSIDY__REASON__SELECTION_FORM_WRONG;
    if (lot && (!selection->places || (*selection->value_format && !draw_format_check(selection->value_format))))
        return SUBSIDY__REASON__SELECTION_FORM_WRONG;
    return 0;
}

/* The list is fixed when nobody applies any more, and what is drawn comes after it. */
static bool times_fit(const Subsidy__Scheme *scheme)
{
    const Subsidy__Selection *selection = scheme->selection;
    int64_t last = selection->list_at;

    if (is_all(selection))
        return true;
    if (selection->list_at < scheme->closes_at)
        return false;
    if (*selection->public_name) {
        if (selection->value_at <= selection->list_at || selection->draw_at < selection->value_at)
            return false;
        last = selection->draw_at;
    }
    return selection->until > last;
}

/* Each place of a draw is there from the first. */
static bool places_are_there(const Subsidy__Scheme *scheme)
{
    int64_t all;

    return scheme->selection->kind != SUBSIDY__SELECTION_KIND__BY_LOT ||
           (!__builtin_mul_overflow(scheme_most_fen(scheme), scheme->selection->places, &all) &&
            all <= scheme->funding->fen);
}

/* ---- paying ---- */

/* How many texts are reported with a scene; -1: what it is for has nothing to do with subsidies. */
static int n_reports(int scene)
{
    switch (scene) {
    case PAYOUT__SCENE__SCENE_SUBSIDY:
        return 1;
    case PAYOUT__SCENE__SCENE_PRIZE:
        return 2;
    case PAYOUT__SCENE__SCENE_INSURANCE:
        return 3;
    default:
        return -1;
    }
}

/* Each amount fits into a run and a day, or it would never be paid. */
static bool limits_fit(const Subsidy__Scheme *scheme)
{
    const Subsidy__Payment *payment = scheme->payment;
    int64_t most = scheme_most_fen(scheme);

    return (!payment->run_fen || most <= payment->run_fen) && (!payment->day_fen || most <= payment->day_fen);
}

static bool is_field(const Subsidy__Scheme *scheme, const char *name, Subsidy__FieldKind kind)
{
    const Subsidy__FormField *field = form_field_always(scheme, name);

    return field && field->kind == kind &&
           (kind != SUBSIDY__FIELD_KIND__TEXT || (field->most > 0 && field->most <= ACCOUNT_NAME_MAX));
}

/* Each who applies says where the money goes. */
static bool account_fits(const Subsidy__Scheme *scheme)
{
    const Subsidy__Payment *payment = scheme->payment;

    return !payment->n_report && payment->scene == PAYOUT__SCENE__SCENE_NONE &&
           is_field(scheme, payment->account_field, SUBSIDY__FIELD_KIND__BANK_ACCOUNT) &&
           is_field(scheme, payment->holder_field, SUBSIDY__FIELD_KIND__TEXT) &&
           is_field(scheme, payment->bank_field, SUBSIDY__FIELD_KIND__TEXT);
}

static bool payment_fits(const Subsidy__Scheme *scheme)
{
    const Subsidy__Payment *payment = scheme->payment;

    if (payment->way == PAYOUT__WAY__BY_BANK)
        return account_fits(scheme);
    if (*payment->account_field || *payment->holder_field || *payment->bank_field)
        return false;
    if (payment->way == PAYOUT__WAY__IN_KIND)
        return !payment->n_report && payment->scene == PAYOUT__SCENE__SCENE_NONE;
    for (size_t i = 0; i < payment->n_report; i++) {
        if (!*payment->report[i])
            return false;
    }
    return payment->way == PAYOUT__WAY__BY_WECHAT && n_reports((int)payment->scene) == (int)payment->n_report;
}

int scheme_money_refusal(const Subsidy__Scheme *scheme, const char **ret_field)
{
    int reason;

    *ret_field = "scheme.selection";
    if (!scheme->selection != !scheme->funding || (!scheme->selection && (scheme->showing || scheme->payment)))
        return SUBSIDY__REASON__SELECTION_INCOMPLETE;
    if (!scheme->selection)
        return 0;
    reason = form_refusal(scheme);
    if (reason)
        return reason;
    if (!times_fit(scheme))
        return SUBSIDY__REASON__SELECTION_TIMES_WRONG;
    reason = scheme_points_refusal(scheme, ret_field);
    if (reason)
        return reason;
    *ret_field = "scheme.funding.fen";
    if (!places_are_there(scheme))
        return SUBSIDY__REASON__FUNDS_BELOW_PLACES;
    *ret_field = "scheme.payment";
    if (scheme->payment && !payment_fits(scheme))
        return SUBSIDY__REASON__PAYMENT_FORM_WRONG;
    *ret_field = "scheme.payment.runFen";
    return scheme->payment && !limits_fit(scheme) ? SUBSIDY__REASON__RUN_BELOW_AMOUNT : 0;
}
