import type { Said } from '../shared/api';

export const ROLE: Record<string, string> = {
  SYSTEM_ADMIN: '系统管理员', SECURITY_ADMIN: '安全管理员', AUDIT_ADMIN: '审计管理员', UNION_ADMIN: '工会管理员', BENEFIT_MANAGER: '福利经办', FINANCE: '财务', COMPANY_AGENT: '企业经办', CHECKUP_STAFF: '体检核验员', REPORT_CLERK: '报告录入员',
} satisfies Said<'rule.Role'>;
export const LEVEL: Record<string, string> = { MOBILE: '未实名', REAL_NAME: '已实名', MEMBER: '会员', CATEGORY: '职业已认证' } satisfies Said<'rpc.Level'>;
export const STANDING: Record<string, string> = { STANDING_ACTIVE: '正常', STANDING_SUSPENDED: '暂停', STANDING_DECEASED: '去世' } satisfies Said<'identity.Standing'>;
export const CAMPAIGN: Record<string, string> = {
  DRAFT: '草稿', ANNOUNCED: '已公告', OPEN: '报名中', FROZEN: '名单已冻结', DRAWN: '已抽签', PUBLISHED: '已公布', CLOSED: '已结束', VOID: '已作废',
} satisfies Said<'health.CampaignState'>;
export const RELEASE: Record<string, string> = { DRAFT: '草稿', PUBLISHED: '已发布', SUSPENDED: '已暂停', CLOSED: '已结束' } satisfies Said<'coupon.State'>;
export const SETTLEMENT: Record<string, string> = { SETTLEMENT_PREPARED: '待第二人确认', SETTLEMENT_CONFIRMED: '已确认', SETTLEMENT_REJECTED: '已退回' } satisfies Said<'health.SettlementState'>;
export const PROPOSAL: Record<string, string> = {
  PROPOSAL_STANDING: '会员状态变更', PROPOSAL_GRANT: '授予职权', PROPOSAL_CREDENTIAL_RESET: '重设动态口令', PROPOSAL_DEPARTURE: '离职', PROPOSAL_REVOCATION: '收回职权',
} satisfies Said<'identity.ProposalKind'>;
export const CHANGE: Record<string, string> = {
  CHANGE_NAME: '更名', CHANGE_PLACE: '调整隶属', CHANGE_MERGE: '合并', CHANGE_DISSOLVE: '撤销', CHANGE_CREDIT_CODE: '统一社会信用代码', CHANGE_CREATE: '新建工会', CHANGE_TRADES: '行业范围',
} satisfies Said<'identity.ChangeKind'>;
export const POST: Record<string, string> = {
  POST_CHAIR: '主席', POST_VICE_CHAIR: '副主席', POST_COMMITTEE_MEMBER: '委员', POST_WOMENS_CHAIR: '女职工主任', POST_AUDIT_CHAIR: '经审主任', POST_STAFF: '工作人员',
} satisfies Said<'identity.Post'>;
export const IMPORT: Record<string, string> = { IMPORT_ROSTER: '会员名册', IMPORT_UNIONS: '工会名单', IMPORT_REMOVALS: '移出名单' } satisfies Said<'identity.ImportKind'>;
export const IMPORT_STATE: Record<string, string> = {
  IMPORT_UPLOADING: '上传中', IMPORT_CHECKING: '检查中', IMPORT_CHECKED: '待您确认', IMPORT_LOADING: '导入中', IMPORT_LOADED: '已导入', IMPORT_REFUSED: '整份未导入', IMPORT_GIVEN_UP: '已放弃',
} satisfies Said<'identity.ImportState'>;
export const REMOVAL: Record<string, string> = { REMOVAL_LEFT_COMPANY: '离开单位', REMOVAL_MISTAKE: '列错了人', REMOVAL_ELSEWHERE: '在另一工会' } satisfies Said<'identity.RosterRemoval'>;
