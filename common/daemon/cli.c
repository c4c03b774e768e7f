#include "common/daemon/cli.h"

#include <uv.h>

#include "common/api/json.h"
#include "common/base/limits.h"
#include "common/api/problem.h"

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

/* Calls one method and waits. The answer is in the arena; one with a reason of ours when the
 * broker or the service cannot be reached. */
static const Rpc__Answer *call_and_wait(const char *bus_dir, const char *queue, const char *method, const void *input,
                                        size_t len, struct arena *arena)
{
    static const Rpc__Answer unreachable = {PROTOBUF_C_MESSAGE_INIT(&rpc__answer__descriptor),
                                            .reason = RPC__REASON__SERVICE_DOWN};
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
    call.input = (ProtobufCBinaryData){len, unconst(input)};
    if (rpc_client_call(client, &call, on_answer, &waiting)) {
        rpc_client_flush(client);
        while (!waiting.answer)
            uv_run(&loop, UV_RUN_ONCE);
    }
    rpc_client_close(client);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return waiting.answer ? waiting.answer : &unreachable;
}

static int print_refusal(const Rpc__Answer *answer)
{
    static const unsigned char no_trace[16];
    struct buf out;

    buf_init(&out, LIMIT_MESSAGE_SIZE);
    problem_encode(&out, answer, NULL, no_trace);
    fprintf(stderr, "%.*s\n", (int)out.len, out.bytes);
    buf_done(&out);
    return answer->reason == RPC__REASON__SERVICE_DOWN || answer->reason == RPC__REASON__DEADLINE_EXCEEDED ||
                   answer->reason == RPC__REASON__OUTCOME_UNKNOWN
               ? 2
               : 1;
}

/* Of a store, from its daemon's probe; 0 when it cannot be reached. */
static int64_t first_id(void *arg, const char *queue)
{
    const struct service *service = arg;
    struct arena arena;
    const Rpc__Answer *answer;
    const Rpc__ProbeReport *report = NULL;
    int64_t first;

    arena_init(&arena, LIMIT_BATCH_ARENA);
    answer = call_and_wait(service_bus_dir(service), queue, "Daemon.Probe", NULL, 0, &arena);
    if (!answer->reason)
        report = rpc__probe_report__unpack(&arena.allocator, answer->output.len, answer->output.data);
    first = report ? report->first_id : 0;
    arena_done(&arena);
    return first;
}

/* Of the union that chooses the partition of a call; "" when none does, or there is none. */
static const char *place_of(const struct service *service, int64_t union_id, struct arena *arena)
{
    Rpc__PlaceRequest request = RPC__PLACE_REQUEST__INIT;
    const Rpc__Answer *answer;
    const Rpc__Place *place = NULL;
    uint8_t packed[16];

    if (!union_id)
        return "";
    request.union_id = union_id;
    answer = call_and_wait(service_bus_dir(service), "identity", "Unions.FindPlace", packed,
                           rpc__place_request__pack(&request, packed), arena);
    if (!answer->reason)
        place = rpc__place__unpack(&arena->allocator, answer->output.len, answer->output.data);
    return place ? place->path : "";
}

static const char *queue_of(const struct service *service, const struct api_method *method,
                            const ProtobufCMessage *input, struct arena *arena)
{
    const char *place = place_of(service, partitions_ask(&service->partitions, method, input), arena);
    const struct partition *partition =
        partitions_route(&service->partitions, method, input, place, first_id, (void *)(uintptr_t)service);

    if (partition)
        return partition->queue;
    /* What every daemon serves is asked of the one whose program this is. */
    if (!*method->queue || (method->n_key == 0 && strcmp(method->queue, service->spec->name) == 0))
        return service->queue;
    return method->queue;
}

static int call_with(const struct service *service, const struct api_method *method, const char *json,
                     struct arena *arena)
{
    ProtobufCMessage *input = json_new(method->input, arena), *output;
    struct json_trouble trouble = {0};
    const Rpc__Answer *answer;
    unsigned char *packed;
    struct buf out;

    if (!input || json_decode(input, json, strlen(json), arena, &trouble) || json_complete(input, &trouble)) {
        struct json_refusal refusal;

        json_refuse(&trouble, &refusal);
        return print_refusal(&refusal.answer);
    }
    packed = arena_alloc(arena, protobuf_c_message_get_packed_size(input) + 1);
    ensure(packed);
    answer = call_and_wait(service_bus_dir(service), queue_of(service, method, input, arena), method->name, packed,
                           protobuf_c_message_pack(input, packed), arena);
    if (answer->reason)
        return print_refusal(answer);
    output = protobuf_c_message_unpack(method->output->descriptor, &arena->allocator, answer->output.len,
                                       answer->output.data);
    ensure(output);
    buf_init(&out, LIMIT_MESSAGE_SIZE);
    json_encode(output, &out);
    printf("%.*s\n", (int)out.len, out.bytes);
    buf_done(&out);
    return 0;
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
    answer = call_and_wait(bus_dir, queue, "Daemon.Probe", NULL, 0, &arena);
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
