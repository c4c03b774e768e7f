import { createApp } from 'vue';
import { createRouter, createWebHashHistory, type RouteRecordRaw } from 'vue-router';
import 'vant/lib/index.css';
import '../../public/tokens.css';
import '../shared/look';
import './app.css';
import { session } from '../shared/session';
import App from './App.vue';

const page = (name: string) => PAGES[`./pages/${name}.vue`];
const PAGES = import.meta.glob('./pages/*.vue');

const routes: RouteRecordRaw[] = ([
  ['/', 'HomePage'], ['/benefits', 'BenefitsPage'], ['/mine', 'MinePage'], ['/sign-in', 'SignInPage'],
  ['/checkups/:campaignId', 'CheckupPage'], ['/checkups/:campaignId/sites', 'SitesPage'], ['/checkups/:campaignId/sites/:siteId/walk-in', 'WalkInPage'],
  ['/bookings/:bookingId/pass', 'PassPage'], ['/bookings/:bookingId/story', 'StoryPage'],
  ['/reports', 'ReportsPage'], ['/reports/:reportId', 'ReportPage'], ['/history', 'HistoryPage'], ['/coupons', 'CouponsPage'],
  ['/mine/name', 'RealNamePage'], ['/mine/union', 'UnionPage'], ['/mine/trade', 'TradePage'], ['/mine/doors', 'DoorsPage'],
  ['/mine/consents', 'ConsentsPage'], ['/mine/looks', 'LooksPage'], ['/mine/data', 'DataPage'],
] as const).map(([path, name]) => ({ path, component: page(name) }));

const router = createRouter({
  history: createWebHashHistory(),
  routes: [...routes, { path: '/:else(.*)', redirect: '/' }],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});
router.beforeEach((to) => (session.value || to.path === '/sign-in' ? true : { path: '/sign-in', query: to.path === '/' ? {} : { to: to.fullPath } }));
router.afterEach(() => { document.querySelector<HTMLElement>('#app h1')?.focus(); });

createApp(App).use(router).mount('#app');
