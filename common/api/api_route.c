/* Paths as a tree, one level per segment. A node has its literal children in
 * order of length and bytes, one child for a parameter, and leaves: what a path
 * that ends here means, one for each custom verb and one without. */
#include "common/api/api_internal.h"

enum { HTTP_GET, HTTP_POST, HTTP_DELETE, HTTP_METHODS };

static const char *const http_names[HTTP_METHODS] = {"GET", "POST", "DELETE"};
/* By the set of methods that a leaf has. */
static const char *const allow_names[1 << HTTP_METHODS] = {
    "", "GET", "POST", "GET, POST", "DELETE", "GET, DELETE", "POST, DELETE", "GET, POST, DELETE",
};

struct api_leaf {
    const struct api_leaf *next;
    const char *verb; /* NULL: none */
    size_t verb_len;
    unsigned allow; /* bits of methods */
    const struct api_method *methods[HTTP_METHODS];
};

struct api_node {
    const char *literal; /* not of a parameter or the root */
    size_t len;
    struct api_node **children;
    size_t n_children;
    struct api_node *param;
    struct api_leaf *leaves;
};

/* ---- matching ---- */

struct walk {
    const char *end; /* of the path */
    unsigned n;
    const char *text[API_MAX_PARAMS];
    size_t len[API_MAX_PARAMS];
};

static int compare_literal(const struct api_node *node, const char *text, size_t len)
{
    if (node->len != len)
        return node->len < len ? -1 : 1;
    return memcmp(node->literal, text, len);
}

/* The place of text among the children, or where it would stand. */
static size_t find_place(const struct api_node *node, const char *text, size_t len, bool *ret_found)
{
    size_t low = 0, high = node->n_children;

    *ret_found = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare_literal(node->children[middle], text, len);

        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct api_node *find_literal(const struct api_node *node, const char *text, size_t len)
{
    bool found;
    size_t place = find_place(node, text, len, &found);

    return found ? node->children[place] : NULL;
}

static const struct api_leaf *find_leaf(const struct api_node *node, const char *verb, size_t verb_len)
{
    const struct api_leaf *leaf = node->leaves;

    while (leaf) {
        if (!verb == !leaf->verb && verb_len == leaf->verb_len && (!verb || memcmp(verb, leaf->verb, verb_len) == 0))
            break;
        leaf = leaf->next;
    }
    return leaf;
}

static bool walk_push(struct walk *walk, const char *text, size_t len)
{
    if (walk->n == API_MAX_PARAMS)
        return false;
    walk->text[walk->n] = text;
    walk->len[walk->n++] = len;
    return true;
}

static const struct api_leaf *match_last(const struct api_node *node, const char *text, struct walk *walk)
{
    const char *colon = memrchr(text, ':', (size_t)(walk->end - text));
    const char *stop = colon ? colon : walk->end;
    const char *verb = colon ? colon + 1 : NULL;
    size_t len = (size_t)(stop - text), verb_len = verb ? (size_t)(walk->end - verb) : 0;
    const struct api_node *child = find_literal(node, text, len);
    const struct api_leaf *leaf = child ? find_leaf(child, verb, verb_len) : NULL;

    if (leaf || !node->param || len == 0)
        return leaf;
    leaf = find_leaf(node->param, verb, verb_len);
    return leaf && walk_push(walk, text, len) ? leaf : NULL;
}

/* Follows the segments from slash on. No deeper than the tree, and each of its
 * nodes is tried at most once. */
static const struct api_leaf *match(const struct api_node *node, const char *slash, struct walk *walk)
{
    const char *text = slash + 1;
    const char *next = memchr(text, '/', (size_t)(walk->end - text));
    const struct api_node *child;
    const struct api_leaf *leaf;

    if (!next)
        return match_last(node, text, walk);
    child = find_literal(node, text, (size_t)(next - text));
    leaf = child ? match(child, next, walk) : NULL;
    if (leaf || !node->param || next == text || !walk_push(walk, text, (size_t)(next - text)))
        return leaf;
    leaf = match(node->param, next, walk);
    if (!leaf)
        walk->n--;
    return leaf;
}

void api_route_find(const struct api_node *root, const char *http, size_t http_len, const char *path, size_t path_len,
                    struct api_match *ret_match)
{
    struct walk walk = {.end = path + path_len, .n = 0};
    const struct api_leaf *leaf;

    ret_match->method = NULL;
    ret_match->other_methods = false;
    ret_match->allow = NULL;
    ret_match->n_params = 0;
    if (!root || path_len == 0 || path[0] != '/')
        return;
    leaf = match(root, path, &walk);
    if (!leaf)
        return;
    for (int i = 0; i < HTTP_METHODS; i++) {
        if (strlen(http_names[i]) == http_len && memcmp(http_names[i], http, http_len) == 0)
            ret_match->method = leaf->methods[i];
    }
    if (!ret_match->method) {
        ret_match->other_methods = true;
        ret_match->allow = allow_names[leaf->allow];
        return;
    }
    ret_match->n_params = walk.n;
    for (unsigned i = 0; i < walk.n; i++)
        ret_match->params[i] = (struct api_param){ret_match->method->params[i], walk.text[i], walk.len[i]};
}

/* ---- compiling ---- */

static struct api_node *add_literal(struct api *api, struct api_node *node, const char *text, size_t len)
{
    bool found;
    size_t place = find_place(node, text, len, &found);
    struct api_node **children, *child;

    if (found)
        return node->children[place];
    child = api_take(api, sizeof(*child));
    child->literal = text;
    child->len = len;
    children = api_take(api, (node->n_children + 1) * sizeof(struct api_node *));
    for (size_t i = 0; i < node->n_children; i++)
        children[i + (i >= place)] = node->children[i];
    children[place] = child;
    node->children = children;
    node->n_children++;
    return child;
}

/* A {parameter} must be a scalar field of the input, and in it once. */
static const char *add_param(struct api_method *method, const char *name, size_t len)
{
    const ProtobufCMessageDescriptor *input = method->input->descriptor;
    const struct api_field *field = NULL;

    for (unsigned i = 0; i < input->n_fields; i++) {
        if (strlen(input->fields[i].name) == len && memcmp(input->fields[i].name, name, len) == 0)
            field = &method->input->fields[i];
    }
    if (!field)
        return "a {parameter} that is no field of the input";
    if (field->message || field->descriptor->label != PROTOBUF_C_LABEL_NONE)
        return "a {parameter} that is no scalar";
    if (method->n_params == API_MAX_PARAMS)
        return "too many parameters";
    for (unsigned i = 0; i < method->n_params; i++) {
        if (method->params[i] == field)
            return "a {parameter} twice";
    }
    method->params[method->n_params++] = field;
    return NULL;
}

static bool is_literal(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool plain = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') ||
                     (i > 0 && (text[i] == '-' || text[i] == '.'));

        if (!plain)
            return false;
    }
    return len > 0;
}

