/* Tables that officials upload. */
#include "common/benefit/imports/imports.h"

#include "services/identity/access/office_fixture.h"
#include "services/identity/people/people_fixture.h"
#include "common/benefit/imports/intake.h"

#define HEADINGS "姓名,身份证号,手机,工会编码,职业\n"

static int64_t her_id; /* who administers the first union */

/* An official, whose office is in the store too. */
static const Rpc__Principal *her(struct harness *h)
{
    return harness_official(h, her_id, RULE__ROLE__UNION_ADMIN, FIRST);
}

static void begin_with_her(struct harness *h)
{
    begin_with_unions(h);
    her_id = login(h, "16900000900")->member->member_id;
    assert_ok(create_grant(h, harness_internal(h), "16900000900", RULE__ROLE__UNION_ADMIN, "440604"));
}

/* ---- calls ---- */

static const Rpc__Answer *try_begin(struct harness *h, const Rpc__Principal *who, int kind, int64_t union_id,
                                    int removal, size_t size)
{
    static unsigned n;
    Identity__BeginImportRequest request = IDENTITY__BEGIN_IMPORT_REQUEST__INIT;
    char key[32];

    snprintf(key, sizeof(key), "import %u", n++);
    request.kind = (Imports__ImportKind)kind;
    request.union_id = union_id;
    request.removal = (Identity__RosterRemoval)removal;
    request.size = (int32_t)size;
    return harness_call(h, "Imports.BeginImport", &request.base, who, key);
}

static Identity__Import *import_of(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__import__descriptor);
}

static const Rpc__Answer *put(struct harness *h, const Rpc__Principal *who, int64_t id, int32_t part, const void *bytes,
                              size_t len)
{
    Imports__PutImportPartRequest request = IMPORTS__PUT_IMPORT_PART_REQUEST__INIT;

    request.import_id = id;
    request.part = part;
    request.content = (ProtobufCBinaryData){len, (uint8_t *)unconst(bytes)};
    return harness_call(h, "Imports.PutImportPart", &request.base, who, NULL);
}

static const Rpc__Answer *call_on(struct harness *h, const Rpc__Principal *who, const char *method, int64_t id)
{
    Imports__ImportIdRequest request = IMPORTS__IMPORT_ID_REQUEST__INIT;

    request.import_id = id;
    return harness_call(h, method, &request.base, who, NULL);
}

static Identity__Import *now(struct harness *h, int64_t id)
{
    return import_of(h, call_on(h, her(h), "Imports.GetImport", id));
}

/* What was uploaded: its id. */
static int64_t uploaded(struct harness *h, int kind, int removal, const char *text)
{
    size_t len = strlen(text);
    int64_t id = import_of(h, try_begin(h, her(h), kind, first_id, removal, len))->import_id;

    for (int32_t part = 0; part < body_parts((int32_t)len); part++)
        assert_ok(put(h, her(h), id, part, text + part * LIMIT_PART, (size_t)body_part_size((int32_t)len, part)));
    return id;
}

/* Works until it is in another state. */
static Identity__Import *worked(struct harness *h, int64_t id)
{
    Imports__ImportState state = now(h, id)->state;

    for (int slices = 0; slices < 1000; slices++) {
        harness_tidy(h);
        if (now(h, id)->state != state)
            return now(h, id);
    }
    fail_msg("it stays in state %d", state);
    return NULL;
}

static Identity__Import *checked(struct harness *h, int64_t id)
{
    assert_ok(call_on(h, her(h), "Imports.CheckImport", id));
    return worked(h, id);
}

static Identity__Import *loaded(struct harness *h, int64_t id)
{
    assert_ok(call_on(h, her(h), "Imports.ConfirmImport", id));
    return worked(h, id);
}

static const char *report(struct harness *h, int64_t id)
{
    static char text[1 << 20];
    size_t len = 0;
    int32_t part = 0;

    do {
        Imports__DownloadImportReportRequest request = IMPORTS__DOWNLOAD_IMPORT_REPORT_REQUEST__INIT;
        Rpc__Part *piece;

        request.import_id = id;
        request.part = part;
        piece = harness_output(h, harness_call(h, "Imports.DownloadImportReport", &request.base, her(h), NULL),
                               &rpc__part__descriptor);
        assert_true(piece->body.len <= LIMIT_PART && len + piece->body.len < sizeof(text));
        memcpy(text + len, piece->body.data, piece->body.len);
        len += piece->body.len;
        part = piece->next;
    } while (part);
    text[len] = '\0';
    return text;
}

