#include "deploy/demo/city.h"

#include <assert.h>
#include <errno.h>

#define FIRST_YEAR 1964
#define LAST_YEAR  2006
#define YEARS      (LAST_YEAR - FIRST_YEAR + 1)
/* The first resident ID cards were issued in 1984: who was born before then
 * carries the region code of that year. */
#define FIRST_CARD_YEAR 1984
#define SEQUENCES       999
#define REGIONS_MAX     4096
#define BRANCHES        300

extern const unsigned char areacodes_csv[], foshan_towns[];
extern const size_t areacodes_csv_len, foshan_towns_len;

static const struct trade {
    const char *name;  /* in rpc.Trade */
    const char *title; /* in the name of a union */
    const char *site;  /* what a branch of its enterprises is called */
    unsigned share;    /* of the members, in percent */
} trades[CITY_TRADES + 1] = {
    {"COURIER", "快递", "营业点", 16},    {"FOOD_DELIVERY", "外卖配送", "站点", 18},
    {"TRUCK_DRIVER", "货运", "车队", 14}, {"RIDE_DRIVER", "网约车", "车队", 12},
    {"SANITATION", "环卫", "作业队", 10}, {"CONSTRUCTION", "建筑", "项目部", 14},
    {"TRADE_OTHER", "", "车间", 16},
};

static const char *const surnames[] = {
    "王", "李", "张", "刘", "陈", "杨",   "黄",   "赵",   "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何",
    "林", "罗", "高", "梁", "郑", "谢",   "宋",   "唐",   "许", "邓", "冯", "韩", "曹", "曾", "彭", "萧", "蔡",
    "潘", "田", "董", "袁", "于", "余",   "叶",   "蒋",   "杜", "苏", "魏", "程", "吕", "沈", "任", "姚", "卢",
    "傅", "钟", "姜", "崔", "谭", "廖",   "范",   "汪",   "陆", "金", "石", "戴", "贾", "韦", "夏", "邱", "方",
    "侯", "邹", "熊", "孟", "秦", "白",   "江",   "阎",   "薛", "尹", "段", "雷", "黎", "史", "龙", "陶", "贺",
    "顾", "毛", "郝", "龚", "邵", "欧阳", "司徒", "上官", "麦", "招", "霍", "关", "区", "劳", "岑",
};
static const char *const given_first[] = {
    "禾", "谷", "米", "麦", "桑", "竹", "松", "柏", "梅", "兰", "荷", "菊", "山", "川",
    "溪", "湖", "海", "云", "雨", "雪", "风", "星", "月", "晨", "晓", "春", "夏", "秋",
    "冬", "安", "平", "和", "乐", "勤", "勇", "诚", "信", "智", "明", "亮",
};
static const char *const given_last[] = {
    "甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸",
    "丑", "寅", "卯", "巳", "午", "未", "申", "酉", "戌", "亥",
};
#define FIRM_NAMES 20
static const char *const firm_names[FIRM_NAMES] = {
    "禾", "谷", "桑", "竹", "松", "柏", "梅", "兰", "荷", "菊",
    "山", "川", "溪", "湖", "海", "云", "星", "晨", "春", "秋",
};
/* A form for each round through the pairs of names keeps firms' names apart. */
static const char *const firm_forms[] = {"", "实业", "科技", "服务", "发展", "工贸", "集团"};
static_assert(ARRAY_LEN(firm_forms) * FIRM_NAMES * FIRM_NAMES >= CITY_UNIONS - 260 - BRANCHES,
              "a form for every round");
static const char *const firm_kinds[] = {"陶瓷", "家电", "家具", "纺织", "铝材",
                                         "五金", "食品", "塑料", "机械", "照明"};

/* Which region codes were in force in each year of birth: Foshan's own first,
 * then the rest of the country. The counts are those of the leanest year, so
 * that a slot below them is a different code in every year. */
struct city_regions {
    char local[YEARS][REGIONS_MAX][7], other[YEARS][REGIONS_MAX][7];
    unsigned n_local, n_other;
};

/* SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* The next field of a line of simple CSV (no quotes); *cursor moves past it. */
static void next_field(const char **cursor, const char *end, char *ret, size_t size)
{
    size_t n = 0;

    for (; *cursor < end && **cursor != ',' && **cursor != '\n' && **cursor != '\r'; (*cursor)++)
        if (n + 1 < size)
            ret[n++] = **cursor;
    if (*cursor < end && **cursor == ',')
        (*cursor)++;
    ret[n] = '\0';
}

