// The simulator as a program: node tests/simulators/sms/main.mjs [PORT] [KEY.pem CERT.pem]
import { main } from '../simulator.mjs';
import { Sms } from './sms.mjs';

await main(Sms);
