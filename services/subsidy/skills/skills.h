/* skills.h: a person's file of skills (一人一档).
 *
 * A scheme may say what an application leaves in it once it is approved: a kind, and the fields that say what it is
 * called, the occupation, the level and the day (SkillTerm). So an entry is attested by the offices that approved it:
 * it names the row of the journal that tells of that. It stands as long as the approval does: of an application that is
 * refused later, as by an objection, it is not there.
 *
 * What an entry says is sealed, as the form is that it comes from. Unions find entries of their members by occupation
 * and level through blind indexes, so only as they are written, letter by letter; and by the year, which is open. A
 * union that looks at a person's file is recorded with the applications that it sees. */
#pragma once
#include "services/subsidy/application/applications.h"

struct skill {
    int64_t application_id, member_id, attested_at;
    char union_path[UNION_PATH_SIZE];
    int kind, year; /* Subsidy__SkillKind */
};

/* What is looked for among entries of a union and all below it. */
struct skill_search {
    const char *path, *from;        /* behind a place */
    int64_t after;                  /* and an application */
    const char *occupation, *level; /* "": any */
    int32_t year_from, year_to;
};

/* An application is approved: it leaves what its scheme says. */
void skill_attest(struct subsidy *self, const Subsidy__Scheme *scheme, const struct application *application,
                  void *call);
/* That of an application that stands; false: there is none. */
bool skill_find(const struct subsidy *self, int64_t application_id, struct skill *ret);
/* Hers that stand, before an application, the last first: how many. */
size_t skills_list(const struct subsidy *self, int64_t member_id, int64_t before, struct skill *ret, size_t size);
size_t skills_search(const struct subsidy *self, const struct skill_search *search, struct skill *ret, size_t size);
/* What it says, in the arena; NULL when it does not open, or memory is full. */
Subsidy__SkillSaid *skill_said(const struct subsidy *self, int64_t application_id, struct arena *arena);
/* The row of the journal that tells of its approval. */
void skill_proof(const struct subsidy *self, int64_t application_id, struct arena *arena, Subsidy__Skill *ret);
