/* import_report.c: what became of the rows of a page, as a service says it. */
#include "common/api/api.h"
#include "common/benefit/imports/imports.h"
#include "common/text/text.h"

bool import_report_init(Imports__ImportReport *report, size_t rows, struct arena *arena)
{
    imports__import_report__init(report);
    report->problems = arena_alloc(arena, rows * IMPORT_PROBLEMS_A_ROW * sizeof(*report->problems));
    report->outcomes = arena_alloc(arena, rows * sizeof(*report->outcomes));
    report->numbers = arena_alloc(arena, rows * sizeof(*report->numbers));
    return report->problems && report->outcomes && report->numbers;
}

void import_report_row(Imports__ImportReport *report, int line, int outcome)
{
    report->lines++;
    report->loaded += outcome != IMPORTS__IMPORT_OUTCOME__OUTCOME_REFUSED;
    report->refused += outcome == IMPORTS__IMPORT_OUTCOME__OUTCOME_REFUSED;
    report->updated += outcome == IMPORTS__IMPORT_OUTCOME__OUTCOME_UPDATED;
    report->unchanged += outcome == IMPORTS__IMPORT_OUTCOME__OUTCOME_UNCHANGED;
    report->restored += outcome == IMPORTS__IMPORT_OUTCOME__OUTCOME_RESTORED;
    report->removed += outcome == IMPORTS__IMPORT_OUTCOME__OUTCOME_REMOVED;
    report->outcomes[report->n_outcomes++] = (Imports__ImportOutcome)outcome;
    report->numbers[report->n_numbers++] = line;
}

Imports__ImportProblem *import_report_problem(Imports__ImportReport *report, int line, int reason, const char *field,
                                              int32_t character, struct arena *arena)
{
    Imports__ImportProblem *problem = arena_message(arena, &imports__import_problem__descriptor);
    char shown[TEXT_SHOWN] = "";

    ensure(report->n_problems < (report->n_outcomes + 1) * IMPORT_PROBLEMS_A_ROW);
    if (character)
        text_show(character, shown);
    if (problem)
        problem->character = arena_strndup(arena, shown, strlen(shown));
    if (!problem || !problem->character)
        return NULL;
    problem->line = line;
    problem->field = unconst(field);
    api_say(problem, reason);
    report->problems[report->n_problems++] = problem;
    return problem;
}
