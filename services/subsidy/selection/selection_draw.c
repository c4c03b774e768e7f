/* selection_draw.c: selections by lot, as the part lottery is served with them. */
#include "services/subsidy/selection/selection_internal.h"

#define RULES        "申报并经审核通过的会员各有一签，机会均等"
#define WEIGHED      "申报并经审核通过的会员各有一签，并按条款依申报内容加签"
#define PUBLIC       "无公开数值：由事先承诺的密钥与冻结的名单决定"
#define ALL_TOGETHER "全体"

/* One of all together, or as the scheme says; NULL for want of memory. */
static struct lot_stratum *strata_of(const Subsidy__Selection *form, struct arena *arena, size_t *ret_n)
{
    size_t n = form->n_strata ? form->n_strata : 1;
    struct lot_stratum *strata = arena_zalloc(arena, n * sizeof(*strata));

    if (strata)
        strata[0] = (struct lot_stratum){ALL_TOGETHER, form->places, form->waiting};
    for (size_t i = 0; strata && i < form->n_strata; i++)
        strata[i] = (struct lot_stratum){form->strata[i]->title, form->strata[i]->places, form->strata[i]->waiting};
    *ret_n = n;
    return strata;
}

bool selection_terms(const struct subsidy *self, int64_t scheme_id, struct arena *arena, struct lot_terms *ret)
{
    Subsidy__Scheme *scheme = scheme_find(self, scheme_id, arena);
    const Subsidy__Selection *form = scheme ? scheme->selection : NULL;
    struct lot_stratum *strata;
    struct selection selection;
    size_t n_strata;
    bool by_value;

    if (!form || form->kind != SUBSIDY__SELECTION_KIND__BY_LOT || !selections_find(self, scheme_id, &selection))
        return false;
    strata = strata_of(form, arena, &n_strata);
    if (!strata)
        return false;
    by_value = *form->public_name != '\0';
    *ret = (struct lot_terms){
        .lot_id = scheme_id,
        .stage = selection.stage,
        .union_path = scheme->union_path,
        .title = scheme->title,
        .rules = form->n_points ? WEIGHED : RULES,
        .public_name = by_value ? form->public_name : PUBLIC,
        .value_format = !by_value             ? DRAW_NONE
                        : *form->value_format ? form->value_format
                                              : DRAW_WORDS,
        .opens_at = scheme->opens_at,
        .closes_at = form->list_at,
        /* Without a public value: when its list has to be published. */
        .value_at = by_value ? form->value_at : form->until,
        .draw_at = by_value ? form->draw_at : form->list_at,
        .until = form->until,
        .weight_max = form->n_points ? DRAW_WEIGHT_MAX : 1,
        .strata = strata,
        .n_strata = n_strata,
        .record = scheme,
    };
    return true;
}

/* ---- what the lottery asks for ---- */

static bool find(void *arg, int64_t lot_id, struct arena *arena, struct lot_terms *ret)
{
    return selection_terms(arg, lot_id, arena, ret);
}

static void on_stage(void *arg, const struct lot_terms *terms, int stage, const char *void_reason, void *call)
{
    struct subsidy *self = arg;
    struct selection selection;

    (void)void_reason;
    if (selections_find(self, terms->lot_id, &selection))
        selection_stage(self, &selection, stage, call);
}

/* Nobody enters by herself: who is approved is entered (lottery_enter_for). */
static int judge(void *arg, const struct lot_terms *terms, const void *wish, void *call, int32_t *ret_stratum,
                 uint32_t *ret_weight)
{
    (void)arg;
    (void)terms;
    (void)wish;
    (void)call;
    (void)ret_stratum;
    (void)ret_weight;
    return SUBSIDY__REASON__NOT_ON_THE_LIST;
}

static bool give(void *arg, const struct lot_terms *terms, int64_t member_id, int32_t stratum, int32_t place,
                 void *call)
{
    struct subsidy *self = arg;
    int64_t holder = holder_of(&self->holders, member_id);
    struct application application;

    if (!holder)
        return false;
    store_ask(self->store, selection_sql(self, SELECTION_SQL_OF_PERSON), "ii", holder, terms->lot_id);
    return application_find(self, store_number(self->store, selection_sql(self, SELECTION_SQL_OF_PERSON)),
                            &application) &&
           selection_choose(self, terms->record, &application, stratum, place, call) == 0;
}

static int64_t held(void *arg, int64_t lot_id, int32_t stratum)
{
    const struct subsidy *self = arg;

    store_ask(self->store, selection_sql(self, SELECTION_SQL_HELD), "ii", lot_id, (int64_t)stratum);
    return store_number(self->store, selection_sql(self, SELECTION_SQL_HELD));
}

static const struct lottery_service draws = {
    .noun = "subsidy",
    .roles = (const int[]){RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__ROLE_NONE},
    .words = {.not_announced = SUBSIDY__REASON__DRAW_STAGE_WRONG,
              .opens_too_soon = SUBSIDY__REASON__DRAW_TOO_SOON,
              .not_open = SUBSIDY__REASON__NOT_YET_TIME,
              .closed = SUBSIDY__REASON__LIST_FIXED,
              .is_void = SUBSIDY__REASON__DRAW_STAGE_WRONG,
              .terms_not_printable = SUBSIDY__REASON__SELECTION_FORM_WRONG,
              .terms_fixed = SUBSIDY__REASON__SCHEME_FIXED,
              .chain_not_found = SUBSIDY__REASON__DRAW_STAGE_WRONG,
              .day_taken = SUBSIDY__REASON__DRAW_STAGE_WRONG,
              .not_frozen = SUBSIDY__REASON__DRAW_STAGE_WRONG,
              .value_not_yet = SUBSIDY__REASON__DRAW_STAGE_WRONG,
              .value_not_a_line = SUBSIDY__REASON__DRAW_VALUE_WRONG,
              .value_not_in_format = SUBSIDY__REASON__DRAW_VALUE_WRONG,
              .value_not_entered = SUBSIDY__REASON__DRAW_STAGE_WRONG,
              .value_differs = SUBSIDY__REASON__DRAW_VALUE_DIFFERS,
              .value_own = SUBSIDY__REASON__DRAW_VALUE_OWN,
              .value_fixed = SUBSIDY__REASON__DRAW_VALUE_FIXED,
              .value_none = SUBSIDY__REASON__DRAW_STAGE_WRONG,
              .drawn = SUBSIDY__REASON__DRAW_STAGE_WRONG,
              .not_drawn = SUBSIDY__REASON__DRAW_STAGE_WRONG,
              .published = SUBSIDY__REASON__DRAW_STAGE_WRONG,
              .loading = SUBSIDY__REASON__SCHEME_DRAW_LOADING},
    .find = find,
    .on_stage = on_stage,
    .judge = judge,
    .give = give,
    .held = held,
};

void selection_serve_draws(void *arg)
{
    struct subsidy *self = arg;

    lottery_serve(&self->lottery, &draws, self, &self->holders, &self->two_hands);
}
