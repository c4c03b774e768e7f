// The modules that are served as they are, so that anybody can read and keep them: the
// verifier of draws, positions on China's maps, and what WeChat's browser does.
import { api, got } from './api';

const served = (path: string) => import(/* @vite-ignore */ new URL(path, location.origin).href);

export interface Receipt {
  root: Uint8Array; entries: number; index: number; place: number; won: boolean; seed: Uint8Array | null;
  rank: Uint8Array; cutoff: Uint8Array | null; publicName: string; value: string;
}
interface DrawVerifier {
  Mismatch: new (text: string) => Error;
  verifyReceipt(bytes: Uint8Array, ticket: string): Promise<Receipt> | Receipt;
  hex(bytes: Uint8Array): string;
}

export async function drawVerifier(): Promise<DrawVerifier> {
  await served('/draw/verify.js');
  return (globalThis as unknown as { drawVerifier: DrawVerifier }).drawVerifier;
}

interface Within { wx: unknown; appid: string }
interface Place { latitude: number; longitude: number }
interface Wechat {
  wechat(sign: (url: string) => Promise<unknown>): Promise<Within | null>;
  stands(within: Within): Promise<Place | null>;
  confirmed(within: Within, payment: { merchant: string; appid: string; package: string }): Promise<string>;
}
export const isWechat = () => /MicroMessenger/.test(navigator.userAgent);
/** WeChat's own functions (public/wechat.js). */
export const wechatPage = (): Promise<Wechat> => served('/wechat.js');
export const withinWechat = async () => (await wechatPage()).wechat((url) => got(api.POST('/v1/wechat-page:sign', { body: { url } })));

/** Where she stands on China's maps, by her leave; null when she is not to be found. It is kept nowhere. */
export async function position(): Promise<Place | null> {
  const within = isWechat() ? await withinWechat() : null;
  if (within) return (await wechatPage()).stands(within);
  const { gcj02 } = await served('/gcj02.js');
  return new Promise((done) => {
    if (!navigator.geolocation) done(null);
    else navigator.geolocation.getCurrentPosition(({ coords }) => done(gcj02(coords)), () => done(null), { timeout: 15000 });
  });
}

/** A file for whoever looks at the page, made in the page. */
export function save(name: string, content: BlobPart, type: string) {
  const link = document.createElement('a');
  link.download = name;
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
