/* api.h: the bridge's operations that have a file of their own, one function per rpc. */
#pragma once
#include "services/bridge/bridge.h"

void bridge__prove_me(Bridge__Bridge_Service *service, const Identity__VerifyRequest *req,
                      Identity__Session_Closure reply, void *call);
