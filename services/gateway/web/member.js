// The member's page: signs in, proves who she is, takes coupons. Every refusal is
// shown in the words the service gives (errmsg).
const $ = (id) => document.getElementById(id);
const session = {
  get: () => JSON.parse(sessionStorage.getItem('session') || 'null'),
  // A verification answers with a new token only; the refresh token stays.
  set: (value) => sessionStorage.setItem('session', JSON.stringify({ ...session.get(), token: value.token,
    ...(value.refreshToken ? { refreshToken: value.refreshToken } : {}) })),
  clear: () => sessionStorage.removeItem('session'),
};

class Refusal extends Error {
  constructor(problem) {
    super(problem.errmsg);
    this.reason = problem.reason;
  }
}

async function send(method, path, body, key) {
  const headers = {};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (session.get()) headers.Authorization = `Bearer ${session.get().token}`;
  if (key) headers['Idempotency-Key'] = `"${key}"`;
  const response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

async function call(method, path, body, key) {
  let answer = await send(method, path, body, key);
  if (answer.body.reason === 'TOKEN_EXPIRED' && session.get()?.refreshToken) {
    const renewed = await send('POST', '/v1/sessions:refresh', { refreshToken: session.get().refreshToken });
    if (renewed.status === 200) {
      session.set(renewed.body);
      answer = await send(method, path, body, key);
    }
  }
  if (answer.status === 401) session.clear();
  if (answer.status >= 400) throw new Refusal(answer.body);
  return answer.body;
}

// By all the ways there are; by the unions' rosters alone when the way out is closed.
async function prove(claim) {
  try {
    return await call('POST', '/v1/me:prove', claim);
  } catch (error) {
    if (error.reason !== 'SERVICE_DOWN') throw error;
    return call('POST', '/v1/me:verify', claim);
  }
}

const yuan = (fen) => `${(Number(fen) / 100).toFixed(2)} 元`;
const time = (text) => new Date(text).toLocaleString('zh-CN');

function item(list, text, button) {
  const li = document.createElement('li');
  li.append(text);
  if (button) li.append(document.createElement('br'), button);
  list.append(li);
}

function claimButton(offer) {
  const button = document.createElement('button');
  // One key for this button: pressing it again can only repeat the same claim.
  const key = crypto.getRandomValues(new Uint32Array(4)).join('-');
  button.textContent = '领取';
  button.addEventListener('click', act(async () => {
    const coupon = await call('POST', `/v1/releases/${offer.status.release.releaseId}/claims`, undefined, key);
    await show();
    $('notice').textContent = `已领取，券码 ${coupon.code}`;
  }));
  return button;
}

async function showBenefits() {
  const { offers } = await call('GET', '/v1/me/offers');
  const { coupons } = await call('GET', '/v1/me/coupons');
  $('offers').replaceChildren();
  $('coupons').replaceChildren();
  for (const offer of offers) {
    const { release, left } = offer.status;
    item($('offers'), `${release.title}　${yuan(release.faceFen)}　剩余 ${left}　${time(release.opensAt)} 开始`
      + (offer.coupon ? '　已领取' : ''), offer.coupon ? null : claimButton(offer));
  }
  for (const coupon of coupons)
    item($('coupons'), `${yuan(coupon.faceFen)}　券码 ${coupon.code}　有效期至 ${time(coupon.expiresAt)}`);
}

async function show() {
  const signedIn = session.get() !== null;
  $('sign-in').hidden = signedIn;
  $('me').hidden = $('benefits').hidden = !signedIn;
  if (!signedIn) return;
  const me = await call('GET', '/v1/me');
  const verified = me.level !== 'REAL_NAME' && Boolean(me.name);
  $('who').textContent = me.name ? `${me.name}　${me.mobile}　${me.union?.name ?? '（已实名，未入会）'}` : `${me.mobile}（未认证）`;
  $('verify-form').hidden = verified;
  await showBenefits();
}

// Runs what a button does once at a time and shows why it was refused.
function act(work) {
  return async (event) => {
    event?.preventDefault();
    const button = event?.submitter ?? event?.currentTarget;
    if (button) button.disabled = true;
    $('notice').textContent = '';
    try {
      await work();
    } catch (error) {
      $('notice').textContent = error instanceof Refusal ? error.message : '网络不通，请稍后再试';
      if (!session.get()) $('sign-in').hidden = !($('me').hidden = $('benefits').hidden = true);
    } finally {
      if (button) button.disabled = false;
    }
  };
}

// ---- WeChat's official account ----

// Where WeChat asks her who she is. The secret stays in this browser, which alone can
// hand in what WeChat sends back.
async function wechatPage() {
  const secret = crypto.randomUUID();
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret)));
  const challenge = [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const { address } = await call('POST', '/v1/wechat-page:begin',
    { redirectUri: location.origin + location.pathname, challenge, details: true });
  return { secret, address };
}

async function visitWechat() {
  const { secret, address } = await wechatPage();
  sessionStorage.setItem('wechat', secret);
  location.assign(address);
}

// Offers it within WeChat, where there is an official account.
async function offerWechat() {
  const offered = /MicroMessenger/.test(navigator.userAgent) && await wechatPage().then(() => true, () => false);
  $('wechat-sign-in').hidden = $('wechat-bind').hidden = !offered;
}

// Back from WeChat: signs in, or binds it to whoever is signed in.
async function returnFromWechat() {
  const query = new URLSearchParams(location.search);
  const secret = sessionStorage.getItem('wechat');
  if (!query.has('code') || !query.has('state') || !secret) return;
  history.replaceState(null, '', location.pathname);
  sessionStorage.removeItem('wechat');
  const given = { code: query.get('code'), state: query.get('state'), secret };
  if (!session.get()) {
    session.set(await call('POST', '/v1/sessions:wechat', given));
    return;
  }
  await call('POST', '/v1/me/wechats', given);
  $('notice').textContent = '微信已绑定';
}

$('wechat-sign-in').addEventListener('click', act(visitWechat));
$('wechat-bind').addEventListener('click', act(visitWechat));
$('code-form').addEventListener('submit', act(async () => {
  await call('POST', '/v1/login-codes', { mobile: $('mobile').value });
  $('notice').textContent = '验证码已发送';
}));
$('login-form').addEventListener('submit', act(async () => {
  session.set(await call('POST', '/v1/sessions', { mobile: $('mobile').value, code: $('code').value }));
  await show();
}));
$('verify-form').addEventListener('submit', act(async () => {
  session.set(await prove({ name: $('name').value, residentId: $('resident-id').value }));
  await show();
}));
$('sign-out').addEventListener('click', act(async () => {
  await call('POST', '/v1/sessions:revoke', {});
  session.clear();
  await show();
}));
act(async () => {
  try {
    await returnFromWechat();
  } finally {
    await show();
  }
})();
offerWechat();