static bool is_verb(const char *text)
{
    size_t i = 0;

    while ((text[i] >= 'a' && text[i] <= 'z') || (i > 0 && text[i] >= 'A' && text[i] <= 'Z'))
        i++;
    return i > 0 && text[i] == '\0';
}

static int add_leaf(struct api *api, struct api_node *node, const char *verb, struct api_method *method)
{
    size_t verb_len = verb ? strlen(verb) : 0;
    struct api_leaf *leaf = (struct api_leaf *)find_leaf(node, verb, verb_len);
    int http = 0;

    if (!leaf) {
        leaf = api_take(api, sizeof(*leaf));
        *leaf = (struct api_leaf){.next = node->leaves, .verb = verb, .verb_len = verb_len};
        node->leaves = leaf;
    }
    while (strcmp(http_names[http], method->http) != 0)
        http++;
    if (leaf->methods[http])
        return api_wrong(api, "route %s %s: the same for %s and %s", method->http, method->path,
                         leaf->methods[http]->name, method->name);
    leaf->methods[http] = method;
    leaf->allow |= 1U << http;
    return 0;
}

int api_route_add(struct api *api, struct api_method *method)
{
    const char *at = method->path, *verb = NULL, *mistake = at[0] == '/' ? NULL : "does not begin with /";
    struct api_node *node;

    if (!api->routes)
        api->routes = api_take(api, sizeof(*api->routes));
    node = api->routes;
    while (!mistake && at[0] == '/') {
        const char *text = at + 1;
        size_t len = strcspn(text, "/:");

        if (text[0] == '{' && len > 2 && text[len - 1] == '}') {
            mistake = add_param(method, text + 1, len - 2);
            if (!node->param)
                node->param = api_take(api, sizeof(*node->param));
            node = node->param;
        } else if (is_literal(text, len)) {
            node = add_literal(api, node, text, len);
        } else {
            mistake = "a segment that is neither a-z, 0-9, - and . nor a {parameter}";
        }
        at = text + len;
    }
    if (!mistake && at[0] == ':') {
        verb = at + 1;
        if (!is_verb(verb))
            mistake = "a custom verb that is not lowerCamelCase";
        else if (strcmp(method->http, "POST") != 0)
            mistake = "a custom verb that is not POSTed";
    }
    if (mistake)
        return api_wrong(api, "route %s of %s: %s", method->path, method->name, mistake);
    return add_leaf(api, node, verb, method);
}
