/* witness.h: a daemon signs the heads of its journal (common/trust/heads.h).
 *
 * Within LIMIT_HEAD_MS of a new row, within a second of one whose writer asks for it
 * (rpc_want_head), and at a clean stop. A daemon with a store does not start without its key
 * and its folder: HUIGONG_HEAD_KEY, HUIGONG_HEADS. What cannot be signed, on a full disk, is
 * said and tried again every second; the daemon serves on. */
#pragma once
#include "common/daemon/service.h"

/* 0, or -1 after logging why. Before the sandbox is closed. */
int witness_open(struct service *service);
/* Signs what is due; once a second. */
void witness_tick(struct service *service);
/* Signs what is unsigned, and ends. */
void witness_close(struct service *service);
/* Whether the journal holds every head of the folder: 0, or -1 after printing the first that
 * it does not. An empty name of the folder: they are not looked at, and out says so. */
int witness_audit(struct journal *journal, const char *dir, const char *queue, FILE *out);

/* rpc ListHeads of every daemon. */
void daemon__list_heads(Rpc__Daemon_Service *daemon, const Rpc__HeadsRequest *request, Rpc__HeadList_Closure reply,
                        void *call);
