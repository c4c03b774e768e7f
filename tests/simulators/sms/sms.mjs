// A sender of short messages.
//
//   const sms = await Sms.start();
//   sms.addKey('union', '00…');     // 64 hex digits
//   sms.inbox('16900000001')        // what arrived: [{ template, parameters, at }]
//   ... HUIGONG_SMS_URL = sms.url, HUIGONG_SMS_SECRET a file "union 00…" ...
//
// POST /v1/messages { requestId, mobile, template, parameters } is answered with { requestId,
// status }: ACCEPTED, or REJECTED with an error for a number that takes none. A requestId that came
// before is answered as it was, and sends nothing. One number takes perMinute messages a minute.
import { Partner, Refusal } from '../partner.mjs';

export class Sms extends Partner {
    templates = new Map([['login-code', ['code', 'minutes']]]);
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
            this.sent.set(mobile, [...inbox, { template, parameters, at: this.now() }]);
        this.answers.set(requestId, answer);
        return answer;
    }

    controls() {
        return { ...super.controls(), block: ({ mobile }) => { this.blocked.add(mobile); }, inbox: ({ mobile }) => this.inbox(mobile) };
    }
}
