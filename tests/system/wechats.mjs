// A WeChat that is the simulator, and a stack whose bridge asks it, for tests of what members do by it.
import { Wechat } from '../simulators/wechat/wechat.mjs';
import { Stack } from './stack.mjs';

export const APP = 'wx0000000000000001', SISTER = 'wx0000000000000002', STRANGE = 'wx0000000000000009';
export const SECRET = '0123456789abcdef0123456789abcdef', SISTER_SECRET = 'fedcba9876543210fedcba9876543210';
export const SESSION = '/sns/jscode2session', TOKEN = '/cgi-bin/stable_token', PHONE = '/wxa/business/getuserphonenumber';

/** A simulator with two apps of one owner and one that is not ours, and a stack that asks it. */
export async function begin({ wechatAccount: account, ...options } = {}) {
    const wechat = await Wechat.start();
    wechat.addApp({ appid: APP, secret: SECRET, owner: 'union' });
    wechat.addApp({ appid: SISTER, secret: SISTER_SECRET, owner: 'union' });
    wechat.addApp({ appid: STRANGE, secret: SECRET });
    const stack = await Stack.start({ wechat: { url: wechat.url, apps: [[APP, SECRET], [SISTER, SISTER_SECRET]], account }, ...options });
    return { wechat, stack };
}

export const login = (stack, body) => stack.post('/v1/sessions:wechat', body);
