/* Whole names and numbers: by one operation, in a case, counted and on record. */
#include "services/identity/rights/look_tries.h"

#include "common/trust/letter.h"
#include "services/identity/access/office_fixture.h"
#include "services/identity/membership/membership_fixture.h"
#include "services/identity/people/members.h"

#define OFFICIAL 9 /* as administrator() is */

static const Rpc__Answer *look_at(struct harness *h, const Rpc__Principal *who, int look_case, int64_t case_id,
                                  int64_t member_id)
{
    Identity__LookRequest request = IDENTITY__LOOK_REQUEST__INIT;

    request.look_case = (Identity__LookCase)look_case;
    request.case_id = case_id;
    request.member_id = member_id;
    return harness_call(h, "Looks.LookAtPerson", &request.base, who, NULL);
}

static const Rpc__Answer *look_by(struct harness *h, const Rpc__Principal *who, const char *letter)
{
    Identity__LookRequest request = IDENTITY__LOOK_REQUEST__INIT;

    request.letter = unconst(letter);
    return harness_call(h, "Looks.LookAtPerson", &request.base, who, NULL);
}

static Identity__WholePerson *person_in(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__whole_person__descriptor);
}

static Identity__DataSeen *last_look(struct harness *h)
{
    return last_event(h, IDENTITY__EVENT__EVENT_DATA_SEEN)->data_seen;
}

/* How a person is shown: "" is not at all. */
static void assert_shown(const char *name, const char *id, const char *mobile, unsigned n, const char *whole_name,
                         bool whole_id, bool whole_mobile)
{
    char right_id[CN_RESIDENT_ID_LEN + 1], masked_id[CN_RESIDENT_ID_LEN + 1];
    char right_mobile[CN_MOBILE_LEN + 1], masked_mobile[CN_MOBILE_LEN + 1];

    make_resident_id(n, right_id);
    cn_mask_resident_id(right_id, masked_id);
    cn_mask_mobile(mobile_of(n, right_mobile), masked_mobile);
    assert_string_equal(name, whole_name);
    assert_string_equal(id, whole_id ? right_id : masked_id);
    assert_string_equal(mobile, whole_mobile ? right_mobile : masked_mobile);
}

/* ---- by a case ---- */

static void who_decides_on_an_applicant_sees_her_name_and_four_digits_and_she_is_told(void **state)
{
    Identity__MyLooksRequest mine = IDENTITY__MY_LOOKS_REQUEST__INIT;
    Identity__WholePerson *person;
    Identity__LookList *looks;
    Rpc__Principal *who;
    int64_t request_id;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = person_signed_in(&h, 1);
    request_id = asked_to_join(&h, ask_to_join(&h, who, first_id, 1))->request_id;
    person =
        person_in(&h, look_at(&h, administrator(&h, ROOT), IDENTITY__LOOK_CASE__LOOK_JOIN, request_id, who->member_id));
    assert_shown(person->name, person->resident_id, person->mobile, 1, "王小明", false, false);
    assert_string_equal(person->asked_name, "");
    assert_int_equal(person->looks_left, LOOKS_A_CASE - 1);
    assert_int_equal(last_look(&h)->n_member_ids, 1);
    assert_int_equal(last_look(&h)->member_ids[0], who->member_id);
    assert_int_equal(last_look(&h)->look_case, IDENTITY__LOOK_CASE__LOOK_JOIN);
    assert_int_equal(last_look(&h)->case_id, request_id);
    assert_int_equal(last_look(&h)->office_union_id, root_id);
    looks = harness_output(&h, harness_call(&h, "Rights.ListMyLooks", &mine.base, who, NULL),
                           &identity__look_list__descriptor);
    assert_int_equal(looks->n_looks, 1);
    assert_int_equal(looks->looks[0]->by, OFFICIAL);
    assert_int_equal(looks->looks[0]->look_case, IDENTITY__LOOK_CASE__LOOK_JOIN);
    assert_string_equal(looks->looks[0]->method, "Looks.LookAtPerson");
    end(&h);
}

static int64_t a_transfer(struct harness *h, const Rpc__Principal *who)
{
    Identity__CreateTransferRequest request = IDENTITY__CREATE_TRANSFER_REQUEST__INIT;
    const Rpc__Answer *answer;

    request.union_id = second_id;
    answer = harness_call(h, "Transfers.CreateTransfer", &request.base, who, NULL);
    return ((Identity__Transfer *)harness_output(h, answer, &identity__transfer__descriptor))->transfer_id;
}

