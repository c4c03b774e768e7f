// The simulator as a program: node tests/simulators/wechat/main.mjs [PORT] [KEY.pem CERT.pem]
import { main } from '../simulator.mjs';
import { Wechat } from './wechat.mjs';

await main(Wechat);
