/* rpc_make.c: calls that wait for what is made beside the loop. */
#include <mbedtls/platform_util.h>

#include "common/rpc/rpc_internal.h"
#include "common/base/sha256.h"

#define CALL_MAX (256 << 10) /* bytes of a call that waits */

void rpc_make_init(struct rpc_server *server)
{
    server->ready_tail = &server->ready;
    for (unsigned i = ARRAY_LEN(server->makings); i-- > 0;) {
        struct making *making = &server->makings[i];

        making->server = server;
        arena_init(&making->call_arena, CALL_MAX);
        arena_init(&making->in_arena, RPC_MAKE_IN + 64);
        making->next = server->idle_making;
        server->idle_making = making;
    }
}

static void forget_input(struct making *making)
{
    if (making->job.in)
        mbedtls_platform_zeroize(making->job.in, making->job.in_len);
    making->job.in = NULL;
    arena_done(&making->in_arena);
}

static void forget(struct making *making)
{
    forget_input(making);
    mbedtls_platform_zeroize(making->call.data, making->call.len);
    arena_done(&making->call_arena);
    mbedtls_platform_zeroize(making->kept, sizeof(making->kept));
    making->n_made = 0;
    making->later = NULL;
}

void rpc_make_done(struct rpc_server *server)
{
    for (unsigned i = 0; i < ARRAY_LEN(server->makings); i++) {
        if (server->makings[i].later)
            forget(&server->makings[i]);
    }
}

void rpc_server_beside(struct rpc_server *server, rpc_beside beside, void *arg)
{
    server->beside = beside;
    server->beside_arg = arg;
}

/* ---- in a handler ---- */

static const struct made *find(const struct making *making, rpc_function function, const unsigned char same[32])
{
    for (unsigned i = 0; making && i < RPC_MAKE_KEPT && i < making->n_made; i++) {
        const struct made *made = &making->kept[i];

        if (made->function == function && memcmp(made->same, same, sizeof(made->same)) == 0)
            return made;
    }
    return NULL;
}

/* For a call that asks for the first time, with its envelope; NULL when there is no room. */
static struct making *new_making(struct rpc_call *call)
{
    struct rpc_server *server = call->server;
    struct making *making = server->idle_making;
    size_t len = rpc__call__get_packed_size(call->envelope);
    uint8_t *packed;

    if (!making)
        return NULL;
    packed = arena_alloc(&making->call_arena, len + 1);
    if (!packed)
        return NULL;
    making->call = (ProtobufCBinaryData){rpc__call__pack(call->envelope, packed), packed};
    server->idle_making = making->next;
    return making;
}

static void give_back(struct making *making)
{
    struct rpc_server *server = making->server;

    forget(making);
    making->next = server->idle_making;
    server->idle_making = making;
}

/* Lets the call wait: false when it was refused instead. */
static bool wait_for(struct rpc_call *call)
{
    if (call->making) {
        call->done = call->deferred = true;
        return true;
    }
    call->making = new_making(call);
    if (!call->making) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return false;
    }
    call->making->later = rpc_defer(call);
    if (call->making->later)
        return true;
    give_back(call->making);
    call->making = NULL;
    return false;
}

/* The slot of the next answer: the one of the oldest, when all are taken. */
static void ask(struct rpc_call *call, rpc_function function, const void *in, size_t len, const unsigned char same[32])
{
    struct making *making = call->making;
    struct made *made = &making->kept[making->n_made % RPC_MAKE_KEPT];

    making->job = (struct rpc_job){.making = making, .function = function, .in_len = len, .ret = made};
    making->job.in = arena_alloc(&making->in_arena, len + 1);
    ensure(making->job.in);
    memcpy(making->job.in, in, len);
    made->function = function;
    memcpy(made->same, same, sizeof(made->same));
    call->asks = true;
}

const void *rpc_make(void *arg, rpc_function function, const void *in, size_t len, size_t same, size_t *ret_len)
{
    struct rpc_call *call = arg;
    unsigned char hash[32], *out;
    const struct made *made;

    ensure(!call->done && same <= len && len <= RPC_MAKE_IN);
    if (!call->server->beside) {
        out = arena_alloc(rpc_arena(call), RPC_MAKE_OUT);
        if (out)
            *ret_len = function(in, len, out);
        else
            rpc_refuse(call, RPC__REASON__OVERLOADED);
        return out;
    }
    sha256_of(in, same, hash);
    made = find(call->making, function, hash);
    if (made) {
        *ret_len = made->len;
        return made->out;
    }
    if (wait_for(call))
        ask(call, function, in, len, hash);
    return NULL;
}

/* ---- beside the loop ---- */

void rpc_job_run(struct rpc_job *job)
{
    job->ret->len = job->function(job->in, job->in_len, job->ret->out);
    ensure(job->ret->len <= RPC_MAKE_OUT);
}

bool rpc_job_asks(const struct rpc_job *job, rpc_function function, const void **ret_in)
{
    *ret_in = job->in;
    return job->function == function;
}

void rpc_job_answer(struct rpc_job *job, const void *out, size_t len)
{
    ensure(len <= RPC_MAKE_OUT);
    memcpy(job->ret->out, out, len);
    job->ret->len = len;
}

void *rpc_job_room(struct rpc_job *job)
{
    return job->room;
}

struct rpc_job *rpc_job_of(void *room)
{
    return container_of(room, struct rpc_job, room);
}

/* ---- between batches ---- */

void rpc_make_begin(struct rpc_call *call)
{
    struct rpc_server *server = call->server;

    /* What it asked, it may have asked of a store that failed. */
    if (!call->answer.reason && server->beside(server->beside_arg, &call->making->job))
        return;
    if (!call->answer.reason) {
        call->answer.reason = RPC__REASON__OVERLOADED;
        call->answer.retry_after_s = 1;
    }
    rpc_make_end(call->making, &call->answer, false);
}

void rpc_server_made(struct rpc_job *job)
{
    struct making *making = job->making;
    struct rpc_server *server = making->server;

    forget_input(making);
    making->n_made++;
    making->next = NULL;
    *server->ready_tail = making;
    server->ready_tail = &making->next;
}

void rpc_make_end(struct making *making, const Rpc__Answer *answer, bool has_room)
{
    rpc_later_settle(making->later, answer, has_room);
    give_back(making);
}
