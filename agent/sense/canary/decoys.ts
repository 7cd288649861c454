import { createHash } from 'node:crypto'
import { docx, pdf, png, xlsx } from './make-files.ts'

export type FileKind = 'docx' | 'xlsx' | 'pdf' | 'png' | 'txt'

/** A file that looks worth having and that nobody has a reason to touch. */
export interface Decoy {
  name: string
  kind: FileKind
  bytes(): Buffer
}

/**
 * What is planted in each folder. Names that an attacker's walk meets early, in the middle and late, each with a stem of
 * its own; contents drawn from `seed`, so that no two endpoints' decoys share a hash that could be looked for.
 */
export function decoysOf(seed: string): Decoy[] {
  const draw = drawFrom(seed)
  return [
    { name: 'Account numbers.txt', kind: 'txt', bytes: () => Buffer.from(`${accounts(draw).join('\n')}\n`) },
    { name: 'Annual accounts.xlsx', kind: 'xlsx', bytes: () => xlsx(ledger(draw)) },
    { name: 'Contract draft.docx', kind: 'docx', bytes: () => docx(clauses(draw)) },
    { name: 'Invoices scanned.pdf', kind: 'pdf', bytes: () => pdf(invoices(draw)) },
    { name: 'Warehouse photo.png', kind: 'png', bytes: () => png(64, 48, (x, y) => draw(`point ${x >> 3} ${y >> 3}`, 120) + x + y) },
  ]
}

type Draw = (what: string, below: number) => number

/** The same seed and words give the same number, so that a decoy can be put back byte for byte. */
function drawFrom(seed: string): Draw {
  return (what, below) => createHash('sha256').update(`${seed} ${what}`).digest().readUInt32BE(0) % below
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)
const amount = (draw: Draw, what: string): string => (draw(what, 900_000) / 100 + 100).toFixed(2)

const accounts = (draw: Draw): string[] =>
  numbers(40).map(
    (n) =>
      `${String(n).padStart(2, '0')}  customer ${draw(`customer ${n}`, 90_000) + 10_000}  account ${draw(`account ${n}`, 900_000_000) + 100_000_000}  balance ${amount(draw, `balance ${n}`)}`,
  )

const ledger = (draw: Draw): string[][] => [
  ['Month', 'Income', 'Expenses', 'Salaries'],
  ...numbers(36).map((n) => [
    `${2_023 + Math.floor((n - 1) / 12)}-${String(((n - 1) % 12) + 1).padStart(2, '0')}`,
    ...['income', 'expenses', 'salaries'].map((what) => amount(draw, `${what} ${n}`)),
  ]),
]

const clauses = (draw: Draw): string[] =>
  numbers(30).map(
    (n) =>
      `${n}. The supplier delivers part ${draw(`part ${n}`, 9_000) + 1_000} within ${draw(`days ${n}`, 60) + 5} days, at ${amount(draw, `price ${n}`)} a piece, and the customer pays within 30 days of the invoice.`,
  )

const invoices = (draw: Draw): string[] =>
  numbers(40).map(
    (n) => `Invoice ${draw(`invoice ${n}`, 90_000) + 10_000}    due in ${draw(`due ${n}`, 28) + 1} days    ${amount(draw, `total ${n}`)}`,
  )
