/* selection_counts.c: what is paid counts with what other services give (common/benefit/granted): from when somebody is
 * chosen until she has lost it, and for good once it is ordered. */
#include "services/subsidy/objection/objections.h"
#include "services/subsidy/selection/selection_internal.h"

int selection_counts_refusal(const struct subsidy *self, const Subsidy__Scheme *scheme, int64_t member_id, int64_t fen,
                             int64_t now)
{
    const struct granted_marks marks = granted_marks(scheme->counts);
    int64_t holder_id = holder_of(&self->holders, member_id);

    return granted_refusal(&self->granted, &marks, holder_id ? holder_id : member_id, fen, now);
}

int selection_counts(struct subsidy *self, const Subsidy__Scheme *scheme, const struct application *application,
                     void *call)
{
    const struct granted_marks marks = granted_marks(scheme->counts);

    return granted_give(&self->granted, &marks, application->id, application->member_id, application->amount_fen, NULL,
                        call);
}

void selection_counts_as(struct subsidy *self, const struct application *application, int state, void *call)
{
    granted_set(&self->granted, application->id, application->member_id, state, call);
}

bool selection_is_above(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application,
                        void *call)
{
    if (!selection_counts_refusal(self, scheme, application->member_id, application->amount_fen, rpc_now(call)))
        return false;
    selection_pass(self, scheme, application, SUBSIDY__APPLICATION_STATE__APPLICATION_NOT_CHOSEN,
                   SUBSIDY__STEP_KIND__STEP_ABOVE_CEILING, NOTICE__NOTICE_KIND__SUBSIDY_NOT_CHOSEN, call);
    return true;
}

void selection_withdraw(void *arg, int64_t application_id, void *call)
{
    struct subsidy *self = arg;
    const Subsidy__Scheme *scheme = NULL;
    struct application application;

    if (application_find(self, application_id, &application))
        scheme = scheme_find(self, application.scheme_id, rpc_arena(call));
    if (!scheme || application.state < (int)SUBSIDY__APPLICATION_STATE__APPLICATION_SHOWN ||
        application.state > (int)SUBSIDY__APPLICATION_STATE__APPLICATION_PAYABLE)
        return;
    selection_frees(self, scheme, &application, call);
    selection_pass(self, scheme, &application, SUBSIDY__APPLICATION_STATE__APPLICATION_NOT_CHOSEN,
                   SUBSIDY__STEP_KIND__STEP_ABOVE_CEILING, NOTICE__NOTICE_KIND__SUBSIDY_NOT_CHOSEN, call);
    objections_end(self, scheme, application_id, call);
    selection_next(self, scheme, &application, call);
}