static const char *next_line(const char *cursor, const char *end)
{
    const char *newline = memchr(cursor, '\n', (size_t)(end - cursor));

    return newline ? newline + 1 : end;
}

/* code,province,city,name,level,state,from,until,successors: until is empty
 * for a code in force. */
static void read_regions(struct city_regions *regions)
{
    const char *cursor = (const char *)areacodes_csv, *end = cursor + areacodes_csv_len;
    unsigned n_local[YEARS] = {0}, n_other[YEARS] = {0};

    for (cursor = next_line(cursor, end); cursor < end; cursor = next_line(cursor, end)) {
        char code[7], city[64], level[16], from[8], until[8], skip[64];

        next_field(&cursor, end, code, sizeof(code));
        next_field(&cursor, end, skip, sizeof(skip));
        next_field(&cursor, end, city, sizeof(city));
        next_field(&cursor, end, skip, sizeof(skip));
        next_field(&cursor, end, level, sizeof(level));
        next_field(&cursor, end, skip, sizeof(skip));
        next_field(&cursor, end, from, sizeof(from));
        next_field(&cursor, end, until, sizeof(until));
        if (strcmp(level, "县级") || strlen(code) != 6)
            continue;
        for (int y = 0; y < YEARS; y++) {
            int year = FIRST_YEAR + y < FIRST_CARD_YEAR ? FIRST_CARD_YEAR : FIRST_YEAR + y;
            bool local = !strncmp(code, "4406", 4);
            unsigned *n = local ? &n_local[y] : &n_other[y];

            if (strtol(from, NULL, 10) > year || (until[0] && strtol(until, NULL, 10) <= year) || *n == REGIONS_MAX)
                continue;
            memcpy(local ? regions->local[y][*n] : regions->other[y][*n], code, sizeof(code));
            (*n)++;
        }
    }
    regions->n_local = regions->n_other = REGIONS_MAX;
    for (int y = 0; y < YEARS; y++) {
        regions->n_local = n_local[y] < regions->n_local ? n_local[y] : regions->n_local;
        regions->n_other = n_other[y] < regions->n_other ? n_other[y] : regions->n_other;
    }
    ensure(regions->n_local > 0 && regions->n_other > 0);
}

static struct city_union *add_union(struct city *city, int parent, int trade)
{
    ensure(city->n_unions < CITY_UNIONS);
    struct city_union *u = &city->unions[city->n_unions++];

    u->parent = parent;
    u->level = parent < 0 ? 1 : city->unions[parent].level + 1;
    u->trade = trade;
    ensure(u->level <= CITY_LEVELS);
    return u;
}

/* The city, its districts, their towns, and a federation of each trade for
 * every district and town. Returns the number of towns; ret_towns takes each
 * town's index, the federations of a town follow it. */
static int add_territory(struct city *city, int *ret_towns)
{
    const char *cursor = (const char *)foshan_towns, *end = cursor + foshan_towns_len;
    char district_code[8] = "", district_name[32] = "";
    int n_towns = 0, district = -1, number = 0;
    struct city_union *root = add_union(city, -1, CITY_TRADE_OTHER);

    snprintf(root->code, sizeof(root->code), "440600");
    snprintf(root->name, sizeof(root->name), "佛山市总工会");
    for (cursor = next_line(cursor, end); cursor < end; cursor = next_line(cursor, end)) {
        char code[8], town[32];
        struct city_union *u;

        next_field(&cursor, end, code, sizeof(code));
        next_field(&cursor, end, district_name, sizeof(district_name));
        next_field(&cursor, end, town, sizeof(town));
        if (strcmp(code, district_code)) {
            snprintf(district_code, sizeof(district_code), "%s", code);
            number = 0;
            district = city->n_unions;
            u = add_union(city, 0, CITY_TRADE_OTHER);
            snprintf(u->code, sizeof(u->code), "%s", code);
            snprintf(u->name, sizeof(u->name), "佛山市%s总工会", district_name);
            for (int t = 0; t < CITY_TRADES; t++) {
                u = add_union(city, district, t);
                snprintf(u->code, sizeof(u->code), "%s-%d", code, 901 + t);
                snprintf(u->name, sizeof(u->name), "佛山市%s%s行业工会联合会", district_name, trades[t].title);
            }
        }
        number++;
        ret_towns[n_towns++] = city->n_unions;
        u = add_union(city, district, CITY_TRADE_OTHER);
        snprintf(u->code, sizeof(u->code), "%s-%03d", code, number);
        snprintf(u->name, sizeof(u->name), "佛山市%s%s总工会", district_name, town);
        for (int t = 0; t < CITY_TRADES; t++) {
            struct city_union *federation = add_union(city, ret_towns[n_towns - 1], t);

            snprintf(federation->code, sizeof(federation->code), "%s-%03d-%d", code, number, 9001 + t);
            snprintf(federation->name, sizeof(federation->name), "%s%s%s行业工会联合会", district_name, town,
                     trades[t].title);
        }
    }
    return n_towns;
}

