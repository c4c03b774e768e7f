/* The rules a .proto must keep, checked at every start:
 *
 *   messages   proto3 without `optional`, map or nested types; no recursion, nor deeper
 *              than LIMIT_JSON_DEPTH levels of JSON; at most API_MAX_FIELDS fields
 *              Event's fields numbered below LIMIT_EVENT_NUMBER
 *   limits     fit the field's type, and least is not above greatest
 *   reasons    0 is OK, every other says an HTTP status that has a phrase, and a Chinese text
 *   methods    carry a rule.method; a raw one has bytes called body; exactly one route, or none and INTERNAL;
 *              OFFICIAL and only OFFICIAL names roles; reads need no idempotency;
 *              a POST that creates (no custom verb) says KEY or NATURAL unless nobody
 *              is signed in, and KEY needs somebody who is and no answer that comes later
 *   pages      have page_token in the input and next_page_token in the output;
 *              a page_size says how many rows are usual, within its min and max;
 *              every GET that is called List... has them; a state of its rows (an enum
 *              called like one) is a field of the input too, repeated or not: those that
 *              are asked for
 *   inputs     with a route bound every string and bytes by max_len, every repeated by
 *              max_items, have no floating point, and only scalars in a GET or DELETE
 *
 * Routes are checked where they compile (api_route.c), unique names and numbers
 * where they are sorted (api.c). */
#include "common/api/api_internal.h"
#include "common/api/http_phrase.h"
#include "common/base/limits.h"

static bool called(const View__File *file, const char *name, const char *type_name)
{
    size_t len = strlen(file->package);

    return type_name[0] == '.' && strncmp(type_name + 1, file->package, len) == 0 && type_name[1 + len] == '.' &&
           strcmp(type_name + 2 + len, name) == 0;
}

const View__Message *api_view_message(const View__FileSet *set, const char *type_name)
{
    for (size_t i = 0; i < set->n_file; i++) {
        const View__File *file = set->file[i];

        for (size_t j = 0; j < file->n_message_type; j++) {
            if (called(file, file->message_type[j]->name, type_name))
                return file->message_type[j];
        }
    }
    return NULL;
}

const View__Field *api_view_field(const View__Message *message, const char *name)
{
    for (size_t i = 0; i < message->n_field; i++) {
        if (strcmp(message->field[i]->name, name) == 0)
            return message->field[i];
    }
    return NULL;
}

static bool is_text(const View__Field *field)
{
    return field->type == VIEW_TYPE_STRING || field->type == VIEW_TYPE_BYTES;
}

static bool is_float(const View__Field *field)
{
    return field->type == VIEW_TYPE_DOUBLE || field->type == VIEW_TYPE_FLOAT;
}

static bool is_integer(const View__Field *field)
{
    return !is_text(field) && !is_float(field) && field->type != VIEW_TYPE_BOOL && field->type != VIEW_TYPE_GROUP &&
           field->type != VIEW_TYPE_MESSAGE && field->type != VIEW_TYPE_ENUM;
}

static const Rule__Field *limit_of(const View__Field *field)
{
    static const Rule__Field none = RULE__FIELD__INIT;

    return field->options && field->options->field ? field->options->field : &none;
}

