import { createApp } from 'vue';
import { createRouter, createWebHashHistory } from 'vue-router';
import 'element-plus/dist/index.css';
import 'element-plus/theme-chalk/dark/css-vars.css';
import '../../public/tokens.css';
import '../shared/look';
import './console.css';
import { api } from '../shared/api';
import { session } from '../shared/session';
import { tell } from './act';
import App from './App.vue';
import { againWithItsKey } from './cut';
import { may, readMe } from './me';
import { PLACES } from './places';

const PAGES = import.meta.glob('./pages/*.vue');
const page = (name: string) => PAGES[`./pages/${name}.vue`];

const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/sign-in', component: page('SignInPage') },
    ...PLACES.map(({ path, page: name, roles }) => ({ path, component: page(name), meta: { roles } })),
    { path: '/:else(.*)', redirect: '/' },
  ],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});

// Who has no office for a page is not led there; the service refuses her anyway.
router.beforeEach(async (to) => {
  if (to.path === '/sign-in') return true;
  if (!session.value) return '/sign-in';
  try {
    await readMe();
  } catch {
    return '/sign-in';
  }
  return may(to.meta.roles as string[]) || to.path === '/' ? true : '/';
});

api.use(againWithItsKey);
const app = createApp(App).use(router);
app.config.errorHandler = tell; // what no page has told her itself
app.mount('#app');
