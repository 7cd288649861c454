import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Ended, Host } from '../../agent/host/host.ts'
import { defineDetector } from '../../agent/sense/define-detector.ts'
import { startTestAgent } from './agent.ts'

/*
 * An agent as a process of its own, which a test can kill: each line of its stdin is a service that is down now; what it
 * would have asked of systemctl stands in a file. Arguments: data folder, that file, token (empty once it is enrolled).
 */
const [dataDir = '', ranFile = '', token = ''] = process.argv.slice(2)
const ended = (stdout: string): Ended => ({ kind: 'ended', code: 0, stdout, stderr: '' })
const host: Host = {
  run: async (program, args) => {
    if (args[0] === 'restart') appendFileSync(ranFile, `${[program, ...args].join(' ')}\n`)
    return ended(args[0] === 'is-active' ? 'active\n' : '')
  },
  inFront: (start) => start(),
  ahead: (start) => start(),
  converse: () => ({ say: () => undefined, end: () => undefined }) as unknown as ReturnType<Host['converse']>,
}
const detector = defineDetector({
  name: 'told',
  platforms: ['linux'],
  async watch(_probe, say) {
    createInterface({ input: process.stdin }).on('line', (unit) => {
      const facts = { unit, isListed: true, state: 'failed', detail: '' }
      const about = { kind: 'health.service.down', severity: 'high', about: unit, fingerprint: `down ${unit}` } as const
      void say({ ...about, summary: `${unit} has failed`, facts })
    })
    return { stop: async () => undefined }
  },
})
const agent = await startTestAgent({
  ...{ dataDir, host, detectors: [detector], config: { services: ['web.service'] } },
  ...(token !== '' && { token }),
})
process.stdout.write(`${agent.endpointId}\n`)
