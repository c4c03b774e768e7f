/* Who may do what where: every operation of identity, from its descriptors, by every
 * role over a union, to that union, a sibling, its parent and its child. A new
 * operation is covered the day it is added; one with a field that is not known here
 * fails until the field is. */
#include <limits.h>

#include "common/api/json.h"
#include "services/identity/fixture.h"

#define ROLES      (RULE__ROLE__COMPANY_AGENT + 1)
#define OFFICIAL   999
#define WORLD_SIZE (8 << 20)

enum { OWN, SIBLING, PARENT, CHILD, N_TARGETS };

/* A union and one thing of each kind that is its own. */
struct target {
    const char *name, *code, *path;
    int64_t union_id, member_id, other_id, grant_id, request_id, transfer_id, change_id, trade_id, merge_id, roster_id,
        correction_id, proposal_id, cadre_id, agent_id;
};

static struct target targets[N_TARGETS] = {
    [OWN] = {.name = "own", .code = "440604", .path = "00000000"},
    [SIBLING] = {.name = "sibling", .code = "440605", .path = "00000001"},
    [PARENT] = {.name = "parent", .code = "440600", .path = "0000"},
    [CHILD] = {.name = "child", .code = "440604-1", .path = "000000000000"},
};

static unsigned char world[WORLD_SIZE];
static size_t world_len;
static unsigned n_calls;

/* ---- the world ---- */

static int64_t created(struct harness *h, const char *method, const ProtobufCMessage *input, const Rpc__Principal *who)
{
    const Rpc__Answer *answer;
    char key[32];

    snprintf(key, sizeof(key), "world %u", n_calls++);
    answer = harness_call(h, method, input, who, key);
    assert_int_equal(answer->reason, 0);
    /* Every such output begins with its id. */
    return *(int64_t *)(void *)((char *)harness_output(h, answer, api_method(method)->output->descriptor) +
                                api_method(method)->output->descriptor->fields[0].offset);
}

/* A company of its own, and who acts for it. */
static int64_t make_agent(struct harness *h, unsigned n, const struct target *target)
{
    static const char *const codes[] = {"91350100M000100Y43", "91110000101623741K", "911101066976941872",
                                        "81440600MC0000012D"};
    Identity__RegisterCompanyRequest company = IDENTITY__REGISTER_COMPANY_REQUEST__INIT;
    Identity__SetAgentRequest agent = IDENTITY__SET_AGENT_REQUEST__INIT;
    char mobile[CN_MOBILE_LEN + 1];
    Identity__Company *made;

    company.union_id = agent.union_id = target->union_id;
    company.credit_code = unconst(codes[n / 10]);
    company.name = "公司";
    created(h, "Companies.RegisterCompany", &company.base, harness_internal(h));
    agent.mobile = unconst(mobile_of(n + 4, mobile));
    agent.kind = IDENTITY__AGENT_KIND__AGENT_HANDLER;
    made = harness_output(h, harness_call(h, "Companies.SetAgent", &agent.base, harness_internal(h), NULL),
                          &identity__company__descriptor);
    return made->agents[0]->agent_id;
}

/* Whose row is each target's own. */
static unsigned listed(const struct target *target)
{
    return 800 + (unsigned)(target - targets);
}

