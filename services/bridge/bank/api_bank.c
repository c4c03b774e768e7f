/* api_bank.c: files for a bank, in the order of bank.proto. */
#include "services/bridge/api.h"

static struct bridge *self_of(Bridge__Bank_Service *service)
{
    return container_of(service, struct bridge, bank_service);
}

/* The batch of a request, unless the call was refused. */
static bool find(struct bridge *self, int64_t batch_id, bool writes, void *call, struct bank_batch *ret)
{
    if (pay_office_refused(call, writes))
        return false;
    if (bank_find(&self->bank, batch_id, ret))
        return true;
    rpc_refuse(call, BRIDGE__REASON__BANK_BATCH_NOT_FOUND);
    return false;
}

static void give(int reason, const struct bank_batch *batch, Bridge__BankBatch_Closure reply, void *call)
{
    Bridge__BankBatch *message;

    if (rpc_refuse_if(call, reason))
        return;
    message = bank_show(batch, call);
    if (message)
        reply(message, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

/* rpc PrepareBankBatch: the first hand. */
static void bank__prepare_bank_batch(Bridge__Bank_Service *service, const Bridge__PrepareBankBatchRequest *req,
                                     Bridge__BankBatch_Closure reply, void *call)
{
    struct bridge *self = self_of(service);
    struct bank_batch batch = {.layout = (int)req->layout};

    if (pay_office_refused(call, true))
        return;
    snprintf(batch.union_path, sizeof(batch.union_path), "%s", pay_office_path(call));
    give(bank_prepare(self, &batch, call), &batch, reply, call);
}

/* rpc ListBankBatches: newest first. */
static void bank__list_bank_batches(Bridge__Bank_Service *service, const Bridge__ListBankBatchesRequest *req,
                                    Bridge__BankBatchList_Closure reply, void *call)
{
    const struct rpc_page *page = rpc_page(call);
    Bridge__BankBatchList list = BRIDGE__BANK_BATCH_LIST__INIT;
    struct bank_batch *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    unsigned n;

    (void)req;
    if (pay_office_refused(call, false))
        return;
    n = bank_page(&self_of(service)->bank, page->states, page->before, found, (unsigned)page->limit);
    for (unsigned i = 0; i < n && rpc_page_takes(call, found[i].id); i++)
        rpc_add(call, &list, batches, bank_show(&found[i], call));
    reply(&list, call);
}

/* rpc ReleaseBankBatch: the second hand. */
static void bank__release_bank_batch(Bridge__Bank_Service *service, const Bridge__BankBatchRequest *req,
                                     Bridge__BankBatch_Closure reply, void *call)
{
    struct bank_batch batch;

    if (find(self_of(service), req->batch_id, true, call, &batch))
        give(bank_release(self_of(service), &batch, call), &batch, reply, call);
}

/* rpc TakeBackBankBatch: what it has waits for another. */
static void bank__take_back_bank_batch(Bridge__Bank_Service *service, const Bridge__BankBatchRequest *req,
                                       Bridge__BankBatch_Closure reply, void *call)
{
    struct bank_batch batch;

    if (find(self_of(service), req->batch_id, true, call, &batch))
        give(bank_take_back(self_of(service), &batch, call), &batch, reply, call);
}

/* rpc GetBankFile: part by part. */
static void bank__get_bank_file(Bridge__Bank_Service *service, const Bridge__BankFileRequest *req,
                                Rpc__Part_Closure reply, void *call)
{
    Rpc__Part part = RPC__PART__INIT;
    struct bank_batch batch;
    char name[48];
    const char *file;
    size_t len, from = (size_t)req->part * LIMIT_PART;

    if (!find(self_of(service), req->batch_id, true, call, &batch) ||
        rpc_refuse_if(call, bank_file(self_of(service), &batch, call, &file, &len)))
        return;
    len = from < len ? len - from : 0;
    snprintf(name, sizeof(name), "bank-%lld.csv", (long long)batch.id);
    part.body = (ProtobufCBinaryData){len < LIMIT_PART ? len : LIMIT_PART, (uint8_t *)unconst(file + from)};
    part.next = len > LIMIT_PART ? req->part + 1 : 0;
    part.file_name = name;
    reply(&part, call);
}

/* rpc ReadBankResults: line by line. */
static void bank__read_bank_results(Bridge__Bank_Service *service, const Bridge__ReadBankResultsRequest *req,
                                    Bridge__BankResults_Closure reply, void *call)
{
    struct bridge *self = self_of(service);
    Bridge__BankResults results = BRIDGE__BANK_RESULTS__INIT;
    struct bank_batch batch;

    if (!find(self, req->batch_id, true, call, &batch) ||
        rpc_refuse_if(call, bank_results(self, &batch, req->file.data, req->file.len, &results, call)))
        return;
    results.batch = bank_show(&batch, call);
    reply(&results, call);
}

const Bridge__Bank_Service bank_api = BRIDGE__BANK__INIT(bank__);
