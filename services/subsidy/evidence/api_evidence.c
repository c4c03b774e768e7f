#include "services/subsidy/evidence/evidence.h"
#include "services/subsidy/objection/objections.h"

/* A file with what it is with. */
struct found {
    struct proof evidence;
    struct vault_file file;
    struct application application;
};

static void reply_file(struct subsidy *self, const struct found *found, Subsidy__EvidenceFile_Closure reply, void *call)
{
    if (!rpc_refused(call))
        reply(evidence_message(self, &found->evidence, &found->file, false, rpc_arena(call)), call);
}

static bool find(const struct subsidy *self, int64_t evidence_id, struct found *ret)
{
    return evidence_find(self, evidence_id, &ret->evidence, &ret->file) &&
           application_find(self, ret->evidence.application_id, &ret->application);
}

/* ---- who uploads ---- */

/* One that the caller has uploaded; false after refusing. Others' are not found. */
static bool find_own(struct subsidy *self, int64_t evidence_id, void *call, struct found *ret)
{
    return !rpc_refuse_if(call, find(self, evidence_id, ret) &&
                                        holder_is(&self->holders, rpc_principal(call)->member_id, ret->file.member_id)
                                    ? 0
                                    : SUBSIDY__REASON__EVIDENCE_NOT_FOUND);
}

/* Why what a file is with is not its owner's to change: 0 or a Reason. */
static int fixed_refusal(const struct subsidy *self, const struct found *found)
{
    struct objection objection;

    if (!found->evidence.objection_id)
        return application_is_writable(&found->application) ? 0 : SUBSIDY__REASON__NOT_A_DRAFT;
    return objections_find(self, found->evidence.objection_id, &objection) &&
                   objection.state == SUBSIDY__OBJECTION_STATE__OBJECTION_OPEN
               ? 0
               : SUBSIDY__REASON__OBJECTION_DECIDED;
}

/* The same while what it is with is hers to change. */
static bool find_changeable(struct subsidy *self, int64_t evidence_id, void *call, struct found *ret)
{
    return find_own(self, evidence_id, call, ret) && !rpc_refuse_if(call, fixed_refusal(self, ret));
}

static bool takes_kind(const Subsidy__FormField *field, Subsidy__FileKind kind)
{
    bool takes = field->n_file_kinds == 0;

    for (size_t i = 0; i < field->n_file_kinds; i++)
        takes |= field->file_kinds[i] == kind;
    return takes;
}

static int begin_refusal(const struct subsidy *self, const Subsidy__Scheme *scheme,
                         const Subsidy__BeginEvidenceRequest *req, const char **ret_field, void *call)
{
    const Subsidy__FormField *field = scheme ? form_field(scheme, req->field) : NULL;
    int64_t ready, coming;

    *ret_field = "field";
    if (!field || field->kind != SUBSIDY__FIELD_KIND__FILE)
        return SUBSIDY__REASON__FIELD_NO_FILE;
    evidence_count(self, req->application_id, 0, req->field, &ready, &coming);
    if (ready + coming >= form_files_most(field)) {
        rpc_fact_number(call, "maximum", form_files_most(field));
        return SUBSIDY__REASON__TOO_MANY_FILES;
    }
    *ret_field = "kind";
    return takes_kind(field, req->kind) ? 0 : SUBSIDY__REASON__FILE_KIND_NOT_ASKED;
}

static void reply_begun(struct subsidy *self, struct found *made, int32_t size, Subsidy__EvidenceFile_Closure reply,
                        void *call)
{
    if (rpc_refuse_if(call, evidence_begin(self, &made->application, &made->evidence, size, call, &made->file)))
        return;
    rpc_created(call);
    reply_file(self, made, reply, call);
}

/* rpc BeginEvidence: into a field of hers. */
static void evidence__begin_evidence(Subsidy__Evidence_Service *service, const Subsidy__BeginEvidenceRequest *req,
                                     Subsidy__EvidenceFile_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, evidence_service);
    const Subsidy__Scheme *scheme;
    const char *field;
    int reason;
    struct found made = {.evidence = {.application_id = req->application_id, .kind = (int)req->kind}};

    if (rpc_refuse_if(call, application_hers(self, req->application_id, call, &made.application)) ||
        rpc_refuse_if(call, application_is_writable(&made.application) ? 0 : SUBSIDY__REASON__NOT_A_DRAFT))
        return;
    scheme = scheme_find(self, made.application.scheme_id, rpc_arena(call));
    reason = begin_refusal(self, scheme, req, &field, call);
    if (rpc_refuse_field_if(call, reason, field))
        return;
    snprintf(made.evidence.field, sizeof(made.evidence.field), "%s", req->field);
    reply_begun(self, &made, req->size, reply, call);
}

