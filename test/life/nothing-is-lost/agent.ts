import { startTestAgent, toldDetector } from '../../support/agent.ts'

/**
 * Run as a process of its own: the enrolled agent of the folder in argv[2], to which something happens every few
 * milliseconds. Prints what each was about once it is on disk. Ends by SIGTERM, or by the SIGKILL it is made for.
 */
const [dataDir = '', round = ''] = process.argv.slice(2)
const told = toldDetector()
const agent = await startTestAgent({ dataDir, detectors: [told.detector] })
const stopping = new AbortController()
process.once('SIGTERM', () => stopping.abort())

for (let count = 0; !stopping.signal.aborted; count += 1) {
  const about = `${round}-${count}`
  const kind = count % 5 === 0 ? 'security.test.happened' : 'test.happened'
  await told.say({ kind, severity: 'info', about, summary: `Something happened (${about})` })
  process.stdout.write(`${about}\n`)
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
}
await agent.stop('stop')
process.exit(0)
