/* map.h: where the places of a service that are not closed are, in memory.
 *
 * Distances are great circles by the haversine formula (R. W. Sinnott, "Virtues of the
 * haversine", Sky and Telescope 68, 1984) on a sphere of the earth's mean radius
 * (IUGG, 6,371,009 m): within 0.6 % of the ellipsoid. Spots stand in order of latitude,
 * and a search goes outwards from the asker's, north and south, until even a spot on
 * her own meridian would be farther than what it has. One spot takes 24 bytes; the
 * array grows by halves as places are made. */
#pragma once
#include "common/base/arena.h"

struct spot {
    int32_t lat_e6, lon_e6; /* millionths of a degree */
    int64_t place_id;
    int64_t until; /* when a van leaves; INT64_MAX of what stays */
};

struct map {
    struct spot *spots;
    size_t n, size;
};

struct near {
    int64_t place_id;
    double metres;
};

void map_done(struct map *map);
/* False without memory. */
bool map_add(struct map *map, const struct spot *spot);
void map_remove(struct map *map, int64_t place_id);
/* Sets until when somebody is there; returns until when it was. */
int64_t map_end(struct map *map, int64_t place_id, int64_t until);
/* Which places are meant. */
struct map_filter {
    bool (*fits)(void *self, int64_t place_id);
    void *self;
};
/* Those of some ids, in rising order: a filter whose self is a struct map_ids. */
struct map_ids {
    const int64_t *ids;
    size_t n;
};
bool map_is_among(void *ids, int64_t place_id);

/* The nearest spots that fit, or all when filter is NULL, and that have not left by now: at most max, by distance.
 * Returns how many. */
size_t map_nearest(const struct map *map, int32_t lat_e6, int32_t lon_e6, int64_t now, const struct map_filter *filter,
                   struct near *ret, size_t max);
/* Metres between two points. */
double map_distance(int32_t lat1_e6, int32_t lon1_e6, int32_t lat2_e6, int32_t lon2_e6);

/* The page of Tencent's maps that leads to a place (GCJ-02), percent-encoded, in the arena; NULL when it is full. */
char *map_directions(const char *name, int32_t lat_e6, int32_t lon_e6, struct arena *arena);
