#include "common/benefit/notice/notice_words.h"

#define DAY_MS INT64_C(86400000)

static const struct {
    const char *sentence;
    const char *phrase;
    int64_t useful_ms; /* past the instant it is about */
    const char *sms;
    bool needed;
} kinds[] = {
    [NOTICE__NOTICE_KIND__CHECKUP_WON] = {"您已中签，请在截止时间前预约", "已中签", 0, NULL},
    [NOTICE__NOTICE_KIND__CHECKUP_BOOK_SOON] = {"预约资格即将到期，请尽快预约", "待预约", 0, NULL},
    [NOTICE__NOTICE_KIND__CHECKUP_SOON] = {"您预约的体检即将开始，请按时前往", "待体检", 0, NULL},
    [NOTICE__NOTICE_KIND__CHECKUP_SITE_CHANGED] = {"原体检点已停止接待，请改约", "请改约", 2 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__CHECKUP_REPORT_READY] = {"体检报告已出，请登录查看", "报告已出", 7 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__CHECKUP_SLOT_CHANGED] = {"您预约的时段已取消，请改约", "请改约", 2 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__ACCOUNT_WECHAT_BOUND] = {"新微信可登录您的账号，非本人请解绑", "微信绑定", 3 * DAY_MS,
                                                   "account-wechat-bound", true},
    [NOTICE__NOTICE_KIND__ACCOUNT_MERGE_ASKED] = {"有人申请合并您的账号，不同意请登录拒绝", "账号合并", 3 * DAY_MS,
                                                  "account-merge-asked", true},
    [NOTICE__NOTICE_KIND__ACCOUNT_NAME_CONTESTED] = {"收到与您实名认证有关的异议，请联系工会", "认证异议", 7 * DAY_MS,
                                                     "account-name-contested", true},
    [NOTICE__NOTICE_KIND__ACCOUNT_CONTEST_DECIDED] = {"实名认证的异议已处理，请登录查看", "异议已办", 7 * DAY_MS,
                                                      "account-contest-decided", true},
    [NOTICE__NOTICE_KIND__ACCOUNT_PROOF_TAKEN_BACK] = {"您的实名认证已被撤销，请联系工会", "认证撤销", 7 * DAY_MS,
                                                       "account-proof-taken-back", true},
    [NOTICE__NOTICE_KIND__ACCOUNT_DOCUMENT_TAKEN] = {"您的证件已由其他账号认证，请登录申诉", "证件争议", 7 * DAY_MS,
                                                     "account-document-taken", true},
    [NOTICE__NOTICE_KIND__ACCOUNT_JOIN_APPROVED] = {"您的入会申请已通过，欢迎加入工会", "已入会", 7 * DAY_MS,
                                                    "account-join-approved"},
    [NOTICE__NOTICE_KIND__ACCOUNT_JOIN_REFUSED] = {"您的入会申请未通过，请登录查看原因", "未通过", 7 * DAY_MS,
                                                   "account-join-refused"},
    [NOTICE__NOTICE_KIND__ACCOUNT_TRANSFER_DONE] = {"您的会籍已转入新的工会，请登录查看", "已转会", 7 * DAY_MS,
                                                    "account-transfer-done", true},
    [NOTICE__NOTICE_KIND__ACCOUNT_TRANSFER_REFUSED] = {"您的会籍转移未通过，请登录查看原因", "未转会", 7 * DAY_MS,
                                                       "account-transfer-refused"},
    [NOTICE__NOTICE_KIND__ACCOUNT_CORRECTION_DONE] = {"您的个人信息已更正，非本人请联系工会", "已更正", 7 * DAY_MS,
                                                      "account-correction-done", true},
    [NOTICE__NOTICE_KIND__ACCOUNT_CORRECTION_REFUSED] = {"信息更正申请未通过，请登录查看原因", "未更正", 7 * DAY_MS,
                                                         "account-correction-refused"},
    [NOTICE__NOTICE_KIND__ACCOUNT_MERGED] = {"您的两个账号已合并，非本人请联系工会", "已合并", 7 * DAY_MS,
                                             "account-merged", true},
    [NOTICE__NOTICE_KIND__ACCOUNT_MERGE_REFUSED] = {"账号合并申请未通过，账号保持不变", "未合并", 7 * DAY_MS,
                                                    "account-merge-refused"},
    [NOTICE__NOTICE_KIND__ACCOUNT_TRADE_PROVEN] = {"您的职业认定已通过，请登录查看", "已认定", 7 * DAY_MS,
                                                   "account-trade-proven"},
    [NOTICE__NOTICE_KIND__ACCOUNT_TRADE_REFUSED] = {"您的职业认定未通过，请登录查看原因", "未认定", 7 * DAY_MS,
                                                    "account-trade-refused"},
    [NOTICE__NOTICE_KIND__ACCOUNT_TRADE_OVER] = {"您的职业认定已失效，可登录重新申请", "认定失效", 7 * DAY_MS,
                                                 "account-trade-over"},
    [NOTICE__NOTICE_KIND__COUPON_ENDED] = {"您有一张重复的券已失效，请登录查看", "券已失效", 3 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__COUPON_WITHDRAWN] = {"您的年度福利已达上限，有一张券已收回", "券已收回", 3 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__COUPON_NOT_SENT] = {"微信立减金未能发放，请登录查看原因", "未能发放", 3 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__COUPON_WON] = {"您参加的抽签已中签，请登录查看", "已中签", 3 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__CHECKUP_WITHDRAWN] = {"您的年度福利已达上限，体检名额已收回", "名额收回", 3 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__ACCOUNT_DECLARATION_DONE] = {"您为单位申报的人员已获工会通过", "申报通过", 7 * DAY_MS,
                                                       "account-declaration-done"},
    [NOTICE__NOTICE_KIND__ACCOUNT_DECLARATION_REFUSED] = {"您为单位申报的人员未获工会通过", "申报未过", 7 * DAY_MS,
                                                          "account-declaration-refused"},
    [NOTICE__NOTICE_KIND__ACCOUNT_LISTED] = {"您已列入单位名册，非本人请联系工会", "列入名册", 7 * DAY_MS,
                                             "account-listed", true},
    [NOTICE__NOTICE_KIND__ACCOUNT_UNLISTED] = {"您已移出单位名册，有误请联系工会", "移出名册", 7 * DAY_MS,
                                               "account-unlisted", true},
    [NOTICE__NOTICE_KIND__TICKET_INVITED] = {"有会员邀您同行，请在截止前登录接受", "同行邀请", 0, NULL},
    [NOTICE__NOTICE_KIND__TICKET_GOT] = {"您候补的票已到，请登录查看", "候补成功", 0, NULL},
    [NOTICE__NOTICE_KIND__TICKET_COMPANION_OUT] = {"您邀请的同行人未接受，座位已放回", "同行未成", 3 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__COUPON_SPENT] = {"您的券已使用，非本人使用请联系工会", "券已使用", 3 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__COUPON_UNSPENT] = {"用券的消费已撤销，未过期的券可再使用", "消费撤销", 3 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__ORDER_ENDED] = {"您的订单未能完成，积分与库存已退回", "订单已退", 7 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__ORDER_POSTED] = {"您订购的商品已寄出，请注意查收", "已寄出", 7 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__COUPON_CODE_REPLACED] = {"您的券码已更换，请登录查看新的券码", "券码更换", 3 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__SUBSIDY_GIVEN_BACK] = {"您的补贴申请需补正，请在期限内修改", "待补正", 15 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__SUBSIDY_APPROVED] = {"您的补贴申请已通过审核，请登录查看", "已通过", 7 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__SUBSIDY_CHOSEN] = {"您的补贴已入选，正在公示，请登录查看", "已入选", 7 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__SUBSIDY_NOT_CHOSEN] = {"您的补贴申请本次未入选，请登录查看", "未入选", 7 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__SUBSIDY_TO_CONFIRM] = {"您有一笔补贴待在微信中确认收款", "待收款", DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__SUBSIDY_PAID] = {"您的补贴已到账，请登录查看", "已到账", 7 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__SUBSIDY_NOT_PAID] = {"您的补贴未能到账，请登录查看原因", "未到账", 15 * DAY_MS, NULL},
    [NOTICE__NOTICE_KIND__SUBSIDY_OBJECTION_DECIDED] = {"您提出的异议已办结，请登录查看结果", "已办结", 15 * DAY_MS,
                                                        NULL},
    [NOTICE__NOTICE_KIND__SUBSIDY_REFUSED] = {"您的补贴申请未通过，请登录查看原因", "未通过", 15 * DAY_MS, NULL},
};
_Static_assert(ARRAY_LEN(kinds) == NOTICE_KINDS, "a line for each kind");
_Static_assert(NOTICE_KINDS <= 63, "a bit for each");

bool notice_known(int kind)
{
    return kind > 0 && kind < NOTICE_KINDS;
}

int64_t notice_bits(const Notice__NoticeKind *which, size_t n)
{
    int64_t bits = 0;

    for (size_t i = 0; i < n; i++)
        bits |= notice_known((int)which[i]) ? INT64_C(1) << which[i] : 0;
    return bits;
}

const char *notice_sentence(int kind)
{
    return kinds[kind].sentence;
}

const char *notice_phrase(int kind)
{
    return kinds[kind].phrase;
}

const char *notice_sms(int kind)
{
    return kinds[kind].sms;
}

bool notice_needed(int kind)
{
    return kinds[kind].needed;
}

int64_t notice_until(int kind, int64_t about_at)
{
    return about_at + kinds[kind].useful_ms;
}
