// Who she is: signing in by code or WeChat, proving her name, signing out.
import { call, get, post, session } from './api.js';
import { $, act, actions, button, element, say } from './dom.js';

// By all the ways there are; by the unions' rosters alone when the way out is closed.
async function prove(claim) {
  try {
    return await post('/v1/me:prove', claim);
  } catch (error) {
    if (error.reason !== 'SERVICE_DOWN') throw error;
    return post('/v1/me:verify', claim);
  }
}

export async function showAccount() {
  const me = await get('/v1/me');
  $('who').textContent = me.name ? `${me.name}　${me.mobile}　${me.union?.name ?? '（已实名，未入会）'}` : `${me.mobile}（未认证）`;
  $('verify-form').hidden = me.stepUpNeeded || (me.level !== 'REAL_NAME' && Boolean(me.name));
  $('step-up-form').hidden = !me.stepUpNeeded;
}

// ---- that it is she ----

const stepUp = async (residentId) => session.set(await post('/v1/me:stepUp', { residentId }));

/** What she is asked before something that matters much is shown; `done` goes on with it. */
export function stepUpPanel(done) {
  const input = element('input', { autocomplete: 'off', required: true });
  return [element('p', {}, '为保护您的个人信息，请输入本人完整证件号码，十五分钟内有效。'), element('label', {}, '完整证件号码 ', input),
    actions(button('核对', async () => {
      await stepUp(input.value);
      await done();
    }))];
}

/** A form that sends a code to a number for a purpose, and does `work` with the two. */
function codeForm(name, purpose, work) {
  $(`${name}-send`).addEventListener('click', act(async () => {
    await post('/v1/login-codes', { mobile: $(`${name}-mobile`).value, purpose });
    say('验证码已发送');
    $(`${name}-code`).focus();
  }));
  $(`${name}-form`).addEventListener('submit', act(async () => {
    await work($(`${name}-mobile`).value, $(`${name}-code`).value);
    $(`${name}-code`).value = '';
    $(`${name}-form`).hidden = true;
  }));
}

// ---- WeChat's official account ----

// Where WeChat asks her who she is. The secret stays in this browser, which alone can
// hand in what WeChat sends back.
async function wechatPage() {
  const secret = crypto.randomUUID();
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret)));
  const challenge = [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const { address } = await post('/v1/wechat-page:begin', { redirectUri: location.origin + location.pathname, challenge, details: true });
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

// What WeChat has given for a binding that waits for her code.
let coming = null;

/** Back from WeChat: signs in, or binds it to whoever is signed in and answers a code. */
export async function returnFromWechat() {
  const query = new URLSearchParams(location.search);
  const secret = sessionStorage.getItem('wechat');
  if (!query.has('code') || !query.has('state') || !secret) return;
  history.replaceState(null, '', location.pathname);
  sessionStorage.removeItem('wechat');
  const given = { code: query.get('code'), state: query.get('state'), secret };
  if (!session.get()) {
    session.set(await post('/v1/sessions:wechat', given));
    return;
  }
  coming = given;
  $('bind-form').hidden = false;
  say('请用手机验证码确认绑定');
}

/** Sets the forms to work; `show` shows the page anew. */
export function openAccount(show) {
  $('wechat-sign-in').addEventListener('click', act(visitWechat));
  $('wechat-bind').addEventListener('click', act(visitWechat));
  $('code-form').addEventListener('submit', act(async () => {
    await post('/v1/login-codes', { mobile: $('mobile').value });
    say('验证码已发送');
    $('code').focus();
  }));
  $('login-form').addEventListener('submit', act(async () => {
    session.set(await post('/v1/sessions', { mobile: $('mobile').value, code: $('code').value }));
    $('code').value = '';
    await show();
  }));
  $('verify-form').addEventListener('submit', act(async () => {
    session.set(await prove({ name: $('name').value, residentId: $('resident-id').value }));
    $('resident-id').value = '';
    await show();
  }));
  $('step-up-form').addEventListener('submit', act(async () => {
    await stepUp($('step-up-id').value);
    $('step-up-id').value = '';
    await show();
  }));
  $('not-mine').addEventListener('click', act(async () => { $('number-form').hidden = false; }));
  codeForm('number', 'CODE_NUMBER', async (mobile, code) => {
    session.set(await post('/v1/me:newNumber', { mobile, code, confirmed: true }));
    await show();
    say('已为您另开新账号');
  });
  codeForm('bind', 'CODE_BIND', async (_, mobileCode) => {
    await post('/v1/me/wechats', { ...coming, mobileCode });
    say('微信已绑定');
  });
  $('sign-out').addEventListener('click', act(async () => {
    await call('POST', '/v1/sessions:revoke', {});
    session.clear();
    await show();
  }));
  offerWechat();
}
