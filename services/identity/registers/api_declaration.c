/* api_declaration.c: the operations of declaration.proto. */
#include "services/identity/api.h"
#include "services/identity/access/session_life.h"
#include "services/identity/people/members.h"
#include "services/identity/registers/declarations.h"
#include "services/identity/registers/roster_life.h"
#include "services/identity/unions/changes.h"
#include "services/identity/unions/decision.h"
#include "services/identity/unions/unions.h"

static struct identity *self_of(Identity__Declarations_Service *service)
{
    return container_of(service, struct identity, declarations_service);
}

/* ---- messages ---- */

static void fill_for_officials(struct identity *self, const struct declaration *declaration,
                               Identity__Declaration *message, void *call)
{
    struct roster_entry entries[ROSTERS_SEEN];
    struct declared declared;
    size_t n = rosters_find_person(&self->rosters, declaration->person, entries, ARRAY_LEN(entries));

    for (size_t i = 0; i < n; i++)
        message->elsewhere += entries[i].union_id != declaration->union_id;
    if (declaration->kind == IDENTITY__DECLARATION_KIND__DECLARATION_ADDITION)
        return;
    declared_find(self, declaration->union_id, declaration->person, &declared);
    person_mask(&declared.known, &declared.known);
    message->old_name = rpc_text(call, declared.known.name);
    message->old_resident_id = rpc_text(call, declared.known.resident_id);
    message->old_mobile = rpc_text(call, declared.known.mobile);
}

static void fill_sealed(struct identity *self, const struct declaration *declaration, Identity__Declaration *message,
                        void *call)
{
    struct person told = {0}, wanted = {0};

    if (declaration->told.len)
        person_open_declared(self, declaration->id, &declaration->told, &told);
    if (declaration->sealed.len)
        person_open_declaration(self, declaration->id, &declaration->sealed, &wanted);
    person_mask(&wanted, &wanted);
    message->name = rpc_text(call, told.name);
    message->resident_id = rpc_text(call, told.resident_id);
    message->new_name = rpc_text(call, wanted.name);
    message->new_resident_id = rpc_text(call, wanted.resident_id);
    message->new_mobile = rpc_text(call, wanted.mobile);
}

Identity__Declaration *declaration_message(struct identity *self, const struct declaration *declaration, bool official,
                                           void *call)
{
    Identity__Declaration *message = arena_message(rpc_arena(call), &identity__declaration__descriptor);
    bool open = declaration->state == IDENTITY__DECLARATION_STATE__DECLARATION_ASKED;
    struct union_node node;
    struct member member;

    if (!message || !unions_find(&self->unions, declaration->union_id, &node))
        return NULL;
    message->declaration_id = declaration->id;
    message->union_ = union_message(&node, call);
    message->kind = (Identity__DeclarationKind)declaration->kind;
    message->state = (Identity__DeclarationState)declaration->state;
    message->trade = (Rpc__Trade)declaration->trade;
    message->removal = (Identity__RosterRemoval)declaration->removal;
    message->asked_at = declaration->asked_at;
    message->lapses_at = declaration->asked_at + DECLARATION_LIFE_MS;
    message->decided_at = declaration->decided_at;
    message->refusal = (Identity__RefusalReason)declaration->refusal;
    message->remark = rpc_text(call, declaration->remark);
    fill_sealed(self, declaration, message, call);
    if (declaration->kind != IDENTITY__DECLARATION_KIND__DECLARATION_ADDITION &&
        members_find_person(&self->members, declaration->person, &member) && member.union_id == node.id)
        message->member_id = member.id;
    if (official && open)
        fill_for_officials(self, declaration, message, call);
    return message->union_ && message->name && message->new_name ? message : NULL;
}

/* ---- an agent's word ---- */

