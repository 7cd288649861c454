import { basename } from 'node:path'
import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'
import type { FileLook, Probe, Stop } from '../../host/probe.ts'
import type { JsonFile } from '../../json-file.ts'
import type { Say, SenseSettings } from '../define-detector.ts'
import type { Look } from '../writers/describe.ts'
import { accuse } from './accuse.ts'
import { type Armed, armAgain, learnFolder, plantAll } from './arm.ts'
import { type Canary, examine, isSiblingName, type Observation, writingTakesMs } from './examine.ts'
import { choosePlaces, type Spread } from './places.ts'
import { Reach } from './reach.ts'
import { type CanaryState, readState } from './state.ts'
import { tellOf } from './tell.ts'
import { Touches } from './touches.ts'

export interface GuardOptions {
  probe: Probe
  time: Time
  log: Logger
  file: JsonFile
  /** Folders that a person named. */
  folders: readonly string[]
  /** Where there is one, decoys are spread over homes and shares too. */
  spread: Spread | undefined
  /** Who wrote which file, and how to halt them. */
  justice: Pick<SenseSettings, 'writers' | 'suspend'>
  say: Say
  broken(reason: string): void
}

/** A rewrite through mapped memory raises no event; the file's change time tells of it. */
const lookEveryMs = seconds(2)
/** Long enough for what replaces a decoy to appear beside it. */
export const siblingWithinMs = seconds(2)

interface Post {
  canary: Canary
  armed: Armed
  /** What was seen last, right or wrong. */
  signature: string
  /** Monotonic ms since when it is gone. */
  goneSince: number | undefined
  /** The system named this file as it went: it was taken, not unmounted with its folder. */
  wasNamed: boolean
  examining: Promise<void> | undefined
  isAgain: boolean
  next: Cancel
}

/** Plants decoys, watches them, and says what becomes of them. Remembers both over restarts. */
export class Guard {
  readonly #options: GuardOptions
  readonly #state: CanaryState
  readonly #folders: readonly string[]
  readonly #touches: Touches
  readonly #reach: Reach
  readonly #posts: Post[]
  /** How bad the worst is that is being said of each, and is not yet said. */
  readonly #saying = new Map<string, number>()
  #stops: Stop[] = []
  #nextLook: Cancel = () => undefined
  #keeping: Promise<void> = Promise.resolve()
  readonly #look: Look
  #isPaused = true
  #isStopped = false

  private constructor(options: GuardOptions, state: CanaryState, armed: Armed[]) {
    this.#options = options
    this.#look = { images: options.probe.images, process: (pid) => options.probe.process(pid), time: options.time }
    this.#folders = [...new Set(armed.map(({ planted }) => planted.folder))]
    this.#state = state
    this.#posts = armed.map(postOf)
    this.#touches = new Touches(state.touches)
    this.#reach = new Reach(options.probe)
  }

  /** Resolves when every decoy stands and is watched; what was touched while nobody watched is said after that. */
  static async start(options: GuardOptions): Promise<Guard> {
    const state = await readState(options.file, options.log)
    const places = await choosePlaces(state, options.folders, options.spread, options.probe)
    const guard = new Guard(options, state, await plantAll(state, places, options))
    await guard.#keep()
    await guard.#resume()
    return guard
  }

