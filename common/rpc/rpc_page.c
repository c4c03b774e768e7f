/* rpc_page.c: lists in pages.
 *
 * A token is base64url of a check, the key of a page's last row, 64 bits big-endian, and its
 * place where keys have one. The check is a hash of these and of the operation's
 * name: no secret, since a key opens nothing that the list does not show, but what is no
 * token of this list is found out. */
#include "common/base/base64url.h"
#include "common/base/bytes.h"
#include "common/rpc/rpc_internal.h"

#define CHECK_LEN 4
#define HEAD_LEN  (CHECK_LEN + 8)

_Static_assert(BASE64URL_CHARS(HEAD_LEN + LIMIT_PAGE_PLACE) == LIMIT_PAGE_TOKEN, "the bound of limits.h");

static uint32_t check_of(const struct api_method *method, const unsigned char *key, size_t len)
{
    unsigned char all[128 + 8 + LIMIT_PAGE_PLACE];
    size_t name_len = strnlen(method->name, 128);
    uint64_t hash;

    memcpy(all, method->name, name_len);
    memcpy(all + name_len, key, len);
    hash = fnv1a(all, name_len + len);
    return (uint32_t)(hash ^ hash >> 32);
}

/* "" is the first page. */
static bool read_token(const struct api_method *method, const char *token, struct rpc_paging *ret)
{
    unsigned char bytes[HEAD_LEN + LIMIT_PAGE_PLACE];
    size_t len = strlen(token), place_len;
    int n;

    ret->page.place = ret->place;
    if (len == 0)
        return true;
    n = len <= LIMIT_PAGE_TOKEN ? base64url_decode(token, len, bytes) : -1;
    if (n < HEAD_LEN || get_be32(bytes) != check_of(method, bytes + CHECK_LEN, (size_t)n - CHECK_LEN))
        return false;
    place_len = (size_t)n - HEAD_LEN;
    memcpy(ret->place, bytes + HEAD_LEN, place_len);
    ret->place[place_len] = '\0';
    ret->page.after = (int64_t)get_be64(bytes + CHECK_LEN);
    return ret->page.after >= 0 && strlen(ret->place) == place_len;
}

static size_t write_token(const struct rpc_call *call, char ret[LIMIT_PAGE_TOKEN])
{
    const struct rpc_paging *paging = call->paging;
    unsigned char bytes[HEAD_LEN + LIMIT_PAGE_PLACE];
    size_t place_len = strlen(paging->last_place);

    put_be64(bytes + CHECK_LEN, (uint64_t)paging->last);
    memcpy(bytes + HEAD_LEN, paging->last_place, place_len);
    put_be32(bytes, check_of(call->method->api, bytes + CHECK_LEN, 8 + place_len));
    return base64url_encode(bytes, HEAD_LEN + place_len, ret);
}

static size_t page_size(const struct api_field *field, const ProtobufCMessage *input)
{
    int64_t size;

    if (!field)
        return SIZE_MAX;
    size = *(const int32_t *)(const void *)((const char *)input + field->descriptor->offset);
    if (size == 0)
        return (size_t)field->limit->usual;
    return size >= field->limit->min && size <= field->limit->max ? (size_t)size : 0;
}

static int64_t page_states(const struct api_field *field, const ProtobufCMessage *input)
{
    const char *at = (const char *)input;

    if (!field)
        return RPC_PAGE_ALL;
    return rpc_page_mask(*(const void *const *)(const void *)(at + field->descriptor->offset),
                         *(const size_t *)(const void *)(at + field->descriptor->quantifier_offset));
}

void rpc_page_begin(struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct api_method *method = call->method->api;
    struct rpc_paging *paging;

    paging = arena_zalloc(rpc_arena(call), sizeof(*paging));
    if (!paging) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    call->paging = paging;
    paging->page.size = page_size(method->page_size, input);
    paging->page.states = page_states(method->page_states, input);
    if (paging->page.size == 0) {
        rpc_fact_number(call, "minimum", method->page_size->limit->min);
        rpc_fact_number(call, "maximum", method->page_size->limit->max);
        rpc_refuse_field(call, RPC__REASON__OUT_OF_RANGE, method->page_size->json_name);
    } else if (!read_token(method,
                           *(char *const *)(const void *)((const char *)input + method->page_token->descriptor->offset),
                           paging)) {
        rpc_refuse_page(call);
    }
    paging->page.limit = paging->page.size < SIZE_MAX ? paging->page.size + 1 : SIZE_MAX;
    paging->page.before = paging->page.after ? paging->page.after : INT64_MAX;
}

size_t rpc_page_end(const struct rpc_call *call, unsigned char ret[RPC_PAGE_END])
{
    unsigned char *at = ret;
    char token[LIMIT_PAGE_TOKEN];
    size_t len;

    if (!call->paging->more)
        return 0;
    len = write_token(call, token);
    /* The number of the field, of at most two bytes, and that it has a length. */
    for (uint32_t tag = call->method->api->next_page_token->descriptor->id << 3 | 2; tag; tag >>= 7)
        *at++ = (unsigned char)(tag > 127 ? tag | 128 : tag);
    *at++ = (unsigned char)len;
    memcpy(at, token, len);
    return (size_t)(at - ret) + len;
}

/* ---- what a handler sees ---- */

static struct rpc_paging *paging_of(void *call)
{
    struct rpc_paging *paging = ((struct rpc_call *)call)->paging;

    ensure(paging);
    return paging;
}

const struct rpc_page *rpc_page(void *call)
{
    return &paging_of(call)->page;
}

int64_t rpc_page_mask(const void *states, size_t n)
{
    const int *list = states;
    int64_t mask = 0;

    for (size_t i = 0; i < n; i++) {
        if (list[i] >= 0 && list[i] < 63)
            mask |= INT64_C(1) << list[i];
    }
    return n == 0 ? RPC_PAGE_ALL : mask;
}

int64_t rpc_page_states(void *call, int64_t usual)
{
    int64_t states = rpc_page(call)->states;

    return states == RPC_PAGE_ALL ? usual : states;
}

bool rpc_page_wants(void *call, int state)
{
    return rpc_page(call)->states >> state & 1;
}

void rpc_page_ends_at(void *call, const char *place, int64_t key)
{
    struct rpc_paging *paging = paging_of(call);

    ensure(key >= 0 && strlen(place) <= LIMIT_PAGE_PLACE);
    paging->more = true;
    paging->last = key;
    snprintf(paging->last_place, sizeof(paging->last_place), "%s", place);
}

bool rpc_page_takes_at(void *call, const char *place, int64_t key)
{
    struct rpc_paging *paging = paging_of(call);

    if (paging->taken == paging->page.size) {
        paging->more = true;
        return false;
    }
    rpc_page_ends_at(call, place, key);
    paging->more = false;
    paging->taken++;
    return true;
}

bool rpc_page_takes(void *call, int64_t key)
{
    return rpc_page_takes_at(call, "", key);
}

void rpc_refuse_page(void *call)
{
    rpc_refuse_field(call, RPC__REASON__BAD_PAGE_TOKEN, ((struct rpc_call *)call)->method->api->page_token->json_name);
}
