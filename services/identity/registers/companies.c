#include "services/identity/registers/companies.h"
#include "services/identity/unions/decision.h"
#include "services/identity/unions/unions.h"

#define COLUMNS "company_id, company.union_id, credit_code, name, excuse, registered_by, registered_at"
/* Into what those go. */
#define INTO_COMPANY(ret)                                                                                              \
    INTO((ret)->id), INTO((ret)->union_id), INTO((ret)->credit_code), INTO((ret)->name), INTO((ret)->excuse),          \
        INTO((ret)->registered_by), INTO((ret)->registered_at)

const int no_officials[] = {RULE__ROLE__ROLE_NONE};

enum { SQL_ADD, SQL_FIND, SQL_PAGE, SQL_SET_AGENT, SQL_AGENTS, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO company (company_id, union_id, credit_code, name, excuse, registered_by, registered_at) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM company WHERE union_id = ?1",
    [SQL_PAGE] =
        "WITH slice AS (" PAGE_SLICE ") SELECT " COLUMNS ", path FROM slice JOIN company ON company.union_id = "
        "slice.union_id WHERE (path > ?1 OR company_id > ?3) AND (?5 = '' OR instr(lower(name), lower(?5)) > 0) "
        "ORDER BY path, company_id LIMIT ?4",
    [SQL_SET_AGENT] = "INSERT INTO company_agent (grant_id, company_id, kind) VALUES (?1, ?2, ?3) "
                      "ON CONFLICT (grant_id) DO UPDATE SET kind = excluded.kind",
    [SQL_AGENTS] = "SELECT company_agent.grant_id, company_id, member_id, granted_at, kind FROM company_agent "
                   "JOIN authority ON authority.grant_id = company_agent.grant_id WHERE company_id = ?1 "
                   "ORDER BY company_agent.grant_id LIMIT ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

bool companies_add(const struct companies *companies, const struct company *company)
{
    return store_run(companies->store, companies->sql + SQL_ADD, "iitttii", company->id, company->union_id,
                     company->credit_code, company->name, company->excuse, company->registered_by,
                     company->registered_at) != -1;
}

bool companies_find(const struct companies *companies, int64_t union_id, struct company *ret)
{
    struct store *store = companies->store;
    unsigned find = companies->sql + SQL_FIND;

    store_ask(store, find, "i", union_id);
    return store_only(store, find, INTO_COMPANY(ret));
}

size_t companies_find_page(const struct companies *companies, const struct page *page, const char *piece,
                           struct company *ret, char (*ret_paths)[UNION_PATH_SIZE])
{
    unsigned statement = companies->sql + SQL_PAGE;
    size_t n = 0;

    store_ask(companies->store, statement, "ttiit", page->from, page->end, page->after, (int64_t)page->limit, piece);
    while (ret && ret_paths && n < page->limit &&
           store_read(companies->store, statement, INTO_COMPANY(&ret[n]), INTO(ret_paths[n])))
        n++;
    store_end(companies->store, statement);
    return n;
}

void companies_set_agent(const struct companies *companies, const struct agent *agent)
{
    store_run(companies->store, companies->sql + SQL_SET_AGENT, "iii", agent->grant_id, agent->company_id,
              (int64_t)agent->kind);
}

size_t companies_find_agents(const struct companies *companies, int64_t company_id, struct agent *ret, size_t size)
{
    struct store *store = companies->store;
    unsigned agents = companies->sql + SQL_AGENTS;
    size_t n = 0;

    store_ask(store, agents, "ii", company_id, (int64_t)size);
    while (n < size && store_read(store, agents, INTO(ret[n].grant_id), INTO(ret[n].company_id), INTO(ret[n].member_id),
                                  INTO(ret[n].since), INTO(ret[n].kind)))
        n++;
    store_end(store, agents);
    return n;
}

bool caller_is_agent(void *call, const char *union_path)
{
    const Rpc__Principal *principal = rpc_principal(call);

    if (principal->internal)
        return true;
    for (size_t i = 0; i < principal->n_grants; i++) {
        if (principal->grants[i]->role == RULE__ROLE__COMPANY_AGENT &&
            strcmp(principal->grants[i]->union_path, union_path) == 0)
            return true;
    }
    return false;
}

int company_refusal(struct identity *self, int64_t union_id, const int *roles, void *call, struct union_node *ret_node,
                    struct company *ret_company)
{
    if (union_id <= 0 || !unions_find(&self->unions, union_id, ret_node))
        return RPC__REASON__UNION_NOT_FOUND;
    if (!caller_holds(call, roles, ret_node->path) && !caller_is_agent(call, ret_node->path))
        return RPC__REASON__OUTSIDE_YOUR_UNION;
    return companies_find(&self->companies, union_id, ret_company) ? 0 : IDENTITY__REASON__COMPANY_NOT_FOUND;
}

bool caller_is_approver(struct identity *self, void *call, const struct union_node *node)
{
    struct agent agents[COMPANY_AGENTS_MAX];
    struct company company;
    size_t n;

    if (!caller_is_agent(call, node->path) || !companies_find(&self->companies, node->id, &company))
        return false;
    n = companies_find_agents(&self->companies, company.id, agents, ARRAY_LEN(agents));
    for (size_t i = 0; i < n; i++) {
        if (agents[i].member_id == rpc_principal(call)->member_id)
            return agents[i].kind == IDENTITY__AGENT_KIND__AGENT_APPROVER;
    }
    return false;
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;
    struct company company;

    (void)row;
    if (event->event_case != IDENTITY__EVENT__EVENT_COMPANY_REGISTERED)
        return true;
    told[0]++;
    return companies_find(&self->companies, event->company_registered->union_id, &company) &&
           company.id == event->company_registered->company_id;
}

const struct part_spec companies_part = {
    .tables = "company company_agent",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(company_id) FROM company",
    .agrees = agrees,
    .counts = {{"companies", "SELECT count(*) FROM company"}},
    .keeps = "who registered a company must be known as long as it is one; its agents hold grants",
};
