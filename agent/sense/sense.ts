import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { HealthSettings } from '#shared/domain/health-limits.ts'
import { minutes, seconds, type Time } from '#shared/domain/time.ts'
import type { CollectorCapability } from '#shared/protocol/capabilities.ts'
import type { Probe } from '../host/probe.ts'
import type { Signals } from '../signal/signal.ts'
import type { Spool } from '../spool/spool.ts'
import type { Detector, PollingDetector, SenseContext, SenseSettings, WatchingDetector } from './define-detector.ts'
import type { HealthDetector } from './define-health.ts'
import { createFailures } from './failures.ts'
import { type AboutAgent, createStocktaking } from './inventory.ts'
import type { HealthMemory } from './look.ts'
import { createLook, deadlineOf } from './polling.ts'
import { type Rounds, startRounds } from './rounds.ts'
import { createSampler } from './samples.ts'
import { createRuleReport } from './sigma/report.ts'
import { createSoftwareStock } from './software.ts'
import { createStrain } from './strain.ts'
import { type KeptWatch, keepWatching } from './watching.ts'

/*
 * Runs what looks at this machine. Enters: detectors, and the port they look through. Leaves: findings to `signal`,
 * samples and inventory to the spool. Promises: each detector has its own interval, jitter, deadline and failures; one
 * that throws or hangs holds up no other, and is itself raised as `system.detector.failed` until it works again. On
 * failure: the detector is tried again at its next interval, later and later after the fifth time, a watch after half a
 * minute. Threat: what is read was
 * written by others; a detector that chokes on it must blind nobody else.
 */
export interface Sense {
  stop(): Promise<void>
  /** Somebody looks at this endpoint: samples come at once, and every two seconds. */
  setWatched(isWatched: boolean): void
  /** Puts all decoys back; answers how many. */
  rearm(): Promise<number>
  /** The policy says something else of these settings: whoever goes by them looks again now. */
  judgeAnew(keys: readonly string[]): void
  /** What the agent says of itself has changed. */
  takeStock(): void
  /** What the collector takes: what is installed and which rules are watched is told soon, if it is. */
  tellTaken(takes: (capability: CollectorCapability) => boolean): void
}

export interface SenseOptions {
  detectors: readonly Detector[]
  probe: Probe
  signals: Signals
  spool: Pick<Spool, 'append'>
  settings: SenseSettings
  /** Asked before each wait. */
  sampleEveryMs: () => number
  about: AboutAgent
  time: Time
  log: Logger
  /** What the policy in force says of health detectors; asked before each look, so that it may change. */
  healthSettings?: () => HealthSettings
  /** What health detectors remember over restarts. */
  memory?: HealthMemory
  /** 0…1, for jitter; tests make it stand still. */
  random?: () => number
}

const watchedSampleEveryMs = seconds(2)
const inventoryEveryMs = minutes(10)
/** A tenth: enough that a fleet restarted together has spread out after a few rounds. */
const jitter = 0.1

export function startSense(options: SenseOptions): Sense {
  return new RunningSense(options)
}

class RunningSense implements Sense {
  readonly #options: SenseOptions
  readonly #failures
  readonly #sampler
  readonly #stocktaking
  readonly #software
  readonly #ruleReport
  readonly #isStrained
  readonly #stopping = new AbortController()
  readonly #rounds: ReadonlyMap<string, Rounds>
  readonly #watches: readonly { watch: KeptWatch; reads: readonly string[] }[]
  readonly #samples: Rounds
  readonly #inventory: Rounds
  #role: SenseContext['role'] = 'unknown'
  #isWatched = false

