/* application_carry.c: what was given in one period is handed in again for the next. */
#include "common/cn/cn_id.h"
#include "services/subsidy/application/application_internal.h"
#include "services/subsidy/scheme/scheme_rules.h"

static void note_wrong(void *arg, int reason, const char *field, const char *words)
{
    bool *wrong = arg;

    (void)reason;
    (void)field;
    (void)words;
    *wrong = true;
}

size_t applications_given(const struct subsidy *self, int64_t family_id, int64_t period_at, int64_t after, int64_t *ret,
                          size_t size)
{
    store_ask(self->store, application_sql(self, APPLICATION_SQL_GIVEN), "iiii", family_id, period_at, after,
              (int64_t)size);
    return store_numbers(self->store, application_sql(self, APPLICATION_SQL_GIVEN), ret, size);
}

bool application_carry(struct subsidy *self, const Subsidy__Scheme *scheme, const struct application *before,
                       int64_t period_at, void *call)
{
    const struct application_step step = {.kind = SUBSIDY__STEP_KIND__STEP_CARRIED_OVER};
    const Subsidy__FormAnswers *answers = application_answers(self, before->id, rpc_arena(call));
    int64_t now = rpc_now(call), holder_id = holder_of(&self->holders, before->member_id);
    struct application next = *before;
    bool wrong = !answers || !holder_id;

    if (!wrong)
        form_check(scheme, answers, cn_day(now), note_wrong, &wrong);
    if (wrong)
        return false;
    next.id = id_next(&self->ids, now);
    next.scheme_id = scheme->scheme_id;
    next.member_id = holder_id;
    next.period_at = period_at;
    next.submitted_at = now;
    next.amount_fen = form_amount(scheme, answers);
    next.n_steps = next.journal_seq = 0;
    next.again = false;
    if (application_in_period(self, &next, scheme))
        return false;
    store_run(self->store, application_sql(self, APPLICATION_SQL_ADD), "iiiitii", next.id, next.scheme_id,
              next.family_id, next.member_id, next.union_path, now, (int64_t)next.for_union);
    if (application_save(self, &next, answers, call)) {
        application_drop(self, &next, call);
        return false;
    }
    store_run(self->store, application_sql(self, APPLICATION_SQL_COPY_OFFICES), "ii", next.id, before->id);
    application_enters(self, &next, scheme, 0, now);
    application_put(self, &next, &step, call);
    return true;
}
