import type { Said } from '../shared/api';

export const ROLE: Record<string, string> = {
  SYSTEM_ADMIN: '系统管理员', SECURITY_ADMIN: '安全管理员', AUDIT_ADMIN: '审计管理员', UNION_ADMIN: '工会管理员', BENEFIT_MANAGER: '福利经办', FINANCE: '财务', COMPANY_AGENT: '企业经办', CHECKUP_STAFF: '体检核验员', REPORT_CLERK: '报告录入员',
} satisfies Said<'rule.Role'>;
export const SERVICE: Record<string, string> = { identity: '会员与工会', health: '体检', coupon: '福利券', portal: '消息', subsidy: '补贴', match: '鹊桥', bridge: '短信与微信' };
export const LEVEL: Record<string, string> = { MOBILE: '未实名', REAL_NAME: '已实名', MEMBER: '会员', CATEGORY: '职业已认证' } satisfies Said<'rpc.Level'>;
export const SEX: Record<string, string> = { SEX_UNKNOWN: '不限', MALE: '男', FEMALE: '女' } satisfies Said<'rpc.Sex'>;
export const BIRTHDAY: Record<string, string> = { ANY_DAY: '不限', ON_ITS_DAY: '生日当天', IN_ITS_MONTH: '生日当月' } satisfies Said<'audience.Birthday'>;
export const PERIOD: Record<string, string> = { DAY: '每天', WEEK: '每周', MONTH: '每月', SEASON: '每季度', YEAR: '每年' } satisfies Partial<Said<'granted.Period'>>;
export const STANDING: Record<string, string> = { STANDING_ACTIVE: '正常', STANDING_SUSPENDED: '暂停', STANDING_DECEASED: '去世' } satisfies Said<'identity.Standing'>;
export const CAMPAIGN: Record<string, string> = {
  DRAFT: '草稿', ANNOUNCED: '已公告', OPEN: '报名中', FROZEN: '名单已冻结', DRAWN: '已抽签', PUBLISHED: '已公布', CLOSED: '已结束', VOID: '已作废',
} satisfies Said<'health.CampaignState'>;
export const RELEASE: Record<string, string> = { DRAFT: '草稿', PUBLISHED: '已发布', SUSPENDED: '已暂停', CLOSED: '已结束' } satisfies Said<'coupon.State'>;
export const SETTLEMENT: Record<string, string> = { SETTLEMENT_PREPARED: '待第二人确认', SETTLEMENT_CONFIRMED: '已确认', SETTLEMENT_REJECTED: '已退回' } satisfies Said<'health.SettlementState'>;
/** The same of every service that has the common part. */
export const SETTLED: Record<string, string> = { PREPARED: '待第二人确认', CONFIRMED: '已确认', REJECTED: '已退回' } satisfies Said<'settlement.State'>;
export const PROPOSAL: Record<string, string> = {
  PROPOSAL_STANDING: '会员状态变更', PROPOSAL_GRANT: '授予职权', PROPOSAL_CREDENTIAL_RESET: '重设动态口令', PROPOSAL_DEPARTURE: '离职', PROPOSAL_REVOCATION: '收回职权', PROPOSAL_TAKING_BACK: '撤销实名认证',
} satisfies Said<'identity.ProposalKind'>;
export const PROPOSAL_STATE: Record<string, string> = { PROPOSAL_OPEN: '待决定', PROPOSAL_CONFIRMED: '已确认', PROPOSAL_REFUSED: '已拒绝', PROPOSAL_LAPSED: '已过期', PROPOSAL_TAKEN_BACK: '已撤回' } satisfies Said<'identity.ProposalState'>;
export const WAITING: Record<string, string> = {
  WAITING_JOIN: '入会申请', WAITING_TRANSFER: '转会', WAITING_TRADE: '职业认证', WAITING_CORRECTION: '资料更正', WAITING_MERGE: '账号合并', WAITING_CONTEST: '实名异议', WAITING_CHANGE: '工会设立与变更',
  WAITING_PROPOSAL: '会员状态', WAITING_DEPARTURE: '离职', WAITING_OFFICE: '职权与动态口令', WAITING_DECLARATION: '企业申报人员', WAITING_STEP_UP: '本人核对',
} satisfies Said<'identity.WaitingKind'>;
/** What two officials do, by the kind of hands.Waiting. */
export const HAND: Record<string, string> = { 'draw value': '抽签公开数值', 'draw void': '抽签作废', settlement: '结算单', payee: '收款账户', 'scan strike': '撤销到检核验',
  merchant: '商户开通', 'coupon fund': '发放资金', 'points rule': '积分规则', 'points gift': '积分发放', 'code void': '兑换码作废', 'wechat stock': '微信立减金批次', 'bank batch': '银行付款批次', 'pay case': '付款差异', scheme: '补贴项目公布', 'subsidy fund': '补贴资金', objection: '公示异议', 'payment run': '补贴放款', 'hand over': '实物发放' };
