/* Secrets of lots: when they are told, and what anybody computes by them, through the service. */
#include "common/base/hex.h"
#include "common/draw/draw_file.h"
#include "services/health/fixture.h"

static struct harness h;

static int setup(void **state)
{
    *state = &h;
    begin(&h);
    return 0;
}

/* One of three places, whose list of members 1..5 is fixed. */
static const Health__Campaign *frozen(void)
{
    const Health__Campaign *campaign = opened(&h, 3);

    enter_all(&h, campaign->campaign_id, 5);
    step_to(&h, campaign->closes_at);
    return campaign;
}

static int state_of(int64_t campaign_id)
{
    return (int)draw_status(&h, campaign_id)->state;
}

/* ---- void and late lots ---- */

static const Rpc__Answer *void_as(int64_t campaign_id, const char *reason, const Rpc__Principal *who)
{
    Health__VoidRequest request = HEALTH__VOID_REQUEST__INIT;

    request.campaign_id = campaign_id;
    request.reason = unconst(reason);
    return harness_call(&h, "Draws.MakeVoid", &request.base, who, NULL);
}

static const Rpc__Answer *void_by(int64_t campaign_id, const char *reason, int64_t member_id)
{
    return void_as(campaign_id, reason, manager_number(&h, member_id));
}

/* Whether the secret that is told is the one committed to. */
static bool tells_its_secret(int64_t campaign_id)
{
    Health__DrawStatus *status = draw_status(&h, campaign_id);
    unsigned char secret[DRAW_HASH_LEN], commitment[DRAW_HASH_LEN];
    char text[HEX_SIZE(DRAW_HASH_LEN)];

    if (!*status->secret)
        return false;
    assert_true(hex_read(status->secret, sizeof(secret), secret));
    draw_commitment(secret, (uint32_t)status->steps, commitment);
    hex_print(commitment, sizeof(commitment), text);
    assert_string_equal(text, status->commitment);
    return true;
}

struct listed {
    struct draw_entry entries[16];
    uint32_t places[16], n;
};

static void list_entry(void *arg, const struct draw_entry *entry, uint32_t place)
{
    struct listed *listed = arg;

    assert_true(listed->n < ARRAY_LEN(listed->entries));
    listed->entries[listed->n] = *entry;
    listed->places[listed->n++] = place;
}

/* The list of the published file, with the places that it says. */
static void read_list(int64_t campaign_id, struct draw_reader *reader, struct listed *ret)
{
    const char *file = file_of(&h, campaign_id);

    *ret = (struct listed){0};
    assert_true(draw_reader_init(reader, false));
    reader->on_entry = list_entry;
    reader->arg = ret;
    assert_true(draw_reader_feed(reader, file, strlen(file)) && draw_reader_end(reader));
}

/* The places that anybody gives by terms and list, the secret that is told, and the value: of one stratum, for all. */
static void compute_places(int64_t campaign_id, const char *typed, struct listed *ret)
{
    unsigned char secret[DRAW_HASH_LEN], seed[DRAW_HASH_LEN], ranks[ARRAY_LEN(ret->entries)][DRAW_HASH_LEN];
    struct draw_reader reader;
    char value[DRAW_TEXT_SIZE];

    assert_true(tells_its_secret(campaign_id));
    assert_true(hex_read(draw_status(&h, campaign_id)->secret, sizeof(secret), secret));
    read_list(campaign_id, &reader, ret);
    assert_true(draw_value_bring(reader.terms.value_format, typed, value));
    draw_seed(secret, reader.draw.root, value, seed);
    draw_reader_done(&reader);
    for (uint32_t i = 0; i < ret->n; i++)
        draw_rank(seed, ret->entries[i].ticket, ret->entries[i].weight, ranks[i]);
    for (uint32_t i = 0; i < ret->n; i++) {
        assert_int_equal(ret->places[i], 0); /* nothing has been drawn */
        ret->places[i] = 1;
        for (uint32_t j = 0; j < ret->n; j++)
            ret->places[i] += memcmp(ranks[j], ranks[i], DRAW_HASH_LEN) < 0;
    }
}

