#include "services/gateway/http/head.h"

#include <llhttp.h>
#include <strings.h>

#include "rpc.pb-c.h"
#include "services/gateway/http/target.h"

#define METHOD_MAX 32 /* the longest known method has 13 characters */

const struct refusal_kind refusal_kinds[REFUSAL_COUNT] = {
#define X(name, status, reason, text) [REFUSAL_##name] = {status, RPC__REASON__##reason, text},
    REFUSAL_MAP(X)
#undef X
};

/* By character: 1 token (RFC 9110, 5.6.2), 2 target (visible ASCII without the
 * backslash), 4 field value (5.5), 8 reg-name of a host (RFC 3986, 3.2.2). */
enum { TOKEN = 1, TARGET = 2, VALUE = 4, REG_NAME = 8 };
/* clang-format off */
static const uint8_t classes[256] = {
     0,  0,  0,  0,  0,  0,  0,  0,  0,  4,  0,  0,  0,  0,  0,  0,
     0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
     4, 15,  6,  7, 15, 15, 15, 15, 14, 14, 15, 15, 14, 15, 15,  6,
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15,  6, 14,  6, 14,  6,  6,
     6, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,  6,  4,  6,  7, 15,
     7, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,  6,  7,  6, 15,  0,
     4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,
     4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,
     4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,
     4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,
     4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,
     4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,
     4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,
     4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,
};
/* clang-format on */

enum scan_state { SCAN_METHOD, SCAN_TARGET, SCAN_VERSION, SCAN_LF, SCAN_LINE, SCAN_NAME, SCAN_VALUE, SCAN_END };

static bool is_class(char c, uint8_t which)
{
    return classes[(unsigned char)c] & which;
}

/* How many bytes at the beginning are of this class. */
static size_t run_of(const char *bytes, size_t len, uint8_t which)
{
    size_t i = 0;

    while (i < len && is_class(bytes[i], which))
        i++;
    return i;
}

/* The same of VALUE: most of a head is its values, and most of them are visible ASCII, so eight bytes are asked about
 * at once whether one is below the space or the DEL, without the bits above ASCII. Carries can only make it answer that
 * one may be, which the table then decides. */
static size_t run_of_value(const char *bytes, size_t len)
{
    const uint64_t each = 0x0101010101010101, high = each << 7;
    size_t i = 0;

    for (uint64_t eight; len - i >= sizeof(eight); i += sizeof(eight)) {
        memcpy(&eight, bytes + i, sizeof(eight));
        if ((((eight - each * ' ') | ((eight ^ each * 0x7f) - each)) & high) || (eight & high))
            break;
    }
    return i + run_of(bytes + i, len - i, VALUE);
}

bool head_is_token(unsigned char c)
{
    return classes[c] & TOKEN;
}

bool head_is_value(unsigned char c)
{
    return classes[c] & VALUE;
}

bool head_is_reg_name(unsigned char c)
{
    return classes[c] & REG_NAME;
}

void head_init(struct head *head)
{
    memset(head, 0, offsetof(struct head, fields));
}

/* ---- pass 1: the scan ---- */

/* The method and the space behind it: one byte. */
static enum refusal scan_method(struct head *head, char c)
{
    if (c == ' ' && head->part > 0) {
        head->method_len = head->part;
        head->state = SCAN_TARGET;
        head->part = 0;
        return REFUSAL_NONE;
    }
    return is_class(c, TOKEN) && ++head->part <= METHOD_MAX ? REFUSAL_NONE : REFUSAL_METHOD;
}

/* The target and the space behind it: as many bytes as there are. */
static enum refusal scan_target(struct head *head, const char *bytes, size_t len, size_t *ret_used)
{
    size_t room = (size_t)LIMIT_URI - head->part, run = run_of(bytes, len < room ? len : room, TARGET);

    head->part = (uint16_t)(head->part + run);
    *ret_used = run;
    if (run == len)
        return REFUSAL_NONE;
    *ret_used = run + 1;
    if (bytes[run] == ' ' && head->part > 0) {
        head->state = SCAN_VERSION;
        head->part = 0;
        return REFUSAL_NONE;
    }
    return is_class(bytes[run], TARGET) ? REFUSAL_URI_TOO_LONG : REFUSAL_TARGET;
}

/* HTTP/1.0 or HTTP/1.1, and the end of the line: one byte. */
static enum refusal scan_version(struct head *head, char c)
{
    static const char version[] = "HTTP/1.";

