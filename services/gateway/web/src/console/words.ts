export const ROLE: Record<string, string> = {
  SYSTEM_ADMIN: '系统管理员', SECURITY_ADMIN: '安全管理员', AUDIT_ADMIN: '审计管理员', UNION_ADMIN: '工会管理员', BENEFIT_MANAGER: '福利经办', FINANCE: '财务', COMPANY_AGENT: '企业经办', CHECKUP_STAFF: '体检核验员', REPORT_CLERK: '报告录入员',
};
export const TRADE: Record<string, string> = {
  TRADE_OTHER: '其他职业', COURIER: '快递员', FOOD_DELIVERY: '外卖配送员', TRUCK_DRIVER: '货车司机', RIDE_DRIVER: '网约车司机', SANITATION: '环卫工人', CONSTRUCTION: '建筑工人',
};
export const REFUSAL = {
  REFUSAL_NOT_OF_THIS_UNION: '不属于本工会', REFUSAL_DETAILS_WRONG: '资料不符', REFUSAL_UNPROVEN: '没有证明', REFUSAL_DUES_OPEN: '会费未缴清', REFUSAL_UNION_CLOSED: '工会不再接收', REFUSAL_OTHER: '其他原因',
} as const;
export const LEVEL: Record<string, string> = { MOBILE: '未实名', REAL_NAME: '已实名', MEMBER: '会员', CATEGORY: '职业已认证' };
export const STANDING: Record<string, string> = { STANDING_ACTIVE: '正常', STANDING_SUSPENDED: '暂停', STANDING_DECEASED: '去世' };
export const CAMPAIGN: Record<string, string> = {
  DRAFT: '草稿', ANNOUNCED: '已公告', OPEN: '报名中', FROZEN: '名单已冻结', DRAWN: '已抽签', PUBLISHED: '已公布', CLOSED: '已结束', VOID: '已作废',
};
export const RELEASE: Record<string, string> = { DRAFT: '草稿', PUBLISHED: '已发布', SUSPENDED: '已暂停', CLOSED: '已结束' };
export const SETTLEMENT: Record<string, string> = { SETTLEMENT_PREPARED: '待第二人确认', SETTLEMENT_CONFIRMED: '已确认', SETTLEMENT_REJECTED: '已退回' };
export const PROPOSAL: Record<string, string> = {
  PROPOSAL_STANDING: '会员状态变更', PROPOSAL_GRANT: '授予职权', PROPOSAL_CREDENTIAL_RESET: '重设动态口令', PROPOSAL_DEPARTURE: '离职', PROPOSAL_REVOCATION: '收回职权',
};
export const CHANGE: Record<string, string> = {
  CHANGE_NAME: '更名', CHANGE_PLACE: '调整隶属', CHANGE_MERGE: '合并', CHANGE_DISSOLVE: '撤销', CHANGE_CREDIT_CODE: '统一社会信用代码', CHANGE_CREATE: '新建工会', CHANGE_TRADES: '行业范围',
};
export const POST: Record<string, string> = {
  POST_CHAIR: '主席', POST_VICE_CHAIR: '副主席', POST_COMMITTEE_MEMBER: '委员', POST_WOMENS_CHAIR: '女职工主任', POST_AUDIT_CHAIR: '经审主任', POST_STAFF: '工作人员',
};