static void make_things(struct harness *h, unsigned n, struct target *target)
{
    Identity__CreateJoinRequestRequest join = IDENTITY__CREATE_JOIN_REQUEST_REQUEST__INIT;
    Identity__CreateTransferRequest transfer = IDENTITY__CREATE_TRANSFER_REQUEST__INIT;
    Identity__AskUnionChangeRequest change = IDENTITY__ASK_UNION_CHANGE_REQUEST__INIT;
    Identity__ClaimTradeRequest trade = IDENTITY__CLAIM_TRADE_REQUEST__INIT;
    Identity__ProposeMergeRequest merge = IDENTITY__PROPOSE_MERGE_REQUEST__INIT;
    Identity__FindRosterRowsRequest find = IDENTITY__FIND_ROSTER_ROWS_REQUEST__INIT;
    Identity__RosterRowList *rows;
    char csv[256];
    Rpc__Principal *who;
    Identity__AskCorrectionRequest correction = IDENTITY__ASK_CORRECTION_REQUEST__INIT;
    Identity__SetCadreRequest cadre = IDENTITY__SET_CADRE_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1], mobile[CN_MOBILE_LEN + 1];
    Identity__GrantRecord *grant;

    target->member_id = member_of_union(h, n, target->code)->member_id;
    grant =
        harness_output(h, create_grant(h, harness_internal(h), mobile_of(n, mobile), RULE__ROLE__FINANCE, target->code),
                       &identity__grant_record__descriptor);
    target->grant_id = grant->grant_id;
    make_resident_id(n + 1, id);
    join.union_id = target->union_id;
    join.name = "王小明";
    join.resident_id = id;
    target->request_id = created(h, "Joins.CreateJoinRequest", &join.base, person_signed_in(h, n + 1));
    transfer.union_id = targets[target == &targets[SIBLING] ? OWN : SIBLING].union_id;
    who = member_of_union(h, n + 2, target->code);
    target->transfer_id = created(h, "Transfers.CreateTransfer", &transfer.base, who);
    trade.trade = RPC__TRADE__SANITATION;
    trade.proof = IDENTITY__TRADE_PROOF__PROOF_WORK_CARD;
    trade.platform = trade.work_number = "环卫所";
    target->trade_id = created(h, "Trades.ClaimTrade", &trade.base, who);
    make_resident_id(listed(target), id);
    snprintf(csv, sizeof(csv), "王小明,%s,16900000009,%s,COURIER\n", id, target->code);
    import_roster(h, csv);
    find.union_id = target->union_id;
    find.resident_id = id;
    rows = harness_output(h, harness_call(h, "Rosters.FindRosterRows", &find.base, harness_internal(h), NULL),
                          &identity__roster_row_list__descriptor);
    target->roster_id = rows->rows[0]->roster_id;
    target->other_id = member_of_union(h, n + 5, target->code)->member_id;
    merge.kept_id = who->member_id;
    merge.gone_id = member_of_union(h, n + 6, target->code)->member_id;
    merge.reason = IDENTITY__MERGE_REASON__MERGE_TWO_PAPERS;
    target->merge_id = created(h, "Merges.ProposeMerge", &merge.base, harness_internal(h));
    change.union_id = target->union_id;
    change.kind = IDENTITY__CHANGE_KIND__CHANGE_NAME;
    change.name = "新总工会";
    target->change_id = created(h, "Unions.AskUnionChange", &change.base, harness_internal(h));
    correction.name = "王大明";
    correction.reason = IDENTITY__CORRECTION_REASON__CORRECTION_CHANGED;
    target->correction_id =
        created(h, "Corrections.AskCorrection", &correction.base, member_of_union(h, n + 3, target->code));
    cadre.union_id = target->union_id;
    cadre.mobile = unconst(mobile_of(n, mobile));
    cadre.post = IDENTITY__POST__POST_CHAIR;
    cadre.term_from = 1;
    target->cadre_id = created(h, "Cadres.SetCadre", &cadre.base, harness_internal(h));
    target->agent_id = make_agent(h, n, target);
    target->proposal_id =
        proposed(h, propose_standing(h, harness_internal(h), target->member_id, IDENTITY__STANDING__STANDING_SUSPENDED,
                                     IDENTITY__STANDING_REASON__STANDING_DISCIPLINE))
            ->proposal_id;
}

static void store_path(const struct harness *h, char *ret, size_t size)
{
    snprintf(ret, size, "%s/data.sqlite", h->dir);
}