static int64_t count(struct harness *h, const char *table)
{
    char sql[80];

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
    return harness_number(h, sql);
}

/* The n-th person as a row. */
static size_t add_row(char *text, size_t len, size_t size, unsigned n, const char *union_code)
{
    char id[CN_RESIDENT_ID_LEN + 1];

    make_resident_id(n, id);
    len += (size_t)snprintf(text + len, size - len, "王小明,%s,169%08u,%s,\n", id, n, union_code);
    assert_true(len < size);
    return len;
}

/* ---- tests ---- */

static void an_upload_is_checked_line_by_line_and_loaded_when_it_is_confirmed(void **state)
{
    static const char text[] = "会员名册,,,,\n" HEADINGS "王小明,44060519850615123X,13800138000,440604,COURIER\n"
                               "李明,440106200002290104,13800138001,440604-1,货车司机\n"
                               "王、明,440106200002290104,13800138001,440604,\n"
                               "\n"
                               "李明,440106200002290104,13800138001,440605,\n"
                               "王小明,44060519850615123X,13800138000,440604,\n";
    static const char told[] = "\xef\xbb\xbf行号,结果,列,说明,代码\r\n"
                               "3,新增,,,\r\n"
                               "4,新增,,,\r\n"
                               "5,未导入,姓名,\"姓名格式不正确：、 U+3001\",NAME_INVALID\r\n"
                               "7,未导入,工会编码,\"该工会不在您的管辖范围内\",OUTSIDE_YOUR_UNION\r\n"
                               "8,未导入,身份证号码,\"同一文件中该人员重复出现\",ROSTER_DUPLICATE\r\n";
    Identity__Import *import;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_her(&h);
    id = uploaded(&h, IMPORTS__IMPORT_KIND__IMPORT_ROSTER, 0, text);
    assert_int_equal(now(&h, id)->received, 1);
    import = checked(&h, id);
    assert_int_equal(import->state, IMPORTS__IMPORT_STATE__IMPORT_CHECKED);
    assert_string_equal(import->form, "UTF-8 ,");
    assert_int_equal(import->headings_line, 2);
    assert_int_equal(import->title_rows, 1);
    assert_int_equal(import->rows, 5);
    assert_int_equal(import->done, 5);
    assert_int_equal(import->loaded, 2);
    assert_int_equal(import->refused, 3);
    assert_int_equal(count(&h, "roster"), 0);
    assert_int_equal(count(&h, "journal WHERE kind = 2"), 0);
    assert_string_equal(report(&h, id), told);
    import = loaded(&h, id);
    assert_int_equal(import->state, IMPORTS__IMPORT_STATE__IMPORT_LOADED);
    assert_int_equal(import->done, 5);
    assert_int_equal(import->loaded, 2);
    assert_int_equal(count(&h, "roster"), 2);
    assert_string_equal(report(&h, id), told);
    assert_int_equal(harness_number(&h, "SELECT actor FROM journal WHERE kind = 2 ORDER BY seq DESC LIMIT 1"), her_id);
    while (harness_tidy(&h))
        continue;
    assert_int_equal(count(&h, "import_part"), 0);
    assert_int_equal(count(&h, "import WHERE wrapped <> x''"), 0);
    end(&h);
}

