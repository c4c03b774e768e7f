/* Files with applications: what is taken, who sees it, and when it is gone. */
#include "identity/identity.pb-c.h"
#include "services/subsidy/evidence/evidence.h"
#include "services/subsidy/evidence/evidence_fixture.h"
#include "services/subsidy/objection/objections.h"

#define KIND(name)  SUBSIDY__FILE_KIND__##name
#define STATE(name) SUBSIDY__EVIDENCE_STATE__EVIDENCE_##name

static int64_t scheme_id;

/* A certificate, and a picture of it. */
static struct draft *a_draft_with_files(void)
{
    struct draft *draft = a_draft();

    draft->scheme.once = SUBSIDY__ONCE__ONCE_ANY;
    add_field(draft, "proof", SUBSIDY__FIELD_KIND__FILE);
    return draft;
}

static int setup_with_files(void **state)
{
    file_size = 3000;
    setup(state);
    scheme_id = open_scheme(a_draft_with_files());
    return 0;
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, setup_with_files, teardown)

/* With her certificate written. */
static int64_t drafted(int64_t member_id)
{
    int64_t id = application_of(start(scheme_id, member_of(member_id)))->application_id;
    char number[24];

    snprintf(number, sizeof(number), "ZS%08lld", (long long)member_id);
    assert_ok(save(id, "certificate", number, member_of(member_id)));
    return id;
}

static int64_t uploaded(int64_t application_id, int64_t member_id)
{
    return sent_file(file_of(begin_file(application_id, "proof", KIND(PDF), member_id))->evidence_id, member_id);
}

/* Handed in with a file that has this in it. */
static int64_t handed_in_with(int64_t member_id, unsigned char fill, int64_t *ret_evidence)
{
    int64_t id = drafted(member_id);

    a_file(KIND(PDF), fill);
    *ret_evidence = uploaded(id, member_id);
    assert_ok(submit(id, member_of(member_id)));
    return id;
}

static int64_t n_parts(void)
{
    return harness_number(&h, "SELECT count(*) FROM vault_part");
}

static int64_t n_rows(void)
{
    return harness_number(&h, "SELECT count(*) FROM journal");
}

static void an_application_is_handed_in_with_the_files_it_asks_for(void **state)
{
    int64_t id = drafted(MEMBER), evidence_id;
    const Subsidy__Application *application;

    (void)state;
    file_size = FILE_MAX;
    a_file(KIND(PDF), 'x');
    assert_refused_at(submit(id, member_of(MEMBER)), "FIELD_EMPTY", "answers.proof");
    assert_ok(save(id, "proof", "见附件", member_of(MEMBER)));
    assert_refused(submit(id, member_of(MEMBER)), "FIELD_EMPTY");
    assert_ok(save(id, "certificate", "ZS00000500", member_of(MEMBER)));
    evidence_id = file_of(begin_file(id, "proof", KIND(PDF), MEMBER))->evidence_id;
    assert_int_equal(file_of(put_file(evidence_id, 1, MEMBER))->received, 1);
    assert_refused(finish_file(evidence_id, MEMBER), "EVIDENCE_INCOMPLETE");
    assert_refused_at(submit(id, member_of(MEMBER)), "EVIDENCE_INCOMPLETE", "answers.proof");
    sent_file(evidence_id, MEMBER);
    assert_fetches("Evidence.FetchMyEvidence", evidence_id, member_of(MEMBER));
    assert_ok(submit(id, member_of(MEMBER)));
    application = get_hers(id, MEMBER);
    assert_int_equal(application->n_files, 1);
    assert_int_equal(application->files[0]->evidence_id, evidence_id);
    assert_string_equal(application->files[0]->field, "proof");
    assert_int_equal(application->files[0]->size, file_size);
    /* What was handed in stays as it was. */
    assert_refused(begin_file(id, "proof", KIND(PDF), MEMBER), "NOT_A_DRAFT");
    assert_refused(on_file("Evidence.RemoveEvidence", evidence_id, member_of(MEMBER)), "NOT_A_DRAFT");
    assert_ok(decide(id, SUBSIDY__VERDICT__GIVE_BACK, "照片不清", manager(911, TOWN)));
    assert_int_equal(file_of(on_file("Evidence.RemoveEvidence", evidence_id, member_of(MEMBER)))->state, STATE(ERASED));
    assert_refused_at(submit(id, member_of(MEMBER)), "FIELD_EMPTY", "answers.proof");
    uploaded(id, MEMBER);
    assert_ok(submit(id, member_of(MEMBER)));
}