/* rpc BeginObjectionEvidence: with an objection of the caller's that is open. */
static void evidence__begin_objection_evidence(Subsidy__Evidence_Service *service,
                                               const Subsidy__BeginObjectionEvidenceRequest *req,
                                               Subsidy__EvidenceFile_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, evidence_service);
    struct found made = {.evidence = {.objection_id = req->objection_id, .kind = (int)req->kind}};
    int64_t caller = rpc_principal(call)->member_id, ready, coming;
    int reason = SUBSIDY__REASON__OBJECTION_NOT_FOUND;
    struct objection objection;

    if (objections_find(self, req->objection_id, &objection) &&
        holder_is(&self->holders, caller, objection.member_id) &&
        application_find(self, objection.application_id, &made.application))
        reason = fixed_refusal(self, &made);
    if (rpc_refuse_if(call, reason))
        return;
    made.evidence.application_id = objection.application_id;
    evidence_count(self, objection.application_id, objection.id, "", &ready, &coming);
    if (rpc_refuse_if(call, ready + coming < FORM_FILES_USUAL ? 0 : SUBSIDY__REASON__TOO_MANY_FILES))
        return;
    reply_begun(self, &made, req->size, reply, call);
}

static bool is_uploading(const struct found *found, void *call)
{
    return !rpc_refuse_if(call, found->file.state == VAULT_UPLOADING ? 0 : SUBSIDY__REASON__EVIDENCE_NOT_UPLOADING);
}

/* rpc PutEvidencePart: any of its parts, also again. */
static void evidence__put_evidence_part(Subsidy__Evidence_Service *service, const Subsidy__PutEvidencePartRequest *req,
                                        Subsidy__EvidenceFile_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, evidence_service);
    enum vault_trouble trouble = VAULT_FINE;
    struct found found;

    if (!find_changeable(self, req->evidence_id, call, &found) || !is_uploading(&found, call))
        return;
    if (req->part == 0 && !file_is_of_kind(req->content.data, req->content.len, found.evidence.kind))
        trouble = VAULT_WRONG_TYPE;
    if (!trouble)
        trouble = vault_put(&self->vault, &found.file, req->part, req->content, call);
    if (trouble)
        rpc_refuse_field(call, evidence_reason(trouble),
                         trouble == VAULT_WRONG_PART && req->part >= body_parts(found.file.size) ? "part" : "content");
    reply_file(self, &found, reply, call);
}

/* rpc FinishEvidence: from now on it is with the application. */
static void evidence__finish_evidence(Subsidy__Evidence_Service *service, const Subsidy__FinishEvidenceRequest *req,
                                      Subsidy__EvidenceFile_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, evidence_service);
    enum vault_trouble trouble;
    struct found found;

    if (!find_changeable(self, req->evidence_id, call, &found))
        return;
    if (found.file.state != VAULT_READY) {
        if (!is_uploading(&found, call))
            return;
        trouble = vault_check(&self->vault, &found.file, req->sha256, call);
        if (trouble == VAULT_WAITS || rpc_refuse_if(call, evidence_reason(trouble)))
            return;
        evidence_ready(self, &found.evidence, &found.file, req->sha256.data, call);
    }
    reply_file(self, &found, reply, call);
}

/* rpc RemoveEvidence: for good. */
static void evidence__remove_evidence(Subsidy__Evidence_Service *service, const Subsidy__EvidenceRequest *req,
                                      Subsidy__EvidenceFile_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, evidence_service);
    struct found found;

    if (!find_changeable(self, req->evidence_id, call, &found))
        return;
    if (found.file.state == VAULT_UPLOADING || vault_is_readable(&found.file))
        vault_end(&self->vault, &found.file, found.file.state == VAULT_UPLOADING ? VAULT_ABANDONED : VAULT_ERASED,
                  call);
    reply_file(self, &found, reply, call);
}

/* ---- reading ---- */

