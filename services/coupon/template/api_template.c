#include "services/coupon/api.h"
#include "services/coupon/code/codes.h"
#include "services/coupon/fund/fund_uses.h"
#include "services/coupon/rules.h"
#include "services/coupon/template/publishing_rules.h"
#include "services/coupon/template/templates.h"

/* ---- templates ---- */

static Coupon__Template *template_message(const struct template *template, void *call)
{
    Coupon__Template *message = arena_message(rpc_arena(call), &coupon__template__descriptor);

    if (!message)
        return NULL;
    message->template_id = template->id;
    message->name = rpc_text(call, template->name);
    message->release = template->form;
    message->retired = template->retired;
    message->created_at = template->created_at;
    message->levels = arena_alloc(rpc_arena(call), 64 * sizeof(*message->levels));
    for (int32_t level = 1; message->levels && level < 63; level++) {
        if (template->levels >> level & 1)
            message->levels[message->n_levels++] = level;
    }
    return message->levels ? message : NULL;
}

/* What may be said without a time and a union is judged at once. False after refusing. */
static bool judge_form(const Coupon__Release *form, void *call)
{
    const char *field = "template.release";
    int reason = draft_refusal(form, form->opens_at - 1, &field);

    return !rpc_refuse_field_if(call, reason, field);
}

/* rpc CreateTemplate: of a form. */
static void templates__create_template(Coupon__Templates_Service *service, const Coupon__CreateTemplateRequest *req,
                                       Coupon__Template_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, templates_service);
    const char *path = tree_path(&self->tree, req->template_->release->union_id, "template.release.unionId", call);
    struct template template = {.form = req->template_->release};

    if (!path)
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "template.release.unionId");
        return;
    }
    if (!judge_form(template.form, call))
        return;
    for (size_t i = 0; i < req->template_->n_levels; i++)
        template.levels |= INT64_C(1) << req->template_->levels[i];
    snprintf(template.union_path, sizeof(template.union_path), "%s", path);
    snprintf(template.name, sizeof(template.name), "%s", req->template_->name);
    if (rpc_refuse_if(call, template_add(self, &template, call)))
        return;
    rpc_created(call);
    reply(template_message(&template, call), call);
}

/* rpc ListTemplates: those that a union may use, newest first. */
static void templates__list_templates(Coupon__Templates_Service *service, const Coupon__ListTemplatesRequest *req,
                                      Coupon__TemplateList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, templates_service);
    const char *path = tree_path(&self->tree, req->union_id, "unionId", call);
    const struct rpc_page *page = rpc_page(call);
    struct template *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    Coupon__TemplateList list = COUPON__TEMPLATE_LIST__INIT;
    size_t n = 0;

    if (!path)
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "unionId");
        return;
    }
    if (found)
        n = templates_of(self, path, page->before, rpc_arena(call), found, page->limit);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++)
        rpc_add(call, &list, templates, template_message(&found[i], call));
    reply(&list, call);
}

/* rpc RetireTemplate: what was made from it stays. */
static void templates__retire_template(Coupon__Templates_Service *service, const Coupon__TemplateRequest *req,
                                       Coupon__Template_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, templates_service);
    struct template template;
    int reason = 0;

    if (!templates_find(self, req->template_id, rpc_arena(call), &template))
        reason = COUPON__REASON__TEMPLATE_NOT_FOUND;
    else if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, template.union_path))
        reason = RPC__REASON__OUTSIDE_YOUR_UNION;
    if (rpc_refuse_if(call, reason))
        return;
    template_retire(self, &template, call);
    reply(template_message(&template, call), call);
}

/* ---- drafts from others ---- */

/* Whatever a form says, as another one that opens at a time. */
static void adapt(Coupon__Release *form, int64_t opens_at, int64_t union_id, int64_t fund_id, char *title, void *call)
{
    form_move(form, opens_at);
    form->release_id = form->created_at = 0;
    form->state = COUPON__STATE__DRAFT;
    if (form->tickets)
        form->stock_per_day = 0; /* follows from its seats */
    if (union_id)
        form->union_id = union_id;
    if (*title)
        form->title = title;
    if (fund_id && !form->funding)
        form->funding = arena_message(rpc_arena(call), &coupon__funding__descriptor);
    if (fund_id && form->funding)
        form->funding->fund_id = fund_id;
}

/* rpc UseTemplate: a draft from it. */
static void templates__use_template(Coupon__Templates_Service *service, const Coupon__UseTemplateRequest *req,
                                    Coupon__ReleaseStatus_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, templates_service);
    const char *path = tree_path(&self->tree, req->union_id, "unionId", call);
    struct template template;
    int reason = 0;

    if (!path)
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "unionId");
        return;
    }
    if (!templates_find(self, req->template_id, rpc_arena(call), &template) ||
        !union_path_covers(template.union_path, path))
        reason = COUPON__REASON__TEMPLATE_NOT_FOUND;
    else if (template.retired)
        reason = COUPON__REASON__TEMPLATE_RETIRED;
    else if (!template_is_for(&template, path))
        reason = COUPON__REASON__TEMPLATE_NOT_FOR_LEVEL;
    if (rpc_refuse_if(call, reason))
        return;
    adapt(template.form, req->opens_at, req->union_id, req->fund_id, req->title, call);
    release_create(self, template.form, template.id, reply, call);
}

/* rpc CloneRelease: a draft like another one. */
static void templates__clone_release(Coupon__Templates_Service *service, const Coupon__CloneReleaseRequest *req,
                                     Coupon__ReleaseStatus_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, templates_service);
    Coupon__Release *form;
    int reason = release_form(self, req->release_id, call, &form);

    if (rpc_refuse_if(call, reason))
        return;
    adapt(form, req->opens_at, req->union_id, req->fund_id, req->title, call);
    release_create(self, form, template_of_release(self, req->release_id), reply, call);
}

/* rpc GetReleaseCost: and whether it could be published now. */
static void templates__get_release_cost(Coupon__Templates_Service *service, const Coupon__ReleaseRequest *req,
                                        Coupon__ReleaseCost_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, templates_service);
    const struct release *release = release_find(self, req->release_id);
    Coupon__ReleaseCost cost = COUPON__RELEASE_COST__INIT;
    struct release_cost most;
    struct fund_use use;
    int reason = 0;

    if (!release)
        reason = COUPON__REASON__RELEASE_NOT_FOUND;
    else if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, release->union_path))
        reason = RPC__REASON__OUTSIDE_YOUR_UNION;
    if (rpc_refuse_if(call, reason))
        return;
    most = release_cost(self, release, 0);
    cost.coupons = most.coupons;
    cost.cost_fen = most.fen;
    cost.day_fen = most.day_fen;
    if (fund_use_find(self, release->id, &use)) {
        cost.fund_id = use.fund_id;
        cost.fund_free_fen = fund_free(self, use.fund_id);
    }
    if (release->state == COUPON__STATE__DRAFT)
        reason = publishing_refusal(self, release, call);
    if (!reason)
        reason = fund_refusal(self, release, call);
    if (reason)
        api_say(&cost, reason);
    reply(&cost, call);
}

const Coupon__Templates_Service templates_api = COUPON__TEMPLATES__INIT(templates__);
