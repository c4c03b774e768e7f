// A verifier of names: whether a name and a resident ID agree.
//
//   const verifier = await Verifier.start();
//   verifier.addKey('union', '00…');                       // 64 hex digits
//   verifier.addPerson('440604199003070014', '王小明');
//   ... HUIGONG_VERIFIER_URL = verifier.url, HUIGONG_VERIFIER_SECRET a file "union 00…" ...
//
// POST /v1/identity-checks { requestId, name, residentId } is answered with { requestId, result },
// result being AGREE, DISAGREE or NO_RECORD. The same requestId about somebody else is refused.
import { Partner, Refusal } from '../partner.mjs';

export class Verifier extends Partner {
    people = new Map(); // resident ID: name
    asked = new Map();  // requestId: what was asked

    addPerson(residentId, name) {
        this.people.set(residentId, name);
    }

    answer(path, body) {
        const { requestId, name, residentId } = body ?? {};
        if (path !== '/v1/identity-checks')
            throw new Refusal(404, 'NO_SUCH_INTERFACE');
        if (![requestId, name, residentId].every((text) => typeof text === 'string' && text) || !/^\d{17}[\dX]$/.test(residentId))
            throw new Refusal(400, 'MALFORMED_REQUEST');
        const question = `${name}\n${residentId}`;
        if ((this.asked.get(requestId) ?? question) !== question)
            throw new Refusal(409, 'REQUEST_ID_REUSED');
        this.asked.set(requestId, question);
        const known = this.people.get(residentId);
        return { requestId, result: known === undefined ? 'NO_RECORD' : known === name ? 'AGREE' : 'DISAGREE' };
    }

    controls() {
        return { ...super.controls(), people: ({ residentId, name }) => this.addPerson(residentId, name) };
    }
}
