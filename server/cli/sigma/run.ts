import { parseArgs } from 'node:util'
import { normalise } from '#shared/sigma/normalise.ts'
import { readEvents } from '#shared/sigma/read-events.ts'
import { createSigmaEngine, type SigmaHit } from '#shared/sigma/sigma.ts'
import { systemTime } from '../../system-time.ts'
import { type Act, named, printable, readText, rulesOf } from './act.ts'

const act: Act = {
  usage: `  run FOLDER EVENTS [--placeholders FILE] [--json]
                     which rules fit which events. EVENTS is a file of JSON (an array, or documents one after another), or
                     a log of auditd or syslog, line by line
`,
  async run(args) {
    const options = { placeholders: { type: 'string' }, json: { type: 'boolean' } } as const
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const [folder = '', events = ''] = named(positionals, 'a FOLDER', 'a file of EVENTS')
    const rules = await rulesOf(folder, values.placeholders)
    const text = await readText(events)
    for (const { id, file, reason } of rules.refused) process.stderr.write(`not used: ${printable(`${id} (${file}), because ${reason}`)}\n`)
    const engine = createSigmaEngine(rules)
    let [eventCount, hitCount, badCount] = [0, 0, 0]
    for (const read of readEvents(text)) {
      if (read.kind === 'bad') {
        badCount += 1
        process.stderr.write(`${printable(`${events}:${read.line}: ${read.reason}`)}\n`)
        continue
      }
      eventCount += 1
      for (const hit of engine.judge(normalise(read.raw), systemTime.now())) {
        hitCount += 1
        process.stdout.write(`${values.json ? asJson(eventCount, hit) : asLine(eventCount, hit)}\n`)
      }
    }
    if (values.json) return
    const unread = badCount > 0 ? `, ${badCount} parts that could not be read` : ''
    process.stdout.write(`${eventCount} events, ${hitCount} hits by ${rules.rules.length} rules${unread}.\n`)
  },
}
export default act

function asLine(event: number, { about, group }: SigmaHit): string {
  const which = group ? ` ${JSON.stringify(group)}` : ''
  return printable(`event ${event}: ${about.severity} ${about.id} ${about.title} [${about.techniques.join(', ')}]${which}`)
}

function asJson(event: number, { about, group }: SigmaHit): string {
  const { id, title, status, severity, techniques, tactics } = about
  return JSON.stringify({ event, id, title, status, severity, techniques, tactics, ...(group && { group }) })
}
