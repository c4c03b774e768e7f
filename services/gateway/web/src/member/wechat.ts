// WeChat's official account: where WeChat asks her who she is, and what comes back. The
// secret stays in this browser, which alone can hand in what WeChat sends back.
import { api, got } from '../shared/api';
import { isWechat } from '../shared/plain';
import { enter, session } from '../shared/session';

async function wechatPage() {
  const secret = crypto.randomUUID();
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret)));
  const challenge = [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const { address } = await got(api.POST('/v1/wechat-page:begin', { body: { redirectUri: location.origin + location.pathname, challenge, details: true } }));
  return { secret, address };
}

export async function visitWechat() {
  const { secret, address } = await wechatPage();
  sessionStorage.setItem('wechat', secret);
  location.assign(address);
}

/** Whether this is within WeChat, and there is an official account. */
export const wechatOffered = async () => isWechat() && await wechatPage().then(() => true, () => false);

/** Back from WeChat: signs in, or binds it to whoever is signed in; false when this is no return. */
export async function returnFromWechat(): Promise<'in' | 'bound' | false> {
  const query = new URLSearchParams(location.search), secret = sessionStorage.getItem('wechat');
  const code = query.get('code'), state = query.get('state');
  if (!code || !state || !secret) return false;
  history.replaceState(history.state, '', location.pathname + location.hash);
  sessionStorage.removeItem('wechat');
  const given = { code, state, secret };
  if (!session.value) {
    enter(await got(api.POST('/v1/sessions:wechat', { body: given })));
    return 'in';
  }
  const mobileCode = sessionStorage.getItem('bind-code') ?? '';
  sessionStorage.removeItem('bind-code');
  await got(api.POST('/v1/me/wechats', { body: { ...given, mobileCode } }));
  return 'bound';
}
