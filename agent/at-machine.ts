import { join } from 'node:path'
import type { Logger } from 'pino'
import { type IsolationStatus, isClosed } from '#shared/domain/endpoint.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Time } from '#shared/domain/time.ts'
import { maySignLasting } from '#shared/protocol/authority.ts'
import type { AgentConfig } from './config.ts'
import type { Host } from './host/host.ts'
import type { Identity } from './identity/identity.ts'
import type { Isolation } from './isolate/isolate.ts'
import { jsonFile } from './json-file.ts'
import { openDoor } from './release/door.ts'
import { openRelease, type Release } from './release/release.ts'
import type { Recipient } from './release/seal.ts'
import { openSecret } from './release/secret.ts'
import { openTelling, type Telling } from './release/telling.ts'
import type { Signals } from './signal/signal.ts'
import type { DurableSpool } from './spool/spool.ts'

export interface AtMachine {
  release: Release
  /** Seals the release secret to whom it belongs now. Never rejects. */
  reseal(): Promise<void>
  /** There are other copies of it now. */
  onResealed(listener: () => void): void
  tellAbout: Telling['about']
  /** What `openIsolation` takes. */
  nextNumber(): number
  changed(status: IsolationStatus): void
  /** The isolation stands: copies are sealed, and codes may be typed. */
  begin(isolation: Pick<Isolation, 'status' | 'release'>): Promise<void>
  stop(): Promise<void>
}

type WhoseMachine = Pick<Identity, 'endpointId' | 'trust' | 'organisationId' | 'register'>

interface Parts {
  config: Pick<AgentConfig, 'dataDir' | 'people'>
  host: Host
  identity: WhoseMachine
  spool: Pick<DurableSpool, 'append'>
  signals: Pick<Signals, 'happened'>
  time: Time
  log: Logger
}

const folderIn = (dataDir: string): string => join(dataDir, 'release')
const secretIn = (dataDir: string) => jsonFile(join(folderIn(dataDir), 'secret.json'))

/** At enrolment: sealed to the authorities that were pinned just now; to operators as soon as the collector has named them. */
export async function makeReleaseSecret(dataDir: string, identity: WhoseMachine, log: Logger): Promise<void> {
  const secret = await openSecret({ file: secretIn(dataDir), endpointId: identity.endpointId, log })
  await secret.sealFor(recipientsOf(identity), false)
}

/** The person at the machine: told when it is isolated, and heard when they type a code. */
export async function openAtMachine({ config, host, identity, spool, signals, time, log }: Parts): Promise<AtMachine> {
  const folder = folderIn(config.dataDir)
  const append: DurableSpool['append'] = (lane, body) => spool.append(lane, body)
  let isolation: Pick<Isolation, 'status' | 'release'> | undefined
  const release = await openRelease({
    ...{ file: secretIn(config.dataDir), endpointId: identity.endpointId, recipients: () => recipientsOf(identity) },
    isolation: () => isolation ?? nothingYet,
    ...{ happened: (event) => signals.happened(event), append, time, log },
  })
  const telling = await openTelling({ ...config.people, host, file: jsonFile(join(folder, 'told.json')), append, time, log })
  let resealed: () => void = () => undefined
  const reseal = async (): Promise<void> => {
    try {
      if (await release.reseal()) resealed()
    } catch (error) {
      log.error({ reason: sentenceOf(error) }, 'the release secret could not be sealed on disk')
    }
  }
  const doors: ((() => void) | undefined)[] = []
  return {
    ...{ release, reseal },
    onResealed: (listener) => {
      resealed = listener
    },
    tellAbout: (about) => telling.about(about),
    nextNumber: () => release.nextNumber(),
    changed: (status) => {
      release.changed(status)
      telling.changed(status)
      // Whoever left while it was closed keeps the secret no longer than that.
      if (isolation && !isClosed(status.actual)) void reseal()
    },
    begin: async (opened) => {
      isolation = opened
      await reseal()
      doors.push(openDoor(folder, 'root', (text, door) => release.type(text, door), { log, time }))
      doors.push(openDoor(config.people.folder, 'anyone', (text, door) => release.type(text, door), { log, time }))
    },
    stop: async () => {
      for (const close of doors) close?.()
      await telling.stop()
    },
  }
}

const open: IsolationStatus = { actual: 'open', readiness: { isReady: false }, since: 0 }
const nothingYet = { status: () => open, release: async () => open }

/** Both authorities, and whom they named to release machines here, where a key file can open it; nobody where the collector commands alone. */
function recipientsOf(identity: WhoseMachine): Recipient[] {
  const { trust, organisationId } = identity
  const named = trust.keys.map(({ kid, key }, index) => ({ kid, key, name: `authority ${index + 1}` }))
  const operators = identity.register()?.operators.filter((each) => maySignLasting(each, 'release-host', organisationId)) ?? []
  return [...named, ...operators.map(({ kid, key, name }) => ({ kid, key, name }))]
}
