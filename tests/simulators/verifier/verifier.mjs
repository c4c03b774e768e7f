// A verifier of names: whether a name, a resident ID and a mobile number are one person's.
//
//   const verifier = await Verifier.start();
//   verifier.addKey('union', '00…');                       // 64 hex digits
//   verifier.addPerson('440604199003070014', '王小明', '16900000001');   // without a number: whichever
//   ... HUIGONG_VERIFIER_URL = verifier.url, HUIGONG_VERIFIER_SECRET a file "union 00…" ...
//
// POST /v1/identity-checks { requestId, name, residentId, mobile } is answered with { requestId, result },
// result being AGREE, DISAGREE or NO_RECORD. The same requestId about somebody else is refused.
import { Partner, Refusal } from '../partner.mjs';

export class Verifier extends Partner {
    people = new Map(); // resident ID: { name, mobile }
    asked = new Map();  // requestId: what was asked

    addPerson(residentId, name, mobile) {
        this.people.set(residentId, { name, mobile });
    }

    answer(path, body) {
        const { requestId, name, residentId, mobile } = body ?? {};
        if (path !== '/v1/identity-checks')
            throw new Refusal(404, 'NO_SUCH_INTERFACE');
        if (![requestId, name, residentId, mobile].every((text) => typeof text === 'string' && text) || !/^\d{17}[\dX]$/.test(residentId))
            throw new Refusal(400, 'MALFORMED_REQUEST');
        const question = `${name}\n${residentId}\n${mobile}`;
        if ((this.asked.get(requestId) ?? question) !== question)
            throw new Refusal(409, 'REQUEST_ID_REUSED');
        this.asked.set(requestId, question);
        const known = this.people.get(residentId);
        return { requestId, result: known === undefined ? 'NO_RECORD' : known.name === name && (known.mobile ?? mobile) === mobile ? 'AGREE' : 'DISAGREE' };
    }

    controls() {
        return { ...super.controls(), people: ({ residentId, name, mobile }) => this.addPerson(residentId, name, mobile) };
    }
}