static int64_t a_trade(struct harness *h, const Rpc__Principal *who)
{
    Identity__ClaimTradeRequest request = IDENTITY__CLAIM_TRADE_REQUEST__INIT;
    const Rpc__Answer *answer;

    request.trade = RPC__TRADE__SANITATION;
    request.proof = IDENTITY__TRADE_PROOF__PROOF_WORK_CARD;
    request.platform = request.work_number = unconst("环卫所");
    answer = harness_call(h, "Trades.ClaimTrade", &request.base, who, NULL);
    return ((Identity__TradeRecord *)harness_output(h, answer, &identity__trade_record__descriptor))->trade_id;
}

static int64_t a_correction(struct harness *h, const Rpc__Principal *who, unsigned n)
{
    Identity__AskCorrectionRequest request = IDENTITY__ASK_CORRECTION_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1];
    Identity__Correction *correction;

    make_resident_id(n, id);
    request.name = unconst("王大明");
    request.resident_id = id;
    request.reason = IDENTITY__CORRECTION_REASON__CORRECTION_CHANGED;
    correction = harness_output(h, harness_call(h, "Corrections.AskCorrection", &request.base, who, NULL),
                                &identity__correction__descriptor);
    assert_string_equal(correction->name, "王*明");
    return correction->correction_id;
}

static int64_t a_merge(struct harness *h, int64_t kept_id, int64_t gone_id)
{
    Identity__ProposeMergeRequest request = IDENTITY__PROPOSE_MERGE_REQUEST__INIT;
    const Rpc__Answer *answer;

    request.kept_id = kept_id;
    request.gone_id = gone_id;
    request.reason = IDENTITY__MERGE_REASON__MERGE_TWO_PAPERS;
    answer = harness_call(h, "Merges.ProposeMerge", &request.base, administrator(h, ROOT), NULL);
    return ((Identity__Merge *)harness_output(h, answer, &identity__merge__descriptor))->merge_id;
}

static void each_case_shows_whole_what_it_is_about(void **state)
{
    Rpc__Principal *official, *who, *other;
    Identity__WholePerson *person;
    char id[CN_RESIDENT_ID_LEN + 1];
    struct harness h;
    int64_t case_id;

    (void)state;
    begin_with_unions(&h);
    official = administrator(&h, FIRST);
    who = member_of_union(&h, 1, "440604");
    other = member_of_union(&h, 2, "440604");
    person =
        person_in(&h, look_at(&h, official, IDENTITY__LOOK_CASE__LOOK_TRANSFER, a_transfer(&h, who), who->member_id));
    assert_shown(person->name, person->resident_id, person->mobile, 1, "王小明", false, false);
    person = person_in(&h, look_at(&h, official, IDENTITY__LOOK_CASE__LOOK_TRADE, a_trade(&h, who), who->member_id));
    assert_shown(person->name, person->resident_id, person->mobile, 1, "王小明", false, false);
    person = person_in(
        &h, look_at(&h, official, IDENTITY__LOOK_CASE__LOOK_CORRECTION, a_correction(&h, who, 77), who->member_id));
    assert_shown(person->name, person->resident_id, person->mobile, 1, "王小明", true, true);
    make_resident_id(77, id);
    assert_string_equal(person->asked_name, "王大明");
    assert_string_equal(person->asked_resident_id, id);
    assert_string_equal(person->asked_mobile, "");
    case_id = a_merge(&h, who->member_id, other->member_id);
    person = person_in(&h, look_at(&h, official, IDENTITY__LOOK_CASE__LOOK_MERGE, case_id, who->member_id));
    assert_shown(person->name, person->resident_id, person->mobile, 1, "王小明", true, true);
    person = person_in(&h, look_at(&h, official, IDENTITY__LOOK_CASE__LOOK_MERGE, case_id, other->member_id));
    assert_shown(person->name, person->resident_id, person->mobile, 2, "王小明", true, true);
    case_id = proposed(&h, propose_standing(&h, administrator(&h, ROOT), other->member_id,
                                            IDENTITY__STANDING__STANDING_DECEASED,
                                            IDENTITY__STANDING_REASON__STANDING_DEATH_CERTIFIED))
                  ->proposal_id;
    person = person_in(&h, look_at(&h, official, IDENTITY__LOOK_CASE__LOOK_PROPOSAL, case_id, other->member_id));
    assert_shown(person->name, person->resident_id, person->mobile, 2, "王小明", true, false);
    end(&h);
}

