#include "common/daemon/cli.h"

#include <uv.h>

#include "common/api/json.h"
#include "common/base/limits.h"
#include "common/api/problem.h"
#include "common/base/clock.h"

#define AGAIN_MS 50

static const Rpc__Answer unreachable = {PROTOBUF_C_MESSAGE_INIT(&rpc__answer__descriptor),
                                        .reason = RPC__REASON__SERVICE_DOWN};
static const Rpc__Answer too_large = {PROTOBUF_C_MESSAGE_INIT(&rpc__answer__descriptor),
                                      .reason = RPC__REASON__BODY_TOO_LARGE};

struct waiting {
    struct arena *arena;
    const Rpc__Answer *answer;
};

static void on_answer(void *arg, const Rpc__Answer *answer)
{
    struct waiting *waiting = arg;
    size_t len = rpc__answer__get_packed_size(answer);
    unsigned char *packed = arena_alloc(waiting->arena, len + 1);

    /* The client's memory ends with this call, so the answer is copied. */
    ensure(packed);
    rpc__answer__pack(answer, packed);
    waiting->answer = rpc__answer__unpack(&waiting->arena->allocator, len, packed);
    ensure(waiting->answer);
}

/* What was not done because nobody, or too many, were there at that moment: a broker that starts
 * or listens anew, a daemon that is started again. */
static bool comes_again(const Rpc__Answer *answer)
{
    return answer->reason == RPC__REASON__SERVICE_DOWN || answer->reason == RPC__REASON__OVERLOADED;
}

static void call_until(uv_loop_t *loop, struct rpc_client *client, const Rpc__Call *call, int64_t until_ns,
                       struct waiting *waiting)
{
    while (!waiting->answer || (comes_again(waiting->answer) && clock_monotonic_ns() < until_ns)) {
        if (waiting->answer)
            uv_sleep(AGAIN_MS);
        waiting->answer = NULL;
        if (!rpc_client_call(client, call, on_answer, waiting)) {
            waiting->answer = &too_large;
            return;
        }
        rpc_client_flush(client);
        while (!waiting->answer)
            uv_run(loop, UV_RUN_ONCE);
    }
}

/* Calls one method and waits, and calls again, until patience_ms are over, while there is nobody
 * who does it. The answer is in the arena; one with a reason of ours when there never was. */
static const Rpc__Answer *call_and_wait(const char *bus_dir, const char *queue, const char *method,
                                        ProtobufCBinaryData input, int64_t patience_ms, struct arena *arena)
{
    int64_t until_ns = clock_monotonic_ns() + patience_ms * 1000000;
    struct waiting waiting = {.arena = arena};
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    Rpc__Call call = RPC__CALL__INIT;
    struct rpc_client *client;
    uv_loop_t loop;

    if (uv_loop_init(&loop))
        return &unreachable;
    client = rpc_client_open(&loop, bus_dir, queue, 1);
    if (!client)
        return &unreachable;
    principal.internal = true;
    call.method = unconst(method);
    call.principal = &principal;
    call.input = input;
    call_until(&loop, client, &call, until_ns, &waiting);
    rpc_client_close(client);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return waiting.answer;
}

static bool is_unreachable(const Rpc__Answer *answer)
{
    return answer->reason == RPC__REASON__SERVICE_DOWN || answer->reason == RPC__REASON__DEADLINE_EXCEEDED ||
           answer->reason == RPC__REASON__OUTCOME_UNKNOWN;
}

static int print_refusal(const Rpc__Answer *answer)
{
    static const unsigned char no_trace[16];
    struct buf out;

    buf_init(&out, LIMIT_MESSAGE_SIZE);
    problem_encode(&out, answer, NULL, no_trace);
    fprintf(stderr, "%.*s\n", (int)out.len, out.bytes);
    buf_done(&out);
    return is_unreachable(answer) ? 2 : 1;
}

static const ProtobufCBinaryData nothing = {0, NULL};

/* Of a store, from its daemon's probe; 0 when it cannot be reached. */
static int64_t first_id(void *arg, const char *queue)
{
    const struct service *service = arg;
    struct arena arena;
    const Rpc__Answer *answer;
    const Rpc__ProbeReport *report = NULL;
    int64_t first;

    arena_init(&arena, LIMIT_BATCH_ARENA);
    answer = call_and_wait(service_bus_dir(service), queue, "Daemon.Probe", nothing, LIMIT_PROBE_MS, &arena);
    if (!answer->reason)
        report = rpc__probe_report__unpack(&arena.allocator, answer->output.len, answer->output.data);
    first = report ? report->first_id : 0;
    arena_done(&arena);
    return first;
}

/* Of the union that chooses the partition of a call; "" when none does, or there is none. NULL, and
 * who asks is refused, when that cannot be told: partition 0 would do what is another's. */
