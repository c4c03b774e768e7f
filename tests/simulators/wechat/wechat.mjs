// WeChat's server interfaces as a mini-program's server sees them, for tests and development.
//
//   const wechat = await Wechat.start();
//   wechat.addApp({ appid: 'wx0000000000000001', secret: '...', owner: 'union' });
//   wechat.addUser('li', { phone: '16900000001' });
//   const code = wechat.loginCode('wx0000000000000001', 'li');     // what wx.login gives
//   ... HUIGONG_WECHAT_URL = wechat.url ...
//   wechat.fault({ path: '/cgi-bin/stable_token', errcode: -1, times: 2 });
//
// An official account's page login is spoken too: a browser that goes to /connect/oauth2/authorize
// of an app with `pages` (hosts) comes back, as the user that `wechat.visitor` names, with a code.
//
// Its pages get a ticket (getticket), and `config` says what wx.config would to a page.
//
// Subscribed messages need a template, values of its fields' kinds and the person's consent to each
// (subscribe); a text is judged by the words of `wechat.words`, for a person who was active within two hours.
//
// It checks what WeChat checks: methods, parameters, credentials; a code is good once, for five
// minutes, for its app and its purpose; a token has its life, its renewal with an overlap of five
// minutes, and its forced renewal; rates per minute and per day. HTTP is 200 whatever is refused,
// a code2Session that succeeds has no errcode. Its clock is its own and only stepped.
//
// Sources of the behaviour: developers.weixin.qq.com, the pages of code2Session, getuserphonenumber,
// getStableAccessToken, 网页授权, subscribeMessage.send, msgSecCheck and the table of return codes.
import { createHash, randomBytes } from 'node:crypto';
import { Simulator } from '../simulator.mjs';

const MINUTE_MS = 60000;
const DAY_MS = 86400000;
const CODE_LIFE_MS = 5 * MINUTE_MS;
const TOKEN_LIFE_MS = 7200 * 1000;
const TOKEN_OVERLAP_MS = 5 * MINUTE_MS;

const WORDS = {
    '-1': 'system error', 40001: 'invalid credential, access_token is invalid or not latest', 40002: 'invalid grant_type',
    40003: 'invalid openid', 40013: 'invalid appid', 40029: 'invalid code', 40125: 'invalid appsecret', 40163: 'code been used',
    40037: 'invalid template_id', 41030: 'invalid page', 40129: 'invalid scene', 40226: 'code blocked', 41001: 'access_token missing', 41002: 'appid missing', 41004: 'appsecret missing',
    41008: 'missing code', 42001: 'access_token expired', 43001: 'require GET method', 43002: 'require POST method',
    45009: 'reach max api daily quota limit', 45011: 'api minute-quota reach limit, please retry next minute',
    43101: 'user refuse to accept the msg', 43104: 'appid not match with openid', 44002: 'empty post data',
    47001: 'data format error', 47003: 'argument invalid!', 48001: 'api unauthorized', 61010: 'code is expired',
};

// What a field of a subscribed message may hold, by the kind in its name.
const CLOCK = '\\d{1,2}:\\d{2}', DATE = '\\d{4}年\\d{1,2}月\\d{1,2}日';
const KINDS = {
    thing: /^.{1,20}$/su, number: /^\d{1,28}(\.\d{1,3})?$/, letter: /^[A-Za-z]{1,32}$/, symbol: /^[^\p{L}\p{N}]{1,5}$/u,
    character_string: /^[!-~]{1,32}$/, time: new RegExp(`^(${DATE} )?${CLOCK}(~(${DATE} )?${CLOCK})?$`), date: new RegExp(`^${DATE}(~${DATE})?$`),
    amount: /^[¥￥$]?\d{1,10}(\.\d+)?元?$/, phone_number: /^[\d+-]{1,17}$/, car_number: /^.{1,8}$/u,
    name: /^(\p{Script=Han}{1,10}|[A-Za-z ]{1,20})$/u, phrase: /^\p{Script=Han}{1,5}$/u,
};

