/* fit.h: what fits all decisions at once: the sweep over everybody's a and b, and the weights.
 *
 * Decisions are an array of the caller's in any order; people are numbers of an array of rank_taste. A sweep is a step
 * of Newton for each a with all else fixed, then one for each b. It goes in slices, so that whoever asks in between
 * waits for one slice: a pass over the decisions adds up slope and curvature of each person, a pass over the people
 * moves them. The weights follow by coordinate descent, one weight after the other, over decisions that bring their
 * features.
 *
 * Pure: no store, no clock; memory is the caller's. */
#pragma once
#include "services/match/rank/model.h"

struct rank_decision {
    uint32_t i, j; /* i has decided about j */
    float fixed;   /* rank_fixed() of the two */
    bool yes;
};

struct rank_sum {
    float slope, curve;
};

struct rank_sweep {
    const struct rank_decision *decisions;
    size_t n_decisions;
    struct rank_taste *people;
    const uint8_t *sexes;  /* of the people */
    struct rank_sum *sums; /* of the people, zeroed */
    size_t n_people;
    int pass; /* 0 and 1: a; 2 and 3: b; 4: done */
    size_t at;
};

/* Goes on with at most so many decisions or people; false once the sweep is done. From {.pass = 0, .at = 0}. */
bool rank_sweep_step(struct rank_sweep *sweep, size_t most);

/* A decision with all that is told of it. */
struct rank_example {
    struct rank_decision decision; /* fixed is kept up to date */
    uint8_t sex;                   /* of who decides */
    float all[RANK_ALL];
};

/* One round over all weights and both mu; people are as they stand. */
void rank_descend(struct rank_weights *weights, struct rank_example *examples, size_t n,
                  const struct rank_taste *people);
