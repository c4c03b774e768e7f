#include "services/health/campaign/map.h"

#include <math.h>

#define EARTH_M   6371009.0
#define RADIANS   (3.14159265358979323846 / 180e6) /* of a millionth of a degree */
#define FIRST     256
#define METRES_E6 (EARTH_M * RADIANS) /* of a millionth of a degree of latitude */

void map_done(struct map *map)
{
    free(map->spots);
    *map = (struct map){0};
}

/* The first spot at or north of a latitude. */
static size_t first_at(const struct map *map, int32_t lat_e6)
{
    size_t low = 0, high = map->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (map->spots[middle].lat_e6 < lat_e6)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool map_add(struct map *map, const struct spot *spot)
{
    size_t at = first_at(map, spot->lat_e6);

    if (map->n == map->size) {
        size_t size = map->size ? map->size + map->size / 2 : FIRST;
        struct spot *spots = realloc(map->spots, size * sizeof(*spots));

        if (!spots)
            return false;
        map->spots = spots;
        map->size = size;
    }
    memmove(&map->spots[at + 1], &map->spots[at], (map->n - at) * sizeof(map->spots[0]));
    map->spots[at] = *spot;
    map->n++;
    return true;
}

static struct spot *find(const struct map *map, int64_t site_id)
{
    for (size_t i = 0; i < map->n; i++) {
        if (map->spots[i].site_id == site_id)
            return &map->spots[i];
    }
    return NULL;
}

void map_remove(struct map *map, int64_t site_id)
{
    struct spot *spot = find(map, site_id);

    if (!spot)
        return;
    map->n--;
    memmove(spot, spot + 1, (size_t)(map->spots + map->n - spot) * sizeof(*spot));
}

int64_t map_end(struct map *map, int64_t site_id, int64_t until)
{
    struct spot *spot = find(map, site_id);
    int64_t was = spot ? spot->until : 0;

    if (spot)
        spot->until = until;
    return was;
}

double map_distance(int32_t lat1_e6, int32_t lon1_e6, int32_t lat2_e6, int32_t lon2_e6)
{
    double lat = sin((lat2_e6 - (double)lat1_e6) * RADIANS / 2), lon = sin((lon2_e6 - (double)lon1_e6) * RADIANS / 2);
    double h = lat * lat + cos(lat1_e6 * RADIANS) * cos(lat2_e6 * RADIANS) * lon * lon;

    return 2 * EARTH_M * asin(h < 1 ? sqrt(h) : 1);
}

static bool is_among(const int64_t *ids, size_t n, int64_t id)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && ids[low] == id;
}

/* Puts a spot where it belongs among the nearest so far. */
static size_t insert(struct near *ret, size_t n, size_t max, int64_t site_id, double metres)
{
    size_t at = n;

    if (n == max && metres >= ret[n - 1].metres)
        return n;
    if (n == max)
        at = n - 1;
    else
        n++;
    for (; at > 0 && ret[at - 1].metres > metres; at--)
        ret[at] = ret[at - 1];
    ret[at] = (struct near){site_id, metres};
    return n;
}

size_t map_nearest(const struct map *map, int32_t lat_e6, int32_t lon_e6, int64_t now, const int64_t *only,
                   size_t n_only, struct near *ret, size_t max)
{
    size_t north = first_at(map, lat_e6), south = north, n = 0;

    while (max > 0 && (south > 0 || north < map->n)) {
        double up = north < map->n ? (map->spots[north].lat_e6 - (double)lat_e6) * METRES_E6 : INFINITY;
        double down = south > 0 ? (lat_e6 - (double)map->spots[south - 1].lat_e6) * METRES_E6 : INFINITY;
        const struct spot *spot = up <= down ? &map->spots[north++] : &map->spots[--south];

        if (n == max && fmin(up, down) > ret[n - 1].metres)
            break;
        if (spot->until > now && (!only || is_among(only, n_only, spot->site_id)))
            n = insert(ret, n, max, spot->site_id, map_distance(lat_e6, lon_e6, spot->lat_e6, spot->lon_e6));
    }
    return n;
}