/* Enterprises, dealt to the towns in turn and to the trades by their share of
 * members; the last BRANCHES unions are branches of the first enterprises. */
static void add_enterprises(struct city *city, const int *towns, int n_towns)
{
    int first = city->n_unions;

    for (int i = 0; city->n_unions < CITY_UNIONS - BRANCHES; i++) {
        int town = towns[i % n_towns], number = i / n_towns + 1, trade = 0;
        uint64_t pick = mix(city->seed ^ (uint64_t)i);
        unsigned ticket = (unsigned)(pick % 100);

        for (; trade < CITY_TRADE_OTHER && ticket >= trades[trade].share; trade++)
            ticket -= trades[trade].share;

        struct city_union *u = add_union(city, trade == CITY_TRADE_OTHER ? town : town + 1 + trade, trade);
        const char *kind =
            trade == CITY_TRADE_OTHER ? firm_kinds[(pick >> 32) % ARRAY_LEN(firm_kinds)] : trades[trade].title;

        snprintf(u->code, sizeof(u->code), "%s-%04d", city->unions[town].code, number);
        snprintf(u->name, sizeof(u->name), "佛山市%s%s%s%s有限公司工会委员会", firm_names[i % FIRM_NAMES],
                 firm_names[i / FIRM_NAMES % FIRM_NAMES], kind, firm_forms[i / FIRM_NAMES / FIRM_NAMES]);
        u->leaf = true;
    }
    for (int i = 0; i < BRANCHES; i++) {
        int parent = first + i / 3;
        struct city_union *u = add_union(city, parent, city->unions[parent].trade);

        snprintf(u->code, sizeof(u->code), "%.*s-%02d", (int)sizeof(u->code) - 4, city->unions[parent].code, i % 3 + 1);
        snprintf(u->name, sizeof(u->name), "%.*s第%d%s分会", (int)sizeof(u->name) - 32, city->unions[parent].name,
                 i % 3 + 1, trades[u->trade].site);
        u->leaf = true;
        city->unions[parent].leaf = false;
    }
}

struct city *city_new(uint64_t seed)
{
    struct city *city = calloc(1, sizeof(*city));
    int towns[CITY_UNIONS];

    if (!city)
        return NULL;
    city->regions = calloc(1, sizeof(*city->regions));
    if (!city->regions) {
        city_free(city);
        return NULL;
    }
    city->seed = mix(seed);
    read_regions(city->regions);
    int n_towns = add_territory(city, towns);

    add_enterprises(city, towns, n_towns);
    for (int i = 0; i < city->n_unions; i++) {
        const struct city_union *u = &city->unions[i];

        if (u->leaf)
            city->leaves[u->trade][city->n_leaves[u->trade]++] = i;
    }
    return city;
}

void city_free(struct city *city)
{
    if (!city)
        return;
    free(city->regions);
    free(city);
}

/* A trade federation is an industry union, the first of its trade below a town or district. */
static bool is_federation(const struct city *city, const struct city_union *u)
{
    return u->parent >= 0 && u->trade != CITY_TRADE_OTHER && city->unions[u->parent].trade == CITY_TRADE_OTHER;
}

int city_write_unions(const struct city *city, FILE *file)
{
    fputs("code,name,parent_code,trades\n", file);
    for (int i = 0; i < city->n_unions; i++) {
        const struct city_union *u = &city->unions[i];

        fprintf(file, "%s,%s,%s,%s\n", u->code, u->name, u->parent < 0 ? "" : city->unions[u->parent].code,
                is_federation(city, u) ? trades[u->trade].name : "");
    }
    return fflush(file) || ferror(file) ? -1 : 0;
}

