#include "services/identity/pages.h"
#include "services/identity/rules.h"
#include "services/identity/unions.h"

bool page_begin(const struct union_node *node, int32_t page_size, size_t max, const char *token, struct page *ret_page)
{
    const char *dot = strchr(token, '.');
    size_t len = dot ? (size_t)(dot - token) : 0, digits = dot ? strlen(dot + 1) : 0;

    *ret_page = (struct page){.size = page_size > 0 && (size_t)page_size <= max ? (size_t)page_size : max / 2};
    union_path_end(node->path, ret_page->end);
    snprintf(ret_page->from, sizeof(ret_page->from), "%s", node->path);
    if (!*token)
        return true;
    if (!dot || len > LIMIT_UNION_PATH || strspn(token, "0123456789abcdefghijklmnopqrstuvwxyz") != len || digits == 0 ||
        digits > 18 || strspn(dot + 1, "0123456789") != digits)
        return false;
    memcpy(ret_page->from, token, len);
    ret_page->from[len] = '\0';
    ret_page->after = strtoll(dot + 1, NULL, 10);
    return union_path_covers(node->path, ret_page->from);
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
