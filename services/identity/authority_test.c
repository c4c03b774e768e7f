/* Identity's world for the authority matrix. */
#include "common/trust/letter.h"
#include "services/identity/access/office_fixture.h"
#include "services/identity/access/stepup_fixture.h"
#include "services/identity/membership/membership_fixture.h"
#include "tests/authority.h"

static unsigned n_calls;

static int64_t created(struct harness *h, const char *method, const ProtobufCMessage *input, const Rpc__Principal *who)
{
    const Rpc__Answer *answer;
    char key[32];

    snprintf(key, sizeof(key), "world %u", n_calls++);
    answer = harness_call(h, method, input, who, key);
    assert_ok(answer);
    /* Every such output begins with its id. */
    return *(int64_t *)(void *)((char *)harness_output(h, answer, api_method(method)->output->descriptor) +
                                api_method(method)->output->descriptor->fields[0].offset);
}

/* By all the names that fields have for a member. */
static void put_member(struct authority_place *place, int64_t member_id)
{
    authority_put(place, "member_id", member_id);
    authority_put(place, "member_ids", member_id);
    authority_put(place, "kept_id", member_id);
}

/* ---- what a union has ---- */

/* An agent says that somebody works for the company. */
static void declare_somebody(struct harness *h, unsigned n, struct authority_place *place, int64_t union_id)
{
    Identity__DeclareRequest request = IDENTITY__DECLARE_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1];
    int64_t declaration_id;

    make_resident_id(900 + n, id);
    request.union_id = union_id;
    request.kind = IDENTITY__DECLARATION_KIND__DECLARATION_ADDITION;
    request.name = "王小明";
    request.resident_id = id;
    request.mobile = "16900000009";
    declaration_id = created(h, "Declarations.Declare", &request.base,
                             harness_official(h, 7, RULE__ROLE__COMPANY_AGENT, place->path));
    authority_put(place, "declaration_id", declaration_id);
    authority_put(place, "declaration_ids", declaration_id);
}

/* A company of its own, and who acts for it. */
static void make_agent(struct harness *h, unsigned n, struct authority_place *place, int64_t union_id)
{
    static const char *const codes[] = {"91350100M000100Y43", "91110000101623741K", "911101066976941872",
                                        "81440600MC0000012D"};
    Identity__RegisterCompanyRequest company = IDENTITY__REGISTER_COMPANY_REQUEST__INIT;
    Identity__SetAgentRequest agent = IDENTITY__SET_AGENT_REQUEST__INIT;
    char mobile[CN_MOBILE_LEN + 1];
    Identity__Company *made;

    company.union_id = agent.union_id = union_id;
    company.credit_code = unconst(codes[n / 10]);
    company.name = unconst("公司");
    created(h, "Companies.RegisterCompany", &company.base, harness_internal(h));
    agent.mobile = unconst(mobile_of(n + 4, mobile));
    agent.kind = IDENTITY__AGENT_KIND__AGENT_HANDLER;
    made = harness_output(h, harness_call(h, "Companies.SetAgent", &agent.base, harness_internal(h), NULL),
                          &identity__company__descriptor);
    authority_put(place, "agent_id", made->agents[0]->agent_id);
    authority_put(place, "grant_id", made->agents[0]->agent_id); /* an agent is a grant */
    declare_somebody(h, n, place, union_id);
}

/* A row of the roster that nobody is verified by. */
static void list_somebody(struct harness *h, const char *code, struct authority_place *place, int64_t union_id,
                          unsigned n)
{
    Identity__FindRosterRowsRequest find = IDENTITY__FIND_ROSTER_ROWS_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1], csv[256];
    Identity__RosterRowList *rows;

    make_resident_id(800 + n, id);
    snprintf(csv, sizeof(csv), "王小明,%s,16900000009,%s,COURIER\n", id, code);
    import_roster(h, csv);
    find.union_id = union_id;
    find.resident_id = id;
    rows = harness_output(h, harness_call(h, "Rosters.FindRosterRows", &find.base, harness_internal(h), NULL),
                          &identity__roster_row_list__descriptor);
    authority_put(place, "roster_ids", rows->rows[0]->roster_id);
    snprintf(csv, sizeof(csv), "%s,%s\n", id, code);
    authority_put_text(place, "Rosters.RemoveListed/csv", csv);
}

/* A count of the official whom the matrix asks. */
static void begin_count(struct harness *h, struct authority_place *place, int64_t union_id)
{
    Identity__CountAudienceRequest request = IDENTITY__COUNT_AUDIENCE_REQUEST__INIT;
    Audience__Audience audience = AUDIENCE__AUDIENCE__INIT;
    const Rpc__Principal *who = harness_official(h, AUTHORITY_OFFICIAL, RULE__ROLE__BENEFIT_MANAGER, place->path);

    request.union_id = union_id;
    request.audience = &audience;
    audience.age_from = 18;
    authority_put(place, "count_id", created(h, "Audiences.CountAudience", &request.base, who));
}

