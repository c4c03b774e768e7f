#include "services/match/profile/profiles.h"
#include "services/match/single/singles.h"

/* rpc GetProfile */
static void profiles__get_profile(Match__Profiles_Service *service, const Match__GetProfileRequest *req,
                                  Match__Profile_Closure reply, void *call)
{
    struct match *self = container_of(service, struct match, profiles_service);
    struct single single;

    (void)req;
    if (single_find_caller(self, &single, call))
        reply(profile_of(self, single.handle, call), call);
}

/* rpc SetProfile: all of it. */
static void profiles__set_profile(Match__Profiles_Service *service, const Match__SetProfileRequest *req,
                                  Match__Profile_Closure reply, void *call)
{
    struct match *self = container_of(service, struct match, profiles_service);
    const char *field = NULL;
    struct single single;
    int reason;

    if (!single_find_caller(self, &single, call))
        return;
    reason = profile_refusal(req->profile, rpc_now(call), &field);
    if (rpc_refuse_field_if(call, reason, field) ||
        rpc_refuse_if(call, profile_put(self, single.handle, req->profile, call)))
        return;
    reply(req->profile, call);
}

const Match__Profiles_Service profiles_api = MATCH__PROFILES__INIT(profiles__);
