/* What every .proto says to the outside, held against the rules that all of them follow. */
#include "common/api/api_internal.h"
#include "common/api/json_internal.h"
#include "common/api/openapi_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct api api;

/* Whether a name has a word, or several words, of its own: TAKEN is in CODE_TAKEN, not in MISTAKEN. */
static bool has_words(const char *name, const char *words)
{
    size_t len = strlen(words);

    for (const char *at = name; (at = strstr(at, words)); at++) {
        if ((at == name || at[-1] == '_') && (at[len] == '_' || at[len] == '\0'))
            return true;
    }
    return false;
}

static void a_conflict_of_states_is_409(void **state)
{
    static const char *const conflicts[] = {
        "ALREADY",  "CLOSED",   "CONFLICT", "DECIDED", "DECLINED", "ENDED",   "EXISTS",    "FIXED", "FULL",
        "LAPSED",   "NOT_OPEN", "OVER",     "PAUSED",  "PENDING",  "SETTLED", "STALE",     "STATE", "TAKEN",
        "TOO_LATE", "TOO_MANY", "USED",     "USED_UP", "VOID",     "YET",     "WITHDRAWN",
    };
    /* About the caller, about what was sent, or of HTTP. */
    static const char *const others[] = {"ACCOUNT_CLOSED",  "STORE_FULL",     "UNION_NOT_KNOWN_YET",
                                         "SETTLED_BY_ONE",  "TOO_MANY_ITEMS", "WECHAT_STATE_INVALID",
                                         "WECHAT_CODE_USED", "DECIDED_ON_A_LINE"};

    (void)state;
    for (size_t i = 1; i < api.n_reasons; i++) {
        const struct api_reason *reason = &api.reasons[i];
        bool conflict = false;

        for (size_t j = 0; j < ARRAY_LEN(conflicts); j++)
            conflict = conflict || has_words(reason->name, conflicts[j]);
        for (size_t j = 0; j < ARRAY_LEN(others); j++)
            conflict = conflict && strcmp(reason->name, others[j]) != 0;
        if (conflict && reason->http != 409)
            fail_msg("%s.%s: %d", reason->package, reason->name, reason->http);
        if (has_words(reason->name, "NOT_FOUND") && reason->http != 404)
            fail_msg("%s.%s: %d", reason->package, reason->name, reason->http);
    }
}

static void a_service_says_no_status_of_http_itself(void **state)
{
    static const int statuses[] = {200, 400, 401, 403, 404, 409, 410, 429, 503};

    (void)state;
    for (size_t i = 1; i < api.n_reasons; i++) {
        const struct api_reason *reason = &api.reasons[i];
        bool known = strcmp(reason->package, "rpc") == 0;

        for (size_t j = 0; j < ARRAY_LEN(statuses); j++)
            known = known || reason->http == statuses[j];
        if (!known)
            fail_msg("%s.%s: %d is in no line of rule.Says", reason->package, reason->name, reason->http);
    }
}

/* ---- fields ---- */

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);

    return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

/* Calls visit with every field that routes reach, in what they take or in what they give. */
static void walk(const struct api_message *message, bool taken,
                 void (*visit)(const struct api_message *, const struct api_field *, bool))
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        if (message->fields[i].limit->inside)
            continue;
        visit(message, &message->fields[i], taken);
        if (message->fields[i].message)
            walk(message->fields[i].message, taken, visit);
    }
}

static void walk_all(void (*visit)(const struct api_message *, const struct api_field *, bool))
{
    for (size_t i = 0; i < api.n_methods; i++) {
        if (!api.methods[i].path)
            continue;
        walk(api.methods[i].input, true, visit);
        if (!api.methods[i].rule->media[0])
            walk(api.methods[i].output, false, visit);
    }
}

static void fail_at(const struct api_message *message, const struct api_field *field, const char *what)
{
    fail_msg("%s.%s: %s", message->descriptor->name, field->descriptor->name, what);
}

static void look_at_hash(const struct api_message *message, const struct api_field *field, bool taken)
{
    static const char *const names[] = {"hash",   "sha256", "root",      "commitment", "anchor",
                                        "cutoff", "ticket", "challenge", "handle"};
    ProtobufCType type = field->descriptor->type;

    (void)taken;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if ((type == PROTOBUF_C_TYPE_BYTES || type == PROTOBUF_C_TYPE_STRING) &&
            ends_with(field->descriptor->name, names[i]) && !field->limit->hex)
            fail_at(message, field, "a hash that is not hex");
    }
}

static void hashes_are_hexadecimal(void **state)
{
    (void)state;
    walk_all(look_at_hash);
}

/* Days that are counted from a first one, or how many. */
static bool counts_days(const struct api_message *message, const struct api_field *field)
{
    static const char *const counts[] = {
        "coupon.Coupon.day",    "coupon.ReleaseStatus.day", "coupon.Release.stock_per_day", "coupon.LotEntry.day",
        "coupon.LotStatus.day", "coupon.NumbersRow.day",    "health.AnnounceRequest.day"};
    char name[128];

    snprintf(name, sizeof(name), "%s.%s", message->descriptor->name, field->descriptor->name);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        if (strcmp(name, counts[i]) == 0)
            return true;
    }
    return false;
}