/* An upload of the official whom the matrix asks. */
static void begin_import(struct harness *h, struct authority_place *place, int64_t union_id)
{
    Identity__BeginImportRequest request = IDENTITY__BEGIN_IMPORT_REQUEST__INIT;
    const Rpc__Principal *who = harness_official(h, AUTHORITY_OFFICIAL, RULE__ROLE__UNION_ADMIN, place->path);

    request.union_id = union_id;
    request.kind = IMPORTS__IMPORT_KIND__IMPORT_ROSTER;
    request.size = 10;
    authority_put(place, "import_id", created(h, "Imports.BeginImport", &request.base, who));
}

static struct authority world;
static const struct {
    const char *code, *parent;
} unions[] = {[OWN] = {"440604", "440600"},
              [SIBLING] = {"440605", "440600"},
              [PARENT] = {"440600", ""},
              [CHILD] = {"440604-1", "440604"}};

static int64_t union_ids[N_PLACES];

/* What officials have to decide on. */
static void ask_officials(struct harness *h, struct authority_place *place, int64_t union_id, unsigned n)
{
    Identity__AskUnionChangeRequest change = IDENTITY__ASK_UNION_CHANGE_REQUEST__INIT;
    Identity__SetCadreRequest cadre = IDENTITY__SET_CADRE_REQUEST__INIT;
    int64_t member_id = place->fields[2].number;
    char mobile[CN_MOBILE_LEN + 1];

    change.union_id = union_id;
    change.kind = IDENTITY__CHANGE_KIND__CHANGE_NAME;
    change.name = unconst("新总工会");
    authority_put(place, "change_id", created(h, "Unions.AskUnionChange", &change.base, administrator(h, ROOT)));
    cadre.union_id = union_id;
    cadre.mobile = unconst(mobile_of(n, mobile));
    cadre.post = IDENTITY__POST__POST_CHAIR;
    cadre.term_from = 1;
    authority_put(place, "cadre_id", created(h, "Cadres.SetCadre", &cadre.base, harness_internal(h)));
    authority_put(
        place, "proposal_id",
        proposed(h, propose_standing(h, administrator(h, ROOT), member_id, IDENTITY__STANDING__STANDING_SUSPENDED,
                                     IDENTITY__STANDING_REASON__STANDING_DISCIPLINE))
            ->proposal_id);
}

/* What members have asked for. */
static void ask_as_members(struct harness *h, struct authority_place *place, const char *code, int64_t union_id,
                           int64_t elsewhere, unsigned n)
{
    Identity__CreateTransferRequest transfer = IDENTITY__CREATE_TRANSFER_REQUEST__INIT;
    Identity__ClaimTradeRequest trade = IDENTITY__CLAIM_TRADE_REQUEST__INIT;
    Identity__ProposeMergeRequest merge = IDENTITY__PROPOSE_MERGE_REQUEST__INIT;
    Identity__AskCorrectionRequest correction = IDENTITY__ASK_CORRECTION_REQUEST__INIT;
    Identity__ContestProofRequest contest = IDENTITY__CONTEST_PROOF_REQUEST__INIT;
    Rpc__Principal *who = person_signed_in(h, n + 1), *claimant;
    char resident_id[CN_RESIDENT_ID_LEN + 1];
    int64_t id;

    id = asked_to_join(h, ask_to_join(h, who, union_id, n + 1))->request_id;
    authority_put_hers(place, "request_id", id, who);
    authority_put(place, "request_ids", id);
    authority_put(place, "Looks.LookAtPerson/case_id", id);
    authority_put(place, "Looks.LookAtPerson/member_id", who->member_id);
    authority_put_hers(place, "session_id", who->session_id, who);
    who = member_of_union(h, n + 2, code);
    transfer.union_id = elsewhere;
    id = created(h, "Transfers.CreateTransfer", &transfer.base, who);
    authority_put_hers(place, "transfer_id", id, who);
    authority_put(place, "transfer_ids", id);
    trade.trade = RPC__TRADE__SANITATION;
    trade.proof = IDENTITY__TRADE_PROOF__PROOF_WORK_CARD;
    trade.platform = trade.work_number = unconst("环卫所");
    id = created(h, "Trades.ClaimTrade", &trade.base, who);
    authority_put_hers(place, "trade_id", id, who);
    authority_put(place, "trade_ids", id);
    id = member_of_union(h, n + 5, code)->member_id;
    authority_put(place, "gone_id", id);
    put_member(place, id);
    merge.kept_id = who->member_id;
    merge.gone_id = member_of_union(h, n + 6, code)->member_id;
    merge.reason = IDENTITY__MERGE_REASON__MERGE_TWO_PAPERS;
    authority_put_hers(place, "merge_id", created(h, "Merges.ProposeMerge", &merge.base, administrator(h, ROOT)), who);
    contest.name = unconst("王小明");
    make_resident_id(n + 3, resident_id);
    contest.resident_id = resident_id;
    who = member_of_union(h, n + 3, code);
    claimant = person_signed_in(h, n + 7);
    authority_put_hers(place, "contest_id", created(h, "Contests.ContestProof", &contest.base, claimant), claimant);
    authority_put(place, "step_up_id", created(h, "Stepups.AskStepUp", NULL, who));
    correction.name = unconst("王大明");
    correction.reason = IDENTITY__CORRECTION_REASON__CORRECTION_CHANGED;
    id = created(h, "Corrections.AskCorrection", &correction.base, who);
    authority_put_hers(place, "correction_id", id, who);
    authority_put(place, "correction_ids", id);
}

