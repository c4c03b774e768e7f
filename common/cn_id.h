/* cn_id.h: Chinese identity numbers.
 *
 * Resident ID: GB 11643-1999, check digit ISO 7064 MOD 11-2. Region codes:
 * GB/T 2260, 1981 to 2024 with the years of each (common/areacodes.csv, CC0,
 * github yescallop/areacodes). Unified social credit code: GB 32100-2015 with
 * the organisation code of GB 11714. No function allocates or keeps state. */
#pragma once

#define CN_RESIDENT_ID_LEN 18
#define CN_MOBILE_LEN 11
#define CN_NAME_MAX 50 /* characters */

enum cn_id_result {
    CN_ID_OK,
    CN_ID_FORMAT,       /* length or characters */
    CN_ID_15_DIGITS,    /* a first-generation number, no longer valid (since 2013) */
    CN_ID_CHECKSUM,
    CN_ID_DATE,         /* not a calendar date, before 1900, or after today */
    CN_ID_REGION,       /* first two digits are no province */
};

struct cn_resident_id {
    char number[CN_RESIDENT_ID_LEN + 1]; /* upper-case X */
    int birth_year, birth_month, birth_day;
    bool male;
    bool region_abolished; /* known, but withdrawn or not in force in the birth year: a warning only */
    bool region_unknown;   /* not in the table though its province is: a warning only */
};

/* Reads a resident ID. today is YYYYMMDD. Full-width digits and letters and
 * surrounding blanks are folded first; a lower-case x becomes X. */
enum cn_id_result cn_resident_id(const char *text, int today, struct cn_resident_id *ret);
/* 440604********0014 */
void cn_mask_resident_id(const char *number, char ret[CN_RESIDENT_ID_LEN + 1]);
/* The calendar day, YYYYMMDD, of an instant in China (UTC+8, no summer time since 1991). */
int cn_day(int64_t at_ms);
/* Whole years of age on that day. */
int cn_age(const struct cn_resident_id *id, int today);

/* A mainland mobile number, with or without +86, blanks and hyphens: 11 digits out. */
bool cn_mobile(const char *text, char ret[CN_MOBILE_LEN + 1]);
/* 138****8000 */
void cn_mask_mobile(const char *mobile, char ret[CN_MOBILE_LEN + 1]);

/* A person's name in normal form: interpunct U+00B7, single blanks inside Latin
 * names, no control characters; 2 to 30 Han characters (all planes) or up to
 * CN_NAME_MAX Latin letters. size of ret: CN_NAME_MAX * 4 + 1. */
bool cn_name(const char *text, char *ret);
/* 张* , 李*明, 欧** : size as above. */
void cn_mask_name(const char *name, char *ret);

/* Unified social credit code; folds full-width and lower case. */
enum cn_id_result cn_uscc(const char *text, char ret[CN_RESIDENT_ID_LEN + 1]);
/* The name of a region, e.g. 禅城区, or NULL. */
const char *cn_region(const char code[6]);