static void nobody_is_shown_without_an_open_case_of_ones_own_about_her(void **state)
{
    Rpc__Principal *official, *who, *other;
    int64_t request_id, transfer_id, rows;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    official = administrator(&h, FIRST);
    who = person_signed_in(&h, 1);
    other = member_of_union(&h, 2, "440604");
    request_id = asked_to_join(&h, ask_to_join(&h, who, first_id, 1))->request_id;
    rows = journal_rows(&h);
    assert_refused(look_at(&h, official, 0, request_id, who->member_id), "OUT_OF_RANGE");
    assert_refused(look_at(&h, official, IDENTITY__LOOK_CASE__LOOK_PASS, request_id, who->member_id), "OUT_OF_RANGE");
    assert_refused(look_at(&h, official, 99, request_id, who->member_id), "OUT_OF_RANGE");
    assert_refused(look_at(&h, official, IDENTITY__LOOK_CASE__LOOK_JOIN, request_id + 1, who->member_id),
                   "JOIN_NOT_FOUND");
    assert_refused(look_at(&h, official, IDENTITY__LOOK_CASE__LOOK_TRADE, request_id, who->member_id),
                   "TRADE_CLAIM_NOT_FOUND");
    assert_refused(look_at(&h, official, IDENTITY__LOOK_CASE__LOOK_JOIN, request_id, other->member_id),
                   "MEMBER_NOT_FOUND");
    assert_refused(look_at(&h, official, IDENTITY__LOOK_CASE__LOOK_JOIN, request_id, 0), "MEMBER_NOT_FOUND");
    assert_refused(look_at(&h, administrator(&h, SECOND), IDENTITY__LOOK_CASE__LOOK_JOIN, request_id, who->member_id),
                   "OUTSIDE_YOUR_UNION");
    assert_refused(look_at(&h, harness_official(&h, OFFICIAL, RULE__ROLE__CHECKUP_STAFF, ""),
                           IDENTITY__LOOK_CASE__LOOK_JOIN, request_id, who->member_id),
                   "OUTSIDE_YOUR_UNION");
    assert_refused(look_at(&h, harness_official(&h, who->member_id, RULE__ROLE__UNION_ADMIN, ""),
                           IDENTITY__LOOK_CASE__LOOK_JOIN, request_id, who->member_id),
                   "NOT_FOR_YOURSELF");
    assert_int_equal(journal_rows(&h), rows);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM look_try"), 0);
    /* Both unions of a transfer may look, until it is decided. */
    transfer_id = a_transfer(&h, other);
    assert_ok(
        look_at(&h, administrator(&h, SECOND), IDENTITY__LOOK_CASE__LOOK_TRANSFER, transfer_id, other->member_id));
    harness_tamper(&h, "UPDATE transfer SET state = 6");
    assert_refused(look_at(&h, official, IDENTITY__LOOK_CASE__LOOK_TRANSFER, transfer_id, other->member_id),
                   "TRANSFER_STATE");
    harness_tamper(&h, "UPDATE transfer SET state = 1");
    end(&h);
}

static void a_case_is_looked_at_so_often_a_day(void **state)
{
    Rpc__Principal *who, *official;
    int64_t request_id;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    official = administrator(&h, FIRST);
    who = person_signed_in(&h, 1);
    request_id = asked_to_join(&h, ask_to_join(&h, who, first_id, 1))->request_id;
    for (int left = LOOKS_A_CASE - 1; left >= 0; left--) {
        Rpc__Principal *one = left % 2 ? official : administrator(&h, ROOT); /* whoever looks */

        assert_int_equal(
            person_in(&h, look_at(&h, one, IDENTITY__LOOK_CASE__LOOK_JOIN, request_id, who->member_id))->looks_left,
            left);
        harness_reopen(&h);
    }
    assert_refused(look_at(&h, official, IDENTITY__LOOK_CASE__LOOK_JOIN, request_id, who->member_id),
                   "LOOK_TRIES_EXHAUSTED");
    clock_step(&h.service.clock, LOOKS_A_CASE_MS - 1);
    assert_refused(look_at(&h, official, IDENTITY__LOOK_CASE__LOOK_JOIN, request_id, who->member_id),
                   "LOOK_TRIES_EXHAUSTED");
    clock_step(&h.service.clock, 1);
    assert_ok(look_at(&h, official, IDENTITY__LOOK_CASE__LOOK_JOIN, request_id, who->member_id));
    harness_tidy(&h);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM look_try"), 1);
    clock_step(&h.service.clock, LOOKS_A_CASE_MS);
    harness_tidy(&h);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM look_try"), 0);
    end(&h);
}

