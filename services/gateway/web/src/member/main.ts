import { createApp } from 'vue';
import { createRouter, createWebHashHistory, type RouteRecordRaw } from 'vue-router';
import 'vant/lib/index.css';
import '../../public/tokens.css';
import '../shared/look';
import './app.css';
import { words } from '../shared/api';
import { said, say } from '../shared/say';
import { session } from '../shared/session';
import App from './App.vue';
import { opened, purse } from './purse';

const page = (name: string) => PAGES[`./pages/${name}.vue`] ?? PAGES[`./merchant/${name}.vue`] ?? PAGES[`./subsidy/${name}.vue`];
const PAGES = import.meta.glob(['./pages/*.vue', './merchant/*Page.vue', './subsidy/*Page.vue']);

const routes: RouteRecordRaw[] = ([
  ['/', 'HomePage'], ['/benefits', 'BenefitsPage'], ['/mine', 'MinePage'], ['/inbox', 'InboxPage'], ['/inbox/reminders', 'RemindersPage'], ['/sign-in', 'SignInPage'],
  ['/checkups/:campaignId', 'CheckupPage'], ['/checkups/:campaignId/sites', 'SitesPage'], ['/checkups/:campaignId/sites/:siteId/walk-in', 'WalkInPage'],
  ['/bookings/:bookingId/pass', 'PassPage'], ['/bookings/:bookingId/story', 'StoryPage'],
  ['/reports', 'ReportsPage'], ['/reports/:reportId', 'ReportPage'], ['/history', 'HistoryPage'], ['/coupons', 'CouponsPage'], ['/coupons/pass', 'CouponPassPage'], ['/coupons/:couponId/pass', 'CouponPassPage'], ['/coupons/spent', 'SpentPage'], ['/tickets/:releaseId', 'TicketPage'], ['/offers/:releaseId', 'OfferPage'], ['/points', 'PointsPage'], ['/points/:ledgerId', 'PointsEntriesPage'], ['/shop', 'ShopPage'], ['/shop/:goodsId', 'GoodsPage'], ['/orders', 'OrdersPage'], ['/orders/:orderId', 'OrderPage'], ['/payouts', 'PayoutsPage'], ['/places', 'PlacesPage'], ['/places/:branchId', 'PlacePage'], ['/card', 'CardPage'],
  ['/schemes/:schemeId', 'SchemePage'], ['/applications', 'ApplicationsPage'], ['/applications/:applicationId', 'ApplicationPage'], ['/applications/:applicationId/form', 'ApplicationFormPage'], ['/notices', 'NoticesPage'], ['/notices/:schemeId', 'NoticePage'], ['/objections', 'ObjectionsPage'], ['/cover', 'CoverPage'], ['/skills', 'SkillsPage'],
  ['/mine/name', 'RealNamePage'], ['/mine/union', 'UnionPage'], ['/mine/trade', 'TradePage'], ['/mine/doors', 'DoorsPage'],
  ['/merchants', 'MerchantsPage'], ['/merchants/apply', 'MerchantApplyPage'], ['/merchants/:merchantId', 'MerchantPage'], ['/merchants/:merchantId/branches/new', 'BranchFormPage'], ['/merchants/:merchantId/branches/:branchId', 'BranchPage'],
  ['/merchants/:merchantId/branches/:branchId/edit', 'BranchFormPage'], ['/merchants/:merchantId/statements', 'StatementsPage'], ['/merchants/:merchantId/statements/:settlementId', 'StatementPage'],
  ['/mine/consents', 'ConsentsPage'], ['/mine/looks', 'LooksPage'], ['/mine/data', 'DataPage'],
  ['/mine/number', 'NumberPage'], ['/mine/merge', 'MergePage'], ['/mine/pledge', 'PledgePage'], ['/mine/new-union', 'NewUnionPage'],
] as const).map(([path, name]) => ({ path, component: page(name) }));

const router = createRouter({
  history: createWebHashHistory(),
  routes: [...routes, { path: '/:else(.*)', redirect: '/' }],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});
// What her telephone has kept opens without a session, which may not be had just now; what is public, to everybody.
router.beforeEach(async (to) => {
  if (session.value || to.path === '/sign-in' || /^\/notices(\/|$)/.test(to.path) || (/^\/coupons\/(\d+\/)?pass$/.test(to.path) && (await opened, purse.value))) return true;
  return { path: '/sign-in', query: to.path === '/' ? {} : { to: to.fullPath } };
});
// What was said of a page goes with it; why she has to sign in stays.
router.afterEach((to, from) => { if (to.path !== from.path && to.path !== '/sign-in') said.value = ''; });
router.afterEach(() => { document.querySelector<HTMLElement>('#app h1')?.focus(); });

const app = createApp(App).use(router);
app.config.errorHandler = (error) => say(words(error)); // what no page has told her itself
app.mount('#app');
