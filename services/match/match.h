/* match.h: hg-match, singles who are what they say, met by what they like (职工鹊桥).
 *
 * Owns who is here (singles.h) and until when her single pledge stands (pledges.h), which identity's journal tells;
 * what each tells of herself, sealed, and to whom (profiles.h); who follows
 * whom and who has blocked whom (follows.h); and the model by which one is shown to another (rank/model.h, rank/pool.h, rank/share.h).
 *
 * Promises: only a member whom identity knows as an adult, with a standing single pledge, joins, and who has no pledge
 * any more is shown to nobody; the store and the journal know a member by a handle alone, and hold no name, number,
 * employer or union of hers: whether two are of one union is told by a keyed hash; pausing hides at once; leaving takes
 * all of hers along, and the handle, so that nobody finds out whose it was. */
#pragma once
#include "common/benefit/handles/handles.h"
#include "common/daemon/service_of_parts.h"
#include "match.pb.h"

#define MATCH_PARTS(PART, SHARED) SHARED(handles) PART(pledges) PART(singles) PART(profiles) PART(follows)

SERVICE_PARTS(MATCH)

struct match {
    SERVICE_MEMBERS(MATCH)
    struct pii_keys *keys; /* of handles and of what stands for a union */
};

extern const struct service_spec match_spec;

void match_done(struct match *self);