function isValue(field, value) {
    const [, kind] = /^([a-z_]+)\d+$/.exec(field) ?? [];
    return typeof value === 'string' && !/\p{Cc}/u.test(value) && Boolean(KINDS[kind]?.test(value));
}

const hash = (...parts) => createHash('sha256').update(parts.join('\n')).digest('base64url');
const refusal = (errcode) => ({ errcode, errmsg: `${WORDS[errcode] ?? 'error'}, rid: ${randomBytes(4).toString('hex')}` });

export class Wechat extends Simulator {
    apps = new Map();
    users = new Map();
    codes = new Map();
    now = Date.parse('2026-01-01T00:00:00Z');
    counts = new Map();
    templates = new Map(); // id: { appid, fields }
    consents = new Map();  // how many messages of a template a person takes
    sent = [];             // { appid, name, template, data, page }
    active = new Map();    // when somebody last used an app
    words = new Map();     // a word: { suggest, label }
    visitor = '';      // who uses the browser that comes
    limits = { loginsPerMinute: 100, tokensPerMinute: 10000, tokensPerDay: 500000, forcesPerDay: 20, forceGapMs: 30000, messagesPerDay: 10000000, ticketsPerDay: 1000000 };

    // ---- the control plane ----

    /**
     * owner: of the Open Platform account that gives its apps one unionid a person. phone: may ask for
     * numbers. pages: the hosts of an official account's pages; a mini-program has none. paths: a
     * mini-program's own pages, where a message may lead; any unless they are said.
     */
    addApp({ appid, secret, owner = '', phone = true, pages = [], paths }) {
        this.apps.set(appid, { appid, secret, owner, phone, pages, paths, tokens: [] });
    }

    addUser(name, { phone = '', country = '86', blocked = false } = {}) {
        this.users.set(name, { name, phone, country, blocked });
    }

    openid(appid, name) {
        return `o${hash('openid', appid, name).slice(0, 27)}`;
    }

    unionid(appid, name) {
        const { owner } = this.apps.get(appid);
        return owner ? `o6_${hash('unionid', owner, name).slice(0, 25)}` : '';
    }

    /** What wx.login gives a person in an app. */
    loginCode(appid, name) {
        return this.newCode('login', appid, name);
    }

    /** What a button with open-type getPhoneNumber gives. */
    phoneCode(appid, name) {
        return this.newCode('phone', appid, name);
    }

    /** What a page's visitor comes back with, when she agrees; scope as the page asked. */
    pageCode(appid, name, scope = 'snsapi_base') {
        return this.newCode('page', appid, name, scope);
    }

    newCode(kind, appid, name, scope) {
        if (!this.apps.has(appid) || !this.users.has(name))
            throw new Error(`no app ${appid} or no user ${name}`);
        const code = `0${randomBytes(24).toString('base64url').slice(0, 31)}`;
        this.active.set(`${appid}\n${name}`, this.now);
        this.codes.set(code, { kind, appid, name, scope, at: this.now, used: false });
        return code;
    }

    /** fields: the names of a template's values, e.g. thing1. */
    addTemplate({ id, appid, fields }) {
        this.templates.set(id, { appid, fields });
    }

    /** A person taps "allow": one more message of a template. */
    subscribe(appid, name, template, times = 1) {
        const key = [appid, name, template].join('\n');
        this.consents.set(key, (this.consents.get(key) ?? 0) + times);
    }

    step(ms) {
        this.now += ms;
    }

    /** The app's tokens end now, without anybody being told. */
    revokeTokens(appid) {
        this.apps.get(appid).tokens.forEach((token) => { token.revoked = true; });
    }

    // ---- HTTP ----

    async serve(request, url, body, response) {
        if (url.pathname === '/connect/oauth2/authorize')
            return void this.authorize(url, response);
        const line = await this.enter(url.pathname, this.now);
        const fault = this.takeFault(url.pathname);
        if (fault?.drop && !fault.after)
            return void response.destroy();
        if (fault?.status) {
            response.writeHead(fault.status, { 'Content-Type': 'text/plain' });
            return void response.end(fault.body);
        }
        const answer = fault?.errcode === undefined
            ? this.answer(request.method, url, body.toString('utf8'), line) : refusal(fault.errcode);
        line.errcode = answer.errcode ?? 0;
        if (fault?.drop)
            return void response.destroy();
        // WeChat says text/plain for JSON in places.
        response.writeHead(200, { 'Content-Type': url.pathname.startsWith('/sns/') ? 'text/plain' : 'application/json; encoding=utf-8' });
        response.end(JSON.stringify(answer));
    }

