// The simulator as a program: node tests/simulators/wechatpay/main.mjs [PORT] [KEY.pem CERT.pem]
import { main } from '../simulator.mjs';
import { WechatPay } from './wechatpay.mjs';

await main(WechatPay);
