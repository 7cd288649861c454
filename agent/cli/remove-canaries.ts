import { join } from 'node:path'
import { Fault } from '#shared/domain/fault.ts'
import { createProbe } from '../host/probe.ts'
import { jsonFile } from '../json-file.ts'
import { takeLock } from '../lock.ts'
import type { Verb } from '../main.ts'
import { takeAwayOthers } from '../sense/canary/arm.ts'
import { readState } from '../sense/canary/state.ts'
import { systemTime } from '../system-time.ts'

/** Before an agent is taken off a machine. What somebody changed stays theirs. */
const verb: Verb = {
  summary: 'takes its decoys away again, from homes and shares too; the agent must not run',
  async run({ dataDir, logLevel }) {
    const lock = await takeLock(dataDir)
    if (!lock) throw new Fault('already-running', `The agent of ${dataDir} runs and would take this for an attack: stop it first.`)
    const { pino } = await import('pino')
    const log = pino({ level: logLevel, base: null })
    const file = jsonFile(join(dataDir, 'canaries.json'))
    const state = await readState(file, log)
    const count = state.planted.length
    await takeAwayOthers(state, [], { log, probe: createProbe({ time: systemTime, log }) })
    await file.write({ ...state, touches: [], places: {} })
    await lock.release()
    process.stdout.write(`${count} ${count === 1 ? 'decoy is' : 'decoys are'} taken away, but for what somebody changed.\n`)
  },
}
export default verb
