// Codes on the screen: as they are, or a new one whenever the service changes it.
import { element } from './dom.js';

/** Shows a code: { svg, text, fine }. */
export const showCode = (place, { svg, text, fine }) => place.replaceChildren(
  element('img', { className: 'code', alt: '二维码', src: `data:image/svg+xml,${encodeURIComponent(svg)}` }),
  element('p', { className: 'digits' }, text), element('p', { className: 'fine' }, fine));

/**
 * Shows the code of the moment, which `ask` gives, as long as the place is on the page
 * and turns; `otherwise` shows something when there is none now.
 */
export async function turn(place, ask, fine, otherwise) {
  if (!place.isConnected || !place.turning) return;
  let changes = 5000;
  try {
    const { svg, code, changesAt } = await ask();
    if (!place.turning) return;
    showCode(place, { svg, text: code, fine });
    changes = Math.min(Math.max(Date.parse(changesAt) - Date.now(), 1000), 30000);
  } catch (error) {
    otherwise(error);
  }
  clearTimeout(place.timer);
  place.timer = setTimeout(() => turn(place, ask, fine, otherwise), changes);
}