static int check_field(struct api *api, const View__Message *message, const View__Field *field)
{
    const Rule__Field *limit = limit_of(field);
    const char *wrong = NULL;

    if (field->proto3_optional)
        wrong = "proto3 optional; use a message field or a oneof";
    else if (field->type == VIEW_TYPE_GROUP)
        wrong = "a group";
    else if (field->type == VIEW_TYPE_MESSAGE && !api_view_message(api->set, field->type_name))
        wrong = "of a message type that is not in the set";
    else if ((limit->max_len || limit->min_len) && !is_text(field))
        wrong = "max_len or min_len, but neither a string nor bytes";
    else if (limit->max_len && limit->min_len > limit->max_len)
        wrong = "min_len above max_len";
    else if ((limit->min || limit->max) && !is_integer(field))
        wrong = "min or max, but no integer";
    else if (limit->min > limit->max)
        wrong = "min above max";
    else if (limit->usual && (limit->usual < limit->min || limit->usual > limit->max))
        wrong = "usual outside of min and max";
    else if (limit->max_items && field->label != VIEW_LABEL_REPEATED)
        wrong = "max_items, but not repeated";
    else if (limit->max_items > LIMIT_JSON_VALUES)
        wrong = "max_items above the values of a body";
    else if (limit->time && (field->type != VIEW_TYPE_INT64 || field->label == VIEW_LABEL_REPEATED))
        wrong = "a time that is no single int64";
    else if (limit->hex && !is_text(field))
        wrong = "hex, but neither a string nor bytes";
    else if (limit->day && field->type != VIEW_TYPE_INT32)
        wrong = "a day that is no int32";
    else if ((limit->lines || limit->raw) && field->type != VIEW_TYPE_STRING)
        wrong = "lines or raw, but no string";
    else if (limit->lax && (limit->required || field->label == VIEW_LABEL_REPEATED || field->type == VIEW_TYPE_MESSAGE))
        wrong = "lax, but required or no single value";
    else if (limit->inside && limit->required)
        wrong = "required, and kept inside";
    else if (limit->header[0] && (field->type != VIEW_TYPE_STRING || field->label == VIEW_LABEL_REPEATED))
        wrong = "a header that is no single string";
    else if (limit->subject && (field->type != VIEW_TYPE_INT64 || field->label == VIEW_LABEL_REPEATED))
        wrong = "a subject that is no single int64";
    return wrong ? api_wrong(api, "field %s.%s: %s", message->name, field->name, wrong) : 0;
}

/* Whether a value of this message, depth levels down in JSON, stays within the
 * bound; a recursion does not. */
static bool depth_fits(const View__FileSet *set, const View__Message *message, int depth)
{
    if (++depth > LIMIT_JSON_DEPTH)
        return false;
    for (size_t i = 0; i < message->n_field; i++) {
        const View__Field *field = message->field[i];
        int array = field->label == VIEW_LABEL_REPEATED;

        if (field->type == VIEW_TYPE_MESSAGE &&
            !depth_fits(set, api_view_message(set, field->type_name), depth + array))
            return false;
    }
    return true;
}

/* How many fields of an Event are about money. */
static unsigned money_fields(const struct api *api, const View__Message *event)
{
    unsigned n = 0;

    for (size_t i = 0; i < event->n_field; i++) {
        const View__Message *row = api_view_message(api->set, event->field[i]->type_name);

        n += row && row->options && row->options->event && row->options->event->money;
    }
    return n;
}

static int check_message(struct api *api, const View__Message *message)
{
    if (message->n_field > API_MAX_FIELDS)
        return api_wrong(api, "message %s: more than %d fields", message->name, API_MAX_FIELDS);
    /* The view leaves out nested_type (3) and enum_type (4); a map is a nested type. */
    for (unsigned i = 0; i < message->base.n_unknown_fields; i++) {
        if (message->base.unknown_fields[i].tag == 3 || message->base.unknown_fields[i].tag == 4)
            return api_wrong(api, "message %s: a map or a nested type", message->name);
    }
    for (size_t i = 0; i < message->n_field; i++) {
        if (check_field(api, message, message->field[i]))
            return -1;
        if (strcmp(message->name, "Event") == 0 && message->field[i]->number >= LIMIT_EVENT_NUMBER)
            return api_wrong(api, "message Event: %s has a number of the chassis", message->field[i]->name);
    }
    if (strcmp(message->name, "Event") == 0 && money_fields(api, message) > LIMIT_MONEY_KINDS)
        return api_wrong(api, "message Event: more than %d kinds of rows about money", LIMIT_MONEY_KINDS);
    return 0;
}

static int check_reasons(struct api *api, const View__File *file, const View__Enum *reasons)
{
    for (size_t i = 0; i < reasons->n_value; i++) {
        const View__EnumValue *value = reasons->value[i];
        const Rule__Says *says = value->options ? value->options->says : NULL;

        if (value->number == 0)
            continue;
        if (!says || !http_phrase(says->http) || !says->zh[0])
            return api_wrong(api, "reason %s.%s: says no HTTP status or no text", file->package, value->name);
    }
    return 0;
}

/* What a client can send at most must be known for every field of an input. */
static int check_input(struct api *api, const View__Message *message)
{
    for (size_t i = 0; i < message->n_field; i++) {
        const View__Field *field = message->field[i];
        const Rule__Field *limit = limit_of(field);
        const char *wrong = NULL;

        if (is_text(field) && !limit->max_len)
            wrong = "in an input without max_len";
        else if (field->label == VIEW_LABEL_REPEATED && !limit->max_items)
            wrong = "in an input without max_items";
        else if (is_float(field))
            wrong = "floating point in an input";
        if (wrong)
            return api_wrong(api, "field %s.%s: %s", message->name, field->name, wrong);
        if (field->type == VIEW_TYPE_MESSAGE && check_input(api, api_view_message(api->set, field->type_name)))
            return -1;
    }
    return 0;
}

