#include "common/draw/draw_internal.h"

void draw_leaf_hash(const struct draw_entry *entries, uint32_t n, unsigned char ret[DRAW_HASH_LEN])
{
    unsigned char bytes[1 + DRAW_LEAF * DRAW_ENTRY_LEN], *at = bytes;

    *at++ = 0;
    for (uint32_t i = 0; i < n; i++, at += DRAW_ENTRY_LEN) {
        memcpy(at, entries[i].ticket, DRAW_TICKET_LEN);
        put_be32(at + DRAW_TICKET_LEN, (uint32_t)entries[i].stratum << 16 | entries[i].weight);
    }
    draw_hash((struct draw_part[]){{bytes, (size_t)(at - bytes)}}, 1, ret);
}

void draw_node_hash(const unsigned char left[DRAW_HASH_LEN], const unsigned char right[DRAW_HASH_LEN],
                    unsigned char ret[DRAW_HASH_LEN])
{
    static const unsigned char domain = 1;

    draw_hash((struct draw_part[]){{&domain, 1}, {left, DRAW_HASH_LEN}, {right, DRAW_HASH_LEN}}, 3, ret);
}

void draw_root_hash(const struct draw *draw, const unsigned char top[DRAW_HASH_LEN], uint32_t n_entries,
                    unsigned char ret[DRAW_HASH_LEN])
{
    unsigned char domain = draw->version == 1 ? 2 : 3, count[8], frozen[8];

    put_be64(count, n_entries);
    put_be64(frozen, (uint64_t)draw->frozen_ms);
    draw_hash((struct draw_part[]){{&domain, 1},
                                   {draw->terms, DRAW_HASH_LEN},
                                   {count, 8},
                                   {frozen, draw->version == 1 ? 0 : 8},
                                   {top, DRAW_HASH_LEN}},
              5, ret);
}

/* ---- entries one by one ---- */

void draw_tree_init(struct draw_tree *tree)
{
    memset(tree, 0, sizeof(*tree));
}

/* Keeps, for each bit set in the number of leaves, the top of a full subtree of
 * that size. */
static void end_leaf(struct draw_tree *tree)
{
    unsigned char hash[DRAW_HASH_LEN];

    draw_leaf_hash(tree->leaf, tree->n_leaf, hash);
    for (uint32_t n = tree->n_leaves; n & 1; n >>= 1)
        draw_node_hash(tree->stack[--tree->depth], hash, hash);
    ensure(tree->depth < ARRAY_LEN(tree->stack));
    memcpy(tree->stack[tree->depth++], hash, DRAW_HASH_LEN);
    tree->n_leaves++;
    tree->n_leaf = 0;
}

struct draw_entry *draw_tree_next(struct draw_tree *tree)
{
    return &tree->leaf[tree->n_leaf];
}

bool draw_tree_add(struct draw_tree *tree, const struct draw_entry *entry)
{
    /* After a full leaf, its last entry is still in its place. */
    uint32_t last = tree->n_leaf ? tree->n_leaf - 1 : DRAW_LEAF - 1;

    if (tree->n_entries == DRAW_ENTRIES_MAX ||
        (tree->n_entries && draw_ticket_compare(tree->leaf[last].ticket, entry->ticket) >= 0))
        return false;
    if (entry != draw_tree_next(tree))
        *draw_tree_next(tree) = *entry;
    tree->n_leaf++;
    tree->n_entries++;
    if (tree->n_leaf == DRAW_LEAF)
        end_leaf(tree);
    return true;
}

void draw_tree_top(struct draw_tree *tree, unsigned char ret[DRAW_HASH_LEN])
{
    if (tree->n_leaf || tree->n_leaves == 0)
        end_leaf(tree);
    memcpy(ret, tree->stack[--tree->depth], DRAW_HASH_LEN);
    while (tree->depth)
        draw_node_hash(tree->stack[--tree->depth], ret, ret);
}

/* ---- proofs ---- */

void draw_proof_make(const struct draw_list *list, uint32_t index, struct draw_proof *ret)
{
    uint32_t leaf = index / DRAW_LEAF, first = leaf * DRAW_LEAF;

    ensure(index < list->n && list->nodes);
    memset(ret, 0, sizeof(*ret));
    ret->index = index;
    ret->n_entries = list->n;
    ret->n_leaf = list->n - first < DRAW_LEAF ? list->n - first : DRAW_LEAF;
    memcpy(ret->leaf, list->entries + first, ret->n_leaf * sizeof(*ret->leaf));
    for (uint32_t level = 0; list->level_at[level + 1] - list->level_at[level] > 1; level++, leaf /= 2) {
        uint32_t sibling = leaf ^ 1;

        if (sibling < list->level_at[level + 1] - list->level_at[level])
            memcpy(ret->path[ret->n_path++], list->nodes[list->level_at[level] + sibling], DRAW_HASH_LEN);
    }
}

bool draw_proof_check(const struct draw_proof *proof, const struct draw *draw)
{
    uint32_t leaf = proof->index / DRAW_LEAF, used = 0, width, in_leaf;
    unsigned char hash[DRAW_HASH_LEN];

    if (proof->n_entries > DRAW_ENTRIES_MAX || proof->index >= proof->n_entries || proof->n_path > DRAW_PATH_MAX)
        return false;
    width = (proof->n_entries + DRAW_LEAF - 1) / DRAW_LEAF;
    in_leaf = leaf + 1 < width ? DRAW_LEAF : proof->n_entries - leaf * DRAW_LEAF;
    if (proof->n_leaf != in_leaf)
        return false;
    draw_leaf_hash(proof->leaf, proof->n_leaf, hash);
    for (; width > 1; width = (width + 1) / 2, leaf /= 2) {
        if ((leaf ^ 1) >= width)
            continue;
        if (used == proof->n_path)
            return false;
        if (leaf & 1)
            draw_node_hash(proof->path[used], hash, hash);
        else
            draw_node_hash(hash, proof->path[used], hash);
        used++;
    }
    return used == proof->n_path && draw_is_frozen(draw, hash, proof->n_entries);
}
