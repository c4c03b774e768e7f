/* map.h: where the sites that are not closed are, in memory.
 *
 * Distances are great circles by the haversine formula (R. W. Sinnott, "Virtues of the
 * haversine", Sky and Telescope 68, 1984) on a sphere of the earth's mean radius
 * (IUGG, 6,371,009 m): within 0.6 % of the ellipsoid. Spots stand in order of latitude,
 * and a search goes outwards from the asker's, north and south, until even a spot on
 * her own meridian would be farther than what it has. One spot takes 24 bytes; the
 * array grows by halves as sites are made. */
#pragma once

struct spot {
    int32_t lat_e6, lon_e6; /* millionths of a degree */
    int64_t site_id;
    int64_t until; /* when a van leaves; INT64_MAX of a hospital */
};

struct map {
    struct spot *spots;
    size_t n, size;
};

struct near {
    int64_t site_id;
    double metres;
};

void map_done(struct map *map);
/* False without memory. */
bool map_add(struct map *map, const struct spot *spot);
void map_remove(struct map *map, int64_t site_id);
/* Sets until when somebody is there; returns until when it was. */
int64_t map_end(struct map *map, int64_t site_id, int64_t until);
/* The nearest spots, at most max, by distance; of only[n_only] in rising order of id,
 * or of all when it is NULL, and that have not left by now. Returns how many. */
size_t map_nearest(const struct map *map, int32_t lat_e6, int32_t lon_e6, int64_t now, const int64_t *only,
                   size_t n_only, struct near *ret, size_t max);
/* Metres between two points. */
double map_distance(int32_t lat1_e6, int32_t lon1_e6, int32_t lat2_e6, int32_t lon2_e6);
