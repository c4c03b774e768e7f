/* cn_id.h: Chinese identity numbers, names and regions.
 *
 * Resident ID: GB 11643-1999, check digit ISO 7064 MOD 11-2. The same form holds
 * residents of Hong Kong, Macau and Taiwan (regions 810000, 820000, 830000) and,
 * since December 2023, foreign permanent residents (GA 2102-2023: a leading 9,
 * the province of application, the three digits of the nationality). Of the card
 * before that no rule for a check digit is known: its form and the day are all
 * that is judged, since a rule that is guessed would turn away who has a good one. Region
 * codes: GB/T 2260, 1981 to 2024 with the years of each (common/cn/areacodes.csv,
 * CC0, github yescallop/areacodes). Unified social credit code: GB 32100-2015
 * with the organisation code of GB 11714.
 *
 * A region code never refuses a number by itself: a person keeps the code of her
 * first registration for life, and every published table lacks some. Only a
 * province that does not exist refuses.
 *
 * No function allocates, keeps state or needs setting up: the region table is
 * searched in the embedded file, which is sorted. */
#pragma once

#define CN_RESIDENT_ID_LEN 18
#define CN_USCC_LEN        18
#define CN_MOBILE_LEN      11
#define CN_NAME_MAX        50                    /* characters */
#define CN_NAME_SIZE       (CN_NAME_MAX * 4 + 1) /* bytes with the NUL */
#define CN_REGION_LEN      6
#define CN_REGION_SIZE     64 /* bytes of a region's name with the NUL */

/* What somebody typed for a number or a code, folded (text_fold) and as upper-case
 * ASCII, without surrounding blanks and without any character of `ignored` inside.
 * False when it has other characters or blanks inside, or does not fit. */
bool cn_fold(const char *text, const char *ignored, char *ret, size_t size);
/* The same, and the character that is not allowed, 0 when it is no single one. */
bool cn_fold_or(const char *text, const char *ignored, char *ret, size_t size, int32_t *ret_bad);

enum cn_id_result {
    CN_ID_OK,
    CN_ID_FORMAT,    /* length or characters */
    CN_ID_15_DIGITS, /* a first-generation number, no longer valid (since 2013) */
    CN_ID_CHECKSUM,
    CN_ID_DATE,   /* not a calendar date, before 1900, or after today */
    CN_ID_REGION, /* first two digits are no province */
};

/* What a number is of. Numbers that are not a resident ID's are written with the sign of their kind, so that one
 * number is one document: HM-H12345678. */
enum cn_document_kind {
    CN_RESIDENT_ID,     /* also the residence permits of Hong Kong, Macau and Taiwan and the newer card of foreign
                           permanent residents, which are numbered alike */
    CN_HK_MACAU_PERMIT, /* HM: Mainland Travel Permit: H or M, 8 digits and maybe the 2 of its issue, which do not count
                         */
    CN_TAIWAN_PERMIT,   /* TW: 8 digits, or on the older booklet 10, maybe with a letter */
    CN_FOREIGN_PERMANENT, /* FP: the card before 2023: nationality, place, day of birth, sequence (3 letters, 12 digits)
                           */
    CN_PASSPORT,          /* PP: 6 to 9 letters and digits */
};
#define CN_DOCUMENT_KINDS 5

struct cn_resident_id {
    enum cn_document_kind kind;
    char number[CN_RESIDENT_ID_LEN + 1];    /* upper-case X */
    int birth_year, birth_month, birth_day; /* 0 where the document does not tell */
    bool male;                              /* of a resident ID */
    bool foreign;                           /* a foreign permanent resident; has no region */
    bool region_abolished;                  /* known, but withdrawn before the birth year: a warning only */
    bool region_later;   /* came into force after the birth year, as when a person was registered late: no warning */
    bool region_unknown; /* not in the table though its province is: a warning only */
};

/* Reads a resident ID. today is YYYYMMDD. Full-width digits and letters and
 * surrounding blanks are folded first; a lower-case x becomes X. The first rule
 * that fails, in the order of enum cn_id_result, is the result; *ret is set only
 * with CN_ID_OK. */
