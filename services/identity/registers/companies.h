/* companies.h: companies and who acts for them: their SQL.
 *
 * A company is bound to the union of its workers, one to one. An agent is a grant of
 * COMPANY_AGENT over that union, which covers the union alone and nothing below it: a
 * handler reports, an approver also confirms what others report. The first who was
 * appointed may appoint and dismiss the others, as the union's officials may. */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/rules.h"
#include "services/identity/unions/pages.h"
#include "services/identity/unions/unions.h"

#define COMPANY_AGENTS_MAX  20
#define COMPANY_EXCUSE_SIZE (200 * 4 + 1)

struct company {
    int64_t id, union_id, registered_by, registered_at;
    char credit_code[CN_USCC_LEN + 1], name[UNION_NAME_SIZE], excuse[COMPANY_EXCUSE_SIZE];
};

struct agent {
    int64_t grant_id, company_id, member_id, since;
    int kind; /* Identity__AgentKind */
};

/* False when the union has one, or the code is another's. */
bool companies_add(const struct companies *companies, const struct company *company);
bool companies_find(const struct companies *companies, int64_t union_id, struct company *ret);
/* Those of a page of a subtree with a piece of a name ("": all), and the paths of their unions; returns how many. */
size_t companies_find_page(const struct companies *companies, const struct page *page, const char *piece,
                           struct company *ret, char (*ret_paths)[UNION_PATH_SIZE]);
/* Adds an agent to her grant, or changes her kind. */
void companies_set_agent(const struct companies *companies, const struct agent *agent);
/* In the order in which they were appointed, at most `size`; returns how many. */
size_t companies_find_agents(const struct companies *companies, int64_t company_id, struct agent *ret, size_t size);

/* Whether an official of these roles, or one of its agents, may ask of the company of a
 * union: 0, UNION_NOT_FOUND, OUTSIDE_YOUR_UNION, COMPANY_NOT_FOUND. */
extern const int no_officials[];
int company_refusal(struct identity *self, int64_t union_id, const int *roles, void *call, struct union_node *ret_node,
                    struct company *ret_company);
/* Whether the caller acts for the company of this union itself. */
bool caller_is_agent(void *call, const char *union_path);
/* Whether she is one of its approvers. */
bool caller_is_approver(struct identity *self, void *call, const struct union_node *node);
