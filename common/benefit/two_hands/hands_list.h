/* hands_list.h: what waits for a second hand in a union and all below it, as one answer of a service. */
#pragma once
#include "common/benefit/tree/tree.h"
#include "common/benefit/two_hands/two_hands.h"

/* Answers with what the caller may confirm by those of the service's offices (ended by ROLE_NONE) that she holds over
 * the union, in the order of the tree; or refuses. */
void hands_list(const struct two_hands *hands, const struct tree *tree, const int *offices,
                const Hands__ListWaitingRequest *req, Hands__WaitingList_Closure reply, void *call);