enum cn_id_result cn_resident_id(const char *text, int today, struct cn_resident_id *ret);
/* The same of any document: by its sign, or else by its form; what looks like none is judged as a resident ID. */
enum cn_id_result cn_document(const char *text, int today, struct cn_resident_id *ret);
/* The sign of a kind, "" of a resident ID; of a number in normal form, its kind. */
const char *cn_document_sign(enum cn_document_kind kind);
enum cn_document_kind cn_document_kind(const char *number);
/* 440604********0014, or HM-H*****678; all stars for what is not 18 characters long. */
void cn_mask_resident_id(const char *number, char ret[CN_RESIDENT_ID_LEN + 1]);
/* The calendar day, YYYYMMDD, of an instant in China (UTC+8, no summer time since 1991). */
int cn_day(int64_t at_ms);
/* When such a day begins there; false when the calendar, from 1970 on, has no such day. */
bool cn_day_begin(int day, int64_t *ret_at_ms);
/* Whole years from a day to another, both YYYYMMDD: what began on 29 February is a year older on 1 March. */
int cn_years(int from, int to);
/* Whole years of age on that day. */
int cn_age(const struct cn_resident_id *id, int today);

/* A mainland mobile number, with or without +86, blanks and hyphens: 11 digits
 * out. False when it is none. */
bool cn_mobile(const char *text, char ret[CN_MOBILE_LEN + 1]);
/* 138****8000; all stars for what is not 11 characters long. */
void cn_mask_mobile(const char *mobile, char ret[CN_MOBILE_LEN + 1]);

/* A person's name, folded (text_fold) and in normal form; false when it is none. Han (all planes, no
 * compatibility forms): 2 to 30 characters, no blanks, interpuncts U+00B7
 * between characters only. Latin (precomposed letters): 2 letters to CN_NAME_MAX
 * characters, single blanks, hyphens, apostrophes and interpuncts between
 * letters, a full stop behind one. The scripts do not mix. */
bool cn_name(const char *text, char ret[CN_NAME_SIZE]);
/* The same, and the first character that no name has there, 0 when it is no single one. */
bool cn_name_or(const char *text, char ret[CN_NAME_SIZE], int32_t *ret_bad);
/* Whether two names in normal form are the same person's: Latin ones without regard to
 * case and blanks, as passports, banks and rosters write them each in their own way. */
bool cn_name_same(const char *a, const char *b);
/* 张*, 李*明, 欧阳娜 as 欧**, four and more as 买**尔, Latin as J***. */
void cn_mask_name(const char *name, char ret[CN_NAME_SIZE]);

/* Unified social credit code, folded like a resident ID; both check characters
 * are computed (CN_ID_CHECKSUM), the region's province is looked up, 10 being
 * the national registry (CN_ID_REGION). *ret is set with CN_ID_OK. */
enum cn_id_result cn_uscc(const char *text, char ret[CN_USCC_LEN + 1]);

enum cn_region_state {
    CN_REGION_UNKNOWN,
    CN_REGION_IN_FORCE,
    CN_REGION_WITHDRAWN, /* before that year */
    CN_REGION_LATER,     /* came into force after that year */
};

/* What a region's code of six digits stood for in a year, and its name then or
 * at the nearest time, e.g. 禅城区; "" when unknown. The table begins in 1981:
 * earlier years count as that one. A code counts in the years of its beginning
 * and its end. */
enum cn_region_state cn_region(const char *code, int year, char ret_name[CN_REGION_SIZE]);
/* The next region in force in a year just below another one, which is named by its first 2 or 4 digits ("": provinces),
 * behind `code` ("" at first), which becomes its code: in their order. A county stands just below its province where
 * there is no prefecture between. False: no more, or no such digits. */
bool cn_region_below(const char *within, int year, char code[CN_REGION_LEN + 1], char ret_name[CN_REGION_SIZE]);
/* Whether the first two digits name a province, an autonomous region, a
 * municipality, 71 (Taiwan), or 81 to 83. */
bool cn_is_province(const char *code);
