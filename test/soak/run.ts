import { parseArgs } from 'node:util'
import { minutes } from '#shared/domain/time.ts'
import { playFalseAlarms, whyNoFalseAlarms } from './false-alarms.ts'

/** `npm run soak -- false-alarms [--minutes 60] [--quick]`: exit code 0 only if nothing was said that should not have been. */
const { values, positionals } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, quick: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const why = positionals[0] === 'false-alarms' ? whyNoFalseAlarms() : 'say which soak: false-alarms'
if (why) {
  console.error(`It can't be run: ${why}.`)
  process.exit(1)
}
const started = performance.now()
const tell = (line: string): void => console.log(`${((performance.now() - started) / 1_000).toFixed(0).padStart(6)} s  ${line}`)
const { rounds, done, leftOut, alarms, signals } = await playFalseAlarms({
  overMs: minutes(Number(values.minutes)),
  isQuick: values.quick,
  tell,
})

console.log(
  `\n${rounds} rounds of ${done.join(', ')}${leftOut.length === 0 ? '' : `; left out, as their programs are missing: ${leftOut.join(', ')}`}`,
)
console.log(`${signals} signals, of which ${alarms.length} should not have come`)
for (const { kind, severity, summary, during } of alarms) console.log(`  during ${during}: ${kind} (${severity}) ${summary}`)
process.exit(alarms.length === 0 ? 0 : 1)
