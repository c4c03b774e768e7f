// The console's pages, in the order of the menu: who may see each, and under which heading it
// stands there; a page without a name is reached from another.
import type { Schemas } from '../shared/api';

export type Role = Schemas['rule.Role'];
export interface Place { path: string; page: string; name?: string; under?: string; roles: Role[] }

const UNION: Role[] = ['UNION_ADMIN'], BENEFIT: Role[] = ['BENEFIT_MANAGER'];
const MONEY: Role[] = ['FINANCE', 'AUDIT_ADMIN'];
const DESK: Role[] = ['BENEFIT_MANAGER', 'FINANCE', 'UNION_ADMIN']; // who works on subsidies

export const PLACES: Place[] = [
  { path: '/', page: 'OverviewPage', name: '总览', roles: [] },
  { path: '/waiting', page: 'WaitingPage', name: '待我办理', roles: ['UNION_ADMIN', 'SECURITY_ADMIN', 'BENEFIT_MANAGER', 'FINANCE'] },
  { path: '/unions', page: 'UnionsPage', name: '工会', under: '组织', roles: ['UNION_ADMIN', 'AUDIT_ADMIN', 'BENEFIT_MANAGER', 'FINANCE', 'SECURITY_ADMIN'] },
  { path: '/members', page: 'MembersPage', name: '会员', under: '组织', roles: UNION },
  { path: '/roster', page: 'RosterPage', name: '名册', under: '组织', roles: UNION },
  { path: '/imports', page: 'ImportsPage', name: '导入', under: '组织', roles: UNION },
  { path: '/cadres', page: 'CadresPage', name: '干部', under: '组织', roles: ['UNION_ADMIN', 'AUDIT_ADMIN'] },
  { path: '/companies', page: 'CompaniesPage', name: '企业', under: '组织', roles: ['UNION_ADMIN', 'AUDIT_ADMIN'] },
  { path: '/checkups', page: 'CheckupsPage', name: '体检活动', under: '体检', roles: BENEFIT },
  { path: '/checkups/:campaignId', page: 'CheckupPage', roles: ['BENEFIT_MANAGER', 'FINANCE', 'AUDIT_ADMIN'] },
  { path: '/chains', page: 'ChainsPage', name: '抽签密钥链', under: '体检', roles: ['BENEFIT_MANAGER', 'AUDIT_ADMIN'] },
  { path: '/sites', page: 'SitesPage', name: '体检点', under: '体检', roles: BENEFIT },
  { path: '/sites/:siteId', page: 'SitePage', roles: BENEFIT },
  { path: '/reports', page: 'ReportsPage', name: '报告录入', under: '体检', roles: ['REPORT_CLERK'] },
  { path: '/settlements', page: 'SettlementsPage', name: '结算', under: '体检', roles: MONEY },
  { path: '/settlements/:settlementId', page: 'SettlementPage', roles: MONEY },
  { path: '/payees', page: 'PayeesPage', name: '收款账户', under: '体检', roles: ['FINANCE'] },
  { path: '/releases', page: 'ReleasesPage', name: '福利券', under: '福利券', roles: BENEFIT },
  { path: '/releases/:releaseId', page: 'ReleasePage', roles: ['BENEFIT_MANAGER', 'AUDIT_ADMIN'] },
  { path: '/release-numbers', page: 'ReleaseNumbersPage', name: '发放数据', under: '福利券', roles: ['BENEFIT_MANAGER', 'AUDIT_ADMIN'] },
  { path: '/publishing', page: 'PublishingPage', name: '规则和模板', under: '福利券', roles: BENEFIT },
  { path: '/funds', page: 'FundsPage', name: '发放资金', under: '福利券', roles: ['BENEFIT_MANAGER', 'FINANCE', 'AUDIT_ADMIN'] },
  { path: '/merchants', page: 'MerchantsPage', name: '商户', under: '福利券', roles: ['BENEFIT_MANAGER', 'FINANCE', 'AUDIT_ADMIN'] },
  { path: '/merchants/:merchantId', page: 'MerchantPage', roles: BENEFIT },
  { path: '/coupon-settlements', page: 'CouponSettlementsPage', name: '商户结算', under: '福利券', roles: MONEY },
  { path: '/coupon-settlements/:settlementId', page: 'CouponSettlementPage', roles: MONEY },
  { path: '/wechat-stocks', page: 'WechatStocksPage', name: '微信立减金', under: '福利券', roles: ['BENEFIT_MANAGER', 'FINANCE', 'AUDIT_ADMIN'] },
  { path: '/schemes', page: 'SchemesPage', name: '补贴项目', under: '补贴', roles: [...DESK, 'AUDIT_ADMIN'] },
  { path: '/schemes/:schemeId', page: 'SchemePage', roles: [...DESK, 'AUDIT_ADMIN'] },
  { path: '/schemes/:schemeId/numbers', page: 'SchemeNumbersPage', roles: ['BENEFIT_MANAGER', 'FINANCE', 'AUDIT_ADMIN'] },
  { path: '/reviews', page: 'ReviewsPage', name: '补贴审核', under: '补贴', roles: DESK },
  { path: '/reviews/:applicationId', page: 'ReviewPage', roles: DESK },
  { path: '/objections', page: 'ObjectionsPage', name: '公示异议', under: '补贴', roles: DESK },
  { path: '/skills', page: 'SkillsPage', name: '技能档案', under: '补贴', roles: ['BENEFIT_MANAGER', 'UNION_ADMIN'] },
  { path: '/subsidy-funds', page: 'SubsidyFundsPage', name: '补贴资金', under: '补贴', roles: ['BENEFIT_MANAGER', 'FINANCE', 'AUDIT_ADMIN'] },
  { path: '/runs/:runId', page: 'RunPage', roles: ['BENEFIT_MANAGER', 'FINANCE', 'AUDIT_ADMIN'] },
  { path: '/payments', page: 'PaymentsPage', name: '付款', under: '付款', roles: MONEY },
  { path: '/bank-batches', page: 'BankBatchesPage', name: '银行付款', under: '付款', roles: MONEY },
  { path: '/pay-cases', page: 'PayCasesPage', name: '付款差异', under: '付款', roles: MONEY },
  { path: '/shop', page: 'ShopPage', name: '福利商城', under: '商城', roles: ['BENEFIT_MANAGER', 'FINANCE'] },
  { path: '/shop/:goodsId', page: 'GoodsOrdersPage', roles: BENEFIT },
  { path: '/corners', page: 'CornersPage', name: '领取点', under: '商城', roles: BENEFIT },
  { path: '/points', page: 'PointsPage', name: '积分', under: '商城', roles: ['BENEFIT_MANAGER', 'FINANCE'] },
  { path: '/company', page: 'CompanyPage', name: '本企业', under: '企业', roles: ['COMPANY_AGENT'] },
  { path: '/grants', page: 'GrantsPage', name: '授权', under: '监督', roles: ['SECURITY_ADMIN', 'AUDIT_ADMIN'] },
  { path: '/proposals', page: 'ProposalsPage', name: '复核记录', under: '监督', roles: ['SECURITY_ADMIN', 'AUDIT_ADMIN'] },
  { path: '/stories', page: 'StoriesPage', name: '一事一链', under: '监督', roles: ['AUDIT_ADMIN'] },
  { path: '/journals', page: 'JournalsPage', name: '日志核对', under: '监督', roles: ['AUDIT_ADMIN'] },
  { path: '/heads', page: 'HeadsPage', name: '日志摘要', under: '监督', roles: ['AUDIT_ADMIN', 'SECURITY_ADMIN', 'SYSTEM_ADMIN'] },
  { path: '/system', page: 'SystemPage', name: '系统状态', under: '系统', roles: ['SYSTEM_ADMIN', 'SECURITY_ADMIN'] },
  { path: '/policies', page: 'PoliciesPage', name: '告知文本', under: '系统', roles: ['SYSTEM_ADMIN'] },
];
