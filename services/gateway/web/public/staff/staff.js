// The page of who works at a counter: she signs in, says where she works, and has the desk of that place: a check-up
// site's door, a merchant's branch, a corner where orders are picked up, or the gate of a departure.
import { get, isOffline, post, Refusal, session } from '../api.js';
import { $, act, button, element, fill, offerLook, say } from '../dom.js';
import { prepareCamera } from './camera.js';
import * as corner from './corner.js';
import * as gate from './gate.js';
import { all } from './kept.js';
import * as site from './site.js';
import * as till from './till.js';

const LATER_MS = 15000;
// Each with the part of the page that it has, what it keeps, and where its places are listed.
const COUNTERS = [site, till, corner, gate];
let open = null;

// ---- without network ----

// What this page is made of, for worker.js, which was not yet there when it was loaded first.
async function keepFiles() {
  await navigator.serviceWorker.register('/staff/worker.js');
  await prepareCamera().catch(() => {}); // a camera that cannot read is said when she uses it
  const made = performance.getEntriesByType('resource').map((one) => new URL(one.name))
    .filter((one) => one.origin === location.origin && !one.pathname.startsWith('/v1/'));
  await (await caches.open('desk')).addAll(['/staff/', ...made.map((one) => one.pathname)]);
}

// ---- where she works ----

const keptOf = (counter) => (counter.kept ? all(counter.kept) : []);

/** Her places of one kind: none where she has no such office; without network those of the last time. */
const placesOf = (counter) => get(counter.list).then(counter.places, (error) => {
  if (isOffline(error)) return keptOf(counter);
  if (error instanceof Refusal && error.status === 403) return [];
  throw error;
});

async function enter(counter, place) {
  const before = (await keptOf(counter)).find((one) => counter.keyOf(one) === counter.keyOf(place));
  await counter.enter(place, before);
  open = counter;
  $('place').textContent = place.name;
  $('choice').hidden = true;
  $(counter.part).hidden = $('leaving').hidden = false;
}

function leaveAll() {
  open = null;
  for (const counter of COUNTERS) {
    counter.leave();
    $(counter.part).hidden = true;
  }
  $('choice').hidden = $('leaving').hidden = true;
}

async function show() {
  leaveAll();
  $('loading').hidden = true;
  $('sign-in').hidden = Boolean(session.get());
  if (!session.get()) return;
  const hers = (await Promise.all(COUNTERS.map(async (counter) => (await placesOf(counter)).map((place) => ({ counter, place })))).catch((error) => {
    $('sign-in').hidden = false;
    throw error;
  })).flat();
  if (hers.length === 1) return enter(hers[0].counter, hers[0].place);
  const choose = ({ counter, place }) => element('li', {}, button(place.name, () => enter(counter, place)));
  $('choice').hidden = $('leaving').hidden = false;
  await fill('sites', async () => hers, choose, '您没有负责的体检点、门店、领取点或检票口：门店请联系商户管理人，其他请联系工会。');
}

// ---- who she is ----

// Officials have a second factor; a merchant's staff are members like others.
function showWay(official) {
  localStorage.setItem('staff-way', official ? 'official' : 'member');
  $('sign-in-form').hidden = !official;
  $('member-form').hidden = official;
  $('by-password').setAttribute('aria-pressed', String(official));
  $('by-code').setAttribute('aria-pressed', String(!official));
}

$('by-password').addEventListener('click', () => showWay(true));
$('by-code').addEventListener('click', () => showWay(false));
$('sign-in-form').addEventListener('submit', act(async () => {
  session.set(await post('/v1/official-sessions', { mobile: $('mobile').value, password: $('password').value, totp: $('totp').value }));
  $('password').value = $('totp').value = '';
  await show();
}));
$('send-code').addEventListener('click', act(async () => {
  await post('/v1/login-codes', { mobile: $('member-mobile').value });
  say('验证码已发送');
  $('member-code').focus();
}));
$('member-form').addEventListener('submit', act(async () => {
  session.set(await post('/v1/sessions', { mobile: $('member-mobile').value, code: $('member-code').value }));
  $('member-code').value = '';
  await show();
}));
$('change-place').addEventListener('click', act(show));
$('sign-out').addEventListener('click', act(async () => {
  await post('/v1/sessions:revoke');
  session.clear();
  await show();
}));
document.addEventListener('signed-out', () => {
  leaveAll();
  $('sign-in').hidden = false;
});

addEventListener('online', () => open?.renew());
// Asks for nothing unless something waits: a desk that nobody uses is to be signed out.
setInterval(async () => open && session.get() && (await open.waiting()).length && open.renew(), LATER_MS);
keepFiles().catch(() => {}); // a browser that cannot works with network alone
offerLook();
showWay(localStorage.getItem('staff-way') !== 'member');
act(show)();
