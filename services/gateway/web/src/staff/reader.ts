// Reads the QR code in a picture of a camera, for browsers that cannot by themselves. It is served as /staff/reader.js,
// which the counter's page asks for when it needs it; what it asks for in turn is served from here like it.
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import wasm from 'zxing-wasm/reader/zxing_reader.wasm?url';

const MOST_PX = 640; // of a side: a code that fills a good part of the picture is read in it, in milliseconds
const canvas = document.createElement('canvas');

let made: Promise<unknown> | undefined;
const make = () => (made ??= prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true }).catch((error) => {
  made = undefined; // without network now: the next time it is tried anew
  throw error;
}));

/** Gets all that reading needs, so that a device keeps it for when there is no network. */
export const prepare = async () => { await make(); };

/** The text of the code that a camera's picture shows now, '' when there is none. */
export async function read(video: HTMLVideoElement): Promise<string> {
  await make();
  const scale = Math.min(1, MOST_PX / Math.max(video.videoWidth, video.videoHeight, 1));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  if (!canvas.width || !canvas.height) return '';
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  const [found] = await readBarcodes(context.getImageData(0, 0, canvas.width, canvas.height), { formats: ['QRCode'], maxNumberOfSymbols: 1 });
  return found?.text ?? '';
}
