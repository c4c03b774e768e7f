/* conn_internal.h: what the files of a connection share. */
#pragma once
#include "services/gateway/http/conn.h"

/* Ends it; it is freed when libuv has closed its socket. */
void conn_close(struct conn *conn);
/* Brings reading, deadline and end into agreement with what http says. */
void conn_settle(struct conn *conn);

/* Whether a new connection may stay; one of ours, of a proxy or of who runs the gateway, always. */
bool conn_find_place(struct conn *conn, unsigned open);
/* Ends a connection of a guest that has a session and can go. */
bool conn_evict_session(struct guest *guest);
/* Gives up its place among its guest's. */
void conn_leave_place(struct conn *conn);
