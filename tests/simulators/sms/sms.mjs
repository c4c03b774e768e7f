// A sender of short messages.
//
//   const sms = await Sms.start();
//   sms.addKey('union', '00…');     // 64 hex digits
//   sms.inbox('16900000001')        // what arrived: [{ template, parameters, text, at }]
//   ... HUIGONG_SMS_URL = sms.url, HUIGONG_SMS_SECRET a file "union 00…" ...
//
// POST /v1/messages { requestId, mobile, template, parameters } is answered with { requestId,
// status }: ACCEPTED, or REJECTED with an error for a number that takes none. A requestId that came
// before is answered as it was, and sends nothing. One number takes perMinute messages a minute.
import { Partner, Refusal } from '../partner.mjs';

/** What a person reads, by template: what a code is for, and that nobody else is to have it; or what has happened to her
 *  account, and what she can do. */
export const TEXTS = {
    'login-code': '您正在登录惠工，验证码{code}，{minutes}分钟内有效。切勿告诉他人。',
    'bind-code': '您正在将一个微信绑定到您的惠工账号，验证码{code}，{minutes}分钟内有效。非本人操作请勿提供。',
    'merge-code': '您正在合并两个惠工账号，验证码{code}，{minutes}分钟内有效。非本人操作请勿提供。',
    'export-code': '您正在导出惠工保存的全部个人信息，验证码{code}，{minutes}分钟内有效。非本人操作请勿提供。',
    'close-code': '您正在注销惠工账号，验证码{code}，{minutes}分钟内有效。非本人操作请勿提供。',
    'number-code': '您正在更换惠工账号的手机号码，验证码{code}，{minutes}分钟内有效。非本人操作请勿提供。',
    'prove-code': '您正在办理工会会员实名认证，验证码{code}，{minutes}分钟内有效。非本人操作请勿提供。',
    'account-wechat-bound': '{when}有新的微信绑定到您的惠工账号，可以登录。如非本人操作，请登录后在“登录方式”中解绑。',
    'account-merge-asked': '{when}有人申请合并您的惠工账号。如您不同意，请在三天内登录惠工拒绝，或联系所在工会。',
    'account-name-contested': '{when}工会收到一项与您惠工账号实名认证有关的异议，将予核实。如有疑问，请携带证件联系所在工会。',
    'account-contest-decided': '关于您惠工账号实名认证的异议已于{when}处理，请登录惠工查看结果。',
    'account-proof-taken-back': '您惠工账号的实名认证已于{when}被撤销，登录已失效。如有疑问，请携带证件联系所在工会。',
    'account-document-taken': '您{when}的申请暂不能办理：您的证件已由另一惠工账号认证。如非本人认证，请登录惠工提出异议，由工会核实。',
    'account-join-approved': '您的入会申请已于{when}通过，欢迎加入工会。请登录惠工查看您的会员权益。',
    'account-join-refused': '您的入会申请于{when}未获通过，请登录惠工查看原因，可补充后重新申请。',
    'account-transfer-done': '您的会籍已于{when}转入新的工会，请登录惠工查看。',
    'account-transfer-refused': '您的会籍转移申请于{when}未获新工会通过，您仍是原工会会员。请登录惠工查看原因。',
    'account-correction-done': '您惠工账号的个人信息已于{when}更正。如非本人申请，请立即联系所在工会。',
    'account-correction-refused': '您更正个人信息的申请于{when}未获通过，请登录惠工查看原因。',
    'account-merged': '您的两个惠工账号已于{when}合并为一个。如非本人申请，请携带证件联系所在工会。',
    'account-merge-refused': '合并惠工账号的申请已于{when}被拒绝，两个账号保持不变。',
    'account-trade-proven': '您的职业认定已于{when}通过，请登录惠工查看有效期。',
    'account-trade-refused': '您的职业认定申请于{when}未获通过，请登录惠工查看原因，可补充后重新申请。',
    'account-trade-over': '您的职业认定已于{when}失效，可登录惠工重新申请。',
    'account-declaration-done': '您为单位申报的人员已于{when}获工会通过，请登录惠工管理端查看。',
    'account-declaration-refused': '您为单位申报的人员于{when}未获工会通过，请登录惠工管理端查看原因。',
    'account-listed': '您已于{when}列入单位的工会名册，如非本人所在单位请联系工会。',
    'account-unlisted': '您已于{when}移出单位的工会名册，如有误请联系工会。',
};

const textOf = (template, parameters) => TEXTS[template].replace(/\{(\w+)\}/g, (_, name) => parameters[name]);

export class Sms extends Partner {
    templates = new Map(Object.entries(TEXTS).map(([template, text]) => [template, [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()]));
    sent = new Map();     // mobile: messages
    answers = new Map();  // requestId: answer
    blocked = new Set();
    limits = { perMinute: 6000, perNumberPerMinute: 3 };

    inbox(mobile) {
        return this.sent.get(mobile) ?? [];
    }

    answer(path, body) {
        const { requestId, mobile, template, parameters } = body ?? {};
        if (path !== '/v1/messages')
            throw new Refusal(404, 'NO_SUCH_INTERFACE');
        if (typeof requestId !== 'string' || !/^1[3-9]\d{9}$/.test(mobile))
            throw new Refusal(400, 'MALFORMED_REQUEST');
        if (this.answers.has(requestId))
            return this.answers.get(requestId);
        const names = this.templates.get(template);
        if (!names || names.join() !== Object.keys(parameters ?? {}).join())
            throw new Refusal(400, 'NO_SUCH_TEMPLATE');
        const inbox = this.inbox(mobile);
        if (inbox.filter(({ at }) => this.now() - at < 60000).length >= this.limits.perNumberPerMinute)
            throw new Refusal(429, 'NUMBER_LIMITED');
        const answer = this.blocked.has(mobile) ? { requestId, status: 'REJECTED', error: 'BLOCKED' } : { requestId, status: 'ACCEPTED' };
        if (answer.status === 'ACCEPTED')
            this.sent.set(mobile, [...inbox, { template, parameters, text: textOf(template, parameters), at: this.now() }]);
        this.answers.set(requestId, answer);
        return answer;
    }

    controls() {
        return { ...super.controls(), block: ({ mobile }) => { this.blocked.add(mobile); }, inbox: ({ mobile }) => this.inbox(mobile) };
    }
}