  /** Whether people or shares came since the decoys were laid, or are out of reach by now. */
  async isOutdated(): Promise<boolean> {
    const { folders, spread, probe } = this.#options
    const chosen = { ...this.#state }
    await choosePlaces(chosen, folders, spread, probe)
    return JSON.stringify(chosen.places) !== JSON.stringify(this.#state.places)
  }

  folders(): readonly string[] {
    return this.#folders
  }

  paths(): string[] {
    return this.#posts.map((post) => post.armed.planted.path)
  }

  /** Puts every decoy back and forgets what touched it; answers how many stand. */
  async rearm(): Promise<number> {
    const { probe } = this.#options
    await this.#pause()
    for (const post of this.#posts) {
      await armAgain(post.armed, this.#options)
      Object.assign(post, postOf(post.armed))
    }
    for (const folder of this.#folders) await learnFolder(this.#state, folder, probe)
    this.#touches.forgetAll()
    await this.#keep()
    await this.#resume()
    return this.#posts.length
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#pause()
    await this.#keeping
  }

  async #resume(): Promise<void> {
    if (this.#isStopped) return
    const look = (path: string) => this.#options.probe.look(path).catch(() => undefined)
    // Whoever moves it before its first look is known by this.
    for (const { canary } of this.#posts) canary.seen ??= await look(canary.path)
    this.#stops = (await Promise.all(this.#folders.map((folder) => this.#watch(folder)))).flat()
    this.#isPaused = false
    for (const post of this.#posts) this.#examineSoon(post)
    this.#planLook()
  }

  async #watch(folder: string): Promise<Stop[]> {
    try {
      return [await this.#options.probe.watchFolder(folder, (name) => this.#changed(folder, name))]
    } catch (error) {
      this.#options.log.warn({ folder, reason: sentenceOf(error) }, 'a folder of decoys can only be looked at every two seconds')
      return []
    }
  }

  /** Whoever was examining is done after this, and nobody starts. */
  async #pause(): Promise<void> {
    this.#isPaused = true
    this.#nextLook()
    for (const stop of this.#stops.splice(0)) stop()
    for (const post of this.#posts) post.next()
    await Promise.all(this.#posts.map((post) => post.examining))
  }

  #changed(folder: string, name: string | undefined): void {
    for (const post of this.#posts) {
      if (post.armed.planted.folder !== folder) continue
      const own = basename(post.armed.planted.path)
      post.wasNamed ||= name === own
      // What is gone may be the file that now has another name.
      if (name === undefined || name === own || isSiblingName(name, own) || post.goneSince !== undefined) this.#examineSoon(post)
    }
  }

  #planLook(): void {
    this.#nextLook = this.#options.time.after(lookEveryMs, () => {
      this.#lookAtAll().then(
        () => this.#isPaused || this.#planLook(),
        (error: unknown) => this.#options.broken(sentenceOf(error)),
      )
    })
  }

  async #lookAtAll(): Promise<void> {
    await this.#reach.look()
    for (const post of this.#posts) {
      if (this.#isOutOfReach(post)) continue
      const signature = this.#signatureNow(post) ?? (await this.#signatureFar(post))
      if (signature !== post.signature) this.#examineSoon(post)
    }
  }

  /** A home that lies on another machine by now may never answer. */
  #isOutOfReach({ armed: { planted } }: Post): boolean {
    return planted.ground !== undefined && this.#reach.isFar(planted.path)
  }

  /** Undefined: what a person named lies on another machine, which may not answer. */
  #signatureNow({ armed: { planted } }: Post): string | undefined {
    return this.#reach.isFar(planted.path) ? undefined : signatureOf(this.#options.probe.lookNow(planted.path))
  }

  async #signatureFar({ armed: { planted } }: Post): Promise<string> {
    return signatureOf(await this.#options.probe.look(planted.path).catch(() => undefined))
  }

  #examineSoon(post: Post): void {
    post.isAgain = true
    if (this.#isPaused) return
    post.examining ??= this.#examineWhileAsked(post).finally(() => {
      post.examining = undefined
    })
  }

  async #examineWhileAsked(post: Post): Promise<void> {
    try {
      while (post.isAgain && !this.#isPaused) {
        post.isAgain = false
        post.next()
        await this.#reach.look()
        if (this.#isOutOfReach(post)) return
        post.signature = this.#signatureNow(post) ?? (await this.#signatureFar(post))
        await this.#take(post, await examine(post.canary, this.#options.probe, this.#options.time.now()))
      }
    } catch (error) {
      this.#options.broken(sentenceOf(error))
    }
  }

  async #take(post: Post, observation: Observation): Promise<void> {
    if (observation.kind === 'unfinished') return this.#examineAfter(post, writingTakesMs)
    if (observation.kind === 'untouched') return this.#takeUntouched(post, observation)
    const now = this.#options.time.monotonic()
    const isDeleted = observation.change === 'deleted'
    const isGone = isDeleted || observation.change === 'packed'
    post.goneSince = isGone ? (post.goneSince ?? now) : undefined
    const leftMs = siblingWithinMs - (now - (post.goneSince ?? now))
    if (isDeleted && post.armed.planted.ground !== undefined) {
      if (leftMs > 0) return this.#examineAfter(post, leftMs)
      if (await this.#isAnother(post.armed.planted.ground)) return
    }
    const key = isDeleted && (await this.#wentWithItsFolder(post)) ? post.armed.planted.folder : post.armed.planted.path
    const verdict = this.#touches.note(key, observation.change, observation.touchedAt)
    if (verdict.severity === 'medium' && leftMs > 0) {
      this.#examineAfter(post, leftMs)
      return this.#keep()
    }
    if (!this.#touches.isWorthSaying(key, verdict) || verdict.rank <= (this.#saying.get(key) ?? 0)) return
    this.#saying.set(key, verdict.rank)
    try {
      const accused = await accuse(post.armed.planted.path, verdict, observation, this.#options.justice, this.#look)
      await this.#options.say(tellOf({ key, verdict, observation, accused, seed: this.#state.seed }))
      this.#touches.said(key, verdict)
    } finally {
      this.#saying.delete(key)
    }
    await this.#keep()
  }

  async #takeUntouched(post: Post, observation: Observation & { kind: 'untouched' }): Promise<void> {
    const { path, folder } = post.armed.planted
    Object.assign(post, { goneSince: undefined, wasNamed: false })
    post.canary.seen = observation.seen
    const wasTouched = this.#touches.forget(path)
    if (this.#touches.forget(folder) || wasTouched) await this.#keep()
  }

  /** A folder that is not there, or is another one: its file system was unmounted, or it was moved as a whole. */
  async #wentWithItsFolder(post: Post): Promise<boolean> {
    return !post.wasNamed && (await this.#isAnother(post.armed.planted.folder))
  }

  /** A home that was unmounted as its owner left, or went away with them, is no attack on its decoys. */
  async #isAnother(folder: string): Promise<boolean> {
    return (await this.#options.probe.list(folder))?.identity !== this.#state.folders[folder]
  }

  #examineAfter(post: Post, ms: number): void {
    post.next = this.#options.time.after(ms, () => this.#examineSoon(post))
  }

  /** Never rejects: what can't be remembered is said again after a restart, with the same id. */
  #keep(): Promise<void> {
    this.#keeping = this.#keeping
      .then(() => this.#options.file.write({ ...this.#state, touches: this.#touches.all() }))
      .catch((error: unknown) => this.#options.log.error({ reason: sentenceOf(error) }, 'the decoys could not be remembered'))
    return this.#keeping
  }
}

const signatureOf = (look: FileLook | undefined): string => (look ? `${look.identity} ${look.changedAt} ${look.sizeBytes}` : 'gone')

function postOf(armed: Armed): Post {
  const { path, folder, sha256, knownSiblings } = armed.planted
  const { kind } = armed.decoy
  // Copied, because what packed them gives a page of 64 KiB for each.
  const bytes = Buffer.from(armed.decoy.bytes())
  const canary: Canary = { path, folder, kind, sha256, bytes, seen: undefined, knownSiblings: new Set(knownSiblings) }
  return {
    canary,
    armed,
    signature: '',
    goneSince: undefined,
    wasNamed: false,
    examining: undefined,
    isAgain: false,
    next: () => undefined,
  }
}
