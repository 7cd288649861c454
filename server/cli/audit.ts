import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { createAudit } from '../audit/audit.ts'
import { type Head, headText, readHead } from '../audit/chain.ts'
import { maxFaults, type Verdict, verifyAudit } from '../audit/verify.ts'
import { configFlags, loadConfig } from '../config.ts'
import type { Verb } from '../main.ts'
import { systemTime } from '../system-time.ts'
import { withStore } from './start/store.ts'

const usage = `Usage: npm run -s tierline -- audit verify [--head NUMBER:HASH …] [--heads FILE …] [flags]
       npm run -s tierline -- audit head [flags]

The audit is a chain: each line covers the one before. Whoever can write the database can write the whole chain anew, so
"consistent in itself" is all that it can say of itself. A head that left this machine proves what stands up to it: the
daily file (audit-heads.txt in the data folder, copied away), the admins' daily mail, what an operator signed
(KEY.audit-heads), or an agent (\`npm run -s agent -- audit-heads\`).

  --head NUMBER:HASH  a head that you kept
  --heads FILE        a file of them, one a line
  --data DIR          the collector's data folder (./tierline-data)
  --database URL      postgres://…, when the collector was started with it

Exit code 0: nothing is wrong; 1: something is, and it is said where.
`

const verb: Verb = {
  summary: 'proves that nobody altered what the audit says, or prints its head',
  usage,
  async run(args) {
    const { data, database } = configFlags
    const many = { type: 'string', multiple: true } as const
    const { values, positionals } = parseArgs({ args, options: { data, database, head: many, heads: many }, allowPositionals: true })
    const { head = [], heads = [], ...flags } = values
    const [act] = positionals
    if (positionals.length !== 1 || (act !== 'verify' && act !== 'head')) throw new Fault('flag-bad', 'Say verify or head.')
    const kept = [...head.map(mustBeHead), ...heads.flatMap(readHeads)]
    const audit = createAudit({ time: systemTime })
    await withStore(loadConfig(flags, process.env), async (store) => {
      const last = await audit.settle(store.db)
      if (act === 'head') return void process.stdout.write(`${headText(last)}\n`)
      const verdict = await verifyAudit(store.reader, kept)
      process.stdout.write(told(verdict))
      if (verdict.faults.length > 0) throw new Fault('audit-broken', 'The audit is not what it was.')
    })
  },
}
export default verb

function mustBeHead(text: string): Head {
  const head = readHead(text)
  if (head) return head
  throw new Fault('flag-bad', `"${text}" is no head: write it as it was given, NUMBER:HASH with 64 hexadecimal digits.`)
}

/** What stands behind the head on its line, such as an instant, is for people. */
const readHeads = (file: string): Head[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => mustBeHead(line.trim().split(/\s/)[0] ?? ''))

export function told({ faults, lines, unchained, erased, erasedEarly, head, provenTo }: Verdict): string {
  const about = [
    `${lines} lines; head ${headText(head)}`,
    ...(unchained > 0 ? [`${unchained} more are from before there was a chain, and prove nothing.`] : []),
    ...(erased > 0 ? [`What ${erased} lines told was erased, and that it was stands in the audit.`] : []),
    ...(erasedEarly > 0
      ? [`${erasedEarly} of them before their 400 days, or those of their organisation, were over: ask who had them erased, and why.`]
      : []),
    ...faults,
    ...(faults.length === maxFaults ? ['There may be more.'] : []),
  ]
  if (faults.length === 0)
    about.push(
      provenTo === null
        ? 'Consistent in itself. That nobody wrote all of it anew only a head can prove that was kept elsewhere (--head).'
        : `Proven up to line ${provenTo} by a head that was kept elsewhere${provenTo < head.number ? `; consistent in itself from there to ${head.number}` : ''}.`,
    )
  return `${about.join('\n')}\n`
}
