// The console's pages, in the order of the menu: who may see each, and under which heading it
// stands there; a page without a name is reached from another.
import type { Schemas } from '../shared/api';

export type Role = Schemas['rule.Role'];
export interface Place { path: string; page: string; name?: string; under?: string; roles: Role[] }

const UNION: Role[] = ['UNION_ADMIN'], BENEFIT: Role[] = ['BENEFIT_MANAGER'];
const MONEY: Role[] = ['FINANCE', 'AUDIT_ADMIN'];

export const PLACES: Place[] = [
  { path: '/', page: 'OverviewPage', name: '总览', roles: [] },
  { path: '/waiting', page: 'WaitingPage', name: '待我办理', roles: ['UNION_ADMIN', 'SECURITY_ADMIN'] },
  { path: '/unions', page: 'UnionsPage', name: '工会', under: '组织', roles: ['UNION_ADMIN', 'AUDIT_ADMIN', 'BENEFIT_MANAGER', 'FINANCE', 'SECURITY_ADMIN'] },
  { path: '/members', page: 'MembersPage', name: '会员', under: '组织', roles: UNION },
  { path: '/imports', page: 'ImportsPage', name: '导入', under: '组织', roles: UNION },
  { path: '/cadres', page: 'CadresPage', name: '干部', under: '组织', roles: ['UNION_ADMIN', 'AUDIT_ADMIN'] },
  { path: '/checkups', page: 'CheckupsPage', name: '体检活动', under: '福利', roles: BENEFIT },
  { path: '/checkups/:campaignId', page: 'CheckupPage', roles: ['BENEFIT_MANAGER', 'FINANCE', 'AUDIT_ADMIN'] },
  { path: '/sites', page: 'SitesPage', name: '体检点', under: '福利', roles: BENEFIT },
  { path: '/releases', page: 'ReleasesPage', name: '福利券', under: '福利', roles: BENEFIT },
  { path: '/settlements', page: 'SettlementsPage', name: '结算', under: '福利', roles: MONEY },
  { path: '/grants', page: 'GrantsPage', name: '授权', under: '监督', roles: ['SECURITY_ADMIN', 'AUDIT_ADMIN'] },
  { path: '/stories', page: 'StoriesPage', name: '一事一链', under: '监督', roles: ['AUDIT_ADMIN'] },
  { path: '/heads', page: 'HeadsPage', name: '日志摘要', under: '监督', roles: ['AUDIT_ADMIN', 'SECURITY_ADMIN', 'SYSTEM_ADMIN'] },
];
