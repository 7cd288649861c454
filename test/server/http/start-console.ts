import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Register } from '#shared/protocol/command-powers.ts'
import { createAudit } from '../../../server/audit/audit.ts'
import { keepResults } from '../../../server/command/command.ts'
import { createStanding } from '../../../server/command/standing/standing.ts'
import { createAbsences } from '../../../server/desk/absences.ts'
import { openAuditBook } from '../../../server/desk/audit-book.ts'
import { createBulkDesk } from '../../../server/desk/bulk.ts'
import { createDesk } from '../../../server/desk/desk.ts'
import { createHeld } from '../../../server/desk/held.ts'
import { createHeldMails } from '../../../server/desk/held-mails.ts'
import { createLedgers } from '../../../server/desk/ledgers.ts'
import { openMatrices } from '../../../server/desk/matrices.ts'
import { openModes } from '../../../server/desk/modes.ts'
import { createNoise } from '../../../server/desk/noise.ts'
import { openPolicies, policyNeeds } from '../../../server/desk/policies.ts'
import { createSigning } from '../../../server/desk/signing.ts'
import { createStop } from '../../../server/desk/stop.ts'
import { createMaintenance } from '../../../server/due/maintenance.ts'
import { type Http, type HttpOptions, startHttp } from '../../../server/http/http.ts'
import { openIdentity } from '../../../server/identity/identity.ts'
import { raiseWithin } from '../../../server/ingest/handled.ts'
import { createIngest } from '../../../server/ingest/ingest.ts'
import { createLiveBus, type LiveBus } from '../../../server/live.ts'
import { notifiers } from '../../../server/notify/notifiers.ts'
import { createReceivers } from '../../../server/notify/receivers.ts'
import { createPeople, type People } from '../../../server/people/people.ts'
import { createRosters } from '../../../server/people/rosters.ts'
import { createTurns } from '../../../server/pipeline/turns.ts'
import { createScripts } from '../../../server/script/script.ts'
import { openStore, type Store } from '../../../server/store/store.ts'
import * as words from '../../../server/ticket/sentences.ts'
import { keepEntries } from '../../../server/ticket/ticket.ts'
import { storeUrl } from '../../support/database.ts'
import { defaultMatrix } from '../../support/desk-room.ts'
import { FakeTime } from '../../support/fake-time.ts'

/** What the rooms behind http were asked to do, in order: `desk.acknowledge`, `wire.watch`, … */
export type Asked = [what: string, ...given: unknown[]][]

export interface TestConsole extends AsyncDisposable {
  http: Http
  url: string
  store: Store
  people: People
  bus: LiveBus
  time: FakeTime
  asked: Asked
}

/**
 * The console's half of a collector over a real socket and a real store; of the agents' half only the wire is missing.
 * @param database a URL; a database of its own when absent.
 * @param register of operators; undefined: the collector commands alone.
 */
