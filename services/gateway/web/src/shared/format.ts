// Numbers and times as they are read in China, whatever the device's zone.
type Time = string | number | null | undefined;

function format(options: Intl.DateTimeFormatOptions) {
  const formatter = new Intl.DateTimeFormat('zh-CN', { timeZone: 'Asia/Shanghai', hourCycle: 'h23', ...options });
  return (time: Time) => (time ? formatter.format(new Date(time)) : '—');
}

export const time = format({ year: 'numeric', month: 'long', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' });
export const moment = format({ month: 'long', day: 'numeric', weekday: 'short', hour: '2-digit', minute: '2-digit' });
export const day = format({ month: 'long', day: 'numeric', weekday: 'short' });
export const date = format({ year: 'numeric', month: 'long', day: 'numeric' });
export const clock = format({ hour: '2-digit', minute: '2-digit' });

/** A moment as "2026-12-01 09:00:00" by the clock in China, and back: what is chosen or typed is meant so. */
export const wallOf = (instant: Date) => new Date(instant.getTime() + 8 * 3600000).toISOString().slice(0, 19).replace('T', ' ');
export const instantOf = (wall: string) => new Date(`${wall.replace(' ', 'T')}+08:00`);

/** A day of China as a number, 20261201, as "2026-12-01". */
export const dayNumbered = (day: number) => String(day).replace(/(\d{4})(\d{2})(\d{2})/, '$1-$2-$3');

/** A minute of the day as a time's field holds it, and back. */
export const wallMinute = (minute = 0) => [minute / 60 % 24, minute % 60].map((n) => String(Math.floor(n)).padStart(2, '0')).join(':');
export function minuteOf(event: Event) {
  const [hour, minute] = (event.target as HTMLInputElement).value.split(':').map(Number);
  return hour * 60 + minute || 0;
}

/** "5 月 1 日 周五 09:00–12:00" */
export const hours = ({ startsAt, endsAt }: { startsAt: string | null; endsAt: string | null }) =>
  `${day(startsAt)} ${clock(startsAt)}–${clock(endsAt)}`;

/** Fen to "5 元" or "1,234.50 元". */
export const yuan = (fen: string | number) => `${amount(fen)} 元`;
export function amount(fen: string | number) {
  const [, sign, digits] = /^(-?)(.*)$/.exec(String(fen))!, text = digits.padStart(3, '0');
  const whole = text.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ','), rest = text.slice(-2);
  return `${sign}${whole}${rest === '00' ? '' : `.${rest}`}`;
}

/** What has to be spent before a coupon counts. */
export const threshold = (fen: string | number) => (Number(fen) ? `满 ${amount(fen)} 元可用` : '无门槛');

export const distance = (metres: number) => (metres < 1000 ? `${metres} 米` : `${(metres / 1000).toFixed(1)} 公里`);

/** Milliseconds to "01:02:03", with days before them where there are any; it reaches 00:00:00 when the time has come. */
export function remaining(milliseconds: number) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  const text = `${two((seconds % 86400) / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
  return seconds >= 86400 ? `${Math.floor(seconds / 86400)} 天 ${text}` : text;
}
