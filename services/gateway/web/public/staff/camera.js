// A camera that reads codes, where the browser can.
import { $, say } from '../dom.js';

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
  button.hidden = !('BarcodeDetector' in window && navigator.mediaDevices);
  button.addEventListener('click', () => {
    if (!video.hidden) return stop();
    watch().catch(() => {
      stop();
      say('不能使用摄像头，请输入或粘贴', false);
    });
  });
  return stop;
}
