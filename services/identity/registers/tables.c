#include "services/identity/registers/tables.h"

#include "imports.pb-c.h"
#include "services/identity/rules.h"

#define UNION_NAMES                                                                                                                                             \
    "工会编码 工会代码 工会编号 所属工会编码 所属工会代码 所属工会编号 所在工会编码 所在工会代码 所在工会编号 " \
    "基层工会编码 基层工会代码 基层工会编号 工会组织编码 工会组织代码 UNIONCODE",                                                                               \
        "所属工会 所在工会 工会 工会名称 所属工会名称 所在工会名称 所属基层工会 基层工会 基层工会名称 工会组织 "  \
        "工会组织名称 入会工会 UNION UNIONNAME"
#define ID_NAMES                                                                                                                                                \
    "身份证号码 身份证号 身份证 身份证编号 居民身份证 居民身份证号 居民身份证号码 公民身份号码 公民身份证号码 " \
    "身份证件号码 身份证件号 身份号码 会员身份证号 会员身份证号码 本人身份证号 本人身份证号码 RESIDENTID IDCARD "      \
    "IDCARDNO IDNUMBER IDNO",                                                                                                                                   \
        "证件号码 证件号 证件编号 有效证件号码 有效证件号 ID"
#define TRADE_NAMES                                                                                                                                             \
    "职业 工种 职业工种 职业类别 职业类型 工种类别 从事职业 从事工种 所属职业 就业群体 新就业形态类别 TRADE TRADES " \
    "OCCUPATION",                                                                                                                                               \
        "群体类别 人员类别"

static const struct import_column roster_columns[] = {
    [ROSTER_NAME] = {"姓名", false,
                     "姓名 名字 会员姓名 职工姓名 员工姓名 人员姓名 真实姓名 本人姓名 会员 NAME FULLNAME", "职工 员工"},
    [ROSTER_RESIDENT_ID] = {"身份证号码", false, ID_NAMES},
    [ROSTER_MOBILE] = {"手机号码", false,
                       "手机号码 手机号 手机 手机电话 移动电话 移动电话号码 本人手机 本人手机号 本人手机号码 "
                       "会员手机号 会员手机号码 MOBILE MOBILEPHONE MOBILENO CELLPHONE",
                       "联系电话 联系方式 联系手机 联系号码 联系电话号码 本人联系电话 电话 电话号码 PHONE PHONENUMBER "
                       "TEL TELEPHONE"},
    [ROSTER_UNION] = {"工会编码", false, UNION_NAMES},
    [ROSTER_TRADE] = {"职业", true, TRADE_NAMES},
};
static const struct import_column union_columns[] = {
    [UNIONS_CODE] = {"工会编码", false,
                     "工会编码 工会代码 工会编号 本级工会编码 本工会编码 基层工会编码 工会组织编码 工会组织代码 CODE "
                     "UNIONCODE",
                     "编码 代码 编号"},
    [UNIONS_NAME] = {"工会名称", false, "工会名称 工会全称 本级工会名称 基层工会名称 工会组织名称 NAME UNIONNAME",
                     "名称 全称 工会"},
    [UNIONS_PARENT] = {"上级工会编码", true,
                       "上级工会编码 上级工会代码 上级工会编号 上级编码 上级代码 上级工会组织编码 上一级工会编码 "
                       "PARENTCODE",
                       "上级工会 上级工会名称 上级 上一级工会 主管工会 PARENT"},
    [UNIONS_TRADES] = {"职业", true, TRADE_NAMES " 行业 行业类别 所属行业"},
};
static const struct import_column removal_columns[] = {
    [REMOVAL_RESIDENT_ID] = {"身份证号码", false, ID_NAMES},
    [REMOVAL_UNION] = {"工会编码", false, UNION_NAMES},
};

const struct import_kind *table_kind(int kind)
{
    static const struct import_kind kinds[] = {
        [IMPORTS__IMPORT_KIND__IMPORT_ROSTER] = {roster_columns, ARRAY_LEN(roster_columns), ROSTER_UNION, is_rounded},
        [IMPORTS__IMPORT_KIND__IMPORT_UNIONS] = {union_columns, ARRAY_LEN(union_columns), -1, is_rounded},
        [IMPORTS__IMPORT_KIND__IMPORT_REMOVALS] = {removal_columns, ARRAY_LEN(removal_columns), REMOVAL_UNION,
                                                   is_rounded},
    };

    return &kinds[kind];
}
