/* What a market's merchants are owed: statements, two hands, corrections, the export, somebody else's file. */
#include "common/benefit/settlement/settlement_fixture.h"

static void what_was_sold_is_settled_once(void **state)
{
    int64_t first = sell(MERCHANT, 700);
    struct statement statement, other = {.for_id = MONTH, .payee_id = MERCHANT};
    struct statement_line *lines;

    (void)state;
    sell(MERCHANT, 800);
    sell(ANOTHER, 100);
    statement = prepared(MERCHANT);
    assert_int_equal(statement.n_lines, 2);
    assert_int_equal(statement.total_fen, 1500);
    assert_true(statements_find_open(&market()->settlement, MONTH, MERCHANT, &other));
    assert_int_equal(other.id, statement.id);
    assert_int_equal(statement_lines(&market()->settlement, statement.id, 0, 1, &h.arena, &lines), 1);
    assert_int_equal(lines[0].thing_id, first);
    assert_int_equal(act(finance(1), confirm, &statement), HANDS__REASON__HANDS_SAME);
    harness_reopen(&h);
    assert_int_equal(act(finance(2), confirm, &statement), 0);
    assert_int_equal(act(finance(2), reject, &statement), market_kind.reasons.decided);
    other = (struct statement){.for_id = MONTH, .payee_id = MERCHANT};
    assert_int_equal(act(finance(1), prepare, &other), market_kind.reasons.nothing);
    assert_int_equal(statements_total(&market()->settlement, MONTH), 1500);
    assert_int_equal(confirmed(ANOTHER).total_fen, 100);
}

/* The closed one stays as it is. */
static void what_turns_out_wrong_is_corrected_by_the_next_statement(void **state)
{
    int64_t sale = sell(MERCHANT, 700);
    struct statement first = confirmed(MERCHANT), next, found;
    struct statement_line *lines;

    (void)state;
    undo(sale, 0);
    sell(MERCHANT, 50);
    next = prepared(MERCHANT);
    assert_int_equal(next.total_fen, 50 - 700);
    assert_int_equal(statement_lines(&market()->settlement, next.id, 0, 2, &h.arena, &lines), 2);
    assert_int_equal(lines[0].kind, SETTLEMENT__LINE_KIND__CORRECTION);
    assert_int_equal(lines[0].corrects, first.id);
    /* It is owed again before that is confirmed. */
    undo(sale, MERCHANT);
    assert_int_equal(act(finance(2), confirm, &next), market_kind.reasons.stale);
    assert_int_equal(act(finance(2), reject, &next), 0);
    assert_true(statements_find(&market()->settlement, first.id, &found));
    assert_memory_equal(found.lines_hash, first.lines_hash, sizeof(found.lines_hash));
    assert_int_equal(found.total_fen, 700);
    assert_int_equal(prepared(MERCHANT).total_fen, 50);
}

static void what_is_owed_to_another_meanwhile_is_settled_there_alone(void **state)
{
    int64_t sale = sell(MERCHANT, 700);
    struct statement next;

    (void)state;
    confirmed(MERCHANT);
    undo(sale, ANOTHER);
    next = prepared(MERCHANT);
    assert_int_equal(confirmed(ANOTHER).total_fen, 700);
    assert_int_equal(act(finance(2), reject, &next), market_kind.reasons.superseded);
    assert_int_equal(act(finance(2), confirm, &next), 0);
}

static void sums_beyond_64_bits_are_refused(void **state)
{
    struct statement statement = {.for_id = MONTH, .payee_id = MERCHANT};

    (void)state;
    sell(MERCHANT, INT64_MAX);
    sell(MERCHANT, 1);
    assert_int_equal(act(finance(1), prepare, &statement), RPC__REASON__OUT_OF_RANGE);
    assert_false(statements_find_open(&market()->settlement, MONTH, MERCHANT, &statement));
}

static int export(void *call, void *arg)
{
    const struct statement *statement = arg;
    int64_t sale = harness_number(&h, "SELECT min(sale_id) FROM sale");
    Rpc__Part part;
    char wanted[96];
    int reason = statement_export(&market()->settlement, statement, 0, call, &part);

    assert_int_equal(reason, 0);
    snprintf(wanted, sizeof(wanted), "\xef\xbb\xbfstatement,line,sale,kind,yuan,seq,hash\r\n%lld,1,%lld,sale,7.05,",
             (long long)statement->id, (long long)sale);
    assert_memory_equal(part.body.data, wanted, strlen(wanted));
    assert_int_equal(part.next, 0);
    return 0;
}

static void it_is_exported(void **state)
{
    struct statement statement;

    (void)state;
    sell(MERCHANT, 705);
    statement = prepared(MERCHANT);
    assert_int_equal(act(finance(1), export, &statement), 0);
}

/* ---- somebody else's file ---- */

static int reconcile(const struct statement *statement, const char *file, struct reconciliation *ret, int32_t *ret_line)
{
    static const struct reconcile_columns columns = {2, 3};

    return statement_reconcile(&market()->settlement, statement, &columns, arena_strndup(&h.arena, file, strlen(file)),
                               strlen(file), &h.arena, ret, ret_line);
}

