import { fstatSync, mkdirSync } from 'node:fs'
import type { GoodbyeReason } from '#shared/domain/endpoint.ts'
import { Fault } from '#shared/domain/fault.ts'
import { seconds } from '#shared/domain/time.ts'
import type { Agent } from '../app.ts'
import { beginAnew, untilOverCeiling } from '../ceiling.ts'
import { onFallingAsleep, untilToldToGo } from '../goodbye.ts'
import { createHost } from '../host/host.ts'
import { createHaste } from '../host/priority.ts'
import { hasIdentity } from '../identity/files.ts'
import { openLastRun } from '../last-run.ts'
import { giveBack } from '../light-foot.ts'
import { takeLock } from '../lock.ts'
import type { Verb } from '../main.ts'
import { systemTime } from '../system-time.ts'

/** Who started us waits no longer than five, of which finding out why took up to a half. */
const stopWithinMs = seconds(4)
/** EX_TEMPFAIL of sysexits.h, for whatever starts services. */
const startMeAgain = 75

const verb: Verb = {
  summary: 'watches this machine until it is told to stop',
  async run(config) {
    if (!hasIdentity(config.dataDir)) {
      throw new Fault('not-enrolled', `This agent is not enrolled (${config.dataDir}): \`echo TOKEN | npm run -s agent -- enrol\` first.`)
    }
    mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
    const lock = await takeLock(config.dataDir)
    if (!lock) throw new Fault('already-running', `Another agent already runs with ${config.dataDir}.`)
    // Listened to before anything else: until then SIGUSR1 would open Node's debugger.
    const host = createHost(systemTime)
    const toldToGo = untilToldToGo(process, host, systemTime)
    const ceiling = untilOverCeiling(() => process.memoryUsage.rss(), systemTime)
    const isOver = ceiling.over.then(() => 'over' as const)
    giveBack(systemTime)
    const stopped = Promise.race([toldToGo, isOver, ...(config.isTrial ? [untilParentIsGone()] : [])])
    void stopped.then(() => setTimeout(() => process.exit(1), stopWithinMs).unref())
    let agent: Agent | undefined
    onFallingAsleep(process, () => void agent?.sleep())
    const [{ startAgent }, { pino }] = await Promise.all([import('../app.ts'), import('pino')])
    const log = pino({ level: config.logLevel, base: null })
    // A newcomer's trial is ended by closing its terminal.
    const lastRun = config.isTrial ? undefined : openLastRun(config.dataDir, systemTime.now())
    process.on('uncaughtExceptionMonitor', () => lastRun?.end('crash', systemTime.now()))
    agent = await startAgent(config, { time: systemTime, log, host, hurry: createHaste(systemTime), ...(lastRun && { lastRun }) }).catch(
      (error: unknown) => {
        lastRun?.end('crash', systemTime.now())
        throw error
      },
    )
    const reason = await stopped
    lastRun?.end(reason === 'over' ? 'memory' : reason, systemTime.now())
    ceiling.stop()
    if (reason === 'over') log.error({ bytes: await ceiling.over }, 'the agent holds too much memory, and begins anew')
    // Nothing is announced: whoever is back within seconds was never away, and who isn't should be asked after.
    await agent.stop(reason === 'over' ? 'stop' : reason)
    await lock.release()
    if (reason === 'over' && !beginAnew(process, process.env)) process.exit(startMeAgain)
  },
}
export default verb

/** Whoever started a trial holds the other end of its stdin: that closes even when they are killed, and no agent is left behind. */
function untilParentIsGone(): Promise<GoodbyeReason> {
  const stdin = fstatSync(0)
  if (!stdin.isSocket() && !stdin.isFIFO()) return new Promise(() => undefined)
  return new Promise((resolve) => process.stdin.once('close', () => resolve('stop')).resume())
}