static void many_rows_go_in_pages_and_a_restart_loads_none_twice(void **state)
{
    enum { N = 1300 };
    static char text[1 << 18];
    size_t len = (size_t)snprintf(text, sizeof(text), HEADINGS);
    const char *line;
    Identity__Import *import;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_her(&h);
    for (unsigned n = 0; n < N; n++)
        len = add_row(text, len, sizeof(text), n % 900, n < 900 ? "440604" : "440604-1");
    add_row(text, len, sizeof(text), 7, "440604");
    id = uploaded(&h, IMPORTS__IMPORT_KIND__IMPORT_ROSTER, 0, text);
    assert_ok(call_on(&h, her(&h), "Imports.CheckImport", id));
    for (int i = 0; i < 6; i++)
        harness_tidy(&h);
    assert_int_equal(now(&h, id)->rows, N + 1);
    assert_in_range(now(&h, id)->done, 1, N);
    harness_reopen(&h);
    import = worked(&h, id);
    assert_int_equal(import->done, N + 1);
    assert_int_equal(import->refused, 1);
    assert_int_equal(import->warnings, N - 900); /* on the roster of the town too */
    assert_ok(call_on(&h, her(&h), "Imports.ConfirmImport", id));
    assert_int_equal(now(&h, id)->done, 0);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3; i++)
            harness_tidy(&h);
        assert_in_range(now(&h, id)->done, 1, N);
        assert_int_equal(count(&h, "roster"), now(&h, id)->done);
        harness_reopen(&h);
    }
    import = worked(&h, id);
    assert_int_equal(import->state, IMPORTS__IMPORT_STATE__IMPORT_LOADED);
    assert_int_equal(import->loaded, N);
    assert_int_equal(import->unchanged, 0);
    assert_int_equal(import->refused, 1);
    assert_int_equal(count(&h, "roster"), N);
    line = report(&h, id);
    for (int i = 0; i < N + 1; i++)
        line = strchr(line, '\n') + 1;
    assert_string_equal(line, "1302,未导入,身份证号码,\"同一文件中该人员重复出现\",ROSTER_DUPLICATE\r\n");
    end(&h);
}

static void a_file_at_fault_is_refused_whole_and_erased(void **state)
{
    static const struct {
        const char *text, *reason, *seen;
    } cases[] = {
        {"%PDF-1.7", "FILE_KIND", "PDF"},
        {"甲,乙\n1,2\n", "FILE_HEADINGS", "甲 | 乙"},
        {HEADINGS, "FILE_NO_ROWS", ""},
    };
    struct harness h;

    (void)state;
    begin_with_her(&h);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t id = uploaded(&h, IMPORTS__IMPORT_KIND__IMPORT_ROSTER, 0, cases[i].text);
        Identity__Import *import = checked(&h, id);

        assert_int_equal(import->state, IMPORTS__IMPORT_STATE__IMPORT_REFUSED);
        assert_string_equal(import->fault, cases[i].reason);
        assert_non_null(strstr(import->seen, cases[i].seen));
        assert_true(*import->says);
        assert_non_null(strstr(report(&h, id), cases[i].reason));
        assert_refused(call_on(&h, her(&h), "Imports.ConfirmImport", id), "IMPORT_STATE_WRONG");
    }
    while (harness_tidy(&h))
        continue;
    assert_int_equal(count(&h, "import_part"), 0);
    end(&h);
}

static void who_has_begun_it_alone_goes_on_with_it_step_by_step(void **state)
{
    const Rpc__Principal *other;
    const Rpc__Answer *answer;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_her(&h);
    other = harness_official(&h, 77, RULE__ROLE__UNION_ADMIN, ROOT);
    assert_refused(try_begin(&h, harness_member(&h, 5, FIRST), 1, first_id, 0, 10), "NOT_OFFICIAL");
    assert_refused(try_begin(&h, her(&h), 1, second_id, 0, 10), "OUTSIDE_YOUR_UNION");
    assert_refused(try_begin(&h, her(&h), 9, first_id, 0, 10), "IMPORT_KIND_INVALID");
    assert_refused(try_begin(&h, her(&h), 1, first_id, 1, 10), "REMOVAL_REASON_INVALID");
    assert_refused(try_begin(&h, her(&h), 3, first_id, 0, 10), "REMOVAL_REASON_INVALID");
    assert_refused(try_begin(&h, her(&h), 1, first_id, 0, IMPORT_SIZE_MAX + 1), "FILE_TOO_LARGE");
    assert_refused(try_begin(&h, her(&h), 1, first_id, 0, 0), "FILE_EMPTY");
    id = import_of(&h, try_begin(&h, her(&h), 1, first_id, 0, LIMIT_PART + 5))->import_id;
    answer = put(&h, her(&h), id, 1, "12345678", 8);
    assert_refused(answer, "IMPORT_PART_WRONG");
    assert_string_equal(answer->field, "content");
    assert_refused(put(&h, her(&h), id, 2, "12345", 5), "IMPORT_PART_WRONG");
    assert_refused(put(&h, other, id, 1, "12345", 5), "IMPORT_NOT_FOUND");
    assert_ok(put(&h, her(&h), id, 1, "12345", 5));
    assert_refused(call_on(&h, her(&h), "Imports.CheckImport", id), "IMPORT_PARTS_MISSING");
    assert_refused(call_on(&h, her(&h), "Imports.ConfirmImport", id), "IMPORT_STATE_WRONG");
    assert_refused(call_on(&h, other, "Imports.GetImport", id), "IMPORT_NOT_FOUND");
    assert_refused(call_on(&h, harness_official(&h, her_id, RULE__ROLE__UNION_ADMIN, SECOND), "Imports.GetImport", id),
                   "OUTSIDE_YOUR_UNION");
    assert_ok(call_on(&h, her(&h), "Imports.CancelImport", id));
    assert_ok(call_on(&h, her(&h), "Imports.CancelImport", id));
    assert_refused(put(&h, her(&h), id, 1, "12345", 5), "IMPORT_STATE_WRONG");
    for (int i = 0; i < IMPORTS_OPEN; i++)
        assert_ok(try_begin(&h, her(&h), 1, first_id, 0, 10));
    assert_refused(try_begin(&h, her(&h), 1, first_id, 0, 10), "TOO_MANY_IMPORTS");
    end(&h);
}