static void is_drawn_as(int64_t campaign_id, const struct listed *computed)
{
    struct draw_reader reader;
    struct listed drawn;

    read_list(campaign_id, &reader, &drawn);
    draw_reader_done(&reader);
    assert_int_equal(drawn.n, computed->n);
    for (uint32_t i = 0; i < drawn.n; i++) {
        assert_memory_equal(drawn.entries[i].ticket, computed->entries[i].ticket, DRAW_TICKET_LEN);
        assert_int_equal(drawn.places[i], computed->places[i]);
    }
}

/* Had it not been made void, that is what would have been drawn. */
static void what_would_have_come_out_of_a_void_lot_is_computed_by_anybody(void **state)
{
    const Health__Campaign *campaign = frozen();
    int64_t id = campaign->campaign_id;
    struct listed computed;

    (void)state;
    assert_ok(void_by(id, "名单有误", 900));
    assert_ok(void_by(id, "名单有误", 901));
    compute_places(id, "03 07 11 18 22 30 + 09", &computed);
    assert_int_equal(computed.n, 5);
    harness_tamper(&h, "UPDATE campaign SET state = 4");
    harness_tamper(&h, "UPDATE lottery SET stage = 4, state = 3, void_from = 0, secret = x''");
    draw_lots(&h, campaign);
    assert_ok(on_campaign(&h, "Draws.Publish", id, manager_of(&h, UNION)));
    is_drawn_as(id, &computed);
}

static void nobody_alone_makes_a_frozen_lot_void_and_hides_what_would_have_come_out(void **state)
{
    int64_t id = frozen()->campaign_id;

    (void)state;
    assert_ok(void_by(id, "名单有误", 900));
    assert_true(draw_status(&h, id)->void_asked);
    assert_int_equal(state_of(id), HEALTH__CAMPAIGN_STATE__FROZEN);
    assert_ok(void_by(id, "名单有误", 900)); /* she alone, however often */
    assert_int_equal(state_of(id), HEALTH__CAMPAIGN_STATE__FROZEN);
    assert_refused(void_by(id, "另有原因", 901), "HANDS_DIFFER");
    assert_refused(void_as(id, "名单有误", harness_unnamed(manager_number(&h, 901))), "HAND_NOT_NAMED");
    assert_refused(void_as(id, "名单有误", harness_newly(&h, manager_number(&h, 901), 900, now_of(&h))),
                   "HAND_GAVE_OFFICE");
    assert_false(tells_its_secret(id));
    assert_ok(void_by(id, "名单有误", 901));
    assert_int_equal(state_of(id), HEALTH__CAMPAIGN_STATE__VOID);
    assert_true(tells_its_secret(id));
    harness_reopen(&h);
    assert_true(tells_its_secret(id));
    assert_string_equal(draw_status(&h, id)->void_reason, "名单有误");
    assert_int_equal(last_event(&h, HEALTH__EVENT__EVENT_SECRET_REVEALED)->secret_revealed->lot_id, id);
}

static void without_a_value_the_secret_is_told_in_time_and_anybody_computes(void **state)
{
    const Health__Campaign *campaign = frozen();
    int64_t id = campaign->campaign_id;
    struct listed computed;

    (void)state;
    step_to(&h, campaign->draw_at);
    assert_ok(with_value(&h, "Draws.EnterValue", id, "03 07", 900)); /* one hand is no value */
    step_to(&h, campaign->draw_at + LOTTERY_PUBLISH_MS - 1);
    assert_false(tells_its_secret(id));
    step_to(&h, campaign->draw_at + LOTTERY_PUBLISH_MS);
    assert_true(tells_its_secret(id));
    assert_int_equal(state_of(id), HEALTH__CAMPAIGN_STATE__FROZEN);
    /* The officials may still say it: it draws what everybody has computed. */
    compute_places(id, "03 07", &computed);
    assert_ok(with_value(&h, "Draws.ConfirmValue", id, "03 07", 901));
    settle(&h);
    settle(&h);
    assert_int_equal(winners_of(&h, id, 5), 3);
    is_drawn_as(id, &computed);
}

/* ---- chains ---- */