/* One person's facts from a number below years * 365 * SEQUENCES * slots; no
 * two numbers give the same. The 29th of February is nobody's birthday, which
 * keeps every year equally long. */
struct person {
    int year, month, day, sequence;
    unsigned slot;
};

static struct person person_from(uint64_t number)
{
    static const int month_days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct person p = {.month = 1};
    int day = (int)(number % 365);

    number /= 365;
    p.year = FIRST_YEAR + (int)(number % YEARS);
    number /= YEARS;
    p.sequence = 1 + (int)(number % SEQUENCES);
    p.slot = (unsigned)(number / SEQUENCES);
    for (; day >= month_days[p.month - 1]; p.month++)
        day -= month_days[p.month - 1];
    p.day = day + 1;
    return p;
}

/* GB 11643-1999: 17 digits, then the check digit of ISO 7064 MOD 11-2. */
static void write_resident_id(const char region[7], const struct person *p, char ret[19])
{
    static const int weights[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;

    snprintf(ret, 19, "%.6s%04u%02u%02u%03u", region, (unsigned)p->year % 10000, (unsigned)p->month % 100,
             (unsigned)p->day % 100, (unsigned)p->sequence % 1000);
    for (int i = 0; i < 17; i++)
        sum += (ret[i] - '0') * weights[i];
    ret[17] = "10X98765432"[sum % 11];
    ret[18] = '\0';
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* An affine permutation of 0..size-1, so that neighbouring rows are strangers
 * and no two rows are the same person. */
struct permutation {
    uint64_t size, factor, offset;
};

static struct permutation permutation_new(uint64_t seed, uint64_t size)
{
    struct permutation p = {.size = size, .factor = mix(seed) % size, .offset = mix(seed + 1) % size};

    while (gcd(p.factor, size) != 1)
        p.factor = p.factor + 1 == size ? 1 : p.factor + 1;
    return p;
}

static uint64_t permute(const struct permutation *p, uint64_t i)
{
    return (uint64_t)(((unsigned __int128)i * p->factor + p->offset) % p->size);
}

static const struct city_union *pick_union(const struct city *city, uint64_t random, const char **ret_trade)
{
    unsigned ticket = (unsigned)(random % 100);
    int trade = 0;

    for (; trade < CITY_TRADE_OTHER && ticket >= trades[trade].share; trade++)
        ticket -= trades[trade].share;
    *ret_trade = trades[trade].name;

    /* The lesser of two draws: some enterprises are many times larger than others. */
    uint64_t n = (uint64_t)city->n_leaves[trade], a = (random >> 8) % n, b = (random >> 32) % n;
    return &city->unions[city->leaves[trade][a < b ? a : b]];
}

int city_write_roster(const struct city *city, long members, FILE *file)
{
    const struct city_regions *regions = city->regions;
    const uint64_t people = (uint64_t)YEARS * 365 * SEQUENCES;
    struct permutation locals = permutation_new(city->seed + 2, people * regions->n_local);
    struct permutation others = permutation_new(city->seed + 4, people * regions->n_other);

    if (members < 0 || members > CITY_MEMBERS_MAX) {
        errno = ERANGE;
        return -1;
    }
    fputs("name,resident_id,mobile,union_code,trade\n", file);
    for (long i = 0; i < members && !ferror(file); i++) {
        /* Every second worker was born in the city, the others came from all over the country. */
        bool local = i % 2 == 0;
        struct person p = person_from(permute(local ? &locals : &others, (uint64_t)i / 2));
        int y = p.year - FIRST_YEAR;
        uint64_t random = mix(city->seed ^ mix((uint64_t)i)), name = mix(random);
        const char *trade;
        const struct city_union *u = pick_union(city, random, &trade);
        char id[19];

        write_resident_id(local ? regions->local[y][p.slot] : regions->other[y][p.slot], &p, id);
        fprintf(file, "%s%s%s,%s,169%08ld,%s,%s\n", surnames[name % ARRAY_LEN(surnames)],
                given_first[(name >> 16) % ARRAY_LEN(given_first)], given_last[(name >> 32) % ARRAY_LEN(given_last)],
                id, i + 1, u->code, trade);
    }
    return fflush(file) || ferror(file) ? -1 : 0;
}