static const char *rule_mistake(const Rule__Method *rule)
{
    const char *last = strrchr(rule->post, '/');
    bool creates = last && !strchr(last, ':');
    int routes = !!rule->get[0] + !!rule->post[0] + !!rule->delete_[0];

    if (routes > 1)
        return "more than one of get, post, delete";
    if ((routes == 0) != api_is_inside(rule))
        return "INTERNAL and EDGE, and only these, have no route";
    if (routes && rule->read)
        return "read is for methods without a route";
    if ((rule->who == RULE__WHO__OFFICIAL) != (rule->n_roles > 0))
        return "OFFICIAL and only OFFICIAL names roles";
    for (size_t i = 0; i < rule->n_roles; i++) {
        if (rule->roles[i] == RULE__ROLE__ROLE_NONE)
            return "ROLE_NONE among its roles";
    }
    if ((rule->get[0] || rule->read) && rule->idempotency != RULE__IDEMPOTENCY__NONE)
        return "a read needs no idempotency";
    if (rule->who == RULE__WHO__PUBLIC && rule->idempotency == RULE__IDEMPOTENCY__KEY)
        return "an Idempotency-Key belongs to somebody signed in";
    if (rule->outside && rule->idempotency == RULE__IDEMPOTENCY__KEY)
        return "an answer that comes later is not kept for an Idempotency-Key";
    if (creates && rule->who != RULE__WHO__PUBLIC && rule->idempotency == RULE__IDEMPOTENCY__NONE)
        return "a POST that creates says KEY or NATURAL";
    return NULL;
}

static const char *page_mistake(const View__Message *input, const View__Message *output)
{
    const View__Field *size = api_view_field(input, "page_size"), *token = api_view_field(input, "page_token");
    const View__Field *next = api_view_field(output, "next_page_token");

    if ((token && !next) || (size && !token))
        return "a page_size goes with a page_token, and that with a next_page_token in the output";
    if (token && (token->type != VIEW_TYPE_STRING || next->type != VIEW_TYPE_STRING ||
                  limit_of(token)->max_len < LIMIT_PAGE_TOKEN))
        return "a page_token is a string that has room for one";
    if (size && (size->type != VIEW_TYPE_INT32 || !limit_of(size)->usual))
        return "a page_size is an int32 that says what is usual";
    return NULL;
}

/* Whether a bool says that its thing has come to its end, which is a state by another name. */
static bool tells_end(const View__Field *field)
{
    static const char *const ends[] = {"closed", "withdrawn", "gone"};

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (field->type == VIEW_TYPE_BOOL && strcmp(field->name, ends[i]) == 0)
            return true;
    }
    return false;
}

static bool is_state(const View__Field *field)
{
    size_t len = strlen(field->type_name);

    return field->type == VIEW_TYPE_ENUM && len >= 5 && strcmp(field->type_name + len - 5, "State") == 0;
}

/* Whether a row has a state that its reader cannot ask for. */
static bool hides_state(const View__Message *input, const View__Message *row)
{
    for (size_t i = 0; i < row->n_field; i++) {
        const View__Field *state = row->field[i],
                          *asked = api_view_field(input, tells_end(state) ? "state" : state->name);

        if (tells_end(state) && (!asked || !is_state(asked)))
            return true;
        if (is_state(state) &&
            (!asked || asked->type != VIEW_TYPE_ENUM || strcmp(asked->type_name, state->type_name) != 0))
            return true;
    }
    return false;
}

static bool hides_states(const View__FileSet *set, const View__Message *input, const View__Message *output)
{
    for (size_t i = 0; i < output->n_field; i++) {
        const View__Field *rows = output->field[i];

        if (rows->label == VIEW_LABEL_REPEATED && rows->type == VIEW_TYPE_MESSAGE &&
            hides_state(input, api_view_message(set, rows->type_name)))
            return true;
    }
    return false;
}