static const Rpc__Answer *announce_day(int64_t chain_id, int32_t day, int64_t *ret_campaign)
{
    Health__AnnounceRequest request = HEALTH__ANNOUNCE_REQUEST__INIT;

    request.campaign_id = campaign_of(&h, create_campaign(&h, manager_of(&h, UNION), a_draft(&h, 1)))->campaign_id;
    request.chain_id = chain_id;
    request.day = day;
    *ret_campaign = request.campaign_id;
    return harness_call(&h, "Draws.Announce", &request.base, manager_of(&h, UNION), NULL);
}

static Health__Chain *a_chain(int32_t days)
{
    Health__CreateChainRequest request = HEALTH__CREATE_CHAIN_REQUEST__INIT;

    request.union_id = a_union(&h, UNION);
    request.days = days;
    return harness_output(&h, call_once(&h, "Draws.CreateChain", &request.base, manager_of(&h, UNION)),
                          &health__chain__descriptor);
}

static const Rpc__Answer *list_chains(const char *of, int32_t size, const char *token, const Rpc__Principal *who)
{
    Health__ListChainsRequest request = HEALTH__LIST_CHAINS_REQUEST__INIT;

    request.union_id = a_union(&h, of);
    request.page_size = size;
    request.page_token = unconst(token);
    return harness_call(&h, "Draws.ListChains", &request.base, who, NULL);
}

static Health__ChainList *chains_listed(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &health__chain_list__descriptor);
}

static void chains_are_listed_with_what_is_left_of_them_to_officials_over_them(void **state)
{
    const Health__Chain *first = a_chain(3), *second = a_chain(5);
    const Health__ChainList *list;
    int64_t campaign_id;

    (void)state;
    assert_ok(announce_day(first->chain_id, 2, &campaign_id));
    list = chains_listed(list_chains(UNION, 1, "", manager_of(&h, UNION)));
    assert_int_equal(list->n_chains, 1);
    assert_int_equal(list->chains[0]->chain_id, second->chain_id);
    assert_int_equal(list->chains[0]->used, 0);
    list = chains_listed(list_chains(UNION, 1, list->next_page_token, manager_of(&h, UNION)));
    assert_int_equal(list->n_chains, 1);
    assert_string_equal(list->next_page_token, "");
    assert_int_equal(list->chains[0]->chain_id, first->chain_id);
    assert_int_equal(list->chains[0]->days, 3);
    assert_int_equal(list->chains[0]->used, 2);
    assert_int_equal(list->chains[0]->union_id, a_union(&h, UNION));
    assert_in_range(list->chains[0]->made_at, HARNESS_NOW, HARNESS_NOW + 1000);
    assert_string_equal(list->chains[0]->anchor, first->anchor);
    list = chains_listed(list_chains(UNION, 0, "", harness_official(&h, 703, RULE__ROLE__AUDIT_ADMIN, UNION)));
    assert_int_equal(list->n_chains, 2);
    /* Who is elsewhere has none of them, nor who asks for a union below. */
    assert_int_equal(chains_listed(list_chains(UNION, 0, "", manager_of(&h, "0002")))->n_chains, 0);
    assert_int_equal(chains_listed(list_chains(UNION "0001", 0, "", manager_of(&h, UNION)))->n_chains, 0);
    assert_refused(list_chains(UNION, 0, "", harness_member(&h, 1, UNION)), "NOT_OFFICIAL");
}

/* The first lot is held open, or no longer. */
static void hold_first(bool held)
{
    harness_tamper(&h, held ? "UPDATE lottery SET closes_at = closes_at + 864000000 WHERE lot_id = "
                              "(SELECT min(lot_id) FROM lottery)"
                            : "UPDATE lottery SET closes_at = closes_at - 864000000 WHERE lot_id = "
                              "(SELECT min(lot_id) FROM lottery)");
}