    if (head->part < sizeof(version) - 1) {
        if (c != version[head->part])
            return REFUSAL_VERSION;
    } else if (head->part == sizeof(version) - 1) {
        if (c != '0' && c != '1')
            return REFUSAL_VERSION;
    } else {
        if (c != '\r')
            return REFUSAL_VERSION;
        head->state = SCAN_LF;
    }
    head->part++;
    return REFUSAL_NONE;
}

/* The first byte of a line behind the request line. */
static enum refusal scan_line(struct head *head, char c)
{
    if (c == '\r') {
        head->state = SCAN_END;
        return REFUSAL_NONE;
    }
    if (c == ' ' || c == '\t')
        return REFUSAL_FOLD;
    if (c == '\n')
        return REFUSAL_LINE_END;
    if (!is_class(c, TOKEN))
        return REFUSAL_FIELD_NAME;
    if (++head->lines > LIMIT_HEADER_COUNT)
        return REFUSAL_HEADERS_TOO_LARGE;
    head->state = SCAN_NAME;
    head->part = 1;
    return REFUSAL_NONE;
}

/* Most bytes are inside a name or a value: run over them. */
static enum refusal scan_field(struct head *head, const char *bytes, size_t len, size_t *ret_used)
{
    uint8_t which = head->state == SCAN_NAME ? TOKEN : VALUE;
    size_t room = (size_t)LIMIT_HEADER_LINE - head->part, most = len < room ? len : room;
    size_t i = which == VALUE ? run_of_value(bytes, most) : run_of(bytes, most, TOKEN);

    head->part = (uint16_t)(head->part + i);
    *ret_used = i;
    if (i == len)
        return REFUSAL_NONE;
    *ret_used = i + 1;
    if (head->state == SCAN_NAME && bytes[i] == ':') {
        head->state = SCAN_VALUE;
        return REFUSAL_NONE;
    }
    if (head->state == SCAN_VALUE && bytes[i] == '\r') {
        head->state = SCAN_LF;
        return REFUSAL_NONE;
    }
    if (is_class(bytes[i], which))
        return REFUSAL_HEADERS_TOO_LARGE;
    if (bytes[i] == '\n' || bytes[i] == '\r')
        return REFUSAL_LINE_END;
    return head->state == SCAN_NAME ? REFUSAL_FIELD_NAME : REFUSAL_FIELD_VALUE;
}

static enum refusal scan(struct head *head, const char *bytes, size_t len, size_t *ret_used)
{
    enum refusal refusal = REFUSAL_NONE;
    size_t i = 0;

    while (i < len && !refusal && !head->complete) {
        size_t used = 1;

        switch (head->state) {
        case SCAN_METHOD:
            refusal = scan_method(head, bytes[i]);
            break;
        case SCAN_TARGET:
            refusal = scan_target(head, bytes + i, len - i, &used);
            break;
        case SCAN_VERSION:
            refusal = scan_version(head, bytes[i]);
            break;
        case SCAN_LF:
        case SCAN_END:
            if (bytes[i] != '\n')
                refusal = REFUSAL_LINE_END;
            head->complete = head->state == SCAN_END;
            head->state = SCAN_LINE;
            break;
        case SCAN_LINE:
            refusal = scan_line(head, bytes[i]);
            break;
        default:
            refusal = scan_field(head, bytes + i, len - i, &used);
        }
        i += used;
    }
    *ret_used = i;
    return refusal;
}

/* ---- pass 2: llhttp ---- */

struct cutting {
    struct head *head;
    size_t target, target_len;
    bool done;
};

static size_t offset_of(const struct cutting *cutting, const char *at)
{
    return (size_t)(at - cutting->head->bytes);
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    struct cutting *cutting = parser->data;

    if (cutting->target_len)
        return -1;
    cutting->target = offset_of(cutting, at);
    cutting->target_len = len;
    return 0;
}

static int on_field(llhttp_t *parser, const char *at, size_t len)
{
    struct cutting *cutting = parser->data;
    struct head *head = cutting->head;

    if (head->field_count == LIMIT_HEADER_COUNT)
        return -1;
    head->fields[head->field_count++] =
        (struct head_field){.name = (uint16_t)offset_of(cutting, at), .name_len = (uint16_t)len};
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t len)
{
    struct cutting *cutting = parser->data;
    struct head *head = cutting->head;
    struct head_field *field = head->fields + head->field_count - 1;

    if (head->field_count == 0 || field->value)
        return -1;
    while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
        len--;
    field->value = (uint16_t)offset_of(cutting, at);
    field->value_len = (uint16_t)len;
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct cutting *cutting = parser->data;

    cutting->done = true;
    return 0;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_headers_complete,
};