static void make_world(struct harness *h)
{
    char path[64];
    FILE *file;

    targets[PARENT].union_id = make_union(h, targets[PARENT].code, "")->union_id;
    targets[OWN].union_id = make_union(h, targets[OWN].code, targets[PARENT].code)->union_id;
    targets[SIBLING].union_id = make_union(h, targets[SIBLING].code, targets[PARENT].code)->union_id;
    targets[CHILD].union_id = make_union(h, targets[CHILD].code, targets[OWN].code)->union_id;
    for (unsigned i = 0; i < N_TARGETS; i++)
        make_things(h, 1 + i * 10, &targets[i]);
    harness_stop(h);
    store_path(h, path, sizeof(path));
    file = fopen(path, "r");
    assert_non_null(file);
    world_len = fread(world, 1, sizeof(world), file);
    fclose(file);
    assert_true(world_len > 0 && world_len < sizeof(world));
    harness_start(h);
}

static void restore_world(struct harness *h)
{
    char path[64];
    FILE *file;

    harness_stop(h);
    store_path(h, path, sizeof(path));
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(world, 1, world_len, file), world_len);
    fclose(file);
    harness_start(h);
}

/* ---- requests from descriptors ---- */

/* The id that a field names, of a target; LLONG_MIN when the field is not known. */
static int64_t id_of(const char *field, const struct target *target)
{
    const struct {
        const char *field;
        int64_t id;
    } ids[] = {
        {"union_id", target->union_id},       {"member_id", target->member_id},
        {"member_ids", target->member_id},    {"grant_id", target->grant_id},
        {"request_id", target->request_id},   {"request_ids", target->request_id},
        {"transfer_id", target->transfer_id}, {"transfer_ids", target->transfer_id},
        {"change_id", target->change_id},     {"merge_id", target->merge_id},
        {"roster_ids", target->roster_id},    {"kept_id", target->member_id},
        {"gone_id", target->other_id},        {"trade_id", target->trade_id},
        {"trade_ids", target->trade_id},      {"correction_ids", target->correction_id},
        {"proposal_id", target->proposal_id}, {"cadre_id", target->cadre_id},
        {"agent_id", target->agent_id},       {"target_id", 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        if (strcmp(ids[i].field, field) == 0)
            return ids[i].id;
    }
    return LLONG_MIN;
}

/* Whether a field of a method's input is the id of a thing that there must be. */
static bool is_id_field(const struct api_method *method, unsigned i)
{
    const struct api_field *field = &method->input->fields[i];

    return field->descriptor->type == PROTOBUF_C_TYPE_INT64 && !field->limit->time &&
           strcmp(field->descriptor->name, "target_id") != 0;
}

static const char *text_of(struct harness *h, const struct api_method *method, const char *field,
                           const struct target *target)
{
    char text[256] = "", id[CN_RESIDENT_ID_LEN + 1];

    make_resident_id(700, id);
    if (strcmp(field, "code") == 0)
        snprintf(text, sizeof(text), "NEW-%u", n_calls);
    else if (strcmp(field, "name") == 0)
        snprintf(text, sizeof(text), "新工会");
    else if (strcmp(field, "title") == 0 || strcmp(field, "text") == 0 || strcmp(field, "controller") == 0 ||
             strcmp(field, "contact") == 0 || strcmp(field, "kinds") == 0 || strcmp(field, "retention") == 0)
        snprintf(text, sizeof(text), "告知");
    else if (strcmp(field, "parent_code") == 0 || strcmp(field, "union_code") == 0)
        snprintf(text, sizeof(text), "%s", target->code);
    else if (strcmp(field, "mobile") == 0)
        snprintf(text, sizeof(text), "16900000777");
    else if (strcmp(field, "resident_id") == 0)
        snprintf(text, sizeof(text), "%s", id);
    else if (strcmp(field, "csv") == 0 && strstr(method->name, "RemoveListed")) {
        make_resident_id(listed(target), id);
        snprintf(text, sizeof(text), "%s,%s\n", id, target->code);
    } else if (strcmp(field, "csv") == 0 && strstr(method->name, "Roster"))
        snprintf(text, sizeof(text), "王小明,%s,16900000009,%s,COURIER\n", id, target->code);
    else if (strcmp(field, "csv") == 0)
        snprintf(text, sizeof(text), "NEW-%u,总工会,%s\n", n_calls, target->code);
    else if (strcmp(field, "page_token") != 0 && strcmp(field, "remark") != 0 && strcmp(field, "excuse") != 0 &&
             strcmp(field, "credit_code") != 0)
        fail_msg("%s: teach the matrix the field %s", method->name, field);
    return arena_strndup(&h->arena, text, strlen(text));
}

static void set_id(struct harness *h, const ProtobufCFieldDescriptor *field, char *at, ProtobufCMessage *message,
                   int64_t id)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        int64_t *list = harness_alloc(h, sizeof(*list));

        *list = id;
        *(size_t *)(void *)((char *)message + field->quantifier_offset) = 1;
        *(int64_t **)(void *)at = list;
    } else {
        *(int64_t *)(void *)at = id;
    }
}