/* What an addition or a correction gives, in normal form; what was left empty stays so. */
static int read_wanted(const Identity__DeclareRequest *req, void *call, struct person *ret, const char **ret_field)
{
    struct cn_resident_id id;
    int warning, reason = 0;

    *ret_field = "trade";
    if ((int)req->trade < 0 || (int)req->trade > RPC__TRADE__CONSTRUCTION)
        return IDENTITY__REASON__TRADE_INVALID;
    *ret_field = "name";
    if (req->name[0])
        reason = person_name_read(req->name, call, ret->name);
    if (reason)
        return reason;
    *ret_field = "mobile";
    if (req->mobile[0] && !cn_mobile(req->mobile, ret->mobile))
        return IDENTITY__REASON__MOBILE_INVALID;
    *ret_field = "newResidentId";
    if (!req->new_resident_id[0])
        return 0;
    reason = document_read(req->new_resident_id, (int)req->new_document, cn_day(rpc_now(call)), &id, &warning);
    if (!reason)
        memcpy(ret->resident_id, id.number, sizeof(ret->resident_id));
    return reason;
}

static int read_document(const Identity__DeclareRequest *req, void *call, char ret[CN_RESIDENT_ID_LEN + 1],
                         const char **ret_field)
{
    struct cn_resident_id id;
    int warning, reason;

    *ret_field = "residentId";
    if (!req->resident_id[0])
        return RPC__REASON__MISSING_FIELD;
    reason = document_read(req->resident_id, (int)req->document, cn_day(rpc_now(call)), &id, &warning);
    if (!reason)
        memcpy(ret, id.number, CN_RESIDENT_ID_LEN + 1);
    return reason;
}

/* What is declared of somebody who is not there yet. */
static int read_addition(struct identity *self, const Identity__DeclareRequest *req, void *call,
                         struct declaration *declaration, struct person *told, struct person *wanted,
                         const char **ret_field)
{
    struct declared declared;
    int reason = read_document(req, call, wanted->resident_id, ret_field);

    if (reason)
        return reason;
    *ret_field = wanted->name[0] ? "mobile" : "name";
    if (!wanted->name[0] || !wanted->mobile[0])
        return RPC__REASON__MISSING_FIELD;
    *ret_field = "residentId";
    person_index_id(self, wanted->resident_id, declaration->person);
    declared_find(self, declaration->union_id, declaration->person, &declared);
    if (declared.entry.id || declared.member.id)
        return IDENTITY__REASON__DECLARED_THERE;
    declaration->trade = (int)req->trade;
    person_mask(wanted, told);
    told->mobile[0] = '\0';
    return 0;
}

/* Whom a correction or a removal is about, of those that the union has itself. Whom the company's list shows is told by
 * it; of a document is told no more than what was typed. */
static int read_subject(struct identity *self, const Identity__DeclareRequest *req, void *call,
                        struct declaration *declaration, struct person *told, const char **ret_field)
{
    struct declared declared;
    struct member member;
    int reason = 0;

    if (req->member_id) {
        *ret_field = "memberId";
        if (!members_find(&self->members, req->member_id, &member) || member.union_id != declaration->union_id ||
            !member.sealed_person.len)
            return IDENTITY__REASON__MEMBER_NOT_FOUND;
        memcpy(declaration->person, member.person, PII_INDEX_LEN);
        snprintf(told->name, sizeof(told->name), "%s", member_masked_name(self, member.id, call));
    } else {
        reason = read_document(req, call, told->resident_id, ret_field);
        if (reason)
            return reason;
        person_index_id(self, told->resident_id, declaration->person);
        person_mask(told, told);
    }
    declared_find(self, declaration->union_id, declaration->person, &declared);
    if (!declared.entry.id && !declared.member.id)
        return IDENTITY__REASON__DECLARED_NOT_THERE;
    return declared.member.id && declared.member.id == rpc_principal(call)->member_id
               ? IDENTITY__REASON__NOT_FOR_YOURSELF
               : 0;
}