static enum refusal cut(struct head *head, struct cutting *ret_cutting)
{
    llhttp_t parser;
    llhttp_errno_t error;

    *ret_cutting = (struct cutting){.head = head};
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = ret_cutting;
    error = llhttp_execute(&parser, head->bytes, head->len);
    if (error == HPE_INVALID_METHOD)
        return REFUSAL_UNKNOWN_METHOD;
    if (error == HPE_INVALID_URL)
        return REFUSAL_TARGET;
    if (error == HPE_INVALID_TRANSFER_ENCODING)
        return REFUSAL_TRANSFER_ENCODING;
    if (error == HPE_INVALID_CONTENT_LENGTH || error == HPE_UNEXPECTED_CONTENT_LENGTH)
        return REFUSAL_CONTENT_LENGTH;
    if ((error != HPE_OK && error != HPE_PAUSED_UPGRADE) || !ret_cutting->done || head->field_count != head->lines)
        return REFUSAL_PARSER;
    head->minor_version = parser.http_minor;
    return REFUSAL_NONE;
}

/* ---- pass 3: the policy ---- */

static bool equals(const char *text, size_t len, const char *lower)
{
    return strlen(lower) == len && strncasecmp(text, lower, len) == 0;
}

/* Whether a comma-separated list has this member. */
static bool list_has(const char *text, size_t len, const char *lower)
{
    size_t start = 0;

    for (size_t i = 0; i <= len; i++) {
        size_t end = i;

        if (i < len && text[i] != ',')
            continue;
        while (start < end && (text[start] == ' ' || text[start] == '\t'))
            start++;
        while (end > start && (text[end - 1] == ' ' || text[end - 1] == '\t'))
            end--;
        if (equals(text + start, end - start, lower))
            return true;
        start = i + 1;
    }
    return false;
}

static bool read_length(const char *text, size_t len, uint64_t *ret_length)
{
    uint64_t length = 0;

    if (len == 0 || len > 18)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        length = length * 10 + (uint64_t)(text[i] - '0');
    }
    *ret_length = length;
    return true;
}

/* The fields that decide something here, and may therefore stand only once. */
enum known {
    HOST,
    LENGTH,
    ENCODING,
    TYPE,
    AUTHORIZATION,
    IDEMPOTENCY_KEY,
    EXPECT,
    KNOWN_ONCE,
    CONNECTION,
    UPGRADE,
    OTHER
};

static const struct {
    const char *name;
    bool in_trailer;
} known_fields[] = {
    [HOST] = {"host", false},
    [LENGTH] = {"content-length", false},
    [ENCODING] = {"transfer-encoding", false},
    [TYPE] = {"content-type", false},
    [AUTHORIZATION] = {"authorization", false},
    [IDEMPOTENCY_KEY] = {"idempotency-key", false},
    [EXPECT] = {"expect", false},
    [KNOWN_ONCE] = {"", true},
    [CONNECTION] = {"connection", false},
    [UPGRADE] = {"upgrade", false},
};

static enum known known_field(const char *name, size_t len)
{
    enum known which;

    switch (len) {
    case 4:
        which = HOST;
        break;
    case 6:
        which = EXPECT;
        break;
    case 7:
        which = UPGRADE;
        break;
    case 10:
        which = CONNECTION;
        break;
    case 12:
        which = TYPE;
        break;
    case 13:
        which = AUTHORIZATION;
        break;
    case 14:
        which = LENGTH;
        break;
    case 15:
        which = IDEMPOTENCY_KEY;
        break;
    case 17:
        which = ENCODING;
        break;
    default:
        return OTHER;
    }
    return memcmp(name, known_fields[which].name, len) == 0 ? which : OTHER;
}

bool head_allows_trailer(const char *name, size_t len)
{
    return known_field(name, len) == OTHER;
}

/* The one place where an Upgrade is decided. A protocol that nobody here speaks
 * is ignored, as RFC 9110, 7.8 has it: the client then goes on with HTTP/1.1. A
 * WebSocket cannot go on, so it is refused. */
static enum refusal decide_upgrade(const char *value, size_t len)
{
    return list_has(value, len, "websocket") ? REFUSAL_UPGRADE : REFUSAL_NONE;
}