    /** WeChat's own page, where the visitor always agrees: sends her back, or says what is wrong. */
    authorize(url, response) {
        const app = this.apps.get(url.searchParams.get('appid'));
        const names = [...url.searchParams.keys()].join(' ');
        const scope = url.searchParams.get('scope'), state = url.searchParams.get('state') ?? '';
        let back = null;
        try {
            back = new URL(url.searchParams.get('redirect_uri'));
        } catch {}
        if (names !== 'appid redirect_uri response_type scope state' || url.searchParams.get('response_type') !== 'code'
            || !['snsapi_base', 'snsapi_userinfo'].includes(scope) || !/^[a-zA-Z0-9]{0,128}$/.test(state)
            || !back || !app?.pages.includes(back.host) || !this.users.has(this.visitor)) {
            response.writeHead(200, { 'Content-Type': 'text/html' });
            return void response.end('<h1>redirect_uri 参数错误</h1>');
        }
        back.searchParams.set('code', this.pageCode(app.appid, this.visitor, scope));
        back.searchParams.set('state', state);
        response.writeHead(302, { Location: back.href });
        response.end();
    }

    answer(method, url, body, line) {
        const interfaces = {
            '/sns/jscode2session': ['GET', (query) => this.codeToSession(query, line)],
            '/sns/oauth2/access_token': ['GET', (query) => this.pageToken(query, line)],
            '/cgi-bin/stable_token': ['POST', (query, json) => this.stableToken(json, line)],
            '/cgi-bin/ticket/getticket': ['GET', (query) => this.pageTicket(query, line)],
            '/cgi-bin/message/subscribe/send': ['POST', (query, json) => this.sendMessage(query, json, line)],
            '/wxa/msg_sec_check': ['POST', (query, json) => this.checkText(query, json, line)],
            '/wxa/business/getuserphonenumber': ['POST', (query, json) => this.phoneNumber(query, json, line)],
        };
        const [expected, serve] = interfaces[url.pathname] ?? [];
        if (!serve)
            return refusal(48001);
        if (method !== expected)
            return refusal(expected === 'GET' ? 43001 : 43002);
        let json = {};
        try {
            json = expected === 'POST' ? JSON.parse(body) : {};
        } catch {
            return refusal(47001);
        }
        return json && typeof json === 'object' ? serve(url.searchParams, json) : refusal(47001);
    }

    // ---- WeChat's interfaces ----

    credentialFault(appid, secret, line) {
        const app = this.apps.get(appid);
        line.appid = appid;
        if (!appid)
            return 41002;
        if (!app)
            return 40013;
        if (!secret)
            return 41004;
        return secret === app.secret ? 0 : 40125;
    }

    /** Counts within a window of this clock; true when it is over the limit. */
    over(limit, windowMs, ...key) {
        const name = [...key, Math.floor(this.now / windowMs)].join('\n');
        const count = (this.counts.get(name) ?? 0) + 1;
        this.counts.set(name, count);
        return count > limit;
    }

    /** A code may be tried by its own app only, in time, and once. */
    codeFault(code, kind, appid) {
        const known = this.codes.get(code);
        if (!code)
            return 41008;
        if (!known || known.kind !== kind || known.appid !== appid || this.now - known.at >= CODE_LIFE_MS)
            return 40029;
        return known.used ? 40163 : 0;
    }

    codeToSession(query, line) {
        const appid = query.get('appid'), code = query.get('js_code');
        const fault = this.credentialFault(appid, query.get('secret'), line)
            || (query.get('grant_type') === 'authorization_code' ? 0 : 40002) || this.codeFault(code, 'login', appid);
        if (fault)
            return refusal(fault);
        const known = this.codes.get(code), { name } = known;
        if (this.over(this.limits.loginsPerMinute, MINUTE_MS, 'login', appid, name))
            return refusal(45011);
        known.used = true;
        if (this.users.get(name).blocked)
            return refusal(40226);
        const unionid = this.unionid(appid, name);
        return { session_key: randomBytes(16).toString('base64'), openid: this.openid(appid, name), ...(unionid && { unionid }) };
    }