static void look_at_time(const struct api_message *message, const struct api_field *field, bool taken)
{
    const char *name = field->descriptor->name;
    bool wide = field->descriptor->type == PROTOBUF_C_TYPE_INT64;

    (void)taken;
    if ((ends_with(name, "_at") || ends_with(name, "_until") || ends_with(name, "_from")) && wide &&
        !field->limit->time)
        fail_at(message, field, "an instant that is no time");
    if ((ends_with(name, "_day") || strcmp(name, "days") == 0 || strcmp(name, "day") == 0) &&
        field->descriptor->type == PROTOBUF_C_TYPE_STRING)
        fail_at(message, field, "a day that is a string; int32 with day: true");
    if ((ends_with(name, "_day") || ends_with(name, "_on") || strcmp(name, "day") == 0 || strcmp(name, "from") == 0 ||
         strcmp(name, "to") == 0) &&
        field->descriptor->type == PROTOBUF_C_TYPE_INT32 && !field->limit->day && !counts_days(message, field))
        fail_at(message, field, "a day that is not said as one: day: true");
}

static void instants_are_times_and_days_are_days(void **state)
{
    (void)state;
    walk_all(look_at_time);
}

/* ---- names ---- */

static void look_at_path(const struct api_message *message, const struct api_field *field, bool taken)
{
    static const char *const names[] = {"path", "_path", "paths", "_seq", "rowid", "queue", "errcode"};

    (void)taken;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *name = field->descriptor->name;

        if (names[i][0] == '_' ? ends_with(name, names[i]) : strcmp(name, names[i]) == 0)
            fail_at(message, field, "what is known inside alone: name a union by union_id, or mark the field `inside`");
    }
}

static void what_is_known_inside_is_not_told(void **state)
{
    (void)state;
    walk_all(look_at_path);
}

static bool is_id(const char *name)
{
    return strcmp(name, "id") == 0 || ends_with(name, "_id") || ends_with(name, "_ids") || ends_with(name, "_by");
}

static void look_at_id(const struct api_message *message, const struct api_field *field, bool taken)
{
    /* What others call who, and the number of a key for passes. */
    static const char *const texts[] = {"resident_id", "key_id"};
    const ProtobufCFieldDescriptor *descriptor = field->descriptor;
    struct buf schema;

    (void)taken;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (ends_with(descriptor->name, texts[i]))
            return;
    }
    if (!is_id(descriptor->name) || field->limit->time)
        return;
    if (descriptor->type != PROTOBUF_C_TYPE_INT64)
        fail_at(message, field, "an id that is no int64");
    buf_init(&schema, 1024);
    openapi_field(&schema, field);
    if (!memmem(schema.bytes, schema.len, "\"type\":\"string\"", 15) ||
        memmem(schema.bytes, schema.len, "\"integer\"", 9))
        fail_msg("%s.%s: not a string: %.*s", message->descriptor->name, descriptor->name, (int)schema.len,
                 schema.bytes);
    buf_done(&schema);
}

static void ids_are_of_64_bits_and_strings(void **state)
{
    (void)state;
    walk_all(look_at_id);
}

static void look_at_state(const struct api_message *message, const struct api_field *field, bool taken)
{
    const char *name = field->descriptor->name;
    ProtobufCType type = field->descriptor->type;

    (void)taken;
    if ((ends_with(name, "state") || ends_with(name, "kind") || ends_with(name, "reason")) &&
        type != PROTOBUF_C_TYPE_ENUM && type != PROTOBUF_C_TYPE_STRING)
        fail_at(message, field, "not by its name");
}

static void states_kinds_and_reasons_have_names(void **state)
{
    (void)state;
    walk_all(look_at_state);
}

static void look_at_reason(const struct api_message *message, const struct api_field *field, bool taken)
{
    const ProtobufCFieldDescriptor *words =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "words");

    if (!taken && strcmp(field->descriptor->name, "reason") == 0 && field->descriptor->type == PROTOBUF_C_TYPE_STRING &&
        (!words || words->type != PROTOBUF_C_TYPE_STRING))
        fail_at(message, field, "a reason by its name, without words for who reads it (api_say)");
}

/* What may be open for somebody says so in one way. */
static void look_at_offer(const struct api_message *message)
{
    static const char *const names[] = {"reason", "words"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(message->descriptor, names[i]);

        if (!field || field->type != PROTOBUF_C_TYPE_STRING)
            fail_msg("%s: an offer without %s", message->descriptor->name, names[i]);
    }
}

static void an_answer_that_says_why_not_has_words(void **state)
{
    unsigned n = 0;

    (void)state;
    walk_all(look_at_reason);
    for (size_t i = 0; i < api.n_methods; i++) {
        const struct api_message *output = api.methods[i].output;

        for (unsigned j = 0; api.methods[i].path && j < output->descriptor->n_fields; j++) {
            if (output->fields[j].message && ends_with(output->fields[j].descriptor->name, "offers")) {
                look_at_offer(output->fields[j].message);
                n++;
            }
        }
    }
    assert_true(n >= 2);
}