/* What the fields say one by one; ret_values has those that stand once. */
static enum refusal read_fields(struct head *head, const struct head_field *ret_values[])
{
    bool close = false, keep = false;
    enum refusal upgrade = REFUSAL_NONE;

    for (size_t i = 0; i < head->field_count; i++) {
        struct head_field *field = &head->fields[i];
        char *name = head->bytes + field->name;
        const char *value = head->bytes + field->value;
        enum known which;

        for (size_t j = 0; j < field->name_len; j++) {
            if (name[j] >= 'A' && name[j] <= 'Z')
                name[j] = (char)(name[j] | 0x20);
        }
        which = known_field(name, field->name_len);
        if (which < KNOWN_ONCE) {
            if (ret_values[which])
                return which == LENGTH     ? REFUSAL_CONTENT_LENGTH
                       : which == ENCODING ? REFUSAL_TRANSFER_ENCODING
                       : which == HOST     ? REFUSAL_HOST
                                           : REFUSAL_FIELD_TWICE;
            ret_values[which] = field;
        } else if (which == CONNECTION) {
            close = close || list_has(value, field->value_len, "close");
            keep = keep || list_has(value, field->value_len, "keep-alive");
        } else if (which == UPGRADE && head->minor_version == 1 && !upgrade) {
            upgrade = decide_upgrade(value, field->value_len);
        }
    }
    head->keep_alive = !close && (head->minor_version == 1 || keep);
    return upgrade;
}

static enum refusal read_framing(struct head *head, const struct head_field *const values[])
{
    const struct head_field *field = values[ENCODING];

    if (field) {
        if (values[LENGTH] || head->minor_version == 0 ||
            !equals(head->bytes + field->value, field->value_len, "chunked"))
            return REFUSAL_TRANSFER_ENCODING;
        head->chunked = true;
    }
    field = values[LENGTH];
    if (field && !read_length(head->bytes + field->value, field->value_len, &head->content_length))
        return REFUSAL_CONTENT_LENGTH;
    return REFUSAL_NONE;
}

static enum refusal judge(struct head *head, const struct cutting *cutting)
{
    const struct head_field *values[KNOWN_ONCE] = {NULL};
    struct authority host = {NULL, 0, 0};
    enum refusal later = read_fields(head, values), refusal;

    if (later && later != REFUSAL_UPGRADE)
        return later;
    refusal = read_framing(head, (const struct head_field *const *)values);
    if (refusal)
        return refusal;
    if (values[HOST] ? !authority_read(head->bytes + values[HOST]->value, values[HOST]->value_len, &host)
                     : head->minor_version == 1)
        return REFUSAL_HOST;
    if (equals(head->bytes, head->method_len, "connect"))
        return REFUSAL_CONNECT;
    refusal = target_read(head, cutting->target, cutting->target_len, &host);
    if (refusal)
        return refusal;
    if (later)
        return later;
    if (head->content_length > LIMIT_BODY)
        return REFUSAL_BODY_TOO_LARGE;
    if (values[EXPECT] && head->minor_version == 1) {
        if (!equals(head->bytes + values[EXPECT]->value, values[EXPECT]->value_len, "100-continue"))
            return REFUSAL_EXPECTATION;
        head->expects_continue = true;
    }
    return REFUSAL_NONE;
}

/* ---- the three together ---- */

enum refusal head_feed(struct head *head, const char *bytes, size_t len, size_t *ret_used)
{
    size_t room = sizeof(head->bytes) - head->len;
    struct cutting cutting;
    enum refusal refusal;

    refusal = scan(head, bytes, len < room ? len : room, ret_used);
    if (refusal)
        return refusal;
    memcpy(head->bytes + head->len, bytes, *ret_used);
    head->len += *ret_used;
    if (!head->complete)
        return head->len == sizeof(head->bytes) ? REFUSAL_HEADERS_TOO_LARGE : REFUSAL_NONE;
    refusal = cut(head, &cutting);
    return refusal ? refusal : judge(head, &cutting);
}

const char *head_field(const struct head *head, const char *name, size_t *ret_len)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < head->field_count; i++) {
        const struct head_field *field = &head->fields[i];

        if (field->name_len == len && memcmp(head->bytes + field->name, name, len) == 0) {
            *ret_len = field->value_len;
            return head->bytes + field->value;
        }
    }
    return NULL;
}
