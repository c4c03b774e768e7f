/* homes.h: who is no more where she was when something was given to her.
 *
 * What a union gives to its members is theirs as long as they are: who leaves it keeps what she has, frozen, until she
 * returns; who is suspended has the use of nothing until that is over. Whoever asks for something with her own session
 * says where she belongs; of somebody who stands at a counter nobody's session does. So a service that shares this part
 * hears it of identity's journal, from its first row on: there is a row here of who has ever left a union or rested,
 * and of nobody else. It hears behind the part `tree`, which is before it in the service's list. */
#pragma once
#include "common/benefit/tree/tree.h"

extern const struct part_spec homes_part;
extern const struct store_steps homes_steps;

struct homes {
    struct store *store;
    unsigned sql;
    struct parts *parts;
};

/* Whether what is for the members of the union at a path ("": of any) is frozen to a member since some moment up to
 * `at`. */
bool home_freezes(const struct homes *homes, int64_t member_id, const char *path, int64_t at);
