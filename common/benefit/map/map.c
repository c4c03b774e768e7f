#include "common/benefit/map/map.h"

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

static struct spot *find(const struct map *map, int64_t place_id)
{
    for (size_t i = 0; i < map->n; i++) {
        if (map->spots[i].place_id == place_id)
            return &map->spots[i];
    }
    return NULL;
}

void map_remove(struct map *map, int64_t place_id)
{
    struct spot *spot = find(map, place_id);

    if (!spot)
        return;
    map->n--;
    memmove(spot, spot + 1, (size_t)(map->spots + map->n - spot) * sizeof(*spot));
}

int64_t map_end(struct map *map, int64_t place_id, int64_t until)
{
    struct spot *spot = find(map, place_id);
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

bool map_is_among(void *self, int64_t place_id)
{
    const struct map_ids *among = self;
    size_t low = 0, high = among->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (among->ids[middle] < place_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < among->n && among->ids[low] == place_id;
}

/* Puts a spot where it belongs among the nearest so far. */
static size_t insert(struct near *ret, size_t n, size_t max, int64_t place_id, double metres)
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
    ret[at] = (struct near){place_id, metres};
    return n;
}

size_t map_nearest(const struct map *map, int32_t lat_e6, int32_t lon_e6, int64_t now, const struct map_filter *filter,
                   struct near *ret, size_t max)
{
    size_t north = first_at(map, lat_e6), south = north, n = 0;

    while (max > 0 && (south > 0 || north < map->n)) {
        double up = north < map->n ? (map->spots[north].lat_e6 - (double)lat_e6) * METRES_E6 : INFINITY;
        double down = south > 0 ? (lat_e6 - (double)map->spots[south - 1].lat_e6) * METRES_E6 : INFINITY;
        const struct spot *spot = up <= down ? &map->spots[north++] : &map->spots[--south];

        if (n == max && fmin(up, down) > ret[n - 1].metres)
            break;
        if (spot->until > now && (!filter || filter->fits(filter->self, spot->place_id)))
            n = insert(ret, n, max, spot->place_id, map_distance(lat_e6, lon_e6, spot->lat_e6, spot->lon_e6));
    }
    return n;
}

char *map_directions(const char *name, int32_t lat_e6, int32_t lon_e6, struct arena *arena)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t len = strlen(name), n = 0;
    char *encoded = arena_alloc(arena, 3 * len + 1);

    if (!encoded)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)name[i];

        encoded[n++] = '%';
        encoded[n++] = hex[c >> 4];
        encoded[n++] = hex[c & 15];
    }
    encoded[n] = '\0';
    return arena_printf(arena,
                        "https://apis.map.qq.com/uri/v1/routeplan?type=drive&to=%s&tocoord=%s%d.%06d,%s%d.%06d"
                        "&coord_type=2&policy=0&referer=huigong",
                        encoded, lat_e6 < 0 ? "-" : "", abs(lat_e6) / 1000000, abs(lat_e6) % 1000000,
                        lon_e6 < 0 ? "-" : "", abs(lon_e6) / 1000000, abs(lon_e6) % 1000000);
}