    pageToken(query, line) {
        const appid = query.get('appid'), code = query.get('code');
        const fault = this.credentialFault(appid, query.get('secret'), line)
            || (query.get('grant_type') === 'authorization_code' ? 0 : 40002) || this.codeFault(code, 'page', appid);
        if (fault)
            return refusal(fault);
        const known = this.codes.get(code), unionid = this.unionid(appid, known.name);
        known.used = true;
        return {
            access_token: randomBytes(64).toString('base64url'), expires_in: 7200, refresh_token: randomBytes(64).toString('base64url'),
            openid: this.openid(appid, known.name), scope: known.scope, ...(unionid && known.scope === 'snsapi_userinfo' && { unionid }),
        };
    }

    newToken(app) {
        const token = { text: `${randomBytes(102).toString('base64url')}`, until: this.now + TOKEN_LIFE_MS, revoked: false };
        app.tokens.push(token);
        return token;
    }

    stableToken({ grant_type: grantType, appid, secret, force_refresh: force = false }, line) {
        const fault = (grantType === 'client_credential' ? 0 : 40002) || this.credentialFault(appid, secret, line);
        if (fault)
            return refusal(fault);
        const app = this.apps.get(appid);
        line.force = force;
        if (this.over(this.limits.tokensPerMinute, MINUTE_MS, 'token', appid))
            return refusal(45011);
        if (this.over(this.limits.tokensPerDay, DAY_MS, 'token', appid))
            return refusal(45009);
        let token = app.tokens.at(-1);
        if (force) {
            if (this.now - (app.forcedAt ?? -Infinity) < this.limits.forceGapMs)
                return refusal(45011);
            if (this.over(this.limits.forcesPerDay, DAY_MS, 'force', appid))
                return refusal(45009);
            app.forcedAt = this.now;
            this.revokeTokens(appid);
            token = this.newToken(app);
        } else if (!token || token.until - this.now <= TOKEN_OVERLAP_MS) {
            token = this.newToken(app);
        }
        return { access_token: token.text, expires_in: Math.floor((token.until - this.now) / 1000) };
    }

    /** The app whose token came, or what is wrong with it. */
    bearer(query, line) {
        const text = query.get('access_token');
        const app = [...this.apps.values()].find(({ tokens }) => tokens.some((token) => token.text === text));
        const token = app?.tokens.find((one) => one.text === text);
        line.appid = app?.appid;
        if (!text)
            return { fault: 41001 };
        if (!token || token.revoked)
            return { fault: 40001 };
        return this.now >= token.until ? { fault: 42001 } : { app };
    }

    /** An official account's ticket, the same until shortly before its end. */
    pageTicket(query, line) {
        const { app, fault } = this.bearer(query, line);
        if (fault)
            return refusal(fault);
        if (query.get('type') !== 'jsapi' || !app.pages.length)
            return refusal(48001);
        if (this.over(this.limits.ticketsPerDay, DAY_MS, 'ticket', app.appid))
            return refusal(45009);
        if (!app.ticket || app.ticket.until - this.now <= TOKEN_OVERLAP_MS)
            app.ticket = { text: randomBytes(64).toString('base64url'), until: this.now + TOKEN_LIFE_MS };
        return { errcode: 0, errmsg: 'ok', ticket: app.ticket.text, expires_in: Math.floor((app.ticket.until - this.now) / 1000) };
    }

    /** What wx.config says to a page at an address: ok, or why not. */
    config(address, { appid, timestamp, nonceStr, signature }) {
        const app = this.apps.get(appid), page = new URL(address), [url] = address.split('#');
        if (!app?.ticket)
            return 'invalid appid';
        if (!app.pages.includes(page.host))
            return 'invalid url domain';
        const text = `jsapi_ticket=${app.ticket.text}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${url}`;
        return createHash('sha1').update(text).digest('hex') === signature && this.now < app.ticket.until ? 'ok' : 'invalid signature';
    }