/* A part of a file that can be read. */
static void reply_part(struct subsidy *self, const struct found *found, int32_t part, Rpc__Part_Closure reply,
                       void *call)
{
    static const char *const endings[] = {
        [SUBSIDY__FILE_KIND__PDF] = "pdf", [SUBSIDY__FILE_KIND__JPEG] = "jpg", [SUBSIDY__FILE_KIND__PNG] = "png"};
    Rpc__Part message = RPC__PART__INIT;
    char *plain, name[48];
    long len;

    if (rpc_refuse_if(call, vault_is_readable(&found->file) ? 0 : SUBSIDY__REASON__EVIDENCE_GONE))
        return;
    plain = arena_alloc(rpc_arena(call), LIMIT_PART + 1);
    len = plain ? vault_part_of(&self->vault, &found->file, part, plain) : -1;
    if (len < 0) {
        rpc_refuse(call, plain ? SUBSIDY__REASON__EVIDENCE_NOT_FOUND : RPC__REASON__OVERLOADED);
        return;
    }
    snprintf(name, sizeof(name), "evidence-%lld.%s", (long long)found->file.id, endings[found->evidence.kind]);
    message.body = (ProtobufCBinaryData){(size_t)len, (uint8_t *)plain};
    message.next = part + 1 < body_parts(found->file.size) ? part + 1 : 0;
    message.file_name = name;
    reply(&message, call);
}

/* rpc FetchMyEvidence: to whoever uploaded it. */
static void evidence__fetch_my_evidence(Subsidy__Evidence_Service *service, const Subsidy__FetchEvidenceRequest *req,
                                        Rpc__Part_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, evidence_service);
    struct found found;

    if (find_own(self, req->evidence_id, call, &found))
        reply_part(self, &found, req->part, reply, call);
}

/* Why the caller does not review what a file is with now: 0 or a Reason. */
static int look_refusal(struct subsidy *self, const struct found *found, void *call)
{
    const Subsidy__Scheme *scheme;
    struct objection objection;

    if (found->evidence.objection_id) {
        if (!objections_find(self, found->evidence.objection_id, &objection))
            return SUBSIDY__REASON__EVIDENCE_NOT_FOUND;
        return scheme_has_office(objection.union_path, call)
                   ? objection_refusal(self, &objection, &found->application, call)
                   : (int)RPC__REASON__OUTSIDE_YOUR_UNION;
    }
    if (!scheme_has_office(found->application.union_path, call))
        return RPC__REASON__OUTSIDE_YOUR_UNION;
    scheme = scheme_find(self, found->application.scheme_id, rpc_arena(call));
    if (!scheme)
        return RPC__REASON__OVERLOADED;
    if (!form_is_agreed(self, found->application.member_id, form_field(scheme, found->evidence.field), rpc_now(call)))
        return SUBSIDY__REASON__HARDSHIP_CONSENT_MISSING;
    if (found->application.state == SUBSIDY__APPLICATION_STATE__APPLICATION_OBJECTED &&
        objection_decides(self, &found->application, call))
        return 0;
    return review_refusal(self, &found->application, scheme, call);
}

/* One that the caller reviews now; false after refusing. */
static bool find_reviewed(struct subsidy *self, int64_t evidence_id, void *call, struct found *ret)
{
    int reason = SUBSIDY__REASON__EVIDENCE_NOT_FOUND;

    if (find(self, evidence_id, ret) && ret->application.state != SUBSIDY__APPLICATION_STATE__APPLICATION_DRAFT)
        reason = look_refusal(self, ret, call);
    return !rpc_refuse_if(call, reason);
}

/* rpc OpenEvidence: which the applicant sees. */
static void evidence__open_evidence(Subsidy__Evidence_Service *service, const Subsidy__EvidenceRequest *req,
                                    Subsidy__EvidenceFile_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, evidence_service);
    struct found found;

    if (!find_reviewed(self, req->evidence_id, call, &found) ||
        rpc_refuse_if(call, vault_is_readable(&found.file) ? 0 : SUBSIDY__REASON__EVIDENCE_GONE))
        return;
    evidence_looked_at(self, &found.evidence, &found.file, call);
    reply(evidence_message(self, &found.evidence, &found.file, !found.evidence.objection_id, rpc_arena(call)), call);
}

/* rpc FetchEvidence: to who has opened it, while she still reviews it. */
static void evidence__fetch_evidence(Subsidy__Evidence_Service *service, const Subsidy__FetchEvidenceRequest *req,
                                     Rpc__Part_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, evidence_service);
    struct found found;

    if (find_reviewed(self, req->evidence_id, call, &found) &&
        !rpc_refuse_if(call, evidence_is_open(self, req->evidence_id, call) ? 0 : SUBSIDY__REASON__EVIDENCE_NOT_OPENED))
        reply_part(self, &found, req->part, reply, call);
}

const Subsidy__Evidence_Service evidence_api = SUBSIDY__EVIDENCE__INIT(evidence__);