static void one_that_is_given_up_meanwhile_stops_where_it_is(void **state)
{
    enum { N = 700 };
    static char text[1 << 18];
    size_t len = (size_t)snprintf(text, sizeof(text), HEADINGS);
    struct harness h;
    int64_t id, there;

    (void)state;
    begin_with_her(&h);
    for (unsigned n = 0; n < N; n++)
        len = add_row(text, len, sizeof(text), n, "440604");
    id = uploaded(&h, IMPORTS__IMPORT_KIND__IMPORT_ROSTER, 0, text);
    checked(&h, id);
    assert_ok(call_on(&h, her(&h), "Imports.ConfirmImport", id));
    for (int i = 0; i < 3; i++)
        harness_tidy(&h);
    there = count(&h, "roster");
    assert_in_range(there, 1, N - 1);
    assert_ok(call_on(&h, her(&h), "Imports.CancelImport", id));
    while (harness_tidy(&h))
        continue;
    assert_int_equal(count(&h, "roster"), there);
    assert_int_equal(now(&h, id)->done, there);
    assert_int_equal(count(&h, "import_part"), 0);
    /* The next one is taken. */
    id = uploaded(&h, IMPORTS__IMPORT_KIND__IMPORT_ROSTER, 0, text);
    assert_int_equal(checked(&h, id)->unchanged, there);
    end(&h);
}

static void who_has_lost_her_office_loads_nothing_more(void **state)
{
    static char text[4096];
    size_t len = (size_t)snprintf(text, sizeof(text), HEADINGS);
    Identity__Import *import;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_her(&h);
    for (unsigned n = 0; n < 5; n++)
        len = add_row(text, len, sizeof(text), n, "440604");
    id = uploaded(&h, IMPORTS__IMPORT_KIND__IMPORT_ROSTER, 0, text);
    assert_int_equal(checked(&h, id)->loaded, 5);
    assert_ok(call_on(&h, her(&h), "Imports.ConfirmImport", id));
    harness_tamper(&h, "DELETE FROM authority");
    import = worked(&h, id);
    assert_int_equal(import->loaded, 0);
    assert_int_equal(import->refused, 5);
    assert_int_equal(count(&h, "roster"), 0);
    harness_close(&h);
}

/* Until a root's security administrator comes herself the command line gives offices (grants.h). */
static void what_is_loaded_for_a_guard_is_no_coming_of_hers(void **state)
{
    static char text[1024];
    size_t len = (size_t)snprintf(text, sizeof(text), HEADINGS);
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_her(&h);
    assert_ok(create_grant(&h, harness_internal(&h), "16900000900", RULE__ROLE__SECURITY_ADMIN, "440600"));
    add_row(text, len, sizeof(text), 1, "440604");
    id = uploaded(&h, IMPORTS__IMPORT_KIND__IMPORT_ROSTER, 0, text);
    assert_int_equal(checked(&h, id)->loaded, 1);
    assert_int_equal(loaded(&h, id)->loaded, 1);
    assert_int_equal(count(&h, "root_guard"), 0);
    end(&h);
}

