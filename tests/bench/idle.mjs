// idle.mjs PORT COUNT: opens COUNT connections, makes one request on each, prints
// "open COUNT", and keeps them until it is ended.
import net from 'node:net';

const [port, count] = process.argv.slice(2).map(Number);
const request = 'GET /livez HTTP/1.1\r\nHost: bench\r\n\r\n';
let open = 0;

function connectOne() {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(request));
    socket.once('data', () => { open += 1; resolve(); });
    socket.once('error', reject);
  });
}

for (let done = 0; done < count; done += 200)
  await Promise.all(Array.from({ length: Math.min(200, count - done) }, connectOne));
console.log(`open ${open}`);
setTimeout(() => {}, 60000);
