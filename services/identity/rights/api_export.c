/* All that is kept of a member, whole and readable, for herself alone (article 45). */
#include "common/base/log.h"
#include "services/identity/people/contests.h"
#include "services/identity/people/members.h"
#include "services/identity/rights/api_rights.h"

#define LISTED_MAX 100

/* What the parts give, in the field of MyData that is of its type: each type has one. */
struct mine {
    struct part_export export;
    Identity__MyData data;
};

static bool take(struct part_export *export, const ProtobufCMessage *message, int64_t id)
{
    struct mine *mine = container_of(export, struct mine, export);

    (void)id;
    for (unsigned i = 0; i < identity__my_data__descriptor.n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &identity__my_data__descriptor.fields[i];
        const ProtobufCMessage **at = (const ProtobufCMessage **)(void *)((char *)&mine->data + field->offset);
        size_t *n = (size_t *)(void *)((char *)&mine->data + field->quantifier_offset);

        if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->descriptor != message->descriptor)
            continue;
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            *at = message;
            return true;
        }
        if (!*n)
            *at = arena_alloc(rpc_arena(export->call), LISTED_MAX * sizeof(message));
        export->failed |= !*at;
        if (!*at || *n == LISTED_MAX)
            return false;
        (*(const ProtobufCMessage ***)at)[(*n)++] = message;
        return true;
    }
    log_error("export_without_field", "type", message->descriptor->name);
    export->failed = true;
    return false;
}

/* rpc ExportMyData: with a code sent to her number, since a session alone may be on a
 * telephone that somebody else holds. */
void rights__export_my_data(Identity__Rights_Service *service, const Identity__ExportRequest *req,
                            Identity__MyData_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, rights_service);
    struct mine mine = {.export = {.call = call, .give = take}, .data = IDENTITY__MY_DATA__INIT};
    struct member member;
    int reason = caller_refusal(self, call, &member);

    if (!reason && contests_doubt(&self->contests, member.id))
        reason = IDENTITY__REASON__PROOF_DOUBTED;
    if (rpc_refuse_if(call, reason))
        return;
    reason = own_code_refusal(self, &member, IDENTITY__CODE_PURPOSE__CODE_EXPORT, req->code, call);
    if (reason) {
        rpc_keep(call);
        rpc_refuse_field(call, reason, "code");
        return;
    }
    mine.export.member_id = member.id;
    mine.data.exported_at = rpc_now(call);
    parts_export_all(&self->parts, &mine.export);
    if (mine.export.failed)
        rpc_refuse(call, RPC__REASON__OVERLOADED);
    else
        reply(&mine.data, call);
}
