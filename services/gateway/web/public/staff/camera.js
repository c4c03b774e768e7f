// A camera that reads codes: WeChat's in its browser, else where the browser can.
import { post } from '../api.js';
import { $, say } from '../dom.js';
import { isWechat, scanned, wechat } from '../wechat.js';

/** Lets #button turn the camera of #video on and off, for onText with each new code; gives what turns it off. */
export function offerCamera(videoId, buttonId, onText) {
  const video = $(videoId), button = $(buttonId);
  const stop = () => {
    video.srcObject?.getTracks().forEach((track) => track.stop());
    video.hidden = true;
  };
  async function watch() {
    const detector = new BarcodeDetector({ formats: ['qr_code'] });
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    video.hidden = false;
    await video.play();
    for (let last = ''; !video.hidden; await new Promise((done) => setTimeout(done, 250))) {
      const [found] = await detector.detect(video).catch(() => []);
      if (found && found.rawValue !== last) {
        last = found.rawValue;
        await onText(found.rawValue);
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
  const reads = 'BarcodeDetector' in window && navigator.mediaDevices;
  button.hidden = !reads && !isWechat();
  button.addEventListener('click', () => {
    if (!video.hidden) return stop();
    scan().then((done) => done || watch()).catch(() => {
      stop();
      say('不能使用摄像头，请输入或粘贴', false);
    });
  });
  return stop;
}
