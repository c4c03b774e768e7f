// A camera that reads codes: WeChat's in its browser, else by the browser itself, else by a reader that is served from here.
import { post } from '../api.js';
import { $, say } from '../dom.js';
import { isWechat, scanned, wechat } from '../wechat.js';

const readsItself = async () => 'BarcodeDetector' in window && (await BarcodeDetector.getSupportedFormats()).includes('qr_code');

/** What gives the text of the code that a video shows now, '' when there is none. */
async function readerOf() {
  if (!await readsItself()) return (await import('/staff/reader.js')).read;
  const detector = new BarcodeDetector({ formats: ['qr_code'] });
  return async (video) => (await detector.detect(video))[0]?.rawValue ?? '';
}

/** Gets the reader where the browser needs it, so that it is kept for when there is no network. */
export async function prepareCamera() {
  if (navigator.mediaDevices && !isWechat() && !await readsItself()) await (await import('/staff/reader.js')).prepare();
}

/** Lets #button turn the camera of #video on and off, for onText with each new code; gives what turns it off. */
export function offerCamera(videoId, buttonId, onText) {
  const video = $(videoId), button = $(buttonId), offer = button.textContent;
  const stop = () => {
    video.srcObject?.getTracks().forEach((track) => track.stop());
    video.hidden = true;
    button.textContent = offer;
  };
  async function watch() {
    const read = await readerOf();
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    video.hidden = false;
    button.textContent = '关闭摄像头';
    await video.play();
    for (let last = ''; !video.hidden; await new Promise((done) => setTimeout(done, 250))) {
      const text = await read(video).catch(() => '');
      if (text && text !== last) {
        last = text;
        await onText(text);
      }
    }
  }
  // Within WeChat its own camera reads, once for each tap.
  async function scan() {
    const within = await wechat((url) => post('/v1/wechat-page:sign', { url }));
    if (!within) return false;
    const text = await scanned(within);
    if (text) await onText(text);
    return true;
  }
  button.hidden = !navigator.mediaDevices && !isWechat();
  button.addEventListener('click', () => {
    if (!video.hidden) return stop();
    scan().then((done) => done || watch()).catch(() => {
      stop();
      say('不能使用摄像头，请输入或粘贴', false);
    });
  });
  return stop;
}
