#include "common/base/union_path.h"

static const char base36[] = "0123456789abcdefghijklmnopqrstuvwxyz";

/* Of each call from the edge: strspn would first make a table of all bytes. */
bool union_path_ok(const char *path)
{
    size_t len = 0;

    while (len <= LIMIT_UNION_PATH &&
           ((path[len] >= '0' && path[len] <= '9') || (path[len] >= 'a' && path[len] <= 'z')))
        len++;
    return path[len] == '\0' && len <= LIMIT_UNION_PATH && len % LIMIT_PATH_SEGMENT == 0;
}

size_t union_path_level(const char *path)
{
    return strlen(path) / LIMIT_PATH_SEGMENT;
}

bool union_path_child(const char *parent, int64_t ordinal, char ret_path[UNION_PATH_SIZE])
{
    size_t len = strlen(parent);

    ensure(len <= LIMIT_UNION_PATH && len % LIMIT_PATH_SEGMENT == 0);
    if (len == LIMIT_UNION_PATH || ordinal < 0 || ordinal >= UNION_PATH_CHILDREN)
        return false;
    memmove(ret_path, parent, len);
    for (size_t i = LIMIT_PATH_SEGMENT; i-- > 0; ordinal /= 36)
        ret_path[len + i] = base36[ordinal % 36];
    ret_path[len + LIMIT_PATH_SEGMENT] = '\0';
    return true;
}

void union_path_parent(const char *path, char ret_path[UNION_PATH_SIZE])
{
    size_t len = strlen(path);

    ensure(len <= LIMIT_UNION_PATH);
    len = len < LIMIT_PATH_SEGMENT ? 0 : len - LIMIT_PATH_SEGMENT;
    memmove(ret_path, path, len);
    ret_path[len] = '\0';
}

const char *union_path_segment(const char *path)
{
    size_t len = strlen(path);

    return len < LIMIT_PATH_SEGMENT ? "" : path + len - LIMIT_PATH_SEGMENT;
}

void union_path_end(const char *path, char ret_end[UNION_PATH_SIZE + 1])
{
    size_t len = strlen(path);

    ensure(len <= LIMIT_UNION_PATH);
    memmove(ret_end, path, len);
    ret_end[len] = 'z' + 1;
    ret_end[len + 1] = '\0';
}