/* Fills in what was declared: 0, or the Reason with its field. */
static int read_declared(struct identity *self, const Identity__DeclareRequest *req, void *call,
                         struct declaration *declaration, struct person *told, struct person *wanted,
                         const char **ret_field)
{
    bool correction = req->kind == IDENTITY__DECLARATION_KIND__DECLARATION_CORRECTION;
    int reason;

    *ret_field = "kind";
    if ((int)req->kind <= 0 || req->kind > IDENTITY__DECLARATION_KIND__DECLARATION_REMOVAL)
        return IDENTITY__REASON__DECLARATION_KIND_INVALID;
    if (req->kind == IDENTITY__DECLARATION_KIND__DECLARATION_REMOVAL) {
        *ret_field = "removal";
        if (!roster_is_removal((int)req->removal))
            return IDENTITY__REASON__REMOVAL_REASON_INVALID;
        declaration->removal = (int)req->removal;
        return read_subject(self, req, call, declaration, told, ret_field);
    }
    reason = read_wanted(req, call, wanted, ret_field);
    if (reason)
        return reason;
    if (!correction)
        return read_addition(self, req, call, declaration, told, wanted, ret_field);
    *ret_field = "name";
    if (!wanted->name[0] && !wanted->resident_id[0] && !wanted->mobile[0] && !req->trade)
        return IDENTITY__REASON__DECLARATION_EMPTY;
    declaration->trade = (int)req->trade;
    reason = read_subject(self, req, call, declaration, told, ret_field);
    if (!reason && !told->name[0])
        cn_mask_name(wanted->name, told->name);
    return reason;
}

static void seal(struct identity *self, struct declaration *declaration, const struct person *told,
                 const struct person *wanted, void *call)
{
    unsigned char nonce[PII_NONCE_LEN];

    rpc_random(call, nonce, sizeof(nonce));
    person_seal_declared(self, declaration->id, nonce, told, &declaration->told);
    rpc_random(call, nonce, sizeof(nonce));
    person_seal_declaration(self, declaration->id, nonce, wanted, &declaration->sealed);
}

/* rpc Declare: it waits for the union. */
static void declarations__declare(Identity__Declarations_Service *service, const Identity__DeclareRequest *req,
                                  Identity__Declaration_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct declaration declaration = {.union_id = req->union_id,
                                      .kind = (int)req->kind,
                                      .state = IDENTITY__DECLARATION_STATE__DECLARATION_ASKED,
                                      .asked_by = rpc_principal(call)->member_id,
                                      .asked_at = rpc_now(call)};
    struct person told = {0}, wanted = {0};
    Identity__DeclarationChanged what;
    const char *field = "";
    struct company company;
    struct union_node node;
    struct hands_deed deed;
    int reason = company_refusal(self, req->union_id, no_officials, call, &node, &company);

    if (!reason && node.state)
        reason = IDENTITY__REASON__UNION_CLOSED;
    if (!reason && declarations_count_open(&self->declarations, node.id) >= DECLARATIONS_OPEN_MAX)
        reason = IDENTITY__REASON__TOO_MANY_DECLARATIONS;
    if (rpc_refuse_if(call, reason))
        return;
    reason = read_declared(self, req, call, &declaration, &told, &wanted, &field);
    if (rpc_refuse_field_if(call, reason, field))
        return;
    declaration.id = id_next(&self->ids, rpc_now(call));
    seal(self, &declaration, &told, &wanted, call);
    deed = declaration_deed(&declaration, &node, &what);
    if (!declaration_add(self, &declaration, call))
        reason = IDENTITY__REASON__DECLARATION_PENDING;
    if (!reason)
        reason = hands_give(&self->two_hands, &deed, call);
    if (rpc_refuse_if(call, reason))
        return;
    rpc_created(call);
    reply(declaration_message(self, &declaration, false, call), call);
}