static void files_that_lie_about_their_kind_are_refused(void **state)
{
    static const Subsidy__FileKind kinds[] = {KIND(PDF), KIND(JPEG), KIND(PNG), KIND(FILE_KIND_NONE)};
    int64_t id = drafted(MEMBER), evidence_id, rows;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        evidence_id = file_of(begin_file(id, "proof", kinds[i], MEMBER))->evidence_id;
        rows = n_rows();
        for (size_t j = 0; j < ARRAY_LEN(kinds); j++) {
            a_file(kinds[j], 'x');
            if (j != i)
                assert_refused_at(put_file(evidence_id, 0, MEMBER), "FILE_NOT_ITS_KIND", "content");
        }
        /* What is a picture to one reader and a PDF to another is no PDF. */
        a_file(KIND(PNG), 'x');
        memcpy(bytes_of_file + 100, "%PDF-1.7\n", 9);
        if (kinds[i] == KIND(PDF))
            assert_refused(put_file(evidence_id, 0, MEMBER), "FILE_NOT_ITS_KIND");
        assert_int_equal(n_parts(), (int64_t)i);
        assert_int_equal(n_rows(), rows);
        a_file(kinds[i], (unsigned char)('a' + i));
        sent_file(evidence_id, MEMBER);
    }
    evidence_id = file_of(begin_file(id, "proof", KIND(PDF), MEMBER))->evidence_id;
    a_file(KIND(PDF), 'z');
    for (int32_t part = 0; part < body_parts(file_size); part++)
        assert_ok(put_file(evidence_id, part, MEMBER));
    bytes_of_file[2000] ^= 1;
    assert_refused(finish_file(evidence_id, MEMBER), "EVIDENCE_DAMAGED");
    assert_refused_at(put_file(evidence_id, 5, MEMBER), "EVIDENCE_PART_WRONG", "part");
}

static void a_field_takes_so_many_files_of_its_kinds(void **state)
{
    static Subsidy__FileKind taken[] = {KIND(PDF)};
    struct draft *draft = a_draft_with_files();
    int64_t id, evidence_id;

    (void)state;
    draft->fields[1].least = 2;
    draft->fields[1].most = 2;
    draft->fields[1].file_kinds = taken;
    draft->fields[1].n_file_kinds = 1;
    scheme_id = open_scheme(draft);
    id = drafted(MEMBER);
    a_file(KIND(PDF), 'x');
    assert_refused_at(begin_file(id, "proof", KIND(JPEG), MEMBER), "FILE_KIND_NOT_ASKED", "kind");
    assert_refused_at(begin_file(id, "certificate", KIND(PDF), MEMBER), "FIELD_NO_FILE", "field");
    assert_refused_at(begin_file(id, "nothing", KIND(PDF), MEMBER), "FIELD_NO_FILE", "field");
    evidence_id = uploaded(id, MEMBER);
    assert_refused_at(submit(id, member_of(MEMBER)), "TOO_FEW_FILES", "answers.proof");
    uploaded(id, MEMBER);
    assert_refused_at(begin_file(id, "proof", KIND(PDF), MEMBER), "TOO_MANY_FILES", "field");
    assert_refused(put_file(evidence_id, 0, MEMBER), "EVIDENCE_NOT_UPLOADING");
    assert_ok(on_file("Evidence.RemoveEvidence", evidence_id, member_of(MEMBER)));
    assert_refused(put_file(evidence_id, 0, MEMBER), "EVIDENCE_NOT_UPLOADING");
    uploaded(id, MEMBER);
    assert_ok(submit(id, member_of(MEMBER)));
}