static void days_of_a_chain_are_drawn_in_order(void **state)
{
    const Health__Chain *chain;
    Health__VoidRequest make_void = HEALTH__VOID_REQUEST__INIT;
    const Health__Campaign *second;
    int64_t first_id, second_id, other;

    (void)state;
    chain = a_chain(2);
    assert_ok(announce_day(chain->chain_id, 1, &first_id));
    assert_ok(announce_day(chain->chain_id, 2, &second_id));
    assert_refused(announce_day(chain->chain_id, 2, &other), "CHAIN_DAY_TAKEN");
    assert_refused(announce_day(chain->chain_id, 3, &other), "CHAIN_DAY_TAKEN");
    assert_refused(announce_day(chain->chain_id + 1, 1, &other), "CHAIN_NOT_FOUND");
    assert_string_equal(draw_status(&h, first_id)->commitment, chain->anchor);
    assert_string_equal(draw_status(&h, second_id)->commitment, chain->anchor);
    /* The first is held open: the second must not tell its secret. */
    hold_first(true);
    second = campaign_of(&h, on_campaign(&h, "Campaigns.GetCampaign", second_id, manager_of(&h, UNION)));
    step_to(&h, second->opens_at);
    draw_lots(&h, second);
    assert_int_equal(state_of(second_id), HEALTH__CAMPAIGN_STATE__FROZEN);
    make_void.campaign_id = first_id;
    make_void.reason = "取消";
    assert_ok(harness_call(&h, "Draws.MakeVoid", &make_void.base, manager_of(&h, UNION), NULL));
    settle(&h);
    assert_int_equal(state_of(second_id), HEALTH__CAMPAIGN_STATE__DRAWN);
    assert_ok(on_campaign(&h, "Draws.Publish", second_id, manager_of(&h, UNION)));
    is_verified(file_of(&h, second_id));
}

/* It would tell that of the earlier day; it is told once that one can be chosen no more. */
static void a_void_day_tells_its_secret_once_the_earlier_days_are_frozen(void **state)
{
    int64_t chain_id = a_chain(2)->chain_id, first_id, second_id;
    const Health__Campaign *second;

    (void)state;
    assert_ok(announce_day(chain_id, 1, &first_id));
    assert_ok(announce_day(chain_id, 2, &second_id));
    hold_first(true);
    second = campaign_of(&h, on_campaign(&h, "Campaigns.GetCampaign", second_id, manager_of(&h, UNION)));
    step_to(&h, second->opens_at);
    enter_all(&h, second_id, 5);
    step_to(&h, second->closes_at);
    assert_int_equal(state_of(second_id), HEALTH__CAMPAIGN_STATE__FROZEN);
    assert_ok(void_by(second_id, "名单有误", 900));
    assert_ok(void_by(second_id, "名单有误", 901));
    settle(&h);
    assert_int_equal(state_of(first_id), HEALTH__CAMPAIGN_STATE__OPEN);
    assert_int_equal(state_of(second_id), HEALTH__CAMPAIGN_STATE__VOID);
    assert_false(tells_its_secret(second_id));
    hold_first(false);
    settle(&h);
    assert_int_equal(state_of(first_id), HEALTH__CAMPAIGN_STATE__FROZEN);
    assert_true(tells_its_secret(second_id));
    assert_int_equal(last_event(&h, HEALTH__EVENT__EVENT_SECRET_REVEALED)->secret_revealed->lot_id, second_id);
}

/* ---- what is kept secret ---- */

static void the_secret_is_not_in_the_store_before_publication(void **state)
{
    const Health__Campaign *campaign = opened(&h, 3);
    int64_t id = campaign->campaign_id;
    const char *sql = "SELECT count(*) FROM lottery WHERE length(secret) > 0";
    int statement;

    (void)state;
    enter_all(&h, id, 3);
    draw_lots(&h, campaign);
    statement = store_prepare(h.service.store, &sql, 1);
    store_ask(h.service.store, (unsigned)statement, "");
    assert_int_equal(store_number(h.service.store, (unsigned)statement), 0);
    assert_ok(on_campaign(&h, "Draws.Publish", id, manager_of(&h, UNION)));
    store_ask(h.service.store, (unsigned)statement, "");
    assert_int_equal(store_number(h.service.store, (unsigned)statement), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_would_have_come_out_of_a_void_lot_is_computed_by_anybody),
        TEST(nobody_alone_makes_a_frozen_lot_void_and_hides_what_would_have_come_out),
        TEST(without_a_value_the_secret_is_told_in_time_and_anybody_computes),
        TEST(chains_are_listed_with_what_is_left_of_them_to_officials_over_them),
        TEST(days_of_a_chain_are_drawn_in_order),
        TEST(a_void_day_tells_its_secret_once_the_earlier_days_are_frozen),
        TEST(the_secret_is_not_in_the_store_before_publication),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