/* rpc ListDeclarations: the latest first. */
static void declarations__list_declarations(Identity__Declarations_Service *service,
                                            const Identity__ListDeclarationsRequest *req,
                                            Identity__DeclarationList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__DeclarationList list = IDENTITY__DECLARATION_LIST__INIT;
    const struct rpc_page *page = rpc_page(call);
    struct declaration *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    struct company company;
    struct union_node node;
    bool official;
    size_t n;

    if (rpc_refuse_if(call, company_refusal(self, req->union_id, union_administrators, call, &node, &company)))
        return;
    official = caller_holds(call, union_administrators, node.path);
    n = declarations_find_union(&self->declarations, node.id, rpc_page_states(call, RPC_PAGE_ALL), page->before, found,
                                page->limit);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++)
        rpc_add(call, &list, declarations, declaration_message(self, &found[i], official, call));
    reply(&list, call);
}

/* rpc WithdrawDeclaration: by any agent of the company. */
static void declarations__withdraw_declaration(Identity__Declarations_Service *service,
                                               const Identity__DeclarationRequest *req,
                                               Identity__Declaration_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct declaration declaration;
    struct company company;
    struct union_node node;
    int reason = IDENTITY__REASON__DECLARATION_NOT_FOUND;

    if (declarations_find(&self->declarations, req->declaration_id, &declaration))
        reason = company_refusal(self, declaration.union_id, no_officials, call, &node, &company);
    if (!reason && declaration.state != IDENTITY__DECLARATION_STATE__DECLARATION_ASKED)
        reason = IDENTITY__REASON__DECLARATION_DECIDED;
    if (rpc_refuse_if(call, reason))
        return;
    declaration_end(self, &declaration, IDENTITY__DECLARATION_STATE__DECLARATION_WITHDRAWN, call);
    reply(declaration_message(self, &declaration, false, call), call);
}

/* ---- the union's ---- */

static bool is_about_caller(struct identity *self, const struct declaration *declaration, void *call)
{
    struct member member;

    return members_find_person(&self->members, declaration->person, &member) &&
           member.id == rpc_principal(call)->member_id;
}

static int decide(struct identity *self, const struct decision *decision, int64_t declaration_id, void *call)
{
    Identity__DeclarationChanged what;
    struct declaration declaration;
    struct union_node node;
    struct hands_deed deed;
    int reason;

    if (!declarations_find(&self->declarations, declaration_id, &declaration) ||
        declaration.union_id != decision->union_id || !unions_find(&self->unions, declaration.union_id, &node))
        return IDENTITY__REASON__DECLARATION_NOT_FOUND;
    if (declaration.state != IDENTITY__DECLARATION_STATE__DECLARATION_ASKED)
        return IDENTITY__REASON__DECLARATION_DECIDED;
    if (is_about_caller(self, &declaration, call))
        return IDENTITY__REASON__NOT_FOR_YOURSELF;
    snprintf(declaration.remark, sizeof(declaration.remark), "%s", decision->remark);
    if (!decision->approve) {
        declaration.refusal = decision->reason;
        declaration_end(self, &declaration, IDENTITY__DECLARATION_STATE__DECLARATION_REFUSED, call);
        return 0;
    }
    deed = declaration_deed(&declaration, &node, &what);
    reason = hands_refusal(&self->two_hands, &deed, call);
    if (!reason)
        reason = declaration_apply(self, &declaration, &node, call);
    if (!reason)
        reason = hands_confirm(&self->two_hands, &deed, call);
    if (!reason)
        declaration_end(self, &declaration, IDENTITY__DECLARATION_STATE__DECLARATION_APPROVED, call);
    return reason;
}

/* rpc DecideDeclarations: each is decided by itself; the report says which was not. */
static void declarations__decide_declarations(Identity__Declarations_Service *service,
                                              const Identity__DecideDeclarationsRequest *req,
                                              Identity__DecisionReport_Closure reply, void *call)
{
    decide_each(self_of(service), DECISION(req, declaration_ids), decide, reply, call);
}

const Identity__Declarations_Service declarations_api = IDENTITY__DECLARATIONS__INIT(declarations__);