/* And each look is hers to see. */
static void who_reviews_it_now_sees_it_and_nobody_else(void **state)
{
    int64_t evidence_id, id = handed_in_with(MEMBER, 'x', &evidence_id), rows;
    const Subsidy__Application *application;

    (void)state;
    rows = n_rows();
    assert_refused(on_file("Evidence.OpenEvidence", evidence_id, finance(921, CITY)), "NOT_YOUR_STEP");
    assert_refused(on_file("Evidence.OpenEvidence", evidence_id, manager(912, "00010009")), "OUTSIDE_YOUR_UNION");
    assert_refused(on_file("Evidence.OpenEvidence", evidence_id, member_of(MEMBER)), "NOT_OFFICIAL");
    assert_refused(fetch_file("Evidence.FetchMyEvidence", evidence_id, 0, member_of(MEMBER + 1)), "EVIDENCE_NOT_FOUND");
    assert_refused(fetch_file("Evidence.FetchEvidence", evidence_id, 0, manager(911, TOWN)), "EVIDENCE_NOT_OPENED");
    assert_int_equal(n_rows(), rows);
    assert_int_equal(get_hers(id, MEMBER)->n_looks, 0);

    assert_ok(on_file("Evidence.OpenEvidence", evidence_id, manager(911, TOWN)));
    assert_int_equal(n_rows(), rows + 2); /* the look, and whose authority */
    assert_fetches("Evidence.FetchEvidence", evidence_id, manager(911, TOWN));
    assert_refused(fetch_file("Evidence.FetchEvidence", evidence_id, 0, manager(912, TOWN)), "EVIDENCE_NOT_OPENED");
    application = get_hers(id, MEMBER);
    assert_int_equal(application->n_looks, 1);
    assert_int_equal(application->looks[0]->evidence_id, evidence_id);
    clock_step(&h.service.clock, EVIDENCE_OPEN_MS);
    assert_refused(fetch_file("Evidence.FetchEvidence", evidence_id, 0, manager(911, TOWN)), "EVIDENCE_NOT_OPENED");

    /* It has gone on. */
    assert_ok(on_file("Evidence.OpenEvidence", evidence_id, manager(911, TOWN)));
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)));
    assert_refused(fetch_file("Evidence.FetchEvidence", evidence_id, 0, manager(911, TOWN)), "NOT_YOUR_STEP");
    assert_ok(on_application("Reviews.TakeReview", id, finance(921, CITY)));
    assert_refused(on_file("Evidence.OpenEvidence", evidence_id, finance(922, CITY)), "TAKEN_BY_OTHER");
    assert_ok(on_file("Evidence.OpenEvidence", evidence_id, finance(921, CITY)));
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", finance(921, CITY)));
    assert_refused(on_file("Evidence.OpenEvidence", evidence_id, finance(921, CITY)), "NOT_IN_REVIEW");
    assert_fetches("Evidence.FetchMyEvidence", evidence_id, member_of(MEMBER));
}

static void the_same_file_in_two_applications_is_shown_to_reviewers(void **state)
{
    int64_t evidence_ids[4], ids[4];
    const Subsidy__ReviewItem *item;

    (void)state;
    ids[0] = handed_in_with(MEMBER, 'x', &evidence_ids[0]);
    ids[1] = handed_in_with(MEMBER + 1, 'y', &evidence_ids[1]);
    ids[2] = handed_in_with(MEMBER + 2, 'x', &evidence_ids[2]);
    ids[3] = drafted(MEMBER + 3);
    evidence_ids[3] = uploaded(ids[3], MEMBER + 3); /* a draft is hers alone */
    item = item_of(on_application("Reviews.GetReview", ids[0], manager(911, TOWN)));
    assert_int_equal(item->n_files, 1);
    assert_int_equal(item->files[0]->n_also_in, 1);
    assert_int_equal(item->files[0]->also_in[0], ids[2]);
    item = item_of(on_application("Reviews.GetReview", ids[1], manager(911, TOWN)));
    assert_int_equal(item->files[0]->n_also_in, 0);
    assert_int_equal(file_of(on_file("Evidence.OpenEvidence", evidence_ids[2], manager(911, TOWN)))->also_in[0],
                     ids[0]);
    assert_int_equal(get_hers(ids[0], MEMBER)->files[0]->n_also_in, 0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM evidence WHERE length(hash) = 32"), 0);
}

static void a_file_goes_with_its_time_its_draft_and_its_account(void **state)
{
    int64_t evidence_id, id = handed_in_with(MEMBER, 'x', &evidence_id), other, draft_id;

    (void)state;
    handed_in_with(MEMBER + 1, 'y', &other);
    draft_id = drafted(MEMBER + 2);
    uploaded(draft_id, MEMBER + 2);
    assert_ok(begin_file(draft_id, "proof", KIND(PDF), MEMBER + 2));
    assert_int_equal(n_parts(), 3);
    assert_ok(on_application("Applications.WithdrawApplication", draft_id, member_of(MEMBER + 2)));
    assert_int_equal(n_parts(), 2);
    assert_int_equal(hear_closed(&h, MEMBER + 1), 0);
    harness_work(&h, do_what_is_due);
    assert_int_equal(n_parts(), 1);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM evidence WHERE hash <> x''"), 1);
    assert_ok(decide(id, SUBSIDY__VERDICT__REFUSE, "不符合条件", manager(911, TOWN)));
    let_pass(now() + 1825 * DAY_MS);
    a_file(KIND(PDF), 'x');
    assert_fetches("Evidence.FetchMyEvidence", evidence_id, member_of(MEMBER));
    let_pass(now() + 2 * DAY_MS);
    assert_int_equal(n_parts(), 0);
    assert_refused(fetch_file("Evidence.FetchMyEvidence", evidence_id, 0, member_of(MEMBER)), "EVIDENCE_GONE");
    assert_int_equal(get_hers(id, MEMBER)->n_files, 0);
}

static void what_is_said_of_files_fits_the_field(void **state)
{
    static Subsidy__FileKind twice[] = {KIND(PDF), KIND(PDF)};
    struct draft *draft = a_draft_with_files();

    (void)state;
    draft->fields[1].file_kinds = twice;
    draft->fields[1].n_file_kinds = 2;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "FILE_KINDS_WRONG", "scheme.fields[1].fileKinds");
    draft = a_draft_with_files();
    draft->fields[0].file_kinds = twice;
    draft->fields[0].n_file_kinds = 1;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "FILE_KINDS_WRONG", "scheme.fields[0].fileKinds");
    draft = a_draft_with_files();
    draft->fields[1].most = FORM_FILES_MAX + 1;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "FIELD_BOUNDS_WRONG", "scheme.fields[1].most");
}

