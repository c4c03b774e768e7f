#include "services/match/single/pledges.h"
#include "services/match/single/singles.h"

static struct match *match_of(Match__Singles_Service *service)
{
    return container_of(service, struct match, singles_service);
}

static void reply_single(const struct match *self, const struct single *single, Match__Single_Closure reply, void *call)
{
    Match__Single message = MATCH__SINGLE__INIT;

    message.pledged_until = pledge_until(self, single->handle, rpc_now(call));
    message.state = !message.pledged_until ? MATCH__SINGLE_STATE__SINGLE_UNPLEDGED
                    : single->paused       ? MATCH__SINGLE_STATE__SINGLE_PAUSED
                                           : MATCH__SINGLE_STATE__SINGLE_SHOWN;
    message.joined_at = single->joined_at;
    message.birth_year = single->birth_year;
    message.sex = (Rpc__Sex)single->sex;
    message.hides_from_colleagues = single->hides;
    reply(&message, call);
}

bool single_find_caller(const struct match *self, struct single *ret_single, void *call)
{
    bool found = singles_find(self, rpc_principal(call)->member_id, ret_single);

    if (!found)
        rpc_refuse(call, MATCH__REASON__MATCH_NOT_JOINED);
    return found;
}

/* rpc JoinMatch: who is here already stays as she is. */
static void singles__join_match(Match__Singles_Service *service, const Match__JoinMatchRequest *req,
                                Match__Single_Closure reply, void *call)
{
    struct match *self = match_of(service);
    const Rpc__Principal *principal = rpc_principal(call);
    struct single single;

    (void)req;
    if (!singles_find(self, principal->member_id, &single)) {
        if (rpc_refuse_if(call, single_refusal(principal, rpc_now(call))) ||
            rpc_refuse_if(
                call, pledge_until(self, principal->member_id, rpc_now(call)) ? 0 : MATCH__REASON__MATCH_NEEDS_PLEDGE))
            return;
        single = (struct single){.handle = principal->member_id,
                                 .joined_at = rpc_now(call),
                                 .birth_year = principal->birth_year,
                                 .sex = (int)principal->sex,
                                 .hides = true};
        pii_index(self->keys, "colleagues", principal->union_path, strlen(principal->union_path), single.colleagues);
        singles_put(self, &single, call);
        rpc_created(call);
    }
    reply_single(self, &single, reply, call);
}

/* rpc GetSingle */
static void singles__get_single(Match__Singles_Service *service, const Match__GetSingleRequest *req,
                                Match__Single_Closure reply, void *call)
{
    struct match *self = match_of(service);
    struct single single;

    (void)req;
    if (single_find_caller(self, &single, call))
        reply_single(self, &single, reply, call);
}

/* Pauses or resumes; what is so already changes nothing. */
static void set_paused(struct match *self, bool paused, Match__Single_Closure reply, void *call)
{
    struct single single;

    if (!single_find_caller(self, &single, call))
        return;
    if (single.paused != paused) {
        single.paused = paused;
        singles_put(self, &single, call);
    }
    reply_single(self, &single, reply, call);
}

/* rpc PauseMatch */
static void singles__pause_match(Match__Singles_Service *service, const Match__PauseMatchRequest *req,
                                 Match__Single_Closure reply, void *call)
{
    (void)req;
    set_paused(match_of(service), true, reply, call);
}

/* rpc ResumeMatch */
static void singles__resume_match(Match__Singles_Service *service, const Match__ResumeMatchRequest *req,
                                  Match__Single_Closure reply, void *call)
{
    (void)req;
    set_paused(match_of(service), false, reply, call);
}

/* rpc SetHiding */
static void singles__set_hiding(Match__Singles_Service *service, const Match__SetHidingRequest *req,
                                Match__Single_Closure reply, void *call)
{
    struct match *self = match_of(service);
    struct single single;

    if (!single_find_caller(self, &single, call))
        return;
    if (single.hides != (bool)req->hides_from_colleagues) {
        single.hides = req->hides_from_colleagues;
        singles_put(self, &single, call);
    }
    reply_single(self, &single, reply, call);
}

/* rpc LeaveMatch: her handle goes with her; who was not here has nothing to take along. */
static void singles__leave_match(Match__Singles_Service *service, const Match__LeaveMatchRequest *req,
                                 Match__LeftMatch_Closure reply, void *call)
{
    struct match *self = match_of(service);
    Match__LeftMatch left = MATCH__LEFT_MATCH__INIT;
    struct single single;

    (void)req;
    if (!single_find_caller(self, &single, call))
        return;
    singles_leave(self, single.handle, call);
    reply(&left, call);
}

const Match__Singles_Service singles_api = MATCH__SINGLES__INIT(singles__);
