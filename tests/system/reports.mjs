// Reports and settlements for tests: a clerk who uploads in parts, members who read, officials who pay.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { manager, post, UNION } from './checkups.mjs';
import { mint, mobile, person } from './people.mjs';

export const PART = 128 * 1024;
const CLERK = 800;

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
export const pdfOf = (size, fill) => Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(size - 9, fill)]);

export const official = (stack, memberId, role) =>
    mint(stack.tokenKey(), { memberId, grants: [{ role, unionPath: UNION }] });
const clerk = (stack) => official(stack, CLERK, 'REPORT_CLERK');

/** Lets the clerk upload for a site. */
export const employClerk = (stack, siteId) =>
    post(stack, `/v1/checkup-sites/${siteId}:setStaff`, { memberId: CLERK, duty: 'REPORTS' }, manager(stack));

/** The n-th of the roster, verified and with a session: { id, token }. */
export async function signedIn(stack, n) {
    const { name, residentId } = person(n);
    const { token } = await stack.call('identity', 'Identity.CompleteWechatLogin',
        { appid: 'wx0000000000000001', openid: `device-${n}`, mobile: mobile(n) });
    const { json, status, text } = await stack.post('/v1/me:verify', { name, residentId }, { token });
    assert.equal(status, 200, text);
    return { id: json.member.memberId, token: json.token };
}

/** The union whose code is `code` asks for consent to reports, and members give it. */
export async function consentToReports(stack, code, tokens) {
    const root = await stack.call('identity', 'Unions.GetUnionByCode', { code });
    const published = await stack.post(`/v1/unions/${root.unionId}/policies`, {
        purpose: 'PURPOSE_HEALTH_REPORT', title: '体检报告', text: '您的体检报告只供您本人查看。', controller: '佛山市总工会',
        contact: '0757-12351', kinds: '体检报告', retention: '两年',
    }, { token: mint(stack.tokenKey(), { memberId: 77, grants: [{ role: 'SYSTEM_ADMIN', unionPath: '' }] }), key: 'policy' });
    assert.equal(published.status, 201, published.text);
    for (const token of tokens) {
        const given = await stack.post('/v1/me/consents', { purpose: 'PURPOSE_HEALTH_REPORT', version: 1 }, { token });
        assert.equal(given.status, 201, given.text);
    }
}

const BLOOD_SUGAR = { code: '2345-7', name: '血糖', value: '9.8', unit: 'mmol/L', range: '3.9-6.1', abnormal: true };

export const beginReport = (stack, bookingId, pdf) => stack.post(`/v1/checkup-bookings/${bookingId}/reports`,
    { size: pdf.length, items: [BLOOD_SUGAR] }, { token: clerk(stack), key: `report-${bookingId}` });
export const putPart = (stack, reportId, pdf, part) => stack.post(`/v1/checkup-reports/${reportId}/parts`,
    { part, content: pdf.subarray(part * PART, (part + 1) * PART).toString('base64') }, { token: clerk(stack) });
export const finishReport = (stack, reportId, pdf) => stack.post(`/v1/checkup-reports/${reportId}:finish`,
    { sha256: sha256(pdf).toString('hex') }, { token: clerk(stack) });
export const uploadedReport = (stack, reportId) => stack.get(`/v1/checkup-reports/${reportId}`, { token: clerk(stack) });
export const openReport = (stack, reportId, token) => stack.post(`/v1/me/checkup-reports/${reportId}:open`, {}, { token });

export const prepareSettlement = (stack, { campaignId, sites: [{ siteId }] }, memberId) =>
    stack.post(`/v1/checkups/${campaignId}/sites/${siteId}/settlements`, {}, { token: official(stack, memberId, 'FINANCE') });
export const confirmSettlement = (stack, settlementId, memberId) =>
    stack.post(`/v1/checkup-settlements/${settlementId}:confirm`, {}, { token: official(stack, memberId, 'FINANCE') });
