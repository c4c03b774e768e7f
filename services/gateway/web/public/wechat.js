// What WeChat's browser does for a page whose address was signed for it (wx.config): reading a code by WeChat's own
// camera, telling where she stands, and having her confirm what she is paid. Elsewhere, or where the signature is
// refused, all of it is null and the page goes on without.
const SCRIPT = 'https://res.wx.qq.com/open/js/jweixin-1.6.0.js';
const APIS = ['checkJsApi', 'scanQRCode', 'getLocation', 'requestMerchantTransfer'];

export const isWechat = () => /MicroMessenger/.test(navigator.userAgent);

const loaded = () => new Promise((done, failed) => {
  const script = document.createElement('script');
  Object.assign(script, { src: SCRIPT, onload: () => done(globalThis.wx), onerror: () => failed(new Error('wx')) });
  document.head.append(script);
});

async function begin(sign) {
  const [wx, { appid, timestamp, nonceStr, signature }] = await Promise.all([loaded(), sign(location.href.split('#')[0])]);
  await new Promise((done, failed) => {
    wx.ready(done);
    wx.error(failed);
    wx.config({ debug: false, appId: appid, timestamp: Number(timestamp), nonceStr, signature, jsApiList: APIS });
  });
  return { wx, appid };
}

let begun = null;
/** Once for each page that was opened; sign(address) asks for its signature (POST /v1/wechat-page:sign). */
export function wechat(sign) {
  if (!isWechat()) return Promise.resolve(null);
  begun ??= begin(sign).catch(() => {
    begun = null; // it may be signed another time
    return null;
  });
  return begun;
}

const called = (wx, name, options) => new Promise((done) => wx[name]({ ...options, success: done, fail: () => done(null), cancel: () => done(null) }));

/** What a code says that she has read; null when she thought better of it. */
export async function scanned({ wx }) {
  return (await called(wx, 'scanQRCode', { needResult: 1, scanType: ['qrCode'] }))?.resultStr ?? null;
}

/** Where she stands on China's maps, by her leave; or null. */
export async function stands({ wx }) {
  const found = await called(wx, 'getLocation', { type: 'gcj02' });
  return found && { latitude: Number(found.latitude), longitude: Number(found.longitude) };
}

/** Has her confirm a payment: 'ok', 'cancel', 'fail', or 'old' when her WeChat cannot. */
export async function confirmed({ wx }, { merchant, appid, package: given }) {
  const { checkResult } = await called(wx, 'checkJsApi', { jsApiList: ['requestMerchantTransfer'] }) ?? {};
  if (!checkResult?.requestMerchantTransfer) return 'old';
  return new Promise((done) => globalThis.WeixinJSBridge.invoke('requestMerchantTransfer', { mchId: merchant, appId: appid, package: given },
    ({ err_msg: said = '' }) => done(said.split(':')[1] ?? 'fail')));
}
