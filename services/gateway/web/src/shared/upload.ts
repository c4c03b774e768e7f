// Sending a table in parts, as every import takes one.
const PART = 128 * 1024;

/** A file's bytes, as operations take them. */
export function base64Of(part: Blob): Promise<string> {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done((reader.result as string).split(',')[1]);
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(part);
  });
}

/** Sends the parts that are not there yet; the import when all are. */
export async function sendParts<I extends { parts: number; received: number }>(file: Blob, begun: I, put: (body: { part: number; content: string }) => Promise<I>) {
  let now = begun;
  while (now.received < now.parts) now = await put({ part: now.received, content: await base64Of(file.slice(now.received * PART, (now.received + 1) * PART)) });
  return now;
}
