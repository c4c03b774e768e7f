#include "services/identity/unions/pages.h"

#include "services/identity/unions/decision.h"
#include "services/identity/rules.h"
#include "services/identity/unions/unions.h"

bool page_begin(struct identity *self, int64_t union_id, const int *roles, void *call, struct page *ret_page)
{
    const struct rpc_page *page = rpc_page(call);
    struct union_node node;
    int reason = official_refusal(self, union_id, roles, call);

    if (rpc_refuse_if(call, reason))
        return false;
    if (!unions_find(&self->unions, union_id, &node) || (*page->place && !union_path_covers(node.path, page->place))) {
        rpc_refuse_page(call);
        return false;
    }
    *ret_page = (struct page){.after = page->after, .limit = page->limit};
    snprintf(ret_page->from, sizeof(ret_page->from), "%s", *page->place ? page->place : node.path);
    union_path_end(node.path, ret_page->end);
    return true;
}

void page_end(const struct unions *unions, const struct page *page, size_t n, void *call)
{
    char path[UNION_PATH_SIZE];

    if (n < page->limit && unions_find_path_beyond(unions, page->from, page->end, PAGE_UNIONS, path))
        rpc_page_ends_at(call, path, 0);
}