/* Things of one target for a union of another: union fields name `unions`, all else
 * `things`. With a form, every object's id is that instead. */
static ProtobufCMessage *fill(struct harness *h, const struct api_method *method, const struct target *unions,
                              const struct target *things, const int64_t *form)
{
    const ProtobufCMessageDescriptor *descriptor = method->input->descriptor;
    ProtobufCMessage *message = harness_alloc(h, descriptor->sizeof_message);

    protobuf_c_message_init(descriptor, message);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        const struct target *target = strcmp(field->name, "union_id") == 0 ? unions : things;
        char *at = (char *)message + field->offset;
        int64_t id;

        switch (field->type) {
        case PROTOBUF_C_TYPE_INT64:
            if (method->input->fields[i].limit->time)
                break;
            id = id_of(field->name, target);
            if (id == LLONG_MIN)
                fail_msg("%s: teach the matrix the field %s", method->name, field->name);
            set_id(h, field, at, message, form && is_id_field(method, i) ? *form : id);
            break;
        case PROTOBUF_C_TYPE_STRING:
            *(const char **)(void *)at = text_of(h, method, field->name, target);
            break;
        case PROTOBUF_C_TYPE_ENUM:
            if (field->label != PROTOBUF_C_LABEL_REPEATED)
                *(int *)(void *)at = strcmp(field->name, "state") != 0; /* the first value */
            break;
        case PROTOBUF_C_TYPE_INT32:
        case PROTOBUF_C_TYPE_BOOL:
            break;
        default:
            fail_msg("%s: teach the matrix the type of %s", method->name, field->name);
        }
    }
    return message;
}

/* ---- the matrix ---- */

static const Rpc__Answer *call_as(struct harness *h, const struct api_method *method, const Rpc__Principal *who,
                                  const ProtobufCMessage *input)
{
    char key[32];

    snprintf(key, sizeof(key), "matrix %u", n_calls++);
    return harness_call(h, method->name, input, who, key);
}

static bool names_role(const struct api_method *method, int role)
{
    for (size_t i = 0; i < method->rule->n_roles; i++) {
        if ((int)method->rule->roles[i] == role)
            return true;
    }
    return false;
}

static bool is_authority(int reason)
{
    return reason == RPC__REASON__NOT_OFFICIAL || reason == RPC__REASON__OUTSIDE_YOUR_UNION ||
           reason == IDENTITY__REASON__GRANT_EXCEEDS_YOURS;
}

static void judge(const struct api_method *method, int role, int target, const Rpc__Answer *answer, bool changed)
{
    const char *reason = api_reason(answer->reason)->name;
    bool covered = target == OWN || (target == CHILD && role != RULE__ROLE__COMPANY_AGENT), wrong;

    if (!names_role(method, role))
        wrong = answer->reason != RPC__REASON__NOT_OFFICIAL || changed;
    else if (!covered) /* an import reports each of its lines as refused */
        wrong = changed || (!is_authority(answer->reason) &&
                            (answer->reason || method->output->descriptor != &identity__import_report__descriptor));
    else
        wrong = is_authority(answer->reason);
    if (wrong)
        fail_msg("%s by role %d to the %s: %s, changed %d", method->name, role, targets[target].name, reason, changed);
}