static void unions_and_removals_are_uploaded_alike(void **state)
{
    static char text[1 << 16];
    size_t len = (size_t)snprintf(text, sizeof(text), "工会编码,工会名称,上级工会编码\nN-0,甲工会,440604\n");
    Identity__Import *import;
    char id_number[CN_RESIDENT_ID_LEN + 1];
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_her(&h);
    /* Parents are on pages before; the last of all has one that is refused. */
    for (int i = 1; i < 450; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "N-%d,甲工会,%s-%d\n", i, i % 2 ? "N" : "N",
                                i % 200 ? 0 : 1);
    snprintf(text + len, sizeof(text) - len, "X,,440604\nY,甲工会,X\n");
    id = uploaded(&h, IMPORTS__IMPORT_KIND__IMPORT_UNIONS, 0, text);
    import = checked(&h, id);
    assert_int_equal(import->loaded, 450);
    assert_int_equal(import->refused, 2);
    import = loaded(&h, id);
    assert_int_equal(import->loaded, 450);
    assert_int_equal(import->refused, 2);
    list_person(&h, 1, "440604");
    make_resident_id(1, id_number);
    snprintf(text, sizeof(text), "身份证号,姓名\n%s,王小明\n", id_number);
    id = uploaded(&h, IMPORTS__IMPORT_KIND__IMPORT_REMOVALS, IDENTITY__ROSTER_REMOVAL__REMOVAL_MISTAKE, text);
    assert_int_equal(checked(&h, id)->removed, 1);
    assert_int_equal(count(&h, "roster"), 1);
    assert_int_equal(loaded(&h, id)->removed, 1);
    assert_int_equal(count(&h, "roster"), 0);
    end(&h);
}

static void what_is_left_alone_is_given_up_and_old_reports_go(void **state)
{
    struct harness h;
    int64_t id, open_id;

    (void)state;
    begin_with_her(&h);
    open_id = import_of(&h, try_begin(&h, her(&h), 1, first_id, 0, 10))->import_id;
    assert_ok(put(&h, her(&h), open_id, 0, "0123456789", 10));
    id = uploaded(&h, IMPORTS__IMPORT_KIND__IMPORT_ROSTER, 0,
                  HEADINGS "王小明,44060519850615123X,13800138000,440604,\n");
    checked(&h, id);
    loaded(&h, id);
    clock_step(&h.service.clock, IMPORT_IDLE_MS);
    while (harness_tidy(&h))
        continue;
    assert_int_equal(now(&h, open_id)->state, IMPORTS__IMPORT_STATE__IMPORT_GIVEN_UP);
    assert_int_equal(count(&h, "import_part"), 0);
    assert_non_null(strstr(report(&h, id), "2,新增"));
    clock_step(&h.service.clock, IMPORT_KEPT_MS);
    while (harness_tidy(&h))
        continue;
    assert_int_equal(count(&h, "import_page"), 0);
    assert_int_equal(count(&h, "import WHERE told <> x''"), 0);
    assert_refused(call_on(&h, her(&h), "Imports.DownloadImportReport", id), "IMPORT_REPORT_GONE");
    assert_int_equal(now(&h, id)->state, IMPORTS__IMPORT_STATE__IMPORT_LOADED);
    end(&h);
}

static void nobody_is_readable_in_the_store_while_an_upload_is_under_way(void **state)
{
    static const char text[] = HEADINGS "欧阳小明,44060519850615123X,13800138000,440604,\n";
    char path[64];
    struct harness h;
    char *bytes;
    FILE *file;
    long len;

    (void)state;
    begin_with_her(&h);
    checked(&h, uploaded(&h, IMPORTS__IMPORT_KIND__IMPORT_ROSTER, 0, text));
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/data.sqlite%s", h.dir, i ? "-wal" : "");
        file = fopen(path, "r");
        if (!file)
            continue;
        assert_int_equal(fseek(file, 0, SEEK_END), 0);
        len = ftell(file);
        rewind(file);
        bytes = malloc((size_t)len + 1);
        assert_int_equal(fread(bytes, 1, (size_t)len, file), len);
        fclose(file);
        assert_null(memmem(bytes, (size_t)len, "欧阳小明", strlen("欧阳小明")));
        assert_null(memmem(bytes, (size_t)len, "44060519850615123X", 18));
        assert_null(memmem(bytes, (size_t)len, "13800138000", 11));
        free(bytes);
    }
    end(&h);
}