/* What members are told before they agree to something, and say under it. */
static void publish_text(struct harness *h, int purpose)
{
    Identity__PublishPolicyRequest request = IDENTITY__PUBLISH_POLICY_REQUEST__INIT;
    char key[32];

    snprintf(key, sizeof(key), "policy %d", purpose);
    request.union_id = union_ids[PARENT];
    request.purpose = (Identity__Purpose)purpose;
    request.title = request.controller = request.contact = request.kinds = request.retention = request.text = "告知";
    assert_ok(harness_call(h, "Consents.PublishPolicy", &request.base, harness_internal(h), key));
}

/* What she says of herself, and of a union that she would have: lists of hers alone. */
static void say_for_herself(struct harness *h, struct authority_place *place, int64_t union_id, unsigned n)
{
    Identity__MakePledgeRequest pledge = IDENTITY__MAKE_PLEDGE_REQUEST__INIT;
    Identity__AskNewUnionRequest wanted = IDENTITY__ASK_NEW_UNION_REQUEST__INIT;
    const Rpc__Principal *who = member_of_union(h, n + 8, unions[place - world.places].code);
    char code[32];

    pledge.name = "王小明";
    pledge.version = 1;
    assert_ok(harness_call(h, "Pledges.MakePledge", &pledge.base, who, "pledge"));
    snprintf(code, sizeof(code), "ASKED-%u", n);
    wanted.union_id = union_id;
    wanted.name = "新工会";
    wanted.code = code;
    wanted.workers = 30;
    wanted.body = IDENTITY__UNION_BODY__BODY_COMMITTEE;
    assert_ok(harness_call(h, "Unions.AskNewUnion", &wanted.base, who, "new union"));
    authority_put_hers(place, "Pledges.ListMyPledges/nothing", 0, who);
}

/* What came with a scan that the official has made of a member's pass. */
static void scan_member(struct harness *h, struct authority_place *place, int64_t member_id)
{
    static const unsigned char nonce[PII_NONCE_LEN] = "any will do";
    struct letter letter = {
        .member_id = member_id, .about_id = 77, .bearer_id = AUTHORITY_OFFICIAL, .until = INT64_MAX};
    char text[LETTER_SIZE];

    snprintf(letter.union_path, sizeof(letter.union_path), "%s", place->path);
    letter_write(identity_of(h)->letters, nonce, &letter, text);
    authority_put_text(place, "Looks.LookAtPerson/letter", text);
    place->fields[place->n_fields - 1].role = RULE__ROLE__CHECKUP_STAFF;
    authority_put_text(place, "Looks.MatchPerson/letter", text);
}

/* Through WeChat, from where the number is hers already. */
static void bind_wechat(struct harness *h, struct authority_place *place, unsigned n)
{
    char openid[16], mobile[CN_MOBILE_LEN + 1];
    const Rpc__Principal *who;

    snprintf(openid, sizeof(openid), "openid-%u", n);
    who = principal_of(
        h, harness_output(h, enter_by_wechat(h, openid, mobile_of(n + 7, mobile)), &identity__session__descriptor));
    authority_put_hers(place, "wechat_id", last_event(h, IDENTITY__EVENT__EVENT_WECHAT_BOUND)->wechat_bound->wechat_id,
                       who);
}

/* ---- the world ---- */

static struct harness the_harness;

