/* bridge.h: hg-bridge, the only way out.
 *
 * Owns the credentials of partners, their access tokens, and every connection that
 * leaves the system. It keeps no store: what it has learnt is in the answer that it
 * gives, and what it holds (an access token) can be asked for again.
 *
 * An answer from outside takes longer than a batch, and services call nobody. So the
 * bridge is called by the other edge like a service: a handler begins its errand and
 * defers the answer (rpc_defer), which goes out when the partner has answered. Signing
 * in through WeChat is such a call: the gateway hands LoginByWechat to the bridge; it
 * asks WeChat who holds the code, then CALLS identity (CompleteWechatLogin), as an edge
 * may, and passes identity's answer on as it is. Nothing of it is recorded before
 * identity's commit: whoever dies on the way, the client is told 503 and asks
 * wx.login for another code. What must happen exactly once without anybody waiting
 * (messages, payouts) will follow journals instead.
 *
 * Bounds: RPC_MAX_LATER calls wait, WECHAT_JOBS of them for WeChat, FETCH_MAX requests
 * are out over FETCH_CONNECTIONS connections; past that a call is OVERLOADED. Each call
 * ends within WECHAT_DEADLINE_MS and before its caller gives up.
 *
 * Promises: an AppSecret, an access token, a code, an openid, a number and a URL that
 * holds one are never logged; a session_key is not even read. An address that is not
 * https is refused, unless it is this machine's own, where a simulator may stand. */
#pragma once
#include "bridge.pb-c.h"
#include "common/service.h"
#include "services/bridge/fetch.h"
#include "services/bridge/wechat.h"

/* One call under way: who waits for it, and what it has found out. */
#define DEVICE_SIZE (40 * 4 + 1) /* of a client's name of itself, as in the .proto */

struct errand {
    struct bridge *bridge;
    struct rpc_later *later; /* NULL: refused meanwhile */
    int64_t deadline_at;     /* of its caller; 0: none */
    char appid[WECHAT_NAME_SIZE], phone_code[WECHAT_CODE_SIZE];
    char openid[WECHAT_NAME_SIZE], unionid[WECHAT_NAME_SIZE];
    char device[DEVICE_SIZE];
    struct errand *next; /* idle */
};

struct bridge {
    Bridge__Bridge_Service service;
    struct clock *clock;
    struct fetch *fetch;
    struct wechat wechat;
    struct rpc_client *identity;
    struct errand errands[RPC_MAX_LATER], *idle;
};

extern const Bridge__Bridge_Service bridge_api;
extern const struct service_spec bridge_spec;