static void their_file_is_compared_line_by_line(void **state)
{
    int64_t same = sell(MERCHANT, 700), ours = sell(MERCHANT, 800), more = sell(MERCHANT, 900);
    struct statement statement = prepared(MERCHANT);
    struct reconciliation found;
    int32_t line;

    (void)state;
    assert_int_equal(reconcile(&statement,
                               arena_printf(&h.arena,
                                            "\xef\xbb\xbf"
                                            "day,sale,yuan\r\n1,%lld,7.00\r\n2,%lld,5\n\n2,%lld,-1\n3,999,0.5\n",
                                            (long long)same, (long long)more, (long long)more),
                               &found, &line),
                     0);
    assert_int_equal(found.n_rows, 3);
    assert_int_equal(found.counts[RECONCILE_SAME], 1);
    assert_int_equal(found.rows[0].kind, RECONCILE_ONLY_THEIRS);
    assert_int_equal(found.rows[0].thing_id, 999);
    assert_int_equal(found.rows[0].theirs_fen, 50);
    assert_int_equal(found.rows[1].kind, RECONCILE_ONLY_OURS);
    assert_int_equal(found.rows[1].thing_id, ours);
    assert_int_equal(found.rows[1].ours_fen, 800);
    assert_int_equal(found.rows[2].kind, RECONCILE_AMOUNT);
    assert_int_equal(found.rows[2].thing_id, more);
    assert_int_equal(found.rows[2].ours_fen, 900);
    assert_int_equal(found.rows[2].theirs_fen, 400);
    assert_int_equal(found.ours_fen, 2400);
    assert_int_equal(found.theirs_fen, 700 + 400 + 50);
    assert_int_equal(reconcile(&statement, "", &found, &line), 0);
    assert_int_equal(found.counts[RECONCILE_ONLY_OURS], 3);
}

static void a_file_that_is_none_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *file;
        int32_t line;
    } cases[] = {
        {"a,1,1.00\nb,2,x\n", 2},
        {"a,1,1.000\n", 1}, /* no names of columns: the number is one */
        {"day,sale,yuan\nday,sale,yuan\n", 2},
        {"a,1,1\na,0,1\n", 2},
        {"a,1,1\na,-3,1\n", 2},
        {"a,1,1\na,99999999999999999999,1\n", 2},
        {"a,1,1\na,2,99999999999999999.99\n", 2},
        {"a,1,1\na,2,1.\n", 2},
        {"a,1,1\na,2,.5\n", 2},
        {"a,1,1\na,2,--5\n", 2},
        {"a,1,1\na,2\n", 2},
        {"a,1,1\na,\"2,5\n", 2},
    };
    struct statement statement;
    struct reconciliation found;
    int32_t line;

    (void)state;
    sell(MERCHANT, 700);
    statement = prepared(MERCHANT);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(reconcile(&statement, cases[i].file, &found, &line), SETTLEMENT__REASON__FILE_LINE_WRONG);
        assert_int_equal(line, cases[i].line);
    }
    assert_int_equal(statement_reconcile(&market()->settlement, &statement, &(struct reconcile_columns){0, 99},
                                         arena_strndup(&h.arena, "1,1", 3), 3, &h.arena, &found, &line),
                     0); /* names of columns */
    assert_int_equal(statement_reconcile(&market()->settlement, &statement, &(struct reconcile_columns){1, 99},
                                         arena_strndup(&h.arena, "1,1", 3), 3, &h.arena, &found, &line),
                     SETTLEMENT__REASON__FILE_LINE_WRONG);
    assert_int_equal(reconcile(&statement, "a,1,92233720368547758.07\na,2,0.01\n", &found, &line),
                     RPC__REASON__OUT_OF_RANGE);
}

static void a_file_has_so_many_lines_at_most(void **state)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    struct statement statement;
    struct reconciliation found;
    int32_t line;

    (void)state;
    sell(MERCHANT, 700);
    statement = prepared(MERCHANT);
    for (int i = 1; i <= RECONCILE_LINES_MAX; i++)
        fprintf(out, "a,%d,1\n", i);
    fflush(out);
    assert_int_equal(reconcile(&statement, text, &found, &line), 0);
    assert_int_equal(found.counts[RECONCILE_ONLY_THEIRS], RECONCILE_LINES_MAX);
    fprintf(out, "a,1,1\n");
    fclose(out);
    assert_int_equal(reconcile(&statement, text, &found, &line), SETTLEMENT__REASON__FILE_TOO_LONG);
    free(text);
}

static void a_statement_that_was_changed_is_found(void **state)
{
    static const char *const changes[] = {
        "UPDATE statement SET total_fen = total_fen + 1",
        "UPDATE statement SET payee_id = 9",
        "UPDATE statement_line SET fen = fen + 1 WHERE line = 1",
        "UPDATE statement_line SET hash = zeroblob(32) WHERE line = 1",
        "DELETE FROM statement_line WHERE line = 2",
        "UPDATE statement SET state = 2",
    };

    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        setup(state);
        sell(MERCHANT, 700);
        sell(MERCHANT, 800);
        prepared(MERCHANT);
        assert_found(&h, changes[i], NULL);
        harness_close(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_sold_is_settled_once),
        TEST(what_turns_out_wrong_is_corrected_by_the_next_statement),
        TEST(what_is_owed_to_another_meanwhile_is_settled_there_alone),
        TEST(sums_beyond_64_bits_are_refused),
        TEST(it_is_exported),
        TEST(their_file_is_compared_line_by_line),
        TEST(a_file_that_is_none_is_refused_with_its_line),
        TEST(a_file_has_so_many_lines_at_most),
        cmocka_unit_test(a_statement_that_was_changed_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