static const char *list_mistake(const View__FileSet *set, const View__Method *method, const View__Message *input,
                                const View__Message *output)
{
    bool pages = api_view_field(input, "page_token") != NULL;

    if (!method->options->method->get[0])
        return NULL;
    if (!pages && strncmp(method->name, "List", 4) == 0)
        return "a list without pages";
    return pages && hides_states(set, input, output) ? "its rows have a state that its input cannot ask for" : NULL;
}

static const char *media_mistake(const Rule__Method *rule, const View__Message *input, const char *output_type)
{
    const View__Field *part = api_view_field(input, "part");

    if (!rule->get[0] || strcmp(output_type, ".rpc.Part") != 0)
        return "media is for a get that returns rpc.Part";
    return part && part->type == VIEW_TYPE_INT32 ? NULL : "media without an int32 part in its input";
}

static const char *raw_mistake(const Rule__Method *rule, const View__Message *input)
{
    const View__Field *body = api_view_field(input, "body");

    if (!rule->post[0] || rule->who != RULE__WHO__PUBLIC)
        return "raw is for a post of who signs it, and has no session";
    return body && body->type == VIEW_TYPE_BYTES ? NULL : "raw without bytes body in its input";
}

/* An operation of every daemon goes to the one that its path names. */
static const char *everywhere_mistake(const Rule__Method *rule, const View__Message *input)
{
    const char *path = rule->get[0] ? rule->get : rule->post[0] ? rule->post : rule->delete_;
    const View__Field *service = api_view_field(input, "service");
    const char *first = strchr(path, '{');

    if (!path[0] || (first && strncmp(first, "{service}", 9) == 0 && service && service->type == VIEW_TYPE_STRING))
        return NULL;
    return "of every daemon, and its path begins with no {service}";
}

static int check_method(struct api *api, const View__Service *service, const View__Method *method, const char *package)
{
    const Rule__Method *rule = method->options ? method->options->method : NULL;
    const View__Message *input = api_view_message(api->set, method->input_type);
    const View__Message *output = api_view_message(api->set, method->output_type);
    const char *wrong = NULL;

    if (!rule)
        wrong = "no rule.method";
    else if (!input || !output)
        wrong = "a message that is not in the set";
    else
        wrong = rule_mistake(rule);
    if (!wrong)
        wrong = page_mistake(input, output);
    if (!wrong)
        wrong = list_mistake(api->set, method, input, output);
    if (!wrong && rule->media[0])
        wrong = media_mistake(rule, input, method->output_type);
    if (!wrong && rule->raw)
        wrong = raw_mistake(rule, input);
    if (!wrong && strcmp(package, "rpc") == 0)
        wrong = everywhere_mistake(rule, input);
    if (wrong)
        return api_wrong(api, "method %s.%s: %s", service->name, method->name, wrong);
    if (api_is_inside(rule))
        return 0;
    for (size_t i = 0; i < input->n_field && !rule->post[0]; i++) {
        if (input->field[i]->type == VIEW_TYPE_MESSAGE)
            return api_wrong(api, "method %s.%s: a message in a query", service->name, method->name);
    }
    return check_input(api, input);
}

static int check_file(struct api *api, const View__File *file)
{
    for (size_t i = 0; i < file->n_enum_type; i++) {
        if (strcmp(file->enum_type[i]->name, "Reason") == 0 && check_reasons(api, file, file->enum_type[i]))
            return -1;
    }
    for (size_t i = 0; i < file->n_message_type; i++) {
        if (!depth_fits(api->set, file->message_type[i], 0))
            return api_wrong(api, "message %s: recursive or nested deeper than %d", file->message_type[i]->name,
                             LIMIT_JSON_DEPTH);
    }
    for (size_t i = 0; i < file->n_service; i++) {
        const View__Service *service = file->service[i];

        for (size_t j = 0; j < service->n_method; j++) {
            if (check_method(api, service, service->method[j], file->package))
                return -1;
        }
    }
    return 0;
}

int api_check(struct api *api)
{
    const View__FileSet *set = api->set;

    /* First every message by itself: the rest relies on types that exist. */
    for (size_t i = 0; i < set->n_file; i++) {
        for (size_t j = 0; j < set->file[i]->n_message_type; j++) {
            if (check_message(api, set->file[i]->message_type[j]))
                return -1;
        }
    }
    for (size_t i = 0; i < set->n_file; i++) {
        if (check_file(api, set->file[i]))
            return -1;
    }
    return 0;
}