export async function startConsole(
  change: Partial<HttpOptions> = {},
  database?: string,
  register: () => Register | undefined = () => undefined,
): Promise<TestConsole> {
  const folder = await mkdtemp(join(tmpdir(), 'tierline-http-'))
  const time = new FakeTime()
  const store = await openStore(database ?? (await storeUrl(folder)))
  const audit = createAudit({ time })
  const people = createPeople({ store, time, audit })
  const bus = createLiveBus()
  const asked: Asked = []
  const matrix = await defaultMatrix()
  const http = await startHttp({
    config: { console: { host: '127.0.0.1', port: 0 }, consoleDist: join(folder, 'dist') },
    ...{
      store,
      time,
      log: pino({ level: 'silent' }),
      people,
      audit,
      bus,
      version: '0.1.0-test',
      words,
      auditBook: openAuditBook({ store, audit, documents: { content: () => undefined } }),
      ...createLedgers({ rules: { at: () => matrix, matrix } }),
    },
    ...(await rooms({ store, time, folder, asked, register })),
    wire: noting(asked, 'wire', { watch: () => undefined, disconnect: () => undefined }),
    agentsUrl: 'https://127.0.0.1:7843',
    ...change,
  })
  return {
    ...{ http, url: http.url, store, people, bus, time, asked },
    [Symbol.asyncDispose]: async () => {
      await http.stop()
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
}

interface Ground {
  store: Store
  time: FakeTime
  folder: string
  asked: Asked
  register(): Register | undefined
}

async function rooms({
  store,
  time,
  folder,
  asked,
  register,
}: Ground): Promise<
  Pick<
    HttpOptions,
    | 'matrices'
    | 'desk'
    | 'policies'
    | 'held'
    | 'heldMails'
    | 'signing'
    | 'bulk'
    | 'standing'
    | 'identity'
    | 'ingest'
    | 'archives'
    | 'scripts'
    | 'receivers'
    | 'modes'
    | 'rosters'
    | 'absences'
    | 'stop'
    | 'maintenance'
    | 'noise'
  >
> {
  const matrices = await openMatrices({ store, time })
  const identity = await openIdentity({ dataDir: folder, store, time, verbs: ['*'] })
  const shared = { store, rules: matrices.rules, time, turns: createTurns(store.db), afterCommit: () => undefined }
  const desk = createDesk(shared)
  const dispatcher = { connected: async () => undefined, goOn: async () => undefined, liveOf: () => undefined }
  const bulkNeeds = { register, record: async () => undefined, bulks: { nudge: () => undefined }, isConnected: () => true }
  const keepers = { keepSamples: async () => undefined, keepInventory: async () => undefined, keepResults }
  return {
    matrices,
    desk: noting(asked, 'desk', desk),
    held: noting(asked, 'held', createHeld(shared)),
    heldMails: createHeldMails({ store, desk }),
    signing: noting(
      asked,
      'signing',
      createSigning({
        ...{ ...shared, register, dispatcher },
        sayOnTimeline: (tx, ticketId, entry) => keepEntries(tx, store.capabilities.putRows, [{ ticketId, entry }]),
      }),
    ),
    bulk: noting(asked, 'bulk', createBulkDesk({ ...shared, ...bulkNeeds })),
    identity: noting(asked, 'identity', identity),
    policies: await openPolicies({ ...{ store, time, raiseWithin }, log: pino({ level: 'silent' }), ...policyNeeds(identity), register }),
    standing: noting(
      asked,
      'standing',
      createStanding({
        ...{
          ...shared,
          log: pino({ level: 'silent' }),
          register,
          signStanding: async () => `${Buffer.from('{"alg":"EdDSA","kid":"ours"}').toString('base64url')}.e30.e30`,
        },
        ...{ sayOnTimeline: async () => undefined, nudge: () => undefined },
      }),
    ),
    archives: { file: (id) => id },
    scripts: createScripts({ store, time }),
    ingest: noting(asked, 'ingest', createIngest({ store, time, keepers, onCommitted: () => undefined })),
    modes: openModes({ store, time, rules: matrices.rules, log: pino({ level: 'silent' }), onRaised: () => undefined }),
    rosters: createRosters({ store, time, teams: () => matrices.rules.matrix.teams }),
    stop: createStop({ store, time, timers: { replan: () => undefined }, outbox: { nudge: () => undefined } }),
    noise: noting(
      asked,
      'noise',
      createNoise({ ...{ store, time }, rules: matrices.rules, pipeline: { nudge: () => undefined }, timers: { replan: () => undefined } }),
    ),
    maintenance: createMaintenance({ store, time, timers: { replan: () => undefined } }),
    absences: createAbsences({ store, time, timers: { replan: () => undefined } }),
    receivers: noting(asked, 'receivers', createReceivers({ db: store.db, time, notifiers })),
  }
}

/** The same room, and a line in `asked` for whatever it is asked to do. */
function noting<Room extends object>(asked: Asked, name: string, room: Room): Room {
  return new Proxy(room, {
    get: (target, verb) => {
      const value: unknown = Reflect.get(target, verb)
      if (typeof value !== 'function') return value
      return (...given: unknown[]): unknown => {
        asked.push([`${name}.${String(verb)}`, ...given])
        return Reflect.apply(value, target, given)
      }
    },
  })
}
