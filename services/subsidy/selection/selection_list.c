/* selection_list.c: what selections come to by themselves, slice by slice: the list of those approved, and its end. */
#include "services/subsidy/selection/selection_internal.h"

#define SLICE 16 /* each with a step of its own */

/* In order: she gets it, or waits with all behind her. */
static void decide_in_order(struct subsidy *self, const Subsidy__Scheme *scheme, struct selection *selection,
                            struct application *application, void *call)
{
    bool room = !selection->filled && application->amount_fen <= funding_balance(self, scheme, BUDGET__ACCOUNT__FREE) &&
                (!scheme->selection->places || selection->n_awards < scheme->selection->places);

    if (room) {
        selection->n_awards++;
        rpc_refuse_if(call, selection_choose(self, scheme, application, 0, (int32_t)selection->n_awards, call));
        return;
    }
    selection->filled = true;
    selection_pass(self, scheme, application, SUBSIDY__APPLICATION_STATE__APPLICATION_WAITING,
                   SUBSIDY__STEP_KIND__STEP_WAITS, 0, call);
}

/* By lot: who has no place waits, if she is told that she does. */
static void decide_by_lot(struct subsidy *self, const Subsidy__Scheme *scheme, const struct selection *selection,
                          struct application *application, void *call)
{
    struct lot_terms terms;
    struct lot_entry entry;
    uint32_t waiting = 0;

    if (selection->stage == LOTTERY__STAGE__PUBLISHED &&
        selection_terms(self, scheme->scheme_id, rpc_arena(call), &terms) &&
        lottery_find_entry(&self->lottery, scheme->scheme_id, holder_of(&self->holders, application->member_id),
                           &entry))
        lottery_place_of(&self->lottery, &terms, &entry, &waiting);
    if (waiting)
        selection_pass(self, scheme, application, SUBSIDY__APPLICATION_STATE__APPLICATION_WAITING,
                       SUBSIDY__STEP_KIND__STEP_WAITS, 0, call);
    else
        selection_pass(self, scheme, application, SUBSIDY__APPLICATION_STATE__APPLICATION_NOT_CHOSEN,
                       SUBSIDY__STEP_KIND__STEP_NOT_CHOSEN, NOTICE__NOTICE_KIND__SUBSIDY_NOT_CHOSEN, call);
}

/* One on the list, in the first pass over it, or in the last when nobody gets a place any more. */
static void decide(struct subsidy *self, const Subsidy__Scheme *scheme, struct selection *selection,
                   struct application *application, void *call)
{
    if (selection->done == 1 && application->state == SUBSIDY__APPLICATION_STATE__APPLICATION_WAITING)
        selection_pass(self, scheme, application, SUBSIDY__APPLICATION_STATE__APPLICATION_NOT_CHOSEN,
                       SUBSIDY__STEP_KIND__STEP_NOT_CHOSEN, NOTICE__NOTICE_KIND__SUBSIDY_NOT_CHOSEN, call);
    if (selection->done == 1 || application->state != SUBSIDY__APPLICATION_STATE__APPLICATION_APPROVED)
        return;
    if (selection_is_above(self, scheme, application, call))
        return;
    if (selection_is_ranked(selection->kind))
        decide_in_order(self, scheme, selection, application, call);
    else
        decide_by_lot(self, scheme, selection, application, call);
}

/* A pass over the list has ended. */
static void pass_ends(struct subsidy *self, const Subsidy__Scheme *scheme, struct selection *selection, void *call)
{
    selection->done++;
    selection->after_behind = SELECTION_FIRST;
    selection->after_seq = 0;
    if (selection->done == 2)
        selection_give_back(self, scheme, call);
    else if (selection_is_ranked(selection->kind))
        selection_stage(self, selection, LOTTERY__STAGE__PUBLISHED, call);
}

/* Its time is over: from now on nobody gets a place. False: it cannot be told now. */
static bool end_places(struct subsidy *self, struct selection *selection, void *call)
{
    struct lot_terms terms;

    if (selection->stage != LOTTERY__STAGE__PUBLISHED || !selection->done)
        return true;
    if (selection_is_ranked(selection->kind)) {
        selection_stage(self, selection, LOTTERY__STAGE__CLOSED, call);
        return true;
    }
    if (!selection_terms(self, selection->scheme_id, rpc_arena(call), &terms))
        return false;
    lottery_close(&self->lottery, &terms, call);
    return selections_find(self, selection->scheme_id, selection);
}

/* Of ALL: once its time is over and nothing of it can be approved any more, what is left goes back. Whether one was
 * looked at. */
static bool end_all(struct subsidy *self, void *call)
{
    int64_t now = rpc_now(call), next = now + SUBSIDY_DAY_MS;
    const Subsidy__Scheme *scheme;
    struct selection selection;

    store_ask(self->store, selection_sql(self, SELECTION_SQL_DUE_OF_ALL), "i", now);
    if (!selections_find(self, store_number(self->store, selection_sql(self, SELECTION_SQL_DUE_OF_ALL)), &selection))
        return false;
    scheme = scheme_find(self, selection.scheme_id, rpc_arena(call));
    if (!scheme)
        return false;
    if (scheme->state == SUBSIDY__SCHEME_STATE__SCHEME_OPEN && scheme->closes_at > now) {
        next = scheme->closes_at;
    } else {
        store_ask(self->store, selection_sql(self, SELECTION_SQL_LIVES), "ii", scheme->scheme_id,
                  now - scheme_again_ms(scheme));
        if (!store_number(self->store, selection_sql(self, SELECTION_SQL_LIVES))) {
            selection.done = 2;
            selection_give_back(self, scheme, call);
            selection_stage(self, &selection, LOTTERY__STAGE__CLOSED, call);
        }
    }
    store_run(self->store, selection_sql(self, SELECTION_SQL_SET_UNTIL), "ii", scheme->scheme_id, next);
    return !rpc_refused(call);
}

bool selection_tidy(void *arg, void *call)
{
    struct subsidy *self = arg;
    const Subsidy__Scheme *scheme;
    struct selection selection;
    struct application application;
    int64_t behind[SLICE], seqs[SLICE], ids[SLICE];
    size_t n = 0;

    store_ask(self->store, selection_sql(self, SELECTION_SQL_DUE), "i", rpc_now(call));
    if (!selections_find(self, store_number(self->store, selection_sql(self, SELECTION_SQL_DUE)), &selection))
        return end_all(self, call);
    scheme = scheme_find(self, selection.scheme_id, rpc_arena(call));
    if (!scheme || !end_places(self, &selection, call))
        return false;
    store_ask(self->store, selection_sql(self, SELECTION_SQL_CANDIDATES), "iiii", selection.scheme_id,
              selection.after_behind, selection.after_seq, (int64_t)SLICE);
    while (n < SLICE && store_read(self->store, selection_sql(self, SELECTION_SQL_CANDIDATES), INTO(behind[n]),
                                   INTO(seqs[n]), INTO(ids[n])))
        n++;
    store_end(self->store, selection_sql(self, SELECTION_SQL_CANDIDATES));
    for (size_t i = 0; i < n && !rpc_refused(call); i++) {
        selection.after_behind = behind[i];
        selection.after_seq = seqs[i];
        if (application_find(self, ids[i], &application))
            decide(self, scheme, &selection, &application, call);
    }
    if (n < SLICE)
        pass_ends(self, scheme, &selection, call);
    selection_put(self, &selection);
    return !rpc_refused(call);
}
