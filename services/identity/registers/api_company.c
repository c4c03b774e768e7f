#include "services/identity/api.h"
#include "services/identity/membership/api_membership.h"
#include "services/identity/registers/companies.h"
#include "services/identity/access/grants.h"
#include "services/identity/people/members.h"
#include "services/identity/access/proposals.h"
#include "services/identity/access/session_life.h"
#include "services/identity/unions/unions.h"

static struct identity *self_of(Identity__Companies_Service *service)
{
    return container_of(service, struct identity, companies_service);
}

/* Whether she belongs, or did last, to a union or one below it: then it knows her. Of whom a number was given for who
 * is a stranger to it neither name nor number of member is told. */
static bool is_theirs(struct identity *self, int64_t member_id, int64_t union_id)
{
    struct union_node node, hers;
    struct period last;

    return periods_find_last(&self->periods, member_id, &last) && unions_find(&self->unions, union_id, &node) &&
           unions_find(&self->unions, last.union_id, &hers) && union_path_covers(node.path, hers.path);
}

static void reply_company(struct identity *self, const struct company *company, Identity__Company_Closure reply,
                          void *call)
{
    Identity__CompanyAgent messages[COMPANY_AGENTS_MAX], *shown[COMPANY_AGENTS_MAX];
    Identity__Company message = IDENTITY__COMPANY__INIT;
    struct agent agents[COMPANY_AGENTS_MAX];

    message.company_id = company->id;
    message.union_id = company->union_id;
    message.credit_code = unconst(company->credit_code);
    message.name = unconst(company->name);
    message.agents = shown;
    message.n_agents = companies_find_agents(&self->companies, company->id, agents, ARRAY_LEN(agents));
    for (size_t i = 0; i < message.n_agents; i++) {
        identity__company_agent__init(&messages[i]);
        messages[i].agent_id = agents[i].grant_id;
        if (is_theirs(self, agents[i].member_id, company->union_id)) {
            messages[i].member_id = agents[i].member_id;
            messages[i].name = member_masked_name(self, agents[i].member_id, call);
        }
        messages[i].kind = (Identity__AgentKind)agents[i].kind;
        messages[i].since = agents[i].since;
        shown[i] = &messages[i];
        if (!messages[i].name) {
            rpc_refuse(call, RPC__REASON__OVERLOADED);
            return;
        }
    }
    reply(&message, call);
}

/* rpc ListCompanies: in the order of the tree. */
static void companies__list_companies(Identity__Companies_Service *service, const Identity__ListCompaniesRequest *req,
                                      Identity__CompanyList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__CompanyList list = IDENTITY__COMPANY_LIST__INIT;
    char(*paths)[UNION_PATH_SIZE];
    struct company *found;
    struct page page;
    size_t n;

    if (!page_begin(self, req->union_id, union_readers, call, &page))
        return;
    found = arena_alloc(rpc_arena(call), page.limit * sizeof(*found));
    paths = arena_alloc(rpc_arena(call), page.limit * sizeof(*paths));
    n = companies_find_page(&self->companies, &page, req->name, found, paths);
    for (size_t i = 0; i < n && rpc_page_takes_at(call, paths[i], found[i].id); i++) {
        Identity__Company *message = arena_message(rpc_arena(call), &identity__company__descriptor);

        if (message) {
            message->company_id = found[i].id;
            message->union_id = found[i].union_id;
            message->credit_code = rpc_text(call, found[i].credit_code);
            message->name = rpc_text(call, found[i].name);
        }
        rpc_add(call, &list, companies, message);
    }
    page_end(&self->unions, &page, n, call);
    reply(&list, call);
}

/* ---- the register ---- */

static void journal_company(const struct company *company, void *call)
{
    Identity__CompanyRegistered registered = IDENTITY__COMPANY_REGISTERED__INIT;

    registered.company_id = company->id;
    registered.union_id = company->union_id;
    rpc_tell(call, &registered.base);
}

static int read_company(const Identity__RegisterCompanyRequest *req, void *call, struct company *ret,
                        const char **ret_field)
{
    int32_t bad;
    int reason;

    *ret_field = "excuse";
    if (snprintf(ret->excuse, sizeof(ret->excuse), "%s", req->excuse) >= (int)sizeof(ret->excuse))
        return RPC__REASON__TOO_LONG;
    *ret_field = "creditCode";
    reason = company_code_read(req->credit_code, *req->excuse != '\0', ret->credit_code);
    if (reason)
        return reason;
    *ret_field = "name";
    reason = union_name_read(req->name, ret->name, &bad);
    rpc_fact_character(call, bad);
    return reason;
}