    nameOf(appid, openid) {
        return [...this.users.keys()].find((name) => this.openid(appid, name) === openid);
    }

    sendMessage(query, { touser, template_id: id, page, data }, line) {
        const { app, fault } = this.bearer(query, line);
        if (fault)
            return refusal(fault);
        const name = this.nameOf(app.appid, touser), template = this.templates.get(id), key = [app.appid, name, id].join('\n');
        if (!name)
            return refusal(40003);
        if (template?.appid !== app.appid)
            return refusal(40037);
        if (page && app.paths && !app.paths.includes(page.split('?')[0]))
            return refusal(41030);
        const wrong = template.fields.find((field) => !isValue(field, data?.[field]?.value))
            ?? Object.keys(data).find((field) => !template.fields.includes(field));
        if (wrong)
            return { errcode: 47003, errmsg: `argument invalid! data.${wrong}.value invalid` };
        if (this.over(this.limits.messagesPerDay, DAY_MS, 'message', app.appid))
            return refusal(45009);
        if (!this.consents.get(key))
            return refusal(43101);
        this.consents.set(key, this.consents.get(key) - 1);
        this.sent.push({ appid: app.appid, name, template: id, data, page });
        return { errcode: 0, errmsg: 'ok', msgid: 2400000000000000 + this.sent.length };
    }

    checkText(query, { version, openid, scene, content }, line) {
        const { app, fault } = this.bearer(query, line);
        if (fault)
            return refusal(fault);
        if (version !== 2 || typeof content !== 'string')
            return refusal(47001);
        if (!content)
            return refusal(44002);
        if (![1, 2, 3, 4].includes(scene))
            return refusal(40129);
        const name = this.nameOf(app.appid, openid);
        if (!name)
            return refusal(43104);
        if (!(this.now - this.active.get(`${app.appid}\n${name}`) < 120 * MINUTE_MS))
            return refusal(61010);
        const [, result = { suggest: 'pass', label: 100 }] = [...this.words].find(([word]) => content.includes(word)) ?? [];
        return { errcode: 0, errmsg: 'ok', trace_id: randomBytes(8).toString('hex'), result, detail: [{ strategy: 'content_model', errcode: 0, ...result }] };
    }

    phoneNumber(query, { code }, line) {
        const { app, fault: refused } = this.bearer(query, line);
        if (refused)
            return refusal(refused);
        if (!app.phone)
            return refusal(48001);
        const fault = this.codeFault(code, 'phone', app.appid);
        if (fault)
            return refusal(fault);
        const known = this.codes.get(code), { phone, country } = this.users.get(known.name);
        known.used = true;
        return {
            errcode: 0, errmsg: 'ok',
            phone_info: {
                phoneNumber: country === '86' ? phone : `+${country}${phone}`, purePhoneNumber: phone, countryCode: country,
                watermark: { timestamp: Math.floor(this.now / 1000), appid: this.watermark ?? app.appid },
            },
        };
    }

    controls() {
        return {
            ...super.controls(),
            apps: (given) => this.addApp(given),
            users: ({ name: user, ...rest }) => this.addUser(user, rest),
            'login-codes': ({ appid, name: user }) => ({ code: this.loginCode(appid, user) }),
            'phone-codes': ({ appid, name: user }) => ({ code: this.phoneCode(appid, user) }),
            'page-codes': ({ appid, name: user, scope }) => ({ code: this.pageCode(appid, user, scope) }),
            templates: (given) => this.addTemplate(given),
            subscribe: ({ appid, name: user, template, times }) => this.subscribe(appid, user, template, times),
            words: ({ word, suggest, label }) => { this.words.set(word, { suggest, label }); },
            sent: () => this.sent,
            config: ({ address, ...given }) => ({ errMsg: this.config(address, given) }),
            visitor: ({ name: user }) => { this.visitor = user; },
            'revoke-tokens': ({ appid }) => this.revokeTokens(appid),
        };
    }
}
