/* link.h: lists whose links stand in what they hold. A list is a link as well; one that is
 * in no list is alone. */
#pragma once

struct link {
    struct link *prev, *next;
};

static inline void link_init(struct link *link)
{
    link->prev = link->next = link;
}

static inline void link_remove(struct link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link_init(link);
}

/* At the end of a list; takes it out of no other. */
static inline void link_append(struct link *list, struct link *link)
{
    link->prev = list->prev;
    link->next = list;
    list->prev->next = link;
    list->prev = link;
}

static inline bool link_is_alone(const struct link *link)
{
    return link->next == link;
}