/* rpc RegisterCompany: the same again is answered as it is. */
static void companies__register_company(Identity__Companies_Service *service,
                                        const Identity__RegisterCompanyRequest *req, Identity__Company_Closure reply,
                                        void *call)
{
    struct identity *self = self_of(service);
    struct company known, company = {
                              .union_id = req->union_id,
                              .registered_by = rpc_principal(call)->member_id,
                              .registered_at = rpc_now(call),
                          };
    const char *field = "unionId";
    int reason = official_refusal(self, req->union_id, union_administrators, call);

    if (!reason)
        reason = read_company(req, call, &company, &field);
    if (rpc_refuse_field_if(call, reason, field))
        return;
    if (companies_find(&self->companies, company.union_id, &known) &&
        strcmp(known.credit_code, company.credit_code) == 0) {
        reply_company(self, &known, reply, call);
        return;
    }
    company.id = id_next(&self->ids, rpc_now(call));
    if (!companies_add(&self->companies, &company)) {
        rpc_refuse(call, IDENTITY__REASON__COMPANY_TAKEN);
        return;
    }
    journal_company(&company, call);
    rpc_created(call);
    reply_company(self, &company, reply, call);
}

/* rpc GetCompany: with who acts for it. */
static void companies__get_company(Identity__Companies_Service *service, const Identity__CompanyRequest *req,
                                   Identity__Company_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct union_node node;
    struct company company;
    int reason = company_refusal(self, req->union_id, union_readers, call, &node, &company);

    if (reason)
        rpc_refuse(call, reason);
    else
        reply_company(self, &company, reply, call);
}

/* ---- agents ---- */

static void journal_agent(const struct agent *agent, void *call)
{
    Identity__CompanyAgentSet set = IDENTITY__COMPANY_AGENT_SET__INIT;

    set.agent_id = agent->grant_id;
    set.company_id = agent->company_id;
    set.member_id = agent->member_id;
    set.kind = agent->kind;
    rpc_tell(call, &set.base);
}

/* Whether the caller may change who acts for a company: an official of its union, or
 * the first of its agents. */
static int appointing_refusal(struct identity *self, int64_t union_id, void *call, struct union_node *ret_node,
                              struct company *ret_company)
{
    int reason = company_refusal(self, union_id, union_administrators, call, ret_node, ret_company);
    struct agent first;

    if (reason || caller_holds(call, union_administrators, ret_node->path))
        return reason;
    return companies_find_agents(&self->companies, ret_company->id, &first, 1) &&
                   first.member_id == rpc_principal(call)->member_id
               ? 0
               : IDENTITY__REASON__AGENT_NOT_FIRST;
}

/* Her grant over the company's union, made if she has none: TOO_MANY_GRANTS,
 * TOO_MANY_AGENTS, or 0. */
static int obtain_grant(struct identity *self, const struct company *company, const struct union_node *node,
                        int64_t member_id, void *call, struct authority *ret_grant)
{
    struct authority grants[LIMIT_GRANTS];
    struct held_grant held[LIMIT_GRANTS];
    struct agent agents[COMPANY_AGENTS_MAX];
    size_t n = grants_find_all(&self->grants, member_id, grants, ARRAY_LEN(grants));
    int reason;

    for (size_t i = 0; i < n; i++) {
        if (grants[i].role == RULE__ROLE__COMPANY_AGENT && grants[i].union_id == node->id) {
            *ret_grant = grants[i];
            return 0;
        }
        held[i] = (struct held_grant){grants[i].role, grants[i].union_path, grant_is_new(&grants[i], rpc_now(call))};
    }
    if (companies_find_agents(&self->companies, company->id, agents, ARRAY_LEN(agents)) == ARRAY_LEN(agents))
        return IDENTITY__REASON__TOO_MANY_AGENTS;
    reason = grant_room_refusal(node->path, held, n);
    if (reason)
        return reason;
    *ret_grant = (struct authority){.role = RULE__ROLE__COMPANY_AGENT, .member_id = member_id};
    grant_give(self, ret_grant, node, call);
    return 0;
}