  constructor(options: SenseOptions) {
    const { probe, time, spool, signals, log, about } = options
    this.#options = options
    this.#failures = createFailures(signals, log)
    this.#sampler = createSampler(probe, time, spool)
    this.#stocktaking = createStocktaking(probe, time, spool, about, options.settings.visitors)
    this.#software = createSoftwareStock(probe, time, spool)
    this.#ruleReport = createRuleReport(time, spool)
    this.#isStrained = createStrain(probe, time)
    void this.#readRole()
    this.#inventory = this.#startRounds('inventory', { everyMs: inventoryEveryMs, firstAfterMs: seconds(1), deadlineMs: minutes(1) }, () =>
      this.#takeStock(),
    )
    this.#samples = this.#startRounds('samples', { everyMs: options.sampleEveryMs(), firstAfterMs: 0, deadlineMs: seconds(10) }, () =>
      this.#sampler.take(),
    )
    const here = options.detectors.filter((detector) => detector.platforms.includes(probe.platform))
    this.#rounds = new Map(
      here.flatMap((detector) => ('watch' in detector ? [] : [[detector.name, this.#startLooking(detector)] as const])),
    )
    this.#watches = here.flatMap((detector) =>
      'watch' in detector ? [{ watch: this.#startWatching(detector), reads: detector.readsAtStart ?? [] }] : [],
    )
  }

  setWatched(isWatched: boolean): void {
    this.#isWatched = isWatched
    this.#sampler.setWatched(isWatched)
    if (isWatched) this.#samples.soon()
  }

  async rearm(): Promise<number> {
    const rearmed = await Promise.all(this.#watches.map(({ watch }) => watch.current()?.rearm?.() ?? 0))
    return rearmed.reduce((sum, count) => sum + count, 0)
  }

  judgeAnew(keys: readonly string[]): void {
    for (const name of new Set(keys.flatMap(detectorsGoingBy))) this.#rounds.get(name)?.soon()
    for (const { watch, reads } of this.#watches) if (reads.some((key) => keys.includes(key))) watch.again()
    if (keys.includes('samples.everySeconds')) this.#samples.soon()
    this.#inventory.soon()
  }

  takeStock(): void {
    this.#inventory.soon()
  }

  tellTaken(takes: (capability: CollectorCapability) => boolean): void {
    this.#software.setTaken(takes('software'))
    this.#ruleReport.setTaken(takes('rules'))
    this.#inventory.soon()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    const watches = this.#watches.map(({ watch }) => watch)
    const running = [this.#inventory, this.#samples, ...this.#rounds.values(), ...watches]
    await Promise.all(running.map((each) => each.stop()))
    await this.#sampler.flush()
  }

  #startLooking(detector: PollingDetector | HealthDetector): Rounds {
    const look = createLook(detector, this.#options)
    const firstAfterMs = seconds(1) + this.#random() * Math.min(detector.every, seconds(4))
    const rhythm = { everyMs: detector.every, firstAfterMs, deadlineMs: deadlineOf(detector) }
    return this.#startRounds(detector.name, rhythm, (stop) => look(this.#context(detector, stop)))
  }

  #startWatching(detector: WatchingDetector): KeptWatch {
    const { name } = detector
    const { signals, probe, time, log } = this.#options
    const watch: KeptWatch = keepWatching({
      ...{ name, time, log },
      start: (broken, stop) => {
        const context = { ...this.#context(detector, stop), broken, again: () => watch.again() }
        return detector.watch(probe, (event) => signals.happened({ ...event, detector: name }), context)
      },
      // What it guards stands in the inventory.
      onStarted: () => this.#inventory.soon(),
      onWorked: () => this.#failures.worked(name),
      onFailed: (reason) => this.#failures.failed(name, reason),
    })
    return watch
  }

  #startRounds(
    name: string,
    rhythm: { everyMs: number; firstAfterMs: number; deadlineMs: number },
    run: (stop: AbortSignal) => Promise<void>,
  ): Rounds {
    const failing = createBackoff()
    return startRounds({
      ...{ time: this.#options.time, random: () => this.#random(), run },
      every: () => (name === 'samples' ? this.#sampleEveryMs() : rhythm.everyMs) * failing.factor(),
      firstAfterMs: rhythm.firstAfterMs,
      deadlineMs: rhythm.deadlineMs,
      jitter: name === 'samples' ? 0 : jitter,
      onWorked: () => {
        failing.worked()
        this.#failures.worked(name)
      },
      onFailed: (reason) => {
        failing.failed()
        this.#failures.failed(name, reason)
      },
    })
  }

  #context(detector: Detector, stop: AbortSignal): SenseContext {
    const { time, log, settings, signals, healthSettings = () => ({}) } = this.#options
    const standing = (kind: string, about: string) =>
      signals.standing(detector.name).find((signal) => signal.kind === kind && signal.about === about)?.severity
    return { time, log, settings, stop, role: this.#role, standing, healthSettings, isStrained: this.#isStrained }
  }

  async #takeStock(): Promise<void> {
    const canaries = this.#watches.flatMap(({ watch }) => watch.current()?.decoys?.() ?? [])
    this.#role = (await this.#stocktaking.look(canaries)).role.role
    await this.#software.look()
    await this.#ruleReport.look(this.#watches.flatMap(({ watch }) => watch.current()?.rules?.() ?? []))
  }

  /** Before the first inventory, which takes longer: a role that is known late would make severities change. */
  async #readRole(): Promise<void> {
    try {
      this.#role = (await this.#options.probe.role()).role
    } catch (error) {
      this.#options.log.warn({ reason: sentenceOf(error) }, 'what this machine is for could not be found out')
    }
  }

  #sampleEveryMs(): number {
    return this.#isWatched ? watchedSampleEveryMs : this.#options.sampleEveryMs()
  }

  #random(): number {
    return (this.#options.random ?? Math.random)()
  }
}

/** "health.disk-full.usedPercent" is about disk-full. */
function detectorsGoingBy(key: string): string[] {
  if (key === 'services.mustRun') return ['service-down']
  const [section, name] = key.split('.')
  return section === 'health' && name !== undefined ? [name] : []
}

/** A few failures in a row are a hiccup; what fails on costs less and less, and an hourly look is never more than two days off. */
function createBackoff(): { worked(): void; failed(): void; factor(): number } {
  let failures = 0
  return {
    worked: () => {
      failures = 0
    },
    failed: () => {
      failures += 1
    },
    factor: () => 2 ** Math.min(5, Math.max(0, failures - 4)),
  }
}
