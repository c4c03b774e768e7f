// What the page of a settlement asks of the service whose settlement it is.
import type { Schemas } from '../shared/api';

export interface Settled {
  settlement: Pick<Schemas['coupon.Settlement'], 'state' | 'nLines' | 'totalFen' | 'preparedAt' | 'preparedBy' | 'decidedAt' | 'decidedBy'>;
  title: string;
  facts: [string, string][]; // what else is known of it
  invoices: Schemas['settlement.Invoice'][];
  payment: Schemas['settlement.Payment'];
  lines: { line: number; thingId: string; fen: string; seq: string; hash: string }[];
  more: boolean; // lines that are not among them
}
export interface SettlementCalls {
  thing: string; // what a line is about, as people call it
  payee: string; // who is paid
  csv: string; // where its lines are
  load(): Promise<Settled>;
  decide(confirm: boolean): Promise<unknown>;
  enterInvoice(body: { number: string; title: string; fen: string }): Promise<unknown>;
  voidInvoice(invoiceId: string): Promise<unknown>;
  acceptInvoice?(invoiceId: string): Promise<unknown>; // where the payee enters its own
  pay(body: { reference: string; paidAt: string }): Promise<unknown>;
  giveBack(): Promise<unknown>;
  reconcile(csv: string, thingColumn: number, yuanColumn: number): Promise<Schemas['settlement.Reconciliation']>;
}