/* rpc SetAgent: appoints somebody, or changes what she does for the company. */
static void companies__set_agent(Identity__Companies_Service *service, const Identity__SetAgentRequest *req,
                                 Identity__Company_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    char mobile[CN_MOBILE_LEN + 1];
    struct authority grant;
    struct company company;
    struct union_node node;
    struct member member;
    struct agent agent;
    int reason = appointing_refusal(self, req->union_id, call, &node, &company);

    if (!reason &&
        (req->kind <= IDENTITY__AGENT_KIND__AGENT_KIND_NONE || req->kind > IDENTITY__AGENT_KIND__AGENT_APPROVER))
        reason = IDENTITY__REASON__AGENT_KIND_INVALID;
    if (!reason && !cn_mobile(req->mobile, mobile))
        reason = IDENTITY__REASON__MOBILE_INVALID;
    if (rpc_refuse_if(call, reason))
        return;
    /* Undone with the rest when it is refused. */
    member_obtain(self, mobile, call, &member);
    reason = obtain_grant(self, &company, &node, member.id, call, &grant);
    if (rpc_refuse_if(call, reason))
        return;
    agent = (struct agent){grant.id, company.id, member.id, grant.granted_at, (int)req->kind};
    companies_set_agent(&self->companies, &agent);
    journal_agent(&agent, call);
    reply_company(self, &company, reply, call);
}

/* rpc DismissAgent: she acts for the company no more, and her sessions end. */
static void companies__dismiss_agent(Identity__Companies_Service *service, const Identity__DismissAgentRequest *req,
                                     Identity__Company_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct authority grant;
    struct company company;
    struct union_node node;
    int reason = IDENTITY__REASON__AGENT_NOT_FOUND;

    if (grants_find(&self->grants, req->agent_id, &grant) && grant.role == RULE__ROLE__COMPANY_AGENT)
        reason = appointing_refusal(self, grant.union_id, call, &node, &company);
    if (!reason && grant.member_id == rpc_principal(call)->member_id)
        reason = IDENTITY__REASON__NOT_FOR_YOURSELF;
    if (rpc_refuse_if(call, reason))
        return;
    grant_take(self, &grant, call);
    reply_company(self, &company, reply, call);
}

/* ---- the company's members ---- */

static Identity__CompanyMember *company_member(struct identity *self, const struct period *period, void *call)
{
    Identity__CompanyMember *message = arena_message(rpc_arena(call), &identity__company_member__descriptor);
    struct member member;

    if (!message || !members_find(&self->members, period->member_id, &member))
        return NULL;
    message->member_id = member.id;
    message->name = member_masked_name(self, member.id, call);
    message->trade = (Rpc__Trade)member.trade;
    message->from = period->began_at;
    message->to = period->ended_at;
    message->began = (Identity__Began)period->began;
    message->ended = (Identity__Ended)period->ended;
    return message;
}

/* rpc ListCompanyMembers: who is there, and who was. */
static void companies__list_company_members(Identity__Companies_Service *service,
                                            const Identity__ListCompanyMembersRequest *req,
                                            Identity__CompanyMemberList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    const struct rpc_page *page = rpc_page(call);
    Identity__CompanyMemberList list = IDENTITY__COMPANY_MEMBER_LIST__INIT;
    struct period *periods = arena_alloc(rpc_arena(call), page->limit * sizeof(*periods));
    struct union_node node;
    struct company company;
    size_t n;
    int reason = company_refusal(self, req->union_id, no_officials, call, &node, &company);

    if (rpc_refuse_if(call, reason))
        return;
    n = periods_find_in(&self->periods, node.id,
                        rpc_page_states(call, RPC_STATE(IDENTITY__COMPANY_MEMBER_STATE__COMPANY_MEMBER_THERE)),
                        page->after, periods, page->limit);
    for (size_t i = 0; i < n && rpc_page_takes(call, periods[i].id); i++)
        rpc_add(call, &list, members, company_member(self, &periods[i], call));
    reply(&list, call);
}

/* rpc ProposeDeparture: a member has left the company, says one of its agents. */
static void companies__propose_departure(Identity__Companies_Service *service,
                                         const Identity__ProposeDepartureRequest *req, Identity__Proposal_Closure reply,
                                         void *call)
{
    struct identity *self = self_of(service);
    struct union_node node;
    struct company company;
    struct member member;
    int reason = company_refusal(self, req->union_id, no_officials, call, &node, &company);

    if (!reason && (!members_find(&self->members, req->member_id, &member) || member.union_id != node.id))
        reason = IDENTITY__REASON__MEMBER_NOT_FOUND;
    if (!reason && member.id == rpc_principal(call)->member_id)
        reason = IDENTITY__REASON__NOT_FOR_YOURSELF;
    if (rpc_refuse_if(call, reason))
        return;
    proposal_make(self,
                  &(struct proposal){
                      .kind = IDENTITY__PROPOSAL_KIND__PROPOSAL_DEPARTURE, .member_id = member.id, .union_id = node.id},
                  reply, call);
}

const Identity__Companies_Service companies_api = IDENTITY__COMPANIES__INIT(companies__);