static void hear_consent(int64_t member_id, bool withdrawn)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__ConsentChanged changed = IDENTITY__CONSENT_CHANGED__INIT;

    changed.member_id = member_id;
    changed.purpose = IDENTITY__PURPOSE__PURPOSE_HARDSHIP;
    changed.version = 1;
    changed.withdrawn = withdrawn;
    event.event_case = IDENTITY__EVENT__EVENT_CONSENT_CHANGED;
    event.consent_changed = &changed;
    assert_int_equal(hear(&h, &event), 0);
}

/* Without it nothing of it is handed in, and once it is withdrawn nobody sees it. */
static void what_is_said_of_a_household_takes_a_consent_of_its_own(void **state)
{
    struct draft *draft = a_draft_with_files();
    const Subsidy__ReviewItem *item;
    int64_t id, evidence_id;

    (void)state;
    draft->fields[0].sensitive = draft->fields[1].sensitive = true;
    scheme_id = open_scheme(draft);
    id = drafted(MEMBER);
    a_file(KIND(PDF), 'x');
    evidence_id = uploaded(id, MEMBER);
    assert_refused_at(submit(id, member_of(MEMBER)), "HARDSHIP_CONSENT_MISSING", "answers.certificate");
    hear_consent(MEMBER + 1, false);
    assert_refused(submit(id, member_of(MEMBER)), "HARDSHIP_CONSENT_MISSING");
    hear_consent(MEMBER, false);
    assert_ok(submit(id, member_of(MEMBER)));
    item = item_of(on_application("Reviews.GetReview", id, manager(911, TOWN)));
    assert_int_equal(item->n_answers, 1);
    assert_ok(on_file("Evidence.OpenEvidence", evidence_id, manager(911, TOWN)));
    hear_consent(MEMBER, true);
    item = item_of(on_application("Reviews.GetReview", id, manager(911, TOWN)));
    assert_int_equal(item->n_answers, 0);
    assert_refused(on_file("Evidence.OpenEvidence", evidence_id, manager(911, TOWN)), "HARDSHIP_CONSENT_MISSING");
    assert_refused(fetch_file("Evidence.FetchEvidence", evidence_id, 0, manager(911, TOWN)),
                   "HARDSHIP_CONSENT_MISSING");
    assert_fetches("Evidence.FetchMyEvidence", evidence_id, member_of(MEMBER));
}

static const Rpc__Answer *begin_objection_file(int64_t objection_id, int64_t member_id)
{
    Subsidy__BeginObjectionEvidenceRequest request = SUBSIDY__BEGIN_OBJECTION_EVIDENCE_REQUEST__INIT;

    request.objection_id = objection_id;
    request.kind = KIND(PNG);
    request.size = file_size;
    return call_once("Evidence.BeginObjectionEvidence", &request.base, member_of(member_id));
}

#define OBJECTOR 600

