// How WeChat Pay says no: a status, a code, a message that nobody should read, and what is wrong.
export class Refusal extends Error {
    constructor(status, code, message = code, detail) {
        super(message);
        Object.assign(this, { status, code, detail });
    }

    body() {
        return { code: this.code, message: this.message, ...this.detail && { detail: this.detail } };
    }
}

export const wrong = (field, issue, value) => new Refusal(400, 'PARAM_ERROR', '参数错误', { field: `/${field}`, value, issue, location: 'body' });

/** A text of so many characters. */
export function needText(body, field, max, { min = 1, pattern } = {}) {
    const value = body[field], length = typeof value === 'string' ? [...value].length : -1;
    if (length < min || length > max || (pattern && !pattern.test(value)))
        throw wrong(field, `${min} to ${max} characters`, value);
    return value;
}

/** No field that the interface does not have. */
export function onlyFields(body, names) {
    const odd = Object.keys(body).find((name) => !names.includes(name));
    if (odd)
        throw wrong(odd, 'not a field of this interface', body[odd]);
}