/* All four unions come first: each one's member asks for a transfer to another. */
static void begin_with_places(struct harness *h)
{
    static const unsigned order[] = {PARENT, OWN, SIBLING, CHILD};

    begin(h);
    for (unsigned i = 0; i < ARRAY_LEN(order); i++)
        union_ids[order[i]] = make_union(h, unions[order[i]].code, unions[order[i]].parent)->union_id;
    publish_text(h, IDENTITY__PURPOSE__PURPOSE_ACCOUNT);
    publish_text(h, IDENTITY__PURPOSE__PURPOSE_SINGLE_PLEDGE);
}

static void make(struct harness *h, struct authority_place *place, unsigned i)
{
    unsigned n = 1 + i * 10;
    const char *code = unions[i].code;
    char mobile[CN_MOBILE_LEN + 1];
    const Rpc__Principal *who;
    Identity__GrantRecord *grant;

    authority_put(place, "union_id", union_ids[i]);
    who = member_of_union(h, n, code);
    put_member(place, who->member_id);
    authority_put(place, "parent_id", union_ids[i]);
    grant = harness_output(h, create_grant(h, harness_internal(h), mobile_of(n, mobile), RULE__ROLE__FINANCE, code),
                           &identity__grant_record__descriptor);
    ask_as_members(h, place, code, union_ids[i], union_ids[i == SIBLING ? OWN : SIBLING], n);
    list_somebody(h, code, place, union_ids[i], i);
    begin_import(h, place, union_ids[i]);
    begin_count(h, place, union_ids[i]);
    ask_officials(h, place, union_ids[i], n);
    make_agent(h, n, place, union_ids[i]);
    authority_put(place, "grant_id", grant->grant_id);
    bind_wechat(h, place, n);
    say_for_herself(h, place, union_ids[i], n);
    scan_member(h, place, who->member_id);
    who = person_signed_in(h, 90);
    world.stranger = (struct authority_person){who->member_id, who->session_id};
}

static const char *text(struct harness *h, const char *method, const char *field, const struct authority_place *place)
{
    const char *code = place->fields[1].text;
    char made[256] = "", id[CN_RESIDENT_ID_LEN + 1];

    make_resident_id(700, id);
    if (strcmp(field, "resident_id") == 0)
        snprintf(made, sizeof(made), "%s", id);
    else if (strcmp(field, "code") == 0)
        snprintf(made, sizeof(made), "NEW-%u", n_calls++);
    else if (strcmp(field, "csv") == 0 && strstr(method, "Roster"))
        snprintf(made, sizeof(made), "王小明,%s,16900000009,%s,COURIER\n", id, code);
    else if (strcmp(field, "csv") == 0)
        snprintf(made, sizeof(made), "NEW-%u,总工会,%s\n", n_calls++, code);
    else
        return NULL;
    return arena_strndup(&h->arena, made, strlen(made));
}

static const struct authority_field fields[] = {
    {.field = "target_id", .number = 0},
    {.field = "name", .text = "新工会"},
    {.field = "Unions.FindUnions/name", .text = "总工会"},
    {.field = "People.FindMembers/name", .text = "王小明"},
    {.field = "People.FindMembers/resident_id", .text = ""},
    {.field = "People.FindMembers/mobile", .text = ""},
    {.field = "People.FindCadres/name", .text = "王小明"},
    {.field = "mobile", .text = "16900000777"},
    {.field = "title", .text = "告知"},
    {.field = "text", .text = "告知"},
    {.field = "controller", .text = "告知"},
    {.field = "contact", .text = "告知"},
    {.field = "kinds", .text = "告知"},
    {.field = "retention", .text = "告知"},
    {.field = "credit_code", .text = ""},
    {.field = "term_from", .number = 1},
    {.field = "state", .number = 0},
    {.field = "removal", .number = 0},
    {.field = "size", .number = 10},
    {.field = "content", .text = "0123456789"},
    {.field = "last_four", .text = "0014"},
    {NULL},
};
/* Of people's names, resident IDs and numbers. */
static const char *const secrets[] = {"王小明", "王大明", "440604199003", "169000000", NULL};
static const char *const whole[] = {"Looks.LookAtPerson", NULL};
static const char *const placeless[] = {"Imports.ListImports", "Cards.VerifyCard", NULL};
static const int refusals[] = {IDENTITY__REASON__GRANT_EXCEEDS_YOURS, 0};

static struct authority world = {
    .queue = "identity",
    .harness = &the_harness,
    .begin = begin_with_places,
    .end = end,
    .make = make,
    .fields = fields,
    .text = text,
    .refusals = refusals,
    .secrets = secrets,
    .whole = whole,
    .placeless = placeless,
    .report = &imports__import_report__descriptor,
    .places = {[OWN] = {.path = "00000000"},
               [SIBLING] = {.path = "00000001"},
               [PARENT] = {.path = "0000"},
               [CHILD] = {.path = "000000000000"}},
};

int main(void)
{
    return authority_run(&world);
}
