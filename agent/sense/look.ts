import { Fault } from '#shared/domain/fault.ts'
import { type HealthName, limitsInForce } from '#shared/domain/health-limits.ts'
import { minutes } from '#shared/domain/time.ts'
import type { Probe } from '../host/probe.ts'
import type { Finding, Signals } from '../signal/signal.ts'
import { isUnsupported, type SenseContext, type Unsupported } from './define-detector.ts'
import type { Around, Decision, HealthDetector } from './define-health.ts'
import { type Held, holdBack } from './hold.ts'

/** What a health detector knows may be a few numbers for each disk or process; more is a leak. */
const maxStateChars = 262_144
/** An expensive look is left out so often in a row and no more: a machine that is always busy is looked at too. */
const maxLeftOut = 7

export interface LookNeeds {
  probe: Probe
  signals: Pick<Signals, 'report' | 'happened'>
  /** What detectors remember over restarts; undefined where nothing is kept. */
  memory?: HealthMemory | undefined
}

export interface HealthMemory {
  read(name: string): Promise<unknown>
  write(name: string, state: unknown): Promise<void>
}

/** One health detector's look: what it read, what follows, what of that has lasted, and that said. */
export function createHealthLook(detector: HealthDetector, needs: LookNeeds): (context: SenseContext) => Promise<Unsupported | undefined> {
  const held: Held = new Map()
  const keeper = stateKeeper(detector, needs.memory)
  let leftOut = 0
  return async (context) => {
    const limits = limitsInForce(detector.name, context.healthSettings())
    if (!limits) {
      await needs.signals.report(detector.name, [])
      return undefined
    }
    leftOut = detector.isExpensive && (await context.isStrained()) && leftOut < maxLeftOut ? leftOut + 1 : 0
    if (leftOut > 0) return undefined
    const reading = await detector.read(needs.probe, context)
    if (typeof reading === 'object' && reading !== null && isUnsupported(reading)) return reading
    // A look that came after its time was up is stale.
    if (context.stop.aborted) return undefined
    const around = aroundOf(context, limits)
    const decision = detector.decide(await keeper.state(), reading, around)
    await keeper.keep(decision.state)
    await say(detector, needs.signals, decision, held, around)
    return undefined
  }
}

function aroundOf<InForce>({ time, role, standing }: SenseContext, limits: InForce): Around<InForce> {
  return { now: time.now(), monotonic: time.monotonic(), role, limits, standing }
}

async function say(
  { name, runbook }: HealthDetector,
  signals: LookNeeds['signals'],
  { findings, happened = [] }: Decision<unknown>,
  held: Held,
  around: Around<Partial<Record<string, number>>>,
): Promise<void> {
  const withRunbook = <Said extends Pick<Finding, 'facts'>>(said: Said): Said => ({ ...said, facts: { ...said.facts, runbook } })
  for (const event of happened) await signals.happened(withRunbook({ ...event, detector: name }))
  if (!findings) return
  const standing = (finding: Finding) => around.standing(finding.kind, finding.about)
  const lasting = holdBack(held, findings.map(withRunbook), minutes(around.limits.lastsMinutes ?? 0), around.monotonic, standing)
  await signals.report(name, lasting)
}

interface StateKeeper {
  state(): Promise<unknown>
  /** @throws Fault `detector-leaks`, after forgetting everything, so that the next look starts anew. */
  keep(state: unknown): Promise<void>
}

function stateKeeper(detector: HealthDetector<HealthName>, memory: HealthMemory | undefined): StateKeeper {
  let known: { state: unknown; text: string } | undefined
  const remembered = async (): Promise<unknown> => {
    const parsed = detector.remembers?.safeParse(await memory?.read(detector.name))
    return parsed?.success ? parsed.data : detector.start
  }
  return {
    async state() {
      known ??= { state: await remembered(), text: '' }
      return known.state
    },
    async keep(state) {
      const text = JSON.stringify(state)
      if (text !== undefined && text.length > maxStateChars) {
        known = { state: detector.start, text: '' }
        throw new Fault('detector-leaks', `it wanted to remember ${text.length} characters, ${maxStateChars} are its bound`)
      }
      const isNews = text !== known?.text
      known = { state, text }
      if (isNews && detector.remembers) await memory?.write(detector.name, state)
    },
  }
}
