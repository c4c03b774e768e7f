/* A request line's method and path, divided by a space.
 *
 * Holds: a match has the parameters of its template, each within the path. */
#include "common/api/api.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *http = (const char *)data, *space = size ? memchr(data, ' ', size) : NULL, *path;
    struct api_match match;
    size_t path_len;

    ensure(api_load() == 0);
    if (!space)
        return 0;
    path = space + 1;
    path_len = size - (size_t)(path - http);
    api_route(http, (size_t)(space - http), path, path_len, &match);
    ensure(!match.method || !match.other_methods);
    ensure(!match.other_methods == !match.allow);
    if (!match.method)
        return 0;
    ensure(match.n_params == match.method->n_params);
    for (unsigned i = 0; i < match.n_params; i++) {
        const struct api_param *param = &match.params[i];

        ensure(param->field == match.method->params[i] && param->len > 0);
        ensure(param->text > path && param->text + param->len <= path + path_len);
        ensure(!memchr(param->text, '/', param->len));
    }
    return 0;
}