static void look_at_text(const struct api_message *message, const struct api_field *field, bool taken)
{
    static const struct {
        const char *text;
        int line, lines;
    } cases[] = {
        {"某工会 union", 0, 0},
        {"a\nb", RPC__REASON__NOT_ONE_LINE, 0},
        {"a\r\nb", RPC__REASON__NOT_ONE_LINE, 0},
        {"a\rb", RPC__REASON__NOT_ONE_LINE, RPC__REASON__HIDDEN_CHARACTER},
        {"a\u2028", RPC__REASON__NOT_ONE_LINE, RPC__REASON__HIDDEN_CHARACTER},
        {"a\u2029", RPC__REASON__NOT_ONE_LINE, RPC__REASON__HIDDEN_CHARACTER},
        {"a\xc2\x85", RPC__REASON__NOT_ONE_LINE, RPC__REASON__HIDDEN_CHARACTER},
        {"a\v", RPC__REASON__NOT_ONE_LINE, RPC__REASON__HIDDEN_CHARACTER},
        {"a\f", RPC__REASON__NOT_ONE_LINE, RPC__REASON__HIDDEN_CHARACTER},
        {"a\tb", RPC__REASON__HIDDEN_CHARACTER, 0},
        {"a\x1b", RPC__REASON__HIDDEN_CHARACTER, RPC__REASON__HIDDEN_CHARACTER},
        {"a\ue900", RPC__REASON__HIDDEN_CHARACTER, RPC__REASON__HIDDEN_CHARACTER},
        {"a\u2800", RPC__REASON__HIDDEN_CHARACTER, RPC__REASON__HIDDEN_CHARACTER},
        /* Left out, so that they hide nothing. */
        {"a\u202e", 0, 0},
        {"a\u202a", 0, 0},
        {"a\u2066", 0, 0},
        {"a\u2069", 0, 0},
        {"a\u200f", 0, 0},
        {"a\u061c", 0, 0},
        {"a\u200b", 0, 0},
        {"a\ufeff", 0, 0},
    };
    struct arena arena;
    char *value;

    if (!taken || field->descriptor->type != PROTOBUF_C_TYPE_STRING || field->limit->raw || field->limit->hex)
        return;
    arena_init(&arena, 4096);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct api_field wide = *field;
        Rule__Field limit = *field->limit;
        int reason, expected = limit.lines ? cases[i].lines : cases[i].line;

        limit.max_len = 32;
        limit.min_len = 0;
        wide.limit = &limit;
        reason = json_from_text(&wide, cases[i].text, strlen(cases[i].text), &arena, &value);
        if (reason != expected)
            fail_msg("%s.%s: text %zu: %d", message->descriptor->name, field->descriptor->name, i, reason);
        if (!reason && cases[i].text[0] == 'a' && (unsigned char)cases[i].text[1] > 127)
            assert_string_equal(value, "a");
    }
    arena_done(&arena);
}

static void a_text_is_one_line_unless_it_says_otherwise(void **state)
{
    (void)state;
    walk_all(look_at_text);
}

/* ---- words ---- */

static struct openapi doc;

static void look_at_words(const struct api_message *message, const struct api_field *field, bool taken)
{
    (void)taken;
    if (!*openapi_field_comment(&doc, message, field))
        fail_at(message, field, "no comment says what it means, nor a Glossary");
}

static void every_operation_and_field_says_what_it_means(void **state)
{
    (void)state;
    doc = (struct openapi){.api = &api};
    arena_init(&doc.arena, (size_t)32 << 20);
    assert_int_equal(openapi_read_comments(&doc, api_docs, api_docs_len), 0);
    for (size_t i = 0; i < api.n_methods; i++) {
        const struct api_method *method = &api.methods[i];

        if (!method->path)
            continue;
        if (!*openapi_comment(&doc, "%s.%s", method->service->package, method->name))
            fail_msg("%s.%s: no comment says what it does", method->service->package, method->name);
        if (!*openapi_comment(&doc, "%s", method->service->name))
            fail_msg("service %s: no comment says what it is", method->service->name);
    }
    walk_all(look_at_words);
    arena_done(&doc.arena);
}

static int load(void **state)
{
    (void)state;
    return api_build(&api, api_set, api_set_len, api_services);
}

static int unload(void **state)
{
    (void)state;
    api_done(&api);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_conflict_of_states_is_409),
        cmocka_unit_test(a_service_says_no_status_of_http_itself),
        cmocka_unit_test(hashes_are_hexadecimal),
        cmocka_unit_test(instants_are_times_and_days_are_days),
        cmocka_unit_test(what_is_known_inside_is_not_told),
        cmocka_unit_test(ids_are_of_64_bits_and_strings),
        cmocka_unit_test(states_kinds_and_reasons_have_names),
        cmocka_unit_test(an_answer_that_says_why_not_has_words),
        cmocka_unit_test(a_text_is_one_line_unless_it_says_otherwise),
        cmocka_unit_test(every_operation_and_field_says_what_it_means),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
