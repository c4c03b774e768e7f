// What WeChat's browser gives a page whose signature is right, as far as these pages use it. The test says in answer
// what she does about a payment, in seen what her camera reads, and in stood whether she lets the page know where she is.
const WX = `globalThis.wx = {
    config(given) { globalThis.configured = given; setTimeout(() => this.done()); }, ready(done) { this.done = done; }, error() {},
    checkJsApi: ({ success }) => success({ checkResult: { requestMerchantTransfer: true } }),
    getLocation: ({ type, success, cancel }) => { globalThis.locatedAs = type; globalThis.stood === false ? cancel({}) : success({ latitude: '23.02', longitude: '113.12' }); },
    scanQRCode: ({ needResult, success, cancel }) => globalThis.seen && needResult === 1 ? success({ resultStr: globalThis.seen }) : cancel({}),
};
globalThis.WeixinJSBridge = { invoke: (name, given, said) => { globalThis.asked = { name, given }; said({ err_msg: name + ':' + globalThis.answer }); } };`;

/** From the next page on this is WeChat's browser. */
export async function enterWechat(page) {
    await page.page.route('https://res.wx.qq.com/**', (route) => route.fulfill({ contentType: 'text/javascript', body: WX }));
    await page.send('Network.setUserAgentOverride', { userAgent: 'Mozilla/5.0 MicroMessenger/8.0' });
}