export const SCAN: Record<string, string> = {
  ACCEPTED: '已到检', DUPLICATE: '重复核验', SCAN_REVOKED: '预约码已作废', SCAN_OTHER_SITE: '其他体检点的预约码', SCAN_NOT_YET: '未到预约时间', SCAN_EXPIRED: '已过预约时间', SCAN_FORGED: '预约码是伪造的', SCAN_UNKNOWN_KEY: '签发密钥未知',
  SCAN_MALFORMED: '不是体检预约码', SCAN_STALE: '动态码已过期', SCAN_DEVICE_OFF: '核验时设备已停用', SCAN_CHANGED: '之后改约或取消', SCAN_WAITS: '待核实',
} satisfies Said<'health.ScanOutcome'>;
export const SCAN_WAIT: Record<string, string> = {
  DEVICE_NOT_YET: '核验早于设备登记', CLOCK_AHEAD: '核验时间在将来', HANDED_IN_LATE: '超过 72 小时才上传', PASS_MADE_ANEW: '之后重新出过码', PLACE_GIVEN_ON: '名额已转给他人',
} satisfies Said<'health.ScanWait'>;
/** Why a visit is struck out: both hands give the same. */
export const STRIKE = ['本人没有到检', '核验了别人的预约', '同一人重复到检', '体检点操作失误'];
export const MERGE: Record<string, string> = { MERGE_NEW_NUMBER: '本人换了手机号', MERGE_TWO_NUMBERS: '本人使用两个手机号', MERGE_TWO_PAPERS: '本人曾用两种证件认证' } satisfies Said<'identity.MergeReason'>;
export const CHANGE: Record<string, string> = {
  CHANGE_NAME: '更名', CHANGE_PLACE: '调整隶属', CHANGE_MERGE: '合并', CHANGE_DISSOLVE: '撤销', CHANGE_CREDIT_CODE: '统一社会信用代码', CHANGE_CREATE: '新建工会', CHANGE_TRADES: '行业范围',
} satisfies Said<'identity.ChangeKind'>;
export const CHANGE_STATE: Record<string, string> = { CHANGE_ASKED: '待上级批准', CHANGE_APPROVED: '已批准', CHANGE_REFUSED: '未批准' } satisfies Said<'identity.ChangeState'>;
export const POST: Record<string, string> = {
  POST_CHAIR: '主席', POST_VICE_CHAIR: '副主席', POST_COMMITTEE_MEMBER: '委员', POST_WOMENS_CHAIR: '女职工主任', POST_AUDIT_CHAIR: '经审主任', POST_STAFF: '工作人员',
} satisfies Said<'identity.Post'>;
export const IMPORT: Record<string, string> = { IMPORT_ROSTER: '会员名册', IMPORT_UNIONS: '工会名单', IMPORT_REMOVALS: '移出名单', IMPORT_CODES: '兑换码' } satisfies Said<'imports.ImportKind'>;
export const IMPORT_STATE: Record<string, string> = {
  IMPORT_UPLOADING: '上传中', IMPORT_CHECKING: '检查中', IMPORT_CHECKED: '待您确认', IMPORT_LOADING: '导入中', IMPORT_LOADED: '已导入', IMPORT_REFUSED: '整份未导入', IMPORT_GIVEN_UP: '已放弃',
} satisfies Said<'imports.ImportState'>;
/** What a row would do, before it is loaded. */
export const OUTCOME: Record<string, string> = {
  OUTCOME_ADDED: '将新列入名册。', OUTCOME_UPDATED: '名册上已有此人，将按填写的更改。', OUTCOME_UNCHANGED: '名册上已是这样，没有变化。', OUTCOME_RESTORED: '将重新列入名册，并恢复因移出而结束的会籍。', OUTCOME_REMOVED: '将移出名册。',
} satisfies Said<'imports.ImportOutcome'>;
export const REMOVAL: Record<string, string> = { REMOVAL_LEFT_COMPANY: '离开单位', REMOVAL_MISTAKE: '列错了人', REMOVAL_ELSEWHERE: '在另一工会' } satisfies Said<'identity.RosterRemoval'>;
export const JOIN: Record<string, string> = { JOIN_ASKED: '待办理', JOIN_APPROVED: '已同意', JOIN_REFUSED: '未同意', JOIN_WITHDRAWN: '已撤回' } satisfies Said<'identity.JoinState'>;
export const TRANSFER: Record<string, string> = {
  TRANSFER_ASKED: '待原工会放行', TRANSFER_OBJECTED: '原工会有异议', TRANSFER_RELEASED: '待新工会接收', TRANSFER_ACCEPTED: '已转入', TRANSFER_REFUSED: '未接收', TRANSFER_WITHDRAWN: '已撤回',
} satisfies Said<'identity.TransferState'>;
export const CORRECTION: Record<string, string> = { CORRECTION_ASKED: '待办理', CORRECTION_APPROVED: '已更正', CORRECTION_REFUSED: '未同意', CORRECTION_WITHDRAWN: '已撤回' } satisfies Said<'identity.CorrectionState'>;
export const TRADE_STATE: Record<string, string> = {
  TRADE_ASKED: '待办理', TRADE_PROVEN: '已认证', TRADE_REFUSED: '未通过', TRADE_WITHDRAWN: '已撤回', TRADE_EXPIRED: '已到期', TRADE_REPLACED: '已更新', TRADE_REVOKED: '已撤销',
} satisfies Said<'identity.TradeState'>;
export const AGENT: Record<string, string> = { AGENT_HANDLER: '经办人', AGENT_APPROVER: '审批人' } satisfies Said<'identity.AgentKind'>;
export const DECLARATION: Record<string, string> = { DECLARATION_ADDITION: '新增人员', DECLARATION_CORRECTION: '更正登记', DECLARATION_REMOVAL: '移出名册' } satisfies Said<'identity.DeclarationKind'>;
export const DECLARATION_STATE: Record<string, string> = {
  DECLARATION_ASKED: '待工会审批', DECLARATION_APPROVED: '已同意', DECLARATION_REFUSED: '未同意', DECLARATION_WITHDRAWN: '已撤回', DECLARATION_LAPSED: '已失效',
} satisfies Said<'identity.DeclarationState'>;
export const PAYEE: Record<string, string> = { PAYEE_WAITS: '待第二人确认', PAYEE_IN_FORCE: '使用中', PAYEE_ENDED: '已停用', PAYEE_REFUSED: '未通过' } satisfies Said<'settlement.PayeeState'>;
export const DIFFERENCE: Record<string, string> = { ONLY_OURS: '仅结算单有', ONLY_THEIRS: '仅对方有', OTHER_AMOUNT: '金额不同' } satisfies Said<'health.DifferenceKind'>;
export const MERCHANT: Record<string, string> = { MERCHANT_WAITS: '待审核', MERCHANT_OPEN: '已开通', MERCHANT_REFUSED: '未通过', MERCHANT_CLOSED: '已停用' } satisfies Said<'coupon.MerchantState'>;
export const WAY: Record<string, string> = { FIRST_COME: '先到先得', FAIR: '公平领取', LOT: '抽签', ENTITLED: '人人有份', CODES: '兑换码', TICKETS: '票务' } satisfies Said<'coupon.Way'>;
export const ALLOWANCE: Record<string, string> = { ONE_PER_RELEASE: '共一张', ONE_PER_DAY: '每天一张', ONE_PER_MONTH: '每月一张', ONE_PER_YEAR: '每年一张' } satisfies Said<'coupon.Allowance'>;
export const STAGE: Record<string, string> = { DRAFT: '草稿', ANNOUNCED: '已公告', OPEN: '登记中', FROZEN: '名单已冻结', DRAWN: '已抽签', PUBLISHED: '已公布', CLOSED: '已结束', VOID: '已作废' } satisfies Said<'lottery.Stage'>;
export const FUND: Record<string, string> = { FUND_PROPOSED: '待第二人确认', FUND_OPEN: '使用中', FUND_CLOSED: '已停用', FUND_REFUSED: '未设立' } satisfies Said<'coupon.FundState'>;
export const FUND_SOURCE: Record<string, string> = { DUES: '会费', FINANCE: '财政', BANK: '银行', MERCHANT: '商户', DONATION: '捐赠' } satisfies Said<'coupon.FundSource'>;
export const GOODS_STATE: Record<string, string> = { GOODS_DRAFTED: '草稿', GOODS_OFFERED: '在售', GOODS_WITHDRAWN: '已下架' } satisfies Said<'coupon.GoodsState'>;
export const ORDER: Record<string, string> = {
  ORDER_OPEN: '待交付', ORDER_HANDED_OVER: '已领取', ORDER_POSTED: '已邮寄', ORDER_CANCELLED: '会员取消', ORDER_LAPSED: '逾期未领', ORDER_REFUSED: '已退单', ORDER_ENDED: '账号已注销',
} satisfies Said<'coupon.OrderState'>;
export const POINT_RULE: Record<string, string> = { RULE_WAITS: '待第二人确认', RULE_IN_FORCE: '生效中', RULE_REFUSED: '未通过', RULE_ENDED: '已停用' } satisfies Said<'coupon.RuleState'>;
export const GIFT: Record<string, string> = { GIFT_WAITS: '待第二人确认', GIFT_GIVEN: '已发放', GIFT_REFUSED: '未通过' } satisfies Said<'coupon.GiftState'>;
export const CODE_VOID: Record<string, string> = { CODE_VOID_PROPOSED: '待第二人确认', CODE_VOID_DONE: '已作废', CODE_VOID_REFUSED: '未作废' } satisfies Said<'coupon.CodeVoidState'>;
