#include "services/subsidy/skills/skills.h"

#define FILE_MOST 50 /* entries of one file */

/* NULL when memory is full. */
static Subsidy__Skill *message_of(struct subsidy *self, const struct skill *skill, void *call)
{
    struct arena *arena = rpc_arena(call);
    Subsidy__Skill *message = arena_message(arena, &subsidy__skill__descriptor);
    const Subsidy__SkillSaid *said = message ? skill_said(self, skill->application_id, arena) : NULL;
    const Subsidy__Scheme *scheme = NULL;
    struct application application;

    if (!said)
        return NULL;
    if (application_find(self, skill->application_id, &application))
        scheme = scheme_find(self, application.scheme_id, arena);
    message->application_id = skill->application_id;
    message->kind = (Subsidy__SkillKind)skill->kind;
    message->title = said->title;
    message->occupation = said->occupation;
    message->level = said->level;
    message->date = said->date;
    message->year = skill->year;
    message->attested_at = skill->attested_at;
    if (scheme) {
        message->scheme_title = scheme->title;
        tree_id(&self->tree, scheme->union_path, call, &message->union_id);
    }
    skill_proof(self, skill->application_id, arena, message);
    return message;
}

/* rpc ListMySkills: attested last first. */
static void skills__list_my_skills(Subsidy__Skills_Service *service, const Subsidy__ListMySkillsRequest *req,
                                   Subsidy__SkillList_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, skills_service);
    const struct rpc_page *page = rpc_page(call);
    struct skill *rows = arena_alloc(rpc_arena(call), page->limit * sizeof(*rows));
    Subsidy__SkillList list = SUBSIDY__SKILL_LIST__INIT;
    size_t n = 0;

    (void)req;
    if (rows)
        n = skills_list(self, rpc_principal(call)->member_id, page->before, rows, page->limit);
    for (size_t i = 0; i < n && rpc_page_takes(call, rows[i].application_id); i++)
        rpc_add(call, &list, skills, message_of(self, &rows[i], call));
    reply(&list, call);
}

static bool has_office(const char *path, void *call)
{
    return rpc_has_role(call, RULE__ROLE__UNION_ADMIN, path) || rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path);
}

/* NULL when memory is full. */
static Subsidy__SkillFound *found_of(struct subsidy *self, const struct skill *skill, void *call)
{
    Subsidy__SkillFound *message = arena_message(rpc_arena(call), &subsidy__skill_found__descriptor);
    const Subsidy__SkillSaid *said = message ? skill_said(self, skill->application_id, rpc_arena(call)) : NULL;
    struct application application;

    if (!said)
        return NULL;
    message->application_id = skill->application_id;
    if (application_find(self, skill->application_id, &application))
        message->shown_name = rpc_text(call, application.shown_name);
    tree_id(&self->tree, skill->union_path, call, &message->union_id);
    message->kind = (Subsidy__SkillKind)skill->kind;
    message->occupation = said->occupation;
    message->level = said->level;
    message->year = skill->year;
    return message;
}

/* rpc SearchSkills: in the order of the tree. */
static void skills__search_skills(Subsidy__Skills_Service *service, const Subsidy__SearchSkillsRequest *req,
                                  Subsidy__SkillFoundList_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, skills_service);
    const char *path = tree_path(&self->tree, req->union_id, "unionId", call);
    const struct rpc_page *page = rpc_page(call);
    struct skill *rows = arena_alloc(rpc_arena(call), page->limit * sizeof(*rows));
    Subsidy__SkillFoundList list = SUBSIDY__SKILL_FOUND_LIST__INIT;
    struct skill_search search = {.path = path,
                                  .after = page->after,
                                  .occupation = req->occupation,
                                  .level = req->level,
                                  .year_from = req->year_from,
                                  .year_to = req->year_to};
    size_t n = 0;

    if (!path || rpc_refuse_field_if(call, has_office(path, call) ? 0 : RPC__REASON__OUTSIDE_YOUR_UNION, "unionId") ||
        rpc_refuse_field_if(
            call, req->year_to && req->year_to < req->year_from ? SUBSIDY__REASON__SKILL_YEARS_WRONG : 0, "yearTo"))
        return;
    if (*page->place && !union_path_covers(path, page->place)) {
        rpc_refuse_page(call);
        return;
    }
    search.from = *page->place ? page->place : path;
    if (rows)
        n = skills_search(self, &search, rows, page->limit);
    for (size_t i = 0; i < n && rpc_page_takes_at(call, rows[i].union_path, rows[i].application_id); i++)
        rpc_add(call, &list, skills, found_of(self, &rows[i], call));
    reply(&list, call);
}

/* rpc GetSkillFile: each entry that is seen is recorded with its application, where she sees it. */
static void skills__get_skill_file(Subsidy__Skills_Service *service, const Subsidy__ApplicationRequest *req,
                                   Subsidy__SkillFile_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, skills_service);
    Subsidy__SkillFile file = SUBSIDY__SKILL_FILE__INIT;
    struct skill skill, *rows = arena_alloc(rpc_arena(call), FILE_MOST * sizeof(*rows));
    struct application application;
    size_t n = 0;

    if (rpc_refuse_if(call, skill_find(self, req->application_id, &skill) ? 0 : SUBSIDY__REASON__SKILL_NOT_FOUND) ||
        rpc_refuse_if(call, has_office(skill.union_path, call) ? 0 : RPC__REASON__OUTSIDE_YOUR_UNION) ||
        rpc_refuse_if(call, rows ? 0 : RPC__REASON__OVERLOADED))
        return;
    if (application_find(self, skill.application_id, &application))
        file.shown_name = rpc_text(call, application.shown_name);
    n = skills_list(self, holder_of(&self->holders, skill.member_id), INT64_MAX, rows, FILE_MOST);
    for (size_t i = 0; i < n; i++) {
        if (!has_office(rows[i].union_path, call))
            continue;
        rpc_add(call, &file, skills, message_of(self, &rows[i], call));
        application_looked_at(self, rows[i].application_id, 0, call);
    }
    reply(&file, call);
}

const Subsidy__Skills_Service skills_api = SUBSIDY__SKILLS__INIT(skills__);
