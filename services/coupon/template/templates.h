/* templates.h: forms that a union offers to itself and to those below it, by level.
 *
 * A template is kept as the form was sent, with unions by their ids alone: what it names is looked up, and all of it
 * judged, when a draft is made from it, as of any other draft. What a draft was made from is kept, for rules that ask
 * for it (publishing_rules.h). A template is retired and never changed, so that what was made from it stays true. */
#pragma once
#include "services/coupon/coupon.h"

#define TEMPLATE_NAME_SIZE (60 * 4 + 1)
#define TEMPLATES_MAX      200 /* of one union, not retired */

struct template
{
    int64_t id;
    char union_path[UNION_PATH_SIZE], name[TEMPLATE_NAME_SIZE];
    int64_t levels, created_at, journal_seq;
    bool retired;
    Coupon__Release *form; /* in the arena */
};

/* False: there is none, or memory is full. */
bool templates_find(const struct coupon *self, int64_t template_id, struct arena *arena, struct template *ret);
/* Those that a union may use, before an id, the latest first: how many. */
size_t templates_of(const struct coupon *self, const char *path, int64_t before, struct arena *arena,
                    struct template *ret, size_t size);
/* Whether it is for a union. */
bool template_is_for(const struct template *template, const char *path);
/* 0 or a Reason. */
int template_add(struct coupon *self, struct template *template, void *call);
void template_retire(struct coupon *self, struct template *template, void *call);
/* Notes what a draft was made from; and which that is, 0: none. */
void template_note(struct coupon *self, int64_t release_id, int64_t template_id);
int64_t template_of_release(const struct coupon *self, int64_t release_id);
/* Makes a form one that opens at another time: all its times go along. */
void form_move(Coupon__Release *form, int64_t opens_at);