/* ---- by a scan ---- */

static const char *written(struct harness *h, const struct letter *letter)
{
    static const unsigned char nonce[PII_NONCE_LEN] = "any will do";
    char text[LETTER_SIZE];

    letter_write(identity_of(h)->letters, nonce, letter, text);
    return arena_strndup(&h->arena, text, strlen(text));
}

static void who_has_scanned_somebody_is_told_her_name(void **state)
{
    struct letter letter = {.about_id = 4711, .bearer_id = OFFICIAL, .union_path = FIRST}, other;
    Rpc__Principal *staff, *who;
    Identity__WholePerson *person;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    staff = harness_official(&h, OFFICIAL, RULE__ROLE__CHECKUP_STAFF, FIRST);
    who = member_of_union(&h, 1, "440605"); /* she may be of any union */
    letter.member_id = who->member_id;
    letter.until = clock_now(&h.service.clock) + 1;
    person = person_in(&h, look_by(&h, staff, written(&h, &letter)));
    assert_shown(person->name, person->resident_id, person->mobile, 1, "王小明", false, false);
    assert_int_equal(last_look(&h)->look_case, IDENTITY__LOOK_CASE__LOOK_PASS);
    assert_int_equal(last_look(&h)->case_id, 4711);
    assert_int_equal(last_look(&h)->office_union_id, first_id);
    other = letter;
    other.bearer_id = OFFICIAL + 1;
    assert_refused(look_by(&h, staff, written(&h, &other)), "LOOK_LETTER_INVALID");
    other = letter;
    other.until = clock_now(&h.service.clock);
    assert_refused(look_by(&h, staff, written(&h, &other)), "LOOK_LETTER_INVALID");
    assert_refused(look_by(&h, staff, "no letter"), "LOOK_LETTER_INVALID");
    assert_refused(look_by(&h, harness_official(&h, OFFICIAL, RULE__ROLE__CHECKUP_STAFF, SECOND), written(&h, &letter)),
                   "OUTSIDE_YOUR_UNION");
    assert_refused(look_by(&h, administrator(&h, ""), written(&h, &letter)), "OUTSIDE_YOUR_UNION");
    other = letter;
    other.member_id = 123;
    assert_refused(look_by(&h, staff, written(&h, &other)), "MEMBER_NOT_FOUND");
    for (int i = 1; i < LOOKS_A_CASE; i++)
        assert_ok(look_by(&h, staff, written(&h, &letter)));
    assert_refused(look_by(&h, staff, written(&h, &letter)), "LOOK_TRIES_EXHAUSTED");
    end(&h);
}

static const Rpc__Answer *match(struct harness *h, const Rpc__Principal *who, const char *letter, const char *last_four)
{
    Identity__MatchRequest request = IDENTITY__MATCH_REQUEST__INIT;

    request.letter = unconst(letter);
    request.last_four = unconst(last_four);
    return harness_call(h, "Looks.MatchPerson", &request.base, who, NULL);
}

static Identity__PersonMatch *match_in(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__person_match__descriptor);
}