/* She sees neither the file nor that there is one; who decides sees it, and what she has handed in too. */
static void what_is_with_an_objection_is_sealed_from_whom_it_is_about(void **state)
{
    struct draft *draft = a_funded_draft(a_fund(1000000), 200000, SUBSIDY__SELECTION_KIND__ALL, 0);
    int64_t id, hers, objection_id, evidence_id;
    const Subsidy__Application *application;
    const Subsidy__Objection *objection;

    (void)state;
    add_field(draft, "proof", SUBSIDY__FIELD_KIND__FILE);
    scheme_id = open_scheme(draft);
    id = handed_in_with(MEMBER, 'x', &hers);
    approve_whole(id);
    assert_refused(on_file("Evidence.OpenEvidence", hers, manager(961, CITY)), "NOT_IN_REVIEW");
    objection_id = objection_of(raise_objection(id, OBJECTOR))->objection_id;
    assert_refused(begin_objection_file(objection_id, MEMBER), "OBJECTION_NOT_FOUND");
    a_file(KIND(PNG), 'x');
    evidence_id = sent_file(file_of(begin_objection_file(objection_id, OBJECTOR))->evidence_id, OBJECTOR);
    for (int i = 1; i < FORM_FILES_USUAL; i++)
        assert_ok(begin_objection_file(objection_id, OBJECTOR));
    assert_refused(begin_objection_file(objection_id, OBJECTOR), "TOO_MANY_FILES");

    assert_refused(fetch_file("Evidence.FetchMyEvidence", evidence_id, 0, member_of(MEMBER)), "EVIDENCE_NOT_FOUND");
    assert_refused(on_file("Evidence.OpenEvidence", evidence_id, manager(911, TOWN)), "OUTSIDE_YOUR_UNION");
    assert_refused(on_file("Evidence.OpenEvidence", evidence_id, finance(921, CITY)), "NOT_THE_UNION_ABOVE");
    assert_refused(on_file("Evidence.OpenEvidence", evidence_id, manager(OBJECTOR, CITY)), "ON_YOUR_OBJECTION");
    assert_ok(on_file("Evidence.OpenEvidence", evidence_id, manager(961, CITY)));
    assert_fetches("Evidence.FetchEvidence", evidence_id, manager(961, CITY));
    assert_fetches("Evidence.FetchMyEvidence", evidence_id, member_of(OBJECTOR));
    assert_ok(on_file("Evidence.OpenEvidence", hers, manager(961, CITY)));
    application = get_hers(id, MEMBER);
    assert_int_equal(application->n_files, 1);
    assert_int_equal(application->files[0]->evidence_id, hers);
    assert_int_equal(application->n_looks, 1);
    assert_int_equal(application->looks[0]->evidence_id, hers);

    objection = objection_of(decide_objection(objection_id, false, manager(961, CITY)));
    assert_int_equal(objection->n_files, FORM_FILES_USUAL);
    assert_ok(decide_objection(objection_id, false, manager(962, CITY)));
    assert_refused(on_file("Evidence.OpenEvidence", evidence_id, manager(961, CITY)), "OBJECTION_DECIDED");
    assert_refused(on_file("Evidence.OpenEvidence", hers, manager(961, CITY)), "NOT_IN_REVIEW");
    assert_refused(on_file("Evidence.RemoveEvidence", evidence_id, member_of(OBJECTOR)), "OBJECTION_DECIDED");
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    harness_work(&h, do_what_is_due);
    assert_refused(fetch_file("Evidence.FetchMyEvidence", hers, 0, member_of(MEMBER)), "EVIDENCE_NOT_FOUND");
    a_file(KIND(PNG), 'x');
    assert_fetches("Evidence.FetchMyEvidence", evidence_id, member_of(OBJECTOR));
}

static void the_audit_finds_files_that_are_nobodys(void **state)
{
    int64_t evidence_id;

    (void)state;
    handed_in_with(MEMBER, 'x', &evidence_id);
    assert_found(&h, "UPDATE evidence SET application_id = application_id + 1",
                 "UPDATE evidence SET application_id = application_id - 1");
    assert_found(&h, "UPDATE vault_file SET size = size + 1", "UPDATE vault_file SET size = size - 1");
    assert_found(&h, "UPDATE vault_file SET state = 3", "UPDATE vault_file SET state = 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(an_application_is_handed_in_with_the_files_it_asks_for),
        FILE_TEST(files_that_lie_about_their_kind_are_refused),
        FILE_TEST(a_field_takes_so_many_files_of_its_kinds),
        FILE_TEST(who_reviews_it_now_sees_it_and_nobody_else),
        FILE_TEST(the_same_file_in_two_applications_is_shown_to_reviewers),
        FILE_TEST(a_file_goes_with_its_time_its_draft_and_its_account),
        FILE_TEST(what_is_said_of_files_fits_the_field),
        FILE_TEST(what_is_said_of_a_household_takes_a_consent_of_its_own),
        FILE_TEST(what_is_with_an_objection_is_sealed_from_whom_it_is_about),
        FILE_TEST(the_audit_finds_files_that_are_nobodys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
