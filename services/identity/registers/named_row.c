#include "services/identity/registers/named_row.h"

#include "imports.pb-c.h"
#include "services/identity/rules.h"

static unsigned note_place(struct named *named, const char *name, const char *place)
{
    static const unsigned says[] = {
        [NAMED_ELSEWHERE] = NAMED_CONFLICT, [NAMED_HERE] = NAMED_AGAIN, [NAMED_FULL] = NAMED_TOO_MANY};

    return says[named_note(named, name, place)];
}

unsigned named_row(struct named *named, int kind, const struct csv_row *row, int today)
{
    union {
        struct roster_row roster;
        struct union_row unions;
        struct removal_row removal;
    } read;
    struct row_fault fault;

    switch (kind) {
    case IMPORTS__IMPORT_KIND__IMPORT_ROSTER:
        if (roster_row_read(row, today, &read.roster, &fault))
            return 0;
        return note_place(named, read.roster.id.number,
                          *read.roster.union_code ? read.roster.union_code : read.roster.union_name);
    case IMPORTS__IMPORT_KIND__IMPORT_REMOVALS:
        if (removal_row_read(row, today, &read.removal, &fault))
            return 0;
        return note_place(named, read.removal.id.number,
                          *read.removal.union_code ? read.removal.union_code : read.removal.union_name) &
               ~(unsigned)NAMED_CONFLICT;
    default:
        if (union_row_read(row, &read.unions, &fault))
            return 0;
        return (named_has(named, read.unions.parent_code, NULL) ? NAMED_PARENT : 0) |
               note_place(named, read.unions.code, "");
    }
}
