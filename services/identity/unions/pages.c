#include "services/identity/unions/pages.h"

#include "services/identity/unions/decision.h"
#include "services/identity/rules.h"
#include "services/identity/unions/unions.h"

static bool read_page(const struct union_node *node, const char *token, struct page *page)
{
    const char *dot = strchr(token, '.');
    size_t len = dot ? (size_t)(dot - token) : 0;

    union_path_end(node->path, page->end);
    snprintf(page->from, sizeof(page->from), "%s", node->path);
    if (!*token)
        return true;
    if (!dot || len > LIMIT_UNION_PATH || strspn(token, "0123456789abcdefghijklmnopqrstuvwxyz") != len || !dot[1] ||
        !page_token_read(dot + 1, &page->after))
        return false;
    memcpy(page->from, token, len);
    page->from[len] = '\0';
    return union_path_covers(node->path, page->from);
}

bool page_begin(struct identity *self, int64_t union_id, const int *roles, int32_t page_size, size_t max,
                const char *token, void *call, struct page *ret_page)
{
    struct union_node node;
    int reason = official_refusal(self, union_id, roles, call);

    if (reason) {
        rpc_refuse(call, reason);
        return false;
    }
    *ret_page = (struct page){.size = page_size > 0 && (size_t)page_size <= max ? (size_t)page_size : max / 2};
    if (unions_find(&self->unions, union_id, &node) && read_page(&node, token, ret_page))
        return true;
    rpc_refuse_field(call, RPC__REASON__BAD_PAGE_TOKEN, "pageToken");
    return false;
}

void page_token_behind(const char *path, int64_t id, char ret_token[PAGE_TOKEN_SIZE])
{
    snprintf(ret_token, PAGE_TOKEN_SIZE, "%s.%lld", path, (long long)id);
}

void page_token_slice(const struct unions *unions, const struct page *page, char ret_token[PAGE_TOKEN_SIZE])
{
    char path[UNION_PATH_SIZE];

    *ret_token = '\0';
    if (unions_find_path_beyond(unions, page->from, page->end, PAGE_UNIONS, path))
        page_token_behind(path, 0, ret_token);
}