static size_t listed(struct harness *h, int state)
{
    Imports__ListImportsRequest request = IMPORTS__LIST_IMPORTS_REQUEST__INIT;
    Imports__ImportState states[] = {(Imports__ImportState)state};
    Identity__ImportList *list;

    request.state = states;
    request.n_state = state != 0;
    list = harness_output(h, harness_call(h, "Imports.ListImports", &request.base, her(h), NULL),
                          &identity__import_list__descriptor);
    for (size_t i = 1; i < list->n_imports; i++)
        assert_true(list->imports[i]->import_id < list->imports[i - 1]->import_id);
    return list->n_imports;
}

static void her_uploads_are_listed_by_state(void **state)
{
    struct harness h;

    (void)state;
    begin_with_her(&h);
    checked(&h, uploaded(&h, IMPORTS__IMPORT_KIND__IMPORT_ROSTER, 0, "%PDF-1.7"));
    for (int i = 0; i < 3; i++)
        assert_ok(try_begin(&h, her(&h), 1, first_id, 0, 10));
    assert_int_equal(listed(&h, 0), 4);
    assert_int_equal(listed(&h, IMPORTS__IMPORT_STATE__IMPORT_UPLOADING), 3);
    assert_int_equal(listed(&h, IMPORTS__IMPORT_STATE__IMPORT_REFUSED), 1);
    assert_int_equal(listed(&h, IMPORTS__IMPORT_STATE__IMPORT_LOADED), 0);
    end(&h);
}

static void the_audit_finds_an_import_in_another_state(void **state)
{
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_her(&h);
    id = uploaded(&h, IMPORTS__IMPORT_KIND__IMPORT_ROSTER, 0,
                  HEADINGS "王小明,44060519850615123X,13800138000,440604,\n");
    checked(&h, id);
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE import SET state = 4");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE import SET state = 3");
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h, "DELETE FROM import");
    assert_string_not_equal(harness_audit(&h), "");
    harness_close(&h);
}

/* Its message is the part's as it stands, with what is identity's own in place of the detail. */
static void what_the_part_tells_of_an_import_is_in_identitys_own(void **state)
{
    const ProtobufCMessageDescriptor *part = &imports__import__descriptor, *own = &identity__import__descriptor;

    (void)state;
    assert_int_equal(own->n_fields, part->n_fields);
    for (unsigned i = 0; i < part->n_fields; i++) {
        const ProtobufCFieldDescriptor *told = &part->fields[i],
                                       *said = protobuf_c_message_descriptor_get_field(own, told->id);

        if (strcmp(told->name, "detail") == 0)
            continue;
        assert_non_null(said);
        assert_string_equal(said->name, told->name);
        assert_int_equal(said->type, told->type);
        assert_ptr_equal(said->descriptor, told->descriptor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upload_is_checked_line_by_line_and_loaded_when_it_is_confirmed),
        cmocka_unit_test(many_rows_go_in_pages_and_a_restart_loads_none_twice),
        cmocka_unit_test(a_file_at_fault_is_refused_whole_and_erased),
        cmocka_unit_test(who_has_begun_it_alone_goes_on_with_it_step_by_step),
        cmocka_unit_test(one_that_is_given_up_meanwhile_stops_where_it_is),
        cmocka_unit_test(who_has_lost_her_office_loads_nothing_more),
        cmocka_unit_test(what_is_loaded_for_a_guard_is_no_coming_of_hers),
        cmocka_unit_test(unions_and_removals_are_uploaded_alike),
        cmocka_unit_test(what_is_left_alone_is_given_up_and_old_reports_go),
        cmocka_unit_test(nobody_is_readable_in_the_store_while_an_upload_is_under_way),
        cmocka_unit_test(her_uploads_are_listed_by_state),
        cmocka_unit_test(what_the_part_tells_of_an_import_is_in_identitys_own),
        cmocka_unit_test(the_audit_finds_an_import_in_another_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