static void each_official(struct harness *h, void (*visit)(struct harness *h, const struct api_method *method))
{
    unsigned n = 0;

    for (const struct api_method *method = api_methods(); method->name; method++) {
        if (strcmp(method->queue, "identity") != 0 || method->rule->who != RULE__WHO__OFFICIAL)
            continue;
        visit(h, method);
        n++;
    }
    assert_true(n > 10);
}

static void try_roles(struct harness *h, const struct api_method *method)
{
    for (int role = 0; role < ROLES; role++) {
        for (int i = 0; i < N_TARGETS; i++) {
            Rpc__Principal *who = role ? harness_official(h, OFFICIAL, role, targets[OWN].path)
                                       : harness_member(h, OFFICIAL, targets[OWN].path);
            int64_t rows = journal_changes(h);
            const Rpc__Answer *answer = call_as(h, method, who, fill(h, method, &targets[i], &targets[i], NULL));
            bool changed = journal_changes(h) != rows;

            judge(method, role, i, answer, changed);
            if (changed)
                restore_world(h);
        }
    }
}

static void an_official_acts_in_her_office_on_her_union_and_below_only(void **state)
{
    struct harness h;

    (void)state;
    begin(&h);
    make_world(&h);
    each_official(&h, try_roles);
    end(&h);
}

/* Numbers that name nothing, for every id of a request. */
static void try_forms(struct harness *h, const struct api_method *method, const Rpc__Principal *who)
{
    const int64_t forms[] = {0, -1, 1, LLONG_MAX, LLONG_MIN};
    int64_t rows = journal_changes(h);

    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        const Rpc__Answer *answer = call_as(h, method, who, fill(h, method, &targets[OWN], &targets[OWN], &forms[i]));

        if (answer->reason == 0 || journal_changes(h) != rows)
            fail_msg("%s takes the id %lld", method->name, (long long)forms[i]);
    }
}

/* The id of a thing of her own, of every kind but the one that the field names. */
static void try_kinds(struct harness *h, const struct api_method *method, const Rpc__Principal *who,
                      const ProtobufCFieldDescriptor *field)
{
    const struct target *own = &targets[OWN];
    const int64_t kinds[] = {own->union_id,  own->member_id, own->grant_id,    own->request_id, own->transfer_id,
                             own->change_id, own->cadre_id,  own->proposal_id, own->agent_id};
    int64_t rows = journal_changes(h);

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        ProtobufCMessage *input = fill(h, method, own, own, NULL);
        const Rpc__Answer *answer;

        /* An agent is a grant. */
        if (kinds[i] == id_of(field->name, own) || (strcmp(field->name, "grant_id") == 0 && kinds[i] == own->agent_id))
            continue;
        set_id(h, field, (char *)input + field->offset, input, kinds[i]);
        answer = call_as(h, method, who, input);
        if ((answer->reason == 0 && answer->output.len && field->label != PROTOBUF_C_LABEL_REPEATED) ||
            journal_changes(h) != rows)
            fail_msg("%s takes an id of another kind as %s: %s", method->name, field->name,
                     api_reason(answer->reason)->name);
    }
}