static const char *place_of(const struct service *service, int64_t union_id, struct arena *arena,
                            const Rpc__Answer **ret_refusal)
{
    Rpc__PlaceRequest request = RPC__PLACE_REQUEST__INIT;
    const Rpc__Answer *answer;
    const Rpc__Place *place;
    uint8_t packed[16];
    ProtobufCBinaryData input = {0, packed};

    if (!union_id)
        return "";
    request.union_id = union_id;
    input.len = rpc__place_request__pack(&request, packed);
    answer = call_and_wait(service_bus_dir(service), "identity", "Unions.FindPlace", input, LIMIT_COMMAND_MS, arena);
    if (is_unreachable(answer) || comes_again(answer)) {
        *ret_refusal = answer;
        return NULL;
    }
    place = answer->reason ? NULL : rpc__place__unpack(&arena->allocator, answer->output.len, answer->output.data);
    return place ? place->path : "";
}

/* NULL after a refusal. */
static const char *queue_of(const struct service *service, const struct api_method *method,
                            const ProtobufCMessage *input, struct arena *arena, const Rpc__Answer **ret_refusal)
{
    const char *place = place_of(service, partitions_ask(&service->partitions, method, input), arena, ret_refusal);
    const struct partition *partition;

    if (!place)
        return NULL;
    partition = partitions_route(&service->partitions, method, input, place, first_id, (void *)(uintptr_t)service);
    if (partition)
        return partition->queue;
    /* What every daemon serves is asked of the one whose program this is. */
    if (!*method->queue || (method->n_key == 0 && strcmp(method->queue, service->spec->name) == 0))
        return service->queue;
    return method->queue;
}

static int print_answer(const struct api_method *method, const Rpc__Answer *answer, struct arena *arena)
{
    ProtobufCMessage *output = protobuf_c_message_unpack(method->output->descriptor, &arena->allocator,
                                                         answer->output.len, answer->output.data);
    struct buf out;

    ensure(output);
    buf_init(&out, LIMIT_MESSAGE_SIZE);
    json_encode(output, &out);
    printf("%.*s\n", (int)out.len, out.bytes);
    buf_done(&out);
    return 0;
}

static int call_with(const struct service *service, const struct api_method *method, const char *json,
                     struct arena *arena)
{
    ProtobufCMessage *input = json_new(method->input, arena);
    struct json_trouble trouble = {0};
    const Rpc__Answer *answer = NULL;
    ProtobufCBinaryData packed;
    const char *queue;

    if (!input || json_decode(input, json, strlen(json), arena, &trouble) || json_complete(input, &trouble)) {
        struct json_refusal refusal;

        json_refuse(&trouble, &refusal);
        return print_refusal(&refusal.answer);
    }
    packed.data = arena_alloc(arena, protobuf_c_message_get_packed_size(input) + 1);
    ensure(packed.data);
    packed.len = protobuf_c_message_pack(input, packed.data);
    queue = queue_of(service, method, input, arena, &answer);
    if (queue)
        answer = call_and_wait(service_bus_dir(service), queue, method->name, packed, LIMIT_COMMAND_MS, arena);
    return answer->reason ? print_refusal(answer) : print_answer(method, answer, arena);
}

int cli_call_json(const struct service *service, const char *name, const char *json)
{
    const struct api_method *method = api_method(name);
    struct arena arena;
    int code;

    if (!method) {
        fprintf(stderr, "%s is no operation of this daemon; it knows:\n", name);
        for (method = api_methods(); method->name; method++)
            fprintf(stderr, "  %s\n", method->name);
        return 1;
    }
    arena_init(&arena, LIMIT_BATCH_ARENA);
    code = call_with(service, method, json, &arena);
    arena_done(&arena);
    return code;
}

int cli_probe(const char *bus_dir, const char *queue)
{
    struct arena arena;
    const Rpc__Answer *answer;
    Rpc__ProbeReport *report = NULL;
    int code = 2;

    arena_init(&arena, LIMIT_BATCH_ARENA);
    answer = call_and_wait(bus_dir, queue, "Daemon.Probe", nothing, LIMIT_PROBE_MS, &arena);
    if (!answer->reason)
        report = rpc__probe_report__unpack(&arena.allocator, answer->output.len, answer->output.data);
    if (report) {
        printf("%s %s\n", report->healthy ? "healthy" : "sick", report->summary);
        code = report->healthy ? 0 : 1;
    } else {
        printf("unreachable %s: %s\n", queue, api_reason(answer->reason)->name);
    }
    arena_done(&arena);
    return code;
}

void cli_wait(const char *bus_dir, const char *queue)
{
    struct arena arena;

    arena_init(&arena, LIMIT_BATCH_ARENA);
    call_and_wait(bus_dir, queue, "Daemon.Probe", nothing, LIMIT_COMMAND_MS, &arena);
    arena_done(&arena);
}