/* Who shows a document at the door learns whether it is hers whose pass it is, and nothing of the number. */
static void a_document_at_the_door_is_compared_with_hers(void **state)
{
    static const char *const malformed[] = {"123", "12345", "12 3", "12-3", "一二三四", ""};
    struct letter letter = {.about_id = 4711, .bearer_id = OFFICIAL, .union_path = FIRST};
    Identity__MyLooksRequest mine = IDENTITY__MY_LOOKS_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1], wide[16] = "";
    Rpc__Principal *staff, *who;
    Identity__PersonMatch *found;
    Identity__LookList *looks;
    const char *text, *last;
    struct harness h;
    int64_t rows;

    (void)state;
    begin_with_unions(&h);
    staff = harness_official(&h, OFFICIAL, RULE__ROLE__CHECKUP_STAFF, FIRST);
    who = member_of_union(&h, 1, "440605");
    make_resident_id(1, id);
    last = id + CN_RESIDENT_ID_LEN - 4;
    letter.member_id = who->member_id;
    letter.until = clock_now(&h.service.clock) + 1;
    text = written(&h, &letter);
    rows = journal_rows(&h);
    for (size_t i = 0; i < ARRAY_LEN(malformed); i++)
        assert_refused(match(&h, staff, text, malformed[i]), "LAST_FOUR_INVALID");
    assert_refused(match(&h, staff, "no letter", last), "LOOK_LETTER_INVALID");
    assert_refused(match(&h, harness_official(&h, OFFICIAL, RULE__ROLE__CHECKUP_STAFF, SECOND), text, last),
                   "OUTSIDE_YOUR_UNION");
    assert_refused(match(&h, administrator(&h, ""), text, last), "NOT_OFFICIAL");
    assert_int_equal(journal_rows(&h), rows);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM look_try"), 0);
    found = match_in(&h, match(&h, staff, text, last));
    assert_true(found->matches);
    assert_string_equal(found->name, "王*明");
    assert_int_equal(found->looks_left, LOOKS_A_CASE - 1);
    assert_false(last_look(&h)->mismatch);
    /* In full width too; and looks of both kinds count together. */
    for (size_t i = 0; i < 4; i++)
        snprintf(wide + 3 * i, 4, "\xef\xbc%c", last[i] - '0' + 0x90);
    if (last[3] == 'X')
        snprintf(wide + 9, 4, "x");
    assert_true(match_in(&h, match(&h, staff, text, wide))->matches);
    assert_ok(look_by(&h, staff, text));
    found = match_in(&h, match(&h, staff, text, "000A"));
    assert_false(found->matches);
    assert_int_equal(found->looks_left, LOOKS_A_CASE - 4);
    assert_true(last_look(&h)->mismatch);
    assert_int_equal(last_look(&h)->case_id, 4711);
    assert_false(match_in(&h, match(&h, staff, text, "000B"))->matches);
    assert_refused(match(&h, staff, text, last), "LOOK_TRIES_EXHAUSTED");
    /* She sees each of them. */
    looks = harness_output(&h, harness_call(&h, "Rights.ListMyLooks", &mine.base, who, NULL),
                           &identity__look_list__descriptor);
    assert_int_equal(looks->n_looks, LOOKS_A_CASE);
    for (size_t i = 0; i < looks->n_looks; i++) {
        assert_int_equal(looks->looks[i]->look_case, IDENTITY__LOOK_CASE__LOOK_PASS);
        assert_int_equal(looks->looks[i]->mismatch, i < 2);
        assert_string_equal(looks->looks[i]->method, i == 2 ? "Looks.LookAtPerson" : "Looks.MatchPerson");
    }
    end(&h);
}

static void a_look_that_cannot_be_kept_is_not_given(void **state)
{
    Rpc__Principal *who;
    const Rpc__Answer *answer;
    int64_t request_id;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = person_signed_in(&h, 1);
    request_id = asked_to_join(&h, ask_to_join(&h, who, first_id, 1))->request_id;
    harness_fill(&h);
    for (int i = 0; i < 200; i++) {
        answer = look_at(&h, administrator(&h, FIRST), IDENTITY__LOOK_CASE__LOOK_JOIN, request_id, who->member_id);
        if (answer->reason)
            break;
        clock_step(&h.service.clock, LOOKS_A_CASE_MS);
    }
    assert_refused(answer, "STORE_FULL");
    harness_empty(&h);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_decides_on_an_applicant_sees_her_name_and_four_digits_and_she_is_told),
        cmocka_unit_test(each_case_shows_whole_what_it_is_about),
        cmocka_unit_test(nobody_is_shown_without_an_open_case_of_ones_own_about_her),
        cmocka_unit_test(a_case_is_looked_at_so_often_a_day),
        cmocka_unit_test(who_has_scanned_somebody_is_told_her_name),
        cmocka_unit_test(a_document_at_the_door_is_compared_with_hers),
        cmocka_unit_test(a_look_that_cannot_be_kept_is_not_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