/* Ids that name nothing or something else, and her own union with what is another's. */
static void try_ids(struct harness *h, const struct api_method *method)
{
    const ProtobufCMessageDescriptor *descriptor = method->input->descriptor;
    bool has_union = protobuf_c_message_descriptor_get_field_by_name(descriptor, "union_id"), has_other = false;
    int64_t rows = journal_changes(h);

    for (size_t i = 0; i < method->rule->n_roles; i++) {
        Rpc__Principal *who = harness_official(h, OFFICIAL, (int)method->rule->roles[i], targets[OWN].path);
        bool has_id = false;

        for (unsigned j = 0; j < descriptor->n_fields; j++) {
            if (!is_id_field(method, j))
                continue;
            has_id = true;
            has_other |= strcmp(descriptor->fields[j].name, "union_id") != 0;
            try_kinds(h, method, who, &descriptor->fields[j]);
        }
        if (has_id)
            try_forms(h, method, who);
        if (has_union && has_other)
            call_as(h, method, who, fill(h, method, &targets[OWN], &targets[SIBLING], NULL));
        if (journal_changes(h) != rows)
            fail_msg("%s touches what is another union's", method->name);
    }
}

static void ids_of_others_and_of_nothing_do_nothing(void **state)
{
    struct harness h;

    (void)state;
    begin(&h);
    make_world(&h);
    each_official(&h, try_ids);
    end(&h);
}

/* What the edge makes of the forms in which a client may write an id. */
static void an_id_is_a_whole_number_in_digits_or_a_string_of_them(void **state)
{
    static const struct {
        const char *text;
        bool is_id;
    } forms[] = {{"\"42\"", true},
                 {"42", true},
                 {"\"\"", false},
                 {"\"4 2\"", false},
                 {"\"0x2a\"", false},
                 {"4.2", false},
                 {"42.0", false},
                 {"42e0", false},
                 {"true", false},
                 {"[42]", false},
                 {"{}", false},
                 {"\"９\"", false},
                 {"+42", false},
                 {"\"+42\"", false},
                 {"9223372036854775808", false},
                 {"\"9223372036854775808\"", false}};
    unsigned n = 0;
    struct harness h;

    (void)state;
    begin(&h);
    for (const struct api_method *method = api_methods(); method->name; method++) {
        for (unsigned i = 0; strcmp(method->queue, "identity") == 0 && i < method->input->descriptor->n_fields; i++) {
            const ProtobufCFieldDescriptor *field = &method->input->descriptor->fields[i];

            if (!is_id_field(method, i) || field->label == PROTOBUF_C_LABEL_REPEATED)
                continue;
            for (size_t j = 0; j < ARRAY_LEN(forms); j++) {
                ProtobufCMessage *input = json_new(method->input, &h.arena);
                const char *text = arena_printf(&h.arena, "{\"%s\":%s}", field->name, forms[j].text);
                struct json_trouble trouble;
                bool taken = json_decode(input, text, strlen(text), &h.arena, &trouble) == 0;

                if (taken != forms[j].is_id || (taken && *(int64_t *)(void *)((char *)input + field->offset) != 42))
                    fail_msg("%s of %s", text, method->name);
            }
            n++;
        }
    }
    assert_true(n > 20);
    end(&h);
}

static void only_public_operations_are_open_to_nobody_and_internal_ones_to_no_person(void **state)
{
    struct harness h;

    (void)state;
    begin(&h);
    for (const struct api_method *method = api_methods(); method->name; method++) {
        if (strcmp(method->queue, "identity") != 0 || method->rule->who == RULE__WHO__PUBLIC)
            continue;
        assert_int_equal(call_as(&h, method, NULL, NULL)->reason, method->rule->who == RULE__WHO__INTERNAL
                                                                      ? RPC__REASON__NOT_OFFICIAL
                                                                      : RPC__REASON__MISSING_TOKEN);
        for (int role = 1; role < ROLES && method->rule->who == RULE__WHO__INTERNAL; role++)
            assert_refused(call_as(&h, method, harness_official(&h, OFFICIAL, role, ""), NULL), "NOT_OFFICIAL");
    }
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_official_acts_in_her_office_on_her_union_and_below_only),
        cmocka_unit_test(ids_of_others_and_of_nothing_do_nothing),
        cmocka_unit_test(an_id_is_a_whole_number_in_digits_or_a_string_of_them),
        cmocka_unit_test(only_public_operations_are_open_to_nobody_and_internal_ones_to_no_person),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
